"""Small roads written by hand, and drivers who reach their speed at once (as in theory)."""

from __future__ import annotations

import pytest

from traffic.fast.demand import Demand, Trip, VehicleType
from traffic.fast.netfile import ConnectionSpec, EdgeSpec, LaneSpec, NetFile, Program
from traffic.fast.network import QueueNetwork
from traffic.fast.rules import Rules

INSTANT = VehicleType(length_m=5.0, min_gap_m=2.5, accel=1e4, decel=1e4, sigma=0.0, factor=(1.0, 0.0))
"""Slot of 7.5 m; speed at once."""
PLAIN = Rules(wave_s=1.5, start_s=0.0, yellow_s=0.0, insertion_s=0.0, reaction_s=1.5, creep_mps=15.0)
"""Backward wave 5 m/s; at 15 m/s a lane carries 1 / (1.5 + 0.5) = 0.5 vehicles a second."""


class Town:
    """Builds networks from (edge, length, speed, lanes) and (from, to) in a few words."""

    instant = INSTANT
    rules = PLAIN

    def network(self, edges, turns, programs=None) -> QueueNetwork:
        specs = [EdgeSpec(name, (LaneSpec(length, speed),) * lanes) for name, length, speed, lanes in edges]
        lanes = {name: n for name, _, _, n in edges}
        net = NetFile(specs, [], programs or {})
        for turn in turns:
            start, end, more = (*turn, {})[:3]
            for k in range(min(lanes[start], lanes[end])):
                net.connections.append(ConnectionSpec(start, end, k, k, **more))
        return QueueNetwork.build(net)

    def demand(self, trips, kind=INSTANT) -> Demand:
        """trips: (depart, edges)."""
        rows = [Trip(f"v{k}", t, "car", tuple(edges.split())) for k, (t, edges) in enumerate(sorted(trips))]
        return Demand(rows, {"car": [(1.0, kind)]})

    def program(self, *phases) -> Program:
        return Program(0.0, tuple(phases))


@pytest.fixture(scope="session")
def town() -> Town:
    return Town()
