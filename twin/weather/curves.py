"""Curves over time from the section `weather`: depth of rain fallen, and values at a moment."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from twin.clock import to_s, to_us
from twin.weather.chicago import STORM_FORMULAS, ChicagoStorm, StormFormula
from twin.weather.config import Rain, Tide, Visibility, Wind
from twin.weather.series import Series, SeriesError, read_series

ValueAt = Callable[[int], float]
"""Microseconds since the start -> value."""


class RainCurve(Protocol):
    """Depth of rain in mm since the scenario's start, never falling."""

    def depth(self, us: int) -> float: ...


@dataclass(frozen=True)
class Block:
    """A constant rate in mm/h from `begin_us` to `end_us`."""

    rate: float
    begin_us: int
    end_us: int

    def depth(self, us: int) -> float:
        return self.rate * max(0.0, to_s(min(us, self.end_us) - self.begin_us)) / 3600.0


@dataclass(frozen=True)
class Storm:
    """A design storm that begins at `begin_us`."""

    storm: ChicagoStorm
    begin_us: int

    def depth(self, us: int) -> float:
        return self.storm.depth(to_s(us - self.begin_us))


@dataclass(frozen=True)
class Steps:
    """Depth at the ends of a series' intervals, linear in between because each interval has one rate."""

    ends_us: np.ndarray
    depths: np.ndarray

    def depth(self, us: int) -> float:
        return float(np.interp(us, self.ends_us, self.depths))

    @classmethod
    def of(cls, series: Series) -> Steps:
        """Each row's interval begins at its time and ends at the next row's; the last is as long as the one before."""
        times = series.times_us
        ends = np.append(times, 2 * times[-1] - times[-2])
        fallen = series.values if series.unit == "mm" else series.values * np.diff(ends) / 3.6e9
        return cls(ends, np.concatenate([[0.0], np.cumsum(fallen)]))


def rain_curve(config: Rain, start: datetime, duration_us: int) -> RainCurve:
    """The curve of a rain, without its scale. SeriesError when its file is no series."""
    begin_us = to_us(config.start)
    if config.series is not None:
        return Steps.of(read_series(config.series, ("mm/h", "mm"), start, low=0.0))
    if config.rate is not None:
        end_us = duration_us if config.duration is None else begin_us + to_us(config.duration)
        return Block(config.rate, begin_us, end_us)
    return Storm(chicago_storm(config), begin_us)


def chicago_storm(config: Rain) -> ChicagoStorm:
    """The design storm of a rain that has one."""
    given, peak = config.design_storm, config.peak if config.peak is not None else config.standard_peak
    assert given is not None
    assert peak is not None
    assert config.return_period is not None
    assert config.duration is not None
    formula = (
        STORM_FORMULAS[given].formula if isinstance(given, str) else StormFormula(given.a, given.c, given.b, given.n)
    )
    return ChicagoStorm(formula, config.return_period, config.duration, peak)


def tide_curve(config: Tide, start: datetime, duration_us: int) -> ValueAt:
    """Water level in m."""
    if config.harmonic is not None:
        waves = [(c.amplitude, 2 * math.pi / c.period_s, math.radians(c.phase)) for c in config.harmonic]
        mean = config.mean
        return lambda us: mean + math.fsum(a * math.cos(w * to_s(us) - phase) for a, w, phase in waves)
    return _constant_or_series(config.level, config.series, "m", start, duration_us, -math.inf)


def wind_curve(config: Wind, start: datetime, duration_us: int) -> ValueAt:
    """Wind speed in m/s."""
    return _constant_or_series(config.speed, config.series, "m/s", start, duration_us, 0.0)


def visibility_curve(config: Visibility, start: datetime, duration_us: int) -> ValueAt:
    """Visibility in m."""
    return _constant_or_series(config.distance, config.series, "m", start, duration_us, 0.0)


def _constant_or_series(
    constant: float | None, file: Path | None, unit: str, start: datetime, duration_us: int, low: float
) -> ValueAt:
    if constant is not None:
        value = float(constant)
        return lambda us: value
    assert file is not None
    series = read_series(file, (unit,), start, low)
    if not series.covers(duration_us):
        first, last = to_s(int(series.times_us[0])) / 3600, to_s(int(series.times_us[-1])) / 3600
        raise SeriesError(
            0,
            f"covers {first:+.2f} h to {last:+.2f} h from the scenario's start, but the scenario lasts from 0 to "
            f"{to_s(duration_us) / 3600:.2f} h: lengthen the series or shorten the scenario",
        )
    return series.at
