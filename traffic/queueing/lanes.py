"""The lanes of a queue run, spoken to as SUMO's are: `traffic.roads.Roads` drives both engines with the same words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from traffic.fast.classes import BIT, ON_ROAD, bits_of
from traffic.fast.layout import Array
from traffic.fast.network import QueueNetwork, for_cars
from traffic.network import RoadNetwork
from traffic.queueing.run import CoupledRun

_NAMES = tuple(name for name, bit in BIT.items() if bit & ON_ROAD)


class QueueLanes:
    """Permissions and limits of lanes, gathered until `QueueModel` hands them to the run.

    allow   (n_lanes,) classes as bits
    limits  (n_lanes,) m/s
    stale   something changed since the last `settle`
    """

    def __init__(self, queue: QueueNetwork, network: RoadNetwork) -> None:
        first = queue.static.edge["lane"]
        self.row = {
            lane.id: int(first[queue.index[edge.id]]) + number
            for edge in network.edges
            for number, lane in enumerate(edge.lanes)
        }
        self.allow = queue.allow[: queue.n_lanes].copy()
        self.limits = np.array([lane.speed_mps for edge in queue.edges for lane in edge.lanes])
        self.first = first
        self.counts = np.array([lane in for_cars(edge) for edge in queue.edges for lane in edge.lanes])
        self.stale = False
        self.lane = self

    def getDisallowed(self, lane_id: str) -> tuple[str, ...]:
        """Classes that may not drive there."""
        allow = int(self.allow[self.row[lane_id]])
        return tuple(name for name in _NAMES if not allow & BIT[name])

    def setDisallowed(self, lane_id: str, classes: Sequence[str]) -> None:
        """Keep these classes off the lane, and let all others of the road drive there."""
        shut = ON_ROAD if "all" in classes else bits_of(" ".join(classes))
        self.allow[self.row[lane_id]] = ON_ROAD & ~shut
        self.stale = True

    def getMaxSpeed(self, lane_id: str) -> float:
        """Limit in m/s."""
        return float(self.limits[self.row[lane_id]])

    def setMaxSpeed(self, lane_id: str, speed_mps: float) -> None:
        """Another limit."""
        self.limits[self.row[lane_id]] = speed_mps
        self.stale = True

    def settle(self) -> tuple[Array, Array]:
        """(classes of each lane, limit of each edge: that of the fastest lane for cars) as they are due now."""
        self.stale = False
        return self.allow.copy(), np.maximum.reduceat(np.where(self.counts, self.limits, 0.0), self.first)


class Occupancy:
    """What contraflow asks of the engine."""

    def __init__(self, run: CoupledRun) -> None:
        self.run = run

    def occupied(self, edge: str, lanes: Iterable[int]) -> int:
        """Vehicles on some lanes of an edge."""
        first = int(self.run.roads.edge[self.run.bound.network.index[edge]]["lane"])
        state = self.run.state.lane
        return sum(int(state["n_in"][first + k] - state["n_out"][first + k]) for k in lanes)
