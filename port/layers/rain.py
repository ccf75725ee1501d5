"""How far a lidar sees in rain."""

from __future__ import annotations

import math

from port.layers.sections import Rain


def rain_range(rain_mmh: float, spec: Rain) -> float:
    """Range in m at which the echo is as strong as one from `clear_range` in dry air; inf without rain.

    Power falls as exp(−2 α r) / r² with α = a R^b per metre, so r e^(α r) = r₀ and r = W(α r₀) / α, W Lambert's.
    Solved by Newton's method on x e^x = α r₀, x = α r, from ln(1 + α r₀), to the last bits.

    Source: Goodin et al. (2019), Predicting the Influence of Rain on LIDAR in ADAS, Electronics 8(1) 89.
    """
    alpha = spec.a * max(0.0, rain_mmh) ** spec.b
    goal = alpha * spec.clear_range
    if goal <= 0.0:
        return math.inf
    x = math.log1p(goal)
    for _ in range(50):
        step = (x - goal * math.exp(-x)) / (1.0 + x)
        x -= step
        if abs(step) <= 1e-15 * x:
            break
    return x / alpha
