"""Ways through the network: lanes that lead along a route, trees of fastest ways, and new routes. Numba only."""

from __future__ import annotations

import numpy as np
from numba import njit

from traffic.fast.layout import DRIVING, LAST
from traffic.fast.motion import COMPILED, INLINED, NEVER

MOST_LANES = 31
"""Lanes of an edge that count. Bit k of a mask: lane k leads on; bit k + MOST_LANES: it leads on far enough."""


@njit(**INLINED)
def passable(lane_allow, i, vclass):
    return lane_allow[i] != 0 and (vclass == 0 or (lane_allow[i] & vclass) != 0)


@njit(**COMPILED)
def lane_masks(start, stop, first_edge, vclass, turns, masks, roads, lane_allow, lookahead_m):
    """Fill masks[start:stop] for the route turns[start:stop], from its end backwards. False: no lane leads on.

    From each lane the way goes on without a change of lanes for some metres; those are preferred that lead as far as
    the best, or at least `lookahead_m` beyond the edge."""
    edge, turn, conn = roads.edge, roads.turn, roads.conn
    ahead = np.zeros(MOST_LANES)
    here = np.zeros(MOST_LANES)
    for at in range(stop - 1, start - 1, -1):
        e = first_edge if at == start else turn[turns[at - 1]].end
        first, n, length = edge[e].lane, min(edge[e].lanes, MOST_LANES), edge[e].length
        here[:] = 0.0
        if turns[at] == LAST:
            for k in range(n):
                if passable(lane_allow, first + k, vclass):
                    here[k] = length
        else:
            t = turns[at]
            there = edge[turn[t].end].lane
            for c in range(turn[t].conn, turn[t].conn + turn[t].conns):
                k, onto = conn[c].start - first, conn[c].end
                if passable(lane_allow, first + k, vclass) and passable(lane_allow, onto, vclass):
                    here[k] = max(here[k], length + ahead[onto - there])
        best = 0.0
        for k in range(n):
            best = max(best, here[k])
        if best <= 0.0:
            return False
        mask = np.int64(0)
        for k in range(n):
            if here[k] > 0.0:
                mask |= np.int64(1) << k
                if here[k] >= min(best, length + lookahead_m) - 1e-6:
                    mask |= np.int64(1) << (k + MOST_LANES)
        masks[at] = mask
        ahead[:] = here
    return True


@njit(**COMPILED)
def stop_lanes(start, stop, first_edge, stops, begin, end, turns, masks, roads):
    """On an edge where stops[begin:end] name a lane that leads on, a vehicle takes that one."""
    for at in range(start, stop):
        e = first_edge if at == start else roads.turn[turns[at - 1]].end
        for k in range(begin, end):
            lane = stops[k].lane
            if stops[k].edge == e and lane >= 0 and (masks[at] >> lane) & 1:
                masks[at] = (np.int64(1) << lane) | (np.int64(1) << (lane + MOST_LANES))
                break


@njit(**COMPILED)
def all_masks(starts, stops, first_edges, classes, turns, masks, roads, lane_allow, lookahead_m):
    """`lane_masks` of many routes. Returns (n,) whether each can be driven."""
    good = np.zeros(starts.size, np.bool_)
    for r in range(starts.size):
        good[r] = lane_masks(
            starts[r], stops[r], first_edges[r], classes[r], turns, masks, roads, lane_allow, lookahead_m
        )
    return good


@njit(**INLINED)
def push(heap_t, heap_e, n, t, e):
    i = n
    while i > 0:
        p = (i - 1) // 2
        if heap_t[p] <= t:
            break
        heap_t[i], heap_e[i] = heap_t[p], heap_e[p]
        i = p
    heap_t[i], heap_e[i] = t, e
    return n + 1


@njit(**INLINED)
def pop(heap_t, heap_e, n):
    t, e = heap_t[0], heap_e[0]
    n -= 1
    last_t, last_e = heap_t[n], heap_e[n]
    i = 0
    while True:
        c = 2 * i + 1
        if c >= n:
            break
        if c + 1 < n and heap_t[c + 1] < heap_t[c]:
            c += 1
        if heap_t[c] >= last_t:
            break
        heap_t[i], heap_e[i] = heap_t[c], heap_e[c]
        i = c
    heap_t[i], heap_e[i] = last_t, last_e
    return t, e, n


