"""The build recipe: which streets, what ground, and the design rules by which the networks are sized.

Every rule has an ordinary default with its source beside it, so a first recipe is three lines long.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from twin.scenario.base import InputFile, Section
from twin.scenario.quantities import Distance, Duration, Flow, Length, ReturnPeriod, quantity
from twin.scenario.sections import Moment
from twin.weather.config import Formula, FormulaName

if TYPE_CHECKING:
    Slope = float
    Fraction = float
else:
    Slope = quantity("1", 0, 0.2)
    Fraction = quantity("1", 0, 1)


class GridStreets(Section):
    """A checkerboard of streets, for cities of any size: every fourth street is a main street that leads out."""

    columns: int = Field(default=8, ge=3, le=200)
    rows: int = Field(default=8, ge=3, le=200)
    block: Distance = 120.0
    """Length of a block."""


class StreetsRecipe(Section):
    """Where the streets come from: exactly one of `net`, `package` and `grid`."""

    net: InputFile | None = None
    """A SUMO network, .net.xml or .net.xml.gz."""
    package: str | None = None
    """A file inside an installed Python package, e.g. sumo/tools/game/DRT/osm.net.xml."""
    grid: GridStreets | None = None
    window: tuple[Length, Length, Length, Length] | None = None
    """Keep only the streets within [west, south, east, north] (projected coordinates) for the pipes."""
    snap: Distance = 12.0
    """Junctions nearer than this are one."""
    split: Distance = 120.0
    """Longest piece of street between two junctions of the pipe networks."""

    @model_validator(mode="after")
    def _one_source(self) -> StreetsRecipe:
        if sum(x is not None for x in (self.net, self.package, self.grid)) != 1:
            raise ValueError("give exactly one of 'net' (a file), 'package' (a file of an installed package), 'grid'")
        return self


class ReliefRecipe(Section):
    """Invented ground, where there is no raster: it rises from the water, with hills, hollows and underpasses."""

    slope: Slope = 0.005
    """Rise away from the water."""
    hills: Distance = 1.2
    """Standard deviation of hills some 300 m wide; a third of it again at 90 m."""
    hollow: Distance = 0.35
    """Deepest hollow that may stay without a way out for the water."""
    underpasses: int = Field(default=3, ge=0, le=20)
    """Streets that dip under a railway (or, without railways, at low junctions)."""
    dip: Distance = 2.0
    """Depth of an underpass."""
    yard: Distance = 0.4
    """How far the yard of the waterworks lies below the ground around it."""


class TerrainRecipe(Section):
    """The ground: a raster (GeoTIFF or ESRI ASCII, in the streets' coordinates), or a stated relief."""

    raster: InputFile | None = None
    relief: ReliefRecipe = ReliefRecipe()
    cell: Distance = 5.0
    margin: Distance = 200.0
    """Ground beyond the outermost street."""
    kerb: Distance = 0.12
    """How far streets lie below the ground beside them."""
    buildings: InputFile | None = None
    """Footprints as SUMO polygons (.poly.xml) with type `building`: they count as roofs."""


class RiverRecipe(Section):
    """The water that takes the storm water and carries the ships."""

    level: Length = 31.0
    """Ordinary water level."""
    bank: Distance = 3.0
    """Height of the banks above it."""
    depth: Distance = 4.0
    width: Distance = 60.0
    offset: Distance | None = None
    """From the outermost street to a canal that is invented where the network has no waterway. Left out: far enough
    for the terminal to lie between."""


class WaterRecipe(Section):
    """Water supply.

    Pressure 20 to 60 m: DVGW W 400-1 asks for 2 to 3.5 bar at the connection for two to four storeys and at most 6.
    Velocity under 1.2 m/s and loss under 6 m/km at peak: the usual design range of distribution mains (1 to 10 m/km
    in Walski et al., Advanced Water Distribution Modeling, 2003).
    """

    people_per_km: float = Field(default=400, gt=0, le=20_000)
    """People per kilometre of supplied street."""
    use: quantity("m3/d", 0) = 0.130  # type: ignore[valid-type]
    """Water per person and day (Germany 2022: 125 L, BDEW; with small trades)."""
    work_share: Fraction = 0.25
    """Offices and workshops, on top, as a share of the households' use."""
    terminal: Flow = 0.003
    """Mean use of the terminal and its ships."""
    peak: float = Field(default=1.8, ge=1, le=5)
    """Largest hour of the day over the mean hour."""
    lowest_pressure: Distance = 30.0
    """Lowest pressure at peak demand, in metres of water."""
    highest_pressure: Distance = 60.0
    velocity: quantity("m/s", 0.1) = 1.2  # type: ignore[valid-type]
    loss: Slope = 0.006
    """Head loss per length at peak."""
    roughness: float = Field(default=120, ge=40, le=160)
    """Hazen-Williams C of mains in service."""
    hydrants: Distance = 110.0
    """Distance between hydrants (DVGW W 331: 100 to 140 m)."""
    storage: Duration = 2 * 3600.0
    """Mean demand that the balancing tank holds."""


class RainRecipe(Section):
    """The storm by which sewers are sized, in time after Keifer and Chu."""

    formula: FormulaName | Formula = "suzhou"
    """The formula of a city, or one given as {a, c, b, n}: i = a (1 + c lg P) / (t + b)^n in mm/min."""
    peak: float = Field(default=0.43, gt=0, lt=1)
    """Where in the storm its peak lies (Suzhou, 180 min)."""
    duration: Duration = 3 * 3600.0


class SewerRecipe(Section):
    """Storm sewers by the rational method, full at the return period (GB 50014: 2 to 5 a in cities)."""

    return_period: ReturnPeriod = 3.0
    rain: RainRecipe = RainRecipe()
    cover: Distance = 1.3
    """Ground over the crown at the head of a sewer."""
    inlet_time: Duration = 480.0
    """Time of concentration to the first manhole (GB 50014: 5 to 15 min)."""
    reach: Distance = 70.0
    """Ground farther from a street than this does not drain to the sewers."""
    fill: quantity("1", 0.3, 1.5) = 1.0  # type: ignore[valid-type]
    """Share of the full flow that the design flow may take."""
    spacing: Distance = 300.0
    """Least distance between outfalls."""
    roughness: float = Field(default=0.013, gt=0.005, lt=0.05)
    """Manning's n of concrete pipe."""
    pump_stations: int = Field(default=1, ge=0, le=10)
    """Hollows that cannot drain by gravity at shallow depth get a wet well and pumps."""
    trial: bool = True
    """Run the finished sewers through the design storm and a 20-year one (long in large cities)."""


class TrafficRecipe(Section):
    """Road traffic of the drill's hours, second 0 is the scenario's start."""

    vehicles: int = Field(default=8000, ge=0, le=200_000)
    hours: Annotated[float, Field(gt=0, le=48)] = 6.0
    peak_hour: float = Field(default=1.5, ge=0)
    """Hours after the start at which the evening peak stands."""
    peak_share: Fraction = 0.45
    """Share of the trips that belong to the peak; the rest is even."""
    through: Fraction = 0.35
    """Share of trip ends at the edge of the network."""
    ambulance_every: Duration = 360.0
    """0 s for none."""
    ambulances_from: tuple[str, ...] = ("middle",)
    """Rescue stations, which answer calls in turn: `middle` (a main street near the middle), `edge` (the main street
    farthest out), or the name of a street."""


class GateRecipe(Section):
    """The terminal's gate, where road trucks queue."""

    lanes: int = Field(default=2, ge=1, le=4)
    service: Duration = 60.0
    """Mean time at a gate lane."""
    trucks_per_hour: float = Field(default=60, ge=0, le=2000)
    most_used: Fraction = 0.6
    """Highest utilisation of the gate lanes: 0.9 and more lock the streets before it."""
    exports: Fraction = 0.5
    """Share of trucks that bring a container; the others fetch one."""
    yard_time: Duration = 720.0
    """Mean time between gate and exit when the traffic runs without a terminal model."""

    @property
    def utilisation(self) -> float:
        """Share of the gate lanes' time that trucks take: arrivals times service over lanes."""
        return self.trucks_per_hour * self.service / 3600 / self.lanes

    @model_validator(mode="after")
    def _flows(self) -> GateRecipe:
        if self.utilisation > self.most_used + 1e-9:
            most = self.most_used * 3600 * self.lanes / self.service
            raise ValueError(
                f"{self.trucks_per_hour:g} trucks an hour use the gate's {self.lanes} lanes to "
                f"{100 * self.utilisation:.0f} %, more than {100 * self.most_used:.0f} %: at most {most:.0f} an hour, "
                "more lanes or a shorter service"
            )
        return self


class TerminalRecipe(Section):
    """A container terminal on the water."""

    berths: int = Field(default=4, ge=1, le=20)
    berth_length: Distance = 130.0
    """Quay per berth: 110 m is a large inland ship (CEMT class Va), 323 m a sea berth."""
    depth: Distance = 280.0
    """From the gate to the quay's edge."""
    platform: Distance = 2.0
    """Height of the terminal's ground above the ordinary water level."""
    sag: Distance = 0.0
    """How far the middle of the yard has settled (filled ground settles by decimetres): rain then stands there."""
    gate: GateRecipe = GateRecipe()

    @property
    def quay_m(self) -> float:
        return self.berths * self.berth_length


class Recipe(Section):
    """A city to be built."""

    twin_build: Literal[1]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    title: str = ""
    seed: int = Field(default=1, ge=0)
    start: Moment = datetime(2026, 7, 1, 16, tzinfo=UTC)
    """When the drill begins; traffic and use of water are those of this hour."""
    streets: StreetsRecipe
    terrain: TerrainRecipe = TerrainRecipe()
    river: RiverRecipe = RiverRecipe()
    water: WaterRecipe = WaterRecipe()
    sewer: SewerRecipe = SewerRecipe()
    traffic: TrafficRecipe = TrafficRecipe()
    terminal: TerminalRecipe = TerminalRecipe()
    output: str = "city"
    """Folder of the finished city, beside the recipe."""
