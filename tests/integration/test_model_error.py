"""A model that fails in the middle of a run: exit code 1, one sentence, no run, but what its engine wrote is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.conftest import twin, write
from twin.results.folder import is_whole

VALVE = "[VALVES]\nV1 J1 J2 200 TCV 0 0\n\n[CONTROLS]\nLINK V1 CLOSED AT TIME 40\n"
"""EPANET 2.2 cannot put such a control back once an event has held the valve, so the event is refused when it comes."""
DRILL = """\
twin: 1
clock: {start: "2026-07-01T16:00+00:00", duration: 10 min}
water: {network: net.inp}
"""
EVENT = "timeline:\n  - {at: +5 min, do: water.close, link: V1}\n"


@pytest.fixture
def folder(city: Path, tmp_path: Path) -> Path:
    """A drill that fails after five minutes, and one without the event that holds itself against it."""
    network = (city / "net.inp").read_text(encoding="utf-8")
    assert "[CONTROLS]\n" in network
    write(
        tmp_path,
        {
            "net.inp": network.replace("[CONTROLS]\n", VALVE, 1),
            "bad.yaml": DRILL + EVENT,
            "good.yaml": DRILL + "baseline: bad.yaml\n",
        },
    )
    return tmp_path


def test_a_model_error_is_one_sentence_and_keeps_the_engines_files(folder: Path) -> None:
    done = twin(folder, "run", "bad.yaml", "--quiet")
    assert done.returncode == 1, done.stdout
    (words,) = done.stderr.strip().splitlines()
    assert words.startswith("the run failed: bad.yaml:5:5  water.close: valve 'V1' has simple controls")
    assert words.endswith("What the engines wrote is in runs/bad.failed")
    assert (folder / "runs" / "bad.failed" / "water" / "epanet.rpt").is_file()
    assert sorted(p.name for p in (folder / "runs").iterdir()) == [".lock", "bad.failed"]
    assert not is_whole(folder / "runs" / "bad.failed")
    assert twin(folder, "report", "runs/bad.failed").returncode == 2


def test_a_traceback_shows_where_it_failed(folder: Path) -> None:
    done = twin(folder, "run", "bad.yaml", "--quiet", TWIN_TRACEBACK="1")
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr
    assert "switches.py" in done.stderr


def test_a_baseline_that_fails_costs_only_the_comparison(folder: Path) -> None:
    """The run itself is whole and told; the exit code says that something is missing."""
    done = twin(folder, "run", "good.yaml", "--quiet", "--no-report", "--json")
    assert done.returncode == 1
    assert "the baseline bad.yaml did not run" in done.stderr
    assert "valve 'V1'" in done.stderr
    told = json.loads(done.stdout)
    assert told["status"] == "good"
    assert told["baseline"] is None
    assert is_whole(folder / told["folder"])
