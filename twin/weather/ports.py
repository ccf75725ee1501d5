"""What the weather tells the models. Rain is one value for the city, or one for each zone where it differs."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from twin.ports import Direction, Kind, Port, Record

PORTS = (
    Port(
        "rain",
        "mm/h",
        Direction.OUT,
        Kind.STATE,
        at="gauge",
        quantity="atmosphere__rainfall_rate",
        record=Record.SERIES,
        doc="Rain: the exact mean over the interval of the exchange.",
    ),
    Port(
        "rain_mean",
        "mm/h",
        Direction.OUT,
        Kind.STATE,
        at="city",
        record=Record.SERIES,
        doc="Rain, mean over all zones.",
    ),
    Port(
        "rain_most",
        "mm/h",
        Direction.OUT,
        Kind.STATE,
        at="city",
        record=Record.SERIES,
        doc="Rain in the zone where it rains hardest.",
    ),
    Port(
        "rain_depth",
        "mm",
        Direction.OUT,
        Kind.STATE,
        at="zone",
        record=Record.FIELD,
        doc="Rain that has fallen so far.",
    ),
    Port(
        "tide",
        "m",
        Direction.OUT,
        Kind.STATE,
        at="city",
        quantity="river__water_level",
        record=Record.SERIES,
        doc="Water level of the river.",
    ),
    Port(
        "wind",
        "m/s",
        Direction.OUT,
        Kind.STATE,
        at="city",
        quantity="atmosphere__wind_speed",
        record=Record.SERIES,
        doc="Wind speed.",
    ),
    Port(
        "visibility",
        "m",
        Direction.OUT,
        Kind.STATE,
        at="city",
        quantity="atmosphere__visibility",
        record=Record.SERIES,
        doc="How far one can see.",
    ),
)

SPATIAL = ("rain_mean", "rain_most", "rain_depth")
"""Ports of rain that differs over the city. Its `rain` is then given by zone, and its curve is that of the mean."""


def ports_for(given: Container[str], spatial: bool) -> tuple[Port, ...]:
    """The ports of a weather that has these parts."""
    found = []
    for port in PORTS:
        if port.name == "rain" and spatial:
            port = replace(port, at="zone", record=Record.NO)
        if port.name in given or (spatial and port.name in SPATIAL):
            found.append(port)
    return tuple(found)
