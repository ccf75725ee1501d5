"""The scenario's `traffic` section. What a timeline may do to the roads is in `traffic.verb_args`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from traffic.flood_config import Flooding
from traffic.reach_config import Reach
from twin.scenario.base import InputFile, Section
from twin.scenario.quantities import Distance, Duration, Share


class Rerouting(Section):
    """Drivers who look for a better way while they drive, as with a navigation app. Those whose way is cut look
    for another in any case."""

    share: Annotated[Share, Field(ge=0, le=1)] = 0.3
    """Share of vehicles that compare ways again and again (0 to 1). An assumption: navigation in use."""
    period: Duration = 300.0
    """How often they do."""


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


class Queue(Section):
    """The queue engine."""

    parameters: InputFile | None = None
    """What `twin traffic fit` has fitted to a run of SUMO; the engine's own rules when left out."""


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
    engine: Literal["sumo", "queue"] = "sumo"
    """The traffic model: SUMO, or queues on lanes (hundreds of times faster; how near it comes to SUMO on your network
    says `twin verify traffic`)."""
    queue: Queue = Queue()
    """Settings of `engine: queue`."""
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
    blue_light: bool | None = None
    """Emergency vehicles pass red lights, giving way to whom is on the junction. Yes when left out; no with a
    `sumocfg`, which is run as it is."""
    reach: Reach | None = None
    """Rescue stations and people: whom an ambulance and a fire engine reach in time."""
    gate: Gate | None = None
    """The terminal's gate on this network."""
    cancelled_loss: Duration = 3600.0
    """Time that a trip which cannot begin counts as lost in `lost_hours`: an hour, an assumption. Without it a
    scenario looks the better the more trips it keeps at home."""
    counts: InputFile | None = None
    """Traffic counts (SUMO edgeData XML with `entered`, `count` or `left`) to hold the run against."""
    journeys: InputFile | None = None
    """Measured journey times (CSV with `from_edge,to_edge,seconds`) to hold the run against."""
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
