"""What each dispatch policy is worth at 3, 4, 5 and 6 trucks a crane: crane rate, empty km, trucks saved.

    python benchmarks/port/worth.py                        # all situations, about ten minutes on two cores
    python benchmarks/port/worth.py even fog --seeds 4     # some of them, fewer runs
    python benchmarks/port/worth.py even --milp --seeds 4  # and the mixed-integer programme

The generated terminal of 10 cranes, 28 blocks and four berths; 6 h after a warm-up hour; paired with first in, first
out. Trucks saved: those of the ten cranes that the policy can do without and still reach the crane rate that first in,
first out has with 4 and with 5 trucks a crane (between the fleets that were run, by straight lines).
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("NUMBA_NUM_THREADS", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from port.compare.measures import BY_KEY
from port.compare.paired import Comparison, compare, verdict
from port.compare.runner import Runner, Setting
from port.layout import complete
from port.simulate import Change
from port.terminal import Terminal

CRANES = 10
FLEETS = (2, 3, 4, 5, 6)
POLICIES = ("fifo_nearest", "nearest_idle", "dedicated", "least_covered", "pairing", "hungarian", "chains")
RATE, EMPTY = list(BY_KEY).index("crane_rate"), list(BY_KEY).index("empty_share")
FOG = (Change(0, "visibility", 15.0),)
FAILING = {
    "fleet": {"breakdown": {"between": "20 h"}},
    "quay_crane": {"breakdown": {"between": "10 h"}},
    "gantry": {"breakdown": {"between": "30 h"}},
}


def ships(work: list[tuple[int, str, int, int]]) -> list[dict[str, Any]]:
    """Calls from (berth, at, discharge, load)."""
    return [
        {"vessel": f"ship {k}", "berth": f"B{b}", "at": at, "discharge": d, "load": n}
        for k, (b, at, d, n) in enumerate(work)
    ]


EVEN = ships([(1, "0 s", 1300, 0), (2, "0 s", 0, 1300), (3, "0 s", 1300, 0), (4, "0 s", 0, 1300)])
SITUATIONS: dict[str, tuple[str, dict[str, Any], tuple[Change, ...]]] = {
    "even": ("four ships all the time, two discharged, two loaded", {"calls": EVEN}, ()),
    "discharge": (
        "four ships all the time, all discharged",
        {"calls": ships([(b, "0 s", 1300, 0) for b in (1, 2, 3, 4)])},
        (),
    ),
    "uneven": (
        "two ships all the time at one end, small ones at the other now and then",
        {
            "calls": ships(
                [(1, "0 s", 1300, 0), (2, "0 s", 0, 1300)]
                + [(b, at, 60, 60) for b in (3, 4) for at in ("1 h", "3 h", "5 h")]
            )
        },
        (),
    ),
    "breakdowns": ("even, and cranes, gantries and trucks fail", {"calls": EVEN} | FAILING, ()),
    "fog": ("even, in fog of 15 m", {"calls": EVEN}, FOG),
    "calls": ("ships one after the other at every berth, discharged, then loaded", {}, ()),
}


def terminal(more: dict[str, Any]) -> Terminal:
    content: dict[str, Any] = {
        "origin": (0.0, 0.0),
        "heading": "0 deg",
        "berths": 4,
        "layout": {"cranes": CRANES},
        "yard": {"exports_in_yard": 1.0},
    }
    return complete(Terminal.model_validate(content | more))


def trucks_for(curve: list[float], rate: float) -> float | None:
    """Trucks at which a crane rate by fleet reaches a rate, between the fleets by straight lines; None outside."""
    best = np.maximum.accumulate(curve)
    if rate > best[-1] or rate < best[0]:
        return None
    return float(np.interp(rate, best, FLEETS) * CRANES)


def table(found: list[Comparison]) -> None:
    """Crane rate and its difference, empty share, by fleet; trucks saved at two rates."""
    base = found[0].policies[0]
    curve = {p: [c.mean(p, RATE)[0] for c in found] for p in found[0].policies}
    head = "".join(f"{f'{c.trucks / CRANES:g} a crane':>22s}" for c in found[1:])
    print(f"{'':14s}{head}  trucks saved at the rate of")
    print(f"{'':14s}" + f"{'moves/h':>15s}{'empty':>7s}" * (len(found) - 1) + f"  {base} with 40, 50")
    for policy in found[0].policies:
        line = f"{policy:14s}"
        for c in found[1:]:
            if policy == base:
                line += f"{c.mean(policy, RATE)[0]:15.2f}"
            else:
                gap, half = c.difference(policy, RATE)
                mark = {"better": "+", "worse": "-", "open": " "}.get(verdict(gap, half, True), " ")
                line += f"{gap:+8.2f}±{half:4.2f}{mark:2s}"
            line += f"{c.mean(policy, EMPTY)[0]:6.0f}%"
        for n in (4, 5):
            need = trucks_for(curve[policy], curve[base][FLEETS.index(n)])
            line += f"{'  -   ' if need is None else f'{10 * n - need:+6.1f}'}"
        print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="What each dispatch policy is worth.")
    parser.add_argument("situations", nargs="*", help=f"of {', '.join(SITUATIONS)}; all when none is named")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--milp", action="store_true", help="run the mixed-integer programme too")
    options = parser.parse_args()
    unknown = [name for name in options.situations if name not in SITUATIONS]
    if unknown:
        parser.error(f"no situation '{unknown[0]}': there are {', '.join(SITUATIONS)}")
    policies = (*POLICIES, "milp") if options.milp else POLICIES
    for name in options.situations or SITUATIONS:
        doc, more, changes = SITUATIONS[name]
        setting = Setting(terminal(more), options.hours, 1.0, changes)
        print(f"\n{name}: {doc}; {options.seeds} runs of {options.hours:g} h; ± half of the 95 % interval, paired")
        with Runner(setting, 2) as runner:
            table([compare(runner, policies, n * CRANES, options.seeds) for n in FLEETS])


if __name__ == "__main__":
    main()
