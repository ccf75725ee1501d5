"""Policies held against the first of them, with common random numbers, until the differences are known well enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from port.compare.measures import MEASURES, FloatArray
from port.compare.runner import FIRST_SEED, Runner
from port.replications import interval

BATCH = 4
"""Replications between two looks at the precision; not the number of processes, so that this changes nothing."""
LEAST = 8
"""Replications before the first look: with fewer, an interval that happens to be narrow ends the runs too often."""


@dataclass(frozen=True)
class Comparison:
    """Measures of one fleet: `values[policy]` is (n_seeds, len(MEASURES)); the first policy is the base of differences.

    reached : whether the wanted precision was reached; None when none was asked for.
    """

    trucks: int
    policies: tuple[str, ...]
    seeds: tuple[int, ...]
    values: dict[str, FloatArray]
    reached: bool | None

    def mean(self, policy: str, measure: int) -> tuple[float, float]:
        """Mean and half width of its 95 % interval."""
        return interval(self.values[policy][:, measure])

    def difference(self, policy: str, measure: int) -> tuple[float, float]:
        """Mean paired difference from the first policy, and half width of its 95 % interval."""
        return interval(self.values[policy][:, measure] - self.values[self.policies[0]][:, measure])


def compare(
    runner: Runner, policies: Sequence[str], trucks: int, replications: int, precision: float | None = None
) -> Comparison:
    """Run every policy with the seeds 1, 2, … and look at the crane rate.

    replications : of each policy; with a precision, the most of them.  precision : share of the first policy's crane
    rate that the half width of every difference (of a single policy: of its mean) must come under.
    """
    names = tuple(dict.fromkeys(policies))
    n, reached = (replications, None) if precision is None else (min(LEAST, replications), False)
    while True:
        seeds = tuple(range(FIRST_SEED, FIRST_SEED + n))
        runner.run((name, trucks, seed) for seed in seeds for name in names)
        values = {name: runner.values(name, trucks, seeds) for name in names}
        found = Comparison(trucks, names, seeds, values, reached)
        if precision is None:
            return found
        reached = widest(found) <= precision * abs(found.mean(names[0], 0)[0])
        if reached or n >= replications:
            return Comparison(trucks, names, seeds, values, reached)
        n = min(n + BATCH, replications)


def widest(found: Comparison) -> float:
    """Largest half width of the differences in crane rate; of a single policy, that of its mean."""
    others = found.policies[1:]
    if not others:
        return found.mean(found.policies[0], 0)[1]
    return max(found.difference(name, 0)[1] for name in others)


def verdict(difference: float, half: float, higher_is_better: bool) -> str:
    """`better`, `worse`, or `open` where the interval holds 0; empty without an interval."""
    if not np.isfinite(difference) or not np.isfinite(half):
        return ""
    if abs(difference) <= half:
        return "open"
    return "better" if (difference > 0) == higher_is_better else "worse"


def rows(comparisons: Sequence[Comparison], cranes: int) -> list[dict[str, Any]]:
    """A row for each fleet, policy and measure, with stable keys."""
    found = []
    for c in comparisons:
        for policy in c.policies:
            for k, measure in enumerate(MEASURES):
                mean, half = c.mean(policy, k)
                row: dict[str, Any] = {
                    "policy": policy,
                    "trucks": c.trucks,
                    "trucks_per_crane": c.trucks / cranes,
                    "replications": len(c.seeds),
                    "measure": measure.key,
                    "unit": measure.unit,
                    "mean": mean,
                    "half_width_95": half,
                    "difference": None,
                    "difference_half_width_95": None,
                    "verdict": "base",
                }
                if policy != c.policies[0]:
                    gap, width = c.difference(policy, k)
                    row |= {"difference": gap, "difference_half_width_95": width}
                    row["verdict"] = verdict(gap, width, measure.higher_is_better)
                found.append(row)
    return found
