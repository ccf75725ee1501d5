"""From equilibrium volumes to vehicles that SUMO can drive: whole trips, with a way and a departure each.

Every trip takes the shortest way of one of the loadings that the equilibrium is a blend of, drawn with the blend's
weights. So the expected volume of every link is the equilibrium's, and no trees need to be kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from traffic.assignment.equilibrium import Equilibrium
from traffic.assignment.graph import FloatArray
from traffic.assignment.roads import Roads
from twin.whole import write_text_whole

LEAST_WEIGHT = 1e-4
"""Loadings with a smaller share of the blend are left out of the draw."""


@dataclass(frozen=True)
class Vehicle:
    """One trip: its zones, departure in s and edges."""

    id: str
    origin: str
    target: str
    depart_s: float
    edges: tuple[str, ...]


def whole_trips(demand: FloatArray, rng: np.random.Generator) -> NDArray[np.int64]:
    """Whole numbers with the matrix's total: the floor of each, and the rest to the largest remainders (ties drawn)."""
    low = np.floor(demand).astype(np.int64)
    rest = (demand - low).ravel()
    short = round(float(demand.sum())) - int(low.sum())
    order = np.lexsort((rng.random(rest.size), -rest))
    flat = low.ravel()
    flat[order[:short]] += 1
    return flat.reshape(demand.shape)


def draw_vehicles(
    roads: Roads, result: Equilibrium, demand: FloatArray, begin_s: float, end_s: float, seed: int
) -> list[Vehicle]:
    """The trips of the matrix as vehicles, sorted by departure. Trips without a way are left out."""
    from traffic.assignment.kernels import tree_links

    rng = np.random.default_rng(seed)
    counts = whole_trips(demand, rng)
    used = np.flatnonzero(result.weights >= LEAST_WEIGHT)
    share = result.weights[used] / result.weights[used].sum()
    graph = roads.graph
    found: list[Vehicle] = []
    for origin in range(graph.zones):
        targets = np.flatnonzero(counts[origin])
        targets = targets[targets != origin]
        if not targets.size:
            continue
        picks = {int(t): rng.multinomial(int(counts[origin, t]), share) for t in targets}
        room = graph.nodes
        for k in used[np.sum([picks[int(t)] for t in targets], axis=0) > 0]:
            ways = np.zeros((targets.size, room + 1), dtype=np.int64)
            tree_links(
                graph.starts, graph.tail, graph.head, result.costs[k], origin, graph.first_thru, targets, ways, room
            )  # fmt: skip
            slot = int(np.flatnonzero(used == k)[0])
            for t, way in zip(targets.tolist(), ways, strict=True):
                edges = roads.edge_of[way[: way[room]]]
                names = tuple(roads.ids[e] for e in edges[edges >= 0])
                if not names:
                    continue
                for depart in rng.uniform(begin_s, end_s, int(picks[t][slot])).tolist():
                    found.append(Vehicle("", roads.zones[origin], roads.zones[t], round(depart, 2), names))
    found.sort(key=lambda v: (v.depart_s, v.origin, v.target, v.edges))
    return [Vehicle(f"t{n:06d}", v.origin, v.target, v.depart_s, v.edges) for n, v in enumerate(found)]


def write_routes(path: Path, vehicles: list[Vehicle], vtype: str = "passenger") -> None:
    """A SUMO route file, sorted by departure."""
    lines = ["<routes>", f'    <vType id="assigned" vClass={quoteattr(vtype)}/>']
    for v in vehicles:
        lines.append(
            f'    <vehicle id="{v.id}" type="assigned" depart="{v.depart_s:.2f}" departLane="best" departSpeed="max" '
            f"fromTaz={quoteattr(v.origin)} toTaz={quoteattr(v.target)}>"
            f"<route edges={quoteattr(' '.join(v.edges))}/></vehicle>"
        )
    lines.append("</routes>\n")
    write_text_whole(path, "\n".join(lines))
