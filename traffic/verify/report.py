"""The comparison itself: each engine in a child process, then trip by trip and link by link against SUMO micro."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from traffic.demand import Inputs, read_sumocfg, seconds, trips
from traffic.fast.compare import Agreement, agreement
from traffic.verify.trips import read_journeys
from traffic.verify.unsupported import left_out

INTERVAL_S = 900.0
MEAN_WITHIN, CORRELATION, GEH_SHARE = 0.05, 0.8, 0.85
"""What `agrees` asks for: the mean trip time within 5 %, Pearson's r of trip times, GEH < 5 on this share of links and
quarter hours (DMRB)."""
UNFINISHED = 0.01
"""... and no more trips unfinished beyond SUMO's than this share of all."""
SHOWN = 20


def verify(
    file: Path,
    seed: int = 0,
    meso: bool = True,
    parameters: Path | None = None,
    end_s: float | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Figures with stable keys: `engines`, `agreement`, `ratios`, `unsupported`, `refused`, `verdict`, `reason`.

    Raises `ValueError` when the configuration cannot be read or SUMO micro refuses it."""
    inputs = read_sumocfg(file)
    departs = [t.depart_s for path in inputs.routes for t in trips(path) if t.depart_s is not None]
    if not departs:
        raise ValueError(f"{file.name} has no vehicle that departs")
    end_s = end_s if end_s is not None else end_of(file)
    last_s = max(departs)
    report: dict[str, Any] = {
        "file": file.name, "seed": seed, "begin_s": inputs.begin_s, "end_s": end_s, "engines": {}, "agreement": {},
        "ratios": {}, "unsupported": left_out(inputs), "refused": [], "refused_trips": 0,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        journeys = {}
        for engine in ("micro", "queue", *(("meso",) if meso else ())):
            tell(f"{engine} …")
            found = run_child(engine, file, seed, Path(folder), end_s, last_s, parameters)
            report["engines"][engine] = found
            if "failed" in found:
                if engine == "micro":
                    raise ValueError(f"SUMO micro refuses {file.name}: {found['failed']}")
                continue
            path = Path(folder) / f"{engine}.npz"
            journeys[engine] = read_journeys(path)
            spent = [j.duration_s for j in journeys[engine].values()]
            found["mean_trip_s"] = float(np.mean(spent)) if spent else None
    refused = report["engines"]["queue"].pop("refused", [])
    report["refused_trips"], report["refused"] = len(refused), [str(text) for text in refused[:SHOWN]]
    until = until_of(inputs, end_s, last_s)
    for engine in journeys.keys() - {"micro"}:
        if len(journeys[engine].keys() & journeys["micro"].keys()) > 1:
            a = agreement(journeys[engine], journeys["micro"], INTERVAL_S, until)
            report["agreement"][engine] = _figures(a)
    for engine, found in report["engines"].items():
        if "run_s" in found and engine != "queue" and "run_s" in report["engines"]["queue"]:
            report["ratios"][f"{engine}_over_queue"] = found["run_s"] / max(report["engines"]["queue"]["run_s"], 1e-9)
    report["verdict"], report["reason"] = _verdict(report)
    return report


def end_of(file: Path) -> float | None:
    """The configuration's own end in s, if it names one."""
    for element in ElementTree.parse(file).getroot().iter():
        value = element.get("value", element.get("v"))
        if element.tag in ("end", "e") and value is not None:
            end = seconds(value)
            return end if end >= 0 else None
    return None


def until_of(inputs: Inputs, end_s: float | None, last_s: float) -> float:
    """Flows are compared up to the end of the last whole quarter hour in which somebody departs."""
    last = last_s if end_s is None else min(last_s, end_s)
    return max(float(np.floor(last / INTERVAL_S)) * INTERVAL_S, inputs.begin_s + INTERVAL_S)


def run_child(
    engine: str, file: Path, seed: int, folder: Path, end_s: float | None, last_s: float, parameters: Path | None
) -> dict[str, Any]:
    task = {
        "engine": engine, "file": str(file.resolve()), "seed": seed, "folder": str(folder), "end_s": end_s,
        "last_s": last_s, "trips": str(folder / f"{engine}.npz"),
        "parameters": str(parameters.resolve()) if parameters else None,
    }  # fmt: skip
    command = [sys.executable, "-m", "traffic.verify.child", json.dumps(task)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode == 0 and lines:
        return dict(json.loads(lines[-1]))
    if done.returncode < 0:
        return {"failed": f"it ended by signal {-done.returncode}"}
    said = done.stderr.strip().splitlines()
    return {"failed": said[-1] if said else f"it ended with code {done.returncode}"}


def _figures(a: Agreement) -> dict[str, Any]:
    return {
        "trips": a.trips, "mean_s": a.mean_s, "reference_s": a.reference_s, "mean_error_pct": 100 * a.error,
        "correlation": a.correlation, "geh_below_5_pct": 100 * a.geh_share,
    }  # fmt: skip


def _verdict(report: dict[str, Any]) -> tuple[str, str]:
    ours, micro, queue = report["agreement"].get("queue"), report["engines"]["micro"], report["engines"]["queue"]
    if "failed" in queue:
        return "failed", f"the queue engine stopped: {queue['failed']}"
    if ours is None:
        return "differs", "fewer than two trips finished with both engines"
    trips = micro["finished"] + micro["unfinished"]
    misses = []
    if not abs(ours["mean_error_pct"]) <= 100 * MEAN_WITHIN:
        misses.append(f"mean trip time {ours['mean_error_pct']:+.1f} % (wanted within {100 * MEAN_WITHIN:g} %)")
    if not ours["correlation"] >= CORRELATION:
        misses.append(f"correlation {ours['correlation']:.2f} (wanted {CORRELATION:g})")
    if not ours["geh_below_5_pct"] >= 100 * GEH_SHARE:
        misses.append(f"GEH below 5 on {ours['geh_below_5_pct']:.1f} % (wanted {100 * GEH_SHARE:g} %)")
    more = queue["unfinished"] - micro["unfinished"]
    if more > UNFINISHED * trips:
        misses.append(f"{more} more trips unfinished than with SUMO")
    if report["refused_trips"]:
        misses.append(f"{report['refused_trips']} trips refused")
    if misses:
        return "differs", "; ".join(misses)
    return "agrees", (
        f"mean trip time {ours['mean_error_pct']:+.1f} %, correlation {ours['correlation']:.2f}, "
        f"GEH below 5 on {ours['geh_below_5_pct']:.1f} %"
    )
