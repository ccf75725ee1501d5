"""Machines, ships and lanes of a replay against what the run has recorded of itself."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from port.radio.coverage import heard, together
from port.replay import states
from port.replay.coverage import ground, underlay
from port.replay.record import read_yard_log
from tests.port.replay.conftest import play

WET = """terminal: 1
name: Wet terminal
origin: [0, 0]
heading: 0 deg
berths: 1
layout: {berth_length: 200 m, depth: 260 m, blocks: 3, cranes: 2}
fleet: {trucks: 8}
"""


@pytest.mark.parametrize("engine", ["fast", "simpy"])
def test_cranes_are_in_the_state_that_the_model_gave(small, engine):
    """The port crane_state at every minute: no ship, working, waiting, stopped (a breakdown is a stop). A crane
    that changes at that very moment is left out: stops act before it, work after it."""
    run = small[engine]
    cranes, _ = states.machine_steps(read_yard_log(run), run)
    times, values = run.field("port", "crane_state")
    codes = {0: 0, 1: 1, 2: 2, 3: 3, 4: 3}
    for t, row in zip(times.tolist(), values.tolist(), strict=True):
        about = [{codes[states.at_steps(s, t + e)] for e in (-5e-7, 5e-7)} for s in cranes]
        assert all(found == {state} for state, found in zip(row, about, strict=True) if len(found) == 1), f"at {t} s"
    seen = {value for steps in cranes for _, value in steps}
    assert seen == {0, 1, 2, 3, 4}, "the run shows every state"


def test_gantries_work_as_many_cycles_as_the_table_of_moves_has(small):
    run = small["fast"]
    _, gantries = states.machine_steps(read_yard_log(run), run)
    ids = [g["id"] for g in read_yard_log(run).scene["gantries"]]
    yard = ("STORE", "RETRIEVE", "RECEIVE", "DELIVER")
    done = Counter(r["che"] for r in run.table("port", "moves") if r["cycle"] in yard)
    for name, steps in zip(ids, gantries, strict=True):
        assert 0 < sum(v == states.WORKING for _, v in steps) <= done[name] + 1
        assert states.STOPPED in {v for _, v in steps}, "wind stops gantries too"


def test_ships_carry_the_tables_moves(small):
    """Every move belongs to one ship, in order of time; a ship that waited for its berth moors after it came."""
    run = small["fast"]
    ships = states.ships(read_yard_log(run), run)
    rows = {r["vessel"]: r for r in run.table("port", "vessels")}
    assert [s["name"] for s in ships] == ["Aurora", "Meridian", "Boreas"]
    for ship in ships:
        row = rows[ship["name"]]
        assert len(ship["moves"]) == row["discharged"] + row["loaded"]
        assert ship["moves"] == sorted(ship["moves"])
        assert ship["berthed"] == pytest.approx(row["berthed_s"])
    assert ships[2]["berthed"] > ships[2]["at"] + 600
    assert ships[0]["length_m"] == 140


def test_the_gate_is_closed_while_it_was_closed(small):
    """By two orders, the second within the first: the journal tells of the gate, not of the orders."""
    steps = states.gate_closed(small["fast"])
    assert steps == [(0.0, 0), (4800.0, 1), (5700.0, 0)]


def test_closed_and_slowed_lanes_follow_the_journal_and_the_field(small, monkeypatch):
    """Closing is known to the second, slowing at the recorded moments; the worse of the two is shown."""
    run = small["fast"]
    entries = [
        {"time_us": 90_500_000, "section": "port", "what": "lane_closed", "lanes": ["Y01"]},
        {"time_us": 400_000_000, "section": "port", "what": "lane_open", "lanes": ["Y01"]},
    ]
    times, lanes = np.array([0.0, 60.0, 120.0, 600.0]), len(read_yard_log(run).scene["lanes"])
    field = np.zeros((4, lanes))
    field[1:3, 3] = 1.0
    monkeypatch.setattr(run, "events", lambda what=None: [e for e in entries if e["what"] == what])
    monkeypatch.setattr(run, "field", lambda section, port: (times, field))
    found = states.lane_steps(read_yard_log(run), run)
    assert found[3] == [(0.0, 0), (60.0, 1), (90.5, 2), (400.0, 1), (600.0, 0)]
    assert all(steps == [(0.0, 0)] for k, steps in enumerate(found) if k != 3)


def test_a_window_begins_with_the_value_that_holds():
    steps = [(0.0, 1), (10.0, 2), (20.0, 3)]
    assert states.window(steps, 12.0, 20.0) == [(12.0, 2), (20.0, 3)]
    assert states.window([], 5.0, 9.0, before=7) == [(5.0, 7)]


def test_the_underlay_is_what_the_radio_model_gives(small):
    """Two pictures: both units, and R1 alone for the ten minutes in which R2 is out."""
    run = small["fast"]
    yard = read_yard_log(run).scene
    found = underlay(yard, run, 0.0, 10_800.0)
    assert found is not None
    assert [v for _, v in found["steps"]] == [0, 1, 0]
    assert [t for t, _ in found["steps"]] == [0.0, 5400.0, 6000.0]
    scene = ground(yard)
    shares = heard(scene, np.array([[40.0, 280.0], [250.0, 80.0]]))
    assert len(scene.points) == found["nx"] * found["ny"]
    assert (together(shares) >= together(shares[:1])).all()
    assert len(found["pictures"]) == 2
    assert found["pictures"][0] != found["pictures"][1]


def test_a_terminal_without_radio_has_no_underlay(tmp_path):
    run = play(tmp_path, "wet", more=", record: trucks", terminal=WET, timeline="")
    assert underlay(read_yard_log(run).scene, run, 0.0, 10_800.0) is None
