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
from functools import partial

import simpy

from port.booking import Bookings
from port.codes import (
    ARRIVAL,
    C_DELIVER,
    C_RECEIVE,
    GATE_IN,
    GATE_OUT,
    L_ADMITTED,
    L_ARRIVED,
    L_DEPARTED,
    L_EMPTY,
    L_REFUSED,
    PATIENCE,
    ROAD,
)
from port.draws import ARRIVALS, VISITOR, Stream, name_number
from port.dwell import MS_TABLE
from port.gate_times import next_arrival
from port.plan import GATE_PLACE
from port.simpy_roads import Roads
from port.simpy_world import Process, World
from port.simpy_yard import YardSide
from port.state import Vehicle, Visitor
from port.yard import draw_out
from twin.clock import US, to_us

Coming = tuple[int, str, int]
"""(time_us, id, 0 deliver, 1 collect, −1 not known)."""


@dataclass
class GateSide:
    """Road trucks from their arrival to their departure.

    line     before the gate;  free_since: free lanes and since when;  out_line, out_free: before the exit lanes
    wanting  trucks inside without an import box
    """

    world: World
    roads: Roads
    yard: YardSide
    line: deque[Visitor] = field(default_factory=deque)
    inside: int = 0
    closed: bool = False
    opened_us: int = 0
    wanting: deque[Visitor] = field(default_factory=deque)
    handing: bool = False
    out_line: deque[Visitor] = field(default_factory=deque)

    def __post_init__(self) -> None:
        gate, tables = self.world.terminal.gate, self.world.plan.tables
        self.free_since: dict[int, int] = dict.fromkeys(range(gate.lanes_in), 0)
        self.out_free = gate.lanes_out
        self.service_in, self.service_out = tables["gate_in"], tables["gate_out"]
        self.found: dict[int, tuple[int, int] | None] = {}
        self.yard.stored.append(self._box_stored)

    # the way in

    def arrive(self, coming: Sequence[Coming]) -> None:
        """Trucks have come to the gate, each at its own time up to now."""
        world = self.world
        share = world.terminal.road_trucks.deliver_share
        for at_us, name, said in coming:
            stream = Stream(world.seed, VISITOR, name_number(name))
            collects = (0 if stream.uniform() < share else 1) if said < 0 else said
            if said >= 0:
                stream.counter = 1
            car = Vehicle(name, len(world.trucks) + len(world.visitors), ROAD, stream, GATE_PLACE)
            visitor = Visitor(name, "collect" if collects else "deliver", at_us, car)
            world.visitors.append(visitor)
            world.vehicles.append(car)
            world.tally.arrived += 1
            world.log(L_ARRIVED, car.number, collects)
            self.line.append(visitor)
        world.mark()

    def settle(self) -> None:
        """Let the first trucks of the line into the free lanes, and hand out import boxes."""
        world = self.world
        while self.line and self.free_since and not self.closed:
            lane = min(self.free_since, key=lambda k: (self.free_since[k], k))
            visitor = self.line.popleft()
            start = max(visitor.arrived_us, self.free_since.pop(lane), self.opened_us)
            done = start + visitor.car.stream.duration(self.service_in)
            world.env.process(self._admit(visitor, lane, done))
        world.tally.longest_queue = max(world.tally.longest_queue, len(self.line))
        if self.handing:
            self.handing = False
            self._hand_out()

    def shut(self, closed: bool) -> None:
        """Let nobody in, or open again; services that have begun are finished."""
        self.closed = closed
        if not closed:
            self.opened_us = self.world.now
        self.world.mark()

    def _admit(self, visitor: Visitor, lane: int, done_us: int) -> Process:
        world = self.world
        yield world.spend(GATE_IN, visitor.car.number, max(0, done_us - world.now))
        visitor.admitted_us = world.now
        self.inside += 1
        self.free_since[lane] = done_us
        world.log(L_ADMITTED, visitor.car.number, lane)
        world.mark()
        yield from self._visit(visitor)

    # inside

    def _visit(self, visitor: Visitor) -> Process:
        world, car = self.world, visitor.car
        if visitor.task == "deliver":
            yield from self._deliver(visitor)
        else:
            yield from self._collect(visitor)
        yield from self.roads.drive(car, GATE_PLACE)
        self.out_line.append(visitor)
        car.wake = world.env.event()
        world.mark()
        yield car.wake
        yield world.spend(GATE_OUT, car.number, car.stream.duration(self.service_out))
        self.out_free += 1
        visitor.departed_us = world.now
        self.inside -= 1
        world.tally.departed += 1
        visitor.box = car.boxes[0] if car.boxes else None
        world.log(L_DEPARTED, car.number, car.boxes[0] if car.boxes else -1)
        world.mark()

    def settle_out(self) -> None:
        """Let trucks into the free exit lanes."""
        while self.out_line and self.out_free:
            self.out_free -= 1
            self.out_line.popleft().car.wake.succeed()

    def _deliver(self, visitor: Visitor) -> Process:
        """Bring an export box for the first ship that still lacks some; turned away when the yard is full."""
        world, stock, car = self.world, self.world.stock, visitor.car
        if stock.room <= 0:
            visitor.outcome = "refused"
            world.tally.refused += 1
            world.log(L_REFUSED, car.number)
            return
        stock.promised += 1
        block, _ = world.place_for(car, 1)
        stays = world.plan.stays
        stay_us = 0 if stays is None else car.stream.duration(stays["exports"]) * MS_TABLE
        owner = world.first_ship(world.now + stay_us)
        yield from self.roads.drive(car, int(world.plan.block_place[block]))
        box = stock.new_box()
        car.boxes.append(box)
        yield self.yard.ask(block, C_RECEIVE, [box], car, owner)
        visitor.outcome = "served"

    def _collect(self, visitor: Visitor) -> Process:
        """Fetch an import box; without any, wait for one to be stored, and leave empty when patience ends."""
        world, car = self.world, visitor.car
        found = self._import_box(car)
        if found is None:
            car.wake = world.env.event()
            self.wanting.append(visitor)
            patience = world.spend(PATIENCE, car.number, to_us(world.terminal.road_trucks.patience))
            patience.callbacks.append(partial(self._give_up, visitor))
            found = yield car.wake
            if found is None:
                visitor.outcome = "empty"
                world.tally.left_empty += 1
                world.log(L_EMPTY, car.number)
                return
        block, box = found
        yield from self.roads.drive(car, int(world.plan.block_place[block]))
        yield self.yard.ask(block, C_DELIVER, [box], car)
        visitor.outcome = "served"

    def _give_up(self, visitor: Visitor, _: simpy.Event) -> None:
        if visitor in self.wanting:
            self.wanting.remove(visitor)
            visitor.car.wake.succeed(None)

    def _import_box(self, car: Vehicle) -> tuple[int, int] | None:
        """An import box drawn from the blocks whose lanes are open, as (block, box): the customer's choice."""
        world = self.world
        ready = [
            (b, block.imports) for b, block in enumerate(world.stock.blocks) if block.imports and world.open(b, ROAD)
        ]
        if not ready:
            return None
        which = car.stream.index(sum(len(boxes) for _, boxes in ready))
        for block, boxes in ready:
            if which < len(boxes):
                world.sides[block].work += 1
                return block, draw_out(boxes, car.stream)
            which -= len(boxes)
        raise AssertionError("the draw lies within the boxes counted")

    def _box_stored(self, owner: int | None) -> None:
        if owner == -1:
            self.hand_soon()

    def hand_soon(self) -> None:
        """Import boxes may have become ready for waiting trucks."""
        self.handing = True
        self.world.mark()

    def _hand_out(self) -> None:
        """Give import boxes to trucks that wait for one, first come first served."""
        while self.wanting:
            found = self._import_box(self.wanting[0].car)
            if found is None:
                return
            self.wanting.popleft().car.wake.succeed(found)

    # without a road model

    def generate(self, midnight_us: int, bookings: Bookings | None) -> Process:
        """Trucks by the hourly profile, or as they have booked."""
        world, plan = self.world, self.world.plan
        scale, hours = plan.truck_scale, plan.hours
        stream = Stream(world.seed, ARRIVALS, 0)
        table = plan.tables["second"]
        number, at_us = 0, 0
        if not scale or not any(hours):
            return
        while bookings is None or number < len(bookings.times_us):
            if bookings is not None:
                at_us = bookings.times_us[number]
            else:
                at_us = next_arrival(at_us, stream.duration(table) / US, midnight_us, scale, hours)
            yield world.spend(ARRIVAL, 0, max(0, at_us - world.now))
            number += 1
            self.arrive([(world.now, f"T{number:05d}", -1)])
