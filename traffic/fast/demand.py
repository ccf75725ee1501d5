"""SUMO's route files as arrays: who drives when, with what vehicle, along which edges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from traffic.fast.classes import bit_of
from traffic.fast.layout import AT_END, LAST, OFF_LANE, PASSING, STOP, VEHICLE, Array, Fleet, Roads
from traffic.fast.motion import keyed
from traffic.fast.network import QueueNetwork
from traffic.fast.paths import all_masks, stop_lanes
from traffic.fast.rules import Rules
from traffic.network import elements
from twin.scenario.problems import suggest

SIGMA, ACCEL, DECEL, LENGTH, MIN_GAP, TOP = 0.5, 2.6, 4.5, 5.0, 2.5, 55.56
"""SUMO's defaults for passenger cars (documentation, "Vehicle Type Parameter Defaults")."""
BUILT_IN = "DEFAULT_"
"""SUMO's own types, such as `DEFAULT_VEHTYPE`, need no definition."""
CLASS_DEFAULTS: dict[str, tuple[float, float, float, float, float]] = {
    "bus": (12.0, 2.5, 1.2, 4.0, 23.61),
    "coach": (14.0, 2.5, 2.0, 4.0, 27.78),
    "truck": (7.1, 2.5, 1.3, 4.0, 36.11),
    "trailer": (16.5, 2.5, 1.0, 4.0, 36.11),
    "delivery": (6.5, 2.5, 2.6, 4.5, 55.56),
    "emergency": (6.5, 2.5, 2.6, 4.5, 55.56),
    "motorcycle": (2.2, 2.5, 6.0, 10.0, 55.56),
    "moped": (2.1, 2.5, 1.1, 7.0, 12.5),
    "bicycle": (1.6, 0.5, 1.2, 3.0, 13.89),
}
"""Length, gap, acceleration, braking, top speed of SUMO's classes (same page)."""


@dataclass(frozen=True)
class VehicleType:
    """What the engine uses of a vehicle type. Lengths in m, speeds in m/s, accelerations in m/s2."""

    vclass: str = "passenger"
    length_m: float = LENGTH
    min_gap_m: float = MIN_GAP
    accel: float = ACCEL
    decel: float = DECEL
    sigma: float = SIGMA
    top_mps: float = TOP
    factor: tuple[float, float] = (1.0, 0.1)
    """Mean and deviation of the share of the limit that drivers keep (SUMO: normc(1, 0.1, 0.2, 2))."""

    @classmethod
    def read(cls, element: Mapping[str, str]) -> VehicleType:
        """From the attributes of a `vType`."""
        vclass = element.get("vClass", "passenger")
        length, gap, accel, decel, top = CLASS_DEFAULTS.get(vclass, (LENGTH, MIN_GAP, ACCEL, DECEL, TOP))
        return cls(
            vclass,
            float(element.get("length", length)),
            float(element.get("minGap", gap)),
            float(element.get("accel", accel)),
            float(element.get("decel", decel)),
            float(element.get("sigma", SIGMA)),
            float(element.get("maxSpeed", top)),
            _factor(element.get("speedFactor"), element.get("speedDev")),
        )


def _factor(text: str | None, deviation: str | None) -> tuple[float, float]:
    mean, dev = 1.0, 0.1
    if text:
        numbers = [float(x) for x in text[text.find("(") + 1 :].rstrip(")").split(",")]
        mean, dev = numbers[0], numbers[1] if len(numbers) > 1 else (dev if "(" not in text else 0.0)
    return mean, float(deviation) if deviation is not None else dev


NOWHERE = (-1, None)
NEAR_END_SLOTS = 1
"""A stop so near to the end of its lane is made one after the other: behind it there is room for nobody to pass."""


