"""What SUMO's model has and the queue engine has not, as empty as it is in a scenario without it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from traffic.network import RoadNetwork
from twin.places import Points


@dataclass(frozen=True)
class NoStations:
    """No car parks, no chargers."""

    ids: tuple[str, ...] = ()

    def places(self, network: RoadNetwork) -> Points:
        """No points."""
        return Points((), np.empty((0, 2)), ())


@dataclass(frozen=True)
class NoFacilities:
    """Neither of the two."""

    car_parks: NoStations = NoStations()
    chargers: NoStations = NoStations()
    ports: tuple[str, ...] = ()
