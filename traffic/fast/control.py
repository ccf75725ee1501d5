"""Traffic lights whose green lasts as long as vehicles come, as SUMO's actuated ones. Numba only.

A phase with bounds is green for its shortest time and then while the latest gap between vehicles over one of its
detectors is below the largest allowed, up to its longest time. A queue model knows when vehicles reach the line, so
the moment of passing the detector is counted back from there; a queue that stands over it holds the green.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from traffic.fast.layout import CLEARS, RED, STOPS
from traffic.fast.motion import BARE, INLINED, NEVER, put_in

LEAST_LOOK_S = 1.0
"""Shortest time between two looks at the detectors: SUMO's step."""
REACH_S = 2.0
"""A green is kept at least so long for one who has just passed the detector: SUMO's `detector-gap`."""


@njit(**INLINED)
def since_passed(d, now, roads, fleet, st, physics):
    """s since the last vehicle left detector d behind; 0 while a queue stands over it, NEVER when none did lately."""
    i, ahead = roads.actuated.detector[d].lane, roads.actuated.detector[d].ahead
    limit = st.edge[roads.lane[i].edge].speed
    drive = ahead / max(limit, 1.0)
    accel = 2.0
    lead = drive if st.lane[i].v_out > 0.8 * limit else max(drive, np.sqrt(2.0 * ahead / accel))
    latest = st.lane[i].t_out - lead
    stands = 0.0
    v = st.lane[i].head
    while v >= 0:
        ready = st.vehicle[v].ready
        if ready - drive > now:
            break
        if stands >= ahead and ready <= now:
            return 0.0
        latest = max(latest, ready - drive)
        stands += fleet.vehicle[v].slots * physics.slot
        if stands >= ahead and ready < st.lane[i].t_out:
            latest = max(latest, st.lane[i].t_out)
        v = st.vehicle[v].next
    return now - latest - physics.car / max(limit, 1.0)


@njit(**INLINED)
def show(k, phase, now, roads, st):
    """Controller k shows a phase to all its heads."""
    act = roads.actuated
    control = act.control[k]
    st.control[k].phase, st.control[k].since = phase, now
    letter = act.phase[control.phase + phase].letter
    for j in range(control.heads):
        s = act.head[control.head + j]
        shown = act.letter[letter + j]
        if st.head[s].shown != shown:
            if shown == CLEARS and st.head[s].shown == STOPS:
                shown = STOPS
            st.head[s].since = now
        st.head[s].shown = shown


@njit(**INLINED)
def wake_lanes(k, now, roads, st, physics):
    """Who waited at red and has green now drives off."""
    act = roads.actuated
    for j in range(act.control[k].lane, act.control[k].lane + act.control[k].lanes):
        i = act.lane[j]
        v = st.lane[i].head
        if v < 0 or st.lane[i].status != RED or st.vehicle[v].conn < 0:
            continue
        s = roads.conn[st.vehicle[v].conn].signal
        if s >= 0 and st.head[s].shown != STOPS and st.head[s].shown != CLEARS and st.dark[s] == 0:
            st.lane[i].wake = now + physics.start
            put_in(i, st.lane[i].wake, physics.bucket, st.calendar, st.follow, st.listed, st.count)


@njit(**BARE)
def decide(now, roads, fleet, st, physics):
    """All controllers that are due look at their detectors, and go on to the next phase or wait."""
    act = roads.actuated
    for k in range(act.control.size):
        if st.control[k].next > now + 1e-9:
            continue
        control = act.control[k]
        phase = st.control[k].phase
        if phase < 0:
            phase = 0
            show(k, 0, now, roads, st)
            st.control[k].next = now + act.phase[control.phase].least
            continue
        p = act.phase[control.phase + phase]
        lasted = now - st.control[k].since
        if p.most > p.least and lasted < p.most - 1e-9:
            gap = NEVER
            for d in range(p.detector, p.detector + p.detectors):
                gap = min(gap, since_passed(d, now, roads, fleet, st, physics))
            if gap < control.gap:
                wait = max(REACH_S - gap, LEAST_LOOK_S)
                st.control[k].next = now + min(wait, p.most - lasted)
                continue
        phase = (phase + 1) % control.phases
        show(k, phase, now, roads, st)
        st.control[k].next = now + act.phase[control.phase + phase].least
        wake_lanes(k, now, roads, st, physics)
