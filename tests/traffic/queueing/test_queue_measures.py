"""Measures on the queue engine: programs of lights, diversions, buffer parks, contraflow, buses, counts."""

from __future__ import annotations

import numpy as np

from traffic.verb_args import VERBS
from twin.model import Event

TRUCKS = "".join(
    f'<trip id="t{k}" type="truck" depart="{20 * k}" from="AB" to="CD"><stop lane="EC_0" duration="30"/>'
    f'<stop lane="CD_0" duration="60" parking="true"/></trip>'
    for k in range(8)
)
GATE = {"edge": "EC", "yard_edge": "CD"}


def test_a_diversion_leads_those_round_who_follow_it(town):
    """Main Street stays open, and all 100 cars are told of the way by E at 100 s: whoever is not yet on BC takes it."""
    run = town()
    run.to(100)
    before = run.entered("BC")
    run.event("divert", edges=["BE", "EC"], away_from=["BC"])
    on_the_way = run.entered("BC")
    run.to(1500)
    assert 0 < before == on_the_way == run.entered("BC")
    assert run.entered("BE") == 100 - before == run.value("diverted")
    assert run.value("trips_finished") == 100


def test_a_share_of_drivers_follows(town):
    """Half of them, each by a draw of its own: between 35 and 65 of 100 (3 standard deviations)."""
    run = town()
    run.event("divert", edges=["BE", "EC"], away_from=["BC"], share=0.5)
    run.to(1500)
    assert 35 <= run.value("diverted") <= 65
    assert run.entered("BE") == run.value("diverted")


def test_trucks_wait_in_a_buffer_until_the_gate_has_room(town):
    """The park lies on BE before the gate EC: no more than two trucks at the gate or on their way to it; all get
    through, and some have waited."""
    hold = VERBS["hold_trucks"].model_validate({"park": "BE", "queue": 2})
    run = town(TRUCKS, gate=GATE, events=[Event("h", "hold_trucks", hold)])
    run.event("hold_trucks", id="h", park="BE", queue=2)
    most = 0
    for second in range(10, 2000, 10):
        run.to(second)
        on_edge = run.model.run.vehicles_on()[run.model.run.bound.network.index["EC"]]
        most = max(most, int(on_edge))
    assert most <= 3
    assert run.value("trucks_left") == 8
    assert run.value("buffer_most") >= 1
    assert run.value("buffer_wait") > 0
    vehicles, handed = run.model.balances()
    assert sum(vehicles.inflow.values()) == sum(vehicles.outflow.values()) + vehicles.stored_now
    assert handed.outflow == {"left": 8.0}


def test_a_buffer_lets_all_go_when_it_ends(town):
    """With `queue: 0` nobody is called up before the end at 600 s."""
    hold = VERBS["hold_trucks"].model_validate({"park": "BE", "queue": 0})
    run = town(TRUCKS, gate=GATE, events=[Event("h", "hold_trucks", hold)])
    run.event("hold_trucks", id="h", park="BE", queue=0)
    run.to(600)
    assert run.value("trucks_at_gate") == 0
    assert run.value("buffer_most") == 8
    run.event("hold_trucks", "end", id="h", park="BE", queue=0)
    run.to(2500)
    assert run.value("trucks_left") == 8


def test_a_program_and_new_timings_hold_until_their_end(grid_net, demand, queue_on):
    """All red stops those who meet B1; with other timings the cycle is as told; its own program comes back."""
    trips = "".join(f'<trip id="a{k}" type="car" depart="{k * 4}" from="A1B1" to="B1C1"/>' for k in range(60))
    run = queue_on({"network": grid_net, "demand": [demand(trips)]})
    network = run.model.run.bound.network
    own = network.programs["B1"]
    links = len(own.phases[0][1])
    heads = [k for k, (name, _) in enumerate(network.signal_ids) if name == "B1"]
    run.event("signal_program", signal="B1", phases=[{"state": "r" * links, "duration": "60 s"}])
    run.to(200)
    assert run.entered("B1C1") == 0
    run.event("retime", id="later", signals=["B1"], cycle="120 s")
    assert np.allclose(run.model.run.roads.signal["cycle"][heads], 120)
    run.to(300)
    passed = run.entered("B1C1")
    assert passed > 0
    run.event("retime", "end", id="later", signals=["B1"], cycle="120 s")
    run.to(600)
    assert run.entered("B1C1") <= passed + 2
    run.event("signal_program", "end", signal="B1", phases=[{"state": "r" * links, "duration": "60 s"}])
    assert np.allclose(run.model.run.roads.signal["cycle"][heads], sum(d for d, _ in own.phases))
    run.to(1500)
    assert run.value("trips_finished") == 60


