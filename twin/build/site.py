"""Where the river runs and the terminal stands: on a straight bank, clear of streets, near a junction for trucks."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from twin.build.recipe import RiverRecipe, TerminalRecipe
from twin.build.streets import Streets, points_along, polyline_length
from twin.build.sumo_net import SumoNet

FloatArray = NDArray[np.float64]

APPROACH_M = 130.0
"""Shortest road between the street junction and the gate: trucks queue here (about nine of 14 m on each lane)."""
CLEARANCE_M = 12.0
"""Ground between the terminal's fence and the nearest street."""


@dataclass(frozen=True)
class River:
    """Centre lines (twin coordinates, m), half width and ordinary level. `invented`: the streets had no waterway."""

    lines: tuple[FloatArray, ...]
    half_width_m: float
    level_m: float
    invented: bool


@dataclass(frozen=True)
class Site:
    """The terminal's place.

    junction   SUMO junction where trucks leave the street
    gate       (2,) m; axis (2,) unit vector from the gate to the quay; corners (4, 2) m of the terminal's ground
    quay       (2, 2) m, the quay's edge
    """

    junction: str
    gate: FloatArray
    axis: FloatArray
    corners: FloatArray
    quay: FloatArray

    @property
    def heading_deg(self) -> float:
        """From the gate to the quay, clockwise from north."""
        return float(np.degrees(np.arctan2(self.axis[0], self.axis[1])) % 360)


def make_river(net: SumoNet, streets: Streets, recipe: RiverRecipe, terminal: TerminalRecipe, margin_m: float) -> River:
    """The network's own waterways near the streets; else a straight canal along the emptiest side of the city."""
    low, high = streets.xy.min(axis=0) - margin_m, streets.xy.max(axis=0) + margin_m
    lines = []
    for edge in sorted(net.edges.values(), key=lambda e: e.id):
        if edge.kind.startswith(("waterway.river", "waterway.canal")):
            near = ((edge.shape > low) & (edge.shape < high)).all(axis=1)
            if near.any() and polyline_length(edge.shape) > 50:
                lines.append(edge.shape)
    if lines:
        return River(tuple(lines), recipe.width / 2, recipe.level, invented=False)
    offset = recipe.offset if recipe.offset is not None else terminal.depth + CLEARANCE_M + recipe.width / 2 + 60
    return River((_canal(streets.xy, offset),), recipe.width / 2, recipe.level, invented=True)


def _canal(xy: FloatArray, offset_m: float) -> FloatArray:
    """A straight line outside the hull of the streets, along the long side that most streets are near to."""
    from scipy.spatial import ConvexHull

    corners = xy[ConvexHull(xy).vertices]
    best: tuple[float, FloatArray] | None = None
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        length = float(np.hypot(*(b - a)))
        if length < 100:
            continue
        along = (b - a) / length
        outward = np.array([along[1], -along[0]])
        score = float(-((xy - a) @ outward).mean() - 0.3 * length)
        reach = (xy - a) @ along
        line = a + outward * offset_m + along * np.array([[reach.min() - 1500], [reach.max() + 1500]])
        if best is None or score < best[0]:
            best = (score, line)
    assert best is not None
    return best[1]


def truck_core(net: SumoNet) -> tuple[set[str], dict[str, list[str]], dict[str, list[str]]]:
    """Edges that trucks can go round in (largest strongly connected part), with successors and predecessors."""
    after, before = net.links_for("truck")
    graph = nx.DiGraph()
    graph.add_nodes_from(after)
    graph.add_edges_from((a, b) for a, following in after.items() for b in following)
    core = max(nx.strongly_connected_components(graph), key=lambda part: (len(part), min(part)))
    return set(core), after, before


def _junctions_for_trucks(net: SumoNet) -> tuple[list[str], FloatArray]:
    """Junctions of real streets, without signals, that trucks reach from everywhere and leave to everywhere."""
    core, _, _ = truck_core(net)
    arrive = {net.edges[e].end for e in core}
    leave = {net.edges[e].start for e in core}
    names = sorted(n for n in arrive & leave if net.junction_kinds.get(n) not in ("traffic_light", "rail_signal"))
    if not names:
        raise ValueError("no junction can be reached and left by trucks: the network needs streets open to trucks")
    return names, np.array([net.junctions[n] for n in names])


