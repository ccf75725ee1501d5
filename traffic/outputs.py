"""What road traffic gives at an exchange: states of edges, figures of the city, facilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from traffic.roads import state_of

if TYPE_CHECKING:
    from traffic.model import TrafficModel

FloatArray = NDArray[np.float64]


class Outputs:
    """Reads the present values of a running model's outputs."""

    def __init__(self, model: TrafficModel) -> None:
        self.model = model
        self._moving: tuple[int, tuple[int, int, float]] = (-1, (0, 0, 0.0))

    def take(self, port: str) -> FloatArray:
        """(n,) values of an output that is a state. Raises `ValueError` for one that there is not."""
        model = self.model
        if port == "edge_state":
            return self._states()
        if port == "vehicles":
            return self._vehicles()
        if port in model.facilities.ports:
            return model.facilities.take(port)
        if port == "underpass_depth" and model.water.underpasses is not None:
            return model.water.underpasses.depths(model.water.depth)
        if model.reach is not None and port in model.reach.ports:
            return model.reach.take(port, model.now_us)
        return np.array([self._city(port)], dtype=float)

    def _city(self, port: str) -> float:
        model, (running, halting, speed) = self.model, self._motion()
        gate = model.gate
        values = {
            "running": running,
            "halting": halting,
            "mean_speed": speed,
            "arrived": model.trips.count["arrived"],
            "stranded": len(model.trips.held),
            "closed_edges": len(model.log.now),
        }
        if port == "gate_queue":
            return gate.queue() if gate is not None else 0
        if port not in values:
            raise ValueError(f"traffic gives no '{port}'")
        return values[port]

    def _motion(self) -> tuple[int, int, float]:
        """(vehicles in the network, of them standing in traffic, mean speed in m/s of those not parked)."""
        now_us = self.model.now_us
        if self._moving[0] != now_us:
            vehicle = self.model.sim.lib.vehicle
            ids = vehicle.getIDList()
            speeds = np.array([vehicle.getSpeed(vid) for vid in ids])
            still = [vid for vid, speed in zip(ids, speeds, strict=True) if speed < 0.1]
            parked = sum(vehicle.isStoppedParking(vid) for vid in still)
            driving = len(ids) - parked
            mean = float(speeds.sum() / driving) if driving else 0.0
            self._moving = (now_us, (len(ids), len(still) - parked, mean))
        return self._moving[1]

    def _states(self) -> FloatArray:
        model = self.model
        states = (model.water.wet < model.network.limits_mps).astype(float)
        for edge_id, kept_off in model.roads.closed.items():
            i = model.network.index[edge_id]
            states[i] = state_of(model.network.edges[i], kept_off, bool(states[i]))
        return states

    def _vehicles(self) -> FloatArray:
        model = self.model
        counts = np.zeros(len(model.network.edges))
        vehicle, index = model.sim.lib.vehicle, model.network.index
        for vid in vehicle.getIDList():
            i = index.get(vehicle.getRoadID(vid))
            if i is not None:
                counts[i] += 1
        return counts
