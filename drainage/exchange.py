"""SWMM and the surface advanced as one, in one compiled call that holds no lock.

Each manhole of a coupled sewer has, in the run's copy of the INP, an outfall of given stage at its crest, joined to it
by a bottom orifice of the opening's area. Before each routing step the outfall's stage becomes the water level in the
manhole's cell (its mean over the last step, never below the crest, ramped), and the orifice is throttled so that no
cell is asked for more than half its water. SWMM solves the orifice inside its own iterations, so ponded water presses
back on the pipe. What passed is ½(q_old + q_new)Δt, the very sum of SWMM's own ledger, and it is spread over the
surface's steps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from drainage.kernels import flow
from drainage.native import (
    COMPILED,
    GET,
    MIN_STEP,
    ROUTE_STEP,
    SET,
    STEP,
    get_value,
    set_value,
    step,
    write_double,
)

NODE_HEAD, LINK_SETTING, LINK_FLOW = 304, 407, 410
"""swmm_NODE_HEAD, swmm_LINK_SETTING and swmm_LINK_FLOW of SWMM 5.2's swmm5.h (a test holds them to swmm-toolkit)."""
RAMP_MPS = 0.1
"""How fast a stage may follow the water, m/s: a sudden jump cost SWMM 4 % of its continuity in a trial."""
SHALLOW_M = 3e-4
"""Water above the crest that is too shallow to be asked for."""
GIVES = 0.5
"""Share of a cell's water that its manholes may take in one routing step."""
LEAST_SETTING = 1e-3
EARLY_S = 1e-3
"""The sewers stop a millisecond before each exchange: SWMM computes the runoff of a period when it crosses its start,
and must do so with the rain of that period."""

SWMM_S, FIRST_S, STEPS, SURFACE_STEPS, END_S = range(5)
"""Places in the array of times: SWMM's clock, its first step in this call, steps of both so far, SWMM's end."""


class Holes(NamedTuple):
    """The (m,) manholes that exchange with the surface. SWMM's indices, then SI.

    node, outfall, link   the manhole, its outfall at the crest, the orifice between them
    cell                  flat index of the cell; `share` 1 / number of manholes in that cell
    crest, bed            m; `capacity` coefficient × area of the opening, m2
    stage, flow, depth    stage given last, m; flow, m3/s, positive onto the surface; mean depth in the cell, m
    volume, debt          m3 of the last step; m3 that the cell still owes
    head_max              highest head so far, m; `up`, `down` m3 onto the surface and back, summed as SWMM does
    """

    node: NDArray[np.int64]
    outfall: NDArray[np.int64]
    link: NDArray[np.int64]
    cell: NDArray[np.int64]
    share: NDArray[np.float64]
    crest: NDArray[np.float64]
    bed: NDArray[np.float64]
    capacity: NDArray[np.float64]
    stage: NDArray[np.float64]
    flow: NDArray[np.float64]
    depth: NDArray[np.float64]
    volume: NDArray[np.float64]
    debt: NDArray[np.float64]
    head_max: NDArray[np.float64]
    up: NDArray[np.float64]
    down: NDArray[np.float64]


class Ends(NamedTuple):
    """The user's outfalls, (o,): `link` into them and its `sign`, present `flow` m3/s and `volume` m3 so far.

    tidal   (t,) SWMM index of outfalls that follow the tide; `stage` (t,) their present stage; `goal` (1,) the tide, m
    """

    link: NDArray[np.int64]
    sign: NDArray[np.float64]
    flow: NDArray[np.float64]
    volume: NDArray[np.float64]
    tidal: NDArray[np.int64]
    stage: NDArray[np.float64]
    goal: NDArray[np.float64]


@njit(**COMPILED)
def ramp(now, goal, dt):
    """`goal`, or as near to it as a stage may come in dt seconds."""
    return min(max(goal, now - RAMP_MPS * dt), now + RAMP_MPS * dt)


