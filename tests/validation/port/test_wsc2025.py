"""The simulation challenge of the Winter Simulation Conference 2025 against its published figures, and our policies.

What is the same: layout and distances, services, the 300 visits and their luck (the challenge's own draw of arrivals),
boxes passed on, who berths next (first come, the berth free the longest), that a vehicle is called when a crane holds
the box, that vehicles meet yard cranes for an instant, and that a fetching crane holds its box until the vehicle comes.

What differs: here loading may begin when the last box to discharge has been called for, there when it is in the stack;
a vehicle brings a box to the crane it was called for, there to any of the berth; a ship leaves with the last handover,
there 35 s later, and its first box needs no lift before; boxes are fetched from the nearest block first, there in the
matrix's order. All four make ships here a little quicker.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from port.simulate import MIDNIGHT, make_engine
from port.verify.difference import first_difference
from tests.validation.port import wsc2025 as wsc
from twin.clock import US

WEEK = 7 * 86400 * US


@pytest.fixture
def conf(shared) -> Path:
    """The challenge's input files."""
    folder = shared / "port" / "wsc2025" / "conf"
    if not folder.is_dir():
        pytest.skip("the challenge's files are not there")
    return folder


@cache
def result(conf: Path, policy: str, seed: int = wsc.PUBLISHED_SEED, number: int = 0, **changes) -> wsc.Figures:
    """Ten weeks with one policy."""
    engine = make_engine(
        "fast", wsc.plan(conf, number, seed, **changes), seed, MIDNIGHT, wsc.SPAN_US, policy=policy, level=0
    )
    engine.advance(wsc.SPAN_US)
    return wsc.figures(engine)


def told(name: str, found: wsc.Figures) -> None:
    print(
        f"{name}: {found.service_h:.2f} h service ({100 * (found.service_h / wsc.HEURISTIC.service_h - 1):+.1f} %), "
        f"{found.wait_h:.2f} h wait, {100 * found.late_share:.1f} % late, {found.total_h:.2f} h in all"
    )


def test_distances_are_those_of_the_challenge(conf):
    """Manhattan from every crane to every near block; to far ones round the nearer end of the yard."""
    scenario, plan = wsc.read(conf), wsc.plan(conf)
    metres = plan.open_ways.time_us[0] / US * 4.5
    for i, (x, _) in enumerate(scenario.cranes):
        for k, (bx, by) in enumerate(scenario.blocks):
            near = abs(x - bx) + by
            round_ends = min(x + bx, 2 * wsc.WIDTH_M - x - bx) + by
            expected = near if by <= 100.0 else round_ends
            assert metres[plan.crane_place[i], plan.block_place[k]] == pytest.approx(expected, abs=0.05)


def test_the_same_vessels_come_as_in_the_published_run(conf):
    """294 of 300 within the ten weeks: the published 30.9524 % is 91 of 294, and of no other number below 315."""
    scenario = wsc.read(conf)
    at = wsc.arrivals_s(scenario, wsc.PUBLISHED_SEED)
    assert int(np.sum(at < wsc.SPAN_US / US)) == 294
    fits = [
        n for n in range(200, 301) if abs(round(wsc.HEURISTIC.late_share * n) / n - wsc.HEURISTIC.late_share) < 5e-7
    ]
    assert fits == [210, 252, 294]


def test_every_box_is_loaded_by_the_ship_it_was_brought_for(conf):
    """Loads of a call are what two weeks before was passed on to it: nothing is missing when it comes."""
    calls = wsc.calls(wsc.read(conf), 1)
    got = {call["vessel"]: 0 for call in calls}
    for call in calls:
        for name, boxes in call["transfers"].items():
            got[name] += boxes
    assert all(got[call["vessel"]] == call["load"] for call in calls)


def test_plain_rules_come_near_the_published_heuristic(conf):
    """13.762 h service, 3.626 h wait, 30.95 % late, published; first come first served, nearest vehicle, nearest block.

    Measured 12.97 h (−5.8 %), 2.48 h, 27.9 %. The differences named above shorten the stay of a ship; the wait for a
    berth follows, more than in proportion. 8 % of the service, 1.5 h of the wait and 4 points of the share are allowed.
    """
    found = result(conf, "fifo_nearest")
    told("published rules", found)
    assert found.vessels == wsc.HEURISTIC.vessels
    assert found.service_h == pytest.approx(wsc.HEURISTIC.service_h, rel=0.08)
    assert found.wait_h == pytest.approx(wsc.HEURISTIC.wait_h, abs=1.5)
    assert found.late_share == pytest.approx(wsc.HEURISTIC.late_share, abs=0.04)
    assert found.total_h < wsc.HEURISTIC.total_h


