"""The terminal's own file: what it may hold, and the source of every default.

`Terminal` is the file as pydantic sees it; `port.reading` reads one and says of every mistake where it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, ModelWrapValidatorHandler, PrivateAttr, Tag, ValidationInfo, model_validator

from port.layers.sections import Feeder, Perception, Positioning, RadioSpec, Rain
from port.sections import (
    XY,
    Appointments,
    Breakdown,
    Count,
    Dwell,
    Energy,
    Name,
    Probability,
    Ramp,
    Remote,
    Roads,
    Several,
    ShareOf1,
    Spread,
    Station,
)
from port.units import Angle, Braking
from twin.scenario.base import InputFile, Section
from twin.scenario.quantities import Distance, Duration, Speed

if TYPE_CHECKING:
    from port.messages.stowage import Work

KMH = 1.0 / 3.6


class Berth(Section):
    """A berth with given coordinates."""

    id: Name
    line: tuple[XY, XY]
    """The quay's edge."""
    cranes: Several = 2
    """Quay cranes, standing evenly along the berth."""
    crane_points: tuple[XY, ...] = ()
    """Where the cranes stand, instead of evenly; one point a crane."""

    @model_validator(mode="after")
    def _one_point_a_crane(self) -> Berth:
        if self.crane_points and len(self.crane_points) != self.cranes:
            raise ValueError(f"{len(self.crane_points)} crane_points for {self.cranes} cranes: give one a crane")
        return self


class Lane(Section):
    """A piece of road inside the terminal, between two junctions."""

    id: Name
    line: Annotated[tuple[XY, ...], Field(min_length=2)]
    limit: Speed = 20 * KMH
    """Posted limit. 35 km/h on main roads, 20 in blocks and on the quay, 5 at gates (limits posted at a Chinese
    automated terminal)."""
    oneway: bool = False
    """Only from the line's first point to its last."""
    trucks: Literal["all", "driverless", "manned"] = "all"
    """Who may drive here."""


class BlockSpec(Section):
    """A yard block; trucks are served in its lane, under the gantry's cantilevers."""

    id: Name
    lane: Name
    bays: Several = 30
    rows: Several = 8
    tiers: Several = 5
    gantries: Several = 1


class Layout(Section):
    """Measures of the generated layout."""

    berth_length: Annotated[Distance, Field(ge=20)] = 323.0
    """A quarter of 1,292 m: the quay of the reference terminal has four berths."""
    depth: Annotated[Distance, Field(ge=160)] = 700.0
    """Gate to quay edge; 0.914 km² over 1,292 m of quay gives 707 m."""
    cranes: Several | None = None
    """Quay cranes in all. Default 2.5 a berth: the reference terminal's number is not published; another of its
    kind opened with 10 for four large berths."""
    blocks: Several | None = None
    """Yard blocks. Default 7 a berth (28 gantries for four berths), as far as 36 m each fit along the quay."""
    gantries: Several | None = None
    """In all. Default 7 a berth: 28 double-cantilever gantries for four berths."""
    rows: Several = 8
    """Rows of a block: 8 to 12 under a rail-mounted gantry; 8 leaves room for both cantilever lanes in 36 m."""
    tiers: Several = 5
    """Stacking height 1 over 5, usual for rail-mounted gantries."""
    stations: Count = 0
    """Battery swap stations, evenly along the main road. The reference terminal's number is not published."""


Hours = Annotated[tuple[Annotated[float, Field(ge=0.0)], ...], Field(min_length=24, max_length=24)]
"""One number for each hour of the day, from midnight."""


class Gate(Section):
    """Where road trucks come in and go out."""

    at: XY | None = None
    """Default: the origin."""
    lanes_in: Several = 4
    lanes_out: Several = 3
    service_in: Spread = Spread(mean="45 s", cv=0.35)
    """Measured between 24 s a batch (an automated gate in Dalian) and 90 s with a check of papers; 45 s stands in
    the middle until the user's own log says better."""
    service_out: Spread = Spread(mean="24 s", cv=0.2)
    """No papers on the way out: the automated figure, 24 s."""
    profile: Hours = (
        *(0.2, 0.2, 0.2, 0.2, 0.3, 0.5, 0.9, 1.4, 1.7, 1.8, 1.8, 1.6),
        *(1.3, 1.5, 1.7, 1.7, 1.6, 1.5, 1.2, 0.9, 0.7, 0.5, 0.4, 0.2),
    )
    """Shares of the day's trucks in its 24 hours, as weights (they need not add up to 1). A plain working-day shape
    with a lunch dip, not a measurement."""
    appointments: Appointments | None = None
    """Slots that trucks book before they come. Without it, everybody comes when it suits."""


