"""How long a policy thinks: 60 trucks and 180 waiting orders at once, and the decisions of a working terminal.

    python benchmarks/port/decisions.py           # under a minute

Ten cranes with 18 orders each. At rest: all 60 trucks are idle, as when work begins; the largest question there is. At
work: the decisions of an hour with some 60 trucks on their way, every tenth of them. Processor time of this process;
rules are called as the engines call them, once for every truck that they send.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("NUMBA_NUM_THREADS", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from port.choosing import choose
from port.dispatch import POLICIES, RULES, Decision, Pair, resolve
from port.layout import complete
from port.plan import Plan
from port.simulate import simulate
from port.terminal import Terminal
from twin.clock import US

HOUR = 3600 * US
CRANES, TRUCKS, ORDERS = 10, 60, 180


class Watching:
    """A policy that keeps the decisions it is asked for and answers as another one does."""

    def __init__(self) -> None:
        self.seen: list[Decision] = []
        self.other = resolve("hungarian")[1]

    def assign(self, decision: Decision) -> list[Pair]:
        self.seen.append(decision)
        return list(self.other.assign(decision))


def terminal(ahead: int) -> Plan:
    content = {
        "origin": (0.0, 0.0),
        "heading": "0 deg",
        "berths": 4,
        "layout": {"cranes": CRANES, "blocks": 32},
        "fleet": {"trucks": TRUCKS},
        "quay_crane": {"orders_ahead": ahead, "dual_cycling": 0.9},
        "yard": {"exports_in_yard": 1.0},
        "calls": [
            {"vessel": f"ship {k}", "berth": f"B{k + 1}", "at": "0 s", "discharge": 900, "load": 900} for k in range(4)
        ],
    }
    return Plan(complete(Terminal.model_validate(content)))


def by_rule(rule: int) -> Callable[[Decision], int]:
    """What an engine does with a compiled rule: choose and send, until there is nothing to choose."""

    def decide(d: Decision) -> int:
        orders, trucks, cover = list(range(len(d.order))), list(range(len(d.truck))), d.cover.copy()
        sent = 0
        while orders and trucks:
            crane, pick = d.order_crane[orders], d.pick_up[orders]
            truck, place = d.truck[trucks], d.place[trucks]
            pair = choose(rule, len(orders), crane, pick, len(trucks), truck, place, cover, d.time_us, 17)
            if pair < 0:
                break
            cover[crane[pair >> 20]] += 1
            del orders[pair >> 20], trucks[pair & 0xFFFFF]
            sent += 1
        return sent

    return decide


def timed(decide: Callable[[Decision], object], decisions: list[Decision], least_s: float = 0.5) -> float:
    """Mean processor time of a decision, ms; the first one is not counted (it may compile or import)."""
    decide(decisions[0])
    rounds, begun = 0, time.process_time()
    while time.process_time() - begun < least_s:
        for decision in decisions:
            decide(decision)
        rounds += 1
    return 1e3 * (time.process_time() - begun) / (rounds * len(decisions))


def main() -> None:
    watch = Watching()
    simulate(terminal(ORDERS // CRANES), 1, HOUR, policy=watch, level=0)
    rest = watch.seen[0]
    assert (len(rest.truck), len(rest.order)) == (TRUCKS, ORDERS)
    watch = Watching()
    simulate(terminal((ORDERS + TRUCKS) // CRANES), 1, HOUR, policy=watch, level=0)
    work = watch.seen[30::10]
    waiting = np.mean([len(d.order) for d in work])
    idle = np.mean([len(d.truck) for d in work])
    print(f"at rest: {TRUCKS} idle trucks, {ORDERS} orders; load of the machine: {os.getloadavg()[0]:.1f}")
    print(f"at work: {len(work)} decisions, in the mean {idle:.1f} idle trucks and {waiting:.0f} orders")
    print(f"{'policy':14s} {'at rest ms':>11s} {'at work ms':>11s} {'decisions a day in':>19s}")
    for name in [*RULES, *sorted(POLICIES)]:
        policy = resolve(name)[1]
        decide = by_rule(RULES[name]) if policy is None else policy.assign
        one, many = timed(decide, [rest]), timed(decide, work)
        day = len(watch.seen) * 24 * many / 1e3
        print(f"{name:14s} {one:11.3f} {many:11.3f} {day:17.1f} s")


if __name__ == "__main__":
    main()
