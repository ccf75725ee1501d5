"""The comparison itself: both engines on one terminal, row by row, and what theory says of the result."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from port.control import Engine, GridlockError
from port.metrics import balances
from port.plan import Plan
from port.reading import load_terminal
from port.replications import interval
from port.simulate import MIDNIGHT, Change, make_engine, play
from port.verify.bounds import bounds, exact, why_not_exact
from port.verify.difference import first_difference
from port.verify.laws import law_rows, total_rows
from twin.clock import US, to_us

REFERENCE, FAST = "simpy", "fast"
LEVEL = 2
"""The whole log, single lanes too."""
WARM_SHARE = 0.1
"""Of the run, left out of the rates that are held against theory."""


def verify(
    file: Path,
    hours: float = 8.0,
    replications: int = 3,
    policy: str = "fifo_nearest",
    tell: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Both engines on a terminal's file, as `hold` says. Raises `ScenarioError` when it cannot be read."""
    return hold(Plan(load_terminal(file)), file.name, hours, replications, policy, tell)


def hold(
    plan: Plan,
    name: str,
    hours: float,
    replications: int,
    policy: str,
    tell: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Figures with stable keys: `runs`, `queues`, `sums`, `balances`, `theory`, `ratio`, `verdict`, `reason`.

    Every replication runs undisturbed; one more has wind above the limit, fog and a broken crane.
    """
    duration = to_us(hours * 3600.0)
    tell("compiled engine, first run …")
    make_engine(FAST, plan, 0, MIDNIGHT, US, policy=policy).advance(US)
    runs, rates, last = [], [], None
    for seed in range(replications + 1):
        tell(f"replication {seed + 1} of {replications + 1} …")
        disturbed = seed == replications
        row, engine, seen = one(plan, seed, duration, policy, disturbances(plan, duration) if disturbed else ())
        runs.append(row)
        if not disturbed:
            rates.append(seen)
            last = engine
        if row["difference"] is not None:
            break
    report: dict[str, Any] = {
        "file": name, "policy": policy, "hours": hours, "replications": replications, "runs": runs,
        "ratio": _ratio(runs), "queues": [], "sums": [], "balances": [], "theory": {},
    }  # fmt: skip
    if last is not None:
        report["queues"] = law_rows(last)
        report["sums"] = total_rows(last, report["queues"])
        report["balances"] = balance_rows(last)
        report["theory"] = theory(plan, policy, hours, rates)
    report["verdict"], report["reason"] = verdict(report)
    return report


def one(
    plan: Plan, seed: int, duration_us: int, policy: str, changes: tuple[Change, ...] = ()
) -> tuple[dict[str, Any], Engine, dict[str, float]]:
    """Both engines with one seed: a row of the report, the compiled engine, and its rates after the warm-up."""
    spent, engines, ended, seen = {}, {}, {}, {}
    for kind in (REFERENCE, FAST):
        begun = time.process_time()
        engine = make_engine(kind, plan, seed, MIDNIGHT, duration_us, policy=policy, level=LEVEL)
        try:
            warm = round(duration_us * WARM_SHARE)
            play(engine, [x for x in changes if x.at_us < warm], warm)
            before = engine.sums()
            play(engine, [x for x in changes if x.at_us >= warm], duration_us)
            seen = {name: value - before[name] for name, value in engine.sums().items()}
            ended[kind] = ""
        except GridlockError as error:
            ended[kind] = str(error)
        spent[kind], engines[kind] = time.process_time() - begun, engine
    apart = first_difference(engines[REFERENCE], engines[FAST])
    text = None if apart is None else apart.text
    if text is None and ended[REFERENCE] != ended[FAST]:
        text = f"SimPy ends with '{ended[REFERENCE] or 'no gridlock'}', the compiled engine with '{ended[FAST]}'"
    row = {
        "seed": seed, "disturbed": bool(changes), "rows": len(engines[FAST].rows()), "difference": text,
        "gridlock": ended[FAST] or None, "simpy_s": spent[REFERENCE], "fast_s": spent[FAST],
        "ratio": spent[REFERENCE] / max(spent[FAST], 1e-9),
    }  # fmt: skip
    return row, engines[FAST], seen


def disturbances(plan: Plan, duration_us: int) -> tuple[Change, ...]:
    """Wind above the cranes' limit, fog, and a quay crane that breaks, each for a tenth of the run."""
    tenth, crane = duration_us // 10, plan.site.cranes[0].id
    limit = plan.terminal.limits.crane_wind
    return (
        Change(2 * tenth, "wind", 1.2 * limit), Change(3 * tenth, "wind", 0.2 * limit),
        Change(4 * tenth, "visibility", 20.0), Change(5 * tenth, "visibility", 10_000.0),
        Change(6 * tenth, "stop", (crane, "breakdown")), Change(7 * tenth, "release", (crane, "breakdown")),
    )  # fmt: skip


def balance_rows(engine: Engine) -> list[dict[str, Any]]:
    """Trucks and containers that are unaccounted for: 0."""
    return [
        {"what": b.substance, "came": sum(b.inflow.values()), "left": sum(b.outflow.values()), "there": b.stored_now,
         "unaccounted": b.stored_start + sum(b.inflow.values()) - sum(b.outflow.values()) - b.stored_now}
        for b in balances(engine)
    ]  # fmt: skip


def theory(plan: Plan, policy: str, hours: float, rates: list[dict[str, float]]) -> dict[str, Any]:
    """Exact figures where they hold, else upper bounds, each beside what was measured (mean, 95 % half width).

    A bound is on means, so luck may pass it: three standard errors of as many services with a coefficient of
    variation of 1 are allowed.
    """
    span = hours * (1.0 - WARM_SHARE)

    def measured(values: list[float]) -> tuple[float, float]:
        mean, half = interval(np.array(values))
        return mean, half if math.isfinite(half) else 0.0

    per_h = {
        "crane_moves_per_h": measured([s["moves"] / span for s in rates]),
        "gantry_cycles_per_h": measured([s["block_waits"] / span for s in rates]),
        "gate_out_per_h": measured([s["turns"] / span for s in rates]),
    }
    per_h["gate_in_per_h"] = per_h["gate_out_per_h"]
    why = why_not_exact(plan, policy)
    rows = []
    if not why:
        rate, at_crane, at_gantry = exact(plan)
        waits = {
            "wait_at_crane_s": measured([s["crane_waited_us"] / max(1, s["crane_waits"]) / US for s in rates]),
            "wait_at_block_s": measured([s["block_waited_us"] / max(1, s["block_waits"]) / US for s in rates]),
        }
        for name, value in (("crane_moves_per_h", rate), ("wait_at_crane_s", at_crane), ("wait_at_block_s", at_gantry)):
            mean, half = (per_h | waits)[name]
            rows.append({"figure": name, "exact": value, "measured": mean, "half_width_95": half})
        return {"kind": "exact", "why_not_exact": [], "rows": rows}
    crane_h = measured([s["assigned_us"] / 3.6e9 for s in rates])[0]
    for row in bounds(plan, crane_h, span):
        mean, half = per_h[row["figure"]]
        share = mean / row["bound"] if row["bound"] else None
        luck = 3.0 / math.sqrt(max(1.0, mean * span * len(rates)))
        kept = mean - half <= row["bound"] * (1.0 + luck)
        rows.append(row | {"measured": mean, "half_width_95": half, "share": share, "kept": kept})
    return {"kind": "bounds", "why_not_exact": why, "rows": rows}


def _ratio(runs: list[dict[str, Any]]) -> float:
    return sum(r["simpy_s"] for r in runs) / max(1e-9, sum(r["fast_s"] for r in runs))


def verdict(report: dict[str, Any]) -> tuple[str, str]:
    """`agrees`, `differs` (the logs part) or `broken` (a law or a balance does not hold), and why."""
    for run in report["runs"]:
        if run["difference"] is not None:
            return "differs", f"seed {run['seed']}: {run['difference']}"
    for row in report["queues"]:
        if row["broken"] or row["left_over_us"] or row["work_left_over_us"]:
            what = row["broken"][0] if row["broken"] else f"{row['left_over_us'] / US:g} s of waiting are left over"
            return "broken", f"{row['kind']} {row['queue']}: {what}"
    for row in report["sums"]:
        if row["left_over"]:
            return "broken", f"{row['sum']}: {row['left_over']:g} left over between the log and the engine's own sum"
    for row in report["balances"]:
        if row["unaccounted"]:
            return "broken", f"{row['unaccounted']:g} {row['what']} unaccounted for"
    for row in report["theory"].get("rows", []):
        if row.get("kept") is False:
            return "broken", f"{row['figure']} {row['measured']:.1f} is above its bound {row['bound']:.1f}"
    total = sum(run["rows"] for run in report["runs"])
    return "agrees", (
        f"{total:,} rows of {len(report['runs'])} runs are the same to the bit, one run with wind, fog and a broken "
        f"crane; the compiled engine is {report['ratio']:.0f} times as fast"
    )
