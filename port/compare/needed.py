"""The fleet that a policy needs for a crane rate: bisection over whole trucks, every fleet with the same luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from port.compare.runner import FIRST_SEED, Runner
from port.replications import interval

LADDER = (1, 2, 3, 4, 5, 6, 8, 10, 12)
"""Trucks a crane that are tried first; no larger fleet, as trucks then stand in each other's way."""


@dataclass(frozen=True)
class Needed:
    """Trucks that reach the rate in the mean, None when no fleet tried does; the rate there and its half width."""

    policy: str
    trucks: int | None
    rate: float
    half: float
    tried: tuple[int, ...]


def needed(runner: Runner, policy: str, cranes: int, target: float, replications: int) -> Needed:
    """The least fleet whose mean crane rate reaches the target (moves an hour and crane).

    The rate is taken to grow with the fleet between two steps of the ladder, the first of which that reaches the target
    is refined by bisection. Where none does, the best fleet tried is told.
    """
    seeds = range(FIRST_SEED, FIRST_SEED + replications)
    tried: dict[int, tuple[float, float]] = {}

    def rate(trucks: int) -> float:
        if trucks not in tried:
            tried[trucks] = interval(runner.values(policy, trucks, seeds)[:, 0])
        return tried[trucks][0]

    low = high = 0
    for step in LADDER:
        low, high = high, step * cranes
        if rate(high) >= target:
            break
    else:
        best = max(tried, key=lambda n: (tried[n][0], -n))
        return Needed(policy, None, *tried[best], tuple(sorted(tried)))
    while high - low > 1:
        middle = (low + high) // 2
        if rate(middle) >= target:
            high = middle
        else:
            low = middle
    return Needed(policy, high, *tried[high], tuple(sorted(tried)))


def rows(found: Sequence[Needed], cranes: int) -> list[dict[str, Any]]:
    """A row for each policy; `saved` against the first of them."""
    base = found[0].trucks
    return [
        {
            "policy": n.policy,
            "trucks": n.trucks,
            "trucks_per_crane": None if n.trucks is None else n.trucks / cranes,
            "saved": None if n.trucks is None or base is None else base - n.trucks,
            "crane_rate": n.rate,
            "half_width_95": n.half,
        }
        for n in found
    ]


def as_measure(row: dict[str, Any]) -> dict[str, Any]:
    """A row of `rows` in the columns of a comparison: trucks needed, the difference against the first policy."""
    saved = row["saved"]
    return {
        "policy": row["policy"],
        "trucks": None,
        "trucks_per_crane": None,
        "replications": None,
        "measure": "trucks_needed",
        "unit": "1",
        "mean": row["trucks"],
        "half_width_95": None,
        "difference": None if saved is None else -saved,
        "difference_half_width_95": None,
        "verdict": "",
    }
