"""What a scenario may say about rain: how much, when, and where in the city."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from twin.scenario.base import InputFile, Section
from twin.scenario.problems import suggest
from twin.scenario.quantities import Area, Distance, RainDepth, RainRate, ReturnPeriod, Speed, quantity
from twin.scenario.sections import Span
from twin.weather.chicago import STORM_FORMULAS
from twin.weather.short import Short, one_of

SOURCES = ("series", "rate", "depth", "design_storm", "gauges")
"""Where rain may come from; exactly one is given."""
DAY_S = 86_400.0


def _formula_name(name: str) -> str:
    if name not in STORM_FORMULAS:
        hint = suggest(name, STORM_FORMULAS) or f" Known: {', '.join(STORM_FORMULAS)}"
        raise ValueError(f"there is no storm formula '{name}'; give one as {{a, c, b, n}}.{hint}")
    return name


FormulaName = Annotated[
    str,
    AfterValidator(_formula_name),
    WithJsonSchema({"type": "string", "enum": sorted(STORM_FORMULAS), "description": "a storm formula by city"}),
]


class Formula(Section):
    """i = a (1 + c lg P) / (t + b)^n in mm/min, t in min, P in years."""

    a: float = Field(gt=0)
    """A in mm/min."""
    c: float = Field(ge=0)
    """C, without a unit."""
    b: float = Field(gt=0)
    """b in min."""
    n: float = Field(gt=0, lt=1)
    """n, without a unit."""


class RainCell(Section):
    """Where a storm rains hardest: a round or oval cell that moves over the city.

    The storm's own intensity is that of the cell's middle; elsewhere the profile lessens it. The middle passes `over`
    at the time `at`.
    """

    radius: Annotated[Distance, Field(gt=0)]
    """Gaussian: distance at which 61 % of the middle's rain falls (one standard deviation). Uniform: to its edge."""
    radius_across: Annotated[Distance | None, Field(gt=0)] = None
    """The same across the long axis, for an oval cell. Left out: a round one."""
    angle: quantity("deg", -360, 360) = 0.0  # type: ignore[valid-type]
    """Direction of `radius` in an oval cell, clockwise from north."""
    profile: Literal["gaussian", "uniform"] = "gaussian"
    """Rain from the middle outwards: exp(-d^2/2) of its middle, or the same up to the edge and none beyond."""
    speed: Annotated[Speed, Field(le=60)] = 0.0
    """How fast it moves."""
    toward: quantity("deg", -360, 360) = 0.0  # type: ignore[valid-type]
    """Where it moves to, clockwise from north: 90 deg is eastward. (A wind is named by where it comes from.)"""
    over: tuple[float, float] | None = None
    """[x, y] in m that its middle passes. Left out: the middle of the ground on which it rains."""
    at: Span | None = None
    """When it passes there, after the scenario's start. Left out: when the storm is at its hardest."""


class Zones(Section):
    """Square zones of equal rain, where rain differs over the city."""

    cell: Annotated[Distance, Field(ge=10, le=100_000)] = 500.0
    """Side of a zone."""
    extent: tuple[float, float, float, float] | None = None
    """[west, south, east, north] in m that they cover. Left out: the ground of all models that take rain."""

    @model_validator(mode="after")
    def _fits(self) -> Zones:
        if self.extent is not None and not (self.extent[0] < self.extent[2] and self.extent[1] < self.extent[3]):
            raise ValueError("`extent` is [west, south, east, north]: west below east, south below north")
        return self


class Gauges(Section):
    """Several rain gauges, spread over the city by distance."""

    series: InputFile
    """CSV with `time` and one column per gauge: its id and the unit, `G1 mm/h` or `G1 mm`."""
    at: InputFile
    """CSV with the columns `id`, `x`, `y` in m."""
    weights: Literal["inverse_distance", "thiessen"] = "inverse_distance"
    """How a zone's rain is made of them: all by the inverse of their distance, or the nearest alone."""
    power: Annotated[float, Field(gt=0, le=10)] = 2.0
    """Power of the distance."""


class ArealReduction(Section):
    """Rain over an area is less than at a point: a factor on the storm, by area and duration."""

    method: Literal["nerc", "leclerc_schaake"] | None = None
    """The formula: NERC's table of 1975, or Leclerc and Schaake (1972)."""
    area: Annotated[Area | None, Field(gt=0)] = None
    """The area. Left out: the ground of all models that take rain."""
    factor: Annotated[float | None, Field(gt=0, le=1)] = None
    """The factor itself, in place of a formula."""

    @model_validator(mode="after")
    def _fits(self) -> ArealReduction:
        one_of(self, ("method", "factor"))
        if self.factor is not None and self.area is not None:
            raise ValueError("`area` belongs to `method`")
        return self


