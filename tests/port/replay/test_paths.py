"""Pieces of a truck's way: queues on a lane, moving up in a line, thinning."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from port.replay.lanes import PULL_MPS, STOP_M, WITHIN_M, Path, Run, follow
from port.replay.paths import STEP_UP_MPS, shuffle, thin
from port.replay.standing import Ground

LENGTH, PITCH, END = 200.0, 17.0, 4000.0
LOOSE_M = 3.0
"""Both paths are sampled every second (a kink at 6 m/s is rounded off by up to 1.5 m) and thinned to 0.5 m."""


@st.composite
def queues(draw) -> list[Run]:
    """Trucks of one speed as they come to the lane's end, each free to go when the one before it has gone."""
    runs, reach, gone, speed = [], 200.0, 0.0, draw(st.floats(2.0, 10.0))
    for _ in range(draw(st.integers(1, 9))):
        reach += draw(st.floats(0.0, 40.0))
        x0 = draw(st.sampled_from([0.0, 0.0, 60.0]))
        begin = reach - (LENGTH - x0) / speed
        gone = max(reach, gone) + draw(st.sampled_from([0.0, 4.0, 30.0, 400.0]))
        runs.append(Run(begin, reach, gone, x0, LENGTH))
    return runs


@given(queues())
def test_a_queue_keeps_its_order_and_the_models_times(runs):
    """From the start at its time to the end at its time, never backwards, no faster than driven or pulled away, and
    behind the truck ahead by the pitch as long as both wait."""
    leader: Path | None = None
    before = runs[0]
    for run in runs:
        path = follow(run, leader, PITCH, END)
        assert path.t[0] == run.begin
        assert path.x[0] == pytest.approx(run.x0)
        assert path.t[-1] == pytest.approx(run.end)
        assert path.x[-1] == pytest.approx(LENGTH)
        assert np.all(np.diff(path.x) >= -1e-9)
        steps = np.diff(path.t)
        driven = (LENGTH - run.x0) / (run.reach - run.begin)
        assert np.all(np.diff(path.x)[steps > 0] / steps[steps > 0] <= max(driven, 10.0) + 1e-6)
        if leader is not None:
            t = np.arange(max(run.reach, before.reach), before.end, 0.5)
            gap = leader.at(t) - np.interp(t, path.t, path.x)
            x = np.interp(t, path.t, path.x)
            behind = (gap >= PITCH - LOOSE_M) | (x <= run.x0 + WITHIN_M)
            must_go = LENGTH - min(PULL_MPS, driven) * (run.end - t) >= x - LOOSE_M
            assert np.all(behind | must_go)
        leader, before = path, run


def test_who_never_goes_on_stays_at_the_stop_line():
    path = follow(Run(10.0, 40.0, None, 0.0, LENGTH), None, PITCH, 500.0)
    assert path.t[-1] == 500.0
    assert path.x[-1] == LENGTH - STOP_M
    second = follow(Run(20.0, 60.0, None, 0.0, LENGTH), path, PITCH, 500.0)
    assert second.x[-1] == pytest.approx(LENGTH - STOP_M - PITCH)


@given(
    st.lists(st.tuples(st.floats(0, 300), st.tuples(st.floats(0, 80), st.floats(-30, 30))), max_size=8),
    st.floats(1, 300),
)
def test_moving_up_is_never_faster_than_its_speed(targets, end):
    """Any row of targets: keys in order of time, from the start to the end, 4 m/s at most each way."""
    keys = shuffle((0.0, 10.0, 0.0), sorted(targets), end)
    assert keys[0] == (0.0, 10.0, 0.0)
    assert keys[-1][0] == end
    for (t, s, lat), (u, r, beside) in pairwise(keys):
        assert u >= t
        assert max(abs(r - s), abs(beside - lat)) <= STEP_UP_MPS * (u - t) + 1e-6


def test_moving_up_gets_there():
    keys = shuffle((0.0, 51.0, 5.0), [(10.0, (34.0, 5.0)), (100.0, (17.0, 5.0))], 200.0)
    assert keys == [
        *((0.0, 51.0, 5.0), (10.0, 51.0, 5.0), (14.25, 34.0, 5.0), (100.0, 34.0, 5.0), (104.25, 17.0, 5.0)),
        (200.0, 17.0, 5.0),
    ]


@given(st.lists(st.floats(0, 100), min_size=2, max_size=60), st.floats(0.1, 5.0))
def test_thinning_stays_within_its_bound(values, within):
    t, x = np.arange(len(values), dtype=float), np.array(values)
    keep = thin(t, x, within)
    assert keep[0]
    assert keep[-1]
    assert np.abs(np.interp(t, t[keep], x[keep]) - x).max() <= within + 1e-9


def test_lines_grow_where_there_is_room():
    """Under a crane side by side; beside a block's lane behind each other, away from the way the truck came."""
    crane = Ground(0, 23.0, 46.0, 1, True, 17.0)
    assert [crane.slot(k, 1) for k in (0, 1)] == [(23.0, 5.0), (23.0, 9.6)]
    block = Ground(0, 100.0, 200.0, -1, False, 17.0)
    assert [block.slot(k, 1)[0] for k in range(3)] == [100.0, 83.0, 66.0]
    assert [block.slot(k, -1)[0] for k in range(3)] == [100.0, 117.0, 134.0]
    assert block.slot(0, 1)[1] == -5.0
    at_an_end = Ground(0, 0.0, 200.0, 1, False, 17.0)
    assert [at_an_end.slot(k, 1)[0] for k in range(3)] == [0.0, 17.0, 34.0]
    for ground in (crane, block, at_an_end):
        for number in range(40):
            for along in (1, -1):
                for s, _ in (ground.slot(number, along), ground.aside(number, along)):
                    assert 0.0 <= s <= ground.length_m
