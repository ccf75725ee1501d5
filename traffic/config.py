"""The scenario's `traffic` section, and what a timeline may do to the roads."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from traffic.flood import CLOSING_DEPTH_M
from twin.scenario.base import InputFile, Section, Verb
from twin.scenario.quantities import Distance, Duration, Share, Speed


class Rerouting(Section):
    """Drivers who look for a better way while they drive, as with a navigation app. Those whose way is cut look
    for another in any case."""

    share: Annotated[Share, Field(ge=0, le=1)] = 0.3
    """Share of vehicles that compare ways again and again (0 to 1). An assumption: navigation in use."""
    period: Duration = 300.0
    """How often they do."""


class Flooding(Section):
    """How water on a street acts on its vehicles."""

    closing_depth: dict[str, Distance] = Field(default_factory=dict)
    """Depth from which a street is closed, by SUMO vehicle class; those not named keep the default (passenger
    0.3 m, delivery and bus 0.4 m, truck and emergency 0.6 m: see docs/traffic.md for sources)."""
    reopen_share: Annotated[Share, Field(gt=0, le=1)] = 0.5
    """A street opens again when the water is below this share of the closing depth ..."""
    reopen_after: Duration = 600.0
    """... and has been for this long (somebody has to look at it first). An assumption."""
    crawl_speed: Speed = 5 / 3.6
    """Speed of those who still drive where the speed law for cars gives less: high trucks, and vehicles that leave
    a street which closes around them. Walking speed."""

    @model_validator(mode="after")
    def _known_classes(self) -> Self:
        from twin.scenario.problems import suggest

        for name, depth in self.closing_depth.items():
            if name not in CLOSING_DEPTH_M:
                raise ValueError(f"no vehicle class '{name}'.{suggest(name, CLOSING_DEPTH_M)}")
            if depth <= 0:
                raise ValueError(f"the closing depth of '{name}' must be more than 0 m")
        return self

    def depths(self) -> dict[str, float]:
        """Closing depth in m for every road vehicle class."""
        return {**CLOSING_DEPTH_M, **self.closing_depth}


class Gate(Section):
    """Where container trucks leave the road for the terminal. A truck's route stops first on `edge` (on the lane,
    so that the queue stands on the road) and then on `yard_edge` (parked, off the road)."""

    edge: str
    """Street edge of the gate lanes."""
    yard_edge: str
    """Street edge behind the gate where a truck stays while it is served."""
    queue_reach: Distance = 500.0
    """Trucks that stand this far before the gate or nearer count as its queue."""
    carry: tuple[str, ...] = ("task", "box", "size", "weight")
    """Parameters (`<param key=...>`) of the truck or its type that the terminal is told."""


class TrafficConfig(Section):
    """Road traffic on a SUMO network. Give `network` and `demand`, or a `sumocfg` that names them."""

    network: InputFile | None = None
    """SUMO network (`.net.xml`, `.net.xml.gz`)."""
    demand: tuple[InputFile, ...] = ()
    """Route and trip files, each sorted by departure."""
    additional: tuple[InputFile, ...] = ()
    """Stops, vehicle types, signal programs and so on."""
    sumocfg: InputFile | None = None
    """A SUMO configuration instead of the three above; its processing options are kept, its outputs are not."""
    engine: Literal["sumo"] = "sumo"
    """The traffic model."""
    mode: Literal["micro", "meso"] = "micro"
    """Every vehicle (micro), or queues on 100 m segments (meso: faster, but blind to a queue at the gate)."""
    step: Duration | None = None
    """Time step; SUMO's 1 s, or the configuration's."""
    exchange: Duration = 10.0
    """How often trucks are handed over at the gate."""
    rerouting: Rerouting | None = None
    """Drivers who look for better ways all the time; none when left out."""
    flooding: Flooding = Flooding()
    """How water acts on vehicles."""
    time_to_teleport: Duration | None = None
    """SUMO lifts a vehicle that is stuck this long over what blocks it. Left out: never (with a `sumocfg`: as it
    says), because a lifted vehicle would cross the water that holds it."""
    junction_patience: Duration = 30.0
    """After this long drivers squeeze past a vehicle that stands on a junction. An assumption, and a needed one: with
    neither this nor teleports a single blocked junction locks the city for good. Not used with a `sumocfg`."""
    emergency_target: Duration = 480.0
    """Response time that an ambulance must keep: 8 min (NHESS 17, 1-16, 2017)."""
    gate: Gate | None = None
    """The terminal's gate on this network."""
    skip_invalid: bool = False
    """Leave out trips that SUMO refuses (counted), instead of refusing the run."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.network is None) == (self.sumocfg is None):
            raise ValueError("give either `network` (with `demand`) or `sumocfg`")
        if self.sumocfg is not None and (self.demand or self.additional):
            raise ValueError("a `sumocfg` names its own demand: leave `demand` and `additional` out")
        if self.network is not None and not self.demand:
            raise ValueError("there is no traffic without `demand`: name at least one route or trip file")
        return self


class Place(Verb):
    """One edge, several edges, or all edges of a street."""

    edge: str | None = None
    """Edge id."""
    edges: tuple[str, ...] = ()
    """Edge ids."""
    street: str | None = None
    """Street name: all its edges, both directions."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum((self.edge is not None, bool(self.edges), self.street is not None)) != 1:
            raise ValueError("say where: `edge`, `edges` or `street`")
        return self

    def ids(self) -> tuple[str, ...]:
        """The edges named by id (none for a street)."""
        return (self.edge,) if self.edge is not None else self.edges


class Close(Place):
    """Close a road, to all or to some classes of vehicles."""

    classes: tuple[str, ...] = ()
    """SUMO vehicle classes (`passenger`, `truck`, ...); all when left out."""


class Open(Place):
    """End every closure by an event on a road (water still closes it)."""


class SpeedLimit(Place):
    """Set another speed limit."""

    speed: Speed
    """The limit."""


class Incident(Verb):
    """A lane is blocked."""

    edge: str
    """Edge id."""
    lane: Annotated[int, Field(ge=0)] | None = None
    """Lane index, 0 is the kerb; the rightmost lane for cars when left out."""


class SignalsOff(Verb):
    """Traffic lights go dark: the junction's right of way holds."""

    signals: tuple[str, ...] = ()
    """Ids of traffic lights; all when left out."""


VERBS: dict[str, type[Verb]] = {
    "close": Close,
    "open": Open,
    "speed_limit": SpeedLimit,
    "incident": Incident,
    "signals_off": SignalsOff,
}
