"""A bay of stacked boxes that leave in a known order, and the file format in which such bays are published.

The block relocation problem, restricted: only boxes above the next one to leave may be moved (Caserta, Schwarze & Voß
2012, "A mathematical formulation and complexity considerations for the blocks relocation problem", European Journal of
Operational Research 219, 96–104).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Bay:
    """boxes (stacks, tiers): when each box leaves, from 1, bottom to top; 0 is air. `tiers` is the height limit."""

    boxes: IntArray

    @property
    def heights(self) -> IntArray:
        """(stacks,) number of boxes in each stack."""
        return np.count_nonzero(self.boxes, axis=1).astype(np.int64)

    @property
    def count(self) -> int:
        return int(np.count_nonzero(self.boxes))


def make_bay(stacks: list[list[int]], limit: int) -> Bay:
    """A bay from its stacks, bottom to top, of at most `limit` tiers.

    Raises `ValueError`: a stack above the limit, boxes that do not leave as 1, 2, …, or too little room to move any.
    """
    boxes = np.zeros((len(stacks), limit), dtype=np.int64)
    for k, stack in enumerate(stacks):
        if len(stack) > limit:
            raise ValueError(f"stack {k + 1} has {len(stack)} boxes, more than the {limit} tiers allowed")
        boxes[k, : len(stack)] = stack
    order = sorted(int(b) for b in boxes[boxes > 0])
    if order != list(range(1, len(order) + 1)):
        raise ValueError(f"the boxes must leave as 1 to {len(order)}, each once")
    for k, stack in enumerate(stacks):
        free = sum(limit - len(other) for j, other in enumerate(stacks) if j != k)
        if stack and len(stack) - 1 - stack.index(min(stack)) > free:
            raise ValueError(f"the boxes on box {min(stack)} in stack {k + 1} have no room elsewhere")
    return Bay(boxes)


def read_bay(path: Path, spare: int = 2) -> Bay:
    """A `.dat` file: `stacks boxes`, then a line a stack: its height and its boxes, bottom to top.

    spare : tiers that the limit lies above the highest stack (Caserta et al. use 2).
    Raises `ValueError` with file and line.
    """
    lines = path.read_text().split("\n")
    try:
        count, total = (int(word) for word in lines[0].split())
    except ValueError:
        raise ValueError(f"{path.name}:1: '{lines[0][:40]}' is not the number of stacks and of boxes") from None
    stacks = []
    for number in range(2, count + 2):
        words = lines[number - 1].split() if number <= len(lines) else []
        if not words or not all(word.isdigit() for word in words) or len(words) != int(words[0]) + 1:
            raise ValueError(f"{path.name}:{number}: a stack needs its height and as many boxes")
        stacks.append([int(word) for word in words[1:]])
    if sum(map(len, stacks)) != total:
        raise ValueError(f"{path.name}: {sum(map(len, stacks))} boxes where its first line says {total}")
    try:
        return make_bay(stacks, max(map(len, stacks)) + spare)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error
