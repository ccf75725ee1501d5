"""What models say to each other: ports, declared as a table that couples, documents and checks itself.

Two ports meet when one gives and the other takes the same `quantity`. The names are in the manner of CSDMS
(object__quantity), so a third-party BMI model finds its partners without a line of glue.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class Kind(StrEnum):
    """How values add up between two exchanges.

    STATE     intensive; the latest value counts (depth, pressure, availability).
    AMOUNT    extensive; summed since the last take (m3, vehicles). Volumes, never sampled rates.
    ARRIVALS  a list of `Arrival`, each a thing with a name and a time (a truck at the gate).
    """

    STATE = "state"
    AMOUNT = "amount"
    ARRIVALS = "arrivals"


class Join(StrEnum):
    """How the places of a source become those of a target (declared by the taking port).

    NEAREST    each target takes its nearest source point or the cell it lies in; for an amount each source gives
               all it has to the nearest target (or the cell it lies in).
    ALONG_MAX  each target line or point takes the largest value of the cells that it crosses.
    SAME_ID    by name; a target that the source does not know is left at its default.
    ALL        one source for every target (weather over a city).
    """

    NEAREST = "nearest"
    ALONG_MAX = "along_max"
    SAME_ID = "same_id"
    ALL = "all"


class Record(StrEnum):
    """What the run folder keeps: nothing, every exchange (curves), or every results interval (fields)."""

    NO = "no"
    SERIES = "series"
    FIELD = "field"


@dataclass(frozen=True)
class Port:
    """One declared value.

    name      short, unique within the model (`depth`)
    unit      SI unit as text (`m`, `m3`, `m/s`, `1`)
    at        name of the model's places (`model.places[at]`)
    quantity  CSDMS-style name; ports of two models with the same quantity are linked. Empty: never linked.
    join      for IN ports: how places are mapped
    default   for IN ports: the value where nothing is linked
    record    for OUT ports: what the run folder keeps
    doc       one sentence that a planner understands
    """

    name: str
    unit: str
    direction: Direction
    kind: Kind
    at: str
    doc: str
    quantity: str = ""
    join: Join = Join.NEAREST
    default: float = 0.0
    record: Record = Record.NO


@dataclass(frozen=True, order=True)
class Arrival:
    """A thing that passes from one model to another at a moment: `time_us`, its `id`, and what it carries."""

    time_us: int
    id: str
    data: dict[str, Any] = field(default_factory=dict, compare=False)
