"""Moving cells: what falls on zones, by areas that are exact and integrals that are known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.weather.cases import CITY, HOUR, MINUTE, START, STORM, model_of, problems_of, rain_of
from twin.places import Grid
from twin.weather.cell import Profile, ZoneMeans
from twin.weather.curves import rain_field
from twin.weather.field import Moving, zones_over

profiles = st.builds(
    Profile,
    along_m=st.floats(300.0, 3000.0),
    across_m=st.floats(300.0, 3000.0),
    angle_rad=st.floats(-7.0, 7.0),
    gaussian=st.booleans(),
)


def field_of(extent=CITY, hours: float = 5.0, **rain) -> Moving:
    field = rain_field(rain_of(**rain), START, round(hours * HOUR), extent)
    assert isinstance(field, Moving)
    return field


@settings(max_examples=40, deadline=None)
@given(profiles, st.floats(-400.0, 400.0), st.floats(-400.0, 400.0))
def test_zones_together_get_what_the_cell_brings_to_the_plane(profile, x, y):
    """Sum of zone means times their area = 2 pi a b (Gaussian) or pi a b (uniform): to 1e-9, wherever it stands.

    The zones reach 8 standard deviations out, beyond which 1e-14 of a Gaussian lies."""
    half = math.ceil(8 * max(profile.along_m, profile.across_m) / 500.0) * 500.0
    zones = zones_over((-half, -half, half, half), 500.0)
    brought = ZoneMeans(profile, zones).around(x, y).sum() * zones.cell_m**2
    assert brought == pytest.approx(profile.plane_m2, rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(profiles, st.floats(-800.0, 800.0), st.floats(-800.0, 800.0))
def test_the_mean_of_a_zone_is_that_of_its_points(profile, x, y):
    """Against 400 x 400 points a zone: 1e-5 for the smooth profile, 2e-3 for the edge of the uniform (point counts)."""
    zones = Grid(-500.0, -500.0, 500.0, 2, 2)
    found = ZoneMeans(profile, zones).around(x, y)
    at = (np.arange(400) + 0.5) / 400 * 500.0
    for zone in range(4):
        row, column = divmod(zone, 2)
        px, py = np.meshgrid(at - 500.0 + 500.0 * column, at - 500.0 + 500.0 * row)
        mean = profile.at(px - x, py - y).mean()
        assert found[zone] == pytest.approx(mean, abs=1e-5 if profile.gaussian else 2e-3)


def test_a_zone_inside_a_uniform_cell_gets_all_and_one_outside_nothing():
    zones = Grid(0.0, 0.0, 100.0, 30, 1)
    means = ZoneMeans(Profile(1000.0, 1000.0, 0.0, False), zones).around(0.0, 50.0)
    assert means[:9] == pytest.approx(np.ones(9), abs=1e-12)
    assert 0.0 < means[9] < 1.0
    assert means[11:] == pytest.approx(np.zeros(19), abs=1e-12)


def test_an_oval_lies_along_its_angle():
    """A cell of 3 by 0.5 km at 90 degrees lies east and west."""
    zones = Grid(-3000.0, -3000.0, 1000.0, 6, 6)
    means = ZoneMeans(Profile(3000.0, 500.0, math.radians(90.0), True), zones).around(0.0, 0.0).reshape(6, 6)
    assert means[2, 0] > 0.4
    assert means[0, 2] < 0.01


def test_still_rain_under_a_wide_cell_is_the_storm_itself():
    """A uniform cell that holds the whole city does nothing: every zone gets i(T) T."""
    field = field_of(**STORM, cell={"radius": "50 km", "profile": "uniform", "speed": "20 km/h"})
    plain = rain_field(rain_of(**STORM), START, 5 * HOUR, CITY).fallen(0, 5 * HOUR)
    assert field.fallen(0, 5 * HOUR) == pytest.approx(np.full(field.places.size, plain[0]), rel=1e-12)


def test_the_middle_passes_the_city_when_the_storm_is_hardest():
    field = field_of(**STORM, start="1 h", cell={"radius": "2 km", "speed": "36 km/h", "toward": "90 deg"})
    assert field.at_us == round((1 + 0.45 * 2) * HOUR)
    assert field.middle(field.at_us) == (12_000.0, 21_500.0)
    assert field.middle(field.at_us + MINUTE) == pytest.approx((12_600.0, 21_500.0))


def test_a_cell_moves_clockwise_from_north():
    north, east = (
        field_of(**STORM, cell={"radius": "2 km", "speed": "1 m/s", "toward": t}) for t in ("0 deg", "90 deg")
    )
    assert north.speed_mps == pytest.approx((0.0, 1.0))
    assert east.speed_mps == pytest.approx((1.0, 0.0))


@settings(max_examples=6, deadline=None)
@given(st.lists(st.integers(1, 3 * HOUR), max_size=6, unique=True), st.sampled_from(["gaussian", "uniform"]))
def test_a_passing_storms_depth_hardly_depends_on_the_exchange(stops, profile):
    """Intervals of any lengths against one of 3 h: zones within 0.3 % of the wettest."""
    field = field_of(**STORM, cell={"radius": "1.5 km", "profile": profile, "speed": "25 km/h", "toward": "60 deg"})
    stops = [0, *sorted({*stops, 3 * HOUR})]
    pieces = sum(field.fallen(a, b) for a, b in itertools.pairwise(stops))
    whole = field.fallen(0, 3 * HOUR)
    assert np.abs(pieces - whole).max() < 3e-3 * whole.max()


def test_zones_lie_on_whole_multiples_and_cover_the_ground():
    zones = zones_over((10_010.0, 19_990.0, 13_990.0, 23_001.0), 500.0)
    assert zones.bounds == (10_000.0, 19_500.0, 14_000.0, 23_500.0)


def test_a_model_gives_each_zone_its_rain_and_what_has_fallen():
    model = model_of({"rain": {**STORM, "cell": {"radius": "1 km", "speed": "10 km/h", "toward": "45 deg"}}})
    assert {"rain": "zone", "rain_mean": "city", "rain_depth": "zone"}.items() <= {
        p.name: p.at for p in model.ports
    }.items()
    zones = model.places["zone"]
    assert isinstance(zones, Grid)
    fallen = np.zeros(zones.size)
    for minute in range(1, 301):
        model.advance(minute * MINUTE)
        rates = model.take("rain")
        fallen += rates / 60.0
        assert model.take("rain_mean")[0] == pytest.approx(rates.mean())
        assert model.take("rain_most")[0] == rates.max()
    assert model.take("rain_depth") == pytest.approx(fallen, rel=1e-12)
    figures = {name: metric.value for name, metric in model.summary().items()}
    assert figures["rain_depth"] == pytest.approx(fallen.mean())
    assert figures["rain_depth_most"] == pytest.approx(fallen.max())
    assert figures["rain_depth_least"] == pytest.approx(fallen.min())
    table = model.tables()["rain_zones"]
    assert [row[3] for row in table.rows] == pytest.approx(fallen, abs=1e-6)


@pytest.mark.parametrize(
    ("more", "said", "warn"),
    [
        ({"cell": {"radius": "1 km", "over": [90_000, 20_000]}}, "the storm misses the city", True),
        ({"cell": {"radius": "1 km"}, "zones": {"cell": "20 km"}}, "is lost in zones of 20000 m", False),
        ({"cell": {"radius": "9 km"}, "zones": {"cell": "20 km"}}, "one zone of 20000 m holds the whole city", True),
        ({"cell": {"radius": "1 km"}, "zones": {"cell": "10 m"}}, "more than 40,000", False),
    ],
)
def test_a_cell_or_zones_that_make_no_sense_are_told(more, said, warn):
    (problem,) = problems_of({"rain": {**STORM, **more}})
    assert said in problem.text
    assert problem.warn is warn


def test_zones_need_to_know_where_the_city_is():
    rain = {**STORM, "cell": {"radius": "1 km"}}
    (problem,) = problems_of({"rain": rain}, extent=None)
    assert "give `zones: {extent: [west, south, east, north]}`" in problem.text
    assert problems_of({"rain": {**rain, "zones": {"extent": [0, 0, 3000, 3000]}}}, extent=None) == []
