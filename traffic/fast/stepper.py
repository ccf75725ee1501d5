"""A run of the queue model that stops where it is told to, and whose roads can be changed in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from traffic.fast.classes import EVERY, bit_of
from traffic.fast.demand import BoundFleet, Demand
from traffic.fast.kernels import advance
from traffic.fast.layout import (
    ARRIVED,
    CANCELLED,
    DRIVING,
    FUTURE,
    HELD,
    LAST,
    NEVER_BEGAN,
    PARKED,
    REROUTED,
    STRANDED,
    WAITING,
    WINDOW,
    Array,
    Roads,
    Ways,
)
from traffic.fast.netfile import Program
from traffic.fast.network import QueueNetwork, timed
from traffic.fast.paths import reverse_turns
from traffic.fast.reroute import affected, cancel, find_ways, hold_stranded, look_again, release, seekers
from traffic.fast.rules import Rules
from traffic.fast.state import Options, Result, horizon, new_state, result_of

MODES = {"on": 0, "dark": 1, "red": 2}
LOOK_S = 60.0
"""While roads are closed, those who begin within the next minute look at their way before they do."""
NO_FORECAST = np.zeros((0, 1))


@dataclass(frozen=True)
class Bound:
    """A network and a demand brought together once, for any number of runs. `ways` serves looking for routes."""

    network: QueueNetwork
    roads: Roads
    fleet: BoundFleet
    rules: Rules
    ways: Ways

    @classmethod
    def of(
        cls,
        network: QueueNetwork,
        demand: Demand,
        rules: Rules | None = None,
        seed: int = 0,
        pace: Mapping[tuple[str, str], float] | None = None,
    ) -> Bound:
        """Arrays of both for some rules; seed draws the drivers, `pace` is what calibration fitted to turns."""
        rules = rules or Rules()
        slot = rules.slot_m or demand.slot_m()
        roads = network.roads(rules, slot, pace)
        fleet = demand.fleet(network, roads, rules, seed, slot)
        first, turn = reverse_turns(roads)
        return cls(network, roads, fleet, rules, Ways(first, turn, network.allow, rules.lookahead_m))


class QueueRun:
    """A run in steps: `advance`, change roads, `advance` again. Times in s of the demand's own clock.

    Closing a road makes everybody whose way leads over it look for another at once, on present travel times. Who is on
    the road and finds none pulls over where it is and is held until a road opens; who has not begun stays at home.
    Those inside a road that closes may leave it.
    """

    def __init__(self, bound: Bound, options: Options | None = None) -> None:
        self.bound = bound
        self.options = options or Options()
        self.roads, self.fleet = bound.roads, bound.fleet.arrays
        self.physics = bound.rules.physics(
            bound.fleet.slot_m, self.options.learn_s, bit_of("emergency") if self.options.blue_light else -1
        )
        self.end_s = horizon(bound.fleet, self.options)
        self.state = new_state(bound.network, bound.roads, bound.fleet, self.options, self.end_s)
        self.now_s = 0.0
        self._closed: dict[int, int] = {}
        self._blocked: set[int] = set()
        self._looked_s = 0.0
        self._seek_s = self.options.period_s

    # --- time ----------------------------------------------------------------------------------------------------

    def advance(self, until_s: float) -> float:
        """Move on to `until_s` (whole buckets of the calendar). Returns the time reached."""
        bucket = self.physics.bucket
        while self.now_s + bucket <= until_s + 1e-9:
            stop = self._next_stop(until_s)
            if self._closed:
                self._look_ahead_of_start(stop)
            advance(self.roads, self.fleet, self.state, self.physics, stop)
            self.now_s = np.floor(stop / bucket + 1e-9) * bucket
            if self.options.share > 0 and self.now_s >= self._seek_s:
                self._seek()
                self._seek_s = self.now_s + self.options.period_s
        return float(self.now_s)

    def _next_stop(self, until_s: float) -> float:
        stop = until_s
        if self.options.share > 0:
            stop = min(stop, self._seek_s)
        if self._closed:
            stop = min(stop, self.now_s + LOOK_S)
        return max(stop, self.now_s + self.physics.bucket)

    # --- roads ---------------------------------------------------------------------------------------------------

    def close(self, edges: Iterable[str], classes: Sequence[str] | None = None, ahead_s: float = LOOK_S) -> None:
        """Close edges to some classes, or to all. Raises `KeyError` for an unknown edge.

        Those who begin within `ahead_s` choose their way now, the others shortly before they begin."""
        bits = self._bits(classes)
        for i in self._indices(edges):
            self._closed[i] = self._closed.get(i, 0) | bits
        self._permit()
        self._everybody_looks(ahead_s)

    def reopen(self, edges: Iterable[str], classes: Sequence[str] | None = None) -> None:
        """Open edges again; those who are held and find their way open go on."""
        bits = self._bits(classes)
        for i in self._indices(edges):
            left = self._closed.get(i, 0) & ~bits
            if left:
                self._closed[i] = left
            else:
                self._closed.pop(i, None)
        self._permit()
        held = np.flatnonzero(self.state.vehicle["state"] == HELD)
        if held.size:
            self._find(held, forced=True)
            release(self.now_s, self.roads, self.fleet, self.state, self.physics)
        look_again(self.now_s, self.roads, self.state, self.physics)

    def close_lane(self, edge: str, lane: int) -> None:
        """Block one lane (an incident); those on it leave it."""
        (i,) = self._indices([edge])
        self._blocked.add(int(self.roads.edge[i]["lane"]) + lane)
        self._permit()
        self._everybody_looks()

    def open_lane(self, edge: str, lane: int) -> None:
        """Free a blocked lane."""
        (i,) = self._indices([edge])
        self._blocked.discard(int(self.roads.edge[i]["lane"]) + lane)
        self._permit()
        look_again(self.now_s, self.roads, self.state, self.physics)

    def set_speed(self, edges: Iterable[str], speed_mps: float | Sequence[float] | None) -> None:
        """Another limit in m/s for edges, or one each; None: the limit as built. It holds for those who come onto the
        edge from now on."""
        at = self._indices(edges)
        self.state.edge["speed"][at] = self.roads.edge["speed"][at] if speed_mps is None else speed_mps

    def signals(self, mode: str, programs: Iterable[str] | None = None) -> None:
        """Signals `on`, `dark` (everybody gives way) or `red` (nobody goes); all, or those of some programs."""
        names = None if programs is None else set(programs)
        for k, (name, _) in enumerate(self.bound.network.signal_ids):
            if names is None or name in names:
                self.state.dark[k] = MODES[mode]
        look_again(self.now_s, self.roads, self.state, self.physics)

    def run_program(self, name: str, program: Program | None) -> None:
        """A signal runs a program of fixed times from now on (its offset on the demand's clock); None: its own."""
        signal, window = self.roads.signal.copy(), self.roads.window
        for k, (other, link) in enumerate(self.bound.network.signal_ids):
            if other != name:
                continue
            if program is None:
                signal[k] = self.bound.roads.signal[k]
                continue
            greens = timed(signal[k], program, link, self.bound.rules.yellow_s, window.size)
            signal[k]["control"] = -1
            window = np.concatenate([window, np.array(greens, WINDOW)])
        self.roads = self.roads._replace(signal=signal, window=window)
        look_again(self.now_s, self.roads, self.state, self.physics)

    def _bits(self, classes: Sequence[str] | None) -> int:
        return EVERY if classes is None else sum(bit_of(name) for name in classes)

    def _indices(self, edges: Iterable[str]) -> list[int]:
        return [self.bound.network.index[edge] for edge in edges]

    def _permit(self) -> None:
        n = self.bound.network.n_lanes
        self.state.lane["allow"][:n] = self.bound.network.allow[:n]
        for i, bits in self._closed.items():
            first, lanes = self.roads.edge[i]["lane"], self.roads.edge[i]["lanes"]
            self.state.lane["allow"][first : first + lanes] &= ~bits
        self.state.lane["allow"][sorted(self._blocked)] = 0
        self._sum_permissions()

    def _sum_permissions(self) -> None:
        n = self.bound.network.n_lanes
        self.state.edge["allow"] = np.bitwise_or.reduceat(self.state.lane["allow"][:n], self.roads.edge["lane"])

    # --- ways ----------------------------------------------------------------------------------------------------

    def _everybody_looks(self, ahead_s: float = LOOK_S) -> None:
        departs = self.fleet.vehicle["depart"]
        last = int(np.searchsorted(departs, self.now_s + ahead_s))
        self._looked_s = self.now_s + ahead_s
        self._cut(0, last)
        look_again(self.now_s, self.roads, self.state, self.physics)

    def _look_ahead_of_start(self, until_s: float) -> None:
        if until_s <= self._looked_s:
            return
        departs = self.fleet.vehicle["depart"]
        first, last = np.searchsorted(departs, [self._looked_s, until_s + LOOK_S])
        self._looked_s = until_s + LOOK_S
        self._cut(int(first), int(last))

    def _cut(self, first: int, last: int) -> None:
        vehicles = affected(first, last, self.roads, self.fleet, self.state)
        if vehicles.size:
            self._find(vehicles, forced=True)
            cancel(vehicles, self.roads, self.fleet, self.state)
            hold_stranded(self.now_s, self.roads, self.fleet, self.state)

    def _seek(self) -> None:
        soon = self.now_s + self.options.period_s
        vehicles = seekers(self.bound.fleet.device, self.options.share, soon, self.roads, self.fleet, self.state)
        self._find(vehicles, forced=False)

    def _find(self, vehicles: Array, forced: bool) -> None:
        forecast = NO_FORECAST if self.options.forecast is None else self.options.forecast
        done = 0
        while done < vehicles.size:
            allow = np.ascontiguousarray(self.state.lane["allow"])
            done = find_ways(
                vehicles, done, self.now_s, forced, forecast, self.options.interval_s, self.bound.ways, allow,
                self.roads, self.fleet, self.state,
            )  # fmt: skip
            if done < vehicles.size:
                more = max(self.state.turn.size, 16 * self.roads.edge.size)
                self.state = self.state._replace(
                    turn=np.concatenate([self.state.turn, np.zeros(more, np.int32)]),
                    mask=np.concatenate([self.state.mask, np.zeros(more, np.int64)]),
                )

    # --- what is asked of it ---------------------------------------------------------------------------------------

    @cached_property
    def index(self) -> dict[str, int]:
        """Trip id -> row."""
        return {vid: k for k, vid in enumerate(self.bound.fleet.ids)}

    def counts(self) -> dict[str, int]:
        """Trips by where they are; their sum is the number of trips, whatever happens."""
        states = np.bincount(self.state.vehicle["state"], minlength=7)
        names = ("future", "waiting", "driving", "arrived", "held", "cancelled", "parked")
        rows = (FUTURE, WAITING, DRIVING, ARRIVED, HELD, CANCELLED, PARKED)
        return {name: int(states[row]) for name, row in zip(names, rows, strict=True)}

    def tally(self) -> dict[str, int]:
        """What closures did: affected = rerouted + stranded + cancelled."""
        outcome = np.bincount(self.state.vehicle["outcome"], minlength=4)
        parts = {
            "rerouted": int(outcome[REROUTED]),
            "stranded": int(outcome[STRANDED]),
            "cancelled": int(outcome[NEVER_BEGAN]),
        }
        return {**parts, "affected": sum(parts.values())}

    def vehicles_on(self) -> Array:
        """(n_edges,) vehicles on each edge now."""
        return self.state.edge["vehicles"].copy()

    def travel_times_s(self) -> Array:
        """(n_edges,) travel times as drivers know them."""
        return self.state.edge["time"].copy()

    def route(self, vid: str) -> tuple[str, ...]:
        """The edges of a trip from where it is (or begins) to its end."""
        v, ids = self.index[vid], self.bound.network.edge_ids
        row = self.state.vehicle[v]
        here = (
            self.roads.lane["edge"][row["lane"]] if row["state"] in (DRIVING, HELD) else self.fleet.vehicle[v]["origin"]
        )
        edges, at = [ids[here]], int(row["at"])
        while self.state.turn[at] != LAST:
            edges.append(ids[self.roads.turn[self.state.turn[at]]["end"]])
            at += 1
        return tuple(edges)

    def held(self) -> list[tuple[str, str]]:
        """(trip, edge) of all who are held."""
        rows = np.flatnonzero(self.state.vehicle["state"] == HELD)
        edges = self.roads.lane["edge"][self.state.vehicle["lane"][rows]]
        return [(self.bound.fleet.ids[r], self.bound.network.edge_ids[e]) for r, e in zip(rows, edges, strict=True)]

    def result(self) -> Result:
        """Trips, flows and counts so far."""
        return result_of(self.bound.fleet, self.state)
