"""What the water does to the roads, whatever engine drives on them: limits, closures, underpasses, patrols, manholes.

It writes into a ledger of causes (`Ledger`, for SUMO `traffic.roads.Roads`) and returns the edges that differ.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from traffic.flood import SPEED_LAWS, FloodClosures, speed_classes
from traffic.flood_config import Flooding
from traffic.network import ROAD_CLASSES, RoadNetwork
from traffic.patrols import PatrolFleet
from traffic.underpasses import Underpasses
from twin.clock import to_us
from twin.model import Journal
from twin.places import Places, Points
from twin.spatial import dense_along

FloatArray = NDArray[np.float64]
MANHOLE_REACH_M = 20.0
"""A manhole further than this from the middle line of every lane is not in the road."""


class Ledger(Protocol):
    """Where causes are noted, edge by edge."""

    wet_limit: dict[str, float]
    slow_lane: dict[str, tuple[int, float]]

    def set_water(self, edge_id: str, classes: frozenset[str]) -> None: ...


class WaterOnRoads:
    """Depths (n,) in m on the edges, and what follows from them.

    wet  (n,) present speed limit in m/s that the water leaves
    """

    def __init__(self, network: RoadNetwork, config: Flooding, ledger: Ledger, journal: Journal) -> None:
        self.network, self.config, self.ledger, self.journal = network, config, ledger, journal
        n = len(network.edges)
        self.depth: FloatArray = np.zeros(n)
        self.wet: FloatArray = network.limits_mps.copy()
        self.flood = FloodClosures(config.depths(), n, config.reopen_share, to_us(config.reopen_after))
        self.underpasses = Underpasses.of(config, network)
        self.patrols = PatrolFleet(config.patrols, network) if config.patrols is not None else None
        self._manholes: NDArray[np.bool_] = np.zeros(n, dtype=bool)
        self._manholes_told = self._manholes
        self._law = SPEED_LAWS[config.speed_law]
        self._fresh = False

    def put_depth(self, values: FloatArray) -> None:
        """(n,) depths in m; a value that is no number counts as dry."""
        self.depth = np.nan_to_num(np.asarray(values, dtype=float), nan=0.0)
        self._fresh = True

    def put_manholes(self, values: FloatArray, given: Places | None) -> None:
        """(n,) 1 where the manhole nearest to an edge's middle is open; `given` are the manholes where known."""
        stands = np.asarray(values, dtype=float) > 0.5
        if stands.any() and isinstance(given, Points) and len(given.xy):
            stands &= self._near(given)
        self._manholes = stands

    def _near(self, given: Points) -> NDArray[np.bool_]:
        from scipy.spatial import cKDTree

        tree = cKDTree(np.asarray(given.xy, dtype=float))
        lines = (dense_along(edge.shape, MANHOLE_REACH_M / 4) for edge in self.network.edges)
        return np.array([bool(tree.query(line)[0].min() <= MANHOLE_REACH_M) for line in lines])

    def update(self, now_us: int) -> list[str]:
        """Act on the depths as of now. Returns the ids of edges whose state changed."""
        edges, limits = self.network.edges, self.network.limits_mps
        touched: set[int] = set()
        if self._fresh:
            self._fresh = False
            wet = speed_classes(self._law(self.depth, limits), limits, self.config.crawl_speed)
            for i in np.nonzero(wet != self.wet)[0].tolist():
                touched.add(i)
                if wet[i] < limits[i]:
                    self.ledger.wet_limit[edges[i].id] = float(wet[i])
                else:
                    self.ledger.wet_limit.pop(edges[i].id, None)
            self.wet = wet
        turned = {int(i) for i in self.flood.update(now_us, self.depth)}
        if self.underpasses is not None:
            more, said = self.underpasses.update(now_us, self.depth)
            turned |= more
            for name, closed in said:
                text = f"the underpass {name} closes" if closed else f"the underpass {name} is open again"
                self.journal.write(now_us, "underpass_closed" if closed else "underpass_open", text, underpass=name)
        turned |= self._patrol(now_us, turned)
        under = self.underpasses.closed_edges() if self.underpasses is not None else set()
        for i in turned:
            classes = self._due(i, under)
            if self.patrols is None or not classes or edges[i].id in self.patrols.manned:
                self.ledger.set_water(edges[i].id, classes)
        return [edges[i].id for i in sorted(touched | turned | self._slow_past_manholes())]

    def _due(self, i: int, under: set[int]) -> frozenset[str]:
        return ROAD_CLASSES if i in under else self.flood.classes_at(i)

    def _patrol(self, now_us: int, turned: set[int]) -> set[int]:
        """Ask for patrols and let them arrive. Returns the edges that one has just closed."""
        if self.patrols is None:
            return set()
        under = self.underpasses.closed_edges() if self.underpasses is not None else set()
        for i in sorted(turned):
            edge = self.network.edges[i].id
            if self._due(i, under):
                self.patrols.ask(edge, now_us)
            else:
                self.patrols.call_off(edge)
        done = self.patrols.update(now_us)
        for visit in done:
            street, minutes = self.network.street(visit.edge), (now_us - visit.asked_us) / 60e6
            self.journal.write(
                now_us, "patrol", f"patrol {visit.patrol} closes {street}, {minutes:.0f} min after the water",
                edge=visit.edge, patrol=visit.patrol, waited_s=(now_us - visit.asked_us) / 1e6,
            )  # fmt: skip
        return {self.network.index[visit.edge] for visit in done}

    def _slow_past_manholes(self) -> set[int]:
        """Slow the kerb lane of edges with an open manhole. Returns the edges that changed."""
        changed = np.flatnonzero(self._manholes != self._manholes_told)
        self._manholes_told = self._manholes
        for i in changed:
            edge = self.network.edges[i]
            if self._manholes[i]:
                kerb = next((k for k, lane in enumerate(edge.lanes) if "passenger" in lane.classes), 0)
                self.ledger.slow_lane[edge.id] = (kerb, self.config.manhole_speed)
            else:
                self.ledger.slow_lane.pop(edge.id, None)
        return {int(i) for i in changed}
