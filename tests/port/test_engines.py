"""Both engines on small terminals: conservation, replay, stops, water, fog."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from port.state import DELIVER, DISCHARGE, LOAD, RECEIVE
from port.terminal import Terminal
from tests.port import sites
from tests.port.sites import DRAWN, HOUR, assert_balanced, engine, run, terminal
from twin.clock import US
from twin.ports import Arrival

MINUTE = 60 * US


@pytest.fixture(params=["simpy", "fast"], autouse=True)
def both(request, monkeypatch):
    """Every test of this module runs on each engine."""
    monkeypatch.setattr(sites, "KIND", [request.param])


def blocks(bays: int, rows: int, tiers: int, gantries: int) -> list[dict]:
    return [{**b, "bays": bays, "rows": rows, "tiers": tiers, "gantries": gantries} for b in DRAWN["blocks"]]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 2**40),
    st.integers(1, 6),
    st.tuples(st.integers(1, 6), st.integers(2, 6), st.integers(1, 4), st.integers(1, 2)),
    st.integers(1, 15),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
)
def test_nothing_is_lost_on_any_small_terminal(seed, ahead, yard, trucks, fill, share):
    """Also where the yard is full, empty, or far too small for its ships."""
    place = terminal(
        blocks=blocks(*yard),
        fleet={"trucks": trucks},
        yard={"fill": fill, "exports_in_yard": share},
        quay_crane={"orders_ahead": ahead},
        road_trucks={"per_day": 900, "deliver_share": share, "patience": "10 min"},
    )
    made = engine(place, seed)
    for step in range(1, 9):
        made.advance(step * 17 * MINUTE)
        assert_balanced(made)
        for block in made.world.stock.blocks:
            assert block.held + block.reserved <= block.capacity
            assert max(len(s) for s in block.stacks) <= block.tiers
    assert made.world.stock.room >= 0


def test_the_same_seed_gives_the_same_trace_and_another_seed_another():
    first, again, other = run(seed=7), run(seed=7), run(seed=8)
    assert len(first.trace) > 300
    assert first.trace == again.trace
    assert first.trace != other.trace


def test_slices_of_ten_seconds_give_the_trace_of_one_go():
    whole, sliced = run(hours=2.0), engine(hours=2.0)
    for k in range(1, 721):
        sliced.advance(k * 10 * US)
    assert sliced.trace == whole.trace
    assert [t.empty_m for t in sliced.world.trucks] == [t.empty_m for t in whole.world.trucks]


def test_ships_are_worked_and_leave():
    """200 moves in all; every box discharged or loaded once, by the cranes of the ship's own berth."""
    made = run()
    assert [(v.discharged, v.loaded) for v in made.world.vessels] == [(60, 60), (40, 40)]
    assert all(v.departed_us > v.berthed_us >= v.at_us for v in made.world.vessels)
    quay = [row for row in made.trace if row[2] in (DISCHARGE, LOAD)]
    assert len(quay) == 200 == len({row[3] for row in quay})
    assert sum(c.moves for c in made.world.cranes if c.berth == 0) == 120


def test_a_crane_never_works_faster_than_its_cycle():
    """Deterministic 25 + 75 s without retries: 36 moves an hour at most, and 30 at least when trucks never lack."""
    steady = {
        "handover": {"mean": "25 s", "shape": "deterministic"},
        "cycle": {"mean": "75 s", "shape": "deterministic"},
    }
    made = run(terminal(quay_crane={**steady, "retry_probability": 0.0}, fleet={"trucks": 30}), hours=1.0)
    for crane in (c for c in made.world.cranes if c.berth == 0):
        times = [t for t, che, *_ in made.trace if che == crane.id]
        assert min(np.diff(times)) >= 100 * US
        assert 30 <= len(times) <= 36


def test_more_trucks_never_hurt_and_help_until_the_crane_is_the_limit():
    """Moves of the first hour by fleet size: the curve that a trial gave (21 → 33 → 35 an hour) in kind."""
    moves = [sum(c.moves for c in run(terminal(fleet={"trucks": n}), hours=1.0).world.cranes) for n in (2, 4, 8, 24)]
    assert moves[0] < moves[1] < moves[2] <= moves[3] + 2


