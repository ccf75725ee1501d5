"""Steps that an event takes later than at its beginning: a closure lane by lane, a reopening class by class."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from traffic.network import ROAD_CLASSES

ORDER: tuple[frozenset[str], ...] = (
    frozenset(("truck", "trailer")),
    frozenset(("bus", "coach")),
    frozenset(("delivery",)),
    ROAD_CLASSES - {"truck", "trailer", "bus", "coach", "delivery", "emergency", "army", "authority"},
    frozenset(("emergency", "army", "authority")),
)
"""Classes in the order in which a road closes to them: the heaviest first, who helps last."""


def class_steps(classes: frozenset[str]) -> list[frozenset[str]]:
    """The steps in which a road closes to some classes."""
    return [step for group in ORDER if (step := group & classes)]


def step_times(begin_us: int, over_us: int, steps: int) -> list[int]:
    """When each step is taken: evenly, the last after `over_us`."""
    return [begin_us + over_us * (k + 1) // steps for k in range(steps)]


@dataclass
class Agenda:
    """Steps by time; those of an event can be dropped together."""

    _heap: list[tuple[int, int, str, Callable[[], Sequence[str]]]] = field(default_factory=list)
    _number: int = 0

    def add(self, time_us: int, event_id: str, step: Callable[[], Sequence[str]]) -> None:
        """Take `step` at a time; it returns the edges that it changes."""
        self._number += 1
        heapq.heappush(self._heap, (time_us, self._number, event_id, step))

    def drop(self, event_id: str) -> None:
        """Forget what an event has still to do."""
        self._heap = [entry for entry in self._heap if entry[2] != event_id]
        heapq.heapify(self._heap)

    def due(self, now_us: int) -> list[str]:
        """Take the steps whose time has come. Returns the edges that they changed."""
        changed: dict[str, None] = {}
        while self._heap and self._heap[0][0] <= now_us:
            changed.update(dict.fromkeys(heapq.heappop(self._heap)[3]()))
        return list(changed)

    @property
    def next_us(self) -> int | None:
        """When the next step is due."""
        return self._heap[0][0] if self._heap else None
