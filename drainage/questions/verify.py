"""How far to trust our stepping on a user's own sewer file: plain SWMM beside it, node by node and link by link.

SWMM keeps its state in global variables, so each run has a process of its own. Plain SWMM is `swmm_run`, as SWMM's own
program calls it. Ours is the model of a scenario, advanced exchange by exchange.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from drainage.network import SewerFile
from drainage.questions.plain_copy import reporting_copy
from twin.scenario.problems import ScenarioError

EXCHANGE_S, COUPLED_S = 300.0, 60.0
"""Time between exchanges: without a surface it has no say in the results; with one it is that of scenarios."""
TIMEOUT_S = 3600.0
NODE_UNITS = {"depth": "m", "head": "m", "inflow": "m3/s", "flooding": "m3/s"}
LINK_UNITS = {"flow": "m3/s", "depth": "m", "velocity": "m/s"}


@dataclass(frozen=True)
class Ran:
    """One run: processor seconds, SWMM's continuity errors in per cent by kind, where its results are, its account."""

    seconds: float
    continuity: dict[str, float]
    output: str
    account: dict[str, float]


def continuity_of(report: Path) -> dict[str, float]:
    """`runoff`, `routing`, `groundwater` and `quality` continuity errors of a SWMM report, per cent."""
    found: dict[str, float] = {}
    kind = ""
    for line in report.read_text(errors="replace").splitlines():
        if head := re.search(r"(Runoff Quantity|Flow Routing|Groundwater|Quality Routing) Continuity", line):
            kind = {"Runoff Quantity": "runoff", "Flow Routing": "routing", "Quality Routing": "quality"}.get(
                head[1], "groundwater"
            )
        elif kind and (error := re.search(r"Continuity Error \(%\) \.+\s+(-?[\d.]+)", line)):
            found[kind] = float(error[1])
            kind = ""
    return found


def run_plain_timed(path: str, folder: str) -> Ran:
    """Plain SWMM on `path`; its files go to `folder`. Meant for a child process."""
    from drainage.swmm import error_lines, last_error, run_plain

    os.chdir(folder)  # SWMM writes the reports of green roofs and the like where it stands
    report, output = Path(folder) / "plain.rpt", Path(folder) / "plain.out"
    begun = time.process_time()
    code = run_plain(path, str(report), str(output))
    seconds = time.process_time() - begun
    if code:
        raise ScenarioError(error_lines(report)[:3] or [last_error()])
    return Ran(seconds, continuity_of(report), str(output), {})


def run_stepped(path: str, folder: str, seconds: float, terrain: str | None, cell_m: float | None) -> Ran:
    """The twin's model on `path`, with a surface where a terrain is given. Meant for a child process."""
    from drainage.config import DrainageConfig
    from drainage.model import DrainageModel
    from drainage.warm import main as warm
    from twin.clock import US, to_us
    from twin.model import Journal, Setup

    keys: dict[str, Any] = {"sewer": Path(path)}
    if terrain is not None:
        keys |= {"terrain": Path(terrain), "cell": cell_m}
    place = Path(folder) / ("coupled" if terrain else "ours")
    exchange_s = COUPLED_S if terrain is not None else EXCHANGE_S
    place.mkdir()
    os.chdir(place)
    warm()
    setup = Setup(
        "drainage", DrainageConfig.model_validate(keys), datetime(2026, 1, 1, tzinfo=UTC), to_us(seconds),
        to_us(exchange_s), 1, place, Journal(),
    )  # fmt: skip
    model = DrainageModel(setup)
    try:
        begun = time.process_time()
        while model.now_us < setup.duration_us:
            model.advance(min(model.now_us + int(exchange_s * US), setup.duration_us))
        took = time.process_time() - begun
        account = {b.substance: _error_of(b) for b in model.balances()}
        if terrain is not None:
            account |= {
                "manholes": float(model.holes.node.size),
                "cells": float(model.surface.grid.size if model.surface else 0),
                "up_m3": float(model.holes.up.sum()), "down_m3": float(model.holes.down.sum()),
                "swmm_steps": float(model._times[2]),
            }  # fmt: skip
    finally:
        begun = time.process_time()
        model.close()
        took += time.process_time() - begun
    copy = place / f"{Path(path).stem}.run.inp"
    return Ran(took, continuity_of(copy.with_suffix(".rpt")), str(copy.with_suffix(".out")), account)


def _error_of(balance: Any) -> float:
    """What is missing from an account, as a share of what went through it."""
    miss = balance.stored_start + sum(balance.inflow.values()) - sum(balance.outflow.values()) - balance.stored_now
    return float(abs(miss) / max(sum(map(abs, balance.inflow.values())), balance.stored_start, 1e-12))


def limits_of(sewer: SewerFile) -> list[dict[str, str]]:
    """What our stepping leaves out or does in another way on this file: `what`, `effect`, `when`."""
    found = []

    def say(what: str, effect: str, when: str) -> None:
        found.append({"what": what, "effect": effect, "when": when})

    routing = sewer.options.get("FLOW_ROUTING", "KINWAVE")
    if routing.startswith(("KIN", "STEADY")):
        say(f"routing by {routing}", "DYNWAVE is used", "with a surface")
    if sewer.rows("EVENT"):
        say("[EVENTS]", "routing goes on between them", "with a surface")
    if sewer.options.get("SKIP_STEADY_STATE", "NO") == "YES":
        say("SKIP_STEADY_STATE", "every step is routed", "with a surface")
    if sewer.rows("POLLUT"):
        say("pollutants", "are routed in the sewers, not carried over the surface", "with a surface")
    if any(row.tokens[0].upper() == "SAVE" for row in sewer.rows("FILE")):
        say("[FILES] SAVE", "files are saved in the run's folder", "always")
    if int(float(sewer.options.get("THREADS", "1") or 1)) > 1:
        say("THREADS", "one thread is used (two may differ in the last digit)", "always")
    return found


