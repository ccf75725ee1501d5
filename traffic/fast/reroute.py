"""Drivers who look for another way, those who find none, and those who go on later. Numba only.

All drivers with the same goal and class look at the same tree of fastest ways, so a closure costs a Dijkstra per goal
and not per driver."""

from __future__ import annotations

import numpy as np
from numba import njit

from traffic.fast.lanes import choose_conn, leave_origin, queue_up, schedule, step_aside
from traffic.fast.layout import (
    ARRIVED,
    CANCELLED,
    DRIVING,
    DUE,
    HELD,
    IDLE,
    LAST,
    NEVER_BEGAN,
    NOT_LISTED,
    PARKED,
    POOL_END,
    REROUTED,
    STRANDED,
    WAITING,
)
from traffic.fast.motion import COMPILED, INLINED, NEVER
from traffic.fast.paths import drivable, lane_masks, stop_lanes, timed_way, usable_turns, way_is_cut, way_tree


@njit(**INLINED)
def on_road(v, st):
    """Whether a vehicle has begun and not ended: it drives, is held, or parks."""
    state = st.vehicle[v].state
    return state in (DRIVING, HELD, PARKED)


@njit(**COMPILED)
def where(v, roads, fleet, st):
    """(edge, prefix): the edge from whose end a vehicle may still choose, and the turn that it has begun already
    (LAST: none)."""
    i = st.vehicle[v].lane
    if on_road(v, st):
        if roads.lane[i].inner >= 0:
            t = roads.conn[roads.lane[i].inner].turn
            return roads.turn[t].end, t
        return np.int64(roads.lane[i].edge), LAST
    return np.int64(fleet.vehicle[v].origin), LAST


@njit(**COMPILED)
def goal_of(v, roads, fleet, st):
    """The last edge of a vehicle's route."""
    at = st.vehicle[v].at
    edge, _ = where(v, roads, fleet, st)
    while st.turn[at] != LAST:
        edge = np.int64(roads.turn[st.turn[at]].end)
        at += 1
    return edge


@njit(**COMPILED)
def affected(first, last, roads, fleet, st):
    """(k,) vehicles first..last-1 whose way is cut, grouped by goal and class."""
    found = np.zeros(last - first, np.int64)
    key = np.zeros(last - first, np.int64)
    n = 0
    for v in range(first, last):
        state = st.vehicle[v].state
        if (state < ARRIVED or state == PARKED) and way_is_cut(v, roads, fleet, st):
            found[n] = v
            key[n] = goal_of(v, roads, fleet, st) * 64 + fleet.vehicle[v].vclass % 61
            n += 1
    return found[:n][np.argsort(key[:n], kind="mergesort")]


@njit(**COMPILED)
def seekers(device, share, soon, roads, fleet, st):
    """(k,) vehicles that compare ways again and again, on the road or beginning before `soon`, grouped by goal and
    class."""
    found = np.zeros(device.size, np.int64)
    key = np.zeros(device.size, np.int64)
    n = 0
    for v in range(device.size):
        begins = st.vehicle[v].state < DRIVING and fleet.vehicle[v].depart < soon
        if (st.vehicle[v].state == DRIVING or begins) and device[v] < share:
            found[n] = v
            key[n] = goal_of(v, roads, fleet, st) * 64 + fleet.vehicle[v].vclass % 61
            n += 1
    return found[:n][np.argsort(key[:n], kind="mergesort")]


@njit(**COMPILED)
def costs(vclass, roads, st, cost):
    """Travel times s as drivers of a class know them; NEVER on edges closed to it."""
    for e in range(cost.size):
        open_ = drivable(e, vclass, st.edge.allow) and st.edge[e].speed > 0.1
        cost[e] = max(st.edge[e].time, roads.edge[e].length / max(st.edge[e].speed, 0.1)) if open_ else NEVER


@njit(**COMPILED)
def find_ways(vehicles, begin, now, forced, table, period, ways, lane_allow, roads, fleet, st):
    """Give vehicles[begin:] the fastest way from where they are. Returns how many were done before the pool of routes
    was full.

    forced       their way is cut: who finds none is held (on the road) or stays at home; else nobody changes anything
    ways         the turns into each edge, and the lanes' permissions without any closure
    table        (n_periods, n_edges) forecast of travel times in periods of `period` s; no rows: as they are now
    """
    n = roads.edge.size
    cost, time, onward = np.zeros(n), np.zeros(n), np.zeros(n, np.int32)
    heap_t, heap_e = np.zeros(roads.turn.size + n + 2), np.zeros(roads.turn.size + n + 2, np.int32)
    usable = np.zeros(roads.turn.size, np.bool_)
    path = np.zeros(n + 2, np.int32)
    goal, vclass = np.int64(-1), np.int64(-2)
    for j in range(begin, vehicles.size):
        v = vehicles[j]
        if st.count[POOL_END] + n + 3 > st.turn.size:
            return j
        edge, prefix = where(v, roads, fleet, st)
        to = goal_of(v, roads, fleet, st)
        mine = fleet.vehicle[v].vclass
        fresh = mine != vclass
        if fresh:
            costs(mine, roads, st, cost)
            usable[:] = usable_turns(roads, ways.built, lane_allow, mine)
        length = 0
        found = cost[to] < NEVER and (cost[edge] < NEVER or on_road(v, st))
        if prefix != LAST:
            path[0] = prefix
            length = 1
        if found and table.shape[0] > 0:
            goal = np.int64(-1)
            start = max(now, fleet.vehicle[v].depart + cost[edge])
            if st.vehicle[v].state >= DRIVING:
                start = max(now, st.vehicle[v].ready)
            found = timed_way(edge, to, start, table, period, usable, cost, roads, time, onward, heap_t, heap_e) < NEVER
            if found:
                length = trace_back(edge, to, onward, roads, path, length)
        elif found:
            if fresh or to != goal:
                way_tree(to, cost, usable, ways.first, ways.turn, roads, time, onward, heap_t, heap_e)
                goal = to
            found = edge == to or time[edge] < NEVER
            e = edge
            while found and e != to:
                path[length] = onward[e]
                e = np.int64(roads.turn[onward[e]].end)
                length += 1
        vclass = mine
        if found and not same_way(v, path, length, st):
            found = take_way(v, path, length, edge, mine, lane_allow, ways.lookahead_m, roads, fleet, st)
        if not forced:
            continue
        if found:
            if st.vehicle[v].outcome != STRANDED:
                st.vehicle[v].outcome = REROUTED
        elif on_road(v, st):
            st.vehicle[v].outcome = STRANDED
        else:
            st.vehicle[v].outcome = NEVER_BEGAN
    return vehicles.size


