"""Patrols that close flooded roads: a road counts as closed only when one has come.

The nearest free patrol takes the road that has waited longest. It drives the shortest way over the whole network at a
fixed speed, closes on arrival what waits within sight (the edges that touch the same two junctions), and is free there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from traffic.flood_config import Patrols
from traffic.network import RoadNetwork, known_edge
from twin.clock import to_us

FloatArray = NDArray[np.float64]


@dataclass
class Visit:
    """A road that asked for a patrol. Times in µs; `arrive_us` is None until one is sent, `patrol` counts from 1."""

    edge: str
    asked_us: int
    patrol: int = 0
    arrive_us: int | None = None
    closed_us: int | None = None
    dropped: bool = False


@dataclass
class PatrolFleet:
    """All patrols and the roads that wait for them. `manned` are the edges where one has been."""

    config: Patrols
    network: RoadNetwork
    visits: list[Visit] = field(default_factory=list)
    manned: dict[str, None] = field(default_factory=dict)
    _open: dict[str, Visit] = field(default_factory=dict)
    _at: list[int] = field(default_factory=list)
    _job: list[Visit | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        base = self.network.index[known_edge(self.config.base, self.network)]
        self._at = [base] * self.config.count
        self._job = [None] * self.config.count

    def ask(self, edge: str, now_us: int) -> None:
        """A road is flooded and waits for a patrol."""
        if edge not in self.manned and edge not in self._open:
            self._open[edge] = Visit(edge, now_us)
            self.visits.append(self._open[edge])

    def call_off(self, edge: str) -> None:
        """The water has gone: nobody needs to come, and whoever is there leaves."""
        self.manned.pop(edge, None)
        visit = self._open.pop(edge, None)
        if visit is not None:
            visit.dropped = True

    def update(self, now_us: int) -> list[Visit]:
        """Let patrols arrive and send free ones. Returns the visits that have just closed their road."""
        done: list[Visit] = []
        for number, visit in enumerate(self._job):
            if visit is not None and visit.arrive_us is not None and visit.arrive_us <= now_us:
                self._at[number], self._job[number] = self.network.index[visit.edge], None
                done += self._close_around(visit, number + 1, now_us)
        waiting = [visit for visit in self._open.values() if visit.patrol == 0]
        for visit in waiting:
            free = [number for number, job in enumerate(self._job) if job is None]
            if not free:
                break
            away = self._distances([self._at[number] for number in free], self.network.index[visit.edge])
            k = int(np.argmin(away))
            visit.patrol = free[k] + 1
            visit.arrive_us = now_us + to_us(float(away[k]) / self.config.speed)
            self._job[free[k]] = visit
        return done

    def _close_around(self, visit: Visit, patrol: int, now_us: int) -> list[Visit]:
        here = self.network.edges[self.network.index[visit.edge]]
        ends = {here.start, here.end}
        found = []
        for other in list(self._open.values()):
            edge = self.network.edges[self.network.index[other.edge]]
            if other is visit or {edge.start, edge.end} == ends:
                other.closed_us, other.patrol = now_us, patrol
                self.manned[other.edge] = None
                found.append(self._open.pop(other.edge))
        return found

    @cached_property
    def _graph(self) -> csr_array:
        """Metres from the middle of an edge to the middle of the one that follows."""
        index, length = self.network.index, [edge.length_m for edge in self.network.edges]
        pairs = [
            (index[a], index[b])
            for a, after in self.network.follows.items()
            for b in after
            if a in index and b in index
        ]
        rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        weights = [0.5 * (length[i] + length[j]) for i, j in pairs]
        return csr_array((weights, (rows, columns)), shape=(len(length), len(length)))

    def _distances(self, froms: list[int], to: int) -> FloatArray:
        """(k,) metres to an edge; 1.3 times the beeline (a usual detour, an assumption) where no way leads."""
        found = np.asarray(dijkstra(self._graph, indices=froms)).reshape(len(froms), -1)[:, to]
        middle = [self.network.edges[i].shape.mean(axis=0) for i in froms]
        beeline = np.array([np.hypot(*(xy - self.network.edges[to].shape.mean(axis=0))) for xy in middle])
        return np.where(np.isfinite(found), found, 1.3 * beeline)
