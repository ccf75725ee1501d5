"""What road traffic takes and gives."""

from __future__ import annotations

from twin.ports import Direction, Join, Kind, Port, Record

IN, OUT = Direction.IN, Direction.OUT

PORTS: tuple[Port, ...] = (
    Port(
        "depth", "m", IN, Kind.STATE, "edge", "Deepest water on the street, from the cells that its line crosses.",
        quantity="surface__depth", join=Join.ALONG_MAX,
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
    Port("gate_queue", "1", OUT, Kind.STATE, "city", "Trucks that queue before the gate.", record=Record.SERIES),
)  # fmt: skip
