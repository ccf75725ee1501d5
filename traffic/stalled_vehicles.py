"""Vehicles of SUMO whose engines drown: they stop where they are, block the lane, and are towed away."""

from __future__ import annotations

from dataclasses import dataclass

from traffic.network import RoadNetwork
from traffic.stalling import Stalled, Stalls
from traffic.trips import Trips
from traffic.water_on_roads import WaterOnRoads
from twin.model import Journal


@dataclass
class StalledVehicles:
    """Looks at the vehicles on flooded edges at each exchange."""

    stalls: Stalls
    trips: Trips
    water: WaterOnRoads
    network: RoadNetwork
    journal: Journal

    def tick(self, now_us: int) -> None:
        """Let engines drown, and tow away whose time has come."""
        for one in self.stalls.due(now_us):
            self._tow(one, now_us)
        config = self.stalls.config
        least = min(config.light_from, config.heavy_from)
        lib = self.trips.sim.lib
        for i in (self.water.depth > least).nonzero()[0]:
            edge, depth = self.network.edges[i], float(self.water.depth[i])
            for vid in lib.edge.getLastStepVehicleIDs(edge.id):
                vclass = self.trips.vclass.get(vid, "passenger")
                if vid not in self.stalls.now and self.stalls.stalls(vid, vclass, depth):
                    self._stall(Stalled(vid, vclass, edge.id, self.network.street(edge.id), depth, now_us))

    def _stall(self, one: Stalled) -> None:
        """It brakes as fast as it can and stays; nothing else may move it."""
        vehicle = self.trips.vehicle
        if vehicle.isStoppedParking(one.id):
            return
        vehicle.setSpeed(one.id, 0.0)
        self.stalls.add(one)
        self.trips.dead[one.id] = None
        self.journal.write(
            one.since_us, "stalled", f"{one.id} stalls in {one.depth_m:.2f} m of water on {one.street}",
            vehicle=one.id, edge=one.edge, depth_m=one.depth_m,
        )  # fmt: skip

    def _tow(self, one: Stalled, now_us: int) -> None:
        one.towed_us = now_us
        del self.stalls.now[one.id]
        self.trips.tow(one.id, now_us)
