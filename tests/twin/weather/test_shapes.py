"""Shapes of a storm in time: each brings its depth, in any intervals, with its peak where it was asked for."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.twin.weather.cases import HOUR, MINUTE, START, STORM, model_of, problems_of, rain_of
from twin.weather.areal import leclerc_schaake, nerc
from twin.weather.chicago import STORM_FORMULAS, StormFormula
from twin.weather.curves import rain_curve
from twin.weather.shapes import alternating_blocks

SUZHOU = STORM_FORMULAS["suzhou"].formula
TWO_HOURS_MM = SUZHOU.depth(120.0, 20.0)


def curve_of(hours: float = 5.0, **keys):
    return rain_curve(rain_of(**keys), START, round(hours * HOUR))


@pytest.mark.parametrize("shape", ["chicago", "block", "triangular", "alternating_block"])
def test_every_shape_of_a_design_storm_brings_the_formulas_depth(shape):
    """i(T) T of 20 years and 2 h, to rounding; nothing outside of the storm."""
    keys = {k: v for k, v in STORM.items() if k != "peak" or shape != "block"}
    curve = curve_of(**keys, shape=shape, start="30 min")
    assert curve.depth(5 * HOUR) - curve.depth(0) == pytest.approx(TWO_HOURS_MM, rel=1e-12)
    assert curve.depth(30 * MINUTE) == 0.0
    assert curve.begin_us == 30 * MINUTE
    assert curve.end_us == 150 * MINUTE


@given(st.floats(0.01, 0.99), st.lists(st.integers(-HOUR, 6 * HOUR), min_size=2, max_size=12))
def test_a_triangles_depth_never_falls_and_is_that_of_its_corners(peak, times):
    curve = curve_of(depth="60 mm", duration="2 h", shape="triangular", peak=peak, start="1 h")
    depths = [curve.depth(t) for t in sorted(times)]
    assert all(b >= a - 1e-12 for a, b in itertools.pairwise(depths))
    assert curve.depth(curve.peak_us) == pytest.approx(60.0 * peak, rel=1e-6)  # peak_us is a whole microsecond
    assert curve.depth(3 * HOUR) == pytest.approx(60.0, rel=1e-14)


def test_a_triangle_peaks_at_twice_its_mean():
    """60 mm in 2 h: 60 mm/h at the peak, over the second around it."""
    curve = curve_of(depth="60 mm", duration="2 h", shape="triangular", peak=0.25)
    rate = (curve.depth(30 * MINUTE + 500_000) - curve.depth(30 * MINUTE - 500_000)) * 3600.0
    assert rate == pytest.approx(60.0, rel=5e-4)  # the mean of a second about a corner


def test_a_depth_without_a_shape_is_an_even_rain():
    curve = curve_of(depth="30 mm", duration="2 h", start="1 h")
    assert curve.depth(2 * HOUR) == pytest.approx(15.0)
    assert curve.peak_us == 2 * HOUR


def test_alternating_blocks_hold_the_formulas_depth_of_every_number_of_blocks():
    """Sorted by rain, the hardest k blocks of 10 min bring i(10 k) 10 k; the hardest of all holds the peak."""
    curve = alternating_blocks(SUZHOU, 20.0, 7200.0, 0.45, 600.0, 0)
    blocks = np.diff(curve.depths)
    hardest = np.cumsum(np.sort(blocks)[::-1])
    assert hardest == pytest.approx([SUZHOU.depth(10.0 * k, 20.0) for k in range(1, 13)], rel=1e-12)
    assert int(np.argmax(blocks)) == int(0.45 * 12)
    assert curve.begin_us <= 0.45 * 7200e6 <= curve.end_us
    rising, falling = blocks[: int(np.argmax(blocks)) + 1], blocks[int(np.argmax(blocks)) :]
    assert (np.diff(rising) > 0).all()
    assert (np.diff(falling) < 0).all()


@given(st.floats(0.01, 0.99), st.floats(60.0, 4000.0))
def test_alternating_blocks_bring_their_depth_whatever_the_step(peak, step):
    formula = StormFormula(20.0, 1.0, 10.0, 0.7)
    curve = alternating_blocks(formula, 10.0, 5400.0, peak, step, 0)
    assert curve.depths[-1] == pytest.approx(formula.depth(90.0, 10.0), rel=1e-12)
    assert curve.end_us == pytest.approx(5400e6, abs=2)


def test_the_type_2_storm_has_two_fifths_of_its_rain_in_an_hour():
    """TR-55: 0.235 by 11:00, 0.663 by 12:00, 0.772 by 13:00; 43 % fall in the hour before noon."""
    curve = curve_of(hours=30, depth="100 mm", duration="24 h", shape="scs_type_2")
    assert [curve.depth(h * HOUR) for h in (11, 12, 13, 24, 30)] == pytest.approx([23.5, 66.3, 77.2, 100, 100])
    assert curve.peak_us == round(11.875 * HOUR)


def test_the_standard_peaks_of_suzhou_are_shipped():
    """r = 0.43 up to 180 min and 0.77 for 1440 min; in between the scenario must say it."""
    named = STORM_FORMULAS["suzhou"]
    assert (named.peak(180 * 60), named.peak(1440 * 60), named.peak(600 * 60)) == (0.43, 0.77, None)
    keys = {"design_storm": "suzhou", "return_period": "50 a"}
    for minutes, peak in ((180, 0.43), (1440, 0.77)):
        curve = curve_of(hours=30, **keys, duration=f"{minutes} min")
        assert curve.peak_us == round(peak * minutes * MINUTE)
    with pytest.raises(ValidationError, match="needs `peak`"):
        rain_of(**keys, duration="600 min")


@pytest.mark.parametrize("years", [1, 2, 3, 5, 10, 20, 30, 50, 100])
def test_a_return_period_can_be_swept(years):
    """Depth of 180 min by the formula, for the return periods of GB 50014."""
    model = model_of({"rain": {"design_storm": "suzhou", "return_period": f"{years} a", "duration": "3 h"}})
    model.advance(5 * HOUR)
    by_hand = 17.969 * (1 + 1.24 * np.log10(years)) / (180 + 18.415) ** 0.785 * 180
    assert model.summary()["rain_depth"].value == pytest.approx(by_hand, rel=1e-12)


def test_an_areal_reduction_lessens_the_whole_storm():
    """100 km2 and 2 h: NERC's factor on every minute, and on the depth."""
    plain, less = (
        curve_of(**STORM, **more) for more in ({}, {"areal_reduction": {"method": "nerc", "area": "100 km2"}})
    )
    factor = nerc(100e6, 7200.0)
    assert 0.8 < factor < 0.87
    for minute in range(0, 130, 13):
        assert less.depth(minute * MINUTE) == pytest.approx(factor * plain.depth(minute * MINUTE), rel=1e-12)


