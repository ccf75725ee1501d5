"""Formulas of wind, fog and water."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from port.weather import WindSwitch, sight_speed, wet_speeds
from twin.clock import US


@given(st.floats(0.0, 500.0), st.floats(0.5, 8.0), st.floats(0.0, 2.0))
def test_a_vehicle_at_sight_speed_stops_within_what_it_sees(distance, brake, reaction):
    """v τ + v²/(2a) = D, solved back."""
    v = sight_speed(distance, brake, reaction)
    assert v * reaction + v * v / (2 * brake) == pytest.approx(distance, abs=1e-6 * max(1.0, distance))


def test_wet_speed_follows_the_published_curve():
    """Pregnolato (2017): 86.9 km/h dry, and at 150 mm 0.0009·150² − 0.5529·150 + 86.9448 = 24.26 km/h."""
    some = wet_speeds(np.array([0.0, 0.150, 0.150]), np.array([40.0, 40.0, 5.0]))
    assert some[:2] * 3.6 == pytest.approx([86.9448, 24.26], abs=0.005)
    assert some[2] == 5.0
    depths = np.arange(60) / 100
    speeds = wet_speeds(depths, np.full(60, 40.0)).tolist()
    assert all(a >= b > 0.0 for a, b in pairwise(speeds))


def test_a_wind_switch_waits_for_a_lasting_calm():
    """Stops at 20 m/s; goes on after 10 min below 18 m/s; a gust of 18.5 in between starts the wait anew."""
    switch = WindSwitch(20.0, 0.9, 600 * US)
    minute = 60 * US
    assert switch.observe(0, 19.9) is None
    assert switch.observe(1 * minute, 20.0) is True
    assert switch.observe(2 * minute, 25.0) is None
    assert switch.observe(3 * minute, 17.0) is None
    assert switch.due_us == 13 * minute
    assert switch.observe(9 * minute, 18.5) is None
    assert switch.due_us is None
    assert switch.observe(10 * minute, 17.0) is None
    assert switch.observe(19 * minute, 17.0) is None
    assert switch.observe(20 * minute, 17.0) is False
    assert not switch.stopped
