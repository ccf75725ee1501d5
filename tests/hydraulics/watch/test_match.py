"""The arithmetic of the match, against brute force and against its own statistics."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydraulics.watch.match import Templates, alarm_level, best_intervals, make_templates, whitened
from hydraulics.watch.signatures import Field

OPENINGS = (1e-4, 4e-4, 16e-4)


def field(seed: int, moments: int = 1, readings: int = 6, hydrants: int = 5, sensors: int = 3) -> Field:
    """Signatures at random directions that grow with the opening, and correlated demand noise of about 0.3 m."""
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=(moments, hydrants, 1, sensors))
    size = np.array(OPENINGS)[None, None, :, None] / 4e-4
    mix = 0.3 * rng.normal(size=(sensors, sensors))
    return Field(
        base=np.zeros((readings, sensors)),
        group=np.arange(readings) * moments // readings,
        change=-direction * size,
        outflow=np.broadcast_to(0.005 * size[..., 0], (moments, hydrants, 3)).copy(),
        draws=rng.normal(size=(moments, 400, sensors)) @ mix.T,
    )


def templates(found: Field, sigma: float = 0.2) -> Templates:
    quiet = np.zeros(found.base.shape, dtype=bool)
    return make_templates(found, OPENINGS, np.full(found.base.shape[1], sigma), quiet)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_the_best_interval_is_that_of_all_intervals(seed: int) -> None:
    """Every beginning and end by hand, at the templates' openings, gives the same largest sum."""
    made = templates(field(seed, moments=2))
    white = 2.0 * np.random.default_rng(seed).normal(size=(6, 3))
    best = best_intervals(made, white)
    gain = np.array([w @ made.white[g] - made.energy[g] for w, g in zip(white, made.group, strict=True)])
    sums = {(a, b): gain[a : b + 1].sum(axis=0) for a, b in itertools.combinations_with_replacement(range(6), 2)}
    assert best.coarse == pytest.approx(max(float(s.max()) for s in sums.values()), rel=1e-12)
    assert (best.score >= np.max([s.reshape(5, -1).max(axis=1) for s in sums.values()], axis=0) - 1e-9).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 4), st.floats(3.0, 12.0))
def test_without_noise_hydrant_opening_and_interval_are_exact(seed: int, hydrant: int, opening_cm2: float) -> None:
    """Readings 2 to 4 show the hydrant, the others nothing; signatures here are proportional to the opening."""
    found = field(seed)
    made = templates(found)
    readings = np.zeros((6, 3)) + made.shift[0]
    readings[2:5] += found.change[0, hydrant, 1] * opening_cm2 / 4.0
    best = best_intervals(made, whitened(made, readings))
    top = int(best.score.argmax())
    assert top == hydrant
    assert (best.first[top], best.last[top]) == (2, 4)
    at = np.interp(best.level[top], np.arange(len(made.opening)), made.opening)
    assert at == pytest.approx(opening_cm2 * 1e-4, rel=0.01)
    assert best.probability[hydrant] == best.probability.max()


def test_whitened_noise_is_white() -> None:
    found = field(3, readings=1)
    made = templates(found)
    rng = np.random.default_rng(0)
    noise = found.draws[0, rng.integers(400, size=20_000)] + 0.2 * rng.standard_normal((20_000, 3))
    white = np.einsum("ij,nj->ni", made.whiten[0], noise - made.shift[0])
    np.testing.assert_allclose(np.cov(white, rowvar=False), np.eye(3), atol=0.12)


def test_the_alarm_keeps_its_promise() -> None:
    """5 % wanted: of 2000 sets of pure noise between 3 and 7.5 % raise an alarm (three standard errors, and the
    1000 draws of the level itself)."""
    found = field(11)
    made = templates(found)
    level = alarm_level(made, 0.05, seed=1)
    rng = np.random.default_rng(2)
    alarms = 0
    for _ in range(2000):
        noise = found.draws[0, rng.integers(200, 400, size=6)] + 0.2 * rng.standard_normal((6, 3))
        alarms += best_intervals(made, whitened(made, noise)).coarse > level
    assert 0.03 < alarms / 2000 < 0.075


def test_a_silent_sensor_has_no_weight() -> None:
    """With the third sensor missing, the scores are those of a network that has only the first two."""
    found = field(5)
    values = np.random.default_rng(1).normal(size=(6, 3))
    values[:, 2] = np.nan
    silent = np.isnan(values)
    whole = make_templates(found, OPENINGS, np.full(3, 0.2), silent)
    two = Field(found.base[:, :2], found.group, found.change[..., :2], found.outflow, found.draws[..., :2])
    part = make_templates(two, OPENINGS, np.full(2, 0.2), silent[:, :2])
    a = best_intervals(whole, whitened(whole, values))
    b = best_intervals(part, whitened(part, values[:, :2]))
    np.testing.assert_allclose(a.score, b.score, rtol=1e-4)
    assert a.misfit == pytest.approx(b.misfit, rel=1e-4)
    assert alarm_level(whole, 0.05, 1) == pytest.approx(alarm_level(part, 0.05, 1), rel=0.15)


def test_a_sensor_that_falls_silent_midway_is_used_until_then() -> None:
    found = field(7)
    values = np.tile(found.change[0, 2, 1], (6, 1))
    values[3:, 0] = np.nan
    made = make_templates(found, OPENINGS, np.full(3, 0.2), np.isnan(values))
    assert len(made.whiten) == 2
    best = best_intervals(made, whitened(made, values + made.shift[0]))
    assert int(best.score.argmax()) == 2