@dataclass
class Trip:
    """One vehicle of a route file; `stops` on the lane and `parked` ones off it are (edge, seconds).

    spots   for both, in that order, (lane, m from its start at which the stop ends); -1 and None where not given"""

    id: str
    depart_s: float
    type: str
    edges: tuple[str, ...]
    stops: tuple[tuple[str, float], ...] = ()
    parked: tuple[tuple[str, float], ...] = ()
    spots: tuple[tuple[int, float | None], ...] = ()

    def lanes(self) -> tuple[tuple[str, int], ...]:
        """(edge, lane) of stops that name their lane."""
        both = (*self.stops, *self.parked)
        return tuple((edge, lane) for (edge, _), (lane, _) in zip(both, self.spots, strict=False) if lane >= 0)

    def halts(self) -> list[tuple[str, float, int, float | None, bool]]:
        """(edge, seconds, lane, end in m or None, off the lane) of all stops in the order of the route."""
        spots = (*self.spots, *[NOWHERE] * (len(self.stops) + len(self.parked) - len(self.spots)))
        off = [False] * len(self.stops) + [True] * len(self.parked)
        rows = [
            (edge, dwell, lane, end, out)
            for (edge, dwell), (lane, end), out in zip((*self.stops, *self.parked), spots, off, strict=True)
        ]
        at = {edge: n for n, edge in reversed(list(enumerate(self.edges)))}
        return sorted(rows, key=lambda row: at.get(row[0], len(at))) if self.parked and self.stops else rows


@dataclass
class Demand:
    """Trips in the order of departure, and their vehicle types (by name: (share, type) to draw from)."""

    trips: list[Trip]
    types: dict[str, list[tuple[float, VehicleType]]]
    skipped: list[str] = field(default_factory=list)
    """What was left out and why."""

    @classmethod
    def read(cls, routes: Iterable[Path], additional: Iterable[Path] = ()) -> Demand:
        """Read route files; additional files give vehicle types, routes and stops."""
        types: dict[str, list[tuple[float, VehicleType]]] = {}
        named: dict[str, tuple[str, ...]] = {}
        stops: dict[str, tuple[str, float | None]] = {}
        trips: list[Trip] = []
        skipped: list[str] = []
        routes = tuple(routes)
        for file in (*additional, *routes):
            for depth, element in elements(file):
                if depth != 1:
                    continue
                _definition(element, types, named, stops)
                if file in routes:
                    _trips(element, named, stops, trips, skipped)
        known = []
        for trip in trips:
            if trip.type in types or trip.type.startswith(BUILT_IN):
                known.append(trip)
            else:
                skipped.append(f"{trip.id}: there is no vehicle type '{trip.type}'.{suggest(trip.type, types)}")
        known.sort(key=lambda trip: trip.depart_s)
        return cls(known, types, skipped)

    def slot_m(self) -> float:
        """Road that a standing car takes: mean length + gap over the trips of classes as long as a car."""
        total, n = 0.0, 0.0
        shares: dict[str, int] = {}
        for trip in self.trips:
            shares[trip.type] = shares.get(trip.type, 0) + 1
        for name, count in sorted(shares.items()):
            for share, kind in self.kinds(name):
                if kind.length_m <= 6.0:
                    total += share * count * (kind.length_m + kind.min_gap_m)
                    n += share * count
        return total / n if n else LENGTH + MIN_GAP

    def kinds(self, name: str) -> list[tuple[float, VehicleType]]:
        """(share, type) of a type or distribution; a car for SUMO's own `DEFAULT_…` types."""
        found = self.types.get(name) or [(1.0, VehicleType())]
        whole = sum(share for share, _ in found) or 1.0
        return [(share / whole, kind) for share, kind in found]

    def fleet(
        self, network: QueueNetwork, roads: Roads, rules: Rules, seed: int = 0, slot_m: float | None = None
    ) -> BoundFleet:
        """The trips on a network. Drawn numbers belong to (seed, trip, purpose) and to nothing else."""
        slot = slot_m or rules.slot_m or self.slot_m()
        trips, refused = [], []
        pool: dict[tuple[tuple[str, ...], int, tuple[tuple[str, int], ...]], int] = {}
        starts: list[int] = []
        firsts: list[int] = []
        classes: list[int] = []
        turns: list[int] = []
        draw = keyed(seed, len(self.trips), 1)
        rows: list[tuple[int, VehicleType, int]] = []
        known: dict[tuple[str, ...], list[int] | str] = {}
        for n, trip in enumerate(self.trips):
            kind = _pick(self.kinds(trip.type), draw[n])
            bit = bit_of(kind.vclass)
            key = (trip.edges, bit, trip.lanes())
            if trip.edges not in known:
                known[trip.edges] = network.resolve(trip.edges)
            found = known[trip.edges]
            if isinstance(found, str) or not found:
                refused.append((trip.id, str(found) if found else "its route is empty"))
                continue
            if key not in pool:
                pool[key] = len(starts)
                starts.append(len(turns))
                firsts.append(found[0])
                classes.append(bit)
                turns += [network.turn_of[a, b] for a, b in pairwise(found)] + [LAST]
            trips.append(trip)
            rows.append((n, kind, pool[key]))
        turn, masks = np.array(turns, np.int32), np.zeros(len(turns), np.int64)
        start = np.array(starts, np.int64)
        stop = np.append(start[1:], len(turns))
        good = all_masks(
            start, stop, np.array(firsts, np.int64), np.array(classes, np.int64), turn, masks, roads, network.allow,
            rules.lookahead_m,
        )  # fmt: skip
        able = [k for k, (_, _, r) in enumerate(rows) if good[r]]
        refused += [
            (trips[k].id, "no lane of its class leads along its route") for k in set(range(len(rows))) - set(able)
        ]
        trips, rows = [trips[k] for k in able], [rows[k] for k in able]
        vehicle = np.zeros(len(trips), VEHICLE)
        stops: list[tuple[float, int, int, int]] = []
        exits = 0
        normal = _normal(seed, len(self.trips))
        device = keyed(seed, len(self.trips), 4)
        share = np.zeros(len(trips))
        for row, trip, (n, kind, r) in zip(vehicle, trips, rows, strict=True):
            mean, dev = kind.factor
            row["depart"] = trip.depart_s
            row["factor"] = min(max(mean + dev * normal[n], 0.2), 2.0)
            row["top"], row["decel"] = kind.top_mps, kind.decel
            row["accel"] = kind.accel * (1 - kind.sigma / 2)
            row["dawdle"] = rules.dawdle * kind.sigma * kind.accel / 2
            row["vclass"], row["route"], row["origin"] = classes[r], start[r], firsts[r]
            row["slots"] = max(round((kind.length_m + kind.min_gap_m) / slot), 1)
            row["stop"], row["exits"] = len(stops), exits
            stops += _stops(trip, network, slot)
            row["stops"] = len(stops) - row["stop"]
            exits += int(stop[r] - start[r])
        share[:] = device[[n for n, _, _ in rows]] if rows else 0.0
        fleet = Fleet(vehicle, np.array(stops, STOP), turn, masks)
        for r, v in {int(row["route"]): n for n, row in enumerate(vehicle) if row["stops"]}.items():
            row = vehicle[v]
            begin, last = int(row["stop"]), int(row["stop"] + row["stops"])
            end = int(stop[np.searchsorted(start, r, side="right") - 1])
            stop_lanes(r, end, int(row["origin"]), fleet.stop, begin, last, turn, masks, roads)
        return BoundFleet(fleet, tuple(trip.id for trip in trips), tuple(refused), share, exits, slot)


