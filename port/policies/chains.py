"""Job chains by minimum-cost flow: every truck gets a chain of orders, and is sent to the first of its own.

Idea: a unit of flow is a truck. It goes from where the truck is (or will be free) through orders, each at most once, to
the end; an arc into an order costs its empty drive and the lateness at the crane, passing through an order earns what
putting it off would cost. Arcs between orders lead only to ones that are wanted later, so the network has no rings
and one flow of least cost has whole chains. First orders of idle trucks are sent, the rest is planned anew.

Source: vehicles of a container terminal as a flow through their jobs, Vis, de Koster, Roodbergen & Peeters (2001),
Journal of the Operational Research Society 52, 409–417, there for the least fleet. The flow is found by cost scaling
(Goldberg 1997, Journal of Algorithms 22, 1–29), OR-Tools `SimpleMinCostFlow`, in integers.

When it pays: orders well ahead (`orders_ahead`) and drives long against crane cycles.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from port.dispatch import Decision, Pair
from port.policies.hungarian import PUT_OFF_US
from port.policies.outlook import AHEAD_US, FAR_US, IntArray, Outlook

EARN_US = 600_000_000
"""What an order earns beyond its lateness, so that orders are carried out and not only waited for: more than any
empty drive costs."""
LINKS = 8
"""Each order may be followed by so many others, those of least cost."""


class Chains:
    """See the module. Nothing is kept between decisions."""

    def __init__(self, ahead_us: int = AHEAD_US, put_off_us: int = PUT_OFF_US) -> None:
        self.ahead_us, self.put_off_us = ahead_us, put_off_us

    def assign(self, decision: Decision) -> Sequence[Pair]:
        out, n_idle = Outlook(decision), len(decision.truck)
        ready, places = out.trucks(self.ahead_us)
        away = out.away_us(places)
        stands = ready[:, None] + away + out.lead_us
        first = stands.min(axis=0)
        begin = away + np.maximum(0, stands - out.due_us)
        earned = EARN_US + np.maximum(0, first + self.put_off_us - out.due_us)
        link, follows = self._links(out, first)
        chosen = flow_of_least_cost(begin, away < FAR_US, earned, link, follows)
        return [(i, k) for k, i in chosen if k < n_idle]

    @staticmethod
    def _links(out: Outlook, first_us: IntArray) -> tuple[IntArray, np.ndarray]:
        """(n_orders, n_orders) cost of an order after another, and whether it may follow: wanted later, and no more
        than the usual drive late."""
        n = len(out.due_us)
        done = np.maximum(out.due_us, first_us) - out.lead_us + out.work_us
        away = out.away_us(out.end_place)
        stands = done[:, None] + away + out.lead_us
        late = np.maximum(0, stands - np.maximum(out.due_us, first_us))
        cost = away + late
        rank = np.empty(n, np.int64)
        rank[np.argsort(out.due_us, kind="stable")] = np.arange(n)
        follows = (rank[:, None] < rank) & (away < FAR_US) & (late <= PUT_OFF_US)
        if n > LINKS:
            nearest = np.argsort(np.where(follows, cost, FAR_US), axis=1, kind="stable")[:, :LINKS]
            keep = np.zeros((n, n), np.bool_)
            np.put_along_axis(keep, nearest, True, axis=1)
            follows &= keep
        return cost, follows


def flow_of_least_cost(
    begin: IntArray, possible: np.ndarray, earned: IntArray, link: IntArray, follows: np.ndarray
) -> list[tuple[int, int]]:
    """Pairs (truck, first order) of the chains.

    begin, possible : (n_trucks, n_orders) µs.  earned : (n_orders,) µs.  link, follows : (n_orders, n_orders) µs.
    Costs count whole milliseconds; nodes: trucks, the orders' ways in, their ways out, the end.
    """
    n_trucks, n_orders = begin.shape
    end = n_trucks + 2 * n_orders
    k, i = np.nonzero(possible)
    a, b = np.nonzero(follows)
    trucks, orders = np.arange(n_trucks), np.arange(n_orders)
    into, out = n_trucks + orders, n_trucks + n_orders + orders
    tails = np.concatenate([k, into, out[a], out, trucks])
    heads = np.concatenate([into[i], out, into[b], np.full(n_orders + n_trucks, end)])
    costs = np.concatenate([begin[k, i], -earned, link[a, b], np.zeros(n_orders + n_trucks, np.int64)]) // 1000
    flow = SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        tails.astype(np.int32), heads.astype(np.int32), np.ones(len(tails), np.int64), costs.astype(np.int64)
    )
    supplies = np.append(np.ones(n_trucks, np.int64), -n_trucks)
    flow.set_nodes_supplies(np.append(trucks, end).astype(np.int32), supplies)
    status = flow.solve()
    assert status == flow.OPTIMAL, f"the flow of {n_trucks} trucks and {n_orders} orders was not solved: {status}"
    used = flow.flows(arcs[: len(k)]) > 0
    return [(int(x), int(y)) for x, y in zip(k[used], i[used], strict=True)]