@njit(**INLINED)
def drivable(e, vclass, edge_allow):
    return edge_allow[e] != 0 and (vclass == 0 or (edge_allow[e] & vclass) != 0)


@njit(**COMPILED)
def way_is_cut(v, roads, fleet, st):
    """Whether an edge ahead of a vehicle is closed to it (for one who has not begun, its first edge too)."""
    vclass = fleet.vehicle[v].vclass
    state = st.vehicle[v].state
    if state < DRIVING and not drivable(fleet.vehicle[v].origin, vclass, st.edge.allow):
        return True
    at = st.vehicle[v].at
    while st.turn[at] != LAST:
        if not drivable(roads.turn[st.turn[at]].end, vclass, st.edge.allow):
            return True
        at += 1
    return False


@njit(**COMPILED)
def usable_turns(roads, built, lane_allow, vclass):
    """(n_turns,) whether a class finds a connection for each turn: from a lane as built (who stands on a closed edge
    may leave it), into a lane that is open now."""
    out = np.zeros(roads.turn.size, np.bool_)
    for t in range(roads.turn.size):
        for c in range(roads.turn[t].conn, roads.turn[t].conn + roads.turn[t].conns):
            if passable(built, roads.conn[c].start, vclass) and passable(lane_allow, roads.conn[c].end, vclass):
                out[t] = True
    return out


@njit(**COMPILED)
def way_tree(goal, cost, usable, into_first, into_turn, roads, time, onward, heap_t, heap_e):
    """Fastest ways from all edges to `goal` at once (Dijkstra from the goal backwards over edges).

    time[e]    s from the end of edge e to the end of the goal; NEVER where there is no way
    onward[e]  the turn to take at the end of e
    """
    time[:] = NEVER
    onward[:] = LAST
    time[goal] = 0.0
    n = push(heap_t, heap_e, 0, 0.0, goal)
    while n > 0:
        t, e, n = pop(heap_t, heap_e, n)
        if t > time[e]:
            continue
        reach = t + cost[e]
        if reach >= NEVER:
            continue
        for k in range(into_first[e], into_first[e + 1]):
            turn = into_turn[k]
            before = roads.turn[turn].start
            if usable[turn] and reach < time[before]:
                time[before], onward[before] = reach, turn
                n = push(heap_t, heap_e, n, reach, before)


@njit(**COMPILED)
def timed_way(origin, goal, now, table, period, usable, cost_floor, roads, time, onward, heap_t, heap_e):
    """Fastest way from the end of `origin` to the end of `goal` when travel times change on the way.

    table (n_periods, n_edges) s by the period in which an edge is entered (the last row holds on). Returns the time s,
    NEVER without a way; `onward` then holds the turn by which each edge was reached."""
    time[:] = NEVER
    onward[:] = LAST
    time[origin] = 0.0
    n = push(heap_t, heap_e, 0, 0.0, origin)
    while n > 0:
        t, e, n = pop(heap_t, heap_e, n)
        if t > time[e]:
            continue
        if e == goal:
            return t
        row = min(np.int64((now + t) / period), table.shape[0] - 1)
        for k in range(roads.edge[e].turn, roads.edge[e].turn + roads.edge[e].turns):
            then = roads.turn[k].end
            if not usable[k] or cost_floor[then] >= NEVER:
                continue
            reach = t + max(table[row, then], cost_floor[then])
            if reach < time[then]:
                time[then], onward[then] = reach, k
                n = push(heap_t, heap_e, n, reach, then)
    return NEVER


@njit(**COMPILED)
def reverse_turns(roads):
    """(first, turn): the turns into each edge, as rows of `turn[first[e]:first[e + 1]]`."""
    n = roads.edge.size
    first = np.zeros(n + 1, np.int64)
    for t in range(roads.turn.size):
        first[roads.turn[t].end + 1] += 1
    for e in range(n):
        first[e + 1] += first[e]
    at = first[:-1].copy()
    turns = np.zeros(roads.turn.size, np.int32)
    for t in range(roads.turn.size):
        e = roads.turn[t].end
        turns[at[e]] = t
        at[e] += 1
    return first, turns
