"""Lanes and junctions: travel times, order, places, gridlock that is named, calls for help, exclusion."""

from __future__ import annotations

import math

import numpy as np
import pytest

from port.codes import (
    L_ASIDE,
    L_AT,
    L_CALLS,
    L_DEPARTED,
    L_END,
    L_ENTER,
    L_FREED,
    L_GANTRY,
    L_GRIDLOCK,
    L_STORE,
    L_TAKEN,
)
from port.control import GridlockError
from port.layout import complete
from port.motion import leg_us
from port.network import Router
from port.plan import Plan
from port.simulate import Change, simulate
from port.terminal import Terminal
from port.ways import NO_WAY_US, Ways
from tests.port.sites import DRAWN, HOUR, run, terminal
from twin.clock import US

MINUTE = 60 * US
BOTH = pytest.mark.parametrize("kind", ["simpy", "fast"])


def test_a_long_leg_has_the_time_of_a_trapezoid():
    """100 m at 5 m/s, a 0.5, b 1: 100/5 + 5/(2·0.5) + 5/(2·1) = 27.5 s; ramps of 25 m and 12.5 m fit."""
    assert leg_us(100_000, 5.0, 0.5, 1.0, True, True, 1.0) == 27_500_000
    assert leg_us(100_000, 5.0, 0.5, 1.0, True, False, 1.0) == 25_000_000
    assert leg_us(100_000, 5.0, 0.0, 0.0, True, True, 1.1) == pytest.approx(22_000_000, abs=1)


def test_a_short_leg_never_reaches_its_speed():
    """12 m, a = b = 0.75: peak √(2·12·0.75·0.75/1.5) = 3 m/s, 8 s; with one ramp √(2·12/0.75) = 5.657 s."""
    assert leg_us(12_000, 10.0, 0.75, 0.75, True, True, 1.0) == 8_000_000
    assert leg_us(12_000, 10.0, 0.75, 0.75, True, False, 1.0) == pytest.approx(1e6 * math.sqrt(32.0), abs=1)
    assert leg_us(12_000, 10.0, 0.75, 0.75, False, True, 1.0) == pytest.approx(1e6 * math.sqrt(32.0), abs=1)


def test_the_profile_has_no_jump_where_it_becomes_a_triangle():
    at = 25.0 + 12.5
    before, after = (leg_us(round(1000 * (at + d)), 5.0, 0.5, 1.0, True, True, 1.0) for d in (-0.001, 0.001))
    assert abs(after - before) < 1000


@pytest.mark.parametrize("closed", [frozenset(), frozenset({1}), frozenset({1, 6}), frozenset({3})])
def test_tables_of_ways_agree_with_the_search_one_by_one(closed):
    """Every pair of places of the drawn and of a generated terminal: times equal to 2 µs a lane."""
    made = complete(Terminal.model_validate({"origin": (0.0, 0.0), "heading": "30 deg", "berths": 2}))
    for place in (terminal(), made):
        plan = Plan(place)
        ways, router = Ways.of(plan, closed), Router(plan.site, plan.turn_s)
        router.close(closed)
        spots = [plan.site.gate_spot, *(c.spot for c in plan.site.cranes), *plan.site.block_spots]
        for i, a in enumerate(spots):
            for j, b in enumerate(spots):
                found, expected = ways.time_us[0, i, j], router.seconds(a, b)
                if math.isinf(expected):
                    assert found == NO_WAY_US
                else:
                    assert found / US == pytest.approx(expected, abs=2e-3)


