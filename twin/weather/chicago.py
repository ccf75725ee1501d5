"""Design storms: the hyetograph of Keifer and Chu over any intensity formula i = A(1 + C lg P) / (t + b)^n.

>>> storm = ChicagoStorm(STORM_FORMULAS["suzhou"].formula, return_period_a=20, duration_s=7200, peak=0.45)
>>> round(storm.total_mm, 1)
117.5
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files


@dataclass(frozen=True)
class StormFormula:
    """i(t) = A (1 + C lg P) / (t + b)^n: mean intensity in mm/min over the hardest t minutes, P in years.

    a_mm_per_min is A, b_min is b; c and n have no unit. 0 < n < 1 keeps the depth growing with the duration.
    """

    a_mm_per_min: float
    c: float
    b_min: float
    n: float

    def intensity(self, minutes: float, return_period_a: float) -> float:
        """Mean intensity over `minutes` > 0, in mm/min."""
        return self.a_mm_per_min * (1.0 + self.c * math.log10(return_period_a)) / (minutes + self.b_min) ** self.n

    def depth(self, minutes: float, return_period_a: float) -> float:
        """Depth in mm of the hardest `minutes`: i(t) t; 0 for 0 minutes."""
        return minutes * self.intensity(minutes, return_period_a) if minutes > 0.0 else 0.0


@dataclass(frozen=True)
class ChicagoStorm:
    """A storm in which every duration around the peak has the intensity of the formula.

    Before the peak the depth of the last t_b minutes is r D(t_b / r), after it that of the first t_a minutes is
    (1 - r) D(t_a / (1 - r)), with D(t) = i(t) t and r = `peak`. So the whole storm brings D(duration) exactly, and
    its depth between two moments needs no sampling.

    Source: Keifer and Chu (1957), Synthetic storm pattern for drainage design, J. Hydraul. Div. ASCE 83(4), 1332.
    """

    formula: StormFormula
    return_period_a: float
    duration_s: float
    peak: float

    @cached_property
    def total_mm(self) -> float:
        """Depth of the whole storm in mm."""
        return self.formula.depth(self.duration_s / 60.0, self.return_period_a)

    def depth(self, t_s: float) -> float:
        """Depth in mm that has fallen `t_s` seconds after the storm began; constant outside the storm."""
        t, r, length = t_s / 60.0, self.peak, self.duration_s / 60.0
        if t <= 0.0:
            return 0.0
        if t >= length:
            return self.total_mm
        before, after = r * length - t, t - r * length
        if before >= 0.0:
            return r * (self.total_mm - self._core(before / r if r > 0.0 else 0.0))
        return r * self.total_mm + (1.0 - r) * self._core(after / (1.0 - r))

    def _core(self, minutes: float) -> float:
        return self.formula.depth(minutes, self.return_period_a)


@dataclass(frozen=True)
class NamedFormula:
    """A formula of a city, with the peak's place that its standard gives, and where it is published.

    peak_short holds up to `short_min` minutes, peak_day for a storm of `day_min` minutes.
    """

    name: str
    formula: StormFormula
    peak_short: float
    short_min: float
    peak_day: float
    day_min: float
    source: str

    def peak(self, duration_s: float) -> float | None:
        """The standard's place of the peak for this duration, or None where it says nothing."""
        minutes = duration_s / 60.0
        if minutes <= self.short_min:
            return self.peak_short
        return self.peak_day if minutes == self.day_min else None


def _read_table() -> dict[str, NamedFormula]:
    text = files("twin.weather").joinpath("formulas.csv").read_text(encoding="utf-8")
    found = {}
    for row in csv.DictReader(text.splitlines()):
        formula = StormFormula(float(row["a_mm_per_min"]), float(row["c"]), float(row["b_min"]), float(row["n"]))
        found[row["name"]] = NamedFormula(
            row["name"],
            formula,
            peak_short=float(row["peak_short"]),
            short_min=float(row["short_min"]),
            peak_day=float(row["peak_day"]),
            day_min=float(row["day_min"]),
            source=row["source"],
        )
    return found


STORM_FORMULAS = _read_table()
"""Formulas of cities by name, from formulas.csv."""
