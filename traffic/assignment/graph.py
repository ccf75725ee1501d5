"""A road network and its demand as the equilibrium needs them: links with a volume–delay law, zones, a matrix.

The law is that of the Bureau of Public Roads (Traffic Assignment Manual, 1964): t(v) = t0 (1 + B (v/c)^p). What a
traveller minimises is t(v) plus a constant per link (tolls, distance).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Graph:
    """Links sorted by their first node, in compressed rows.

    starts     (nodes+1,) links of node i are starts[i]:starts[i+1]
    tail, head (m,) nodes of each link, from 0
    free       (m,) t0, in the unit of time of the file; `capacity` (m,) c, in the unit of the matrix; `b`, `power` (m,)
    fixed      (m,) constant cost beside the time
    zones      number of zones: nodes 0 … zones−1 are their centroids
    first_thru nodes below this number may begin or end a way and are never driven through
    """

    starts: IntArray
    tail: IntArray
    head: IntArray
    free: FloatArray
    capacity: FloatArray
    b: FloatArray
    power: FloatArray
    fixed: FloatArray
    zones: int
    first_thru: int

    @property
    def nodes(self) -> int:
        return self.starts.size - 1

    @property
    def links(self) -> int:
        return self.tail.size

    def cost(self, volume: FloatArray) -> FloatArray:
        """(m,) what a traveller pays on each link at these volumes."""
        return self.free * (1.0 + self.b * (volume / self.capacity) ** self.power) + self.fixed

    def slope(self, volume: FloatArray) -> FloatArray:
        """(m,) d cost / d volume."""
        ratio = np.maximum(volume, 0.0) / self.capacity
        return self.free * self.b * self.power / self.capacity * ratio ** np.maximum(self.power - 1.0, 0.0)

    def objective(self, volume: FloatArray) -> float:
        """Beckmann's function: the sum over the links of the integral of the cost from 0 to the volume."""
        curved = self.b * self.capacity / (self.power + 1.0) * (volume / self.capacity) ** (self.power + 1.0)
        return float((self.free * (volume + curved) + self.fixed * volume).sum())


def make_graph(
    tail: IntArray,
    head: IntArray,
    free: FloatArray,
    capacity: FloatArray,
    b: FloatArray | float,
    power: FloatArray | float,
    nodes: int,
    zones: int,
    first_thru: int = 0,
    fixed: FloatArray | float = 0.0,
) -> tuple[Graph, IntArray]:
    """The graph, and the order of its links: graph link k is link `order[k]` of what was given.

    Raises `ValueError` for a capacity that is not positive or a node that does not exist.
    """
    size = tail.size
    if size and (min(tail.min(), head.min()) < 0 or max(tail.max(), head.max()) >= nodes):
        raise ValueError(f"a link begins or ends at a node outside 1 to {nodes}")
    if not (np.asarray(capacity) > 0).all():
        raise ValueError(f"link {int(np.flatnonzero(~(np.asarray(capacity) > 0))[0]) + 1} has no positive capacity")
    order = np.argsort(tail, kind="stable").astype(np.int64)
    starts = np.zeros(nodes + 1, dtype=np.int64)
    np.add.at(starts, tail + 1, 1)

    def along(values: FloatArray | float) -> FloatArray:
        return np.broadcast_to(np.asarray(values, dtype=float), (size,))[order].copy()

    graph = Graph(
        np.cumsum(starts), tail[order].astype(np.int64), head[order].astype(np.int64), along(free), along(capacity),
        along(b), along(power), along(fixed), zones, first_thru,
    )  # fmt: skip
    return graph, order
