"""Container trucks at the terminal's gate: handed to the terminal when they stand at it, given back when they leave.

A truck's route stops first on the gate edge, on the lane, and then on the yard edge, parked. With a terminal linked
both stops last until it says so: `admissions` frees the gate lane, `departures` sends the truck back into the road.
Without one the durations in the route file hold, and the same times are noted.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from traffic.config import Gate
from traffic.network import RoadNetwork
from traffic.sumo import Simulation
from traffic.trips import FOREVER_S
from twin.model import Balance
from twin.ports import Arrival


@dataclass
class Truck:
    """One truck's visit; times in µs since the scenario's start, None until it happens.

    state  road, gate, inside (between gate and yard stop), yard, left
    """

    id: str
    vclass: str
    data: dict[str, Any]
    state: str = "road"
    gate_us: int | None = None
    admitted_us: int | None = None
    left_us: int | None = None
    may_leave: bool = False


@dataclass
class Lengths:
    """How long the queue before a gate was, look by look."""

    total: float = 0.0
    looks: int = 0
    most: int = 0

    def note(self, length: int) -> None:
        self.total += length
        self.looks += 1
        self.most = max(self.most, length)

    @property
    def mean(self) -> float:
        """0 before the first look."""
        return self.total / self.looks if self.looks else 0.0


def let_in(arrivals: Iterable[Arrival], trucks: Mapping[str, Truck], unknown: list[str]) -> Iterator[tuple[Truck, int]]:
    """Trucks at the gate that the terminal admits, and when; ids that are not at the gate go to `unknown`."""
    for arrival in arrivals:
        truck = trucks.get(arrival.id)
        if truck is None or truck.state != "gate" or truck.admitted_us is not None:
            unknown.append(arrival.id)
            continue
        truck.admitted_us = arrival.time_us
        yield truck, arrival.time_us


def sent_away(
    arrivals: Iterable[Arrival], trucks: Mapping[str, Truck], unknown: list[str]
) -> Iterator[tuple[Truck, int]]:
    """Trucks in the yard that the terminal sends away, and when.

    One that is still rolling to its place is only told (`may_leave`); ids that are not inside go to `unknown`.
    """
    for arrival in arrivals:
        truck = trucks.get(arrival.id)
        if truck is None or truck.admitted_us is None or truck.may_leave:
            unknown.append(arrival.id)
            continue
        truck.may_leave = True
        if truck.state == "yard":
            truck.left_us = arrival.time_us
            yield truck, arrival.time_us


def by_state(trucks: Iterable[Truck]) -> dict[str, int]:
    """How many trucks are in each state."""
    found = dict.fromkeys(("road", "gate", "inside", "yard", "left"), 0)
    for truck in trucks:
        found[truck.state] += 1
    return found


def handed_over(trucks: Collection[Truck], refused: int) -> Balance:
    """The account of trucks between gate and departure; `refused` hand-overs are noted."""
    states = by_state(trucks)
    return Balance(
        "trucks at the terminal",
        "1",
        stored_start=0.0,
        stored_now=float(states["gate"] + states["inside"] + states["yard"]),
        inflow={"gate arrivals": float(sum(truck.gate_us is not None for truck in trucks))},
        outflow={"left": float(states["left"])},
        noted={"refused hand-overs": float(refused)},
    )


@dataclass
class TerminalGate:
    """The protocol at the gate. `linked`: a terminal admits and releases the trucks.

    resumed  trucks sent on from a stop since this list was last emptied: they look at the roads again
    """

    config: Gate
    sim: Simulation
    network: RoadNetwork
    linked: bool
    trucks: dict[str, Truck] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    lengths: Lengths = field(default_factory=Lengths)
    resumed: list[str] = field(default_factory=list)
    _out: list[Arrival] = field(default_factory=list)
    _approach: frozenset[str] = frozenset()
    _coming: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._approach = self.network.upstream(self.config.edge, self.config.queue_reach)

    def departed(self, vehicles: Iterable[str], vclass: dict[str, str]) -> None:
        """Of the vehicles that have just begun, those with a stop at the gate are trucks for the terminal."""
        vehicle = self.sim.lib.vehicle
        for vid in vehicles:
            edges = [stop.lane.rpartition("_")[0] for stop in vehicle.getStops(vid)]
            if self.config.edge not in edges:
                continue
            self.trucks[vid] = Truck(vid, vclass.get(vid, "truck"), self._luggage(vid))
            self._coming[vid] = None
            if self.linked:
                for number, edge in enumerate(edges):
                    if edge in (self.config.edge, self.config.yard_edge):
                        vehicle.setStopParameter(vid, number, "duration", f"{FOREVER_S:.0f}")

    def _luggage(self, vid: str) -> dict[str, Any]:
        """What the terminal is told: class, type, and the parameters of the truck, else of its type."""
        lib = self.sim.lib
        vtype = lib.vehicle.getTypeID(vid)
        data = {"vclass": lib.vehicle.getVehicleClass(vid), "vtype": vtype}
        for key in self.config.carry:
            value = lib.vehicle.getParameter(vid, key) or lib.vehicletype.getParameter(vtype, key)
            if value:
                data[key] = value
        return data

    def after_step(self, now_us: int, held: Container[str], starting: Iterable[str], ending: Iterable[str]) -> None:
        """Notice trucks that have stopped at the gate or in the yard, or gone on from there.

        held              vehicles that water holds at the kerb: their stop is not the one at the gate
        starting, ending  vehicles whose stop has begun or ended in the step
        """
        for vid in ending:
            truck = self.trucks.get(vid)
            if truck is None or vid in held:
                continue
            if truck.state == "gate":
                truck.state, truck.admitted_us = "inside", truck.admitted_us or now_us
            elif truck.state == "yard":
                truck.state, truck.left_us = "left", now_us
        for vid in starting:
            truck = self.trucks.get(vid)
            if truck is None or vid in held:
                continue
            edge = self.sim.lib.vehicle.getRoadID(vid)
            if truck.state == "road" and edge == self.config.edge:
                truck.state, truck.gate_us = "gate", now_us
                self._coming.pop(vid, None)
                self._out.append(Arrival(now_us, vid, dict(truck.data)))
            elif truck.state == "inside" and edge == self.config.yard_edge:
                truck.state = "yard"
                if truck.may_leave:
                    truck.left_us = now_us
                    self._resume(truck, "left")

    def arrived(self, vehicles: Iterable[str]) -> None:
        """Trucks whose trip has ended (a truck may end it without ever reaching the gate)."""
        for vid in vehicles:
            self._coming.pop(vid, None)

    def admit(self, arrivals: Iterable[Arrival]) -> None:
        """The terminal has let these trucks in: they free the lane."""
        for truck, _ in let_in(arrivals, self.trucks, self.unknown):
            self._resume(truck, "inside")

    def release(self, arrivals: Iterable[Arrival]) -> None:
        """The terminal sends these trucks away; one that is still rolling to its place leaves when it gets there."""
        for truck, _ in sent_away(arrivals, self.trucks, self.unknown):
            self._resume(truck, "left")

    def _resume(self, truck: Truck, state: str) -> None:
        """End its stop. SUMO reports only stops that end by themselves, so its state changes here."""
        truck.state = state
        self.resumed.append(truck.id)
        self.sim.lib.vehicle.resume(truck.id)

    def take_arrivals(self) -> list[Arrival]:
        """Trucks that came to the gate since the last call."""
        out, self._out = self._out, []
        return out

    def queue(self) -> int:
        """Trucks that stand before the gate and wait for their turn; the one at the gate is not among them,
        nor are those that are parked (in a buffer, or held at the kerb)."""
        vehicle, waiting = self.sim.lib.vehicle, 0
        known = vehicle.getIDList() if self._coming else ()
        for vid in self._coming.keys() & set(known):
            still = vehicle.getSpeed(vid) < 0.1 and vehicle.getRoadID(vid) in self._approach
            waiting += still and not vehicle.isStoppedParking(vid)
        return waiting

    def sample(self) -> None:
        """Note the queue's length, at each exchange."""
        self.lengths.note(self.queue())

    def counts(self) -> dict[str, int]:
        """Trucks by state."""
        return by_state(self.trucks.values())
