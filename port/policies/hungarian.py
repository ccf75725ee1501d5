"""Rolling Hungarian: all waiting orders and all trucks at once, the cheapest assignment as a whole.

Idea: a truck that is idle and one that will be soon both stand for an order; a pair costs its empty drive and the
lateness that it leaves at the crane, less the lateness that would come of putting the order off. The cheapest
assignment is found, the idle trucks are sent, and all is planned anew at the next decision.

Source: Kuhn (1955), Naval Research Logistics Quarterly 2, 83–97; here by the shortest augmenting paths of Crouse
(2016), IEEE Transactions on Aerospace and Electronic Systems 52, 1679–1696, in `scipy.optimize`.

When it pays: orders in several places and trucks in several places, so that the nearest truck of the oldest order is
often the wrong one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from port.dispatch import Decision, Pair
from port.policies.outlook import AHEAD_US, FAR_US, IntArray, Outlook

PUT_OFF_US = 300_000_000
"""An order that gets nobody now is taken to be served five minutes later: a truck's mean round."""
NEVER_MS = 1 << 31
"""Cost of a pair without a way."""


def cost_us(out: Outlook, ready_us: IntArray, away_us: IntArray, put_off_us: int = PUT_OFF_US) -> IntArray:
    """(n_trucks, n_orders) empty drive, and lateness at the crane less that of putting the order off."""
    stands = ready_us[:, None] + away_us + out.lead_us
    late = np.maximum(0, stands - out.due_us)
    put_off = np.maximum(0, stands.min(axis=0) + put_off_us - out.due_us)
    return away_us + late - put_off


def matched(cost: IntArray, possible: np.ndarray) -> list[Pair]:
    """Pairs (order, truck) of least total cost, from a matrix (n_trucks, n_orders) in µs.

    Costs count whole milliseconds; of equals the older order goes to the earlier truck, by a term below one millisecond
    that grows with both indices and is least where they rise together. All sums stay exact in 53 bits.
    """
    n_trucks, n_orders = cost.shape
    k, i = np.arange(n_trucks)[:, None], np.arange(n_orders)[None, :]
    nudge = i * n_trucks + k * n_orders - i * k
    scale = float(1 + min(n_trucks, n_orders) * 2 * n_trucks * n_orders)
    whole = np.where(possible, np.clip(cost // 1000, -NEVER_MS, NEVER_MS), 4 * NEVER_MS)
    rows, columns = linear_sum_assignment(whole * scale + nudge)
    return [(int(i), int(k)) for k, i in zip(rows, columns, strict=True) if possible[k, i]]


class Hungarian:
    """See the module. Nothing is kept between decisions."""

    def __init__(self, ahead_us: int = AHEAD_US, put_off_us: int = PUT_OFF_US) -> None:
        self.ahead_us, self.put_off_us = ahead_us, put_off_us

    def assign(self, decision: Decision) -> Sequence[Pair]:
        out, n_idle = Outlook(decision), len(decision.truck)
        ready, places = out.trucks(self.ahead_us)
        away = out.away_us(places)
        cost = cost_us(out, ready, away, self.put_off_us)
        return [(i, k) for i, k in matched(cost, away < FAR_US) if k < n_idle]
