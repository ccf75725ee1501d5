"""The vector type and its functions."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from hydraulics.fast import lanes as L


@njit
def _apply(x, out, which):
    for i in range(x.shape[0]):
        v = L.load(x, i)
        if which == 0:
            r = L.hazen_power(v)
        elif which == 1:
            r = L.swamee_power(v)
        elif which == 2:
            r = L.log2(v)
        elif which == 3:
            r = L.power(v, 2.3)
        elif which == 4:
            r = L.choose(L.less(v, L.fill(1.0)), -v, 1.0 / v + v * 2.0 - 3.0)
        else:
            r = L.root(L.larger(L.smaller(v, L.fill(9.0)), L.fill(4.0))) + L.magnitude(-v)
        L.store(out, i, r)


@pytest.fixture(scope="module")
def numbers() -> np.ndarray:
    """Every size of flow that occurs: 1e-14 to 1e7 m3/s."""
    return np.exp(np.random.default_rng(0).uniform(np.log(1e-14), np.log(1e7), (2000, 8)))


@pytest.mark.parametrize(
    ("which", "truth"),
    [
        (0, lambda x: x**-0.852),
        (1, lambda x: x**-0.9),
        (3, lambda x: x**2.3),
        (4, lambda x: np.where(x < 1, -x, 1 / x + 2 * x - 3)),
        (5, lambda x: np.sqrt(np.clip(x, 4, 9)) + x),
    ],
)
def test_functions_keep_their_stated_error(numbers, which, truth):
    """Relative error against NumPy's double precision functions, as `POWER_ERROR` states."""
    out = np.empty_like(numbers)
    _apply(numbers, out, which)
    expected = truth(numbers)
    assert np.abs(out - expected).max() <= 1e300
    assert np.all(np.abs(out - expected) <= L.POWER_ERROR * np.maximum(np.abs(expected), 1e-300))


def test_logarithm_keeps_its_stated_error(numbers):
    """Absolute error of log2 against NumPy."""
    out = np.empty_like(numbers)
    _apply(numbers, out, 2)
    assert np.abs(out - np.log2(numbers)).max() <= L.POWER_ERROR


def test_nan_stays_in_its_lane():
    """A lane that fails must not touch the seven others."""
    x = np.ones((1, 8))
    x[0, 3] = np.nan
    out = np.empty_like(x)
    _apply(x, out, 4)
    assert np.isnan(out[0, 3])
    assert np.all(out[0, [0, 1, 2, 4, 5, 6, 7]] == 0.0)
