"""Checks of the section `weather`: its files are read, its storm meets the city, its verbs have something to change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import numpy as np

from twin.clock import to_s
from twin.model import Setup
from twin.places import City
from twin.scenario.problems import Problem
from twin.weather.config import Rain, Tide, Weather
from twin.weather.curves import rain_field, visibility_curve, wind_curve
from twin.weather.field import Box, Gauged, Moving, RainField
from twin.weather.gauges import Network, PlacesError, gaps_text, read_network
from twin.weather.series import SeriesError, gaps_of
from twin.weather.shapes import Steps
from twin.weather.tide import tide_curve

TRACE_MM = 0.1
"""Less rain than this in every zone is none."""
LOST_SHARE = 0.01
"""A storm may lose this share of its rain to the scenario's end without a word."""
FAR_M = 20_000.0
"""A gauge further than this from the city says little about it."""


def check_weather(setup: Setup, changes: Mapping[str, tuple[str, str]]) -> Iterator[Problem]:
    """Every problem of the section. `changes`: verb -> what it changes, and its argument."""
    config: Weather = setup.config
    field: RainField | None = None
    if config.rain is not None:
        try:
            field = rain_field(config.rain, setup.start, setup.duration_us, setup.extent)
        except SeriesError as error:
            yield _problem(setup, "rain", error, _rain_file(config.rain, error))
        else:
            yield from _rain(setup, config.rain, field)
    if config.tide is not None:
        try:
            tide_curve(config.tide, setup.start, setup.duration_us, field.curve.peak_us if field else None)
        except SeriesError as error:
            yield _problem(setup, "tide", error, _tide_file(config.tide, setup.start, error))
    try:
        if config.wind is not None:
            wind_curve(config.wind, setup.start, setup.duration_us)
    except SeriesError as error:
        yield _problem(setup, "wind", error, config.wind.series if config.wind else None)
    try:
        if config.visibility is not None:
            visibility_curve(config.visibility, setup.start, setup.duration_us)
    except SeriesError as error:
        yield _problem(setup, "visibility", error, config.visibility.series if config.visibility else None)
    for event in setup.events:
        what = changes[event.verb][0]
        if what not in config.given:
            text = f"the weather has no {what} that could be changed: give `{what}` in the section {setup.section}"
            yield Problem(("timeline",), text, where=event.where)


def repairs(config: Rain | None, start: datetime) -> list[str]:
    """Sentences on what a rule of the scenario repaired in the records of rain."""
    if config is None or config.gaps == "refuse":
        return []
    if config.gauges is not None:
        name = config.gauges.series.name
        return [f"{name}: {text}" for text in read_network(config.gauges, config.gaps, start).filled]
    assert config.series is not None
    lines = gaps_of(config.series, ("mm/h", "mm"), start, 0.0)
    return [f"{config.series.name}: {gaps_text(len(lines), lines[0])}, taken as no rain"] if lines else []


def _problem(setup: Setup, name: str, error: SeriesError, file: Path | None) -> Problem:
    where = "" if file is None else f"{file.name}:{error.line}" if error.line else file.name
    return Problem((setup.section, name), str(error), where=where)


def _rain_file(config: Rain, error: SeriesError) -> Path | None:
    if config.gauges is not None:
        return config.gauges.at if isinstance(error, PlacesError) else config.gauges.series if error.line else None
    return config.series


def _tide_file(config: Tide, start: datetime, error: SeriesError) -> Path | None:
    """The file that an error of the tide is about: its own or its surge's."""
    surge = config.surge.series if config.surge is not None else None
    if surge is None or config.series is None:
        return config.series or surge
    try:
        tide_curve(config.model_copy(update={"surge": None}), start, 0, 0)
    except SeriesError as own:
        return config.series if str(own) == str(error) else surge
    return surge


