"""Water mains along the streets: loops, one low-lying pumping station, one balancing tank, sized at peak demand.

One source matters: two full-head sources would hide a burst. The station stands in a hollow, as waterworks on river
banks do, so a flood can take it; the tank at the far, high end then carries the city for as long as it lasts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from twin.build.recipe import WaterRecipe
from twin.build.site import Site
from twin.build.streets import Streets
from twin.build.terrain import Terrain

FloatArray = NDArray[np.float64]

DIAMETERS_M = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2)
"""Nominal diameters of ductile iron pipe (EN 545)."""
LEAST_BY_RANK_M = {5: 0.2, 4: 0.2, 3: 0.15}
"""Main streets carry at least this; everything else at least DN 100, which a hydrant needs."""
DAY = (
    *(0.4, 0.35, 0.3, 0.3, 0.4, 0.7, 1.2, 1.8, 1.6, 1.3, 1.2, 1.15),
    *(1.15, 1.1, 1.0, 1.0, 1.1, 1.3, 1.5, 1.5, 1.3, 1.0, 0.7, 0.5),
)
"""Hourly use over the day of a town of flats: morning peak at seven, evening peak at six."""
YARD_RADIUS_M = 12.0
"""Half the width of the waterworks' yard."""
PUMP_SHARE = 1.3
"""The duty pump's design flow over the mean demand; the tank gives the rest of the peak."""


@dataclass
class Pipe:
    id: str
    a: int
    b: int
    street: int
    length_m: float
    diameter_m: float


@dataclass
class WaterNet:
    """The network as designed. Arrays are per junction, in the order of the street junctions; heads in m."""

    ids: list[str]
    xy: FloatArray
    ground_m: FloatArray
    demand_m3s: FloatArray
    names: list[str]
    pipes: list[Pipe]
    shapes: dict[str, FloatArray]
    pattern: tuple[float, ...]
    hydrants: list[str]
    roughness: float
    station: int
    station_xy: FloatArray
    station_ground_m: float
    tank: int
    tank_xy: FloatArray
    tank_bottom_m: float = 0.0
    tank_diameter_m: float = 10.0
    tank_depth_m: float = 5.0
    pump_flow_m3s: float = 0.0
    pump_head_m: float = 0.0
    people: int = 0
    figures: dict[str, float | int | str] = field(default_factory=dict)

    @property
    def well_head_m(self) -> float:
        """Water level of the clear-water tank: a metre above the station's ground."""
        return self.station_ground_m + 1.0

    def pump_curve(self) -> tuple[tuple[float, float], ...]:
        """(flow m3/s, head m): shut-off 12 % above the duty point, 30 % below it at 1.7 times the flow."""
        q, h = self.pump_flow_m3s, self.pump_head_m
        return (0.0, 1.12 * h), (q, h), (1.7 * q, 0.7 * h)


def day_pattern(peak: float) -> tuple[float, ...]:
    """The day's hourly factors with mean 1 and the wanted largest hour: the typical day raised to a power."""
    base = np.array(DAY)
    low, high = 0.0, 20.0
    for _ in range(60):
        power = (low + high) / 2
        shape = base**power / np.mean(base**power)
        low, high = (power, high) if shape.max() < peak else (low, power)
    return tuple(round(float(f), 4) for f in shape)


def lay_mains(
    streets: Streets, terrain: Terrain, site: Site, recipe: WaterRecipe, hollows: FloatArray, yard_m: float
) -> WaterNet:
    """Where pipes run, who uses how much, where the station, the tank and the hydrants stand. Not yet sized.

    The ground at the station is sunk by `yard_m`: the yard of a waterworks lies low, so that its pumps are near the
    level of the clear-water tank.
    """
    ground = terrain.at(streets.xy)
    pipes = _pipes(streets)
    demand, people = _demand(streets, recipe)
    ranks = streets.ranks()
    gate = int(np.argmin(np.hypot(*(streets.xy - site.gate).T) + np.where(ranks >= 2, 0, 500)))
    demand[gate] += recipe.terminal
    station, place = _station(streets, terrain, hollows)
    if yard_m > 0:
        terrain.sink(place, YARD_RADIUS_M, yard_m)
    tank = _tank(streets, ground, station)
    names = streets.junction_names()
    return WaterNet(
        ids=[f"J{i + 1}" for i in range(len(ground))],
        xy=streets.xy,
        ground_m=ground,
        demand_m3s=demand,
        names=names,
        pipes=pipes,
        shapes={p.id: streets.streets[p.street].shape for p in pipes},
        pattern=day_pattern(recipe.peak),
        hydrants=[f"J{i + 1}" for i in _hydrants(streets, recipe.hydrants)],
        roughness=recipe.roughness,
        station=station,
        station_xy=place,
        station_ground_m=float(terrain.at(place)[0]),
        tank=tank,
        tank_xy=streets.xy[tank] + np.array([12.0, 12.0]),
        people=people,
    )