def test_an_areal_reduction_takes_the_citys_own_area_where_none_is_given():
    """4 by 3 km."""
    rain = {**STORM, "areal_reduction": {"method": "leclerc_schaake"}}
    model = model_of({"rain": rain})
    model.advance(5 * HOUR)
    assert model.summary()["rain_depth"].value == pytest.approx(TWO_HOURS_MM * leclerc_schaake(12e6, 7200.0), rel=1e-12)
    (problem,) = problems_of({"rain": rain}, extent=None)
    assert "nothing in this scenario says how large the city is" in problem.text


def test_a_storm_that_the_end_cuts_off_is_told():
    (cut,) = problems_of({"rain": {**STORM, "start": "4 h"}})
    assert cut.warn
    assert cut.text.startswith("the scenario ends before the storm: ")
    (dry,) = problems_of({"rain": {**STORM, "start": "6 h"}})
    assert dry.text.startswith("the storm begins 6.00 h after the start, but the scenario lasts 5.00 h: it stays dry")
    assert problems_of({"rain": STORM}) == []


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"depth": "30 mm"}, "needs `duration`"),
        ({"depth": "0 mm", "duration": "1 h"}, "greater than 0"),
        ({"depth": "30 mm", "duration": "1 h", "shape": "chicago"}, "follows from a formula"),
        ({"depth": "30 mm", "duration": "1 h", "return_period": "5 a"}, "belongs to `design_storm`"),
        ({"depth": "30 mm", "duration": "1 h", "shape": "triangular"}, "needs `peak`"),
        ({"depth": "30 mm", "duration": "1 h", "shape": "block", "peak": 0.4}, "has no peak to be placed"),
        ({"depth": "30 mm", "duration": "1 h", "shape": "scs_type_2"}, "write `duration: 24 h`"),
        ({**STORM, "shape": "triangle"}, "Input should be"),
        ({**STORM, "step": "5 min"}, "belongs to `shape: alternating_block`"),
        ({**STORM, "zones": {"cell": "1 km"}}, "give `cell` or `gauges`"),
        ({**STORM, "gaps": "dry"}, "belongs to `series` or `gauges`"),
        ({**STORM, "areal_reduction": {"area": "3 km2"}}, "give exactly one of method, factor"),
        ({**STORM, "cell": {"radius": "1 km"}, "areal_reduction": {"factor": 0.9}}, "already spreads its rain"),
        ({"rate": "5 mm/h", "areal_reduction": {"method": "nerc"}}, "give `duration`"),
        ({**STORM, "cell": {"radius": "0 km"}}, "greater than 0"),
        ({**STORM, "cell": {"radius": "1 km", "speed": "300 km/h"}}, "less than or equal to 60"),
        ({**STORM, "cell": {"radius": "1 km"}, "zones": {"cell": "1 m"}}, "greater than or equal to 10"),
        ({**STORM, "cell": {"radius": "1 km"}, "zones": {"extent": [4, 0, 1, 9]}}, "west below east"),
    ],
)
def test_rain_that_makes_no_sense_is_refused(keys, said):
    with pytest.raises(ValidationError, match=said):
        rain_of(**keys)
