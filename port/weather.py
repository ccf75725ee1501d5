"""What wind, fog and water do to a terminal: formulas, and a switch that does not flutter."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


def sight_speed(distance_m: float, brake_mps2: float, reaction_s: float) -> float:
    """The fastest speed from which a vehicle still stops within the distance that it senses, in m/s.

    v τ + v² / (2 a) = D, hence v = −a τ + √((a τ)² + 2 a D), with a `brake_mps2`, τ `reaction_s`, D `distance_m`.
    """
    at = brake_mps2 * reaction_s
    return -at + math.sqrt(at * at + 2.0 * brake_mps2 * max(0.0, distance_m))


def wet_speeds(depth_m: NDArray[np.float64], limit_mps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Speeds that vehicles keep in standing water, in m/s, never above the limit; arrays of one length.

    v = 0.0009 w² − 0.5529 w + 86.9448 km/h, w the depth in mm, falling up to 300 mm; held there beyond (2.1 km/h),
    since closing is the terminal's own decision.

    Source: Pregnolato et al. (2017), Transportation Research Part D 55, 67–81.
    """
    w = np.clip(depth_m, 0.0, 0.3) * 1000.0
    return np.minimum(limit_mps, (0.0009 * w * w - 0.5529 * w + 86.9448) / 3.6)


@dataclass
class WindSwitch:
    """Stops at a wind speed, goes on after it has stayed below a share of it for a while.

    stop_mps      wind that stops work
    restart_share work goes on below this share of `stop_mps` …
    restart_us    … when it has lasted so long
    """

    stop_mps: float
    restart_share: float
    restart_us: int
    stopped: bool = False
    calm_since_us: int | None = None

    def observe(self, now_us: int, wind_mps: float) -> bool | None:
        """Take in the wind at a moment; True: stop now, False: go on now, None: nothing changes."""
        if wind_mps >= self.stop_mps:
            self.calm_since_us = None
            was, self.stopped = self.stopped, True
            return None if was else True
        if not self.stopped:
            return None
        if wind_mps >= self.restart_share * self.stop_mps:
            self.calm_since_us = None
            return None
        if self.calm_since_us is None:
            self.calm_since_us = now_us
        if now_us - self.calm_since_us >= self.restart_us:
            self.stopped, self.calm_since_us = False, None
            return False
        return None

    @property
    def due_us(self) -> int | None:
        """When work goes on if the wind stays as it is; None while it runs or the wind is too strong."""
        return self.calm_since_us + self.restart_us if self.stopped and self.calm_since_us is not None else None
