"""Where a port's values live: named points, lines, the cells of a grid, or the city as a whole.

Every port is declared `at` one of its model's places, and `twin.spatial` joins the places of two models into the
sparse mapping of a link. Coordinates are metres in the scenario's projected system, x east, y north.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class City:
    """One value for the whole city (a tide level, a wind speed, a headline figure)."""

    ids: tuple[str, ...] = ("city",)

    @property
    def size(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Points:
    """Named points: manholes, junctions, gauges. `xy` is (n, 2) in m; `names` is what people call them."""

    ids: tuple[str, ...]
    xy: FloatArray
    names: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Lines:
    """Named polylines: pipes, street edges, terminal lanes. `shapes[i]` is (k_i, 2) in m."""

    ids: tuple[str, ...]
    shapes: tuple[FloatArray, ...]
    names: tuple[str, ...] = ()
    width_m: FloatArray | None = field(default=None)

    @property
    def size(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Grid:
    """Square cells. Row 0 is the south edge, column 0 the west edge; (x0, y0) is the outer south-west corner.

    Values of a port at a grid are flat arrays of `ny * nx`, row by row from the south.
    """

    x0: float
    y0: float
    cell_m: float
    nx: int
    ny: int

    @property
    def size(self) -> int:
        return self.nx * self.ny

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) in m."""
        return self.x0, self.y0, self.x0 + self.nx * self.cell_m, self.y0 + self.ny * self.cell_m

    def cells_of(self, xy: FloatArray) -> NDArray[np.int64]:
        """Flat index of the cell that holds each point of the (n, 2) array; -1 outside the grid."""
        xy = np.atleast_2d(np.asarray(xy, dtype=float))
        col = np.floor((xy[:, 0] - self.x0) / self.cell_m).astype(np.int64)
        row = np.floor((xy[:, 1] - self.y0) / self.cell_m).astype(np.int64)
        inside = (col >= 0) & (col < self.nx) & (row >= 0) & (row < self.ny)
        return np.where(inside, row * self.nx + col, -1)


Places = City | Points | Lines | Grid


def ids_of(places: Places) -> Sequence[str]:
    """The names of the locations; a grid's cells are named `r<row>c<column>`."""
    if isinstance(places, Grid):
        return [f"r{i // places.nx}c{i % places.nx}" for i in range(places.size)]
    return places.ids