def _pipes(streets: Streets) -> list[Pipe]:
    """A pipe in every street, but service ways only where nothing else connects (they would be costly loops)."""
    graph = streets.graph()
    for *_, d in graph.edges(data=True):
        d["weight"] = d["length"] * (4 if d["rank"] == 0 else 1)
    tree = {frozenset(e) for e in nx.minimum_spanning_edges(graph, data=False)}
    kept = [i for i, s in enumerate(streets.streets) if s.rank > 0 or frozenset((s.a, s.b)) in tree]
    return [
        Pipe(f"P{k + 1}", s.a, s.b, i, round(s.length_m, 2), DIAMETERS_M[0])
        for k, i in enumerate(kept)
        for s in (streets.streets[i],)
    ]


def _demand(streets: Streets, recipe: WaterRecipe) -> tuple[FloatArray, int]:
    """(n,) mean use in m3/s, and how many people draw it."""
    people = people_of(streets, recipe)
    return people * recipe.use / 86_400 * (1 + recipe.work_share), round(float(people.sum()))


def people_of(streets: Streets, recipe: WaterRecipe) -> FloatArray:
    """(n,) people at each junction of the streets: by their length, half as many on service ways and arterials."""
    people = np.zeros(len(streets.xy))
    for s in streets.streets:
        here = recipe.people_per_km * s.length_m / 1000 * (1.0 if 1 <= s.rank <= 3 else 0.5)
        people[s.a] += here / 2
        people[s.b] += here / 2
    return people


def _station(streets: Streets, terrain: Terrain, hollows: FloatArray) -> tuple[int, FloatArray]:
    """(junction, place): of the lower half of the streets' junctions the one with the largest hollow around it.

    The place is the deepest cell of that hollow within 50 m: a flood of the streets gathers there. Underpasses are
    left out: nobody builds waterworks there.
    """
    from scipy.ndimage import uniform_filter

    ground = terrain.at(streets.xy)
    main = np.flatnonzero(streets.ranks() >= 1)
    low = main[ground[main] <= np.median(ground[main])]
    g, reach = terrain.grid, 50.0
    k = int(reach / g.cell_m)
    gathered = terrain.at(streets.xy, uniform_filter(np.minimum(hollows, 1.0), 2 * k + 1))
    for dip in terrain.dips:
        gathered[np.hypot(*(streets.xy - dip).T) < 150] = -1.0
    chosen = int(low[np.argmax(gathered[low])])
    col, row = ((streets.xy[chosen] - (g.x0, g.y0)) / g.cell_m).astype(int)
    r0, c0 = max(0, row - k), max(0, col - k)
    patch = np.where(terrain.street, -1.0, hollows)[r0 : row + k + 1, c0 : col + k + 1]
    i, j = np.unravel_index(int(np.argmax(patch)), patch.shape)
    return chosen, np.array([g.x0 + (c0 + j + 0.5) * g.cell_m, g.y0 + (r0 + i + 0.5) * g.cell_m])


def _tank(streets: Streets, ground: FloatArray, station: int) -> int:
    """High ground, far from the station, on a street that matters: 100 m farther counts as half a metre higher."""
    candidates = np.flatnonzero(streets.ranks() >= 2)
    away = np.hypot(*(streets.xy[candidates] - streets.xy[station]).T)
    return int(candidates[np.argmax(ground[candidates] + 0.005 * away)])


def _hydrants(streets: Streets, spacing_m: float) -> list[int]:
    """Junctions on streets, taken in order of importance, none nearer than 0.8 of the spacing to another."""
    ranks = streets.ranks()
    chosen: list[int] = []
    for n in sorted(range(len(ranks)), key=lambda n: (-ranks[n], n)):
        if ranks[n] == 0:
            continue
        if not chosen or np.hypot(*(streets.xy[chosen] - streets.xy[n]).T).min() > 0.8 * spacing_m:
            chosen.append(n)
    return sorted(chosen)


