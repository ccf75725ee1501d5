"""Messages over one path and over two: against the single-path formulas, and against draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from port.layers.paths import Path, planned_age, silence_rate
from port.radio.control import Messages, age_quantile, stop_rate

MESSAGES = Messages(period_s=0.1, latency_s=0.02, stop_s=1.0)


@given(st.floats(0.0, 1.0), st.sampled_from([0.9, 0.99, 0.999]))
def test_one_path_is_the_formula_of_the_radio_command(share, quantile):
    """ceil(ln(1 − q) / ln(1 − p)) periods; beyond the stop age there is no number any more."""
    messages = Messages(0.1, 0.02, 0.5, 1.0, quantile)
    age = planned_age([Path(np.array([share]), 0.02)], messages)[0]
    expected = age_quantile(np.array([share]), messages)[0]
    assert age == pytest.approx(expected) if expected <= 1.0 else np.isinf(age)


@given(st.floats(0.001, 0.999))
def test_one_path_is_as_often_silent_as_by_the_radio_command(share):
    path = Path(np.array([share]), 0.02)
    assert silence_rate([path], MESSAGES)[0] == pytest.approx(stop_rate(np.array([share]), MESSAGES)[0])


def test_the_age_over_two_paths_is_what_draws_give():
    """Sidelink p 0.4 and 20 ms, 5G p 0.6 and 47 ms: the 99 % quantile of the newest message's age, of 400,000 draws.

    Seen the moment before a step, so the drawn quantile lies within one period below the planned one.
    """
    rng, periods = np.random.default_rng(3), 30
    paths = [Path(np.array([0.4]), 0.02), Path(np.array([0.6]), 0.047)]
    phase = rng.uniform(0.0, 0.1, 400_000)
    newest = np.full(phase.shape, np.inf)
    for path in paths:
        for k in range(periods):
            came = rng.random(phase.size) < path.share[0]
            newest = np.where(came, np.minimum(newest, phase + path.latency_s + 0.1 * k), newest)
    drawn = np.quantile(newest, 0.99)
    planned = planned_age(paths, MESSAGES)[0]
    assert planned - 0.1 <= drawn <= planned + 1e-9


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_second_path_never_makes_messages_older_or_silence_longer(first, second):
    one = [Path(np.array([first]), 0.02)]
    two = [*one, Path(np.array([second]), 0.047)]
    assert planned_age(two, MESSAGES)[0] <= planned_age(one, MESSAGES)[0]


def test_silence_over_two_paths_by_counting():
    """Ten million periods, p 0.3 and 0.2: runs of ten without either; within 3 % (the count's deviation: 0.9 %)."""
    rng, n = np.random.default_rng(1), 10_000_000
    messages = Messages(0.1, 0.0, 0.5, 1.0)
    heard = (rng.random(n) < 0.3) | (rng.random(n) < 0.2)
    ends = np.flatnonzero(np.diff(np.r_[1, heard.astype(int), 1]))
    runs = int((ends[1::2] - ends[::2] >= 10).sum())
    rate = silence_rate([Path(np.array([p]), 0.0) for p in (0.3, 0.2)], messages)[0]
    assert rate == pytest.approx(runs / (n * 0.1 / 3600), rel=0.03)