@dataclass(frozen=True)
class BoundFleet:
    """Trips as arrays on one network. `refused` are (id, why); `device` draws who looks for better ways."""

    arrays: Fleet
    ids: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    device: Array
    exits: int
    slot_m: float


def _stops(trip: Trip, network: QueueNetwork, slot_m: float) -> list[tuple[float, int, int, int]]:
    """(dwell s, edge, lane or -1, kind) of a trip's stops in the order of its route."""
    found = []
    for edge, dwell, lane, end_m, off in trip.halts():
        if edge not in network.index:
            continue
        e = network.index[edge]
        row = network.static.edge[e]
        kind = PASSING
        if off:
            kind = OFF_LANE
        elif end_m is not None:
            ahead = -end_m if end_m < 0 else float(row["length"]) - end_m
            kind = AT_END if ahead < NEAR_END_SLOTS * slot_m else PASSING
        found.append((dwell, e, lane if lane < row["lanes"] else -1, kind))
    return found


def _pick(kinds: list[tuple[float, VehicleType]], x: float) -> VehicleType:
    for share, kind in kinds:
        x -= share
        if x < 0:
            return kind
    return kinds[-1][1]


def _normal(seed: int, n: int) -> Array:
    """(n,) keyed normal numbers (Box and Muller)."""
    u, w = keyed(seed, n, 2), keyed(seed, n, 3)
    return np.sqrt(-2.0 * np.log(1.0 - u)) * np.cos(2.0 * np.pi * w)


