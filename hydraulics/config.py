"""The `water:` section of a scenario and the arguments of its timeline verbs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from hydraulics.ports import PORTS, QUALITY_PORTS
from twin.ports import Port
from twin.scenario.base import InputFile, Section, Verb
from twin.scenario.quantities import Area, Distance, Duration, Flow, Unit, parse, quantity


def _id(value: Any) -> Any:
    """EPANET ids are text; YAML reads `pipe: 12` as a number, so whole numbers become text again."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Id = Annotated[str, BeforeValidator(_id), Field(min_length=1, max_length=31)]
"""An EPANET id: up to 31 characters (EPANET 2.2 user manual, appendix C)."""

LitresPerDay = quantity("L/d", 1.0, 10_000.0)
MassRate = quantity("mg/min", 0.0)
Concentration = quantity("mg/L", 0.0)

QUALITY_UNIT = {"age": "h", "trace": "%", "chemical": "mg/L"}
"""In what each quality analysis counts."""


class WaterConfig(Section):
    """Water supply: an EPANET network, pressure-driven, stepped with the rest of the city."""

    network: InputFile
    """EPANET input file (INP). It is read, never changed."""

    engine: Literal["epanet", "fast"] = "epanet"
    """`epanet`: EPANET 2.2, as WNTR ships it. `fast`: the project's own solver of the same equations; what it cannot do
    (`quality`, a network that it does not balance) is handed to EPANET, and the journal says why."""

    step: Duration = 300.0
    """Longest hydraulic step. Exchanges, events, pattern changes and full tanks cut it shorter."""

    demand: Literal["pressure_driven", "as_in_file"] = "pressure_driven"
    """`pressure_driven`: customers get less below the required pressure. `as_in_file`: the INP's own demand model."""

    required_pressure: Distance = 20.0
    """Pressure head from which customers get all that they ask for (two to three storeys; 20 m is common practice)."""

    minimum_pressure: Distance = 0.0
    """Pressure head at and under which nothing comes out of the tap."""

    start: Literal["time_of_day", "as_in_file"] = "time_of_day"
    """`time_of_day`: the network is first run from its own start to the scenario's time of day, so that demands,
    tanks and controls are those of that hour. `as_in_file`: the scenario begins where the file begins."""

    demand_scale: Annotated[float, Field(ge=0.0, le=100.0), Unit("1")] = 1.0
    """Multiplies all demands of the file."""

    person_demand: LitresPerDay = 120.0  # type: ignore[valid-type]
    """What a person draws in a day; turns demand into people (Germany 2023: 121 L, BDEW). Trade and industry count as
    the people who would draw as much: person equivalents."""

    hydrants: tuple[Id, ...] = ()
    """Junctions with a hydrant. Their pressure is watched, and their water goes to the street when they are opened."""

    hydrant_tag: str = ""
    """Junctions with this tag in the INP's [TAGS] are hydrants too."""

    hydrant_pressure: Distance = 14.0
    """Residual pressure head that a fire engine needs at a hydrant (20 psi)."""

    discharge_coefficient: Annotated[float, Field(gt=0.0, le=1.0), Unit("1")] = 0.6
    """Of bursts and opened hydrants, as of a sharp-edged orifice (0.6 to 0.62 in hydraulics textbooks)."""

    pump_fails_at: Distance = 0.5
    """Water depth on the ground at a pump station from which its pumps fail."""

    pump_returns_below: Distance = 0.2
    """Depth under which a drowned station's pumps run again."""

    accuracy: Annotated[float, Field(ge=1e-8, le=0.1), Unit("1")] | Literal["as_in_file"] = 1e-6
    """EPANET's convergence limit: sum of flow changes over sum of flows. Where a network cannot reach it, it is relaxed
    step by step to 0.001, EPANET's own default. `as_in_file` leaves it alone."""

    quality: Literal["none", "age", "trace", "chemical"] = "none"
    """What EPANET's quality engine follows beside the hydraulics: the age of the water, the share of it that comes from
    `trace_node`, or a chemical (chlorine, a contaminant) with the file's initial values, sources and reactions."""

    trace_node: Id | None = None
    """With `quality: trace`: the reservoir, tank or junction whose water is followed."""

    quality_step: Duration | None = None
    """Longest step of the quality engine; the file's where none is given."""

    quality_run_up: Duration = 0.0
    """Whole days that the network runs before the scenario begins, so that ages and concentrations have settled, e.g.
    `5 d`. The file's own clock, with its patterns, controls and tanks, begins that much earlier."""

    quality_limit: str | None = None
    """People above this count as exposed: `72 h` of age, `10 %` of traced water, `0.3 mg/L` of a chemical."""

    quality_floor: str | None = None
    """People below this count as underprotected: `0.1 mg/L` of free chlorine."""

    @property
    def quality_bounds(self) -> tuple[float | None, float | None]:
        """(limit, floor) in h, % or mg/L."""
        unit = QUALITY_UNIT.get(self.quality, "1")
        limit, floor = (
            None if text is None else parse(text, unit) for text in (self.quality_limit, self.quality_floor)
        )
        return limit, floor

    def active_ports(self) -> tuple[Port, ...]:
        """The ports of a model of this section: of the quality ports only the one that is followed."""
        mine = QUALITY_PORTS.get(self.quality)
        return tuple(port for port in PORTS if port.name == mine or port.name not in QUALITY_PORTS.values())

    @model_validator(mode="after")
    def _quality(self) -> WaterConfig:
        if (self.quality == "trace") != (self.trace_node is not None):
            raise ValueError("`quality: trace` and `trace_node` belong together")
        for key in ("quality_limit", "quality_floor"):
            text = getattr(self, key)
            if text is None:
                continue
            if self.quality == "none":
                raise ValueError(f"{key} needs `quality: age`, `trace` or `chemical`")
            try:
                parse(text, QUALITY_UNIT[self.quality])
            except ValueError as error:
                raise ValueError(f"{key}: {error}") from error
        if self.quality_step is not None and self.quality_step < 1.0:
            raise ValueError("quality_step must be at least 1 s")
        if self.quality_run_up % 86_400.0:
            raise ValueError("quality_run_up must be whole days, so that the hour of the day stays")
        return self

    @model_validator(mode="after")
    def _limits(self) -> WaterConfig:
        if self.required_pressure < self.minimum_pressure + 0.1:
            raise ValueError("required_pressure must be at least 0.1 m above minimum_pressure")
        if self.pump_returns_below > self.pump_fails_at:
            raise ValueError("pump_returns_below must not be above pump_fails_at")
        if self.step < 1.0:
            raise ValueError("step must be at least 1 s, EPANET's shortest")
        return self


