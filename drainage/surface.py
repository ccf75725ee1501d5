"""The surface as an object: what the model asks of it, around the compiled loops of `drainage.kernels`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drainage import kernels
from drainage.kernels import EDGE, EXCHANGE, LEAKED, RAIN, RIVER, Ground, Water
from drainage.terrain import mask_of, onto, read_raster
from twin.places import FloatArray, Grid

WALL_M = 1e4
"""Bed of a cell that water cannot enter."""
NOTHING = np.zeros(0)
NOWHERE = np.zeros(0, dtype=np.int64)
COURANT = 0.5
"""Share of Δx/√(g h) that a step may take (Bates et al. 2010, α; they use 0.2 to 0.7). With 0.7, fast water in the
steep valley of EA Test 5 shook by metres after 110 minutes; with 0.5 it is smooth."""


@dataclass
class Surface:
    """Depths on a grid, and the account of the water on it.

    `river` marks water bodies (ny, nx): their level is given, water that enters them has left the model.
    """

    grid: Grid
    ground: Ground
    water: Water
    river: NDArray[np.bool_]
    lips: FloatArray
    steps: int = 0
    _homes: dict[int, int] = field(default_factory=dict)

    @property
    def cell_area(self) -> float:
        return self.grid.cell_m**2

    @property
    def open(self) -> NDArray[np.bool_]:
        """(ny, nx) where land can hold water."""
        return self.ground.open.astype(bool)

    def volume(self) -> float:
        """Water on land, m3."""
        return float(self.water.h.sum(where=self.open)) * self.cell_area

    def depth(self) -> FloatArray:
        """(ny·nx,) depth on land, m; 0 in blocked cells and water bodies."""
        return (self.water.h * self.ground.open).ravel()

    def flooded_area(self, above_m: float) -> float:
        """m2 of land under more than `above_m`."""
        return float(np.count_nonzero((self.water.h > above_m) & self.open)) * self.cell_area

    def set_level(self, level_m: float) -> None:
        """Level of the water bodies, m. Water that this adds to or takes from shore cells is the river's own."""
        if self.ground.shore.size:
            self.water.shore_h[:] = np.maximum(level_m - self.lips, 0.0)
            self.water.h.ravel()[self.ground.shore] = self.water.shore_h
            self._touch(self.ground.shore)

    def fill(self, depth: FloatArray) -> None:
        """Start from a depth (ny, nx) on open land."""
        self.water.h[self.open] = depth[self.open]
        self._touch(np.arange(self.grid.size))

    def _touch(self, cells: NDArray[np.int64]) -> None:
        """Tell the tiles how deep their water is after depths were set from outside."""
        for cell in cells[self.water.h.ravel()[cells] > 0.0]:
            j, i = divmod(int(cell), self.grid.nx)
            kernels.touch(self.water.wet, j, i, self.grid.nx, self.grid.ny, self.water.h[j, i])

    def home(self, cell: int) -> int:
        """The cell itself where it can hold water, else the nearest that can; −1 where no land is open."""
        if cell not in self._homes:
            j, i = divmod(cell, self.grid.nx)
            if self.ground.open[j, i]:
                self._homes[cell] = cell
            else:
                rows, columns = np.nonzero(self.ground.open)
                near = np.argmin((rows - j) ** 2 + (columns - i) ** 2) if rows.size else -1
                self._homes[cell] = int(rows[near] * self.grid.nx + columns[near]) if rows.size else -1
        return self._homes[cell]

    def distance(self, cell: int, other: int) -> float:
        """Between the centres of two cells, m."""
        (j, i), (jo, io) = divmod(cell, self.grid.nx), divmod(other, self.grid.nx)
        return float(np.hypot(j - jo, i - io)) * self.grid.cell_m

    def flow(
        self,
        now_s: float,
        dt_s: float,
        rain_mps: float = 0.0,
        cells: NDArray[np.int64] = NOWHERE,
        volumes: FloatArray = NOTHING,
        debt: FloatArray = NOTHING,
    ) -> None:
        """Let the water flow for `dt_s`; `volumes` (m3) are put into `cells` evenly over that time."""
        self.steps += kernels.flow(
            self.ground, self.water, now_s, dt_s, rain_mps, NOWHERE, NOTHING, NOTHING, NOTHING, cells, volumes, debt
        )

    def account(self) -> dict[str, float]:
        """m3 so far: `rain`, `leaked`, `exchange` (from the sewers, net), `river` and `edge` (out, net)."""
        a = self.water.account
        return {
            "rain": float(a[RAIN]), "leaked": float(a[LEAKED]), "exchange": float(a[EXCHANGE]),
            "river": float(a[RIVER]), "edge": float(a[EDGE]),
        }  # fmt: skip


