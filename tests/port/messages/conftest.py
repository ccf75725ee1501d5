"""One short run of a drawn terminal whose first ship has papers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.port.messages.papers import BAPLIE, LOADING, closed
from tests.port.sites import DRAWN
from twin.results.view import RunView

SCENARIO = """\
twin: 1
name: papers
crs: EPSG:32633
seed: 7
clock: {start: "2026-07-01T16:00+08:00", duration: 2 h, exchange: 60 s}
port: {terminal: terminal.yaml, engine: simpy}
"""


def write_terminal(folder: Path, **first_call: object) -> Path:
    """The drawn terminal; its first call with these keys in place of its numbers."""
    first = {"vessel": "Aurora", "berth": "B1", "at": "0 s", **first_call}
    path = folder / "terminal.yaml"
    path.write_text(json.dumps({**DRAWN, "calls": [first, DRAWN["calls"][1]]}), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def paper_run(tmp_path_factory: pytest.TempPathFactory) -> RunView:
    """Two hours; Aurora has a bay plan and a loading order, Meridian has none."""
    from twin.run import run
    from twin.scenario import load

    folder = tmp_path_factory.mktemp("papers")
    (folder / "plan.edi").write_text(closed(BAPLIE), encoding="latin-1")
    (folder / "load.edi").write_text(closed(LOADING), encoding="latin-1")
    write_terminal(folder, bayplan="plan.edi", coprar="load.edi")
    (folder / "scenario.yaml").write_text(SCENARIO, encoding="utf-8")
    outcome = run(load(folder / "scenario.yaml"), folder / "runs")
    return RunView(outcome.folder)
