"""Reads a terminal's file and checks it, one small rule after the other; every problem says where it stands."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from port.call_rules import CALL_RULES, Found, stock_fits
from port.geolayout import is_file, with_drawing
from port.layers.check import layer_faults
from port.layout import complete
from port.network import Site, nearest_spot, point_at
from port.plan import JOULE_PER_KWH, Plan
from port.terminal import Terminal
from port.way_rules import dead_ends, reachable
from port.ways import NO_WAY_US
from twin.scenario.merge import KeyPath, path_text, plain, read_chain, walk
from twin.scenario.problems import Problem, ScenarioError, suggest
from twin.scenario.sentences import validate
from twin.scenario.source import Node, Place, read

OFF_QUAY_M = 40.0
"""A crane further than this from the quay's edge is off its rails: the rail gauge of large cranes is 30 to 35 m."""
FAR_M = 60.0
"""A crane or a gate further than this from any lane is a mistake of coordinates."""


def read_terminal(path: Path) -> tuple[Terminal | None, list[Problem]]:
    """The completed terminal of a file, or None, and every problem (`where` is file:line:column, `path` is empty).

    A terminal that is given has only warnings.
    """
    try:
        root = _tree(path)
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


def _tree(path: Path) -> Node:
    """The file's tree with the files that it extends, and with its drawing where `layout` names one."""
    root = read(path, path.name)
    if not isinstance(root.value, dict):
        raise ScenarioError([f"{root.place}  a terminal's file is a mapping of keys such as `berths: 4`"])
    if "extends" in root.value:
        root = read_chain(path, path.name, path.parent)
    if "twin" in root.value and "terminal" not in root.value:
        section = root.value.get("port")
        named = section.value.get("terminal") if isinstance(section, Node) and isinstance(section.value, dict) else None
        hint = f": {os.path.relpath(named.folder / str(named.value), path.parent)}" if isinstance(named, Node) else ""
        raise ScenarioError([f"{root.place}  this is a scenario; name the terminal's own file{hint}"])
    return with_drawing(root, path.parent) if is_file(root.value.get("layout")) else root


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
    for rule in (_unique_ids, _lanes_have_length, _blocks_name_lanes, *CALL_RULES, _limits_are_ordered):
        for found in rule(terminal):
            broken = broken or not found.warn
            yield found
    if broken:
        return
    plan = Plan(terminal)
    yield from _near_lanes(terminal)
    yield from _cranes_on_quay(terminal)
    trapped = list(dead_ends(plan))
    yield from trapped or reachable(terminal, plan)
    yield from stock_fits(terminal)
    yield from _range_suffices(terminal, plan)
    yield from (Found(*fault) for fault in layer_faults(terminal))


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
    assert not isinstance(terminal.berths, int)
    for k, berth in enumerate(terminal.berths):
        if math.dist(*berth.line) <= 0.0:
            yield Found(("berths", k, "line"), f"berth '{berth.id}' has no length: give both ends of its edge")
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


def _cranes_on_quay(terminal: Terminal) -> Iterator[Found]:
    """Crane points against the edge of their berth."""
    assert not isinstance(terminal.berths, int)
    for k, berth in enumerate(terminal.berths):
        edge = (np.asarray(berth.line, dtype=float),)
        for i, xy in enumerate(berth.crane_points):
            away = math.dist(xy, point_at(edge[0], nearest_spot(edge, xy)[1]))
            if away > OFF_QUAY_M:
                text = f"this crane stands {away:.0f} m from the edge of berth {berth.id}: cranes run along the quay"
                yield Found(("berths", k, "crane_points", i), text)


def _range_suffices(terminal: Terminal, plan: Plan) -> Iterator[Found]:
    """A truck that goes on with just enough charge must still finish its order and reach a station."""
    if not terminal.stations:
        return
    longest_s = float(np.where(plan.open_ways.time_us[0] < NO_WAY_US, plan.open_ways.time_us[0], 0).max()) / 1e6
    need = 3 * longest_s * plan.limit.max() * plan.joule_per_m.max()
    if need > plan.threshold_j > 0:
        kwh = need / JOULE_PER_KWH
        text = (
            f"an order may need {kwh:.1f} kWh (three of the longest ways), but trucks take one with "
            f"{plan.threshold_j / JOULE_PER_KWH:.1f} kWh left: raise the threshold"
        )
        yield Found(("fleet", "energy", "threshold"), text, warn=True)