def test_without_export_deliveries_a_ship_waits_for_its_boxes():
    """Half of 60 boxes are in the yard: without road trucks 30 are loaded and the cranes starve."""
    short = {"fill": 0.5, "exports_in_yard": 0.5}
    made = run(terminal(yard=short, road_trucks={"per_day": 0}))
    aurora = made.world.vessels[0]
    assert (aurora.discharged, aurora.loaded, aurora.departed_us) == (60, 30, -1)
    assert all(c.starved_since_us is not None for c in made.world.cranes if c.berth == 0)
    busy = run(terminal(yard=short, road_trucks={"per_day": 500, "deliver_share": 1.0}))
    assert busy.world.vessels[0].loaded == 60
    assert busy.world.vessels[0].departed_us > 0


def test_wind_stops_cranes_and_a_lasting_calm_brings_them_back():
    """20 m/s at 30 min stops; calm from 60 min, so work goes on at 70 min to the microsecond; no move ends between."""
    made = engine()
    made.advance(30 * MINUTE)
    made.set_wind(21.0)
    made.advance(60 * MINUTE)
    made.set_wind(10.0)
    made.advance(90 * MINUTE)
    cycle_end = 30 * MINUTE + 5 * MINUTE
    quay = [t for t, _, cycle, *_ in made.trace if cycle in (DISCHARGE, LOAD)]
    assert not [t for t in quay if cycle_end < t < 70 * MINUTE]
    assert [t for t in quay if t > 70 * MINUTE]
    assert all(c.episodes == [("wind", 30 * MINUTE, 70 * MINUTE)] for c in made.world.cranes)


def test_a_gust_in_the_calm_starts_the_wait_anew():
    made = engine()
    for minute, wind in ((10, 22.0), (20, 12.0), (25, 19.0), (28, 12.0)):
        made.advance(minute * MINUTE)
        made.set_wind(wind)
    made.advance(37 * MINUTE)
    assert all(c.stops for c in made.world.cranes)
    made.advance(39 * MINUTE)
    assert all(c.episodes == [("wind", 10 * MINUTE, 38 * MINUTE)] for c in made.world.cranes)


def test_water_on_a_lane_stops_its_block_until_it_has_drained():
    """0.35 m on Y01's lane closes it; 0.25 m is still above the reopening depth of 0.2 m; 0.18 m opens it, slow."""
    made = engine()
    lane = made.site.lane_ids.index("Y01")
    depth = np.zeros(len(made.site.lane_ids))

    def flood(minute: int, metres: float) -> float:
        made.advance(minute * MINUTE)
        depth[lane] = metres
        made.set_depth(depth)
        return made.lane_state[lane]

    assert flood(30, 0.35) == 2.0
    assert flood(60, 0.25) == 2.0
    assert flood(80, 0.18) == 1.0
    made.advance(120 * MINUTE)
    work = [t for t, che, *_ in made.trace if che.startswith("Y01-")]
    longest_cycle = 10 * MINUTE
    assert [t for t in work if t < 30 * MINUTE]
    assert not [t for t in work if 30 * MINUTE + longest_cycle < t < 80 * MINUTE]
    assert [t for t in work if t > 80 * MINUTE]
    assert [t for t, che, *_ in made.trace if che.startswith("Y02-") and 45 * MINUTE < t < 80 * MINUTE]
    assert_balanced(made)


def test_shallow_water_slows_trucks():
    """12 cm on every lane: 33.6 km/h by the curve, so the main road is slowed and slower lanes are not.

    25 cm: 5 km/h everywhere; two trucks then bring clearly less.
    """
    made = engine()
    made.set_depth(np.full(len(made.site.lane_ids), 0.12))
    state = dict(zip(made.site.lane_ids, made.lane_state, strict=True))
    assert (state["main-1"], state["Y01"]) == (1.0, 0.0)
    few = terminal(fleet={"trucks": 2})
    dry, wet = run(few, hours=2.0), engine(few, hours=2.0)
    wet.set_depth(np.full(len(wet.site.lane_ids), 0.25))
    wet.advance(2 * HOUR)
    assert sum(t.moves for t in wet.world.trucks) < 0.8 * sum(t.moves for t in dry.world.trucks)


def test_a_flooded_gate_lane_closes_the_gate():
    made = engine(road=True)
    depth = np.zeros(len(made.site.lane_ids))
    depth[made.site.lane_ids.index("gate")] = 0.5
    made.set_depth(depth)
    made.arrive([Arrival(0, "t1", {})])
    made.advance(30 * MINUTE)
    assert (made.gate.waiting, made.gate.inside) == (1, 0)
    made.set_depth(np.zeros(len(made.site.lane_ids)))
    made.advance(60 * MINUTE)
    assert made.world.visitors[0].departed_us > 30 * MINUTE


