"""Matching residuals with signatures: pure arithmetic on arrays, no network.

With residuals r_t = reading − model, noise covariance Σ (sensor noise and the scatter of demand) and the signature
s(h, a) of hydrant h open by a, the log-likelihood ratio of "h open by a" against "nothing open" at one moment is

    g_t(h, a) = sᵀ Σ⁻¹ r_t − ½ sᵀ Σ⁻¹ s

(Neyman and Pearson 1933, for Gaussian noise). Over time it is summed from a beginning to an end, and the interval
with the largest sum is the best guess of when the hydrant was open: the largest sum of a run of consecutive terms
(Kadane's algorithm, Bentley 1984, Communications of the ACM 27(9)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hydraulics.watch.signatures import Field
from twin.places import FloatArray

LEVELS = 16
"""Openings between the smallest and the largest that are tried."""
MUTE = 1e6
"""Times its own noise a missing reading is uncertain by."""
CHUNK = 4_000_000


@dataclass(frozen=True)
class Templates:
    """Signatures at finely spaced openings, whitened: (g, s, h*l). `opening` (l,) m2; `outflow` (g, h, l) m3/s.

    whiten (g, s, s)  turns residuals into independent ones of standard deviation 1
    shift (g, s)      what scattered demand adds on average: losses grow faster than flows
    null (g, k, s)    whitened draws of demand that had no part in `whiten`; own (g, s, s) whitened sensor noise of 1
    """

    white: FloatArray
    energy: FloatArray
    whiten: FloatArray
    shift: FloatArray
    null: FloatArray
    own: FloatArray
    opening: FloatArray
    outflow: FloatArray
    group: NDArray[np.int64]
    hydrants: int


def make_templates(
    field: Field, openings_m2: tuple[float, ...], sensor_sigma: FloatArray, silent: NDArray[np.bool_]
) -> Templates:
    """Interpolate signatures between the openings that were solved (and none), and whiten them.

    Monotone cubics (Fritsch and Butland 1984), because flow and loss bend but never turn as a hydrant is opened.

    sensor_sigma (s,)    standard deviation of each sensor's own noise, in m or m3/s
    silent       (t, s)  readings that are missing: their noise counts as endless
    """
    from scipy.interpolate import PchipInterpolator

    pairs, group = np.unique(np.column_stack([field.group, silent]), axis=0, return_inverse=True)
    at, mute = pairs[:, 0].astype(np.int64), pairs[:, 1:].astype(bool)
    field = Field(field.base, group.reshape(-1), field.change[at], field.outflow[at], field.draws[at])
    g, h, a, s = field.change.shape
    known = np.concatenate([[0.0], openings_m2])
    opening = np.geomspace(openings_m2[0], openings_m2[-1], LEVELS) if a > 1 else np.array(openings_m2)
    change = np.concatenate([np.zeros((g, h, 1, s)), field.change], axis=2)
    outflow = np.concatenate([np.zeros((g, h, 1)), field.outflow], axis=2)
    raw = PchipInterpolator(known, change, axis=2)(opening)
    flow = PchipInterpolator(known, outflow, axis=2)(opening)
    noise = [np.diag(np.where(quiet, MUTE * sensor_sigma, sensor_sigma) ** 2) for quiet in mute]
    half = field.draws.shape[1] // 2
    scatter = [np.atleast_2d(np.cov(draws[:half], rowvar=False)) for draws in field.draws]
    whiten = np.stack([np.linalg.inv(np.linalg.cholesky(a + b)) for a, b in zip(scatter, noise, strict=True)])
    shift = field.draws.mean(axis=1)
    null = np.einsum("gij,gkj->gki", whiten, field.draws[:, half:] - shift[:, None])
    own = np.einsum("gij,j->gij", whiten, sensor_sigma) * ~mute[:, None, :]
    flat = raw.reshape(g, h * len(opening), s)
    white = np.einsum("gij,gkj->gik", whiten, flat)
    energy = 0.5 * (white**2).sum(axis=1)
    return Templates(white, energy, whiten, shift, null, own, opening, flow, field.group, h)


def whitened(templates: Templates, residual: FloatArray) -> FloatArray:
    """(t, s) residuals in units of their noise; missing ones (NaN) have no weight."""
    known = np.nan_to_num(residual - templates.shift[templates.group])
    return np.einsum("tij,tj->ti", templates.whiten[templates.group], known)


@dataclass(frozen=True)
class Best:
    """For every hydrant (h,): the largest sum, the opening as a level that may lie between two of the templates, first
    and last reading of the interval. `misfit` is what the best of them leaves of the readings, as a mean square in
    units of the noise: 1 if the model is as good as its noise says."""

    score: FloatArray
    level: FloatArray
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    misfit: float
    coarse: float
    """The largest sum with openings at the templates' only: what the alarm level is about."""

    @property
    def probability(self) -> FloatArray:
        """(h,) of each hydrant, given that one is open, by its likelihood. Where the best explanation leaves more than
        the noise, the noise is taken to be as large as what it leaves."""
        weight = np.exp((self.score - self.score.max()) / max(self.misfit, 1.0))
        return weight / weight.sum()


