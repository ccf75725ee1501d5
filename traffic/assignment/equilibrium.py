"""Wardrop's first principle by the bi-conjugate Frank–Wolfe method.

Each step is a shortest-way loading bent so that its direction is conjugate, in the metric of the costs' slopes, to the
two before it (Mitradjieva & Lindberg 2013, "The Stiff Is Moving", Transportation Science 47(2), 280–293). Plain
Frank–Wolfe needs some hundred times as many loadings to the same gap.

The result is a blend of loadings: volume = Σ weight_k · loading_k. The costs under which each loading was made are
kept, so a way for any traveller can be drawn from the blend without storing all trees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from traffic.assignment.graph import FloatArray, Graph

LONGEST = 0.99999
"""A step this near to 1 forgets the directions before it."""


@dataclass(frozen=True)
class Equilibrium:
    """volume, cost (links,) in the graph's order.

    gap        relative: (Σ v c − Σ demand × shortest) / Σ v c at `volume`
    objective  Beckmann's function at `volume`
    bound      the highest lower bound of the objective that was met
    history    gap after each loading
    costs      (k, links) costs under which loading k was made; weights (k,) its share of the blend
    unreached  trips between zones without a way, left out of the volumes
    """

    volume: FloatArray
    cost: FloatArray
    gap: float
    objective: float
    bound: float
    history: tuple[float, ...]
    costs: FloatArray
    weights: FloatArray
    unreached: float

    @property
    def loadings(self) -> int:
        return len(self.history)


def solve(
    graph: Graph,
    demand: FloatArray,
    gap: float = 1e-5,
    most: int = 5000,
    threads: int = 1,
    progress: Callable[[int, float], None] | None = None,
) -> Equilibrium:
    """Load `demand` (zones, zones) until the relative gap is at most `gap` or `most` loadings were made.

    The caller reads `gap` of the result: it is above the wanted one when `most` came first.
    """
    from numba import get_num_threads, set_num_threads

    before = get_num_threads()
    set_num_threads(max(1, min(threads, before)))
    try:
        return _Solver(graph, np.ascontiguousarray(demand, dtype=float)).run(gap, most, progress)
    finally:
        set_num_threads(before)


class _Solver:
    """The iterates: volumes `x`, the loading `y`, the two last targets `s1`, `s2`, each as volumes and as weights."""

    def __init__(self, graph: Graph, demand: FloatArray) -> None:
        self.graph, self.demand = graph, demand
        self.unreached = np.zeros(graph.zones)
        self.costs: list[FloatArray] = []
        self.x = self._load(graph.cost(np.zeros(graph.links)))[0]

    def _load(self, cost: FloatArray) -> tuple[FloatArray, float]:
        from traffic.assignment.kernels import all_or_nothing

        g, volume = self.graph, np.zeros(self.graph.links)
        self.costs.append(cost)
        shortest = all_or_nothing(
            g.starts, g.tail, g.head, cost, self.demand, g.first_thru, volume, self.unreached
        )  # fmt: skip
        return volume, shortest

    def run(self, gap: float, most: int, progress: Callable[[int, float], None] | None) -> Equilibrium:
        graph, x = self.graph, self.x
        weights = [np.array([1.0])]  # of x; then of s1 and s2
        s: list[FloatArray] = []
        ws: list[FloatArray] = []
        step, bound, history = 0.0, -np.inf, []
        while True:
            cost = graph.cost(x)
            y, shortest = self._load(cost)
            total = float(cost @ x)
            relative = (total - shortest) / total if total > 0 else 0.0
            bound = max(bound, graph.objective(x) + shortest - total)
            history.append(relative)
            if progress:
                progress(len(history), relative)
            if relative <= gap or len(history) >= most:
                break
            wy = np.zeros(len(self.costs))
            wy[-1] = 1.0
            target, wt = _bend(graph.slope(x), x, y, wy, s, ws, step)
            direction = target - x
            if float(cost @ direction) >= 0.0:  # no descent: start again from the plain loading
                target, wt, s, ws = y, wy, [], []
                direction = target - x
            step = _line_search(graph, x, direction)
            x = x + step * direction
            weights[0] = (1.0 - step) * _grown(weights[0], wt.size) + step * wt
            s, ws = [target, *s[:1]], [wt, *ws[:1]]
            if step > LONGEST:
                s, ws = [], []
        used = _grown(weights[0], len(self.costs))
        return Equilibrium(
            x, graph.cost(x), history[-1], graph.objective(x), float(bound), tuple(history),
            np.array(self.costs), used, float(self.unreached.sum()),
        )  # fmt: skip


def _grown(weights: FloatArray, size: int) -> FloatArray:
    return np.concatenate([weights, np.zeros(size - weights.size)])


def _bend(
    slope: FloatArray,
    x: FloatArray,
    y: FloatArray,
    wy: FloatArray,
    s: list[FloatArray],
    ws: list[FloatArray],
    step: float,
) -> tuple[FloatArray, FloatArray]:
    """The target of the next step and its weights: y, conjugate to the last direction, or to the last two."""
    if not s:
        return y, wy
    size = wy.size
    one = s[0] - x
    fresh = y - x
    if len(s) == 1:
        down = float((one * slope) @ (y - s[0]))
        share = float((one * slope) @ fresh) / down if down != 0.0 else 0.0
        share = min(max(share, 0.0), LONGEST)
        return share * s[0] + (1.0 - share) * y, share * _grown(ws[0], size) + (1.0 - share) * wy
    two = step * s[0] + (1.0 - step) * s[1] - x
    across, along = float((two * slope) @ (s[1] - s[0])), float((one * slope) @ one)
    mu = max(-float((two * slope) @ fresh) / across, 0.0) if across != 0.0 else 0.0
    nu = -float((one * slope) @ fresh) / along + mu * step / (1.0 - step) if along != 0.0 else 0.0
    nu = max(nu, 0.0)
    b0 = 1.0 / (1.0 + mu + nu)
    b1, b2 = nu * b0, mu * b0
    return b0 * y + b1 * s[0] + b2 * s[1], b0 * wy + b1 * _grown(ws[0], size) + b2 * _grown(ws[1], size)


def _line_search(graph: Graph, x: FloatArray, direction: FloatArray) -> float:
    """The step in [0, 1] at which the cost along the direction is zero: bisection, then secant inside its bracket."""
    low, high = 0.0, 1.0
    if float(graph.cost(x + direction) @ direction) <= 0.0:
        return 1.0
    f_low, f_high = float(graph.cost(x) @ direction), float(graph.cost(x + direction) @ direction)
    for turn in range(60):
        guess = low - f_low * (high - low) / (f_high - f_low) if turn % 3 else 0.5 * (low + high)
        value = float(graph.cost(x + guess * direction) @ direction)
        if value > 0.0:
            high, f_high = guess, value
        else:
            low, f_low = guess, value
        if high - low < 1e-14 or value == 0.0:
            break
    return low
