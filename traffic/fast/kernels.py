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

from traffic.fast.layout import (
    ARRIVED,
    BUCKET,
    CANCELLED,
    DRIVING,
    DUE,
    IDLE,
    LAPSED,
    LAST,
    LOADED,
    MISSED,
    MOVES,
    NOT_LISTED,
    PUT_IN,
    RED,
    RELIEVED,
    ROOM,
    WAITING,
    WHEEL,
    YIELD,
)
from traffic.fast.motion import BARE, INLINED, NEVER, green, put_in, run
from traffic.fast.paths import MOST_LANES

SOON = 0.25
"""Shortest wait between two tries, s."""
SMOOTH = 0.1
"""Weight of the latest vehicle in a lane's mean time per vehicle."""
LONGEST = 60.0
"""Most that one vehicle counts in it, s."""
SWEEP = 64
"""Buckets between two looks for lanes whose patience has run out."""


@njit(**INLINED)
def schedule(item, t, st, physics):
    put_in(item, t, physics.bucket, st.calendar, st.follow, st.listed, st.count)


@njit(**INLINED)
def free_speed(limit, p):
    """m/s that vehicle p drives on an edge where nothing is in its way."""
    return max(min(limit * p.factor, p.top) - p.dawdle, 0.7)


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
            at, _ = green(roads.signal, roads.window, s, st.dark[s], at)
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
    ready = now + t + drive
    ahead = -1
    if st.turn[at] != LAST:
        ahead = choose_conn(st.turn[at], i, st.mask[at + 1], roads)
        line = line_speed(ahead, limit, p, roads, physics)
        if line < v2:
            ready += (v2 - line) * (v2 - line) / (2.0 * p.decel * v2)
    for k in range(st.vehicle[v].stop, p.stop + p.stops):
        if fleet.stop[k].edge == e:
            ready += fleet.stop[k].dwell + top / (2.0 * p.accel) + top / (2.0 * p.decel)
            st.count[MISSED] += k - st.vehicle[v].stop
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
def go_out(v, i, now, v_out, roads, fleet, st, physics):
    """Vehicle v, the first of lane i, leaves it; who waits for its room is told when the gap has moved up."""
    slots, at = fleet.vehicle[v].slots, st.vehicle[v].at
    st.lane[i].head = st.vehicle[v].next
    took = min(now - max(st.lane[i].t_out, st.vehicle[v].ready), LONGEST)
    st.lane[i].service += SMOOTH * (took - st.lane[i].service)
    st.lane[i].t_out, st.lane[i].v_out = now, v_out
    st.lane[i].wake, st.lane[i].since, st.lane[i].status = 0.0, 0.0, DUE
    for _ in range(slots):
        st.ring[roads.lane[i].ring + st.lane[i].slot_out] = now
        st.lane[i].slot_out += 1
        if st.lane[i].slot_out >= roads.lane[i].cap:
            st.lane[i].slot_out = 0
    st.lane[i].n_out += slots
    if roads.lane[i].inner >= 0:
        w = roads.conn[roads.lane[i].inner].start
        if st.lane[w].status == ROOM and st.lane[w].waiter == NOT_LISTED:
            st.lane[w].wake = now
            schedule(w, now, st, physics)
        return
    e = roads.lane[i].edge
    spent = now - st.vehicle[v].enter
    x = min(np.int64(now / st.interval), st.entered.shape[0] - 1)
    st.left[x, e] += 1
    st.spent[x, e] += spent
    st.edge[e].vehicles -= 1
    st.edge[e].sum += spent
    st.edge[e].n += 1
    st.vehicle[v].enter = now
    if st.exits.size > 0 and at < fleet.turn.size:
        st.exits[fleet.vehicle[v].exits + at - fleet.vehicle[v].route] = now
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
def serve_origin(e, end, roads, fleet, st, physics):
    """Those who begin on edge e come onto it from standstill, one after the other as the one before has driven off its
    own length."""
    item = roads.lane.size + e
    while st.edge[e].head >= 0:
        v = st.edge[e].head
        p = fleet.vehicle[v]
        now = max(p.depart, st.edge[e].wake)
        if now >= end:
            schedule(item, now, st, physics)
            return
        gap = np.sqrt(2.0 * physics.slot * p.slots / p.accel) + physics.insertion
        i, when = find_lane(e, st.mask[st.vehicle[v].at], p, -1, gap, now, roads, st, physics)
        if i < 0:
            if when >= NEVER or when < 0.0:
                when = now + 1.0
            st.edge[e].wake = max(when, now + SOON)
            schedule(item, st.edge[e].wake, st, physics)
            return
        st.edge[e].head = st.vehicle[v].next
        st.edge[e].wake = 0.0
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
                wake, major = green(roads.signal, roads.window, s, st.dark[s], now)
                if wake > now:
                    status = RED
                    if wake - free > 1.0:
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
