"""A SUMO network as arrays: the edges where vehicles drive, their lines, names, lengths, limits and successors.

SUMO shifts coordinates by `netOffset` so that they start near zero; here they are moved back into the city's own
system. A network without projection (`projParameter="!"`) keeps raw coordinates, its offset still undone.
"""

from __future__ import annotations

import gzip
import heapq
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Protocol
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from traffic.flood import CLOSING_DEPTH_M
from traffic.names import labels
from twin.scenario.problems import suggest

FloatArray = NDArray[np.float64]
ROAD_CLASSES = frozenset(CLOSING_DEPTH_M)
_NUMBER = re.compile(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?")


@dataclass(frozen=True)
class Lane:
    """One lane: the road classes that may use it, its limit in m/s, width in m, and line in the city's system."""

    id: str
    classes: frozenset[str]
    speed_mps: float
    width_m: float
    shape: FloatArray


@dataclass(frozen=True)
class Edge:
    """One direction of a street between two junctions. `name` is what people call the street, or empty."""

    id: str
    name: str
    start: str
    end: str
    length_m: float
    lanes: tuple[Lane, ...]

    @property
    def classes(self) -> frozenset[str]:
        return frozenset().union(*(lane.classes for lane in self.lanes))

    @property
    def speed_mps(self) -> float:
        return max(lane.speed_mps for lane in self.lanes)

    @property
    def shape(self) -> FloatArray:
        """The line of the middle lane, (k, 2) in m."""
        return self.lanes[len(self.lanes) // 2].shape


@dataclass(frozen=True)
class RoadNetwork:
    """All edges where a road vehicle may drive, in the file's order, and which edge follows which.

    edges       drivable edges; footpaths, rails, waterways and the inside of junctions are left out
    follows     edge id -> ids of the edges that a vehicle may turn into
    all_ids     every edge id of the file that is not inside a junction (routes of trains use them)
    signals     ids of traffic lights
    has_crs     the network knows its projection
    offset      what SUMO added to the city's coordinates
    """

    path: Path
    edges: tuple[Edge, ...]
    follows: dict[str, tuple[str, ...]]
    all_ids: frozenset[str]
    signals: tuple[str, ...]
    has_crs: bool
    bounds: tuple[float, float, float, float]
    offset: tuple[float, float] = (0.0, 0.0)
    index: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", {edge.id: i for i, edge in enumerate(self.edges)})

    @cached_property
    def streets(self) -> dict[str, tuple[str, ...]]:
        """Street name -> its edge ids."""
        found: dict[str, list[str]] = {}
        for edge in self.edges:
            if edge.name:
                found.setdefault(edge.name, []).append(edge.id)
        return {name: tuple(ids) for name, ids in found.items()}

    @cached_property
    def precedes(self) -> dict[str, tuple[str, ...]]:
        """Edge id -> ids of the edges from which a vehicle may come."""
        found: dict[str, list[str]] = {}
        for first, then in self.follows.items():
            for edge in then:
                found.setdefault(edge, []).append(first)
        return {edge: tuple(before) for edge, before in found.items()}

    @cached_property
    def limits_mps(self) -> FloatArray:
        """(n,) highest speed limit of each edge's lanes."""
        return np.array([edge.speed_mps for edge in self.edges])

    def street(self, edge_id: str) -> str:
        """What people call the place: the street's name, or one made after its neighbours (see `traffic.names`)."""
        return self._labels.get(edge_id) or f"edge {edge_id}"

    @cached_property
    def _labels(self) -> dict[str, str]:
        return labels(self.edges)

    def edges_of_street(self, name: str) -> tuple[str, ...]:
        """Edge ids of a street by name, whatever the case of its letters; empty when there is none."""
        if name in self.streets:
            return self.streets[name]
        return next((ids for known, ids in self.streets.items() if known.lower() == name.lower()), ())

    def upstream(self, edge_id: str, reach_m: float) -> frozenset[str]:
        """Edges from whose end a vehicle has at most `reach_m` to drive to the start of `edge_id`; itself too."""
        best = {edge_id: 0.0}
        heap = [(0.0, edge_id)]
        done: set[str] = set()
        while heap:
            gone, here = heapq.heappop(heap)
            if here in done or gone > reach_m:
                continue
            done.add(here)
            for before in self.precedes.get(here, ()):
                if gone < best.get(before, np.inf) and before in self.index:
                    best[before] = gone
                    heapq.heappush(heap, (gone + self.edges[self.index[before]].length_m, before))
        return frozenset(best)

    def free_time_s(self, first: str, last: str, vclass: str, top_mps: float = np.inf) -> float:
        """Seconds along the fastest way on the empty, dry network, both edges driven in full; inf without a way."""
        if first not in self.index or last not in self.index:
            return float("inf")

        def cost(edge_id: str) -> float:
            edge = self.edges[self.index[edge_id]]
            return edge.length_m / min(edge.speed_mps, top_mps) if vclass in edge.classes else np.inf

        best = {first: cost(first)}
        heap = [(best[first], first)]
        while heap:
            spent, here = heapq.heappop(heap)
            if here == last:
                return spent
            if spent > best[here]:
                continue
            for then in self.follows.get(here, ()):
                if then in self.index and (total := spent + cost(then)) < best.get(then, np.inf):
                    best[then] = total
                    heapq.heappush(heap, (total, then))
        return float("inf")


def open_xml(path: Path) -> IO[bytes]:
    """A plain or gzipped XML file, told apart by its first bytes."""
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")  # type: ignore[return-value]


def elements(path: Path) -> Iterator[tuple[int, Any]]:
    """(depth, element) for each element of a large XML file once it is whole; top-level ones are then forgotten."""
    with open_xml(path) as stream:
        depth, root = 0, None
        for phase, element in ElementTree.iterparse(stream, events=("start", "end")):
            if phase == "start":
                root = element if root is None else root
                depth += 1
            else:
                depth -= 1
                yield depth, element
                if depth == 1 and root is not None:
                    root.clear()


def extent(path: Path) -> tuple[float, float, float, float]:
    """(west, south, east, north) of the network in m in the city's system, from the head of the file.

    Raises `ValueError` when there is no `location` element near the start.
    """
    with open_xml(path) as stream:
        head = stream.read(65_536).decode("utf-8", errors="replace")
    match = re.search(r"<location\b[^>]*>", head)
    if not match:
        raise ValueError(f"{path.name} is not a SUMO network: it has no <location> element")
    attributes = dict(re.findall(r'(\w+)="([^"]*)"', match.group(0)))
    return _bounds(attributes)


def read_network(path: Path) -> RoadNetwork:
    """Read a SUMO network. Raises `ValueError` with a sentence when it is none."""
    edges: list[Edge] = []
    every: set[str] = set()
    turns: dict[str, dict[str, None]] = {}
    signals: dict[str, None] = {}
    location: dict[str, str] = {}
    offset = np.zeros(2)
    root_tag = ""
    try:
        for depth, element in elements(path):
            if depth == 0:
                root_tag = element.tag
            if depth != 1:
                continue
            if element.tag == "location":
                location = dict(element.attrib)
                offset = np.array(_floats(location.get("netOffset", "0,0")))
            elif element.tag == "edge" and element.get("function", "normal") in ("normal", ""):
                every.add(element.get("id", ""))
                edge = _edge(element, offset)
                if edge is not None:
                    edges.append(edge)
            elif element.tag == "connection" and not element.get("from", ":").startswith(":"):
                turns.setdefault(element.get("from"), {})[element.get("to")] = None
            elif element.tag == "tlLogic":
                signals[element.get("id", "")] = None
    except (ElementTree.ParseError, EOFError, gzip.BadGzipFile, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is not whole: {error}") from error
    if root_tag != "net" or not every:
        raise ValueError(f"{path.name} is not a SUMO network (its first element is <{root_tag}>)")
    return RoadNetwork(
        path=path,
        edges=tuple(edges),
        follows={first: tuple(then) for first, then in turns.items()},
        all_ids=frozenset(every),
        signals=tuple(signals),
        has_crs=location.get("projParameter", "!") not in ("!", ""),
        bounds=_bounds(location),
        offset=(float(offset[0]), float(offset[1])),
    )


def _edge(element: Any, offset: FloatArray) -> Edge | None:
    """The edge if any road vehicle may drive on it."""
    lanes = []
    for lane in element.iter("lane"):
        numbers = [_floats(point)[:2] for point in lane.get("shape", "").split()]
        lanes.append(
            Lane(
                id=lane.get("id"),
                classes=permitted(lane.get("allow"), lane.get("disallow")),
                speed_mps=float(lane.get("speed")),
                width_m=float(lane.get("width", "3.2")),
                shape=np.array(numbers, dtype=float).reshape(-1, 2) - offset,
            )
        )
    if not any(lane.classes for lane in lanes):
        return None
    length = float(next(element.iter("lane")).get("length"))
    return Edge(
        element.get("id"),
        element.get("name", ""),
        element.get("from", ""),
        element.get("to", ""),
        length,
        tuple(lanes),
    )


def permitted(allow: str | None, disallow: str | None) -> frozenset[str]:
    """The road classes that a lane's `allow` and `disallow` attributes leave."""
    if allow is not None and allow != "all":
        return ROAD_CLASSES.intersection(allow.split())
    if disallow is not None:
        return frozenset() if disallow == "all" else ROAD_CLASSES.difference(disallow.split())
    return ROAD_CLASSES


def _floats(text: str) -> list[float]:
    return [float(number) for number in _NUMBER.findall(text)]


def _bounds(location: dict[str, str]) -> tuple[float, float, float, float]:
    dx, dy = _floats(location.get("netOffset", "0,0"))[:2]
    west, south, east, north = _floats(location.get("convBoundary", "0,0,0,0"))[:4]
    return west - dx, south - dy, east - dx, north - dy


class NamedPlace(Protocol):
    """What an event says about its place: a street, or edge ids."""

    @property
    def street(self) -> str | None: ...

    def ids(self) -> tuple[str, ...]: ...


def known_edge(edge_id: str, network: RoadNetwork) -> str:
    """The id itself. Raises `ValueError` with a suggestion when no such edge carries vehicles."""
    if edge_id in network.index:
        return edge_id
    if edge_id in network.all_ids:
        raise ValueError(f"no road vehicle drives on edge '{edge_id}' of {network.path.name}")
    raise ValueError(f"no edge '{edge_id}' in {network.path.name}.{suggest(edge_id, network.index)}")


def edges_of(place: NamedPlace, network: RoadNetwork) -> list[str]:
    """The edges that an event names. Raises `ValueError` with a suggestion when there are none."""
    if place.street is None:
        return [known_edge(edge, network) for edge in place.ids()]
    found = network.edges_of_street(place.street)
    if not found:
        raise ValueError(f"no street '{place.street}' in {network.path.name}.{suggest(place.street, network.streets)}")
    return list(found)
