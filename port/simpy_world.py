"""The stage on which the SimPy processes play: state, the log, and time in the order that `port.codes` states."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import simpy

from port.codes import DETAIL, RANK_BITS, SETTLE
from port.plan import Plan
from port.state import BlockSide, Crane, Gantry, Tally, Truck, Vehicle, Vessel, Visitor
from port.terminal import Terminal
from port.ways import Ways
from port.yard import Stock

Process = Generator[simpy.Event, Any, None]
Row = tuple[int, int, int, int, int]


class Due(simpy.Event):
    """An event at a time, ranked among those of its instant by class and entity instead of by insertion."""

    def __init__(self, env: simpy.Environment, delay_us: int, rank: int) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        env.schedule(self, rank, delay_us)  # type: ignore[arg-type]


@dataclass
class World:
    """Shared by all processes of one terminal.

    speeds   [mode][lane], m/s; 0 where nobody of this mode moves
    settlers what is done in a settling pass, in this order
    owners   for whom discharged boxes are that are not in the stacks yet (see `Stock.allot`)
    """

    env: simpy.Environment
    plan: Plan
    seed: int
    stock: Stock
    ways: Ways
    level: int
    speeds: list[list[float]] = field(default_factory=list)
    sides: list[BlockSide] = field(default_factory=list)
    cranes: list[Crane] = field(default_factory=list)
    gantries: list[Gantry] = field(default_factory=list)
    trucks: list[Truck] = field(default_factory=list)
    vessels: list[Vessel] = field(default_factory=list)
    visitors: list[Visitor] = field(default_factory=list)
    vehicles: list[Vehicle] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    lane_load: list[int] = field(default_factory=list)
    owners: dict[int, int | None] = field(default_factory=dict)
    settlers: list[Callable[[], None]] = field(default_factory=list)
    settling: bool = False

    @property
    def terminal(self) -> Terminal:
        return self.plan.terminal

    @property
    def now(self) -> int:
        return int(self.env.now)

    def log(self, code: int, entity: int, a: int = 0, b: int = 0) -> None:
        """A row of the event log."""
        if self.level == 2 or (self.level == 1 and code not in DETAIL):
            self.rows.append((self.now, code, entity, a, b))

    def spend(self, kind: int, entity: int, duration_us: int) -> Due:
        """Wait for a timed event of a class and entity."""
        return Due(self.env, duration_us, (kind << RANK_BITS) + entity)

    def mark(self) -> None:
        """Something has changed: settle when nothing else is due at this instant."""
        if not self.settling:
            self.settling = True
            due = Due(self.env, 0, SETTLE << RANK_BITS)
            due.callbacks.append(self._settle)

    def _settle(self, _: simpy.Event) -> None:
        """One pass. What it changes itself it also looks at, so only what it wakes can make another one due."""
        for settle in self.settlers:
            settle()
        self.settling = False

    def first_ship(self, after_us: int, but: int = -1) -> int | None:
        """The ship that one more box is for, which it then has: of those that lack boxes the first that is there
        already, or else that comes after a time. None when no call of the run is left.

        but : a call that does not count.
        """
        for vessel in sorted(self.vessels, key=lambda v: (v.at_us, v.number)):
            if vessel.expected > 0 and vessel.number != but and not self.now < vessel.at_us < after_us:
                vessel.expected -= 1
                return vessel.number
        return None

    def open(self, block: int, kind: int = 0) -> bool:
        """Whether trucks of a kind can drive in a block's lane."""
        return bool(self.ways.open_block[kind, block])

    def time_us(self, kind: int, a: int, b: int) -> int:
        """Drive between two places at posted limits."""
        return int(self.ways.time_us[kind, a, b])

    def cost_us(self, block: int, kind: int, place: int) -> int:
        """How long until a block would have handled one more box from a place: the drive and the work before it."""
        plan, side = self.plan, self.sides[block]
        drive = self.time_us(kind, place, int(plan.block_place[block]))
        return drive + side.work * plan.work_us // side.gantries

    def place_for(self, car: Vehicle, count: int) -> tuple[int, int]:
        """Give boxes a block and turn promised places there into reserved ones: (block, how many).

        The block that would be done first, of those with an open lane and room for all boxes, or else for one; when
        no lane is open, the one that has least to do. The caller has been promised its places, so there is one.
        """
        blocks = self.stock.blocks
        with_room = [b for b, block in enumerate(blocks) if block.room >= count]
        if not with_room:
            count = 1
            with_room = [b for b, block in enumerate(blocks) if block.room >= 1]
        reachable = [b for b in with_room if self.open(b, car.kind)]
        if self.terminal.yard.choice == "random":
            candidates = reachable or with_room
            block = candidates[car.stream.index(len(candidates))]
        elif reachable:
            block = min(reachable, key=lambda b: self.cost_us(b, car.kind, car.place))
        else:
            block = min(with_room, key=lambda b: self.sides[b].work)
        self.stock.promised -= count
        self.stock.blocks[block].reserved += count
        self.sides[block].work += count
        return block, count
