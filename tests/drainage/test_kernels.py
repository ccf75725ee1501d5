"""The surface's loops against slow NumPy, and the laws that hold whatever the terrain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drainage import rows
from drainage.surface import Surface, make_surface
from drainage.walls import walls_along
from twin.places import FloatArray, Grid


def surface_over(z: FloatArray, cell: float = 5.0, **more: object) -> Surface:
    return make_surface(Grid(0.0, 0.0, cell, z.shape[1], z.shape[0]), z, 0.03, **more)  # type: ignore[arg-type]


def test_the_power_of_friction_is_within_two_millionths() -> None:
    """A guess from the exponent's bits and one polynomial: 1.2e-6 at most for depths of 1e-5 to 1e3 m."""
    depth = np.logspace(-5, 3, 4000).astype(np.float32)
    found = np.array([rows.power(d) for d in depth], dtype=float)
    assert np.abs(found * depth.astype(float) ** (7 / 3) - 1).max() < 2e-6


def numpy_step(s: Surface, dt: float) -> FloatArray:
    """One step written plainly, friction at the mean of the old and the new speed; gives the new depth. No cell may run
    short in it."""
    z, h, qx, qy = s.ground.z, s.water.h, s.water.qx, s.water.qy
    g, dx, th, n2 = 9.81, s.grid.cell_m, s.ground.theta, float(s.ground.n2[0, 0])
    new = h.copy()
    for axis in (0, 1):
        q = qy if axis == 0 else qx
        other = qx if axis == 0 else qy
        for j in range(z.shape[0] - (axis == 0)):
            for i in range(z.shape[1] - (axis == 1)):
                jn, i_n = (j + 1, i) if axis == 0 else (j, i + 1)
                lift = z[jn, i_n] + h[jn, i_n] - z[j, i] - h[j, i]
                depth = max(z[j, i] + h[j, i], z[jn, i_n] + h[jn, i_n]) - max(z[j, i], z[jn, i_n])
                if depth <= s.ground.dry_m:
                    continue
                if axis == 0:
                    own, back, on = q[j + 1, i], q[j, i], q[j + 2, i]
                    across = (other[j, i] + other[j, i + 1] + other[j + 1, i] + other[j + 1, i + 1]) / 4
                else:
                    own, back, on = q[j, i + 1], q[j, i], q[j, i + 2]
                    across = (other[j, i] + other[j + 1, i] + other[j, i + 1] + other[j + 1, i + 1]) / 4
                top = th * own + (1 - th) / 2 * (back + on) - g * depth * dt * lift / dx
                drag = g * dt * n2 / depth ** (7 / 3)
                if s.ground.vector:
                    first = top / (1 + drag * np.hypot(own, across))
                    flux = top / (1 + drag * (np.hypot(own, across) + np.hypot(first, across)) / 2)
                else:
                    flux = 2 * top / (1 + np.sqrt(1 + 4 * drag * abs(top)))
                new[j, i] -= flux * dt / dx
                new[jn, i_n] += flux * dt / dx
    return new


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("scheme", ["vector", "inertial"])
def test_a_step_is_the_formula(scheme: str, precision: str) -> None:
    """Rough ground under 1 m of water after 20 steps, so that all terms act; against the formula in plain NumPy.

    A step moves some millimetres, of which friction takes a share that is known to 2e-6: 1e-8 m (3e-9 measured).
    Single adds the rounding of depths of 1 m: 1e-7 m."""
    rng = np.random.default_rng(5)
    s = surface_over(rng.random((133, 41)) * 0.4, scheme=scheme, precision=precision)
    s.fill(1.0 + 0.2 * rng.random((133, 41)))
    s.flow(0.0, 10.0)
    expected = numpy_step(s, 0.25)
    assert np.abs(expected - s.water.h).max() > 1e-3
    s.flow(10.0, 0.25)
    assert np.abs(s.water.h - expected).max() < (1e-8 if precision == "double" else 1e-7)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 140), st.integers(1, 75), st.floats(0, 2e-4), st.floats(0.02, 0.9), st.integers(0, 2**32 - 1),
    st.sampled_from(["double", "single"]), st.sampled_from(["vector", "inertial"]), st.booleans(), st.booleans(),
)  # fmt: skip
def test_no_water_is_lost_or_made(
    ny: int, nx: int, rain: float, wet: float, seed: int, precision: str, scheme: str, walled: bool, porous: bool
) -> None:
    """Random ground with holes, random pools, rain, closed edges, perhaps walls and porous cells, in both precisions:
    mass to 1e-12 of what there is, no negative depth."""
    rng = np.random.default_rng(seed)
    z = rng.random((ny, nx)) * 3
    z[rng.random((ny, nx)) < 0.1] = np.nan
    more: dict[str, object] = {"precision": precision, "scheme": scheme}
    if walled:
        line = rng.random((4, 2)) * [5.0 * nx, 5.0 * ny]
        more["walls"] = walls_along(Grid(0.0, 0.0, 5.0, nx, ny), [(line, np.nan, 1.0)])
    if porous:
        more["share"] = np.where(rng.random((ny, nx)) < 0.2, 0.1 + 0.8 * rng.random((ny, nx)), 1.0)
    s = surface_over(z, **more)
    s.fill(rng.random((ny, nx)) * 2 * (rng.random((ny, nx)) < wet))
    start = s.volume()
    for k in range(12):
        s.flow(5.0 * k, 5.0, rain)
    whole = start + s.account()["rain"]
    assert abs(s.volume() - whole) <= 1e-12 * max(whole, 1e-9)
    assert s.water.h.min() > -1e-15


