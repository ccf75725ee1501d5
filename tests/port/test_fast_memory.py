"""The event loop's tables: what it may ask of them, and its heap of events with a gap at the root."""

from __future__ import annotations

import ast
import heapq
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from port.fast import build, memory, queues
from port.fast.memory import MEASURED, TABLES, WIDTH
from port.plan import Plan

FOLDER = Path(memory.__file__).parent
LOOP = ("draws", "fleet", "gate", "loop", "quay", "queues", "roads", "stays", "yard")


def asked(source: str) -> set[str]:
    """Tables of which a module asks `len`, directly or by a name it has given them."""
    found: set[str] = set()
    for function in [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)]:
        names: dict[str, str] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    many = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                    pairs = zip(target.elts, node.value.elts, strict=True) if many else [(target, node.value)]
                    for name, value in pairs:
                        if isinstance(name, ast.Name) and (table := table_of(value)):
                            names[name.id] = table
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len":
                value = node.args[0]
                table = names.get(value.id, value.id) if isinstance(value, ast.Name) else table_of(value)
                found.add(table or ast.unparse(value))
    return found


def table_of(value: ast.expr) -> str | None:
    """`cars` for `m.cars(P)`."""
    call = isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)
    return value.func.attr if call and isinstance(value.func.value, ast.Name) and value.func.value.id == "m" else None


@pytest.mark.parametrize("module", LOOP)
def test_the_loop_asks_only_measured_tables_for_their_length(module):
    """All others say 0 (see `MEASURED`)."""
    assert asked((FOLDER / f"{module}.py").read_text(encoding="utf-8")) <= MEASURED


def test_an_unmeasured_table_is_found_out():
    assert asked("def f(P):\n    a, cars = 1, m.cars(P)\n    return len(cars) + len(m.nodes(P))") == {"cars", "nodes"}


def test_measured_and_wide_tables_exist():
    assert set(TABLES) >= MEASURED | set(WIDTH)


@njit(**{k: v for k, v in memory.ENTRY.items() if k != "cache"})
def played(P, steps, found):
    """Push (time, class, entity), or pop where the time is below 0, as the loop does; found: rank, next time."""
    clock = memory.clocks(P)[0]
    for i in range(len(steps)):
        if steps[i, 0] >= 0:
            queues.push(P, steps[i, 1], steps[i, 2], steps[i, 0])
        elif clock.heap_n:
            if clock.gap:
                queues.close_gap(P)
            found[i, 0] = queues.pop(P)
        found[i, 1] = queues.next_time(P)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 5), st.integers(1, 14), st.integers(0, 3)), min_size=1, max_size=60))
def test_events_come_by_time_then_class_then_number(steps):
    """Pushes and pops in any order, against Python's heap; equal times included."""
    from tests.port.sites import terminal

    arrays = _arrays(Plan(terminal()))
    arrays["heap"] = np.zeros((80, 2), np.int64)
    made, found = memory.Memory(arrays), np.full((len(steps), 2), -1)
    played(made.P, np.array(steps), found)
    own: list[tuple[int, int]] = []
    for (time, kind, entity), (rank, following) in zip(steps, found.tolist(), strict=True):
        if time >= 0:
            heapq.heappush(own, (time, (kind << 32) + entity))
        elif own:
            assert rank == heapq.heappop(own)[1]
        assert following == (own[0][0] if own else queues.NEVER)


def _arrays(plan) -> dict[str, np.ndarray]:
    """Tables of a terminal without ships, at time 0."""
    from port.control import NO_LIMIT

    speeds = np.full((3, len(plan.lane_mm)), NO_LIMIT)
    made = build.build(
        plan, build.static_tables(plan), plan.open_ways, speeds, [], 1, 0, False, 0, 0, 4, 10**9, None
    )  # fmt: skip
    return dict(made.arrays)
