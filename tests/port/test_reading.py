"""Terminal files: what is right loads, what is wrong is named with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from port.check import check
from port.layout import generate
from port.reading import load_terminal, read_terminal
from tests.port.sites import event, setup

DOC = Path(__file__).resolve().parents[2] / "docs" / "port.md"
SHORT = "origin: [0, 0]\nheading: 20 deg\nberths: 4\n"
LONG = next(t for t in re.findall(r"```yaml\n(.*?)```", DOC.read_text(encoding="utf-8"), re.S) if "Hand-drawn" in t)
QUAY_3_ONEWAY = "{id: quay-3, line: [[240, 270], [300, 270]], limit: 20 km/h, oneway: true}"
CUT_QUAY = ("{id: quay-2, line:", "{id: quay-2, trucks: driverless, line:")
CUT_MAIN = ("{id: main-1, line:", "{id: main-1, trucks: manned, line:")


def problems(folder: Path, text: str, **options) -> list[str]:
    found = check(setup(folder, text, **options))
    return [f"{p.where}  {p.text}" for p in found if not p.warn]


def test_every_terminal_file_of_the_documentation_is_valid(tmp_path):
    """The short form, the long form, and each with the optional parts added."""
    parts = re.findall(r"```yaml\n(.*?)```", DOC.read_text(encoding="utf-8"), re.S)
    short = next(p for p in parts if "Canal terminal" in p)
    layout = next(p for p in parts if p.startswith("layout:"))
    rest = next(p for p in parts if p.startswith("gate:"))
    for name, text in {"short": short, "layout": short + layout, "all": short + layout + rest}.items():
        path = tmp_path / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        terminal, found = read_terminal(path)
        assert found == []
        assert len(terminal.blocks) == 28
    assert [c.vessel for c in terminal.calls] == ["Aurora", "Meridian"]
    assert problems(tmp_path, LONG) == []


def test_what_the_generator_gives_can_be_written_and_read(tmp_path):
    from ruamel.yaml import YAML

    path = tmp_path / "terminal.yaml"
    YAML().dump(generate(2, (100.0, 200.0), 45.0, berth_length=130.0, depth=300.0), path)
    terminal = load_terminal(path)
    assert [b.id for b in terminal.berths] == ["B1", "B2"]
    assert (terminal.fleet.trucks, terminal.road_trucks.per_day) == (25, 856.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SHORT + "fleat: {trucks: 3}\n", "terminal.yaml:4:8  fleat: unknown key 'fleat'. Did you mean 'fleet'?"),
        (SHORT + "fleet: {trucks: -3}\n", "terminal.yaml:4:17  fleet.trucks: must be at least 1"),
        (SHORT + "gantry:\n  rehandle: 90\n", "terminal.yaml:5:13  gantry.rehandle: 90 has no unit"),
        (SHORT + "road_trucks: {per_day: -5}\n", "terminal.yaml:4:24  road_trucks.per_day: must be at least 0"),
        (SHORT + "berths: 2\n", "terminal.yaml:4:1  'berths' stands here twice"),
        ("berths: 4\n", "origin and heading"),
        ("berths: [\n", "is not YAML"),
        (SHORT + "layout: {berth_length: 60 m, blocks: 9}\n", "layout: 9 blocks of 36 m do not fit along 240 m"),
        (SHORT + "limits: {close_depth: 10 cm}\n", "close at 0.1 m"),
        (
            SHORT + "calls: [{vessel: A, berth: B7, at: 0 s, discharge: 1, load: 1}]\n",
            "calls[0].berth: there is no berth 'B7'. There are B1, B2",
        ),
        (
            SHORT + "calls: [{vessel: A, berth: B1, at: 0 s, discharge: 1, load: 1, length: 400 m}]\n",
            "A is longer (400 m) than berth B1 (323 m)",
        ),
        (
            SHORT + "yard: {fill: 0.01}\ncalls: [{vessel: A, berth: B1, at: 0 s, discharge: 1, load: 9000}]\n",
            "7650 export boxes should be in the yard at the start",
        ),
        (LONG.replace("lane: Y02,", "lane: Y03,"), "blocks[1].lane: there is no lane 'Y03'. Did you mean 'Y0"),
        (LONG.replace("[[20, 270], [80, 270]]", "[[20, 270], [70, 270]]"), "block Y01 to QC01 at berth B1 and back"),
        (LONG.replace("id: B2", "id: B1"), "berths[1].id: 'B1' is also the id of berths[0]"),
        (LONG.replace("at: [160, 0]", "at: [160, -900]"), "the gate is 900 m from the nearest lane"),
        (
            LONG.replace("{id: quay-3, line: [[240, 270], [300, 270]], limit: 20 km/h}", QUAY_3_ONEWAY),
            "terminal.yaml:14:74  lanes[7].oneway: trucks on one-way lane 'quay-3' are trapped at its end (300.0, 2",
        ),
        (
            LONG.replace(
                "{id: Y02, line: [[240, 60], [240, 270]]", "{id: Y02, oneway: true, line: [[240, 300], [240, 270]]"
            ),
            "nothing leads to the start of one-way lane 'Y02'",
        ),
        (
            LONG.replace("{id: main-2, line:", "{id: main-2, trucks: driverless, line:").replace(*CUT_QUAY),
            "no way leads from the gate to block Y02 and back: lanes join where their ends meet within 1 m; only",
        ),
        (LONG.replace("{id: quay-2, line:", "{id: quay-2, trucks: manned, line:").replace(*CUT_MAIN), "no way"),
        (LONG + "stations: [{id: S1, at: [1, 1], bays: 0}]\n", "stations[0].bays: must be at least 1"),
        (LONG + "stations: [{id: S1, at: [80, 60]}, {id: S1, at: [240, 60]}]\n", "'S1' is also the id of stations[0]"),
        (LONG + "stations: [{id: S1, at: [900, 60]}]\n", "station S1 is 636 m from the nearest lane"),
        (LONG + "roads: {gap: -3 m}\n", "roads.gap: '-3 m' is out of range"),
        (LONG + "fleet: {breakdown: {between: -2 h}}\n", "fleet.breakdown.between: '-2 h' is out of range"),
        (LONG + "roads: {right_of_way: strongest}\n", "roads.right_of_way: "),
    ],
)
def test_a_mistake_is_named_with_its_place_and_a_way_out(tmp_path, text, message):
    found = problems(tmp_path, text)
    assert any(message in line for line in found), found
    assert all(re.match(r"terminal\.yaml(:\d+:\d+)?  |  terminal\.yaml", line) for line in found)


def test_a_yard_that_will_overflow_is_warned_of(tmp_path):
    text = LONG + "calls: [{vessel: A, berth: B1, at: 0 s, discharge: 900, load: 0}]\nyard: {fill: 0.9}\n"
    assert problems(tmp_path, text) == []
    warnings = [p.text for p in check(setup(tmp_path, text)) if p.warn]
    assert any("more containers than slots" in text for text in warnings)


def test_a_battery_that_cannot_carry_an_order_is_warned_of(tmp_path):
    """Two ways of up to 490 m and back need more than 1 % of 10 kWh."""
    text = LONG + "stations: [{id: S1, at: [80, 60]}]\nfleet: {energy: {battery_kwh: 10, threshold: 0.01}}\n"
    assert problems(tmp_path, text) == []
    warnings = [p.text for p in check(setup(tmp_path, text)) if p.warn]
    assert any("raise the threshold" in text for text in warnings)


def test_an_unknown_policy_or_engine_is_named(tmp_path):
    found = problems(tmp_path, LONG, dispatch="dedicatd")
    assert "there is no dispatch policy 'dedicatd'. Did you mean 'dedicated'?" in found[0]
    assert problems(tmp_path, LONG, dispatch="least_covered", engine="fast") == []


def test_machines_of_the_timeline_must_exist(tmp_path):
    events = (
        event("crane_breakdown", crane="QC1"),
        event("gantry_breakdown", gantry="Y01-9"),
        event("truck_breakdown", truck="AT020"),
        event("gate_close"),
    )
    found = problems(tmp_path, LONG, events=events)
    assert len(found) == 2
    assert "drill.yaml:9:5  there is no crane 'QC1' in the terminal. Did you mean 'QC01'?" in found
    assert "no gantry 'Y01-9'" in found[1]
    assert len(problems(tmp_path, LONG, events=events, fleet=3)) == 3


def test_trucks_from_the_road_need_a_road(tmp_path):
    assert "no section of this scenario brings trucks" in problems(tmp_path, LONG, trucks="road")[0]
    assert problems(tmp_path, LONG, trucks="road", linked=frozenset({"gate_arrivals"})) == []