def size_mains(net: WaterNet, streets: Streets, recipe: WaterRecipe, folder: Path) -> None:
    """Choose diameters, the tank's height and the pumps.

    At peak demand the station gives 1.3 times the mean, the tank the rest. First diameters come from demand routed on
    the shortest tree; pipes that are too fast or lose too much go up one size until none does. Then all heads are
    shifted so that the lowest pressure is the wanted one: with fixed inflows the shift is exact.
    """
    from twin.build.epanet_run import DesignRun

    mean = float(net.demand_m3s.sum())
    net.pump_flow_m3s = PUMP_SHARE * mean
    _first_sizes(net, streets, recipe)
    volume = mean * recipe.storage
    net.tank_depth_m = 5.0
    net.tank_diameter_m = round(math.sqrt(4 * volume / (math.pi * net.tank_depth_m)), 1)
    with DesignRun(net, recipe.peak, folder) as run:
        state, rounds = run.solve(), 1
        while rounds < 25:
            heavy = (state.velocity_mps > recipe.velocity) | (state.loss > recipe.loss)
            grown = [i for i in np.flatnonzero(heavy) if net.pipes[i].diameter_m < DIAMETERS_M[-1]]
            if not grown:
                break
            for i in grown:
                net.pipes[i].diameter_m = DIAMETERS_M[DIAMETERS_M.index(net.pipes[i].diameter_m) + 1]
                run.set_diameter(int(i), net.pipes[i].diameter_m)
            state, rounds = run.solve(), rounds + 1
        shift = recipe.lowest_pressure - float(state.pressure_m.min())
        tank_level = run.tank_head_m + shift
        net.tank_bottom_m = round(tank_level - net.tank_depth_m / 2, 2)
        net.pump_head_m = round(float(state.head_m[net.station]) + shift - net.well_head_m, 2)
        pressure = state.pressure_m + shift
    net.figures.update(
        sizing_rounds=rounds,
        peak_pressure_low_m=round(float(pressure.min()), 2),
        peak_pressure_high_m=round(float(pressure.max()), 2),
        peak_velocity_mps=round(float(state.velocity_mps.max()), 3),
        peak_loss_m_per_km=round(float(state.loss.max()) * 1000, 2),
        mean_demand_lps=round(mean * 1000, 2),
    )


def tune_pumps(net: WaterNet, write: Callable[[], Path]) -> None:
    """Raise the pumps' head and flow in steps of 4 % until the tank lives through a day.

    It must keep an eighth of its depth all day and end the day no lower than a tenth under its start. `write` writes
    the file of the network as it stands.
    """
    from twin.build.epanet_run import run_day

    steps = 0
    while steps < 25:
        level = run_day(write(), [net.ids[net.station]], [net.pipes[0].id]).tank_level_m
        if level.min() > net.tank_depth_m / 8 and level[-1] > level[0] - net.tank_depth_m / 10:
            break
        net.pump_flow_m3s *= 1.04
        net.pump_head_m = round(net.pump_head_m * 1.04, 2)
        steps += 1
    net.figures["pump_tuning_steps"] = steps


def _first_sizes(net: WaterNet, streets: Streets, recipe: WaterRecipe) -> None:
    """Peak demand routed from the station on the shortest tree (important streets count as shorter), at 0.8 m/s."""
    graph = nx.Graph()
    preference = {0: 3.0, 1: 2.0, 2: 1.5, 3: 1.0, 4: 0.8, 5: 0.7}
    for k, p in enumerate(net.pipes):
        rank = streets.streets[p.street].rank
        if not graph.has_edge(p.a, p.b):
            graph.add_edge(p.a, p.b, weight=p.length_m * preference[rank], pipe=k)
    flow = np.zeros(len(net.pipes))
    _, paths = nx.single_source_dijkstra(graph, net.station, weight="weight")
    for n, path in paths.items():
        for a, b in pairwise(path):
            flow[graph[a][b]["pipe"]] += net.demand_m3s[n] * recipe.peak
    for k, p in enumerate(net.pipes):
        least = LEAST_BY_RANK_M.get(streets.streets[p.street].rank, DIAMETERS_M[0])
        wanted = max(math.sqrt(4 * flow[k] / math.pi / 0.8), least)
        p.diameter_m = next((d for d in DIAMETERS_M if d >= wanted - 1e-9), DIAMETERS_M[-1])
