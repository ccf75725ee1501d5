"""SUMO run in stretches gives what SUMO looked at after every single step gives."""

from __future__ import annotations

import random

import pytest

CARS = '<vehicle id="{id}" type="{type}" depart="{depart}"><route edges="{edges}"/>{stop}</vehicle>\n'
WAYS = ("AB BC CD", "AB BE EC CD", "BC CD", "AB BC")


def traffic(seed: int) -> str:
    """70 cars, trips that find their way as they begin, an ambulance and a bus that stops twice; sorted."""
    draw = random.Random(seed)
    rows = []
    for k in range(70):
        depart = round(draw.uniform(0, 500), 1)
        if k % 5 == 4:
            rows.append((depart, f'<trip id="t{k}" type="car" depart="{depart}" from="AB" to="CD"/>\n'))
        else:
            edges = draw.choice(WAYS)
            rows.append((depart, CARS.format(id=f"c{k}", type="car", depart=depart, edges=edges, stop="")))
    stops = '<stop lane="AB_0" endPos="150" duration="20"/><stop lane="CD_0" endPos="150" duration="20"/>'
    rows.append((50, CARS.format(id="b", type="bus", depart=50, edges="AB BC CD", stop=stops)))
    rows.append((90, CARS.format(id="a", type="ambulance", depart=90, edges="AB BC CD", stop="")))
    return '<vType id="bus" vClass="bus"/>' + "".join(text for _, text in sorted(rows))


def outcome(run_on, config, flood):
    """All figures and tables, and each trip's times, of 20 min with a flood on BC from minute 3 to 6."""
    run = run_on(config)
    run.to(180)
    if flood:
        run.flood(BC=0.5)
    run.to(360)
    run.flood(BC=0.0)
    run.to(1200)
    figures = {name: metric.value for name, metric in run.model.summary().items()}
    figures.pop("journeys_good", None)
    tables = {name: table.rows for name, table in run.model.tables().items() if name != "journeys"}
    times = {vid: (t.planned_s, t.free_s, t.began_s, t.arrived_s) for vid, t in run.model.trip_log.trips.items()}
    return figures, tables, times, [b.outflow for b in run.model.balances()]


@pytest.mark.parametrize("flood", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_stretches_and_single_steps_give_the_same_run(detour_net, demand, run_on, tmp_path, seed, flood):
    """A file of journey times makes the model look after each step (who is on which edge); nothing else differs."""
    config = {"network": detour_net, "demand": [demand(traffic(seed))]}
    (tmp_path / "j.csv").write_text("from_edge,to_edge,seconds\nBE,EC,30\n", encoding="utf-8")
    stretched = outcome(run_on, config, flood)
    stepped = outcome(run_on, {**config, "journeys": tmp_path / "j.csv"}, flood)
    assert stretched == stepped
    assert stretched[0]["trips_finished"] > 50
    assert (stretched[0]["affected"] > 0) is flood


def test_a_dry_town_without_buses_is_looked_at_once_an_exchange(detour_net, demand, run_on, monkeypatch):
    """20 cars with routes of their own: 600 s are some 60 stretches of 10 s, and not 600."""
    cars = "".join(CARS.format(id=k, type="car", depart=7 * k, edges="AB BC CD", stop="") for k in range(20))
    run = run_on({"network": detour_net, "demand": [demand(cars)]})
    ends, stretch = [], run.model.sim.stretch

    def noted(until_s, look):
        ends.append(until_s)
        return stretch(until_s, look)

    monkeypatch.setattr(run.model.sim, "stretch", noted)
    run.to(600)
    assert len(ends) <= 65
    assert run.value("trips_finished") == 20
