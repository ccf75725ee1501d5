"""`twin run`: the scenario, beside it its baseline in a second process, then the report that holds the two together.

The scheduler is imported once the scenario has been read, so that a mistake in it is told at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from twin.scenario import Scenario, load

if TYPE_CHECKING:
    from twin.run import Outcome

STOP_TRIES, STOP_PATIENCE_S = 4, 5.0
SHARED = ("clock", "seed", "results")


def run_command(
    path: Path,
    runs: Path | None,
    sets: Sequence[str],
    root: Path | None,
    with_baseline: bool,
    with_report: bool,
    threads: int,
    quiet: bool,
    as_json: bool,
) -> int:
    """Run and tell; the exit code (0 good, 1 the ledger or an expectation failed, or the baseline did not run).

    runs : folder of run folders; None for the scenario's own `results.folder`.
    """
    scenario = load(path, sets, root)
    runs = Path(scenario.results.folder) if runs is None else runs
    base, child = (None, None)
    if with_baseline and scenario.baseline is not None:
        base, child = _baseline(scenario, runs, root, sets)
        own = [text for text in sets if text not in shared_sets(sets)]
        if own and not quiet:
            print(f"only this scenario, not its baseline, takes: {', '.join(own)}", file=sys.stderr)
    outcome, alone = None, False
    try:
        outcome = run_watched(scenario, runs, threads, quiet)
        if child is not None:
            base, words = _await(child, scenario)
            alone = base is None
            for line in words:
                print(line, file=sys.stderr)
        page = write_reports(outcome, base) if with_report else None
    except BaseException as error:
        if child is not None:
            _stop(child)
        if isinstance(error, KeyboardInterrupt):
            _say_what_is_kept(error, outcome)
        raise
    tell(outcome, base, page, as_json)
    return 0 if outcome.status == "good" and not alone else 1


def run_watched(scenario: Scenario, runs: Path, threads: int, quiet: bool) -> Outcome:
    """One run with its progress."""
    from twin.cli.progress import ProgressWatcher
    from twin.results.catalogue import Catalogue
    from twin.run import run

    bar = ProgressWatcher(scenario.name, scenario.clock.duration_us)
    outcome = None
    try:
        with contextlib.nullcontext() if quiet else bar:
            outcome = run(scenario, runs, [] if quiet else [bar], threads, None if quiet else bar.say)
        Catalogue(runs).add(outcome.folder)
    except KeyboardInterrupt as stop:
        _say_what_is_kept(stop, outcome)
        raise
    return outcome


def _say_what_is_kept(stop: KeyboardInterrupt, outcome: Outcome | None) -> None:
    """A run that was published before the interrupt stays; the command line says so."""
    if outcome is not None:
        stop.args = (f"the run is whole: {outcome.folder}",)


def write_reports(outcome: Outcome, base: Path | None) -> Path:
    """report.html of the run, against its baseline when there is one."""
    from twin.report.page import build_report
    from twin.results.folder import remember_baseline
    from twin.results.view import RunView

    if base is not None:
        remember_baseline(outcome.folder, base)
    return build_report(RunView(outcome.folder), RunView(base) if base else None)


def tell(outcome: Outcome, base: Path | None, page: Path | None, as_json: bool) -> None:
    """The headline table, or JSON for scripts."""
    from rich.console import Console

    from twin.report.terminal import headline

    if as_json:
        print(json.dumps({"folder": str(outcome.folder), "baseline": str(base) if base else None, **outcome.summary}))
        return
    other = json.loads((base / "summary.json").read_text(encoding="utf-8")) if base else None
    Console(highlight=False).print(headline(outcome.summary, other, outcome.timing))
    for problem in outcome.problems:
        print(problem, file=sys.stderr)
    print(f"report  {page}" if page else f"run  {outcome.folder}")


def load_baseline(scenario: Scenario, root: Path | None, sets: Sequence[str] = ()) -> Scenario:
    """The baseline, read from where it stands as seen from here, so that its messages are short."""
    assert scenario.baseline is not None
    return load(os.path.relpath(scenario.baseline), shared_sets(sets), root or scenario.root)


def shared_sets(sets: Sequence[str]) -> list[str]:
    """The overrides that a baseline takes over: hours, seed and interval must be the drill's, all else is its own."""
    return [text for text in sets if text.partition("=")[0].strip().split(".")[0] in SHARED]


def _baseline(
    scenario: Scenario, runs: Path, root: Path | None, sets: Sequence[str]
) -> tuple[Path | None, subprocess.Popen[str] | None]:
    """The stored run of the baseline if the very same is there; otherwise a process that makes it."""
    from twin.results.catalogue import Catalogue
    from twin.run import versions
    from twin.scenario.identity import scenario_hash

    dry = load_baseline(scenario, root, sets)
    known = Catalogue(runs).find(dry.name, scenario_hash(dry), versions())
    if known is not None:
        return known, None
    command = [sys.executable, "-m", "twin.cli.main", "run", str(scenario.baseline), "--runs", str(runs)]
    command += ["--no-baseline", "--no-report", "--quiet", "--json", "--threads", "1", "--parent", str(os.getpid())]
    command += [part for text in shared_sets(sets) for part in ("--set", text)]
    if root or scenario.root:
        command += ["--root", str(root or scenario.root)]
    return None, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _await(child: subprocess.Popen[str], scenario: Scenario) -> tuple[Path | None, list[str]]:
    """The baseline's run, or None and why there is none."""
    out, err = child.communicate()
    if child.returncode in (0, 1) and out.strip():
        lost = [f"the baseline failed: {line}" for line in err.strip().splitlines()] if child.returncode else []
        return Path(json.loads(out.strip().splitlines()[-1])["folder"]), lost
    assert scenario.baseline is not None
    words = [f"the baseline {scenario.baseline.name} did not run, so there is nothing to hold this run against:"]
    return None, words + err.strip().splitlines()[-5:]


def _stop(child: subprocess.Popen[str]) -> None:
    """End the baseline and let it clear up. Asked again where it does not hear: a signal that comes while an engine
    calls back into Python is lost."""
    for _ in range(STOP_TRIES):
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=STOP_PATIENCE_S)
            return
    child.kill()
    child.wait()
