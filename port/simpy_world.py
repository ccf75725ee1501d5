"""The stage on which the SimPy processes play: state, the way between two spots, and a signal to wait for."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import simpy

from port.draws import quantiles
from port.network import Router, Site, Spot
from port.state import BlockSide, Crane, Gantry, Tally, TraceRow, Truck, Vessel, Visitor
from port.terminal import Spread, Terminal
from port.yard import Stock
from twin.clock import to_us

Process = Generator[simpy.Event, Any, None]
Tell = Callable[..., None]


class Signal:
    """Wakes everybody who waits, in the order of waiting."""

    __slots__ = ("env", "event")

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self.event: simpy.Event | None = None

    def wait(self) -> simpy.Event:
        if self.event is None:
            self.event = self.env.event()
        return self.event

    def fire(self) -> None:
        if self.event is not None:
            event, self.event = self.event, None
            event.succeed()


def table_of(spread: Spread) -> tuple[int, ...]:
    """The quantile table of a duration of the terminal's file."""
    return quantiles(spread.shape, spread.mean, spread.cv)


@dataclass
class World:
    """Shared by all processes of one terminal. Times are whole microseconds: SimPy's clock holds them exactly.

    tell(what, text, **data) writes to the journal at the present time.
    changed fires when lanes open or close, or speeds change.
    """

    env: simpy.Environment
    seed: int
    terminal: Terminal
    site: Site
    router: Router
    stock: Stock
    tell: Tell
    changed: Signal
    sides: list[BlockSide] = field(default_factory=list)
    cranes: list[Crane] = field(default_factory=list)
    gantries: list[Gantry] = field(default_factory=list)
    trucks: list[Truck] = field(default_factory=list)
    vessels: list[Vessel] = field(default_factory=list)
    visitors: list[Visitor] = field(default_factory=list)
    trace: list[TraceRow] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    pace: list[float] = field(default_factory=list)
    road_pace: list[float] = field(default_factory=list)
    lane_load: list[int] = field(default_factory=list)

    @property
    def now(self) -> int:
        return int(self.env.now)

    def open(self, block: int) -> bool:
        """Whether trucks can drive in a block's lane."""
        return self.site.block_spots[block][0] not in self.router.closed

    def cost_s(self, block: int, spot: Spot) -> float:
        """How long until a block would have handled one more box from a spot: the drive and the work before it."""
        side = self.sides[block]
        drive = self.router.seconds(spot, self.site.block_spots[block])
        return drive + side.work / side.gantries * self.terminal.gantry.cycle.mean

    def place_for(self, spot: Spot) -> int:
        """Give a box a block and turn a promised place there into a reserved one.

        The block that would be done first, of those with room and an open lane; when no lane is open, the one that
        has least to do. The caller has been promised a place, so there is one.
        """
        with_room = [b for b, block in enumerate(self.stock.blocks) if block.room > 0]
        reachable = [b for b in with_room if self.open(b)]
        if reachable:
            block = min(reachable, key=lambda b: self.cost_s(b, spot))
        else:
            block = min(with_room, key=lambda b: self.sides[b].work)
        self.stock.promised -= 1
        self.stock.blocks[block].reserved += 1
        self.sides[block].work += 1
        return block

    def drive(self, truck: Truck | Visitor, goal: Spot) -> Process:
        """Lane by lane to a spot, round closed lanes; waits where there is no way or the truck is broken.

        Speed is that of the moment at which a lane is entered. Trucks do not hinder each other.
        """
        turn_us = to_us(self.terminal.fleet.turn_time)
        spread = self.terminal.fleet.travel_spread
        factor = 1.0 + spread * (2.0 * truck.stream.uniform() - 1.0)
        while truck.spot != goal:
            way = self.router.way(truck.spot, goal)
            if way is None:
                yield self.changed.wait()
                continue
            version = self.router.version
            for step in way:
                while truck.stops:
                    assert isinstance(truck, Truck)
                    yield truck.changed.wait()
                if self.router.version != version:
                    break
                pace = truck.pace[step.lane]
                if pace == 0.0:
                    yield self.changed.wait()
                    break
                self.lane_load[step.lane] += 1
                yield self.env.timeout(int(step.length_m * pace * factor) + (turn_us if step.turn else 0))
                self.lane_load[step.lane] -= 1
                truck.spot = step.end
                if isinstance(truck, Truck):
                    if truck.box is None:
                        truck.empty_m += step.length_m
                    else:
                        truck.loaded_m += step.length_m
