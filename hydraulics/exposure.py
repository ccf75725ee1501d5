"""Who draws water that is too old, too much of another source, or has too much or too little of a chemical in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hydraulics.epanet import Solution, Step
from twin.places import FloatArray


@dataclass
class Exposure:
    """Sums of one run. `people` (n,); `served` gives the share of demand that a pressure allows; limits in the port's
    unit, None where the scenario gives none.

    Only people who draw count: a junction's people times the share of their demand that they get. The value of a
    moment is held until the next, as everything else is.
    """

    people: FloatArray
    served: Callable[[FloatArray], FloatArray]
    limit: float | None
    floor: float | None
    above_person_s: float = 0.0
    below_person_s: float = 0.0
    above_peak: float = 0.0
    above_s: int = 0
    above_from_s: int = -1
    seconds: int = 0

    def __post_init__(self) -> None:
        n = len(self.people)
        self.customers = np.flatnonzero(self.people > 0.0) if (self.people > 0.0).any() else np.arange(n)
        self.highest, self.highest_s = np.full(n, -np.inf), np.zeros(n, dtype=np.int64)
        self.mean_sum = self.mean_weight = 0.0
        self.ever_above, self.ever_below = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)

    def look(self, solution: Solution) -> None:
        """Note the highest values of a moment."""
        higher = solution.quality > self.highest
        self.highest[higher] = solution.quality[higher]
        self.highest_s[higher] = solution.time_s

    def add(self, step: Step) -> None:
        """Book a step."""
        held, seconds = step.held, step.length_s
        self.look(held)
        drawing = self.people * self.served(held.pressure_m)
        drawn = np.maximum(held.delivered, 0.0)
        self.mean_sum += float((drawn * held.quality).sum()) * seconds
        self.mean_weight += float(drawn.sum()) * seconds
        if self.limit is not None:
            above = held.quality > self.limit
            count = float(drawing[above].sum())
            self.above_person_s += count * seconds
            self.above_peak = max(self.above_peak, count)
            self.ever_above |= above & (drawing > 0.0)
            if count > 0.0:
                self.above_s += seconds
                self.above_from_s = held.time_s if self.above_from_s < 0 else self.above_from_s
        if self.floor is not None:
            below = held.quality < self.floor
            self.below_person_s += float(drawing[below].sum()) * seconds
            self.ever_below |= below & (drawing > 0.0)

    @property
    def mean(self) -> float:
        """Mean of the water that customers drew, by volume."""
        return self.mean_sum / self.mean_weight if self.mean_weight > 0.0 else 0.0

    def worst(self) -> tuple[int, float, int]:
        """(junction, value, second) of the highest value at any customer."""
        at = int(self.customers[np.argmax(self.highest[self.customers])])
        return at, float(self.highest[at]), int(self.highest_s[at])
