"""Fit the queue model to one run of SUMO: one pace per turn, on top of the rules.

A turn's pace scales its headways and, where it gives way, its gaps. It takes up what a queue model leaves out at a
place: lane changes in front of the line, vehicles that stand in each other's way inside a junction. A fit is worth what
it does on runs that it has not seen: other seeds, other demands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from traffic.fast.compare import Agreement, Journey, agreement, journeys_of, turn_times
from traffic.fast.demand import Demand
from traffic.fast.engine import run
from traffic.fast.network import QueueNetwork
from traffic.fast.rules import Rules
from traffic.fast.state import Options
from traffic.fast.stepper import Bound

PACE = (0.7, 2.0)
"""Bounds: saturation flows of a lane between half and one and a half times the rule's."""
CLOSE_S = 5.0
"""Mean times on the edge before a turn that differ by less stay as they are."""
LEAST_S = 30.0
"""Differences count relative to the reference's mean time, but to no less than this."""


@dataclass(frozen=True)
class Fit:
    """Rules and paces, how near they came to the run they were fitted to (mean over the seeds), and every round's."""

    rules: Rules
    pace: dict[tuple[str, str], float]
    agreement: Agreement
    rounds: tuple[Agreement, ...]


def calibrate(
    network: QueueNetwork,
    demand: Demand,
    reference: Mapping[str, Journey],
    rules: Rules | None = None,
    rounds: int = 14,
    gain: float = 0.1,
    seeds: Sequence[int] = (0, 1),
    until_s: float = 3600.0,
) -> Fit:
    """Fit paces to the journeys of one reference run.

    Each round multiplies the pace of a turn by exp(-gain d), d the relative difference of mean times on the edge
    before it (clipped to one), with a gain that falls by 7 % a round. The round with the smallest sum of error of the
    mean and of what correlation lacks to one wins."""
    rules = rules or Rules()
    target = turn_times(reference)
    pace: dict[tuple[str, str], float] = {}
    best: tuple[float, dict[tuple[str, str], float], Agreement] | None = None
    history = []
    for _ in range(rounds):
        total: dict[tuple[str, str], tuple[int, float]] = {}
        found = []
        for seed in seeds:
            bound = Bound.of(network, demand, rules, seed, pace)
            ours = journeys_of(bound, run(bound, Options(exits=True)))
            found.append(agreement(ours, reference, until_s=until_s))
            for key, (n, mean) in turn_times(ours).items():
                before = total.get(key, (0, 0.0))
                total[key] = (before[0] + n, before[1] + n * mean)
        now = _mean(found)
        history.append(now)
        score = abs(now.error) + 1.0 - now.correlation
        if best is None or score < best[0]:
            best = (score, dict(pace), now)
        for key, (n, spent) in total.items():
            if key in target and abs(spent / n - target[key][1]) >= CLOSE_S:
                relative = (spent / n - target[key][1]) / max(target[key][1], LEAST_S)
                pace[key] = float(np.clip(pace.get(key, 1.0) * np.exp(-gain * np.clip(relative, -1, 1)), *PACE))
        gain *= 0.93
    if best is None:
        raise ValueError("calibration needs at least one round")
    return Fit(rules, best[1], best[2], tuple(history))


def _mean(found: Sequence[Agreement]) -> Agreement:
    return Agreement(
        found[0].trips,
        float(np.mean([a.mean_s for a in found])),
        found[0].reference_s,
        float(np.mean([a.correlation for a in found])),
        float(np.mean([a.geh_share for a in found])),
    )
