"""Lanes as queues: who finds room, comes in, stops, and leaves. Numba only (see `traffic.fast.kernels`)."""

from __future__ import annotations

import numpy as np
from numba import njit

from traffic.fast.layout import (
    DRIVING,
    DUE,
    HELD,
    LAST,
    MISSED,
    NOT_LISTED,
    OFF_LANE,
    PARKED,
    PASSING,
    RESTING,
    ROOM,
    STRANDED,
)
from traffic.fast.motion import INLINED, NEVER, put_in, run
from traffic.fast.paths import MOST_LANES, pop, push, way_is_cut

SMOOTH = 0.1
"""Weight of the latest vehicle in a lane's mean time per vehicle."""
LONGEST = 60.0
"""Most that one vehicle counts in it, s."""


@njit(**INLINED)
def schedule(item, t, st, physics):
    put_in(item, t, physics.bucket, st.calendar, st.follow, st.listed, st.count)


@njit(**INLINED)
def free_speed(limit, p):
    """m/s that vehicle p drives on an edge where nothing is in its way."""
    return max(min(limit * p.factor, p.top) - p.dawdle, 0.7)


@njit(**INLINED)
def stopping(top, p):
    """s lost by braking for a stop and accelerating again."""
    return top / (2.0 * p.accel) + top / (2.0 * p.decel)


@njit(**INLINED)
def line_speed(c, limit, p, roads, physics):
    """m/s at which vehicle p passes the line at the end of an edge: its own speed, the bend's, or, where it must be
    ready to give way, one from which it can stop as soon as it sees the others."""
    top = free_speed(limit, p)
    if c >= 0:
        top = min(top, roads.conn[c].speed)
        if roads.conn[c].foes > 0 and roads.conn[c].signal < 0:
            top = min(top, np.sqrt(2.0 * p.decel * physics.minor))
    return top


@njit(**INLINED)
def room_at(i, slots, gap, roads, st):
    """When a vehicle may come onto lane i; NEVER: nobody knows yet."""
    used = st.lane[i].n_in - st.lane[i].n_out
    if used > 0 and used + slots > roads.lane[i].cap:
        return NEVER
    slot = st.lane[i].slot_in + slots - 1
    while slot >= roads.lane[i].cap:
        slot -= roads.lane[i].cap
    return max(st.ring[roads.lane[i].ring + slot] + roads.lane[i].lag, st.lane[i].t_in + gap)


@njit(**INLINED)
def find_lane(e, mask, p, c, gap, now, roads, st, physics):
    """(lane, when): the lane of edge e with the shortest wait among those with room now, for one that comes by
    connection c (-1: begins here); else -1 and when there will be room (NEVER: nobody knows yet; -1: no lane is open
    to this class).

    One that goes over to a lane beside the connection's own needs room on that one too."""
    first, n = roads.edge[e].lane, roads.edge[e].lanes
    keep, through = -1, -1.0
    if c >= 0:
        keep = roads.conn[c].end
        through = room_at(keep, p.slots, gap, roads, st)
    best, score, when = -1, NEVER, -1.0
    for anywhere in range(2):
        for k in range(n):
            i = first + k
            if not anywhere and not (mask >> k) & 1:
                continue
            if (p.vclass != 0 and not (st.lane[i].allow & p.vclass)) or st.lane[i].allow == 0:
                continue
            at = through if i == keep else max(through, room_at(i, p.slots, gap, roads, st))
            when = at if when < 0.0 else min(when, at)
            if at <= now:
                used = st.lane[i].n_in - st.lane[i].n_out
                x = used * st.lane[i].service + (0.0 if i == keep else physics.change_cost)
                if not (mask >> (k + MOST_LANES)) & 1:
                    x += physics.lane_cost
                if x < score:
                    best, score = i, x
        if when >= 0.0:
            break
    return best, when


@njit(**INLINED)
def choose_conn(t, i, mask, roads):
    """The connection of turn t from lane i, preferably into a lane from which the route goes on. From a lane without
    one (its own lanes are closed) vehicles squeeze across at the end: the first connection of the turn."""
    turn = roads.turn[t]
    found, best = turn.conn, -1
    first = roads.edge[turn.end].lane
    for c in range(turn.conn, turn.conn + turn.conns):
        if roads.conn[c].start == i:
            k = roads.conn[c].end - first
            good = 1 + ((mask >> k) & 1) + 2 * ((mask >> (k + MOST_LANES)) & 1)
            if good > best:
                found, best = c, good
    return found


