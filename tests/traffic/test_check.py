"""Bad input, each with one message that names the place and a way out."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.traffic.conftest import setup_of
from traffic.config import TrafficConfig
from traffic.domain import DOMAIN
from twin.model import Event

CAR = '<vehicle id="{}" type="car" depart="{}"><route edges="{}"/></vehicle>\n'
GOOD = CAR.format("a", 0, "AB BC CD") + CAR.format("b", 5, "AB BE EC CD")


ROUND = (("AB", 13.9), ("BE", 8.3), ("EC", 8.3), ("CD", 13.9))
"""The way by E: edges and their limits, m/s."""


def event(verb, **args):
    return Event("e1", verb, DOMAIN.verbs[verb].model_validate(args), where="drill.yaml:31:5")


def test_good_input_has_no_problem(detour_net, demand, check):
    assert check({"network": detour_net, "demand": [demand(GOOD)]}, events=[event("close", street="Main Street")]) == []


def test_unsorted_routes_are_refused_with_their_line(detour_net, demand, check):
    """SUMO would drop the second vehicle without a word."""
    cars = CAR.format("a", 50, "AB BC CD") + CAR.format("b", 5, "AB BC CD")
    (text,) = check({"network": detour_net, "demand": [demand(cars)]})
    assert text.startswith("demand.rou.xml:4 'b' departs at 5 s, after one that departs at 50 s")
    assert "sort_routes.py" in text


def test_an_id_used_twice_is_named_with_both_files(detour_net, demand, check):
    files = [demand(GOOD), demand(CAR.format("b", 9, "AB BC CD"), "more.rou.xml")]
    (text,) = check({"network": detour_net, "demand": files})
    assert "more.rou.xml:3 'b' is also in demand.rou.xml" in text


def test_an_unknown_edge_of_a_route_gets_a_suggestion(detour_net, demand, check):
    (text,) = check({"network": detour_net, "demand": [demand(CAR.format("a", 0, "AB BCC CD"))]})
    assert "'a' uses edge 'BCC', which is not in detour.net.xml. Did you mean 'BC'?" in text


def test_sumos_own_refusal_is_passed_on(detour_net, demand, check):
    """A truck may not use BC: only SUMO's route check knows. With `skip_invalid` the run goes on without it."""
    truck = CAR.format("a", 0, "AB BC CD").replace('"car"', '"truck"')
    config = {"network": detour_net, "demand": [demand(truck)]}
    (text,) = check(config)
    assert "SUMO refused the traffic" in text
    assert "'a' cannot drive its route: edge 'BC' is not for class 'truck'" in text
    assert "skip_invalid: true" in text
    assert check({**config, "skip_invalid": True}) == []


def test_no_trips_at_all_is_a_problem(detour_net, demand, check):
    (text,) = check({"network": detour_net, "demand": [demand("")]})
    assert text == "there is no trip in the demand (demand.rou.xml)"


def test_a_departure_before_zero_is_named(detour_net, demand, check):
    (text,) = check({"network": detour_net, "demand": [demand(CAR.format("a", -5, "AB BC CD"))]})
    assert "'a' departs before 0 s" in text


def test_broken_files_are_named(detour_net, demand, tmp_path, check):
    broken = tmp_path / "broken.rou.xml"
    broken.write_text("<routes><vehicle id='a'", encoding="utf-8")
    assert "broken.rou.xml is not a whole XML file" in check({"network": detour_net, "demand": [broken]})[0]
    assert "is not a SUMO network" in check({"network": demand(GOOD), "demand": [demand(GOOD)]})[0]


