"""Routes for many trips at once: incremental assignment on the edges that a vehicle class may use.

All trips on shortest free-flow paths would pile up on a few streets and lock them. So trips are loaded in slices,
and each slice sees the travel times that the volumes of those before it would cause.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.build.sumo_net import SumoNet

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LANE_PER_HOUR = 700.0
"""Practical capacity of an urban lane behind signals (HBS: 1800 to 2000 saturation at 35 to 40 % green)."""
TURN_S = 4.0
"""Time lost at a junction, so that routes do not zigzag."""


class Router:
    """Shortest paths between edges for one vehicle class.

    ids    edge ids in the network's order
    core   (n,) edges of the largest part in which every edge reaches every other
    starts, ends  (n,) edges from which the core is reached, and that it reaches
    """

    def __init__(self, net: SumoNet, vehicle: str, skip: frozenset[str] = frozenset()) -> None:
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import breadth_first_order, connected_components

        after, _ = net.links_for(vehicle)
        self.ids = [i for i in after if i not in skip]
        self.index = {i: k for k, i in enumerate(self.ids)}
        pairs = [(self.index[a], self.index[b]) for a in self.ids for b in after[a] if b in self.index]
        self.tail, self.head = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        n = len(self.ids)
        edges = [net.edges[i] for i in self.ids]
        self.length = np.array([e.length_m for e in edges])
        speed = np.array([min(e.speed_mps, 13.9) for e in edges])
        self.free_s = self.length / speed + TURN_S
        self.lanes = np.array([len(e.lanes_for(vehicle)) for e in edges], dtype=float)
        self.middle = np.array([e.shape.mean(axis=0) for e in edges])
        graph = csr_matrix((np.ones(len(pairs)), (self.tail, self.head)), shape=(n, n))
        _, part = connected_components(graph, directed=True, connection="strong")
        self.core = part == np.argmax(np.bincount(part))
        first = int(np.flatnonzero(self.core)[0])
        self.ends = np.zeros(n, dtype=bool)
        self.ends[breadth_first_order(graph, first, return_predecessors=False)] = True
        self.starts = np.zeros(n, dtype=bool)
        self.starts[breadth_first_order(graph.T.tocsr(), first, return_predecessors=False)] = True

    def paths(self, pairs: Sequence[tuple[int, int]], cost_s: FloatArray) -> list[tuple[int, ...]]:
        """The cheapest way for each (from, to); empty where there is none. A turn costs what the edge entered costs."""
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import dijkstra

        n = len(self.ids)
        graph = csr_matrix((cost_s[self.head], (self.tail, self.head)), shape=(n, n))
        sources = sorted({a for a, _ in pairs})
        found: dict[int, NDArray[np.int32]] = {}
        result: list[tuple[int, ...]] = [()] * len(pairs)
        by_source: dict[int, list[int]] = {}
        for k, (a, _) in enumerate(pairs):
            by_source.setdefault(a, []).append(k)
        block = max(1, 4_000_000 // n)
        for start in range(0, len(sources), block):
            here = sources[start : start + block]
            _, before = dijkstra(graph, indices=here, return_predecessors=True)
            found = dict(zip(here, before, strict=True))
            for a in here:
                for k in by_source[a]:
                    result[k] = _walk_back(found[a], a, pairs[k][1])
        return result

    def assign(
        self, pairs: Sequence[tuple[int, int]], hours: float, seed: int, slices: int = 6
    ) -> list[tuple[int, ...]]:
        """Ways for all trips. Time on an edge grows with its volume: t (1 + 0.15 (v/c)^4) (BPR, 1964)."""
        rng = np.random.default_rng(seed)
        volume = np.zeros(len(self.ids))
        result: list[tuple[int, ...]] = [()] * len(pairs)
        capacity = self.lanes * LANE_PER_HOUR * hours
        for part in range(slices):
            mine = list(range(part, len(pairs), slices))
            # What is loaded so far stands for the whole: scaled up, it shows where the rest would jam.
            scale = slices / max(1, part)
            cost = self.free_s * (1 + 0.15 * (volume * scale / capacity) ** 4) * rng.uniform(0.9, 1.1, len(self.ids))
            for k, path in zip(mine, self.paths([pairs[k] for k in mine], cost), strict=True):
                result[k] = path
                volume[list(path)] += 1
        return result


def _walk_back(before: NDArray[np.int32], source: int, target: int) -> tuple[int, ...]:
    path = [target]
    while path[-1] != source:
        previous = int(before[path[-1]])
        if previous < 0:
            return ()
        path.append(previous)
    return tuple(reversed(path))
