"""Sky behind steel, alignment, rain, corners: formulas at points known by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from port.layers.corners import PerceptionLayer
from port.layers.positioning import hidden_sky, retry_chance
from port.layers.rain import rain_range
from port.layers.sections import Rain
from port.layout import complete
from port.plan import Plan
from port.terminal import Terminal


def test_a_wall_hides_its_lune_of_the_sky():
    """As high as far: 45 of 180 degrees; endless: half the sky; none: nothing."""
    assert hidden_sky(np.array([5.0, 1e9, 0.0, -3.0]), 5.0) == pytest.approx([0.25, 0.5, 0.0, 0.0])


def test_alignment_in_the_open_is_the_files_own_and_steel_raises_it():
    """0.1 within ± 4 cm: σ = 4 / 1.645 = 2.43 cm; with 2 cm on top 3.15 cm: 2 Φ(−4 / 3.15) = 0.204."""
    assert retry_chance(np.array([0.1, 0.0]), 0.0, 0.04, 0.1) == pytest.approx([0.1, 0.0])
    assert retry_chance(np.array([0.1]), 0.2, 0.04, 0.1)[0] == pytest.approx(0.204, abs=5e-4)
    grown = retry_chance(np.array([0.1, 0.1, 0.1]), np.array([0.0, 0.2, 0.35]), 0.04, 0.1)
    assert (np.diff(grown) > 0).all()


@given(st.floats(0.0, 0.9), st.floats(0.0, 0.5))
def test_a_wider_tolerance_never_needs_more_tries(base, hidden):
    """The chance in the open is the file's at its own tolerance, so only the steel's share changes."""
    tight, wide = (retry_chance(np.array([base]), hidden, t, 0.1)[0] for t in (0.03, 0.05))
    assert base - 1e-9 <= wide <= tight + 1e-9 or tight == 0.95


@given(st.floats(0.01, 500.0), st.floats(5.0, 300.0))
def test_rain_takes_range_until_the_echo_is_as_strong_as_in_dry_air(rain, clear):
    """r² = r₀² e^(−2 α r), α = 0.01 R^0.6 per metre."""
    r = rain_range(rain, Rain.model_validate({"clear_range": f"{clear} m"}))
    assert r * math.exp(0.01 * rain**0.6 * r) == pytest.approx(clear, rel=1e-9)


def test_thirty_millimetres_an_hour_leave_a_fifth_of_a_hundred_metres():
    """α 0.0770, α r₀ 7.70, W(7.70) = 1.582: 20.56 m. No rain, or `a` 0: no limit."""
    assert rain_range(30.0, Rain()) == pytest.approx(20.56, abs=0.01)
    assert rain_range(0.0, Rain()) == rain_range(30.0, Rain(a=0.0)) == math.inf


def corner(units: list[dict]) -> Plan:
    """A gate road into a cross road; a stack in the corner to the north-east, its near face 5 m from both lanes."""
    content = {
        "berths": [{"id": "B", "line": [[-20, 220], [20, 220]], "cranes": 1}],
        "lanes": [
            {"id": "south", "line": [[0, -100], [0, 0]]},
            {"id": "north", "line": [[0, 0], [0, 200]]},
            {"id": "east", "line": [[0, 0], [100, 0]]},
            {"id": "west", "line": [[0, 0], [-100, 0]]},
        ],
        "blocks": [{"id": "Y", "lane": "north", "bays": 15, "rows": 8}],
        "gate": {"at": [0, -100]},
        "perception": {"units": units, "crossing": "20 m", "reach": "60 m"},
    }
    return Plan(complete(Terminal.model_validate(content)))


def test_a_corner_is_seen_round_from_where_the_ray_clears_the_stack():
    """Stack from x 5 and y 2.5 on (15 bays of 13 m, centred). From (0, s) to (20, 0): at y = 2.5 the ray is at
    x = 20 (1 − 2.5 / s), below 5 m for s ≤ 3.3 m only: less than the least D of 8 m. From the south all is free."""
    plan = corner([])
    layer = PerceptionLayer(plan, plan.terminal.perception)
    north, south = layer.corners.clear_m[1, 0], layer.corners.clear_m[0, 1]
    assert north == 8.0
    assert south > 20.0
    assert np.isinf(layer.corners.clear_m[0, 0]), "no junction at the gate's end"


def test_a_sensor_at_the_corner_gives_its_reach_while_it_works_and_is_heard():
    """v = −aτ + √((aτ)² + 2aD): 5.59 m/s by eye with D 8 m and 0.5 s; 18.6 m/s with D 60 m and a picture of 0.12 s."""
    plan = corner([{"id": "P1", "at": [-4, -4]}])
    layer = PerceptionLayer(plan, plan.terminal.perception)
    age = np.full(4, 0.12)
    assert layer.told()[1, 0]
    assert layer.end_speeds(age)[1, 0] == pytest.approx(-0.36 + math.sqrt(0.36**2 + 360), abs=1e-6)
    by_eye = -1.5 + math.sqrt(1.5**2 + 48)
    assert layer.end_speeds(np.full(4, np.inf))[1, 0] == pytest.approx(by_eye)
    assert layer.set_unit("P1", "x", True)
    assert layer.end_speeds(age)[1, 0] == pytest.approx(by_eye)
    assert not layer.set_unit("P1", "y", True)
    assert not layer.set_unit("P1", "x", False)
    assert layer.set_unit("P1", "y", False)


def test_the_last_metres_before_a_corner_slow_the_mean_of_a_lane():
    """North lane of 200 m at 20 km/h (5.556 m/s): 8 m at 5.556 (5.59 by eye is faster) cost nothing; with brakes of
    1 m/s² (3.53 m/s) one direction takes 192/5.556 + 8/3.53, the other 200/5.556."""
    plan = corner([])
    layer = PerceptionLayer(plan, plan.terminal.perception)
    age = np.full(4, 0.12)
    assert np.isinf(layer.caps(5.556, age)[1])
    layer.brake = 1.0
    v = -0.5 + math.sqrt(0.25 + 16)
    free = 20 / 3.6
    expected = 200 / ((192 / free + 8 / v + 200 / free) / 2)
    assert layer.caps(10.0, age)[1] == pytest.approx(expected)