def best_intervals(templates: Templates, white: FloatArray) -> Best:
    """The most likely opening and interval of each hydrant, from (t, s) whitened residuals."""
    t = len(white)
    k = templates.white.shape[2]
    running, since = np.zeros(k), np.zeros(k, dtype=np.int64)
    top, first, last = np.full(k, -np.inf), np.zeros(k, dtype=np.int64), np.zeros(k, dtype=np.int64)
    for i in range(t):
        group = templates.group[i]
        gain = white[i] @ templates.white[group] - templates.energy[group]
        fresh = running <= 0.0
        running = np.where(fresh, gain, running + gain)
        since = np.where(fresh, i, since)
        better = running > top
        top = np.where(better, running, top)
        first = np.where(better, since, first)
        last = np.where(better, i, last)
    shape = (templates.hydrants, -1)
    level = top.reshape(shape).argmax(axis=1)
    rows = np.arange(templates.hydrants)
    score, begins, ends = (x.reshape(shape)[rows, level] for x in (top, first, last))
    coarse = float(score.max())
    score, fine = _refine(templates, white, score, level, begins, ends)
    return Best(score, fine, begins, ends, _misfit(templates, white, score, begins, ends), coarse)


def _refine(
    templates: Templates,
    white: FloatArray,
    score: FloatArray,
    level: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
) -> tuple[FloatArray, FloatArray]:
    """(scores, levels) with the opening moved between the templates: on the line between two neighbours
    s = u + f v the sum is a parabola in f, with its top at f = v·(r − u) / v·v."""
    g, s = templates.white.shape[:2]
    table = templates.white.reshape(g, s, templates.hydrants, -1)
    score, fine = score.copy(), level.astype(float)
    for a, b in {(int(x), int(y)) for x, y in zip(first, last, strict=True)}:
        rows = np.flatnonzero((first == a) & (last == b))
        groups, counts = np.unique(templates.group[a : b + 1], return_counts=True)
        sums = np.array([white[a : b + 1][templates.group[a : b + 1] == k].sum(axis=0) for k in groups])
        root = np.sqrt(counts)[:, None]
        residual = (sums / root)[:, :, None]
        for side in (-1, 1):
            other = level[rows] + side
            inside = (other >= 0) & (other < table.shape[3])
            some = rows[inside]
            if not len(some):
                continue
            here = table[groups][:, :, some, level[some]] * root[:, :, None]
            step = table[groups][:, :, some, other[inside]] * root[:, :, None] - here
            length = np.maximum((step**2).sum(axis=(0, 1)), 1e-300)
            share = np.clip((step * (residual - here)).sum(axis=(0, 1)) / length, 0.0, 1.0)
            at = here + share * step
            value = (at * residual).sum(axis=(0, 1)) - 0.5 * (at**2).sum(axis=(0, 1))
            better = value > score[some]
            score[some[better]] = value[better]
            fine[some[better]] = level[some[better]] + side * share[better]
    return score, fine


def _misfit(
    templates: Templates, white: FloatArray, score: FloatArray, first: NDArray[np.int64], last: NDArray[np.int64]
) -> float:
    """Mean square of what the best hydrant leaves of its interval: |r − s|² = |r|² − 2 score."""
    best = int(score.argmax())
    part = slice(int(first[best]), int(last[best]) + 1)
    heard = (np.abs(templates.own).max(axis=1) > 0.0).sum(axis=1)
    count = max(1, int(heard[templates.group[part]].sum()))
    return float(((white[part] ** 2).sum() - 2.0 * score[best]) / count)


def alarm_level(templates: Templates, false_alarms: float, seed: int, draws: int = 1000) -> float:
    """The score that noise alone exceeds in a share `false_alarms` of such sets of readings.

    Noise is drawn as it comes: demands that EPANET has solved and that were not used to estimate Σ, and sensor noise.
    Normal deviates of the estimated Σ would be too tame, for Σ is smaller than the truth where it was fitted.
    """
    rng = np.random.default_rng(seed)
    t, s, k = len(templates.group), templates.white.shape[1], templates.white.shape[2]
    highest = np.empty(draws)
    block = max(1, CHUNK // k)
    for start in range(0, draws, block):
        n = min(block, draws - start)
        running, top = np.zeros((n, k)), np.full(n, -np.inf)
        for i in range(t):
            group = templates.group[i]
            demand = templates.null[group, rng.integers(templates.null.shape[1], size=n)]
            noise = demand + rng.standard_normal((n, s)) @ templates.own[group].T
            gain = noise @ templates.white[group] - templates.energy[group]
            running = np.maximum(running, 0.0) + gain
            top = np.maximum(top, running.max(axis=1))
        highest[start : start + n] = top
    return float(np.quantile(highest, 1.0 - false_alarms))