@pytest.mark.parametrize(
    ("verb", "args", "text"),
    [
        ("close", {"edge": "BD"}, "no edge 'BD' in detour.net.xml"),
        ("close", {"edges": ["AB", "walk"]}, "no road vehicle drives on edge 'walk'"),
        ("speed_limit", {"street": "Main Stret", "speed": "30 km/h"}, "Did you mean 'Main Street'?"),
        ("incident", {"edge": "BE", "lane": 3}, "edge 'BE' has 1 lanes, counted from 0"),
        ("signals_off", {"signals": ["B"]}, "no traffic light 'B'"),
    ],
)
def test_unknown_places_in_the_timeline_are_named(detour_net, demand, check, verb, args, text):
    (found,) = check({"network": detour_net, "demand": [demand(GOOD)]}, events=[event(verb, **args)])
    assert found.startswith("drill.yaml:31:5")
    assert text in found


def test_the_gate_must_be_on_the_network(detour_net, demand, check):
    gate = {"edge": "EC", "yard_edge": "T_yard"}
    (found,) = check({"network": detour_net, "demand": [demand(GOOD)], "gate": gate})
    assert "no edge 'T_yard' in detour.net.xml" in found


def test_a_configuration_that_names_a_missing_file_is_a_problem(tmp_path, check):
    cfg = tmp_path / "x.sumocfg"
    cfg.write_text('<configuration><input><net-file value="no.net.xml"/></input></configuration>', encoding="utf-8")
    (found,) = check({"sumocfg": cfg})
    assert "x.sumocfg names 'no.net.xml', and there is no such file" in found


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ({}, "give either `network`"),
        ({"network": "detour.net.xml"}, "there is no traffic without `demand`"),
        ({"network": "detour.net.xml", "demand": ["x.rou.xml"]}, "there is no file 'x.rou.xml'"),
        ({"network": "detour.net.xml", "demand": ["detour.net.xml"], "steps": 1}, "Extra inputs"),
        (
            {
                "network": "detour.net.xml",
                "demand": ["detour.net.xml"],
                "flooding": {"closing_depth": {"trucks": "0.6 m"}},
            },
            "no vehicle class 'trucks'. Did you mean 'truck'",
        ),
        ({"network": "detour.net.xml", "demand": ["detour.net.xml"], "engine": "matsim"}, "Input should be 'sumo'"),
    ],
)
def test_sections_that_say_too_little_or_too_much_are_refused(detour_net, section, text):
    with pytest.raises(ValidationError, match=text.replace("(", r"\(").replace("`", ".")):
        TrafficConfig.model_validate(section, context={"folder": detour_net.parent})


@pytest.mark.parametrize("args", [{}, {"edge": "AB", "street": "Main Street"}])
def test_a_closure_names_one_place(args):
    with pytest.raises(ValidationError, match="say where"):
        DOMAIN.verbs["close"].model_validate(args)


def test_a_trip_with_stops_on_its_way_is_no_broken_route(detour_net, demand, check, run_on):
    """SUMO joins its ends and its stops only when it departs; until then they are not one behind the other. With
    a stop of 30 s on EC it drives round by E."""
    stop = '<stop lane="EC_0" duration="30" parking="true"/>'
    trip = f'<trip id="t" type="car" depart="0" from="AB" to="CD">{stop}</trip>'
    config = {"network": detour_net, "demand": [demand(trip)]}
    assert check(config) == []
    run = run_on(config)
    run.to(400)
    assert (run.value("trips_finished"), run.value("discarded")) == (1, 0)
    free = run.model.trip_log.trips["t"].free_s
    network = run.model.network
    dry = sum(network.edges[network.index[e]].length_m / v for e, v in ROUND)
    assert free == pytest.approx(dry + 30, rel=0.25), "every driver keeps the limit in a way of his own (10 %)"


