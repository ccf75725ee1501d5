"""The rain by which sewers are sized and tried, from the recipe."""

from __future__ import annotations

from itertools import pairwise

from twin.build.recipe import RainRecipe
from twin.weather.chicago import STORM_FORMULAS, ChicagoStorm, StormFormula

STEP_MIN = 5
"""Steps of the storm in the SWMM file."""


def formula_of(rain: RainRecipe) -> StormFormula:
    """The recipe's own formula, or the named one."""
    given = rain.formula
    if isinstance(given, str):
        return STORM_FORMULAS[given].formula
    return StormFormula(given.a, given.c, given.b, given.n)


def storm(rain: RainRecipe, return_period_a: float) -> list[float]:
    """Mean intensity in mm/h of every `STEP_MIN` of the storm, exact in volume."""
    whole = ChicagoStorm(formula_of(rain), return_period_a, rain.duration, rain.peak)
    steps = round(rain.duration / 60 / STEP_MIN)
    depth = [whole.depth(60 * STEP_MIN * k) for k in range(steps + 1)]
    return [(after - before) * 60 / STEP_MIN for before, after in pairwise(depth)]
