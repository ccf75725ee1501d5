"""Bad input, each with one message that names the place and a way out."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from traffic.config import TrafficConfig
from traffic.domain import DOMAIN
from twin.model import Event

CAR = '<vehicle id="{}" type="car" depart="{}"><route edges="{}"/></vehicle>\n'
GOOD = CAR.format("a", 0, "AB BC CD") + CAR.format("b", 5, "AB BE EC CD")


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
