"""Ships that take any berth, trucks called late, gantries met for an instant, the nearest block: in both engines."""

from __future__ import annotations

import numpy as np
import pytest

from port import codes as c
from port.reading import check_terminal
from port.simulate import simulate
from port.terminal import GantrySpec, Terminal
from tests.port.sites import DRAWN, HOUR, assert_balanced, terminal

CALLS = [
    {"vessel": "first", "berth": "any", "at": "0 s", "discharge": 30, "load": 0},
    {"vessel": "second", "berth": "any", "at": "60 s", "discharge": 60, "load": 0},
    {"vessel": "third", "berth": "any", "at": "120 s", "discharge": 5, "load": 0},
    {"vessel": "own", "berth": "B2", "at": "180 s", "discharge": 5, "load": 0},
    {"vessel": "last", "berth": "any", "at": "6 h", "discharge": 5, "load": 0},
]


@pytest.fixture(params=["simpy", "fast"])
def run(request):
    """A run of the drawn terminal with other keys, by each engine."""

    def made(hours: float = 8.0, **changes):
        return simulate(terminal(**changes), 3, round(hours * HOUR), request.param, level=2)

    return made


def of(engine, code: int) -> np.ndarray:
    rows = engine.rows()
    return rows[rows[:, 1] == code]


def test_a_ship_takes_the_berth_that_has_been_free_the_longest(run):
    """Two free at first: in order. Then the first to become free; in the end the one that was left first."""
    engine = run(calls=CALLS)
    at = {engine.calls[int(row[2])].name: (int(row[0]), int(row[3])) for row in of(engine, c.L_BERTHED)}
    left = {engine.calls[int(row[2])].name: (int(row[0]), int(row[3])) for row in of(engine, c.L_LEFT)}
    assert [at[name][1] for name in ("first", "second")] == [0, 1]
    assert at["third"] == left["first"]
    assert at["own"][1] == 1
    assert at["own"][0] == left["second"][0]
    idle = {berth: max(t for t, b in left.values() if b == berth and t < 6 * HOUR) for berth in (0, 1)}
    assert at["last"][1] == min(idle, key=idle.__getitem__)
    assert [v.berth for v in engine.world.vessels] == [at[v.name][1] for v in engine.calls]
    assert_balanced(engine)


def test_a_ship_for_one_berth_is_passed_by_those_that_may_lie_elsewhere(run):
    """B1 is taken for long; who waits for it does not keep a later ship from B2."""
    calls = [
        {"vessel": "long", "berth": "B1", "at": "0 s", "discharge": 150, "load": 0},
        {"vessel": "waits", "berth": "B1", "at": "60 s", "discharge": 5, "load": 0},
        {"vessel": "passes", "berth": "any", "at": "2 min", "discharge": 5, "load": 0},
    ]
    engine = run(calls=calls)
    order = [engine.calls[int(row[2])].name for row in of(engine, c.L_BERTHED)]
    assert order == ["long", "passes", "waits"]


def test_a_truck_is_called_when_the_crane_is_ready(run):
    """`orders: ready`: no order to discharge is given while its crane works or another of its orders is open."""
    engine = run(2.0, calls=CALLS[:2], quay_crane={"orders": "ready"})
    busy, open_orders, given = set(), {}, 0
    for _, code, who, a, b in engine.rows().tolist():
        if code == c.L_HANDOVER:
            busy.add(who)
        elif code == c.L_READY:
            busy.discard(who)
        elif code == c.L_DISCHARGE:
            open_orders[who] = open_orders.get(who, 0) - 1
        elif code == c.L_ORDER and b > 0:
            assert a not in busy
            assert open_orders.get(a, 0) == 0
            open_orders[a] = open_orders.get(a, 0) + b
            given += 1
    assert given == 90


def test_a_truck_meets_the_gantry_for_an_instant(run):
    """`meeting: instant`: a stored box is taken off as the cycle begins, 120 s before it is in the stack; one to
    fetch is begun before its truck is there and handed over at the later of cycle's end and the truck's arrival."""
    engine = run(
        4.0,
        calls=[{"vessel": "x", "berth": "B1", "at": "0 s", "discharge": 25, "load": 25}],
        gantry={"meeting": "instant", "cycle": {"mean": "120 s", "shape": "deterministic"}, "rehandle": "0 s"},
        yard={"exports_in_yard": 1.0},
        road_trucks={"per_day": 0},
    )
    rows = engine.rows().tolist()
    began = {(who, a): now for now, code, who, a, _ in rows if code == c.L_GANTRY}
    served = {(now, who) for now, code, who, *_ in rows if code == c.L_DONE}
    there = {}
    for now, code, who, a, b in rows:
        if code == c.L_AT:
            there[who] = now
        elif code == c.L_STORE:
            assert now - began[who, a] == 120_000_000
            assert (began[who, a], b) in served
        elif code == c.L_RETRIEVE:
            assert now == max(began[who, a] + 120_000_000, there[b])
    assert sum(code == c.L_STORE for _, code, *_ in rows) == sum(code == c.L_RETRIEVE for _, code, *_ in rows) == 25
    assert_balanced(engine)


def test_a_box_goes_to_the_nearest_block(run):
    """`choice: nearest`: from B1 all to Y01, however much work waits there; `soonest` sends some to Y02."""
    calls = [{"vessel": "x", "berth": "B1", "at": "0 s", "discharge": 60, "load": 0}]
    blocks = {}
    for choice in ("nearest", "soonest"):
        engine = run(3.0, calls=calls, yard={"choice": choice}, road_trucks={"per_day": 0})
        stored = of(engine, c.L_STORE)
        assert len(stored) == 60
        blocks[choice] = set(engine.plan.gantry_block[stored[:, 2]].tolist())
    assert blocks == {"nearest": {0}, "soonest": {0, 1}}


def test_a_bounded_block_cannot_be_met_for_an_instant():
    """A gantry that holds a box for a truck behind a full place would wait for ever."""
    with pytest.raises(ValueError, match="needs buffer: 0"):
        GantrySpec(meeting="instant", buffer=3)


def test_a_ship_for_any_berth_must_fit_the_shortest():
    """Both are 160 m."""
    calls = [{"vessel": "x", "berth": "any", "at": "0 s", "discharge": 5, "load": 0, "length": "200 m"}]
    found = list(check_terminal(Terminal.model_validate({**DRAWN, "calls": calls})))
    assert [f.path for f in found] == [("calls", 0, "length")]
    assert "longer (200 m) than berth B1 (160 m): name its berth" in found[0].text
