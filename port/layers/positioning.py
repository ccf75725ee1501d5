"""Alignment under a crane or beside a stack: how likely a truck stands wrong, from the sky that steel leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from port.layers.sections import Positioning
from port.radio.coverage import BOX_M
from port.radio.link import FloatArray

if TYPE_CHECKING:
    from port.plan import Plan

MOST = 0.95
"""A chance of failing again and again must stay below one."""


def hidden_sky(height_m: FloatArray | float, side_m: float) -> FloatArray:
    """Share of the sky that a long wall hides on one side: atan(h / d) / π.

    height_m : h, of the wall above the antenna.  side_m : d, from the antenna to its face. The wall cuts a lune of the
    angle atan(h / d) out of the half sphere, and its share of it is that angle over π.
    """
    return np.arctan2(np.maximum(0.0, height_m), side_m) / np.pi


def retry_chance(base: FloatArray, hidden: FloatArray | float, tolerance_m: float, multipath_m: float) -> FloatArray:
    """(n,) chance that a try ends outside ± tolerance.

    The error is normal with σ² = σ₀² + (multipath · hidden)²; σ₀ is the one that gives `base` under an open sky:
    P = 2 Φ(−tolerance / σ).
    """
    from scipy.special import ndtr, ndtri

    base = np.asarray(base, dtype=float)
    with np.errstate(divide="ignore"):
        open_m = np.where(base > 0.0, -tolerance_m / ndtri(np.maximum(base, 1e-300) / 2.0), 0.0)
        spread = np.hypot(open_m, multipath_m * np.asarray(hidden, dtype=float))
        return np.minimum(MOST, 2.0 * ndtr(-tolerance_m / spread))


class PositioningLayer:
    """Chances of a repeated alignment as the stacks grow and shrink."""

    def __init__(self, plan: Plan, spec: Positioning) -> None:
        self.spec = spec
        self.stacks = (plan.bays * plan.rows).astype(float)

    def heights(self, stock: FloatArray) -> FloatArray:
        """(n_blocks,) mean height of the stacks in m, from the containers in each block."""
        return np.asarray(stock / self.stacks * BOX_M)

    def retries(self, quay: FloatArray, yard: FloatArray, stock: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(n_cranes,), (n_blocks,) chances, from those under an open sky and the stock (n_blocks,)."""
        spec = self.spec
        beside = hidden_sky(self.heights(stock) - spec.antenna, spec.side)
        return (
            retry_chance(quay, spec.crane_hidden, spec.tolerance, spec.multipath),
            retry_chance(yard, beside, spec.tolerance, spec.multipath),
        )
