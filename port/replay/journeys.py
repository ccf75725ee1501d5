"""What every truck did, read from the event log: pieces of lane and stays at places, one after the other.

Times are whole µs as in the log. A truck that waits beside a full place counts as standing there from the moment at
which it reached the place; the log says so only when it is let in.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from port import codes as c
from port.replay.scene import Scene

GATE = 0
"""Number of the gate among the places."""
Rows = NDArray[np.int64]
ENDS_YARD = (c.L_STORE, c.L_RETRIEVE, c.L_RECEIVE, c.L_DELIVER)
GIVES = {c.L_DISCHARGE: 1, c.L_LOAD: -1, c.L_RETRIEVE: 1, c.L_DELIVER: 1}
"""Boxes that a finished cycle puts on the truck; those that a gantry takes off leave it when its cycle begins."""


@dataclass
class Leg:
    """A piece of lane: from `begin` to `reach` under way, from then to `end` where it leads.

    aside : since when it waits beside the lane, because no open way leads to its goal.
    place : where it ends, −1 for the lane's end.  end : None for a truck that is still there when the log ends.
    """

    arc: int
    begin: int
    reach: int
    end: int | None = None
    place: int = -1
    aside: int | None = None


@dataclass
class Turn:
    """One turn in a place's line: `begin` to `end` (None: not over), served in the spans `served`.

    cycle : of the gantry (`port.codes`), −1 elsewhere;  wanted : services in all.
    """

    begin: int
    end: int | None = None
    served: list[tuple[int, int | None]] = field(default_factory=list)
    wanted: int = 1
    cycle: int = -1

    def close(self, time: int) -> None:
        """It is over, for the time being."""
        if self.served and self.served[-1][1] is None:
            self.served[-1] = (self.served[-1][0], time)
        self.end = time


@dataclass
class Stay:
    """A truck at a place, on the lane beside it included."""

    place: int
    begin: int
    end: int | None = None
    turns: list[Turn] = field(default_factory=list)


@dataclass
class Journey:
    """One vehicle: its legs and stays in order, the boxes on it as (time, number), orders as (time, has one)."""

    items: list[Leg | Stay] = field(default_factory=list)
    boxes: list[tuple[int, int]] = field(default_factory=list)
    orders: list[tuple[int, bool]] = field(default_factory=list)
    operator: list[tuple[int, bool]] = field(default_factory=list)
    left: int | None = None


@dataclass
class Journeys:
    """All vehicles, driverless first; for every arc its legs in the order in which they came to its end."""

    vehicles: list[Journey]
    queues: dict[int, list[Leg]]


def read_journeys(rows: Rows, scene: Scene, end_us: int) -> Journeys:
    """Follow the log from its first row to its last, which is not later than `end_us`."""
    return _Reader(rows, scene).read(end_us)


class _Reader:
    def __init__(self, rows: Rows, scene: Scene) -> None:
        self.rows: list[list[int]] = rows.tolist()
        self.fleet = len(scene["trucks"])
        self.vehicles = [Journey() for _ in range(self.fleet + len(scene["road_trucks"]))]
        self.queues: dict[int, list[Leg]] = defaultdict(list)
        cranes, blocks = len(scene["cranes"]), len(scene["blocks"])
        self.first_block, self.first_station = 1 + cranes, 1 + cranes + blocks
        self.lane_of = [p["lane"] for p in scene["places"]]
        self.gantry_block = [g["block"] for g in scene["gantries"]]
        self.count_of: dict[int, int] = {}
        self.order_of: dict[int, int] = {}
        self.crane_of: dict[int, int] = {}
        for number in range(self.fleet):
            self._stay(number, 1 + number % cranes, 0)

    def read(self, end_us: int) -> Journeys:
        acts = {
            c.L_ENTER: self._enter,
            c.L_END: lambda t, v, a, b: self.queues[a].append(self._leg(v)),
            c.L_AT: self._at,
            c.L_ASIDE: self._aside,
            c.L_ADMITTED: lambda t, v, a, b: self._stay(v, GATE, t),
            c.L_DEPARTED: self._departs,
            c.L_ORDER: lambda t, v, a, b: self.count_of.__setitem__(v, abs(b)),
            c.L_SENT: self._sent,
            c.L_DONE: lambda t, v, a, b: self.vehicles[v].orders.append((t, False)),
            c.L_HANDOVER: lambda t, v, a, b: self._begins(a, t),
            c.L_PLUGGED: lambda t, v, a, b: self._begins(v, t),
            c.L_CHARGED: lambda t, v, a, b: self._served(v, t),
            c.L_AT_BLOCK: self._at_block,
            c.L_ARRIVED: lambda t, v, a, b: self._boxes(v, t, 1 - a),
            c.L_CALLS: lambda t, v, a, b: self.vehicles[v].operator.append((t, True)),
            c.L_FREED: lambda t, v, a, b: self.vehicles[v].operator.append((t, False)),
        }
        begun = self._who_is_lifted()
        for at, (t, code, entity, a, b) in enumerate(self.rows):
            if code in (c.L_DISCHARGE, c.L_LOAD):
                self._boxes(b, t, GIVES[code])
                self._served(b, t)
            elif code == c.L_GANTRY:
                vehicle, off = begun.get(at) or self._first_in_line(self.gantry_block[entity])
                if self._is_at(vehicle, entity):
                    self._begins(vehicle, t)
                if off:
                    self._boxes(vehicle, t, -1)
            elif code in ENDS_YARD:
                self._boxes(b, t, GIVES.get(code, 0))
                if self._is_at(b, entity):
                    self._served(b, t)
            elif code in acts:
                acts[code](t, entity, a, b)
        self._put_back()
        self._park(end_us)
        return Journeys(self.vehicles, dict(self.queues))

    def _who_is_lifted(self) -> dict[int, tuple[int, bool]]:
        """Row of a gantry's beginning -> (vehicle, whether its box is taken off), from the row of its end."""
        open_rows: dict[int, int] = {}
        found = {}
        for at, (_, code, gantry, _, vehicle) in enumerate(self.rows):
            if code == c.L_GANTRY:
                open_rows[gantry] = at
            elif code in ENDS_YARD:
                found[open_rows.pop(gantry)] = (vehicle, code in (c.L_STORE, c.L_RECEIVE))
        return found

    def _first_in_line(self, block: int) -> tuple[int, bool]:
        """Of a cycle that the log does not see ending: who is served (the first of the block's line, −1 for nobody) and
        whether a box is taken off."""
        best = (1 << 62, -1)
        for number, journey in enumerate(self.vehicles):
            last = journey.items[-1] if journey.items else None
            if not isinstance(last, Stay) or last.place != self.first_block + block or not last.turns:
                continue
            turn = last.turns[-1]
            busy = bool(turn.served) and turn.served[-1][1] is None
            if not busy and len(turn.served) < turn.wanted:
                best = min(best, (-1 if turn.served else turn.begin, number))
        found = self._turn(best[1]) if best[1] >= 0 else None
        return best[1], found is not None and found.cycle in (c.C_STORE, c.C_RECEIVE)

    def _put_back(self) -> None:
        """A turn with boxes still to be handled when the log ends is not over."""
        for journey in self.vehicles:
            last = journey.items[-1] if journey.items else None
            if isinstance(last, Stay) and last.end is None and last.turns:
                turn = last.turns[-1]
                if len(turn.served) < turn.wanted:
                    turn.end = None

    def _park(self, end_us: int) -> None:
        """A truck that has driven its leg but not come to its lane's end waits beside a full place when the log ends.

        The log will not say which; it is its order's crane or block where that is on the lane, else the lane's first.
        """
        queued = {id(leg) for legs in self.queues.values() for leg in legs}
        for number, journey in enumerate(self.vehicles):
            leg = journey.items[-1] if journey.items else None
            helped = not journey.operator or not journey.operator[-1][1]
            if not isinstance(leg, Leg) or id(leg) in queued or leg.reach >= end_us or not helped:
                continue
            since = max(leg.reach, *(t for t, _ in journey.operator[-1:]), 0)
            places = [k for k, lane in enumerate(self.lane_of) if lane == leg.arc >> 1]
            if places:
                crane = 1 + self.crane_of.get(number, -1)
                leg.place = crane if crane in places else places[0]
                leg.end = since
                journey.items.append(Stay(leg.place, since, turns=[Turn(since)]))

    def _leg(self, vehicle: int) -> Leg:
        leg = self.vehicles[vehicle].items[-1]
        assert isinstance(leg, Leg)
        return leg

    def _stay(self, vehicle: int, place: int, time: int) -> None:
        self.vehicles[vehicle].items.append(Stay(place, time))

    def _is_at(self, vehicle: int, gantry: int) -> bool:
        """Whether a truck stands at a gantry's block; where they meet for an instant, it is away most of a cycle."""
        item = self.vehicles[vehicle].items[-1] if vehicle >= 0 else None
        return isinstance(item, Stay) and item.place == self.first_block + self.gantry_block[gantry]

    def _turn(self, vehicle: int) -> Turn | None:
        """Its turn at the place where it stands; None for a truck on its way or without one."""
        item = self.vehicles[vehicle].items[-1] if self.vehicles[vehicle].items else None
        return item.turns[-1] if isinstance(item, Stay) and item.turns else None

    def _begins(self, vehicle: int, time: int) -> None:
        if turn := self._turn(vehicle):
            turn.served.append((time, None))

    def _served(self, vehicle: int, time: int) -> None:
        if turn := self._turn(vehicle):
            turn.close(time)

    def _boxes(self, vehicle: int, time: int, change: int) -> None:
        boxes = self.vehicles[vehicle].boxes
        if change:
            boxes.append((time, (boxes[-1][1] if boxes else 0) + change))

    def _enter(self, time: int, vehicle: int, arc: int, us: int) -> None:
        items, turn = self.vehicles[vehicle].items, self._turn(vehicle)
        if turn is not None and turn.end is None:
            turn.close(time)
        items[-1].end = time
        items.append(Leg(arc, time, time + us))

    def _at(self, time: int, vehicle: int, place: int, _: int) -> None:
        items = self.vehicles[vehicle].items
        since = time
        if isinstance(items[-1], Leg):
            since = max(items[-1].reach, *(t for t, _ in self.vehicles[vehicle].operator[-1:]), 0)
            items[-1].end, items[-1].place = since, place
            items.append(Stay(place, since))
        stay = items[-1]
        assert isinstance(stay, Stay)
        stay.turns.append(Turn(since))

    def _aside(self, time: int, vehicle: int, *_: int) -> None:
        leg = self._leg(vehicle)
        leg.aside = time if leg.aside is None else leg.aside

    def _at_block(self, time: int, vehicle: int, block: int, cycle: int) -> None:
        turn, boxes = self._turn(vehicle), self.vehicles[vehicle].boxes
        if turn is None:
            return
        turn.cycle = cycle
        aboard = boxes[-1][1] if boxes else 0
        if cycle == c.C_RETRIEVE:
            turn.wanted = len(turn.served) + self.count_of.get(self.order_of.get(vehicle, -1), 1) - aboard
        elif cycle == c.C_STORE:
            turn.wanted = len(turn.served) + aboard

    def _sent(self, time: int, vehicle: int, order: int, crane: int) -> None:
        self.order_of[vehicle], self.crane_of[vehicle] = order, crane
        self.vehicles[vehicle].orders.append((time, True))

    def _departs(self, time: int, vehicle: int, *_: int) -> None:
        journey = self.vehicles[vehicle]
        journey.left = journey.items[-1].end = time
        self._served(vehicle, time)