def test_fog_slows_the_fleet_and_stops_it_when_blind():
    """At 8 m visibility the fleet senses 4 m: v = −1.5 + √(2.25 + 24) = 3.62 m/s on every faster lane."""
    made = engine()
    lane = made.site.lane_ids.index("main-1")
    made.set_visibility(8.0)
    assert made.speeds[:2, lane] == pytest.approx(3.6235, abs=1e-3)
    assert made.speeds[2, lane] == pytest.approx(35 / 3.6)
    made.set_visibility(0.0)
    made.advance(30 * MINUTE)
    assert sum(t.moves for t in made.world.trucks) == 0
    made.set_visibility(5000.0)
    made.advance(60 * MINUTE)
    assert sum(t.moves for t in made.world.trucks) > 10
    assert_balanced(made)


def test_without_power_running_cycles_end_and_none_begins():
    made = engine()
    made.advance(40 * MINUTE)
    made.set_power(0.0)
    made.advance(50 * MINUTE)
    count = len([1 for row in made.trace if row[1].startswith(("QC", "Y"))])
    made.advance(80 * MINUTE)
    assert len([1 for row in made.trace if row[1].startswith(("QC", "Y"))]) == count
    assert not any(m.busy for m in (*made.world.cranes, *made.world.gantries))
    made.set_power(1.0)
    made.advance(100 * MINUTE)
    assert len([1 for row in made.trace if row[1].startswith(("QC", "Y"))]) > count
    assert_balanced(made)


def test_import_trucks_wait_for_a_box_and_leave_empty_when_patience_ends():
    """No import in the yard and no ship: ten minutes of patience, then out again without a box."""
    made = engine(terminal(yard={"fill": 0.2, "imports": 0.0}, calls=[], road_trucks={"patience": "10 min"}), road=True)
    made.arrive([Arrival(0, "t1", {"task": "collect"})])
    made.advance(HOUR)
    visitor = made.world.visitors[0]
    assert visitor.outcome == "empty"
    assert visitor.departed_us - visitor.admitted_us > 10 * MINUTE
    assert made.world.tally.left_empty == 1
    assert_balanced(made)


def test_discharged_boxes_are_handed_to_waiting_import_trucks():
    made = engine(terminal(yard={"fill": 0.2, "imports": 0.0}, road_trucks={"patience": "3 h"}), road=True)
    made.arrive([Arrival(k, f"t{k}", {"task": "collect"}) for k in range(5)])
    made.advance(2 * HOUR)
    assert [v.outcome for v in made.world.visitors] == ["served"] * 5
    collected = {row[3] for row in made.trace if row[2] == DELIVER}
    assert collected <= {row[3] for row in made.trace if row[2] == DISCHARGE}


def test_a_full_yard_sends_export_trucks_back():
    made = engine(terminal(yard={"fill": 1.0}, calls=[]), road=True)
    made.arrive([Arrival(0, "t1", {"task": "deliver"})])
    made.advance(HOUR)
    assert made.world.visitors[0].outcome == "refused"
    assert not [row for row in made.trace if row[2] == RECEIVE]
    assert_balanced(made)


def test_generated_trucks_follow_the_profile():
    """2,400 trucks a day, all between 16 and 17 h: 2,400 arrive in the first hour, none in the next (± 4 σ = 196)."""
    profile = [0.0] * 24
    profile[16] = 1.0
    made = run(terminal(road_trucks={"per_day": 2400}, gate={**DRAWN["gate"], "profile": profile}, calls=[]), hours=2.0)
    arrivals = [v.arrived_us for v in made.world.visitors]
    assert abs(len(arrivals) - 2400) < 196
    assert max(arrivals) < HOUR


def test_the_city_terminal_is_quick_enough_to_run_beside_others():
    """Four berths, 10 cranes, 28 gantries, 50 trucks: 5 h in slices of 10 s take under 3 s of processor time."""
    import time

    from port.layout import complete

    place = complete(Terminal.model_validate({"origin": (0.0, 0.0), "heading": "0 deg", "berths": 4}))
    begun = time.process_time()
    made = engine(place, hours=5.0)
    for k in range(1, 1801):
        made.advance(k * 10 * US)
    assert time.process_time() - begun < 3.0
    assert 25.0 < sum(c.moves for c in made.world.cranes) / 10 / 5 < 36.0