def make_surface(
    grid: Grid,
    bed: FloatArray,
    manning: float | FloatArray,
    river: NDArray[np.bool_] | None = None,
    blocked: NDArray[np.bool_] | None = None,
    open_edge: bool = False,
    dry_m: float = 1e-3,
    theta: float = 0.9,
    rained: NDArray[np.bool_] | None = None,
) -> Surface:
    """A dry surface over `bed` (ny, nx; NaN is blocked), Manning's n one value or (ny, nx).

    rained : (ny, nx) where rain falls on the surface itself; all land when left out.
    """
    ny, nx = bed.shape
    closed = ~np.isfinite(bed) | (np.zeros_like(bed, dtype=bool) if blocked is None else blocked)
    river = np.zeros_like(closed) if river is None else river & ~closed
    land = ~closed & ~river
    z = np.where(closed, WALL_M, bed)
    shore, lips = _shore(z, land, river)
    z[river] = WALL_M
    z.ravel()[shore] = lips
    edge, sides = _edge(land) if open_edge else (NOWHERE, NOTHING)
    n2 = np.broadcast_to(np.asarray(manning, dtype=float) ** 2, bed.shape).copy()
    n2[~np.isfinite(n2)] = float(np.nanmedian(n2))
    tiles = (-(-ny // kernels.TILE_ROWS), -(-nx // kernels.TILE_COLS))
    ground = Ground(
        np.ascontiguousarray(z),
        n2,
        land.astype(np.uint8),
        np.flatnonzero(land if rained is None else land & rained),
        shore,
        edge,
        sides,
        float(grid.cell_m),
        dry_m,
        theta,
        COURANT,
    )
    water = Water(
        np.zeros((ny, nx)), np.zeros((ny, nx + 1)), np.zeros((ny + 1, nx)), np.zeros((ny, nx + 1)),
        np.zeros((ny + 1, nx)), np.zeros(shore.size), np.zeros(5), np.zeros((5, *tiles)), np.zeros(tiles, np.uint8),
        np.zeros((3, tiles[0] * tiles[1]), np.int64), np.zeros(ny * nx, np.int64), np.zeros(ny * nx, np.uint8),
        np.zeros((ny, nx)), np.full((ny, nx), -1.0), np.zeros((3, ny, nx)),
    )  # fmt: skip
    return Surface(grid, ground, water, river, lips)


def _shore(z: FloatArray, land: NDArray[np.bool_], river: NDArray[np.bool_]) -> tuple[NDArray[np.int64], FloatArray]:
    """River cells beside land, and the bed that they get: their own, but no lower than the lowest land beside them.

    Raising it that far changes no flow, for a face's flow depth is measured from the higher of its two beds; it keeps
    the deep river out of the time step.
    """
    lowest = np.full(z.shape, np.inf)
    bank = np.where(land, z, np.inf)
    lowest[1:] = np.minimum(lowest[1:], bank[:-1])
    lowest[:-1] = np.minimum(lowest[:-1], bank[1:])
    lowest[:, 1:] = np.minimum(lowest[:, 1:], bank[:, :-1])
    lowest[:, :-1] = np.minimum(lowest[:, :-1], bank[:, 1:])
    shore = np.flatnonzero(river & np.isfinite(lowest)).astype(np.int64)
    return shore, np.maximum(z.ravel()[shore], lowest.ravel()[shore])


def _edge(land: NDArray[np.bool_]) -> tuple[NDArray[np.int64], FloatArray]:
    """Land cells at the edge of the grid and how many of their sides lie on it."""
    sides = np.zeros(land.shape)
    sides[0] += 1
    sides[-1] += 1
    sides[:, 0] += 1
    sides[:, -1] += 1
    cells = np.flatnonzero(land & (sides > 0)).astype(np.int64)
    return cells, sides.ravel()[cells]


def read_surface(
    terrain: Path,
    cell_m: float | None,
    manning: float,
    manning_raster: Path | None = None,
    buildings: Path | None = None,
    building_height_m: float | None = None,
    river: Path | None = None,
    river_below_m: float | None = None,
    open_edge: bool = False,
    dry_m: float = 1e-3,
    theta: float = 0.9,
    rain_area: Path | None = None,
) -> Surface:
    """The surface of a scenario's files. Raises `drainage.terrain.TerrainError`."""
    raster = read_raster(terrain, cell_m)
    grid, bed = raster.grid, raster.values.copy()
    water = np.zeros(bed.shape, dtype=bool) if river is None else mask_of(grid, river)
    if river_below_m is not None:
        water |= bed < river_below_m
    walls = None
    if buildings is not None:
        covered = mask_of(grid, buildings) & ~water
        if building_height_m is None:
            walls = covered
        else:
            bed = np.where(covered, bed + building_height_m, bed)
    n: float | FloatArray = manning
    if manning_raster is not None:
        given = onto(grid, read_raster(manning_raster))
        n = np.where(np.isfinite(given) & (given > 0), given, manning)
    rained = None if rain_area is None else mask_of(grid, rain_area)
    return make_surface(grid, bed, n, water, walls, open_edge, dry_m, theta, rained)
