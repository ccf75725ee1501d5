"""Small models that speak the protocol, for tests of the core: a spring that gives water and a pond that takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.clock import US
from twin.model import Balance, Event, Journal, Metric, Table
from twin.places import Grid, Places, Points
from twin.ports import Arrival, Direction, Join, Kind, Port


@dataclass
class Base:
    name: str
    rank: int = 1
    step_us: int = 60 * US
    now_us: int = 0
    seen: list[tuple[int, str, Any]] = field(default_factory=list)
    applied: list[tuple[int, str, str]] = field(default_factory=list)
    ports: tuple[Port, ...] = ()
    places: Mapping[str, Places] = field(default_factory=dict)
    journal: Journal = field(default_factory=Journal)
    closed: int = 0

    def advance(self, until_us: int) -> int:
        self.work(self.now_us, until_us)
        self.now_us = until_us
        return until_us

    def work(self, from_us: int, until_us: int) -> None:
        pass

    def next_event_us(self) -> int:
        return self.now_us + self.step_us

    def put(self, port: str, values: Any) -> None:
        self.seen.append((self.now_us, port, values))

    def take(self, port: str) -> Any:
        raise KeyError(port)

    def apply(self, event: Event) -> None:
        self.applied.append((self.now_us, event.verb, event.phase))

    def balances(self) -> list[Balance]:
        return []

    def summary(self) -> dict[str, Metric]:
        return {}

    def tables(self) -> dict[str, Table]:
        return {}

    def close(self) -> None:
        self.closed += 1


SPRING = (
    Port("water", "m3", Direction.OUT, Kind.AMOUNT, "well", "Water that wells up.", "toy__water"),
    Port("level", "mm", Direction.OUT, Kind.STATE, "well", "Level in the well.", "toy__level"),
    Port("frogs", "1", Direction.OUT, Kind.ARRIVALS, "well", "Frogs on their way.", "toy__frog"),
)


@dataclass
class Spring(Base):
    """Gives an irrational flow at each well, in pieces of odd length, and a frog every 25 s."""

    ports: tuple[Port, ...] = SPRING
    given: float = 0.0
    frogs: int = 0
    _water: Any = None
    _frogs: list[Arrival] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.places = {"well": Points(("a", "b", "c"), np.array([[5.0, 5.0], [15.0, 5.0], [16.0, 6.0]]))}
        self._water = np.zeros(3)

    def work(self, from_us: int, until_us: int) -> None:
        seconds = (until_us - from_us) / US
        volume = np.array([0.1, np.pi, 1 / 3]) * seconds
        self._water += volume
        self.given += float(volume.sum())
        for t in range(from_us // (25 * US) + 1, until_us // (25 * US) + 1):
            self.frogs += 1
            self._frogs.append(Arrival(t * 25 * US, f"frog_{self.frogs}"))

    def take(self, port: str) -> Any:
        if port == "water":
            water, self._water = self._water, np.zeros(3)
            return water
        if port == "frogs":
            frogs, self._frogs = self._frogs, []
            return frogs
        return np.array([1.0, 2.0, 3.0]) * self.now_us / US

    def balances(self) -> list[Balance]:
        return [Balance("water", "m3", 0.0, 0.0, {"rock": self.given}, {"link:water": self.given})]


POND = (
    Port("inflow", "m3", Direction.IN, Kind.AMOUNT, "cell", "Water that arrives.", "toy__water"),
    Port("level", "m", Direction.IN, Kind.STATE, "gauge", "Level of the spring.", "toy__level", Join.NEAREST),
    Port("frogs", "1", Direction.IN, Kind.ARRIVALS, "gauge", "Frogs that arrive.", "toy__frog"),
)


@dataclass
class Pond(Base):
    """Keeps what it gets, cell by cell; `leak` loses a share of it on the way."""

    ports: tuple[Port, ...] = POND
    leak: float = 0.0
    frogs: list[Arrival] = field(default_factory=list)
    volume: Any = None
    got: float = 0.0

    def __post_init__(self) -> None:
        self.places = {
            "cell": Grid(0.0, 0.0, 10.0, 2, 1),
            "gauge": Points(("g",), np.array([[14.0, 4.0]])),
        }
        self.volume = np.zeros(2)

    def put(self, port: str, values: Any) -> None:
        super().put(port, values)
        if port == "inflow":
            self.got += float(values.sum())
            self.volume += values * (1 - self.leak)
        elif port == "frogs":
            self.frogs += values

    def balances(self) -> list[Balance]:
        return [Balance("water", "m3", 0.0, float(self.volume.sum()), {"link:inflow": self.got})]