def test_lanes_open_the_other_way(long_road_net, demand, queue_on):
    """Long Road, BC closed: with a lane of CB opened the other way the cars get through all the same."""
    cars = "".join(f'<trip id="c{k}" type="car" depart="{k * 6 + 60}" from="AB" to="CD"/>' for k in range(30))
    turn = VERBS["contraflow"].model_validate({"edge": "CB", "lanes": 1})
    files = {"network": long_road_net, "demand": [demand(cars)]}
    run = queue_on(files, events=[Event("turn", "contraflow", turn)])
    run.event("contraflow", id="turn", edge="CB", lanes=1)
    run.to(30)
    run.event("close", id="shut", edge="BC")
    run.to(900)
    assert run.entered("contraflow.CB") == 30
    assert run.value("trips_finished") == 30


BUSES = (
    '<vehicle id="b1" type="bus" line="7" depart="0"><route edges="AB BC CD"/>'
    '<stop lane="AB_0" endPos="200" duration="20" until="45"/><stop lane="BC_0" endPos="150" duration="20" until="60"/>'
    '</vehicle><vehicle id="b2" type="bus" line="7" depart="300"><route edges="AB BC CD"/>'
    '<stop lane="AB_0" endPos="200" duration="20" until="345"/><stop lane="BC_0" endPos="150" duration="20"/></vehicle>'
)


def test_a_bus_that_drives_round_leaves_its_stops_and_breaks_its_line(town):
    """b1 is through before BC closes at 200 s and comes to BC half a minute late; b2 goes round by E without its stop
    there."""
    run = town('<vType id="bus" vClass="bus"/>' + BUSES)
    run.to(200)
    (row,) = run.rows("bus_lines")
    assert (row["trips"], row["served"], row["broken"]) == (2, 2, 0)
    assert 10 < row["mean_delay_s"] < 60
    run.event("close", edge="BC")
    run.to(900)
    (row,) = run.rows("bus_lines")
    assert (row["completed"], row["stops"], row["served"], row["broken"]) == (2, 4, 3, 1)
    assert run.value("bus_lines_broken") == 1
    assert run.value("bus_stops_missed") == 1


def test_each_bus_of_a_flow_has_its_own_timetable(town):
    """Due at 30 s after 0 s and after 300 s: both come some 20 s after they set out, so none is late."""
    flow = (
        '<vType id="bus" vClass="bus"/><flow id="f" type="bus" line="9" begin="0" end="600" number="2">'
        '<route edges="AB BC CD"/><stop lane="AB_0" endPos="200" duration="20" until="50"/></flow>'
    )
    run = town(flow)
    run.to(600)
    (row,) = run.rows("bus_lines")
    assert (row["line"], row["trips"], row["served"], row["mean_delay_s"]) == ("9", 2, 2, 0.0)


def test_counts_and_journey_times_are_compared(town, tmp_path):
    """100 cars, 5 s apart, are counted on CD within the quarter hour; AB to CD takes as long as the engine says."""
    (tmp_path / "counts.xml").write_text(
        '<data><interval begin="0" end="900"><edge id="CD" entered="100"/></interval></data>'
    )
    (tmp_path / "journeys.csv").write_text("from_edge,to_edge,seconds\nAB,CD,60\n")
    run = town(counts="counts.xml", journeys="journeys.csv")
    run.to(900)
    (count,) = run.rows("counts")
    assert (count["counted_per_h"], count["modelled_per_h"]) == (400.0, 400.0)
    (journey,) = run.rows("journeys")
    arrays = run.model.run.state
    last = run.model.run.bound.roads.edge["length"][run.model.run.bound.network.index["CD"]] / 13.9
    whole = float(np.mean(arrays.vehicle["arrival"] - arrays.vehicle["depart"]))
    assert journey["vehicles"] == 100
    assert 0 < whole - journey["modelled_s"] < 1.5 * last
    assert run.value("counts_good") == 100
