"""Underpasses by name: where the water is deepest first, and where a car that drives in does not come out.

The depth of an underpass is the largest along its edges. From the red line on it is closed to all, whatever the
classes' own depths.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from traffic.flood import FloodClosures
from traffic.flood_config import Flooding
from traffic.network import ROAD_CLASSES, RoadNetwork, known_edge
from twin.clock import to_us

FloatArray = NDArray[np.float64]
NEAR_M = 30.0
"""A point names the underpass of the edges that pass within this distance of it."""


@dataclass
class Flooded:
    """An underpass closed without a break; times in µs, `until_us` None while it lasts."""

    name: str
    since_us: int
    until_us: int | None = None
    deepest_m: float = 0.0


@dataclass
class Underpasses:
    """The named underpasses of a network. `edges[k]` are the edge indices of underpass `names[k]`."""

    names: tuple[str, ...]
    edges: tuple[NDArray[np.int64], ...]
    closures: FloodClosures
    past: list[Flooded] = field(default_factory=list)
    now: dict[int, Flooded] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Flooding, network: RoadNetwork) -> Underpasses | None:
        """None where the scenario names none. Raises `ValueError` with a sentence for a file or edge that is wrong."""
        if config.underpasses is None:
            return None
        named = config.underpasses if isinstance(config.underpasses, dict) else read(config.underpasses, network)
        edges = tuple(np.array([network.index[known_edge(e, network)] for e in ids]) for ids in named.values())
        level = dict.fromkeys(ROAD_CLASSES, config.underpass_depth)
        closures = FloodClosures(level, len(named), config.reopen_share, to_us(config.reopen_after))
        return cls(tuple(named), edges, closures)

    def depths(self, depth_m: FloatArray) -> FloatArray:
        """(k,) depth at the lowest point of each, from the depths (n,) on all edges."""
        return np.array([float(depth_m[edges].max()) if edges.size else 0.0 for edges in self.edges])

    def update(self, now_us: int, depth_m: FloatArray) -> tuple[set[int], list[tuple[str, bool]]]:
        """Take the depths (n,). Returns the indices of edges that turned, and (name, closed now) of what turned."""
        here = self.depths(depth_m)
        turned: set[int] = set()
        said: list[tuple[str, bool]] = []
        for k in self.closures.update(now_us, here):
            closed = bool(self.closures.closed[:, k].any())
            turned.update(int(i) for i in self.edges[k])
            said.append((self.names[k], closed))
            if closed:
                self.now[int(k)] = Flooded(self.names[k], now_us)
            else:
                ended = self.now.pop(int(k))
                ended.until_us = now_us
                self.past.append(ended)
        for k, flooded in self.now.items():
            flooded.deepest_m = max(flooded.deepest_m, float(here[k]))
        return turned, said

    def closed_edges(self) -> set[int]:
        """Indices of edges in underpasses that are closed now."""
        return {int(i) for k in self.now for i in self.edges[k]}

    def all(self) -> list[Flooded]:
        """Every closure, by its start."""
        return sorted([*self.past, *self.now.values()], key=lambda f: (f.since_us, f.name))


def read(path: Path, network: RoadNetwork) -> dict[str, tuple[str, ...]]:
    """Edges by underpass from a GeoJSON file in the scenario's coordinates: those that cross an area, or pass within
    `NEAR_M` of a point. Raises `ValueError` when the file is none, has no names, or a place lies off the streets."""
    from shapely import STRtree
    from shapely.geometry import LineString, Point, shape

    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        places = [((one.get("properties") or {}).get("name"), shape(one["geometry"])) for one in features]
    except Exception as error:
        raise ValueError(f"{path.name} is no GeoJSON collection of points or areas ({error})") from error
    lines = [LineString(e.shape) if len(e.shape) > 1 else Point(e.shape[0]) for e in network.edges]
    tree, found = STRtree(lines), {}
    for number, (name, place) in enumerate(places, 1):
        if not name:
            raise ValueError(f"{path.name}: feature {number} has no `name`")
        if name in found:
            raise ValueError(f"{path.name}: two underpasses are called '{name}'")
        area = place.buffer(NEAR_M) if place.geom_type == "Point" else place
        hits = sorted(int(i) for i in tree.query(area, predicate="intersects"))
        if not hits:
            raise ValueError(f"{path.name}: no street passes through '{name}': is it in the scenario's coordinates?")
        found[str(name)] = tuple(network.edges[i].id for i in hits)
    return found
