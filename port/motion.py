"""How long a truck needs for a piece of lane. The same lines run interpreted and compiled, so both engines agree."""

from __future__ import annotations

import math


def leg_us(length_mm: int, speed: float, up: float, down: float, from_rest: bool, to_rest: bool, factor: float) -> int:
    """Time over a piece of lane with a trapezoid (or, when it is short, triangular) speed profile, in µs.

    s/v, plus v/(2a) when it starts from standing and v/(2b) when it ends so; when these ramps do not fit into s, the
    peak speed is √(2 s a b / (a + b)), and with one ramp alone the time is √(2 s / a).

    length_mm : s.  speed : v, m/s, above 0.  up, down : a, b, m/s²; 0 for a jump.  factor : multiplies the time.
    """
    s = length_mm * 0.001
    rise = from_rest and up > 0.0
    fall = to_rest and down > 0.0
    ramps = 0.0
    if rise:
        ramps += speed * speed / (2.0 * up)
    if fall:
        ramps += speed * speed / (2.0 * down)
    if ramps <= s:
        t = s / speed
        if rise:
            t += speed / (2.0 * up)
        if fall:
            t += speed / (2.0 * down)
    elif rise and fall:
        peak = math.sqrt(2.0 * s * up * down / (up + down))
        t = peak / up + peak / down
    elif rise:
        t = math.sqrt(2.0 * s / up)
    else:
        t = math.sqrt(2.0 * s / down)
    return int(t * factor * 1e6)
