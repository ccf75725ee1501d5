"""The tide against its constituents, moved so that high water comes when it should, with a surge on top."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError

from tests.twin.weather.cases import HOUR, MINUTE, START, STORM, model_of, problems_of, tide_of
from twin.weather.tide import tide_curve

M2 = {"name": "M2", "amplitude": "1.5 m", "phase": "70 deg"}
MIXED = [M2, {"name": "S2", "amplitude": "0.5 m", "phase": "20 deg"}, {"name": "K1", "amplitude": "0.3 m"}]


def levels_of(minutes, folder=None, rain_peak_us=None, hours=30.0, **keys):
    tide = tide_curve(tide_of(folder, **keys) if folder else tide_of(**keys), START, round(hours * HOUR), rain_peak_us)
    return np.array([tide(round(m * MINUTE)) for m in minutes])


def highest_minute(first=0, last=26 * 60, **keys):
    minutes = np.arange(first, last)
    return minutes[int(np.argmax(levels_of(minutes, **keys)))]


def test_harmonics_are_summed_about_the_mean():
    """h = mean + sum of a cos(2 pi t / T - phase), by hand at 5 h."""
    by_hand = 0.4 + sum(
        a * math.cos(2 * math.pi * 5.0 / period - math.radians(phase))
        for a, period, phase in ((1.5, 12.4206012, 70.0), (0.5, 12.0, 20.0), (0.3, 23.93447213, 0.0))
    )
    assert levels_of([300], harmonic=MIXED, mean="0.4 m")[0] == pytest.approx(by_hand, abs=1e-9)


@pytest.mark.parametrize("at", ["0 s", "2 h", "-3 h", "9 h"])
def test_high_water_comes_when_the_scenario_says(at):
    """One constituent: the crest within a second of its time; its height is mean + amplitude."""
    tide = tide_curve(tide_of(harmonic=[M2], mean="0.4 m", high_water_at=at), START, 30 * HOUR)
    hours = float(at.split()[0]) if at.endswith("h") else 0.0
    crest = round(hours * HOUR)
    assert tide(crest) == pytest.approx(1.9, abs=1e-9)
    assert tide(crest - MINUTE) < tide(crest)
    assert tide(crest + MINUTE) < tide(crest)


def test_the_highest_water_of_a_mixed_tide_is_moved():
    """Of the two high waters of a day the one in the first period of the largest constituent."""
    free = highest_minute(0, 745, harmonic=MIXED)
    moved = levels_of([free - 1, free, free + 1], harmonic=MIXED)
    at = levels_of([179, 180, 181], harmonic=MIXED, high_water_at="3 h")
    assert at[1] == pytest.approx(moved.max(), abs=1e-4)  # the crest of the minutes against the crest itself
    assert at.argmax() == 1


def test_an_offset_delays_the_whole_tide(tmp_path):
    (tmp_path / "t.csv").write_text("time,level m\n-9:00,0\n+1:00,2\n+6:00,0\n+20:00,0\n")
    late = levels_of([60, 90, 120], tmp_path, hours=6, series="t.csv", offset="30 min")
    assert late == pytest.approx([2 - 0.1, 2.0, 2 - 0.2])
    moved = levels_of([180], tmp_path, hours=6, series="t.csv", high_water_at="3 h")
    assert moved[0] == pytest.approx(2.0)


def test_high_water_can_follow_the_rain():
    """The storm peaks at 0.45 of 2 h, 54 min after it begins; high water half an hour later."""
    model = model_of({"rain": STORM, "tide": {"harmonic": [M2], "high_water_after_rain": "30 min"}})
    model.advance(84 * MINUTE)
    assert model.take("tide")[0] == pytest.approx(1.5, abs=1e-9)


def test_a_phase_that_is_swept_meets_the_storm_at_another_level():
    """Level at the rain's peak: the amplitude times the cosine of the phase."""
    found = []
    for hours in range(-6, 7):
        keys = {"harmonic": [M2], "high_water_after_rain": f"{hours} h"}
        found.append(levels_of([54], rain_peak_us=54 * MINUTE, **keys)[0])
    by_hand = [1.5 * math.cos(2 * math.pi * h / 12.4206012) for h in range(-6, 7)]
    assert found == pytest.approx(by_hand, abs=1e-6)  # a crest is flat: its moment is found to a millisecond


def test_a_surge_comes_and_goes_on_top():
    """0.8 cos^2 about 3 h, over 4 h: all of it at 3 h, half at 2 and 4 h, none at 1 h and before."""
    surge = {"height": "0.8 m", "at": "3 h", "duration": "4 h"}
    found = levels_of([30, 60, 120, 180, 240, 300], level="1 m", surge=surge)
    assert found == pytest.approx([1.0, 1.0, 1.4, 1.8, 1.4, 1.0])


def test_a_surge_can_be_constant_or_a_series_and_the_datum_is_added(tmp_path):
    assert levels_of([60], level="1 m", surge="0.5 m", datum="-0.2 m")[0] == pytest.approx(1.3)
    (tmp_path / "s.csv").write_text("time,surge cm\n-1:00,0\n+1:00,50\n+9:00,50\n")
    assert levels_of([0], tmp_path, hours=5, level="1 m", surge="s.csv")[0] == pytest.approx(1.25)


def test_a_series_that_no_longer_covers_the_scenario_once_moved_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("time,level m\n+0:00,0\n+2:00,2\n+5:00,0\n")
    (problem,) = problems_of({"tide": {"series": "t.csv", "offset": "1 h"}}, tmp_path)
    assert problem.where == "t.csv"
    assert "(moved by +1.00 h)" in problem.text


def test_a_surge_series_with_a_gap_is_told_with_its_own_file(tmp_path):
    (tmp_path / "t.csv").write_text("time,level m\n+0:00,0\n+9:00,2\n")
    (tmp_path / "s.csv").write_text("time,surge m\n+0:00,0\n+2:00,\n+9:00,0\n")
    (problem,) = problems_of({"tide": {"series": "t.csv", "surge": "s.csv"}}, tmp_path)
    assert problem.where == "s.csv:3"


def test_high_water_after_a_rain_that_is_not_there_is_told():
    (problem,) = problems_of({"tide": {"harmonic": [M2], "high_water_after_rain": "1 h"}})
    assert "has no rain to come after" in problem.text


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"level": "1 m", "offset": "1 h"}, "has no time to be shifted"),
        ({"harmonic": [M2], "offset": "1 h", "high_water_at": "2 h"}, "both shift the tide"),
        ({"level": "1 m", "surge": {"height": "1 m"}}, "needs `at`"),
        ({"level": "1 m", "surge": {"height": "1 m", "at": "1 h"}}, "needs `duration`"),
        ({"level": "1 m", "surge": {"level": "1 m", "at": "1 h"}}, "belongs to `height`"),
        ({"level": "1 m", "surge": {"level": "1 m", "height": "1 m"}}, "exactly one of"),
    ],
)
def test_a_tide_that_makes_no_sense_is_refused(keys, said):
    with pytest.raises(ValidationError, match=said):
        tide_of(**keys)
