"""Checks of the section `weather`: its series are read, and its verbs have something to change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from twin.clock import to_s
from twin.model import Setup
from twin.scenario.problems import Problem
from twin.weather.config import Weather
from twin.weather.curves import Steps, rain_curve, tide_curve, visibility_curve, wind_curve
from twin.weather.series import SeriesError

_CURVES = {"rain": rain_curve, "tide": tide_curve, "wind": wind_curve, "visibility": visibility_curve}


def check_weather(setup: Setup, changes: Mapping[str, tuple[str, str]]) -> Iterator[Problem]:
    """Every problem of the section. `changes`: verb -> what it changes, and its argument."""
    config: Weather = setup.config
    for name in config.given:
        part = getattr(config, name)
        try:
            curve = _CURVES[name](part, setup.start, setup.duration_us)  # type: ignore[operator]
        except SeriesError as error:
            file = part.series.name
            where = f"{file}:{error.line}" if error.line else file
            yield Problem((setup.section, name), str(error), where=where)
            continue
        if isinstance(curve, Steps):
            yield from _outside(setup, name, part.series.name, curve)
    for event in setup.events:
        what = changes[event.verb][0]
        if what not in config.given:
            text = f"the weather has no {what} that could be changed: give `{what}` in the section {setup.section}"
            yield Problem(("timeline",), text, where=event.where)


def _outside(setup: Setup, name: str, file: str, curve: Steps) -> Iterator[Problem]:
    """Rain outside the scenario's time is no error, but somebody may have mistaken a date."""
    path = (setup.section, name)
    first, last = int(curve.ends_us[0]), int(curve.ends_us[-1])
    if last <= 0 or first >= setup.duration_us:
        yield Problem(path, f"has no row between {setup.start.isoformat()} and the scenario's end", where=file)
    elif first > 0 or last < setup.duration_us:
        span = f"{to_s(first) / 3600:+.2f} h to {to_s(last) / 3600:+.2f} h"
        yield Problem(path, f"covers {span} from the scenario's start; it stays dry outside of that", True, file)