def loop(trucks: int, **roads: str) -> Terminal:
    """A one-way ring of four lanes for one truck each, a crane on the first and a block on the third."""
    corners = [(0, 0), (20, 0), (20, 20), (0, 20)]
    lanes = [{"id": f"L{i}", "line": [corners[i], corners[(i + 1) % 4]], "oneway": True} for i in range(4)]
    return complete(
        Terminal.model_validate(
            {
                "berths": [{"id": "B", "line": [[5, -10], [15, -10]], "cranes": 1}],
                "lanes": lanes,
                "blocks": [{"id": "Y", "lane": "L2", "bays": 20, "gantries": 6}],
                "gate": {"at": [0, 0]},
                "fleet": {"trucks": trucks},
                "quay_crane": {"orders_ahead": 12, "handover": {"mean": "2 s"}, "cycle": {"mean": "1 s"}},
                "gantry": {"cycle": {"mean": "6 s"}, "rehandle": "1 s"},
                "road_trucks": {"per_day": 0},
                "yard": {"fill": 0.3, "exports_in_yard": 1.0},
                "calls": [{"vessel": "v", "berth": "B", "at": "0 s", "discharge": 60, "load": 40}],
                "roads": roads,
            }
        )
    )


@BOTH
def test_a_gridlock_stops_the_run_and_names_trucks_and_lanes(kind):
    with pytest.raises(GridlockError, match=r"gridlock at [\d.]+ s: ") as caught:
        simulate(loop(12, gridlock="stop"), 1, 4 * HOUR, kind)
    text = str(caught.value)
    for lane in ("L0", "L1", "L2", "L3"):
        assert f"at the end of {lane} waits for " in text
    assert text.count("AT0") == 4
    assert "roads: {gridlock: resolve}" in text


def test_both_engines_stop_at_the_same_gridlock():
    """Same moment, trucks and lanes; the clock stands at the gridlock, not at the end of the slice."""
    texts = []
    for kind in ("simpy", "fast"):
        with pytest.raises(GridlockError) as caught:
            simulate(loop(12, gridlock="stop"), 1, 4 * HOUR, kind)
        texts.append(str(caught.value))
    assert texts[0] == texts[1]
    assert not texts[0].startswith("gridlock at 14400")


@BOTH
def test_a_gridlock_can_be_dissolved_and_is_told(kind):
    """The ship is worked to the end all the same; every ring is in the journal, with trucks and lanes."""
    told = []
    made = simulate(loop(12), 1, 6 * HOUR, kind, level=2, tell=lambda at, what, text, **d: told.append((what, text)))
    assert sum(c.moves for c in made.world.cranes) == 100
    rings = made.world.tally.gridlocks
    assert rings > 0
    assert sum(what == "gridlock" for what, _ in told) == 4 * rings == np.sum(made.rows()[:, 1] == L_GRIDLOCK)
    assert simulate(loop(2), 1, 6 * HOUR, kind).world.tally.gridlocks == 0


@BOTH
def test_a_lane_never_holds_more_than_its_length_and_keeps_its_order(kind):
    """Occupation of every arc from the log; trucks leave its end in the order in which they reached it."""
    plan = Plan(loop(9))
    rows = simulate(plan, 3, 2 * HOUR, kind, level=2).rows()
    on: dict[int, int] = {}
    count, ends = np.zeros(len(plan.arc_mm), int), {a: [] for a in range(len(plan.arc_mm))}
    before = 0
    for time, code, vehicle, a, _ in rows.tolist():
        if time > before:
            assert np.all(count <= plan.cap), "at the end of every instant"
            before = time
        if code == L_ENTER:
            if vehicle in on:
                left = on[vehicle]
                count[left] -= 1
                assert ends[left].pop(0) == vehicle
            on[vehicle] = a
            count[a] += 1
        elif code == L_END:
            ends[a].append(vehicle)
        elif code == L_AT and vehicle in on:
            count[on.pop(vehicle)] -= 1
    assert len(rows) > 1000


@BOTH
def test_a_junction_is_crossed_by_one_truck_at_a_time(kind):
    """Crossings of a junction with three or more lanes are at least the clearance of 4 s apart."""
    plan = Plan(terminal(fleet={"trucks": 24}))
    rows = simulate(plan, 3, 2 * HOUR, kind, level=2).rows()
    at_end: dict[int, int] = {}
    crossed: dict[int, list[int]] = {}
    for time, code, vehicle, a, _ in rows.tolist():
        if code == L_END:
            at_end[vehicle] = a
        elif code == L_ENTER and vehicle in at_end:
            crossed.setdefault(int(plan.arc_head[at_end.pop(vehicle)]), []).append(time)
    busy = [np.diff(times).min() for node, times in crossed.items() if plan.conflict[node] and len(times) > 50]
    assert busy
    assert min(busy) >= plan.clearance_us
    free = simulate(terminal(fleet={"trucks": 24}, roads={"junctions": False}), 3, 2 * HOUR, kind)
    assert free.now_us == 2 * HOUR


