"""What the builder needs to know of a SUMO street network, read in one pass and already in the twin's coordinates."""

from __future__ import annotations

import gzip
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.scenario.problems import ScenarioError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Edge:
    """One directed edge. `shape` is (k, 2) in m in the twin's system; `lanes` holds (allow, disallow) per lane."""

    id: str
    start: str
    end: str
    kind: str
    name: str
    priority: int
    speed_mps: float
    length_m: float
    shape: FloatArray
    lanes: tuple[tuple[frozenset[str] | None, frozenset[str]], ...]

    def lanes_for(self, vehicle: str) -> tuple[int, ...]:
        """Indices of the lanes that the vehicle class may use."""
        return tuple(
            i
            for i, (allow, disallow) in enumerate(self.lanes)
            if (vehicle in allow if allow is not None else vehicle not in disallow)
        )


@dataclass
class SumoNet:
    """Edges, junctions and turns.

    offset_m   what SUMO added to the projected coordinates; twin = SUMO - offset
    crs        `EPSG:32633`, or None where the network has no projection (local metres)
    turns      (from edge, from lane, to edge, to lane)
    """

    path: Path
    edges: dict[str, Edge] = field(default_factory=dict)
    junctions: dict[str, tuple[float, float]] = field(default_factory=dict)
    junction_kinds: dict[str, str] = field(default_factory=dict)
    turns: list[tuple[str, int, str, int]] = field(default_factory=list)
    offset_m: tuple[float, float] = (0.0, 0.0)
    crs: str | None = None

    def links_for(self, vehicle: str) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """(successors, predecessors) of every edge that the vehicle class may drive on, in file order."""
        lanes = {e.id: frozenset(e.lanes_for(vehicle)) for e in self.edges.values()}
        after: dict[str, list[str]] = {i: [] for i, allowed in lanes.items() if allowed}
        before: dict[str, list[str]] = {i: [] for i in after}
        for start, lane, end, to_lane in self.turns:
            if lane in lanes.get(start, ()) and to_lane in lanes.get(end, ()) and end not in after[start]:
                after[start].append(end)
                before[end].append(start)
        return after, before


def crs_of(projection: str) -> str | None:
    """The EPSG code of a PROJ string as SUMO writes it; None for `!` and `-`, which mean no projection."""
    if projection.strip() in ("", "!", "-", "."):
        return None
    zone = re.search(r"\+proj=utm\b.*\+zone=(\d+)", projection)
    if zone:
        return f"EPSG:{(32700 if '+south' in projection else 32600) + int(zone[1])}"
    import pyproj

    code = pyproj.CRS(projection).to_epsg(min_confidence=25)
    return f"EPSG:{code}" if code else None


def read_net(path: Path) -> SumoNet:
    """Read a `.net.xml` or `.net.xml.gz`. ScenarioError when it is no SUMO network."""
    net = SumoNet(path)
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb") as file:
            for element in _elements(file):
                _take(net, element)
    except (ET.ParseError, OSError, ValueError) as error:
        raise ScenarioError([f"{path.name}: this is not a SUMO network that can be read ({error})"]) from error
    if not net.edges:
        raise ScenarioError([f"{path.name}: no edges in it. A SUMO network (netconvert's output) is wanted."])
    return net


_WANTED = {"location", "edge", "junction", "connection", "net"}


def _elements(file: Any) -> Iterator[ET.Element]:
    """The network's parts one by one; the tree is emptied on the way, so memory stays small."""
    parser = ET.iterparse(file, events=("start", "end"))
    _, root = next(parser)
    if root.tag != "net":
        raise ValueError(f"its root is <{root.tag}>, not <net>")
    depth = 0
    for event, element in parser:
        depth += 1 if event == "start" else -1
        if depth == 0 and event == "end" and element is not root:
            if element.tag in _WANTED:
                yield element
            root.clear()


def _words(text: str | None) -> frozenset[str]:
    return frozenset(text.split()) if text else frozenset()


def _take(net: SumoNet, element: ET.Element) -> None:
    get = element.get
    if element.tag == "location":
        x, y = (float(v) for v in get("netOffset", "0,0").split(","))
        net.crs = crs_of(get("projParameter", "!"))
        net.offset_m = (x, y)
    elif element.tag == "edge" and get("function") is None and get("from"):
        lanes = element.findall("lane")
        points = get("shape") or lanes[0].get("shape") or ""
        shape = np.array([[float(v) for v in p.split(",")[:2]] for p in points.split()]) - net.offset_m
        net.edges[get("id", "")] = Edge(
            id=get("id", ""),
            start=get("from", ""),
            end=get("to", ""),
            kind=(get("type") or "").replace("highway.", ""),
            name=get("name") or "",
            priority=int(get("priority") or 0),
            speed_mps=max(float(lane.get("speed", "0")) for lane in lanes),
            length_m=float(lanes[0].get("length", "0")),
            shape=shape,
            lanes=tuple((_allowed(lane), _words(lane.get("disallow"))) for lane in lanes),
        )
    elif element.tag == "junction" and get("type") != "internal":
        name = get("id", "")
        net.junctions[name] = (float(get("x", "0")) - net.offset_m[0], float(get("y", "0")) - net.offset_m[1])
        net.junction_kinds[name] = get("type", "")
    elif element.tag == "connection" and not get("from", ":").startswith(":"):
        net.turns.append((get("from", ""), int(get("fromLane", "0")), get("to", ""), int(get("toLane", "0"))))


def _allowed(lane: ET.Element) -> frozenset[str] | None:
    """The `allow` list, None when everything not disallowed may pass."""
    text = lane.get("allow")
    return None if text is None or text == "all" else _words(text)
