"""A scenario that has been read and found sound: what is to be simulated, and where each value came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from twin.model import Domain
from twin.ports import Port
from twin.scenario.expect import Expectation
from twin.scenario.merge import KeyPath, path_text
from twin.scenario.problems import Problem
from twin.scenario.sections import City, Results
from twin.scenario.source import Place
from twin.scenario.timeline import Scheduled


@dataclass(frozen=True)
class Origin:
    """Where a value came from.

    how     `file`, `--set`, or `default`
    file    as people write it; for `--set` the option itself
    line, column   of the value, from 1; 0 where there is none
    head    the place of its key (of the value itself in a list)
    """

    how: str
    file: str = ""
    line: int = 0
    column: int = 0
    head: Place | None = None

    @property
    def text(self) -> str:
        if self.how == "file":
            return f"{self.file}:{self.line}"
        return self.file or self.how


@dataclass(frozen=True)
class Times:
    """When the drill begins (aware), how long it lasts, and how often all models exchange."""

    start: datetime
    duration_us: int
    exchange_us: int


@dataclass(frozen=True)
class Scenario:
    """A sound scenario.

    path, folder, root   the file, the folder that its file names start from, the folder they stay in (all absolute)
    sections, domains    section -> its validated config, and its domain; weather first, then assets, then by name
    schedule, expect     the timeline and what must hold, in the order of the file
    origins              key path -> where the value came from
    """

    path: Path
    folder: Path
    root: Path
    name: str
    title: str
    crs: str | None
    seed: int
    clock: Times
    city: City
    results: Results
    baseline: Path | None
    sections: Mapping[str, Any]
    domains: Mapping[str, Domain]
    schedule: list[Scheduled]
    expect: list[Expectation]
    origins: Mapping[KeyPath, Origin]
    shown: str
    top: Any = field(repr=False, default=None)

    def ports(self) -> dict[str, tuple[Port, ...]]:
        """Section -> the ports that its model will have."""
        return ports_by_section(self.domains, self.sections)

    def origin(self, path: KeyPath) -> Origin:
        """Where the value at a path came from."""
        return self.origins.get(path, Origin("default"))

    def locate(self, problem: Problem) -> str:
        """The problem as a line: `file:line:column  path: message`.

        A problem with an event's `where` stands at that entry of the timeline, at the argument that it quotes.
        """
        for index, entry in enumerate(self.schedule):
            if problem.where and problem.path[:1] == ("timeline",) and entry.event.where == problem.where:
                path: KeyPath = ("timeline", index, *problem.path[2:])
                if len(path) == 2:
                    path += _quoted(problem.text, entry.event.args)
                return line_of(Problem(path, problem.text, problem.warn), self.origins, self.shown)
        return line_of(problem, self.origins, self.shown)

    def resolved(self) -> dict[str, Any]:
        """The whole scenario with all defaults, as plain data; file names relative to `folder`."""
        from twin.scenario.resolved import resolved

        return resolved(self)

    def resolved_text(self) -> str:
        """`resolved()` as YAML, always the same for the same scenario. It can be loaded again from `folder`."""
        from twin.scenario.resolved import to_yaml

        return to_yaml(self.resolved())


def ports_by_section(domains: Mapping[str, Domain], sections: Mapping[str, Any]) -> dict[str, tuple[Port, ...]]:
    """The ports that the models of these sections will have.

    A section's config may narrow its domain's table by a method `active_ports()`: a weather without a tide has no
    tide to give.
    """
    found = {}
    for section, domain in domains.items():
        narrow = getattr(sections.get(section), "active_ports", None)
        found[section] = tuple(narrow()) if narrow is not None else domain.ports
    return found


def _quoted(text: str, args: Any) -> KeyPath:
    """The argument whose value a message quotes."""
    values = args.model_dump(mode="json", by_alias=True) if args is not None else {}
    return next(((key,) for key, value in values.items() if isinstance(value, str) and f"'{value}'" in text), ())


def line_of(problem: Problem, origins: Mapping[KeyPath, Origin], shown: str) -> str:
    """`file:line:column  path: message`; the nearest key above speaks for a path that is not in the file."""
    place = place_of(problem.path, origins, shown)
    name = path_text(problem.path)
    words = [f"{name}:"] if name else []
    words += [f"{problem.where}:"] if problem.where else []
    return " ".join(f"{place}  {' '.join([*words, problem.text])}".splitlines())


def place_of(path: KeyPath, origins: Mapping[KeyPath, Origin], shown: str) -> Place:
    """Where a path stands: its value, or the key of the nearest mapping or list above it."""
    for length in range(len(path), 0, -1):
        origin = origins.get(path[:length])
        if origin is not None and origin.how != "default":
            value = Place(origin.file, origin.line, origin.column)
            return value if length == len(path) or origin.head is None else origin.head
    return Place(shown, 1, 1)
