"""Water that comes onto the surface from outside: hydrographs at points, along lines or over a side of the grid.

Volumes, never sampled rates: what a step brings is the integral of the hydrograph over it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.places import FloatArray

FINE = 20
"""A line is cut into pieces of a cell's side over this, and each piece belongs to the cell of its middle."""


@dataclass(frozen=True)
class Hydrograph:
    """A value over time, linear between its rows, constant before the first and after the last.

    times_s (n,) rising, s since the scenario's start; values (n,) in SI
    """

    times_s: FloatArray
    values: FloatArray

    @classmethod
    def constant(cls, value: float) -> Hydrograph:
        return cls(np.zeros(1), np.array([value]))

    def at(self, time_s: float) -> float:
        """The value at a time."""
        return float(np.interp(time_s, self.times_s, self.values))

    def integral(self, begin_s: float, end_s: float) -> float:
        """∫ value dt over an interval, exactly."""
        inside = self.times_s[(self.times_s > begin_s) & (self.times_s < end_s)]
        times = np.concatenate(([begin_s], inside, [end_s]))
        return float(np.trapezoid(np.interp(times, self.times_s, self.values), times))


@dataclass(frozen=True)
class Inflows:
    """All hydrographs of a run. `cells` (m,) flat indices, `shares` (m,) of hydrograph `which` (m,)."""

    names: tuple[str, ...]
    hydrographs: tuple[Hydrograph, ...]
    cells: NDArray[np.int64]
    shares: FloatArray
    which: NDArray[np.int64]

    @classmethod
    def of(
        cls, parts: Sequence[tuple[str, Hydrograph, NDArray[np.int64], FloatArray]]
    ) -> Inflows:  # fmt: skip
        """From (name, hydrograph, cells, shares that sum to 1) of each inflow."""
        which = [np.full(len(cells), k, dtype=np.int64) for k, (_, _, cells, _) in enumerate(parts)]
        return cls(
            tuple(p[0] for p in parts), tuple(p[1] for p in parts),
            np.concatenate([np.zeros(0, np.int64), *(p[2] for p in parts)]).astype(np.int64),
            np.concatenate([np.zeros(0), *(p[3] for p in parts)]),
            np.concatenate([np.zeros(0, np.int64), *which]).astype(np.int64),
        )  # fmt: skip

    def volumes(self, begin_s: float, end_s: float) -> FloatArray:
        """(m,) m3 that each cell gets in an interval."""
        totals = np.array([h.integral(begin_s, end_s) for h in self.hydrographs])
        return totals[self.which] * self.shares if totals.size else np.zeros(0)
