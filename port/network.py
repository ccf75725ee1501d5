"""The terminal as places on a road graph: lanes with lengths, and the way from any spot to any other.

A spot is (lane, metres from its first point). Lanes are edges between junctions; a lane that is closed can be left
at the end where one stands, and not entered.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from port.terminal import Terminal

FloatArray = NDArray[np.float64]
Spot = tuple[int, float]

JOIN_M = 1.0
"""Lane ends within this distance are one junction."""
TURN_DEG = 45.0
"""A change of direction beyond this is a turn."""


@dataclass(frozen=True)
class Step:
    """One lane of a way: how far along it, where one then is, and whether one turns into it."""

    lane: int
    length_m: float
    end: Spot
    turn: bool


@dataclass(frozen=True)
class CranePlace:
    id: str
    berth: int
    xy: tuple[float, float]
    spot: Spot


@dataclass
class Site:
    """Everything that stands still. `nodes[i]` are the junctions at lane i's first and last point."""

    lane_ids: tuple[str, ...]
    shapes: tuple[FloatArray, ...]
    length_m: tuple[float, ...]
    limit_mps: tuple[float, ...]
    oneway: tuple[bool, ...]
    nodes: tuple[tuple[int, int], ...]
    berth_ids: tuple[str, ...]
    cranes: tuple[CranePlace, ...]
    block_ids: tuple[str, ...]
    block_spots: tuple[Spot, ...]
    block_xy: FloatArray
    gate_xy: tuple[float, float]
    gate_spot: Spot

    @classmethod
    def of(cls, terminal: Terminal) -> Site:
        """The site of a complete terminal (see `port.layout.complete`)."""
        assert not isinstance(terminal.berths, int)
        shapes = tuple(np.asarray(lane.line, dtype=float) for lane in terminal.lanes)
        index = {lane.id: i for i, lane in enumerate(terminal.lanes)}
        lengths = tuple(float(np.hypot(*np.diff(s, axis=0).T).sum()) for s in shapes)
        cranes: list[CranePlace] = []
        for k, berth in enumerate(terminal.berths):
            (ax, ay), (bx, by) = berth.line
            for i in range(berth.cranes):
                f = (i + 0.5) / berth.cranes
                xy = berth.crane_points[i] if berth.crane_points else (ax + f * (bx - ax), ay + f * (by - ay))
                cranes.append(CranePlace(f"QC{len(cranes) + 1:02d}", k, xy, nearest_spot(shapes, xy)))
        block_spots = tuple((index[b.lane], lengths[index[b.lane]] / 2) for b in terminal.blocks)
        gate_xy = terminal.gate.at or terminal.origin or (0.0, 0.0)
        return cls(
            tuple(lane.id for lane in terminal.lanes),
            shapes,
            lengths,
            tuple(lane.limit for lane in terminal.lanes),
            tuple(lane.oneway for lane in terminal.lanes),
            _junctions(shapes),
            tuple(b.id for b in terminal.berths),
            tuple(cranes),
            tuple(b.id for b in terminal.blocks),
            block_spots,
            np.array([point_at(shapes[lane], metres) for lane, metres in block_spots]).reshape(-1, 2),
            gate_xy,
            nearest_spot(shapes, gate_xy),
        )


