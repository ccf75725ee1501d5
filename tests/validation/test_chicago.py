"""The design storm against its theory (Keifer and Chu 1957): each duration about the peak has its intensity."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.weather.chicago import STORM_FORMULAS, ChicagoStorm, StormFormula

SUZHOU = STORM_FORMULAS["suzhou"].formula

formulas = st.builds(
    StormFormula,
    a_mm_per_min=st.floats(1.0, 50.0),
    c=st.floats(0.0, 2.0),
    b_min=st.floats(0.5, 40.0),
    n=st.floats(0.3, 0.99),
)
storms = st.builds(
    ChicagoStorm,
    formula=formulas,
    return_period_a=st.floats(1.0, 100.0),
    duration_s=st.floats(600.0, 86_400.0),
    peak=st.floats(0.05, 0.95),
)


def test_the_suzhou_formula_gives_its_published_intensity():
    """i = 17.969 (1 + 1.24 lg P) / (t + 18.415)^0.785: 60 min in 20 years, worked by hand."""
    by_hand = 17.969 * (1 + 1.24 * 1.301029995663981) / math.exp(0.785 * math.log(78.415))
    assert SUZHOU.intensity(60.0, 20.0) == pytest.approx(by_hand, rel=1e-14)
    assert by_hand * 60.0 == pytest.approx(91.8, abs=0.05)


@settings(deadline=None)
@given(storms)
def test_the_whole_storm_brings_the_depth_of_its_duration(storm):
    """Total depth = i(T) T, to the last digits of a float."""
    minutes = storm.duration_s / 60.0
    expected = storm.formula.intensity(minutes, storm.return_period_a) * minutes
    assert storm.depth(storm.duration_s) == pytest.approx(expected, rel=1e-9)
    assert storm.depth(storm.duration_s * 0.9999999999) == pytest.approx(expected, rel=1e-8)


@settings(deadline=None)
@given(storms, st.floats(0.001, 1.0))
def test_every_window_about_the_peak_has_the_intensity_of_its_length(storm, share):
    """The window of length t from r t before the peak to (1 - r) t after it averages i(t)."""
    length = share * storm.duration_s
    begin = storm.peak * (storm.duration_s - length)
    mean = (storm.depth(begin + length) - storm.depth(begin)) / (length / 60.0)
    expected = storm.formula.intensity(length / 60.0, storm.return_period_a)
    # The mean of a short window is a small difference of large depths: rounding, magnified by their ratio.
    rounding = 1e-13 * storm.total_mm / (expected * length / 60.0)
    assert mean == pytest.approx(expected, rel=1e-9 + rounding)


@settings(deadline=None)
@given(storms, st.floats(0.0, 1.0), st.floats(0.001, 1.0))
def test_no_window_of_the_same_length_is_harder(storm, where, share):
    """The window about the peak is the hardest of its length."""
    length = share * storm.duration_s
    begin = where * (storm.duration_s - length)
    depth = storm.depth(begin + length) - storm.depth(begin)
    assert depth <= storm.formula.depth(length / 60.0, storm.return_period_a) * (1 + 1e-9) + 1e-9


@settings(deadline=None)
@given(storms, st.lists(st.floats(-1e4, 1e5), min_size=2, max_size=20))
def test_depth_never_falls_and_is_constant_outside_the_storm(storm, times):
    depths = [storm.depth(t) for t in sorted(times)]
    assert all(b >= a - 1e-9 for a, b in itertools.pairwise(depths))
    assert storm.depth(-1.0) == 0.0
    assert storm.depth(storm.duration_s + 1e6) == storm.total_mm


def test_the_instant_intensity_is_that_of_the_paper(figures):
    """i(t_b) = a [(1 - n) t_b / r + b] / (t_b / r + b)^(n + 1), and so after the peak with 1 - r. Plot beside it."""
    storm = ChicagoStorm(SUZHOU, return_period_a=20.0, duration_s=7200.0, peak=0.45)
    a = SUZHOU.a_mm_per_min * (1 + SUZHOU.c * math.log10(20.0))

    def instant(minutes: float) -> float:
        return a * ((1 - SUZHOU.n) * minutes + SUZHOU.b_min) / (minutes + SUZHOU.b_min) ** (SUZHOU.n + 1)

    t = np.arange(0.5, 120.0, 1.0)
    exact = np.array([instant((54 - x) / 0.45 if x < 54 else (x - 54) / 0.55) for x in t])
    step = 0.01
    derivative = np.array([(storm.depth(60 * (x + step)) - storm.depth(60 * (x - step))) / (2 * step) for x in t])
    assert derivative == pytest.approx(exact, rel=1e-5)  # central difference of 0.02 min

    rates = np.array([storm.depth(60 * (x + 0.5)) - storm.depth(60 * (x - 0.5)) for x in t]) * 60
    _plot(figures / "chicago_suzhou_20a.png", t, rates, exact * 60, storm)


def _plot(path, t, rates, exact, storm):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    left.bar(t, rates, width=1.0, color="#7fb2d9", label="mean of each minute")
    left.plot(t, exact, color="#0b3c5d", lw=1, label="Keifer and Chu, instant")
    left.set(xlabel="min", ylabel="mm/h", title=f"Suzhou 2025, 20 a, 2 h, r = 0.45: {storm.total_mm:.1f} mm")
    left.legend()
    lengths = np.geomspace(1, 120, 40)
    begins = storm.peak * (120 - lengths)
    means = [(storm.depth(60 * (b + x)) - storm.depth(60 * b)) / x for b, x in zip(begins, lengths, strict=True)]
    right.loglog(lengths, [storm.formula.intensity(x, 20.0) for x in lengths], color="#0b3c5d", label="i(t)")
    right.loglog(lengths, means, "o", ms=4, color="#d95f02", label="hardest t min of the storm")
    right.set(xlabel="t in min", ylabel="mm/min", title="intensity of every duration")
    right.legend()
    fig.savefig(path, dpi=110)
    plt.close(fig)


def test_the_example_of_the_module_runs():
    import doctest

    from twin.weather import chicago

    assert doctest.testmod(chicago).failed == 0