@BOTH
def test_a_full_place_keeps_trucks_on_the_lane(kind):
    """With room for two at each crane, nobody comes to it from a lane while two stand there; all work is done."""
    whole = {"exports_in_yard": 1.0}
    plan = Plan(terminal(quay_crane={"buffer": 2}, fleet={"trucks": 30}, yard=whole))
    made = simulate(plan, 3, 4 * HOUR, kind, level=2)
    standing: dict[int, int] = {}
    driving, full = set(), 0
    for _, code, entity, a, _ in made.rows().tolist():
        if code == L_ENTER:
            driving.add(entity)
        elif code == L_AT and 1 <= a <= plan.n_cranes:
            assert standing.get(a, 0) < 2 or entity not in driving
            standing[a] = standing.get(a, 0) + 1
            full += standing[a] == 2
            driving.discard(entity)
        elif code in (8, 9):
            standing[entity + 1] -= 1
    assert full > 20
    assert sum(c.moves for c in made.world.cranes) == 200


@BOTH
def test_a_truck_in_trouble_waits_for_one_of_few_operators(kind):
    """One operator: takeovers never overlap, each begins at the call or at the end of the one before it."""
    remote = {"per_1000_km": 5000.0, "operators": 1, "takeover": {"mean": "60 s", "shape": "deterministic"}}
    made = run(terminal(fleet={"trucks": 12, "remote": remote}), kind=kind, hours=2.0, level=2)
    rows = made.rows()
    begins, ends, calls = (rows[rows[:, 1] == code, 0] for code in (L_TAKEN, L_FREED, L_CALLS))
    assert len(begins) > 15
    assert np.all(begins[1 : len(ends) + 1] >= ends[: len(begins) - 1])
    starts = np.maximum(calls[1 : len(begins)], ends[: len(begins) - 1])
    assert np.array_equal(begins[1:], starts)
    plain = run(terminal(), kind=kind, hours=2.0)
    assert sum(t.moves for t in made.world.trucks) < 0.95 * sum(t.moves for t in plain.world.trucks)


@BOTH
def test_no_two_kinds_of_trucks_are_served_in_a_block_at_once(kind):
    """With the exclusion rule; without it, it does happen on the same terminal."""

    def together(exclusion: bool) -> int:
        place = terminal(roads={"exclusion": exclusion}, road_trucks={"per_day": 1500})
        made = simulate(place, 5, 2 * HOUR, kind, level=2)
        plan, rows = made.plan, made.rows()
        served: dict[int, bool] = {}
        kinds: dict[int, bool] = {}
        for _, code, g, _, b in rows.tolist():
            if L_STORE <= code < L_STORE + 4:
                kinds.setdefault(g, b >= plan.fleet_size)
        found, events = 0, rows[np.isin(rows[:, 1], [L_GANTRY, *range(L_STORE, L_STORE + 4)])].tolist()
        for i, (_, code, g, _, _) in enumerate(events):
            if code == L_GANTRY:
                end = next((e for e in events[i + 1 :] if e[2] == g and e[1] != L_GANTRY), None)
                if end is None:
                    continue
                served[g] = end[4] >= plan.fleet_size
                block = plan.gantry_block[g]
                found += any(plan.gantry_block[o] == block and k != served[g] for o, k in served.items())
            else:
                served.pop(g, None)
        return found

    assert together(True) == 0
    assert together(False) > 0


