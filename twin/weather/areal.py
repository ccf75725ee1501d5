"""Areal reduction: the mean rain over an area is less than that of a point, the more so the shorter the storm.

>>> round(nerc(100e6, 3600.0), 2)
0.8
"""

from __future__ import annotations

import math

SQUARE_MILE_M2 = 1609.344**2


def nerc(area_m2: float, duration_s: float) -> float:
    """The Flood Studies Report's factor: 1 - 0.048 A^(0.36 - 0.01 ln A) / d^0.35, at least 0.25; A in km2, d in h.

    NERC (1975), Flood Studies Report, vol. II, table of areal reduction factors, in the fit of Koutsoyiannis and
    Xanthopoulos (1999), Engineering Hydrology, NTU Athens. Never above 1 (areas under a square kilometre).
    """
    km2, hours = area_m2 / 1e6, duration_s / 3600.0
    exponent = 0.36 - 0.01 * math.log(km2)
    return min(max(1.0 - 0.048 * km2**exponent / hours**0.35, 0.25), 1.0)


def leclerc_schaake(area_m2: float, duration_s: float) -> float:
    """1 - exp(-1.1 d^0.25) + exp(-1.1 d^0.25 - 0.01 A); A in square miles, d in h.

    Leclerc and Schaake (1972), Derivation of hydrologic frequency curves, report 142, R. M. Parsons Laboratory, MIT: a
    fit to the United States Weather Bureau's curves (Technical Paper 29).
    """
    far = math.exp(-1.1 * (duration_s / 3600.0) ** 0.25)
    return 1.0 - far + far * math.exp(-0.01 * area_m2 / SQUARE_MILE_M2)


METHODS = {"nerc": nerc, "leclerc_schaake": leclerc_schaake}
