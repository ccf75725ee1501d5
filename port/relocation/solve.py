"""The number of moves that a bay needs: by a rule, or the least that is possible, with the moves and a proof."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from port.relocation.bay import Bay

RULES = {"lowest": 0, "levelled": 1, "min_max": 2}


@dataclass(frozen=True)
class Answer:
    """moves : number of relocations; path : (from, to) stacks from 0; proven : no way with fewer exists."""

    moves: int
    path: tuple[tuple[int, int], ...]
    proven: bool


def by_rule(bay: Bay, rule: str = "min_max") -> int:
    """Moves of a rule (`lowest`, `levelled`, `min_max`). Raises `ValueError` for another name or without room."""
    from port.relocation.kernels import UNKNOWN, run_rule

    if rule not in RULES:
        raise ValueError(f"there is no rule '{rule}': {', '.join(RULES)}")
    moves = int(run_rule(bay.boxes.copy(), bay.heights, RULES[rule]))
    if moves == UNKNOWN:
        raise ValueError(f"the rule '{rule}' runs out of room in this bay")
    return moves


def exact(bay: Bay, most_nodes: int = 20_000_000) -> Answer:
    """The least number of moves, by search from the lower bound upwards.

    When `most_nodes` positions were looked at in vain, the best rule's number is given, not proven and without moves.
    """
    from port.relocation.kernels import bound, search

    heights, total = bay.heights, bay.count
    room = np.zeros(heights.size, np.int64)
    least = int(bound(bay.boxes, heights, 1, total, room, room.copy())) if total else 0
    while True:
        path = np.zeros((least + 1, 2), dtype=np.int64)
        found = search(bay.boxes.copy(), bay.heights, least, most_nodes, path)
        if found == 1:
            return Answer(least, tuple((int(a), int(b)) for a, b in path[:least]), True)
        if found != 0:
            return Answer(min(by_rule(bay, rule) for rule in RULES), (), False)
        least += 1


def replay(bay: Bay, path: tuple[tuple[int, int], ...]) -> bool:
    """Whether the moves empty the bay by its rules: only boxes above the next one move, no stack above the limit."""
    stacks = [[int(b) for b in row[row > 0]] for row in bay.boxes]
    moves = list(path)
    for target in range(1, bay.count + 1):
        source = next(k for k, stack in enumerate(stacks) if target in stack)
        while stacks[source][-1] != target:
            if not moves or moves[0][0] != source or len(stacks[moves[0][1]]) >= bay.boxes.shape[1]:
                return False
            stacks[moves.pop(0)[1]].append(stacks[source].pop())
        stacks[source].pop()
    return not moves
