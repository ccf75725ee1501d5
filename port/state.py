"""What a terminal is made of while it works: machines, vessels, trucks, orders. No engine in here."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from port.draws import Stream
from port.network import Spot

TraceRow = tuple[int, str, str, int, str]
"""(time_us of the end, machine, cycle, box or −1, truck)."""

RECEIVE, DELIVER, STORE, RETRIEVE = "RECEIVE", "DELIVER", "STORE", "RETRIEVE"
"""Gantry cycles: from a road truck, onto a road truck, from the quay, towards the quay."""
DISCHARGE, LOAD, GATE_IN, GATE_OUT = "DISCHARGE", "LOAD", "GATE_IN", "GATE_OUT"


@dataclass
class Machine:
    """Container handling equipment (CHE). A machine with any stop starts no new cycle; the running one ends.

    stops     cause -> since when (µs); `episodes` holds (cause, from, until) of stops that are over
    changed   the engine's own signal that a stop has ended
    """

    id: str
    number: int
    stream: Stream
    changed: Any
    stops: dict[str, int] = field(default_factory=dict)
    episodes: list[tuple[str, int, int]] = field(default_factory=list)
    busy: bool = False
    busy_us: int = 0
    moves: int = 0

    def stop(self, cause: str, now_us: int) -> None:
        self.stops.setdefault(cause, now_us)

    def free(self, cause: str, now_us: int) -> bool:
        """End a stop; True when it was the last one."""
        since = self.stops.pop(cause, None)
        if since is None:
            return False
        self.episodes.append((cause, since, now_us))
        return not self.stops

    def all_stops(self, now_us: int) -> list[tuple[str, int, int]]:
        """(cause, from, until) of every stop so far, in µs; those that last end now. Stops may overlap."""
        return [*self.episodes, *((cause, since, now_us) for cause, since in self.stops.items())]


@dataclass
class Crane(Machine):
    """A quay crane. `line`: trucks that stand under it, in order of arrival."""

    spot: Spot = (0, 0.0)
    berth: int = 0
    vessel: Vessel | None = None
    line: deque[Visit] = field(default_factory=deque)
    open_orders: int = 0
    since_us: int = 0
    assigned_us: int = 0
    starved_since_us: int | None = None
    starved_us: int = 0


@dataclass
class Gantry(Machine):
    """A yard gantry. `box`: what hangs on its spreader."""

    block: int = 0
    box: int | None = None


@dataclass
class Truck(Machine):
    """A driverless truck. `pace`: µs per metre of every lane, shared by the fleet; 0 where nobody moves."""

    spot: Spot = (0, 0.0)
    pace: list[float] = field(default_factory=list)
    order: Order | None = None
    box: int | None = None
    empty_m: float = 0.0
    loaded_m: float = 0.0


@dataclass
class Visitor:
    """A road truck, from its arrival at the gate until it is back on the road.

    task     `deliver` an export box or `collect` an import box
    outcome  `served`, `empty` (no box to collect) or `refused` (no room for its box); empty text while inside
    """

    id: str
    task: str
    arrived_us: int
    stream: Stream
    pace: list[float]
    spot: Spot = (0, 0.0)
    admitted_us: int = -1
    departed_us: int = -1
    outcome: str = ""
    box: int | None = None
    stops: dict[str, int] = field(default_factory=dict)


@dataclass
class Vessel:
    """A call. Boxes `ordered` are those for which a transport order has been given."""

    number: int
    name: str
    berth: int
    at_us: int
    discharge: int
    load: int
    leaves_us: int
    stream: Stream
    finished: Any
    berthed_us: int = -1
    work_us: int = -1
    departed_us: int = -1
    ordered_discharge: int = 0
    ordered_load: int = 0
    discharged: int = 0
    loaded: int = 0
    expected: int = 0

    @property
    def moves(self) -> int:
        return self.discharged + self.loaded

    @property
    def total(self) -> int:
        return self.discharge + self.load


@dataclass
class Order:
    """A box's way between quay and yard. `block` is −1 until a discharged box has been given one."""

    number: int
    crane: Crane
    vessel: Vessel
    pick_up: Spot
    box: int = -1
    block: int = -1

    @property
    def is_load(self) -> bool:
        return self.box >= 0


@dataclass
class Visit:
    """A truck under a crane; `done` is the engine's event that its box has changed hands."""

    truck: Truck
    order: Order
    done: Any


@dataclass
class Request:
    """A truck in a block's lane. `vessel`: for whom a box is that goes into stock (see `Stock.allot`)."""

    cycle: str
    box: int
    truck: Truck | Visitor
    done: Any
    vessel: int | None = None


@dataclass
class BlockSide:
    """What stands before a block. `work`: boxes assigned to it and not yet handled."""

    line: deque[Request] = field(default_factory=deque)
    called: Any = None
    work: int = 0
    gantries: int = 1


@dataclass
class Tally:
    """Everything that crossed the terminal's border, and what was counted on the way."""

    stock_start: int = 0
    discharged: int = 0
    loaded: int = 0
    delivered: int = 0
    collected: int = 0
    arrived: int = 0
    departed: int = 0
    left_empty: int = 0
    refused: int = 0
    rehandles: int = 0
    longest_queue: int = 0
