"""Moves in a bay, compiled: rules of thumb, a lower bound, and a depth-first search that deepens until it succeeds.

A bay is boxes (stacks, tiers) with 0 for air, and heights (stacks,). The next box to leave is `target`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

COMPILED: dict[str, Any] = {"cache": True, "nogil": True}
LOWEST, LEVELLED, MIN_MAX = range(3)
"""Rules: the lowest stack; the lowest but never on a box that leaves earlier if that can be helped; min-max."""
UNKNOWN = -1


@njit(**COMPILED)
def earliest(boxes, heights, stack, nothing):
    """When the first box of a stack leaves; `nothing` for an empty one."""
    first = nothing
    for t in range(heights[stack]):
        first = min(first, boxes[stack, t])
    return first


@njit(**COMPILED)
def find(boxes, heights, target):
    """The stack in which a box stands."""
    for s in range(heights.size):
        for t in range(heights[s]):
            if boxes[s, t] == target:
                return s
    return UNKNOWN


@njit(**COMPILED)
def choose(boxes, heights, source, box, rule, nothing):
    """The stack to which a rule moves `box` from the top of `source`; UNKNOWN when all others are full.

    MIN_MAX (Caserta, Schwarze & Voß 2012): of the stacks whose first box leaves after this one, the one where it leaves
    soonest; if there is none, the stack whose first box leaves last.
    """
    best, best_a, best_b = UNKNOWN, 0, 0
    for s in range(heights.size):
        if s == source or heights[s] >= boxes.shape[1]:
            continue
        first = earliest(boxes, heights, s, nothing)
        blocks = first < box
        if rule == MIN_MAX:
            a, b = (1, -first) if blocks else (0, first)
        elif rule == LEVELLED:
            a, b = (1 if blocks else 0), heights[s]
        else:
            a, b = 0, heights[s]
        if best == UNKNOWN or a < best_a or (a == best_a and b < best_b):
            best, best_a, best_b = s, a, b
    return best


@njit(**COMPILED)
def run_rule(boxes, heights, rule):
    """Empty the bay by a rule; gives the number of moves, UNKNOWN if it ran out of room. Changes its arguments."""
    total = heights.sum()
    moves = 0
    for target in range(1, total + 1):
        source = find(boxes, heights, target)
        while boxes[source, heights[source] - 1] != target:
            box = boxes[source, heights[source] - 1]
            to = choose(boxes, heights, source, box, rule, total + 1)
            if to == UNKNOWN:
                return UNKNOWN
            heights[source] -= 1
            boxes[source, heights[source]] = 0
            boxes[to, heights[to]] = box
            heights[to] += 1
            moves += 1
        heights[source] -= 1
        boxes[source, heights[source]] = 0
    return moves


@njit(**COMPILED)
def bound(boxes, heights, target, total, left, firsts):
    """A number of moves below which no way exists: the boxes that stand on one that leaves earlier move at least once,
    and of those on the next ones to leave, each that would block in every other stack moves at least twice
    (Zhu, Qin, Lim & Zhang 2012, "Iterative deepening A* algorithms for the container relocation problem", IEEE
    Transactions on Automation Science and Engineering 9(4), 710–722: their third bound). left, firsts: room (stacks,).
    """
    stacks = heights.size
    need = 0
    for s in range(stacks):
        left[s] = heights[s]
        first = total + 1
        for t in range(heights[s]):
            if boxes[s, t] > first:
                need += 1
            first = min(first, boxes[s, t])
        firsts[s] = first
    for goal in range(target, total + 1):
        source, level = UNKNOWN, 0
        for s in range(stacks):
            for t in range(left[s]):
                if boxes[s, t] == goal:
                    source, level = s, t
        if source == UNKNOWN:
            continue
        best = 0
        for s in range(stacks):
            if s != source:
                best = max(best, firsts[s])
        for t in range(level + 1, left[source]):
            if boxes[source, t] > best:
                need += 1
        left[source] = level
        first = total + 1
        for t in range(level):
            first = min(first, boxes[source, t])
        firsts[source] = first
    return need


@njit(**COMPILED)
def _clear(boxes, heights, target, total, gone):
    """Let all boxes leave that can without a move; the next target. `gone[k]` is the stack from which box k left."""
    while target <= total:
        source = find(boxes, heights, target)
        if boxes[source, heights[source] - 1] != target:
            break
        heights[source] -= 1
        boxes[source, heights[source]] = 0
        gone[target] = source
        target += 1
    return target


@njit(**COMPILED)
def search(boxes, heights, budget, most_nodes, path):
    """Whether the bay can be emptied in `budget` moves: 1 yes, 0 no, UNKNOWN when `most_nodes` were not enough.

    path (budget, 2) := the moves (from, to). Depth first; a level keeps the box moved, its stacks, and the target
    before, so that it can be taken back. Of several empty stacks only the first is tried.
    """
    total = heights.sum()
    gone = np.zeros(total + 2, np.int64)
    left, firsts = np.zeros(heights.size, np.int64), np.zeros(heights.size, np.int64)
    targets = np.zeros(budget + 2, np.int64)
    tried = np.zeros(budget + 2, np.int64)
    depth, nodes = 0, 0
    targets[0] = _clear(boxes, heights, 1, total, gone)
    if targets[0] > total:
        return 1
    tried[0] = 0
    if bound(boxes, heights, targets[0], total, left, firsts) > budget:
        return 0
    while depth >= 0:
        target = targets[depth]
        source = find(boxes, heights, target)
        moved = False
        while tried[depth] < heights.size and not moved:
            to = tried[depth]
            tried[depth] += 1
            if to == source or heights[to] >= boxes.shape[1]:
                continue
            if heights[to] == 0:
                earlier = False
                for s in range(to):
                    earlier = earlier or (heights[s] == 0 and s != source)
                if earlier:
                    continue
            nodes += 1
            if nodes > most_nodes:
                return UNKNOWN
            heights[source] -= 1
            box = boxes[source, heights[source]]
            boxes[source, heights[source]] = 0
            boxes[to, heights[to]] = box
            heights[to] += 1
            path[depth, 0], path[depth, 1] = source, to
            following = _clear(boxes, heights, target, total, gone)
            if following > total:
                return 1
            if depth + 1 + bound(boxes, heights, following, total, left, firsts) <= budget:
                depth += 1
                targets[depth], tried[depth] = following, 0
                moved = True
            else:
                _restore(boxes, heights, target, following, gone)
                _back(boxes, heights, source, to)
        if not moved:
            depth -= 1
            if depth >= 0:
                _restore(boxes, heights, targets[depth], targets[depth + 1], gone)
                _back(boxes, heights, path[depth, 0], path[depth, 1])
    return 0


@njit(**COMPILED)
def _restore(boxes, heights, target, following, gone):
    """Put the boxes back that left between two targets."""
    for box in range(following - 1, target - 1, -1):
        s = gone[box]
        boxes[s, heights[s]] = box
        heights[s] += 1


@njit(**COMPILED)
def _back(boxes, heights, source, to):
    """Take a move back."""
    heights[to] -= 1
    box = boxes[to, heights[to]]
    boxes[to, heights[to]] = 0
    boxes[source, heights[source]] = box
    heights[source] += 1
