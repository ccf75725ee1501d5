"""A queue run that lives beside other models: roads that change from all causes, vehicles that park and go on."""

from __future__ import annotations

import numpy as np
from numba import njit

from traffic.fast.lanes import queue_up, step_aside
from traffic.fast.layout import DRIVING, HELD, PARKED, POOL_END, Array
from traffic.fast.motion import COMPILED, NEVER
from traffic.fast.paths import usable_turns, way_tree
from traffic.fast.reroute import costs, look_again, release, take_way, where
from traffic.fast.state import Options
from traffic.fast.stepper import Bound, QueueRun

STAY_S = 1e7
"""A stop that ends only when it is told to, s."""


class CoupledRun(QueueRun):
    """`QueueRun` with permissions given as a whole, and stops without an end."""

    def __init__(self, bound: Bound, options: Options) -> None:
        super().__init__(bound, options)
        self._built = bound.network.allow[: bound.network.n_lanes]

    def change(self, allow: Array, speed_mps: Array, shut: bool, opened: bool) -> None:
        """New permissions of lanes and limits of edges, as they are due now.

        shut    some class lost its way onto an edge: everybody looks at the way ahead
        opened  some class may drive again: those who are held look for a way
        """
        state, n = self.state, self.bound.network.n_lanes
        retime(state.edge["speed"] / speed_mps, self.now_s, STAY_S, self.roads, state)
        state.edge["speed"] = speed_mps
        state.lane["allow"][:n] = allow
        self._sum_permissions()
        changed = np.flatnonzero((self._built & ~allow) != 0)
        self._closed = {int(e): 1 for e in np.unique(self.roads.lane["edge"][changed])}
        if opened:
            held = np.flatnonzero(state.vehicle["state"] == HELD)
            if held.size:
                self._find(held, forced=True)
                release(self.now_s, self.roads, self.fleet, self.state, self.physics)
        if shut:
            self._everybody_looks()
        else:
            self.look_anew()

    def look_anew(self) -> None:
        """Every queue looks again at once, after roads or ways have changed."""
        look_again(self.now_s, self.roads, self.state, self.physics)

    def standing(self) -> Array:
        """(k,) vehicles in the network that wait: at a line, in a queue, or at a stop until they are told."""
        row = self.state.vehicle
        due = np.where(row["ready"] > STAY_S / 2, row["ready"] - STAY_S, row["ready"])
        return np.flatnonzero((row["state"] == DRIVING) & (due < self.now_s - 1.0))

    def edge_of(self, vehicles: Array) -> Array:
        """(k,) queue edge of vehicles on the road, held or parked."""
        return self.roads.lane["edge"][self.state.vehicle["lane"][vehicles]]

    def first_at(self, edge: int) -> list[tuple[int, float]]:
        """(vehicle, time) of those who wait without an end as the first of a lane of `edge`, and since when."""
        found = []
        first, lanes = self.roads.edge[edge]["lane"], self.roads.edge[edge]["lanes"]
        for i in range(first, first + lanes):
            v = int(self.state.lane[i]["head"])
            if v < 0 or self.state.vehicle[v]["ready"] < STAY_S / 2:
                continue
            moved_up = self.state.lane[i]["t_out"] + self.physics.reaction + self.physics.start
            at = max(float(self.state.vehicle[v]["ready"]) - STAY_S, float(moved_up))
            if at <= self.now_s:
                found.append((v, at))
        return found

    def resume(self, v: int, goal: int) -> bool:
        """Send a vehicle that waits at a stop (on its lane or parked) on to the end of edge `goal`, by the fastest way
        now. False, and nothing changed, when there is none."""
        self.make_room()
        allow = np.ascontiguousarray(self.state.lane["allow"])
        parked = self.state.vehicle[v]["state"] == PARKED
        if parked:
            self.state.vehicle["state"][v] = HELD
        if not send(v, goal, self.bound.ways, allow, self.roads, self.fleet, self.state):
            if parked:
                self.state.vehicle["state"][v] = PARKED
            return False
        self.state.vehicle["ready"][v] = self.now_s
        if parked:
            back(v, self.now_s, self.roads, self.fleet, self.state, self.physics)
        self.look_anew()
        return True

    def park(self, edge: int) -> list[tuple[int, float]]:
        """Take those off the lanes of `edge` who have come to a stop without an end there: (vehicle, time)."""
        found = pull_off(edge, self.now_s, STAY_S, self.roads, self.fleet, self.state)
        if found.size:
            self.look_anew()
        row = self.state.vehicle
        return [(int(v), float(row["ready"][v]) - STAY_S) for v in found]

    def make_room(self) -> None:
        """Make sure that the pool takes one more route."""
        if self.state.count[POOL_END] + self.roads.edge.size + 3 > self.state.turn.size:
            more = 16 * self.roads.edge.size
            self.state = self.state._replace(
                turn=np.concatenate([self.state.turn, np.zeros(more, np.int32)]),
                mask=np.concatenate([self.state.mask, np.zeros(more, np.int64)]),
            )

    def on_the_way(self) -> int:
        """Vehicles found by walking along every queue: on lanes, and waiting to begin. For the account of vehicles."""
        return int(walk(self.roads, self.state))


