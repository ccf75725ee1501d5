"""Where storm sewers run: trees along the streets down to the water, each manhole with the ground that is nearest.

Sewers never cross open water, so every bank drains by itself. Hollows that gravity cannot empty get a wet well with
pumps that lift to the river.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from twin.build.recipe import SewerRecipe
from twin.build.site import Site
from twin.build.streets import Streets, points_along
from twin.build.terrain import Terrain

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

UPHILL_M_PER_M = 120.0
"""Detour that is worth saving one metre of depth: trenches grow dearer faster than pipes grow long."""
FALL = 0.002
"""Fall of the ground that a sewer wants along its way."""
FAR_FROM_WATER_M = 900.0
"""Parts of the streets farther than this from the water, and cut off from the rest, keep their present drainage."""


@dataclass
class Conduit:
    """A sewer from manhole `upper` to manhole `lower` (-1: to the outfall or wet well). Inverts and diameter in m."""

    upper: int
    lower: int
    length_m: float
    shape: FloatArray
    diameter_m: float = 0.3
    upper_invert_m: float = 0.0
    lower_invert_m: float = 0.0
    design_flow_m3s: float = 0.0

    @property
    def slope(self) -> float:
        return (self.upper_invert_m - self.lower_invert_m) / self.length_m


@dataclass
class PumpStation:
    """A wet well at a root manhole and its two pumps. Lengths in m, flow per pump in m3/s."""

    root: int
    well_xy: FloatArray
    bank_xy: FloatArray
    flow_m3s: float = 0.1
    area_m2: float = 12.0
    floor_m: float = 0.0


@dataclass
class Sewers:
    """The storm sewers. Per-junction arrays are over all street junctions; `order` lists the manholes, upstream first.

    down     conduit that leaves each manhole
    roots    root manholes with the place of their outfall at the water's edge
    area_m2  ground of each manhole; impervious its sealed share
    """

    xy: FloatArray
    ground_m: FloatArray
    names: list[str]
    order: list[int]
    down: dict[int, Conduit]
    roots: dict[int, FloatArray]
    stations: list[PumpStation]
    area_m2: FloatArray
    impervious: FloatArray
    level_m: float
    invert_m: dict[int, float] = field(default_factory=dict)
    figures: dict[str, float | int] = field(default_factory=dict)

    @property
    def pumped_roots(self) -> set[int]:
        return {s.root for s in self.stations}


def lay_sewers(streets: Streets, terrain: Terrain, site: Site, recipe: SewerRecipe, hollows: FloatArray) -> Sewers:
    """Trees, outfalls, pump stations and subcatchments; not yet sized. ValueError when nothing drains to the water."""
    ground = terrain.at(streets.xy)
    dry, banks = _dry_graph(streets, terrain)
    distance = _to_water(streets.xy, banks) + _across(site, streets.xy, banks)
    sunk = _pumped_hollows(streets, terrain, recipe.pump_stations, hollows, dry)
    roots = _roots(dry, streets.xy, ground, distance, recipe.spacing, set(sunk))
    if not roots:
        raise ValueError(f"no street lies within {FAR_FROM_WATER_M:.0f} m of the water: the sewers have no outfall")
    for a, b, d in dry.edges(data=True):
        d["rank_cost"] = 1.0 if streets.streets[d["street"]].rank else 1.3
        d["a"], d["b"] = a, b
    parent, cost = _trees(dry, ground, distance, roots, sunk)
    order = sorted(parent, key=lambda n: (-cost[n], n))
    area, impervious = _subcatchments(streets.xy, terrain, recipe.reach, order)
    down = {n: _conduit(n, parent[n], dry, streets, banks) for n in order}
    stations = [
        PumpStation(n, streets.xy[n] + _aside(streets, n, 8.0), _nearest(banks, streets.xy[n]))
        for n in sunk
        if parent.get(n, 0) == -1
    ]
    pumped = {s.root for s in stations}
    for station in stations:
        conduit = down[station.root]
        conduit.shape = np.vstack([streets.xy[station.root], station.well_xy])
        conduit.length_m = 10.0
    return Sewers(
        xy=streets.xy,
        ground_m=ground,
        names=streets.junction_names(),
        order=order,
        down=down,
        roots={n: down[n].shape[-1] for n in order if parent[n] == -1 and n not in pumped},
        stations=stations,
        area_m2=area,
        impervious=impervious,
        level_m=terrain.level_m,
    )


def _dry_graph(streets: Streets, terrain: Terrain) -> tuple[nx.Graph, FloatArray]:
    """Streets that do not cross water, between junctions on land; and the (k, 2) cells along the water's edge."""
    graph = streets.graph()
    wet = terrain.at(streets.xy, terrain.water.astype(float)) > 0
    for i, s in enumerate(streets.streets):
        crosses = terrain.at(points_along(s.shape, terrain.grid.cell_m / 2), terrain.water.astype(float)).any()
        if crosses and graph.has_edge(s.a, s.b) and graph[s.a][s.b]["street"] == i:
            graph.remove_edge(s.a, s.b)
    graph.remove_nodes_from(np.flatnonzero(wet).tolist())
    from scipy.ndimage import binary_erosion

    edge = np.argwhere(terrain.water & ~binary_erosion(terrain.water))
    g = terrain.grid
    return graph, (edge[:, ::-1] + 0.5) * g.cell_m + np.array([g.x0, g.y0])


