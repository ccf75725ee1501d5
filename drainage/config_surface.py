"""What a scenario may say of the surface beside its terrain: soil, land use, what comes in at its edges, gauges."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from twin.scenario.base import InputFile, Section
from twin.scenario.quantities import Flow, Length, RainDepth, RainRate

Side = Literal["west", "east", "south", "north"]
Point = tuple[float, float]


class Infiltration(Section):
    """Water that sinks into open ground. Where the sewer file has subcatchments, these already infiltrate their rain:
    then only what rises from manholes, leaks, flows in, or falls on `rain_area` sinks here."""

    model: Literal["green_ampt", "constant"] = "green_ampt"
    """Green and Ampt (ponded, with Mein and Larson's rule for weak rain), or a constant rate."""
    conductivity: RainRate = 10.0
    """Saturated hydraulic conductivity, or the constant rate. Where no raster and no land use gives it."""
    suction: RainDepth = 110.0
    """Suction at the wetting front. Sandy loam: 110 mm (Rawls, Brakensiek & Miller 1983)."""
    deficit: Annotated[float, Field(ge=0, le=0.6)] = 0.3
    """Initial moisture deficit: porosity less the water that is there already, as a share."""
    conductivity_raster: InputFile | None = None
    """Conductivity, mm/h, as a raster; 0 is sealed ground."""


class LandUse(Section):
    """Classes of ground: a raster of their numbers and a table of what they mean."""

    raster: InputFile
    """Whole numbers: the class of each cell."""
    table: InputFile
    """CSV with the column `class` and any of `manning`, `conductivity mm/h`, `suction mm`, `deficit`, `name`. A class
    with conductivity 0 is sealed. What a class leaves empty is as the section says."""


class Where(Section):
    """A place on the surface: exactly one of `at`, `line`, `side`. Coordinates in the scenario's own system, m."""

    at: Point | None = None
    """A point: [x, y]."""
    line: Annotated[list[Point], Field(min_length=2)] | None = None
    """A line: [[x, y], [x, y], ...]; the cells that it crosses, by the length in each."""
    side: Side | None = None
    """A side of the terrain: its outermost cells."""
    between: tuple[float, float] | None = None
    """Of a side only this stretch: from and to, as x along `south` and `north`, as y along `west` and `east`."""

    @model_validator(mode="after")
    def _one_place(self) -> Where:
        if sum(p is not None for p in (self.at, self.line, self.side)) != 1:
            raise ValueError("say where: give exactly one of `at`, `line`, `side`")
        if self.between is not None and (self.side is None or self.between[0] >= self.between[1]):
            raise ValueError("`between` is a stretch of a `side`: [from, to], the smaller number first")
        return self


class InflowAt(Where):
    """Water that comes onto the surface from outside."""

    name: str = ""
    """What to call it."""
    flow: Flow | None = None
    """How much, all the time."""
    series: InputFile | None = None
    """How much over time: CSV such as `time min,flow m3/s`. Held at its last value after its end."""

    @model_validator(mode="after")
    def _one_flow(self) -> InflowAt:
        if (self.flow is None) == (self.series is None):
            raise ValueError("say how much: give either `flow` or `series`")
        return self


class BoundaryAt(Where):
    """What holds at a side of the terrain, or along a line across it."""

    kind: Literal["open", "wall", "stage", "flow"]
    """open: free outfall (critical depth). wall: closed. stage: a given level, in and out. flow: a given inflow."""
    level: Length | None = None
    """Of a stage: its level, all the time."""
    flow: Flow | None = None
    """Of a flow: how much, all the time."""
    series: InputFile | None = None
    """Of a stage or a flow over time: CSV such as `time h,level m` or `time h,flow m3/s`."""

    @model_validator(mode="after")
    def _fits(self) -> BoundaryAt:
        if self.at is not None:
            raise ValueError("a boundary has a `side` or a `line`")
        if self.kind == "wall" and self.side is None:
            raise ValueError("a wall across the terrain is one of `walls`; here it closes a `side`")
        given = {"level": self.level, "flow": self.flow, "series": self.series}
        own = {"stage": ("level", "series"), "flow": ("flow", "series")}.get(self.kind, ())
        for key, value in given.items():
            if value is not None and key not in own:
                raise ValueError(f"a boundary of kind `{self.kind}` has no `{key}`")
        if own and sum(given[key] is not None for key in own) != 1:
            raise ValueError(f"a boundary of kind `{self.kind}` needs either `{own[0]}` or `series`")
        return self


class SurfaceKeys(Section):
    """The keys of the section `drainage` that this module is about; all of them need a `terrain`."""

    landuse: LandUse | None = None
    """Manning's n and soil by class of ground; over `manning_raster` and `infiltration` where a class says so."""
    infiltration: Infiltration | None = None
    """Water that sinks into open ground. Left out: none does."""
    inflows: list[InflowAt] = Field(default_factory=list)
    """Water that comes onto the surface: hydrographs at points, along lines, or over a side of the terrain."""
    boundaries: list[BoundaryAt] = Field(default_factory=list)
    """Sides of the terrain that are not as `edge` says, and lines at which a level or free outfall holds."""
    gauges: InputFile | None = None
    """Points whose depth, level and speed are recorded: CSV (`id,x,y`) or GeoJSON."""
    initial_level: Length | None = None
    """Water stands up to this level on open ground at the start. Default: all is dry."""
    initial_depth: InputFile | None = None
    """Depth of water at the start as a raster, m."""

    @model_validator(mode="after")
    def _one_start(self) -> SurfaceKeys:
        if self.initial_level is not None and self.initial_depth is not None:
            raise ValueError("give either `initial_level` or `initial_depth`")
        return self

    def surface_keys(self) -> list[str]:
        """Those that a scenario uses."""
        return [name for name in SurfaceKeys.model_fields if getattr(self, name) not in (None, [])]
