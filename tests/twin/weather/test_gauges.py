"""Several gauges: their weights, their gaps, and files that cannot be right."""

from __future__ import annotations

import numpy as np
import pytest

from tests.twin.weather.cases import HOUR, MINUTE, model_of, problems_of
from twin.places import Grid
from twin.weather.field import centres
from twin.weather.gauges import weights_of

PLACES = "id,x,y\nA,11000,21000\nB,13000,21000\nC,12000,22500\n"
RECORD = "time,A mm/h,B mm/h,C mm\n+0:00,12,0,1\n+0:30,6,24,2\n+1:00,0,12,3\n"
RAIN = {"gauges": {"series": "rain.csv", "at": "gauges.csv"}}


@pytest.fixture
def files(tmp_path):
    (tmp_path / "gauges.csv").write_text(PLACES)
    (tmp_path / "rain.csv").write_text(RECORD)
    return tmp_path


def total(model, hours=5):
    model.advance(round(hours * HOUR))
    return model.take("rain_depth")


def test_each_thiessen_zone_has_the_rain_of_its_nearest_gauge(files):
    """A: 12 x 0.5 + 6 x 0.5 + 0 = 9 mm; B: 24 x 0.5 + 12 x 0.5 = 18 mm; C: 1 + 2 + 3 = 6 mm."""
    model = model_of({"rain": {**RAIN, "gauges": {**RAIN["gauges"], "weights": "thiessen"}}}, files)
    zones = model.places["zone"]
    assert isinstance(zones, Grid)
    gauges = np.array([[11000, 21000], [13000, 21000], [12000, 22500]])
    nearest = np.argmin(np.linalg.norm(centres(zones)[:, None] - gauges, axis=2), axis=1)
    assert total(model) == pytest.approx(np.array([9.0, 18.0, 6.0])[nearest])
    assert set(nearest) == {0, 1, 2}


def test_zones_between_gauges_lie_between_them(files):
    model = model_of({"rain": RAIN}, files)
    depth = total(model)
    assert depth.min() > 6.0
    assert depth.max() < 18.0
    zones = model.places["zone"]
    assert depth[zones.cells_of(np.array([[12900, 21100]]))[0]] == pytest.approx(18.0, abs=1.0)


def test_weights_sum_to_one_whatever_the_power_and_the_distance():
    points = np.array([[0.0, 0.0], [1e6, 0.0], [1.0, 1.0]])
    gauges = np.array([[0.0, 0.0], [500.0, 0.0], [1e5, 1e5]])
    for power in (0.5, 2.0, 10.0):
        weights = weights_of(points, gauges, "inverse_distance", power)
        assert weights.sum(axis=1) == pytest.approx(1.0)
        assert np.isfinite(weights).all()
    assert weights_of(points, gauges, "inverse_distance", 2.0)[0, 0] == pytest.approx(1.0, abs=1e-5)


def test_gauges_do_not_depend_on_the_intervals(files):
    one, many = model_of({"rain": RAIN}, files), model_of({"rain": RAIN}, files)
    for minute in range(7, 300, 7):
        many.advance(minute * MINUTE)
    assert total(many) == pytest.approx(total(one), rel=1e-12)


def test_a_gap_is_refused_with_its_line(files):
    (files / "rain.csv").write_text(RECORD.replace("6,24,2", ",24,2"))
    (problem,) = problems_of({"rain": RAIN}, files)
    assert problem.where == "rain.csv:3"
    assert "a gap ('nothing')" in problem.text


def test_a_gap_can_be_filled_from_the_neighbours_and_the_log_says_so(files):
    """A has no value in line 3; B, the only other rate, speaks for it: 12 x 0.5 + 24 x 0.5 = 18 mm."""
    (files / "rain.csv").write_text(RECORD.replace("6,24,2", "nan,24,2"))
    rain = {"gauges": {**RAIN["gauges"], "weights": "thiessen"}, "gaps": "neighbours"}
    warnings = problems_of({"rain": rain}, files)
    said = (
        "rain.csv: gauge 'A' has a gap in line 3, filled from the other gauges by the inverse square of their distance"
    )
    assert [p.text for p in warnings if "gap" in p.text] == [said]
    assert all(p.warn for p in warnings)
    model = model_of({"rain": rain}, files)
    assert [e["text"] for e in model._setup.journal.entries] == [said]
    zones = model.places["zone"]
    assert total(model)[zones.cells_of(np.array([[11000, 21000]]))[0]] == pytest.approx(18.0)


