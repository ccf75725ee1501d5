"""The same scenario under several policies, one process each, and what they come to side by side.

Only drainage and the weather are run unless the whole scenario is asked for: what the other sections would add (leaks,
power cuts) is the same under each policy, and a run of drainage alone takes seconds.
"""

from __future__ import annotations

import contextlib
import csv
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from twin.cli.guard import end_with
from twin.engine import RunError
from twin.scenario import Scenario, load
from twin.scenario.problems import ScenarioError, choose

POLICIES = ("file", "rules", "mpc")
ALONE = ("weather", "drainage")
FIGURES = (
    ("flooded_area_15cm", "flooded_15cm_ha", "largest area above 15 cm, ha", 2),
    ("flooded_area_27cm", "flooded_27cm_ha", "largest area above 27 cm, ha", 2),
    ("flooded_15cm_time", "flooded_15cm_hah", "area × time above 15 cm, ha·h", 2),
    ("flooded_27cm_time", "flooded_27cm_hah", "area × time above 27 cm, ha·h", 2),
    ("out_of_manholes", "overflow_m3", "out of manholes, m³", 0),
    ("cso_volume", "cso_m3", "combined sewage spilled, m³", 0),
    ("plant_overload", "overload_m3", "above the plant's limit, m³", 0),
    ("pump_energy", "energy_kwh", "pumping, kWh", 0),
    ("pump_hours", "pump_hours_h", "pumps running, h", 1),
    ("pump_starts", "starts", "pump starts", 0),
    ("basins_left", "basins_left_m3", "least room left in basins, m³", 0),
    ("dispatch_cost", "cost", "all that `costs` charges for", 0),
)
"""Metric of drainage, key of the table, words, decimals."""


@dataclass
class Ran:
    """One policy's run: its figures by key, and the curves of `dispatch_levels` by column."""

    policy: str
    row: dict[str, Any]
    curves: dict[str, list[float]]
    folder: Path


def alone(scenario: Scenario) -> Scenario:
    """The scenario without the sections that are not drainage or weather, and what looks at them."""
    sections = {name: scenario.sections[name] for name in scenario.sections if name in ALONE}
    schedule = [
        entry
        for entry in scenario.schedule
        if entry.section in sections
        and (entry.when is None or all(reading.section in sections for reading in entry.when.readings()))
    ]
    return replace(
        scenario,
        sections=sections,
        domains={name: scenario.domains[name] for name in sections},
        schedule=schedule,
        expect=[e for e in scenario.expect if e.section in sections],
        baseline=None,
    )


def policies_of(text: str) -> list[str]:
    """`file,rules,mpc` as a list. ScenarioError for an unknown or repeated one."""
    found = [word.strip() for word in text.split(",") if word.strip()]
    for word in found:
        if word not in POLICIES:
            raise ScenarioError([f"--policies: there is no policy '{word}'.{choose(word, POLICIES)}"])
    if not found or len(set(found)) < len(found):
        raise ScenarioError([f"--policies {text}: name each policy once, e.g. --policies {','.join(POLICIES)}"])
    return found


def prepare(path: Path, sets: Sequence[str], root: Path | None, whole: bool) -> Scenario:
    """The scenario that every policy will run, checked. ScenarioError with all that is wrong."""
    from twin.run import run_checks

    scenario = load(path, sets, root)
    if getattr(scenario.sections.get("drainage"), "dispatch", None) is None:
        raise ScenarioError([f"{scenario.shown}  has no `dispatch` in `drainage`: say which pumps and gates there are"])
    scenario = scenario if whole else alone(scenario)
    run_checks(scenario)
    return scenario


