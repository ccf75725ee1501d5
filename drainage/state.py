"""What the surface's compiled loops work on: arrays by name, and the few constants that all of them share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from drainage.native import COMPILED
from drainage.stale import forget_stale

G = 9.81
TILE_ROWS, TILE_COLS = 4, 32
LIMITS_M = (0.15, 0.27, 0.40)
"""Depth lines in use: a lane still passable (GB 50014), road closed (Beijing's red line), ground floors at risk."""
ARRIVAL_M = 0.05
"""A cell counts as reached by the flood from this depth on: less is a wet street."""

ANYWHERE, SOUTH, NORTH, WEST, EAST = range(5)
RAIN, LEAKED, EXCHANGE, RIVER, EDGE = range(5)
"""Places in the account: m3 that came in by rain, leaks, manholes, and went out to the river and over the edge."""

Real = NDArray[np.float32] | NDArray[np.float64]
"""Of the precision in which fluxes are computed: float32 (`single`) or float64 (`double`)."""

forget_stale()


class Ground(NamedTuple):
    """What does not change while water flows. Arrays are (ny, nx), row 0 in the south, unless said otherwise.

    Flat, as `Water` is, for Numba hands no tuple within a tuple to its threads.

    z         bed, m; blocked cells stand `WALL_M` high
    n2        Manning's n squared, s2 m^-2/3; (1, nx) where it is the same everywhere
    open      1 where land can hold water, 0 in blocked and river cells
    share     part of a cell's area that water can use; (0, 0) where that is 1 everywhere
    rained    (r,) flat index of the land cells on which rain falls; `zone` (r,) which rain they get; `rain_tiles`
              (t,) flat index of the tiles that have such cells
    shore     (k,) flat index of river cells that touch land: their level is given
    edge      (e,) flat index of land cells at an open edge; `edge_sides` (e,) how many of their sides are open
    east_...  the few east faces that are not open ground, by rows of cells: `start` (ny+1,) where each row's begin,
              `column` (m,) of the cell that owns the face, `crest` (m,) top of a wall or kerb, m (−inf: none), `width`
              (m,) share of the face that lets water through. `north_...` the same of the north faces
    part_...  cells of which water can use a part: `start`, `column` as above, `width` that part
    cell_m    side of a cell; `dry_m` depth below which nothing flows; `theta` weight of a face's own flux
    courant   share of Δx/√(g h) that a step may take; `longest_s` longest step, s
    vector    friction by the whole flow vector, else by the face's own flux
    threads   how many work at once
    bands     (b+1,) tile rows at which the grid is cut into bands, the pieces of work of a thread. They depend on the
              grid alone, so that results do not depend on `threads`
    """

    z: Real
    n2: NDArray[np.float32]
    open: NDArray[np.uint8]
    share: NDArray[np.float64]
    rained: NDArray[np.int64]
    zone: NDArray[np.int32]
    rain_tiles: NDArray[np.int64]
    shore: NDArray[np.int64]
    edge: NDArray[np.int64]
    edge_sides: NDArray[np.float64]
    east_start: NDArray[np.int64]
    east_column: NDArray[np.int64]
    east_crest: NDArray[np.float64]
    east_width: NDArray[np.float64]
    north_start: NDArray[np.int64]
    north_column: NDArray[np.int64]
    north_crest: NDArray[np.float64]
    north_width: NDArray[np.float64]
    part_start: NDArray[np.int64]
    part_column: NDArray[np.int64]
    part_width: NDArray[np.float64]
    cell_m: float
    dry_m: float
    theta: float
    courant: float
    longest_s: float
    vector: bool
    threads: int
    bands: NDArray[np.int64]


class Water(NamedTuple):
    """What flows.

    h         (ny, nx) depth, m; float64 in both precisions, so that no small increment is lost and mass is exact
    qx, qy    fluxes of the last step, m2/s: (ny, nx+1) and (ny+1, nx), positive to the east and to the north
    shore_h   (k,) depth kept in each shore cell, m
    account   (5,) m3 so far: `RAIN, LEAKED, EXCHANGE, RIVER, EDGE`
    wet       (5, tile rows, tile columns) deepest water in each tile, m: anywhere, and along its `SOUTH, NORTH, WEST,
              EAST` sides, for a neighbour has work only when water stands at their common side
    wet_row   (tile rows,) deepest water in each row of tiles
    busy      (tile rows,) how many tiles of each row were worked on in the last step
    work      (tile rows, tile columns) 1 where the tile was worked on in the last step
    run       (2, tiles) first and last+1 column of each stretch of work; `run_start` (tile rows+1,) the first stretch
              of each row of tiles
    queue     (ny·nx,) room for cells that gave too much; `queued` (ny·nx,) marks them; `short` (bands,) how many

    Room of each band for the row that it is at, (bands, nx+2), or (2·bands, nx+2) for two rows at a time:

    level     two rows: what the flux formula takes for the water (see `drainage.rows.stand`)
    old_x     fluxes of the last step over the row's x-faces
    old_y     two rows: fluxes of the last step over its south and its north faces
    top       deepest water of each column in the tile row
    seam      (bands+1, nx) new fluxes over the faces between two bands, found before the bands start
    """

    h: NDArray[np.float64]
    qx: Real
    qy: Real
    shore_h: NDArray[np.float64]
    account: NDArray[np.float64]
    wet: NDArray[np.float64]
    wet_row: NDArray[np.float64]
    busy: NDArray[np.int64]
    work: NDArray[np.uint8]
    run: NDArray[np.int64]
    run_start: NDArray[np.int64]
    queue: NDArray[np.int64]
    queued: NDArray[np.uint8]
    short: NDArray[np.int64]
    level: Real
    old_x: Real
    old_y: Real
    top: NDArray[np.float64]
    seam: Real


@njit(**COMPILED)
def usable_area(ground, j, i):
    """m2 of cell (j, i) that water can use."""
    area = ground.cell_m * ground.cell_m
    return area * ground.share[j, i] if ground.share.size > 0 else area


@njit(**COMPILED)
def touch(water, j, i, depth):
    """Note that cell (j, i) now holds `depth` metres."""
    ny, nx = water.h.shape
    wet, tj, ti = water.wet, j // TILE_ROWS, i // TILE_COLS
    water.wet_row[tj] = max(water.wet_row[tj], depth)
    wet[ANYWHERE, tj, ti] = max(wet[ANYWHERE, tj, ti], depth)
    if j % TILE_ROWS == 0:
        wet[SOUTH, tj, ti] = max(wet[SOUTH, tj, ti], depth)
    if j % TILE_ROWS == TILE_ROWS - 1 or j == ny - 1:
        wet[NORTH, tj, ti] = max(wet[NORTH, tj, ti], depth)
    if i % TILE_COLS == 0:
        wet[WEST, tj, ti] = max(wet[WEST, tj, ti], depth)
    if i % TILE_COLS == TILE_COLS - 1 or i == nx - 1:
        wet[EAST, tj, ti] = max(wet[EAST, tj, ti], depth)


@njit(**COMPILED)
def measure(water, tj, ti):
    """Find anew how deep the water of tile (tj, ti) is."""
    h, wet = water.h, water.wet
    ny, nx = h.shape
    j0, j1 = tj * TILE_ROWS, min((tj + 1) * TILE_ROWS, ny) - 1
    i0, i1 = ti * TILE_COLS, min((ti + 1) * TILE_COLS, nx) - 1
    deepest, south, north, west, east = 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(j0, j1 + 1):
        for i in range(i0, i1 + 1):
            deepest = max(deepest, h[j, i])
        west, east = max(west, h[j, i0]), max(east, h[j, i1])
    for i in range(i0, i1 + 1):
        south, north = max(south, h[j0, i]), max(north, h[j1, i])
    wet[ANYWHERE, tj, ti], wet[WEST, tj, ti], wet[EAST, tj, ti] = deepest, west, east
    wet[SOUTH, tj, ti], wet[NORTH, tj, ti] = south, north
    water.wet_row[tj] = max(water.wet_row[tj], deepest)
