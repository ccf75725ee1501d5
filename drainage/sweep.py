"""One step over all that is wet: which tiles have work, the bands in one or more threads, and who gave too much.

The cut into bands depends on the grid alone: results are the same, to the bit, for any number of threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from drainage.bands import seam_fluxes, sweep_band
from drainage.native import COMPILED
from drainage.rows import clear_row, copy_row
from drainage.state import ANYWHERE, EAST, NORTH, SOUTH, TILE_COLS, TILE_ROWS, WEST, G, touch

SPARE, SPARE_SINGLE = 1e-9, 1e-6
"""Share of its water that a cell keeps in any one step, to cover the rounding of its sums: double, single."""
ENOUGH = 0.99
"""Share of the dry depth from which on a tile has work: the depth of flow is a difference of levels, and may be rounded
up. Water that flowed into a tile without work would be lost."""
LEAST_WORK = 64
"""Tiles in work below which a step is not worth being split among threads."""


@njit(**COMPILED)
def choose_work(water, dry_m):
    """Mark the tiles that hold flowing water and their neighbours; clear the fluxes of those that fall out of work.

    Fills `water.run` and `water.run_start`; gives the number of tiles in work.
    """
    wet, work, run = water.wet, water.work, water.run
    rows, cols = work.shape
    ny, nx = water.h.shape
    count, tiles = 0, 0
    for tj in range(rows):
        water.run_start[tj] = count
        near = water.wet_row[tj] > dry_m or (tj > 0 and water.wet_row[tj - 1] > dry_m)
        near = near or (tj < rows - 1 and water.wet_row[tj + 1] > dry_m)
        if not near and not water.busy[tj]:
            continue
        start, busy, deepest = -1, 0, 0.0
        for ti in range(cols):
            deepest = max(deepest, wet[ANYWHERE, tj, ti])
            on = wet[ANYWHERE, tj, ti] > dry_m
            on = on or (tj > 0 and wet[NORTH, tj - 1, ti] > dry_m) or (tj < rows - 1 and wet[SOUTH, tj + 1, ti] > dry_m)
            on = on or (ti > 0 and wet[EAST, tj, ti - 1] > dry_m) or (ti < cols - 1 and wet[WEST, tj, ti + 1] > dry_m)
            if on:
                busy += 1
                if start < 0:
                    start = ti
            else:
                if start >= 0:
                    run[0, count], run[1, count] = start * TILE_COLS, ti * TILE_COLS
                    count += 1
                    start = -1
                if work[tj, ti]:
                    for j in range(tj * TILE_ROWS, min((tj + 1) * TILE_ROWS, ny)):
                        for i in range(ti * TILE_COLS, min((ti + 1) * TILE_COLS, nx)):
                            water.qx[j, i + 1] = 0.0
                            water.qy[j + 1, i] = 0.0
            work[tj, ti] = on
        if start >= 0:
            run[0, count], run[1, count] = start * TILE_COLS, nx
            count += 1
        water.busy[tj], water.wet_row[tj] = busy, deepest
        tiles += busy
    water.run_start[rows] = count
    return tiles


@njit(**COMPILED)
def factors(ground, water, dt):
    """The factors of a step (see `drainage.rows`)."""
    real = water.qx.dtype.type
    slope, friction = G * dt / ground.cell_m, G * dt * (0.25 if ground.vector else 2.0)
    side = 0.5 * (1.0 - ground.theta)
    return (
        real(slope), real(friction), real(ground.dry_m), real(ground.theta), real(side), real(0.25), real(0.0),
        real(1.0),
    )  # fmt: skip


@njit(parallel=True, **COMPILED)
def sweep_in_threads(ground, water, c, ratio, first):
    """The bands first[t] to first[t+1] by thread t."""
    for t in prange(first.size - 1):
        for band in range(first[t], first[t + 1]):
            sweep_band(ground, water, c, ratio, band)


@njit(**COMPILED)
def share_bands(ground, water, first):
    """Give each thread a stretch of bands with about the same number of tiles in work."""
    threads, bands = first.size - 1, ground.bands.size - 1
    whole = 0
    for tj in range(water.busy.size):
        whole += water.busy[tj]
    done, t = 0, 1
    first[0] = 0
    for band in range(bands):
        if t < threads and done * threads >= whole * t:
            first[t] = band
            t += 1
        for tj in range(ground.bands[band], ground.bands[band + 1]):
            done += water.busy[tj]
    while t <= threads:
        first[t] = bands
        t += 1


@njit(**COMPILED)
def surface_step(ground, water, dt):
    """One step of `dt` seconds. Gives the deepest water."""
    ratio = dt / ground.cell_m
    bands = ground.bands.size - 1
    tiles = choose_work(water, ENOUGH * ground.dry_m)
    if tiles == 0:
        return 0.0
    c = factors(ground, water, dt)
    for band in range(1, bands):
        seam_fluxes(ground, water, c, band)
    if ground.threads > 1 and tiles >= LEAST_WORK:
        first = np.empty(ground.threads + 1, np.int64)
        share_bands(ground, water, first)
        sweep_in_threads(ground, water, c, ratio, first)
    else:
        for band in range(bands):
            sweep_band(ground, water, c, ratio, band)
    u = np.uint64
    for band in range(1, bands):
        tj = ground.bands[band] - 1
        for r in range(water.run_start[tj], water.run_start[tj + 1]):
            a, b = u(water.run[0, r]), u(water.run[1, r])
            copy_row(water.seam, water.qy, u((tj + 1) * TILE_ROWS), u(band), a, b)
            clear_row(water.seam, u(band), a, b)  # what is not found anew in the next step is no flux
    gather_short(ground, water, ratio)
    return water.wet_row.max()


@njit(**COMPILED)
def gather_short(ground, water, ratio):
    """Bring the bands' queues together and mend the cells that gave too much."""
    nx = water.h.shape[1]
    count = 0
    for band in range(ground.bands.size - 1):
        start = ground.bands[band] * TILE_ROWS * nx
        for k in range(water.short[band]):
            water.queue[count] = water.queue[start + k]
            count += 1
    if count > 0:
        limit_outflow(ground, water, ratio, count)


