"""How fast help comes: each trip of an emergency vehicle, and where it lost its time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from traffic.network import RoadNetwork
from traffic.sumo import Simulation

THROUGH_RED = 0b01111
"""SUMO's speed mode of a vehicle that brakes for others as usual (safe speed, right of way) but not for red lights."""


@dataclass
class Response:
    """One emergency trip. Times in s since the scenario's start; `depart_s` is when it was called."""

    id: str
    depart_s: float
    free_s: float
    arrive_s: float | None = None
    cancelled: bool = False
    halted_s: dict[str, float] = field(default_factory=dict)

    def taken_s(self, now_s: float) -> float:
        """Time from the call to the arrival, or so far."""
        return (now_s if self.arrive_s is None else self.arrive_s) - self.depart_s

    @property
    def held_on(self) -> str:
        """The street on which it stood longest, or empty."""
        return max(self.halted_s, key=lambda street: self.halted_s[street]) if self.halted_s else ""


class Responses:
    """Watches the vehicles of class `emergency`."""

    def __init__(self, sim: Simulation, network: RoadNetwork, blue_light: bool = False) -> None:
        self.sim, self.network, self.blue_light = sim, network, blue_light
        self.trips: dict[str, Response] = {}
        self._running: dict[str, None] = {}

    def called(self, vid: str, depart_s: float) -> None:
        """A vehicle of the class has been loaded; its way is still the planned one."""
        vehicle = self.sim.lib.vehicle
        try:
            route = vehicle.getRoute(vid)
        except self.sim.lib.TraCIException:
            return  # refused by SUMO in the step that loaded it, and counted there
        free = self.network.free_time_s(route[0], route[-1], "emergency", vehicle.getMaxSpeed(vid))
        self.trips[vid] = Response(vid, depart_s - self.sim.begin_s, free)

    def departed(self, vehicles: Iterable[str]) -> None:
        """Those that have just set out; with blue light they pass red signals."""
        for vid in vehicles:
            if vid in self.trips:
                self._running[vid] = None
                if self.blue_light:
                    with contextlib.suppress(self.sim.lib.TraCIException):
                        self.sim.lib.vehicle.setSpeedMode(vid, THROUGH_RED)

    def arrived(self, vehicles: Iterable[str], now_s: float) -> None:
        for vid in vehicles:
            if vid in self.trips:
                self.trips[vid].arrive_s = now_s
                self._running.pop(vid, None)

    def watch(self, interval_s: float) -> None:
        """Note where those stand that stand still, at each exchange."""
        vehicle = self.sim.lib.vehicle
        for vid in self._running:
            if vehicle.getSpeed(vid) < 0.1:
                edge = vehicle.getRoadID(vid)
                if edge and not edge.startswith(":"):
                    halted, street = self.trips[vid].halted_s, self.network.street(edge)
                    halted[street] = halted.get(street, 0.0) + interval_s

    def late(self, now_s: float, target_s: float) -> list[Response]:
        """Trips that took longer than the target, are longer under way than that, or could not begin."""
        return [t for t in self.trips.values() if t.cancelled or t.taken_s(now_s) > target_s]

    def decided(self, now_s: float, target_s: float) -> int:
        """Trips of which is known whether they kept the target."""
        return sum(t.cancelled or t.arrive_s is not None or t.taken_s(now_s) > target_s for t in self.trips.values())
