"""Reads a terminal's file and checks it, one small rule after the other; every problem says where it stands."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from port.layout import complete
from port.network import Site, nearest_spot, point_at
from port.plan import GATE_PLACE, JOULE_PER_KWH, Plan
from port.terminal import Call, Terminal
from port.ways import NO_WAY_US, Ways
from twin.scenario.merge import KeyPath, path_text, plain, walk
from twin.scenario.problems import Problem, ScenarioError, suggest
from twin.scenario.sentences import validate
from twin.scenario.source import Place, read

FAR_M = 60.0
"""A crane or a gate further than this from any lane is a mistake of coordinates."""


@dataclass(frozen=True)
class Found:
    """A problem in the terminal's file: the keys to it, a sentence, and whether a run survives it."""

    path: KeyPath
    text: str
    warn: bool = False


def read_terminal(path: Path) -> tuple[Terminal | None, list[Problem]]:
    """The completed terminal of a file, or None, and every problem (`where` is file:line:column, `path` is empty).

    A terminal that is given has only warnings.
    """
    try:
        root = read(path, path.name)
    except ScenarioError as error:
        return None, [Problem((), line) for line in error.lines]
    places = {at: node.place for at, node in walk(root)}
    terminal, problems = validate(Terminal, plain(root), {"folder": path.parent}, ())
    if terminal is None:
        return None, [_located(Found(p.path, p.text), places, path) for p in problems]
    try:
        whole = complete(terminal)
    except ValueError as error:
        key = "layout" if terminal.layout else "berths"
        return None, [_located(Found((key,), str(error)), places, path)]
    found = list(check_terminal(whole))
    located = [_located(f, places, path) for f in found]
    return (None if any(not f.warn for f in found) else whole), located


def load_terminal(path: Path) -> Terminal:
    """The completed terminal of a file; `ScenarioError` with one line a problem when it cannot be used."""
    terminal, problems = read_terminal(path)
    if terminal is None:
        raise ScenarioError(f"{p.where}  {p.text}" if p.where else p.text for p in problems if not p.warn)
    return terminal


def _located(found: Found, places: dict[KeyPath, Place], path: Path) -> Problem:
    """The nearest key of the path that stands in the file gives the line."""
    known = next((at for n in range(len(found.path), -1, -1) if (at := found.path[:n]) in places), None)
    where = str(places[known]) if known is not None else path.name
    name = path_text(found.path)
    return Problem((), f"{name}: {found.text}" if name else found.text, found.warn, where)


def check_terminal(terminal: Terminal) -> Iterator[Found]:
    """Every rule on a completed terminal; those on ways and stock only when the names are right."""
    broken = False
    for rule in (_unique_ids, _lanes_have_length, _blocks_name_lanes, _calls_fit, _limits_are_ordered):
        for found in rule(terminal):
            broken = broken or not found.warn
            yield found
    if broken:
        return
    for rule in (_near_lanes, _dead_ends, _reachable, _stock_fits, _range_suffices):
        yield from rule(terminal)


Rule = Callable[[Terminal], Iterator[Found]]


def _unique_ids(terminal: Terminal) -> Iterator[Found]:
    assert not isinstance(terminal.berths, int)
    named = {
        "berths": [b.id for b in terminal.berths],
        "lanes": [lane.id for lane in terminal.lanes],
        "blocks": [b.id for b in terminal.blocks],
        "stations": [s.id for s in terminal.stations],
    }
    for key, ids in named.items():
        seen: dict[str, int] = {}
        for i, name in enumerate(ids):
            if name in seen:
                yield Found((key, i, "id"), f"'{name}' is also the id of {key}[{seen[name]}]")
            seen.setdefault(name, i)


def _lanes_have_length(terminal: Terminal) -> Iterator[Found]:
    for i, lane in enumerate(terminal.lanes):
        if sum(math.dist(a, b) for a, b in zip(lane.line[:-1], lane.line[1:], strict=True)) <= 0.0:
            yield Found(("lanes", i, "line"), f"lane '{lane.id}' has no length: give two different points")
        if lane.limit <= 0.0:
            yield Found(("lanes", i, "limit"), f"lane '{lane.id}' needs a limit above 0 km/h")


def _blocks_name_lanes(terminal: Terminal) -> Iterator[Found]:
    known = [lane.id for lane in terminal.lanes]
    for i, block in enumerate(terminal.blocks):
        if block.lane not in known:
            yield Found(("blocks", i, "lane"), f"there is no lane '{block.lane}'.{suggest(block.lane, known)}")
        if block.rows * block.tiers - (block.tiers - 1) < 1 or (block.rows == 1 and block.tiers > 1):
            text = f"one row of {block.tiers} tiers holds one box, since a bay keeps tiers − 1 places free to dig"
            yield Found(("blocks", i, "rows"), text, warn=True)


def _calls_fit(terminal: Terminal) -> Iterator[Found]:
    assert not isinstance(terminal.berths, int)
    if not isinstance(terminal.calls, tuple):
        return
    quay = {b.id: math.dist(*b.line) for b in terminal.berths}
    for i, call in enumerate(terminal.calls):
        if call.berth not in quay:
            yield Found(("calls", i, "berth"), f"there is no berth '{call.berth}'.{_known(call.berth, quay)}")
        elif call.length is not None and call.length > quay[call.berth]:
            text = f"{call.vessel} is longer ({call.length:.0f} m) than berth {call.berth} ({quay[call.berth]:.0f} m)"
            yield Found(("calls", i, "length"), text)
        if call.leaves is not None and call.leaves <= call.at:
            yield Found(("calls", i, "leaves"), f"{call.vessel} is planned to leave before it comes")
        for note in call.work.notes if call.work is not None else ():
            yield Found(("calls", i), note, warn=True)


