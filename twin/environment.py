"""The weather as a model with outputs only: rain, tide, wind and visibility over the city.

It has rank 0: it goes ahead of the others, so the rain that it gives is the exact mean over the interval that the
others are about to simulate. No water is won or lost between the storm and the ground. Rain is one value, or, where a
storm moves or several gauges speak, one for each zone of a grid.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.clock import hhmm, to_s
from twin.model import Balance, Beat, Curve, Domain, Event, Layer, Metric, Setup, Table
from twin.places import City, FloatArray, Grid, Places
from twin.scenario.base import Verb
from twin.scenario.problems import Problem
from twin.weather.config import SetRainScale, SetVisibility, SetWind, Weather
from twin.weather.forecast import NAMES, Forecast, outlook
from twin.weather.forecast import PORTS as FORECASTS
from twin.weather.ports import PORTS

if TYPE_CHECKING:
    from twin.results.view import RunView

FAR_US = 2**62
RAIN_MM = (1.0, 10.0, 20.0, 30.0, 45.0, 60.0, 80.0, 120.0)
"""Classes of the map of rain."""

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
        from twin.weather.check import repairs
        from twin.weather.curves import rain_field, visibility_curve, wind_curve
        from twin.weather.tide import ValueAt, tide_curve

        config: Weather = setup.config
        start, duration_us = setup.start, setup.duration_us
        self.ports = config.active_ports()
        self._setup = setup
        self._now_us = 0
        self._field = rain_field(config.rain, start, duration_us, setup.extent) if config.rain else None
        self._scale = config.rain.scale if config.rain else 1.0
        self.places: Mapping[str, Places] = {
            "gauge": City(("gauge",)),
            "city": City(),
            "outlook": outlook(setup.exchange_us),
        }
        zones = self._field.places if self._field is not None else City()
        if isinstance(zones, Grid):
            self.places = {**self.places, "zone": zones}
        self._curves: dict[str, ValueAt] = {}
        if config.tide:
            peak_us = self._field.curve.peak_us if self._field is not None else None
            self._curves["tide"] = tide_curve(config.tide, start, duration_us, peak_us)
        if config.wind:
            self._curves["wind"] = wind_curve(config.wind, start, duration_us)
        if config.visibility:
            self._curves["visibility"] = visibility_curve(config.visibility, start, duration_us)
        fallen = self._field.fallen if self._field is not None else None
        self._forecast = Forecast(setup.exchange_us, fallen, self._curves.get("tide"))
        self._changes: dict[str, list[tuple[str, float]]] = {"rain": [], "wind": [], "visibility": []}
        self._rate: FloatArray = np.zeros(zones.size)
        self._depth_mm: FloatArray = np.zeros(zones.size)
        self._extremes: dict[str, float] = {}
        for text in repairs(config.rain, start):
            setup.journal.write(0, "rain_repaired", text)
        self._watch()

    def next_event_us(self) -> int:
        return FAR_US

    def advance(self, until_us: int) -> int:
        """On to `until_us`: the rain becomes the mean of that interval, all else its value at the end."""
        if self._field is not None and until_us > self._now_us:
            fallen = self._field.fallen(self._now_us, until_us) * self._now("rain", self._scale)
            self._rate = fallen * 3600.0 / to_s(until_us - self._now_us)
            self._depth_mm = self._depth_mm + fallen
        self._now_us = until_us
        self._watch()
        return until_us

    def take(self, port: str) -> FloatArray:
        if port == "rain" and self._field is not None:
            return self._rate.copy()
        if port == "rain_depth":
            return self._depth_mm.copy()
        if port in NAMES:
            return self._forecast.take(port, self._now_us, self._now("rain", self._scale))
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
        figures: dict[str, Metric] = {}
        if self._field is not None:
            figures |= self._rain_figures()
        for name, figure, unit, doc in (
            ("tide", "tide_max", "m", "Highest water level of the river"),
            ("wind", "wind_max", "m/s", "Strongest wind"),
            ("visibility", "visibility_min", "m", "Shortest visibility"),
        ):
            if name in self._curves:
                digits = 2 if name == "tide" else 0 if name == "visibility" else 1
                figures[figure] = Metric(self._extremes[name], unit, doc, digits=digits)
        return figures

    def _rain_figures(self) -> dict[str, Metric]:
        depth, peak = self._depth_mm, self._extremes["rain"]
        if "zone" not in self.places:
            return {
                "rain_depth": Metric(float(depth[0]), "mm", "Rain that fell in the whole run"),
                "rain_peak": Metric(peak, "mm/h", "Hardest rain between two exchanges"),
            }
        return {
            "rain_depth": Metric(float(depth.mean()), "mm", "Rain that fell in the whole run, mean over all zones"),
            "rain_peak": Metric(peak, "mm/h", "Hardest rain between two exchanges, in any zone"),
            "rain_depth_most": Metric(float(depth.max()), "mm", "Rain that fell in the wettest zone"),
            "rain_depth_least": Metric(float(depth.min()), "mm", "Rain that fell in the driest zone"),
        }

    def tables(self) -> dict[str, Table]:
        """The rain of every zone, where it differs."""
        zones = self.places.get("zone")
        if not isinstance(zones, Grid):
            return {}
        from twin.places import ids_of
        from twin.weather.field import centres

        rows = [
            (name, float(x), float(y), round(float(mm), 6))
            for name, (x, y), mm in zip(ids_of(zones), centres(zones), self._depth_mm, strict=True)
        ]
        about = f"Rain of the run by zone; squares of {zones.cell_m:g} m about x, y."
        return {"rain_zones": Table(("zone", "x_m", "y_m", "rain_mm"), rows, about)}

    def close(self) -> None:
        """Nothing to release."""

    def _now(self, what: str, otherwise: float) -> float:
        """The value of the change that counts now, or `otherwise`."""
        changes = self._changes.get(what)
        return changes[-1][1] if changes else otherwise

    def _value(self, port: str) -> float:
        if port in ("rain", "rain_most"):
            return float(self._rate.max())
        if port == "rain_mean":
            return float(self._rate.mean())
        if port == "rain_depth":
            return float(self._depth_mm.max())
        return self._now(port, 0.0) if self._changes.get(port) else self._curves[port](self._now_us)

    def _watch(self) -> None:
        """Remember the extremes."""
        for port in self.ports:
            if port.name in NAMES:
                continue
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
        spatial = view.metric("weather.rain_depth_most") is not None
        t_s, values = view.series("weather", "rain_mean" if spatial else "rain")
        rates = np.asarray(values, dtype=float).reshape(len(t_s), -1)[:, 0]
        wet = np.flatnonzero(rates > 0.0)
        if wet.size:
            first = int(t_s[max(wet[0] - 1, 0)] * 1e6)
            hours = (t_s[wet[-1]] * 1e6 - first) / 3.6e9
            hardest = hhmm(view.start, int(t_s[int(np.argmax(rates))] * 1e6))
            text = f"{depth:.0f} mm of rain fell in {_hours(hours)}, hardest {peak:.0f} mm/h at {hardest}."
            if spatial:
                most, least = view.metric("weather.rain_depth_most"), view.metric("weather.rain_depth_least")
                text = (
                    f"{depth:.0f} mm of rain fell on the city in {_hours(hours)}, from {least:.0f} to {most:.0f} mm by "
                    f"place; hardest about {hardest}, up to {peak:.0f} mm/h."
                )
            beats.append(Beat(first, text, weight=2))
    highest = view.metric("weather.tide_max")
    if highest is not None:
        t_s, values = view.series("weather", "tide")
        levels = np.asarray(values, dtype=float).reshape(len(t_s), -1)[:, 0]
        if np.ptp(levels) > 0.01:
            top = int(t_s[int(np.argmax(levels))] * 1e6)
            beats.append(Beat(top, f"The river stood highest, at {highest:.2f} m, at {hhmm(view.start, top)}."))
    return beats


def places(setup: Setup) -> Mapping[str, Places]:
    """The zones of rain, which those who take it must know before they are built; none where nobody says where."""
    from twin.weather.curves import zones_of
    from twin.weather.series import SeriesError

    config: Weather = setup.config
    if config.rain is None or not config.rain.spatial:
        return {}
    try:
        return {"zone": zones_of(config.rain, setup.extent)}
    except SeriesError:
        return {}


def _hours(hours: float) -> str:
    return f"{hours:.3g} h" if hours >= 1 else f"{hours * 60:.0f} min"


DOMAIN = Domain(
    section="weather",
    title="Weather",
    config=Weather,
    verbs=VERBS,
    ports=(*PORTS, *FORECASTS),
    build=WeatherModel,
    check=check,
    story=story,
    places=places,
    layers=(
        Layer(
            "rain_depth",
            "Rain so far",
            "raster",
            RAIN_MM,
            ("#f7f7f5", "#ece7f5", "#d8ceea", "#c1b1de", "#a892cf", "#8e70bd", "#7550a6", "#5a318a", "#3d1466"),
            ("under 1 mm", *(f"{a:g} to {b:g} mm" for a, b in itertools.pairwise(RAIN_MM)), "over 120 mm"),
            on=False,
            hover="rain so far",
        ),
    ),
    curves=(
        Curve(("rain", "rain_mean", "rain_most"), "Rain", "mm/h", ("rain", "mean of the city", "hardest zone")),
        Curve(("tide",), "River level", "m"),
        Curve(("wind",), "Wind", "m/s"),
        Curve(("visibility",), "Visibility", "m"),
    ),
    headlines=("rain_depth", "rain_peak"),
    metrics=(
        "rain_depth",
        "rain_peak",
        "rain_depth_most",
        "rain_depth_least",
        "tide_max",
        "wind_max",
        "visibility_min",
    ),
)
