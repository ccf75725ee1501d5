"""How a storm's depth is spread over its time: depth fallen since the start, exact between any two moments.

Each shape knows when it is at its hardest, which places a moving cell and the tide against it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from twin.clock import to_s, to_us
from twin.weather.chicago import ChicagoStorm, StormFormula
from twin.weather.series import Series

DAY_S = 86_400.0


class RainCurve(Protocol):
    """Depth of rain in mm since the scenario's start, never falling.

    begin_us, end_us : it is dry outside of these
    peak_us : when it is hardest (the middle of the hardest time where that lasts)
    """

    @property
    def begin_us(self) -> int: ...
    @property
    def end_us(self) -> int: ...
    @property
    def peak_us(self) -> int: ...
    def depth(self, us: int) -> float: ...


@dataclass(frozen=True)
class Block:
    """A constant rate in mm/h from `begin_us` to `end_us`."""

    rate: float
    begin_us: int
    end_us: int

    @property
    def peak_us(self) -> int:
        return (self.begin_us + self.end_us) // 2

    def depth(self, us: int) -> float:
        return self.rate * max(0.0, to_s(min(us, self.end_us) - self.begin_us)) / 3600.0


@dataclass(frozen=True)
class Storm:
    """A design storm after Keifer and Chu that begins at `begin_us`."""

    storm: ChicagoStorm
    begin_us: int

    @property
    def end_us(self) -> int:
        return self.begin_us + to_us(self.storm.duration_s)

    @property
    def peak_us(self) -> int:
        return self.begin_us + to_us(self.storm.peak * self.storm.duration_s)

    def depth(self, us: int) -> float:
        return self.storm.depth(to_s(us - self.begin_us))


@dataclass(frozen=True)
class Triangle:
    """A rate that rises from nothing to its peak and falls to nothing again, both evenly.

    The peak rate is 2 `total_mm` / duration; `peak` is the share of the duration before it.
    """

    total_mm: float
    duration_s: float
    peak: float
    begin_us: int

    @property
    def end_us(self) -> int:
        return self.begin_us + to_us(self.duration_s)

    @property
    def peak_us(self) -> int:
        return self.begin_us + to_us(self.peak * self.duration_s)

    def depth(self, us: int) -> float:
        share = min(max(to_s(us - self.begin_us) / self.duration_s, 0.0), 1.0)
        if share <= self.peak:
            return self.total_mm * share * share / self.peak
        return self.total_mm * (1.0 - (1.0 - share) ** 2 / (1.0 - self.peak))


@dataclass(frozen=True)
class Steps:
    """Depth at the ends of intervals, linear in between because each interval has one rate.

    ends_us : (n+1,) the first interval's begin and every interval's end; depths : (n+1,) from 0
    """

    ends_us: NDArray[np.int64]
    depths: NDArray[np.float64]

    def depth(self, us: int) -> float:
        return float(np.interp(us, self.ends_us, self.depths))

    @property
    def begin_us(self) -> int:
        return int(self.ends_us[0])

    @property
    def end_us(self) -> int:
        return int(self.ends_us[-1])

    @property
    def peak_us(self) -> int:
        k = int(np.argmax(np.diff(self.depths) / np.diff(self.ends_us)))
        return int(self.ends_us[k] + self.ends_us[k + 1]) // 2

    @classmethod
    def of(cls, series: Series) -> Steps:
        """Each row's interval begins at its time and ends at the next row's; the last is as long as the one before."""
        ends = interval_ends(series.times_us)
        return cls(ends, np.concatenate([[0.0], np.cumsum(fallen_mm(series.values, series.unit, ends))]))


def interval_ends(times_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n+1,) begin and ends of the intervals of n rows; the last is as long as the one before it."""
    return np.append(times_us, 2 * times_us[-1] - times_us[-2])


def fallen_mm(values: NDArray[np.float64], unit: str, ends_us: NDArray[np.int64]) -> NDArray[np.float64]:
    """What fell in each interval; `values` (n,) in mm, or rates in mm/h."""
    return values if unit == "mm" else values * np.diff(ends_us) / 3.6e9


def alternating_blocks(
    formula: StormFormula, return_period_a: float, duration_s: float, peak: float, step_s: float, begin_us: int
) -> Steps:
    """Blocks of `step_s` whose hardest k together have the formula's depth of k steps, for every k.

    The hardest block holds the moment peak x duration; the next go after and before it in turn, and where one side is
    full to the other (Chow, Maidment and Mays 1988, Applied Hydrology, 14.4). The duration is a whole number of steps:
    the last may be shorter.
    """
    count = max(int(np.ceil(duration_s / step_s - 1e-9)), 1)
    ends_s = np.minimum(np.arange(1, count + 1) * step_s, duration_s)
    depths = np.array([formula.depth(s / 60.0, return_period_a) for s in ends_s])
    blocks = np.diff(depths, prepend=0.0)
    lengths = np.diff(ends_s, prepend=0.0)
    top = min(int(peak * count), count - 1)
    order, after, before = [top], top + 1, top - 1
    while len(order) < count:
        turn_after = len(order) % 2 == 1
        if after < count and (turn_after or before < 0):
            order.append(after)
            after += 1
        else:
            order.append(before)
            before -= 1
    placed, spans = np.zeros(count), np.zeros(count)
    placed[order], spans[order] = blocks, lengths
    ends = begin_us + np.array([0, *(to_us(s) for s in np.cumsum(spans))], dtype=np.int64)
    return Steps(ends, np.concatenate([[0.0], np.cumsum(placed)]))


def scs_type_2(total_mm: float, begin_us: int) -> Steps:
    """The 24-hour storm of type II of the US Soil Conservation Service (TR-55, 1986), linear between its figures."""
    hours, shares = _scs_table()
    ends = begin_us + np.array([to_us(h * 3600.0) for h in hours], dtype=np.int64)
    return Steps(ends, total_mm * np.array(shares))


@cache
def _scs_table() -> tuple[tuple[float, ...], tuple[float, ...]]:
    text = files("twin.weather").joinpath("scs_type_2.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    return tuple(float(r["hour"]) for r in rows), tuple(float(r["share"]) for r in rows)
