"""What a scenario may say about the river: its level, its tide, when high water comes, and a surge on top."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from twin.scenario.base import InputFile, Section
from twin.scenario.quantities import Distance, Length, quantity
from twin.scenario.sections import Span
from twin.weather.short import Short, one_of

TIDE_PERIODS_H = {"M2": 12.4206012, "S2": 12.0, "N2": 12.65834751, "K1": 23.93447213, "O1": 25.81933871}
"""Periods of the main constituents in h (NOAA, Tides and Currents, table of harmonic constituents)."""
SHIFTS = ("offset", "high_water_at", "high_water_after_rain")
TEN_YEARS_S = 10 * 365.25 * 86_400

Shift = quantity("s", -TEN_YEARS_S, TEN_YEARS_S)


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


class Surge(Short):
    """What wind and river add to the tide, in m: constant, a series, or a wave that comes and goes."""

    QUANTITY: ClassVar[tuple[str, str]] = ("level", "m")

    level: Length | None = None
    """A constant addition; negative lowers the water."""
    series: InputFile | None = None
    """CSV with `time` and `surge m`, linear between its rows."""
    height: Length | None = None
    """The wave's height: height cos^2(pi (t - at) / duration) within half a `duration` of `at`."""
    at: Span | None = None
    """When the wave is highest, after the scenario's start."""
    duration: Annotated[Span | None, Field(gt=0)] = None
    """From its beginning to its end."""

    @model_validator(mode="after")
    def _fits(self) -> Surge:
        wave = one_of(self, ("level", "series", "height")) == "height"
        for key in ("at", "duration"):
            if wave and getattr(self, key) is None:
                raise ValueError(f"a surge that comes and goes needs `{key}`, like `{key}: 3 h`")
            if not wave and getattr(self, key) is not None:
                raise ValueError(f"`{key}` belongs to `height`")
        return self


class Tide(Short):
    """Water level of the river in m, upward: constant, a series, or harmonics about a mean."""

    QUANTITY: ClassVar[tuple[str, str]] = ("level", "m")

    level: Length | None = None
    """A constant level."""
    series: InputFile | None = None
    """CSV with `time` and `level m` (a tide or a river's stage), linear between its rows."""
    harmonic: tuple[Constituent, ...] | None = Field(None, min_length=1)
    """Constituents, summed."""
    mean: Length = 0.0
    """The mean level of the harmonics."""
    datum: Length = 0.0
    """Height of the levels' zero above the zero of terrain and sewers; added to every level."""
    offset: Shift | None = None  # type: ignore[valid-type]
    """The whole tide comes this much later; negative: earlier."""
    high_water_at: Shift | None = None  # type: ignore[valid-type]
    """Shift the tide so that high water stands at this time after the scenario's start."""
    high_water_after_rain: Shift | None = None  # type: ignore[valid-type]
    """Shift the tide so that high water comes this much after the rain is at its hardest; negative: before it."""
    surge: Surge | None = None
    """Comes on top; has its own times and is not shifted."""

    @model_validator(mode="after")
    def _fits(self) -> Tide:
        one_of(self, ("level", "series", "harmonic"))
        if self.mean and self.harmonic is None:
            raise ValueError("`mean` belongs to `harmonic`")
        shifts = [key for key in SHIFTS if getattr(self, key) is not None]
        if len(shifts) > 1:
            raise ValueError(f"{' and '.join(shifts)} both shift the tide: keep one")
        if shifts and self.level is not None:
            raise ValueError(f"a constant level has no time to be shifted: leave out `{shifts[0]}`")
        return self