class Burst(Verb):
    """A main bursts: an orifice of `area` opens in it, until it is isolated or repaired (`until`)."""

    pipe: Id
    """The pipe that bursts."""
    area: Area
    """Area of the opening, e.g. `40 cm2`."""
    position: Annotated[float, Field(ge=0.02, le=0.98), Unit("1")] = 0.5
    """Where along the pipe, from its first node (0) to its second (1)."""


class Close(Verb):
    """A link is closed. It overrides the file's controls until `until`."""

    link: Id
    """Pipe, valve or pump."""


class Open(Verb):
    """A link is opened. It overrides the file's controls until `until`."""

    link: Id
    """Pipe, valve or pump."""


class Isolate(Verb):
    """Several pipes are closed at once, as a repair gang does around a burst."""

    pipes: Annotated[list[Id], Field(min_length=1)]
    """Pipes or valves to close."""


class PumpOutage(Verb):
    """A pump stands still, until `until`."""

    pump: Id
    """The pump."""


class HydrantOpen(Verb):
    """A hydrant is opened or knocked over, until `until`."""

    node: Id
    """The junction at which it stands."""
    flow: Flow | None = None
    """What it gives at the required pressure, e.g. `1600 L/min`; less at a lower pressure."""
    area: Area | None = None
    """Or the area of its opening, e.g. `50 cm2`."""

    @model_validator(mode="after")
    def _one(self) -> HydrantOpen:
        if (self.flow is None) == (self.area is None):
            raise ValueError("give either `flow` or `area`")
        return self


class DemandScale(Verb):
    """All demands are multiplied, until `until` (a heat wave, an appeal to save water)."""

    factor: Annotated[float, Field(ge=0.0, le=100.0), Unit("1")]
    """On top of `demand_scale`."""


class Inject(Verb):
    """A substance enters the water at a node, until `until`. Needs `quality: chemical`."""

    node: Id
    """Junction, tank or reservoir. Nothing is injected while no water leaves it."""
    rate: MassRate | None = None  # type: ignore[valid-type]
    """Mass that is put in, e.g. `200 g/min`."""
    concentration: Concentration | None = None  # type: ignore[valid-type]
    """Or the concentration that water leaving the node is brought to, e.g. `5 mg/L`; higher ones stay."""

    @model_validator(mode="after")
    def _one(self) -> Inject:
        if (self.rate is None) == (self.concentration is None):
            raise ValueError("give either `rate` or `concentration`")
        return self


VERBS: dict[str, type[Verb]] = {
    "burst": Burst,
    "close": Close,
    "open": Open,
    "isolate": Isolate,
    "pump_outage": PumpOutage,
    "hydrant_open": HydrantOpen,
    "demand_scale": DemandScale,
    "inject": Inject,
}
