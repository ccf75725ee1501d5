"""How long boxes stay, and which ship a box is for: the arithmetic that both engines share before a run begins.

Stays are kept in whole milliseconds, so that weeks fit into the arithmetic of 64 bits.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from port.draws import quantiles
from port.sections import Spread
from port.terminal import Terminal

MS_TABLE = 1000
"""Tables of stays hold milliseconds."""
EVEN = 1 << 20
"""Steps in which the part of a stay that is left is drawn."""


def stays(spread: Spread) -> tuple[int, ...]:
    """The quantile table of a stay, in ms."""
    return quantiles(spread.shape, spread.mean / MS_TABLE, spread.cv)


def aged(spread: Spread) -> tuple[int, ...]:
    """The table (ms) from which the rest of a stay is drawn that one finds going on, as times an even number of (0, 1).

    Who looks at a random moment finds long stays more often: with density x f(x)/m (renewal theory; Cox 1962, Renewal
    Theory, ch. 5), and a point in time that lies evenly in each. A lognormal weighted so is one with mean m (1 + cv²)
    and the same cv. The exponential forgets: its rest is the stay itself, and `rest_is_even` is False.
    """
    longer = spread.mean * (1.0 + spread.cv**2) if spread.shape == "lognormal" else spread.mean
    return quantiles(spread.shape, longer / MS_TABLE, spread.cv)


def rest_is_even(spread: Spread) -> bool:
    """Whether the rest of a stay is an even share of what `aged` gives."""
    return spread.shape != "exponential"


def survival(spread: Spread, time_s: float) -> float:
    """Share of stays that are longer than a time."""
    if time_s <= 0.0:
        return 1.0
    if spread.shape == "exponential":
        return math.exp(-time_s / spread.mean) if spread.mean > 0.0 else 0.0
    if spread.shape == "deterministic" or spread.cv <= 0.0 or spread.mean <= 0.0:
        return 1.0 if spread.mean > time_s else 0.0
    sigma = math.sqrt(math.log(1.0 + spread.cv**2))
    return 1.0 - NormalDist(math.log(spread.mean) - sigma * sigma / 2, sigma).cdf(math.log(time_s))


def boxes_there(terminal: Terminal, load: int, at_s: float, coming: int) -> int:
    """Boxes of a ship that lie in the yard at the start.

    load : boxes that it will take; `coming` of them are named by `transfers` of other calls, so they are not there.
    at_s : when it comes.

    Without stays, the share `exports_in_yard`. With stays, the share whose stay before the ship's arrival is longer
    than the time until then: exports, and what other ships have left for it before (`transhipment`).
    """
    yard = terminal.yard
    share = yard.exports_in_yard
    if yard.dwell is not None:
        left = survival(yard.dwell.transhipment, at_s) if yard.transhipment else 0.0
        share = (1.0 - yard.transhipment) * survival(yard.dwell.exports, at_s) + yard.transhipment * left
    return round(max(0, load - coming) * share)
