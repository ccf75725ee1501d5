"""Short horizon as a mixed-integer programme: for every truck its next order and the one after, chosen together.

Idea: a column is a truck with one order or with two in turn; it costs the empty drives and the lateness at the cranes
that these very drives and services give, less the lateness of putting the orders off. The programme takes the columns
of least total cost:

    min Σ cost·x    with every truck and every order in at most one chosen column,  x ∈ {0, 1}

First orders of idle trucks are sent, the rest is planned anew. Unlike the chains of `port.policies.chains`, the second
order's lateness follows from the truck that would come, not from a usual one.

Source: routes as columns, as Desrochers, Desrosiers & Solomon (1992), Operations Research 40, 342–354, do for vehicles
with time windows; a mixed-integer programme for automated trucks of a terminal in Grunow, Günther & Lehmann (2004), OR
Spectrum 26, 211–235. Solved by HiGHS (Huangfu & Hall 2018, Mathematical Programming Computation 10, 119–142) through
`scipy.optimize.milp`. It stops after a number of nodes, never by the clock, so the answer does not depend on the
machine's speed.

When it pays: few trucks; a decision costs many times what the Hungarian's does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from port.dispatch import Decision, Pair
from port.policies.hungarian import PUT_OFF_US
from port.policies.outlook import AHEAD_US, FAR_US, IntArray, Outlook

PER_CRANE = 4
"""The oldest orders of each crane that are planned."""
FIRSTS, SECONDS = 12, 3
"""Orders that a truck may take first, and others after each, those of least cost."""
NODES = 20


@dataclass(frozen=True)
class Columns:
    """Every column's truck, first order, second order (−1 for none) and cost in µs."""

    truck: IntArray
    first: IntArray
    second: IntArray
    cost_us: IntArray


class ShortHorizon:
    """See the module. Nothing is kept between decisions."""

    def __init__(self, ahead_us: int = AHEAD_US, seconds: int = SECONDS) -> None:
        self.ahead_us, self.seconds = ahead_us, seconds

    def assign(self, decision: Decision) -> Sequence[Pair]:
        out, n_idle = Outlook(decision), len(decision.truck)
        ready, places = out.trucks(self.ahead_us)
        made = columns(out, oldest(decision.order_crane, PER_CRANE), ready, places, self.seconds)
        chosen = best_columns(made, len(places), len(decision.order))
        return [(i, k) for k, i in chosen if k < n_idle]


def columns(out: Outlook, planned: IntArray, ready_us: IntArray, places: IntArray, seconds: int) -> Columns:
    """What the programme may choose from. planned : indices of orders.  ready_us, places : (n_trucks,)."""
    away, lead, due = out.away_us(places)[:, planned], out.lead_us[planned], out.due_us[planned]
    work, n = out.work_us[planned], len(planned)
    stands = ready_us[:, None] + away + lead
    put_off = np.maximum(0, stands.min(axis=0) + PUT_OFF_US - due)
    one = away + np.maximum(0, stands - due) - put_off
    one[away >= FAR_US] = FAR_US
    firsts = np.argsort(one, axis=1, kind="stable")[:, :FIRSTS]
    k, slot = np.nonzero(np.take_along_axis(one, firsts, axis=1) < FAR_US)
    i = firsts[k, slot]
    cost, none = one[k, i], np.full(len(k), -1)
    if n < 2 or seconds < 1:
        return Columns(k, planned[i], none, cost)
    between = out.away_us(out.end_place[planned])[:, planned]
    done = np.maximum(stands, due)[k, i] - lead[i] + work[i]
    later = done[:, None] + between[i] + lead
    two = cost[:, None] + between[i] + np.maximum(0, later - due) - put_off
    two[between[i] >= FAR_US] = FAR_US
    two[np.arange(len(i)), i] = FAR_US
    best = np.argsort(two, axis=1, kind="stable")[:, :seconds]
    row, slot = np.nonzero(np.take_along_axis(two, best, axis=1) < cost[:, None])
    j = best[row, slot]
    return Columns(
        np.concatenate([k, k[row]]),
        planned[np.concatenate([i, i[row]])],
        np.concatenate([none, planned[j]]),
        np.concatenate([cost, two[row, j]]),
    )


def best_columns(made: Columns, n_trucks: int, n_orders: int) -> list[tuple[int, int]]:
    """Pairs (truck, first order) of the chosen columns.

    Costs count seconds; an idle truck is rather sent than kept, so all columns earn more than they can cost; of equals
    the older order and the earlier truck, by a term far below a millisecond.
    """
    n = len(made.truck)
    if n == 0:
        return []
    worth = max(0, int(made.cost_us.max())) + 1_000_000
    nudge = (made.first * n_trucks + made.truck * n_orders - made.first * made.truck) / (4.0 * n_trucks * n_orders)
    cost = (made.cost_us - worth) / 1e6 + 1e-4 * nudge
    pairs = np.flatnonzero(made.second >= 0)
    rows = np.concatenate([made.truck, n_trucks + made.first, n_trucks + made.second[pairs]])
    at = np.concatenate([np.arange(n), np.arange(n), pairs])
    once = csr_array((np.ones(len(rows)), (rows, at)), shape=(n_trucks + n_orders, n))
    found = milp(
        cost,
        integrality=np.ones(n),
        bounds=Bounds(0.0, 1.0),
        constraints=LinearConstraint(once, -np.inf, 1.0),
        options={"node_limit": NODES, "mip_rel_gap": 1e-6},
    )
    if found.x is None:
        return []
    used = found.x > 0.5
    return [(int(k), int(i)) for k, i in zip(made.truck[used], made.first[used], strict=True)]


def oldest(crane: IntArray, most: int) -> IntArray:
    """Indices of the first `most` orders of each crane, by rising index."""
    seen: dict[int, int] = {}
    kept = []
    for i, c in enumerate(crane.tolist()):
        seen[c] = seen.get(c, 0) + 1
        if seen[c] <= most:
            kept.append(i)
    return np.array(kept, np.int64)