def _to_water(xy: FloatArray, banks: FloatArray) -> FloatArray:
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(banks).query(xy)[0])


def _across(site: Site, xy: FloatArray, banks: FloatArray) -> FloatArray:
    """(n,) detour in m to be preferred over an outfall under the terminal: 300 where the short way crosses it."""
    import shapely
    from scipy.spatial import cKDTree

    ends = banks[cKDTree(banks).query(xy)[1]]
    lines = shapely.linestrings(np.stack([xy, ends], axis=1))
    return np.where(shapely.intersects(lines, shapely.Polygon(site.corners)), 300.0, 0.0)


def _nearest(points: FloatArray, xy: FloatArray) -> FloatArray:
    return points[int(np.argmin(np.hypot(*(points - xy).T)))]


def _aside(streets: Streets, n: int, by_m: float) -> FloatArray:
    """A step off the street at a junction, at right angles to its first street."""
    street = next(s for s in streets.streets if n in (s.a, s.b))
    along = street.shape[-1] - street.shape[0]
    along = along / max(1e-9, float(np.hypot(*along)))
    return np.array([-along[1], along[0]]) * by_m


def _pumped_hollows(streets: Streets, terrain: Terrain, wanted: int, hollows: FloatArray, dry: nx.Graph) -> list[int]:
    """Junctions at the bottom of the lowest underpasses; without underpasses, in the deepest hollows over 0.3 m."""
    if wanted == 0:
        return []
    nodes = np.array(sorted(dry))
    ground = terrain.at(streets.xy)
    if len(terrain.dips):
        found = []
        for dip in terrain.dips:
            near = nodes[np.hypot(*(streets.xy[nodes] - dip).T) < 60]
            if len(near):
                found.append(int(near[np.argmin(ground[near])]))
        return sorted(set(found), key=lambda n: (ground[n], n))[:wanted]
    depth = terrain.at(streets.xy[nodes], hollows)
    return [
        int(n) for n in nodes[np.argsort(-depth, kind="stable")][:wanted] if terrain.at(streets.xy[n], hollows)[0] > 0.3
    ]


