"""What a scenario says of dispatch: which pumps, gates, basins, plant and river there are, and who decides.

Depths of wells and basins are measured from the node's floor, as SWMM's pumps do; the river's levels are those of the
tide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from twin.scenario.base import Section
from twin.scenario.quantities import Distance, Duration, Flow, Length, RainDepth, Volume, quantity

Into = Literal["river", "plant", "sewer"]
Power = quantity("kW", 0)
Shift = quantity("s")
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class Station(Section):
    """Pumps that draw from one well, switched one after the other."""

    pumps: Annotated[list[str], Field(min_length=1)]
    """Ids of the pumps in the sewer file, in the order in which they start."""
    well: str | None = None
    """The node whose depth switches them. Default: the node that the first pump draws from."""
    start: Annotated[list[Distance], Field(min_length=1)]
    """Depths in the well at which the pumps start: one for each, or one for all."""
    stop: Distance
    """Depth in the well at which they stop."""
    lowered: Distance | None = None
    """Depth to which a coming storm, or a plan, has the well drawn down. Starts are lowered as much as the stop."""
    into: Into = "sewer"
    """Where they pump to. A high river limits those into the river."""
    power: Power | None = None  # type: ignore[valid-type]
    """Electric power of one running pump. Without it energy is SWMM's flow times head over `efficiency`."""
    efficiency: Annotated[float | None, Field(gt=0, le=1)] = None
    """Of pump and motor together, where no `power` is given. Default: drainage's `pump_efficiency`."""

    @model_validator(mode="after")
    def _levels(self) -> Station:
        if len(self.start) not in (1, len(self.pumps)):
            raise ValueError(f"`start` has {len(self.start)} depths for {len(self.pumps)} pumps: give one, or one each")
        if self.stop >= min(self.start):
            raise ValueError(
                f"the pumps stop at {self.stop:g} m, but start at {min(self.start):g} m: `stop` must be below `start`"
            )
        if self.lowered is not None and self.lowered > self.stop:
            raise ValueError(f"`lowered` ({self.lowered:g} m) must not be above `stop` ({self.stop:g} m)")
        return self

    @property
    def starts(self) -> list[float]:
        """One depth for each pump, m."""
        return list(self.start) if len(self.start) > 1 else list(self.start) * len(self.pumps)

    @property
    def floor(self) -> float:
        """The depth below which no policy pumps, m."""
        return self.stop if self.lowered is None else self.lowered


class Gate(Section):
    """A gate (orifice, weir or outlet) that lets water out by gravity."""

    link: str
    """Its id in the sewer file."""
    open_above: Distance
    """Depth in front of it at which it opens."""
    shut_below: Distance = 0.0
    """Depth in front of it at which it shuts."""
    lowered: Distance | None = None
    """With a storm to come it shuts only at this depth."""
    into: Into = "river"
    """Where it leads. A gate into the river opens only while the water in front of it stands above the river."""

    @model_validator(mode="after")
    def _levels(self) -> Gate:
        if self.shut_below >= self.open_above:
            raise ValueError(f"`shut_below` ({self.shut_below:g} m) must be below `open_above` ({self.open_above:g} m)")
        if self.lowered is not None and self.lowered > self.shut_below:
            raise ValueError(f"`lowered` ({self.lowered:g} m) must not be above `shut_below` ({self.shut_below:g} m)")
        return self


