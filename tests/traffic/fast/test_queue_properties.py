"""What must hold whatever the roads and the demand: vehicles conserved, first in first out, the same answer again."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from traffic.fast.cases import Case, simulate_cases
from traffic.fast.compare import journeys_of
from traffic.fast.engine import run, simulate
from traffic.fast.layout import PARKED
from traffic.fast.netfile import Program
from traffic.fast.state import Options
from traffic.fast.stepper import Bound, QueueRun

RING = [(f"e{k}", 40.0 + 30.0 * k, 12.0, 1 + k % 2) for k in range(6)]
TURNS = [(f"e{k}", f"e{(k + 1) % 6}") for k in range(6)] + [("e0", "e3"), ("e3", "e0"), ("e1", "e5")]


def ring_trip(start, length):
    return " ".join(f"e{(start + k) % 6}" for k in range(length))


trips = st.lists(
    st.tuples(st.floats(0, 300), st.integers(0, 5), st.integers(1, 9)).map(lambda x: (x[0], ring_trip(x[1], x[2]))),
    max_size=120,
)


@given(trips=trips, until=st.integers(1, 1200), close=st.sampled_from(["", "e2", "e4"]))
def test_every_vehicle_is_somewhere(town, trips, until, close):
    """Trips = future + waiting + driving + arrived + held + cancelled, and those driving are those on lanes."""
    bound = Bound.of(town.network(RING, TURNS), town.demand(trips), town.rules)
    queue = QueueRun(bound, Options(end_s=2000))
    queue.advance(until / 2)
    if close:
        queue.close([close])
    queue.advance(until)
    counts = queue.counts()
    assert sum(counts.values()) == len(trips)
    on_lanes = 0
    for i in range(queue.roads.lane.size):
        v = queue.state.lane[i]["head"]
        while v >= 0:
            on_lanes += 1
            v = queue.state.vehicle[v]["next"]
    assert on_lanes == counts["driving"] == queue.vehicles_on().sum()
    tally = queue.tally()
    assert tally["affected"] == tally["rerouted"] + tally["stranded"] + tally["cancelled"]
    assert counts["cancelled"] == tally["cancelled"]
    assert counts["held"] <= tally["stranded"]


halts = st.lists(
    st.tuples(st.integers(0, 119), st.integers(0, 8), st.floats(1, 200), st.sampled_from(["on", "end", "off"])),
    max_size=60,
)


@given(trips=trips, halts=halts, until=st.integers(1, 1200), close=st.sampled_from(["", "e2", "e4"]))
def test_every_vehicle_is_somewhere_with_stops_and_a_light_that_vehicles_decide_on(town, trips, halts, until, close):
    """The same account with stops on the lane, at its end and off it, and an actuated light at e1; at last all who
    are not held or at home arrive."""
    light = Program(0.0, ((20.0, "Gr"), (3.0, "yr"), (5.0, "rG")), ((5.0, 30.0), (3.0, 3.0), (5.0, 5.0)))
    turns = [
        (*turn, {"signal": ("t", 0 if turn == ("e0", "e1") else 1)}) if turn in (("e0", "e1"), ("e0", "e3")) else turn
        for turn in TURNS
    ]
    demand = town.demand(trips)
    for n, at, dwell, kind in halts:
        if n < len(demand.trips):
            trip = demand.trips[n]
            edge = trip.edges[at % len(trip.edges)]
            row = ((edge, dwell),)
            trip.stops, trip.parked = (row, ()) if kind != "off" else ((), row)
            trip.spots = ((0, -0.5 if kind == "end" else None),)
    bound = Bound.of(town.network(RING, turns, {"t": light}), demand, town.rules)
    queue = QueueRun(bound, Options(end_s=6000))
    queue.advance(until / 2)
    if close:
        queue.close([close])
    for now in (until, 6000):
        queue.advance(now)
        counts, states = queue.counts(), queue.state.vehicle["state"]
        assert sum(counts.values()) == len(trips)
        assert counts["driving"] == queue.vehicles_on().sum()
        assert counts["parked"] == (states == PARKED).sum()
    assert counts["arrived"] + counts["held"] + counts["cancelled"] == len(trips)


@given(trips=trips)
def test_who_comes_first_onto_a_lane_leaves_it_first(town, trips):
    """On a road of one lane the order of departure is the order of every later line."""
    edges = [("a", 150.0, 12.0, 1), ("b", 20.0, 12.0, 1), ("c", 90.0, 7.0, 1)]
    net = town.network(edges, [("a", "b"), ("b", "c")])
    bound = Bound.of(net, town.demand([(t, "a b c") for t, _ in trips]), town.rules)
    exits = [j.exits_s for j in journeys_of(bound, run(bound, Options(exits=True))).values()]
    assert len(exits) == len(trips)
    order = np.array(sorted(exits, key=lambda row: row[0])).reshape(-1, 3)
    assert np.all(np.diff(order, axis=0) >= 0)


@given(trips=trips)
def test_everybody_arrives_even_where_queues_go_round_in_a_circle(town, trips):
    """A ring of short streets fills up and still empties: no gridlock by the model's own making."""
    result = simulate(town.network(RING, TURNS), town.demand(trips), rules=town.rules)
    assert result.counts["finished"] == len(trips)
    entered, left = result.entered.sum(axis=0), result.left.sum(axis=0)
    assert np.array_equal(entered, left)


