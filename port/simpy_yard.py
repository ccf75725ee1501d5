"""Gantries as SimPy processes: one line of trucks a block, from the quay and from the road alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import simpy

from port.simpy_world import Process, World, table_of
from port.state import DELIVER, RECEIVE, RETRIEVE, STORE, Gantry, Request, Truck, Visitor
from twin.clock import to_us


@dataclass
class YardSide:
    """Serves requests in order of arrival. `stored` and `freed` are told after a box came into stock or left it."""

    world: World
    stored: list[Callable[[int | None], None]] = field(default_factory=list)
    freed: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.table = table_of(self.world.terminal.gantry.cycle)
        self.rehandle_us = to_us(self.world.terminal.gantry.rehandle)

    def ask(self, block: int, cycle: str, box: int, truck: Truck | Visitor, vessel: int | None = None) -> simpy.Event:
        """A truck stands in the block's lane; the event comes when its box has changed hands."""
        side = self.world.sides[block]
        request = Request(cycle, box, truck, self.world.env.event(), vessel)
        side.line.append(request)
        side.called.fire()
        return request.done

    def life(self, gantry: Gantry) -> Process:
        """For ever: wait for a truck, dig or stack, hand over."""
        world, side = self.world, self.world.sides[gantry.block]
        while True:
            if gantry.stops:
                yield gantry.changed.wait()
            elif not side.line:
                yield side.called.wait()
            else:
                request = side.line.popleft()
                begun = world.now
                gantry.busy = True
                yield world.env.timeout(self._begin(gantry, request))
                gantry.busy = False
                gantry.busy_us += world.now - begun
                self._end(gantry, request)

    def _begin(self, gantry: Gantry, request: Request) -> int:
        """The box is on the spreader from here on; gives the time of the cycle in µs."""
        world = self.world
        duration = gantry.stream.duration(self.table)
        gantry.box = request.box
        if request.cycle in (RETRIEVE, DELIVER):
            moved = world.stock.blocks[gantry.block].take(request.box)
            world.tally.rehandles += moved
            return duration + moved * self.rehandle_us
        request.truck.box = None
        if request.cycle == RECEIVE:
            world.tally.delivered += 1
        return duration

    def _end(self, gantry: Gantry, request: Request) -> None:
        world = self.world
        gantry.box = None
        gantry.moves += 1
        world.sides[gantry.block].work -= 1
        world.trace.append((world.now, gantry.id, request.cycle, request.box, request.truck.id))
        block = world.stock.blocks[gantry.block]
        if request.cycle in (STORE, RECEIVE):
            block.reserved -= 1
            block.store(request.box)
            world.stock.allot(request.box, gantry.block, request.vessel)
            request.done.succeed()
            for listener in self.stored:
                listener(request.vessel)
            return
        request.truck.box = request.box
        if request.cycle == DELIVER:
            world.tally.collected += 1
        request.done.succeed()
        for told in self.freed:
            told()
