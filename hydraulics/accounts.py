"""What adds up over a run: volumes, people without water, the worst moment of every junction.

EPANET holds a solution constant over each step, so every sum here is exact: value times seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from hydraulics.epanet import UNBALANCED, Epanet, Solution, Step
from twin.model import Balance
from twin.places import FloatArray

LITRES_PER_DAY = 1e-3 / 86_400.0
"""m3/s in a litre a day."""
BALANCE_TOLERANCE = 1e-6
"""Of the throughput; more only where dead ends limit EPANET's arithmetic (`Solution.resolution`)."""
SHORT_M = 1e-3
"""A junction is short of water when its pressure is this much below the required one."""


@dataclass
class Volumes:
    """m3 that crossed the network's border since the start."""

    supplied: float = 0.0
    returned: float = 0.0
    delivered: float = 0.0
    fed_in: float = 0.0
    emitted: float = 0.0
    leaked: float = 0.0
    spilt: float = 0.0
    rounded: float = 0.0
    seeped: float = 0.0
    unresolved: float = 0.0

    @property
    def throughput(self) -> float:
        """The larger of what came in and what went out."""
        out = self.delivered + self.emitted + self.leaked + self.returned + self.spilt
        return max(self.supplied + self.fed_in, out)

    def add(self, step: Step) -> None:
        held, seconds = step.held, step.length_s
        self.supplied += float(-held.reservoir_flow[held.reservoir_flow < 0].sum()) * seconds
        self.returned += float(held.reservoir_flow[held.reservoir_flow > 0].sum()) * seconds
        self.delivered += float(held.delivered[held.delivered > 0].sum()) * seconds
        self.fed_in += float(-held.delivered[held.delivered < 0].sum()) * seconds
        self.emitted += float(held.emitted.sum()) * seconds
        self.leaked += float(held.outlet_flow.sum()) * seconds
        self.seeped += held.seepage * seconds
        self.unresolved += held.resolution * seconds
        self.spilt += step.spilt_m3
        self.rounded += step.rounded_m3


@dataclass
class Accounts:
    """The sums of one run. Arrays by junction (n,), by outlet (o,). Times in s since the scenario's start."""

    engine: Epanet
    people: FloatArray
    volumes: Volumes = field(default_factory=Volumes)
    person_s: float = 0.0
    people_peak: float = 0.0
    people_peak_s: int = 0
    unbalanced_steps: int = 0
    seconds: int = 0

    def __post_init__(self) -> None:
        n, o = len(self.people), len(self._now.outlet_flow)
        self.unserved_m3 = np.zeros(n)
        self.worst_m = np.full(n, np.inf)
        self.worst_s = np.zeros(n, dtype=np.int64)
        self.short_from_s = np.full(n, -1, dtype=np.int64)
        self.short_to_s = np.full(n, -1, dtype=np.int64)
        self.leaked_m3 = np.zeros(o)
        self.leak_peak = np.zeros(o)
        self.leak_from_s = np.full(o, -1, dtype=np.int64)
        self.leak_to_s = np.full(o, -1, dtype=np.int64)
        self.tank_start_m3 = float(self._now.tank_m3.sum())

    @property
    def _now(self) -> Solution:
        assert self.engine.now is not None
        return self.engine.now

    def without(self, solution: Solution) -> float:
        """People without water: people of each junction times the share that they do not get."""
        return float((self.people * (1.0 - self.engine.served(solution.pressure_m))).sum())

    def unserved(self, solution: Solution) -> FloatArray:
        """(n,) m3/s that customers ask for and the pressure does not allow."""
        return np.maximum(solution.asked, 0.0) * (1.0 - self.engine.served(solution.pressure_m))

    def add(self, step: Step) -> None:
        """Book one step of the engine."""
        held, seconds = step.held, step.length_s
        start, end = held.time_s, held.time_s + seconds
        self.seconds += seconds
        self.volumes.add(step)
        self.unserved_m3 += self.unserved(held) * seconds
        without = self.without(held)
        self.person_s += without * seconds
        if without > self.people_peak:
            self.people_peak, self.people_peak_s = without, start
        self.unbalanced_steps += held.warning == UNBALANCED
        self._worst(held, start)
        short = held.pressure_m < self.engine.limits[1] - SHORT_M
        self.short_from_s[short & (self.short_from_s < 0)] = start
        self.short_to_s[short] = end
        self.leaked_m3 += held.outlet_flow * seconds
        self.leak_peak = np.maximum(self.leak_peak, held.outlet_flow)
        open_now = held.outlet_flow > 0.0
        self.leak_from_s[open_now & (self.leak_from_s < 0)] = start
        self.leak_to_s[open_now] = end

    def _quality(self) -> dict[str, float]:
        """EPANET's account of the substance that it follows."""
        quality = self.engine.quality
        return {} if quality is None else {"quality mass ratio (1)": quality.mass_ratio()}

    def _worst(self, solution: Solution, at_s: int) -> None:
        lower = solution.pressure_m < self.worst_m
        self.worst_m[lower] = solution.pressure_m[lower]
        self.worst_s[lower] = at_s

    def balance(self) -> Balance:
        """Water: tanks, what came in and what went out, and what EPANET invents by its own rules (named)."""
        v = self.volumes
        invented = {"closed_links": v.seeped, "tank_rounding": v.rounded}
        return Balance(
            substance="water",
            unit="m3",
            stored_start=self.tank_start_m3,
            stored_now=float(self._now.tank_m3.sum()),
            inflow={"reservoirs": v.supplied, "fed_in": v.fed_in, **{f"epanet:{k}": x for k, x in invented.items()}},
            outflow={
                "customers": v.delivered,
                "link:leaked": v.leaked,
                "emitters": v.emitted,
                "to_reservoirs": v.returned,
                "tank_overflow": v.spilt,
            },
            tolerance=max(BALANCE_TOLERANCE, v.unresolved / max(v.throughput, self.tank_start_m3, 1e-9)),
            noted={
                **{f"{k} (m3)": x for k, x in invented.items()},
                "rounding at dead ends, at most (m3)": v.unresolved,
                "accuracy (1)": self.engine.accuracy,
                "largest convergence error (1)": self.engine.worst_error,
                "unbalanced steps": float(self.unbalanced_steps),
                **self._quality(),
            },
        )


def people_of(engine: Epanet) -> FloatArray:
    """(n,) person equivalents of each junction: its mean demand over what a person draws."""
    mean = engine.network.demands.mean(engine.multiplier)
    return np.maximum(mean, 0.0) / (engine.config.person_demand * LITRES_PER_DAY)
