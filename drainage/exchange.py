"""SWMM and the surface advanced as one, in one compiled call that holds no lock.

Each manhole of a coupled sewer has, in the run's copy of the INP, an outfall of given stage at its crest, joined to it
by a bottom orifice that is built for the most its openings ever pass. Before each routing step the outfall's stage
becomes the water level in the manhole's cell (its mean over the last step, never below the crest, ramped), and the
orifice's setting becomes what the openings pass at these levels (`drainage.inlet_laws`), so throttled that no cell is
asked for more than half its water. SWMM solves the orifice inside its own iterations, so ponded water presses back on
the pipe. What passed is ½(q_old + q_new)Δt, the very sum of SWMM's own ledger, and it is spread over the surface's
steps.

Several districts share the surface. The first takes a routing step, the others follow it to the same time in as many
steps of their own as they need; then the surface flows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from drainage.covers_law import move_cover
from drainage.inlet_laws import conveyance, drowning
from drainage.kernels import flow
from drainage.native import (
    COMPILED,
    DISTRICT,
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
DROWNS_S = 5.0
"""How fast a free fall drowns or comes free, s: at once, a manhole that fills in one step would empty in the next."""
GIVES = 0.5
"""Share of a cell's water that its manholes may take in one routing step."""
LEAST_SETTING = 1e-4
EARLY_S = 1e-3
"""The sewers stop a millisecond before each exchange: SWMM computes the runoff of a period when it crosses its start,
and must do so with the rain of that period."""

SWMM_S, FIRST_S, STEPS, SURFACE_STEPS, END_S = range(5)
"""Places in the array of times: the first district's clock, its first step in this call, routing steps (of all
districts) and surface steps so far, SWMM's end."""


class Sewers(NamedTuple):
    """The (d,) districts.

    table            (d, 5) addresses of each district's image of SWMM (`drainage.native`)
    clock, first     its clock, and its first step in this call, s
    route, least     longest and shortest routing step, s
    metres, per_unit   metres in its unit of length, m3/s in its unit of flow
    holes, ends, tides   (d + 1,) where its manholes, outfalls and tidal outfalls begin
    """

    table: NDArray[np.int64]
    clock: NDArray[np.float64]
    first: NDArray[np.float64]
    route: NDArray[np.float64]
    least: NDArray[np.float64]
    metres: NDArray[np.float64]
    per_unit: NDArray[np.float64]
    holes: NDArray[np.int64]
    ends: NDArray[np.int64]
    tides: NDArray[np.int64]


