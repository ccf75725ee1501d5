"""Rules on a terminal's lanes: no dead ends, and a way from every place to every other and back."""

from __future__ import annotations

from collections.abc import Iterator

from port.call_rules import Found
from port.plan import GATE_PLACE, Plan
from port.terminal import Terminal
from port.ways import NO_WAY_US, Ways
from twin.scenario.merge import KeyPath

OWN, MANNED = 0, 1
SHOWN = 4
"""Places that a message names."""


def dead_ends(plan: Plan) -> Iterator[Found]:
    """Lanes that trucks can drive into and not out of again: one-way lanes whose end leads nowhere."""
    site = plan.site
    into: dict[int, list[int]] = {}
    out_of: dict[int, list[int]] = {}
    for lane, (a, b) in enumerate(site.nodes):
        out_of.setdefault(a, []).append(lane)
        into.setdefault(b, []).append(lane)
        if not site.oneway[lane]:
            out_of.setdefault(b, []).append(lane)
            into.setdefault(a, []).append(lane)
    used = {spot[0] for spot in (site.gate_spot, *(c.spot for c in site.cranes), *site.block_spots)}
    for lane, (a, b) in enumerate(site.nodes):
        if not site.oneway[lane]:
            continue
        name = site.lane_ids[lane]
        x, y = site.shapes[lane][-1]
        if not [other for other in out_of.get(b, []) if other != lane]:
            text = f"trucks on one-way lane '{name}' are trapped at its end ({x:.1f}, {y:.1f}): no lane leads on"
            yield Found(("lanes", lane, "oneway"), text)
        elif not [other for other in into.get(a, []) if other != lane] and lane in used and lane != site.gate_spot[0]:
            text = f"nothing leads to the start of one-way lane '{name}': let a lane end there, or drop `oneway`"
            yield Found(("lanes", lane, "oneway"), text)


def reachable(terminal: Terminal, plan: Plan) -> Iterator[Found]:
    """Road trucks drive from the gate to every block and back, driverless ones between blocks, cranes and stations.

    One problem for each group of places that are cut off in the same way; driverless trucks' ways only when those of
    road trucks are right, since most lanes are both's.
    """
    times, site = Ways.of(plan).time_us, plan.site
    blocks: list[tuple[int, KeyPath, str]] = [
        (place, ("blocks", i, "lane"), f"block {site.block_ids[i]}")
        for i, place in enumerate(plan.block_place.tolist())
    ]
    others: list[tuple[int, KeyPath, str]] = [
        (place, ("berths", crane.berth, "line"), f"{crane.id} at berth {site.berth_ids[crane.berth]}")
        for place, crane in zip(plan.crane_place.tolist(), site.cranes, strict=True)
    ]
    others += [
        (place, ("stations", k, "at"), f"station {terminal.stations[k].id}")
        for k, place in enumerate(plan.station_place.tolist())
    ]
    told: set[int] = set()
    bases = [
        (MANNED, GATE_PLACE, "the gate", "", blocks),
        (OWN, blocks[0][0], blocks[0][2], " for driverless trucks", [*blocks[1:], *others]),
    ]
    for kind, base, base_name, who, places in bases:
        if told:
            return
        lost: dict[tuple[bool, bool], list[tuple[int, KeyPath, str]]] = {}
        for place, path, name in places:
            way = times[kind, base, place] < NO_WAY_US, times[kind, place, base] < NO_WAY_US
            if not all(way):
                told.add(place)
                lost.setdefault((bool(way[0]), bool(way[1])), []).append((place, path, name))
        for (there, _), found in sorted(lost.items()):
            names = ", ".join(name for _, _, name in found[:SHOWN])
            names += f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
            if there:
                text = f"no way{who} leads back from {names} to {base_name}"
            else:
                both = " and back" if (False, False) in lost and found is lost[False, False] else ""
                text = f"no way{who} leads from {base_name} to {names}{both}"
            yield Found(found[0][1], f"{text}: {_hint(terminal, kind)}")


def _hint(terminal: Terminal, kind: int) -> str:
    """Where to look: directions, who may drive, or ends that do not meet."""
    other = "driverless" if kind == MANNED else "manned"
    shut = [lane.id for lane in terminal.lanes if lane.trucks == other]
    oneway = [lane.id for lane in terminal.lanes if lane.oneway]
    parts = ["lanes join where their ends meet within 1 m"]
    if oneway:
        parts.append(f"look at the direction of {', '.join(oneway[:SHOWN])}")
    if shut:
        parts.append(f"only {other} trucks may use {', '.join(shut[:SHOWN])}")
    return "; ".join(parts)
