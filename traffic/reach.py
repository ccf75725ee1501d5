"""Whom an ambulance or a fire engine reaches in time: travel time from the nearest station over open roads.

The time on a street is its length over the lower of limit and speed in water, plus a constant at each junction; streets
closed to emergency vehicles carry nobody. Other vehicles are taken to make room: what queues do to single calls is told
by the emergency trips of the simulation itself. Shares of people within 8 min (ambulance) and 10 min (fire engine) are
the measures of Green et al. 2017, Natural Hazards and Earth System Sciences 17, 1-16.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from traffic.network import RoadNetwork
from traffic.reach_config import Reach

FloatArray = NDArray[np.float64]
KINDS = ("ambulance", "fire")
FAR_M = 300.0
"""People and stations farther than this from any street are named as a problem."""


@dataclass(frozen=True)
class Spots:
    """Points of a GeoJSON file on the network. `edge` (n,) nearest street each, `away_m` (n,) how far."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    weight: FloatArray
    edge: NDArray[np.int64]
    away_m: FloatArray


def read_spots(path: Path, network: RoadNetwork, weight: str = "") -> Spots:
    """Points of a file and the streets nearest to them, open to emergency vehicles.

    Raises `ValueError` in a sentence: no points, a number below zero.
    """
    from shapely import LineString, Point, STRtree

    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        points = [f for f in features if f["geometry"]["type"] == "Point"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name} is no GeoJSON collection of points ({error})") from error
    if not points:
        raise ValueError(f"{path.name} has no points")
    names, kinds, weights = [], [], []
    for number, feature in enumerate(points, 1):
        about = feature.get("properties") or {}
        value = about.get(weight, 1.0) if weight else 1.0
        if not isinstance(value, (int, float)) or not np.isfinite(value) or value < 0:
            raise ValueError(f"{path.name}: point {number} has {weight} {value!r}; give a number, 0 or more")
        names.append(str(about.get("name", f"point {number}")))
        kinds.append(str(about.get("kind", "")))
        weights.append(float(value))
    usable = [k for k, e in enumerate(network.edges) if "emergency" in e.classes and len(e.shape) > 1]
    tree = STRtree([LineString(network.edges[k].shape) for k in usable])
    where = [Point(f["geometry"]["coordinates"][:2]) for f in points]
    near = tree.nearest(where)
    away = np.array([p.distance(tree.geometries[int(k)]) for p, k in zip(where, near, strict=True)])
    return Spots(tuple(names), tuple(kinds), np.array(weights), np.array(usable, dtype=np.int64)[near], away)


@dataclass
class Isochrones:
    """Travel times over one network from the stations of one scenario.

    minutes(kind, …) gives (edges,) minutes from the call to the middle of each street; inf where nobody comes.
    """

    network: RoadNetwork
    config: Reach
    stations: Spots
    people: Spots
    _arcs: tuple[NDArray[np.int64], NDArray[np.int64]] = field(init=False)
    _length_m: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        index = self.network.index
        arcs = [
            (index[a], index[b]) for a, then in self.network.follows.items() if a in index for b in then if b in index
        ]
        rows, columns = np.array(arcs, dtype=np.int64).reshape(-1, 2).T
        self._arcs = (rows, columns)
        self._length_m = np.array([e.length_m for e in self.network.edges])

    @classmethod
    def read(cls, config: Reach, network: RoadNetwork) -> Isochrones:
        """From the files of the section. Raises `ValueError` in a sentence."""
        stations = read_spots(config.stations, network)
        wrong = sorted(set(stations.kinds) - set(KINDS))
        if wrong:
            raise ValueError(f"{config.stations.name}: a station has kind '{wrong[0]}'; give `ambulance` or `fire`")
        people = read_spots(config.people, network, "people")
        if people.weight.sum() <= 0:
            raise ValueError(f"{config.people.name}: there is nobody")
        return cls(network, config, stations, people)

    def kinds(self) -> tuple[str, ...]:
        """The kinds of stations that there are."""
        return tuple(kind for kind in KINDS if kind in self.stations.kinds)

    def minutes(self, kind: str, speed_mps: FloatArray, closed: NDArray[np.bool_]) -> FloatArray:
        """(edges,) at these speeds (edges,), with these streets closed (edges,) for emergency vehicles."""
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import dijkstra

        n = len(self.network.edges)
        limits = self.network.limits_mps
        speed = np.where(speed_mps < limits, speed_mps, limits * self.config.speed_factor)
        seconds = self._length_m / np.maximum(speed, 0.1)
        rows, columns = self._arcs
        fine = ~closed[rows] & ~closed[columns]
        own = [e for e, k in zip(self.stations.edge.tolist(), self.stations.kinds, strict=True) if k == kind]
        own = sorted({e for e in own if not closed[e]})
        if not own:
            return np.full(n, np.inf)
        start = np.full(len(own), n)
        graph = csr_matrix(
            (
                np.concatenate([seconds[columns[fine]] + self.config.turn, np.maximum(seconds[own] / 2, 1e-6)]),
                (np.concatenate([rows[fine], start]), np.concatenate([columns[fine], own])),
            ),
            shape=(n + 1, n + 1),
        )
        ends = dijkstra(graph, indices=n)[:n]
        return (self.config.turnout + np.maximum(ends - seconds / 2, 0.0)) / 60.0

    def share(self, kind: str, minutes: FloatArray) -> float:
        """Per cent of the people who are reached within the kind's time."""
        within = minutes[self.people.edge] <= getattr(self.config, kind) / 60.0
        return float(100.0 * self.people.weight[within].sum() / self.people.weight.sum())