def run_all(
    path: Path, policies: Sequence[str], sets: Sequence[str], root: Path | None, whole: bool, runs: Path, jobs: int
) -> list[Ran]:
    """Every policy in a process of its own, `jobs` at a time. RunError names the policy that failed."""
    asked = [
        {"path": str(path), "policy": p, "sets": list(sets), "root": str(root) if root else None, "whole": whole,
         "runs": str(runs)} for p in policies
    ]  # fmt: skip
    answers: list[dict[str, Any]] = []
    for first in range(0, len(asked), jobs):
        answers += _together(asked[first : first + jobs])
    return [_read(answer["policy"], Path(answer["folder"])) for answer in answers]


def _together(asked: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "drainage.dispatch.compare"]
    children = [
        subprocess.Popen([*command, json.dumps(job)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for job in asked
    ]
    answers = []
    try:
        for job, child in zip(asked, children, strict=True):
            out, err = child.communicate()
            if child.returncode:
                last = (err.strip().splitlines() or [f"it ended with code {child.returncode}"])[-1]
                raise RunError(f"policy {job['policy']}: {last}")
            answers.append({"policy": job["policy"], **json.loads(out.strip().splitlines()[-1])})
    finally:
        for child in children:
            if child.poll() is None:
                child.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(5.0)
                child.kill()
    return answers


def _read(policy: str, folder: Path) -> Ran:
    metrics = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["metrics"]
    row: dict[str, Any] = {"policy": policy}
    for name, key, _, digits in FIGURES:
        value = metrics.get(f"drainage.{name}", {}).get("value")
        row[key] = None if value is None else round(value, digits + 1) if digits else round(value)
    with (folder / "tables" / "drainage.dispatch_levels.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    curves = {column: [float(line[column]) for line in lines] for column in (lines[0] if lines else {})}
    return Ran(policy, row, curves, folder)


def side_by_side(ran: Sequence[Ran]) -> list[dict[str, Any]]:
    """One row a figure, one column a policy; figures that no policy has are left out."""
    rows = []
    for _, key, words, digits in FIGURES:
        values = [r.row[key] for r in ran]
        if any(v is not None for v in values):
            texts = ["-" if v is None else f"{v:,.{digits}f}" for v in values]
            rows.append({"figure": words, **{r.policy: t for r, t in zip(ran, texts, strict=True)}})
    return rows


def verdicts(ran: Sequence[Ran]) -> Iterable[str]:
    """What each policy saves and costs against the one before it, in a sentence."""
    for before, after in itertools.pairwise(ran):
        told = []
        for key, words, least in (
            ("flooded_15cm_hah", "ha·h above 15 cm", 0.005), ("flooded_27cm_hah", "ha·h above 27 cm", 0.005),
            ("cso_m3", "m³ of combined sewage", 0.5), ("energy_kwh", "kWh", 0.5),
        ):  # fmt: skip
            a, b = before.row[key], after.row[key]
            if a is None or b is None or abs(b - a) < least:
                continue
            share = f" ({(b - a) / a:+.0%})" if a else ""
            number = f"{abs(b - a):.2f}" if least < 0.1 else f"{abs(b - a):,.0f}"
            told.append(f"{number} {words} {'more' if b > a else 'less'}{share}")
        cost = after.row["cost"] - before.row["cost"]
        pays = "pays" if cost < -0.5 else "does not pay" if cost > 0.5 else "makes no difference"
        yield f"{after.policy} instead of {before.policy} {pays}: {', '.join(told) or 'nothing changes'}"


def _one(job: dict[str, Any]) -> None:
    """In the policy's own process: run, and print where the run is."""
    from twin.run import run

    root = Path(job["root"]) if job["root"] else None
    scenario = load(job["path"], [*job["sets"], f"drainage.dispatch.policy={job['policy']}"], root)
    scenario = scenario if job["whole"] else alone(scenario)
    outcome = run(replace(scenario, name=f"{scenario.name}-{job['policy']}", baseline=None), Path(job["runs"]))
    print(json.dumps({"folder": str(outcome.folder), "status": outcome.status}))


def _main(text: str) -> int:
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    end_with(os.getppid())
    try:
        _one(json.loads(text))
    except (ScenarioError, RunError) as error:
        print(" ".join(str(error).splitlines()), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1]))