def test_a_small_pool_on_a_tall_grid_keeps_its_water() -> None:
    """Water that comes and goes over the seams between bands: films wake and sleep there, and nothing is lost."""
    rng = np.random.default_rng(11)
    z = np.abs(np.arange(300)[:, None] - 150) * 0.02 + rng.random((300, 90)) * 0.05
    s = surface_over(z)
    pool = np.zeros(z.shape)
    pool[20:40, 20:70] = 0.4
    s.fill(pool)
    start = s.volume()
    for k in range(150):
        s.flow(10.0 * k, 10.0)
    assert abs(s.volume() / start - 1) < 1e-13
    assert s.water.h[128:172].sum() > 0.5 * s.water.h.sum()


@pytest.mark.parametrize("precision", ["double", "single"])
def test_the_number_of_threads_changes_no_bit(precision: str) -> None:
    """A dam break over rough ground of 300 × 200 cells by one, two and three threads."""
    z = np.random.default_rng(3).random((300, 200)) * 0.5
    depths = []
    for threads in (1, 2, 3):
        s = surface_over(z, precision=precision, threads=threads)
        s.fill(np.where(np.arange(300)[:, None] < 120, 2.0, 0.0) * np.ones((1, 200)))
        for k in range(4):
            s.flow(5.0 * k, 5.0, 1e-5)
        depths.append(s.water.h.copy())
    assert (depths[0] == depths[1]).all()
    assert (depths[0] == depths[2]).all()


def test_rain_too_fine_for_single_precision_is_not_lost() -> None:
    """0.1 mm/h on 10 m of water, put on every 2 s: 5.6e-8 m, a sixteenth of what float32 resolves there."""
    s = surface_over(np.zeros((8, 40)), precision="single")
    s.fill(np.full((8, 40), 10.0))
    for k in range(500):
        s.flow(2.0 * k, 2.0, 0.1e-3 / 3600)
    assert s.water.h.mean() - 10.0 == pytest.approx(0.1e-3 / 3600 * 1000, rel=1e-9)


@pytest.mark.parametrize(("precision", "most"), [("double", 1e-12), ("single", 1e-5)])
def test_a_lake_at_rest_stays_at_rest(precision: str, most: float) -> None:
    """Water level 1.5 m over ground of 0 to 2 m with islands, a wall through it and porous cells, for 200 s.

    Double: no cell moves by more than 1e-12 m. Single: by no more than 1e-5 m (3e-6 measured, where 2 mm stand beside
    1 m: its float32 resolution, 1e-7 m, drives a little flow)."""
    rng = np.random.default_rng(2)
    z = (rng.random((60, 90)) * 2).astype(np.float32).astype(float)
    grid = Grid(0.0, 0.0, 2.0, 90, 60)
    walls = walls_along(grid, [(np.array([[10.0, 5.0], [120.0, 99.0]]), np.nan, 0.4)])
    share = np.where(rng.random(z.shape) < 0.2, 0.3, 1.0)
    s = surface_over(z, 2.0, walls=walls, share=share, precision=precision)
    s.fill(np.maximum(1.5 - z, 0.0))
    before = s.water.h.copy()
    for k in range(20):
        s.flow(10.0 * k, 10.0)
    assert np.abs(s.water.h - before).max() < most


