"""Polylines over time: how a picture moves from spot to spot without a jump.

A key is (second, metres along the lane from its first point, metres to the right of the lane). Between keys everything
moves evenly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Key = tuple[float, float, float]
Spot = tuple[float, float]
FloatArray = NDArray[np.float64]

STEP_UP_MPS = 4.0
"""How fast the picture of a truck moves up in a line (about 15 km/h; the model has it there at once)."""


def shuffle(start: Key, targets: list[tuple[float, Spot]], end_s: float) -> list[Key]:
    """From a key to one target after the other, each from its own second on, no faster than `STEP_UP_MPS`."""
    keys = [start]
    since, at = start[0], (start[1], start[2])
    goal, arrives = at, since
    for second, target in [*targets, (end_s, at)]:
        second = min(max(second, since), end_s)
        if arrives <= second:
            at = goal
            if arrives > since:
                keys.append((arrives, *at))
        else:
            share = (second - since) / (arrives - since)
            at = (at[0] + share * (goal[0] - at[0]), at[1] + share * (goal[1] - at[1]))
        if second > keys[-1][0]:
            keys.append((second, *at))
        since, goal = second, target
        arrives = second + away_s(at, goal)
    return keys


def away_s(a: Spot, b: Spot) -> float:
    """Seconds from one spot to another."""
    return max(abs(a[0] - b[0]), abs(a[1] - b[1])) / STEP_UP_MPS


def thin(t: FloatArray, x: FloatArray, within: float) -> NDArray[np.bool_]:
    """Which of the points (n,) to keep so that straight lines between them stay `within` of all in x.

    Source: Douglas & Peucker (1973), Cartographica 10, 112-122.
    """
    keep = np.zeros(len(t), bool)
    keep[[0, -1]] = True
    todo = [(0, len(t) - 1)]
    while todo:
        a, b = todo.pop()
        if b - a < 2:
            continue
        part = slice(a + 1, b)
        line = x[a] + (x[b] - x[a]) * (t[part] - t[a]) / max(t[b] - t[a], 1e-9)
        off = np.abs(x[part] - line)
        k = int(off.argmax())
        if off[k] > within:
            keep[a + 1 + k] = True
            todo += [(a, a + 1 + k), (a + 1 + k, b)]
    return keep
