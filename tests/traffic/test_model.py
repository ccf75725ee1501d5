"""The model behind its ports: lanes get back what was theirs, verbs act and end, one SUMO per process."""

from __future__ import annotations

import numpy as np
import pytest

from traffic.domain import DOMAIN
from twin.clock import to_us
from twin.model import Model
from twin.ports import Direction, Kind

CARS = "".join(
    f'<vehicle id="c{k}" type="car" depart="{10 * k}"><route edges="AB BC CD"/></vehicle>\n' for k in range(60)
)


@pytest.fixture
def run(detour_net, demand, run_on):
    return run_on({"network": detour_net, "demand": [demand(CARS)]})


def lanes(run):
    """Permissions and limit of every lane of every street, as SUMO has them now."""
    lane = run.lib.lane
    names = [one.id for edge in run.model.network.edges for one in edge.lanes]
    return {name: (sorted(lane.getAllowed(name)), lane.getDisallowed(name), lane.getMaxSpeed(name)) for name in names}


def test_lanes_get_back_exactly_what_was_theirs(run):
    """BC has a bus lane and a slower lane without trucks; water, a closure, an incident and a limit come and go."""
    before = lanes(run)
    run.flood(BC=0.7, AB=0.12)
    run.to(10)
    run.event("close", id="c", street="Main Street", classes=["passenger"])
    run.event("incident", id="i", edge="BC")
    run.event("speed_limit", id="s", street="Side Lane", speed="20 km/h")
    during = lanes(run)
    assert all(during[lane] != before[lane] for lane in ("AB_0", "AB_1", "BC_0", "BC_1", "BE_0", "EC_0", "CD_0"))
    run.flood(BC=0.0, AB=0.0)
    run.to(700)
    for verb, name, place in (("incident", "i", {"edge": "BC"}), ("close", "c", {"street": "Main Street"})):
        run.event(verb, "end", name, **place)
    run.event("speed_limit", "end", "s", street="Side Lane", speed="20 km/h")
    assert lanes(run) == before


def test_a_wet_street_is_slowed_lane_by_lane(run):
    """0.1 m: 11.29 m/s by the law, told as 11.0 (steps of 0.5); BC's slower lane keeps less."""
    run.flood(AB=0.1, BC=0.1)
    run.to(10)
    limit = run.lib.lane.getMaxSpeed
    assert [limit(lane) for lane in ("AB_0", "BC_0", "BC_1")] == [11.0, 11.0, 11.0]
    states = dict(zip(run.model.places["edge"].ids, run.model.take("edge_state"), strict=True))
    assert (states["AB"], states["CD"]) == (1, 0)


def test_edge_states_tell_cars_from_all(run):
    """0.4 m closes AB for cars and buses; 0.7 m closes CD for all; BC is closed by an event."""
    run.flood(AB=0.4, CD=0.7)
    run.event("close", edges=["BC"])
    run.to(10)
    states = dict(zip(run.model.places["edge"].ids, run.model.take("edge_state"), strict=True))
    assert states == {"AB": 2, "CD": 3, "BC": 3, "BE": 0, "EC": 0}
    assert run.model.take("closed_edges")[0] == 3


def test_an_event_closes_and_its_end_opens(run):
    """Cars go by E while BC is closed, and straight on afterwards."""
    run.to(60)
    run.event("close", edge="BC")
    seen: set[str] = set()
    vehicles = run.lib.vehicle
    run.to(300, lambda: seen.update(v for v in vehicles.getIDList() if vehicles.getRoadID(v) == "EC"))
    assert len(seen) > 5
    run.event("close", "end", edge="BC")
    seen.clear()
    run.to(400)
    run.to(600, lambda: seen.update(v for v in vehicles.getIDList() if vehicles.getRoadID(v) == "BC"))
    assert len(seen) > 5
    (row,) = run.rows("closures")
    assert (row["street"], row["from_s"], row["to_s"], row["max_depth_m"]) == ("Main Street", 60, 300, 0)


def test_open_ends_closures_by_events_but_not_by_water(run):
    run.flood(AB=0.5)
    run.event("close", id="x", street="Main Street")
    run.to(10)
    run.event("open", id="y", street="Main Street")
    assert set(run.model.roads.closed) == {"AB"}


def test_an_incident_blocks_one_lane_and_traffic_uses_the_other(run):
    """AB has two lanes; with lane 1 blocked, later cars all drive on lane 0."""
    run.event("incident", edge="AB", lane=1)
    used: set[str] = set()
    vehicles = run.lib.vehicle
    run.to(100, lambda: used.update(vehicles.getLaneID(v) for v in vehicles.getIDList()))
    assert "AB_0" in used
    assert "AB_1" not in used
    assert run.value("roads_cut") == 0
    with pytest.raises(ValueError, match="no lane 5"):
        run.event("incident", id="far", edge="AB", lane=5)


