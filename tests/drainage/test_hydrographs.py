"""Volumes of hydrographs are integrals."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drainage.hydrographs import Hydrograph, Inflows

RISE = Hydrograph(np.array([600.0, 1200.0, 1800.0]), np.array([2.0, 8.0, 0.0]))


@pytest.mark.parametrize(
    ("begin", "end", "volume"),
    [(0.0, 600.0, 1200.0), (600.0, 1200.0, 3000.0), (0.0, 1800.0, 6600.0), (900.0, 1500.0, 3750.0),
     (1800.0, 9000.0, 0.0), (1200.0, 1200.0, 0.0)],
)  # fmt: skip
def test_a_volume_is_the_area_under_the_curve(begin: float, end: float, volume: float) -> None:
    """By hand: constant before the first row, linear between rows, constant after the last."""
    assert RISE.integral(begin, end) == pytest.approx(volume, abs=1e-9)


@given(st.lists(st.floats(0.0, 3000.0), min_size=1, max_size=8))
def test_pieces_add_up_however_they_are_cut(cuts: list[float]) -> None:
    edges = np.array([0.0, *sorted(cuts), 3000.0])
    parts = sum(RISE.integral(a, b) for a, b in pairwise(edges))
    assert parts == pytest.approx(6600.0, rel=1e-12)


def test_each_cell_gets_its_share() -> None:
    """Two inflows: 2 m3/s over two cells by 1 : 3, and 1 m3/s into one; ten seconds."""
    two = ("a", Hydrograph.constant(2.0), np.array([4, 5]), np.array([0.25, 0.75]))
    one = ("b", Hydrograph.constant(1.0), np.array([9]), np.ones(1))
    inflows = Inflows.of([two, one])
    assert inflows.cells.tolist() == [4, 5, 9]
    assert inflows.volumes(50.0, 60.0) == pytest.approx([5.0, 15.0, 10.0])
    assert Inflows.of([]).volumes(0.0, 1.0).size == 0
