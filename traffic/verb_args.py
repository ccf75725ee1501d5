"""What a timeline may do to the roads: the arguments of each verb."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from twin.scenario.base import Verb
from twin.scenario.quantities import Duration, Share, Speed


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


def _road_classes(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names themselves. Raises `ValueError` with a suggestion for one that SUMO does not know."""
    from traffic.flood import CLOSING_DEPTH_M
    from twin.scenario.problems import suggest

    for name in names:
        if name not in CLOSING_DEPTH_M:
            raise ValueError(f"no vehicle class '{name}'.{suggest(name, CLOSING_DEPTH_M)}")
    return names


class Close(Place):
    """Close a road or some of its lanes, to all or to some classes of vehicles."""

    classes: tuple[str, ...] = ()
    """SUMO vehicle classes (`passenger`, `truck`, ...); all when left out."""
    lanes: tuple[Annotated[int, Field(ge=0)], ...] = ()
    """Lane indices, 0 is the kerb; all lanes when left out."""
    over: Duration = 0.0
    """Close step by step within this time, the last step at its end; at once when left out."""
    by: Literal["lane", "class"] = "lane"
    """The steps: lane by lane from the kerb, or class by class from the heaviest (trucks, buses, vans, cars, the
    emergency services last). The road opens again at once, or by `traffic.open` with `over`."""

    _known = field_validator("classes")(_road_classes)


class Open(Place):
    """End every closure by an event on a road (water still closes it)."""

    over: Duration = 0.0
    """Open lane by lane from the innermost within this time, the last lane at its end; at once when left out."""


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


class Contraflow(Verb):
    """Lanes of one edge are opened against their direction: they are closed, driven empty, and open the other way."""

    edge: str
    """Edge id of the direction that gives its lanes."""
    lanes: Annotated[int, Field(ge=1)] = 1
    """How many it gives, those beside the other direction first."""


class Divert(Place):
    """Open a diversion and lead vehicles over it. The place is the diversion: its edges in the order of driving."""

    away_from: tuple[str, ...]
    """Edges that the diversion goes round: vehicles that have one of them ahead are told the new way."""
    speed: Speed | None = None
    """A higher limit on the diversion; its own when left out."""
    classes: tuple[str, ...] = ()
    """Vehicle classes that the diversion is opened to beyond those that may drive there anyway."""
    share: Annotated[Share, Field(ge=0, le=1)] = 1.0
    """Share of drivers who follow (0 to 1)."""

    _known = field_validator("classes")(_road_classes)

    @model_validator(mode="after")
    def _goes_round(self) -> Self:
        if not self.away_from:
            raise ValueError("name the edges that the diversion goes round in `away_from`")
        return self


class HoldTrucks(Verb):
    """Trucks bound for the terminal wait at a buffer park and are called up one by one."""

    park: str
    """Edge id, or id of a parking area, where they wait off the lane."""
    queue: Annotated[int, Field(ge=0)] = 5
    """A truck is called up while fewer than this many queue at the gate or are on their way there from the buffer.
    0: none is called up before the measure ends."""
    capacity: Annotated[int, Field(ge=1)] = 50
    """Places. A truck that finds none, or cannot reach the buffer, drives on to the gate."""


class Signals(Verb):
    """Some traffic lights, or all."""

    signals: tuple[str, ...] = ()
    """Ids of traffic lights; all when left out."""


class SignalsOff(Signals):
    """Traffic lights go dark: the junction's right of way holds."""


class SignalsRed(Signals):
    """Traffic lights show red to all."""


class Phase(Verb):
    """One phase of a fixed program."""

    state: str
    """A letter for each link of the traffic light: `G`, `g`, `y`, `r`, `s`, `u`, `o`, `O`."""
    duration: Duration
    """How long it lasts."""

    @field_validator("state")
    @classmethod
    def _letters(cls, state: str) -> str:
        strange = sorted(set(state) - set("GgyrsuoO"))
        if strange or not state:
            raise ValueError(f"a state is made of G, g, y, r, s, u, o and O, not of '{''.join(strange)}'")
        return state


class SignalProgram(Verb):
    """A traffic light runs another fixed program."""

    signal: str
    """Id of the traffic light."""
    program: str | None = None
    """Id of a program that the network or an additional file has ..."""
    phases: tuple[Phase, ...] = ()
    """... or the phases themselves."""

    @model_validator(mode="after")
    def _one_program(self) -> Self:
        if (self.program is None) == (not self.phases):
            raise ValueError("give either `program` or `phases`")
        return self


class Retime(Signals):
    """Other timings of traffic lights; yellow and all-red times stay."""

    cycle: Duration | None = None
    """Length of the cycle; the present one when left out."""
    split: tuple[Annotated[Share, Field(gt=0)], ...] = ()
    """Shares of the green time of the green phases, in their order; as before when left out."""
    offset: Duration | None = None
    """The cycle begins this long after a whole number of cycles since the scenario's start; now when left out."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.cycle is None and not self.split and self.offset is None:
            raise ValueError("say what changes: `cycle`, `split` or `offset`")
        return self


VERBS: dict[str, type[Verb]] = {
    "close": Close,
    "open": Open,
    "speed_limit": SpeedLimit,
    "incident": Incident,
    "contraflow": Contraflow,
    "divert": Divert,
    "hold_trucks": HoldTrucks,
    "signals_off": SignalsOff,
    "signals_red": SignalsRed,
    "signal_program": SignalProgram,
    "retime": Retime,
}