def _roots(
    dry: nx.Graph, xy: FloatArray, ground: FloatArray, distance: FloatArray, spacing_m: float, sunk: set[int]
) -> list[int]:
    """Manholes above an outfall: in each connected part those nearest to the water, one per 50 junctions, spaced."""
    chosen: list[int] = []
    for part in nx.connected_components(dry):
        ranked = sorted((n for n in part if n not in sunk), key=lambda n: (distance[n], n))
        if not ranked or distance[ranked[0]] > FAR_FROM_WATER_M or len(ranked) < 3:
            continue
        mine: list[int] = []
        for n in ranked:
            if mine and (distance[n] > distance[ranked[0]] + 250 or len(mine) >= max(1, len(ranked) // 50)):
                break
            if all(np.hypot(*(xy[n] - xy[m])) > spacing_m for m in mine):
                mine.append(n)
        chosen += mine
    return chosen


def _trees(
    dry: nx.Graph, ground: FloatArray, distance: FloatArray, roots: list[int], sunk: list[int]
) -> tuple[dict[int, int], dict[int, float]]:
    """(next manhole downstream, -1 at a root; cost to the root) of every manhole that reaches a root.

    Cost is length plus 120 m for every metre by which the ground misses a fall of 2 per mille. A pumped hollow counts
    as 150 m away, so it takes only what cannot run out by itself.
    """
    directed = nx.DiGraph()
    for a, b, d in dry.edges(data=True):
        for lower, upper in ((a, b), (b, a)):
            missing = max(0.0, FALL * d["length"] - float(ground[upper] - ground[lower]))
            directed.add_edge(lower, upper, weight=d["length"] * d["rank_cost"] + UPHILL_M_PER_M * missing)
    for n in roots:
        directed.add_edge(-1, n, weight=float(distance[n]))
    for n in sunk:
        directed.add_edge(-1, n, weight=float(min(distance[n], min(distance[r] for r in roots))) + 150.0)
    cost, paths = nx.single_source_dijkstra(directed, -1, weight="weight")
    parent = {n: path[-2] for n, path in paths.items() if n != -1}
    return parent, {n: float(c) for n, c in cost.items()}


def _conduit(n: int, lower: int, dry: nx.Graph, streets: Streets, banks: FloatArray) -> Conduit:
    if lower == -1:
        end = _nearest(banks, streets.xy[n])
        return Conduit(n, -1, max(15.0, float(np.hypot(*(end - streets.xy[n])))), np.vstack([streets.xy[n], end]))
    street = streets.streets[dry[n][lower]["street"]]
    return Conduit(n, lower, round(street.length_m, 2), street.shape if street.a == n else street.shape[::-1])


def _subcatchments(xy: FloatArray, terrain: Terrain, reach_m: float, order: list[int]) -> tuple[FloatArray, FloatArray]:
    """(area m2, sealed share) per junction: each cell of dry land drains to the nearest manhole within reach.

    Sealed: streets and known roofs, and a quarter of the rest (yards, paths); without roofs 30 % of everything and
    60 % of the street's share on top.
    """
    from scipy.spatial import cKDTree

    g = terrain.grid
    col, row = np.meshgrid(np.arange(g.nx), np.arange(g.ny))
    cells = np.column_stack([g.x0 + (col.ravel() + 0.5) * g.cell_m, g.y0 + (row.ravel() + 0.5) * g.cell_m])
    manholes = np.array(sorted(order))
    distance, nearest = cKDTree(xy[manholes]).query(cells, distance_upper_bound=reach_m)
    mine = np.isfinite(distance) & ~terrain.water.ravel()
    owner = manholes[nearest[mine]]
    n = len(xy)
    area = np.bincount(owner, minlength=n) * g.cell_m**2
    street = np.bincount(owner, weights=terrain.street.ravel()[mine], minlength=n) * g.cell_m**2
    share = street / np.maximum(area, 1.0)
    if terrain.roof is None:
        sealed = 0.3 + 0.6 * share
    else:
        roof = np.bincount(owner, weights=(terrain.roof & ~terrain.street).ravel()[mine], minlength=n) * g.cell_m**2
        share = share + roof / np.maximum(area, 1.0)
        sealed = share + 0.25 * (1 - share)
    return area.astype(float), np.clip(sealed, 0.15, 0.95)


def runoff_coefficient(impervious: FloatArray) -> FloatArray:
    """Share of the rain that runs off at the design storm: 0.9 of sealed ground, 0.15 of gardens (GB 50014, 4.2.3)."""
    return 0.9 * impervious + 0.15 * (1 - impervious)


def well_area_m2(flow_m3s: float) -> float:
    """Ground area of a wet well so that a pump starts at most six times an hour over 0.5 m of level: V = Q T / 4."""
    return max(12.0, math.ceil(flow_m3s * 600 / 4 / 0.5))
