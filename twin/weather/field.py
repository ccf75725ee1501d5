"""Rain over the city: what falls on each zone between two moments.

One zone where it is the same everywhere; else the zones of a grid, under a cell that moves or among several gauges.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from twin.clock import to_s
from twin.places import City, FloatArray, Grid
from twin.weather.cell import PIECES, ZoneMeans
from twin.weather.shapes import RainCurve

Box = tuple[float, float, float, float]
"""West, south, east, north in m."""


class RainField(Protocol):
    """Rain without the scenario's scale.

    places : the zones (a `Grid`), or the city's one gauge
    curve  : rain of the storm's middle, or the mean of all gauges: when it begins, ends and is hardest
    """

    @property
    def places(self) -> Grid | City: ...
    @property
    def curve(self) -> RainCurve: ...
    def fallen(self, begin_us: int, end_us: int) -> FloatArray:
        """(zones,) mm between two moments, mean over each zone."""
        ...


@dataclass(frozen=True)
class Everywhere:
    """The same rain in the whole city."""

    curve: RainCurve
    places: City = field(default_factory=lambda: City(("gauge",)))

    def fallen(self, begin_us: int, end_us: int) -> FloatArray:
        return np.array([self.curve.depth(end_us) - self.curve.depth(begin_us)])


@dataclass(frozen=True)
class Moving:
    """A cell whose middle passes `over` at `at_us` with the velocity `speed_mps` (east, north).

    In time, what the curve brings in each of many short steps (exactly that, so no depth is lost) falls where the cell
    stands in the step's middle. A Gaussian's middle moves at most 1/20 of its radius in a step: depths of zones come
    within 1e-3 of exact (a test measures it), their sum over the plane without any error.
    """

    curve: RainCurve
    means: ZoneMeans
    over: tuple[float, float]
    at_us: int
    speed_mps: tuple[float, float]

    @property
    def places(self) -> Grid:
        return self.means.zones

    def middle(self, us: float) -> tuple[float, float]:
        """Where the cell's middle is."""
        away = (us - self.at_us) / 1e6
        return self.over[0] + self.speed_mps[0] * away, self.over[1] + self.speed_mps[1] * away

    def fallen(self, begin_us: int, end_us: int) -> FloatArray:
        total = np.zeros(self.places.size)
        begin, end = max(begin_us, self.curve.begin_us), min(end_us, self.curve.end_us)
        if end <= begin:
            return total
        ends = np.linspace(begin, end, self._pieces(end - begin) + 1)
        depth = self.curve.depth(begin)
        for a, b in itertools.pairwise(ends):
            until = self.curve.depth(round(b))
            if until > depth:
                total += (until - depth) * self.means.around(*self.middle(0.5 * (a + b)))
            depth = until
        return total

    def _pieces(self, span_us: int) -> int:
        profile, zone = self.means.profile, self.places.cell_m
        far = profile.least_m if profile.gaussian else min(profile.least_m, zone)
        return max(math.ceil(math.hypot(*self.speed_mps) * to_s(span_us) * PIECES / far), 1)


@dataclass(frozen=True)
class Gauged:
    """Zones between gauges. ends_us (n+1,) as in `Steps`; depths (n+1, gauges) from 0; weights (zones, gauges)."""

    curve: RainCurve
    places: Grid
    ends_us: NDArray[np.int64]
    depths: FloatArray
    weights: FloatArray

    def fallen(self, begin_us: int, end_us: int) -> FloatArray:
        each = [np.interp((begin_us, end_us), self.ends_us, column) for column in self.depths.T]
        fallen: FloatArray = self.weights @ np.array([after - before for before, after in each])
        return fallen


def zones_over(extent: Box, cell_m: float) -> Grid:
    """Zones that cover an extent; their lines lie on whole multiples of their side."""
    west, south, east, north = extent
    column, row = math.floor(west / cell_m), math.floor(south / cell_m)
    nx, ny = math.ceil(east / cell_m) - column, math.ceil(north / cell_m) - row
    return Grid(column * cell_m, row * cell_m, cell_m, max(nx, 1), max(ny, 1))


def centres(zones: Grid) -> FloatArray:
    """(zones, 2) middles of the zones, m."""
    rows, columns = np.divmod(np.arange(zones.size), zones.nx)
    return np.column_stack([zones.x0 + (columns + 0.5) * zones.cell_m, zones.y0 + (rows + 0.5) * zones.cell_m])