@njit(**INLINED)
def come_in(v, i, c, v0, way, now, roads, fleet, st, physics):
    """Vehicle v comes onto lane i over `way` m of connection c, from speed v0. Its earliest end of the lane: free
    driving with acceleration, its stop, and what braking for the line ahead takes."""
    p = fleet.vehicle[v]
    e = roads.lane[i].edge
    at = st.vehicle[v].at
    limit = st.edge[e].speed
    top = free_speed(limit, p)
    t, v1 = 0.0, v0
    if way > 0.0:
        t, v1 = run(v0, min(top, roads.conn[c].speed), way, p.accel)
    if v1 > top:
        v1 = top
    drive, v2 = run(v1, top, roads.edge[e].length, p.accel)
    allowed = min(limit * p.factor, p.top)
    st.vehicle[v].free += roads.edge[e].length / allowed
    if c >= 0:
        st.vehicle[v].free += (roads.conn[c].length + roads.conn[c].length2) / min(roads.conn[c].speed, allowed)
    ready = now + t + drive
    ahead = -1
    if st.turn[at] != LAST:
        ahead = choose_conn(st.turn[at], i, st.mask[at + 1], roads)
        line = line_speed(ahead, limit, p, roads, physics)
        if line < v2:
            ready += (v2 - line) * (v2 - line) / (2.0 * p.decel * v2)
    for k in range(st.vehicle[v].stop, p.stop + p.stops):
        if fleet.stop[k].edge == e:
            st.count[MISSED] += k - st.vehicle[v].stop
            st.vehicle[v].stop = k
            if fleet.stop[k].kind == PASSING:
                ready += fleet.stop[k].dwell + stopping(top, p)
                st.vehicle[v].free += fleet.stop[k].dwell
                st.vehicle[v].stop = k + 1
            break
    st.vehicle[v].ready = ready
    st.vehicle[v].conn = ahead
    x = min(np.int64(now / st.interval), st.entered.shape[0] - 1)
    st.entered[x, e] += 1
    st.edge[e].vehicles += 1
    st.lane[i].t_in = now
    queue_up(v, i, ready, p.slots, roads, st, physics)


@njit(**INLINED)
def queue_up(v, i, ready, slots, roads, st, physics):
    """Vehicle v joins the end of lane i."""
    st.vehicle[v].lane = i
    st.vehicle[v].next = -1
    st.lane[i].n_in += slots
    st.lane[i].slot_in += slots
    while st.lane[i].slot_in >= roads.lane[i].cap:
        st.lane[i].slot_in -= roads.lane[i].cap
    if st.lane[i].head < 0:
        st.lane[i].head = v
        st.lane[i].status = DUE
        st.lane[i].wake = 0.0
        schedule(i, ready, st, physics)
    else:
        st.vehicle[st.lane[i].tail].next = v
    st.lane[i].tail = v


@njit(**INLINED)
def give_room(i, slots, now, roads, st):
    """So many slots of lane i become free now."""
    for _ in range(slots):
        st.ring[roads.lane[i].ring + st.lane[i].slot_out] = now
        st.lane[i].slot_out += 1
        if st.lane[i].slot_out >= roads.lane[i].cap:
            st.lane[i].slot_out = 0
    st.lane[i].n_out += slots


@njit(**INLINED)
def step_aside(v, before, i, state, now, roads, fleet, st):
    """Vehicle v leaves the queue of lane i for the roadside, where it is held or parked; `before` stands before it, -1
    where it is the first. Lanes that wait for the room are not told here: callers let all lanes look anew."""
    if before < 0:
        st.lane[i].head = st.vehicle[v].next
    else:
        st.vehicle[before].next = st.vehicle[v].next
    if st.lane[i].tail == v:
        st.lane[i].tail = before
    give_room(i, fleet.vehicle[v].slots, now, roads, st)
    st.lane[i].since = 0.0
    st.vehicle[v].state, st.vehicle[v].next = state, -1
    if roads.lane[i].inner < 0:
        st.edge[roads.lane[i].edge].vehicles -= 1


