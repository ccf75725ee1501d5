"""The street graph that pipes and sewers follow: one line per street, junctions where streets really meet.

A SUMO network has two edges per street, junction clusters, footways and stubs into yards. Pipes want none of this.
The steps: keep streets, snap near junctions, merge twins, keep the largest part, prune stubs, contract junctions of
two streets, split long streets.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from twin.build.sumo_net import Edge, SumoNet

FloatArray = NDArray[np.float64]

RANKS = {
    "trunk": 5,
    "primary": 5,
    "secondary": 4,
    "tertiary": 3,
    "unclassified": 2,
    "residential": 2,
    "living_street": 1,
    "pedestrian": 1,
    "service": 0,
}
"""Streets that carry pipes, by OpenStreetMap's class; the rank says how much a street matters."""

STUB_M = 40.0
"""Service stubs shorter than this are yard entrances."""


@dataclass(frozen=True)
class Street:
    """A piece of street between junctions `a` and `b` (indices). `shape` runs from a to b; `edges` are SUMO's ids."""

    a: int
    b: int
    shape: FloatArray
    rank: int
    lanes: int
    name: str = ""
    edges: tuple[str, ...] = ()

    @property
    def length_m(self) -> float:
        return max(1.0, polyline_length(self.shape))

    @property
    def middle(self) -> FloatArray:
        return self.shape.mean(axis=0)


@dataclass
class Streets:
    """Junctions and the streets between them. `xy` is (n, 2) in m."""

    xy: FloatArray
    streets: list[Street]
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def length_km(self) -> float:
        return sum(s.length_m for s in self.streets) / 1000

    def graph(self) -> nx.Graph:
        """Simple graph with `street` (index), `length` and `rank` on each edge, nodes in order."""
        graph = nx.Graph()
        graph.add_nodes_from(range(len(self.xy)))
        for i, s in enumerate(self.streets):
            graph.add_edge(s.a, s.b, street=i, length=s.length_m, rank=s.rank)
        return graph

    def ranks(self) -> NDArray[np.int64]:
        """(n,) rank of the most important street at each junction."""
        best = np.zeros(len(self.xy), dtype=np.int64)
        for s in self.streets:
            best[s.a] = max(best[s.a], s.rank)
            best[s.b] = max(best[s.b], s.rank)
        return best

    def junction_names(self) -> list[str]:
        """Name of the most important named street at each junction; empty where none has a name."""
        best: list[tuple[int, str]] = [(-1, "")] * len(self.xy)
        for s in self.streets:
            for n in (s.a, s.b):
                if s.name and s.rank > best[n][0]:
                    best[n] = (s.rank, s.name)
        return [name for _, name in best]


def polyline_length(shape: FloatArray) -> float:
    return float(np.hypot(*np.diff(shape, axis=0).T).sum())


def points_along(shape: FloatArray, step_m: float) -> FloatArray:
    """Points on a polyline every `step_m`, its ends included."""
    at = np.r_[0.0, np.cumsum(np.hypot(*np.diff(shape, axis=0).T))]
    want = np.linspace(0, at[-1], max(2, math.ceil(at[-1] / step_m) + 1))
    return np.column_stack([np.interp(want, at, shape[:, 0]), np.interp(want, at, shape[:, 1])])


def rank_of(kind: str) -> int | None:
    """Rank of an edge type such as `secondary_link` or `service|railway.tram`; None where no pipe would go."""
    ranks = [RANKS[k.removesuffix("_link")] for k in kind.split("|") if k.removesuffix("_link") in RANKS]
    return max(ranks) if ranks else None


def street_graph(
    net: SumoNet, snap_m: float, split_m: float, window: tuple[float, float, float, float] | None = None
) -> Streets:
    """The street graph of a network. ValueError when fewer than three streets are left."""
    kept = [(e, r) for e in sorted(net.edges.values(), key=lambda e: e.id) if (r := rank_of(e.kind)) is not None]
    if not kept and net.edges:
        kept = [(e, 2) for e in sorted(net.edges.values(), key=lambda e: e.id) if e.lanes_for("passenger")]
    if window:
        west, south, east, north = window
        inside = {n for n, (x, y) in net.junctions.items() if west <= x <= east and south <= y <= north}
        kept = [(e, r) for e, r in kept if e.start in inside and e.end in inside]
    if len(kept) < 3:
        raise ValueError("fewer than three streets are left: widen the window or take a network with streets")
    counts = {"edges_kept": len(kept)}
    graph = _merge(net, kept, snap_m)
    counts["streets_merged"] = graph.number_of_edges()
    largest = max(nx.connected_components(graph), key=lambda part: (len(part), -min(part)))
    graph = graph.subgraph(sorted(largest)).copy()
    _prune(graph)
    _contract(graph)
    graph.remove_edges_from([(a, b, k) for a, b, k in graph.edges(keys=True) if a == b])
    counts["junctions_real"], counts["streets_real"] = graph.number_of_nodes(), graph.number_of_edges()
    result = _split(graph, split_m)
    counts["junctions"], counts["streets"] = len(result.xy), len(result.streets)
    counts["loops"] = len(result.streets) - len(result.xy) + 1
    result.counts = counts
    return result


