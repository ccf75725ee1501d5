"""The gate's arithmetic: first come first served, exact although it hears of trucks late, never in the past."""

from __future__ import annotations

import pytest

from port.state import GATE_IN
from tests.port import sites
from tests.port.sites import HOUR, engine, terminal
from twin.clock import US
from twin.ports import Arrival


@pytest.fixture(params=["simpy", "fast"], autouse=True)
def both(request, monkeypatch):
    """Every test of this module runs on each engine."""
    monkeypatch.setattr(sites, "KIND", [request.param])


STEADY = {"mean": "40 s", "shape": "deterministic"}
EXCHANGE = 10 * US


def place(lanes: int = 1):
    gate = {"at": [160, 0], "lanes_in": lanes, "lanes_out": 2, "service_in": STEADY}
    return terminal(gate=gate, calls=[])


def drive_to(made, arrivals: list[Arrival], until_us: int) -> list[int]:
    """Tell of trucks at the exchange after they came, as a road model does; gives the times of admission."""
    admitted = []
    for now in range(0, until_us, EXCHANGE):
        fresh = [a for a in arrivals if now - EXCHANGE < a.time_us <= now]
        if fresh:
            made.arrive(fresh)
        made.advance(now + EXCHANGE)
        admitted += made.gate.admissions
        made.gate.admissions = []
    return [a.time_us for a in admitted]


def test_service_counts_from_the_true_arrival_although_it_is_heard_of_later():
    """One lane, 40 s: a truck that came at 3 s and is known at 10 s passes at 43 s, not at 50 s."""
    made = engine(place(), road=True)
    assert drive_to(made, [Arrival(3 * US, "a")], 100 * US) == [43 * US]


def test_a_saturated_lane_loses_nothing_to_the_exchange():
    """Thirty trucks at odd times into one lane of 40 s: the last passes 30 · 40 s after the first came."""
    made = engine(place(), road=True)
    arrivals = [Arrival(3 * US + k * 7 * US, f"t{k:02d}") for k in range(30)]
    times = drive_to(made, arrivals, HOUR)
    assert times == [3 * US + (k + 1) * 40 * US for k in range(30)]


def test_an_end_in_the_past_is_an_end_now():
    """A service shorter than the exchange has ended before anybody knows of the truck: it passes at the exchange."""
    quick = {"at": [160, 0], "lanes_in": 1, "service_in": {"mean": "2 s", "shape": "deterministic"}}
    made = engine(terminal(gate=quick, calls=[]), road=True)
    assert drive_to(made, [Arrival(3 * US, "a"), Arrival(4 * US, "b")], 60 * US) == [10 * US, 10 * US]


def test_lanes_serve_in_order_of_arrival():
    made = engine(place(lanes=2), road=True)
    drive_to(made, [Arrival(5 * US, "c"), Arrival(1 * US, "b"), Arrival(1 * US, "a")], 200 * US)
    passed = [(row[4], row[0] // US) for row in made.trace if row[2] == GATE_IN]
    assert passed == [("a", 41), ("b", 41), ("c", 81)]


def test_a_closed_gate_finishes_what_it_began_and_then_waits():
    made = engine(place(), road=True)
    made.advance(10 * US)
    made.arrive([Arrival(9 * US, "a"), Arrival(9 * US, "b")])
    made.advance(20 * US)
    made.gate.close("strike")
    made.gate.close("police")
    made.advance(300 * US)
    assert [a.id for a in made.gate.admissions] == ["a"]
    made.gate.open("strike")
    made.advance(400 * US)
    assert made.gate.waiting == 1
    made.gate.open("police")
    made.advance(500 * US)
    assert [(a.id, a.time_us) for a in made.gate.admissions] == [("a", 49 * US), ("b", 440 * US)]
    assert made.gate.closed_us == 380 * US


def test_every_truck_that_came_in_goes_out_once():
    made = engine(place(lanes=2), road=True)
    trucks = [Arrival(k * 60 * US, f"t{k:02d}", {"task": "deliver" if k % 2 else "collect"}) for k in range(20)]
    for k in range(20):
        made.advance(k * 60 * US + 1)
        made.arrive([trucks[k]])
    made.advance(2 * HOUR)
    assert [a.id for a in made.gate.admissions] == [t.id for t in trucks]
    assert sorted(a.id for a in made.gate.departures) == [t.id for t in trucks]
    assert {a.id: a.data["task"] for a in made.gate.departures} == {t.id: t.data["task"] for t in trucks}


def test_a_truck_does_what_it_says_and_else_what_is_drawn():
    """Four spellings are known; with a share of 1, whoever says nothing or something else delivers."""
    made = engine(terminal(calls=[], road_trucks={"deliver_share": 1.0}), road=True)
    said = [{"task": t} for t in ("deliver", "deliver_export", "collect", "collect_import", "sightseeing")] + [{}]
    made.arrive([Arrival(0, f"t{k}", data) for k, data in enumerate(said)])
    assert [v.task for v in made.world.visitors] == ["deliver", "deliver", "collect", "collect", "deliver", "deliver"]
