"""The timeline: what is done to which model, at a time or when a condition becomes true."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel

from twin.model import Domain, Event
from twin.ports import Port
from twin.scenario.problems import Problem, suggest
from twin.scenario.sentences import validate
from twin.scenario.times import duration_us as as_duration_us
from twin.scenario.times import moment_us
from twin.scenario.trigger import Trigger

RESERVED = ("id", "at", "when", "do", "until", "repeat", "note")
"""Keys of every entry; no verb may use them for an argument of its own."""

_T = TypeVar("_T")
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Scheduled:
    """One entry of the timeline.

    at_us     when it begins, in microseconds since the start; None when a condition decides
    until_us  when it ends: since the start, or with `when` since it fired; None when it stays
    once      a condition fires only once (else each time it becomes true anew)
    """

    section: str
    event: Event
    at_us: int | None = None
    until_us: int | None = None
    when: Trigger | None = None
    once: bool = True
    note: str = ""


@dataclass(frozen=True)
class Frame:
    """What an entry is read against."""

    start: datetime
    duration_us: int
    domains: Mapping[str, Domain]
    ports: Mapping[str, Sequence[Port]]
    known: Sequence[str]
    context: Mapping[str, Any]
    locate: Callable[[Path], str]


def read_timeline(items: Any, frame: Frame) -> tuple[list[Scheduled], list[Problem]]:
    """All entries, and every problem in them."""
    if items is None:
        return [], []
    if not isinstance(items, list):
        return [], [Problem(("timeline",), "must be a list of entries like `- {at: +2 h, do: water.burst, pipe: P1}`")]
    schedule: list[Scheduled] = []
    problems: list[Problem] = []
    counts: dict[str, int] = {}
    ids: dict[str, int] = {}
    for index, item in enumerate(items):
        reader = _Reader(("timeline", index), item, frame)
        entry = reader.read(counts)
        problems += reader.problems
        if entry is None:
            continue
        if entry.event.id in ids:
            problems.append(
                Problem(
                    ("timeline", index, "id"), f"'{entry.event.id}' is also the id of timeline[{ids[entry.event.id]}]"
                )
            )
        ids.setdefault(entry.event.id, index)
        schedule.append(entry)
    return schedule, problems


class _Reader:
    """Reads one entry and gathers its problems."""

    def __init__(self, path: Path, item: Any, frame: Frame) -> None:
        self.path, self.item, self.frame = path, item, frame
        self.problems: list[Problem] = []

    def wrong(self, text: str, *keys: str) -> None:
        self.problems.append(Problem((*self.path, *keys), text))

    def read(self, counts: dict[str, int]) -> Scheduled | None:
        if not isinstance(self.item, dict):
            self.wrong("must be an entry like `{at: +2 h, do: water.burst, pipe: P1}`")
            return None
        found = self.verb()
        at_us, until_us, when = self.times()
        repeat = self.item.get("repeat", False)
        if not isinstance(repeat, bool):
            self.wrong("must be true or false", "repeat")
        elif repeat and "when" not in self.item:
            self.wrong("`repeat` belongs to `when`: an entry with `at` happens once", "repeat")
        note = self.item.get("note", "")
        if not isinstance(note, str):
            self.wrong("must be a text", "note")
        if found is None:
            return None
        section, verb, model = found
        args = {key: value for key, value in self.item.items() if key not in RESERVED}
        valid, problems = validate(model, args, self.frame.context, self.path, RESERVED)
        self.problems += problems
        name = f"{section}.{verb}"
        ident = self.item.get("id", f"{name}#{counts.get(name, 0)}")
        counts[name] = counts.get(name, 0) + 1
        if not isinstance(ident, str) or not ident:
            self.wrong("must be a text", "id")
        if self.problems:
            return None
        event = Event(ident, verb, valid, "start", self.frame.locate(self.path))
        return Scheduled(section, event, at_us, until_us, when, not repeat, note)

    def verb(self) -> tuple[str, str, type[BaseModel]] | None:
        """The section, the verb, and the model of its arguments."""
        if "do" not in self.item:
            self.wrong("'do' is missing: what happens, like `do: water.burst`")
            return None
        do = self.item["do"]
        section, dot, verb = do.partition(".") if isinstance(do, str) else ("", "", "")
        if not (section and dot and verb):
            self.wrong(f"{do!r} is not of the form section.verb, like 'water.burst'", "do")
            return None
        domains = self.frame.domains
        verbs = [f"{name}.{known}" for name, domain in domains.items() for known in domain.verbs]
        if section not in domains:
            if section in self.frame.known:
                self.wrong(f"'{do}' needs a section '{section}', which this scenario does not have", "do")
            else:
                hint = suggest(do, verbs) or suggest(section, domains)
                self.wrong(f"there is no section '{section}' that could do '{do}'.{hint}", "do")
            return None
        known_verbs = domains[section].verbs
        if verb not in known_verbs:
            hint = suggest(verb, known_verbs) or f" It knows: {', '.join(sorted(known_verbs)) or 'none'}"
            self.wrong(f"unknown verb '{verb}' of '{section}'.{hint}", "do")
            return None
        return section, verb, known_verbs[verb]

    def times(self) -> tuple[int | None, int | None, Trigger | None]:
        """(at, until, when)."""
        item, frame = self.item, self.frame
        if ("at" in item) == ("when" in item):
            both = (
                "has both `at` and `when`: keep one" if "at" in item else "needs `at` (a time) or `when` (a condition)"
            )
            self.wrong(both)
            return None, None, None
        if "when" in item:
            when = self.attempt("when", lambda: Trigger.parse(item["when"]))
            if when is not None:
                for sentence in when.check(frame.ports):
                    self.wrong(sentence, "when")
            until = self.attempt("until", lambda: as_duration_us(item["until"])) if "until" in item else None
            return None, until, when
        at = self.attempt("at", lambda: moment_us(item["at"], frame.start, frame.duration_us))
        until = None
        if "until" in item:
            until = self.attempt("until", lambda: moment_us(item["until"], frame.start, frame.duration_us))
            if until is not None and at is not None and until <= at:
                self.wrong(f"{item['until']!r} is not after `at` ({item['at']!r})", "until")
        if at is not None and at == frame.duration_us:
            self.wrong(f"{item['at']!r} is the end of the scenario: nothing would happen any more", "at")
        return at, until, None

    def attempt(self, key: str, read: Callable[[], _T]) -> _T | None:
        try:
            return read()
        except ValueError as error:
            hint = ""
            if key == "until" and "after the end" in str(error):
                hint = ". Leave `until` out for what lasts to the end"
            self.wrong(f"{error}{hint}", key)
            return None