@njit(**COMPILED)
def send(v, goal, ways, lane_allow, roads, fleet, st):
    """Write the fastest way of vehicle v to `goal` and send it along; False without one."""
    n = roads.edge.size
    cost, time, onward = np.zeros(n), np.zeros(n), np.zeros(n, np.int32)
    heap_t, heap_e = np.zeros(roads.turn.size + n + 2), np.zeros(roads.turn.size + n + 2, np.int32)
    path = np.zeros(n + 2, np.int32)
    vclass = fleet.vehicle[v].vclass
    edge, _ = where(v, roads, fleet, st)
    costs(vclass, roads, st, cost)
    usable = usable_turns(roads, ways.built, lane_allow, vclass)
    if cost[goal] >= NEVER:
        return False
    way_tree(goal, cost, usable, ways.first, ways.turn, roads, time, onward, heap_t, heap_e)
    if edge != goal and time[edge] >= NEVER:
        return False
    length, e = 0, edge
    while e != goal:
        path[length] = onward[e]
        e = np.int64(roads.turn[onward[e]].end)
        length += 1
    return take_way(v, path, length, edge, vclass, lane_allow, ways.lookahead_m, roads, fleet, st)


@njit(**COMPILED)
def retime(ratio, now, stay, roads, st):
    """Those who are still rolling on an edge whose limit has changed come to its end sooner or later: what is left of
    their time grows by ratio[edge], the old limit over the new one."""
    for i in range(roads.lane.size):
        if roads.lane[i].inner >= 0 or ratio[roads.lane[i].edge] == 1.0:
            continue
        v = st.lane[i].head
        while v >= 0:
            begin = now + stay if st.vehicle[v].ready > stay / 2 else now
            left = st.vehicle[v].ready - begin
            if left > 0.0:
                st.vehicle[v].ready = begin + left * ratio[roads.lane[i].edge]
            v = st.vehicle[v].next


@njit(**COMPILED)
def back(v, now, roads, fleet, st, physics):
    """A parked vehicle goes back onto the lane that it left."""
    i = st.vehicle[v].lane
    st.vehicle[v].state = DRIVING
    st.edge[roads.lane[i].edge].vehicles += 1
    queue_up(v, i, now, fleet.vehicle[v].slots, roads, st, physics)


@njit(**COMPILED)
def pull_off(edge, now, stay, roads, fleet, st):
    """Vehicles with a stop of `stay` s that have come to it leave the lanes of an edge. Returns them."""
    first, lanes = roads.edge[edge].lane, roads.edge[edge].lanes
    most = 0
    for i in range(first, first + lanes):
        most += roads.lane[i].cap
    found = np.zeros(most + 1, np.int64)
    n = 0
    for i in range(first, first + lanes):
        before, v = -1, st.lane[i].head
        while v >= 0:
            then = st.vehicle[v].next
            if st.vehicle[v].ready > stay / 2 and st.vehicle[v].ready - stay <= now and n < most:
                step_aside(v, before, i, PARKED, now, roads, fleet, st)
                found[n] = v
                n += 1
            else:
                before = v
            v = then
    return found[:n]


@njit(**COMPILED)
def walk(roads, st):
    """Vehicles in the queues of all lanes and origins."""
    n = 0
    for i in range(roads.lane.size):
        v = st.lane[i].head
        while v >= 0:
            n += 1
            v = st.vehicle[v].next
    for e in range(roads.edge.size):
        v = st.edge[e].head
        while v >= 0:
            n += 1
            v = st.vehicle[v].next
    return n
