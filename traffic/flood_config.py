"""How water acts on vehicles: the scenario's `traffic.flooding` section."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from traffic.flood import CLOSING_DEPTH_M
from twin.scenario.base import InputFile, Section
from twin.scenario.quantities import Distance, Duration, Share, Speed


class Patrols(Section):
    """Patrols that close flooded roads. Until one has come a flooded road stays open: vehicles drive in at the speed
    that the water leaves them."""

    count: Annotated[int, Field(ge=1)] = 2
    """How many."""
    base: str
    """Edge id where they start."""
    speed: Speed = 30 / 3.6
    """How fast they get about, on the shortest way over the whole network. An assumption."""


class Stalling(Section):
    """Engines that drown. Every vehicle has a depth of its own at which it stalls, drawn once by its name and the seed:
    the probability rises from 0 at the first depth to 1 at the second. A stalled vehicle blocks its lane until it is
    towed away."""

    light_from: Distance = 0.3
    """No light vehicle (up to a van) stalls below: the closing depth of cars."""
    light_certain: Distance = 0.8
    """Every light vehicle stalls: the middle of 0.7 to 0.9 m (J. Adv. Transp. 2018)."""
    heavy_from: Distance = 0.6
    """No heavy vehicle (bus, truck, emergency) stalls below: the closing depth of emergency vehicles."""
    heavy_certain: Distance = 1.3
    """Every heavy vehicle stalls: the middle of 1.1 to 1.5 m (the same)."""
    recovery: Duration = 1800.0
    """From stalling until it is towed away. An assumption."""

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.light_certain <= self.light_from or self.heavy_certain <= self.heavy_from:
            raise ValueError("the certain depth must be more than the depth from which a vehicle may stall")
        return self


class Flooding(Section):
    """How water on a street acts on its vehicles."""

    speed_law: Literal["pregnolato", "conservative"] = "pregnolato"
    """How fast a car drives in water: Pregnolato et al. 2017 (0 from 0.3 m), or a conservative variant (0 from 0.6 m).
    Neither changes the closing depths."""
    closing_depth: dict[str, Distance] = Field(default_factory=dict)
    """Depth from which a street is closed, by SUMO vehicle class; those not named keep the default (passenger
    0.3 m, delivery and bus 0.4 m, truck and emergency 0.6 m: see docs/traffic.md for sources)."""
    reopen_share: Annotated[Share, Field(gt=0, le=1)] = 0.5
    """A street opens again when the water is below this share of the closing depth ..."""
    reopen_after: Duration = 600.0
    """... and has been for this long (somebody has to look at it first). An assumption."""
    crawl_speed: Speed = 5 / 3.6
    """Speed of those who still drive where the speed law for cars gives less: high trucks, and vehicles that leave
    a street which closes around them. Walking speed."""
    underpasses: dict[str, tuple[str, ...]] | InputFile | None = None
    """Underpasses by name: the edges of each, or a GeoJSON file of points or areas with a `name`."""
    underpass_depth: Distance = 0.27
    """Depth at the lowest point from which an underpass is closed to all: the red line in use in Beijing."""
    patrols: Patrols | None = None
    """Roads are closed by patrols that must first get there; at once when left out."""
    stalling: Stalling | None = None
    """Engines that drown; none when left out."""
    manhole_speed: Speed = 10 / 3.6
    """Speed past an open manhole, on the lane at the kerb. An assumption."""

    @model_validator(mode="after")
    def _known_classes(self) -> Self:
        from twin.scenario.problems import suggest

        for name, depth in self.closing_depth.items():
            if name not in CLOSING_DEPTH_M:
                raise ValueError(f"no vehicle class '{name}'.{suggest(name, CLOSING_DEPTH_M)}")
            if depth <= 0:
                raise ValueError(f"the closing depth of '{name}' must be more than 0 m")
        return self

    def depths(self) -> dict[str, float]:
        """Closing depth in m for every road vehicle class."""
        return {**CLOSING_DEPTH_M, **self.closing_depth}
