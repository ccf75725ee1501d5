"""Depth to speed, depth to closure, and no flicker on the brink."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traffic.flood import CLOSING_DEPTH_M, FloodClosures, speed_classes, wet_speed
from twin.clock import to_us


@pytest.mark.parametrize(
    ("depth_mm", "speed_kmh"), [(50, 61.5498), (100, 40.6548), (150, 24.2598), (200, 12.3648), (299, 2.0886)]
)
def test_speed_is_pregnolatos_curve(depth_mm, speed_kmh):
    """v = 0.0009 w² − 0.5529 w + 86.9448 worked by hand (Pregnolato et al. 2017)."""
    assert wet_speed(np.array([depth_mm / 1000]), np.array([40.0]))[0] * 3.6 == pytest.approx(speed_kmh, abs=1e-4)


def test_no_car_drives_in_30_cm():
    """The paper's own limit; the fitted curve alone would still give 2 km/h."""
    assert wet_speed(np.array([0.3, 0.5, 2.0]), np.full(3, 13.9)).tolist() == [0, 0, 0]


@given(st.floats(0, 3), st.floats(0, 3), st.floats(1, 40))
def test_deeper_is_never_faster_nor_above_the_limit(a, b, limit):
    """The parabola falls until 307 mm, beyond the cut."""
    slow, fast = wet_speed(np.array([max(a, b), min(a, b)]), np.full(2, limit))
    assert slow <= fast <= limit


@given(st.floats(0, 40), st.floats(0.5, 40))
def test_speed_classes_round_down_but_keep_the_limit(speed, limit):
    """A street at its limit must not lose 0.4 m/s to rounding."""
    speed = min(speed, limit)
    told = speed_classes(np.array([speed]), np.array([limit]), 1.4)[0]
    assert told == limit if speed == limit else told <= max(speed, 1.4) + 1e-6
    assert min(1.4, limit) <= told <= limit


def closures(**more) -> FloodClosures:
    return FloodClosures({"passenger": 0.3, "truck": 0.6}, 1, reopen_after_us=to_us(600), **more)


def test_each_class_is_kept_off_from_its_own_depth():
    """Cars from 0.3 m, trucks from 0.6 m."""
    flood = closures()
    seen = []
    for minute, depth in enumerate((0.29, 0.30, 0.59, 0.60)):
        flood.update(to_us(60 * minute), np.array([depth]))
        seen.append(sorted(flood.classes_at(0)))
    assert seen == [[], ["passenger"], ["passenger"], ["passenger", "truck"]]


def test_a_street_opens_only_after_ten_minutes_below_half_the_depth():
    """Falls to 0.16 m: stays shut. Below 0.15 m for 10 min: opens, and not a minute before."""
    flood = closures()
    flood.update(0, np.array([0.35]))
    flood.update(to_us(60), np.array([0.16]))
    assert not flood.update(to_us(3600), np.array([0.16])).size
    opened = [m for m in range(61, 90) if flood.update(to_us(60 * m), np.array([0.1])).size]
    assert opened == [71]


def test_water_that_comes_back_starts_the_ten_minutes_anew():
    """9 min dry, a splash, 9 min dry: still closed."""
    flood = closures()
    flood.update(0, np.array([0.35]))
    for minute in range(1, 10):
        flood.update(to_us(60 * minute), np.array([0.0]))
    flood.update(to_us(600), np.array([0.2]))
    for minute in range(11, 20):
        flood.update(to_us(60 * minute), np.array([0.0]))
    assert flood.classes_at(0) == {"passenger"}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_trucks_are_never_kept_off_where_cars_may_go(depths):
    """A deeper closing depth closes later; with the same waiting time it also opens earlier or together."""
    flood = closures()
    for minute, depth in enumerate(depths):
        flood.update(to_us(60 * minute), np.array([depth]))
        assert flood.classes_at(0) != {"truck"}
        assert depth < 0.3 or "passenger" in flood.classes_at(0)


def test_every_road_class_of_sumo_has_a_closing_depth():
    """A class that is left out would drive through any water."""
    assert {"passenger", "taxi", "delivery", "bus", "coach", "truck", "trailer", "emergency"} <= CLOSING_DEPTH_M.keys()
    assert all(0 < depth <= 1 for depth in CLOSING_DEPTH_M.values())
