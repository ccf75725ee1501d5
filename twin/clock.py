"""Time as a count of microseconds, because a float clock drifts.

A clock that adds 0.1 s in binary floating point is off after a day and two models then disagree on which
exchange they are at. All times between models are `int` microseconds since the scenario's start.
"""

from __future__ import annotations

from datetime import datetime, timedelta

US = 1_000_000
"""Microseconds in a second."""


def to_us(seconds: float) -> int:
    """Seconds to the nearest whole microsecond."""
    return round(seconds * US)


def to_s(us: int) -> float:
    """Microseconds to seconds (exact up to 285 years)."""
    return us / US


def wall_time(start: datetime, us: int) -> datetime:
    """The time of day at `us` after `start`, in the start's own zone."""
    return start + timedelta(microseconds=us)


def hhmm(start: datetime, us: int) -> str:
    """Time of day as people say it, `18:40`; with seconds only when there are any."""
    moment = wall_time(start, us)
    return moment.strftime("%H:%M:%S" if moment.second else "%H:%M")


def offset_text(us: int) -> str:
    """Time since the start, `+2:05:00`."""
    seconds, fraction = divmod(us, US)
    text = f"+{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{text}.{fraction:06d}" if fraction else text
