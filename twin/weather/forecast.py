"""What the weather will be: the scenario's own curves ahead of the present, a perfect forecast.

Whoever wants an imperfect one bends it (drainage's dispatch has a factor and a lag). Later events of the timeline are
not foreseen: the rain's scale is taken as it is now.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass

import numpy as np

from twin.clock import to_s
from twin.places import City, FloatArray
from twin.ports import Direction, Kind, Port

OUTLOOK_US = 6 * 3600 * 1_000_000
"""How far ahead forecasts reach."""

PORTS = (
    Port("rain_forecast", "mm/h", Direction.OUT, Kind.STATE, at="outlook", quantity="atmosphere__rainfall_forecast",
         doc="Rain of the exchanges after the coming one, each the exact mean, over the whole city."),
    Port("tide_forecast", "m", Direction.OUT, Kind.STATE, at="outlook", quantity="river__water_level_forecast",
         doc="Water level of the river at the ends of the exchanges after the coming one."),
)  # fmt: skip
NAMES = tuple(port.name for port in PORTS)


def outlook(exchange_us: int) -> City:
    """The places of a forecast: one for each exchange ahead."""
    return City(tuple(f"ahead {k + 1}" for k in range(max(OUTLOOK_US // exchange_us, 1))))


def active(given: Container[str]) -> tuple[Port, ...]:
    """The forecasts of a weather that has these parts (`rain`, `tide`)."""
    return tuple(port for port in PORTS if port.name.split("_")[0] in given)


@dataclass
class Forecast:
    """Values ahead of a moment. `fallen`: (zones,) mm between two moments; `level`: river in m at one."""

    exchange_us: int
    fallen: Callable[[int, int], FloatArray] | None = None
    level: Callable[[int], float] | None = None

    def __post_init__(self) -> None:
        self.size = outlook(self.exchange_us).size
        self._known: dict[tuple[str, int], float] = {}

    def take(self, port: str, now_us: int, scale: float = 1.0) -> FloatArray:
        """(n,) of `rain_forecast` (times `scale`) or `tide_forecast` after `now_us`."""
        ask = self._rain_mm if port == "rain_forecast" else self._level_m
        found = np.array([self._once(port, now_us + k * self.exchange_us, ask) for k in range(self.size)])
        return found * scale * 3600.0 / to_s(self.exchange_us) if port == "rain_forecast" else found

    def _rain_mm(self, us: int) -> float:
        assert self.fallen is not None
        return float(self.fallen(us, us + self.exchange_us).mean())

    def _level_m(self, us: int) -> float:
        assert self.level is not None
        return self.level(us + self.exchange_us)

    def _once(self, port: str, us: int, ask: Callable[[int], float]) -> float:
        """A value computed once: the next forecast asks for nearly the same moments."""
        if (port, us) not in self._known:
            self._known[port, us] = ask(us)
        return self._known[port, us]
