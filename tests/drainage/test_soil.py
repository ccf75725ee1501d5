"""Infiltration against Green and Ampt's own equation, and the account of what sank."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from drainage.soil import Soil, capacity, infiltrate, make_soil
from drainage.surface import Surface, make_surface
from twin.places import Grid

K, SUCTION, DEFICIT = 10e-3 / 3600, 0.11, 0.3
"""Sandy loam: 10 mm/h, 110 mm, 0.3."""


def flat(ny: int = 3, nx: int = 4) -> Surface:
    return make_surface(Grid(0.0, 0.0, 5.0, nx, ny), np.zeros((ny, nx)), 0.03)


def full(surface: Surface, k: float = K, suction: float = SUCTION) -> Soil:
    shape = surface.water.h.shape
    return make_soil(np.full(shape, k), np.full(shape, suction), np.full(shape, DEFICIT))


def implicit(sunk: float, reach: float, dt: float) -> float:
    """ΔF of Green and Ampt's equation by bisection."""

    def miss(more: float) -> float:
        return more - reach * np.log1p(more / (sunk + reach)) - K * dt

    return float(brentq(miss, 0.0, 10.0, xtol=1e-16, rtol=1e-15))


@pytest.mark.parametrize("sunk", [0.0, 1e-6, 1e-3, 0.02, 0.5])
@pytest.mark.parametrize("dt", [0.5, 5.0, 300.0])
def test_capacity_solves_green_and_ampts_equation(sunk: float, dt: float) -> None:
    """Largest relative error found: 1e-12, at sunk = 0, where the rate is infinite; rounding of the logarithm."""
    exact = implicit(sunk, (SUCTION + 0.02) * DEFICIT, dt)
    assert capacity(K, SUCTION, DEFICIT, 0.02, sunk, dt) == pytest.approx(exact, rel=1e-8)


def test_rain_sinks_as_mein_and_larson_say() -> None:
    """30 mm/h on sandy loam: ponding after t_p = K ψΔθ / (i (i − K)) = 1,980 s with F_p = 16.5 mm, then the ponded
    equation from there (Mein & Larson 1973). Measured after two hours: 1.1 % more, for up to 2 cm of water then stands
    on the ground, whose pressure the textbook leaves out; without that pressure, 0.01 %."""
    rate, dt = 30e-3 / 3600, 5.0
    reach = SUCTION * DEFICIT
    ponding_s = K * reach / (rate * (rate - K))
    assert ponding_s == pytest.approx(1980.0)
    for drained, tolerance in ((False, 0.02), (True, 0.001)):
        surface = flat()
        soil, dry_until = full(surface), 0.0
        surface.soil = soil
        for k in range(1440):
            surface.flow(k * dt, dt, rate)
            if surface.water.h.max() == 0.0 and dry_until == k * dt:
                dry_until = (k + 1) * dt
            if drained:
                surface.water.h[:] = 0.0
        at_ponding = rate * ponding_s
        expected = brentq(
            lambda f, on=at_ponding: f - on - reach * np.log((f + reach) / (on + reach)) - K * (7200 - ponding_s), 0, 1
        )
        print(f"sunk {soil.sunk.mean() * 1e3:.3f} mm, Mein and Larson {expected * 1e3:.3f} mm")
        assert soil.sunk.mean() == pytest.approx(expected, rel=tolerance)
        assert drained or dry_until == pytest.approx(ponding_s, abs=4 * dt)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1e-3), st.floats(0, 0.5))
def test_no_water_is_lost_and_no_cell_gives_more_than_it_has(seed: int, k: float, wet: float) -> None:
    """Rough ground, pools, rain: on the surface + sunk = what came, to 1e-12."""
    rng = np.random.default_rng(seed)
    z = rng.random((17, 50))
    surface = make_surface(Grid(0.0, 0.0, 5.0, 50, 17), z, 0.03)
    soil = make_soil(k * rng.random(z.shape), 0.3 * rng.random(z.shape), 0.5 * rng.random(z.shape))
    surface.fill(rng.random(z.shape) * (rng.random(z.shape) < wet))
    start = surface.volume()
    surface.soil = soil
    for n in range(20):
        surface.flow(5.0 * n, 5.0, 1e-5)
        assert surface.water.h.min() > -1e-15
    whole = start + surface.account()["rain"]
    assert abs(surface.volume() + soil.account[0] - whole) < 1e-12 * whole
    assert soil.sunk.sum() * 25.0 == pytest.approx(soil.account[0], rel=1e-12)


def test_a_constant_rate_is_constant() -> None:
    """10 mm/h for half an hour out of 3 cm of standing water: 5 mm (single precision of the rate)."""
    surface = flat()
    surface.fill(np.full((3, 4), 0.03))
    soil = full(surface, suction=0.0)
    for _ in range(360):
        infiltrate(surface.ground, soil, surface.water, 5.0)
    assert surface.water.h == pytest.approx(np.full((3, 4), 0.025), rel=1e-7)


def test_dry_ground_is_left_alone_and_a_drained_tile_falls_asleep() -> None:
    surface = flat()
    soil = full(surface, k=1.0)
    infiltrate(surface.ground, soil, surface.water, 5.0)
    assert soil.account[0] == 0.0
    surface.fill(np.full((3, 4), 0.02))
    infiltrate(surface.ground, soil, surface.water, 5.0)
    assert surface.water.h.max() == 0.0
    assert surface.water.wet.max() == 0.0
    assert soil.account[0] == pytest.approx(0.02 * 12 * 25.0)
