"""The shape of the factor."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hydraulics.fast.symbolic import analyse, entries


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 40), st.integers(0, 10**6))
def test_numeric_factor_on_the_shape_solves_the_system(n, seed):
    """A = L D L^T with the listed places and updates only, against NumPy's dense solve."""
    rng = np.random.default_rng(seed)
    a = np.concatenate([np.arange(n - 1), rng.integers(0, n, n)])
    b = np.concatenate([np.arange(1, n), rng.integers(0, n, n)])
    shape = analyse(n, a, b)
    place = entries(shape, a, b)
    matrix = np.diag(np.full(n, 0.5))
    low = np.zeros(shape.row.size)
    diagonal = np.full(n, 0.5)
    for x, y, p in zip(a, b, place, strict=True):
        if x == y:
            continue
        c = rng.uniform(0.1, 2.0)
        matrix[x, x] += c
        matrix[y, y] += c
        matrix[x, y] -= c
        matrix[y, x] -= c
        diagonal[shape.position[x]] += c
        diagonal[shape.position[y]] += c
        low[p] -= c
    right = rng.normal(size=n)
    f = np.empty(n)
    f[shape.position] = right
    t = 0
    for j in range(n):
        for x in range(shape.column[j], shape.column[j + 1]):
            ratio = low[x] / diagonal[j]
            diagonal[shape.row[x]] -= low[x] * ratio
            f[shape.row[x]] -= ratio * f[j]
            for y in range(x + 1, shape.column[j + 1]):
                low[shape.target[t]] -= ratio * low[y]
                t += 1
            low[x] = ratio
        f[j] /= diagonal[j]
    for j in range(n - 1, -1, -1):
        for x in range(shape.column[j], shape.column[j + 1]):
            f[j] -= low[x] * f[shape.row[x]]
    assert np.allclose(f[shape.position], np.linalg.solve(matrix, right), rtol=1e-9, atol=1e-9)
    assert t == shape.target.size


def test_a_tree_has_no_fill():
    """Minimum degree eliminates a tree from its leaves: n - 1 entries and no update."""
    rng = np.random.default_rng(1)
    n = 200
    parent = np.array([rng.integers(0, i) for i in range(1, n)])
    shape = analyse(n, np.arange(1, n), parent)
    assert shape.row.size == n - 1
    assert shape.target.size == 0