def _rain(setup: Setup, config: Rain, field: RainField) -> Iterator[Problem]:
    at = (setup.section, "rain")
    for text in repairs(config, setup.start):
        yield Problem(at, text, warn=True)
    if config.gauges is not None:
        yield from _gauges(setup, read_network(config.gauges, config.gaps, setup.start), config.gauges.at.name)
    if isinstance(field.curve, Steps) and (config.series is not None or config.gauges is not None):
        file = config.series if config.gauges is None else config.gauges.series
        assert file is not None
        outside = list(_outside(setup, "rain", file.name, field.curve))
        yield from outside
        if any(not problem.warn for problem in outside):
            return
    elif config.design_storm is not None or config.depth is not None:
        yield from _cut(setup, field)
    if isinstance(field, Moving | Gauged) and config.scale > 0:
        yield from _met(setup, field)
    if not isinstance(field.places, City) and field.places.size == 1:
        text = (
            f"one zone of {field.places.cell_m:g} m holds the whole city, so the rain is the same everywhere: "
            "write a smaller `zones: {cell: ...}`"
        )
        yield Problem(at, text, warn=True)


def _met(setup: Setup, field: Moving | Gauged) -> Iterator[Problem]:
    """Whether it rains on the city at all."""
    most = float(field.fallen(0, setup.duration_us).max(initial=0.0))
    if most >= TRACE_MM or field.curve.depth(setup.duration_us) < TRACE_MM:
        return
    text = f"the storm misses the city: no zone gets more than {most:.2g} mm. Check `cell`: {{over, at, speed, toward}}"
    if isinstance(field, Moving):
        x, y = field.middle(field.curve.peak_us)
        text += f"; at its hardest its middle is at x {x:.0f}, y {y:.0f}"
    yield Problem((setup.section, "rain"), text, warn=True)


def _cut(setup: Setup, field: RainField) -> Iterator[Problem]:
    """A design storm that the scenario's end cuts off is no longer that storm."""
    whole, seen = field.curve.depth(field.curve.end_us), field.curve.depth(setup.duration_us)
    if seen <= 0.0 < whole:
        text = (
            f"the storm begins {to_s(field.curve.begin_us) / 3600:.2f} h after the start, but the scenario lasts "
            f"{to_s(setup.duration_us) / 3600:.2f} h: it stays dry"
        )
        yield Problem((setup.section, "rain"), text, warn=True)
    elif seen < (1.0 - LOST_SHARE) * whole:
        text = (
            f"the scenario ends before the storm: {seen:.0f} of its {whole:.0f} mm fall. Lengthen `clock.duration`, or "
            "begin the storm earlier"
        )
        yield Problem((setup.section, "rain"), text, warn=True)


def _gauges(setup: Setup, network: Network, file: str) -> Iterator[Problem]:
    at = (setup.section, "rain")
    if network.idle:
        names = ", ".join(network.idle[:5])
        yield Problem(at, f"gauges without a record: {names}", warn=True, where=file)
    if setup.extent is None:
        return
    far = [_away(setup.extent, x, y) for x, y in network.xy]
    lost = [(name, away) for name, away in zip(network.ids, far, strict=True) if away > FAR_M]
    if not lost:
        return
    names = ", ".join(f"{name} ({away / 1000:,.0f} km)" for name, away in lost[:5])
    text = f"gauges lie more than {FAR_M / 1000:g} km outside the city: {names}"
    nearest = min(far)
    if nearest > FAR_M:
        in_degrees = bool((np.abs(network.xy) <= (180.0, 90.0)).all())
        hint = " Their coordinates look like degrees." if in_degrees else ""
        text = f"no gauge lies within {FAR_M / 1000:g} km of the city (nearest: {nearest / 1000:,.0f} km).{hint}"
        yield Problem(at, f"{text} Bring x and y into {setup.crs or 'the system of the networks, in m'}", where=file)
    else:
        yield Problem(at, text, warn=True, where=file)


def _away(box: Box, x: float, y: float) -> float:
    return float(np.hypot(max(box[0] - x, x - box[2], 0.0), max(box[1] - y, y - box[3], 0.0)))


def _outside(setup: Setup, name: str, file: str, curve: Steps) -> Iterator[Problem]:
    """Rain outside the scenario's time is no error, but somebody may have mistaken a date."""
    path = (setup.section, name)
    first, last = curve.begin_us, curve.end_us
    if last <= 0 or first >= setup.duration_us:
        yield Problem(path, f"has no row between {setup.start.isoformat()} and the scenario's end", where=file)
    elif first > 0 or last < setup.duration_us:
        span = f"{to_s(first) / 3600:+.2f} h to {to_s(last) / 3600:+.2f} h"
        yield Problem(path, f"covers {span} from the scenario's start; it stays dry outside of that", True, file)
