"""The queue engine in the coupled model: the same names and nearly the same figures as SUMO, on the same small town."""

from __future__ import annotations

import numpy as np
import pytest

from tests.traffic.conftest import setup_of
from tests.traffic.queueing.conftest import CARS
from traffic.domain import DOMAIN
from twin.model import Event
from twin.ports import Arrival, Direction

CALL = '<trip id="amb" type="ambulance" depart="520" from="AB" to="CD"/>'


def test_both_engines_tell_nearly_the_same_story(town, run_on, detour_net, demand):
    """Main Street floods to 0.5 m, then the way round to 0.7 m, then all is dry: SUMO counts 41 rerouted, 20 that
    could not begin and 5 held; the queue engine may differ by those on the edges at the moment (3)."""
    ours = town(CARS + CALL)
    truth = run_on({"network": detour_net, "demand": [demand(CARS + CALL, "sumo.rou.xml")]})
    for run in (ours, truth):
        run.to(200)
        run.flood(BC=0.5)
        run.to(400)
        run.flood(BE=0.7)
        run.to(600)
        run.flood(BC=0.0, BE=0.0)
        run.to(1200)
    a, b = ours.model.summary(), truth.model.summary()
    for key in ("roads_cut", "streets_cut", "closed_hours", "ambulances", "ambulances_late", "discarded", "teleports"):
        assert a[key].value == b[key].value, key
    for key in ("trips_finished", "rerouted", "stranded", "cancelled", "affected"):
        assert abs(a[key].value - b[key].value) <= 3, (key, a[key].value, b[key].value)
    assert a["ambulance_time"].value == pytest.approx(b["ambulance_time"].value, rel=0.25)
    assert set(a) >= {key for key in b if not key.startswith("bus_")}
    ours_outputs = {port.name for port in ours.model.ports if port.direction is Direction.OUT}
    assert ours_outputs == {port.name for port in truth.model.ports if port.direction is Direction.OUT}
    for port in ours_outputs - {"gate_arrivals"}:
        assert ours.model.take(port).shape == truth.model.take(port).shape, port
    for table in ("closures", "stranded", "emergency", "cancelled", "purposes"):
        assert ours.model.tables()[table].columns == truth.model.tables()[table].columns


def test_the_account_of_vehicles_closes(town):
    """Loaded = arrived + cancelled + those found by walking along all queues, also amid a flood."""
    run = town()
    run.to(50)
    run.flood(BC=0.5, BE=0.7)
    for second in (100, 333, 700):
        run.to(second)
        (vehicles,) = run.model.balances()
        assert sum(vehicles.inflow.values()) == sum(vehicles.outflow.values()) + vehicles.stored_now
    assert run.model.take("stranded")[0] == run.value("stranded_now") > 0


def test_no_vehicle_enters_a_closed_road_and_all_go_on_when_it_opens(town):
    """Cars only: BC is closed from 20 to 500 s; after a minute nobody comes onto it, and everybody arrives."""
    run = town()
    run.to(20)
    run.event("close", edge="BC")
    run.to(60)
    entered = run.model.run.state.entered[:, run.model.run.bound.network.index["BC"]].sum()
    run.to(500)
    assert run.model.run.state.entered[:, run.model.run.bound.network.index["BC"]].sum() == entered
    run.event("close", "end", edge="BC")
    run.to(1500)
    assert run.value("trips_finished") == 100


def test_a_blocked_lane_stays_blocked_when_another_road_opens(town):
    """Permissions of all causes are kept together: an incident outlives a closure elsewhere."""
    run = town()
    run.event("incident", id="crash", edge="CD", lane=0)
    run.event("close", id="x", edge="BE")
    run.event("close", "end", id="x", edge="BE")
    first = run.model.run.roads.edge[run.model.run.bound.network.index["CD"]]["lane"]
    assert run.model.run.state.lane["allow"][first] == 0
    assert run.model.run.state.lane["allow"][first + 1] != 0
    run.event("incident", "end", id="crash", edge="CD", lane=0)
    assert run.model.run.state.lane["allow"][first] != 0


def test_a_speed_limit_acts_on_those_who_drive_there_already(town):
    """300 m at 1.39 m/s would take 216 s; the limit ends after 20 s, so the first car is through well before."""
    run = town('<vehicle id="c" type="car" depart="0"><route edges="AB BC CD"/></vehicle>')
    run.event("speed_limit", edge="AB", speed="5 km/h")
    run.to(20)
    run.event("speed_limit", "end", edge="AB", speed="5 km/h")
    run.to(140)
    assert run.value("trips_finished") == 1


TRUCKS = "".join(
    f'<trip id="t{k}" type="truck" depart="{10 * k}" from="AB" to="CD"><stop lane="BE_0" duration="30"/>'
    f'<stop lane="EC_0" duration="100" parking="true"/><param key="task" value="deliver"/></trip>'
    for k in range(6)
)
GATE = {"edge": "BE", "yard_edge": "EC"}


