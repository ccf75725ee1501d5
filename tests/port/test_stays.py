"""Stays in the yard, transhipment, transfers between calls, appointments: what is asked for is what comes out."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from port.booking import book
from port.codes import L_DELIVER, L_RELEASED, L_TRANSHIP
from port.draws import Stream
from port.dwell import aged, boxes_there, rest_is_even, stays, survival
from port.sections import Appointments, Spread
from port.simulate import simulate
from port.state import DELIVER, DISCHARGE, LOAD
from port.terminal import Gate
from tests.port import sites
from tests.port.sites import DRAWN, HOUR, assert_balanced, engine, run, terminal
from twin.clock import US

MINUTE = 60 * US
PROFILE = Gate().profile
CALLS = [
    {"vessel": "Aurora", "berth": "B1", "at": "0 s", "discharge": 80, "load": 0, "transfers": {"Borealis": 30}},
    {"vessel": "Borealis", "berth": "B2", "at": "2 h", "discharge": 20, "load": 50, "transfers": {"Corona": 5}},
    {"vessel": "Corona", "berth": "B1", "at": "4 h", "discharge": 0, "load": 15},
]


@pytest.fixture(params=["simpy", "fast"], autouse=True)
def both(request, monkeypatch):
    """Every test of this module runs on each engine."""
    monkeypatch.setattr(sites, "KIND", [request.param])


def spread(mean: str, shape: str = "lognormal", cv: float = 0.5) -> dict:
    return {"mean": mean, "shape": shape, "cv": cv}


def logged(made, code: int) -> np.ndarray:
    rows = made.rows()
    return rows[rows[:, 1] == code]


# stays


def test_an_import_is_collected_no_sooner_than_its_stay():
    """Every stay lasts 50 min: no discharged box leaves earlier, each is released at its time, and trucks wait."""
    place = terminal(
        yard={"fill": 0.2, "imports": 0.0, "dwell": {"imports": spread("50 min", "deterministic")}},
        road_trucks={"per_day": 900, "deliver_share": 0.0, "patience": "2 h"},
        calls=[{"vessel": "A", "berth": "B1", "at": "0 s", "discharge": 60, "load": 0}],
    )
    made = run(place, hours=5.0)
    off = {row[3]: row[0] for row in made.trace if row[2] == "STORE"}
    gone = {row[3]: row[0] for row in made.trace if row[2] == DELIVER}
    assert len(off) == 60
    assert len(gone) > 40
    assert min(gone[box] - off[box] for box in gone) >= 50 * MINUTE
    assert {int(r[2]): int(r[0]) for r in logged(made, L_RELEASED)} == {b: t + 50 * MINUTE for b, t in off.items()}
    assert_balanced(made)


def test_imports_at_the_start_have_the_rest_of_a_stay_before_them():
    """Of 1080 imports with stays of 10 h, 30 % are released at once, and 7 % of them every hour (an even rest)."""
    place = terminal(
        yard={"fill": 1.0, "imports": 1.0, "exports_in_yard": 0.0}
        | {"dwell": {"imports": spread("10 h", "deterministic"), "released": 0.3}},
        road_trucks={"per_day": 0},
        calls=[],
    )
    made = run(place, hours=4.0)
    stock = made.world.stock.held
    ready = sum(len(b.imports) for b in made.world.stock.blocks)
    hours = np.bincount(logged(made, L_RELEASED)[:, 0] // HOUR, minlength=4)
    assert stock == 1080
    assert ready - hours.sum() == pytest.approx(0.3 * stock, abs=4 * math.sqrt(0.21 * stock))
    assert hours == pytest.approx(np.full(4, 0.07 * stock), abs=4 * math.sqrt(0.07 * stock))


@pytest.mark.parametrize(("shape", "cv"), [("lognormal", 0.6), ("exponential", 1.0), ("deterministic", 0.0)])
def test_the_rest_of_a_stay_has_the_mean_of_renewal_theory(shape, cv):
    """(m/2)(1 + cv²): 49 h for a lognormal of 72 h and cv 0.6, 72 h for the exponential, 36 h for a fixed stay."""
    given = Spread(mean="72 h", cv=cv, shape=shape)
    table = np.array(aged(given), float)
    mean_h = (table[1:] + table[:-1]).mean() / 2 / 3.6e6 * (0.5 if rest_is_even(given) else 1.0)
    assert mean_h == pytest.approx(36.0 * (1 + cv**2), rel=1e-3)


def test_survival_is_what_the_tables_draw():
    """Share of 20,000 draws above 50, 72 and 120 h, against the formula; within 1.5 % (three standard errors)."""
    given, stream = Spread(mean="72 h", cv=0.6), Stream(3, 1, 1)
    drawn = np.array([stream.duration(stays(given)) for _ in range(20_000)]) / 3.6e6
    for hours in (50.0, 72.0, 120.0):
        assert survival(given, hours * 3600) == pytest.approx(float((drawn > hours).mean()), abs=0.011)
    assert survival(given, 0.0) == 1.0


def test_the_later_a_ship_the_fewer_of_its_boxes_are_there():
    """Exponential stays of 10 h: all boxes at the start, 1/e of them for a ship that comes after 10 h."""
    place = terminal(yard={"dwell": {"exports": spread("10 h", "exponential")}})
    there = [boxes_there(place, 100, hours * 3600.0, 0) for hours in (0, 10, 20)]
    assert there == [100, 37, 14]
    assert boxes_there(terminal(), 100, 36_000.0, 20) == 68


def test_exports_go_to_the_ship_that_comes_after_their_stay():
    """Stays of 90 min: what comes by road in the first half hour is for the ship after 2 h, not for that after 1 h."""
    place = terminal(
        yard={"fill": 0.0, "dwell": {"exports": spread("90 min", "deterministic")}},
        road_trucks={"per_day": 2400, "deliver_share": 1.0},
        calls=[
            {"vessel": "early", "berth": "B1", "at": "1 h", "discharge": 0, "load": 20},
            {"vessel": "late", "berth": "B2", "at": "2 h", "discharge": 0, "load": 200},
        ],
    )
    made = engine(place, hours=4.0)
    made.advance(30 * MINUTE)
    early, late = made.world.vessels
    assert early.expected == 20
    assert late.expected < 185
    made.advance(4 * HOUR)
    assert made.world.vessels[0].departed_us > 0


# transhipment


def test_transfers_bring_exactly_the_boxes_that_the_file_names():
    """30 of Aurora's boxes are loaded by Borealis and 5 of Borealis's by Corona, no more; none leaves by road."""
    place = terminal(calls=CALLS, yard={"fill": 0.3, "imports": 0.2}, road_trucks={"per_day": 400})
    made = run(place, hours=9.0)
    names = {number: v.name for number, v in enumerate(made.world.vessels)}
    passed = Counter((names[int(r[4])], names[int(r[3])]) for r in logged(made, L_TRANSHIP))
    assert passed == {("Aurora", "Borealis"): 30, ("Borealis", "Corona"): 5}
    assert made.world.tally.transhipped == 35
    boxes = set(logged(made, L_TRANSHIP)[:, 2].tolist())
    loaded = {row[3] for row in made.trace if row[2] == LOAD}
    left = [v.departed_us for v in made.world.vessels]
    assert min(left) > 0
    assert boxes <= loaded
    assert not boxes & set(logged(made, L_DELIVER)[:, 3].tolist())
    assert_balanced(made)


def test_a_share_of_the_discharge_is_transhipped():
    """Half of 400 boxes, within four standard errors; the later ship gets as many as it lacks and no more."""
    calls = [
        {"vessel": "A", "berth": "B1", "at": "0 s", "discharge": 400, "load": 0},
        {"vessel": "B", "berth": "B2", "at": "5 h", "discharge": 0, "load": 60},
    ]
    yard = {"fill": 0.1, "exports_in_yard": 0.5, "transhipment": 0.5}
    made = run(terminal(calls=calls, yard=yard, road_trucks={"per_day": 0}), hours=9.0)
    rows = logged(made, L_TRANSHIP)
    assert len(rows) == pytest.approx(200, abs=40)
    assert (rows[:, 3] == 1).sum() == 30
    assert (rows[:, 3] == -2).sum() == len(rows) - 30
    assert made.world.vessels[1].loaded == 60
    assert sum(row[2] == DISCHARGE for row in made.trace) == 400


def test_no_ship_gets_its_own_boxes_back():
    """One ship that discharges and loads: with all boxes transhipped it still lacks what the road does not bring."""
    calls = [{"vessel": "A", "berth": "B1", "at": "0 s", "discharge": 30, "load": 30}]
    yard = {"fill": 0.1, "exports_in_yard": 0.5, "transhipment": 1.0}
    made = run(terminal(calls=calls, yard=yard, road_trucks={"per_day": 0}), hours=4.0)
    assert made.world.vessels[0].loaded == 15
    assert made.world.vessels[0].expected == 15


# the gate


def arrivals_by_hour(place, hours: int = 24) -> np.ndarray:
    made = simulate(place, 5, hours * HOUR, sites.KIND[0])
    return np.bincount([v.arrived_us // HOUR for v in made.world.visitors], minlength=hours)


def test_manned_trucks_by_the_hour():
    """24 numbers are trucks an hour: 30 from 6 to 9, 120 from 9 to 12, none else; each within four deviations."""
    hours = [0.0] * 6 + [30.0] * 3 + [120.0] * 3 + [0.0] * 12
    seen = arrivals_by_hour(terminal(road_trucks={"per_hour": hours}, calls=[]))
    assert seen == pytest.approx(np.array(hours), abs=4 * np.sqrt(120.0))
    assert seen[np.array(hours) == 0].sum() == 0
    assert seen.sum() == pytest.approx(450, abs=85)


def test_appointments_cut_the_peak_to_the_quota():
    """1200 trucks a day, up to 87 an hour; with 60 a slot and all on time no hour sees more, and few are lost."""
    gate = {**DRAWN["gate"], "lanes_in": 4, "lanes_out": 4}
    free = arrivals_by_hour(terminal(gate=gate, road_trucks={"per_day": 1200}, calls=[]))
    sharp = {"quota": 60, "lateness": {"deviation": "0 s"}}
    booked = arrivals_by_hour(terminal(gate={**gate, "appointments": sharp}, road_trucks={"per_day": 1200}, calls=[]))
    assert free.max() > 75
    assert booked.max() == 60
    assert booked.sum() == pytest.approx(free.sum(), rel=0.02)


def test_late_trucks_spread_over_their_slot_and_beyond():
    """One slot at 8 o'clock with 200 wishes and a deviation of 20 min: its hour holds 68 %, of the theory's 69 %.

    An even hour plus a normal deviate of a third of it: P = ∫Φ((1−u)/s) − Φ(−u/s) du, 1 − 2·(s/√(2π)) = 0.734 for
    independent ends, less what falls over both, 0.73."""
    profile = tuple(1.0 if hour == 8 else 0.0 for hour in range(24))
    found = book(Appointments(quota=1000), 7, 1000.0, profile, 0, 24 * HOUR)
    hours = np.array(found.times_us) / HOUR
    s, u = 1 / 3, (np.arange(1000) + 0.5) / 1000
    phi = np.vectorize(lambda z: 0.5 * math.erfc(-z / math.sqrt(2)))
    expected = float((phi((1 - u) / s) - phi(-u / s)).mean())
    assert expected == pytest.approx(0.735, abs=0.005)
    assert ((hours >= 8) & (hours < 9)).mean() == pytest.approx(expected, abs=0.045)


def test_who_finds_no_slot_stays_away_and_is_counted():
    """100 wishes in one hour, 10 a slot, two hours of shift: 30 come, about 70 are refused; a fifth do not show up."""
    profile = tuple(1.0 if hour == 8 else 0.0 for hour in range(24))
    spec = Appointments(quota=10, shift="2 h", lateness={"deviation": "0 s"})
    found = book(spec, 7, 100.0, profile, 0, 24 * HOUR)
    assert len(found.times_us) == 30
    assert found.moved == 20
    assert found.refused == pytest.approx(70, abs=40)
    absent = book(spec.model_copy(update={"no_show": 0.2}), 7, 100.0, profile, 0, 24 * HOUR)
    assert absent.missing + len(absent.times_us) == 30
    assert 0 < absent.missing < 15


def test_trucks_that_need_no_slot_come_when_they_wish():
    """With a share of 0 the arrivals are those of a gate without appointments."""
    free = book(Appointments(quota=1, share=0.0), 7, 50.0, PROFILE, 0, 24 * HOUR)
    assert len(free.times_us) == pytest.approx(50 * sum(PROFILE), abs=4 * math.sqrt(50 * sum(PROFILE)))
    assert free.moved == free.refused == 0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 40),
    st.sampled_from(["15 min", "1 h", "2 h"]),
    st.sampled_from([0.0, 0.5, 5.0, 25.0, 80.0]),
    st.integers(0, 2**40),
    st.integers(0, 86_399),
)
def test_no_slot_ever_sees_more_than_its_quota(quota, slot, rate, seed, start_s):
    """Any quota, demand, seed and start: slots from midnight hold the quota; arrivals are in order and in the run."""
    spec = Appointments(quota=quota, slot=slot, lateness={"deviation": "0 s"})
    midnight = start_s * US
    found = book(spec, seed, rate, PROFILE, midnight, 6 * HOUR)
    times = np.array(found.times_us, dtype=np.int64)
    assert np.all(np.diff(times) >= 0)
    assert np.all((times >= 0) & (times < 6 * HOUR))
    slots = (times + midnight) // round(spec.slot * US)
    assert np.unique(slots, return_counts=True)[1].max(initial=0) <= quota
    assert found == book(spec, seed, rate, PROFILE, midnight, 6 * HOUR)


def test_the_first_slots_hold_what_was_moved_into_them():
    """A run that begins at 9 finds the trucks in the slot of 9 that could not book at 8."""
    profile = tuple(1.0 if hour == 8 else 0.0 for hour in range(24))
    spec = Appointments(quota=30, lateness={"deviation": "0 s"})
    found = book(spec, 7, 100.0, profile, 9 * HOUR, 4 * HOUR)
    assert sum(t < HOUR for t in found.times_us) == 30
    assert found.refused == 0


def test_a_truck_in_a_million_years_is_none():
    """One in 1e9 days: the search for it ends at once, and nobody comes."""
    made = run(terminal(road_trucks={"per_day": 1e-9}, calls=[]), hours=2.0)
    assert made.world.tally.arrived == 0
