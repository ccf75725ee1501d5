"""What an opening passes at given levels: weirs and orifices of manholes, grates, curb openings and covers.

Every law is a conveyance K, m2, of the head that drives the water: q = K √(2 g Δ), where Δ = H_s − max(H_p, Z) on the
way down (H_s level on the street, H_p head of the pipe, Z crest of the opening), and Δ = H_p − max(H_s, Z) on the way
up. That is the law of SWMM's bottom orifice, whose setting can then carry any regime: K / (what it was built for).

Manholes follow Rubinato et al. (2017, J. Hydrology 552, 421-432), with d the water above the crest:
    pipe below the crest      q = C_f P d √(2 g d), C_f = ⅔ · 0.54          free weir
    above it, d < A/P         q = C_s P d √(2 g Δ), C_s = 0.056             submerged weir
    above it, deeper          q = C_o A √(2 g Δ), C_o = 0.167               orifice
    upwards                   q = C_u A √(2 g Δ), C_u = 0.167
A free weir has no bound, so it is capped by a sharp-edged orifice, 0.6 A √(2 g d). The measured laws do not meet at
H_p = Z (a factor of 6.4) nor at d = A/P (of 3): the first is bridged over `BAND_M` of pipe head, the second over a
tenth of A/P to either side, both without a turn in the curve.

Grates and curb openings follow HEC-22 (FHWA-NHI-10-009, 3rd edition, section 4.4.5, in SI):
    grate    min(1.66 P d^1.5, 0.67 A √(2 g d))
    curb     1.60 L d^1.5, and 0.67 h L √(2 g (d − h/2)) from where it is less (d > h)
Where the pipe stands above the crest, √d of the weir becomes √Δ, which meets the free law at H_p = Z.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from drainage.inlets import CURB, LID
from drainage.native import COMPILED

G = 9.81
ROOT_2G = np.sqrt(2.0 * G)
BAND_M = 0.05
"""Pipe head above the crest over which a free fall becomes a drowned one."""
TURN_M = 0.02
"""Fall from street to pipe over which the coefficient of one direction becomes that of the other."""


class Inlets(NamedTuple):
    """The openings of the (m,) manholes: (e,) elements, those of manhole k at starts[k]:starts[k + 1]. SI.

    kind, perimeter, area   see `drainage.inlets`; a curb opening's perimeter is its length. Clogging is taken off
    free, submerged, cap, orifice, upward   coefficients of √(2g): see the module
    border                  depth at which the submerged weir becomes an orifice, m
    height                  of a curb opening, m
    vents                   conveyance of a shut cover, m2
    built                   (m,) conveyance of SWMM's orifice at full setting, m2
    drowned                 (m,) 0 free to 1 drowned, as it follows the pipe's head
    lift, back              (m,) head above street and crest that lifts the cover, below which it falls back, m
    lid                     (m,) see `drainage.covers`: SHUT, LIFTED, OFF; `gap` (m,) its opening, 0 to 1
    calm_s                  (m,) how long a lifted cover has been without pressure, s
    pressure                (m,) largest head under a cover so far, m; `lifts` (m,) how often it was lifted
    """

    starts: NDArray[np.int64]
    kind: NDArray[np.float64]
    perimeter: NDArray[np.float64]
    area: NDArray[np.float64]
    free: NDArray[np.float64]
    submerged: NDArray[np.float64]
    cap: NDArray[np.float64]
    orifice: NDArray[np.float64]
    upward: NDArray[np.float64]
    border: NDArray[np.float64]
    height: NDArray[np.float64]
    vents: NDArray[np.float64]
    built: NDArray[np.float64]
    drowned: NDArray[np.float64]
    lift: NDArray[np.float64]
    back: NDArray[np.float64]
    lid: NDArray[np.int64]
    gap: NDArray[np.float64]
    calm_s: NDArray[np.float64]
    pressure: NDArray[np.float64]
    lifts: NDArray[np.int64]


@njit(**COMPILED)
def bend(x):
    """0 below 0, 1 above 1, 3x² − 2x³ between: a bridge without a kink."""
    x = min(max(x, 0.0), 1.0)
    return x * x * (3.0 - 2.0 * x)


@njit(**COMPILED)
def curb_conveyance(length, height, d, weir, orifice):
    """HEC-22: a weir of the curb's length, an orifice once water stands above the opening and it passes less."""
    over = weir * length * d
    if d <= height:
        return over
    return min(over, orifice * length * height * np.sqrt(1.0 - 0.5 * height / d))


@njit(**COMPILED)
def opening_conveyance(inlets, e, d, drowned):
    """Downwards through element e (an opening without its cover) under d metres of water."""
    weir = inlets.perimeter[e] * d
    free = min(inlets.free[e] * weir, inlets.cap[e] * inlets.area[e])
    if drowned <= 0.0:
        return free
    deep = bend((d / inlets.border[e] - 0.9) / 0.2)
    low = inlets.submerged[e] * weir
    full = inlets.orifice[e] * inlets.area[e]
    under = min(low, full) if inlets.free[e] == inlets.submerged[e] else low + deep * (full - low)
    return free + drowned * (under - free)


@njit(**COMPILED)
def element_conveyance(inlets, e, d, drowned, gap):
    """(down, up) through element e; `gap` is how far the manhole's cover is open."""
    kind = inlets.kind[e]
    up = inlets.upward[e] * inlets.area[e]
    if kind == CURB:
        return curb_conveyance(inlets.perimeter[e], inlets.height[e], d, inlets.free[e], inlets.orifice[e]), up
    down = opening_conveyance(inlets, e, d, drowned)
    if kind == LID:
        vents = inlets.vents[e]
        return vents + gap * max(down - vents, 0.0), vents + gap * max(up - vents, 0.0)
    return down, up


@njit(**COMPILED)
def conveyance(inlets, k, d, fall, drowned):
    """Of all openings of manhole k, m2: under d metres of water, whose level is `fall` above the pipe's head (which may
    stand far below the crest: then nothing can turn)."""
    down, up = 0.0, 0.0
    for e in range(inlets.starts[k], inlets.starts[k + 1]):
        a, b = element_conveyance(inlets, e, d, drowned, inlets.gap[k])
        down += a
        up += b
    if d <= 0.0 or fall <= 0.0:
        return up
    return down if down <= up else up + bend(fall / TURN_M) * (down - up)


@njit(**COMPILED)
def drowning(head_m, crest_m):
    """0 for a pipe below the crest, 1 from `BAND_M` above it."""
    return bend((head_m - crest_m) / BAND_M)


@njit(**COMPILED)
def discharge(inlets, k, street_m, pipe_m, crest_m):
    """The law itself, m3/s, positive downwards: what manhole k passes in a steady state at these levels."""
    d = max(street_m - crest_m, 0.0)
    fall = max(street_m, crest_m) - max(pipe_m, crest_m)
    through = conveyance(inlets, k, d, max(street_m, crest_m) - pipe_m, drowning(pipe_m, crest_m))
    return through * np.sqrt(2.0 * G * abs(fall)) * (1.0 if fall > 0.0 else -1.0 if fall < 0.0 else 0.0)