@njit(**INLINED)
def leave_origin(v, before, e, st):
    """Vehicle v no longer waits to begin on edge e; `before` stands before it, -1 where it is the first."""
    if before < 0:
        st.edge[e].head = st.vehicle[v].next
    else:
        st.vehicle[before].next = st.vehicle[v].next
    if st.edge[e].tail == v:
        st.edge[e].tail = before


@njit(**INLINED)
def leave_lane(v, i, now, roads, fleet, st, physics):
    """The first of lane i gives its room up; who waits for it is told when the gap has moved up."""
    st.lane[i].head = st.vehicle[v].next
    st.lane[i].wake, st.lane[i].since, st.lane[i].status = 0.0, 0.0, DUE
    give_room(i, fleet.vehicle[v].slots, now, roads, st)
    if roads.lane[i].inner >= 0:
        w = roads.conn[roads.lane[i].inner].start
        if st.lane[w].status == ROOM and st.lane[w].waiter == NOT_LISTED:
            st.lane[w].wake = now
            schedule(w, now, st, physics)
        return
    e = roads.lane[i].edge
    st.edge[e].vehicles -= 1
    w = st.edge[e].waiter
    st.edge[e].waiter = -1
    while w >= 0:
        then = st.lane[w].waiter
        st.lane[w].waiter = NOT_LISTED
        if st.lane[w].status == ROOM:
            st.lane[w].wake = max(st.lane[w].wake, now + roads.lane[i].lag)
            schedule(w, st.lane[w].wake, st, physics)
        w = then


@njit(**INLINED)
def go_out(v, i, now, v_out, roads, fleet, st, physics):
    """Vehicle v, the first of lane i, passes the line at its end."""
    at = st.vehicle[v].at
    took = min(now - max(st.lane[i].t_out, st.vehicle[v].ready), LONGEST)
    st.lane[i].service += SMOOTH * (took - st.lane[i].service)
    st.lane[i].t_out, st.lane[i].v_out = now, v_out
    leave_lane(v, i, now, roads, fleet, st, physics)
    if roads.lane[i].inner >= 0:
        return
    e = roads.lane[i].edge
    spent = now - st.vehicle[v].enter
    x = min(np.int64(now / st.interval), st.entered.shape[0] - 1)
    st.left[x, e] += 1
    st.spent[x, e] += spent
    st.edge[e].sum += spent
    st.edge[e].n += 1
    st.vehicle[v].enter = now
    if st.exits.size > 0 and at < fleet.turn.size:
        st.exits[fleet.vehicle[v].exits + at - fleet.vehicle[v].route] = now


@njit(**INLINED)
def stop_here(v, i, k, roads, fleet, st, physics):
    """The first of lane i makes its stop k at the end of the lane, or leaves the lane for it."""
    ready = st.vehicle[v].ready
    st.vehicle[v].stop = k + 1
    st.vehicle[v].free += fleet.stop[k].dwell
    if fleet.stop[k].kind == OFF_LANE:
        leave_lane(v, i, ready, roads, fleet, st, physics)
        st.vehicle[v].state = PARKED
        until = ready + fleet.stop[k].dwell
        st.vehicle[v].enter += fleet.stop[k].dwell
        st.count[RESTING] = push(st.rest_t, st.rest_v, st.count[RESTING], until, v)
        return
    p = fleet.vehicle[v]
    moved_up = st.lane[i].t_out + physics.reaction + np.sqrt(2.0 * physics.slot * p.slots / p.accel)
    limit = st.edge[roads.lane[i].edge].speed
    st.vehicle[v].ready = max(ready, moved_up) + fleet.stop[k].dwell + stopping(free_speed(limit, p), p)


@njit(**INLINED)
def return_rested(end, roads, fleet, st, physics):
    """Who has parked long enough goes back onto the lane; who finds the way cut is held where it is."""
    while st.count[RESTING] > 0 and st.rest_t[0] < end:
        t, v, st.count[RESTING] = pop(st.rest_t, st.rest_v, st.count[RESTING])
        if st.vehicle[v].state != PARKED:
            continue
        st.vehicle[v].ready = t
        if way_is_cut(v, roads, fleet, st):
            st.vehicle[v].state, st.vehicle[v].outcome = HELD, STRANDED
            continue
        i = st.vehicle[v].lane
        st.vehicle[v].state = DRIVING
        st.edge[roads.lane[i].edge].vehicles += 1
        queue_up(v, i, t, fleet.vehicle[v].slots, roads, st, physics)
