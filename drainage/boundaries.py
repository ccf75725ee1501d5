"""The surface's surroundings: where its sides are open or held at a level, and what flows in at which cells.

A held level reuses the mechanism of water bodies: the cells of the boundary are no land, their level is given at every
call, and what they take or give is counted. Free outfall is the open edge, side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drainage.config_surface import BoundaryAt, InflowAt, Where
from drainage.hydrographs import FINE, Hydrograph, Inflows
from twin.places import FloatArray, Grid

if TYPE_CHECKING:
    from drainage.surface import Surface

SIDES = ("west", "east", "south", "north")


class PlaceError(ValueError):
    """A place that the surface does not have; the text says which and why."""


def cells_of(grid: Grid, where: Where) -> tuple[NDArray[np.int64], FloatArray]:
    """The cells of a place and the share of it in each. Raises `PlaceError` where it leaves the grid."""
    if where.side is not None:
        cells = side_cells(grid, where.side, where.between)
        if not cells.size:
            low, high = where.between or (0.0, 0.0)
            raise PlaceError(f"no cell of the side `{where.side}` lies between {low:g} and {high:g} ({_reach(grid)})")
        return cells, np.full(cells.size, 1.0 / cells.size)
    if where.at is not None:
        return _cells(grid, np.array([where.at], dtype=float)), np.ones(1)
    assert where.line is not None
    points, lengths = _pieces(np.array(where.line, dtype=float), grid.cell_m / FINE)
    crossed = _cells(grid, points)
    cells, back = np.unique(crossed, return_inverse=True)
    return cells, np.bincount(back, weights=lengths) / lengths.sum()


def _pieces(shape: FloatArray, piece_m: float) -> tuple[FloatArray, FloatArray]:
    """Middles (n, 2) and lengths (n,) of the short pieces of a line."""
    middles, lengths = [], []
    for a, b in pairwise(shape):
        length = float(np.hypot(*(b - a)))
        n = max(int(np.ceil(length / piece_m - 1e-9)), 1)
        middles.append(a + (b - a) * ((np.arange(n) + 0.5) / n)[:, None])
        lengths.append(np.full(n, max(length, 1e-12) / n))
    return np.concatenate(middles), np.concatenate(lengths)


def _cells(grid: Grid, xy: FloatArray) -> NDArray[np.int64]:
    """Cells of points; those on the outer border belong to the cell inside it."""
    west, south, east, north = grid.bounds
    near = 1e-6 * grid.cell_m
    on_border = (xy >= np.array([west, south]) - near) & (xy <= np.array([east, north]) + near)
    inside = np.clip(xy, np.array([west, south]) + near, np.array([east, north]) - near)
    cells = grid.cells_of(np.where(on_border, inside, xy))
    outside = np.flatnonzero(cells < 0)
    if outside.size:
        x, y = xy[outside[0]]
        raise PlaceError(f"x {x:.10g}, y {y:.10g} lies outside the terrain ({_reach(grid)})")
    return cells


def _reach(grid: Grid) -> str:
    west, south, east, north = grid.bounds
    return f"x {west:.10g} to {east:.10g}, y {south:.10g} to {north:.10g}"


def side_cells(grid: Grid, side: str, between: tuple[float, float] | None = None) -> NDArray[np.int64]:
    """The outermost cells of a side, those whose middle lies in `between` where it is given."""
    along_y = side in ("west", "east")
    k = np.arange(grid.ny if along_y else grid.nx)
    middle = (grid.y0 if along_y else grid.x0) + (k + 0.5) * grid.cell_m
    if between is not None:
        k = k[(middle >= between[0]) & (middle <= between[1])]
    fixed = {"west": 0, "east": grid.nx - 1, "south": 0, "north": grid.ny - 1}[side]
    return (k * grid.nx + fixed if along_y else fixed * grid.nx + k).astype(np.int64)


def held_cells(grid: Grid, boundaries: Sequence[BoundaryAt]) -> NDArray[np.bool_]:
    """(ny, nx) cells whose level a stage boundary gives."""
    mask = np.zeros(grid.size, dtype=bool)
    for boundary in boundaries:
        if boundary.kind == "stage":
            mask[cells_of(grid, boundary)[0]] = True
    return mask.reshape(grid.ny, grid.nx)


def open_edge(
    grid: Grid, land: NDArray[np.bool_], boundaries: Sequence[BoundaryAt], all_open: bool
) -> tuple[NDArray[np.int64], FloatArray]:
    """Land cells with free outfall and over how many of their sides; later boundaries overrule earlier ones."""
    sides = np.zeros((len(SIDES), grid.size), dtype=bool)
    for k, side in enumerate(SIDES):
        sides[k, side_cells(grid, side)] = all_open
    count = np.zeros(grid.size)
    for boundary in boundaries:
        cells = cells_of(grid, boundary)[0]
        if boundary.side is not None:
            sides[SIDES.index(boundary.side), cells] = boundary.kind == "open"
        elif boundary.kind == "open":
            count[cells] = 1.0
    count += sides.sum(axis=0)
    found = np.flatnonzero((count > 0) & land.ravel()).astype(np.int64)
    return found, count[found]


@dataclass(frozen=True)
class Held:
    """One stage boundary: `places` (k,) of its cells among `Ground.shore`, its level over time in m."""

    places: NDArray[np.int64]
    level: Hydrograph


@dataclass
class Surroundings:
    """What comes to a surface from outside, over time. `given_m3` is what all inflows have brought so far."""

    inflows: Inflows
    held: tuple[Held, ...] = ()
    given_m3: float = 0.0

    @classmethod
    def of(
        cls, surface: Surface, inflows: Sequence[InflowAt], boundaries: Sequence[BoundaryAt], start: datetime
    ) -> Surroundings:
        """From the scenario's keys. Raises `PlaceError`, or `twin.weather.series.SeriesError` for a bad file."""
        parts = []
        sources: list[InflowAt | BoundaryAt] = [*inflows, *(b for b in boundaries if b.kind == "flow")]
        for k, one in enumerate(sources, start=1):
            cells, shares = cells_of(surface.grid, one)
            homes = np.array([surface.home(int(c)) for c in cells], dtype=np.int64)
            if (homes < 0).any():
                raise PlaceError("there is no open land to flow onto")
            name = getattr(one, "name", "") or f"{one.side or 'inflow'} {k}"
            parts.append((name, hydrograph_of(one.series, one.flow, "m3/s", start), homes, shares))
        held = []
        for boundary in boundaries:
            if boundary.kind == "stage":
                cells = cells_of(surface.grid, boundary)[0]
                places = np.flatnonzero(np.isin(surface.ground.shore, cells))
                held.append(Held(places, hydrograph_of(boundary.series, boundary.level, "m", start)))
        return cls(Inflows.of(parts), tuple(held))

    def volumes(self, begin_s: float, end_s: float) -> FloatArray:
        """(m,) m3 for each of `inflows.cells` in an interval, which is thereby given."""
        volumes = self.inflows.volumes(begin_s, end_s)
        self.given_m3 += float(volumes.sum())
        return volumes

    def hold(self, surface: Surface, time_s: float) -> None:
        """Put the cells of stage boundaries to their level at a time."""
        for held in self.held:
            surface.hold(held.places, held.level.at(time_s))


def hydrograph_of(series: Path | None, constant: float | None, unit: str, start: datetime) -> Hydrograph:
    """From a CSV file or a constant. Flows below zero and gaps are refused with their line."""
    if series is None:
        assert constant is not None
        return Hydrograph.constant(constant)
    from twin.weather.series import read_series

    found = read_series(series, (unit,), start, low=0.0 if unit == "m3/s" else -np.inf)
    return Hydrograph(found.times_us / 1e6, found.values)
