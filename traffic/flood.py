"""What water on a street does to its vehicles: how fast they drive, and for whom the street is closed.

>>> import numpy as np
>>> wet_speed(np.array([0.0, 0.1, 0.3]), np.full(3, 13.9)).round(2).tolist()
[13.9, 11.29, 0.0]
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

CAR_M = 0.30
"""Pregnolato et al. 2017 (300 mm); Kramer, Terheiden & Wieprecht 2016, Int. J. Disaster Risk Reduct. 17, 77-84:
total head 0.3 m for passenger cars."""
VAN_M = 0.40
"""Shand et al. 2011 (AR&R project 10): still water limit of a large passenger car. Vans by analogy (assumption)."""
BUS_M = 0.40
"""Assumption: water at the door step of a low-floor bus (0.32 to 0.37 m above the street) with a small margin."""
HEAVY_M = 0.60
"""Kramer et al. 2016: total head 0.6 m for emergency vehicles. Container trucks by analogy (assumption)."""

CLOSING_DEPTH_M: dict[str, float] = {
    "passenger": CAR_M,
    "private": CAR_M,
    "taxi": CAR_M,
    "hov": CAR_M,
    "evehicle": CAR_M,
    "vip": CAR_M,
    "authority": CAR_M,
    "motorcycle": CAR_M,
    "moped": CAR_M,
    "delivery": VAN_M,
    "bus": BUS_M,
    "coach": BUS_M,
    "truck": HEAVY_M,
    "trailer": HEAVY_M,
    "emergency": HEAVY_M,
    "army": HEAVY_M,
}
"""Depth in m from which a street is closed, for every class of SUMO that drives on streets."""


def wet_speed(depth_m: FloatArray, limit_mps: FloatArray) -> FloatArray:
    """Speed that a driver of a car keeps in standing water.

    v = 0.0009 w² − 0.5529 w + 86.9448  [km/h], w the depth in mm; 0 from 300 mm on; never above the limit.

    Parameters
    ----------
    depth_m, limit_mps : (n,) arrays. Depth in m, legal speed in m/s.

    Returns
    -------
    (n,) speed in m/s; the limit itself where the street is dry.

    Source: Pregnolato et al. (2017), Transportation Research Part D 55, 67-81. The fit still gives 2 km/h at 300 mm,
    hence the cut. It is a fit to speeds up to 87 km/h: on a city street it begins to act at about 80 mm.
    """
    w = np.maximum(np.asarray(depth_m, dtype=float), 0.0) * 1000.0
    law = (0.0009 * w**2 - 0.5529 * w + 86.9448) / 3.6
    return np.where(w >= 300.0, 0.0, np.where(w > 0.0, np.minimum(law, limit_mps), limit_mps))


def wet_speed_conservative(depth_m: FloatArray, limit_mps: FloatArray) -> FloatArray:
    """A driver who slows down less early and stops later.

    v = 0.0002415 w² − 0.2898 w + 86.94  [km/h], w the depth in mm; 0 from 600 mm on (the parabola's lowest point);
    never above the limit. Shapes, units and source as `wet_speed`.
    """
    w = np.maximum(np.asarray(depth_m, dtype=float), 0.0) * 1000.0
    law = np.maximum((0.0002415 * w**2 - 0.2898 * w + 86.94) / 3.6, 0.0)
    return np.where(w >= 600.0, 0.0, np.where(w > 0.0, np.minimum(law, limit_mps), limit_mps))


SPEED_LAWS = {"pregnolato": wet_speed, "conservative": wet_speed_conservative}


def speed_classes(speed_mps: FloatArray, limit_mps: FloatArray, crawl_mps: float, step_mps: float = 0.5) -> FloatArray:
    """Speeds rounded down to steps, so that an engine is told only of changes that matter.

    Never below `crawl_mps` (those whom the water does not stop crawl), never above the limit; a speed at its limit
    is left exactly there.
    """
    stepped = np.floor(speed_mps / step_mps + 1e-9) * step_mps
    stepped = np.where(speed_mps >= limit_mps, limit_mps, stepped)
    return np.minimum(np.maximum(stepped, crawl_mps), limit_mps)


@dataclass
class FloodClosures:
    """Which edges water has closed, level by level (a level is a closing depth and the classes that share it).

    A level closes an edge at its depth and opens it when the depth has been below `reopen_share` of it for
    `reopen_after_us`, so that a street on the brink does not flicker.

    levels_m   (k,) closing depths, ascending
    classes    for each level the vehicle classes that it stops
    closed     (k, n) which edges are closed now
    any_closed whether any is
    deepest_m  (n,) largest depth seen
    """

    depths_m: dict[str, float]
    n: int
    reopen_share: float = 0.5
    reopen_after_us: int = 600_000_000
    levels_m: FloatArray = field(init=False)
    classes: tuple[tuple[str, ...], ...] = field(init=False)
    closed: BoolArray = field(init=False)
    any_closed: bool = field(init=False, default=False)
    deepest_m: FloatArray = field(init=False)
    _low_since: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        levels = sorted(set(self.depths_m.values()))
        self.levels_m = np.array(levels)
        self.classes = tuple(tuple(sorted(c for c, d in self.depths_m.items() if d == level)) for level in levels)
        self.closed = np.zeros((len(levels), self.n), dtype=bool)
        self.deepest_m = np.zeros(self.n)
        self._low_since = np.full((len(levels), self.n), -1, dtype=np.int64)

    def update(self, now_us: int, depth_m: FloatArray) -> NDArray[np.int64]:
        """Take the depths (n,) at `now_us`; returns the indices of edges where any level opened or closed."""
        np.maximum(self.deepest_m, depth_m, out=self.deepest_m)
        if not self.any_closed and not (depth_m >= self.levels_m[0]).any():
            return np.empty(0, dtype=np.int64)
        before = self.closed.copy()
        high = depth_m[None, :] >= self.levels_m[:, None]
        low = depth_m[None, :] < self.levels_m[:, None] * self.reopen_share
        self.closed |= high
        waiting = self.closed & low
        self._low_since = np.where(waiting, np.where(self._low_since < 0, now_us, self._low_since), -1)
        self.closed &= ~(waiting & (now_us - self._low_since >= self.reopen_after_us))
        self.any_closed = bool(self.closed.any())
        return np.nonzero((before != self.closed).any(axis=0))[0]

    def classes_at(self, edge: int) -> frozenset[str]:
        """The vehicle classes that water keeps off an edge."""
        return frozenset(c for k, names in enumerate(self.classes) if self.closed[k, edge] for c in names)
