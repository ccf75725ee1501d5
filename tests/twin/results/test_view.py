"""What the report and the stories read of a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.twin.results.small_city import START
from twin.places import Grid, Lines
from twin.results.view import RunView
from twin.scenario.problems import ScenarioError


def test_a_view_tells_the_run(runs: Path) -> None:
    """Name, time, figures, tables and places of the storm run, from its folder alone."""
    view = RunView(runs / "storm-0001")
    assert (view.name, view.title, view.start) == ("storm-0001", "Plum rain and a burst main", START)
    assert view.duration_us == 59 * 300 * 1_000_000
    assert view.metric("drainage.overflow") == 412.5
    assert view.metric("drainage.none") is None
    assert view.table("water", "outages") == [{"junction": "J57", "hours": 2.5, "note": None}]
    assert view.table("water", "none") == []
    grid = view.places("drainage", "cell")
    assert isinstance(grid, Grid)
    assert grid.size == 12_000
    assert isinstance(view.places("traffic", "edge"), Lines)
    t_s, values = view.series("water", "unserved")
    assert values.sum() == view.metric("water.unserved")
    assert len(t_s) == 60


def test_events_come_by_time_and_by_kind(runs: Path) -> None:
    view = RunView(runs / "storm-0001")
    times = [entry["time_us"] for entry in view.events()]
    assert times == sorted(times)
    assert [entry["section"] for entry in view.events("burst")] == ["water"]


def test_blocks_are_the_field(runs: Path) -> None:
    """Chunk by chunk gives the same as all at once."""
    view = RunView(runs / "storm-0001")
    t_s, values = view.field("drainage", "depth")
    parts = list(view.blocks("drainage", "depth"))
    assert np.array_equal(np.concatenate([t for t, _ in parts]), t_s)
    assert np.array_equal(np.concatenate([v for _, v in parts]), values)


def test_what_was_not_recorded_is_named(runs: Path) -> None:
    with pytest.raises(KeyError, match=r"no recorded port water\.flow"):
        RunView(runs / "storm-0001").series("water", "flow")


def test_a_folder_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    """One sentence with a way out, whether it was never finished or never a run."""
    part = tmp_path / ".storm-0001.part"
    part.mkdir()
    for folder in (part, tmp_path, tmp_path / "none"):
        with pytest.raises(ScenarioError) as refused:
            RunView(folder)
        assert len(refused.value.lines) == 1
        assert str(folder) in refused.value.lines[0]
