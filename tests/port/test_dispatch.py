"""Dispatch: what each compiled rule picks, and policies in Python behind the same interface."""

from __future__ import annotations

import numpy as np
import pytest

from port.choosing import DEDICATED, FIFO_NEAREST, LEAST_COVERED, NEAREST_IDLE, NONE, RANDOM, choose, drawn_crane
from port.dispatch import POLICIES, RULES, Decision, checked, policy_names, resolve
from port.ways import NO_WAY_US
from tests.port.sites import HOUR, engine, run, terminal

FAR = NO_WAY_US
TIME = np.array([[0, 10, 50, FAR], [10, 0, 40, FAR], [50, 40, 0, FAR], [FAR, FAR, FAR, 0]], np.int64)
"""Four places; nobody gets to the last one."""


def pick(rule: int, orders: list[tuple[int, int]], trucks: list[tuple[int, int]], cover: list[int]) -> tuple | None:
    """orders: (crane, pick-up place); trucks: (number, place)."""
    crane, place = (np.array(x, np.int64) for x in zip(*orders, strict=True))
    number, at = (np.array(x, np.int64) for x in zip(*trucks, strict=True))
    pair = choose(rule, len(orders), crane, place, len(trucks), number, at, np.array(cover, np.int64), TIME, 17)
    return None if pair == NONE else (pair >> 20, pair & 0xFFFFF)


def test_the_oldest_order_gets_the_nearest_truck():
    assert pick(FIFO_NEAREST, [(0, 2), (0, 0)], [(0, 0), (1, 1), (2, 1)], [0]) == (0, 1), "of equals the lower number"


def test_an_order_that_nobody_can_reach_lets_the_next_pass():
    assert pick(FIFO_NEAREST, [(0, 3), (0, 2)], [(0, 0), (1, 1)], [0]) == (1, 1)
    for rule in RULES.values():
        assert pick(rule, [(0, 3)], [(0, 0)], [0]) is None


def test_nearest_idle_takes_the_shortest_trip_of_all():
    assert pick(NEAREST_IDLE, [(0, 2), (0, 0)], [(0, 1), (1, 1)], [0]) == (1, 0)


def test_a_gang_serves_its_own_crane_alone():
    """Two cranes: even trucks belong to crane 0, odd ones to crane 1."""
    assert pick(DEDICATED, [(1, 0), (0, 2)], [(0, 0), (2, 1)], [0, 0]) == (1, 1)
    assert pick(DEDICATED, [(1, 0)], [(0, 0)], [0, 0]) is None


def test_the_least_covered_crane_comes_first():
    assert pick(LEAST_COVERED, [(0, 0), (1, 2), (1, 0)], [(0, 0)], [2, 1]) == (1, 0)
    assert pick(LEAST_COVERED, [(0, 0), (1, 3)], [(0, 0)], [2, 1]) == (0, 0), "crane 1's order cannot be reached"


def test_random_takes_the_oldest_order_of_a_drawn_crane():
    """Even over ten cranes: 2,000 draws, 200 ± 4 σ (σ = 13.4) each; another crane when the drawn one has no order."""
    drawn = [drawn_crane(newest, truck, 10) for newest in range(200) for truck in range(10)]
    assert max(abs(drawn.count(c) - 200) for c in range(10)) < 54
    crane = drawn_crane(17, 5, 2)
    assert pick(RANDOM, [(1 - crane, 0), (crane, 2), (crane, 0)], [(5, 1)], [0, 0]) == (1, 0)
    assert pick(RANDOM, [(1 - crane, 3), (1 - crane, 0)], [(5, 1)], [0, 0]) == (1, 0)


class OldestToFirst:
    """The oldest orders to the trucks with the lowest numbers: a policy in Python."""

    def __init__(self) -> None:
        self.seen: list[Decision] = []

    def assign(self, decision: Decision) -> list[tuple[int, int]]:
        self.seen.append(decision)
        return [(i, i) for i in range(min(len(decision.order), len(decision.truck)))]


def test_a_policy_in_python_is_asked_the_same_by_both_engines():
    """Same moments, same arrays, same log; every order it sees is waiting and every truck idle."""
    one, other = OldestToFirst(), OldestToFirst()
    a = run(kind="simpy", policy=one, level=2, hours=2.0)
    b = run(kind="fast", policy=other, level=2, hours=2.0)
    assert np.array_equal(a.rows(), b.rows())
    assert len(one.seen) == len(other.seen) > 100
    for x, y in zip(one.seen, other.seen, strict=True):
        for name in Decision.__dataclass_fields__:
            assert np.array_equal(getattr(x, name), getattr(y, name)), (name, x.now_us)
        assert not set(x.truck.tolist()) & set(x.busy.tolist())
        assert np.all(np.diff(x.order) > 0)


def test_a_policy_that_names_something_twice_is_refused():
    assert checked([(1, 0), (0, 1)], 2, 2) == [(0, 1), (1, 0)]
    for pairs in ([(0, 0), (0, 1)], [(0, 0), (1, 0)], [(2, 0)], [(0, -1)]):
        with pytest.raises(ValueError, match="do not fit 2 orders and 2 trucks"):
            checked(pairs, 2, 2)


def test_an_unknown_policy_is_named_with_the_choices():
    with pytest.raises(ValueError, match="no dispatch policy 'magic': there are fifo_nearest"):
        engine(policy="magic")
    assert set(policy_names()) == set(RULES) | set(POLICIES)
    assert resolve("dedicated")[0] == DEDICATED


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_works_the_ships(rule):
    """All 200 boxes of the drawn terminal's two ships, within four hours."""
    made = run(terminal(), kind="fast", policy=rule, hours=4.0)
    assert sum(c.moves for c in made.world.cranes) > 150
    assert made.now_us == 4 * HOUR
