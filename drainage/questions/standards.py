"""What GB 50014 (Standard for design of outdoor wastewater engineering) asks of a city, as data with its source.

The figures of the drain-down limits stand as they are quoted in reviews of the standard; hold them against your own
copy of it (GB 50014-2021, sections 4.1 and 5) before you rely on a verdict that hangs on them.
"""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "GB 50014-2021"


@dataclass(frozen=True)
class CitySize:
    """Return periods in years that a city of this size has to bear: waterlogging, and pipes in central districts."""

    name: str
    words: str
    waterlogging_a: tuple[float, float]
    central_pipes_a: tuple[float, float]


CITY_SIZES = {
    "mega": CitySize("mega", "megacity", (50.0, 100.0), (3.0, 5.0)),
    "large": CitySize("large", "large city", (30.0, 50.0), (2.0, 5.0)),
    "medium": CitySize("medium", "medium or small city", (20.0, 30.0), (2.0, 3.0)),
}
"""GB 50014-2021, waterlogging 50 to 100 a, 30 to 50 a, 20 to 30 a; pipes of central districts 3 to 5 a, 2 to 5 a, 2 to
3 a. The range is the city's own choice; its lower end is the least."""


@dataclass(frozen=True)
class DrainDown:
    """Longest time from the end of the rain until the ground is free again, h: the strict and the loose end."""

    kind: str
    words: str
    strict_h: float
    loose_h: float


DRAIN_DOWN = {
    "hub": DrainDown("hub", "transport hubs", 0.5, 0.5),
    "key": DrainDown("key", "key areas", 0.5, 2.0),
    "centre": DrainDown("centre", "city centre", 1.0, 3.0),
    "other": DrainDown("other", "elsewhere", 1.5, 4.0),
}
"""Limits by class of area: hubs 0.5 h, key areas 0.5 to 2 h, centre 1 to 3 h, elsewhere 1.5 to 4 h. To be verified."""

LANE_M = 0.15
"""A lane is passable with 15 cm of water or less (GB 50014, with ground floors dry the test of waterlogging)."""
LANE_WIDTH_M = 3.5
"""Width of a lane (CJJ 37, large or mixed vehicles at up to 60 km/h: 3.5 m)."""