def _definition(element: Any, types: dict[str, Any], named: dict[str, Any], stops: dict[str, Any]) -> None:
    if element.tag == "vType":
        types[element.get("id")] = [_type(element)]
    elif element.tag == "vTypeDistribution":
        kinds = []
        for child in element:
            kinds.append(_type(child))
            types.setdefault(child.get("id"), kinds[-1:])
        names = [name for name in (element.get("vTypes") or "").split() if name in types]
        own = [types[name][0][0] for name in names]
        given = [float(x) for x in (element.get("probabilities") or "").split()]
        for name, share in zip(names, given if len(given) == len(names) else own, strict=True):
            kinds += [(share * part / (sum(p for p, _ in types[name]) or 1.0), kind) for part, kind in types[name]]
        types[element.get("id")] = kinds
    elif element.tag == "route":
        named[element.get("id", "")] = tuple((element.get("edges") or "").split())
    elif element.tag in ("busStop", "trainStop", "containerStop", "chargingStation", "parkingArea"):
        stops[element.get("id")] = element.get("lane", ""), _metres(element.get("endPos"))


def _type(element: Any) -> tuple[float, VehicleType]:
    """A type, and the share that it has in a distribution by its own word."""
    return float(element.get("probability", 1.0)), VehicleType.read(element.attrib)


def _metres(text: str | None) -> float | None:
    """A position on a lane; None where it is not given as a number."""
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


def _lane(name: str) -> tuple[str, int]:
    """(edge, number) of a lane's id."""
    edge, _, number = name.rpartition("_")
    return edge, int(number) if number.isdigit() else -1


def _trips(
    element: Any,
    named: dict[str, tuple[str, ...]],
    stops: dict[str, tuple[str, float | None]],
    trips: list[Trip],
    skipped: list[str],
) -> None:
    if element.tag not in ("vehicle", "flow", "trip"):
        return
    own = element.find("route")
    name = element.get("route", "")
    edges = tuple((own.get("edges") or "").split()) if own is not None else named.get(name, ())
    if element.tag in ("trip", "flow") and not edges:
        edges = tuple(e for e in (element.get("from"), *(element.get("via") or "").split(), element.get("to")) if e)
    halts, parked, spots = _halts(element, stops)
    vid, kind = element.get("id", ""), element.get("type", "DEFAULT_VEHTYPE")
    if element.tag != "flow":
        try:
            trips.append(Trip(vid, float(element.get("depart", "")), kind, edges, halts, parked, spots))
        except ValueError:
            skipped.append(f"{vid}: depart '{element.get('depart')}' is no time")
        return
    begin, end = float(element.get("begin", 0)), float(element.get("end", 3600))
    if element.get("number"):
        number = int(element.get("number"))
        gap = (end - begin) / max(number, 1)
    else:
        hourly = float(element.get("vehsPerHour") or 0) or 3600.0 / float(element.get("period") or "inf")
        gap = 3600.0 / hourly if hourly else float("inf")
        number = int((end - begin) / gap + 1e-9) if hourly else 0
    trips += [Trip(f"{vid}.{k}", begin + k * gap, kind, edges, halts, parked, spots) for k in range(number)]


def _halts(
    element: Any, stops: dict[str, tuple[str, float | None]]
) -> tuple[tuple[tuple[str, float], ...], tuple[tuple[str, float], ...], tuple[tuple[int, float | None], ...]]:
    """(stops on the lane, stops off it, where on their edges) of a vehicle or flow."""
    on: list[tuple[tuple[str, float], tuple[int, float | None]]] = []
    off: list[tuple[tuple[str, float], tuple[int, float | None]]] = []
    for stop in element.iter("stop"):
        lane, end = stop.get("lane") or "", _metres(stop.get("endPos"))
        away = stop.get("parkingArea") or stop.get("parking", "false").lower() in ("true", "1", "opportunistic")
        for kind in ("busStop", "parkingArea", "chargingStation", "containerStop"):
            if stop.get(kind):
                lane, end = stops.get(stop.get(kind), (lane, end))
        edge, number = _lane(lane) if lane else (stop.get("edge") or "", -1)
        row = ((edge, float(stop.get("duration", 0.0))), (number, end))
        (off if away else on).append(row)
    return tuple(r for r, _ in on), tuple(r for r, _ in off), tuple(s for _, s in (*on, *off))