def _clusters(points: FloatArray, snap_m: float) -> NDArray[np.int64]:
    """Cluster number of each point: points nearer than `snap_m` (also through others) are one."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    pairs = cKDTree(points).query_pairs(snap_m, output_type="ndarray")
    n = len(points)
    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return connected_components(links, directed=False)[1].astype(np.int64)


def _merge(net: SumoNet, kept: list[tuple[Edge, int]], snap_m: float) -> nx.MultiGraph:
    """Snapped junctions; the two directions of a street, and dual carriageways within 20 m, become one."""
    ids = sorted({n for e, _ in kept for n in (e.start, e.end)})
    points = np.array([net.junctions[n] for n in ids])
    cluster = _clusters(points, snap_m)
    centre = np.array([points[cluster == c].mean(axis=0) for c in range(cluster.max() + 1)])
    number = {n: int(cluster[i]) for i, n in enumerate(ids)}
    graph = nx.MultiGraph()
    for c, xy in enumerate(centre):
        graph.add_node(c, xy=xy)
    for edge, rank in kept:
        a, b = number[edge.start], number[edge.end]
        if a == b:
            continue
        shape = np.vstack([centre[a], edge.shape[1:-1], centre[b]])
        if a > b:
            a, b, shape = b, a, shape[::-1]
        new = Street(a, b, shape, rank, len(edge.lanes), edge.name, (edge.id,))
        twin = next((k for k, d in (graph.get_edge_data(a, b) or {}).items() if _twins(d["street"], new)), None)
        if twin is None:
            graph.add_edge(a, b, street=new)
        else:
            graph[a][b][twin]["street"] = _joined(graph[a][b][twin]["street"], new)
    return graph


def _twins(one: Street, two: Street) -> bool:
    near = float(np.hypot(*(points_along(one.shape, 20).mean(axis=0) - points_along(two.shape, 20).mean(axis=0)))) < 20
    return near and abs(one.length_m - two.length_m) < 0.2 * two.length_m + 10


def _joined(one: Street, two: Street) -> Street:
    name = one.name or two.name
    return replace(
        one, rank=max(one.rank, two.rank), lanes=one.lanes + two.lanes, name=name, edges=one.edges + two.edges
    )


def _prune(graph: nx.MultiGraph) -> None:
    """Take away short service stubs, again and again, until none is left."""
    while True:
        dead = [
            n
            for n in graph
            if graph.degree(n) == 1
            and all(d["street"].rank == 0 and d["street"].length_m < STUB_M for *_, d in graph.edges(n, data=True))
        ]
        if not dead:
            return
        graph.remove_nodes_from(dead)


def _contract(graph: nx.MultiGraph) -> None:
    """Junctions of exactly two streets are no junctions: the two streets become one."""
    for n in list(graph):
        edges = list(graph.edges(n, data="street"))
        if len(edges) != 2:
            continue
        one, two = edges[0][2], edges[1][2]
        left, right = one.a + one.b - n, two.a + two.b - n
        if n in (left, right) or left == right or graph.has_edge(left, right):
            continue
        first = one.shape if one.b == n else one.shape[::-1]
        second = two.shape if two.a == n else two.shape[::-1]
        main, other = (one, two) if one.rank >= two.rank else (two, one)
        merged = replace(
            main,
            a=left,
            b=right,
            shape=np.vstack([first, second[1:]]),
            name=main.name or other.name,
            edges=one.edges + two.edges,
        )
        graph.remove_node(n)
        graph.add_edge(left, right, street=merged)


def _split(graph: nx.MultiGraph, split_m: float) -> Streets:
    """Number the junctions, cut long streets into equal pieces, and cut one of two parallel streets in the middle."""
    number = {n: i for i, n in enumerate(graph)}
    xy = [graph.nodes[n]["xy"] for n in graph]
    streets: list[Street] = []
    taken: dict[tuple[int, int], int] = defaultdict(int)
    for _, _, street in graph.edges(data="street"):
        pieces = max(1, math.ceil(street.length_m / split_m))
        a, b = number[street.a], number[street.b]
        if pieces == 1 and taken[min(a, b), max(a, b)]:
            pieces = 2
        taken[min(a, b), max(a, b)] += pieces == 1
        shapes = _pieces(street.shape, pieces)
        last = a
        for i, shape in enumerate(shapes):
            following = b
            if i < pieces - 1:
                following = len(xy)
                xy.append(shape[-1])
            streets.append(replace(street, a=last, b=following, shape=shape))
            last = following
    return Streets(np.array(xy), streets)


def _pieces(shape: FloatArray, n: int) -> list[FloatArray]:
    """A polyline cut into n pieces of equal length."""
    at = np.r_[0.0, np.cumsum(np.hypot(*np.diff(shape, axis=0).T))]
    cuts = np.linspace(0, at[-1], n + 1)
    ends = np.column_stack([np.interp(cuts, at, shape[:, 0]), np.interp(cuts, at, shape[:, 1])])
    return [
        np.vstack([ends[i], shape[(at > cuts[i] + 1e-6) & (at < cuts[i + 1] - 1e-6)], ends[i + 1]]) for i in range(n)
    ]


def lines_of(net: SumoNet, wanted: Callable[[str], bool]) -> list[FloatArray]:
    """Shapes of all edges whose type is wanted (`waterway.river`, `railway.rail`), in order of their ids."""
    edges: Iterable[Edge] = sorted(net.edges.values(), key=lambda e: e.id)
    return [e.shape for e in edges if wanted(e.kind)]
