"""Many what-if cases on one network and demand: the same drivers, other roads. Cases run side by side in threads (the
kernels hold no lock), each with a state of its own, so results do not depend on how many threads there are."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from traffic.fast.engine import finish
from traffic.fast.state import Options, Result
from traffic.fast.stepper import Bound, QueueRun


@dataclass(frozen=True)
class Case:
    """Edges that are closed from `begin_s` to `end_s` (None: to the end) for some classes (None: all)."""

    name: str
    close: tuple[str, ...] = ()
    begin_s: float = 0.0
    end_s: float | None = None
    classes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Outcome:
    """What a case came to. `duration_s` is the mean of trips that arrived, `delay_s` their wait before they began."""

    case: Case
    duration_s: float
    delay_s: float
    vehicle_hours: float
    counts: dict[str, int]
    tally: dict[str, int]
    result: Result | None


def simulate_cases(
    bound: Bound, cases: Sequence[Case], options: Options | None = None, threads: int = 2, keep: bool = False
) -> list[Outcome]:
    """Run all cases; `keep` holds on to trips and flows of each (some MB a case)."""
    options = options or Options()
    with ThreadPoolExecutor(max_workers=max(threads, 1)) as pool:
        return list(pool.map(lambda case: run_case(bound, case, options, keep), cases))


def run_case(bound: Bound, case: Case, options: Options, keep: bool = False) -> Outcome:
    """One case from start to end."""
    queue = QueueRun(bound, options)
    queue.advance(case.begin_s)
    if case.close:
        queue.close(case.close, case.classes)
        if case.end_s is not None:
            queue.advance(case.end_s)
            queue.reopen(case.close, case.classes)
    result = finish(queue)
    trips = result.trips
    done = trips.finished
    spent = trips.duration[done]
    delay = (trips.depart - trips.planned)[done]
    return Outcome(
        case,
        float(spent.mean()) if spent.size else float("nan"),
        float(delay.mean()) if delay.size else float("nan"),
        float((spent.sum() + delay.sum()) / 3600.0),
        queue.counts(),
        queue.tally(),
        result if keep else None,
    )