@njit(**COMPILED)
def limit_outflow(ground, water, ratio, count):
    """Scale the fluxes that leave a cell so that it never gives more than it holds, and undo what they moved.

    Clipping negative depths instead would make water (4.5 % in a trial). A neighbour that gets less may fall short and
    is then queued in turn; no cell is scaled twice, so this ends. queue[:count] are the cells below zero.
    """
    h, x, y, queue, queued = water.h, water.qx, water.qy, water.queue, water.queued
    nx = h.shape[1]
    f8 = np.float64
    porous = ground.share.size > 0
    spare = SPARE if x.itemsize == 8 else SPARE_SINGLE
    head = 0
    while head < count:
        j, i = divmod(queue[head], nx)
        head += 1
        x_in, x_out, y_in, y_out = f8(x[j, i]), f8(x[j, i + 1]), f8(y[j, i]), f8(y[j + 1, i])
        east, west, north, south = max(x_out, 0.0), max(-x_in, 0.0), max(y_out, 0.0), max(-y_in, 0.0)
        own = ratio / ground.share[j, i] if porous else ratio
        out = own * (east + west + north + south)
        if out <= 0.0:
            continue
        net = own * ((x_in - x_out) + (y_in - y_out))
        keep = min((1.0 - spare) * max(h[j, i] - net, 0.0) / out, 1.0)
        for side in range(4):
            if side == 0:
                jn, in_, less = j, i + 1, east
                if east > 0.0:
                    x[j, i + 1] = keep * east
                    less -= f8(x[j, i + 1])
            elif side == 1:
                jn, in_, less = j, i - 1, west
                if west > 0.0:
                    x[j, i] = -keep * west
                    less += f8(x[j, i])
            elif side == 2:
                jn, in_, less = j + 1, i, north
                if north > 0.0:
                    y[j + 1, i] = keep * north
                    less -= f8(y[j + 1, i])
            else:
                jn, in_, less = j - 1, i, south
                if south > 0.0:
                    y[j, i] = -keep * south
                    less += f8(y[j, i])
            if less > 0.0:
                h[j, i] += own * less
                h[jn, in_] -= (ratio / ground.share[jn, in_] if porous else ratio) * less
                if h[jn, in_] < 0.0 and not queued[jn * nx + in_]:
                    queued[jn * nx + in_] = 1
                    queue[count] = jn * nx + in_
                    count += 1
    for k in range(count):
        queued[queue[k]] = 0
        j, i = divmod(queue[k], nx)
        touch(water, j, i, h[j, i])