def point_at(shape: FloatArray, metres: float) -> tuple[float, float]:
    """The point so many metres along a polyline (k, 2)."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))])
    return float(np.interp(metres, along, shape[:, 0])), float(np.interp(metres, along, shape[:, 1]))


def nearest_spot(shapes: Sequence[FloatArray], xy: tuple[float, float]) -> Spot:
    """The spot on any lane that is nearest to a point; the first lane where several are."""
    best: tuple[float, int, float] = (math.inf, 0, 0.0)
    for lane, shape in enumerate(shapes):
        walked = 0.0
        for (ax, ay), (bx, by) in zip(shape[:-1].tolist(), shape[1:].tolist(), strict=True):
            dx, dy = bx - ax, by - ay
            length2 = dx * dx + dy * dy
            f = 0.0 if length2 == 0.0 else min(1.0, max(0.0, ((xy[0] - ax) * dx + (xy[1] - ay) * dy) / length2))
            away = math.hypot(xy[0] - ax - f * dx, xy[1] - ay - f * dy)
            if away < best[0] - 1e-9:
                best = (away, lane, walked + f * math.sqrt(length2))
            walked += math.sqrt(length2)
    return best[1], best[2]


def _junctions(shapes: Sequence[FloatArray]) -> tuple[tuple[int, int], ...]:
    """A number for each lane end; ends within JOIN_M share one."""
    found: list[tuple[float, float]] = []

    def number(x: float, y: float) -> int:
        for i, (u, v) in enumerate(found):
            if abs(x - u) <= JOIN_M and math.hypot(x - u, y - v) <= JOIN_M:
                return i
        found.append((x, y))
        return len(found) - 1

    return tuple((number(*s[0]), number(*s[-1])) for s in shapes)


@dataclass
class Router:
    """Quickest ways over the open lanes, at the posted limits. Ways are remembered until a lane opens or closes."""

    site: Site
    turn_s: float
    closed: frozenset[int] = frozenset()
    version: int = 0
    _ways: dict[tuple[Spot, Spot], tuple[Step, ...] | None] = field(default_factory=dict)
    _exits: list[list[tuple[int, bool]]] = field(default_factory=list)
    _bearings: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        site = self.site
        self._exits = [[] for _ in range(1 + max(max(pair) for pair in site.nodes))]
        for lane, (a, b) in enumerate(site.nodes):
            self._exits[a].append((lane, True))
            if not site.oneway[lane]:
                self._exits[b].append((lane, False))
        self._bearings = [(_bearing(s[0], s[1]), _bearing(s[-2], s[-1])) for s in site.shapes]

    def close(self, lanes: frozenset[int]) -> None:
        """From now on these lanes, and no others, are closed."""
        if lanes != self.closed:
            self.closed = lanes
            self.version += 1
            self._ways.clear()

    def way(self, start: Spot, goal: Spot) -> tuple[Step, ...] | None:
        """The lanes from one spot to another; None while closed lanes leave no way."""
        key = (start, goal)
        if key not in self._ways:
            self._ways[key] = self._search(start, goal)
        return self._ways[key]

    def seconds(self, start: Spot, goal: Spot) -> float:
        """Time at the posted limits; infinite where there is no way."""
        way = self.way(start, goal)
        if way is None:
            return math.inf
        return sum(s.length_m / self.site.limit_mps[s.lane] + self.turn_s * s.turn for s in way)

    def turns(self, lane: int, forward: bool, onto: int, onto_forward: bool) -> bool:
        out = self._bearings[lane][1] if forward else self._bearings[lane][0] + 180.0
        into = self._bearings[onto][0] if onto_forward else self._bearings[onto][1] + 180.0
        return abs((into - out + 180.0) % 360.0 - 180.0) > TURN_DEG

    def _search(self, start: Spot, goal: Spot) -> tuple[Step, ...] | None:
        """Dijkstra over (lane, direction) states, so that turns have a price."""
        site, (lane, metres), (last, target) = self.site, start, goal
        if start == goal:
            return ()
        if lane == last and lane not in self.closed and (target >= metres or not site.oneway[lane]):
            return (Step(lane, abs(target - metres), goal, False),)
        if last in self.closed:
            return None
        heap: list[tuple[float, int, int, bool]] = []
        reached: dict[tuple[int, bool], tuple[float, tuple[int, bool] | None]] = {}
        for forward, away in ((True, site.length_m[lane] - metres), (False, metres)):
            if (not forward and site.oneway[lane] and away > 0.0) or (lane in self.closed and away > 0.0):
                continue
            cost = away / site.limit_mps[lane]
            reached[lane, forward] = (cost, None)
            heapq.heappush(heap, (cost, len(heap), lane, forward))
        best: tuple[float, tuple[int, bool] | None, bool] = (math.inf, None, True)
        count = len(heap)
        done: set[tuple[int, bool]] = set()
        while heap and heap[0][0] < best[0]:
            cost, _, at, forward = heapq.heappop(heap)
            if (at, forward) in done:
                continue
            done.add((at, forward))
            node = site.nodes[at][1 if forward else 0]
            for onto, onto_forward in self._exits[node]:
                if onto in self.closed or (onto, onto_forward) == (at, not forward):
                    continue
                turn = self.turn_s if self.turns(at, forward, onto, onto_forward) else 0.0
                if onto == last:
                    tail = target if onto_forward else site.length_m[onto] - target
                    total = cost + turn + tail / site.limit_mps[onto]
                    if total < best[0]:
                        best = (total, (at, forward), onto_forward)
                onward = cost + turn + site.length_m[onto] / site.limit_mps[onto]
                if onward < reached.get((onto, onto_forward), (math.inf, None))[0] and (onto, onto_forward) not in done:
                    reached[onto, onto_forward] = (onward, (at, forward))
                    count += 1
                    heapq.heappush(heap, (onward, count, onto, onto_forward))
        return self._steps(start, goal, best[1], best[2], reached) if best[1] is not None else None

    def _steps(
        self,
        start: Spot,
        goal: Spot,
        before: tuple[int, bool] | None,
        forward: bool,
        reached: dict[tuple[int, bool], tuple[float, tuple[int, bool] | None]],
    ) -> tuple[Step, ...]:
        chain: list[tuple[int, bool]] = [(goal[0], forward)]
        while before is not None:
            chain.append(before)
            before = reached[before][1]
        chain.reverse()
        steps: list[Step] = []
        for i, (lane, ahead) in enumerate(chain):
            length = self.site.length_m[lane]
            turn = i > 0 and self.turns(*chain[i - 1], lane, ahead)
            if i == 0:
                away = length - start[1] if ahead else start[1]
                if away > 0.0:
                    steps.append(Step(lane, away, (lane, length if ahead else 0.0), False))
            elif i == len(chain) - 1:
                away = goal[1] if ahead else length - goal[1]
                steps.append(Step(lane, away, goal, turn))
            else:
                steps.append(Step(lane, length, (lane, length if ahead else 0.0), turn))
        return tuple(steps)


def _bearing(a: FloatArray, b: FloatArray) -> float:
    return math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))
