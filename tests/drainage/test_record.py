"""What is remembered of a flood: hazard classes at their limits, speeds, and that dry ground stays out of it."""

from __future__ import annotations

import numpy as np
import pytest

from drainage.record import hazard_class, keep, make_record, speeds_at
from drainage.surface import Surface, make_surface
from twin.places import FloatArray, Grid


def surface_over(z: FloatArray, cell: float = 5.0) -> Surface:
    return make_surface(Grid(0.0, 0.0, cell, z.shape[1], z.shape[0]), z, 0.03)


@pytest.mark.parametrize(
    ("depth", "speed", "expected"),
    [
        (0.3, 1.0, 1), (0.3, 1.01, 2), (0.31, 0.1, 2), (0.5, 1.2, 2), (0.51, 0.1, 3), (1.2, 0.5, 3), (1.21, 0.1, 4),
        (0.5, 1.3, 4), (2.0, 0.5, 4), (2.01, 0.1, 5), (0.05, 2.0, 1), (0.05, 2.1, 5), (4.0, 1.0, 5), (4.01, 0.0, 6),
        (1.1, 3.7, 6), (0.1, 4.1, 6),
    ],
)  # fmt: skip
def test_hazard_classes_change_at_the_published_limits(depth: float, speed: float, expected: int) -> None:
    """AIDR Guideline 7-3 (2017), tables 1 and 2: D·V, D and V up to and with the limit of each class."""
    assert hazard_class(depth, speed) == expected


def test_still_water_is_recorded_by_depth_alone() -> None:
    """0.3 m at rest for 100 s: above 15 and 27 cm all the time, above 40 never; H1, no speed."""
    s = surface_over(np.zeros((4, 5)))
    s.fill(np.full((4, 5), 0.3))
    for k in range(10):
        s.flow(10.0 * k, 10.0)
    record = s.record
    assert record.over_s[:, 0, 0] == pytest.approx([100.0, 100.0, 0.0])
    assert record.hmax == pytest.approx(np.full((4, 5), 0.3))
    assert record.arrival_s == pytest.approx(np.full((4, 5), 10.0))
    assert record.vmax.max() == 0.0
    assert (record.hazard == 1).all()


def test_speed_is_flux_over_depth() -> None:
    """A uniform stream down 1 : 100, n = 0.03, of q = 0.5 m2/s: h = (n q / √S)^(3/5) = 0.319 m, v = 1.57 m/s: H2.
    Within 1 %: what is left of the drawdown at its end."""
    z = np.tile(-0.01 * 5.0 * np.arange(60.0), (3, 1))
    s = make_surface(Grid(0.0, 0.0, 5.0, 60, 3), z, 0.03, open_edge=True)
    s.ground = s.ground._replace(edge=np.array([59, 119, 179]), edge_sides=np.ones(3))
    cells, debt = np.array([0, 60, 120]), np.zeros(3)
    for k in range(240):
        s.flow(5.0 * k, 5.0, 0.0, cells, np.full(3, 0.5 * 5.0 * 5.0), debt)
    depth = (0.03 * 0.5 / 0.1) ** 0.6
    out = np.zeros(1)
    speeds_at(s.water.h, s.water.qx, s.water.qy, np.array([90]), out)
    assert s.water.h[1, 30] == pytest.approx(depth, rel=0.01)
    assert out[0] == pytest.approx(0.5 / depth, rel=0.01)
    assert s.record.vmax[1, 30] == pytest.approx(0.5 / depth, rel=0.02)
    assert s.record.hazard[1, 30] == 2


def test_the_hazard_is_of_one_moment() -> None:
    """Fast and shallow first, deep and still later: neither is H5, though the largest of both would be."""
    s = surface_over(np.zeros((1, 3)))
    record = make_record(1, 3)
    s.fill(np.full((1, 3), 0.25))
    s.water.qx[:] = 0.25 * 1.1
    keep(s.ground, s.water, record, 1.0, 1.0)
    assert record.hazard[0, 1] == 1
    s.fill(np.full((1, 3), 1.1))
    s.water.qx[:] = 0.0
    keep(s.ground, s.water, record, 2.0, 1.0)
    assert (record.hmax[0, 1], record.vmax[0, 1]) == pytest.approx((1.1, 1.1))
    assert record.hazard[0, 1] == 3
    assert hazard_class(1.1, 1.1) == 5


def test_dry_tiles_and_closed_cells_are_passed_over() -> None:
    """A pool in one corner: nothing is written in tiles that it has not reached, nor in a closed cell."""
    z = np.zeros((40, 200))
    z[0, 0] = np.nan
    s = surface_over(z)
    pool = np.zeros(z.shape)
    pool[:4, :4] = 0.5
    s.fill(pool)
    s.flow(0.0, 2.0)
    s.water.h[30, 150] = 1.0
    record = make_record(40, 200)
    keep(s.ground, s.water, record, 2.0, 2.0)
    assert record.hmax[30, 150] == 0.0
    assert record.hmax[0, 0] == 0.0
    assert record.hmax[2, 2] > 0.1
