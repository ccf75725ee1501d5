"""Rules on a terminal's calls, stock and appointments: whether what shall come fits what is there."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from port.calls import ANY_BERTH, planned_leave_s
from port.dwell import boxes_there
from port.terminal import Call, Terminal
from twin.scenario.merge import KeyPath
from twin.scenario.problems import suggest


@dataclass(frozen=True)
class Found:
    """A problem in the terminal's file: the keys to it, a sentence, and whether a run survives it."""

    path: KeyPath
    text: str
    warn: bool = False


def _calls(terminal: Terminal) -> tuple[Call, ...]:
    """Calls of the file; none when they are generated."""
    return terminal.calls if isinstance(terminal.calls, tuple) else ()


def calls_fit(terminal: Terminal) -> Iterator[Found]:
    """Each call's berth, length and times by themselves, and what its papers say."""
    assert not isinstance(terminal.berths, int)
    quay = {b.id: math.dist(*b.line) for b in terminal.berths}
    for i, call in enumerate(_calls(terminal)):
        if call.berth == ANY_BERTH:
            short = min(quay, key=lambda name: quay[name])
            if call.length is not None and call.length > quay[short]:
                text = f"{call.vessel} may lie anywhere but is longer ({call.length:.0f} m) than berth {short} "
                yield Found(("calls", i, "length"), f"{text}({quay[short]:.0f} m): name its berth")
        elif call.berth not in quay:
            hint = suggest(call.berth, quay) or f" There are {', '.join(quay)}."
            yield Found(("calls", i, "berth"), f"there is no berth '{call.berth}'.{hint}")
        elif call.length is not None and call.length > quay[call.berth]:
            text = f"{call.vessel} is longer ({call.length:.0f} m) than berth {call.berth} ({quay[call.berth]:.0f} m)"
            fits = [name for name, length in quay.items() if length >= call.length]
            way_out = f": berth {fits[0]} would do" if fits else ": no berth is, draw a longer one"
            yield Found(("calls", i, "length"), text + way_out)
        if call.leaves is not None and call.leaves <= call.at:
            yield Found(("calls", i, "leaves"), f"{call.vessel} is planned to leave before it comes")
        for note in call.work.notes if call.work is not None else ():
            yield Found(("calls", i), note, warn=True)


def calls_follow(terminal: Terminal) -> Iterator[Found]:
    """A ship that comes while another is planned to lie at its berth waits; the run goes on."""
    assert not isinstance(terminal.berths, int)
    cranes = {b.id: b.cranes for b in terminal.berths}
    lies: dict[str, list[tuple[float, float, int, Call]]] = {}
    for i, call in enumerate(_calls(terminal)):
        if call.berth in cranes:
            leaves = call.leaves
            if leaves is None:
                moves = call.discharge + call.load
                leaves = planned_leave_s(call.at, moves, cranes[call.berth], terminal.limits.berthing)
            lies.setdefault(call.berth, []).append((call.at, leaves, i, call))
    for berth, ships in lies.items():
        ships.sort(key=lambda s: (s[0], s[2]))
        for k in range(1, len(ships)):
            at, _, i, call = ships[k]
            until, other = max(((s[1], s[3].vessel) for s in ships[:k]), key=lambda s: s[0])
            if at < until:
                text = (
                    f"{call.vessel} comes {(until - at) / 3600:.1f} h before {other} is planned to leave berth {berth}"
                )
                yield Found(("calls", i, "at"), text + ", and will wait: let it come later, or to another berth", True)


def transfers_fit(terminal: Terminal) -> Iterator[Found]:
    """Boxes passed on from call to call: known ships, no more than are discharged, no more than are loaded."""
    calls = _calls(terminal)
    times = Counter(call.vessel for call in calls)
    room = {call.vessel: call.load for call in calls}
    for i, call in enumerate(calls):
        given = sum(call.transfers.values())
        if given > call.discharge:
            text = f"{call.vessel} passes on {given} boxes, but discharges {call.discharge}: lower the transfers"
            yield Found(("calls", i, "transfers"), text)
        for name, boxes in call.transfers.items():
            key = ("calls", i, "transfers", name)
            if name == call.vessel:
                yield Found(key, f"{name} cannot pass boxes on to itself: name another call")
            elif name not in room:
                hint = suggest(name, room) or f" There are {', '.join(list(room)[:4])}."
                yield Found(key, f"there is no call of a vessel '{name}'.{hint}")
            elif times[name] > 1:
                yield Found(key, f"{times[name]} calls are of a vessel '{name}': give them different names")
            else:
                room[name] -= boxes
                if room[name] < 0:
                    text = f"{name} would get {-room[name]} boxes more than it loads: raise its `load`"
                    yield Found(key, text)