def test_trucks_are_handed_over_at_the_gate_and_come_back(town):
    """The protocol of the terminal: only the first in the lane is at the gate; the others queue behind it; the terminal
    admits and releases; all leave and the account closes."""
    linked = frozenset({"gate_arrivals", "admissions", "departures"})
    run = town(TRUCKS, gate=GATE, linked=linked)
    run.to(200)
    first = run.model.take("gate_arrivals")
    assert [a.id for a in first] == ["t0"]
    assert first[0].data == {"vclass": "truck", "vtype": "truck", "task": "deliver", "box": "40ft"}
    assert run.model.take("gate_queue")[0] == 5
    served = []
    for _ in range(100):
        now = run.now_us
        came = first + run.model.take("gate_arrivals")
        first = []
        run.model.put("admissions", [Arrival(now, a.id) for a in came])
        run.model.put("departures", [Arrival(now, vid) for vid in served])
        served = [a.id for a in came]
        run.to(now / 1e6 + 10)
    assert run.value("trucks_left") == 6
    vehicles, handed = run.model.balances()
    assert handed.inflow == {"gate arrivals": 6.0}
    assert handed.outflow == {"left": 6.0}
    assert handed.noted["refused hand-overs"] == 0
    assert vehicles.outflow["arrived"] == 6
    assert run.value("gate_queue_most") == 5


def test_without_a_terminal_the_durations_of_the_file_hold(town):
    """30 s each at the one lane of the gate: the sixth truck is let in no earlier than 180 s after the first came."""
    run = town(TRUCKS, gate=GATE)
    run.to(1500)
    rows = [
        dict(zip(run.model.tables()["trucks"].columns, row, strict=True)) for row in run.model.tables()["trucks"].rows
    ]
    assert [row["state"] for row in rows] == ["left"] * 6
    assert rows[5]["admitted_s"] - rows[0]["gate_s"] >= 180
    assert all(row["left_s"] - row["admitted_s"] >= 100 for row in rows)


def test_lights_go_dark_and_work_again(grid_net, demand, queue_on):
    """Two events on the same lights: the latest that lasts holds, and they work again only after both have ended."""
    config = {"network": grid_net, "demand": [demand('<trip id="a" type="car" depart="1" from="A0B0" to="D4E4"/>')]}
    run = queue_on(config)
    dark = run.model.run.state.dark
    run.event("signals_red", id="a")
    run.event("signals_off", id="b")
    assert (dark == 1).all()
    run.event("signals_off", "end", id="b")
    assert (dark == 2).all()
    run.event("signals_red", "end", id="a")
    assert (dark == 0).all()
    run.to(600)
    assert run.value("trips_finished") == 1


def test_what_the_engine_cannot_do_is_refused_with_a_way_out(check, detour_net, demand):
    """Before the run, and by name; the same section runs with SUMO."""
    config = {"network": detour_net, "demand": [demand(CARS)], "engine": "queue"}
    (said,) = check({**config, "flooding": {"stalling": {}}})
    assert "engines drown with `engine: sumo` only" in said
    assert check(config) == []


def test_car_parks_without_a_capacity_are_told_before_the_run(tmp_path, detour_net, demand):
    """A warning, not a refusal: vehicles park there all the same."""
    (tmp_path / "p.add.xml").write_text(
        '<additional><parkingArea id="P" lane="BE_0" startPos="10" endPos="60" roadsideCapacity="2"/></additional>'
    )
    config = {"network": detour_net, "demand": [demand(CARS)], "engine": "queue", "additional": ["p.add.xml"]}
    (said,) = [problem for problem in DOMAIN.check(setup_of(tmp_path, config)) if problem.warn]
    assert "1 x parkingArea: vehicles park there, but nobody is turned away" in said.text


def test_measures_that_do_not_fit_are_named_before_the_run(check, grid_net, demand):
    """A program that a light has not, a green that is too short, and a park that is nowhere."""
    config = {"network": grid_net, "demand": [demand('<trip id="a" type="car" depart="1" from="A0B0" to="D4E4"/>')]}
    config |= {"engine": "queue", "gate": {"edge": "B2C2", "yard_edge": "C2D2"}}

    def said(verb, **args):
        return check(config, events=[Event("e", verb, DOMAIN.verbs[verb].model_validate(args))])

    assert "no program 'night'" in said("signal_program", signal="B1", program="night")[0]
    assert "too short" in said("retime", signals=["B1"], cycle="15 s")[0]
    assert "no edge and no parking area 'lorry park'" in said("hold_trucks", park="lorry park")[0]


def test_parameters_that_do_not_fit_the_network_are_named(check, detour_net, demand, tmp_path):
    """A file fitted to another network is refused, not ignored."""
    (tmp_path / "p.yaml").write_text("rules: {reaction_s: 1.3}\npace: [[AB, nowhere, 1.2]]\n")
    config = {"network": detour_net, "demand": [demand(CARS)], "engine": "queue", "queue": {"parameters": "p.yaml"}}
    (said,) = check(config)
    assert "no turn from 'AB' to 'nowhere'" in said


def test_the_same_seed_gives_the_same_run(town):
    """Trip by trip, also with drivers who compare ways."""
    found = []
    for _ in range(2):
        run = town(rerouting={"share": 0.5, "period": "1 min"})
        run.to(100)
        run.flood(BC=0.4)
        run.to(900)
        found.append(run.model.run.state.vehicle["arrival"].copy())
    assert np.array_equal(*found, equal_nan=True)