def test_dark_signals_come_back_with_their_program(grid_net, demand, run_on):
    """SUMO's `off` program shows O (no signal) on every link."""
    run = run_on(
        {"network": grid_net, "demand": [demand('<trip id="a" type="car" depart="0" from="A0A1" to="A3A4"/>')]}
    )
    lights = run.lib.trafficlight
    programs = {signal: lights.getProgram(signal) for signal in lights.getIDList()}
    run.event("signals_off")
    run.to(10)
    assert {letter for signal in programs for letter in lights.getRedYellowGreenState(signal)} <= {"O", "o"}
    run.event("signals_off", "end")
    run.to(20)
    assert {signal: lights.getProgram(signal) for signal in programs} == programs
    with pytest.raises(ValueError, match="no traffic light 'B9'"):
        run.event("signals_off", signals=["B9"])


def test_unknown_places_are_named_with_a_suggestion(run):
    with pytest.raises(ValueError, match="Did you mean 'Main Street'"):
        run.event("close", street="Main Stret")


def test_ports_are_as_declared(run):
    """Every output has the size of its places; every city figure is one number."""
    run.to(60)
    model = run.model
    assert isinstance(model, Model)
    for port in model.ports:
        if port.direction is Direction.OUT and port.kind is Kind.STATE:
            values = model.take(port.name)
            assert np.asarray(values).shape == (model.places[port.at].size,), port.name
            assert np.isfinite(values).all()
    assert model.take("vehicles").sum() == model.take("running")[0]
    assert 5 < model.take("mean_speed")[0] < 14


def test_speed_and_halting_leave_parked_vehicles_out(detour_net, demand, run_on):
    """A held car is parked at the kerb: it neither stands in traffic nor counts in the mean speed."""
    run = run_on({"network": detour_net, "demand": [demand(CARS.splitlines(True)[0])]})
    run.to(5)
    run.flood(CD=0.5)
    run.to(200)
    assert run.model.take("running")[0] == 1
    assert run.model.take("halting")[0] == 0
    assert run.model.take("stranded")[0] == 1


def test_one_simulation_per_process_and_closing_twice_is_safe(run, tmp_path, detour_net, demand):
    """libsumo would mix the two up."""
    from dataclasses import replace

    with pytest.raises(RuntimeError, match=r"'traffic' cannot start SUMO: 'traffic' already runs a simulation"):
        DOMAIN.build(replace(run.setup))
    run.to(20)
    run.model.close()
    run.model.close()
    assert (run.setup.folder / "tripinfo.xml.gz").is_file()


def test_an_ambulance_that_water_holds_is_late_and_tells_where(detour_net, demand, run_on):
    """Free way: 900 m at up to 13.9 m/s, about a minute. CD is under water for more than 8 min."""
    calls = '<vehicle id="amb0" type="ambulance" depart="0"><route edges="AB BC CD"/></vehicle>'
    calls += '<vehicle id="amb1" type="ambulance" depart="1500"><route edges="AB BC CD"/></vehicle>'
    run = run_on({"network": detour_net, "demand": [demand(calls)]})
    run.to(5)
    run.flood(CD=0.8)
    run.to(300)
    assert run.value("ambulances_late") == 0, "not yet: it is under way for 5 min"
    run.flood(CD=0.0)
    run.to(1700)
    first, second = run.rows("emergency")
    assert first["late"]
    assert first["stranded"]
    assert first["held_on"] == "Main Street"
    assert first["duration_s"] > 900
    assert not second["late"]
    assert second["free_s"] == pytest.approx(second["duration_s"], rel=0.35)
    assert run.value("ambulances_in_time") == 50
    told = [entry["what"] for entry in run.setup.journal.entries]
    assert told.index("road_closed") < told.index("stranded") < told.index("released")


def test_without_a_gate_the_core_sets_the_pace(run):
    assert run.model.next_event_us() == to_us(60)


def test_meso_keeps_vehicles_off_closed_streets_too(detour_net, demand, run_on):
    """The same closure on queues of segments: cars go round, all arrive, the balance closes."""
    run = run_on({"network": detour_net, "demand": [demand(CARS)], "mode": "meso"})
    run.to(5)
    run.event("close", edge="BC")
    vehicles, seen = run.lib.vehicle, set()
    run.to(60)
    run.to(1200, lambda: seen.update(vehicles.getRoadID(v) for v in vehicles.getIDList()))
    assert "BC" not in seen
    assert run.value("trips_finished") == 60
    (balance,) = run.model.balances()
    assert balance.inflow["loaded"] == balance.outflow["arrived"] == 60
