"""What the water does to the roads, whatever engine drives on them: limits, closures, underpasses, patrols, manholes.

It writes into a ledger of causes (`Ledger`, for SUMO `traffic.roads.Roads`) and returns the edges that differ.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from traffic.flood import SPEED_LAWS, FloodClosures, speed_classes
from traffic.flood_config import Flooding
from traffic.manholes import Manholes
from traffic.network import ROAD_CLASSES, RoadNetwork
from traffic.patrols import PatrolFleet
from traffic.underpasses import Underpasses
from twin.clock import to_us
from twin.model import Journal
from twin.places import Places

FloatArray = NDArray[np.float64]


class Ledger(Protocol):
    """Where causes are noted, edge by edge."""

    wet_limit: dict[str, float]
    slow_lanes: dict[str, dict[int, float]]

    def set_water(self, edge_id: str, classes: frozenset[str]) -> None: ...


class WaterOnRoads:
    """Depths (n,) in m on the edges, and what follows from them.

    wet       (n,) present speed limit in m/s that the water leaves
    manholes  where those are whose covers are told of (`manhole_places`, where that is known)
    """

    def __init__(
        self,
        network: RoadNetwork,
        config: Flooding,
        ledger: Ledger,
        journal: Journal,
        manhole_places: Places | None = None,
    ) -> None:
        self.network, self.config, self.ledger, self.journal = network, config, ledger, journal
        n = len(network.edges)
        self.depth: FloatArray = np.zeros(n)
        self.wet: FloatArray = network.limits_mps.copy()
        self.flood = FloodClosures(config.depths(), n, config.reopen_share, to_us(config.reopen_after))
        self.underpasses = Underpasses.of(config, network)
        self.patrols = PatrolFleet(config.patrols, network) if config.patrols is not None else None
        self.manholes = Manholes.of(manhole_places, network)
        self._slow: dict[int, frozenset[int]] = {}
        self._slow_told = self._slow
        self._law = SPEED_LAWS[config.speed_law]
        self._fresh = False

    def put_depth(self, values: FloatArray) -> None:
        """(n,) depths in m; a value that is no number counts as dry."""
        depth = np.asarray(values, dtype=float)
        if not np.isfinite(depth).all():
            depth = np.nan_to_num(depth, nan=0.0)
        if not np.array_equal(depth, self.depth):
            self.depth, self._fresh = depth.copy(), True

    def put_manholes(self, values: FloatArray) -> None:
        """1 where a manhole is open: by manhole where their places are known, else by edge."""
        slow = self.manholes.slowed(values)
        if slow != self._slow:
            self._slow = slow

    def update(self, now_us: int) -> list[str]:
        """Act on the depths as of now. Returns the ids of edges whose state changed."""
        if self._nothing_new():
            return []
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

    def _nothing_new(self) -> bool:
        """Whether depths and manholes are as they were, and no road waits to be opened or for a patrol."""
        waiting = self.flood.any_closed or self.underpasses is not None or self.patrols is not None
        return not (self._fresh or waiting or self._slow is not self._slow_told)

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
        """Slow the lanes that have an open manhole. Returns the edges that changed."""
        before, now, self._slow_told = self._slow_told, self._slow, self._slow
        changed = {i for i in before.keys() | now.keys() if before.get(i) != now.get(i)}
        for i in changed:
            if i in now:
                self.ledger.slow_lanes[self.network.edges[i].id] = dict.fromkeys(now[i], self.config.manhole_speed)
            else:
                self.ledger.slow_lanes.pop(self.network.edges[i].id, None)
        return changed
