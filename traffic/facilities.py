"""Car parks that fill and overflow, and charging stations with the energy drawn from them.

Both are SUMO's own (`parkingArea` and `chargingStation` of an additional file; a vehicle charges when its type has the
battery device). A vehicle that finds a car park full goes on to another where its file says so (`rerouter` with
`parkingAreaReroute`); it counts as turned away.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from traffic.network import RoadNetwork
from traffic.sumo import Simulation
from twin.clock import to_us
from twin.places import Points

FloatArray = NDArray[np.float64]
_WH_PER_KWH = 1000.0


def _points(ids: tuple[str, ...], lib: Any, kind: Any, network: RoadNetwork) -> Points:
    """The middle of each place on its lane, in the city's coordinates."""
    xy = []
    for one in ids:
        lane, shape = kind.getLaneID(one), None
        shape = np.array(lib.lane.getShape(lane), dtype=float)[:, :2]
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))])
        at = 0.5 * (kind.getStartPos(one) + kind.getEndPos(one)) / lib.lane.getLength(lane) * along[-1]
        xy.append([np.interp(at, along, shape[:, 0]), np.interp(at, along, shape[:, 1])])
    names = tuple(kind.getName(one) or one for one in ids)
    return Points(ids, np.array(xy).reshape(-1, 2) - np.asarray(network.offset), names)


@dataclass
class CarParks:
    """Occupancy of the parking areas. hours: vehicle-hours parked; turned_away: vehicles that found it full."""

    lib: Any
    ids: tuple[str, ...]
    capacity: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)
    hours: dict[str, float] = field(default_factory=dict)
    full_s: dict[str, float] = field(default_factory=dict)
    full_from_s: dict[str, float] = field(default_factory=dict)
    turned_away: dict[str, set[str]] = field(default_factory=dict)
    _bound: dict[str, str] = field(default_factory=dict)

    def places(self, network: RoadNetwork) -> Points:
        return _points(self.ids, self.lib, self.lib.parkingarea, network)

    def occupied(self) -> FloatArray:
        """(n,) vehicles parked now."""
        return np.array([float(self.lib.parkingarea.getVehicleCount(one)) for one in self.ids])

    def tick(self, now_us: int, interval_s: float) -> None:
        """Note occupancy, and who has been sent on to another car park since the last look."""
        full = set()
        for one, count in zip(self.ids, self.occupied(), strict=True):
            self.most[one] = max(self.most.get(one, 0), int(count))
            self.hours[one] = self.hours.get(one, 0.0) + count * interval_s / 3600
            if count >= self.capacity[one]:
                full.add(one)
                self.full_s[one] = self.full_s.get(one, 0.0) + interval_s
                self.full_from_s.setdefault(one, now_us / to_us(1))
        bound = self._targets()
        for vid, now in bound.items():
            before = self._bound.get(vid, now)
            if before != now:
                self.turned_away.setdefault(before, set()).add(vid)
        self._bound.update(bound)
        for one in self.ids:
            for vid in self.lib.parkingarea.getVehicleIDs(one):
                self._bound.pop(vid, None)

    def loaded(self, vehicles: Iterable[str]) -> None:
        """The car park that each vehicle just loaded has in mind."""
        for vid in vehicles:
            with contextlib.suppress(self.lib.TraCIException):
                stops = self.lib.vehicle.getStops(vid, 1)
                if stops and stops[0].stoppingPlaceID in self.capacity:
                    self._bound[vid] = stops[0].stoppingPlaceID

    def _targets(self) -> dict[str, str]:
        """Vehicle -> the car park it makes for or stands in."""
        vehicle = self.lib.vehicle
        found = {}
        for vid in vehicle.getIDList():
            stops = vehicle.getStops(vid, 1)
            name = stops[0].stoppingPlaceID if stops else ""
            if name in self.capacity:
                found[vid] = name
        return found

    def rows(self) -> list[tuple[Any, ...]]:
        """(car park, places, most, hours parked, minutes full, full from s, turned away)."""
        return [
            (
                one, self.capacity[one], self.most.get(one, 0), round(self.hours.get(one, 0.0), 2),
                round(self.full_s.get(one, 0.0) / 60, 1), self.full_from_s.get(one), len(self.turned_away.get(one, ())),
            )
            for one in self.ids
        ]  # fmt: skip


@dataclass
class Chargers:
    """Energy drawn at the charging stations, in kWh, from what the batteries of the vehicles there took."""

    lib: Any
    ids: tuple[str, ...]
    energy_kwh: dict[str, float] = field(default_factory=dict)
    power_kw: dict[str, float] = field(default_factory=dict)
    served: dict[str, set[str]] = field(default_factory=dict)
    most_kw: dict[str, float] = field(default_factory=dict)

    def places(self, network: RoadNetwork) -> Points:
        return _points(self.ids, self.lib, self.lib.chargingstation, network)

    def tick(self, interval_s: float) -> None:
        """Power now, held until the next look: a battery says what it took in the last step."""
        vehicle, station, step_s = self.lib.vehicle, self.lib.chargingstation, self.lib.simulation.getDeltaT()
        for one in self.ids:
            power = 0.0
            for vid in station.getVehicleIDs(one):
                took_wh = float(vehicle.getParameter(vid, "device.battery.energyCharged") or 0.0)
                if took_wh > 0:
                    power += took_wh / _WH_PER_KWH / (step_s / 3600) / max(station.getEfficiency(one), 1e-9)
                    self.served.setdefault(one, set()).add(vid)
            self.power_kw[one] = power
            self.most_kw[one] = max(self.most_kw.get(one, 0.0), power)
            self.energy_kwh[one] = self.energy_kwh.get(one, 0.0) + power * interval_s / 3600

    def rows(self) -> list[tuple[Any, ...]]:
        """(station, kWh drawn, highest kW, vehicles)."""
        return [
            (
                one, round(self.energy_kwh.get(one, 0.0), 3), round(self.most_kw.get(one, 0.0), 2),
                len(self.served.get(one, ())),
            )
            for one in self.ids
        ]  # fmt: skip


class Facilities:
    """The car parks and chargers of a simulation (both may be none)."""

    def __init__(self, sim: Simulation, network: RoadNetwork) -> None:
        lib = sim.lib
        parks = tuple(one for one in lib.parkingarea.getIDList() if _on(network, lib.parkingarea.getLaneID(one)))
        self.car_parks = CarParks(lib, parks, {one: _capacity(lib, one) for one in parks})
        self.chargers = Chargers(lib, tuple(lib.chargingstation.getIDList()))
        self.ports = frozenset(
            name for name, there in (("parked", parks), ("charging_power", self.chargers.ids)) if there
        )

    def tick(self, now_us: int, interval_s: float) -> None:
        if self.car_parks.ids:
            self.car_parks.tick(now_us, interval_s)
        if self.chargers.ids:
            self.chargers.tick(interval_s)

    def loaded(self, vehicles: Iterable[str]) -> None:
        if self.car_parks.ids:
            self.car_parks.loaded(vehicles)

    def take(self, port: str) -> FloatArray:
        """(n,) vehicles parked, or kW drawn."""
        if port == "parked":
            return self.car_parks.occupied()
        return np.array([self.chargers.power_kw.get(one, 0.0) for one in self.chargers.ids])


def _on(network: RoadNetwork, lane: str) -> bool:
    return lane.rpartition("_")[0] in network.index


def _capacity(lib: Any, one: str) -> int:
    return int(float(lib.simulation.getParameter(one, "parkingArea.capacity")))
