"""Times of a timeline: `+2 h` since the start, `18:00` of the day, or a full date and time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from twin.clock import hhmm, offset_text, to_us
from twin.scenario.quantities import parse

_OF_DAY = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_SINCE = re.compile(r"\+\s*(\d+):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,6}))?)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
FAR_S = 1e11
"""Longer than any scenario: 3,000 years."""
EXAMPLES = "write '+2 h', '18:00' or '2026-07-01T18:00+08:00'"


def moment_us(text: Any, start: datetime, duration_us: int) -> int:
    """Microseconds since the start; ValueError with a sentence when it is no time, or not within the scenario.

    A time of day means its first occurrence at or after the start. A date without an offset is in the start's zone.
    """
    us = _since_start(text, start)
    end = f"the scenario lasts from {hhmm(start, 0)} to {hhmm(start, duration_us)} ({offset_text(duration_us)})"
    if us < 0:
        raise ValueError(f"{text!r} is before the start: {end}")
    if us > duration_us:
        raise ValueError(f"{text!r} is after the end: {end}")
    return us


def duration_us(text: Any) -> int:
    """`10 min` or `+10 min` in microseconds; ValueError when it is not a duration, or not longer than nothing."""
    if isinstance(text, str):
        text = text.strip().removeprefix("+").strip()
    us = _bounded_us(parse(text, "s"))
    if us <= 0:
        raise ValueError(f"{text!r} must be longer than nothing")
    return us


def _since_start(text: Any, start: datetime) -> int:
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is not a time: {EXAMPLES}")
    text = text.strip()
    if match := _SINCE.fullmatch(text):
        hours, minutes, whole = (int(part or 0) for part in match.groups()[:3])
        return _bounded_us(hours * 3600 + minutes * 60 + whole) + int((match.group(4) or "").ljust(6, "0"))
    if match := _OF_DAY.fullmatch(text):
        hour, minute, second = (int(part or 0) for part in match.groups())
        moment = start.replace(hour=hour, minute=minute, second=second, microsecond=0)
        if moment < start:
            moment += timedelta(days=1)
        return _us(moment - start)
    if _DATE.match(text):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a date and time: {EXAMPLES}") from None
        return _us((moment if moment.tzinfo else moment.replace(tzinfo=start.tzinfo)) - start)
    try:
        seconds = parse(text.removeprefix("+"), "s")
    except ValueError:
        raise ValueError(f"{text!r} is not a time: {EXAMPLES}") from None
    return _bounded_us(seconds)


def _bounded_us(seconds: float) -> int:
    """Microseconds; what is longer than any scenario stays so, without overflow."""
    return to_us(max(-FAR_S, min(FAR_S, seconds)))


def _us(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
