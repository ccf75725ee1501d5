"""States of cranes, gantries, ships, lanes and the gate as steps: (second, value) from each second on."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from port import codes as c
from port.replay.record import YardLog
from port.state import DISCHARGE, LOAD
from twin.results.view import RunView

Steps = list[tuple[float, int]]
NO_WORK, WORKING, WAITING, STOPPED, BROKEN = range(5)
"""No ship (crane) or no truck (gantry); in a cycle; at a ship between cycles; stopped from outside; broken down."""
OPEN, SLOWED, CLOSED = range(3)
BREAKDOWN = "breakdown"
"""First word of the cause of a stop by a defect."""
UP, DOWN = 1, -1


def at_steps(steps: Steps, second: float, before: int = 0) -> int:
    """The value at a time; `before` the first step."""
    value = before
    for time, then in steps:
        if time > second:
            break
        value = then
    return value


def machine_steps(log: YardLog, run: RunView) -> tuple[list[Steps], list[Steps]]:
    """Of every quay crane and every gantry, in the codes above. A stop counts before the work that it lets end."""
    cranes, gantries = len(log.scene["cranes"]), len(log.scene["gantries"])
    changes: dict[tuple[str, int], list[tuple[float, str, int]]] = defaultdict(list)
    berth_of: dict[int, list[int]] = defaultdict(list)
    for k, crane in enumerate(log.scene["cranes"]):
        berth_of[crane["berth"]].append(k)
    moored: dict[int, int] = {}
    for t, code, entity, a, _ in log.rows.tolist():
        s = t / 1e6
        if code in (c.L_HANDOVER, c.L_READY):
            changes["crane", entity].append((s, "busy", UP if code == c.L_HANDOVER else DOWN))
        elif code in (c.L_WORK, c.L_LEFT):
            berth = moored.setdefault(entity, a)
            for crane in berth_of[berth]:
                changes["crane", crane].append((s, "ship", UP if code == c.L_WORK else DOWN))
        elif code == c.L_GANTRY:
            changes["gantry", entity].append((s, "busy", UP))
        elif code in (c.L_STORE, c.L_RETRIEVE, c.L_RECEIVE, c.L_DELIVER):
            changes["gantry", entity].append((s, "busy", DOWN))
    number = {crane["id"]: ("crane", k) for k, crane in enumerate(log.scene["cranes"])}
    number |= {gantry["id"]: ("gantry", k) for k, gantry in enumerate(log.scene["gantries"])}
    for stop in run.table("port", "stops"):
        key = number.get(str(stop["machine"]))
        if key is not None:
            what = "broken" if str(stop["cause"]).startswith(BREAKDOWN) else "stop"
            changes[key].append((float(stop["from_s"]), what, UP))
            if float(stop["until_s"]) < log.end_us / 1e6:
                changes[key].append((float(stop["until_s"]), what, DOWN))
    return (
        [_machine(changes["crane", k]) for k in range(cranes)],
        [_machine(changes["gantry", k]) for k in range(gantries)],
    )


def _machine(changes: list[tuple[float, str, int]]) -> Steps:
    held = {"busy": 0, "ship": 0, "stop": 0, "broken": 0}
    steps: Steps = [(0.0, NO_WORK)]
    for time, what, change in sorted(changes, key=lambda e: e[0]):
        held[what] += change
        waiting = WAITING if held["ship"] > 0 else NO_WORK
        state = WORKING if held["busy"] > 0 else waiting
        state = BROKEN if held["broken"] > 0 else STOPPED if held["stop"] > 0 else state
        _put(steps, time, state)
    return steps


def _put(steps: Steps, time: float, value: int) -> None:
    if steps and steps[-1][0] == time:
        steps.pop()
    if not steps or steps[-1][1] != value:
        steps.append((time, value))


def stopped_trucks(log: YardLog, run: RunView) -> dict[str, Steps]:
    """Driverless trucks that broke down: 1 while they stand."""
    found: dict[str, Steps] = defaultdict(list)
    for stop in run.table("port", "stops"):
        if str(stop["machine"]) in log.scene["trucks"]:
            found[str(stop["machine"])] += [(float(stop["from_s"]), 1), (float(stop["until_s"]), 0)]
    return {name: sorted(steps) for name, steps in found.items()}


def ships(log: YardLog, run: RunView) -> list[dict[str, Any]]:
    """Calls that have come: berth, seconds of arrival, mooring, first work and departure, and of every move."""
    found: dict[int, dict[str, Any]] = {}
    vessels = log.scene["vessels"]
    for t, code, entity, a, _ in log.rows.tolist():
        if code == c.L_BERTHED:
            one = vessels[entity]
            about = {"name": one["name"], "boxes": one["boxes"], "length_m": one["length_m"], "at": one["at_s"]}
            found[entity] = {**about, "berth": a, "berthed": t / 1e6, "work": None, "left": None, "moves": []}
        elif code == c.L_WORK:
            found[entity]["work"] = t / 1e6
        elif code == c.L_LEFT:
            found[entity]["left"] = t / 1e6
    berth = {crane["id"]: crane["berth"] for crane in log.scene["cranes"]}
    calls = sorted(found.values(), key=lambda s: s["berthed"])
    for row in run.table("port", "moves"):
        if row["cycle"] in (DISCHARGE, LOAD):
            t = float(row["end_s"])
            there = (s for s in calls if s["berth"] == berth[row["che"]] and (s["left"] is None or t <= s["left"]))
            next(there)["moves"].append(t)
    return calls


def lane_steps(log: YardLog, run: RunView) -> list[Steps]:
    """Of every lane: open, slowed (as recorded every few minutes) or closed by water (to the second)."""
    ids = [lane["id"] for lane in log.scene["lanes"]]
    closed: list[Steps] = [[] for _ in ids]
    for what, value in (("lane_closed", 1), ("lane_open", 0)):
        for entry in run.events(what):
            if entry["section"] == "port":
                for lane in entry["lanes"]:
                    closed[ids.index(lane)].append((entry["time_us"] / 1e6, value))
    slowed: list[Steps] = [[] for _ in ids]
    if run.has("port", "lane_state"):
        times, values = run.field("port", "lane_state")
        for k in range(len(ids)):
            slowed[k] = [(float(t), int(v >= SLOWED)) for t, v in zip(times, values[:, k], strict=True)]
    return [_lane(sorted(a), b) for a, b in zip(closed, slowed, strict=True)]


def _lane(closed: Steps, slowed: Steps) -> Steps:
    steps: Steps = [(0.0, OPEN)]
    for time in sorted({t for t, _ in [*closed, *slowed]}):
        value = CLOSED if at_steps(closed, time) else SLOWED if at_steps(slowed, time) else OPEN
        _put(steps, time, value)
    return steps


def series_steps(run: RunView, port: str) -> Steps:
    """A recorded curve of whole numbers as steps; empty when it was not recorded."""
    if not run.has("port", port):
        return []
    times, values = run.series("port", port)
    steps: Steps = []
    for t, v in zip(times.tolist(), values[:, 0].tolist(), strict=True):
        _put(steps, t, round(v))
    return steps


def gate_closed(run: RunView) -> Steps:
    """1 while the gate is closed by order, from the journal."""
    steps: Steps = [(0.0, 0)]
    for entry in run.events():
        if entry["section"] == "port" and entry["what"] in ("gate_closed", "gate_open"):
            _put(steps, entry["time_us"] / 1e6, int(entry["what"] == "gate_closed"))
    return steps


def window(steps: Steps, begin: float, end: float, before: int = 0) -> Steps:
    """Steps from `begin` on, with the value that holds there as the first, up to `end`."""
    inside = [(t, v) for t, v in steps if begin < t <= end]
    return [(begin, at_steps(steps, begin, before)), *inside]


def told(run: RunView, begin: float, end: float, most: int = 400) -> list[dict[str, Any]]:
    """What the terminal's journal says between two times, the rarer kinds first where there is too much of it."""
    entries = [
        {"s": e["time_us"] / 1e6, "what": e["what"], "text": e["text"]}
        for e in run.events()
        if e["section"] == "port" and "text" in e and begin <= e["time_us"] / 1e6 <= end
    ]
    kinds: dict[str, int] = defaultdict(int)
    for entry in entries:
        kinds[entry["what"]] += 1
    kept = sorted(entries, key=lambda e: (kinds[e["what"]], e["s"]))[:most]
    return sorted(kept, key=lambda e: e["s"])
