"""`twin verify traffic` and `twin traffic fit` on the small town: real engines in processes of their own."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from traffic.cli import traffic_app
from traffic.demand import Inputs
from traffic.fast.compare import Journey
from traffic.queueing.parameters import Parameters, read_parameters
from traffic.verify.report import run_child, verify
from traffic.verify.trips import read_journeys, write_journeys
from traffic.verify.unsupported import left_out

CARS = "".join(f'<trip id="c{k}" type="car" depart="{k * 4}" from="AB" to="CD"/>' for k in range(60))
BUS = (
    '<vehicle id="b" type="bus" depart="250"><route edges="AB BC CD"/>'
    '<stop lane="BC_0" duration="20" parking="true"/></vehicle>'
)


@pytest.fixture
def configuration(detour_net, demand, tmp_path):
    """A SUMO configuration on the small town; `vehicles` are its route file."""

    def write(vehicles: str = CARS, end: str = "") -> object:
        routes = demand(f'<vType id="bus" vClass="bus"/>{vehicles}')
        file = tmp_path / "town.sumocfg"
        file.write_text(
            f'<configuration><net-file value="{detour_net}"/><route-files value="{routes}"/>{end}</configuration>'
        )
        return file

    return write


def test_both_engines_run_and_are_compared(configuration):
    """60 cars with little traffic: all finish with both, and the means lie within 10 %."""
    report = verify(configuration(), meso=False)
    assert report["engines"]["micro"]["finished"] == report["engines"]["queue"]["finished"] == 60
    assert report["engines"]["queue"]["completed"] == 60
    agreement = report["agreement"]["queue"]
    assert agreement["trips"] == 60
    print(f"mean {agreement['mean_error_pct']:+.1f} %")
    assert abs(agreement["mean_error_pct"]) < 10
    assert report["ratios"]["micro_over_queue"] > 1
    assert report["verdict"] in ("agrees", "differs")
    assert report["reason"]


def test_the_end_of_the_configuration_counts_the_unfinished(configuration):
    """At 100 s the last cars are still on their way, with both."""
    report = verify(configuration(end='<end value="100"/>'), meso=False)
    for engine in ("micro", "queue"):
        found = report["engines"][engine]
        assert found["unfinished"] > 0
        assert found["finished"] + found["unfinished"] == 25
    assert report["end_s"] == 100


def test_a_bus_that_parks_off_the_lane_is_driven_as_sumo_does(configuration, tmp_path):
    """The 20 s in the bay are in its time with both engines, which differ by 5 s at most, and nothing is left out."""
    file = configuration(BUS)
    assert verify(file, meso=False)["unsupported"] == []
    spent = {}
    for engine in ("micro", "queue"):
        run_child(engine, file, 0, tmp_path, None, 300.0, None)
        spent[engine] = read_journeys(tmp_path / f"{engine}.npz")["b"].duration_s
    assert spent["queue"] > 900 / 13.9 + 20
    assert spent["queue"] == pytest.approx(spent["micro"], abs=5)


def test_what_is_left_out_is_named(tmp_path, detour_net):
    """Persons and calibrators, each with its number; vehicles and stops are not in the list."""
    routes = tmp_path / "r.rou.xml"
    routes.write_text(f"<routes>{CARS}{BUS}<person id='p' depart='1'/><person id='q' depart='2'/></routes>")
    more = tmp_path / "m.add.xml"
    more.write_text("<additional><calibrator id='c'/></additional>")
    assert left_out(Inputs(detour_net, (routes,), (more,))) == ["calibrators", "persons (walks and rides): 2"]


def test_a_configuration_without_trips_is_refused(configuration):
    """One sentence."""
    with pytest.raises(ValueError, match="no vehicle that departs"):
        verify(configuration(""))


def test_trips_come_back_from_disk_as_they_were(tmp_path):
    """Edges with odd names, an empty set, exact times."""
    trips = {"a b": Journey(1.5, ("x:1", "-y"), np.array([2.0, 3.25])), "c": Journey(0.0, ("-y",), np.array([9.0]))}
    write_journeys(tmp_path / "t.npz", trips)
    found = read_journeys(tmp_path / "t.npz")
    assert list(found) == ["a b", "c"]
    for vid, trip in trips.items():
        assert (found[vid].depart_s, found[vid].edges) == (trip.depart_s, trip.edges)
        assert np.array_equal(found[vid].exits_s, trip.exits_s)
    write_journeys(tmp_path / "none.npz", {})
    assert read_journeys(tmp_path / "none.npz") == {}


def test_fitted_parameters_are_written_and_read_again(configuration, tmp_path):
    """`fit` says how near it came before and after, and its file is one that a scenario takes."""
    out = tmp_path / "fitted.yaml"
    words = ["fit", str(configuration()), "--out", str(out), "--rounds", "3", "--json"]
    done = CliRunner().invoke(traffic_app, words)
    assert done.exit_code == 0, done.output
    before, after = json.loads(done.stdout)["agreement"]
    assert abs(after["error_pct"]) <= abs(before["error_pct"]) + 1e-9
    parameters = read_parameters(out)
    assert isinstance(parameters, Parameters)
    assert all(0.7 <= factor <= 2.0 for factor in parameters.pace.values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: {tempo: 1}", "no rule 'tempo'"),
        ("rules: {reaction_s: fast}", "must be a number"),
        ("pace: [[a, b, 0]]", "factor above 0"),
        ("- 1", "holds no parameters"),
        ("rules: {", "cannot be read"),
    ],
)
def test_parameters_that_are_wrong_are_named(tmp_path, text, said):
    """With the file's name."""
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(ValueError, match=r"p\.yaml") as error:
        read_parameters(tmp_path / "p.yaml")
    assert said in str(error.value)
