"""Where the values of road traffic live: edges, the gate, car parks, chargers, underpasses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from traffic.facilities import Facilities
from traffic.gate import TerminalGate
from traffic.network import RoadNetwork
from traffic.water_on_roads import WaterOnRoads
from twin.places import City, Lines, Places, Points


def places_of(
    network: RoadNetwork, gate: TerminalGate | None, facilities: Facilities, water: WaterOnRoads
) -> Mapping[str, Places]:
    """All places of a running model."""
    edges = Lines(
        ids=tuple(edge.id for edge in network.edges),
        shapes=tuple(edge.shape for edge in network.edges),
        names=tuple(network.street(edge.id) for edge in network.edges),
        width_m=np.array([sum(lane.width_m for lane in edge.lanes) for edge in network.edges]),
    )
    spot = np.empty((0, 2))
    if gate is not None:
        spot = network.edges[network.index[gate.config.edge]].shape[-1:]
    under = water.underpasses
    names = under.names if under is not None else ()
    middles = [network.edges[int(k[0])].shape.mean(axis=0) for k in under.edges] if under is not None else []
    known = {"manhole": water.manholes.places} if water.manholes.places is not None else {}
    return {
        **known,
        "city": City(),
        "edge": edges,
        "gate": Points(("gate",)[: len(spot)], spot, ("Terminal gate",)[: len(spot)]),
        "underpass": Points(names, np.array(middles).reshape(-1, 2), names),
        "car_park": facilities.car_parks.places(network),
        "charger": facilities.chargers.places(network),
    }
