"""The shipped terminal of the reference size: its published measures, its day, and both engines on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from port.calls import planned_calls
from port.network import Site
from port.reading import load_terminal, read_terminal
from port.state import DISCHARGE, LOAD
from tests.conftest import REPOSITORY
from tests.port.sites import HOUR
from tests.port.test_identity import assert_same
from twin.run import run
from twin.scenario import load

FOLDER = REPOSITORY / "scenarios" / "terminal4"
TERMINAL = FOLDER / "terminal.yaml"


def test_it_has_the_published_measures_and_calls_for_two_million_teu():
    """1,292 m of quay in four berths, 28 gantries, 0.914 km² (± 1 %); 3,425 moves a day at 1.6 TEU make 2.0 M TEU/a."""
    terminal, problems = read_terminal(TERMINAL)
    assert problems == []
    site = Site.of(terminal)
    lengths = [
        ((b.line[1][0] - b.line[0][0]) ** 2 + (b.line[1][1] - b.line[0][1]) ** 2) ** 0.5 for b in terminal.berths
    ]
    assert len(lengths) == 4
    assert sum(lengths) == pytest.approx(1292.0, abs=0.1)
    assert sum(b.gantries for b in terminal.blocks) == 28
    assert sum(lengths) * 707 == pytest.approx(0.914e6, rel=0.01)
    assert (len(site.cranes), terminal.fleet.trucks) == (12, 60)
    moves = sum(c.discharge + c.load for c in planned_calls(terminal, 7, 24 * HOUR))
    assert moves * terminal.yard.teu_per_box * 365 == pytest.approx(2.0e6, rel=0.001)


def test_both_engines_agree_on_its_morning():
    """Midnight to three: three ships, appointments, stays, transhipment, buffers; equal to the bit."""
    a, _ = assert_same(load_terminal(TERMINAL), 7, 3 * HOUR, policy="least_covered")
    assert sum(row[2] in (DISCHARGE, LOAD) for row in a.trace) > 400
    assert a.world.tally.transhipped > 50


@pytest.mark.parametrize("name", ["day", "fog", "radio"])
def test_its_days_hold_what_they_expect(name, tmp_path: Path):
    """24 h each: the file's own expectations (crane rate, yard, trucks, TEU a year) and every account."""
    outcome = run(load(FOLDER / f"{name}.yaml"), tmp_path)
    summary = json.loads((outcome.folder / "summary.json").read_text())
    assert [e for e in summary["expect"] if not e["ok"]] == []
    assert summary["metrics"]["port.moves"]["value"] == 3425
    assert summary["metrics"]["port.yard_fill"]["value"] < 0.5
