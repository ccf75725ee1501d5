"""A finished run with a terminal, and the folder into which a command writes about it."""

from __future__ import annotations

from pathlib import Path

from twin.results.view import RunView
from twin.scenario.problems import ScenarioError


def the_run(run: Path) -> RunView:
    """The run; `ScenarioError` when it is none, or has no port."""
    view = RunView(run)
    if "port" not in view.sections:
        raise ScenarioError([f"{run}: the run has no port"])
    return view


def open_run(run: Path, out: Path) -> RunView:
    """The run; makes `out`. `ScenarioError` when the run has no port or `out` is a file."""
    view = the_run(run)
    if out.exists() and not out.is_dir():
        raise ScenarioError([f"--out {out}: this is a file, a folder is wanted"])
    out.mkdir(parents=True, exist_ok=True)
    return view
