"""An opened EPANET project as arrays: what there is, where it is, and what it asks for."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hydraulics.toolkit import JUNCTION, LINK_TYPES, TANK, Count, Link, Node, Option, Project, Time
from twin.places import FloatArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Demands:
    """What customers ask for: categories of base demand, each with a pattern.

    junction  (c,) position in the network's junctions       base     (c,) m3/s before multipliers
    pattern   (c,) row of `factors`; 0 is constant           factors  list of arrays, factors[0] = [1]
    """

    junction: IntArray
    base: FloatArray
    pattern: IntArray
    factors: tuple[FloatArray, ...]
    step_s: int
    start_s: int
    size: int

    def at(self, time_s: int, multiplier: float) -> FloatArray:
        """(n,) m3/s that the junctions ask for at `time_s` of the file's clock.

        Period p = (t + start) // step; factor p mod length (EPANET 2.2, hydraul.c `demands`).
        """
        period = (time_s + self.start_s) // self.step_s
        now = np.array([row[period % len(row)] for row in self.factors])
        return self._summed(self.base * now[self.pattern]) * multiplier

    def mean(self, multiplier: float) -> FloatArray:
        """(n,) m3/s on average over each pattern."""
        mean = np.array([row.mean() for row in self.factors])
        return self._summed(self.base * mean[self.pattern]) * multiplier

    def _summed(self, values: FloatArray) -> FloatArray:
        """(n,) sums of the (c,) values of each junction's categories."""
        return np.asarray(np.bincount(self.junction, values, self.size), dtype=np.float64)


@dataclass(frozen=True)
class Network:
    """The file's own elements (nothing that was added for bursts). Numbers are EPANET's, from 1."""

    junctions: IntArray
    junction_ids: tuple[str, ...]
    junction_xy: FloatArray
    elevation_m: FloatArray
    tanks: IntArray
    tank_ids: tuple[str, ...]
    tank_xy: FloatArray
    reservoirs: IntArray
    links: IntArray
    link_ids: tuple[str, ...]
    link_types: tuple[str, ...]
    link_nodes: IntArray
    shapes: tuple[FloatArray, ...]
    emitters: IntArray
    demands: Demands
    placed: bool
    node_ids: dict[int, str] = field(default_factory=dict)

    def pick(self, *types: str) -> IntArray:
        """Positions in `links` of the links of these types."""
        return np.array([k for k, kind in enumerate(self.link_types) if kind in types], dtype=np.int64)

    def demands_reached(self) -> NDArray[np.bool_]:
        """(n,) whether any path of links leads from the junction to a tank or reservoir."""
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        size = int(max(self.link_nodes.max(initial=0), len(self.node_ids)))
        ends = self.link_nodes - 1
        joined = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(size, size))
        part = connected_components(joined, directed=False)[1]
        fed = part[np.concatenate([self.tanks, self.reservoirs]) - 1]
        return np.isin(part[self.junctions - 1], fed)


def read_network(project: Project) -> Network:
    """Arrays of an opened project.

    Coordinates that are missing become those of a neighbour where there is one, else (0, 0); `placed` is False when
    the file gives no coordinates at all, or the same for every node.
    """
    n = project.count(Count.NODES)
    kinds = [project.node_type(i) for i in range(1, n + 1)]
    ids = {i: project.node_id(i) for i in range(1, n + 1)}
    xy = np.array([project.node_xy(i) for i in range(1, n + 1)], dtype=float).reshape(n, 2)
    known = ~np.isnan(xy[:, 0])
    placed = bool(known.any()) and bool(np.ptp(xy[known], axis=0).max() > 0)

    m = project.count(Count.LINKS)
    ends = np.array([project.link_nodes(k) for k in range(1, m + 1)], dtype=np.int64).reshape(m, 2)
    xy = _fill(xy, ends - 1)
    shapes = tuple(
        np.array([xy[a - 1], *project.vertices(k), xy[b - 1]], dtype=float) for k, (a, b) in enumerate(ends, start=1)
    )
    junctions = [i for i in range(1, n + 1) if kinds[i - 1] == JUNCTION]
    tanks = [i for i in range(1, n + 1) if kinds[i - 1] == TANK]
    reservoirs = [i for i in range(1, n + 1) if kinds[i - 1] not in (JUNCTION, TANK)]
    return Network(
        junctions=np.array(junctions, dtype=np.int64),
        junction_ids=tuple(ids[i] for i in junctions),
        junction_xy=xy[np.array(junctions, dtype=np.int64) - 1],
        elevation_m=np.array([project.node(i, Node.ELEVATION) * project.length_si for i in junctions]),
        tanks=np.array(tanks, dtype=np.int64),
        tank_ids=tuple(ids[i] for i in tanks),
        tank_xy=xy[np.array(tanks, dtype=np.int64) - 1],
        reservoirs=np.array(reservoirs, dtype=np.int64),
        links=np.arange(1, m + 1),
        link_ids=tuple(project.link_id(k) for k in range(1, m + 1)),
        link_types=tuple(LINK_TYPES[project.link_type(k)] for k in range(1, m + 1)),
        link_nodes=ends,
        shapes=shapes,
        emitters=np.array([i for i in junctions if project.node(i, Node.EMITTER) > 0.0], dtype=np.int64),
        demands=_demands(project, junctions),
        placed=placed,
        node_ids=ids,
    )


def _fill(xy: FloatArray, ends: IntArray) -> FloatArray:
    """Nodes without coordinates take those of a node at the other end of a link, and so on; the rest (0, 0)."""
    xy = xy.copy()
    while True:
        missing = np.isnan(xy[:, 0])
        if not missing.any() or missing.all():
            break
        a, b = ends[:, 0], ends[:, 1]
        forth, back = missing[b] & ~missing[a], missing[a] & ~missing[b]
        if not forth.any() and not back.any():
            break
        xy[b[forth]] = xy[a[forth]]
        still = back & np.isnan(xy[a, 0])
        xy[a[still]] = xy[b[still]]
    return np.nan_to_num(xy)


def _demands(project: Project, junctions: list[int]) -> Demands:
    rows = [(j, *category) for j, node in enumerate(junctions) for category in project.demands(node)]
    factors = [np.ones(1)]
    factors += [np.array(project.pattern(p)) for p in range(1, project.count(Count.PATTERNS) + 1)]
    return Demands(
        junction=np.array([row[0] for row in rows], dtype=np.int64),
        base=np.array([row[1] for row in rows], dtype=float) * project.flow_si,
        pattern=np.array([row[2] for row in rows], dtype=np.int64),
        factors=tuple(factors),
        step_s=project.time(Time.PATTERN_STEP),
        start_s=project.time(Time.PATTERN_START),
        size=len(junctions),
    )


def along(shape: FloatArray, share: float) -> tuple[float, float]:
    """The point at `share` (0 to 1) of a polyline's length. `shape` is (k, 2)."""
    steps = np.hypot(*np.diff(shape, axis=0).T)
    walked = np.concatenate([[0.0], np.cumsum(steps)])
    if walked[-1] == 0.0:
        return float(shape[0, 0]), float(shape[0, 1])
    at = share * walked[-1]
    return float(np.interp(at, walked, shape[:, 0])), float(np.interp(at, walked, shape[:, 1]))


def multiplier(project: Project) -> float:
    """The file's demand multiplier."""
    return project.option(Option.DEMAND_MULTIPLIER)


def pipe_length_m(project: Project, link: int) -> float:
    return project.link(link, Link.LENGTH) * project.length_si
