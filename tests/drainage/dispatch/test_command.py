"""What a user meets: problems with their place, the command, its table and its picture."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from drainage.dispatch.compare import Ran, alone, policies_of, side_by_side, verdicts
from drainage.dispatch.figure import draw
from tests.drainage.cases import street, write_asc
from tests.drainage.dispatch.town import TOWN
from twin.cli.main import app
from twin.scenario import check_inputs, load
from twin.scenario.problems import ScenarioError

REPOSITORY = Path(__file__).resolve().parents[3]
POLDER = REPOSITORY / "scenarios" / "polder"
SCENARIO = """twin: 1
name: town
clock: {start: "2026-07-01T16:00+00:00", duration: 40 min, exchange: 60 s}
weather:
  rain: {rate: 90 mm/h, duration: 15 min, start: 15 min}
  tide: {level: 8.6 m}
drainage:
  sewer: town.inp
  terrain: dem.asc
  dispatch:
    policy: rules
    stations:
      lake: {pumps: [P1, P2], start: [1.8 m, 2.0 m], stop: 1.2 m, lowered: 0.4 m, into: river}
    gates:
      sluice: {link: sluice, open_above: 1.4 m, shut_below: 1.0 m}
    basins:
      basin: {node: basin, usable: 300 m3, inlet: inlet, outlet: PB, fill_above: 0.6 m, keep: 0.3 m}
    forecast: {lead: 20 min, storm: 5 mm}
    mpc: {interval: 10 min, horizon: 20 min, candidates: 3, refine: 1}
timeline:
  - {at: +5 min, do: drainage.pump_outage, pump: P2, until: +10 min}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    (tmp_path / "town.inp").write_text(TOWN)
    write_asc(tmp_path / "dem.asc", street(), 2.0)
    path = tmp_path / "town.yaml"
    path.write_text(SCENARIO)
    return path


def problems_of(scenario: Path, before: str, after: str, warn: bool = False) -> list[str]:
    text = scenario.read_text()
    assert before in text
    scenario.write_text(text.replace(before, after))
    try:
        loaded = load(scenario)
    except ScenarioError as error:
        return error.lines
    return [loaded.locate(p) for p in check_inputs(loaded) if p.warn == warn]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("[P1, P2], start", "[P1, P3], start", "no pump 'P3' in town.inp. There are P1, P2, PB"),
        ("link: sluice", "link: slice", "no orifice, weir or outlet 'slice' in town.inp. Did you mean 'sluice'?"),
        ("node: basin", "node: basn", "no storage unit 'basn' in town.inp. Did you mean 'basin'?"),
        ("stop: 1.2 m", "stop: 2.2 m", "`stop` must be below `start`"),
        ("[1.8 m, 2.0 m]", "[1.8 m, 4.5 m]", "4.5 m is never reached: lake is 4 m deep"),
        ("horizon: 20 min", "horizon: 5 min", "must not be shorter than `interval`"),
        ("policy: rules", "policy: rule", "rule"),
        ("  tide: {level: 8.6 m}\n", "", "no stage"),
        ("interval: 10 min", "interval: 90 s", "must be a multiple of the exchange"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_a_way_out(
    scenario: Path, before: str, after: str, words: str
) -> None:
    if "no stage" in words:
        problems_of(scenario, "policy: rules", "policy: rules\n    river: {warning: 9 m}")
    if "interval" in before:
        problems_of(scenario, "policy: rules", "policy: mpc")
    found = problems_of(scenario, before, after)
    assert len(found) == 1, found
    assert words in found[0]
    line = found[0].split(":")[1]
    assert line.isdigit()


def test_a_short_sighted_horizon_and_a_missing_forecast_are_warned_of(scenario: Path) -> None:
    problems_of(scenario, "policy: rules", "policy: mpc")
    assert any("Lengthen `horizon`" in p for p in problems_of(scenario, "lead: 20 min", "lead: 1 h", warn=True))
    text = scenario.read_text()
    scenario.write_text(text.replace("  rain: {rate: 90 mm/h, duration: 15 min, start: 15 min}\n", ""))
    loaded = load(scenario)
    assert any("no rain is forecast" in p.text for p in check_inputs(loaded) if p.warn)


@pytest.mark.timeout(900)  # kernels that nobody has compiled yet
def test_the_command_compares_policies_and_writes_table_and_picture(scenario: Path, tmp_path: Path) -> None:
    table, picture = tmp_path / "t.csv", tmp_path / "t.png"
    asked = ["drainage", "dispatch", str(scenario), "--policies", "file,rules", "--jobs", "1", "--json"]
    result = CliRunner().invoke(
        app, [*asked, "--out", str(table), "--out", str(picture), "--runs", str(tmp_path / "runs")]
    )
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert [row["policy"] for row in answer["policies"]] == ["file", "rules"]
    assert {"flooded_15cm_hah", "overflow_m3", "cost", "energy_kwh", "starts"} <= answer["policies"][0].keys()
    assert answer["verdicts"][0].startswith("rules instead of file ")
    assert table.read_text().splitlines()[0].startswith("policy,flooded_15cm_ha,")
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert sorted(p.name for p in (tmp_path / "runs").iterdir() if p.is_dir()) == ["town-file-0001", "town-rules-0001"]


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (["--policies", "rules,mcp"], "there is no policy 'mcp'. Did you mean 'mpc'?"),
        (["--policies", "rules,rules"], "name each policy once"),
        (["--out", "x.geojson"], "write .csv"),
        (["--set", "drainage.dispatch.stations.lake.stop=3 m"], "`stop` must be below `start`"),
    ],
)
def test_a_wrong_call_is_one_message_and_code_2(scenario: Path, extra: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["drainage", "dispatch", str(scenario), *extra])
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_a_scenario_without_dispatch_is_refused(scenario: Path) -> None:
    head, _, _ = scenario.read_text().partition("  dispatch:")
    scenario.write_text(head)
    result = CliRunner().invoke(app, ["drainage", "dispatch", str(scenario)])
    assert result.exit_code == 2
    assert "has no `dispatch` in `drainage`" in result.stderr


