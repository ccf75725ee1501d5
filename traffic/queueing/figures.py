"""A queue run's figures under the names that `traffic.metrics` reads."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from traffic.emergency import Response, Responses
from traffic.fast.layout import ARRIVED, DRIVING, HELD, Array
from traffic.network import RoadNetwork
from traffic.queueing.gate import QueueGate
from traffic.queueing.run import STAY_S, CoupledRun
from traffic.queueing.trips import QueueTrips
from traffic.trip_log import TripLog, TripTimes
from twin.clock import to_s


class QueueClock:
    """What metrics ask a simulation for: the time."""

    def __init__(self, run: CoupledRun, begin_s: float) -> None:
        self.run, self.begin_s = run, begin_s

    def time_s(self) -> float:
        """The run's clock in the demand's own s."""
        return self.run.now_s


class QueueResponses(Responses):
    """Emergency trips of a queue run."""

    def __init__(self, trips: QueueTrips, network: RoadNetwork) -> None:
        self.network, self.of, self.blue_light = network, trips, False
        self.trips: dict[str, Response] = {}
        self._running: dict[str, None] = {}
        self._asked: set[str] = set()
        self._calls = [vid for vid in trips.ids if trips.vclass[vid] == "emergency"]

    def due(self, now_s: float) -> None:
        """Those whose departure has come have been called."""
        for vid in self._calls:
            trip = self.of.demand.planned[vid]
            if vid not in self.trips and trip.depart_s <= now_s:
                top = float(self.of.run.fleet.vehicle["top"][self.of.row[vid]])
                free = self.network.free_time_s(trip.edges[0], trip.edges[-1], "emergency", top)
                self.trips[vid] = Response(vid, trip.depart_s - self.of.begin_s, free)

    def finish(self, rows: Iterable[int]) -> None:
        """These vehicles have arrived; the moment is exact."""
        for v in rows:
            vid = self.of.ids[v]
            if vid in self.trips:
                self.arrived([vid], float(self.of.run.state.vehicle["arrival"][v]) - self.of.begin_s)

    def watch(self, interval_s: float) -> None:
        """Note where those stand that stand still, at each exchange."""
        if not self._running:
            return
        standing = self.of.run.standing()
        edges = self.of.run.bound.network.edge_ids
        held = [self.of.row[vid] for vid in self._running if vid in self.of.held]
        for v in [v for v in standing if self.of.ids[v] in self._running] + held:
            edge = edges[int(self.of.run.edge_of(np.array([v]))[0])]
            halted, street = self.trips[self.of.ids[v]].halted_s, self.network.street(edge)
            halted[street] = halted.get(street, 0.0) + interval_s


def free_times(trips: QueueTrips) -> Array:
    """(n,) s that each planned way takes on the empty, dry network, its planned stops included."""
    run, planned = trips.run, trips.demand.planned
    index, edges = run.bound.network.index, run.roads.edge
    vehicle = run.fleet.vehicle
    found = np.zeros(len(trips.ids))
    known: dict[tuple[str, ...], Array] = {}
    for v, vid in enumerate(trips.ids):
        trip = planned[vid]
        if trip.edges not in known:
            known[trip.edges] = np.array([index[edge] for edge in trip.edges])
        way = known[trip.edges]
        speed = np.minimum(edges["speed"][way] * vehicle["factor"][v], vehicle["top"][v])
        found[v] = np.sum(edges["length"][way] / speed) + sum(s for _, s in trip.stops if s < STAY_S / 2)
        if vid in trips.demand.visits:
            found[v] += sum(s for _, s in trip.parked)
    return found


class QueueTimes:
    """Durations and delays of a run, trip by trip."""

    def __init__(self, trips: QueueTrips, gate: QueueGate | None) -> None:
        self.trips, self.gate = trips, gate
        self._free: Array | None = None

    @property
    def free(self) -> Array:
        """(n,) see `free_times`."""
        if self._free is None:
            self._free = free_times(self.trips)
        return self._free

    def at_terminal(self) -> Array:
        """(n,) s that trucks have spent at the gate and in the yard."""
        found = np.zeros(len(self.trips.ids))
        if self.gate is None:
            return found
        now_us = round((self.trips.run.now_s - self.trips.begin_s) * 1e6)
        for truck in self.gate.trucks.values():
            if truck.gate_us is not None:
                until = now_us if truck.left_us is None else truck.left_us
                found[self.trips.row[truck.id]] = to_s(until - truck.gate_us)
        return found

    def lost(self, rows: Array) -> float:
        """Time that these trips have lost since they began against free driving on the way that they have driven,
        summed, s: as SUMO counts it. Stops count for nothing."""
        if not rows.size:
            return 0.0
        row = self.trips.run.state.vehicle
        end = np.where(row["state"] == ARRIVED, row["arrival"], self.trips.run.now_s)
        free = np.mod(row["free"], STAY_S)
        spent = end - row["depart"] - self.at_terminal()
        return float(np.maximum(spent - free, 0.0)[rows].sum())

    def finished(self, key: str) -> float:
        """Mean over finished trips, s: `duration`, `timeLoss` or `departDelay`; or their `count`."""
        row = self.trips.run.state.vehicle
        done = np.flatnonzero(row["state"] == ARRIVED)
        if key == "count" or not done.size:
            return float(done.size)
        if key == "duration":
            return float((row["arrival"] - row["depart"])[done].mean())
        if key == "departDelay":
            return float((row["depart"] - self.trips.run.fleet.vehicle["depart"])[done].mean())
        return self.lost(done) / done.size

    def loss_under_way_s(self) -> float:
        """Time lost so far by those who drive, summed."""
        return self.lost(np.flatnonzero(self.trips.run.state.vehicle["state"] == DRIVING))

    def standing_on(self) -> tuple[int, int, float]:
        """(vehicles in the network, of them standing in traffic, mean speed in m/s of those not parked).

        A queue model knows no speeds within a street: who stands counts 0, all others the limit of their street."""
        run = self.trips.run
        state = run.state.vehicle["state"]
        driving = np.flatnonzero(state == DRIVING)
        standing = run.standing()
        moving = np.setdiff1d(driving, standing)
        speed = run.state.edge["speed"][run.edge_of(moving)].sum() if moving.size else 0.0
        apart = int((state == HELD).sum())
        return driving.size + apart, standing.size, float(speed / driving.size) if driving.size else 0.0


def trip_log(trips: QueueTrips, network: RoadNetwork, times: QueueTimes) -> TripLog:
    """The log of all trips whose departure has come, as `traffic.trip_log` keeps it for SUMO."""
    run = trips.run
    row, planned = run.state.vehicle, run.fleet.vehicle["depart"]
    log = TripLog(QueueClock(run, trips.begin_s), network)  # type: ignore[arg-type]
    for v, vid in enumerate(trips.ids[: trips.loaded()]):
        trip = trips.demand.planned[vid]
        purpose = trips.demand.param(vid, trip.type, "purpose") or trip.type
        began, arrived = float(row["depart"][v]), float(row["arrival"][v])
        log.trips[vid] = TripTimes(
            purpose, float(planned[v]), float(times.free[v]),
            None if np.isnan(began) else began, None if np.isnan(arrived) else arrived,
        )  # fmt: skip
    return log
