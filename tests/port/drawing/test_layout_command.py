"""`twin port layout`: figures against hand counts, and a drawing that is the terminal again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from port.cli import port_app
from port.drawing.facts import daily_trucks, facts, stock_of_stays
from port.drawing.features import block_outlines, features
from port.layout import complete
from port.network import Site
from port.reading import load_terminal
from port.terminal import Terminal
from tests.conftest import REPOSITORY
from tests.port.sites import DRAWN, terminal

RING = """\
name: Ring
berths:
  - {id: B1, line: [[0, 120], [160, 120]], cranes: 2, crane_points: [[30, 121], [110, 121]]}
lanes:
  - {id: gate, line: [[80, -40], [80, 0]], trucks: manned}
  - {id: south-1, line: [[0, 0], [80, 0]], oneway: true, limit: 25 km/h}
  - {id: south-2, line: [[80, 0], [160, 0]], oneway: true}
  - {id: east, line: [[160, 0], [160, 100]], oneway: true}
  - {id: north, line: [[160, 100], [0, 100]], oneway: true, trucks: driverless}
  - {id: west, line: [[0, 100], [0, 0]], oneway: true}
  - {id: back, line: [[160, 100], [120, 50], [80, 0]], oneway: true, trucks: manned}
blocks:
  - {id: Y01, lane: south-2, bays: 5, rows: 4}
stations:
  - {id: S1, at: [0, 50], kind: charge, power_kw: 180}
gate: {at: [80, -40], lanes_in: 2, lanes_out: 1}
"""
SHORT = "name: Short\norigin: [500, 900]\nheading: 35 deg\nberths: 2\nlayout: {stations: 2}\n"


def ask(*words: str):
    return CliRunner().invoke(port_app, ["layout", *words])


def values(place: Terminal) -> dict[str, float]:
    return {row["key"]: row["value"] for row in facts(place)}


@pytest.mark.parametrize("text", [RING, SHORT], ids=["ring", "generated"])
def test_a_drawing_of_a_terminal_is_that_terminal(tmp_path: Path, text: str):
    """Written as GeoJSON and named by `layout`, every berth, lane, block, crane, station and gate is the same."""
    given, drawing = tmp_path / "given.yaml", tmp_path / "site.geojson"
    given.write_text(text)
    done = ask(str(given), "--out", str(drawing))
    assert done.exit_code == 0, done.output
    (tmp_path / "drawn.yaml").write_text(f"name: {text.split()[1]}\nlayout: site.geojson\n")
    one, other = load_terminal(given), load_terminal(tmp_path / "drawn.yaml")
    for key in ("berths", "blocks", "fleet", "road_trucks"):
        assert getattr(one, key) == getattr(other, key), key
    assert [(lane.id, lane.line, lane.oneway, lane.trucks) for lane in one.lanes] == [
        (lane.id, lane.line, lane.oneway, lane.trucks) for lane in other.lanes
    ]
    assert [lane.limit for lane in one.lanes] == pytest.approx([lane.limit for lane in other.lanes], rel=1e-6)
    assert [s.model_dump() for s in one.stations] == [s.model_dump() for s in other.stations]
    assert (one.gate.at, one.gate.lanes_in, one.gate.lanes_out) == (
        other.gate.at,
        other.gate.lanes_in,
        other.gate.lanes_out,
    )


def test_the_figures_are_those_one_counts_by_hand():
    """Two berths of 160 m, four cranes, 30 bays of 8 × 5 − 4 boxes; ways as in `test_network`; 80/h a lane."""
    found = values(terminal())
    assert found["quay_m"] == 320.0
    assert (found["quay_cranes"], found["trucks"], found["blocks"]) == (4, 12, 2)
    assert found["slots"] == 30 * 36
    assert found["gate_rate"] == pytest.approx(160.0)
    assert found["gate_to_block_s"] == pytest.approx(60 / (5 / 3.6) + 80 / (35 / 3.6) + 105 / (20 / 3.6) + 14.0)
    assert found["call_moves"] == 200
    assert found["trucks_peak"] == pytest.approx(600 * 1.8 / 24.1, rel=0.02)


def test_the_stock_of_stays_is_flow_times_stay():
    """100 imports a day for 2 days, 100 exports for 4, and a quarter of the discharge (33.3) for 3: 200 + 400 + 100."""

    def days(mean: int) -> dict:
        return {"mean": f"{24 * mean} h"}

    stays = {"imports": days(2), "exports": days(4), "transhipment": days(3)}
    place = terminal(road_trucks={"per_day": 200}, yard={"transhipment": 0.25, "dwell": stays})
    assert daily_trucks(place) == 200
    assert stock_of_stays(place) == pytest.approx(700.0)
    assert stock_of_stays(terminal()) is None


def test_blocks_stand_beside_their_lanes_and_not_in_them():
    """Four corners of 15 bays and 8 rows, to the right of the lane: 195 by 20.8 m."""
    place = terminal()
    outline = block_outlines(place, Site.of(place))[0]
    wide, high = outline.max(axis=0) - outline.min(axis=0)
    assert (wide, high) == (pytest.approx(8 * 2.6), pytest.approx(15 * 13.0))
    assert outline[:, 0].min() > 80.0


def test_the_command_gives_table_json_csv_and_map(tmp_path: Path):
    path = tmp_path / "terminal.yaml"
    path.write_text(SHORT + "gate: {appointments: {quota: 1}}\n")
    outs = [tmp_path / name for name in ("figures.csv", "map.png")]
    done = ask(str(path), "--json", "--out", str(outs[0]), "--out", str(outs[1]))
    assert done.exit_code == 0, done.output
    answer = json.loads(done.output)
    assert {"berths", "slots", "trucks_peak", "slots_hour"} <= {row["key"] for row in answer["figures"]}
    assert len(answer["warnings"]) == 1
    assert "raise the quota" in answer["warnings"][0]
    assert outs[0].read_text().startswith("key,what,value,unit,note\nberths,berths,2")
    assert outs[1].stat().st_size > 20_000
    shown = ask(str(path))
    assert "stock at the start" in shown.output
    assert "warning  terminal.yaml:6:30" in shown.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nothing.yaml",), "nothing.yaml: there is no such file"),
        ((str(REPOSITORY / "Makefile"),), "is not YAML"),
        ((str(REPOSITORY / "scenarios/terminal4/terminal.yaml"), "--out", "map.tiff"), "--out map.tiff: write .csv"),
    ],
)
def test_wrong_input_is_one_message(words: tuple[str, ...], message: str):
    done = ask(*words)
    assert done.exit_code == 2
    assert message in done.output
    assert "Traceback" not in done.output


def test_what_a_drawing_leaves_out_is_the_default():
    """A lane without properties but its id and limit is for all, both ways; crane points only where they are given."""
    drawn = features(complete(Terminal.model_validate({**DRAWN})))
    lanes = [f["properties"] for f in drawn if f["properties"]["part"] == "lane"]
    assert lanes[0] == {"part": "lane", "id": "gate", "limit": "5 km/h"}
    assert {f["properties"]["part"] for f in drawn} == {"berth", "lane", "block", "gate"}
