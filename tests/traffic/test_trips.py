"""What becomes of trips when roads close: nobody drives into water, nobody vanishes, and the counts add up."""

from __future__ import annotations

import random

import pytest

CAR = '<vehicle id="{id}" type="{type}" depart="{depart}"><route edges="{edges}"/></vehicle>\n'


def vehicle(id, depart, edges, type="car"):
    return CAR.format(id=id, depart=depart, edges=edges, type=type)


def test_a_driver_finds_the_way_round(detour_net, demand, run_on):
    """BC closes for cars before the car reaches it: it goes by E and arrives."""
    run = run_on({"network": detour_net, "demand": [demand(vehicle("a", 0, "AB BC CD"))]})
    run.flood(BC=0.4)
    seen = set()
    run.to(120, lambda: seen.add(run.edge_of("a") if "a" in run.lib.vehicle.getIDList() else ""))
    assert "BC" not in seen
    assert "BE" in seen or "EC" in seen
    assert (run.value("rerouted"), run.value("stranded"), run.value("trips_finished")) == (1, 0, 1)


def test_without_a_way_round_a_trip_waits_and_goes_on_when_the_road_opens(detour_net, demand, run_on):
    """CD closes for good for an hour: the car is held before it, and is the one trip that finishes afterwards."""
    run = run_on({"network": detour_net, "demand": [demand(vehicle("a", 0, "AB BC CD"))]})
    run.to(5)
    run.flood(CD=0.5)
    run.to(600)
    assert run.edge_of("a") != "CD"
    assert run.value("stranded_now") == 1
    assert run.lib.vehicle.isStoppedParking("a")
    run.flood(CD=0.0)
    run.to(1500)
    assert (run.value("stranded_now"), run.value("stranded"), run.value("trips_finished")) == (0, 1, 1)
    (row,) = run.rows("stranded")
    assert row["from_s"] == 5
    assert row["to_s"] >= 1200, "ten minutes below half the depth come first"


def test_a_trip_that_has_not_begun_and_has_no_way_is_cancelled(detour_net, demand, run_on):
    """Its first edge is under water when it is due; the one after the water has gone departs."""
    cars = vehicle("a", 0, "AB BC CD") + vehicle("wet", 100, "BC CD") + vehicle("dry", 2000, "BC CD")
    run = run_on({"network": detour_net, "demand": [demand(cars)]})
    run.to(50)
    run.flood(BC=0.5)
    run.to(200)
    assert run.value("cancelled") == 1
    run.flood(BC=0.0)
    run.to(2200)
    assert run.value("trips_finished") == 2


def test_a_flow_whose_start_is_closed_is_counted_too(detour_net, demand, run_on):
    """SUMO makes a flow's vehicles in the very step in which they depart, and refuses them."""
    flow = '<flow id="f" type="car" begin="0" end="300" number="30" from="BC" to="CD"/>'
    run = run_on({"network": detour_net, "demand": [demand(flow)]})
    run.to(100)
    run.flood(BC=0.5)
    run.to(400)
    (balance,) = run.model.balances()
    assert balance.outflow["cancelled"] == 20
    assert balance.inflow["loaded"] == 30
    assert balance.stored_now == 0
    assert balance.outflow["arrived"] == 10


def test_trucks_drive_on_where_cars_may_not(detour_net, demand, run_on):
    """0.4 m on CD: closed for cars (0.3 m), not for trucks (0.6 m), which crawl through."""
    both = vehicle("car", 0, "AB BC CD") + vehicle("truck", 1, "AB BE EC CD", "truck")
    run = run_on({"network": detour_net, "demand": [demand(both)]})
    run.to(3)
    run.flood(CD=0.4)
    run.to(600)
    assert run.value("trips_finished") == 1
    assert "car" in run.lib.vehicle.getIDList()
    speed = run.lib.lane.getMaxSpeed("CD_0")
    assert speed == pytest.approx(5 / 3.6)