def transfers_end(terminal: Terminal) -> Iterator[Found]:
    """Ships that would wait for each other for ever: one for boxes of another that cannot berth before it has left."""
    calls = _calls(terminal)
    number = {call.vessel: i for i, call in enumerate(calls)}
    waits: dict[int, list[int]] = {i: [] for i in range(len(calls))}
    for i, call in enumerate(calls):
        for name, boxes in call.transfers.items():
            if boxes and name in number and number[name] != i:
                waits[number[name]].append(i)
        if call.berth != ANY_BERTH:
            before = [(o.at, k) for k, o in enumerate(calls) if o.berth == call.berth and (o.at, k) < (call.at, i)]
            if before:
                waits[i].append(max(before)[1])
    ring = _ring(waits)
    if ring:
        names = [calls[k].vessel for k in ring]
        text = f"{' waits for '.join([*names, names[0]])}, for boxes or for its berth: they would wait for ever"
        yield Found(("calls", min(ring)), text + ". Let one call come earlier, to another berth, or pass on no boxes")


def _ring(waits: dict[int, list[int]]) -> list[int]:
    """A ring of a graph, or nothing."""
    done: set[int] = set()
    for start in waits:
        path: list[int] = []
        stack = [(start, iter(waits[start]))]
        path.append(start)
        while stack:
            _, onward = stack[-1]
            following = next((k for k in onward if k not in done), None)
            if following is None:
                done.add(path.pop())
                stack.pop()
            elif following in path:
                return path[path.index(following) :]
            else:
                path.append(following)
                stack.append((following, iter(waits[following])))
    return []


def lacking(terminal: Terminal) -> list[tuple[str, int]]:
    """Ships of the file with the boxes that the road must bring for them."""
    calls, coming = _calls(terminal), Counter[str]()
    for call in calls:
        coming.update(call.transfers)
    found = []
    for call in calls:
        missing = call.load - coming[call.vessel] - boxes_there(terminal, call.load, call.at, coming[call.vessel])
        found += [(call.vessel, missing)] if missing > 0 else []
    return found


def slots_suffice(terminal: Terminal) -> Iterator[Found]:
    """Appointments of a day against the trucks of a day."""
    spec, road = terminal.gate.appointments, terminal.road_trucks
    if spec is None:
        return
    daily = (sum(road.per_hour) if road.per_hour else road.per_day or 0.0) * spec.share
    places = spec.quota * 86400.0 / spec.slot
    if daily > places:
        text = f"{daily:.0f} trucks a day must book, but the slots of a day hold {places:.0f}: raise the quota"
        yield Found(("gate", "appointments", "quota"), text, warn=True)


def hours_have_trucks(terminal: Terminal) -> Iterator[Found]:
    """A profile without any hour lets no truck come, whatever the number of the day."""
    if terminal.road_trucks.per_hour is None and terminal.road_trucks.per_day and not any(terminal.gate.profile):
        text = "no hour has a share, so no road truck ever comes: give an hour more than 0, or `per_day: 0`"
        yield Found(("gate", "profile"), text, warn=True)


def stock_fits(terminal: Terminal) -> Iterator[Found]:
    """Boxes that must be there at the start, and those that are to come, against the slots."""
    calls = _calls(terminal)
    if not calls:
        return
    slots = sum(b.bays * (b.rows * b.tiers - (b.tiers - 1)) for b in terminal.blocks)
    stock = sum(int(b.bays * (b.rows * b.tiers - (b.tiers - 1)) * terminal.yard.fill) for b in terminal.blocks)
    coming = Counter[str]()
    for call in calls:
        coming.update(call.transfers)
    there = sum(boxes_there(terminal, c.load, c.at, coming[c.vessel]) for c in calls)
    if there > stock:
        text = (
            f"{there} export boxes should be in the yard at the start, but a fill of {terminal.yard.fill:g} is {stock} "
            f"boxes ({slots} slots): raise yard.fill, add blocks, or lower yard.exports_in_yard"
        )
        yield Found(("yard",), text)
    more = sum(c.discharge for c in calls) - sum(c.load for c in calls)
    if stock + more > slots:
        text = f"more containers than slots: {stock} at the start and {more} more discharged than loaded, {slots} slots"
        yield Found(("yard", "fill"), text + "; cranes will wait for room", warn=True)


CALL_RULES = (calls_fit, calls_follow, transfers_fit, transfers_end, slots_suffice, hours_have_trucks)