class Rain(Short):
    """Rain over the city: recorded, constant, a depth in a given shape, or a design storm; still or moving."""

    QUANTITY: ClassVar[tuple[str, str]] = ("rate", "mm/h")

    series: InputFile | None = None
    """CSV with `time` and a rate (`rain mm/h`) or the depth of each interval (`rain mm`), which begins at its time."""
    gauges: Gauges | None = None
    """Recorded rain of several gauges, which then differs over the city."""
    rate: RainRate | None = None
    """A constant rate."""
    depth: Annotated[RainDepth | None, Field(gt=0)] = None
    """The depth of a whole storm, in the time that `duration` says and the shape that `shape` says."""
    design_storm: FormulaName | Formula | None = None
    """A design storm over the formula of a city or one given as {a, c, b, n}: its depth is that of its duration."""
    shape: Literal["chicago", "block", "triangular", "alternating_block", "scs_type_2"] | None = None
    """How the storm's depth is spread over its duration. Left out: `chicago` with a formula, `block` with a depth."""
    return_period: ReturnPeriod | None = None
    """How rare the design storm is, e.g. `20 a`."""
    duration: Span | None = None
    """How long the storm or the constant rate lasts."""
    peak: float | None = Field(None, gt=0, lt=1)
    """Where in the storm its peak stands, 0 to 1. The city's standard where it is left out."""
    step: Annotated[Span | None, Field(gt=0)] = None
    """Length of a block of `alternating_block`: 5 min where it is left out."""
    start: Span = 0.0
    """When it begins, after the scenario's start."""
    scale: float = Field(1.0, ge=0)
    """A factor on the whole rain."""
    cell: RainCell | None = None
    """The storm as a cell that moves over the city. Left out: the same rain everywhere."""
    zones: Zones | None = None
    """Zones of equal rain, where it differs over the city."""
    areal_reduction: ArealReduction | None = None
    """Lessens a point's storm to that of an area."""
    gaps: Literal["refuse", "dry", "neighbours"] = "refuse"
    """What an empty or NaN row of a series means: an error, no rain, or (with `gauges`) what the other gauges say."""

    @model_validator(mode="after")
    def _fits(self) -> Rain:
        source = one_of(self, SOURCES)
        if source in ("series", "gauges"):
            self._recorded(source)
        else:
            self._made(source)
        if self.zones is not None and not self.spatial:
            raise ValueError("`zones` belongs to rain that differs over the city: give `cell` or `gauges`")
        if self.gaps != "refuse" and source not in ("series", "gauges"):
            raise ValueError("`gaps` belongs to `series` or `gauges`")
        if self.gaps == "neighbours" and source != "gauges":
            raise ValueError("`gaps: neighbours` needs `gauges`: one series has no neighbours")
        return self

    def _recorded(self, source: str) -> None:
        for key in ("return_period", "peak", "shape", "step"):
            if getattr(self, key) is not None:
                raise ValueError(f"`{key}` belongs to `design_storm`")
        if self.duration is not None or self.start:
            raise ValueError("a series has its own times: leave out `start` and `duration`")
        if source == "gauges" and self.cell is not None:
            raise ValueError("`gauges` already say where it rains: leave out `cell`")
        if self.areal_reduction is not None and (source == "gauges" or self.areal_reduction.factor is None):
            raise ValueError("`areal_reduction` by a formula needs a storm of a known duration: give its `factor`")

    def _made(self, source: str) -> None:
        if source == "rate":
            for key in ("return_period", "peak", "shape", "step"):
                if getattr(self, key) is not None:
                    raise ValueError(f"`{key}` belongs to `design_storm`")
        else:
            self._storm(source)
        if self.areal_reduction is not None:
            if self.cell is not None:
                raise ValueError("a `cell` already spreads its rain over the ground: leave out `areal_reduction`")
            if self.areal_reduction.method is not None and not self.duration:
                raise ValueError("`areal_reduction` depends on the storm's duration: give `duration`")

    def _storm(self, source: str) -> None:
        if source == "depth" and self.return_period is not None:
            raise ValueError("`return_period` belongs to `design_storm`")
        for key, example in (("return_period", "20 a"), ("duration", "2 h")):
            if getattr(self, key) is None and not (source == "depth" and key == "return_period"):
                raise ValueError(f"a design storm needs `{key}`, like `{key}: {example}`")
        if self.duration == 0:
            raise ValueError("a design storm needs a `duration` longer than nothing")
        if source == "depth" and self.kind in ("chicago", "alternating_block"):
            raise ValueError(f"`shape: {self.kind}` follows from a formula: give `design_storm` in place of `depth`")
        if self.step is not None and self.kind != "alternating_block":
            raise ValueError("`step` belongs to `shape: alternating_block`")
        if self.kind == "scs_type_2" and self.duration != DAY_S:
            raise ValueError("`shape: scs_type_2` is a storm of one day: write `duration: 24 h`")
        if self.kind in ("block", "scs_type_2"):
            if self.peak is not None:
                raise ValueError(f"`shape: {self.kind}` has no peak to be placed: leave `peak` out")
        elif self.peak is None and self.standard_peak is None:
            raise ValueError("a design storm of this duration needs `peak`, like `peak: 0.45`")

    @property
    def kind(self) -> str:
        """The storm's shape."""
        return self.shape or ("chicago" if self.design_storm is not None else "block")

    @property
    def spatial(self) -> bool:
        """Whether it differs over the city."""
        return self.cell is not None or self.gauges is not None

    @property
    def wants_extent(self) -> bool:
        """Whether it must know where the city lies."""
        return self.spatial or (self.areal_reduction is not None and self.areal_reduction.method is not None)

    @property
    def standard_peak(self) -> float | None:
        """The peak's place after the city's standard, if there is one for this duration."""
        named = STORM_FORMULAS.get(self.design_storm) if isinstance(self.design_storm, str) else None
        return named.peak(self.duration) if named is not None and self.duration is not None else None