class Fleet(Section):
    """The driverless trucks between quay and yard."""

    trucks: Several | None = None
    """Default 5 a quay crane: an automated terminal opened with 50 vehicles for 10 cranes."""
    speed: Annotated[Speed, Field(gt=0)] = 35 * KMH
    """The fastest they go, where the lane's limit allows: the posted limit of the main road."""
    speed_loaded: Annotated[Speed, Field(gt=0)] = 25 * KMH
    """With a box; no published figure, between the posted 20 in blocks and 35 on the main road."""
    acceleration: Ramp = 0.5
    """From standing. AGVs and heavy trucks reach 0.3 to 0.6 m/s² laden (assumed); or the word `none`."""
    deceleration: Ramp = 0.7
    """Braking to a planned stop, gentle enough for the load (assumed); or the word `none`."""
    travel_spread: ShareOf1 = 0.1
    """Travel times vary evenly by ± this share. Not measured; breaks a lockstep that real yards do not have."""
    turn_time: Duration = 7.0
    """Lost at a turn of more than 45°: 12.6 m (a quarter circle of 8 m) at the posted 5 km/h instead of 20 km/h."""
    brake: Braking = 3.0
    """Deceleration with a loaded trailer; half of what a car manages."""
    reaction: Duration = 0.5
    """From sensing to braking. Drivers need 1 to 2 s."""
    sight_share: ShareOf1 = 0.5
    """Sensed distance over meteorological visibility V. Extinction is about 3/V, so at V/2 a lidar gets back
    e^(−2·3/V·V/2) = 5 % of its clear-air power."""
    energy: Energy = Energy()
    breakdown: Breakdown | None = None
    remote: Remote = Remote()
    rain: Rain = Rain()
    """`rain: {a: 0}` for trucks that do not mind it."""


class QuayCrane(Section):
    """Starting values of a crane with a skilled crew, 36 moves an hour when trucks never lack; fit them to logs."""

    handover: Spread = Spread(mean="25 s", cv=0.2)
    """Spreader down on or off the truck, twist locks."""
    cycle: Spread = Spread(mean="75 s", cv=0.25)
    """The rest of the cycle, without a truck."""
    retry_probability: Probability = 0.1
    """Chance that the truck stands wrong by more than the spreader's tolerance and must align again."""
    retry_time: Duration = 20.0
    orders_ahead: Several = 6
    """Transport orders that a crane keeps open: one more than the trucks it needs on the way."""
    orders: Literal["ahead", "ready"] = "ahead"
    """When a truck is called for a box to discharge: while the crane works on another, or when it is ready for it."""
    twin_share: ShareOf1 = 0.0
    """Of orders, those with two 20-foot boxes under one spreader, where two can be had. Off unless given: it depends
    on the ships (40 % of boxes are 20-foot, ConFlowGen's default)."""
    twin_time: Duration = 10.0
    """Longer handover of a twin lift: four more twist locks (assumed)."""
    dual_cycling: ShareOf1 = 0.0
    """Share of a ship's discharge that is worked with loading in between; 0 discharges all first."""
    dual_saving: Duration = 40.0
    """Saved by a move that follows one of the other kind: one empty trip of the trolley. Half of the crane's own 75 s,
    rounded; Goodchild & Daganzo (2005), UCB-ITS-RR-2005-5, treat a pair as one cycle with two loaded trips."""
    buffer: Count = 0
    """Trucks that may stand at a crane, the one under it included; 0 for no bound. Others wait on the lane."""
    breakdown: Breakdown | None = None


