"""The pieces of work of a thread: bands of rows, each taken through a step row by row.

A row's fluxes and its new depths are found together, while it is in cache, and in place: of the step before, a band
keeps only the two rows that are still needed. So each cell is read from memory once in a step and written once.

The fluxes between two bands are found before any band starts; after that a band touches only what is its own. The
arrays are named once, outside the loops: taking one out of a tuple counts a reference, and threads would wait for each
other's counts.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from drainage.native import COMPILED
from drainage.rows import (
    NOWHERE,
    clear_row,
    copy_row,
    deepest_by_tile,
    fluxes_inertial,
    fluxes_vector,
    keep_row,
    new_depths,
)
from drainage.special import narrow_cells, narrow_east, narrow_north
from drainage.state import ANYWHERE, EAST, NORTH, SOUTH, TILE_COLS, TILE_ROWS, WEST


@njit(**COMPILED)
def seam_fluxes(ground, water, c, band):
    """New fluxes over the south faces of a band, into `seam[band]`; its rooms serve meanwhile."""
    h, z, n2, qx, qy = water.h, ground.z, ground.n2, water.qx, water.qy
    level, old_x, old_y, seam, run = water.level, water.old_x, water.old_y, water.seam, water.run
    u, nx = np.uint64, h.shape[1]
    tj = ground.bands[band] - 1
    j = (tj + 1) * TILE_ROWS - 1
    own, up = (u(j), u(j + 1)) if n2.shape[0] > 1 else (u(0), u(0))
    here, above = u(2 * band), u(2 * band + 1)
    for r in range(water.run_start[tj], water.run_start[tj + 1]):
        a, b = run[0, r], run[1, r]
        end = u(min(b + 1, nx))
        keep_row(h, z, level, here, u(j), u(a), end)
        keep_row(h, z, level, above, u(j + 1), u(a), end)
        copy_row(qx, old_x, u(band), u(j), u(a), u(b + 1))
        copy_row(qy, old_y, here, u(j), u(a), end)
        copy_row(qy, old_y, above, u(j + 1), u(a), end)
        if ground.vector:
            fluxes_vector(z, n2, qx, qy, seam, level, old_x, old_y, c, u(j), u(a), u(b), u(a), own, up, here, above,
                          u(band), here, above, u(band))  # fmt: skip
        else:
            fluxes_inertial(z, n2, qx, qy, seam, level, old_x, old_y, c, u(j), u(a), u(b), u(a), own, up, here, above,
                            u(band), here, above, u(band))  # fmt: skip
        if ground.north_column.size > 0:
            narrow_north(ground, water, c, seam, band, j, 0, a, b, u(band))


@njit(**COMPILED)
def sweep_band(ground, water, c, ratio, band):
    """The step of one band, row by row from the south. Cells below zero are put into its part of the queue."""
    h, z, n2, qx, qy = water.h, ground.z, ground.n2, water.qx, water.qy
    level, old_x, old_y, top, seam = water.level, water.old_x, water.old_y, water.top, water.seam
    run, run_start, wet = water.run, water.run_start, water.wet
    walls_east, walls_north, parts = ground.east_column.size, ground.north_column.size, ground.part_column.size
    vector, uniform = ground.vector, n2.shape[0] == 1
    u, (ny, nx) = np.uint64, h.shape
    me = u(band)
    first, beyond = ground.bands[band], ground.bands[band + 1]
    last_row = min(beyond * TILE_ROWS, ny) - 1
    queue = first * TILE_ROWS * nx
    water.short[band] = 0
    for r in range(run_start[first], run_start[first + 1]):
        copy_row(qy, old_y, u(2 * band), u(first * TILE_ROWS), u(run[0, r]), u(min(run[1, r] + 1, nx)))
    for tj in range(first, beyond):
        r0, r1 = run_start[tj], run_start[tj + 1]
        top_row = min((tj + 1) * TILE_ROWS, ny) - 1
        for r in range(r0, r1):
            keep_row(h, z, level, u(2 * band), u(tj * TILE_ROWS), u(run[0, r]), u(min(run[1, r] + 1, nx)))
            clear_row(top, me, u(run[0, r]), u(run[1, r]))
        low = 0.0
        for j in range(tj * TILE_ROWS, top_row + 1):
            k = (j - tj * TILE_ROWS) & 1
            here, above, at = u(2 * band + k), u(2 * band + 1 - k), u(j)
            r2 = run_start[tj + 2] if j == top_row and j < last_row else r1
            for r in range(r0, r2):
                copy_row(qy, old_y, above, u(j + 1), u(run[0, r]), u(min(run[1, r] + 1, nx)))
            own, up = (u(0), u(0)) if uniform else (at, u(min(j + 1, ny - 1)))
            at_seam, to_seam = band > 0 and j == first * TILE_ROWS, j == last_row and j < ny - 1
            south, from_row = (seam, me) if at_seam else (qy, at)
            north, to_row = (seam, u(band + 1)) if to_seam else (qy, u(j + 1))
            to = NOWHERE if j == last_row else u(j + 1)
            for r in range(r0, r1):
                a, b, last = u(run[0, r]), u(run[1, r]), u(min(run[1, r], nx - 1))
                if j < last_row:
                    keep_row(h, z, level, above, u(j + 1), a, u(min(run[1, r] + 1, nx)))
                copy_row(qx, old_x, me, at, a, u(min(run[1, r] + 2, nx + 1)))
                if vector:
                    fluxes_vector(z, n2, qx, qy, qy, level, old_x, old_y, c, at, a, b, last, own, up, here, above, me,
                                  here, above, to)  # fmt: skip
                else:
                    fluxes_inertial(z, n2, qx, qy, qy, level, old_x, old_y, c, at, a, b, last, own, up, here, above,
                                    me, here, above, to)  # fmt: skip
                if walls_east > 0:
                    narrow_east(ground, water, c, band, j, k, run[0, r], min(run[1, r], nx - 1))
                if walls_north > 0 and j < last_row:
                    narrow_north(ground, water, c, qy, band, j, k, run[0, r], run[1, r], to)
                low = min(low, new_depths(h, qx, south, north, top, ratio, at, a, b, from_row, to_row, me))
                if parts > 0:
                    low = min(low, narrow_cells(ground, water, south, north, ratio, band, j, run[0, r], run[1, r],
                                                from_row, to_row))  # fmt: skip
        if r1 > r0:
            for r in range(r0, r1):
                a, b = u(run[0, r]), u(run[1, r])
                deepest_by_tile(top, me, wet, u(ANYWHERE), u(tj), a, b)
                deepest_by_tile(h, u(tj * TILE_ROWS), wet, u(SOUTH), u(tj), a, b)
                deepest_by_tile(h, u(top_row), wet, u(NORTH), u(tj), a, b)
            queue = note_row(water, band, tj, top_row, low, queue)


@njit(**COMPILED)
def note_row(water, band, tj, top_row, low, queue):
    """Note how deep the sides of a row of tiles now are, and which cells are below zero; gives the end of the queue."""
    h, wet, top, run, run_start = water.h, water.wet, water.top, water.run, water.run_start
    nx = h.shape[1]
    for r in range(run_start[tj], run_start[tj + 1]):
        for ti in range(run[0, r] // TILE_COLS, (run[1, r] + TILE_COLS - 1) // TILE_COLS):
            wet[WEST, tj, ti] = top[band, ti * TILE_COLS]
            wet[EAST, tj, ti] = top[band, min((ti + 1) * TILE_COLS, nx) - 1]
        if low < 0.0:
            for j in range(tj * TILE_ROWS, top_row + 1):
                for i in range(run[0, r], run[1, r]):
                    if h[j, i] < 0.0:
                        water.queue[queue] = j * nx + i
                        water.queued[j * nx + i] = 1
                        water.short[band] += 1
                        queue += 1
    deepest = 0.0
    for ti in range(wet.shape[2]):
        deepest = max(deepest, wet[ANYWHERE, tj, ti])
    water.wet_row[tj] = deepest
    return queue
