"""Open manholes in the road: which lanes drivers pass slowly.

Where it is known before the run where the manholes lie (`Domain.places` of whoever tells of them), each one slows the
lane whose line is nearest to it. Else the values come by edge, that of the manhole nearest to the edge's middle, and
slow the lane at the kerb.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from traffic.network import RoadNetwork
from twin.places import Places, Points

REACH_M = 20.0
"""A manhole further than this from the middle line of every lane is not in the road."""


@dataclass
class Manholes:
    """`places` are the manholes whose states are given; None where states are given by edge."""

    network: RoadNetwork
    places: Points | None
    _lanes: Mapping[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Places | None, network: RoadNetwork) -> Manholes:
        """`given` is what the model that tells of manholes knows of their places beforehand."""
        if isinstance(given, Points) and given.size:
            return cls(network, given, nearest_lanes(given, network))
        return cls(network, None)

    def slowed(self, values: NDArray[np.float64]) -> dict[int, frozenset[int]]:
        """Edge (index) -> lanes that are slowed, from values above 0.5 where a manhole is open."""
        found: dict[int, frozenset[int]] = {}
        for k in np.flatnonzero(np.asarray(values, dtype=float) > 0.5).tolist():
            if self.places is None:
                found[k] = frozenset((kerb_lane(self.network, k),))
                continue
            for edge, lane in self._lanes.get(k, ()):
                found[edge] = found.get(edge, frozenset()) | {lane}
        return found


def kerb_lane(network: RoadNetwork, edge: int) -> int:
    """The lane at the kerb on which cars may drive."""
    lanes = enumerate(network.edges[edge].lanes)
    return next((k for k, lane in lanes if "passenger" in lane.classes), 0)


def nearest_lanes(manholes: Points, network: RoadNetwork) -> dict[int, tuple[tuple[int, int], ...]]:
    """Manhole -> (edge, lane) indices of the nearest lane within `REACH_M` that vehicles use; of all that are equally
    near, as on a crossing."""
    from shapely import STRtree
    from shapely.geometry import LineString, Point

    spots = [
        (e, k)
        for e, edge in enumerate(network.edges)
        for k, lane in enumerate(edge.lanes)
        if lane.classes and len(lane.shape) > 1
    ]
    if not spots:
        return {}
    tree = STRtree([LineString(network.edges[e].lanes[k].shape) for e, k in spots])
    points = [Point(xy) for xy in np.asarray(manholes.xy, dtype=float)]
    pairs = tree.query_nearest(points, max_distance=REACH_M)
    found: dict[int, tuple[tuple[int, int], ...]] = {}
    for manhole, lane in pairs.T.tolist():
        found[manhole] = (*found.get(manhole, ()), spots[lane])
    return {manhole: tuple(sorted(lanes)) for manhole, lanes in found.items()}