class Basin(Section):
    """A retention basin: a storage unit, with a link that fills it and one that empties it where it has them."""

    node: str
    """The storage unit in the sewer file."""
    usable: Annotated[Volume, Field(gt=0)]
    """Water that it holds when full."""
    inlet: str | None = None
    """Gate or pump that fills it."""
    outlet: str | None = None
    """Gate or pump that empties it."""
    watch: str | None = None
    """Node whose depth opens the inlet. Default: the node in front of the inlet."""
    fill_above: Distance | None = None
    """Depth there at which the inlet opens; it shuts again at 0.8 of it."""
    drain_below: Distance | None = None
    """The outlet opens only while the depth behind it is below this. Default: whenever there is something to empty."""
    keep: Distance = 0.0
    """Depth that emptying leaves."""
    lowered: Distance | None = None
    """Depth to which it is emptied before a storm."""
    into: Into = "sewer"
    """Where the outlet leads."""

    @model_validator(mode="after")
    def _whole(self) -> Basin:
        if (self.inlet is None) != (self.fill_above is None):
            raise ValueError("an `inlet` needs `fill_above`, and the other way round")
        if self.outlet is None and (self.drain_below is not None or self.lowered is not None):
            raise ValueError("`drain_below` and `lowered` need an `outlet`")
        if self.lowered is not None and self.lowered > self.keep:
            raise ValueError(f"`lowered` ({self.lowered:g} m) must not be above `keep` ({self.keep:g} m)")
        return self


class Plant(Section):
    """The treatment plant: what it can take, and what is throttled for it."""

    at: str
    """A link of the sewer file, or an outfall, through which all water to the plant flows."""
    limit: Annotated[Flow, Field(gt=0)]
    """What the plant can take."""
    feeds: list[str] = Field(default_factory=list)
    """Pumps and gates (of the stations, gates and basins above) that are throttled when more arrives."""


class River(Section):
    """What a high river forbids. Its stage is the weather's tide, or drainage's `river_level`."""

    warning: Length
    """Level from which on gates into the river stay shut and pumping into it is limited (5 cm below, all is free)."""
    pumps: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of each station's pumps into the river that may still run then."""


class Outlook(Section):
    """The rain that operators expect: the scenario's own, perfect unless it is bent here."""

    lead: Annotated[Duration, Field(gt=0, le=21600)] = 7200.0
    """How far ahead they look."""
    storm: Annotated[RainDepth, Field(gt=0)] = 10.0
    """Rain within the lead that counts as a coming storm: wells and basins are drawn down to `lowered`."""
    factor: Annotated[float, Field(ge=0)] = 1.0
    """Forecast rain over true rain."""
    lag: Shift = 0.0  # type: ignore[valid-type]
    """How much later than in truth the forecast has the rain; negative is earlier."""


class Costs(Section):
    """What a plan is charged for, in one currency of the user's choice."""

    flooded_15cm: Annotated[float, Field(ge=0)] = 1000.0
    """For a hectare above 15 cm for an hour."""
    flooded_27cm: Annotated[float, Field(ge=0)] = 4000.0
    """For a hectare above 27 cm for an hour, besides."""
    overflow: Annotated[float, Field(ge=0)] = 0.02
    """For a cubic metre out of manholes."""
    cso: Annotated[float, Field(ge=0)] = 0.05
    """For a cubic metre of combined sewage into the river."""
    overload: Annotated[float, Field(ge=0)] = 0.2
    """For a cubic metre above what the plant can take."""
    energy: float | dict[str, float] = 0.12
    """For a kilowatt hour: one price, or by the clock, {"00:00": 0.06, "07:00": 0.14}."""

    @model_validator(mode="after")
    def _prices(self) -> Costs:
        for clock, price in self.prices:
            if not CLOCK.fullmatch(clock):
                raise ValueError(f"`energy`: '{clock}' is no time of day: write it like \"07:00\"")
            if price < 0:
                raise ValueError(f"`energy`: the price from {clock} on must not be negative")
        return self

    @property
    def prices(self) -> list[tuple[str, float]]:
        """(clock, price) in the order of the day."""
        given = self.energy if isinstance(self.energy, dict) else {"00:00": self.energy}
        return sorted(given.items())

    def price(self, clock: str) -> float:
        """Of a kilowatt hour at a time of day `HH:MM`; before the first entry the last one holds."""
        before = [p for begins, p in self.prices if begins <= clock]
        return before[-1] if before else self.prices[-1][1]


