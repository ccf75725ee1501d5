"""What the queue engine needs to know from a SUMO network: lanes, connections, who gives way, and signal programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from traffic.fast.classes import ON_ROAD, permitted
from traffic.network import elements


@dataclass(frozen=True)
class LaneSpec:
    """A lane: length m, limit m/s, classes as bits."""

    length_m: float
    speed_mps: float
    allow: int = ON_ROAD


@dataclass(frozen=True)
class EdgeSpec:
    """One direction of a street, lanes from the kerb."""

    id: str
    lanes: tuple[LaneSpec, ...]


@dataclass
class ConnectionSpec:
    """From a lane to a lane. `ahead_m` is the way inside the junction up to a place to wait (0: none) and `length_m`
    the way behind it; `yields` are indices of connections with priority; `signal` is (program, link index).
    `keep_clear`: others cross inside, so nobody drives in who cannot drive out."""

    start: str
    end: str
    start_lane: int = 0
    end_lane: int = 0
    length_m: float = 0.0
    speed_mps: float = 1000.0
    ahead_m: float = 0.0
    signal: tuple[str, int] | None = None
    yields: tuple[int, ...] = ()
    keep_clear: bool = False


@dataclass(frozen=True)
class Program:
    """A signal program: offset s, and (duration s, state per link) of its phases in SUMO's letters.

    `bounds`: (shortest, longest) s of each phase where vehicles decide how long it lasts; empty with fixed times.
    The next three say how they do (SUMO's `max-gap`, `detector-gap` and `passing-time`, and its defaults, in s)."""

    offset_s: float
    phases: tuple[tuple[float, str], ...]
    bounds: tuple[tuple[float, float], ...] = ()
    gap_s: float = 3.0
    detector_s: float = 2.0
    passing_s: float = 1.9


@dataclass
class NetFile:
    """A network as read."""

    edges: list[EdgeSpec] = field(default_factory=list)
    connections: list[ConnectionSpec] = field(default_factory=list)
    programs: dict[str, Program] = field(default_factory=dict)
    variants: dict[tuple[str, str], Program] = field(default_factory=dict)
    """(signal, id of the program) -> each of its programs."""

    def add_program(self, element: Any) -> None:
        """A `tlLogic`: the last one that is read for a signal is the one that it runs."""
        name, program = element.get("id", ""), _program(element)
        self.programs[name] = program
        self.variants[name, element.get("programID", "0")] = program


def read_netfile(path: Path, additional: Iterable[Path] = ()) -> NetFile:
    """Read a SUMO network and the signal programs of additional files, of which the last one for a signal counts.

    Right of way is the `response` matrix of each junction, whose k-th row belongs to the k-th connection in the order
    of its incoming lanes. Raises `ValueError` when the file is no SUMO network.
    """
    net = NetFile()
    inside: dict[str, tuple[float, float]] = {}
    onward: dict[str, str] = {}
    via: list[str] = []
    by_lane: dict[str, list[int]] = {}
    junctions: list[tuple[list[str], dict[int, tuple[str, str]]]] = []
    root = ""
    try:
        for depth, element in elements(path):
            root = element.tag if depth == 0 else root
            if depth != 1:
                continue
            if element.tag == "edge":
                _edge(element, net, inside)
            elif element.tag == "connection":
                _connection(element, net, onward, via, by_lane)
            elif element.tag == "junction" and element.get("type") != "internal":
                rows = {
                    int(r.get("index")): (r.get("response", ""), r.get("foes", "")) for r in element.iter("request")
                }
                junctions.append(((element.get("incLanes") or "").split(), rows))
            elif element.tag == "tlLogic":
                net.add_program(element)
        for file in additional:
            for _, element in elements(file):
                if element.tag == "tlLogic":
                    net.add_program(element)
    except ParseError as error:
        raise ValueError(f"{path.name} is not whole: {error}") from error
    if root != "net" or not net.edges:
        raise ValueError(f"{path.name} is not a SUMO network with streets")
    for connection, first in zip(net.connections, via, strict=True):
        _inside(connection, first, inside, onward)
    for lanes, rows in junctions:
        order = [i for lane in lanes for i in by_lane.get(lane, ())]
        for row, i in enumerate(order):
            response, foes = rows.get(row, ("", ""))
            bits = response[::-1]
            net.connections[i].keep_clear = net.connections[i].keep_clear and "1" in foes
            net.connections[i].yields = tuple(order[k] for k, bit in enumerate(bits) if bit == "1" and k < len(order))
    return net


def _edge(element: Any, net: NetFile, inside: dict[str, tuple[float, float]]) -> None:
    function = element.get("function", "normal")
    if function == "internal":
        for lane in element.iter("lane"):
            inside[lane.get("id")] = (float(lane.get("length")), float(lane.get("speed")))
    elif function in ("normal", "connector", ""):
        lanes = tuple(
            LaneSpec(
                float(lane.get("length")),
                float(lane.get("speed")),
                permitted(lane.get("allow"), lane.get("disallow")) & ON_ROAD,
            )
            for lane in element.iter("lane")
        )
        if any(lane.allow for lane in lanes):
            net.edges.append(EdgeSpec(element.get("id"), lanes))


def _connection(
    element: Any, net: NetFile, onward: dict[str, str], via: list[str], by_lane: dict[str, list[int]]
) -> None:
    start, lane = element.get("from"), int(element.get("fromLane"))
    if start.startswith(":"):
        if element.get("via"):
            onward[f"{start}_{lane}"] = element.get("via")
        return
    if element.get("to").startswith(":"):
        return  # from a footpath onto the pavement at the corner: no row in the junction's matrix
    program = element.get("tl")
    by_lane.setdefault(f"{start}_{lane}", []).append(len(net.connections))
    via.append(element.get("via", ""))
    net.connections.append(
        ConnectionSpec(
            start,
            element.get("to"),
            lane,
            int(element.get("toLane")),
            signal=None if program is None else (program, int(element.get("linkIndex"))),
            keep_clear=element.get("keepClear", "1") not in ("0", "false"),
        )
    )


def _inside(
    connection: ConnectionSpec, lane: str, inside: dict[str, tuple[float, float]], onward: dict[str, str]
) -> None:
    """Lengths and lowest speed along the lanes inside the junction."""
    parts: list[tuple[float, float]] = []
    while lane in inside and len(parts) < 8:
        parts.append(inside[lane])
        lane = onward.get(lane, "")
    if parts:
        connection.speed_mps = min(speed for _, speed in parts)
        connection.length_m = parts[-1][0]
        connection.ahead_m = sum(length for length, _ in parts[:-1])


def _program(element: Any) -> Program:
    phases, bounds = [], []
    for phase in element.iter("phase"):
        duration = float(phase.get("duration"))
        phases.append((duration, phase.get("state", "")))
        bounds.append((float(phase.get("minDur", duration)), float(phase.get("maxDur", duration))))
    given = {p.get("key"): p.get("value") for p in element.iter("param")}
    decided = element.get("type", "static") == "actuated" and any(a < b for a, b in bounds)
    return Program(
        float(element.get("offset") or 0.0),
        tuple(phases),
        tuple(bounds) if decided else (),
        float(given.get("max-gap", Program.gap_s)),
        float(given.get("detector-gap", Program.detector_s)),
        float(given.get("passing-time", Program.passing_s)),
    )
