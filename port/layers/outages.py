"""Random outages of roadside units and of the 5G network: drawn by name, due by the clock, the same in both engines."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from port.draws import UNIT, Stream
from port.plan import SLOW_TABLE, Failing
from port.sections import Breakdown

NETWORK = 1 << 20
"""Number of the 5G network among the units."""


class Outages:
    """Who fails and comes back when. specs : (number, name, how it fails), of those that do."""

    def __init__(self, seed: int, specs: Sequence[tuple[int, str, Breakdown]]) -> None:
        self._streams = {number: Stream(seed, UNIT, number) for number, _, _ in specs}
        self._names = {number: name for number, name, _ in specs}
        self._failing = {number: Failing.of(spec) for number, _, spec in specs}
        self._heap: list[tuple[int, int, bool]] = []
        for number in self._streams:
            self._plan(number, 0, True)

    @property
    def due_us(self) -> int | None:
        """When something fails or comes back next."""
        return self._heap[0][0] if self._heap else None

    def pop(self) -> tuple[str, bool]:
        """The next one: its name, and whether it fails (else it is back)."""
        due, number, fails = heapq.heappop(self._heap)
        self._plan(number, due, not fails)
        return self._names[number], fails

    def _plan(self, number: int, now_us: int, fails: bool) -> None:
        failing, stream = self._failing[number], self._streams[number]
        assert failing is not None
        after = stream.duration(failing.between) * SLOW_TABLE if fails else stream.duration(failing.repair)
        heapq.heappush(self._heap, (now_us + after, number, fails))
