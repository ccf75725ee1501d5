"""Wrong terminal files, one mistake each: one message with file:line:column and a way out, and never a traceback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from port.check import check
from tests.port.messages.papers import BAPLIE, closed
from tests.port.sites import setup

DOC = Path(__file__).resolve().parents[2] / "docs" / "port.md"
LONG = next(t for t in re.findall(r"```yaml\n(.*?)```", DOC.read_text(encoding="utf-8"), re.S) if "Hand-drawn" in t)
B1 = "{id: B1, line: [[0, 300], [160, 300]], cranes: 2}"
Y02 = "{id: Y02, line: [[240, 60], [240, 270]]"
QUAY_2 = "{id: quay-2, line:"
GATE = "lanes_out: 2}"
NONE = ", ".join(["0"] * 24)


def calls(*each: str) -> str:
    return LONG + "calls:\n" + "".join(f"  - {{{text}}}\n" for text in each)


def gate(keys: str) -> str:
    return LONG.replace(GATE, f"lanes_out: 2, {keys}}}")


A = "vessel: Aurora, berth: B1, at: 0 s, discharge: 10, load: 10"
B = "vessel: Borealis, berth: B2, at: 0 s, discharge: 10, load: 10"
LATER = "vessel: Borealis, berth: B1, at: 9 h, discharge: 10, load: 10"

WRONG = {
    # lanes and places
    "a block that no lane reaches": (
        LONG.replace(Y02, "{id: Y02, line: [[240, 62], [240, 262]]"),
        "terminal.yaml:17:21  blocks[1].lane: no way leads from the gate to block Y02 and back: lanes join where",
    ),
    "a one-way lane that ends nowhere": (
        LONG.replace("{id: quay-3, line:", "{id: quay-3, oneway: true, line:"),
        "terminal.yaml:14:26  lanes[7].oneway: trucks on one-way lane 'quay-3' are trapped at its end (300.0, 270.0)",
    ),
    "one-way lanes that lead in and not out": (
        LONG.replace("{id: Y02, line:", "{id: Y02, oneway: true, line:").replace(
            QUAY_2, "{id: quay-2, oneway: true, line:"
        ),
        "no way leads back from block Y02 to the gate: lanes join where their ends meet within 1 m; look at the",
    ),
    "a gate for driverless trucks alone": (
        LONG.replace("{id: gate, line:", "{id: gate, trucks: driverless, line:"),
        "no way leads from the gate to block Y01, block Y02 and back: lanes join where their ends meet within 1 m",
    ),
    "a quay for manned trucks alone": (
        LONG.replace("{id: quay-1, line:", "{id: quay-1, trucks: manned, line:"),
        "no way for driverless trucks leads from block Y01 to QC01 at berth B1 and back",
    ),
    "a lane without length": (
        LONG.replace("[[240, 60], [240, 270]]", "[[240, 60], [240, 60]]"),
        "terminal.yaml:11:21  lanes[4].line: lane 'Y02' has no length: give two different points",
    ),
    "a berth without length": (
        LONG.replace("[[0, 300], [160, 300]]", "[[0, 300], [0, 300]]"),
        "terminal.yaml:4:20  berths[0].line: berth 'B1' has no length",
    ),
    "two lanes of one id": (
        LONG.replace("id: quay-3, line", "id: quay-2, line"),
        "terminal.yaml:14:10  lanes[7].id: 'quay-2' is also the id of lanes[6]",
    ),
    "two blocks of one id": (
        LONG.replace("{id: Y02, lane: Y02", "{id: Y01, lane: Y02"),
        "terminal.yaml:17:10  blocks[1].id: 'Y01' is also the id of blocks[0]",
    ),
    "a block in no lane": (
        LONG.replace("lane: Y02,", "lane: Y20,"),
        "terminal.yaml:17:21  blocks[1].lane: there is no lane 'Y20'. Did you mean 'Y0",
    ),
    "a crane off the quay": (
        LONG.replace(B1, B1.replace("cranes: 2", "cranes: 2, crane_points: [[10, 300], [80, 150]]")),
        "terminal.yaml:4:81  berths[0].crane_points[1]: this crane stands 150 m from the edge of berth B1",
    ),
    "fewer crane points than cranes": (
        LONG.replace(B1, B1.replace("cranes: 2", "cranes: 2, crane_points: [[10, 300]]")),
        "terminal.yaml:4:5  berths[0]: 1 crane_points for 2 cranes: give one a crane",
    ),
    "a quay without a road": (
        LONG.replace("[[0, 300], [160, 300]]", "[[0, 400], [160, 400]]"),
        "terminal.yaml:4:20  berths[0].line: QC01 stands 130 m from the nearest lane: draw a lane along the quay",
    ),
    "no gate": (
        LONG.replace("gate: {at: [160, 0], lanes_in: 2, lanes_out: 2}\n", ""),
        "terminal.yaml:1:1  where is the gate? Give `gate: {at: [x, y]}`",
    ),
    # numbers
    "a negative rate": (LONG + "road_trucks: {per_day: -1}\n", "road_trucks.per_day: must be at least 0, not -1"),
    "a negative cycle": (LONG + "gantry: {cycle: {mean: -5 s}}\n", "gantry.cycle.mean: '-5 s' is out of range"),
    "a speed without unit": (LONG + "fleet: {speed: 35}\n", "fleet.speed: 35 has no unit: write it with a unit"),
    "a speed in metres": (LONG + "fleet: {speed: 35 m}\n", "fleet.speed: '35 m' is not in a unit of speed"),
    "no truck": (LONG + "fleet: {trucks: 0}\n", "terminal.yaml:19:17  fleet.trucks: must be at least 1, not 0"),
    "a share in per cent": (LONG + "yard: {transhipment: 30}\n", "yard.transhipment: must be at most 1, not 30"),
    "an unknown key": (LONG + "blocs: []\n", "blocs: unknown key 'blocs'. Did you mean 'blocks'?"),
    # the gate's day
    "a profile of 23 hours": (gate(f"profile: [{NONE[3:]}]"), "gate.profile: "),
    "two numbers of trucks": (
        LONG + f"road_trucks: {{per_day: 5, per_hour: [{NONE}]}}\n",
        "road_trucks: give either `per_hour` (24 numbers) or `per_day`",
    ),
    "slots for nobody": (gate("appointments: {quota: 0}"), "gate.appointments.quota: must be at least 1, not 0"),
    "slots without a quota": (gate("appointments: {slot: 1 h}"), "gate.appointments.quota: 'quota' is missing"),
    # calls
    "a ship longer than its berth": (
        calls(f"{A}, length: 161 m"),
        "calls[0].length: Aurora is longer (161 m) than berth B1 (160 m): no berth is, draw a longer one",
    ),
    "a ship at no berth": (calls(A.replace("B1", "B7")), "calls[0].berth: there is no berth 'B7'. There are B1, B2"),
    "a ship that leaves before it comes": (
        calls(A.replace("at: 0 s", "at: 2 h, leaves: 1 h")),
        "calls[0].leaves: Aurora is planned to leave before it comes",
    ),
    "boxes for an unknown ship": (
        calls(f"{A}, transfers: {{Boreal: 3}}", B),
        "calls[0].transfers.Boreal: there is no call of a vessel 'Boreal'. Did you mean 'Borealis'?",
    ),
    "boxes for the ship itself": (
        calls(f"{A}, transfers: {{Aurora: 3}}"),
        "calls[0].transfers.Aurora: Aurora cannot pass boxes on to itself: name another call",
    ),
    "more boxes passed on than discharged": (
        calls(f"{A}, transfers: {{Borealis: 11}}", B.replace("load: 10", "load: 20")),
        "calls[0].transfers: Aurora passes on 11 boxes, but discharges 10: lower the transfers",
    ),
    "more boxes passed on than loaded": (
        calls(f"{A}, transfers: {{Borealis: 9}}", B.replace("load: 10", "load: 8")),
        "calls[0].transfers.Borealis: Borealis would get 1 boxes more than it loads: raise its `load`",
    ),
    "ships that wait for each other": (
        calls(A, f"{LATER}, transfers: {{Aurora: 5}}"),
        "Aurora waits for Borealis waits for Aurora, for boxes or for its berth: they would wait for ever",
    ),
    "papers that are not there": (
        calls("vessel: Aurora, berth: B1, at: 0 s, bayplan: a.edi"),
        "calls[0].bayplan: there is no file 'a.edi'",
    ),
    # the whole file
    "an empty file": ("", "terminal.yaml:1:1  berths: 'berths' is missing (their number, from which"),
    "a list": ("[1, 2]\n", "terminal.yaml:1:1  a terminal's file is a mapping of keys such as `berths: 4`"),
    "no YAML": ("berths: [\n", "is not YAML"),
    "a file that extends itself": ("extends: terminal.yaml\n", "terminal.yaml:1:10  extends: the files extend each"),
    "a quay too short for a block": (
        "origin: [0, 0]\nheading: 20 deg\nberths: 1\nlayout: {berth_length: 30 m}\n",
        "terminal.yaml:4:9  layout: 1 block of 36 m does not fit along 30 m of quay (0 would)",
    ),
}


def found(folder: Path, text: str, warn: bool, **section) -> list[str]:
    problems = list(check(setup(folder, text, **section)))
    return [f"{p.where}  {p.text}".strip() for p in problems if p.warn is warn]


@pytest.mark.parametrize("name", sorted(WRONG))
def test_one_mistake_gives_one_message_with_its_place(tmp_path, name):
    text, message = WRONG[name]
    lines = found(tmp_path, text, warn=False)
    assert len(lines) == 1, lines
    assert message in lines[0]
    assert re.match(r"terminal\.yaml:\d+:\d+ ", lines[0])


WARNED = {
    "more boxes than slots": (
        calls("vessel: A, berth: B1, at: 0 s, discharge: 900, load: 0") + "yard: {fill: 1}\n",
        "yard.fill: more containers than slots: 1080 at the start and 900 more discharged than loaded, 1080 slots",
    ),
    "two ships at a berth at once": (
        calls(A, B.replace("B2", "B1").replace("at: 0 s", "at: 1 h")),
        "calls[1].at: Borealis comes 0.4 h before Aurora is planned to leave berth B1, and will wait",
    ),
    "slots for a twentieth of the trucks": (
        gate("appointments: {quota: 2}"),
        "gate.appointments.quota: 856 trucks a day must book, but the slots of a day hold 48: raise the quota",
    ),
    "a profile without any hour": (gate(f"profile: [{NONE}]"), "gate.profile: no hour has a share"),
    "boxes that nobody brings": (
        calls(A.replace("load: 10", "load: 100")) + "road_trucks: {per_day: 0}\n",
        "15 boxes of Aurora are to come by road, but no road truck brings any: it will not leave",
    ),
}


@pytest.mark.parametrize("name", sorted(WARNED))
def test_what_a_run_survives_is_warned_of(tmp_path, name):
    text, message = WARNED[name]
    assert found(tmp_path, text, warn=False) == []
    lines = found(tmp_path, text, warn=True)
    assert len(lines) == 1, lines
    assert message in lines[0]


def test_appointments_for_trucks_of_a_road_are_warned_of(tmp_path):
    text, linked = gate("appointments: {quota: 40}"), frozenset({"gate_arrivals"})
    assert found(tmp_path, text, warn=True) == []
    lines = found(tmp_path, text, warn=True, linked=linked)
    assert len(lines) == 1
    assert "the road network brings the trucks, and they book no slots" in lines[0]


def test_a_broken_segment_is_named_with_its_line(tmp_path):
    """A bay plan whose second stowage location has an I for a 1: message, segment and line of the paper, and call."""
    (tmp_path / "plan.edi").write_text(closed(BAPLIE).replace("0010284", "00I0284"), encoding="latin-1")
    lines = found(tmp_path, calls("vessel: Aurora, berth: B1, at: 0 s, bayplan: plan.edi"), warn=False)
    assert len(lines) == 1, lines
    text = "calls[0]: plan.edi: message 1 (BAPLIE), segment 14 (LOC), line 15: '00I0284' is no stowage location"
    assert re.match(rf"terminal\.yaml:20:5  {re.escape(text)}", lines[0])


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"dispatch": "fifo_neerest"}, "there is no dispatch policy 'fifo_neerest'. Did you mean 'fifo_nearest'?"),
        ({"dispatch": "best"}, "there is no dispatch policy 'best'. There are "),
        ({"trucks": "road"}, "no section of this scenario brings trucks to the gate: add `traffic`, or use `profile`"),
    ],
)
def test_a_wrong_section_is_named(tmp_path, section, message):
    lines = found(tmp_path, LONG, warn=False, **section)
    assert len(lines) == 1, lines
    assert message in lines[0]


def test_a_scenario_in_place_of_a_terminal_is_told_with_the_terminals_name(tmp_path):
    """One message that points at the right file, not one for every key."""
    from port.reading import load_terminal
    from twin.scenario.problems import ScenarioError

    (tmp_path / "day.yaml").write_text("twin: 1\nname: day\nport: {terminal: yard.yaml}\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_terminal(tmp_path / "day.yaml")
    assert list(caught.value.lines) == ["day.yaml:1:1  this is a scenario; name the terminal's own file: yard.yaml"]
