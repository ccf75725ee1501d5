"""The sections that belong to no model: the clock, the results, the city, and what stands at the top of the file."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from twin.clock import to_us
from twin.scenario.base import InputFile, Section
from twin.scenario.quantities import Duration


def _moment(text: Any) -> datetime:
    """An aware time from ISO 8601 text."""
    if isinstance(text, datetime):
        moment = text
    else:
        try:
            moment = datetime.fromisoformat(text if isinstance(text, str) else "")
        except ValueError:
            raise ValueError(f"{text!r} is not a date and time: write it like '2026-07-01T16:00+08:00'") from None
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC: write it like '{text}+08:00' or '{text}Z'")
    return moment


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    PlainSerializer(lambda moment: moment.isoformat(), return_type=str),
    WithJsonSchema({"type": "string", "examples": ["2026-07-01T16:00+08:00"]}),
]
"""A date and time with its offset from UTC."""


LONGEST_S = 10 * 365.25 * 86_400


def _not_long(seconds: float) -> float:
    if seconds > LONGEST_S:
        raise ValueError("must not be longer than ten years")
    return seconds


def _some_time(seconds: float) -> float:
    if to_us(seconds) < 1:
        raise ValueError("must be longer than nothing: at least 1 us")
    return seconds


Span = Annotated[Duration, AfterValidator(_not_long)]
"""A duration of at most ten years."""
SomeTime = Annotated[Span, AfterValidator(_some_time)]
"""A duration from one microsecond to ten years."""


class Clock(Section):
    """When the drill happens and how often the models speak to each other."""

    start: Moment
    """The moment at which the drill begins, with its offset from UTC."""
    duration: SomeTime
    """How long it lasts."""
    exchange: SomeTime = 60.0
    """How often all models exchange. A model may ask for shorter intervals."""

    @model_validator(mode="after")
    def _of_this_world(self) -> Clock:
        if not 1900 <= self.start.year <= 2200:
            raise ValueError(f"the start lies in the year {self.start.year}: years from 1900 to 2200 are simulated")
        return self


class City(Section):
    """What the city is called in the report."""

    name: str = ""
    """The city or quarter."""
    note: str = ""
    """Where its data are from."""


class Results(Section):
    """What a run keeps."""

    interval: SomeTime = 300.0
    """How often maps (depths, pressures) are recorded. Curves are recorded at every exchange."""
    folder: Annotated[str, Field(min_length=1)] = "runs"
    """Where run folders go, seen from the folder in which the command is started."""

    @property
    def interval_us(self) -> int:
        return to_us(self.interval)


NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def _name(text: Any) -> str:
    if not isinstance(text, str) or not NAME.fullmatch(text):
        raise ValueError(
            f"{text!r} cannot name a folder of results: use letters, digits, '-', '_' and '.', at most 80, no spaces"
        )
    return text


def _version(number: Any) -> int:
    if isinstance(number, bool) or number != 1:
        raise ValueError(f"this is a scenario of format {number!r}; this program reads format 1: write `twin: 1`")
    return 1


class Top(Section):
    """The keys of a scenario that are not sections of a model."""

    twin: Annotated[int, BeforeValidator(_version), WithJsonSchema({"const": 1})]
    """The version of the format: `twin: 1`."""
    name: Annotated[str, BeforeValidator(_name)] = "scenario"
    """Short name, used for the folder of results. The file's name where it is left out."""
    title: str = ""
    """A line for people, over the report."""
    extends: str | None = None
    """Another scenario file on which this one builds."""
    crs: str | None = None
    """The projected coordinate system of all networks, in metres, e.g. `EPSG:32633`."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    """From which all random numbers are drawn."""
    clock: Clock
    """When the drill happens."""
    city: City = City()
    """The city."""
    results: Results = Results()
    """What a run keeps."""
    baseline: InputFile | None = None
    """The scenario that the report holds this one against, e.g. the same evening without the storm."""
