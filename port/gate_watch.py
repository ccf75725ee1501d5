"""The gate as seen from outside: why it is closed, who waits, and which trucks the road is to be told of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.ports import Arrival

if TYPE_CHECKING:
    from port.control import Engine


class GateWatch:
    """`admissions`, `departures`: what the road model will be told (only filled when it listens)."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.closed: set[str] = set()
        self.closed_since_us = 0
        self.closed_us = 0
        self.admissions: list[Arrival] = []
        self.departures: list[Arrival] = []

    @property
    def waiting(self) -> int:
        """Trucks before the gate."""
        return self.engine.gate_counts()[0]

    @property
    def inside(self) -> int:
        """Road trucks between the gate's two sides."""
        return self.engine.gate_counts()[1]

    def close(self, cause: str) -> None:
        """Let nobody in, for one more cause; services that have begun are finished."""
        if not self.closed:
            self.closed_since_us = self.engine.now_us
            self.engine._shut_gate(True)
        self.closed.add(cause)

    def open(self, cause: str) -> None:
        """One cause less; with the last one the line moves again."""
        if cause not in self.closed:
            return
        self.closed.discard(cause)
        if not self.closed:
            self.closed_us += self.engine.now_us - self.closed_since_us
            self.engine._shut_gate(False)
