"""What closes, narrows and slows the lanes of a running SUMO, from all causes together.

Water, events and incidents may act on one lane at the same time. For each lane the original permissions and limit
are read once from SUMO and kept; a lane is told only what differs from what it was told last, and gets exactly its
own permissions back when the last cause has gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from traffic.network import ROAD_CLASSES, Edge, RoadNetwork


class Roads:
    """Closures and limits on SUMO's lanes.

    changed(edges) returns which edges closed or opened for which classes since the last call.
    """

    def __init__(self, lib: Any, network: RoadNetwork) -> None:
        self.lib, self.network = lib, network
        self.water: dict[str, frozenset[str]] = {}
        self.events: dict[str, dict[str, frozenset[str]]] = {}
        self.blocked_lanes: dict[str, tuple[str, int]] = {}
        self.limits: dict[str, dict[str, float]] = {}
        self.wet_limit: dict[str, float] = {}
        self.closed: dict[str, frozenset[str]] = {}
        self._original: dict[str, tuple[tuple[str, ...], float]] = {}
        self._told: dict[str, tuple[frozenset[str], float]] = {}

    def close_for(self, edge_id: str, vclass: str) -> bool:
        """Whether a vehicle class is kept off an edge now."""
        return vclass in self.closed.get(edge_id, ())

    def set_water(self, edge_id: str, classes: frozenset[str]) -> None:
        """The classes that water keeps off an edge (none: open again)."""
        if classes:
            self.water[edge_id] = classes
        else:
            self.water.pop(edge_id, None)

    def refresh(self, edge_ids: Iterable[str]) -> tuple[list[str], list[str]]:
        """Tell SUMO what changed on these edges. Returns (edges closed to more classes, edges open to more)."""
        shut, opened = [], []
        for edge_id in edge_ids:
            edge = self.network.edges[self.network.index[edge_id]]
            before = self.closed.get(edge_id, frozenset())
            now = self._tell(edge)
            if now:
                self.closed[edge_id] = now
            else:
                self.closed.pop(edge_id, None)
            if now - before:
                shut.append(edge_id)
            if before - now:
                opened.append(edge_id)
        return shut, opened

    def _tell(self, edge: Edge) -> frozenset[str]:
        """Bring the lanes of an edge to their due state; returns the classes that no lane admits any more."""
        kept_off = self.water.get(edge.id, frozenset()).union(
            *(closure.get(edge.id, frozenset()) for closure in self.events.values())
        )
        blocked = {lane for e, lane in self.blocked_lanes.values() if e == edge.id}
        ordered = [limit[edge.id] for limit in self.limits.values() if edge.id in limit]
        admitted: frozenset[str] = frozenset()
        for number, lane in enumerate(edge.lanes):
            disallowed, limit = self._read(lane.id)
            extra = frozenset(("all",)) if number in blocked else kept_off
            speed = min(ordered[-1] if ordered else limit, self.wet_limit.get(edge.id, float("inf")))
            told_extra, told_speed = self._told.get(lane.id, (frozenset(), limit))
            if extra != told_extra:
                full = ["all"] if "all" in extra else sorted({*disallowed, *extra})
                self.lib.lane.setDisallowed(lane.id, full)
            if speed != told_speed:
                self.lib.lane.setMaxSpeed(lane.id, speed)
            self._told[lane.id] = (extra, speed)
            if "all" not in extra:
                admitted |= lane.classes - extra
        return edge.classes - admitted

    def _read(self, lane_id: str) -> tuple[tuple[str, ...], float]:
        """A lane's own disallowed classes and limit, as SUMO had them before anything acted on it."""
        if lane_id not in self._original:
            self._original[lane_id] = (
                tuple(self.lib.lane.getDisallowed(lane_id)),
                float(self.lib.lane.getMaxSpeed(lane_id)),
            )
        return self._original[lane_id]


def state_of(edge: Edge, closed: frozenset[str], slowed: bool) -> int:
    """0 open, 1 slowed, 2 closed for cars, 3 closed for all. Where no car may drive, 2 is left out."""
    if closed and closed >= edge.classes:
        return 3
    if "passenger" in closed:
        return 2
    return 1 if slowed or closed else 0


def every_class(names: Iterable[str]) -> frozenset[str]:
    """The classes of a closure: those named, or all."""
    return frozenset(names) or ROAD_CLASSES
