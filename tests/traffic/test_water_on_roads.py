"""Water on roads beyond depth and closure: underpasses, patrols, drowned engines, manholes, the other speed law."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traffic.flood import wet_speed, wet_speed_conservative
from traffic.flood_config import Stalling
from traffic.patrols import PatrolFleet, Patrols
from traffic.stalling import draw, probability
from twin.clock import to_us
from twin.places import Points

CARS = "".join(
    f'<vehicle id="c{k}" type="car" depart="{10 * k}"><route edges="AB BC CD"/></vehicle>\n' for k in range(60)
)


def config(detour_net, demand, vehicles=CARS, **flooding):
    return {"network": detour_net, "demand": [demand(vehicles)], "flooding": flooding}


@pytest.mark.parametrize(("depth_mm", "speed_kmh"), [(100, 60.375), (300, 21.735), (500, 2.415), (600, 0.0)])
def test_the_conservative_law(depth_mm, speed_kmh):
    """v = 0.0002415 w² − 0.2898 w + 86.94 worked by hand."""
    got = wet_speed_conservative(np.array([depth_mm / 1000]), np.array([40.0]))[0] * 3.6
    assert got == pytest.approx(speed_kmh, abs=1e-6)


@given(st.floats(0, 1), st.floats(1, 24))
def test_the_conservative_law_is_never_slower(depth, limit):
    """It slows less at every depth, and never above the limit."""
    both = np.array([depth]), np.array([limit])
    assert wet_speed(*both)[0] <= wet_speed_conservative(*both)[0] + 1e-9 <= limit + 1e-8


def test_the_speed_law_is_chosen_in_the_scenario(detour_net, demand, run_on):
    """0.2 m: 3.43 m/s by one law (told 3.0), 10.6 by the other (told 10.5)."""
    told = []
    for law in ("pregnolato", "conservative"):
        run = run_on(config(detour_net, demand, speed_law=law))
        run.flood(AB=0.2)
        run.to(10)
        told.append(run.lib.lane.getMaxSpeed("AB_0"))
    assert told == [3.0, 10.5]


# --- underpasses ----------------------------------------------------------------------------------------------------


def test_an_underpass_closes_to_all_at_its_lowest_point(detour_net, demand, run_on):
    """0.28 m stops no truck on a street, and everybody at the red line of 0.27 m in an underpass."""
    run = run_on(config(detour_net, demand, underpasses={"Railway Bridge": ["CD", "EC"]}))
    run.flood(CD=0.1, EC=0.28, AB=0.28)
    run.to(60)
    assert set(run.model.roads.closed) == {"CD", "EC"}
    assert {"truck", "emergency"} <= run.model.roads.closed["CD"]
    assert run.model.take("underpass_depth").tolist() == [0.28]
    run.flood(CD=0.4)
    run.to(120)
    run.flood(CD=0.0, EC=0.0)
    run.to(900)
    (row,) = run.rows("underpasses")
    assert (row["underpass"], row["from_s"], row["max_depth_m"]) == ("Railway Bridge", 0, 0.4)
    assert 720 <= row["to_s"] <= 730, "ten minutes after the water has gone"
    assert run.value("underpasses_closed") == 1
    assert [e["what"] for e in run.setup.journal.entries if "underpass" in e["what"]] == [
        "underpass_closed",
        "underpass_open",
    ]


def test_underpasses_from_a_file_of_points_and_areas(detour_net, demand, run_on, tmp_path):
    """A point 10 m beside CD, an area across BE: 10 and 30 m are the distances that count."""
    area = [[[1340, 1990], [1380, 1990], [1380, 1900], [1340, 1900], [1340, 1990]]]
    features = [
        {"type": "Feature", "properties": {"name": "East"}, "geometry": {"type": "Point", "coordinates": [1750, 2010]}},
        {"type": "Feature", "properties": {"name": "South"}, "geometry": {"type": "Polygon", "coordinates": area}},
    ]
    file = tmp_path / "under.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    run = run_on(config(detour_net, demand, underpasses=str(file)))
    named = run.model.water.underpasses
    ids = run.model.places["edge"].ids
    assert {name: [ids[i] for i in edges] for name, edges in zip(named.names, named.edges, strict=True)} == {
        "East": ["CD"],
        "South": ["BE"],
    }


def test_an_underpass_that_is_nowhere_is_named(detour_net, demand, check, tmp_path):
    (text,) = check(config(detour_net, demand, underpasses={"Bridge": ["CE"]}))
    assert "no edge 'CE'" in text
    far = {"type": "Feature", "properties": {"name": "Far"}, "geometry": {"type": "Point", "coordinates": [0, 0]}}
    file = tmp_path / "far.geojson"
    file.write_text(json.dumps({"features": [far]}), encoding="utf-8")
    (text,) = check(config(detour_net, demand, underpasses=str(file)))
    assert "no street passes through 'Far'" in text


# --- patrols --------------------------------------------------------------------------------------------------------


def test_a_road_closes_only_when_a_patrol_has_come(detour_net, demand, run_on):
    """From AB to CD: half of 300, all of BC 300 and half of 300 m less the junctions: about 594 m at 3 m/s, 198 s."""
    run = run_on(config(detour_net, demand, patrols={"count": 1, "base": "AB", "speed": "3 m/s"}))
    run.flood(CD=0.35)
    run.to(150)
    assert not run.model.roads.closed
    assert "CD" in {run.edge_of(v) for v in run.lib.vehicle.getIDList()}, "cars still drive in"
    run.to(260)
    assert set(run.model.roads.closed) == {"CD"}
    (row,) = run.rows("patrols")
    lengths = [run.model.network.edges[run.model.network.index[e]].length_m for e in ("AB", "BC", "CD")]
    due = (lengths[0] / 2 + lengths[1] + lengths[2] / 2) / 3
    assert 0 <= row["closed_s"] - due <= 10
    assert run.value("patrol_time") == pytest.approx(row["closed_s"] / 60)


def test_the_nearest_free_patrol_goes_and_the_others_wait(run_on, detour_net, demand):
    """One patrol, two roads: the second is served from where the first was; a road that dries up needs nobody."""
    network = run_on(config(detour_net, demand)).model.network
    fleet = PatrolFleet(Patrols(count=1, base="AB", speed="10 m/s"), network)
    fleet.ask("BC", 0)
    fleet.ask("CD", 0)
    fleet.ask("BE", 0)
    assert fleet.update(0) == []
    first, second, third = fleet.visits
    assert (first.patrol, second.patrol) == (1, 0)
    assert [visit.edge for visit in fleet.update(first.arrive_us)] == ["BC"]
    length = {edge.id: edge.length_m for edge in network.edges}
    assert second.arrive_us - first.arrive_us == to_us((length["BC"] + length["CD"]) / 2 / 10)
    fleet.call_off("BE")
    fleet.update(second.arrive_us)
    assert third.dropped
    assert third.patrol == 0
    assert list(fleet.manned) == ["BC", "CD"]


def test_a_patrol_base_that_is_nowhere_is_named(detour_net, demand, check):
    (text,) = check(config(detour_net, demand, patrols={"base": "XY"}))
    assert "no edge 'XY'" in text


# --- engines --------------------------------------------------------------------------------------------------------


def test_the_probability_of_stalling_rises_between_the_two_depths():
    """Light: 0 at 0.3, 1 at 0.8 m; heavy: 0 at 0.6, 1 at 1.3 m."""
    light = [probability(Stalling(), depth, "passenger") for depth in (0.2, 0.3, 0.55, 0.8, 2.0)]
    assert light == pytest.approx([0, 0, 0.5, 1, 1])
    heavy = [probability(Stalling(), depth, "truck") for depth in (0.6, 0.95, 1.3)]
    assert heavy == pytest.approx([0, 0.5, 1])


def test_draws_belong_to_the_name_and_are_even():
    """10,000 names: mean 0.5 within four standard errors (0.0116); another seed, another draw."""
    values = [draw(7, f"v{k}") for k in range(10_000)]
    assert abs(sum(values) / len(values) - 0.5) < 0.0116
    assert draw(7, "v1") == values[1]
    assert draw(8, "v1") != values[1]


def test_a_stalled_car_blocks_its_lane_until_it_is_towed_away(detour_net, demand, run_on):
    """CD has two lanes under 0.85 m, where every car stalls, and the patrol never comes in time. 20 min later the
    first is towed. The ledger of vehicles closes with the towed ones in it."""
    patrols = {"count": 1, "base": "AB", "speed": "0.01 m/s"}
    run = run_on(config(detour_net, demand, patrols=patrols, stalling={"recovery": "20 min"}))
    run.flood(CD=0.85)
    run.to(900)
    stalled = run.rows("stalled")
    assert stalled
    assert {row["edge"] for row in stalled} == {"CD"}
    assert run.value("stalled") == len(stalled)
    assert not run.value("trips_finished")
    first = stalled[0]
    assert run.lib.vehicle.getSpeed(first["id"]) == 0
    run.flood(CD=0.0)
    run.to(3000)
    rows = run.rows("stalled")
    assert all(row["towed_s"] - row["from_s"] == pytest.approx(1200, abs=10) for row in rows)
    (balance,) = run.model.balances()
    assert balance.outflow["towed"] == len(rows)
    assert balance.inflow["loaded"] == sum(balance.outflow.values()) + balance.stored_now
    assert run.value("trips_finished") == 60 - len(rows)


# --- manholes -------------------------------------------------------------------------------------------------------


def test_an_open_manhole_slows_the_kerb_lane(detour_net, demand, run_on):
    """10 km/h on the lane where cars drive next to the kerb: on BC that is lane 1, beside the bus lane."""
    run = run_on(config(detour_net, demand))
    edges = run.model.places["edge"].ids
    run.model.put("open_manholes", np.array([1.0 if e in ("AB", "BC") else 0.0 for e in edges]))
    run.to(60)
    limit = run.lib.lane.getMaxSpeed
    assert [limit(lane) for lane in ("AB_0", "AB_1", "BC_0", "BC_1")] == pytest.approx([10 / 3.6, 13.9, 13.9, 10 / 3.6])
    run.model.put("open_manholes", np.zeros(len(edges)))
    run.to(120)
    assert [limit(lane) for lane in ("AB_0", "BC_1")] == pytest.approx([13.9, 11.1])


def test_a_manhole_whose_place_is_known_slows_the_nearest_lane(detour_net, demand, run_on):
    """AB runs from (1000, 2000) to the east, lane 0 4.8 m and lane 1 1.6 m south of it. A manhole 2 m south of the
    line lies in lane 1; one 30 m north of it is more than 20 m from every lane and slows nobody."""
    there = Points(("in", "off"), np.array([[1150.0, 1998.0], [1150.0, 2030.0]]))
    run = run_on(config(detour_net, demand), sources={"open_manholes": there})
    assert run.model.places["manhole"].ids == ("in", "off")
    port = next(port for port in run.model.ports if port.name == "open_manholes")
    assert (port.at, port.join.name) == ("manhole", "SAME_ID")
    run.model.put("open_manholes", np.array([0.0, 1.0]))
    run.to(60)
    assert run.model.roads.slow_lanes == {}
    run.model.put("open_manholes", np.array([1.0, 1.0]))
    run.to(120)
    limit = run.lib.lane.getMaxSpeed
    assert [limit(lane) for lane in ("AB_0", "AB_1")] == pytest.approx([13.9, 10 / 3.6])
    run.model.put("open_manholes", np.array([0.0, 0.0]))
    run.to(180)
    assert limit("AB_1") == pytest.approx(13.9)