def star(rule: str) -> Terminal:
    """Gate, block and crane at the ends of three lanes that meet in one slow junction."""
    lanes = {"gate": [(0, -60), (0, 0)], "yard": [(0, 0), (90, 0)], "quay": [(0, 0), (-60, 0)]}
    return complete(
        Terminal.model_validate(
            {
                "berths": [{"id": "B", "line": [[-70, 5], [-50, 5]], "cranes": 2}],
                "lanes": [{"id": name, "line": line} for name, line in lanes.items()],
                "blocks": [{"id": "Y", "lane": "yard", "bays": 30, "gantries": 8}],
                "gate": {"at": [0, -60], "lanes_in": 4, "lanes_out": 4, "service_in": {"mean": "20 s"}}
                | {"profile": [1.0] * 24},
                "fleet": {"trucks": 12},
                "gantry": {"cycle": {"mean": "40 s"}, "rehandle": "5 s"},
                "road_trucks": {"per_day": 3600, "deliver_share": 0.5, "patience": "1 min"},
                "calls": [{"vessel": "v", "berth": "B", "at": "0 s", "discharge": 300, "load": 0}],
                "roads": {"right_of_way": rule, "clearance": "6 s"},
            }
        )
    )


@BOTH
def test_the_right_of_way_shifts_waiting_between_the_two_kinds(kind):
    """Road trucks inside for a shorter time, and fewer moves of the ship, when they go first (same draws)."""

    def outcome(rule: str) -> tuple[float, int]:
        made = simulate(star(rule), 5, 2 * HOUR, kind)
        times = [v.departed_us - v.admitted_us for v in made.world.visitors if v.departed_us > 0]
        return float(np.mean(times)), sum(c.moves for c in made.world.cranes)

    manned, driverless = outcome("manned_first"), outcome("driverless_first")
    assert manned[0] < driverless[0]
    assert manned[1] <= driverless[1]


@BOTH
def test_caps_of_lanes_slow_driverless_trucks_alone(kind):
    """1 m/s on every lane: fewer moves; road trucks as fast as before. Without caps again, all is as it was."""
    place = terminal(road_trucks={"per_day": 0}, fleet={"trucks": 4})
    lanes = len(place.lanes)
    free = simulate(place, 7, HOUR, kind)
    slow = simulate(place, 7, HOUR, kind, changes=[Change(0, "lane_caps", np.full(lanes, 1.0))])
    lifted = [Change(0, "lane_caps", np.full(lanes, 1.0)), Change(0, "lane_caps", np.full(lanes, np.inf))]
    same = simulate(place, 7, HOUR, kind, changes=lifted)
    assert slow.speeds[:2].max() == 1.0
    assert slow.speeds[2].max() > 5.0
    assert sum(t.moves for t in slow.world.trucks) < 0.7 * sum(t.moves for t in free.world.trucks)
    assert same.trace == free.trace


def test_a_truck_whose_block_is_cut_off_lets_the_others_pass():
    """Y02 under water from 20 to 100 min: trucks on their way to it pull aside, those to Y01 are served on (else
    nobody behind them would be), and when the water is gone they are served too. Both engines agree to the bit."""
    gate = {**DRAWN["gate"], "lanes_in": 4, "lanes_out": 4, "profile": [1.0] * 24}
    place = terminal(road_trucks={"per_day": 3000}, calls=[], gate=gate)
    lanes = [lane.id for lane in place.lanes]
    water = np.where(np.isin(lanes, ["Y02"]), 0.5, 0.0)
    wet, dry = Change(20 * MINUTE, "depth", water), Change(100 * MINUTE, "depth", 0 * water)
    told = []
    logs = []
    for kind in ("simpy", "fast"):
        made = simulate(
            place,
            3,
            150 * MINUTE,
            kind,
            changes=[wet, dry],
            level=2,
            tell=lambda at, what, text, **d: told.append(what),
        )
        logs.append(made.rows())
    assert np.array_equal(*logs)
    rows = logs[0]
    aside = rows[rows[:, 1] == L_ASIDE]
    assert len(aside) >= 2
    assert told.count("truck_aside") == 2 * len(aside)
    served = rows[rows[:, 1] == L_DEPARTED]
    during = (served[:, 0] > 45 * MINUTE) & (served[:, 0] < 100 * MINUTE)
    assert during.sum() > 20
    assert set(aside[:, 2].tolist()) <= set(served[:, 2].tolist())
