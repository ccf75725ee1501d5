"""What road traffic takes and gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from twin.ports import Direction, Join, Kind, Port, Record

if TYPE_CHECKING:
    from traffic.water_on_roads import WaterOnRoads

IN, OUT = Direction.IN, Direction.OUT

PORTS: tuple[Port, ...] = (
    Port(
        "depth", "m", IN, Kind.STATE, "edge", "Deepest water on the street, from the cells that its line crosses.",
        quantity="surface__depth", join=Join.ALONG_MAX,
    ),
    Port(
        "open_manholes", "1", IN, Kind.STATE, "edge", "1 where a manhole (or the nearest to a street) is open.",
        quantity="manhole__open", join=Join.NEAREST,
    ),
    Port(
        "admissions", "1", IN, Kind.ARRIVALS, "gate", "Trucks that the terminal lets in: they free the gate lane.",
        quantity="gate__truck_admissions",
    ),
    Port(
        "departures", "1", IN, Kind.ARRIVALS, "gate", "Trucks that the terminal sends back into the road.",
        quantity="gate__truck_departures",
    ),
    Port(
        "gate_arrivals", "1", OUT, Kind.ARRIVALS, "gate", "Trucks that have come to the gate and wait there.",
        quantity="gate__truck_arrivals",
    ),
    Port(
        "edge_state", "1", OUT, Kind.STATE, "edge", "0 open, 1 slowed by water, 2 closed for cars, 3 closed for all.",
        record=Record.FIELD,
    ),
    Port("vehicles", "1", OUT, Kind.STATE, "edge", "Vehicles on the edge now, parked ones too.", record=Record.FIELD),
    Port("running", "1", OUT, Kind.STATE, "city", "Vehicles in the network now.", record=Record.SERIES),
    Port("halting", "1", OUT, Kind.STATE, "city", "Vehicles that stand in traffic now.", record=Record.SERIES),
    Port("mean_speed", "m/s", OUT, Kind.STATE, "city", "Mean speed of vehicles not parked.", record=Record.SERIES),
    Port("arrived", "1", OUT, Kind.STATE, "city", "Trips finished so far.", record=Record.SERIES),
    Port("stranded", "1", OUT, Kind.STATE, "city", "Trips held now because no way is open.", record=Record.SERIES),
    Port("closed_edges", "1", OUT, Kind.STATE, "city", "Sections closed for cars or all now.", record=Record.SERIES),
    *(
        Port(f"minutes_{kind}", "min", OUT, Kind.STATE, "edge", f"From the call until {who} is there.",
             record=Record.FIELD)
        for kind, who in (("ambulance", "an ambulance"), ("fire", "a fire engine"))
    ),
    *(
        Port(f"reach_{kind}", "%", OUT, Kind.STATE, "city", f"Share of people whom {who} reaches in time.",
             record=Record.SERIES)
        for kind, who in (("ambulance", "an ambulance"), ("fire", "a fire engine"))
    ),
    Port("underpass_depth", "m", OUT, Kind.STATE, "underpass", "Water at the lowest point of each underpass.",
         record=Record.SERIES),
    Port("parked", "1", OUT, Kind.STATE, "car_park", "Vehicles in each car park.", record=Record.SERIES),
    Port("charging_power", "kW", OUT, Kind.STATE, "charger", "Power that each charging station draws.",
         quantity="charger__power", record=Record.SERIES),
    Port("gate_queue", "1", OUT, Kind.STATE, "city", "Trucks that queue before the gate.", record=Record.SERIES),
)  # fmt: skip

REACH = frozenset(port.name for port in PORTS if port.name.startswith(("minutes_", "reach_")))
"""Outputs of runs with rescue stations only."""


class WithPorts(Protocol):
    """Facilities of an engine: the outputs that they have in a run."""

    @property
    def ports(self) -> frozenset[str]: ...


def ports_of(reach: Iterable[str], facilities: WithPorts, water: WaterOnRoads) -> tuple[Port, ...]:
    """The ports that a run has: those of rescue stations, underpasses, car parks and chargers where there are any.

    Open manholes are told of one by one where it is known where they lie."""
    special = REACH | {"underpass_depth", "parked", "charging_power"}
    there = {*reach, *facilities.ports, *(("underpass_depth",) if water.underpasses is not None else ())}
    ports = (port for port in PORTS if port.name not in special or port.name in there)
    if water.manholes.places is None:
        return tuple(ports)
    return tuple(
        replace(port, at="manhole", join=Join.SAME_ID) if port.name == "open_manholes" else port for port in ports
    )
