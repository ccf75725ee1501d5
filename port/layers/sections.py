"""Parts of a terminal's file that tie its trucks to road and cloud. Each is a layer: left out, it does nothing.

A figure without a source in its docstring is an assumption; none was found that could be cited.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from port.sections import XY, Breakdown, Name, NotNegative, Positive, ShareOf1
from twin.scenario.base import Section
from twin.scenario.quantities import Distance, Duration, Speed

Received = Annotated[float, Field(gt=0.0, lt=1.0)]
Length = Annotated[Distance, Field(gt=0)]
Time = Annotated[Duration, Field(gt=0)]


class Unit(Section):
    """Something that stands beside the road: a radio or a sensor."""

    id: Name
    at: XY


class Cellular(Section):
    """The public or private 5G network as a second path for the same messages."""

    availability: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.99
    """Share of the messages that arrive, anywhere on the terminal; losses are taken as independent."""
    latency: Duration = 0.047
    """From sender to wheel: a round trip through the network was measured with 47 ms."""
    breakdown: Breakdown | None = None
    """Outages of the whole network."""


def _units_tag(value: Any) -> str:
    return "list" if isinstance(value, (list, tuple)) else "count"


class RadioSpec(Section):
    """Messages to driverless trucks by C-V2X sidelink from roadside units, and by 5G if there is any.

    Path loss, sight through stacks and reception as `twin port radio` has them (3GPP TR 37.885).
    """

    units: Annotated[
        Annotated[Annotated[int, Field(ge=0, le=200)], Tag("count")] | Annotated[tuple[Unit, ...], Tag("list")],
        Discriminator(_units_tag),
    ] = 0
    """Roadside units with their places; or how many, for the best places found (named R1, R2, …)."""
    height: Length = 5.0
    """Antennas of the units: 5 m in TR 37.885."""
    fill: ShareOf1 = 0.7
    """How high the stacks stand against their tiers: yards run at 60 to 80 % (assumption)."""
    refresh: Annotated[Duration, Field(ge=60)] | None = None
    """How often rays are cast anew past the stacks as they stand, by the stock of each block; never unless given."""
    interference_db: NotNegative = 0.0
    """By how much other senders raise the noise."""
    period: Time = 0.1
    """Between messages: 10 Hz (3GPP TS 22.185)."""
    latency: Duration = 0.02
    """From a roadside unit to the wheel."""
    cellular: Cellular | None = None
    quantile: Received = 0.99
    """The age of messages that is planned for is exceeded in 1 − quantile of the cases."""
    clear_distance: Length = 40.0
    """D, within which a truck must be able to stop: a junction's sight in a yard."""
    slow: Time = 0.5
    """T1: where the planned-for age is above it, trucks crawl."""
    crawl: Annotated[Speed, Field(gt=0)] = 5 / 3.6
    stop: Time = 1.0
    """T2: above it a truck stops, and goes on when a remote operator has taken over."""
    wanted: Received = 0.99
    """Of messages; what counts as covered in the figures."""
    breakdown: Breakdown | None = None
    """Random failures of every unit. No uptime of such units that could be cited was found."""


class Positioning(Section):
    """Alignment within a tolerance: a normal error that grows where steel hides the sky.

    A try fails when the error leaves ± tolerance. Its spread in the open is the one that gives the file's
    `retry_probability`; hidden sky adds `multipath` times the hidden share, as independent errors add.
    """

    tolerance: Annotated[Distance, Field(gt=0, le=1)] = 0.04
    """Trucks of an automated terminal stop within ± 3 cm; spreaders forgive about ± 5 cm."""
    multipath: Distance = 0.10
    """Spread for a wholly hidden sky. Set so that the retries go from 0.1 in the open to 0.35 beside a full stack, the
    span over which a trial moved them (0.1 to 0.3)."""
    crane_hidden: ShareOf1 = 0.2
    """Share of the sky that a quay crane's legs and portal hide from a truck under it."""
    side: Length = 5.0
    """From the truck's antenna to the face of the stack."""
    antenna: Distance = 3.0
    """Height of the truck's antenna (vehicle type 3 of TR 37.885)."""
    refresh: Annotated[Duration, Field(ge=1)] = 600.0
    """How often the stacks' heights are looked at."""


class Perception(Section):
    """Corners that stacks hide, and roadside sensors that see round them.

    Before a junction of three lanes or more a truck must be able to stop within the distance D from which it sees
    `crossing` metres into every other lane. A sensor that sees all of that tells it over the radio, and D is `reach`.
    """

    units: tuple[Unit, ...] = ()
    range: Length = 80.0
    """How far a roadside sensor sees."""
    height: Length = 6.0
    crossing: Length = 25.0
    """How far into the other lanes must be seen: 3.5 s of a truck at 25 km/h."""
    reach: Length = 60.0
    """D with the sensor's picture, and without a corner."""
    eye: Length = 2.0
    """Height of the truck's own sensor."""
    target: Length = 1.5
    """Height of what is to be seen."""
    least: Length = 8.0
    """D where nothing is seen before the stop line."""
    fill: ShareOf1 = 0.7
    breakdown: Breakdown | None = None
    """Random failures of every sensor; one that is a radio, too, fails as the radio does."""


class Feeder(Section):
    """A power feeder below the terminal's own supply; assets feed it as `port.<id>`."""

    id: Name
    cranes: tuple[Name, ...] = ()
    blocks: tuple[Name, ...] = ()
    """Their gantries."""
    units: tuple[Name, ...] = ()
    """Roadside units, for radio or sensing."""


class Rain(Section):
    """What rain takes from a lidar's range r: r² = r₀² exp(−2 α r) with α = a R^b per metre, R in mm/h.

    Goodin et al. (2019), Electronics 8(1) 89: a 0.01, b 0.6.
    """

    clear_range: Length = 100.0
    """r₀, in dry air."""
    a: NotNegative = 0.01
    b: Positive = 0.6
