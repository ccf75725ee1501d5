"""The scenario's section `weather` and the verbs that change the weather in the middle of a drill."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, WithJsonSchema, model_validator

from twin.ports import Port
from twin.scenario.base import InputFile, Section, Verb
from twin.scenario.problems import suggest
from twin.scenario.quantities import Distance, Length, RainRate, ReturnPeriod, Speed, parse, quantity
from twin.scenario.sections import Span
from twin.weather.chicago import STORM_FORMULAS
from twin.weather.ports import PORTS

TIDE_PERIODS_H = {"M2": 12.4206012, "S2": 12.0, "N2": 12.65834751, "K1": 23.93447213, "O1": 25.81933871}
"""Periods of the main constituents in h (NOAA, Tides and Currents, table of harmonic constituents)."""


def _formula_name(name: str) -> str:
    if name not in STORM_FORMULAS:
        hint = suggest(name, STORM_FORMULAS) or f" Known: {', '.join(STORM_FORMULAS)}"
        raise ValueError(f"there is no storm formula '{name}'; give one as {{a, c, b, n}}.{hint}")
    return name


FormulaName = Annotated[
    str,
    AfterValidator(_formula_name),
    WithJsonSchema({"type": "string", "enum": sorted(STORM_FORMULAS), "description": "a storm formula by city"}),
]


_NUMBER_LIKE = re.compile(r"\s*[-+]?\.?(\d|(inf|nan)\b)", re.IGNORECASE)


class Short(Section):
    """A section that may also be written as one text: a quantity, or the name of a file."""

    QUANTITY: ClassVar[tuple[str, str]] = ("", "")
    """The key that a quantity stands for, and its unit."""
    SHORT_FILE: ClassVar[bool] = True
    """The text may be the name of a file (the key `series`)."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        key, unit = cls.QUANTITY
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return {key: value}
        if not isinstance(value, str):
            return value
        try:
            parse(value, unit)
        except ValueError:
            if _NUMBER_LIKE.match(value) and not value.lower().endswith(".csv"):
                return {key: value}
            return {"series": value}
        return {key: value}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        whole = handler.resolve_ref_schema(handler(core))
        about = {key: whole.pop(key) for key in ("title", "description") if key in whole}
        text = {"type": "string", "description": f"a value in {cls.QUANTITY[1]}, or the name of a CSV file"}
        whole_copy = dict(whole)
        whole.clear()
        whole.update(about | {"anyOf": [text, whole_copy]})
        return whole


def _one_of(section: Section, keys: tuple[str, ...]) -> None:
    given = [key for key in keys if getattr(section, key) is not None]
    if len(given) != 1:
        raise ValueError(f"give exactly one of {', '.join(keys)}" + (f", not {' and '.join(given)}" if given else ""))


class Formula(Section):
    """i = a (1 + c lg P) / (t + b)^n in mm/min, t in min, P in years."""

    a: float = Field(gt=0)
    """A in mm/min."""
    c: float = Field(ge=0)
    """C, without a unit."""
    b: float = Field(gt=0)
    """b in min."""
    n: float = Field(gt=0, lt=1)
    """n, without a unit."""


class Rain(Short):
    """Rain over the city: a series, a constant rate or a block, or a design storm."""

    QUANTITY: ClassVar[tuple[str, str]] = ("rate", "mm/h")

    series: InputFile | None = None
    """CSV with `time` and a rate (`rain mm/h`) or the depth of each interval (`rain mm`), which begins at its time."""
    rate: RainRate | None = None
    """A constant rate."""
    design_storm: FormulaName | Formula | None = None
    """A design storm after Keifer and Chu, over the formula of a city or one given as {a, c, b, n}."""
    return_period: ReturnPeriod | None = None
    """How rare the design storm is, e.g. `20 a`."""
    duration: Span | None = None
    """How long the design storm or the constant rate lasts."""
    peak: float | None = Field(None, gt=0, lt=1)
    """Where in the design storm its peak stands, 0 to 1. The city's standard where it is left out."""
    start: Span = 0.0
    """When it begins, after the scenario's start."""
    scale: float = Field(1.0, ge=0)
    """A factor on the whole rain."""

    @model_validator(mode="after")
    def _fits(self) -> Rain:
        _one_of(self, ("series", "rate", "design_storm"))
        if self.design_storm is None:
            for key in ("return_period", "peak"):
                if getattr(self, key) is not None:
                    raise ValueError(f"`{key}` belongs to `design_storm`")
            if self.series is not None and (self.duration is not None or self.start):
                raise ValueError("a series has its own times: leave out `start` and `duration`")
            return self
        for key, example in (("return_period", "20 a"), ("duration", "2 h")):
            if getattr(self, key) is None:
                raise ValueError(f"a design storm needs `{key}`, like `{key}: {example}`")
        if self.duration == 0:
            raise ValueError("a design storm needs a `duration` longer than nothing")
        if self.peak is None and self.standard_peak is None:
            raise ValueError("a design storm of this duration needs `peak`, like `peak: 0.45`")
        return self

    @property
    def standard_peak(self) -> float | None:
        """The peak's place after the city's standard, if there is one for this duration."""
        named = STORM_FORMULAS.get(self.design_storm) if isinstance(self.design_storm, str) else None
        return named.peak(self.duration) if named is not None and self.duration is not None else None


class Constituent(Section):
    """One harmonic of the tide: amplitude cos(2 pi (t / period) - phase), t since the scenario's start."""

    name: str = ""
    """M2, S2, N2, K1 or O1 (whose periods are known), or any other name."""
    amplitude: Distance
    """Half the range of this constituent."""
    period: Span | None = None
    """Its period, e.g. `12.42 h`."""
    phase: quantity("deg") = 0.0  # type: ignore[valid-type]
    """Its phase at the scenario's start: high water comes phase/360 of a period later."""

    @model_validator(mode="after")
    def _has_period(self) -> Constituent:
        if not self.period and self.name not in TIDE_PERIODS_H:
            raise ValueError(f"give a `period`, or one of the names {', '.join(TIDE_PERIODS_H)}")
        return self

    @property
    def period_s(self) -> float:
        return self.period or TIDE_PERIODS_H[self.name] * 3600.0


class Tide(Short):
    """Water level of the river in m: constant, a series, or harmonics about a mean."""

    QUANTITY: ClassVar[tuple[str, str]] = ("level", "m")

    level: Length | None = None
    """A constant level."""
    series: InputFile | None = None
    """CSV with `time` and `level m`, linear between its rows."""
    harmonic: tuple[Constituent, ...] | None = Field(None, min_length=1)
    """Constituents, summed."""
    mean: Length = 0.0
    """The mean level of the harmonics."""

    @model_validator(mode="after")
    def _fits(self) -> Tide:
        _one_of(self, ("level", "series", "harmonic"))
        if self.mean and self.harmonic is None:
            raise ValueError("`mean` belongs to `harmonic`")
        return self


class Wind(Short):
    """Wind speed in m/s: constant, or a series."""

    QUANTITY: ClassVar[tuple[str, str]] = ("speed", "m/s")

    speed: Speed | None = None
    """A constant speed."""
    series: InputFile | None = None
    """CSV with `time` and `wind m/s`, linear between its rows."""

    @model_validator(mode="after")
    def _fits(self) -> Wind:
        _one_of(self, ("speed", "series"))
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
        _one_of(self, ("distance", "series"))
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
        return tuple(port for port in PORTS if port.name in self.given)

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