def test_a_better_block_beats_learned_control(conf):
    """Within the challenge's rules: the block where a box is handled first (drive and work before it) instead of the
    nearest. Measured 9.24 h in all, 40 % less than the same model with the published rules (learned control: 12.38 h,
    29 % less than the published heuristic)."""
    found, plain = result(conf, "fifo_nearest", choice="soonest"), result(conf, "fifo_nearest")
    told("block served first", found)
    assert found.total_h < wsc.LEARNED_TOTAL_H
    assert found.total_h / plain.total_h < wsc.LEARNED_TOTAL_H / wsc.HEURISTIC.total_h


def test_calling_vehicles_ahead_shortens_the_stay_further(conf):
    """Outside the rules (the challenge calls a vehicle when the crane holds the box): two orders ahead, 7.91 h in
    all."""
    found = result(conf, "fifo_nearest", choice="soonest", orders="ahead", ahead=2)
    told("and called ahead", found)
    assert found.total_h < result(conf, "fifo_nearest", choice="soonest").total_h


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["hungarian", "pairing"])
def test_planning_policies_do_better_than_plain_ones(conf, policy):
    """Assignment of all vehicles at once, with the block served first: 7.77 h in all (hungarian), 7.86 h (pairing),
    against 9.24 h first come first served. Orders are taken out of turn, which the challenge's queue does not allow."""
    found = result(conf, policy, choice="soonest")
    told(policy, found)
    assert found.total_h < 0.9 * result(conf, "fifo_nearest", choice="soonest").total_h


@pytest.mark.slow
def test_both_engines_agree_on_the_challenge(conf):
    """The first three weeks (loading begins in the third), to the bit."""
    made = [make_engine(kind, wsc.plan(conf), 1, MIDNIGHT, wsc.SPAN_US, level=1) for kind in ("simpy", "fast")]
    for engine in made:
        engine.advance(3 * WEEK)
    assert len(made[1].rows()) > 100_000
    assert first_difference(*made) is None


@pytest.mark.slow
def test_plot_wsc2025(conf, figures: Path):
    """Time in port by rule: published seed, and the spread of five other draws of the arrivals."""
    from matplotlib.figure import Figure

    ready, ahead = {"choice": "soonest"}, {"choice": "soonest", "orders": "ahead", "ahead": 2}
    rules = (
        ("the same rules, this model", "fifo_nearest", {}),
        ("least covered crane first", "least_covered", {}),
        ("block served first", "fifo_nearest", ready),
        ("called two ahead as well", "fifo_nearest", ahead),
        ("nearest order, two ahead", "nearest_idle", ahead),
    )
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.add_subplot()
    bars = [("published heuristic, theirs", wsc.HEURISTIC, None)]
    for name, policy, changes in rules:
        others = [result(conf, policy, seed, **changes).total_h for seed in range(1, 6)]
        bars.append((name, result(conf, policy, **changes), others))
    for k, (name, found, others) in enumerate(bars):
        own = others is not None
        axes.barh(k, found.service_h, color="#0072b2" if own else "#9aa1ab", height=0.6)
        axes.barh(k, found.wait_h, left=found.service_h, color="#d95f02" if own else "#cccccc", height=0.6)
        text = f"{found.total_h:.1f} h, {100 * found.late_share:.0f} % late"
        edge = max(found.total_h, *(others or [0.0]))
        if others is not None:
            axes.plot([min(others), max(others)], [k, k], color="black", linewidth=1.5)
        axes.text(edge + 0.2, k, text, va="center", fontsize=9)
        print(f"{name}: {text}, other draws {np.round(others or [], 2).tolist()}")
    axes.axvline(wsc.LEARNED_TOTAL_H, color="#1b7837", linestyle="--", linewidth=1)
    axes.text(wsc.LEARNED_TOTAL_H + 0.2, len(bars) - 1, "learned control, published", color="#1b7837", fontsize=8)
    axes.set_yticks(range(len(bars)), [name for name, *_ in bars])
    axes.invert_yaxis()
    axes.set(xlim=(0, 24), xlabel="hours in port: at berth (blue), waiting for one (orange); line: five other draws")
    axes.set_title("WSC 2025 challenge, scenario 0: 294 ships in ten weeks, 12 vehicles")
    axes.spines[["top", "right"]].set_visible(False)
    path = figures / "port_wsc2025.png"
    figure.savefig(path, dpi=120)
    assert path.stat().st_size > 10_000
