"""Times of a timeline: since the start, of the day, or a full date."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.clock import offset_text, to_us
from twin.scenario.times import duration_us, moment_us

START = datetime(2026, 7, 1, 16, tzinfo=timezone(timedelta(hours=8)))
DAY_US = 24 * 3_600_000_000


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("+2 h", 2),
        ("2 h", 2),
        ("90 min", 1.5),
        ("0 s", 0),
        ("18:00", 2),
        ("16:00", 0),
        ("15:30", 23.5),
        ("+1:30", 1.5),
        ("+1:30:36", 1.51),
        ("2026-07-01T18:00+08:00", 2),
        ("2026-07-01T10:00Z", 2),
        ("2026-07-01T18:00", 2),
        ("2026-07-01 18:00", 2),
    ],
)
def test_a_time_is_read_in_each_of_its_forms(text, hours):
    """The scenario starts at 16:00 in UTC+8 and lasts a day."""
    assert moment_us(text, START, DAY_US) == to_us(hours * 3600)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("6 h", "'6 h' is after the end: the scenario lasts from 16:00 to 21:00"),
        ("15:00", "'15:00' is after the end"),
        ("2026-07-01T15:00+08:00", "is before the start: the scenario lasts from 16:00 to 21:00"),
        ("-1 h", "'-1 h' is before the start"),
        ("2026-13-01", "is not a date and time: write"),
        ("25:00", "'25:00' is not a time: write"),
        ("soon", "'soon' is not a time: write"),
        (3, "3 is not a time: write"),
        ("3", "'3' is not a time: write"),
    ],
)
def test_what_is_no_time_of_the_scenario_is_refused(text, sentence):
    with pytest.raises(ValueError, match="^.*" + sentence):
        moment_us(text, START, 5 * 3_600_000_000)


@settings(deadline=None)
@given(st.integers(0, DAY_US))
def test_the_offset_that_the_resolved_file_writes_is_read_back_exactly(us):
    assert moment_us(offset_text(us), START, DAY_US) == us


def test_a_duration_may_carry_a_plus_and_must_last():
    assert duration_us("+10 min") == duration_us("10 min") == 600_000_000
    with pytest.raises(ValueError, match="longer than nothing"):
        duration_us("0 s")
