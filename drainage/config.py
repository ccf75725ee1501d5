"""What a scenario may say about drainage: files, how the surface behaves, and what a timeline may do to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from drainage.config_inlets import COVER_VERBS, CoversConfig, InletsConfig
from drainage.config_surface import SurfaceKeys
from drainage.dispatch.config import Dispatch
from twin.ports import Port
from twin.scenario.base import InputFile, Verb
from twin.scenario.quantities import Area, Distance, Duration, Flow, Length


class DrainageConfig(SurfaceKeys):
    """Sewers, a surface, or both. With both, every manhole on the terrain exchanges water with its street."""

    sewer: InputFile | list[InputFile] | dict[str, InputFile] | None = None
    """SWMM 5.2 input file. It is never changed: the run works on a copy in the run's folder. Several districts: a
    list of files, or names and files; ids are then `district/id` (a list names them by their files)."""
    terrain: InputFile | None = None
    """Ground levels, m, as ESRI ASCII or GeoTIFF in the scenario's coordinate system."""
    cell: Annotated[Distance | None, Field(gt=0)] = None
    """Side of the surface's cells: a multiple of the terrain's own (the default)."""
    manning: Annotated[float, Field(gt=0, le=1)] = 0.03
    """Manning's n of the ground, where no raster gives it. Streets and yards: 0.02 to 0.05."""
    manning_raster: InputFile | None = None
    """Manning's n as a raster."""
    buildings: InputFile | None = None
    """Footprints as GeoJSON polygons: closed to water, or raised by `building_height`."""
    building_height: Distance | None = None
    """Raise buildings by this much instead of closing them: rain on their roofs then counts."""
    building_porosity: Annotated[float | None, Field(gt=0, lt=1)] = None
    """Let water into buildings instead of closing them: the share of their area and sides that it can use."""
    walls: InputFile | None = None
    """Walls and kerbs as GeoJSON LineStrings with `height` (above the ground, m) or `crest` (level, m)."""
    streets: InputFile | None = None
    """Street centre lines as GeoJSON LineStrings with `name`: depths by street."""
    river: InputFile | None = None
    """Water bodies, as GeoJSON polygons or a raster above zero. Water that reaches them has left the model."""
    river_below: Length | None = None
    """Cells whose ground is below this level are water bodies, too."""
    river_level: Length | None = None
    """Level of the water bodies where the scenario has no tide. Default: never above their banks."""
    edge: Literal["closed", "open"] = "closed"
    """What happens at the terrain's edge: a wall, or free outflow (critical depth), which is counted."""
    surface_rain: Literal["auto", "none", "all"] = "auto"
    """Rain that falls on the surface. `auto`: none when the sewer file has subcatchments, whose runoff already
    counts it; all when it has none."""
    rain_area: InputFile | None = None
    """Ground that no subcatchment drains, as GeoJSON polygons or a raster above zero: rain falls on its surface."""
    rain_gages: Literal["auto", "file", "zones"] = "auto"
    """Rain that differs over the city. `file`: each gage takes it where it stands; `zones`: each subcatchment takes
    that of its own place; `auto`: the first where the subcatchments use several gages, else the second."""
    tidal_outfalls: Literal["all", "none"] | list[str] = "none"
    """Outfalls of the sewers whose stage follows the tide."""
    opening: Annotated[Area, Field(gt=0)] = 0.2827
    """Area through which a manhole and its gullies exchange with the street. Default: a cover of 0.6 m."""
    opening_coefficient: Annotated[float, Field(gt=0, le=1)] = 0.167
    """Orifice coefficient of the opening (Rubinato et al. 2017, J. Hydrology 552, 421-432)."""
    inlets: InletsConfig = InletsConfig()
    """Geometry and laws of the openings between street and sewer."""
    covers: CoversConfig | Literal["none"] = CoversConfig()
    """Covers over the manholes' shafts, beside the gullies of `opening`; `none`: no cover is ever looked at."""
    routing_step: Annotated[Duration, Field(gt=0, le=10)] = 2.0
    """Longest step of the sewers where they exchange with a surface."""
    dry_depth: Annotated[Distance, Field(gt=0, le=0.1)] = 0.001
    """Water shallower than this stays where it is."""
    theta: Annotated[float, Field(ge=0.5, le=1)] = 0.9
    """Weight of a face's own flux (de Almeida et al. 2012). 1 locks an odd-even pattern with the manholes."""
    scheme: Literal["vector", "inertial"] = "vector"
    """Friction by the whole flow vector, or, faster, by the flow over each side of a cell alone: water that runs
    across the grid's diagonal is then too fast, by up to 19 %."""
    precision: Literal["double", "single"] = "double"
    """Of fluxes and beds; depths are double in both, so that no water is lost. Single is faster."""
    threads: Annotated[int, Field(ge=1, le=64)] = 1
    """Threads for the surface. Results do not depend on them."""
    longest_step: Annotated[Duration | None, Field(gt=0)] = None
    """Longest step of the surface. Fast flow down steep valleys may need one, above all with `theta` near 1."""
    pump_fails_at: Distance = 0.5
    """Depth of water at a pumping station at which its pump goes out."""
    pump_returns_below: Distance = 0.3
    """Depth below which a drowned pump starts again."""
    pump_efficiency: Annotated[float, Field(gt=0, le=1)] = 0.7
    """Work on the water over energy from the grid, of all pumps: for their energy in the tables."""
    overflows: tuple[str, ...] = ()
    """Outfalls that are overflows of combined sewers: what leaves there is counted apart."""
    areas: InputFile | None = None
    """Named areas as GeoJSON polygons with `name` and `class` (hub, key, centre, other): figures by area."""
    people: InputFile | None = None
    """Where people are, as GeoJSON points or polygons with `people`: how many have water at their walls."""
    sewer_tolerance: Annotated[float, Field(gt=0, le=1)] = 0.02
    """SWMM's own continuity error, as a share, beyond which a run counts as failed."""

    dispatch: Dispatch | None = None
    """Pumping stations, gates, basins, treatment plant and river as one system, and who decides."""

    def active_ports(self) -> tuple[Port, ...]:
        """The ports of a model of this section: forecasts only where something is dispatched."""
        from drainage.ports import PORTS

        return tuple(port for port in PORTS if port.at != "outlook" or self.dispatch is not None)

    @property
    def sewers(self) -> dict[str, Path]:
        """Sewer files by district ('' for the only one)."""
        if self.sewer is None:
            return {}
        if isinstance(self.sewer, dict):
            return dict(self.sewer)
        if isinstance(self.sewer, list):
            return {path.stem: path for path in self.sewer}
        return {"": self.sewer}

    @property
    def lids(self) -> CoversConfig | None:
        return None if self.covers == "none" else self.covers

    @model_validator(mode="after")
    def _districts(self) -> DrainageConfig:
        if isinstance(self.sewer, list | dict):
            names = [path.stem for path in self.sewer] if isinstance(self.sewer, list) else list(self.sewer)
            if not names:
                raise ValueError("`sewer` names no file")
            if len(set(names)) < len(names):
                raise ValueError("two files of `sewer` have one name: give the districts names, `north: a/net.inp`")
            if wrong := [name for name in names if not name.strip() or "/" in name or name != Path(name).name]:
                raise ValueError(f"'{wrong[0]}' is no name for a district: use letters and digits, no stroke")
        return self

    @model_validator(mode="after")
    def _something(self) -> DrainageConfig:
        if self.sewer is None and self.terrain is None:
            raise ValueError("give `sewer`, `terrain`, or both")
        if self.dispatch is not None and self.sewer is None:
            raise ValueError("`dispatch` needs a `sewer`")
        if self.terrain is None:
            for name in (
                "cell",
                "manning_raster",
                "buildings",
                "walls",
                "streets",
                "river",
                "river_below",
                "rain_area",
                "areas",
                "people",
            ):
                if getattr(self, name) is not None:
                    raise ValueError(f"`{name}` needs a `terrain`")
            if used := self.surface_keys():
                raise ValueError(f"`{used[0]}` needs a `terrain`")
        if self.building_porosity is not None and (self.buildings is None or self.building_height is not None):
            raise ValueError("`building_porosity` needs `buildings`, and excludes `building_height`")
        if self.rain_area is not None and self.surface_rain != "auto":
            raise ValueError("`rain_area` says where rain falls on the surface: leave `surface_rain` out")
        if self.pump_returns_below > self.pump_fails_at:
            raise ValueError("`pump_returns_below` must not be above `pump_fails_at`")
        return self


class SetPump(Verb):
    """Run a pump at a given speed, whatever the rules of the sewer file say. At the end the rules have it again."""

    pump: str
    """Id of the pump in the sewer file."""
    speed: Annotated[float, Field(ge=0, le=1)]
    """Share of its full speed; 0 is off."""


class PumpOutage(Verb):
    """A pump fails. At the end it is repaired."""

    pump: str
    """Id of the pump in the sewer file."""


class SetGate(Verb):
    """Set a gate (an orifice, a weir or an outlet), whatever the rules of the sewer file say."""

    gate: str
    """Id of the orifice, weir or outlet in the sewer file."""
    opening: Annotated[float, Field(ge=0, le=1)]
    """Share of its full opening; 0 is shut."""


class Inflow(Verb):
    """More water enters the sewers at a node, until the end of the event."""

    node: str
    """Id of a junction, storage unit or divider."""
    flow: Flow
    """How much."""


VERBS: dict[str, type[Verb]] = {
    "set_pump": SetPump,
    "pump_outage": PumpOutage,
    "set_gate": SetGate,
    "inflow": Inflow,
    **COVER_VERBS,
}
