"""What a scenario may say about drainage: files, how the surface behaves, and what a timeline may do to it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from twin.scenario.base import InputFile, Section, Verb
from twin.scenario.quantities import Area, Distance, Duration, Flow, Length


class DrainageConfig(Section):
    """Sewers, a surface, or both. With both, every manhole on the terrain exchanges water with its street."""

    sewer: InputFile | None = None
    """SWMM 5.2 input file. It is never changed: the run works on a copy in the run's folder."""
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
    tidal_outfalls: Literal["all", "none"] | list[str] = "none"
    """Outfalls of the sewers whose stage follows the tide."""
    opening: Annotated[Area, Field(gt=0)] = 0.2827
    """Area through which a manhole and its gullies exchange with the street. Default: a cover of 0.6 m."""
    opening_coefficient: Annotated[float, Field(gt=0, le=1)] = 0.167
    """Orifice coefficient of the opening (Rubinato et al. 2017, J. Hydrology 552, 421-432)."""
    routing_step: Annotated[Duration, Field(gt=0, le=10)] = 2.0
    """Longest step of the sewers where they exchange with a surface."""
    dry_depth: Annotated[Distance, Field(gt=0, le=0.1)] = 0.001
    """Water shallower than this stays where it is."""
    theta: Annotated[float, Field(ge=0.5, le=1)] = 0.9
    """Weight of a face's own flux (de Almeida et al. 2012). 1 locks an odd-even pattern with the manholes."""
    pump_fails_at: Distance = 0.5
    """Depth of water at a pumping station at which its pump goes out."""
    pump_returns_below: Distance = 0.3
    """Depth below which a drowned pump starts again."""
    sewer_tolerance: Annotated[float, Field(gt=0, le=1)] = 0.02
    """SWMM's own continuity error, as a share, beyond which a run counts as failed."""

    @model_validator(mode="after")
    def _something(self) -> DrainageConfig:
        if self.sewer is None and self.terrain is None:
            raise ValueError("give `sewer`, `terrain`, or both")
        if self.terrain is None:
            for name in ("cell", "manning_raster", "buildings", "streets", "river", "river_below", "rain_area"):
                if getattr(self, name) is not None:
                    raise ValueError(f"`{name}` needs a `terrain`")
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
}
