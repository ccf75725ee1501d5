"""The surface as an object: what the model asks of it, around the compiled loops of `drainage.kernels`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drainage import boundaries, kernels
from drainage.config_surface import SurfaceKeys
from drainage.landuse import manning_of, soil_of
from drainage.record import Record, make_record, speeds_at
from drainage.soil import SEALED, Soil
from drainage.state import EDGE, EXCHANGE, LEAKED, RAIN, RIVER, TILE_COLS, TILE_ROWS, Ground, Water, measure
from drainage.terrain import mask_of, onto, read_raster, read_terrain
from drainage.threads import in_turn
from drainage.walls import OPEN_GROUND, Walls, faces_of, no_faces, read_walls
from twin.places import FloatArray, Grid

WALL_M = 1e4
"""Bed of a cell that water cannot enter."""
NOTHING = np.zeros(0)
NOWHERE = np.zeros(0, dtype=np.int64)
COURANT = 0.5
"""Share of Δx/√(g h) that a step may take (Bates et al. 2010, α; they use 0.2 to 0.7). With 0.7, fast water in the
steep valley of EA Test 5 shook by metres after 110 minutes; with 0.5 it is smooth."""
LEAST_BAND, MOST_BANDS = 32, 32
"""Rows of cells in a band at least, and bands at most: what a thread is given is one or more bands."""


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
    soil: Soil
    record: Record
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
        depth = self.water.h * self.ground.share if self.ground.share.size else self.water.h
        return float(depth.sum(where=self.open)) * self.cell_area

    def depth(self) -> FloatArray:
        """(ny·nx,) depth on land, m; 0 in blocked cells and water bodies."""
        return (self.water.h * self.ground.open).ravel()

    def flooded_area(self, above_m: float) -> float:
        """m2 of land under more than `above_m`; of a porous cell all of its area."""
        return float(np.count_nonzero((self.water.h > above_m) & self.open)) * self.cell_area

    def set_level(self, level_m: float) -> None:
        """Level of the water bodies, m. Water that this adds to or takes from shore cells is the river's own."""
        if self.ground.shore.size:
            self.water.shore_h[:] = np.maximum(level_m - self.lips, 0.0)
            self.water.h.ravel()[self.ground.shore] = self.water.shore_h
            self._touch(self.ground.shore)

    def hold(self, places: NDArray[np.int64], level_m: float) -> None:
        """Level of some of the cells `ground.shore` (k,), m: stage boundaries, which differ from the river."""
        self.water.shore_h[places] = np.maximum(level_m - self.lips[places], 0.0)
        cells = self.ground.shore[places]
        self.water.h.ravel()[cells] = self.water.shore_h[places]
        self._touch(cells)

    def speeds(self, cells: NDArray[np.int64]) -> FloatArray:
        """Speed of the water in cells (k,), m/s; 0 in a film."""
        out = np.zeros(cells.size)
        speeds_at(self.water.h, self.water.qx, self.water.qy, cells, out)
        return out

    def fill(self, depth: FloatArray) -> None:
        """Start from a depth (ny, nx) on open land."""
        self.water.h[self.open] = depth[self.open]
        self._touch(np.arange(self.grid.size))

    def _touch(self, cells: NDArray[np.int64]) -> None:
        """Tell the tiles how deep their water is after depths were set from outside."""
        for tile in np.unique(_tiles_of(cells, self.grid)):
            measure(self.water, *divmod(int(tile), self.water.work.shape[1]))

    def set_zones(self, zones: NDArray[np.int32]) -> None:
        """Which rain (place in `rain_mps`) falls on each of the cells `ground.rained`."""
        self.ground = self.ground._replace(zone=np.ascontiguousarray(zones, dtype=np.int32))

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
        rain_mps: float | FloatArray = 0.0,
        cells: NDArray[np.int64] = NOWHERE,
        volumes: FloatArray = NOTHING,
        debt: FloatArray = NOTHING,
    ) -> None:
        """Let the water flow for `dt_s`; `volumes` (m3) are put into `cells` evenly over that time.

        rain_mps : the same everywhere, or (zones,), m/s.
        """
        rain = np.atleast_1d(np.asarray(rain_mps, dtype=float))
        with in_turn(self.ground.threads):
            self.steps += kernels.flow(
                self.ground, self.water, now_s, dt_s, rain, NOWHERE, NOTHING, NOTHING, NOTHING, cells, volumes, debt,
                self.soil, self.record,
            )  # fmt: skip

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
    *,
    share: FloatArray | None = None,
    walls: Walls = OPEN_GROUND,
    precision: str = "double",
    scheme: str = "vector",
    threads: int = 1,
    courant: float = COURANT,
    longest_s: float = np.inf,
) -> Surface:
    """A dry surface over `bed` (ny, nx; NaN is blocked), Manning's n one value or (ny, nx).

    rained : (ny, nx) where rain falls on the surface itself; all land when left out.
    share : (ny, nx) part of each cell that water can use, in (0, 1]; 1 everywhere when left out.
    precision : `double`, or `single`: fluxes, beds and friction in float32; depths are float64 in both.
    scheme : `vector`, friction by the whole flow vector; `inertial`, by each face's own flux.
    """
    ny, nx = bed.shape
    closed = ~np.isfinite(bed) | (np.zeros_like(bed, dtype=bool) if blocked is None else blocked)
    river = np.zeros_like(closed) if river is None else river & ~closed
    land = ~closed & ~river
    real: Any = np.float32 if precision == "single" else np.float64
    z = np.where(closed, WALL_M, bed).astype(real).astype(np.float64)
    shore, lips = _shore(z, land, river)
    z[river] = WALL_M
    z.ravel()[shore] = lips
    edge, sides = _edge(land) if open_edge else (NOWHERE, NOTHING)
    n2 = np.square(np.atleast_2d(np.asarray(manning, dtype=float)))
    n2[~np.isfinite(n2)] = float(np.nanmedian(n2))
    n2 = np.broadcast_to(n2[:1, :1], (1, nx)) if (n2 == n2.flat[0]).all() else np.broadcast_to(n2, bed.shape)
    share = None if share is None else np.where(land, share, 1.0)
    east, north, part = faces_of(z, share, walls) if walls.any or share is not None else no_faces(ny)
    rained_cells = np.flatnonzero(land if rained is None else land & rained)
    ground = Ground(
        np.ascontiguousarray(z, dtype=real),
        np.ascontiguousarray(n2, dtype=np.float32),
        land.astype(np.uint8),
        np.zeros((0, 0)) if share is None else np.ascontiguousarray(share, dtype=float),
        rained_cells,
        np.zeros(rained_cells.size, np.int32),
        np.unique(_tiles_of(rained_cells, grid)),
        shore,
        edge,
        sides,
        *east,
        *north,
        part.start,
        part.column,
        part.width,
        float(grid.cell_m),
        dry_m,
        theta,
        courant,
        longest_s,
        scheme == "vector",
        threads,
        _bands(ny),
    )
    return Surface(grid, ground, _still(ground, shore.size), river, lips, SEALED, make_record(ny, nx))


