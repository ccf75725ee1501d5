"""How trucks stand behind each other on a lane: the model knows their order and times, the picture needs metres.

In the model a truck drives its leg as if alone, then waits at the lane's end. In the picture it stops behind the one
before it and moves up when that one goes: Newell's simplified car following (2002), Transportation Research Part B 36,
195-205, with no delay, and with the model's own times at both ends of the lane.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from port.replay.paths import FloatArray, thin

STOP_M = 6.0
"""The first of a queue stands so far before the junction."""
PULL_MPS = 6.0
"""How fast queues move up and pull away (about 20 km/h)."""
WITHIN_M = 0.5
"""How far thinned paths may lie from the full ones."""


@dataclass
class Run:
    """A leg in metres from the arc's beginning: from `x0` at `begin` it would be at the arc's end at `reach`.

    `end` is when it goes on to the next lane, None when it never does.
    """

    begin: float
    reach: float
    end: float | None
    x0: float
    length: float


@dataclass
class Path:
    """(n,) seconds and metres; afterwards it goes on at `PULL_MPS` when it has left."""

    t: FloatArray
    x: FloatArray
    leaves: bool

    def at(self, seconds: FloatArray) -> FloatArray:
        """Metres, beyond the lane's end after it has left; no bound before it was there."""
        x = np.interp(seconds, self.t, self.x)
        if self.leaves:
            x = x + PULL_MPS * np.maximum(0.0, seconds - self.t[-1])
        return np.where(seconds < self.t[0], math.inf, x)


def follow(run: Run, leader: Path | None, pitch: float, until: float) -> Path:
    """The path of a leg behind its leader (the one that came to the lane's end before it)."""
    end = until if run.end is None else run.end
    waits = end - run.reach > 0.3
    ahead = leader is not None and (not leader.leaves or leader.t[-1] + pitch / PULL_MPS > run.begin)
    if end - run.begin < 0.2 or not (waits or ahead):
        reached = run.length
        if run.reach > end:
            reached = run.x0 + (run.length - run.x0) * (end - run.begin) / (run.reach - run.begin)
        return Path(np.array([run.begin, end]), np.array([run.x0, reached]), run.end is not None)
    marks = [run.begin, min(run.reach, end), end, *(leader.t if leader is not None else ())]
    grid = np.arange(math.ceil(run.begin), end, 1.0)
    t = np.unique(np.concatenate([[m for m in marks if run.begin <= m <= end], grid]))
    speed = (run.length - run.x0) / max(run.reach - run.begin, 0.1)
    free = np.minimum(run.length, run.x0 + speed * (t - run.begin))
    hold = np.full(len(t), run.length - min(STOP_M, run.length / 3))
    if leader is not None:
        hold = np.minimum(hold, leader.at(t) - pitch)
    hold = np.maximum(hold, run.x0)
    if run.end is not None:
        hold = np.maximum(hold, run.length - min(PULL_MPS, speed) * (end - t))
    x = np.maximum.accumulate(np.minimum(free, hold))
    kept = thin(t, x, WITHIN_M)
    return Path(t[kept], x[kept], run.end is not None)


def wait_beside(path: Path, run: Run, end: float | None, until: float) -> Path:
    """A path that has led to the side of the lane's end, with the wait there and the way to the next lane at `end`."""
    last, x = float(path.t[-1]), float(path.x[-1])
    if end is None:
        return Path(np.append(path.t, max(last, until)), np.append(path.x, x), False)
    off = max(last, end - (run.length - x) / PULL_MPS)
    return Path(np.append(path.t, [off, max(off, end)]), np.append(path.x, [x, run.length]), True)
