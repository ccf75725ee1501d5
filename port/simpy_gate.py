"""The gate and the road trucks as SimPy processes.

A road model tells of trucks at every exchange, so a truck that came at 10:00:03 is known at 10:00:10. Its service
still starts at 10:00:03, or when a lane became free, whichever was later: times of the past are only computed with,
and whatever would have ended in the past ends now. So the exchange costs the gate no capacity as long as a service
lasts longer than an exchange.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import simpy

from port.draws import ARRIVALS, VISITOR, Stream, name_number, quantiles
from port.simpy_world import Process, World, table_of
from port.simpy_yard import YardSide
from port.state import DELIVER, GATE_IN, GATE_OUT, RECEIVE, Visitor
from port.yard import draw_out
from twin.clock import US, to_us
from twin.ports import Arrival

HOUR_US = 3600 * US
TASKS = {"deliver": "deliver", "deliver_export": "deliver", "collect": "collect", "collect_import": "collect"}
"""What a truck may say of itself on its arrival; the task of any other is drawn."""


@dataclass
class GateSide:
    """Road trucks from their arrival to their departure.

    admissions, departures : what the road model will be told (only filled when it listens)
    """

    world: World
    yard: YardSide
    listening: bool
    line: deque[Visitor] = field(default_factory=deque)
    inside: int = 0
    closed: set[str] = field(default_factory=set)
    closed_since_us: int = 0
    opened_us: int = 0
    closed_us: int = 0
    admissions: list[Arrival] = field(default_factory=list)
    departures: list[Arrival] = field(default_factory=list)
    wanting: deque[tuple[Visitor, simpy.Event]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        gate = self.world.terminal.gate
        self.free_since: dict[int, int] = dict.fromkeys(range(gate.lanes_in), 0)
        self.out = simpy.Resource(self.world.env, gate.lanes_out)
        self.service_in, self.service_out = table_of(gate.service_in), table_of(gate.service_out)
        self.yard.stored.append(self._box_stored)

    # the way in

    def arrive(self, arrivals: Sequence[Arrival]) -> None:
        """Trucks have come to the gate, each at its own time up to now."""
        share = self.world.terminal.road_trucks.deliver_share
        for arrival in sorted(arrivals):
            stream = Stream(self.world.seed, VISITOR, name_number(arrival.id))
            u = stream.uniform()
            drawn = "deliver" if u < share else "collect"
            task = TASKS.get(str(arrival.data.get("task")), drawn)
            spot = self.world.site.gate_spot
            visitor = Visitor(arrival.id, task, arrival.time_us, stream, self.world.road_pace, spot)
            self.world.visitors.append(visitor)
            self.world.tally.arrived += 1
            self.line.append(visitor)
        self.serve()
        self.world.tally.longest_queue = max(self.world.tally.longest_queue, len(self.line))

    def serve(self) -> None:
        """Let the first trucks of the line into the free lanes."""
        while self.line and self.free_since and not self.closed:
            lane = min(self.free_since, key=lambda k: (self.free_since[k], k))
            visitor = self.line.popleft()
            start = max(visitor.arrived_us, self.free_since.pop(lane), self.opened_us)
            done = start + visitor.stream.duration(self.service_in)
            self.world.env.process(self._admit(visitor, lane, done))

    def close(self, cause: str) -> None:
        """Let nobody in, for one more cause; services that have begun are finished."""
        if not self.closed:
            self.closed_since_us = self.world.now
        self.closed.add(cause)

    def open(self, cause: str) -> None:
        """One cause less; with the last one the line moves again."""
        if cause not in self.closed:
            return
        self.closed.discard(cause)
        if not self.closed:
            self.closed_us += self.world.now - self.closed_since_us
            self.opened_us = self.world.now
            self.serve()

    def _admit(self, visitor: Visitor, lane: int, done_us: int) -> Process:
        world = self.world
        yield world.env.timeout(max(0, done_us - world.now))
        visitor.admitted_us = world.now
        self.inside += 1
        self.free_since[lane] = done_us
        world.trace.append((world.now, f"GI{lane + 1}", GATE_IN, -1, visitor.id))
        if self.listening:
            self.admissions.append(Arrival(world.now, visitor.id, {"task": visitor.task}))
        self.serve()
        yield from self._visit(visitor)

    # inside

    def _visit(self, visitor: Visitor) -> Process:
        world = self.world
        if visitor.task == "deliver":
            yield from self._deliver(visitor)
        else:
            yield from self._collect(visitor)
        yield from world.drive(visitor, world.site.gate_spot)
        with self.out.request() as lane:
            yield lane
            yield world.env.timeout(visitor.stream.duration(self.service_out))
        visitor.departed_us = world.now
        self.inside -= 1
        world.tally.departed += 1
        world.trace.append((world.now, "GO", GATE_OUT, -1 if visitor.box is None else visitor.box, visitor.id))
        if self.listening:
            data = {"task": visitor.task, "outcome": visitor.outcome}
            self.departures.append(Arrival(world.now, visitor.id, data))

    def _deliver(self, visitor: Visitor) -> Process:
        """Bring an export box for the first ship that still lacks some; turned away when the yard is full."""
        world, stock = self.world, self.world.stock
        if stock.room <= 0:
            visitor.outcome = "refused"
            world.tally.refused += 1
            world.tell("truck_refused", f"{visitor.id} takes its box back: the yard is full", truck=visitor.id)
            return
        stock.promised += 1
        block = world.place_for(visitor.spot)
        for_vessel = None
        for vessel in sorted(world.vessels, key=lambda v: (v.at_us, v.number)):
            if vessel.expected > 0:
                vessel.expected -= 1
                for_vessel = vessel.number
                break
        yield from world.drive(visitor, world.site.block_spots[block])
        yield self.yard.ask(block, RECEIVE, stock.new_box(), visitor, for_vessel)
        visitor.outcome = "served"

    def _collect(self, visitor: Visitor) -> Process:
        """Fetch an import box; without any, wait for one to be stored, and leave empty when patience ends."""
        world = self.world
        found = self._import_box(visitor)
        if found is None:
            handed = world.env.event()
            self.wanting.append((visitor, handed))
            patience = world.env.timeout(to_us(world.terminal.road_trucks.patience))
            yield handed | patience
            if not handed.triggered:
                self.wanting.remove((visitor, handed))
                visitor.outcome = "empty"
                world.tally.left_empty += 1
                world.tell("truck_empty", f"{visitor.id} leaves without an import box", truck=visitor.id)
                return
            found = handed.value
            assert found is not None
        block, box = found
        yield from world.drive(visitor, world.site.block_spots[block])
        yield self.yard.ask(block, DELIVER, box, visitor)
        visitor.outcome = "served"

    def _import_box(self, visitor: Visitor) -> tuple[int, int] | None:
        """An import box drawn from the blocks whose lanes are open, as (block, box): the customer's choice."""
        world = self.world
        ready = [(b, block.imports) for b, block in enumerate(world.stock.blocks) if block.imports and world.open(b)]
        if not ready:
            return None
        which = visitor.stream.index(sum(len(boxes) for _, boxes in ready))
        for block, boxes in ready:
            if which < len(boxes):
                world.sides[block].work += 1
                return block, draw_out(boxes, visitor.stream)
            which -= len(boxes)
        raise AssertionError("the draw lies within the boxes counted")

    def _box_stored(self, vessel: int | None) -> None:
        if vessel == -1:
            self.hand_out()

    def hand_out(self) -> None:
        """Give import boxes to trucks that wait for one, first come first served."""
        while self.wanting:
            found = self._import_box(self.wanting[0][0])
            if found is None:
                return
            self.wanting.popleft()[1].succeed(found)

    # without a road model

    def generate(self, start: datetime) -> Process:
        """Trucks by the hourly profile: a Poisson process whose rate follows the hour of the day."""
        world, spec = self.world, self.world.terminal.road_trucks
        scale = (spec.per_day or 0.0) / (sum(spec.profile) or 1.0)
        stream = Stream(world.seed, ARRIVALS, 0)
        table = quantiles("exponential", 1.0, 1.0)
        midnight = (start.hour * 3600 + start.minute * 60 + start.second) * US
        number, at_us = 0, 0
        if not scale or not any(spec.profile):
            return
        while True:
            wait = stream.duration(table) / US
            while True:
                clock = midnight + at_us
                rate = scale * spec.profile[clock // HOUR_US % 24]
                left_us = HOUR_US - clock % HOUR_US
                if wait <= rate * left_us / HOUR_US and rate > 0.0:
                    at_us += int(wait / rate * HOUR_US)
                    break
                wait -= rate * left_us / HOUR_US
                at_us += left_us
            yield world.env.timeout(max(0, at_us - world.now))
            number += 1
            self.arrive([Arrival(world.now, f"T{number:05d}")])
