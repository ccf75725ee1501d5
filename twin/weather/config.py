"""The scenario's section `weather` and the verbs that change the weather in the middle of a drill."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, model_validator

from twin.ports import Port
from twin.scenario.base import InputFile, Section, Verb
from twin.scenario.quantities import Distance, Speed
from twin.weather import forecast
from twin.weather.ports import ports_for
from twin.weather.rain_config import Formula, FormulaName, Rain
from twin.weather.short import Short, one_of
from twin.weather.tide_config import Constituent, Surge, Tide


class Wind(Short):
    """Wind speed in m/s: constant, or a series."""

    QUANTITY: ClassVar[tuple[str, str]] = ("speed", "m/s")

    speed: Speed | None = None
    """A constant speed."""
    series: InputFile | None = None
    """CSV with `time` and `wind m/s`, linear between its rows."""

    @model_validator(mode="after")
    def _fits(self) -> Wind:
        one_of(self, ("speed", "series"))
        return self


class Visibility(Short):
    """How far one can see, in m: constant, or a series."""

    QUANTITY: ClassVar[tuple[str, str]] = ("distance", "m")

    distance: Distance | None = None
    """A constant distance."""
    series: InputFile | None = None
    """CSV with `time` and `visibility m`, linear between its rows."""

    @model_validator(mode="after")
    def _fits(self) -> Visibility:
        one_of(self, ("distance", "series"))
        return self


class Weather(Section):
    """Rain, tide, wind and visibility. What is left out is not told to any model, which then takes its own default."""

    rain: Rain | None = None
    """Rain over the city."""
    tide: Tide | None = None
    """Water level of the river."""
    wind: Wind | None = None
    """Wind speed."""
    visibility: Visibility | None = None
    """How far one can see."""

    @property
    def given(self) -> tuple[str, ...]:
        """Names of what is configured, in a fixed order."""
        return tuple(name for name in ("rain", "tide", "wind", "visibility") if getattr(self, name) is not None)

    def active_ports(self) -> tuple[Port, ...]:
        """The ports that a model of this section has: those of what is configured."""
        own = ports_for(self.given, self.rain is not None and self.rain.spatial)
        return (*own, *forecast.active(self.given))

    @property
    def wants_extent(self) -> bool:
        """Whether this section must know where the city lies."""
        return self.rain is not None and self.rain.wants_extent

    @model_validator(mode="after")
    def _something(self) -> Weather:
        if not self.given:
            raise ValueError("is empty: give rain, tide, wind or visibility")
        return self


class SetWind(Verb):
    """The wind from now on; with `until` it goes back afterwards."""

    speed: Speed
    """Wind speed."""


class SetVisibility(Verb):
    """The visibility from now on; with `until` it goes back afterwards."""

    distance: Distance
    """How far one can see."""


class SetRainScale(Verb):
    """A factor on the rain from now on, in place of the scenario's `scale`."""

    scale: float = Field(ge=0)
    """The factor; 0 stops the rain."""


__all__ = [
    "Constituent", "Formula", "FormulaName", "Rain", "SetRainScale", "SetVisibility", "SetWind", "Surge", "Tide",
    "Visibility", "Weather", "Wind",
]  # fmt: skip
