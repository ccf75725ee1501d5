"""A stored run stands for a scenario only when text and files agree."""

from __future__ import annotations

from pathlib import Path

from twin.scenario import load
from twin.scenario.identity import scenario_hash

SCENARIO = """
twin: 1
name: small
clock: {start: "2026-07-01T16:00+02:00", duration: 1 h}
weather: {wind: {series: wind.csv}}
"""


def written(folder: Path, wind: str = "8") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "wind.csv").write_text(f"time,wind m/s\n+0:00,{wind}\n+2:00,9\n", encoding="utf-8")
    path = folder / "s.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    return path


def test_the_same_text_and_files_are_the_same_wherever_they_lie(tmp_path: Path) -> None:
    one, two = load(written(tmp_path / "a")), load(written(tmp_path / "b"))
    assert scenario_hash(one) == scenario_hash(two)


def test_another_byte_in_a_file_is_another_scenario(tmp_path: Path) -> None:
    one, two = load(written(tmp_path / "a")), load(written(tmp_path / "b", wind="8.1"))
    assert one.resolved_text() == two.resolved_text()
    assert scenario_hash(one) != scenario_hash(two)


def test_an_override_is_another_scenario(tmp_path: Path) -> None:
    path = written(tmp_path / "a")
    assert scenario_hash(load(path)) != scenario_hash(load(path, ["seed=9"]))


def test_a_baseline_takes_over_hours_and_seed_and_nothing_else() -> None:
    from twin.cli.run import shared_sets

    given = ["clock.duration=1 h", "seed=3", "weather.rain.scale=2", "timeline.0.pipe=P3"]
    assert shared_sets(given) == given[:2]
