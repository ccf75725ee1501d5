"""What the weather tells the models."""

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
