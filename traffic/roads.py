"""What closes, narrows and slows the lanes of a running SUMO, from all causes together.

Water, events and incidents may act on one lane at the same time. For each lane the original permissions and limit
are read once from SUMO and kept; a lane is told only what differs from what it was told last, and gets exactly its
own permissions back when the last cause has gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from traffic.network import ROAD_CLASSES, Edge, RoadNetwork

NOBODY: frozenset[str] = frozenset()


class Roads:
    """Closures and limits on SUMO's lanes, by cause.

    water, events, lane_events   classes kept off an edge (a lane): by water, by event id
    admitted                     classes let in that may not drive there otherwise, by event id
    blocked_lanes                (edge, lane) by event id
    limits, wet_limit            limits in m/s: by event id, by water
    slow_lanes                   limits in m/s of single lanes, past open manholes
    before_closing               is told the edges that are about to close for the first time
    closed                       the result: edge -> classes that no lane admits
    """

    def __init__(
        self, lib: Any, network: RoadNetwork, before_closing: Callable[[Iterable[str]], None] | None = None
    ) -> None:
        self.lib, self.network = lib, network
        self._before_closing = before_closing
        self._ever_closed: set[str] = set()
        self._classes: dict[str, frozenset[str]] = {}
        self.water: dict[str, frozenset[str]] = {}
        self.events: dict[str, dict[str, frozenset[str]]] = {}
        self.lane_events: dict[str, dict[str, dict[int, frozenset[str]]]] = {}
        self.admitted: dict[str, dict[str, frozenset[str]]] = {}
        self.blocked_lanes: dict[str, tuple[str, int]] = {}
        self.limits: dict[str, dict[str, float]] = {}
        self.wet_limit: dict[str, float] = {}
        self.slow_lanes: dict[str, dict[int, float]] = {}
        self.closed: dict[str, frozenset[str]] = {}
        self._original: dict[str, tuple[str, ...]] = {}
        self._told: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        self._limits: dict[str, tuple[tuple[tuple[str, float], ...], list[float]]] = {}
        self._marked: set[str] = set()

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
        edge_ids = list(edge_ids)
        if self._before_closing is not None and (self.water or self.events or self.lane_events):
            fresh = [e for e in edge_ids if e not in self._ever_closed and self._closes(e)]
            if fresh:
                self._ever_closed.update(fresh)
                self._before_closing(fresh)
        shut, opened, acting = [], [], self._acting()
        simple = not acting and not self.limits
        special = {*self.water, *self.slow_lanes, *self.closed, *self._marked}
        for edge_id in edge_ids:
            if simple and edge_id not in special:
                self._wet_only(edge_id)
                continue
            edge = self.network.edges[self.network.index[edge_id]]
            before = self.closed.get(edge_id, NOBODY)
            now = self._tell(edge, acting)
            if now:
                self.closed[edge_id] = now
            else:
                self.closed.pop(edge_id, None)
            if now - before:
                shut.append(edge_id)
            if before - now:
                opened.append(edge_id)
        return shut, opened

    def _acting(self) -> bool:
        """Whether any event acts on any road, other than by a limit."""
        return any((*self.events.values(), *self.lane_events.values(), *self.admitted.values())) or bool(
            self.blocked_lanes
        )

    def _closes(self, edge_id: str) -> bool:
        """Whether anything keeps any class off a lane of an edge."""
        by_event = any(edge_id in closure for closure in self.events.values())
        by_lane = any(edge_id in closure for closure in self.lane_events.values())
        return edge_id in self.water or by_event or by_lane

    def _wet_only(self, edge_id: str) -> None:
        """Bring the limits of an edge to what water leaves, where nothing else acts on it or has acted last."""
        wet = self.wet_limit.get(edge_id, float("inf"))
        lanes, told = self._limits_of(edge_id)
        for number, (lane, limit) in enumerate(lanes):
            speed = wet if wet < limit else limit
            if speed != told[number]:
                told[number] = speed
                self.lib.lane.setMaxSpeed(lane, speed)

    def _limits_of(self, edge_id: str) -> tuple[tuple[tuple[str, float], ...], list[float]]:
        """(id, own limit) of an edge's lanes, and the limits in m/s that they were told last."""
        if edge_id not in self._limits:
            lanes = self.network.edges[self.network.index[edge_id]].lanes
            own = tuple((lane.id, float(self.lib.lane.getMaxSpeed(lane.id))) for lane in lanes)
            self._limits[edge_id] = own, [limit for _, limit in own]
        return self._limits[edge_id]

    def _tell(self, edge: Edge, acting: bool) -> frozenset[str]:
        """Bring the lanes of an edge to their due state; returns the classes that no lane admits any more."""
        kept_off = self.water.get(edge.id, NOBODY)
        invited, blocked = NOBODY, frozenset[int]()
        if acting:
            kept_off = kept_off.union(*(closure.get(edge.id, NOBODY) for closure in self.events.values()))
            invited = NOBODY.union(*(given.get(edge.id, NOBODY) for given in self.admitted.values()))
            blocked = frozenset(lane for e, lane in self.blocked_lanes.values() if e == edge.id)
        ordered = [limit[edge.id] for limit in self.limits.values() if edge.id in limit]
        wet = self.wet_limit.get(edge.id, float("inf"))
        slow = self.slow_lanes.get(edge.id, {})
        admitted, marked = NOBODY, False
        own, told_speeds = self._limits_of(edge.id)
        for number, lane in enumerate(edge.lanes):
            disallowed, limit = self._read(lane.id), own[number][1]
            extra = kept_off | self._off_lane(edge.id, number) if acting else kept_off
            if number in blocked:
                extra = frozenset(("all",))
            speed = min(ordered[-1] if ordered else limit, wet)
            if number in slow:
                speed = min(speed, slow[number])
            told_extra, told_invited = self._told.get(lane.id, (NOBODY, NOBODY))
            if extra != told_extra or invited != told_invited:
                full = ["all"] if "all" in extra else sorted({*disallowed} - invited | extra)
                self.lib.lane.setDisallowed(lane.id, full)
            if speed != told_speeds[number]:
                told_speeds[number] = speed
                self.lib.lane.setMaxSpeed(lane.id, speed)
            self._told[lane.id] = (extra, invited)
            marked = marked or bool(extra or invited)
            if "all" not in extra:
                admitted |= (lane.classes | invited) - extra if extra or invited else lane.classes
        if marked:
            self._marked.add(edge.id)
        else:
            self._marked.discard(edge.id)
        return self._every(edge) - admitted

    def _every(self, edge: Edge) -> frozenset[str]:
        """The classes of an edge, worked out once."""
        if edge.id not in self._classes:
            self._classes[edge.id] = edge.classes
        return self._classes[edge.id]

    def _off_lane(self, edge_id: str, number: int) -> frozenset[str]:
        """The classes that events keep off one lane."""
        return frozenset().union(
            *(lanes.get(edge_id, {}).get(number, frozenset()) for lanes in self.lane_events.values())
        )

    def _read(self, lane_id: str) -> tuple[str, ...]:
        """A lane's own disallowed classes, as SUMO had them before anything acted on it."""
        if lane_id not in self._original:
            self._original[lane_id] = tuple(self.lib.lane.getDisallowed(lane_id))
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