class GantrySpec(Section):
    """Yard gantry."""

    cycle: Spread = Spread(mean="120 s", cv=0.25)
    """One box between stack and truck, travel of the gantry included. Starting value; fit it to logs."""
    rehandle: Duration = 90.0
    """Each box that stands on top of the wanted one."""
    retry_probability: Probability = 0.0
    """Chance of a repeated alignment in the block's lane; counted in the cycle's spread unless given."""
    retry_time: Duration = 20.0
    meeting: Literal["cycle", "instant"] = "cycle"
    """Whether a truck of the fleet stands there for the whole cycle, or meets the gantry for an instant, as at racks: a
    box to store is taken off as the cycle begins, and one to fetch is on the spreader, or under way, when its truck
    comes. The gantry then begins when the truck sets out for it, and holds the box until it is there."""
    buffer: Count = 0
    """Trucks that may stand at a block, those being served included; 0 for no bound."""
    breakdown: Breakdown | None = None

    @model_validator(mode="after")
    def _no_bound_for_instants(self) -> GantrySpec:
        if self.meeting == "instant" and self.buffer:
            raise ValueError("meeting: instant needs buffer: 0, or a truck would wait for the one behind it")
        return self


class RoadTrucks(Section):
    """Trucks from outside."""

    per_day: Annotated[float, Field(ge=0.0)] | None = None
    """Used when no road network brings trucks. Default 428 a berth: 2 M TEU a year over four berths, 1.6 TEU a box,
    half of them by road (assumed), one box a truck."""
    per_hour: Hours | None = None
    """Manned trucks of each hour of the day, counted; instead of `per_day` with the gate's profile."""
    deliver_share: ShareOf1 = 0.5
    """Of trucks whose task is not known: these bring an export box, the others collect an import box."""
    patience: Duration = 1800.0
    """How long a truck waits inside for an import box before it leaves empty."""
    speed: Annotated[Speed, Field(gt=0)] = 35 * KMH
    acceleration: Ramp = 0.4
    """A laden road tractor with a driver (assumed)."""
    deceleration: Ramp = 0.7
    reaction: Duration = 0.0
    """Lost at every start from standing, by a driver. Drivers need 1 to 2 s; off unless given."""
    headway: Duration = 0.0
    """By which a driver follows later than the standing gap asks for; off unless given."""

    @model_validator(mode="after")
    def _one_number(self) -> RoadTrucks:
        if self.per_hour is not None and self.per_day is not None:
            raise ValueError("give either `per_hour` (24 numbers) or `per_day`, which `gate.profile` deals out")
        return self


class Yard(Section):
    """The stock at the start."""

    fill: ShareOf1 = 0.5
    """Of the slots that can be used (a bay keeps tiers − 1 free to dig)."""
    exports_in_yard: ShareOf1 = 0.85
    """Of the boxes that a ship will load, those that are there at the start; the rest come by road. Export cut-offs
    lie 12 h before departure, with late boxes let through."""
    imports: ShareOf1 = 0.25
    """Of the stock, those boxes that trucks may collect."""
    transhipment: ShareOf1 = 0.0
    """Of the discharged boxes, those that a later call loads: they stay in the yard and count for what that ship
    lacks. The rest are imports, which road trucks collect."""
    dwell: Dwell | None = None
    """How long boxes stay. Without it an import may be collected as soon as it is in the stack, and what a truck
    delivers is for the first ship that lacks boxes."""
    teu_per_box: Annotated[float, Field(ge=1.0, le=2.25)] = 1.6
    """Only turns boxes into TEU in figures: 40 % of 20, 57 % of 40 and 3 % of 45 feet make 1.6 (ConFlowGen's
    defaults)."""
    choice: Literal["soonest", "nearest", "random"] = "soonest"
    """Which block a box goes to or is taken from: where it would be handled first, the nearest one, or an even draw."""


