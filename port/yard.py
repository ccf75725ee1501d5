"""The yard: real stacks, so that a box at the bottom costs the moves that it really costs, and who may have which box.

A bay keeps `tiers − 1` places free, so that every box in it can always be dug out within the bay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from port.draws import Stream
from port.terminal import BlockSpec, Yard


@dataclass
class Block:
    """Stacks of box numbers, the top last. Stack s stands in bay s // rows.

    held      boxes in the stacks
    reserved  places promised to boxes that are on their way
    imports   boxes that road trucks may collect; exports[vessel] those that a vessel will load
    """

    bays: int
    rows: int
    tiers: int
    stacks: list[list[int]] = field(default_factory=list)
    bay_count: list[int] = field(default_factory=list)
    stack_of: dict[int, int] = field(default_factory=dict)
    reserved: int = 0
    imports: list[int] = field(default_factory=list)
    exports: dict[int, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stacks = [[] for _ in range(self.bays * self.rows)]
        self.bay_count = [0] * self.bays
        self.bay_limit = self.rows * self.tiers - (self.tiers - 1)

    @property
    def capacity(self) -> int:
        """Boxes that can be stored: bays × (rows × tiers − (tiers − 1))."""
        return self.bays * self.bay_limit

    @property
    def held(self) -> int:
        return len(self.stack_of)

    @property
    def room(self) -> int:
        return self.capacity - self.held - self.reserved

    def store(self, box: int) -> None:
        """Put a box on the lowest stack of the emptiest bay (the first of equals). ValueError when it is full."""
        bay = min(range(self.bays), key=self.bay_count.__getitem__)
        if self.bay_count[bay] >= self.bay_limit:
            raise ValueError("the block is full")
        self._drop(box, min(range(bay * self.rows, (bay + 1) * self.rows), key=lambda s: len(self.stacks[s])))

    def store_at_random(self, box: int, stream: Stream) -> None:
        """Put a box on a drawn stack with room in a drawn bay with room; for the stock at the start."""
        while True:
            stack = stream.index(len(self.stacks))
            if len(self.stacks[stack]) < self.tiers and self.bay_count[stack // self.rows] < self.bay_limit:
                self._drop(box, stack)
                return

    def take(self, box: int) -> int:
        """Remove a box; gives the number of boxes that had to be moved off it.

        Each goes to the lowest other stack of the bay (the first of equals): "levelling", the rule behind the
        expected values of Kim (1997), Computers & Industrial Engineering 32(4), 701–711.
        """
        stack = self.stack_of[box]
        bay = stack // self.rows
        pile, moved = self.stacks[stack], 0
        others = [s for s in range(bay * self.rows, (bay + 1) * self.rows) if s != stack]
        while pile[-1] != box:
            blocker = pile.pop()
            onto = min(others, key=lambda s: len(self.stacks[s]))
            self.stacks[onto].append(blocker)
            self.stack_of[blocker] = onto
            moved += 1
        pile.pop()
        del self.stack_of[box]
        self.bay_count[bay] -= 1
        return moved

    def _drop(self, box: int, stack: int) -> None:
        self.stacks[stack].append(box)
        self.stack_of[box] = stack
        self.bay_count[stack // self.rows] += 1


@dataclass
class Stock:
    """All blocks together, and how many places are promised to boxes that have no block yet.

    pending : imports in the stacks that no truck may collect yet: box -> (block, when it is released, µs); in a state
    read from the compiled loop they are left out
    """

    blocks: list[Block]
    promised: int = 0
    boxes_made: int = 0
    pending: dict[int, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def at_start(
        cls,
        specs: Sequence[BlockSpec],
        yard: Yard,
        wanted: Sequence[int],
        stream: Stream,
        rest_us: Callable[[int], int] = lambda _: 0,
    ) -> Stock:
        """Fill the blocks, then deal out which boxes are for which vessel (`wanted[k]` boxes of call k) and for trucks.

        rest_us(box) : how long it takes until an import may be collected. The boxes of nobody stay where they are (for
        later ships); they are what one digs through.
        """
        stock = cls([Block(s.bays, s.rows, s.tiers) for s in specs])
        home: list[int] = []
        for number, block in enumerate(stock.blocks):
            for _ in range(int(block.capacity * yard.fill)):
                block.store_at_random(stock.new_box(), stream)
                home.append(number)
        boxes = list(range(len(home)))
        imports = int(len(home) * yard.imports)
        dealt = 0
        for vessel, count in [*enumerate(wanted), (-1, imports)]:
            for _ in range(min(count, len(boxes) - dealt)):
                swap = dealt + stream.index(len(boxes) - dealt)
                boxes[dealt], boxes[swap] = boxes[swap], boxes[dealt]
                box = boxes[dealt]
                rest = rest_us(box) if vessel < 0 else 0
                if rest > 0:
                    stock.pending[box] = (home[box], rest)
                else:
                    stock.allot(box, home[box], vessel)
                dealt += 1
        return stock

    def new_box(self) -> int:
        self.boxes_made += 1
        return self.boxes_made - 1

    def allot(self, box: int, block: int, vessel: int | None) -> None:
        """Say for whom a stored box is: a call's number, −1 for road trucks, None for nobody yet."""
        if vessel is None:
            return
        place = self.blocks[block]
        (place.imports if vessel < 0 else place.exports.setdefault(vessel, [])).append(box)

    @property
    def held(self) -> int:
        return sum(b.held for b in self.blocks)

    @property
    def room(self) -> int:
        """Places that nobody has been promised."""
        return sum(b.room for b in self.blocks) - self.promised

    def exports_of(self, vessel: int) -> int:
        """Boxes in the stacks that wait for a vessel."""
        return sum(len(b.exports.get(vessel, ())) for b in self.blocks)


def draw_out(boxes: list[int], stream: Stream) -> int:
    """Take one drawn box out of a list (its order is of no meaning)."""
    i = stream.index(len(boxes))
    boxes[i], boxes[-1] = boxes[-1], boxes[i]
    return boxes.pop()
