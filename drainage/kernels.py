"""The surface in compiled loops: 2D local-inertial flow that does nothing where it is dry.

The scheme stands in `drainage.rows`, the step in `drainage.sweep`, what enters and leaves otherwise in
`drainage.sources`; here is the call that the model makes.

Fluxes live on the faces of square cells, depths in the cells. A cell owns its east and its north face. The grid is cut
into tiles of `TILE_ROWS × TILE_COLS` cells; only tiles that hold water, and their neighbours, are worked on. Kernels
take arrays and scalars, and allocate nothing in their loops.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from drainage.native import COMPILED
from drainage.record import keep
from drainage.soil import infiltrate
from drainage.sources import hold_river, put_water, rain_on, spill_edge
from drainage.state import EXCHANGE, LEAKED, G
from drainage.sweep import surface_step

SHALLOWEST_M = 0.01
"""Depth that bounds the time step from above where hardly any water stands."""


@njit(**COMPILED)
def flow(
    ground, water, now_s, dt, rain_mps, holes, given, debt, hole_depth, leaks, leak_volumes, leak_debt, soil, record
):  # fmt: skip
    """Let the surface flow for `dt` seconds from `now_s`; gives the number of steps.

    rain_mps          (zones,) rain on the land that gets it (`Ground.rained`, `Ground.zone`), m/s
    holes, given      (m,) cells of the manholes and the volumes that they give in dt, m3 (negative: they take)
    debt              (m,) m3 that the cells of the holes still owe
    hole_depth        (m,) filled with the mean depth at the holes over dt, m
    leaks, ...        (l,) cells and volumes of water that comes from elsewhere, m3 in dt
    soil, record      what sinks in (`drainage.soil`), and what is remembered of the flood (`drainage.record`)
    """
    h = water.h
    columns = h.shape[1]
    rain_on(ground, water, rain_mps, dt)
    infiltrate(ground, soil, water, dt)
    hole_depth[:] = 0.0
    done, steps = 0.0, 0
    deepest = water.wet_row.max()
    while done < dt - 1e-9:
        left = dt - done
        step = min(ground.courant * ground.cell_m / np.sqrt(G * max(deepest, SHALLOWEST_M)), ground.longest_s)
        if step >= left:
            step = left
        elif 2.0 * step > left:
            step = 0.5 * left
        put_water(ground, water, holes, given, step / dt, debt, EXCHANGE)
        put_water(ground, water, leaks, leak_volumes, step / dt, leak_debt, LEAKED)
        surface_step(ground, water, step)
        if ground.shore.size > 0:
            hold_river(ground, water)
        if ground.edge.size > 0:
            spill_edge(ground, water, step)
        deepest = water.wet_row.max()
        for k in range(holes.size):
            j, i = divmod(holes[k], columns)
            hole_depth[k] += h[j, i] * step
        done += step
        steps += 1
    for k in range(holes.size):
        hole_depth[k] /= dt
    keep(ground, water, record, now_s + dt, dt)
    return steps


@njit(**COMPILED)
def deepest_along(h, starts, cells, out):
    """out[s] := deepest of the cells cells[starts[s]:starts[s+1]] (flat indices)."""
    nx = h.shape[1]
    for s in range(out.size):
        deepest = 0.0
        for k in range(starts[s], starts[s + 1]):
            j, i = divmod(cells[k], nx)
            deepest = max(deepest, h[j, i])
        out[s] = deepest
