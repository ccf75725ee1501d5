"""Parts of a terminal's file that are switches: traffic on the lanes, energy, breakdowns, remote operators.

Each can be left out or set to nothing, and the terminal then works without it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from port.units import Braking, Shift
from twin.scenario.base import Section
from twin.scenario.quantities import Distance, Duration

Probability = Annotated[float, Field(ge=0.0, lt=1.0)]
ShareOf1 = Annotated[float, Field(ge=0.0, le=1.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
Positive = Annotated[float, Field(gt=0.0)]
Count = Annotated[int, Field(ge=0)]
Several = Annotated[int, Field(ge=1)]
Name = Annotated[str, Field(pattern=r"^\S+$")]
XY = tuple[float, float]
Ramp = Annotated[Braking | None, BeforeValidator(lambda given: None if given == "none" else given)]
"""An acceleration, or the word `none` for vehicles without inertia (a key left empty has its default)."""


class Spread(Section):
    """A duration that varies."""

    mean: Duration
    cv: Annotated[float, Field(ge=0.0, le=3.0)] = 0.25
    """Standard deviation over mean; unused by the exponential and deterministic shapes."""
    shape: Literal["lognormal", "exponential", "deterministic"] = "lognormal"


class Dwell(Section):
    """How long boxes stay in the yard, and so when they are ready to go.

    Means of full boxes from one operator, as ConFlowGen's defaults give them (lognormal, variance in h² 25 times the
    mean in h, which makes the cv here): ship to truck 3 days, truck to deep-sea ship 6.5, deep-sea ship to feeder 4.3.
    They are of one place and time: put the terminal's own in.
    """

    imports: Spread = Spread(mean="72 h", cv=0.6)
    """From the stack until the box is released and its truck may come; the wait for that truck comes on top."""
    exports: Spread = Spread(mean="156 h", cv=0.4)
    """Before its ship comes, a truck brings its box. A ship that is there and lacks boxes is served first."""
    transhipment: Spread = Spread(mean="103 h", cv=0.5)
    """From the discharge to the arrival of the ship that takes the box on."""
    released: ShareOf1 = 0.2
    """Of the imports at the start, those that wait for their truck already. The others have the rest of a stay before
    them, as one finds it at any time in a yard that works evenly. No published figure: a plain assumption."""


class Lateness(Section):
    """A normal distribution of time against plan."""

    mean: Shift = 0.0
    deviation: Duration = 1200.0


class Appointments(Section):
    """Slots at the gate, each for so many trucks."""

    quota: Annotated[int, Field(ge=1)]
    """Trucks that may book one slot."""
    slot: Annotated[Duration, Field(ge=300, le=86400)] = 3600.0
    """Length of a slot; slots begin at midnight."""
    share: ShareOf1 = 1.0
    """Of the trucks, those that must book; the others come when it suits them."""
    shift: Duration = 21600.0
    """How much later than wished a truck still books; beyond, it stays away (and is counted). Assumed."""
    lateness: Lateness = Lateness()
    """How late trucks are, against an even draw over their slot; negative is early. No published figure that holds
    elsewhere was found: 20 min is a plain assumption, take the gate's log."""
    no_show: ShareOf1 = 0.0
    """Of the booked trucks, those that do not come."""


class Breakdown(Section):
    """Random failures of every machine of a class, exponentially apart; the running cycle is finished."""

    between: Duration
    """Mean time between the end of a repair and the next failure. No published figure for such fleets was found:
    take it from the workshop's log."""
    repair: Spread = Spread(mean="30 min", cv=1.0)
    """Half an hour until a technician has reset or towed it; a plain assumption."""


class Energy(Section):
    """What a driverless truck uses, and what its battery holds.

    From a battery AGV at Hamburg-Altenwerder: 331 kWh (720 V, 460 Ah) last about 17 h (HHLA, 2013), so 19 kWh/h; with
    the 800 m of a mean move and 6 to 7 moves an hour, 5 kW idle leave 2.7 kWh/km, dealt out here to empty and loaded.
    """

    empty_kwh_per_km: NotNegative = 2.0
    loaded_kwh_per_km: NotNegative = 3.4
    idle_kw: NotNegative = 5.0
    """Steering, sensors, computers and cooling, all the time."""
    battery_kwh: Positive = 331.0
    threshold: ShareOf1 = 0.25
    """A truck that has finished an order with less than this goes to a station."""
    start: tuple[ShareOf1, ShareOf1] = (0.5, 1.0)
    """Charge at the start, evenly drawn between these, so that the fleet does not come to the station as one."""


class Station(Section):
    """A charging or battery swap station. Without any, batteries never end; energy is still counted."""

    id: Name
    at: XY
    bays: Several = 2
    kind: Literal["swap", "charge"] = "swap"
    swap: Spread = Spread(mean="300 s", cv=0.1)
    """Under 5 min was promised with the order of a swapping fleet (Felixstowe)."""
    power_kw: Positive = 220.0
    """A full charge in 90 min (lithium-ion AGV, Hamburg-Altenwerder, 2018): 331 kWh / 1.5 h."""


class Remote(Section):
    """Takeovers: a driverless truck that cannot go on stops until one of a few operators drives it out of it."""

    per_1000_km: NotNegative = 0.0
    """Calls for help. No citable figure for terminals was found, so it is off unless given."""
    operators: Several = 2
    takeover: Spread = Spread(mean="60 s", cv=0.5)
    """From the operator's first look until the truck drives by itself again; a plain assumption."""


class Roads(Section):
    """How trucks share lanes and junctions."""

    occupation: bool = True
    """A lane takes length / (vehicle + gap) trucks, rounded, at least one; a full lane lets nobody in. Each direction
    counts by itself."""
    vehicle: Annotated[Distance, Field(gt=0)] = 15.0
    """A driverless flat-bed for a 45-foot box (13.7 m) with its bumpers; AGVs are 14.8 m long."""
    gap: Distance = 6.0
    """Standing gap: what a braking reserve of 1 s at 20 km/h needs."""
    junctions: bool = True
    """One truck at a time in a junction of three or more lanes; it must have its place on the next lane first."""
    clearance: Duration = 4.0
    """Time a junction is taken: 15 m of truck and 8 m of conflict area at 20 km/h."""
    right_of_way: Literal["first_come", "manned_first", "driverless_first", "loaded_first"] = "first_come"
    exclusion: bool = False
    """While a gantry serves a manned truck, no driverless one is served in the same block, and the other way round."""
    gridlock: Literal["resolve", "stop"] = "resolve"
    """What happens when trucks wait for each other in a ring of full lanes: the control centre lets all of them move
    up at once (and the event is told), or the run stops. Both name trucks and lanes."""
