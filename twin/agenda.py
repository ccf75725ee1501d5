"""The timeline at work: what is due when, what waits for a trigger, and the ends of what has begun."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from twin.model import Event

FAR_US = 2**62


@dataclass
class Planned:
    """An event of the timeline: at a time, or when a trigger fires."""

    section: str
    event: Event
    at_us: int | None = None
    until_us: int | None = None
    when: Any = None
    once: bool = True
    fired: bool = False


class Agenda:
    """The timeline: what is due at a time, what waits for a trigger, and the ends of what has begun."""

    def __init__(self, plan: Sequence[Planned]) -> None:
        self._timed: list[tuple[int, int, Planned]] = []
        self._waiting = [p for p in plan if p.when is not None]
        self._count = 0
        for planned in plan:
            if planned.when is None:
                self._add(planned.at_us or 0, planned)
                if planned.until_us is not None:
                    self._add_end(planned.until_us, planned)

    def next_us(self, now_us: int) -> int:
        return min((t for t, _, _ in self._timed if t > now_us), default=FAR_US)

    def due(self, now_us: int) -> list[Planned]:
        """Everything due by now, in the order of time and of the timeline."""
        ready = sorted((x for x in self._timed if x[0] <= now_us), key=lambda x: x[:2])
        self._timed = [x for x in self._timed if x[0] > now_us]
        return [planned for _, _, planned in ready]

    def triggered(self, now_us: int, lookup: Callable[..., Any]) -> list[Planned]:
        """Events whose condition has just become true; `until_us` counts from now."""
        firing = []
        for planned in self._waiting:
            if planned.once and planned.fired:
                continue
            if planned.when.fires(now_us, lookup):
                planned.fired = True
                firing.append(planned)
                if planned.until_us is not None:
                    self._add_end(now_us + planned.until_us, planned)
        return firing

    def _add(self, at_us: int, planned: Planned) -> None:
        self._timed.append((at_us, self._count, planned))
        self._count += 1

    def _add_end(self, at_us: int, planned: Planned) -> None:
        event = Event(planned.event.id, planned.event.verb, planned.event.args, "end", planned.event.where)
        self._add(at_us, Planned(planned.section, event))
