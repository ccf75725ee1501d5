"""What is watched at every exchange, because the end of the run no longer shows it: areas under water, when streets
were at their deepest, when they were free again."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.places import FloatArray

DRAINED = 0.05
"""Share of the largest flooded area that counts as drained down."""
PASSABLE_M = 0.15
"""Water over which a lane is no longer passable (GB 50014)."""


def drain_down_min(times_s: FloatArray, amounts: FloatArray) -> float | None:
    """Minutes from the largest amount until 5 % of it is left; 0 without any, None when that is not reached."""
    if not amounts.size or amounts.max() <= 0:
        return 0.0
    peak = int(amounts.argmax())
    after = np.flatnonzero(amounts[peak:] <= DRAINED * amounts[peak])
    return float(times_s[peak + int(after[0])] - times_s[peak]) / 60.0 if after.size else None


@dataclass
class Gathered:
    """Curves and moments kept during the run. Times in s, areas in ha.

    deepest_m, deepest_s, last_s   (n,) of each street line: deepest water, when, and when it was last above 15 cm (−1:
                                   never)
    zone_area                      (zones,) ha above 15 cm in each area of the section's `areas`, at each time
    """

    time_s: list[float] = field(default_factory=list)
    area_15: list[float] = field(default_factory=list)
    area_27: list[float] = field(default_factory=list)
    area_40: list[float] = field(default_factory=list)
    closed_at: dict[str, float] = field(default_factory=dict)
    zone_area: list[FloatArray] = field(default_factory=list)
    deepest_m: FloatArray = field(default_factory=lambda: np.zeros(0))
    deepest_s: FloatArray = field(default_factory=lambda: np.zeros(0))
    last_s: FloatArray = field(default_factory=lambda: np.zeros(0))

    def add(self, now_s: float, area_15: float, area_27: float, area_40: float = 0.0) -> None:
        self.time_s.append(now_s)
        self.area_15.append(area_15)
        self.area_27.append(area_27)
        self.area_40.append(area_40)

    def add_zones(self, over_15: NDArray[np.bool_], zones: list[NDArray[np.int64]], cell_m2: float) -> None:
        """Land above 15 cm in each zone; `over_15` (cells,), `zones` the cells of each."""
        if zones:
            self.zone_area.append(np.array([np.count_nonzero(over_15[cells]) for cells in zones]) * cell_m2 / 1e4)

    def add_streets(self, now_s: float, depth_m: FloatArray) -> None:
        """Deepest water on each street line now."""
        if self.deepest_m.size != depth_m.size:
            n = depth_m.size
            self.deepest_m, self.deepest_s, self.last_s = np.zeros(n), np.zeros(n), np.full(n, -1.0)
        deeper = depth_m > self.deepest_m
        self.deepest_m[deeper] = depth_m[deeper]
        self.deepest_s[deeper] = now_s
        self.last_s[depth_m > PASSABLE_M] = now_s

    def drain_down_min(self) -> float | None:
        """Minutes from the largest area above 15 cm until 5 % of it is left; None when that is not reached."""
        return drain_down_min(np.array(self.time_s), np.array(self.area_15))

    def street_drain_down_min(self, lines: list[int], step_s: float = 0.0) -> float | None:
        """Minutes from a street's deepest moment until all of it is back under 15 cm; None when it is not yet.

        lines : the street's lines; step_s : time between two looks, by which the answer may be short.
        """
        if not self.time_s or not self.deepest_m.size or self.last_s[lines].max() < 0:
            return 0.0
        last = float(self.last_s[lines].max())
        if last >= self.time_s[-1]:
            return None
        deepest = lines[int(self.deepest_m[lines].argmax())]
        return max(last + step_s - float(self.deepest_s[deepest]), 0.0) / 60.0

    def zone_drain_down_min(self, zone: int) -> float | None:
        """As `drain_down_min`, for one of the areas."""
        return drain_down_min(np.array(self.time_s), np.array([areas[zone] for areas in self.zone_area]))