def _known(wrong: str, names: dict[str, float]) -> str:
    return suggest(wrong, names) or f" There are {', '.join(names)}."


def _limits_are_ordered(terminal: Terminal) -> Iterator[Found]:
    limits = terminal.limits
    if limits.reopen_depth > limits.close_depth:
        text = f"a lane would open at {limits.reopen_depth:g} m and close at {limits.close_depth:g} m: set it lower"
        yield Found(("limits", "reopen_depth"), text)


def _near_lanes(terminal: Terminal) -> Iterator[Found]:
    site = Site.of(terminal)
    away = math.dist(site.gate_xy, point_at(site.shapes[site.gate_spot[0]], site.gate_spot[1]))
    if away > FAR_M:
        yield Found(("gate", "at"), f"the gate is {away:.0f} m from the nearest lane: let a lane begin there")
    for k, station in enumerate(terminal.stations):
        lane, metres = nearest_spot(site.shapes, station.at)
        away = math.dist(station.at, point_at(site.shapes[lane], metres))
        if away > FAR_M:
            text = f"station {station.id} is {away:.0f} m from the nearest lane: let a lane pass it"
            yield Found(("stations", k, "at"), text)
    told: set[int] = set()
    for crane in site.cranes:
        away = math.dist(crane.xy, point_at(site.shapes[crane.spot[0]], crane.spot[1]))
        if away > FAR_M and crane.berth not in told:
            told.add(crane.berth)
            text = f"{crane.id} stands {away:.0f} m from the nearest lane: draw a lane along the quay"
            yield Found(("berths", crane.berth, "line"), text)


def _dead_ends(terminal: Terminal) -> Iterator[Found]:
    """Lanes that trucks can drive into and not out of again: one-way lanes whose end leads nowhere."""
    site = Site.of(terminal)
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


def _reachable(terminal: Terminal) -> Iterator[Found]:
    """Gate and blocks for road trucks; blocks, cranes and stations for driverless ones; each way and back."""
    plan = Plan(terminal)
    site, times = plan.site, Ways.of(plan).time_us

    def cut(kind: int, a: int, places: Sequence[int]) -> list[str]:
        return [plan.place_names[p] for p in places if max(times[kind, a, p], times[kind, p, a]) >= NO_WAY_US]

    for i, place in enumerate(plan.block_place.tolist()):
        name = site.block_ids[i]
        if cut(1, GATE_PLACE, [place]):
            text = f"no way leads from the gate to block {name} and back: lanes join where their ends meet within 1 m"
            yield Found(("blocks", i, "lane"), text)
        if i and cut(0, int(plan.block_place[0]), [place]):
            text = f"no way for driverless trucks leads from block {site.block_ids[0]} to block {name} and back"
            yield Found(("blocks", i, "lane"), text)
    first = int(plan.block_place[0])
    for k, berth in enumerate(site.berth_ids):
        lost = cut(0, first, [int(p) for p in plan.crane_place if plan.crane_berth[p - 1] == k])
        if lost:
            text = f"no way leads from {', '.join(lost)} at berth {berth} to block {site.block_ids[0]} and back"
            yield Found(("berths", k, "line"), text)
    for k, place in enumerate(plan.station_place.tolist()):
        if cut(0, first, [place]):
            text = f"no way leads from station {terminal.stations[k].id} to block {site.block_ids[0]} and back"
            yield Found(("stations", k, "at"), text)


def _stock_fits(terminal: Terminal) -> Iterator[Found]:
    """Boxes that must be there at the start, and those that are to come, against the slots."""
    if not isinstance(terminal.calls, tuple):
        return
    slots = sum(b.bays * (b.rows * b.tiers - (b.tiers - 1)) for b in terminal.blocks)
    stock = sum(int(b.bays * (b.rows * b.tiers - (b.tiers - 1)) * terminal.yard.fill) for b in terminal.blocks)
    calls: tuple[Call, ...] = terminal.calls
    there = sum(round(c.load * terminal.yard.exports_in_yard) for c in calls)
    if there > stock:
        text = (
            f"{there} export boxes should be in the yard at the start, but a fill of {terminal.yard.fill:g} is {stock} "
            f"boxes ({slots} slots): raise yard.fill, add blocks, or lower yard.exports_in_yard"
        )
        yield Found(("yard",), text)
    coming = sum(c.discharge for c in calls) - sum(c.load for c in calls)
    if stock + coming > slots:
        text = (
            f"more containers than slots: {stock} at the start and {coming} more discharged than loaded, {slots} slots"
        )
        yield Found(("yard", "fill"), text + "; cranes will wait for room", warn=True)


def _range_suffices(terminal: Terminal) -> Iterator[Found]:
    """A truck that goes on with just enough charge must still finish its order and reach a station."""
    if not terminal.stations:
        return
    plan = Plan(terminal)
    longest_s = float(np.where(plan.open_ways.time_us[0] < NO_WAY_US, plan.open_ways.time_us[0], 0).max()) / 1e6
    need = 3 * longest_s * plan.limit.max() * plan.joule_per_m.max()
    if need > plan.threshold_j > 0:
        kwh = need / JOULE_PER_KWH
        text = (
            f"an order may need {kwh:.1f} kWh (three of the longest ways), but trucks take one with "
            f"{plan.threshold_j / JOULE_PER_KWH:.1f} kWh left: raise the threshold"
        )
        yield Found(("fleet", "energy", "threshold"), text, warn=True)
