"""The `water:` section of a scenario and the arguments of its timeline verbs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from twin.scenario.base import InputFile, Section, Verb
from twin.scenario.quantities import Area, Distance, Duration, Flow, Unit, quantity


def _id(value: Any) -> Any:
    """EPANET ids are text; YAML reads `pipe: 12` as a number, so whole numbers become text again."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Id = Annotated[str, BeforeValidator(_id), Field(min_length=1, max_length=31)]
"""An EPANET id: up to 31 characters (EPANET 2.2 user manual, appendix C)."""

LitresPerDay = quantity("L/d", 1.0, 10_000.0)


class WaterConfig(Section):
    """Water supply: an EPANET network, pressure-driven, stepped with the rest of the city."""

    network: InputFile
    """EPANET input file (INP). It is read, never changed."""

    engine: Literal["epanet"] = "epanet"
    """EPANET 2.2, as WNTR ships it."""

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


VERBS: dict[str, type[Verb]] = {
    "burst": Burst,
    "close": Close,
    "open": Open,
    "isolate": Isolate,
    "pump_outage": PumpOutage,
    "hydrant_open": HydrantOpen,
    "demand_scale": DemandScale,
}