class Call(Section):
    """A vessel's visit."""

    vessel: str
    berth: Name
    """A berth's id, or `any`: the one that has been free the longest, or else the next that becomes free."""
    at: Duration
    """When it comes to its berth, from the scenario's start. 0 s: it lies there already."""
    discharge: Count
    load: Count
    length: Distance | None = None
    """Length over all; checked against the berth."""
    leaves: Duration | None = None
    """Planned departure. Default: the work at 25 moves an hour for each crane of the berth, and one hour."""
    transfers: dict[str, Count] = Field(default_factory=dict)
    """Of the discharged boxes, how many each of these other calls will load (by vessel); it may lie there already."""
    bayplan: InputFile | None = None
    """Bay plan (BAPLIE): what is aboard, and where. With it or with `coprar`, leave out `discharge` and `load`."""
    coprar: InputFile | None = None
    """Orders to discharge and to load (COPRAR)."""
    _work: Work | None = PrivateAttr(default=None)

    @property
    def work(self) -> Work | None:
        """The boxes of the ship's papers in the order of their moves; None without papers."""
        return self._work

    @model_validator(mode="wrap")
    @classmethod
    def _with_papers(cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        from port.messages.calls import work_of_call

        if not isinstance(data, dict) or not (data.get("bayplan") or data.get("coprar")):
            return handler(data)
        data, work = work_of_call(data, info.context)
        call = handler(data)
        call._work = work
        return call


class CallPlan(Section):
    """Generated calls: one ship after the other at every berth."""

    boxes: tuple[Several, Several] = (240, 560)
    """Least and most boxes of a call (discharge and load together), evenly drawn."""
    load_share: ShareOf1 = 0.5
    gap: Duration = 7200.0
    """Between one ship's planned departure and the next one's arrival: changing ships takes about two hours."""


class Limits(Section):
    """When work stops and goes on."""

    crane_wind: Annotated[Speed, Field(gt=0)] = 20.0
    """Quay cranes stop at this wind (a usual working limit; the maker's figure counts)."""
    gantry_wind: Annotated[Speed, Field(gt=0)] = 20.0
    restart_share: ShareOf1 = 0.9
    """Work goes on when the wind has stayed below this share of the limit …"""
    restart_after: Duration = 600.0
    """… for so long, so that gusts do not switch a crane on and off."""
    close_depth: Annotated[Distance, Field(gt=0)] = 0.3
    """Water at which a lane is closed: where the depth–speed curve of Pregnolato (2017) ends."""
    reopen_depth: Distance = 0.2
    """A closed lane opens again below this depth."""
    berthing: Duration = 1200.0
    """From a vessel's arrival at the berth to the first crane move: moored, gangway, lashings."""


def _berths_tag(value: Any) -> str:
    return "list" if isinstance(value, (list, tuple)) else "count"


def _calls_tag(value: Any) -> str:
    return "list" if isinstance(value, (list, tuple)) else "plan"


class Terminal(Section):
    """A terminal file."""

    terminal: Literal[1] = 1
    """Version of this format."""
    name: str = "terminal"
    origin: XY | None = None
    """The gate, in the twin's coordinates. With `heading` and a number of berths, the rest is generated."""
    heading: Angle | None = None
    """From the gate to the quay, degrees clockwise from north."""
    berths: Annotated[
        Annotated[Annotated[int, Field(ge=1, le=60)], Tag("count")]
        | Annotated[tuple[Berth, ...], Field(min_length=1), Tag("list")],
        Discriminator(_berths_tag),
    ]
    """Their number, from which the layout is made, or a list with coordinates."""
    layout: Layout | None = None
    lanes: tuple[Lane, ...] = ()
    blocks: tuple[BlockSpec, ...] = ()
    stations: tuple[Station, ...] = ()
    roads: Roads = Roads()
    radio: RadioSpec | None = None
    positioning: Positioning | None = None
    perception: Perception | None = None
    feeders: tuple[Feeder, ...] = ()
    gate: Gate = Gate()
    fleet: Fleet = Fleet()
    quay_crane: QuayCrane = QuayCrane()
    gantry: GantrySpec = GantrySpec()
    road_trucks: RoadTrucks = RoadTrucks()
    yard: Yard = Yard()
    calls: Annotated[
        Annotated[CallPlan, Tag("plan")] | Annotated[tuple[Call, ...], Tag("list")], Discriminator(_calls_tag)
    ] = CallPlan()
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _one_form(self) -> Terminal:
        if isinstance(self.berths, int):
            missing = [key for key in ("origin", "heading") if getattr(self, key) is None]
            if missing:
                raise ValueError(f"a number of berths needs {' and '.join(missing)}, from which the layout is made")
            if self.lanes or self.blocks:
                raise ValueError("give either a number of berths, or berths, lanes and blocks with coordinates")
            return self
        missing = [key for key in ("lanes", "blocks") if not getattr(self, key)]
        if missing:
            raise ValueError(f"berths with coordinates need {' and '.join(missing)} with coordinates too")
        if self.layout is not None:
            raise ValueError("`layout` belongs to a generated terminal: give a number of berths, or leave it out")
        if self.gate.at is None and self.origin is None:
            raise ValueError("where is the gate? Give `gate: {at: [x, y]}`")
        return self