def test_the_number_of_threads_changes_nothing(town):
    """Cases of a batch have states of their own."""
    trips = [(k / 2, ring_trip(k % 6, 1 + k % 8)) for k in range(300)]
    bound = Bound.of(town.network(RING, TURNS), town.demand(trips), town.rules)
    cases = [Case("none"), *(Case(f"no e{k}", (f"e{k}",), 30.0, 400.0) for k in range(6))] * 2
    one, four = (simulate_cases(bound, cases, threads=n, keep=True) for n in (1, 4))
    for a, b in zip(one, four, strict=True):
        assert (a.counts, a.tally) == (b.counts, b.tally)
        assert np.array_equal(a.result.trips.arrival, b.result.trips.arrival, equal_nan=True)


def test_steps_of_any_length_give_the_same_run(town):
    """Stopping in between changes no time of arrival."""
    trips = [(k / 2, ring_trip(k % 6, 1 + k % 8)) for k in range(300)]
    bound = Bound.of(town.network(RING, TURNS), town.demand(trips), town.rules)
    straight = run(bound, Options(end_s=3000))
    queue = QueueRun(bound, Options(end_s=3000))
    for now in range(0, 3001, 7):
        queue.advance(now)
    queue.advance(3000)
    assert np.array_equal(queue.result().trips.arrival, straight.trips.arrival, equal_nan=True)


def test_kept_machine_code_is_forgotten_when_any_source_is_newer(tmp_path):
    """A change of the tables' layout must reach kernels whose own file did not change."""
    import os

    from traffic.fast.stale import SOURCES, forget_stale

    (tmp_path / "__pycache__").mkdir()
    for name in SOURCES:
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (1000, 1000))
    kept = tmp_path / "__pycache__" / "kernels.advance-1.py311.nbi"
    kept.write_text("")
    os.utime(kept, (2000, 2000))
    assert forget_stale(tmp_path) == 0
    os.utime(tmp_path / "layout.py", (3000, 3000))
    assert forget_stale(tmp_path) == 1
    assert not kept.exists()


def test_drivers_belong_to_the_seed(town):
    """Another seed draws other drivers; the same one the same."""
    kind = type(town.instant)()
    demand = town.demand([(k, "e0 e1 e2") for k in range(50)], kind)
    net = town.network(RING, TURNS)
    a, b, c = (simulate(net, demand, Options(seed=s)).trips.arrival for s in (1, 1, 2))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
