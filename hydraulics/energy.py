"""What the pumps use: kilowatt-hours and, where the file names prices, their cost.

The sums are those of EPANET's energy report (hydraul.c `addenergy`): the power of a moment, held over the step, times
the price of that moment. They are kept here because EPANET gives its own only in a printed report, for whole runs, and
from the file's start on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hydraulics.network import Network
from hydraulics.toolkit import Link, Option, Project
from twin.places import FloatArray

ON_KW = 0.0


@dataclass(frozen=True)
class Tariff:
    """Prices per kWh. A pump's own price and pattern come before the file's global ones.

    price    (p,) per kWh, 0 where the file names none
    pattern  for each pump the factors of its price pattern
    charge   per kW of the highest power of all pumps together
    """

    price: FloatArray
    pattern: tuple[FloatArray, ...]
    charge: float
    step_s: int
    start_s: int

    @property
    def known(self) -> bool:
        """Whether the file names any price."""
        return bool((self.price > 0.0).any() or self.charge > 0.0)

    def at(self, time_s: int) -> FloatArray:
        """(p,) price per kWh at `time_s` of the file's clock."""
        period = (time_s + self.start_s) // self.step_s
        return self.price * np.array([row[period % len(row)] for row in self.pattern])


def read_tariff(project: Project, network: Network) -> Tariff:
    """The file's [ENERGY] prices."""
    factors = network.demands.factors
    price, pattern = [], []
    common = project.option(Option.GLOBAL_PRICE), round(project.option(Option.GLOBAL_PRICE_PATTERN))
    for link in pump_links(network):
        own = project.link(link, Link.PRICE)
        price.append(own if own > 0.0 else common[0])
        pattern.append(factors[round(project.link(link, Link.PRICE_PATTERN)) or common[1]])
    charge = project.option(Option.DEMAND_CHARGE)
    return Tariff(np.array(price), tuple(pattern), charge, network.demands.step_s, network.demands.start_s)


def pump_links(network: Network) -> list[int]:
    """EPANET's numbers of the pumps."""
    return (network.pick("PUMP") + 1).tolist()


def power_kw(project: Project, links: list[int]) -> FloatArray:
    """(p,) kW that the pumps draw as last solved: γ q h / efficiency, by EPANET."""
    return np.array([project.link(k, Link.ENERGY) for k in links])


@dataclass
class Energy:
    """Sums of a run, by pump (p,): kWh, cost, hours in use, highest kW; `together_kw` the highest of all at once."""

    tariff: Tariff
    zero_s: int

    def __post_init__(self) -> None:
        p = len(self.tariff.price)
        self.kwh, self.cost, self.hours, self.peak_kw = (np.zeros(p) for _ in range(4))
        self.together_kw = 0.0

    def add(self, time_s: int, power: FloatArray, length_s: int) -> None:
        """Book a step of `length_s` seconds from `time_s` of the scenario on."""
        hours = length_s / 3600.0
        self.kwh += power * hours
        self.cost += power * hours * self.tariff.at(self.zero_s + time_s)
        self.hours += (power > ON_KW) * hours
        self.peak_kw = np.maximum(self.peak_kw, power)
        self.together_kw = max(self.together_kw, float(power.sum()))

    @property
    def total_cost(self) -> float:
        """Energy and the charge for the highest power, in the file's currency."""
        return float(self.cost.sum()) + self.tariff.charge * self.together_kw
