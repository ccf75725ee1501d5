"""Which truck takes which order: one interface for every policy, asked by both engines at the same moments.

A policy is asked whenever there are waiting orders and idle trucks and something about either has changed. It sees a
`Decision` and answers with pairs; orders and trucks that it leaves out wait until it is asked again. Rules in
`port.choosing` are compiled and need no policy object; all others are Python and may call any solver.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
Pair = tuple[int, int]
"""Index into a decision's orders, index into its idle trucks."""

RULES = {"fifo_nearest": 0, "nearest_idle": 1, "dedicated": 2, "least_covered": 3, "random": 4}
"""Compiled rules by name; the numbers are those of `port.choosing`."""


@dataclass(frozen=True)
class Decision:
    """What a policy may know. Times in µs; places are numbers, and `time_us[a, b]` is the drive at posted limits
    (`port.ways.NO_WAY_US` where there is no way now). All arrays are int64 and must not be changed.

    Orders wait for a truck and come by age:
    order, order_crane   number (older is smaller) and quay crane
    pick_up, drop        places; drop −1 for a discharged box, which gets its block when it is on the truck
    boxes                1, or 2 for a twin lift
    Idle trucks can be sent now and come by number:
    truck, place         number and place
    Busy trucks have an order (or charge); they may be planned for, not sent:
    busy, busy_goal      number, and the place where the present trip leads
    busy_last            place where the truck will be free, −1 if not known yet
    busy_crane           quay crane of its order, −1 when it charges
    busy_stage           what it does (`port.codes`: FETCHES, TAKES, BRINGS, GIVES, CHARGES),
    busy_since_us        since when, and
    busy_from            the place where this stage began
    busy_halted          reasons why it stands still
    Per quay crane:
    cover                trucks that are to come to it or stand at it with an order
    crane_place          its place
    crane_since_us       when its running cycle began, −1 while it waits
    crane_serving        the truck under its spreader, −1 when there is none
    crane_halted         reasons why it begins no cycle
    Per block:
    block_place, block_gantries
    block_work           boxes that are on their way to its gantries or out of it, and not handled yet
    block_open           1 where trucks may drive in its lane
    Means of the terminal's file:
    handover_us, cycle_us   of a quay crane: with the truck, and the rest of its cycle without it
    gantry_us               of a gantry's cycle
    """

    now_us: int
    order: IntArray
    order_crane: IntArray
    pick_up: IntArray
    drop: IntArray
    boxes: IntArray
    truck: IntArray
    place: IntArray
    busy: IntArray
    busy_goal: IntArray
    busy_last: IntArray
    busy_crane: IntArray
    cover: IntArray
    crane_place: IntArray
    time_us: IntArray
    busy_stage: IntArray
    busy_since_us: IntArray
    busy_from: IntArray
    busy_halted: IntArray
    crane_since_us: IntArray
    crane_serving: IntArray
    crane_halted: IntArray
    block_place: IntArray
    block_gantries: IntArray
    block_work: IntArray
    block_open: IntArray
    handover_us: int
    cycle_us: int
    gantry_us: int


class Policy(Protocol):
    """Chooses pairs: every order and every idle truck at most once.

    A policy draws nothing; when it keeps a plan between decisions, the plan must depend on the decisions alone, so
    that every engine gets the same answers.
    """

    def assign(self, decision: Decision) -> Sequence[Pair]: ...


def later(module: str, name: str) -> Callable[[], Policy]:
    """What makes a policy of a module that is imported when the first one is made: solvers are heavy."""

    def make() -> Policy:
        made: Policy = getattr(import_module(f"port.policies.{module}"), name)()
        return made

    return make


POLICIES: dict[str, Callable[[], Policy]] = {
    "chains": later("chains", "Chains"),
    "hungarian": later("hungarian", "Hungarian"),
    "milp": later("milp", "ShortHorizon"),
    "pairing": later("pairing", "Pairing"),
}
"""Policies in Python by name, beside the compiled `RULES`; others register here."""


def policy_names() -> tuple[str, ...]:
    """All names that a scenario may use."""
    return (*RULES, *sorted(POLICIES))


def resolve(name: str | Policy) -> tuple[int, Policy | None]:
    """The number of a compiled rule, or −1 and a policy in Python. ValueError names the choices."""
    if not isinstance(name, str):
        return -1, name
    if name in RULES:
        return RULES[name], None
    if name in POLICIES:
        return -1, POLICIES[name]()
    raise ValueError(f"no dispatch policy '{name}': there are {', '.join(policy_names())}")


def checked(pairs: Sequence[Pair], n_orders: int, n_trucks: int) -> list[Pair]:
    """The pairs by rising order; ValueError when a policy names something twice or that is not there."""
    found = sorted((int(i), int(k)) for i, k in pairs)
    orders, trucks = [i for i, _ in found], [k for _, k in found]
    inside = all(0 <= i < n_orders for i in orders) and all(0 <= k < n_trucks for k in trucks)
    if not inside or len(set(orders)) < len(found) or len(set(trucks)) < len(found):
        raise ValueError(f"the policy's pairs {found[:6]} do not fit {n_orders} orders and {n_trucks} trucks")
    return found
