"""Vehicles through lanes, junctions and signals, event by event. Numba only.

A lane is a queue in the order of arrival. Its first vehicle leaves at the earliest moment at which it has come to the
end (free driving), the one before it is a headway ahead, its signal is green, there is room on a lane ahead (a gap
moves up a lane at the backward wave's speed: Newell 1993, Transportation Research B 27(4), 281-313), and, where it has
to give way, no vehicle with priority is about to arrive. Times are real numbers; a calendar of buckets says which
queue to look at next, so that lanes that wait at a red light or for room cost nothing.

Items of the calendar are lanes, then places to wait inside junctions, then the origins of edges.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from traffic.fast.control import decide
from traffic.fast.lanes import (
    come_in,
    find_lane,
    go_out,
    leave_origin,
    line_speed,
    queue_up,
    return_rested,
    schedule,
    stop_here,
)
from traffic.fast.layout import (
    ARRIVED,
    BUCKET,
    CANCELLED,
    DRIVING,
    DUE,
    IDLE,
    LAPSED,
    LOADED,
    MOVES,
    NOT_LISTED,
    PASSING,
    PUT_IN,
    RED,
    RELIEVED,
    ROOM,
    WAITING,
    WHEEL,
    YIELD,
)
from traffic.fast.motion import BARE, INLINED, NEVER, green, run
from traffic.fast.paths import MOST_LANES

SOON = 0.25
"""Shortest wait between two tries, s."""
LOOK_BACK = 64
"""Vehicles in the queue to begin that are looked at for one whose lane has room."""
SWEEP = 64
"""Buckets between two looks for lanes whose patience has run out."""


@njit(**INLINED)
def give_way(c, need, now, roads, st, physics):
    """Until when connection c has to wait for vehicles with priority; `now` when it may go.

    It needs `need` s before the next of them arrives."""
    until = now
    for k in range(roads.conn[c].foe, roads.conn[c].foe + roads.conn[c].foes):
        f = roads.foe[k]
        cleared = st.passed[f] + roads.conn[f].clear
        if cleared > now:
            until = max(until, cleared)
            continue
        inner = roads.conn[f].inner
        i = inner if inner >= 0 else roads.conn[f].start
        v = st.lane[i].head
        if v < 0 or st.vehicle[v].conn != f or st.lane[i].status == ROOM or st.lane[i].status == YIELD:
            continue
        at = max(max(st.vehicle[v].ready, st.lane[i].t_out + physics.reaction), now)
        s = roads.conn[f].signal
        if at < now + need and inner < 0 and s >= 0:
            at, _ = green(s, at, roads, st, physics.yellow)
        if at < now + need:
            until = max(until, at + roads.conn[f].clear)
    return until


@njit(**INLINED)
def load_due(end, roads, fleet, st, physics):
    """Vehicles whose time to depart comes before `end` queue at their origin."""
    while st.count[PUT_IN] < fleet.vehicle.size and fleet.vehicle[st.count[PUT_IN]].depart < end:
        v = st.count[PUT_IN]
        st.count[PUT_IN] += 1
        if st.vehicle[v].state == CANCELLED:
            continue
        e = fleet.vehicle[v].origin
        st.count[LOADED] += 1
        st.vehicle[v].state = WAITING
        st.vehicle[v].next = -1
        if st.edge[e].head < 0:
            st.edge[e].head = v
            schedule(roads.lane.size + e, fleet.vehicle[v].depart, st, physics)
        else:
            st.vehicle[st.edge[e].tail].next = v
        st.edge[e].tail = v


@njit(**INLINED)
def next_to_begin(e, now, roads, fleet, st, physics):
    """(vehicle, lane, the one before it in the queue, when): who of those that wait to begin on edge e finds room now
    on the best lane for its way; without one, -1 and when to look again. Who waits for a full lane holds up nobody
    that wants another one."""
    n = roads.edge[e].lanes
    blocked, when = np.int64(0), NEVER
    before, v = np.int64(-1), np.int64(st.edge[e].head)
    for _ in range(LOOK_BACK):
        if v < 0 or blocked == (np.int64(1) << n) - 1:
            break
        p = fleet.vehicle[v]
        if p.depart > now:
            when = min(when, p.depart)
            break
        best = st.mask[st.vehicle[v].at] >> MOST_LANES
        if best & ~blocked:
            gap = np.sqrt(2.0 * physics.slot * p.slots / p.accel) + physics.insertion
            i, at = find_lane(e, best | best << MOST_LANES, p, -1, gap, now, roads, st, physics)
            if i >= 0:
                return v, i, before, now
            blocked |= best
            if at >= 0.0:
                when = min(when, at)
        before, v = v, np.int64(st.vehicle[v].next)
    if when >= NEVER:
        when = now + 1.0
    return np.int64(-1), -1, -1, max(when, now + SOON)


@njit(**INLINED)
def serve_origin(e, end, roads, fleet, st, physics):
    """Those who begin on edge e come onto it from standstill, one after the other as the one before has driven off its
    own length."""
    item = roads.lane.size + e
    while st.edge[e].head >= 0:
        now = max(fleet.vehicle[st.edge[e].head].depart, st.edge[e].wake)
        if now >= end:
            schedule(item, now, st, physics)
            return
        v, i, before, when = next_to_begin(e, now, roads, fleet, st, physics)
        st.edge[e].wake = when
        if v < 0:
            schedule(item, when, st, physics)
            return
        leave_origin(v, before, e, st)
        st.vehicle[v].state = DRIVING
        st.vehicle[v].depart = now
        st.vehicle[v].enter = now
        st.count[MOVES] += 1
        come_in(v, i, -1, 0.0, 0.0, now, roads, fleet, st, physics)


@njit(**INLINED)
def serve(item, end, roads, fleet, st, physics):
    """Let the first vehicles of a lane go as long as they may before `end`."""
    lane = st.lane
    inner = roads.lane[item].inner >= 0
    e = roads.lane[item].edge
    while True:
        v = lane[item].head
        if v < 0:
            lane[item].status = IDLE
            return
        p = fleet.vehicle[v]
        at = st.vehicle[v].at
        c = st.vehicle[v].conn
        free = st.vehicle[v].ready
        k = st.vehicle[v].stop
        if k < p.stop + p.stops and fleet.stop[k].kind != PASSING and fleet.stop[k].edge == e and not inner:
            if free >= end:
                schedule(item, free, st, physics)
                return
            stop_here(v, item, k, roads, fleet, st, physics)
            continue
        if c < 0:
            if free >= end:
                schedule(item, free, st, physics)
                return
            go_out(v, item, free, lane[item].v_out, roads, fleet, st, physics)
            st.vehicle[v].state, st.vehicle[v].arrival, st.vehicle[v].lane = ARRIVED, free, -1
            st.count[MOVES] += 1
            continue
        # the earliest moment by itself and behind the one before
        top = line_speed(c, st.edge[e].speed, p, roads, physics)
        v_out = top
        before = lane[item].v_out
        rolling = min(top, np.sqrt(before * before + 2.0 * p.accel * physics.slot))
        headway = physics.reaction + 2.0 * physics.slot * p.slots / (before + rolling)
        follows = lane[item].t_out + roads.conn[c].pace * headway
        if follows > free:
            free, v_out = follows, rolling
        now = max(free, lane[item].wake)
        if now >= end:
            schedule(item, now, st, physics)
            return
        # signal, room ahead, right of way
        status, wake, target, major = DUE, now, -1, 1
        s = roads.conn[c].signal
        staged = False
        if not inner:
            staged = roads.conn[c].inner >= 0
            if s >= 0:
                wake, major = green(s, now, roads, st, physics.yellow)
                if wake > now and p.vclass == physics.blue and st.dark[s] == 0:
                    wake, major = now, 0
                if wake > now:
                    status = RED
                    if 1.0 < wake - free < NEVER:
                        wake += physics.start
        if status == DUE:
            if staged:
                target = roads.conn[c].inner
                used = lane[target].n_in - lane[target].n_out
                if used > 0 and used + p.slots > roads.lane[target].cap:
                    status, wake = ROOM, NEVER
            else:
                keep = roads.conn[c].end
                gap = physics.merge + physics.slot / roads.conn[c].speed
                r = roads.lane[keep].edge
                target, wake = find_lane(r, st.mask[at + 1], p, c, gap, now, roads, st, physics)
                if target < 0:
                    status = ROOM
                    if wake >= 0.0 and lane[item].since > 0.0 and now - lane[item].since > physics.patience:
                        target, status = keep, DUE
                        st.count[RELIEVED] += 1
        if status == DUE and not staged and roads.conn[c].foes > 0 and (inner or s < 0 or major == 0):
            slow = v_out
            if now > free:
                slow = max(min(physics.creep, v_out), v_out - np.sqrt(2.0 * p.decel * v_out * (now - free)))
            way = roads.conn[c].length2 if inner else roads.conn[c].length
            need, _ = run(slow, roads.conn[c].speed, way + physics.car, p.accel)
            wake = give_way(c, physics.gap * roads.conn[c].pace * (need + physics.after), now, roads, st, physics)
            if wake > now:
                status = YIELD
                if lane[item].since > 0.0 and now - lane[item].since > physics.give_way_patience:
                    status = DUE
                    st.count[LAPSED] += 1
        if status != DUE:
            lane[item].status = status
            if status != RED and lane[item].since <= 0.0:
                lane[item].since = now
            lane[item].wake = now
            if 0.0 <= wake < NEVER:
                lane[item].wake = max(wake, now + SOON)
                schedule(item, lane[item].wake, st, physics)
            elif wake < 0.0:
                lane[item].wake = now + 10.0
                schedule(item, now + 10.0, st, physics)
            elif not staged and status == ROOM and lane[item].waiter == NOT_LISTED:
                r = roads.lane[roads.conn[c].end].edge
                lane[item].waiter = st.edge[r].waiter
                st.edge[r].waiter = item
            return
        # it goes
        if now > free:
            v_out = max(min(physics.creep, v_out), v_out - np.sqrt(2.0 * p.decel * v_out * (now - free)))
        go_out(v, item, now, v_out, roads, fleet, st, physics)
        st.count[MOVES] += 1
        if staged:
            t, _ = run(v_out, roads.conn[c].speed, roads.conn[c].length, p.accel)
            st.vehicle[v].ready = now + t
            queue_up(v, target, now + t, p.slots, roads, st, physics)
        else:
            st.passed[c] = now
            st.vehicle[v].at = at + 1
            way = roads.conn[c].length2 if inner else roads.conn[c].length
            come_in(v, target, c, v_out, way, now, roads, fleet, st, physics)


@njit(**INLINED)
def learn_times(roads, st):
    """Travel times as drivers know them: mean of those who have left since the last time, blended half and half with
    what was known before; on an edge that nobody left, standing vehicles keep it and an empty one becomes free."""
    for e in range(roads.edge.size):
        if st.edge[e].n > 0:
            st.edge[e].time += 0.5 * (st.edge[e].sum / st.edge[e].n - st.edge[e].time)
            st.edge[e].sum, st.edge[e].n = 0.0, 0
        elif st.edge[e].vehicles == 0:
            st.edge[e].time += 0.5 * (roads.edge[e].length / max(st.edge[e].speed, 0.1) - st.edge[e].time)


@njit(**BARE)
def advance(roads, fleet, st, physics, until):
    """Move everything through all buckets that end by `until` s."""
    lanes, count = roads.lane.size, st.count
    learn = max(np.int64(physics.learn / physics.bucket), 1)
    while (count[BUCKET] + 1) * physics.bucket <= until + 1e-9:
        end = (count[BUCKET] + 1) * physics.bucket
        load_due(end, roads, fleet, st, physics)
        decide(end - physics.bucket, roads, fleet, st, physics)
        return_rested(end, roads, fleet, st, physics)
        if count[BUCKET] % SWEEP == 0:
            for i in range(lanes):
                if st.lane[i].status == ROOM and not st.listed[i] and end - st.lane[i].since > physics.patience:
                    st.lane[i].wake = end - physics.bucket
                    schedule(i, end - physics.bucket, st, physics)
        b = count[BUCKET] & (WHEEL - 1)
        while st.calendar[0, b] >= 0:
            item = st.calendar[0, b]
            st.calendar[0, b] = st.follow[item]
            st.listed[item] = 0
            if item >= lanes:
                serve_origin(item - lanes, end, roads, fleet, st, physics)
            else:
                serve(item, end, roads, fleet, st, physics)
        count[BUCKET] += 1
        if count[BUCKET] % learn == 0:
            learn_times(roads, st)
