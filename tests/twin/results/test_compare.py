"""Comparing runs: figures, scenarios, and the first moment at which they part."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tests.twin.results.small_city import write_city
from twin.cli.results import compare_command, runs_command
from twin.results.compare import compare, row, scenario_differences
from twin.results.view import RunView


def test_a_run_equals_itself_written_again(runs: Path, tmp_path: Path) -> None:
    again = write_city(tmp_path, "storm")
    found = compare(RunView(runs / "storm-0001"), RunView(again))
    assert found.same
    assert found.split is None
    assert found.scenario == []
    assert {r.verdict for r in found.rows} == {"same"}


def test_the_first_difference_is_found_to_the_cell(runs: Path, tmp_path: Path) -> None:
    """One cell changed by one bit in picture 40 (19:20): named with its row and column."""
    import zarr

    view = RunView(write_city(tmp_path, "storm"))
    store = zarr.open_group(view.path / "results.zarr", mode="r+")
    depth = store["drainage/depth"]
    before = depth[40, 30, 50]
    depth[40, 30, 50] = np.nextafter(before, np.float32(9))
    split = compare(RunView(runs / "storm-0001"), view).split
    assert split is not None
    assert (split.section, split.port, split.place, split.clock) == ("drainage", "depth", "r30c50", "19:20")
    assert split.time_us == 40 * 300 * 1_000_000


def test_verdicts_follow_what_is_better() -> None:
    """Fewer cubic metres are better, fewer moves worse; below the digits that mean something nothing changed."""

    def verdict(a: float, b: float, better: str) -> str:
        def metric(value: float) -> dict[str, object]:
            return {"value": value, "unit": "m3", "doc": "", "better": better, "digits": 1}

        return row("x", metric(a), metric(b)).verdict

    assert verdict(5, 3, "lower") == "better"
    assert verdict(5, 3, "higher") == "worse"
    assert verdict(5, 3, "") == ""
    assert verdict(5, 5.04, "lower") == "same"


def test_a_figure_that_one_run_lacks_has_no_difference() -> None:
    found = row("x", {"value": 5, "unit": "m3", "doc": "d", "better": "lower", "digits": 0}, None)
    assert (found.a, found.b, found.difference, found.verdict) == (5, None, None, "")


def test_scenarios_differ_key_by_key() -> None:
    """Nested keys and list places are named; a key on one side only has one line."""
    a = "seed: 7\nweather: {rain: none}\ntimeline: [{at: +1 h}, {at: +2 h}]\n"
    b = "seed: 7\nweather: {rain: {scale: 2}}\ntimeline: [{at: +1 h}]\n"
    assert scenario_differences(a, b) == ["- weather.rain: none", "- timeline[1].at: +2 h", "+ weather.rain.scale: 2"]


@pytest.mark.parametrize(("b", "code"), [("storm-0001", 0), ("dry-0001", 1)])
def test_same_is_for_scripts(runs: Path, b: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """`--same` fails when results differ; without it a comparison is only shown."""
    assert compare_command(runs / "storm-0001", runs / b, True, False, None) == code
    assert compare_command(runs / "storm-0001", runs / b, False, False, None) == 0
    assert ("equal to the bit" in capsys.readouterr().out) == (code == 0)


def test_json_and_csv_say_the_same(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "table.csv"
    compare_command(runs / "dry-0001", runs / "storm-0001", False, True, out)
    found = json.loads(capsys.readouterr().out)
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [r["metric"] for r in rows] == [r["metric"] for r in found["rows"]]
    moves = next(r for r in found["rows"] if r["metric"] == "port.moves")
    assert moves["difference"] == pytest.approx(24.8 - 31.2)
    assert moves["verdict"] == "worse"


def test_runs_are_listed(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs_command(runs, False)
    assert "storm-0001" in capsys.readouterr().out
    runs_command(tmp_path / "none", False)
    assert "no runs in" in capsys.readouterr().out
