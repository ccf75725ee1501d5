"""The queue model against kinematic wave theory and queueing theory, one small road per statement.

Drivers reach their speed at once; slot 7.5 m, reaction 1.5 s: backward wave 7.5/1.5 = 5 m/s, and at 15 m/s a lane
carries 1/(1.5 + 7.5/15) = 0.5 vehicles a second (triangular diagram, Newell 1993)."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from traffic.fast.compare import journeys_of
from traffic.fast.engine import run
from traffic.fast.state import Options
from traffic.fast.stepper import Bound

_file = Path(__file__).parents[2] / "traffic" / "fast" / "conftest.py"
_spec = importlib.util.spec_from_file_location("queue_town", _file)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
town = _module.town

LANE = 0.5
"""Vehicles a second of a lane at 15 m/s."""


def drive(town, edges, turns, trips, programs=None):
    """Exit times (n, edges) of all trips by (first edge -> rows)."""
    bound = Bound.of(town.network(edges, turns, programs), town.demand(trips), town.rules)
    result = run(bound, Options(exits=True))
    assert result.counts["finished"] == len(trips)
    return journeys_of(bound, result)


def test_free_link_takes_length_over_speed(town):
    """1,500 m at 15 m/s: 100 s, to the microsecond."""
    (journey,) = drive(town, [("a", 1500.0, 15.0, 1)], [], [(3.0, "a")]).values()
    assert journey.duration_s == pytest.approx(100.0, abs=1e-3)


def test_a_bottleneck_lets_its_capacity_through_and_delays_by_the_rest(town):
    """300 m at 5 m/s carry 1/(1.5 + 7.5/5) = 1/3 vehicles a second. Arrivals at 0.45: the n-th waits n (3 - 1/0.45)."""
    edges = [("a", 3000.0, 15.0, 1), ("b", 300.0, 5.0, 1), ("c", 300.0, 15.0, 1)]
    journeys = drive(town, edges, [("a", "b"), ("b", "c")], [(k / 0.45, "a b c") for k in range(200)])
    exits = np.array([j.exits_s for j in journeys.values()])
    delay = exits[:, 1] - np.array([j.depart_s for j in journeys.values()]) - 3000 / 15 - 300 / 5
    rate = 1 / np.diff(exits[50:, 1]).mean()
    print(f"discharge {rate:.4f} /s (theory 0.3333), last delay {delay[-1]:.1f} s (theory {199 * (3 - 1 / 0.45):.1f})")
    assert rate == pytest.approx(1 / 3, rel=0.01)
    assert delay[-1] == pytest.approx(199 * (3 - 1 / 0.45), rel=0.02)


def test_a_starting_wave_runs_back_at_slot_over_reaction(town, figures):
    """A queue of 300 m before a signal that turns green at 300 s: the edge behind goes on 300/5 = 60 s later."""
    edges = [("a", 900.0, 15.0, 1), ("b", 300.0, 15.0, 1), ("c", 900.0, 15.0, 1)]
    turns = [("a", "b"), ("b", "c", {"signal": ("s", 0)})]
    programs = {"s": town.program((300.0, "r"), (3000.0, "G"))}
    journeys = drive(town, edges, turns, [(2.0 * k, "a b c") for k in range(120)], programs)
    exits = np.array([j.exits_s for j in journeys.values()])
    after = exits[exits[:, 0] > 300.0, 0].min()
    print(f"first to move on behind the queue {after - 300:.1f} s after green (theory 60)")
    assert after - 300 == pytest.approx(60.0, abs=2.0)
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(7, 4))
    departs = np.array([j.depart_s for j in journeys.values()])
    for row, depart in zip(exits, departs, strict=True):
        ax.plot([depart, *row], [0, 900, 1200, 2100], color="#4477aa", lw=0.7)
    ax.plot([300, 360], [1200, 900], color="#cc3311", lw=2, label="theory: 5 m/s backwards")
    ax.axhline(1200, color="k", lw=0.5)
    ax.set(xlabel="time (s)", ylabel="way (m)", title="A queue dissolves after 300 s of red", xlim=(0, 600))
    ax.legend()
    fig.savefig(figures / "traffic_queue_shock_wave.png", dpi=120, bbox_inches="tight")
    plt.close(fig)


@pytest.mark.parametrize("flow", [0.0973, 0.1937, 0.2817])
def test_a_signal_delays_uniform_arrivals_as_d_d_1(town, flow):
    """Red 30 s of 80 s, saturation 0.5/s: mean delay r^2 / (2 c (1 - q/s)) (May 1990, Traffic Flow Fundamentals).
    Cars are not a fluid: one that comes just before green waits whole headways, hence the tolerance."""
    edges = [("a", 1500.0, 15.0, 1), ("b", 300.0, 15.0, 1)]
    programs = {"s": town.program((50.0, "G"), (30.0, "r"))}
    n = int(flow * 80 * 40)
    trips = [(k / flow, "a b") for k in range(n)]
    journeys = drive(town, edges, [("a", "b", {"signal": ("s", 0)})], trips, programs)
    delay = np.mean([j.exits_s[0] - j.depart_s - 100.0 for j in journeys.values()])
    theory = 30.0**2 / (2 * 80.0 * (1 - flow / LANE))
    print(f"flow {flow}/s: mean delay {delay:.2f} s, theory {theory:.2f} s ({delay / theory - 1:+.1%})")
    assert delay == pytest.approx(theory, rel=0.08)


def test_a_merge_gives_the_capacity_of_the_road_ahead_and_both_their_share(town):
    """Two full lanes into one: 0.5 vehicles a second leave, about half of them from each."""
    edges = [("a", 600.0, 15.0, 1), ("b", 600.0, 15.0, 1), ("c", 600.0, 15.0, 1)]
    trips = [(2.2 * k, "a c") for k in range(150)] + [(2.2 * k + 1, "b c") for k in range(150)]
    journeys = drive(town, edges, [("a", "c"), ("b", "c")], trips)
    out = np.sort([j.exits_s[1] for j in journeys.values()])
    early = [j.edges[0] for j in journeys.values() if j.exits_s[1] < out[200]]
    rate = 150 / (out[200] - out[50])
    print(f"merge: {rate:.3f} /s (theory 0.5), share of a {early.count('a') / len(early):.2f}")
    assert rate == pytest.approx(LANE, rel=0.05)
    assert 0.4 < early.count("a") / len(early) < 0.6


def test_a_diverge_is_as_fast_as_its_slowest_branch_lets_the_lane_be(town):
    """Half of a single lane turns into a road that takes 1/3 a second: first in first out holds the other half to the
    same (Daganzo 1995, Transportation Research B 29(2), 79-93): 2/3 a second would fit, so the lane's own 0.5 holds;
    with four fifths turning it is (1/3)/0.8 = 0.417."""
    edges = [("a", 900.0, 15.0, 1), ("slow", 300.0, 5.0, 1), ("fast", 300.0, 15.0, 1), ("end", 300.0, 15.0, 1)]
    trips = [(2.05 * k, "a fast" if k % 5 == 0 else "a slow end") for k in range(600)]
    journeys = drive(town, edges, [("a", "slow"), ("a", "fast"), ("slow", "end")], trips)
    line = np.sort([j.exits_s[0] for j in journeys.values()])
    rate = 250 / (line[550] - line[300])
    print(f"diverge: {rate:.3f} /s (theory 0.417)")
    assert rate == pytest.approx(0.4167, rel=0.03)


def test_a_full_road_stops_the_one_behind(town):
    """Spill-back: before a red light 150 m hold 20 cars, and two more by the rule of least storage (capacity x (time
    to drive and to accelerate + time of a gap)); the next one waits on the road behind."""
    edges = [("a", 600.0, 15.0, 1), ("b", 150.0, 15.0, 1), ("c", 150.0, 15.0, 1)]
    programs = {"s": town.program((280.0, "r"), (900.0, "G"))}
    turns = [("a", "b"), ("b", "c", {"signal": ("s", 0)})]
    journeys = drive(town, edges, turns, [(3.0 * k, "a b c") for k in range(60)], programs)
    stopped = sum(j.exits_s[0] < 275 for j in journeys.values())
    print(f"{stopped} cars stand on 150 m (7.5 m each: 20, least storage: 22)")
    assert 20 <= stopped <= 22
