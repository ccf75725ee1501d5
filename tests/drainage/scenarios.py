"""Scenario files run by the command line itself, as a user would."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from twin.cli.main import app
from twin.places import FloatArray
from twin.results.view import RunView


def run_scenario(path: Path) -> RunView:
    """`twin run` of a scenario file into `runs` beside it; the run must be good."""
    runs = path.parent / "runs"
    done = CliRunner().invoke(app, ["run", str(path), "--runs", str(runs), "--quiet"])
    assert done.exit_code == 0, done.output
    (folder,) = [p for p in runs.iterdir() if (p / "summary.json").is_file()]
    return RunView(folder)


def gauge_series(view: RunView, port: str) -> tuple[FloatArray, FloatArray]:
    """Times, s, and values (nt, gauges) of a port at the gauges."""
    return view.series("drainage", port)


def mass_error(view: RunView) -> float:
    """|start + in − out − now| of the surface's water, relative to what came in."""
    balance = next(b for b in view.summary["ledger"]["balances"] if b["substance"] == "surface water")
    came, gone = sum(balance["inflow"].values()), sum(balance["outflow"].values())
    return abs(balance["stored_start"] + came - gone - balance["stored_now"]) / max(came, 1e-12)
