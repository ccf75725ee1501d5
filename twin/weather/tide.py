"""Water level of the river over time: a tide, moved in time so that high water comes when it should, and a surge."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from twin.clock import to_s, to_us
from twin.places import FloatArray
from twin.weather.series import SeriesError, read_series
from twin.weather.tide_config import Surge, Tide

ValueAt = Callable[[int], float]
"""Microseconds since the start -> value."""

SEARCH_S = 60.0
"""The first high water is looked for at this step, then between the neighbours of the highest."""


@dataclass(frozen=True)
class Waves:
    """mean + sum of amplitude cos(2 pi t / period - phase): amplitudes m, angular speeds rad/s, phases rad."""

    mean: float
    waves: tuple[tuple[float, float, float], ...]

    @classmethod
    def of(cls, config: Tide) -> Waves:
        assert config.harmonic is not None
        waves = tuple((c.amplitude, 2 * math.pi / c.period_s, math.radians(c.phase)) for c in config.harmonic)
        return cls(config.mean, waves)

    def __call__(self, us: int) -> float:
        return self.mean + math.fsum(a * math.cos(w * to_s(us) - phase) for a, w, phase in self.waves)

    def high_water_us(self) -> int:
        """The highest water in the first period of the largest constituent."""
        period_s = 2 * math.pi / max(self.waves)[1]
        t = np.arange(0.0, period_s, SEARCH_S)
        k = int(np.argmax(self._levels(t)))
        low, high = t[k] - SEARCH_S, t[k] + SEARCH_S
        while high - low > 1e-6:  # golden section: one crest between the neighbours of the highest sample
            step = (math.sqrt(5.0) - 1.0) / 2.0 * (high - low)
            a, b = high - step, low + step
            level_a, level_b = self._levels(np.array([a, b]))
            low, high = (a, high) if level_a < level_b else (low, b)
        return to_us(0.5 * (low + high))

    def _levels(self, t_s: FloatArray) -> FloatArray:
        return np.sum([a * np.cos(w * t_s - phase) for a, w, phase in self.waves], axis=0)


def tide_curve(config: Tide, start: datetime, duration_us: int, rain_peak_us: int | None = None) -> ValueAt:
    """Water level in m above the zero of terrain and sewers.

    rain_peak_us : when the rain is hardest, for a tide that is placed against it
    """
    tide, high_us = _tide(config, start)
    shift_us = shift_of(config, high_us, rain_peak_us)
    if config.series is not None:
        series = read_series(config.series, ("m",), start)
        covered(int(series.times_us[0]) + shift_us, int(series.times_us[-1]) + shift_us, duration_us, shift_us)
    surge = surge_curve(config.surge, start, duration_us) if config.surge is not None else None
    datum = config.datum
    if surge is None and shift_us == 0 and datum == 0.0:
        return tide
    return lambda us: tide(us - shift_us) + datum + (surge(us) if surge is not None else 0.0)


def _tide(config: Tide, start: datetime) -> tuple[ValueAt, int]:
    """The tide at its own time, and when it has its high water."""
    if config.harmonic is not None:
        waves = Waves.of(config)
        return waves, waves.high_water_us() if config.high_water_at is not None or _after(config) else 0
    if config.level is not None:
        level = float(config.level)
        return (lambda us: level), 0
    assert config.series is not None
    series = read_series(config.series, ("m",), start)
    return series.at, int(series.times_us[int(np.argmax(series.values))])


def _after(config: Tide) -> bool:
    return config.high_water_after_rain is not None


def shift_of(config: Tide, high_us: int, rain_peak_us: int | None) -> int:
    """How much later the tide comes, in microseconds."""
    if config.offset is not None:
        return to_us(config.offset)
    if config.high_water_at is not None:
        return to_us(config.high_water_at) - high_us
    if config.high_water_after_rain is not None:
        if rain_peak_us is None:
            raise SeriesError(0, "high_water_after_rain has no rain to come after: give `rain`, or `high_water_at`")
        return rain_peak_us + to_us(config.high_water_after_rain) - high_us
    return 0


def surge_curve(config: Surge, start: datetime, duration_us: int) -> ValueAt:
    """What the surge adds, m."""
    if config.height is not None:
        height, at, duration = config.height, config.at, config.duration
        assert at is not None
        assert duration is not None

        def wave(us: int) -> float:
            share = (to_s(us) - at) / duration
            return height * math.cos(math.pi * share) ** 2 if abs(share) < 0.5 else 0.0

        return wave
    return constant_or_series(config.level, config.series, "m", start, duration_us, -math.inf)


def constant_or_series(
    constant: float | None, file: Path | None, unit: str, start: datetime, duration_us: int, low: float
) -> ValueAt:
    """A value that stays, or one that a series gives; `SeriesError` where the series does not cover the scenario."""
    if constant is not None:
        value = float(constant)
        return lambda us: value
    assert file is not None
    series = read_series(file, (unit,), start, low)
    covered(int(series.times_us[0]), int(series.times_us[-1]), duration_us)
    return series.at


def covered(first_us: int, last_us: int, duration_us: int, shift_us: int = 0) -> None:
    """`SeriesError` unless a series from `first_us` to `last_us` covers the scenario."""
    if first_us <= 0 and last_us >= duration_us:
        return
    first, last = to_s(first_us) / 3600, to_s(last_us) / 3600
    moved = f" (moved by {to_s(shift_us) / 3600:+.2f} h)" if shift_us else ""
    raise SeriesError(
        0,
        f"covers {first:+.2f} h to {last:+.2f} h from the scenario's start{moved}, but the scenario lasts from 0 to "
        f"{to_s(duration_us) / 3600:.2f} h: lengthen the series or shorten the scenario",
    )
