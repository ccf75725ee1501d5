"""Two engines, one log: the SimPy processes and the compiled loop agree to the bit on whatever can be drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from port.codes import LOG
from port.control import Engine
from port.dispatch import RULES
from port.layout import complete
from port.metrics import balances, summary, tables
from port.plan import Plan
from port.simulate import MIDNIGHT, Change, make_engine, simulate
from port.terminal import Terminal
from tests.port.drawn import DURATION, arrivals, terminals, timelines
from tests.port.sites import DRAWN, HOUR, terminal
from twin.clock import US


def first_difference(a: np.ndarray, b: np.ndarray) -> str:
    """Where two logs part, in words; empty when they are the same."""
    if np.array_equal(a, b):
        return ""
    n = min(len(a), len(b))
    at = int(np.argmax(np.any(a[:n] != b[:n], axis=1))) if np.any(a[:n] != b[:n]) else n

    def words(log: np.ndarray) -> str:
        return f"{LOG[int(log[at, 1])][0]} {log[at].tolist()}" if at < len(log) else "nothing"

    return f"row {at} of {len(a)} and {len(b)}: {words(a)} against {words(b)}"


def assert_same(place: Plan | Terminal, seed: int = 7, duration_us: int = HOUR, **options) -> tuple[Engine, Engine]:
    """Run both engines; logs, figures, tables, balances and trucks' ways must agree exactly."""
    told: list[list] = [[], []]
    a, b = (
        simulate(
            place,
            seed,
            duration_us,
            kind,
            level=2,
            tell=lambda *row, k=k, **data: told[k].append((row, data)),
            **options,
        )
        for k, kind in enumerate(("simpy", "fast"))
    )
    assert first_difference(a.rows(), b.rows()) == ""
    assert a.trace == b.trace
    assert told[0] == told[1]
    assert a.sums() == b.sums()
    assert summary(a) == summary(b)
    for name, table in tables(a).items():
        assert table.rows == tables(b)[name].rows, name
    for x, y in zip(balances(a), balances(b), strict=True):
        assert x == y
        assert x.stored_start + sum(x.inflow.values()) == x.stored_now + sum(x.outflow.values()), x.substance
    state = [[(t.empty_mm, t.loaded_mm, t.level_j, t.used_j, t.busy_us) for t in e.world.trucks] for e in (a, b)]
    assert state[0] == state[1]
    assert [block.stacks for block in a.world.stock.blocks] == [block.stacks for block in b.world.stock.blocks]
    for name, values in a.states().items():
        assert np.array_equal(values, b.states()[name]), name
    return a, b


@settings(max_examples=40, deadline=None)
@given(st.data(), terminals(), st.sampled_from(sorted(RULES)), st.integers(0, 2**63))
def test_logs_agree_on_any_terminal_and_any_timeline(data, plan, rule, seed):
    """Layouts, switches, rules, disturbances and seeds drawn; two balances exact in both."""
    changes = data.draw(timelines(plan))
    road = data.draw(st.booleans())
    if road:
        changes += data.draw(arrivals())
    assert_same(plan, seed, DURATION, policy=rule, changes=changes, road=road)


@pytest.mark.slow
@settings(max_examples=400, deadline=None, derandomize=False)
@given(st.data(), terminals(), st.sampled_from(sorted(RULES)), st.integers(0, 2**63))
def test_logs_agree_on_many_more(data, plan, rule, seed):
    """The same search, wider and with new examples every time."""
    changes = data.draw(timelines(plan)) + data.draw(arrivals())
    assert_same(plan, seed, DURATION, policy=rule, changes=changes, road=True)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_logs_agree_for_every_rule_on_the_reference_size(rule):
    """Four berths, 10 cranes, 28 blocks, 50 trucks, with every layer on; 3 h."""
    made = {
        "origin": (0.0, 0.0),
        "heading": "0 deg",
        "berths": 4,
        "layout": {"stations": 2},
        "fleet": {
            "breakdown": {"between": "20 h"},
            "remote": {"per_1000_km": 30.0},
            "energy": {"battery_kwh": 60.0, "start": (0.2, 0.6)},
        },
        "quay_crane": {"breakdown": {"between": "10 h"}, "twin_share": 0.3, "dual_cycling": 0.6, "buffer": 3},
        "gantry": {"breakdown": {"between": "30 h"}, "retry_probability": 0.1, "buffer": 4},
        "roads": {"exclusion": True, "right_of_way": "loaded_first"},
    }
    plan = Plan(complete(Terminal.model_validate(made)))
    changes = [
        Change(HOUR, "wind", 25.0),
        Change(HOUR + 600 * US, "wind", 4.0),
        Change(2 * HOUR, "visibility", 15.0),
    ]
    a, _ = assert_same(plan, 11, 3 * HOUR, policy=rule, changes=changes)
    assert sum(t.swaps for t in a.world.trucks) > 3
    assert sum(t.takeovers for t in a.world.trucks) > 3
    assert len(a.rows()) > 15_000


@pytest.mark.parametrize("kind", ["simpy", "fast"])
def test_slices_give_the_log_of_one_go(kind):
    """Eleven seconds at a time, against two hours in one, on the SimPy engine."""
    whole = simulate(terminal(), 7, 2 * HOUR, "simpy", level=2).rows()
    sliced = make_engine(kind, terminal(), 7, MIDNIGHT, 2 * HOUR, level=2)
    for k in range(1, 7201, 11):
        sliced.advance(k * US)
    sliced.advance(2 * HOUR)
    assert first_difference(sliced.rows(), whole) == ""


def test_the_log_level_leaves_out_rows_and_changes_nothing():
    """Level 1 is level 2 without single lanes, in the same order; level 0 has none and the same state."""
    for kind in ("simpy", "fast"):
        full, some, none = (simulate(terminal(), 5, HOUR, kind, level=k) for k in (2, 1, 0))
        rows = full.rows()
        names = np.array([LOG[int(c)][0] for c in rows[:, 1]])
        assert np.array_equal(rows[~np.isin(names, ("ENTER", "END"))], some.rows())
        assert len(none.rows()) == 0
        assert [c.moves for c in none.world.cranes] == [c.moves for c in full.world.cranes]


def test_more_road_trucks_than_expected_make_the_tables_grow():
    """A profile with all trucks of the day in the first hour: eight times what the tables are made for."""
    profile = [1.0] + [0.0] * 23
    place = terminal(road_trucks={"per_day": 3000}, gate={**DRAWN["gate"], "profile": profile})
    a, b = assert_same(place, 3, HOUR)
    assert a.world.tally.arrived > 2500
    assert len(b.memory["cars"]) > 2500