class Holes(NamedTuple):
    """The (m,) manholes that exchange with the surface, district by district. Handles (`native.DISTRICT`), then SI.

    node, outfall, link   the manhole, its outfall at the crest, the orifice between them
    cell                  flat index of the cell; `share` 1 / number of manholes in that cell
    crest, bed            m; `capacity` conveyance of the orifice when fully open, m2
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
def set_stages(table, holes, inlets, begin, end, area, dt, metres, calm_s):
    """Show SWMM the water level above manholes begin to end, and set their orifices to what the openings pass."""
    for k in range(begin, end):
        depth = max(holes.depth[k] - holes.debt[k] / area, 0.0)
        above = max(holes.bed[k] + depth - holes.crest[k], 0.0)
        stage = max(ramp(holes.stage[k], holes.crest[k] + above, dt), holes.crest[k])
        if stage != holes.stage[k]:
            set_value(table[SET], NODE_HEAD, holes.outfall[k] % DISTRICT, stage / metres)
        holes.stage[k] = stage
        head = get_value(table[GET], NODE_HEAD, holes.node[k] % DISTRICT) * metres
        holes.head_max[k] = max(holes.head_max[k], head)
        fall = stage - holes.crest[k]
        move_cover(inlets, k, head - stage, dt, calm_s)
        drowned = drowning(head, holes.crest[k])
        inlets.drowned[k] += min(dt / DROWNS_S, 1.0) * (drowned - inlets.drowned[k])
        through = conveyance(inlets, k, fall, stage - head, inlets.drowned[k])
        if fall > SHALLOW_M and head < stage:
            most = GIVES * holes.share[k] * min(depth, above) * area / dt
            through = min(through, most / np.sqrt(2.0 * 9.81 * fall))
        setting = min(max(through / holes.capacity[k], LEAST_SETTING), 1.0)
        set_value(table[SET], LINK_SETTING, holes.link[k] % DISTRICT, setting)


@njit(**COMPILED)
def follow_ends(table, ends, begin, end, dt, per_unit):
    """Add ½(q_old + q_new)Δt of outfalls begin to end to their volumes, m3."""
    for k in range(begin, end):
        now = get_value(table[GET], LINK_FLOW, ends.link[k] % DISTRICT) * per_unit * ends.sign[k]
        ends.volume[k] += 0.5 * (ends.flow[k] + now) * dt
        ends.flow[k] = now


@njit(**COMPILED)
def follow_holes(table, holes, begin, end, dt, per_unit):
    """Add ½(q_old + q_new)Δt of manholes begin to end to what the surface gets, and up and down apart."""
    for k in range(begin, end):
        was = holes.flow[k]
        now = get_value(table[GET], LINK_FLOW, holes.link[k] % DISTRICT) * per_unit
        holes.volume[k] += 0.5 * (was + now) * dt
        holes.up[k] += 0.5 * (max(was, 0.0) + max(now, 0.0)) * dt
        holes.down[k] += 0.5 * (max(-was, 0.0) + max(-now, 0.0)) * dt
        holes.flow[k] = now


@njit(**COMPILED)
def route(sewers, d, times, left_s, lands, ends, holes, inlets, has_surface, area, calm_s):
    """One routing step of district d, at most `left_s` long where it must land; 0, or SWMM's error code."""
    table, metres = sewers.table[d], sewers.metres[d]
    dt = sewers.route[d]
    if lands:
        dt = min(dt, max(left_s, EARLY_S))
        write_double(table[ROUTE_STEP], dt)
        write_double(table[MIN_STEP], min(sewers.least[d], dt))
    if has_surface:
        set_stages(table, holes, inlets, sewers.holes[d], sewers.holes[d + 1], area, dt, metres, calm_s)
    for k in range(sewers.tides[d], sewers.tides[d + 1]):
        ends.stage[k] = ramp(ends.stage[k], ends.goal[0], dt)
        set_value(table[SET], NODE_HEAD, ends.tidal[k] % DISTRICT, ends.stage[k] / metres)
    days = step(table[STEP])
    if days < 0.0:
        return round(-days) - 1
    now = times[END_S] if days == 0.0 else days * 86400.0
    done = now - sewers.clock[d]
    follow_ends(table, ends, sewers.ends[d], sewers.ends[d + 1], done, sewers.per_unit[d])
    if has_surface:
        follow_holes(table, holes, sewers.holes[d], sewers.holes[d + 1], done, sewers.per_unit[d])
    if sewers.first[d] == 0.0:
        sewers.first[d] = done
    sewers.clock[d] = now
    times[STEPS] += 1
    return -1 if days == 0.0 else 0


@njit(**COMPILED)
def advance(
    sewers, times, until_s, lands, ends, holes, inlets, calm_s, has_surface,
    ground, water, rain_mps, leaks, leak_volumes, leak_debt, soil, record,
):  # fmt: skip
    """Go on to `until_s`; 0, or SWMM's error code.

    lands        shorten the last steps so that SWMM stops at the exchange; without it SWMM keeps its own steps
    leak_volumes (l,) m3 to be put onto the surface, evenly until `until_s`
    """
    target = until_s - EARLY_S if lands else until_s
    least = 0.5 * EARLY_S if lands else 0.0
    begin = times[SWMM_S]
    area = ground.cell_m * ground.cell_m
    step_leaks = np.zeros_like(leak_volumes)
    sewers.first[:] = 0.0
    while target - times[SWMM_S] > least:
        holes.volume[:] = 0.0
        code = route(sewers, 0, times, target - times[SWMM_S], lands, ends, holes, inlets, has_surface, area, calm_s)
        now = sewers.clock[0]
        for d in range(1, sewers.clock.size):
            over = False
            while code <= 0 and not over and now - sewers.clock[d] > least:
                left = now - sewers.clock[d]
                code = route(sewers, d, times, left, lands, ends, holes, inlets, has_surface, area, calm_s)
                over = code < 0
        if code > 0:
            return code
        done = now - times[SWMM_S]
        if has_surface:
            part = done / (target - begin)
            for k in range(leak_volumes.size):
                step_leaks[k] = part * leak_volumes[k]
            times[SURFACE_STEPS] += flow(
                ground, water, times[SWMM_S], done, rain_mps, holes.cell, holes.volume, holes.debt, holes.depth,
                leaks, step_leaks, leak_debt, soil, record,
            )  # fmt: skip
        times[SWMM_S] = now
        if code < 0:
            break
    times[FIRST_S] = sewers.first[0]
    return 0
