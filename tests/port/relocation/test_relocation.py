"""Relocations: small bays by hand, an exhaustive search beside ours, every answer replayed, bad files named."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from port.relocation.bay import Bay, make_bay, read_bay
from port.relocation.solve import RULES, by_rule, exact, replay


@st.composite
def bays(draw: st.DrawFn) -> Bay:
    """Up to 8 boxes in 3 stacks, two tiers of room above the highest."""
    order = draw(st.permutations(range(1, draw(st.integers(1, 8)) + 1)))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), min_size=2, max_size=2)))
    stacks = [list(order[: cuts[0]]), list(order[cuts[0] : cuts[1]]), list(order[cuts[1] :])]
    return make_bay(stacks, max(map(len, stacks)) + 2)


def least_by_exhaustion(bay: Bay) -> int | None:
    """Breadth-first over all positions: slow, plain, and without any bound."""
    limit = bay.boxes.shape[1]

    def clear(stacks: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
        while any(stacks):
            target = min(b for s in stacks for b in s)
            if not any(s and s[-1] == target for s in stacks):
                break
            stacks = tuple(s[:-1] if s and s[-1] == target else s for s in stacks)
        return stacks

    start = clear(tuple(tuple(int(b) for b in row[row > 0]) for row in bay.boxes))
    seen, queue = {start}, deque([(start, 0)])
    while queue:
        stacks, moves = queue.popleft()
        if not any(stacks):
            return moves
        target = min(b for s in stacks for b in s)
        source = next(k for k, s in enumerate(stacks) if target in s)
        for to in range(len(stacks)):
            if to == source or len(stacks[to]) >= limit:
                continue
            after = list(stacks)
            after[to] = (*stacks[to], stacks[source][-1])
            after[source] = stacks[source][:-1]
            position = clear(tuple(after))
            if position not in seen:
                seen.add(position)
                queue.append((position, moves + 1))
    return None


@given(bays())
def test_the_exact_answer_is_that_of_an_exhaustive_search(bay: Bay) -> None:
    found = exact(bay)
    assert found.proven
    assert found.moves == least_by_exhaustion(bay)
    assert replay(bay, found.path)


@given(bays(), st.sampled_from(sorted(RULES)))
def test_no_rule_does_better_than_the_exact_answer(bay: Bay, rule: str) -> None:
    try:
        moves = by_rule(bay, rule)
    except ValueError:
        return  # the lowest stack may be a dead end in a tight bay
    assert moves >= exact(bay).moves


def test_a_bay_by_hand() -> None:
    """Box 1 lies under 3 and 2: both move; min-max puts 3 on the empty stack's side so that nothing moves twice."""
    bay = make_bay([[1, 3, 2], [4], []], 4)
    assert exact(bay).moves == 2
    assert by_rule(bay, "min_max") == 2


def test_a_sorted_bay_needs_no_move() -> None:
    assert exact(make_bay([[3, 2, 1], [6, 5, 4]], 5)).moves == 0


def test_a_search_that_runs_out_says_so() -> None:
    bay = make_bay([[1, 5, 9, 3], [2, 8, 4, 12], [6, 11, 7, 10]], 6)
    found = exact(bay, most_nodes=1)
    assert not found.proven
    assert found.moves == min(by_rule(bay, rule) for rule in RULES)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("three 9\n", "b.dat:1"),
        ("2 3\n2 1 2\n", "b.dat:3"),
        ("2 3\n2 1 x\n1 3\n", "b.dat:2"),
        ("2 4\n2 1 2\n1 3\n", "3 boxes where its first line says 4"),
        ("2 3\n2 1 1\n1 3\n", "each once"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "b.dat"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=word):
        read_bay(path)


def test_boxes_without_room_are_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        make_bay([[1, 2, 3], [4, 5, 6]], 3)


def test_an_unknown_rule_is_named() -> None:
    with pytest.raises(ValueError, match="no rule 'best'"):
        by_rule(make_bay([[1], [2]], 3), "best")
