"""Look-ahead pairing: couple a delivery with a pick-up nearby, so that the truck drives loaded both ways.

Idea: a truck that brings a discharged box into a block is kept for a load order whose box stands near there, and one
that brings a box to a ship for a discharge order of a crane nearby. Couples are made minutes ahead, before all other
pairs, and those first that leave the cranes the least lateness (`port.policies.hungarian.cost_us`); what is left is
paired in the same way. No solver: sort and take.

Source: Nguyen & Kim (2009), Computers & Industrial Engineering 56, look ahead to the next deliveries of busy vehicles;
what a double cycle is worth, on the crane's side, in Goodchild & Daganzo (2006), Transportation Science 40, 473–483.

When it pays: ships that are discharged while others are loaded (or dual cycling), and few trucks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from port.dispatch import Decision, Pair
from port.policies.hungarian import cost_us
from port.policies.outlook import AHEAD_US, FAR_US, Outlook

NEAR_US = 30_000_000
"""An empty drive up to this counts as nearby: 150 m at 20 km/h, four blocks or half a berth."""


class Pairing:
    """See the module. Nothing is kept between decisions."""

    def __init__(self, ahead_us: int = AHEAD_US, near_us: int = NEAR_US) -> None:
        self.ahead_us, self.near_us = ahead_us, near_us

    def assign(self, decision: Decision) -> Sequence[Pair]:
        out, n_idle = Outlook(decision), len(decision.truck)
        ready, places = out.trucks(self.ahead_us)
        away = out.away_us(places)
        cost = cost_us(out, ready, away)
        at_quay = np.isin(places, decision.crane_place)[:, None]
        couple = (away <= self.near_us) & (at_quay == (decision.drop < 0))
        k_of, i_of = np.nonzero(away < FAR_US)
        first = np.lexsort((k_of, i_of, cost[k_of, i_of], ~couple[k_of, i_of]))
        trucks: set[int] = set()
        orders: set[int] = set()
        pairs: list[Pair] = []
        for k, i in zip(k_of[first].tolist(), i_of[first].tolist(), strict=True):
            if k in trucks or i in orders:
                continue
            trucks.add(k)
            orders.add(i)
            if k < n_idle:
                pairs.append((i, k))
        return pairs