def differences(
    ours: Any, plain: Any, names: tuple[str, ...], pick: str, units: dict[str, str], si: dict[str, float]
) -> dict[str, dict[str, Any]]:
    """Per variable: median, 99th percentile and largest |difference| over all objects and times, and where."""
    found = {}
    for variable, unit in units.items():
        a, b = getattr(ours, pick)(variable), getattr(plain, pick)(variable)
        steps = min(len(a), len(b))
        away = np.abs(a[:steps].astype(np.float64) - b[:steps]) * si[unit]
        if not away.size:
            continue
        t, k = np.unravel_index(int(away.argmax()), away.shape)
        largest = float(away[t, k])
        found[variable] = {
            "unit": unit,
            "median": float(np.median(away)),
            "p99": float(np.quantile(away, 0.99)),
            "largest": largest,
            "where": names[k] if largest > 0 else None,
            "at_s": float(plain.time_s[t]) if largest > 0 else None,
        }
    return found


def verify(inp: Path, terrain: Path | None = None, cell_m: float | None = None) -> dict[str, Any]:
    """Run both on `inp` and compare; figures with stable keys.

    `verdict`: `identical` (the binary results are equal byte for byte), `agrees` (heads within 1 mm and flows within
    1 L/s), `differs`, or `refused` where SWMM does not take the file. Raises `ScenarioError` for a file that is none.
    """
    from drainage.output import read_output

    sewer = SewerFile.read(inp)
    if not sewer.nodes and not sewer.rows("SUBCATCHMENT"):
        raise ScenarioError([f"{inp.name} is no SWMM file: it has no [JUNCTIONS] or [SUBCATCHMENTS]"])
    seconds = (sewer.moment("END", sewer.start) - sewer.start).total_seconds()
    report: dict[str, Any] = {
        "file": inp.name,
        "nodes": len(sewer.nodes),
        "links": len(sewer.links),
        "simulated_h": seconds / 3600.0,
        "limits": limits_of(sewer),
    }
    with tempfile.TemporaryDirectory(prefix="twin-verify-") as folder:
        path = str(reporting_copy(sewer, Path(folder) / "sewer.inp"))
        try:
            plain = _apart(f"SWMM, running {inp.name},", run_plain_timed, path, folder)
            ours = _apart(f"the twin, running {inp.name},", run_stepped, path, folder, seconds, None, None)
        except ScenarioError as refusal:
            return report | {"verdict": "refused", "reason": "; ".join(refusal.lines)}
        a, b = read_output(Path(ours.output)), read_output(Path(plain.output))
        same = Path(ours.output).read_bytes() == Path(plain.output).read_bytes()
        si = {"m": sewer.metres, "m/s": sewer.metres, "m3/s": sewer.flow_m3s}
        report["times"] = int(b.days.size)
        report["node"] = differences(a, b, b.nodes, "of_nodes", NODE_UNITS, si)
        report["link"] = differences(a, b, b.links, "of_links", LINK_UNITS, si)
        report["continuity_pct"] = {"ours": ours.continuity, "swmm": plain.continuity}
        report["seconds"] = {"ours": ours.seconds, "swmm": plain.seconds}
        report["ours_over_swmm"] = ours.seconds / max(plain.seconds, 1e-9)
        if terrain is not None:
            report["coupled"] = _coupled(path, folder, seconds, terrain, cell_m, plain)
    head = report["node"].get("head", {}).get("largest", 0.0)
    flow = report["link"].get("flow", {}).get("largest", 0.0)
    if same:
        verdict, reason = "identical", f"all results of {report['times']} times are equal byte for byte"
    elif a.days.size == b.days.size and head < 1e-3 and flow < 1e-3:
        verdict, reason = "agrees", f"heads within {head * 1000:.3g} mm, flows within {flow * 1000:.3g} L/s"
    else:
        verdict, reason = "differs", f"heads by up to {head:.3g} m, flows by up to {flow:.3g} m3/s"
    return report | {"verdict": verdict, "reason": reason}


def _apart(what: str, function: Callable[..., Ran], *args: Any) -> Ran:
    """A run in a process that has run nothing else."""
    from twin.scenario.child import close_children, run_guarded

    close_children()
    return run_guarded(function, *args, timeout_s=TIMEOUT_S, what=what)


def _coupled(path: str, folder: str, seconds: float, terrain: Path, cell_m: float | None, plain: Ran) -> dict[str, Any]:
    """The same file under a surface: what the coupling costs, and what it exchanges."""
    ran = _apart("the coupled run", run_stepped, path, folder, seconds, str(terrain), cell_m)
    steps = max(ran.account["swmm_steps"], 1.0)
    return {
        "terrain": terrain.name,
        "cells": int(ran.account["cells"]),
        "coupled_manholes": int(ran.account["manholes"]),
        "swmm_steps": int(steps),
        "seconds": ran.seconds,
        "ms_per_step": 1000.0 * ran.seconds / steps,
        "coupled_over_swmm": ran.seconds / max(plain.seconds, 1e-9),
        "out_of_manholes_m3": ran.account["up_m3"],
        "back_into_manholes_m3": ran.account["down_m3"],
        "surface_account_error": ran.account.get("surface water"),
        "continuity_pct": ran.continuity,
    }
