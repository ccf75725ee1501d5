"""Water that enters or leaves the surface otherwise than by flowing: rain, given volumes, the river, the open edge."""

from __future__ import annotations

import numpy as np
from numba import njit

from drainage.native import COMPILED
from drainage.state import EDGE, RAIN, RIVER, G, measure, touch, usable_area


@njit(**COMPILED)
def hold_river(ground, water):
    """Put the shore cells back to their level; what had flowed in or out of them is the river's."""
    h = water.h
    nx = h.shape[1]
    area = ground.cell_m * ground.cell_m
    for k in range(ground.shore.size):
        j, i = divmod(ground.shore[k], nx)
        water.account[RIVER] += (h[j, i] - water.shore_h[k]) * area
        h[j, i] = water.shore_h[k]
        touch(water, j, i, h[j, i])


@njit(**COMPILED)
def spill_edge(ground, water, dt):
    """Free outflow over an open edge: critical flow of the depth that is left, h + k h^(3/2) = h before, k = √g Δt/Δx.

    So the depth at the edge is the critical one whatever the step, and no cell can give more than it has. Solved by
    Newton's method from above, where it converges without overshooting (the left side is convex).
    """
    h = water.h
    nx = h.shape[1]
    for k in range(ground.edge.size):
        j, i = divmod(ground.edge[k], nx)
        before = h[j, i]
        if before > ground.dry_m:
            rate = np.sqrt(G) * ground.edge_sides[k] * dt / ground.cell_m
            left = before
            for _ in range(6):
                root = np.sqrt(left)
                left -= (left + rate * left * root - before) / (1.0 + 1.5 * rate * root)
            h[j, i] = max(left, 0.0)
            water.account[EDGE] += (before - h[j, i]) * usable_area(ground, j, i)


@njit(**COMPILED)
def put_water(ground, water, cells, volumes, share, debt, place):
    """Give each cell `share` of its volume (m3; negative takes). What a cell cannot give is kept as a debt.

    Debts are paid first by whatever water comes later, so nothing is lost or made. account[place] gets the volumes.
    """
    h = water.h
    nx = h.shape[1]
    for k in range(cells.size):
        moved = share * volumes[k]
        if moved == 0.0 and debt[k] == 0.0:
            continue
        j, i = divmod(cells[k], nx)
        area = usable_area(ground, j, i)
        volume = h[j, i] * area + moved - debt[k]
        debt[k] = max(-volume, 0.0)
        h[j, i] = max(volume, 0.0) / area
        water.account[place] += moved
        touch(water, j, i, h[j, i])


@njit(**COMPILED)
def rain_on(ground, water, rain_mps, dt):
    """Rain of `rain_mps` (zones,) for dt seconds on the land that gets it. All of a cell's area catches it."""
    h, area = water.h.reshape(-1), ground.cell_m * ground.cell_m
    share = ground.share.reshape(-1)
    if rain_mps.max() <= 0.0:
        return
    volume = 0.0
    for k in range(ground.rained.size):
        depth = rain_mps[ground.zone[k]] * dt
        volume += depth
        cell = ground.rained[k]
        h[cell] += depth / share[cell] if share.size > 0 else depth
    water.account[RAIN] += volume * area
    cols = water.work.shape[1]
    for k in range(ground.rain_tiles.size):
        tj, ti = divmod(ground.rain_tiles[k], cols)
        measure(water, tj, ti)