def test_tiles_change_nothing() -> None:
    """A pool that spreads over many tiles is the same, but for rounding, as where all tiles are kept awake."""
    rng = np.random.default_rng(9)
    z = rng.random((50, 140)) * 0.2
    asleep, awake = surface_over(z), surface_over(z)
    pool = np.zeros(z.shape)
    pool[20:24, 30:36] = 2.0
    for s in (asleep, awake):
        s.fill(pool)
    for k in range(200):
        np.maximum(awake.water.wet, 2 * awake.ground.dry_m, out=awake.water.wet)
        np.maximum(awake.water.wet_row, 2 * awake.ground.dry_m, out=awake.water.wet_row)
        asleep.flow(0.3 * k, 0.3)
        awake.flow(0.3 * k, 0.3)
    assert asleep.steps == awake.steps
    assert asleep.water.work.sum() < 0.8 * asleep.water.work.size
    assert np.count_nonzero(asleep.water.h) > 5 * pool.astype(bool).sum()
    assert np.abs(asleep.water.h - awake.water.h).max() < 1e-12


def test_a_cell_never_gives_more_than_it_holds() -> None:
    """A thin sheet on a cliff would lose more than it has in one step; it must not, and the sum stays."""
    z = np.zeros((3, 40))
    z[:, :20] = 50.0
    s = surface_over(z)
    depth = np.zeros(z.shape)
    depth[:, 15:20] = 0.05
    s.fill(depth)
    start = s.volume()
    for k in range(30):
        s.flow(float(k), 1.0)
        assert s.water.h.min() > -1e-15
    assert abs(s.volume() - start) < 1e-12 * start
    assert s.water.h[:, :20].sum() < 0.9 * depth.sum()


def test_water_that_reaches_the_river_has_left_and_is_counted() -> None:
    """A slope into a river: land + what the river got = what was there. A tide above the bank comes onto the land."""
    z = np.tile(np.linspace(3.0, 2.0, 30), (6, 1))
    river = np.zeros(z.shape, dtype=bool)
    river[:, 26:] = True
    s = surface_over(z, river=river)
    s.set_level(1.0)
    s.fill(np.full(z.shape, 0.3))
    start = s.volume()
    for k in range(60):
        s.flow(10.0 * k, 10.0)
    assert s.volume() < 0.2 * start
    assert s.volume() + s.account()["river"] == pytest.approx(start, rel=1e-12)
    assert s.depth().reshape(z.shape)[:, 26:].max() == 0.0
    s.set_level(2.6)
    for k in range(60):
        s.flow(10.0 * k, 10.0)
    assert s.volume() + s.account()["river"] == pytest.approx(start, rel=1e-12)
    level = (z + s.water.h)[:, 20:26]
    assert np.abs(level - 2.6).max() < 0.02


def test_an_open_edge_lets_water_out_and_counts_it() -> None:
    s = surface_over(np.zeros((10, 30)), open_edge=True)
    s.fill(np.full((10, 30), 0.5))
    start = s.volume()
    for k in range(40):
        s.flow(10.0 * k, 10.0)
    assert s.volume() < 0.1 * start
    assert s.volume() + s.account()["edge"] == pytest.approx(start, rel=1e-12)


def test_what_a_cell_cannot_give_is_owed_and_paid_first() -> None:
    """Taking 1 m3 from a cell that holds 0.4 leaves a debt of 0.6; the next 1 m3 pays it first."""
    s = surface_over(np.zeros((1, 1)), cell=1.0)
    s.fill(np.full((1, 1), 0.4))
    cells, debt = np.array([0]), np.zeros(1)
    s.flow(0.0, 1.0, 0.0, cells, np.array([-1.0]), debt)
    assert debt[0] == pytest.approx(0.6)
    assert s.volume() == 0.0
    s.flow(1.0, 1.0, 0.0, cells, np.array([1.0]), debt)
    assert debt[0] == 0.0
    assert s.volume() == pytest.approx(0.4)