class Mpc(Section):
    """Model-predictive control: branches of the running model try plans, the best is taken until the next decision."""

    interval: Annotated[Duration, Field(ge=60)] = 900.0
    """Time between decisions."""
    horizon: Annotated[Duration, Field(le=21600)] = 5400.0
    """How far each branch looks."""
    hold: Annotated[Duration | None, Field(gt=0)] = None
    """How long a plan is kept within a branch before rules take over again. Default: the interval."""
    branches: Annotated[int, Field(ge=1, le=64)] = 2
    """Branches that run at the same time."""
    candidates: Annotated[int, Field(ge=2, le=200)] = 8
    """Plans of the first round; the rules' own is always among them."""
    refine: Annotated[int, Field(ge=0, le=200)] = 4
    """Plans of the second round: the best one with one thing changed."""
    gain: Annotated[float, Field(ge=0, lt=1)] = 0.01
    """A plan must be cheaper than the rules' by this share, or the rules stay."""
    patience: Annotated[Duration, Field(gt=0)] = 300.0
    """Time on the clock after which a branch counts as lost and is ended."""

    @model_validator(mode="after")
    def _times(self) -> Mpc:
        if self.horizon < self.interval:
            raise ValueError(
                f"`horizon` ({self.horizon:g} s) must not be shorter than `interval` ({self.interval:g} s): "
                "a branch must see the end of its own decision"
            )
        if self.hold is not None and self.hold > self.horizon:
            raise ValueError("`hold` must not be longer than `horizon`")
        return self

    @property
    def hold_s(self) -> float:
        return self.interval if self.hold is None else self.hold


class Dispatch(Section):
    """Pumping stations, gates, basins, plant and river as one system."""

    policy: Literal["file", "rules", "mpc"] = "rules"
    """`file`: the sewer file's own controls. `rules`: level bands, drawdown before storms, plant limit, high river.
    `mpc`: the rules, and beyond them the plan that does best when branches of the run try it."""
    stations: dict[str, Station] = Field(default_factory=dict)
    """Pumping stations by name."""
    gates: dict[str, Gate] = Field(default_factory=dict)
    """Gates by name."""
    basins: dict[str, Basin] = Field(default_factory=dict)
    """Retention basins by name."""
    plant: Plant | None = None
    """The treatment plant."""
    river: River | None = None
    """What a high river forbids."""
    cso: list[str] = Field(default_factory=list)
    """Outfalls or links (overflow weirs) whose water is combined sewage that should not have left."""
    forecast: Outlook = Outlook()
    """The rain that operators expect."""
    mpc: Mpc = Mpc()
    """How plans are tried."""
    costs: Costs = Costs()
    """What a plan is charged for; also the cost that results tell."""

    @model_validator(mode="after")
    def _once(self) -> Dispatch:
        if not (self.stations or self.gates or self.basins):
            raise ValueError("give `stations`, `gates` or `basins`: there is nothing to dispatch")
        names = [*self.stations, *self.gates, *self.basins]
        if twice := next((n for n in names if names.count(n) > 1), None):
            raise ValueError(f"the name '{twice}' is used twice: stations, gates and basins share their names")
        links = [link for _, link in self.links()]
        if twice := next((n for n in links if links.count(n) > 1), None):
            raise ValueError(f"'{twice}' is commanded twice: a pump or gate belongs to one station, gate or basin")
        return self

    @property
    def lowers(self) -> dict[str, float]:
        """Name -> depth, of everything that is drawn down before a storm."""
        depths = [(name, station.lowered) for name, station in self.stations.items()]
        depths += [(name, gate.lowered) for name, gate in self.gates.items()]
        depths += [(name, basin.lowered) for name, basin in self.basins.items()]
        return {name: depth for name, depth in depths if depth is not None}

    def links(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """(key path within the section, link) of everything that is commanded."""
        for name, station in self.stations.items():
            yield from ((("stations", name, "pumps", k), pump) for k, pump in enumerate(station.pumps))
        for name, gate in self.gates.items():
            yield ("gates", name, "link"), gate.link
        for name, basin in self.basins.items():
            for key in ("inlet", "outlet"):
                if link := getattr(basin, key):
                    yield ("basins", name, key), link
