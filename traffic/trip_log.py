"""How long each trip took against free driving on the way it had planned: delays by purpose and hours lost.

A trip's delay counts from its planned departure, so waiting to depart is part of it, and a way round is measured
against the way that was planned. Its purpose is its parameter `purpose`, else that of its type, else the type's name.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from traffic.network import RoadNetwork
from traffic.sumo import Simulation

_LONGEST_STOP_S = 86_400.0
"""A planned stop that is longer has no end of its own (a truck at the terminal): its time is not known."""


@dataclass
class TripTimes:
    """One trip; times in SUMO's s. `free_s` is its planned way on the empty, dry network with its planned stops."""

    purpose: str
    planned_s: float
    free_s: float | None = None
    began_s: float | None = None
    arrived_s: float | None = None

    def delay_s(self, now_s: float) -> float:
        """Time lost until its arrival, or until now."""
        end = now_s if self.arrived_s is None else self.arrived_s
        return max(0.0, end - self.planned_s - (self.free_s or 0.0))


@dataclass
class PurposeRow:
    """Sums over the trips of one purpose. Times in s."""

    trips: int = 0
    finished: int = 0
    duration_s: float = 0.0
    delay_s: float = 0.0
    cancelled: int = 0
    stranded: int = 0
    lost_s: float = 0.0


@dataclass
class TripLog:
    """All trips of a run."""

    sim: Simulation
    network: RoadNetwork
    trips: dict[str, TripTimes] = field(default_factory=dict)
    _purpose_of_type: dict[str, str] = field(default_factory=dict)
    _unrouted: set[str] = field(default_factory=set)
    _dry: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def unrouted(self) -> bool:
        """Whether any trip gets its way only when it begins."""
        return bool(self._unrouted)

    def loaded(self, vehicles: Iterable[str], planned_s: dict[str, float]) -> None:
        """Trips that SUMO has just read; `planned_s` are the planned departures of those that wait."""
        now_s, vehicle = self.sim.time_s(), self.sim.lib.vehicle
        for vid in vehicles:
            try:
                trip = TripTimes(self._purpose(vid), planned_s.get(vid, now_s))
                route = vehicle.getRoute(vid)
                if len(route) > 2 and (vehicle.isRouteValid(vid) or self._whole(route)):
                    trip.free_s = self._free_s(vid, route)
                else:
                    self._unrouted.add(vid)
            except self.sim.lib.TraCIException:
                continue  # refused in the step that loaded it, and counted as such
            self.trips[vid] = trip

    def departed(self, vehicles: Iterable[str], now_s: float) -> None:
        """Trips that have begun; `now_s` is SUMO's clock after the step."""
        self._unrouted.difference_update(vehicles)
        for vid in vehicles:
            trip = self.trips.get(vid)
            if trip is not None:
                trip.began_s = now_s
                if trip.free_s is None:
                    with contextlib.suppress(self.sim.lib.TraCIException):  # left out as soon as it began
                        trip.free_s = self._free_s(vid, self.sim.lib.vehicle.getRoute(vid))

    def arrived(self, vehicles: Iterable[str], now_s: float) -> None:
        for vid in vehicles:
            if vid in self.trips:
                self.trips[vid].arrived_s = now_s

    def _purpose(self, vid: str) -> str:
        lib = self.sim.lib
        own = lib.vehicle.getParameter(vid, "purpose")
        if own:
            return str(own)
        vtype = lib.vehicle.getTypeID(vid)
        if vtype not in self._purpose_of_type:
            plain = vtype.partition("@")[0]
            self._purpose_of_type[vtype] = lib.vehicletype.getParameter(vtype, "purpose") or plain
        return self._purpose_of_type[vtype]

    def _whole(self, route: tuple[str, ...]) -> bool:
        """Whether each edge follows the one before; not so while a trip has only its ends and the stops on its way."""
        follows = self.network.follows
        return all(then in follows.get(edge, ()) for edge, then in pairwise(route))

    def _free_s(self, vid: str, route: tuple[str, ...]) -> float:
        if not self._dry:
            self._dry.update({edge.id: (edge.length_m, edge.speed_mps) for edge in self.network.edges})
        vehicle, known = self.sim.lib.vehicle, self._dry.get
        factor, top = vehicle.getSpeedFactor(vid), vehicle.getMaxSpeed(vid)
        total = 0.0
        for edge in route:
            one = known(edge)
            if one is not None:
                limit = one[1] * factor
                total += one[0] / (limit if limit < top else top)
        stops = (float(stop.duration) for stop in vehicle.getStops(vid))
        return total + sum(s for s in stops if 0 < s < _LONGEST_STOP_S)

    def by_purpose(
        self, outcome: dict[str, str], towed: Iterable[str], stranded: Iterable[str], cancelled_loss_s: float
    ) -> dict[str, PurposeRow]:
        """Sums by purpose. A trip that was cancelled or towed away counts `cancelled_loss_s` as lost, once."""
        now_s, off = self.sim.time_s(), set(towed)
        rows: dict[str, PurposeRow] = {}
        held = set(stranded)
        for vid, trip in self.trips.items():
            row = rows.setdefault(trip.purpose, PurposeRow())
            row.trips += 1
            row.stranded += vid in held
            if outcome.get(vid) == "cancelled" or vid in off:
                row.cancelled += vid not in off
                row.lost_s += cancelled_loss_s
                continue
            delay = trip.delay_s(now_s)
            row.lost_s += delay
            if trip.arrived_s is not None:
                row.finished += 1
                row.duration_s += trip.arrived_s - (trip.began_s if trip.began_s is not None else trip.planned_s)
                row.delay_s += delay
        return dict(sorted(rows.items()))
