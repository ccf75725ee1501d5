"""Whole routes for trips that name only where they begin and end, as SUMO finds them when they depart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from traffic.fast.classes import bit_of
from traffic.fast.demand import Demand, Trip
from traffic.fast.layout import LAST, Array
from traffic.fast.motion import NEVER
from traffic.fast.network import QueueNetwork
from traffic.fast.paths import drivable, reverse_turns, usable_turns, way_tree

KEPT = 400
"""Trees of fastest ways that are remembered at a time."""


class Finder:
    """Fastest ways on the empty network, one tree per goal and class."""

    def __init__(self, network: QueueNetwork) -> None:
        self.network = network
        self.roads = network.static
        self.into = reverse_turns(self.roads)
        self._usable: dict[int, tuple[Array, Array]] = {}
        self._trees: dict[tuple[int, int], Array] = {}

    def way(self, start: int, goal: int, bit: int) -> list[int] | None:
        """Edge indices from start to goal, both included; None without a way."""
        if start == goal:
            return [start]
        onward = self._tree(goal, bit)
        edges, here = [start], start
        while here != goal:
            turn = onward[here]
            if turn == LAST:
                return None
            here = int(self.roads.turn[turn]["end"])
            edges.append(here)
        return edges

    def _tree(self, goal: int, bit: int) -> Array:
        if (goal, bit) not in self._trees:
            if len(self._trees) >= KEPT:
                self._trees.clear()
            roads, n = self.roads, self.roads.edge.size
            if bit not in self._usable:
                allow = self.network.allow
                open_to = np.bitwise_or.reduceat(allow[: self.network.n_lanes], roads.edge["lane"])
                free = roads.edge["length"] / roads.edge["speed"]
                cost = np.where([drivable(e, bit, open_to) for e in range(n)], free, NEVER)
                self._usable[bit] = usable_turns(roads, allow, allow, bit), cost
            usable, cost = self._usable[bit]
            time, onward = np.zeros(n), np.zeros(n, np.int32)
            room = roads.turn.size + n + 2
            way_tree(goal, cost, usable, *self.into, roads, time, onward, np.zeros(room), np.zeros(room, np.int32))
            self._trees[goal, bit] = onward
        return self._trees[goal, bit]


def complete(network: QueueNetwork, demand: Demand) -> tuple[Demand, int]:
    """The demand with whole routes, and how many trips got one.

    A trip passes the edges that it names and those of its stops in their order. One that has no way keeps what it has:
    the engine names and counts it when the demand is bound to the network."""
    finder = Finder(network)
    made = 0
    known: dict[tuple[tuple[str, ...], int], tuple[str, ...] | None] = {}
    trips: list[Trip] = []
    for trip in demand.trips:
        points = trip.edges
        if isinstance(network.resolve(points), str):
            bit = bit_of(demand.kinds(trip.type)[0][1].vclass)
            points = _with_stops(trip)
            if (points, bit) not in known:
                known[points, bit] = _through(network, finder, points, bit)
            whole = known[points, bit]
            if whole is not None:
                made += 1
                trip = replace(trip, edges=whole)
        trips.append(trip)
    return replace(demand, trips=trips), made


def _with_stops(trip: Trip) -> tuple[str, ...]:
    between = [edge for edge, _ in (*trip.stops, *trip.parked) if edge not in trip.edges]
    if len(trip.edges) != 2 or not between:
        return trip.edges
    return trip.edges[0], *between, trip.edges[1]


def _through(network: QueueNetwork, finder: Finder, points: tuple[str, ...], bit: int) -> tuple[str, ...] | None:
    if any(edge not in network.index for edge in points):
        return None
    found = [network.index[points[0]]]
    for then in points[1:]:
        goal = network.index[then]
        if (found[-1], goal) in network.turn_of:
            found.append(goal)
            continue
        part = finder.way(found[-1], goal, bit)
        if part is None:
            return None
        found += part[1:]
    return tuple(network.edge_ids[e] for e in found)
