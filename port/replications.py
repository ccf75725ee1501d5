"""Many runs of one terminal with different luck, side by side, and what they say together.

The compiled loop works without the interpreter's lock, so replications share the processor in threads. Each is a
function of its seed alone: results do not depend on how many run at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from port.dispatch import Policy
from port.plan import JOULE_PER_KWH, Plan
from port.simulate import MIDNIGHT, Change, make_engine, play
from port.terminal import Terminal

FIGURES: dict[str, tuple[str, str]] = {
    "crane_rate": ("1/h", "Moves an hour and crane, in the time at a ship."),
    "moves": ("1", "Containers over the quay."),
    "truck_turn_time": ("min", "Road truck's visit, arrival at the gate until back on the road (mean)."),
    "empty_distance": ("km", "Driverless trucks' way driven empty."),
    "empty_share": ("1", "Driverless trucks' way driven empty, of all."),
    "energy": ("kWh", "Energy of the driverless trucks."),
    "wait_at_crane": ("s", "Truck's wait before its handover under a quay crane (mean)."),
    "wait_at_block": ("s", "Truck's wait before its cycle at a block (mean, a box)."),
    "crane_busy": ("1", "Quay cranes' share of the time at a ship in the middle of a move."),
    "tardiness": ("h", "Ships' delay against planned departure, of those that left (mean, early counts 0)."),
    "rehandles": ("1", "Containers moved only to reach others."),
    "takeovers": ("1", "Calls for a remote operator that were answered."),
    "swaps": ("1", "Visits to a station."),
    "gridlocks": ("1", "Rings of full lanes that had to be dissolved."),
}
"""Figures of a replication: unit and meaning. A figure without anything to measure is NaN."""

T_TABLE = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""Student's t, two-sided 95 %, for 1 to 10 degrees of freedom; beyond, Cornish–Fisher's expansion of the normal."""


def student_95(freedom: int) -> float:
    """Two-sided 95 % point of Student's t: from the table to ten degrees, beyond by the normal's expansion

    z + (z³ + z)/4n + (5z⁵ + 16z³ + 3z)/96n² + (3z⁷ + 19z⁵ + 17z³ − 15z)/384n³, z = 1.95996 (Abramowitz & Stegun,
    26.7.5; error below 1e-3).
    """
    if freedom < 1:
        return float("nan")
    if freedom <= len(T_TABLE):
        return T_TABLE[freedom - 1]
    z = 1.959963985
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2) + third


def interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and half width of its 95 % interval, of independent values (NaN left out)."""
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return (float(known.mean()) if len(known) else float("nan")), float("nan")
    return float(known.mean()), student_95(len(known) - 1) * float(known.std(ddof=1)) / float(np.sqrt(len(known)))


@dataclass(frozen=True)
class Replications:
    """Figures of every replication: `values[i, k]` of seed i and figure k of `FIGURES`."""

    seeds: tuple[int, ...]
    values: NDArray[np.float64]

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """(n_replications,) one figure of all."""
        return self.values[:, list(FIGURES).index(name)]

    def mean(self, name: str) -> tuple[float, float]:
        """Mean of a figure and half width of its 95 % interval."""
        return interval(self[name])

    def minus(self, other: Replications, name: str) -> tuple[float, float]:
        """Mean paired difference of a figure (same seeds, so same luck) and half width of its 95 % interval."""
        if self.seeds != other.seeds:
            raise ValueError("paired differences need the same seeds")
        return interval(self[name] - other[name])


def figures(sums: dict[str, float]) -> list[float]:
    """The figures of `FIGURES` from sums over a span (see `Engine.sums`)."""

    def ratio(a: float, b: float) -> float:
        return a / b if b else float("nan")

    driven = sums["empty_mm"] + sums["loaded_mm"]
    return [
        ratio(sums["moves"], sums["assigned_us"] / 3.6e9),
        sums["moves"],
        ratio(sums["turns_us"], sums["turns"]) / 6e7,
        sums["empty_mm"] / 1e6,
        ratio(sums["empty_mm"], driven),
        sums["used_j"] / JOULE_PER_KWH,
        ratio(sums["crane_waited_us"], sums["crane_waits"]) / 1e6,
        ratio(sums["block_waited_us"], sums["block_waits"]) / 1e6,
        ratio(sums["crane_busy_us"], sums["assigned_us"]),
        ratio(sums["late_us"], sums["ships_left"]) / 3.6e9,
        sums["rehandles"],
        sums["takeovers"],
        sums["swaps"],
        sums["gridlocks"],
    ]


def replicate(
    terminal: Terminal | Plan,
    seeds: Sequence[int],
    duration_us: int,
    policy: str | Callable[[], Policy] = "fifo_nearest",
    changes: Sequence[Change] = (),
    warm_us: int = 0,
    start: datetime = MIDNIGHT,
    engine: str = "fast",
    workers: int = 2,
) -> Replications:
    """Run a completed terminal once for every seed and give the figures after `warm_us`.

    policy : a name, or what makes a policy (one for each replication).  changes : the same in all.
    """
    plan = terminal if isinstance(terminal, Plan) else Plan(terminal)

    def one(seed: int) -> list[float]:
        chosen = policy if isinstance(policy, str) else policy()
        made = make_engine(engine, plan, seed, start, duration_us, policy=chosen, level=0)
        if not warm_us:
            play(made, changes, duration_us)
            return figures(made.sums())
        early = [c for c in changes if c.at_us < warm_us]
        play(made, early, warm_us)
        before = made.sums()
        play(made, [c for c in changes if c.at_us >= warm_us], duration_us)
        return figures({name: value - before[name] for name, value in made.sums().items()})

    if workers < 2 or engine != "fast":
        rows = [one(seed) for seed in seeds]
    else:
        with ThreadPoolExecutor(workers) as pool:
            rows = list(pool.map(one, seeds))
    return Replications(tuple(seeds), np.array(rows, float).reshape(len(seeds), len(FIGURES)))
