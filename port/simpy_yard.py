"""Gantries as SimPy processes: one line of trucks a block, from the quay and from the road alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
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
    L_RELEASED,
    L_RETRIEVE,
    L_STORE,
    RELEASE,
)
from port.simpy_roads import Roads
from port.simpy_stays import Stays
from port.simpy_world import Process, World
from port.state import Gantry, Vehicle
from twin.clock import to_us

ENDED = {C_RETRIEVE: L_RETRIEVE, C_STORE: L_STORE, C_RECEIVE: L_RECEIVE, C_DELIVER: L_DELIVER}


@dataclass
class YardSide:
    """Serves trucks in order of arrival, box by box. `stored` is told of every box that has come into stock."""

    world: World
    roads: Roads
    stays: Stays
    stored: list[Callable[[int | None], None]] = field(default_factory=list)
    freed: list[Callable[[], None]] = field(default_factory=list)
    due: set[int] = field(default_factory=set)
    until_us: int = 0

    def __post_init__(self) -> None:
        plan = self.world.plan
        self.table = plan.tables["gantry"]
        self.rehandle_us = to_us(plan.terminal.gantry.rehandle)
        self.retry_us = to_us(plan.terminal.gantry.retry_time)
        self.retries = plan.yard_retries().tolist()
        self.instant = plan.terminal.gantry.meeting == "instant"
        starts = plan.gantry_start.tolist()
        self.of_block = [self.world.gantries[a:b] for a, b in pairwise(starts)]

    def ask(self, block: int, cycle: int, boxes: list[int], car: Vehicle, owner: int | None = None) -> simpy.Event:
        """A truck stands in the block's lane; the event comes when all these boxes have changed hands.

        owner : for whom a box is that a road truck delivers (see `Stock.allot`); of discharged boxes `owners` says it.
        """
        car.there, car.wake = True, self.world.env.event()
        self._join(block, cycle, boxes, car, owner)
        return car.wake

    def ask_ahead(self, block: int, boxes: list[int], car: Vehicle) -> None:
        """A truck sets out for boxes; the gantry may begin to fetch them (`meeting: instant`)."""
        car.there = False
        self._join(block, C_RETRIEVE, boxes, car, None)

    def meet(self, block: int, car: Vehicle) -> simpy.Event:
        """A truck that has asked ahead is there; the event comes when it has its boxes."""
        car.there, car.wake = True, self.world.env.event()
        for gantry in self.of_block[block]:
            if gantry.held and gantry.serving is car:
                self._end(gantry)
                break
        return car.wake

    def _join(self, block: int, cycle: int, boxes: list[int], car: Vehicle, owner: int | None) -> None:
        world = self.world
        car.cycle, car.asked, car.owner, car.asked_us = cycle, list(boxes), owner, world.now
        world.sides[block].line.append(car)
        world.log(L_AT_BLOCK, car.number, block, cycle)
        self.look(block)

    def _go_on(self, block: int, car: Vehicle) -> None:
        """A box of a truck has been handled: its next one comes first, or it may go."""
        world = self.world
        if car.asked:
            car.asked_us = world.now
            world.sides[block].line.appendleft(car)
            world.log(L_AT_BLOCK, car.number, block, car.cycle)
        else:
            self.roads.done_at(int(world.plan.block_place[block]))
            car.wake.succeed()

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
        gantry.cycle, gantry.owner = car.cycle, car.owner
        side.waited_us += world.now - car.asked_us
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
        if self.instant and gantry.cycle in (C_STORE, C_RECEIVE):
            self._go_on(gantry.block, car)

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

    def release_later(self, pending: Mapping[int, tuple[int, int]], until_us: int) -> None:
        """Let trucks collect imports from their time on. What is released after the run is not looked at."""
        world, self.until_us = self.world, until_us
        for box, (_, release_us) in pending.items():
            if release_us < until_us:
                due = world.spend(RELEASE, box, release_us - world.now)
                due.callbacks.append(partial(self._release, box))

    def _release(self, box: int, _: simpy.Event) -> None:
        block, _us = self.world.stock.pending.pop(box)
        self.world.log(L_RELEASED, box, block)
        self.world.stock.allot(box, block, -1)
        for listener in self.stored:
            listener(-1)

    def _end(self, gantry: Gantry) -> None:
        world, side, car, box = self.world, self.world.sides[gantry.block], gantry.serving, gantry.box
        assert car is not None
        assert box is not None
        takes = gantry.cycle in (C_RETRIEVE, C_DELIVER)
        gantry.held = takes and not car.there
        if gantry.held:
            return
        gantry.busy, gantry.serving, gantry.box = False, None, None
        gantry.busy_us += world.now - gantry.begun_us
        gantry.moves += 1
        side.work -= 1
        world.log(ENDED[gantry.cycle], gantry.number, box, car.number)
        block = world.stock.blocks[gantry.block]
        if not takes:
            block.reserved -= 1
            block.store(box)
            owner = world.owners.pop(box, -1) if gantry.cycle == C_STORE else gantry.owner
            if owner == -1 and world.plan.stays is not None:
                release_us = world.now + self.stays.import_us(box)
                world.stock.pending[box] = (gantry.block, release_us)
                self.release_later({box: (gantry.block, release_us)}, self.until_us)
                owner = None
            world.stock.allot(box, gantry.block, owner)
            for listener in self.stored:
                listener(owner)
        else:
            car.boxes.append(box)
            if gantry.cycle == C_DELIVER:
                world.tally.collected += 1
            for told in self.freed:
                told()
        if takes or not self.instant:
            self._go_on(gantry.block, car)
        self.look(gantry.block)
