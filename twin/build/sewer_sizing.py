"""Diameters and inverts of the storm sewers, from the heads down to the river, by the rational method."""

from __future__ import annotations

import math

from twin.build.rain import formula_of
from twin.build.recipe import SewerRecipe
from twin.build.sewer import Conduit, Sewers, runoff_coefficient, well_area_m2

DIAMETERS_M = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.5, 2.8, 3.2, 3.6)
STEEPEST = 0.04
"""Steeper streets get drop manholes."""
WELL_BELOW_INLET_M = 2.0


def full_flow(diameter_m: float, slope: float, roughness: float) -> float:
    """Flow of a full circular pipe in m3/s: Q = A/n (D/4)^(2/3) S^(1/2) (Manning)."""
    return math.pi * diameter_m**2 / 4 / roughness * (diameter_m / 4) ** (2 / 3) * math.sqrt(slope)


def least_slope(diameter_m: float) -> float:
    """Flattest slope that keeps itself clean: 1 : DN in mm, at most 1 : 1250."""
    return max(0.0008, 0.001 / diameter_m)


def size_sewers(sewers: Sewers, recipe: SewerRecipe, steps: dict[int, int] | None = None) -> None:
    """Size every conduit for the return period. `steps` enlarges single conduits by that many nominal sizes.

    Q = C i A over everything upstream, i at the longest time of flow. Crowns are level at manholes, no pipe is smaller
    than one above it, cover is kept at both ends, no slope is adverse or under the self-cleansing one.
    """
    steps = steps or {}
    coefficient = runoff_coefficient(sewers.impervious)
    reduced_m2: dict[int, float] = {}
    minutes: dict[int, float] = {}
    crown: dict[int, float] = {}
    widest: dict[int, float] = {}
    pumped = {s.root: s for s in sewers.stations}
    formula = formula_of(recipe.rain)
    sewers.invert_m = {}
    for n in sewers.order:
        reduced_m2[n] = reduced_m2.get(n, 0.0) + float(coefficient[n] * sewers.area_m2[n])
        minutes[n] = max(minutes.get(n, 0.0), recipe.inlet_time / 60)
        flow = reduced_m2[n] * formula.intensity(minutes[n], recipe.return_period) / 60_000
        conduit = sewers.down[n]
        conduit.design_flow_m3s = flow
        _fit(sewers, conduit, recipe, flow, crown.get(n, math.inf), widest.get(n, 0.0), steps.get(n, 0), n in pumped)
        sewers.invert_m[n] = conduit.upper_invert_m
        d, lower = conduit.diameter_m, conduit.lower
        if lower >= 0:
            speed = max(0.6, full_flow(d, conduit.slope, recipe.roughness) / (math.pi * d**2 / 4))
            reduced_m2[lower] = reduced_m2.get(lower, 0.0) + reduced_m2[n]
            minutes[lower] = max(minutes.get(lower, 0.0), minutes[n] + conduit.length_m / speed / 60)
            crown[lower] = min(crown.get(lower, math.inf), conduit.lower_invert_m + d)
            widest[lower] = max(widest.get(lower, 0.0), d)
        if n in pumped:
            station = pumped[n]
            station.flow_m3s = round(0.55 * flow, 3)
            station.area_m2 = well_area_m2(station.flow_m3s)
            station.floor_m = round(conduit.lower_invert_m - WELL_BELOW_INLET_M, 3)
    _figures(sewers)


def _fit(
    sewers: Sewers,
    conduit: Conduit,
    recipe: SewerRecipe,
    flow_m3s: float,
    crown_m: float,
    widest_m: float,
    steps: int,
    to_well: bool,
) -> None:
    """Diameter and inverts of one conduit, given the lowest crown and the widest pipe that come in at its head."""
    ground = float(sewers.ground_m[conduit.upper])
    below = float(sewers.ground_m[conduit.lower]) if conduit.lower >= 0 else ground
    length = conduit.length_m
    slope = 0.01
    for _ in range(4):
        diameter = next(
            (
                d
                for d in DIAMETERS_M
                if d >= widest_m
                and full_flow(d, max(slope, least_slope(d)), recipe.roughness) * recipe.fill >= flow_m3s
            ),
            DIAMETERS_M[-1],
        )
        diameter = DIAMETERS_M[min(DIAMETERS_M.index(diameter) + steps, len(DIAMETERS_M) - 1)]
        upper = min(ground - recipe.cover, crown_m) - diameter
        flattest = upper - least_slope(diameter) * length
        if conduit.lower < 0 and not to_well:
            # To the river: the outlet's crown at the water level where the fall allows, so that it is seldom drowned.
            lower = min(flattest, max(sewers.level_m - 0.5 * diameter, upper - STEEPEST * length))
        elif to_well:
            lower = flattest
        else:
            lower = min(flattest, below - recipe.cover - diameter)
        if (upper - lower) / length > STEEPEST:
            upper = lower + STEEPEST * length
        slope = (upper - lower) / length
    conduit.diameter_m = diameter
    conduit.upper_invert_m = round(upper, 3)
    conduit.lower_invert_m = round(lower, 3)


def _figures(sewers: Sewers) -> None:
    import numpy as np

    depth = np.array([sewers.ground_m[n] - sewers.invert_m[n] for n in sewers.order])
    pipes = list(sewers.down.values())
    sewers.figures.update(
        manholes=len(sewers.order),
        outfalls=len(sewers.roots) + len(sewers.stations),
        pump_stations=len(sewers.stations),
        length_km=round(sum(c.length_m for c in pipes) / 1000, 2),
        area_ha=round(float(sewers.area_m2[sewers.order].sum()) / 1e4, 1),
        sealed=round(
            float((sewers.area_m2 * sewers.impervious)[sewers.order].sum() / sewers.area_m2[sewers.order].sum()), 3
        ),
        depth_median_m=round(float(np.median(depth)), 2),
        depth_most_m=round(float(depth.max()), 2),
        slope_least=round(min(c.slope for c in pipes), 5),
        slope_most=round(max(c.slope for c in pipes), 4),
        outlets_under_water=sum(sewers.down[n].lower_invert_m < sewers.level_m for n in sewers.roots),
        outlet_lowest_m=round(
            min((sewers.down[n].lower_invert_m for n in sewers.roots), default=0) - sewers.level_m, 2
        ),
    )
