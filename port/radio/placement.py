"""Where to put N roadside units: a greedy choice, then exchanges as long as one helps.

What is maximised is the share of lane length on which at least `wanted` of the messages arrive. The greedy choice alone
is within 1 − 1/e of the best for such a cover (Nemhauser, Wolsey & Fisher 1978, Mathematical Programming 14, 265–294).
Ties go to the higher mean share, then to the first candidate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from port.radio.coverage import Scene, heard
from port.radio.link import FloatArray


@dataclass(frozen=True)
class Placement:
    """units (n, 2) in m; `covered` share of lane points with at least `wanted`; `curve` the same after each unit."""

    units: FloatArray
    covered: float
    curve: tuple[float, ...]


def candidates(scene: Scene, spacing_m: float = 60.0) -> FloatArray:
    """Masts beside the lanes: lane points at least `spacing_m` apart, the ends of lanes first."""
    ends = np.flatnonzero(np.r_[True, np.diff(scene.lane) != 0] | np.r_[np.diff(scene.lane) != 0, True])
    order = np.concatenate([ends, np.setdiff1d(np.arange(scene.lane.size), ends)])
    chosen: list[int] = []
    for k in order:
        if not chosen or np.hypot(*(scene.points[chosen] - scene.points[k]).T).min() >= spacing_m:
            chosen.append(int(k))
    return scene.points[chosen]


def place(scene: Scene, count: int, wanted: float = 0.99, spacing_m: float = 60.0) -> Placement:
    """The best places found for `count` units. Raises `ValueError` when there are fewer candidates than units."""
    spots = candidates(scene, spacing_m)
    if count > len(spots):
        raise ValueError(f"{count} units, and only {len(spots)} places {spacing_m:g} m apart: lower the spacing")
    lost = 1.0 - heard(scene, spots)
    chosen: list[int] = []
    curve = []
    for _ in range(count):
        chosen.append(_best(lost, chosen, wanted))
        curve.append(_score(lost, chosen, wanted)[0])
    better = True
    while better:
        better = False
        for place_ in range(count):
            others = chosen[:place_] + chosen[place_ + 1 :]
            other = _best(lost, others, wanted)
            if _score(lost, [*others, other], wanted) > _score(lost, chosen, wanted):
                chosen, better = [*others, other], True
    chosen.sort()
    return Placement(spots[chosen], _score(lost, chosen, wanted)[0], tuple(curve))


def _score(lost: FloatArray, chosen: list[int], wanted: float) -> tuple[float, float]:
    shares = 1.0 - np.prod(lost[chosen], axis=0)
    return round(float(np.mean(shares >= wanted)), 12), round(float(shares.mean()), 12)


def _best(lost: FloatArray, chosen: list[int], wanted: float) -> int:
    """The candidate that helps most beside those chosen."""
    before = np.prod(lost[chosen], axis=0) if chosen else np.ones(lost.shape[1])
    shares = 1.0 - lost * before
    covered, mean = np.mean(shares >= wanted, axis=1), shares.mean(axis=1)
    taken = np.zeros(len(lost), dtype=bool)
    taken[chosen] = True
    order = np.lexsort((np.arange(len(lost)), -mean.round(12), -covered.round(12), taken))
    return int(order[0])
