"""The weather as a model with outputs only: rain, tide, wind and visibility over the city.

It has rank 0: it goes ahead of the others, so the rain that it gives is the exact mean over the interval that the
others are about to simulate. No water is won or lost between the storm and the ground.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.clock import hhmm, to_s
from twin.model import Balance, Beat, Curve, Domain, Event, Metric, Setup, Table
from twin.places import City, FloatArray, Places
from twin.scenario.base import Verb
from twin.scenario.problems import Problem
from twin.weather.config import SetRainScale, SetVisibility, SetWind, Weather
from twin.weather.ports import PORTS

if TYPE_CHECKING:
    from twin.results.view import RunView

FAR_US = 2**62

VERBS: dict[str, type[Verb]] = {"set_wind": SetWind, "set_visibility": SetVisibility, "set_rain_scale": SetRainScale}
CHANGES = {
    "set_wind": ("wind", "speed"),
    "set_visibility": ("visibility", "distance"),
    "set_rain_scale": ("rain", "scale"),
}
"""Verb -> what it changes, and its argument."""


class WeatherModel:
    """The weather of one run. Only what the scenario configures has a port."""

    name = "weather"
    rank = 0

    def __init__(self, setup: Setup) -> None:
        from twin.weather.curves import rain_curve, tide_curve, visibility_curve, wind_curve

        config: Weather = setup.config
        self.ports = config.active_ports()
        self.places: Mapping[str, Places] = {"gauge": City(("gauge",)), "city": City()}
        self._setup = setup
        self._now_us = 0
        self._rain = rain_curve(config.rain, setup.start, setup.duration_us) if config.rain else None
        self._scale = config.rain.scale if config.rain else 1.0
        makers = {"tide": tide_curve, "wind": wind_curve, "visibility": visibility_curve}
        self._curves = {
            name: make(getattr(config, name), setup.start, setup.duration_us)  # type: ignore[operator]
            for name, make in makers.items()
            if name in config.given
        }
        self._changes: dict[str, list[tuple[str, float]]] = {"rain": [], "wind": [], "visibility": []}
        self._rate = 0.0
        self._depth_mm = 0.0
        self._extremes: dict[str, float] = {}
        self._watch()

    def next_event_us(self) -> int:
        return FAR_US

    def advance(self, until_us: int) -> int:
        """On to `until_us`: the rain becomes the mean of that interval, all else its value at the end."""
        if self._rain is not None and until_us > self._now_us:
            fallen = (self._rain.depth(until_us) - self._rain.depth(self._now_us)) * self._now("rain", self._scale)
            self._rate = fallen * 3600.0 / to_s(until_us - self._now_us)
            self._depth_mm += fallen
        self._now_us = until_us
        self._watch()
        return until_us

    def take(self, port: str) -> FloatArray:
        return np.array([self._value(port)])

    def put(self, port: str, values: Any) -> None:
        raise ValueError(f"the weather takes nothing, also no '{port}'")

    def apply(self, event: Event) -> None:
        """A change begins or ends. Of several that last, the one that began last counts."""
        what, argument = CHANGES[event.verb]
        if what not in {port.name for port in self.ports}:
            raise ValueError(f"the scenario's weather has no {what} that could be changed")
        value = float(getattr(event.args, argument))
        changes = [change for change in self._changes[what] if change[0] != event.id]
        self._changes[what] = changes if event.phase == "end" else [*changes, (event.id, value)]
        unit = {"rain": "times the scenario's rain", "wind": "m/s", "visibility": "m"}[what]
        again = event.phase == "end"
        text = f"{what} is as before" if again and not changes else f"{what} is now {self._now(what, value):g} {unit}"
        self._setup.journal.write(self._now_us, f"{what}_changed", text, value=self._now(what, value))
        self._watch()

    def balances(self) -> list[Balance]:
        return []

    def summary(self) -> dict[str, Metric]:
        figures = {}
        if self._rain is not None:
            figures["rain_depth"] = Metric(self._depth_mm, "mm", "Rain that fell in the whole run")
            figures["rain_peak"] = Metric(self._extremes["rain"], "mm/h", "Hardest rain between two exchanges")
        for name, figure, unit, doc in (
            ("tide", "tide_max", "m", "Highest water level of the river"),
            ("wind", "wind_max", "m/s", "Strongest wind"),
            ("visibility", "visibility_min", "m", "Shortest visibility"),
        ):
            if name in self._curves:
                digits = 2 if name == "tide" else 0 if name == "visibility" else 1
                figures[figure] = Metric(self._extremes[name], unit, doc, digits=digits)
        return figures

    def tables(self) -> dict[str, Table]:
        return {}

    def close(self) -> None:
        """Nothing to release."""

    def _now(self, what: str, otherwise: float) -> float:
        """The value of the change that counts now, or `otherwise`."""
        changes = self._changes.get(what)
        return changes[-1][1] if changes else otherwise

    def _value(self, port: str) -> float:
        if port == "rain" and self._rain is not None:
            return self._rate
        return self._now(port, 0.0) if self._changes.get(port) else self._curves[port](self._now_us)

    def _watch(self) -> None:
        """Remember the extremes."""
        for port in self.ports:
            value, pick = self._value(port.name), min if port.name == "visibility" else max
            self._extremes[port.name] = pick(self._extremes.get(port.name, value), value)


def check(setup: Setup) -> Iterable[Problem]:
    """Reads the series; a change of what the scenario does not have is a problem at its entry of the timeline."""
    from twin.weather.check import check_weather

    return check_weather(setup, CHANGES)


def story(view: RunView, baseline: RunView | None) -> list[Beat]:
    """The rain in one sentence, the river in another."""
    beats = []
    depth, peak = view.metric("weather.rain_depth"), view.metric("weather.rain_peak")
    if depth:
        t_s, values = view.series("weather", "rain")
        rates = np.asarray(values, dtype=float).reshape(len(t_s), -1)[:, 0]
        wet = np.flatnonzero(rates > 0.0)
        if wet.size:
            first = int(t_s[max(wet[0] - 1, 0)] * 1e6)
            hours = (t_s[wet[-1]] * 1e6 - first) / 3.6e9
            hardest = hhmm(view.start, int(t_s[int(np.argmax(rates))] * 1e6))
            text = f"{depth:.0f} mm of rain fell in {_hours(hours)}, hardest {peak:.0f} mm/h at {hardest}."
            beats.append(Beat(first, text, weight=2))
    highest = view.metric("weather.tide_max")
    if highest is not None:
        t_s, values = view.series("weather", "tide")
        levels = np.asarray(values, dtype=float).reshape(len(t_s), -1)[:, 0]
        if np.ptp(levels) > 0.01:
            top = int(t_s[int(np.argmax(levels))] * 1e6)
            beats.append(Beat(top, f"The river stood highest, at {highest:.2f} m, at {hhmm(view.start, top)}."))
    return beats


def _hours(hours: float) -> str:
    return f"{hours:.3g} h" if hours >= 1 else f"{hours * 60:.0f} min"


DOMAIN = Domain(
    section="weather",
    title="Weather",
    config=Weather,
    verbs=VERBS,
    ports=PORTS,
    build=WeatherModel,
    check=check,
    story=story,
    curves=(
        Curve(("rain",), "Rain", "mm/h"),
        Curve(("tide",), "River level", "m"),
        Curve(("wind",), "Wind", "m/s"),
        Curve(("visibility",), "Visibility", "m"),
    ),
    headlines=("rain_depth", "rain_peak"),
)
