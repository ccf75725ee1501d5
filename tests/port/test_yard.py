"""Stacks: nothing lost, nothing too high, everything can be dug out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from port.draws import Stream
from port.terminal import BlockSpec, Yard
from port.yard import Block, Stock


def heights_are_sound(block: Block) -> bool:
    piles = [len(s) for s in block.stacks]
    bays = [sum(piles[b * block.rows : (b + 1) * block.rows]) for b in range(block.bays)]
    placed = all(box in block.stacks[s] for box, s in block.stack_of.items())
    return max(piles) <= block.tiers and bays == block.bay_count and placed and sum(piles) == block.held


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 4), st.integers(2, 6), st.integers(1, 5), st.integers(0, 2**32), st.lists(st.booleans(), max_size=80)
)
def test_any_box_of_a_full_block_can_be_dug_out(bays, rows, tiers, seed, stores):
    """Storing and taking at random keeps every stack within its tiers, also in a block that is full."""
    block, stream = Block(bays, rows, tiers), Stream(seed, 1, 1)
    for box in range(block.capacity):
        block.store_at_random(box, stream)
    assert block.room == 0
    number = block.capacity
    for store in stores:
        if store and block.room > 0:
            block.store(number)
            number += 1
        elif block.held:
            box = sorted(block.stack_of)[stream.index(block.held)]
            moved = block.take(box)
            assert 0 <= moved < tiers
            assert box not in block.stack_of
        assert heights_are_sound(block)


def test_a_full_block_refuses_one_more():
    block = Block(1, 2, 3)
    for box in range(block.capacity):
        block.store(box)
    with pytest.raises(ValueError, match="full"):
        block.store(99)


def test_taking_the_bottom_box_moves_all_above_it():
    block = Block(1, 4, 4)
    for box in range(4):
        block._drop(box, 0)
    assert block.take(0) == 3
    assert sorted(len(s) for s in block.stacks) == [0, 1, 1, 1]


def test_the_starting_stock_is_dealt_out_without_doubles():
    specs = [BlockSpec(id="A", lane="a", bays=10), BlockSpec(id="B", lane="b", bays=10)]
    stock = Stock.at_start(specs, Yard(fill=0.5, imports=0.25, exports_in_yard=1.0), [30, 20], Stream(1, 1, 1))
    dealt = [box for b in stock.blocks for boxes in (b.imports, *b.exports.values()) for box in boxes]
    assert len(dealt) == len(set(dealt)) == 50 + int(stock.held * 0.25)
    assert [stock.exports_of(k) for k in (0, 1)] == [30, 20]
    assert all(box in stock.blocks[k].stack_of for k in (0, 1) for box in stock.blocks[k].imports)
