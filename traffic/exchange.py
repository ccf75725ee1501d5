"""What both traffic engines do alike at an exchange: hear water and trucks, and tell how roads are for rescue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from traffic.network import RoadNetwork
from traffic.roads import Roads
from traffic.water_on_roads import WaterOnRoads
from twin.ports import Arrival

FloatArray = NDArray[np.float64]


class GateSide(Protocol):
    """What the terminal may say to a gate."""

    def admit(self, arrivals: Iterable[Arrival]) -> None: ...

    def release(self, arrivals: Iterable[Arrival]) -> None: ...


def hear(port: str, values: Any, water: WaterOnRoads, gate: GateSide | None) -> None:
    """Depths (n,) in m on the edges, open manholes, or trucks that the terminal lets in or sends away."""
    if port == "depth":
        water.put_depth(values)
    elif port == "open_manholes":
        water.put_manholes(values)
    elif gate is None:
        if values:
            raise ValueError(f"'{port}' gives {len(values)} trucks, but this traffic has no `gate`")
    elif port == "admissions":
        gate.admit(values)
    elif port == "departures":
        gate.release(values)
    else:
        raise ValueError(f"traffic takes no '{port}'")


def depth_on(network: RoadNetwork, water: WaterOnRoads, edge_ids: Iterable[str]) -> dict[str, float]:
    """Depth of water in m on each of these edges."""
    return {edge_id: float(water.depth[network.index[edge_id]]) for edge_id in edge_ids}


def for_rescue(network: RoadNetwork, roads: Roads, water: WaterOnRoads) -> tuple[FloatArray, NDArray[np.bool_], bytes]:
    """Speeds (edges,) and closures for emergency vehicles, and a key of both."""
    closed = np.zeros(len(network.edges), dtype=bool)
    closed[[network.index[e] for e, classes in roads.closed.items() if "emergency" in classes]] = True
    return water.wet, closed, water.wet.tobytes() + closed.tobytes()
