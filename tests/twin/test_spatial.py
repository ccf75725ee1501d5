"""Mappings: amounts are shared out once, states look where they should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twin.places import City, Grid, Lines, Points
from twin.ports import Join, Kind
from twin.spatial import dense_along, join, middle_of

GRID = Grid(100.0, 200.0, 10.0, 8, 5)
inside = arrays(float, (7, 2), elements=st.floats(0.0, 0.999)).map(
    lambda u: np.array([100.0, 200.0]) + u * np.array([80.0, 50.0])
)


def points(xy):
    return Points(tuple(str(i) for i in range(len(xy))), np.asarray(xy, dtype=float))


@given(inside, arrays(float, 7, elements=st.floats(0, 1e6)))
def test_an_amount_is_given_once_and_whole(xy, amount):
    matrix = join(points(xy), GRID, Join.NEAREST, Kind.AMOUNT)
    assert np.allclose(matrix.sum(axis=0), 1.0)
    assert (matrix @ amount).sum() == pytest.approx(amount.sum(), rel=1e-12, abs=1e-9)


@given(inside)
def test_a_point_looks_at_the_cell_it_lies_in(xy):
    matrix = join(GRID, points(xy), Join.NEAREST, Kind.STATE)
    assert (matrix @ np.arange(GRID.size)).astype(int).tolist() == GRID.cells_of(xy).tolist()


def test_a_line_looks_at_every_cell_it_crosses_and_at_no_other():
    line = Lines(("l",), (np.array([[105.0, 205.0], [135.0, 205.0], [135.0, 225.0]]),))
    row = join(GRID, line, Join.ALONG_MAX, Kind.STATE).toarray()[0]
    assert np.flatnonzero(row).tolist() == [0, 1, 2, 3, 11, 19]


def test_by_name_with_or_without_the_section():
    loads = Points(("water.P1", "P2", "drainage.P3"), np.zeros((3, 2)))
    pumps = Points(("P1", "P2", "P3"), np.zeros((3, 2)))
    matrix = join(loads, pumps, Join.SAME_ID, Kind.STATE, prefix="water").toarray()
    assert matrix.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_one_value_for_all():
    assert join(City(), GRID, Join.ALL, Kind.STATE).shape == (GRID.size, 1)


@given(arrays(float, (4, 2), elements=st.floats(-1e3, 1e3)), st.floats(0.5, 100))
def test_dense_points_leave_no_gap_and_keep_the_corners(shape, step):
    dense = dense_along(shape, step)
    assert np.hypot(*np.diff(dense, axis=0).T).max(initial=0) <= step * (1 + 1e-9)
    for corner in shape:
        assert np.abs(dense - corner).sum(axis=1).min() < 1e-9


def test_middle_is_half_way_along():
    assert middle_of(np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 30.0]])).tolist() == [10.0, 10.0]
