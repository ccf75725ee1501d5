"""How well a discharge at each node explains the readings, and what follows for where it was.

Unknown of a discharge: node, start, duration, mass. Of the model: how much slower or faster the water really is. All
nodes are equally likely beforehand, so are all starts, durations and speeds; the mass is the one that fits best.

Series. Readings scatter about M·g (g: reading of a unit of mass) with variance σ² = absolute² + (relative · reading)².
Errors of neighbouring readings of a sensor are alike: the misfit counts as if there were one reading each
`correlation_s`. ln L = −½ κ (yᵀWy − (gᵀWy)²/(gᵀWg)), κ the share of independent readings.

Arrivals. Each time scatters about the first moment at which the reading passes a tenth of its peak, with
σ = arrival_s + arrival_share · travel time; magnitudes scatter about M times the peak by a factor exp(magnitude_log); a
sensor misses a discharge that should have shown with the probability `missed`, and cries wolf with `false`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drainage.tracing.hydraulics import Hydraulics
from drainage.tracing.readings import WAVE, Arrivals, Series
from drainage.tracing.transport import responses
from twin.places import FloatArray

RISE = 0.1
UNSEEN = 1e-12
"""Response in g/m3 a gram below which a node does not lie upstream of a sensor."""


@dataclass(frozen=True)
class ErrorModel:
    """See the module. Lengths of time in s; `absolute` in the readings' unit (None: 2 % of the largest).

    `relative` and `correlation_s` were chosen on Windsor's tracers themselves, where 90 % sets then held the true node
    in 18 of 19 cases (a fit, not a forecast); with 15 min and 0.3 they held it in 68 %, with 30 min and 0.4 always, but
    were 153 nodes large instead of 11."""

    absolute: float | None = None
    relative: float = 0.3
    correlation_s: float = 1800.0
    speeds: tuple[float, ...] = (0.7, 0.85, 1.0, 1.2, 1.45)
    arrival_s: float = 300.0
    arrival_share: float = 0.2
    magnitude_log: float = 0.7
    missed: float = 0.05
    false: float = 0.02


@dataclass(frozen=True)
class Span:
    """Which discharges are tried: bins of `bin_s`, durations in bins, and how long before a reading, s."""

    bin_s: float = 900.0
    durations: tuple[int, ...] = (1, 2, 4)
    back_s: float = 6 * 3600.0


@dataclass(frozen=True)
class Ranking:
    """By node: probability (n,), and the best discharge there: start and duration in s, mass in g (NaN: not known)."""

    probability: FloatArray
    start_s: FloatArray
    duration_s: FloatArray
    mass_g: FloatArray
    upstream: NDArray[np.bool_]


class Best:
    """Keeps the evidence of each node and its best discharge while hypotheses come in."""

    def __init__(self, n: int) -> None:
        self.log = np.full(n, -np.inf)
        self.top = np.full(n, -np.inf)
        self.start, self.duration, self.mass = np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan)

    def hear(self, log: FloatArray, start_s: float, duration_s: float, mass: FloatArray) -> None:
        """Log-likelihoods (n,) of one start, duration and speed."""
        self.log = np.logaddexp(self.log, log)
        better = log > self.top
        self.top[better] = log[better]
        self.start[better], self.duration[better], self.mass[better] = start_s, duration_s, mass[better]

    def ranking(self, upstream: NDArray[np.bool_]) -> Ranking:
        log = np.where(upstream, self.log, -np.inf)
        if not np.isfinite(log).any():
            return Ranking(np.zeros(log.size), self.start, self.duration, self.mass, upstream)
        p = np.exp(log - log.max())
        return Ranking(p / p.sum(), self.start, self.duration, self.mass, upstream)


def rank_series(h: Hydraulics, readings: Series, errors: ErrorModel, span: Span) -> Ranking:
    """Rank all nodes by a series of readings."""
    sensor = np.array([h.node(id) for id in readings.node], dtype=np.int64)
    y = readings.value
    absolute = errors.absolute if errors.absolute is not None else 0.02 * float(y.max())
    weight = 1.0 / (absolute**2 + (errors.relative * y) ** 2)
    between = _interval(sensor, readings.time_s)
    independent = min(1.0, between / errors.correlation_s)
    free = float((weight * y * y).sum())
    best, upstream = Best(len(h.nodes)), np.zeros(len(h.nodes), dtype=bool)
    for speed in errors.speeds:
        g = responses(h, sensor, readings.time_s, span.bin_s, span.back_s, 1.0 / speed)
        upstream |= (g > UNSEEN).any(axis=(0, 2))
        sofar = np.concatenate([np.zeros((*g.shape[:2], 1), np.float32), np.cumsum(g, axis=2)], axis=2)
        for bins in span.durations:
            one = (sofar[:, :, bins:] - sofar[:, :, :-bins]) / np.float32(bins)
            c = np.maximum(np.tensordot((weight * y).astype(np.float32), one, 1), 0.0).astype(float)
            a = np.tensordot(weight.astype(np.float32), np.square(one, out=one), 1).astype(float)
            mass = np.where(a > 0, c / np.maximum(a, 1e-30), 0.0)
            log = -0.5 * independent * (free - mass * c)
            for b in range(log.shape[1]):
                best.hear(log[:, b], b * span.bin_s, bins * span.bin_s, mass[:, b])
    return best.ranking(upstream)


def _interval(sensor: NDArray[np.int64], time_s: FloatArray) -> float:
    """Median time between two readings of a sensor, s."""
    gaps = [np.diff(np.sort(time_s[sensor == s])) for s in np.unique(sensor)]
    flat = np.concatenate(gaps) if gaps else np.zeros(0)
    return float(np.median(flat[flat > 0])) if (flat > 0).any() else 3600.0


def rank_arrivals(h: Hydraulics, seen: Arrivals, errors: ErrorModel, span: Span, look_s: float = 300.0) -> Ranking:
    """Rank all nodes by first arrivals, magnitudes, and by which sensors stayed silent."""
    sensor = np.array([h.node(id) for id in seen.node], dtype=np.int64)
    times = np.arange(0.0, h.duration_s + 1.0, look_s)
    told = np.isfinite(seen.time_s)
    best, upstream = Best(len(h.nodes)), np.zeros(len(h.nodes), dtype=bool)
    for speed in errors.speeds:
        g = np.concatenate(
            [
                responses(
                    h, np.full(len(times), s), times, span.bin_s, span.back_s, 1.0 / (speed * (WAVE if level else 1.0))
                )[None]
                for s, level in zip(sensor, seen.level, strict=True)
            ]
        )  # (sensors, times, nodes, bins)
        peak = g.max(axis=1).astype(float)
        first = times[(g >= RISE * np.maximum(peak, UNSEEN)[:, None]).argmax(axis=1)]
        upstream |= (peak[told] > UNSEEN).any(axis=(0, 2))
        for b in range(g.shape[3]):
            log, mass = _of_arrivals(seen, told, peak[:, :, b], first[:, :, b], b * span.bin_s, errors)
            best.hear(log, b * span.bin_s, span.bin_s, mass)
    return best.ranking(upstream)


def _of_arrivals(
    seen: Arrivals, told: NDArray[np.bool_], peak: FloatArray, first: FloatArray, start_s: float, errors: ErrorModel
) -> tuple[FloatArray, FloatArray]:
    """Log-likelihood and mass (n,) of a discharge at each node that begins at `start_s`."""
    reaches = peak > UNSEEN
    known = told & np.isfinite(seen.magnitude) & (seen.magnitude > 0)
    ratio = np.full(peak.shape, np.nan)
    ratio[known] = np.where(
        reaches[known], np.log(seen.magnitude[known, None] / np.maximum(peak[known], UNSEEN)), np.nan
    )
    counts = np.isfinite(ratio).sum(axis=0)
    log_mass = np.where(counts > 0, np.nansum(ratio, axis=0) / np.maximum(counts, 1), np.nan)
    log = np.zeros(peak.shape[1])
    for k in range(len(told)):
        if told[k]:
            sigma = errors.arrival_s + errors.arrival_share * np.maximum(first[k] - start_s, 0.0)
            late = (seen.time_s[k] - first[k]) / sigma
            fits = -0.5 * late**2 - np.log(sigma / errors.arrival_s) + np.log(1.0 - errors.missed)
            if known[k]:
                fits = fits - 0.5 * (np.nan_to_num(ratio[k] - log_mass) / errors.magnitude_log) ** 2
            log += np.where(reaches[k], np.logaddexp(fits, np.log(errors.false) - 4.0), np.log(errors.false) - 4.0)
    weakest = np.where(reaches & told[:, None], peak, np.inf).min(axis=0, initial=np.inf)
    for k in np.flatnonzero(~told).tolist():
        shows = peak[k] > weakest
        log += np.where(shows, np.log(errors.missed), np.log(1.0 - errors.false))
    return log, np.where(np.isfinite(log_mass), np.exp(np.minimum(log_mass, 50.0)), np.nan)
