"""Closures run one by one against the same run without any: what each costs, trip by trip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from traffic.fast.cases import Case, Outcome, run_case
from traffic.fast.layout import ARRIVED, CANCELLED, HELD, Array
from traffic.fast.state import Options
from traffic.fast.stepper import Bound

CLEARANCE_S = 3600.0
"""Every case runs this long after the last arrival of the run without closures; who is still under way then is late."""


@dataclass(frozen=True)
class Effect:
    """What a closure does against the run without it. Times in s, hours in vehicle-hours.

    mean_s       mean time of trips that finish, waiting to begin included
    added_h      what trips take longer that finish in both runs, and those that are late up to the end of the run
    stranded     trips that finish without the closure and have no way with it: held on the road, or never begun
    late         trips still under way at the end of the run
    """

    name: str
    edges: tuple[str, ...]
    mean_s: float
    vehicle_hours: float
    added_h: float
    stranded: int
    late: int
    cancelled: int
    rerouted: int
    flow: int

    def lost_h(self, stranded_h: float) -> float:
        """Added hours, and `stranded_h` for each trip that is stranded."""
        return self.added_h + stranded_h * self.stranded


@dataclass(frozen=True)
class Base:
    """The run without closures: entered (n_edges,) vehicles on each edge; spent (n,) s of each trip, NaN unfinished."""

    effect: Effect
    entered: Array
    spent: Array
    end_s: float
    share: float = 0.0
    period_s: float = 300.0


def run_base(bound: Bound, seed: int = 0, share: float = 0.0, period_s: float = 300.0) -> Base:
    """The run that all cases are held against. `share` of the drivers compare ways every `period_s` as they drive."""
    done = run_case(bound, Case("as it is"), Options(seed=seed, share=share, period_s=period_s), keep=True)
    assert done.result is not None
    spent = _spent(done)
    arrived = done.result.trips.arrival
    last = float(np.nanmax(arrived)) if np.isfinite(arrived).any() else 0.0
    effect = _effect(done, spent, spent, 0, last)
    return Base(effect, done.result.entered.sum(axis=0), spent, last + CLEARANCE_S, share, period_s)


def run_effects(
    bound: Bound,
    base: Base,
    cases: Sequence[Case],
    threads: int = 2,
    seed: int = 0,
    tell: Callable[[int], None] = lambda done: None,
) -> list[Effect]:
    """The effect of each case, in their order; each runs on a state of its own, whatever the number of threads."""
    options = Options(
        end_s=base.end_s, interval_s=max(base.end_s, 1.0), seed=seed, share=base.share, period_s=base.period_s
    )

    def one(case: Case) -> Effect:
        done = run_case(bound, case, options, keep=True)
        flow = int(sum(base.entered[bound.network.index[edge]] for edge in case.close))
        return _effect(done, base.spent, _spent(done), flow, base.end_s)

    found = []
    with ThreadPoolExecutor(max_workers=max(threads, 1)) as pool:
        for k, effect in enumerate(pool.map(one, cases)):
            found.append(effect)
            tell(k + 1)
    return found


def _spent(done: Outcome) -> Array:
    """(n,) s from the planned departure to the arrival, NaN where there was none."""
    assert done.result is not None
    trips = done.result.trips
    return np.where(trips.state == ARRIVED, trips.arrival - trips.planned, np.nan)


def _effect(done: Outcome, base: Array, spent: Array, flow: int, end_s: float) -> Effect:
    assert done.result is not None
    trips = done.result.trips
    state, lost = trips.state, np.isfinite(base) & ~np.isfinite(spent)
    without_way = lost & ((state == HELD) | (state == CANCELLED))
    late = lost & ~without_way
    so_far = np.where(late, end_s - trips.planned, spent) - base
    added = so_far[(np.isfinite(base) & np.isfinite(spent)) | late]
    finished = np.isfinite(spent)
    return Effect(
        done.case.name,
        done.case.close,
        float(spent[finished].mean()) if finished.any() else float("nan"),
        float(spent[finished].sum() / 3600),
        float(added.sum() / 3600),
        int(without_way.sum()),
        int(late.sum()),
        int((state == CANCELLED).sum()),
        int(done.tally["rerouted"]),
        flow,
    )