@njit(**COMPILED)
def trace_back(edge, goal, reached_by, roads, path, length):
    """Turns from `edge` to `goal` in path[length:], from the turn by which each edge was reached. The new length."""
    n, e = 0, goal
    while e != edge:
        e = np.int64(roads.turn[reached_by[e]].start)
        n += 1
    e = goal
    for k in range(n - 1, -1, -1):
        path[length + k] = reached_by[e]
        e = np.int64(roads.turn[reached_by[e]].start)
    return length + n


@njit(**COMPILED)
def same_way(v, path, length, st):
    at = st.vehicle[v].at
    for k in range(length):
        if st.turn[at + k] != path[k]:
            return False
    return st.turn[at + length] == LAST


@njit(**COMPILED)
def take_way(v, path, length, edge, vclass, lane_allow, lookahead_m, roads, fleet, st):
    """Write a new route behind the others and send the vehicle along it. False when no lane leads along it."""
    start = st.count[POOL_END]
    for k in range(length):
        st.turn[start + k] = path[k]
    st.turn[start + length] = LAST
    i = st.vehicle[v].lane
    driving = on_road(v, st)
    first = roads.lane[i].edge if driving else edge
    stop = start + length + 1
    skip = 1 if length > 0 and driving else 0
    begin = roads.turn[path[0]].end if skip else first
    if not lane_masks(start + skip, stop, begin, vclass, st.turn, st.mask, roads, lane_allow, lookahead_m):
        return False
    p = fleet.vehicle[v]
    stop_lanes(start + skip, stop, begin, fleet.stop, st.vehicle[v].stop, p.stop + p.stops, st.turn, st.mask, roads)
    if skip:
        st.mask[start] = np.int64(-1)
    st.count[POOL_END] = stop
    st.vehicle[v].at = start
    if driving and roads.lane[i].inner < 0:
        st.vehicle[v].conn = -1 if length == 0 else choose_conn(path[0], i, st.mask[start + 1], roads)
    return True


@njit(**COMPILED)
def hold_stranded(now, roads, fleet, st):
    """Vehicles that were found stranded pull over: off their lane, which goes on without them. Returns how many."""
    n = 0
    for i in range(roads.lane.size):
        before, v = -1, st.lane[i].head
        while v >= 0:
            then = st.vehicle[v].next
            if st.vehicle[v].outcome == STRANDED and st.vehicle[v].state == DRIVING and way_is_cut(v, roads, fleet, st):
                step_aside(v, before, i, HELD, now, roads, fleet, st)
                n += 1
            else:
                before = v
            v = then
    return n


@njit(**COMPILED)
def cancel(vehicles, roads, fleet, st):
    """Those who found no way before they began stay at home; those who wait for room leave their queue."""
    for v in vehicles:
        if st.vehicle[v].outcome != NEVER_BEGAN or st.vehicle[v].state > WAITING:
            continue
        if st.vehicle[v].state == WAITING:
            e = fleet.vehicle[v].origin
            before, w = -1, st.edge[e].head
            while w != v:
                before, w = w, st.vehicle[w].next
            leave_origin(v, before, e, st)
        st.vehicle[v].state = CANCELLED


@njit(**COMPILED)
def release(now, roads, fleet, st, physics):
    """Held vehicles whose way is open again go on from the place where they stand. Returns how many."""
    n = 0
    for v in range(fleet.vehicle.size):
        if st.vehicle[v].state == HELD and not way_is_cut(v, roads, fleet, st):
            i = st.vehicle[v].lane
            if not drivable(roads.lane[i].edge, fleet.vehicle[v].vclass, st.edge.allow):
                continue
            st.vehicle[v].state = DRIVING
            st.vehicle[v].ready = max(st.vehicle[v].ready, now)
            if roads.lane[i].inner < 0:
                st.edge[roads.lane[i].edge].vehicles += 1
            queue_up(v, i, st.vehicle[v].ready, fleet.vehicle[v].slots, roads, st, physics)
            n += 1
    return n


@njit(**COMPILED)
def look_again(now, roads, st, physics):
    """After any change to roads, signals or routes every queue looks again at once: the calendar is made anew."""
    st.calendar[:] = -1
    st.listed[:] = 0
    for e in range(roads.edge.size):
        st.edge[e].waiter = -1
    for i in range(roads.lane.size):
        st.lane[i].waiter = NOT_LISTED
        st.lane[i].wake = 0.0
        if st.lane[i].head >= 0:
            st.lane[i].status = DUE
            schedule(i, max(now, st.vehicle[st.lane[i].head].ready), st, physics)
        else:
            st.lane[i].status = IDLE
    for e in range(roads.edge.size):
        st.edge[e].wake = 0.0
        if st.edge[e].head >= 0:
            schedule(roads.lane.size + e, now, st, physics)
