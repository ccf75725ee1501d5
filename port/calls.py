"""Which vessels come when: those of the file, or one after the other at every berth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from port.draws import VESSEL, Stream
from port.dwell import boxes_there
from port.state import Vessel
from port.terminal import Call, CallPlan, Terminal
from twin.clock import to_us

PLANNED_RATE_PER_H = 25.0
"""Moves an hour and crane on which a departure is planned: a good year's average in a large container port."""
ANY_BERTH = "any"
"""A call with this berth takes whichever is free."""
SLACK_H = 1.0
"""Reserve between the planned last move and the planned departure: pilot, papers, lines."""
PLAN_NUMBER = 1 << 40
"""Number space of a berth's plan, apart from those of vessels."""


class Planned(NamedTuple):
    """A generated call, with the keys of one in the file."""

    vessel: str
    berth: str
    at: float
    discharge: int
    load: int
    leaves: float | None = None
    transfers: Mapping[str, int] = MappingProxyType({})


def planned_leave_s(at_s: float, moves: int, cranes: int, berthing_s: float) -> float:
    """Planned departure: the mooring of a ship that is not there yet, its moves at the planned rate, and one hour."""
    work_h = moves / (PLANNED_RATE_PER_H * cranes)
    return at_s + (berthing_s if at_s > 0 else 0.0) + (work_h + SLACK_H) * 3600.0


def planned_calls(terminal: Terminal, seed: int, duration_us: int) -> list[Vessel]:
    """The vessels of a run in the order of their numbers; those that would come after its end are left out."""
    assert not isinstance(terminal.berths, int)
    cranes = [b.cranes for b in terminal.berths]
    ids = [b.id for b in terminal.berths]
    berthing = terminal.limits.berthing
    calls: Sequence[Call | Planned]
    if isinstance(terminal.calls, CallPlan):
        plan = terminal.calls
        calls = [
            c for k in range(len(ids)) for c in _one_berth(plan, ids[k], k, cranes[k], seed, terminal, duration_us)
        ]
    else:
        calls = list(terminal.calls)
    vessels = []
    to_come = Counter[str]()
    for call in calls:
        to_come.update(call.transfers)
    numbers = {call.vessel: number for number, call in enumerate(calls)}
    for number, call in enumerate(calls):
        anywhere = call.berth == ANY_BERTH
        berth = -1 if anywhere else ids.index(call.berth)
        leaves = call.leaves
        if leaves is None:
            at_work = min(cranes) if anywhere else cranes[berth]
            leaves = planned_leave_s(call.at, call.discharge + call.load, at_work, berthing)
        at, leave = to_us(call.at), to_us(leaves)
        stream = Stream(seed, VESSEL, number)
        passed = [[numbers[name], boxes] for name, boxes in sorted(call.transfers.items()) if boxes]
        coming = to_come[call.vessel]
        wanted = boxes_there(terminal, call.load, call.at, coming)
        vessel = Vessel(number, call.vessel, berth, at, call.discharge, call.load, leave, stream)
        vessel.anywhere = anywhere
        vessel.wanted, vessel.coming, vessel.transfers = wanted, coming, passed
        vessels.append(vessel)
    return vessels


def _one_berth(
    plan: CallPlan, berth: str, index: int, cranes: int, seed: int, terminal: Terminal, duration_us: int
) -> list[Planned]:
    """The calls at one berth that come within the run; the first ship is there at the start."""
    stream = Stream(seed, VESSEL, PLAN_NUMBER + index)
    calls: list[Planned] = []
    at = 0.0
    low, high = min(plan.boxes), max(plan.boxes)
    while to_us(at) < duration_us:
        boxes = low + stream.index(high - low + 1)
        load = round(boxes * plan.load_share)
        name = f"ship-{berth}-{len(calls) + 1}"
        calls.append(Planned(name, berth, at, boxes - load, load))
        at = planned_leave_s(at, boxes, cranes, terminal.limits.berthing) + plan.gap
    return calls
