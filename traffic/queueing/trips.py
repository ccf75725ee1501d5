"""The fate of every trip of a queue run, under the names that SUMO's trips have (`traffic.trips`)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from traffic.fast.layout import ARRIVED, CANCELLED, DRIVING, FUTURE, HELD, PARKED, PUT_IN, WAITING, Array
from traffic.network import RoadNetwork
from traffic.queueing.demand import CoupledDemand
from traffic.queueing.run import CoupledRun
from traffic.roads import Roads
from traffic.trips import Held, Lost
from twin.clock import to_us
from twin.model import Journal


@dataclass(frozen=True)
class News:
    """(k,) vehicles that changed since the last look."""

    departed: Array
    arrived: Array
    cancelled: Array


class QueueTrips:
    """Counts and outcomes; `look` after each exchange notes what has changed.

    held, history, lost, outcome, count, tally, held_hours: as `traffic.trips.Trips` has them.
    """

    def __init__(
        self,
        run: CoupledRun,
        roads: Roads,
        network: RoadNetwork,
        demand: CoupledDemand,
        journal: Journal,
        begin_s: float,
    ) -> None:
        self.run, self.roads, self.network, self.journal, self.begin_s = run, roads, network, journal, begin_s
        self.ids = run.bound.fleet.ids
        self.row = run.index
        kinds = demand.demand.kinds
        self.vclass = {vid: kinds(demand.planned[vid].type)[0][1].vclass for vid in self.ids}
        self.demand = demand
        self.held: dict[str, Held] = {}
        self.history: list[Held] = []
        self.lost: list[Lost] = []
        self.dead: dict[str, None] = {}
        self.count: Counter[str] = Counter(discarded=len(run.bound.fleet.refused) + len(demand.demand.skipped))
        self._seen = run.state.vehicle["state"].copy()

    @property
    def waiting(self) -> dict[str, float]:
        """Trips that are due and find no room to begin: id -> planned departure, s."""
        rows = np.flatnonzero(self.run.state.vehicle["state"] == WAITING)
        departs = self.run.fleet.vehicle["depart"]
        return {self.ids[v]: float(departs[v]) for v in rows}

    def look(self, now_us: int) -> News:
        """Note what has changed since the last look."""
        state = self.run.state.vehicle["state"]
        changed = np.flatnonzero(state != self._seen)
        now, before = state[changed], self._seen[changed]
        self._seen = state.copy()
        began = (before <= WAITING) & ((now == DRIVING) | (now == ARRIVED) | (now == HELD) | (now == PARKED))
        news = News(changed[began], changed[now == ARRIVED], changed[now == CANCELLED])
        self.count["departed"] += news.departed.size
        self.count["arrived"] += news.arrived.size
        for v in changed[now == HELD]:
            self._hold(int(v), now_us)
        for v in changed[(before == HELD) & (now != HELD)]:
            self._release(int(v), now_us)
        for v in news.cancelled:
            self._cancel(int(v), now_us)
        return news

    def _hold(self, v: int, now_us: int) -> None:
        vid = self.ids[v]
        edge = self.run.bound.network.edge_ids[int(self.run.edge_of(np.array([v]))[0])]
        inside = self.roads.close_for(edge, self.vclass[vid])
        why = "the road closed around it" if inside else "no open way to where it goes"
        held = Held(vid, self.vclass[vid], edge, self.network.street(edge), now_us, why, parked=True)
        self.held[vid] = held
        self.history.append(held)
        if held.vclass == "emergency":
            self.journal.write(now_us, "stranded", f"{vid} is held on {held.street}: {why}", vehicle=vid, edge=edge)

    def _release(self, v: int, now_us: int) -> None:
        held = self.held.pop(self.ids[v], None)
        if held is None:
            return
        held.until_us = now_us
        if held.vclass == "emergency":
            text = f"{held.id} goes on from {held.street}"
            self.journal.write(now_us, "released", text, vehicle=held.id, edge=held.edge)

    def _cancel(self, v: int, now_us: int) -> None:
        vid = self.ids[v]
        trip, vclass = self.demand.planned[vid], self.vclass[vid]
        start, end = (self.roads.close_for(edge, vclass) for edge in (trip.edges[0], trip.edges[-1]))
        why = "its street is closed" if start else "the street it goes to is closed" if end else "no way is open"
        origin, target = self.network.street(trip.edges[0]), self.network.street(trip.edges[-1])
        self.lost.append(Lost(vid, vclass, trip.depart_s, origin, target, why))
        self.count["cancelled"] += 1
        if vclass in ("emergency", "truck", "trailer"):
            self.journal.write(now_us, "cancelled", f"{vid} does not begin: it has no way that is open", vehicle=vid)

    @property
    def outcome(self) -> dict[str, str]:
        """What closures did to trips, by id; those that nothing happened to are left out."""
        names = ("", "rerouted", "stranded", "cancelled")
        found = self.run.state.vehicle["outcome"]
        return {self.ids[v]: names[found[v]] for v in np.flatnonzero(found)}

    def tally(self) -> dict[str, int]:
        """Trips by outcome; `affected` is their sum and `unaffected` all others whose departure has come."""
        counts = self.run.tally()
        counts |= {"undecided": 0, "spared": 0}
        counts["unaffected"] = self.loaded() - counts["affected"]
        return counts

    def held_hours(self, now_us: int) -> float:
        """Vehicle-hours that stranded trips have been held."""
        return sum((h.until_us if h.until_us is not None else now_us) - h.since_us for h in self.history) / to_us(3600)

    def loaded(self) -> int:
        """Trips whose departure has come."""
        return int(self.run.state.count[PUT_IN])

    def in_system(self) -> int:
        """Vehicles under way, held, parked or waiting to begin; found by walking along every queue."""
        apart = np.isin(self.run.state.vehicle["state"], (HELD, PARKED)).sum()
        return self.run.on_the_way() + int(apart)

    def cancelled_when_due(self) -> int:
        """Cancelled trips among those whose departure has come."""
        return int((self.run.state.vehicle["state"][: self.loaded()] == CANCELLED).sum())

    def future(self) -> int:
        """Trips whose departure is still to come."""
        return int((self.run.state.vehicle["state"] == FUTURE).sum())
