"""Roads that close: who finds another way takes it, who finds none is held or stays at home, and nobody drives in."""

from __future__ import annotations

import numpy as np
import pytest

from traffic.fast.demand import VehicleType
from traffic.fast.state import Options
from traffic.fast.stepper import Bound, QueueRun

EDGES = [("in", 300.0, 15.0, 1), ("short", 300.0, 15.0, 1), ("long", 900.0, 15.0, 1), ("out", 300.0, 15.0, 1)]
TURNS = [("in", "short"), ("in", "long"), ("short", "out"), ("long", "out")]


@pytest.fixture
def fork(town):
    """One car every 10 s over the short way; a longer one lies beside it."""
    trips = [(10.0 * k, "in short out") for k in range(40)]
    return lambda edges=EDGES, turns=TURNS, options=None, kind=town.instant: QueueRun(
        Bound.of(town.network(edges, turns), town.demand(trips, kind), town.rules), options
    )


def entered(queue, edge):
    return int(queue.result().entered[:, queue.bound.network.index[edge]].sum())


def test_everybody_goes_round_a_closed_road(fork):
    """Closed at 100 s: nobody comes onto it any more, all arrive over the long way."""
    queue = fork()
    queue.advance(100)
    before = entered(queue, "short")
    queue.close(["short"])
    queue.advance(3000)
    assert before > 0
    assert entered(queue, "short") == before
    assert entered(queue, "long") == 40 - before
    assert queue.counts()["arrived"] == 40
    assert queue.tally() == {"rerouted": 40 - before, "stranded": 0, "cancelled": 0, "affected": 40 - before}


def test_who_finds_no_way_is_held_and_goes_on_when_it_opens(fork):
    """Without the long way: cars on the road before it stand, later ones stay at home; those held arrive later."""
    queue = fork(EDGES[:2] + EDGES[3:], [("in", "short"), ("short", "out")])
    queue.advance(100)
    queue.close(["short"])
    queue.advance(200)
    counts, tally = queue.counts(), queue.tally()
    assert counts["held"] == tally["stranded"] == len(queue.held()) > 0
    assert {edge for _, edge in queue.held()} == {"in"}
    assert counts["cancelled"] == tally["cancelled"] > 0
    assert queue.vehicles_on()[queue.bound.network.index["in"]] == 0
    queue.reopen(["short"])
    assert queue.counts()["held"] == 0
    queue.advance(3000)
    after = queue.counts()
    assert after["arrived"] + after["cancelled"] == 40
    assert after["cancelled"] == counts["cancelled"]


def test_a_closure_for_lorries_lets_cars_through(town, fork):
    """Permissions are by class."""
    queue = fork()
    queue.close(["short"], ["truck"])
    queue.advance(3000)
    assert entered(queue, "short") == 40
    lorries = fork(kind=VehicleType("truck", accel=1e4, decel=1e4, sigma=0.0, factor=(1.0, 0.0)))
    lorries.close(["short"], ["truck"])
    lorries.advance(3000)
    assert entered(lorries, "short") == 0
    assert entered(lorries, "long") == 40


def test_those_on_a_road_that_closes_leave_it(fork):
    """Its inside empties; nobody is held there."""
    queue = fork()
    queue.advance(36)
    at = queue.bound.network.index["short"]
    assert queue.vehicles_on()[at] > 0
    queue.close(["short"])
    queue.advance(100)
    assert queue.vehicles_on()[at] == 0
    assert queue.counts()["held"] == 0


def test_some_drivers_avoid_a_queue_when_they_look_for_better_ways(town):
    """A signal lets one car a minute out of the short way. All drivers look each minute: most take the long way."""
    edges = EDGES
    turns = [("in", "short"), ("in", "long"), ("short", "out", {"signal": ("s", 0)}), ("long", "out")]
    net = town.network(edges, turns, {"s": town.program((3.0, "G"), (57.0, "r"))})
    demand = town.demand([(6.0 * k, "in short out") for k in range(100)])
    bound = Bound.of(net, demand, town.rules)
    loyal, seeking = (QueueRun(bound, Options(share=s, period_s=60.0)) for s in (0.0, 1.0))
    for queue in (loyal, seeking):
        queue.advance(3 * 3600)
    assert entered(loyal, "long") == 0
    assert entered(seeking, "long") > 50
    means = [np.nanmean(q.result().trips.duration) for q in (loyal, seeking)]
    assert means[1] < 0.5 * means[0]


def test_a_forecast_warns_of_a_queue_that_is_not_there_yet(town):
    """Fastest ways in the time to come: the table says that the short way takes 1,000 s from the second period on."""
    net = town.network(EDGES, TURNS)
    bound = Bound.of(net, town.demand([(150.0, "in short out")]), town.rules)
    table = np.tile(bound.roads.edge["length"] / bound.roads.edge["speed"], (3, 1))
    table[1:, net.index["short"]] = 1000.0
    queue = QueueRun(bound, Options(share=1.0, period_s=155.0, interval_s=160.0, forecast=table))
    queue.advance(1000)
    assert entered(queue, "long") == 1
    blind = QueueRun(bound, Options(share=1.0, period_s=155.0, interval_s=160.0))
    blind.advance(1000)
    assert entered(blind, "short") == 1


def test_dark_signals_give_way_and_red_ones_stop(town):
    """A signal that stays red passes nobody; dark, the road has no conflict and flows."""
    turns = [("in", "short", {"signal": ("s", 0)}), ("in", "long"), ("short", "out"), ("long", "out")]
    net = town.network(EDGES, turns, {"s": town.program((30.0, "G"), (30.0, "r"))})
    bound = Bound.of(net, town.demand([(5.0 * k, "in short out") for k in range(40)]), town.rules)
    queue = QueueRun(bound)
    queue.signals("red")
    queue.advance(400)
    assert entered(queue, "short") == 0
    queue.signals("dark")
    queue.advance(700)
    assert queue.counts()["arrived"] == 40


def test_a_lower_limit_slows_those_who_come_after(fork):
    """300 m at 5 instead of 15 m/s: 40 s more for each."""
    plain, slow = fork(), fork()
    slow.set_speed(["short"], 5.0)
    for queue in (plain, slow):
        queue.advance(3000)
    more = slow.result().trips.duration - plain.result().trips.duration
    assert more.min() == pytest.approx(40.0, abs=0.1)


def test_a_blocked_lane_halves_a_road(town):
    """Two lanes full, one blocked: the road passes half."""
    edges = [("a", 600.0, 15.0, 2), ("b", 300.0, 15.0, 2), ("c", 300.0, 15.0, 2)]
    net = town.network(edges, [("a", "b"), ("b", "c")])
    bound = Bound.of(net, town.demand([(1.0 * k, "a b c") for k in range(600)]), town.rules)
    passed = []
    for blocked in (False, True):
        queue = QueueRun(bound)
        if blocked:
            queue.close_lane("b", 0)
        queue.advance(500)
        passed.append(queue.counts()["arrived"])
    assert passed[1] == pytest.approx(passed[0] / 2, rel=0.1)