@njit(**COMPILED)
def set_stages(table, holes, area, dt, metres):
    """Show SWMM the water level above each manhole, and throttle openings over cells that hold little."""
    for k in range(holes.node.size):
        depth = max(holes.depth[k] - holes.debt[k] / area, 0.0)
        above = max(holes.bed[k] + depth - holes.crest[k], 0.0)
        stage = max(ramp(holes.stage[k], holes.crest[k] + above, dt), holes.crest[k])
        holes.stage[k] = stage
        set_value(table[SET], NODE_HEAD, holes.outfall[k], stage / metres)
        head = get_value(table[GET], NODE_HEAD, holes.node[k]) * metres
        holes.head_max[k] = max(holes.head_max[k], head)
        setting = 1.0
        fall = stage - holes.crest[k]
        if fall > SHALLOW_M and head < stage:
            most = GIVES * holes.share[k] * min(depth, above) * area / dt
            setting = min(max(most / (holes.capacity[k] * np.sqrt(2.0 * 9.81 * fall)), LEAST_SETTING), 1.0)
        set_value(table[SET], LINK_SETTING, holes.link[k], setting)


@njit(**COMPILED)
def read_flows(table, links, signs, flow, dt, per_unit, volume):
    """volume := ½(q_old + q_new)Δt of each link, m3; flow := q_new, m3/s."""
    for k in range(links.size):
        now = get_value(table[GET], LINK_FLOW, links[k]) * per_unit * signs[k]
        volume[k] = 0.5 * (flow[k] + now) * dt
        flow[k] = now


@njit(**COMPILED)
def advance(
    table, times, until_s, route_step, min_step, lands, metres, per_unit, ends, end_volume, holes, ones, has_surface,
    ground, water, rain_mps, leaks, leak_volumes, leak_debt,
):  # fmt: skip
    """Go on to `until_s`; 0, or SWMM's error code.

    lands        shorten the last steps so that SWMM stops at the exchange; without it SWMM keeps its own steps
    metres, per_unit   metres in SWMM's unit of length, m3/s in its unit of flow
    leak_volumes (l,) m3 to be put onto the surface, evenly until `until_s`
    """
    target = until_s - EARLY_S if lands else until_s
    begin = times[SWMM_S]
    first = True
    area = ground.cell_m * ground.cell_m
    step_leaks = np.zeros_like(leak_volumes)
    while target - times[SWMM_S] > (0.5 * EARLY_S if lands else 0.0):
        dt = route_step
        if lands:
            dt = min(route_step, max(target - times[SWMM_S], EARLY_S))
            write_double(table[ROUTE_STEP], dt)
            write_double(table[MIN_STEP], min(min_step, dt))
        if has_surface:
            set_stages(table, holes, area, dt, metres)
        for k in range(ends.tidal.size):
            ends.stage[k] = ramp(ends.stage[k], ends.goal[0], dt)
            set_value(table[SET], NODE_HEAD, ends.tidal[k], ends.stage[k] / metres)
        days = step(table[STEP])
        if days < 0.0:
            return round(-days) - 1
        over = days == 0.0
        now = times[END_S] if over else days * 86400.0
        done = now - times[SWMM_S]
        read_flows(table, ends.link, ends.sign, ends.flow, done, per_unit, end_volume)
        for k in range(end_volume.size):
            ends.volume[k] += end_volume[k]
        if has_surface:
            for k in range(holes.up.size):
                holes.up[k] += 0.5 * max(holes.flow[k], 0.0) * done
                holes.down[k] += 0.5 * max(-holes.flow[k], 0.0) * done
            read_flows(table, holes.link, ones, holes.flow, done, per_unit, holes.volume)
            for k in range(holes.up.size):
                holes.up[k] += 0.5 * max(holes.flow[k], 0.0) * done
                holes.down[k] += 0.5 * max(-holes.flow[k], 0.0) * done
            part = done / (target - begin)
            for k in range(leak_volumes.size):
                step_leaks[k] = part * leak_volumes[k]
            times[SURFACE_STEPS] += flow(
                ground, water, times[SWMM_S], done, rain_mps, holes.cell, holes.volume, holes.debt, holes.depth,
                leaks, step_leaks, leak_debt,
            )  # fmt: skip
        if first:
            times[FIRST_S] = done
            first = False
        times[SWMM_S] = now
        times[STEPS] += 1
        if over:
            break
    return 0