@pytest.mark.parametrize(
    ("vehicle", "text"),
    [
        ('<vehicle id="q" type="lorry" depart="1"><route edges="AB"/></vehicle>', "type 'lorry'"),
        ('<vehicle id="q" type="car" depart="soon"><route edges="AB"/></vehicle>', "Invalid departure time"),
        ('<flow id="q" type="car" begin="0" end="9" vehsPerHour="0" from="AB" to="CD"/>', "repetition rate"),
        ('<vehicle id="q" type="truck" depart="1"><route edges="AB BC"/></vehicle>', "'BC' is not for class 'truck'"),
        ('<vehicle id="q" type="car" depart="1"><route edges="walk"/></vehicle>', "no road vehicle drives on edge"),
        ('<trip id="q" type="car" depart="1" from="AB" via="walk" to="CD"/>', "no road vehicle drives there"),
        (
            '<vehicle id="q" type="truck" depart="1"><route edges="AB BE"/><stop lane="BC_0" duration="5"/></vehicle>',
            "not allowed to stop on lane 'BC_0'",
        ),
    ],
)
def test_what_sumo_cannot_take_is_told_in_its_words(detour_net, demand, check, vehicle, text):
    """One sentence that names the trip, where SUMO's library itself only says "Process Error"."""
    (problem,) = check({"network": detour_net, "demand": [demand(vehicle)]})
    assert text in problem
    assert "'q'" in problem


def test_a_via_that_nobody_may_drive_costs_one_trip_and_not_the_run(detour_net, demand, run_on):
    """SUMO ends the whole simulation as such a trip begins; left out as it is read, it is counted."""
    bad = '<trip id="q" type="car" depart="1" from="AB" via="walk" to="CD"/>'
    run = run_on(
        {"network": detour_net, "demand": [demand(bad + CAR.format("ok", 5, "AB BC CD"))], "skip_invalid": True}
    )
    run.to(200)
    assert (run.value("discarded"), run.value("trips_finished")) == (1, 1)
    (balance,) = run.model.balances()
    assert balance.inflow["loaded"] == sum(balance.outflow.values()) + balance.stored_now == 2


@pytest.mark.parametrize("demanded", ["", '<flow id="f" type="car" begin="0" end="9" number="0" from="AB" to="CD"/>'])
def test_a_demand_of_nothing_is_named(detour_net, demand, check, demanded):
    """An empty file, and a flow of no vehicles."""
    assert "there is no trip in the demand" in check({"network": detour_net, "demand": [demand(demanded)]})[0]


def test_a_demand_after_the_end_is_told(detour_net, demand, tmp_path):
    """The run lasts an hour; the first trip departs after two. That is allowed, and worth a word."""
    late = demand(CAR.format("a", 7200, "AB BC CD"))
    found = DOMAIN.check(setup_of(tmp_path, {"network": detour_net, "demand": [late]}))
    assert next(problem.text for problem in found if problem.warn).startswith("no trip departs within the run")


def test_a_network_without_a_projection_is_told(detour_net, demand, tmp_path):
    """Its coordinates are then taken to be in the scenario's system already: a warning, with the way out."""
    found = DOMAIN.check(setup_of(tmp_path, {"network": detour_net, "demand": [demand(GOOD)]}, crs="EPSG:32633"))
    (problem,) = [problem for problem in found if "projection" in problem.text]
    assert problem.warn
    assert "--proj" in problem.text


def test_a_route_over_a_forbidden_edge_costs_one_trip_where_such_are_left_out(detour_net, demand, run_on):
    """BC is not for trucks. SUMO would let the truck stand at the end of AB for good, and the car behind it."""
    rows = '<vehicle id="q" type="truck" depart="1"><route edges="AB BC CD"/></vehicle>'
    rows += CAR.format("behind", 20, "AB BE EC CD")
    run = run_on({"network": detour_net, "demand": [demand(rows)], "skip_invalid": True})
    run.to(300)
    assert (run.value("discarded"), run.value("trips_finished"), run.value("trips_unfinished")) == (1, 1, 0)


def test_a_route_that_water_has_cut_is_no_wrong_route(detour_net, demand, run_on):
    """Read while BC is closed, it cannot be driven at that moment; the driver goes round and is not left out."""
    run = run_on({"network": detour_net, "demand": [demand(CAR.format("a", 400, "AB BC CD"))]})
    run.to(60)
    run.flood(BC=0.5)
    run.to(700)
    assert (run.value("discarded"), run.value("rerouted"), run.value("trips_finished")) == (0, 1, 1)
