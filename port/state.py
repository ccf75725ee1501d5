"""What a terminal is made of while it works: machines, vessels, trucks, orders. No engine in here."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from port.codes import EMPTY, LOADED, MANNED, OWN
from port.draws import Stream
from port.network import Spot

TraceRow = tuple[int, str, str, int, str]
"""(time_us of the end, machine, cycle, box or −1, truck)."""

RECEIVE, DELIVER, STORE, RETRIEVE = "RECEIVE", "DELIVER", "STORE", "RETRIEVE"
"""Gantry cycles: from a road truck, onto a road truck, from the quay, towards the quay."""
DISCHARGE, LOAD, GATE_IN, GATE_OUT = "DISCHARGE", "LOAD", "GATE_IN", "GATE_OUT"


@dataclass(eq=False)
class Machine:
    """Container handling equipment (CHE). A machine with any stop starts no new cycle; the running one ends.

    stops     cause -> since when (µs); `episodes` holds (cause, from, until) of stops that are over
    halted    how many stops there are, as the engine counts them
    """

    id: str
    number: int
    stops: dict[str, int] = field(default_factory=dict)
    episodes: list[tuple[str, int, int]] = field(default_factory=list)
    halted: int = 0
    busy: bool = False
    busy_us: int = 0
    moves: int = 0

    def stop(self, cause: str, now_us: int) -> bool:
        """One more stop; False when this cause stops it already."""
        if cause in self.stops:
            return False
        self.stops[cause] = now_us
        return True

    def free(self, cause: str, now_us: int) -> bool:
        """End a stop; False when there was none of this cause."""
        since = self.stops.pop(cause, None)
        if since is None:
            return False
        self.episodes.append((cause, since, now_us))
        return True

    def all_stops(self, now_us: int) -> list[tuple[str, int, int]]:
        """(cause, from, until) of every stop so far, in µs; those that last end now. Stops may overlap."""
        return [*self.episodes, *((cause, since, now_us) for cause, since in self.stops.items())]


@dataclass(eq=False)
class Crane(Machine):
    """A quay crane. `line`: trucks that stand at it, in order of arrival. `cover`: trucks that are to come to it.

    waited_us, waits : time that trucks have stood in line before their handover, and how many have
    """

    stream: Stream | None = None
    spot: Spot = (0, 0.0)
    berth: int = 0
    vessel: Vessel | None = None
    line: deque[Truck] = field(default_factory=deque)
    serving: Truck | None = None
    open_orders: int = 0
    cover: int = 0
    since_us: int = 0
    assigned_us: int = 0
    starved_since_us: int | None = None
    starved_us: int = 0
    last_handed: int = 0
    paired: bool = False
    last_ordered: int = 0
    begun_us: int = 0
    waited_us: int = 0
    waits: int = 0
    wake: Any = None


@dataclass(eq=False)
class Gantry(Machine):
    """A yard gantry. `box`: what hangs on its spreader; `held`: for a truck that is not there yet."""

    stream: Stream | None = None
    block: int = 0
    box: int | None = None
    serving: Vehicle | None = None
    begun_us: int = 0
    dug: int = 0
    cycle: int = 0
    owner: int | None = None
    held: bool = False
    wake: Any = None


@dataclass(eq=False)
class Vehicle:
    """What moves: at a place, or on an arc on its way to `goal`.

    kind      0 driverless, 1 manned
    place     where it stands, −1 on a lane;  arc: the lane and direction, −1 at a place
    since_us  when it came to stand where it waits
    rested    it starts the next lane from standing
    blocked   reasons why it may not move (stops, a call for an operator)
    leg_mm, leg_us, final : the piece of lane under way; whether it ends at the goal
    asked     boxes still to be handled at the block; `cycle` says how, `asked_us` since when
    there     it stands at the block, where gantries may begin before
    """

    id: str
    number: int
    kind: int
    stream: Stream
    place: int
    goal: int = -1
    arc: int = -1
    since_us: int = 0
    rested: bool = True
    blocked: int = 0
    factor: float = 1.0
    leg_mm: int = 0
    leg_us: int = 0
    final: bool = False
    boxes: list[int] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    cycle: int = 0
    owner: int | None = None
    asked_us: int = 0
    there: bool = True
    wake: Any = None

    @property
    def mode(self) -> int:
        """Row of the table of speeds."""
        return (LOADED if self.boxes else EMPTY) if self.kind == OWN else MANNED


@dataclass(eq=False)
class Truck(Machine):
    """A driverless truck.

    level_j   energy in the battery (J); used_j since the start;  power_us: until when idle use is counted
    stage     of its order (see `port.codes`), since `stage_us`, begun at the place `origin`
    """

    car: Vehicle = None  # type: ignore[assignment]
    order: Order | None = None
    begun_us: int = 0
    empty_mm: int = 0
    loaded_mm: int = 0
    level_j: int = 0
    used_j: int = 0
    power_us: int = 0
    takeovers: int = 0
    swaps: int = 0
    stage: int = 0
    stage_us: int = 0
    origin: int = -1

    @property
    def empty_m(self) -> float:
        return self.empty_mm / 1000

    @property
    def loaded_m(self) -> float:
        return self.loaded_mm / 1000


@dataclass(eq=False)
class Visitor:
    """A road truck, from its arrival at the gate until it is back on the road.

    task     `deliver` an export box or `collect` an import box
    outcome  `served`, `empty` (no box to collect) or `refused` (no room for its box); empty text while inside
    """

    id: str
    task: str
    arrived_us: int
    car: Vehicle
    admitted_us: int = -1
    departed_us: int = -1
    outcome: str = ""
    box: int | None = None


@dataclass(eq=False)
class Vessel:
    """A call. Boxes `ordered` are those for which a transport order has been given.

    berth      −1 while a ship that may lie anywhere has none
    wanted     boxes for it that lie in the yard at the start
    coming     boxes that `transfers` of other calls name for it
    expected   boxes that it lacks and that nobody has yet: neither there, nor coming, nor brought by road
    transfers  [number of a call, boxes that it gets from this one and that have not been discharged yet]
    """

    number: int
    name: str
    berth: int
    at_us: int
    discharge: int
    load: int
    leaves_us: int
    stream: Stream
    berthed_us: int = -1
    work_us: int = -1
    departed_us: int = -1
    ordered_discharge: int = 0
    ordered_load: int = 0
    discharged: int = 0
    loaded: int = 0
    expected: int = 0
    wanted: int = 0
    coming: int = 0
    transfers: list[list[int]] = field(default_factory=list)
    anywhere: bool = False
    wake: Any = None

    @property
    def moves(self) -> int:
        return self.discharged + self.loaded

    @property
    def total(self) -> int:
        return self.discharge + self.load


@dataclass(eq=False)
class Order:
    """A way between quay and yard. Loading: `boxes` and `block` are known; discharging: `count` boxes, block −1."""

    number: int
    crane: Crane
    vessel: Vessel
    pick_up: int
    count: int
    boxes: list[int] = field(default_factory=list)
    block: int = -1

    @property
    def is_load(self) -> bool:
        return bool(self.boxes)


@dataclass(eq=False)
class BlockSide:
    """What stands before a block. `work`: boxes assigned to it and not yet handled."""

    line: deque[Vehicle] = field(default_factory=deque)
    work: int = 0
    gantries: int = 1
    waited_us: int = 0
    waits: int = 0


@dataclass(eq=False)
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
    transhipped: int = 0
    rehandles: int = 0
    longest_queue: int = 0
    gridlocks: int = 0
