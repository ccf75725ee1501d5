"""Gantries as SimPy processes: one line of trucks a block, from the quay and from the road alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import simpy

from port.codes import (
    C_DELIVER,
    C_RECEIVE,
    C_RETRIEVE,
    C_STORE,
    GANTRY,
    L_AT_BLOCK,
    L_DELIVER,
    L_GANTRY,
    L_RECEIVE,
    L_RETRIEVE,
    L_STORE,
)
from port.simpy_roads import Roads
from port.simpy_world import Process, World
from port.state import Gantry, Vehicle
from twin.clock import to_us

ENDED = {C_RETRIEVE: L_RETRIEVE, C_STORE: L_STORE, C_RECEIVE: L_RECEIVE, C_DELIVER: L_DELIVER}


@dataclass
class YardSide:
    """Serves trucks in order of arrival, box by box. `stored` is told of every box that has come into stock."""

    world: World
    roads: Roads
    stored: list[Callable[[int | None], None]] = field(default_factory=list)
    freed: list[Callable[[], None]] = field(default_factory=list)
    due: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        plan = self.world.plan
        self.table = plan.tables["gantry"]
        self.rehandle_us = to_us(plan.terminal.gantry.rehandle)
        self.retry_us = to_us(plan.terminal.gantry.retry_time)
        self.retries = plan.yard_retries().tolist()
        starts = plan.gantry_start.tolist()
        self.of_block = [self.world.gantries[a:b] for a, b in pairwise(starts)]

    def ask(self, block: int, cycle: int, boxes: list[int], car: Vehicle, owner: int | None = None) -> simpy.Event:
        """A truck stands in the block's lane; the event comes when all these boxes have changed hands.

        owner : for whom boxes are that go into stock (see `Stock.allot`).
        """
        world = self.world
        car.cycle, car.asked, car.owner = cycle, list(boxes), owner
        car.since_us, car.wake = world.now, world.env.event()
        world.sides[block].line.append(car)
        world.log(L_AT_BLOCK, car.number, block, cycle)
        self.look(block)
        return car.wake

    def look(self, block: int) -> None:
        """Something at a block has changed."""
        self.due.add(block)
        self.world.mark()

    def settle(self) -> None:
        """Give the first trucks of the lines to free gantries."""
        for block in sorted(self.due):
            line, gantries = self.world.sides[block].line, self.of_block[block]
            while line:
                free = next((g for g in gantries if not g.busy and not g.halted), None)
                if free is None or (self.world.terminal.roads.exclusion and self._excluded(line[0], gantries)):
                    break
                self._begin(free, line.popleft())
        self.due.clear()

    def _excluded(self, car: Vehicle, gantries: list[Gantry]) -> bool:
        return any(g.serving is not None and g.serving.kind != car.kind for g in gantries)

    def _begin(self, gantry: Gantry, car: Vehicle) -> None:
        """The box is on the spreader from here on."""
        world, side = self.world, self.world.sides[gantry.block]
        box = car.asked.pop(0)
        gantry.busy, gantry.serving, gantry.box, gantry.begun_us, gantry.dug = True, car, box, world.now, 0
        side.waited_us += world.now - car.since_us
        side.waits += 1
        if car.cycle in (C_RETRIEVE, C_DELIVER):
            gantry.dug = world.stock.blocks[gantry.block].take(box)
            world.tally.rehandles += gantry.dug
        else:
            car.boxes.remove(box)
            if car.cycle == C_RECEIVE:
                world.tally.delivered += 1
        world.log(L_GANTRY, gantry.number, box, gantry.dug)
        gantry.wake.succeed()

    def life(self, gantry: Gantry) -> Process:
        """For ever: wait for a truck, dig or stack, hand over."""
        world = self.world
        assert gantry.stream is not None
        while True:
            gantry.wake = world.env.event()
            yield gantry.wake
            duration = gantry.stream.duration(self.table) + gantry.dug * self.rehandle_us
            if self.retries[gantry.block] > 0.0:
                duration += self.retry_us * gantry.stream.attempts(self.retries[gantry.block])
            yield world.spend(GANTRY, gantry.number, duration)
            self._end(gantry)

    def _end(self, gantry: Gantry) -> None:
        world, side, car, box = self.world, self.world.sides[gantry.block], gantry.serving, gantry.box
        assert car is not None
        assert box is not None
        gantry.busy, gantry.serving, gantry.box = False, None, None
        gantry.busy_us += world.now - gantry.begun_us
        gantry.moves += 1
        side.work -= 1
        world.log(ENDED[car.cycle], gantry.number, box, car.number)
        block = world.stock.blocks[gantry.block]
        if car.cycle in (C_STORE, C_RECEIVE):
            block.reserved -= 1
            block.store(box)
            world.stock.allot(box, gantry.block, car.owner)
            for listener in self.stored:
                listener(car.owner)
        else:
            car.boxes.append(box)
            if car.cycle == C_DELIVER:
                world.tally.collected += 1
            for told in self.freed:
                told()
        if car.asked:
            car.since_us = world.now
            side.line.appendleft(car)
        else:
            self.roads.done_at(int(world.plan.block_place[gantry.block]))
            car.wake.succeed()
        self.look(gantry.block)