def _still(ground: Ground, shore: int) -> Water:
    """No water anywhere, in the precision of the ground."""
    ny, nx = ground.z.shape
    tiles, bands, real = (-(-ny // TILE_ROWS), -(-nx // TILE_COLS)), ground.bands.size - 1, ground.z.dtype
    return Water(
        np.zeros((ny, nx)), np.zeros((ny, nx + 1), real), np.zeros((ny + 1, nx), real), np.zeros(shore), np.zeros(5),
        np.zeros((5, *tiles)), np.zeros(tiles[0]), np.zeros(tiles[0], np.int64), np.zeros(tiles, np.uint8),
        np.zeros((2, tiles[0] * tiles[1]), np.int64), np.zeros(tiles[0] + 1, np.int64), np.zeros(ny * nx, np.int64),
        np.zeros(ny * nx, np.uint8), np.zeros(bands, np.int64), np.zeros((2 * bands, nx + 2), real),
        np.zeros((bands, nx + 2), real), np.zeros((2 * bands, nx + 2), real), np.zeros((bands, nx + 2)),
        np.zeros((bands + 1, nx), real),
    )  # fmt: skip


def _bands(ny: int) -> NDArray[np.int64]:
    """Tile rows at which the grid is cut into bands, by its height alone."""
    count = min(max(ny // LEAST_BAND, 1), MOST_BANDS)
    rows = -(-ny // TILE_ROWS)
    return np.array([k * rows // count for k in range(count + 1)], dtype=np.int64)


def _tiles_of(cells: NDArray[np.int64], grid: Grid) -> NDArray[np.int64]:
    """Flat index of the tile of each cell."""
    j, i = np.divmod(cells, grid.nx)
    return (j // TILE_ROWS) * -(-grid.nx // TILE_COLS) + i // TILE_COLS


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
    *,
    walls: Path | None = None,
    building_porosity: float | None = None,
    precision: str = "double",
    scheme: str = "vector",
    threads: int = 1,
    longest_s: float = np.inf,
    keys: SurfaceKeys | None = None,
) -> Surface:
    """The surface of a scenario's files. `keys`: its land use, soil and boundaries. Raises
    `drainage.terrain.TerrainError`."""
    raster, _ = read_terrain(terrain, cell_m)
    keys = keys or SurfaceKeys()
    grid, bed = raster.grid, raster.values.copy()
    water = np.zeros(bed.shape, dtype=bool) if river is None else mask_of(grid, river)
    if river_below_m is not None:
        water |= bed < river_below_m
    closed, share = None, None
    if buildings is not None:
        covered = mask_of(grid, buildings) & ~water
        if building_porosity is not None:
            share = np.where(covered, building_porosity, 1.0)
        elif building_height_m is None:
            closed = covered
        else:
            bed = np.where(covered, bed + building_height_m, bed)
    n: float | FloatArray = manning
    if manning_raster is not None:
        given = onto(grid, read_raster(manning_raster))
        n = np.where(np.isfinite(given) & (given > 0), given, manning)
    rained = None if rain_area is None else mask_of(grid, rain_area)
    n = manning_of(grid, keys.landuse, n)
    water |= boundaries.held_cells(grid, keys.boundaries)
    surface = make_surface(
        grid, bed, n, water, closed, open_edge, dry_m, theta, rained, share=share,
        walls=OPEN_GROUND if walls is None else read_walls(walls, grid), precision=precision, scheme=scheme,
        threads=threads, longest_s=longest_s,
    )  # fmt: skip
    surface.soil = soil_of(grid, keys.infiltration, keys.landuse)
    if keys.boundaries:
        cells, sides = boundaries.open_edge(grid, surface.open, keys.boundaries, open_edge)
        surface.ground = surface.ground._replace(edge=cells, edge_sides=sides)
    return surface