def choose_site(net: SumoNet, streets: Streets, river: River, recipe: TerminalRecipe) -> Site:
    """The best stretch of bank: straight over the quay's length, no street on the ground, short way from a junction.

    Score in metres: way from the junction to the gate + 40 per 10 m of street on the ground + 8 × bend of the bank.
    """
    from scipy.spatial import cKDTree

    names, spots = _junctions_for_trucks(net)
    tree = cKDTree(spots)
    paved = np.vstack([points_along(s.shape, 10.0) for s in streets.streets])
    roads = _Roads(net)
    water = np.vstack([points_along(line, 10.0) for line in river.lines])
    best: tuple[float, Site] | None = None
    low, high = streets.xy.min(axis=0) - 100, streets.xy.max(axis=0) + 100
    for line in river.lines:
        for start, middle, end in _stretches(line, recipe.quay_m):
            along = (end - start) / max(1e-9, float(np.hypot(*(end - start))))
            bend = float(np.abs((middle - start) @ np.array([-along[1], along[0]])).max())
            centre = (start + end) / 2
            if bend > 30 or (centre < low - 800).any() or (centre > high + 800).any():
                continue
            for side in (1, -1):
                away = side * np.array([-along[1], along[0]])
                quay = centre + away * (river.half_width_m + bend)
                site = _lay_out(quay, along, away, recipe)
                on_it = _inside(paved, site, CLEARANCE_M)
                wet = _inside(water, site, 0.0)
                found = tree.query_ball_point(site.gate, 900)
                for k in found:
                    way = spots[k] - site.gate
                    distance = float(np.hypot(*way))
                    if distance < APPROACH_M or way @ away < 0.3 * distance:
                        continue
                    score = distance + 40 * on_it + 100 * wet + 8 * bend
                    if (best is None or score < best[0] - 1e-9) and roads.free(names[k], spots[k], site.gate):
                        best = (score, Site(names[k], site.gate, site.axis, site.corners, site.quay))
    if best is None:
        raise ValueError(
            f"no bank is straight over {recipe.quay_m:.0f} m with a truck junction within 900 m of the gate: "
            "fewer or shorter berths, a shallower terminal, or a smaller river.offset would fit"
        )
    return best[1]


class _Roads:
    """Tells whether a new road from a junction would cross a road that it does not meet."""

    def __init__(self, net: SumoNet) -> None:
        from shapely import LineString, STRtree

        self.edges = [e for e in net.edges.values() if e.lanes_for("delivery") and len(e.shape) > 1]
        self.tree = STRtree([LineString(e.shape) for e in self.edges])

    def free(self, junction: str, start: FloatArray, gate: FloatArray) -> bool:
        from shapely import LineString

        along = (gate - start) / np.hypot(*(gate - start))
        crossed = self.tree.query(LineString([start + 4 * along, gate]), predicate="intersects")
        return all(junction in (self.edges[i].start, self.edges[i].end) for i in crossed)


def _stretches(line: FloatArray, length_m: float) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
    """(start, points between, end) of every stretch of the given length, each 40 m farther along the line."""
    dense = points_along(line, 10.0)
    step = float(np.hypot(*(dense[1] - dense[0])))
    n = max(2, round(length_m / step))
    return [(dense[i], dense[i : i + n + 1], dense[i + n]) for i in range(0, len(dense) - n, 4)]


def _lay_out(quay: FloatArray, along: FloatArray, away: FloatArray, recipe: TerminalRecipe) -> Site:
    half = along * recipe.quay_m / 2
    gate = quay + away * recipe.depth
    corners = np.array([quay - half, quay + half, gate + half, gate - half])
    return Site("", gate, -away, corners, np.array([quay - half, quay + half]))


def _inside(points: FloatArray, site: Site, grow_m: float) -> int:
    """How many points lie on the terminal's ground, grown on every side."""
    middle = site.corners.mean(axis=0)
    along = site.quay[1] - site.quay[0]
    width, depth = float(np.hypot(*along)), float(np.hypot(*(site.corners[0] - site.corners[3])))
    along = along / width
    rel = points - middle
    grown = (np.abs(rel @ along) < width / 2 + grow_m) & (np.abs(rel @ site.axis) < depth / 2 + grow_m)
    return int(grown.sum())
