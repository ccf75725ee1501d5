"""The one protocol that every model speaks, and what a domain folder tells the core about itself.

A domain (water, drainage, traffic, port, and any later one) is an entry point in the group `twin.domains` that gives a
`Domain`. Importing it must be cheap: the engines are imported inside `Domain.build`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from pydantic import BaseModel

from twin.places import Places
from twin.ports import Port

if TYPE_CHECKING:
    from twin.results.view import RunView
    from twin.scenario.problems import Problem


@dataclass(frozen=True)
class Event:
    """Something that a scenario does to a model.

    verb   without the section (`burst`)
    args   the verb's own pydantic model, validated (see `Domain.verbs`)
    phase  `start`, or `end` when the event's `until` has come
    where  file:line:column of the timeline entry, for messages
    """

    id: str
    verb: str
    args: Any
    phase: str = "start"
    where: str = ""


@dataclass(frozen=True)
class Metric:
    """A headline figure: what `expect`, `compare`, `summary.json` and the report read.

    better  `lower`, `higher` or `` (neither): how a difference is coloured
    digits  decimals that mean something
    """

    value: float | int | str | None
    unit: str
    doc: str
    better: str = ""
    digits: int = 1


@dataclass(frozen=True)
class Table:
    """A table of the run folder (`tables/<section>.<name>.csv`). Units stand in the column names (`depth_m`)."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    doc: str = ""


@dataclass
class Balance:
    """What a model holds of one substance (`water`, `vehicles`, `trucks`, `containers`).

    stored_start + inflow − outflow = stored_now must hold within `tolerance` of the throughput.
    inflow, outflow  everything that crossed the model's border, by name (`rain`, `outfalls`, `link:burst_volume`)
    noted            errors that an engine reports of itself (SWMM's continuity), shown and not hidden
    """

    substance: str
    unit: str
    stored_start: float
    stored_now: float
    inflow: dict[str, float] = field(default_factory=dict)
    outflow: dict[str, float] = field(default_factory=dict)
    tolerance: float = 1e-9
    noted: dict[str, float] = field(default_factory=dict)


@dataclass
class Journal:
    """What a model wants told: one buffer a model, drained by the scheduler in a fixed order."""

    entries: list[dict[str, Any]] = field(default_factory=list)

    def write(self, time_us: int, what: str, text: str, **data: Any) -> None:
        """Note that at `time_us` `what` happened (a short key such as `road_closed`), in words, with its data."""
        self.entries.append({"time_us": time_us, "what": what, "text": text, **data})


@dataclass
class Setup:
    """What a domain gets to make its model.

    sources  input port -> where its values come from, of partners that know their places before they are built
    extent   (west, south, east, north) in m of the sections that this one gives to; only for a config that says
             `wants_extent`, None where no section says where it lies
    """

    section: str
    config: Any
    start: datetime
    duration_us: int
    exchange_us: int
    seed: int
    folder: Path
    journal: Journal
    crs: str | None = None
    events: Sequence[Event] = ()
    linked: frozenset[str] = frozenset()
    sections: frozenset[str] = frozenset()
    sources: Mapping[str, Places] = field(default_factory=dict)
    extent: tuple[float, float, float, float] | None = None


@runtime_checkable
class Model(Protocol):
    """A model in a coupled run.

    name, rank, ports, places
        Models of equal rank see each other's state at the start of an interval and advance at the same time, in
        threads. Rank 0 is for models that only give (weather): its outputs describe the interval to come.
    advance(until_us)
        Goes on to `until_us` and returns where it stopped: there, or at most one internal step beyond.
    next_event_us()
        The latest time to which it may go before it wants to exchange again.
    put(port, values) / take(port)
        Exchange: (n,) float arrays, or lists of `Arrival`. `take` of an amount gives what has gathered since the
        last take and forgets it; of a state, the present value. Arrays handed out belong to the receiver.
    apply(event)
        Something happens now. Raises `ValueError` with a sentence when it cannot.
    main_thread (optional)
        True for an engine that must always be called from one thread; it then advances in the main thread while
        the others advance beside it.
    """

    name: str
    rank: int
    ports: tuple[Port, ...]
    places: Mapping[str, Places]

    def advance(self, until_us: int) -> int: ...
    def next_event_us(self) -> int: ...
    def put(self, port: str, values: Any) -> None: ...
    def take(self, port: str) -> Any: ...
    def apply(self, event: Event) -> None: ...
    def balances(self) -> list[Balance]: ...
    def summary(self) -> dict[str, Metric]: ...
    def tables(self) -> dict[str, Table]: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Beat:
    """One sentence of a run's story. `time_us` orders it; None puts it at the end of its section."""

    time_us: int | None
    text: str
    weight: int = 1


@dataclass(frozen=True)
class Layer:
    """How the report draws a recorded field.

    kind      `raster` (grid), `lines`, `points`
    breaks    class limits in the port's unit; k limits make k+1 classes
    colours   k+1 CSS colours, `labels` k+1 words for the legend
    widths    line widths or point sizes per class
    on        shown when the page opens
    """

    port: str
    title: str
    kind: str
    breaks: tuple[float, ...]
    colours: tuple[str, ...]
    labels: tuple[str, ...]
    widths: tuple[float, ...] = ()
    on: bool = True
    hover: str = ""


@dataclass(frozen=True)
class Curve:
    """A small chart of the report: one or more SERIES ports of a section, summed up for the reader."""

    ports: tuple[str, ...]
    title: str
    unit: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Domain:
    """A domain folder as the core sees it.

    section   the scenario's key (`water`)
    config    the section's pydantic model (derive from `twin.scenario.base.Section`)
    verbs     what a timeline may do to it: verb -> pydantic model of its arguments
    ports     the table, known before any network is read (documentation, coupling, checks)
    build     makes the model; heavy imports belong inside
    check     reads the input files (engines that can crash run in a child process) and gives every problem found:
              missing elements, unknown ids in `events`, extents. Called by `twin validate` and before each run.
    story     sentences for the report, from a finished run and, if there is one, the run that it is held against
    extent    (west, south, east, north) in m of what the section's files describe, None where they do not say; cheap,
              for it is asked before each run. May raise for a file that cannot be read: `check` tells why
    places    places of outputs that are known before the model is built (zones of rain): those who take them get them
              as `Setup.sources`
    metrics   names of all figures that its models may give, where they are known beforehand: `expect` is held against
              them before a run. Empty: only the `headlines` are known, and others may exist
    """

    section: str
    title: str
    config: type[BaseModel]
    verbs: Mapping[str, type[BaseModel]]
    ports: tuple[Port, ...]
    build: Callable[[Setup], Model]
    check: Callable[[Setup], Iterable[Problem]]
    story: Callable[[RunView, RunView | None], list[Beat]] | None = None
    layers: tuple[Layer, ...] = ()
    curves: tuple[Curve, ...] = ()
    headlines: tuple[str, ...] = ()
    extent: Callable[[Setup], tuple[float, float, float, float] | None] | None = None
    places: Callable[[Setup], Mapping[str, Places]] | None = None
    metrics: tuple[str, ...] = ()