def test_other_sections_their_events_and_conditions_are_left_out(scenario: Path) -> None:
    text = scenario.read_text() + (
        "  - {when: 'min(assets.power) < 0.5', do: drainage.set_pump, pump: P1, speed: 1}\n"
        "  - {at: +6 min, do: assets.fail, asset: west, until: +8 min}\n"
        "assets:\n  - {id: west, at: [10, 10], feeds: [drainage.P1]}\n"
    )
    scenario.write_text(text)
    loaded = load(scenario)
    assert len(loaded.schedule) == 3
    kept = alone(loaded)
    assert set(kept.sections) == {"weather", "drainage"}
    assert [entry.event.verb for entry in kept.schedule] == ["pump_outage"]


def ran(policy: str, **figures: Any) -> Ran:
    from drainage.dispatch.compare import FIGURES

    row = {"policy": policy, **{key: None for _, key, _, _ in FIGURES}, **figures}
    n = 30
    curves = {"time_min": [float(k) for k in range(n)], "rain_mm_h": [1.0] * n, "river_m": [float("nan")] * n,
              "flooded_15cm_ha": [0.1] * n, "pumping_kw": [5.0] * n, "lake_depth_m": [1.0] * n}  # fmt: skip
    return Ran(policy, row, curves, Path())


def test_verdicts_say_what_is_saved_and_what_it_costs() -> None:
    before = ran("file", flooded_15cm_hah=4.0, energy_kwh=100, cost=900)
    runs = [before, ran("rules", flooded_15cm_hah=3.0, energy_kwh=150, cost=700)]
    assert list(verdicts(runs)) == ["rules instead of file pays: 1.00 ha·h above 15 cm less (-25%), 50 kWh more (+50%)"]
    worse = [runs[1], runs[0]]
    assert next(iter(verdicts(worse))).startswith("file instead of rules does not pay: ")
    words = [row["figure"] for row in side_by_side(runs)]
    assert words == ["area × time above 15 cm, ha·h", "pumping, kWh", "all that `costs` charges for"]


def test_the_picture_needs_no_river(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    path = tmp_path / "f.png"
    draw([ran("file")], [("lake", "the lake")], "title", datetime(2026, 7, 1, 14, tzinfo=UTC), path)
    assert path.stat().st_size > 10_000


def test_policies_are_read_from_a_list() -> None:
    assert policies_of(" rules, mpc") == ["rules", "mpc"]


def test_the_polders_files_are_those_that_its_script_makes(tmp_path: Path) -> None:
    import runpy

    script = tmp_path / "make_polder.py"
    shutil.copyfile(POLDER / "make_polder.py", script)
    runpy.run_path(str(script), run_name="__main__")
    for name in ("sewer.inp", "terrain.asc", "streets.geojson"):
        assert (tmp_path / name).read_bytes() == (POLDER / name).read_bytes(), name
