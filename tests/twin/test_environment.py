"""The weather model: exact rain, tide, wind and visibility, their changes, and what is refused."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from twin.environment import DOMAIN, VERBS, WeatherModel
from twin.model import Event, Journal, Setup
from twin.weather.config import Weather

MINUTE = 60_000_000
HOUR = 60 * MINUTE
START = datetime(2026, 7, 1, 16, tzinfo=timezone(timedelta(hours=8)))
STORM = {"design_storm": "suzhou", "return_period": "20 a", "duration": "2 h", "peak": 0.45}


def setup_of(config: dict[str, Any], folder: Path = Path(), hours: float = 5.0, events: Any = ()) -> Setup:
    section = Weather.model_validate(config, context={"folder": folder, "root": folder})
    return Setup("weather", section, START, round(hours * HOUR), MINUTE, 1, folder, Journal(), events=events)


def model_of(config: dict[str, Any], folder: Path = Path(), hours: float = 5.0) -> WeatherModel:
    return WeatherModel(setup_of(config, folder, hours))


def rain_over(model: WeatherModel, stops_us: list[int]) -> list[float]:
    """Rates between the stops, in mm/h."""
    rates = []
    for stop in stops_us:
        model.advance(stop)
        rates.append(float(model.take("rain")[0]))
    return rates


def event(verb: str, ident: str = "e", phase: str = "start", **args: Any) -> Event:
    return Event(ident, verb, VERBS[verb].model_validate(args), phase)


def problems(config: dict[str, Any], folder: Path = Path(), events: Any = ()) -> list[tuple[str, str]]:
    return [(p.where, p.text) for p in DOMAIN.check(setup_of(config, folder, events=events))]


def test_only_what_is_configured_has_a_port_and_a_figure():
    model = model_of({"tide": "1.2 m"})
    assert [port.name for port in model.ports if not port.name.endswith("_forecast")] == ["tide"]
    assert list(model.summary()) == ["tide_max"]


def test_a_constant_rain_lasts_all_the_time():
    model = model_of({"rain": "12 mm/h"})
    assert rain_over(model, [HOUR, 5 * HOUR]) == pytest.approx([12, 12])
    assert model.summary()["rain_depth"].value == pytest.approx(60.0)


def test_a_block_gives_its_mean_over_the_interval_in_which_it_begins():
    """30 mm/h from 0:30 to 1:30: half of the first hour, half of the second."""
    model = model_of({"rain": {"rate": "30 mm/h", "start": "30 min", "duration": "1 h", "scale": 2}})
    assert rain_over(model, [HOUR, 2 * HOUR, 3 * HOUR]) == pytest.approx([30, 30, 0])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 3 * HOUR), min_size=1, max_size=30, unique=True))
def test_the_depth_of_a_design_storm_does_not_depend_on_the_intervals(stops):
    """Sum of rate times interval = i(2 h) 2 h = 17.969 (1 + 1.24 lg 20) / 138.415^0.785 * 120 mm; rounding only."""
    model = model_of({"rain": STORM})
    stops = sorted({*stops, 3 * HOUR})
    lengths = np.diff([0, *stops]) / HOUR
    fallen = float(np.dot(rain_over(model, stops), lengths))
    expected = 17.969 * (1 + 1.24 * math.log10(20)) / (120 + 18.415) ** 0.785 * 120
    assert fallen == pytest.approx(expected, rel=1e-12)
    assert model.summary()["rain_depth"].value == pytest.approx(expected, rel=1e-12)


def test_a_storm_takes_the_citys_place_of_the_peak_where_none_is_given():
    """Suzhou 2025: r = 0.43 up to 180 min, so 100 min peak after 43 min."""
    model = model_of({"rain": {**STORM, "duration": "100 min", "peak": None}})
    rates = rain_over(model, [i * MINUTE for i in range(1, 101)])
    assert int(np.argmax(rates)) in (42, 43)


def test_a_series_of_rates_and_one_of_depths_mean_the_same(tmp_path):
    """Rows begin their interval; 5 min at 12 mm/h is 1 mm; the last row lasts as long as the one before it."""
    (tmp_path / "rate.csv").write_text("time,rain mm/h\n+0:00,12\n+0:05,24\n+0:20,0.5\n+0:30,6\n")
    (tmp_path / "depth.csv").write_text(
        "time;rain [mm]\n+0:00;1\n+0:05;6\n# a comment\n\n+0:20;0.0833333333333\n+0:30;1\n"
    )
    stops = [3 * MINUTE, 17 * MINUTE, 26 * MINUTE, HOUR]
    one = rain_over(model_of({"rain": {"series": "rate.csv"}}, tmp_path), stops)
    two = rain_over(model_of({"rain": {"series": "depth.csv"}}, tmp_path), stops)
    assert one == pytest.approx(two, rel=1e-9)  # the third depth is rounded to 12 digits
    assert one[0] == pytest.approx(12)
    assert one[1] == pytest.approx((2 * 12 + 12 * 24) / 14)
    assert one[3] == pytest.approx((4 * 0.5 + 10 * 6) / 34)


@pytest.mark.parametrize(
    "times",
    [
        ("time", "2026-07-01T17:00+08:00", "2026-07-01T19:00+08:00"),
        ("time", "2026-07-01 17:00", "2026-07-01 19:00"),
        ("time", "2026-07-01T09:00Z", "2026-07-01T11:00Z"),
        ("time", "+1:00", "+3:00:00"),
        ("time h", "1", "3"),
        ("time [min]", "60", "180"),
        ("time_s", "3600", "10800"),
    ],
)
def test_times_of_a_series_in_all_their_forms(tmp_path, times):
    """A wind that doubles from 17:00 to 19:00 is half way at 18:00."""
    head, first, last = times
    (tmp_path / "wind.csv").write_text(
        f"{head},wind km/h\n-10:00,36\n{first},36\n{last},72\n+10:00,72\n"
        if head == "time"
        else f"{head},wind km/h\n-99999,36\n{first},36\n{last},72\n99999,72\n"
    )
    model = model_of({"wind": "wind.csv"}, tmp_path)
    model.advance(2 * HOUR)
    assert model.take("wind")[0] == pytest.approx(15.0)


def test_a_tide_series_is_linear_between_its_rows(tmp_path):
    (tmp_path / "tide.csv").write_text("time,level m\n-1:00,0\n+1:00,2\n+6:00,0\n")
    model = model_of({"tide": "tide.csv"}, tmp_path)
    assert model.take("tide")[0] == pytest.approx(1.0)
    model.advance(HOUR)
    assert model.take("tide")[0] == pytest.approx(2.0)
    model.advance(5 * HOUR)
    assert model.summary()["tide_max"].value == pytest.approx(2.0)


def test_a_harmonic_tide_stands_highest_after_its_phase():
    """M2 (12.4206012 h) with a phase of 90 degrees: high water a quarter of a period after the start."""
    tide = {"harmonic": [{"name": "M2", "amplitude": "1.5 m", "phase": "90 deg"}], "mean": "0.4 m"}
    model = model_of({"tide": tide}, hours=13)
    assert model.take("tide")[0] == pytest.approx(0.4)
    model.advance(round(12.4206012 / 4 * HOUR))
    assert model.take("tide")[0] == pytest.approx(1.9, abs=1e-9)
    model.advance(round(12.4206012 * HOUR))
    assert model.take("tide")[0] == pytest.approx(0.4, abs=1e-6)


def test_changes_replace_each_other_and_end_one_by_one():
    model = model_of({"wind": "5 m/s"})

    def wind():
        return float(model.take("wind")[0])

    model.apply(event("set_wind", "a", speed="10 m/s"))
    model.apply(event("set_wind", "b", speed="20 m/s"))
    assert wind() == 20
    model.apply(event("set_wind", "a", "end", speed="10 m/s"))
    assert wind() == 20
    model.apply(event("set_wind", "b", "end", speed="20 m/s"))
    assert wind() == 5
    assert model.summary()["wind_max"].value == 20
    assert [entry["what"] for entry in model._setup.journal.entries] == ["wind_changed"] * 4
    assert model._setup.journal.entries[-1]["text"] == "wind is as before"


def test_a_rain_scale_counts_from_its_moment_on():
    model = model_of({"rain": {"rate": "10 mm/h", "scale": 3}})
    model.advance(HOUR)
    model.apply(event("set_rain_scale", scale=0.5))
    model.advance(2 * HOUR)
    model.apply(event("set_rain_scale", phase="end", scale=0.5))
    model.advance(3 * HOUR)
    assert model.summary()["rain_depth"].value == pytest.approx(30 + 5 + 30)
    assert model.summary()["rain_peak"].value == pytest.approx(30)


def test_fog_is_remembered_at_its_thickest():
    model = model_of({"visibility": "5 km"})
    model.apply(event("set_visibility", distance="80 m"))
    model.advance(HOUR)
    model.apply(event("set_visibility", phase="end", distance="80 m"))
    assert model.take("visibility")[0] == 5000
    assert model.summary()["visibility_min"].value == 80


def test_a_change_of_what_is_not_configured_is_a_problem():
    change = Event("e", "set_wind", VERBS["set_wind"].model_validate({"speed": "3 m/s"}), where="drill.yaml:9:5")
    text = "the weather has no wind that could be changed: give `wind` in the section weather"
    assert problems({"tide": "1 m"}, events=[change]) == [("drill.yaml:9:5", text)]
    with pytest.raises(ValueError, match="no wind"):
        model_of({"tide": "1 m"}).apply(change)


@pytest.mark.parametrize(
    ("rows", "where", "text"),
    [
        ("time,rain mm/h\n+0:00,1\n+0:05,\n", "r.csv:3", "a gap ('nothing'): gaps are not filled here"),
        ("time,rain mm/h\n+0:00,1\n+0:05,NaN\n", "r.csv:3", "a gap ('NaN')"),
        ("time,rain mm/h\n+0:00,1\n+0:05,inf\n", "r.csv:3", "a gap ('inf')"),
        ("time,rain mm/h\n+0:00,1\n+0:05,-2\n", "r.csv:3", "-2 is less than 0"),
        ("time,rain mm/h\n+0:00,1\n+0:00,2\n", "r.csv:3", "the time '+0:00' is not later than the one before"),
        ("time,rain mm/h\n+0:00,1\n\nsoon,2\n", "r.csv:4", "'soon' is not a time"),
        ("time,rain mm/h\n+0:00,1,2\n", "r.csv:2", "has 3 columns, not 2"),
        ("time,rain mm/h\n+0:00,1\n", "r.csv", "needs at least two rows"),
        ("time,rain m/s2\n+0:00,1\n", "r.csv:1", "the header 'rain m/s2' must end with a unit such as `mm/h` or `mm`"),
        ("when,rain mm/h\n+0:00,1\n", "r.csv:1", "the first column must be called `time`, not 'when'"),
        ("time a,rain mm/h\n0,1\n", "r.csv:1", "'a' is no unit of time here"),
        ("time s,rain mm/h\nx,1\n", "r.csv:2", "'x' is not a number of s"),
        ("", "r.csv:1", "needs a header of two columns such as `time,level mm/h`"),
        ("time,rain mm/h\n-9:00,1\n-8:00,1\n", "r.csv", "has no row between 2026-07-01T16:00:00+08:00"),
    ],
)
def test_a_bad_series_is_told_with_its_line(tmp_path, rows, where, text):
    (tmp_path / "r.csv").write_text(rows)
    ((found_where, found),) = problems({"rain": "r.csv"}, tmp_path)
    assert found_where == where
    assert found.startswith(text)


def test_a_series_that_does_not_cover_the_scenario_is_refused_except_for_rain(tmp_path):
    (tmp_path / "t.csv").write_text("time,level m\n+0:00,1\n+1:00,2\n")
    (tmp_path / "r.csv").write_text("time,rain mm/h\n+0:00,1\n+1:00,2\n")
    assert "covers +0.00 h to +1.00 h" in problems({"tide": "t.csv"}, tmp_path)[0][1]
    (warning,) = DOMAIN.check(setup_of({"rain": "r.csv"}, tmp_path))
    assert warning.warn
    assert "stays dry outside" in warning.text


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"rain": {"scale": 2}},
        {"rain": {"rate": "1 mm/h", "series": "x.csv"}},
        {"rain": {"rate": "1 mm/h", "peak": 0.4}},
        {"rain": {"rate": "-1 mm/h"}},
        {"rain": {"design_storm": "suzhou", "duration": "2 h"}},
        {"rain": {**STORM, "peak": 0}},
        {"rain": {**STORM, "duration": "0 s"}},
        {"rain": {**STORM, "design_storm": {"a": 1, "c": 1, "b": 1, "n": 1.2}}},
        {"rain": {**STORM, "design_storm": {"a": 1, "c": 1, "b": 1, "n": 0.7}, "peak": None}},
        {"tide": {"level": "1 m", "mean": "2 m"}},
        {"tide": {"harmonic": []}},
        {"tide": {"harmonic": [{"amplitude": "1 m"}]}},
        {"wind": "-3 m/s"},
        {"visibility": 300},
    ],
)
def test_a_section_that_makes_no_sense_is_refused(config):
    with pytest.raises(ValidationError):
        setup_of(config)


class View:
    """The few readings of a finished run that the story asks for."""

    start = START

    def __init__(self, model: WeatherModel, stops_us: list[int]) -> None:
        self.t_s = np.array([0, *stops_us]) / 1e6
        rows = [[float(model.take(port.name)[0]) for port in model.ports]]
        for stop in stops_us:
            model.advance(stop)
            rows.append([float(model.take(port.name)[0]) for port in model.ports])
        self.values = {port.name: np.array(rows)[:, [i]] for i, port in enumerate(model.ports)}
        self.figures = {f"weather.{name}": metric.value for name, metric in model.summary().items()}

    def metric(self, name):
        return self.figures.get(name)

    def series(self, section, port):
        return self.t_s, self.values[port]


def test_the_story_tells_depth_duration_and_the_hardest_minute():
    """i(120 min) * 120 = 117.5 mm from 16:30 on, peak after 0.45 * 2 h, in the minute that ends at 17:24 or 17:25."""
    assert DOMAIN.story is not None
    view = View(model_of({"rain": {**STORM, "start": "30 min"}, "tide": "1 m"}), [i * MINUTE for i in range(1, 301)])
    (beat,) = DOMAIN.story(view, None)
    assert beat.time_us == 30 * MINUTE
    assert beat.text.startswith("118 mm of rain fell in 2 h, hardest ")
    assert beat.text.endswith(("at 17:24.", "at 17:25."))