def test_a_gap_of_all_gauges_is_refused_even_then(files):
    (files / "rain.csv").write_text("time,A mm/h,B mm/h\n+0:00,1,1\n+0:30,,\n+1:00,1,1\n")
    (problem,) = problems_of({"rain": {**RAIN, "gaps": "neighbours"}}, files)
    assert problem.where == "rain.csv:3"
    assert "no gauge has a value here" in problem.text


def test_a_gap_of_a_single_series_can_be_dry(files):
    """12 mm/h for half an hour, a gap, 12 mm/h for half an hour: 12 mm."""
    (files / "one.csv").write_text("time,rain mm/h\n+0:00,12\n+0:30,\n+1:00,12\n")
    rain = {"series": "one.csv", "gaps": "dry"}
    repaired, short = problems_of({"rain": rain}, files)
    assert repaired.text == "one.csv: a gap in line 3, taken as no rain"
    assert "stays dry outside" in short.text
    model = model_of({"rain": rain}, files)
    assert [e["what"] for e in model._setup.journal.entries] == ["rain_repaired"]
    model.advance(5 * HOUR)
    assert model.summary()["rain_depth"].value == pytest.approx(12.0)


def test_negative_rain_is_refused_whatever_the_rule_for_gaps(files):
    (files / "rain.csv").write_text(RECORD.replace("6,24,2", "-6,24,2"))
    (problem,) = problems_of({"rain": {**RAIN, "gaps": "neighbours"}}, files)
    assert (problem.where, problem.text) == ("rain.csv:3", "-6 is less than 0")


@pytest.mark.parametrize(
    ("places", "where", "said"),
    [
        ("id,x,y\nA,11000,21000\nB,13000,21000\n", "rain.csv:1", "gauge 'C' has no place in gauges.csv"),
        ("id,x,y\nA,1,x\n", "gauges.csv:2", "are not two numbers"),
        ("id,x,y\nA,1,nan\n", "gauges.csv:2", "has no finite place"),
        ("id,x,y\nA,1,1\nA,2,2\n", "gauges.csv:3", "gauge 'A' stands here twice"),
        ("name,lon,lat\nA,1,1\n", "gauges.csv:1", "needs the columns `id`, `x` and `y` (m)"),
        ("id,x,y\n", "gauges.csv", "names no gauge"),
        ("id,x,y\nA,11000,21000\nB\n", "gauges.csv:3", "has 1 columns"),
        (
            "id,x,y\nA,120.6,31.3\nB,120.7,31.3\nC,120.6,31.2\n",
            "gauges.csv",
            "no gauge lies within 20 km of the city (nearest: 22 km). Their coordinates look like degrees.",
        ),
    ],
)
def test_wrong_places_are_told_with_their_line(files, places, where, said):
    (files / "gauges.csv").write_text(places)
    problem = next(p for p in problems_of({"rain": RAIN}, files) if not p.warn)
    assert problem.where == where
    assert said in problem.text


def test_a_gauge_far_outside_is_a_warning_and_so_is_one_without_a_record(files):
    (files / "gauges.csv").write_text(PLACES.replace("C,12000,22500", "C,12000,99000\nD,1,1"))
    texts = [p.text for p in problems_of({"rain": RAIN}, files) if p.warn]
    assert "gauges without a record: D" in texts
    assert "gauges lie more than 20 km outside the city: C (76 km)" in texts


def test_two_columns_of_one_gauge_are_refused(files):
    (files / "rain.csv").write_text("time,A mm/h,A mm/h\n+0:00,1,1\n+0:30,1,1\n")
    (problem,) = problems_of({"rain": RAIN}, files)
    assert (problem.where, problem.text) == ("rain.csv:1", "the column 'A' stands here twice: keep one")