def test_a_vehicle_on_an_edge_that_closes_may_leave_it(detour_net, demand, run_on):
    """AB closes around the car; its way ahead is open, so it drives out."""
    run = run_on({"network": detour_net, "demand": [demand(vehicle("a", 0, "AB BC CD"))]})
    run.to(8)
    assert run.edge_of("a") == "AB"
    run.flood(AB=0.35)
    run.to(600)
    assert run.value("trips_finished") == 1
    assert run.value("affected") == 0


@pytest.fixture
def busy(grid_net, demand):
    """300 cars and trucks between random edges of the grid in ten minutes."""
    from traffic.network import read_network

    draw, edges = random.Random(4), [edge.id for edge in read_network(grid_net).edges]
    rows = []
    for k in range(300):
        a, b = draw.sample(edges, 2)
        kind = "truck" if k % 5 == 0 else "car"
        rows.append(f'<trip id="v{k}" type="{kind}" depart="{2 * k}" from="{a}" to="{b}"/>\n')
    return {"network": grid_net, "demand": [demand("".join(rows))]}


def flooded(run):
    """A third of the streets goes under 0.5 m at 200 s and is dry again from 800 s on."""
    ids = [edge.id for edge in run.model.network.edges][::3]
    return dict.fromkeys(ids, 0.5), dict.fromkeys(ids, 0.0)


def test_no_car_enters_a_closed_street(busy, run_on):
    """Watched step by step: a car on a closed edge was already on it, or on the junction before it, at closing."""
    run = run_on(busy)
    wet, _ = flooded(run)
    run.to(200)
    run.flood(**wet)
    run.now_us = run.model.advance(run.now_us + 1)
    vehicles = run.lib.vehicle

    def cars():
        return {v: vehicles.getRoadID(v) for v in vehicles.getIDList() if vehicles.getVehicleClass(v) == "passenger"}

    last = cars()
    trapped = {v for v, edge in last.items() if edge.startswith(":") or edge in wet}
    entered = []

    def watch():
        for v, edge in cars().items():
            if edge in wet and last.get(v) != edge and v not in trapped:
                entered.append((v, edge))
        last.update(cars())

    run.to(800, watch, stride_s=1)
    assert len(last) > 50, "the test needs traffic"
    assert entered == []
    assert run.value("teleports") == 0


def test_outcomes_add_up_and_every_vehicle_is_somewhere(busy, run_on):
    """affected = rerouted + stranded + cancelled + undecided; loaded = affected + unaffected = in + out."""
    run = run_on(busy)
    wet, dry = flooded(run)
    run.to(200)
    run.flood(**wet)
    run.to(800)
    held = run.value("stranded_now")
    assert held > 0
    run.flood(**dry)
    run.to(3000)
    value = run.value
    assert value("affected") == value("rerouted") + value("stranded") + value("cancelled") + value("undecided")
    assert value("affected") + value("unaffected") == 300
    assert min(value("rerouted"), value("stranded"), value("cancelled")) > 0
    assert value("stranded_now") == 0
    assert value("trips_finished") == 300 - value("cancelled")
    (balance,) = run.model.balances()
    inside = balance.stored_start + sum(balance.inflow.values()) - sum(balance.outflow.values())
    assert inside == balance.stored_now == 0
    assert balance.noted["departed"] == balance.noted["SUMO's own count of those departed"]


def outcome(run):
    """Everything that a run counts, and when each trip was held."""
    wet, dry = flooded(run)
    run.to(200)
    run.flood(**wet)
    run.to(500)
    run.flood(**dry)
    run.to(1500)
    figures = {name: metric.value for name, metric in run.model.summary().items()}
    return figures, run.rows("stranded"), run.setup.journal.entries


def test_same_seed_same_run_other_seed_another(busy, run_on):
    """Also shows that one process may run one simulation after the other."""
    busy["rerouting"] = {"share": 0.5, "period": "60 s"}
    first, second, other = outcome(run_on(busy)), outcome(run_on(busy)), outcome(run_on(busy, seed=8))
    assert first == second
    assert first[0] != other[0]
