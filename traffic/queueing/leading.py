"""Vehicles of a queue run that are told another way: over a diversion, or to a park and back."""

from __future__ import annotations

import numpy as np
from numba import njit

from traffic.fast.layout import DRIVING, LAST, Array
from traffic.fast.motion import COMPILED, NEVER
from traffic.fast.paths import usable_turns, way_tree
from traffic.fast.reroute import costs, goal_of, take_way, where
from traffic.queueing.run import CoupledRun


def bound_for(run: CoupledRun, rows: Array, away: Array) -> Array:
    """(k,) of these vehicles those that drive, have an edge of `away` (n_edges,) ahead and no stop to make."""
    if not rows.size:
        return rows
    return rows[comes_by(rows, away, run.roads, run.fleet, run.state)]


def lead_over(run: CoupledRun, v: int, over: Array, away: Array) -> bool:
    """Lead vehicle v over these edges in their order and on to its end, without the edges `away` (n_edges,).

    False, and nothing changed, where there is no such way."""
    run.make_room()
    allow = np.ascontiguousarray(run.state.lane["allow"])
    return bool(lead(v, over, away, run.bound.ways, allow, run.roads, run.fleet, run.state))


def send_to(run: CoupledRun, v: int, edge: int) -> bool:
    """Send a vehicle that drives to the end of an edge by the fastest way. False, and nothing changed, without one."""
    away = np.zeros(run.roads.edge.size, np.bool_)
    run.make_room()
    allow = np.ascontiguousarray(run.state.lane["allow"])
    return bool(lead(v, np.array([edge]), away, run.bound.ways, allow, run.roads, run.fleet, run.state, False))


@njit(**COMPILED)
def comes_by(rows, away, roads, fleet, st):
    """(k,) whether each vehicle drives, has an edge of `away` ahead, and has no stop left."""
    found = np.zeros(rows.size, np.bool_)
    for n in range(rows.size):
        v = rows[n]
        p = fleet.vehicle[v]
        if st.vehicle[v].state != DRIVING or st.vehicle[v].stop < p.stop + p.stops:
            continue
        at = st.vehicle[v].at
        while st.turn[at] != LAST:
            if away[roads.turn[st.turn[at]].end]:
                found[n] = True
                break
            at += 1
    return found


@njit(**COMPILED)
def lead(v, over, away, ways, lane_allow, roads, fleet, st, onward_to_goal=True):
    """Write the way of vehicle v over the edges `over` (and on to its goal) and send it along; False without one."""
    n = roads.edge.size
    cost, time, onward = np.zeros(n), np.zeros(n), np.zeros(n, np.int32)
    heap_t, heap_e = np.zeros(roads.turn.size + n + 2), np.zeros(roads.turn.size + n + 2, np.int32)
    path = np.zeros(n + 2, np.int32)
    vclass = fleet.vehicle[v].vclass
    costs(vclass, roads, st, cost)
    for e in range(n):
        if away[e]:
            cost[e] = NEVER
    usable = usable_turns(roads, ways.built, lane_allow, vclass)
    edge, prefix = where(v, roads, fleet, st)
    goal = goal_of(v, roads, fleet, st)
    length = 0
    if prefix != LAST:
        path[0] = prefix
        length = 1
    here = edge
    for k in range(over.size + 1):
        if k == over.size and not onward_to_goal:
            break
        to = np.int64(over[k]) if k < over.size else goal
        if cost[to] >= NEVER:
            return False
        way_tree(to, cost, usable, ways.first, ways.turn, roads, time, onward, heap_t, heap_e)
        if here != to and time[here] >= NEVER:
            return False
        while here != to:
            if length > n:
                return False
            path[length] = onward[here]
            here = np.int64(roads.turn[onward[here]].end)
            length += 1
    return take_way(v, path, length, edge, vclass, lane_allow, ways.lookahead_m, roads, fleet, st)
