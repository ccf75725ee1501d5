"""A SUMO network as the graph of the equilibrium: turns as they are allowed, capacities by stated rules.

Every edge that the class may use becomes a link with the law of the Bureau of Public Roads. Every turn becomes a link
that costs a constant. Zones are tied to the edges on which their trips begin and end.

Capacity of an edge = lanes × saturation flow × what its end lets through:

| end of the edge | share | from |
|---|---|---|
| traffic light | green share of the turn that has most | the network's program |
| right of way | 1 | |
| must give way | 0.5 | an assumption: half of the gaps are used |
| right before left, all-way stop | 0.4 | an assumption |
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from traffic.assignment.graph import FloatArray, Graph, IntArray, make_graph
from traffic.assignment.zones import Zones, spread

SATURATION_PER_H = 1800.0
"""Vehicles an hour and lane of green: a headway of 2 s, usual for a city street (the HCM's ideal lane has 1,900)."""
GIVES_WAY, EQUALS = 0.5, 0.4
BPR_B, BPR_POWER = 0.15, 4.0
TURN_S = {"s": 1.0, "r": 3.0, "R": 2.0, "l": 5.0, "L": 4.0, "t": 20.0}
"""Seconds that a turn costs beside the queue: straight on, right, left, round (an assumption; keeps ways straight)."""
WIDE = 1e9


@dataclass(frozen=True)
class Roads:
    """A graph, and which of its links are edges of the network.

    edge_of   (links,) place in `ids` for links that are edges, −1 for turns and ties to zones
    ids       edge ids; `length_m`, `shapes` alike
    zones     (z,) zone of each point of loading; `demand` (z, z) trips between the points
    """

    graph: Graph
    edge_of: IntArray
    ids: tuple[str, ...]
    names: tuple[str, ...]
    length_m: FloatArray
    shapes: tuple[Any, ...] = field(repr=False)
    zones: tuple[str, ...] = ()
    demand: FloatArray = field(default_factory=lambda: np.zeros((0, 0)), repr=False)

    def by_edge(self, values: FloatArray) -> FloatArray:
        """(edges,) values of the links that are edges, in the order of `ids`."""
        out = np.zeros(len(self.ids))
        mine = self.edge_of >= 0
        out[self.edge_of[mine]] = values[mine]
        return out


def read_roads(
    network: Path, zones: Zones, demand: FloatArray, vclass: str = "passenger", hours: float = 1.0, points: int = 4
) -> Roads:
    """Read a SUMO network. Times in s; capacities in vehicles per `hours`, the period of the matrix `demand`.

    points : of loading in each zone (see `traffic.assignment.zones.spread`)

    Raises `ValueError` in a sentence: no network, an edge of a zone that is not there, a zone that no car can leave.
    """
    import sumolib

    try:
        net = sumolib.net.readNet(str(network), withPrograms=True)
    except Exception as error:
        raise ValueError(f"{network.name} is not a SUMO network: {error}") from error
    edges = [e for e in net.getEdges(withInternal=False) if any(lane.allows(vclass) for lane in e.getLanes())]
    if not edges:
        raise ValueError(f"no edge of {network.name} may be used by '{vclass}'")
    place = {e.getID(): k for k, e in enumerate(edges)}
    for z in range(zones.count):
        for edge_id in (*zones.sources[z], *zones.sinks[z]):
            _known(edge_id, place, zones, z, network)
    middles = {e.getID(): tuple(np.asarray(e.getShape(), float)[:, :2].mean(axis=0)) for e in edges}
    zones = zones.within(_connected(edges, place, vclass))
    zones, demand = spread(zones, demand, middles, points)
    count = zones.count
    links: list[tuple[int, int, float, float, float, int]] = []  # from, to, s, capacity, fixed cost, edge
    for k, edge in enumerate(edges):
        lanes = [lane for lane in edge.getLanes() if lane.allows(vclass)]
        seconds = edge.getLength() / max(lane.getSpeed() for lane in lanes)
        capacity = _capacity(net, edge, len(lanes)) * hours
        links.append((count + 2 * k, count + 2 * k + 1, seconds, capacity, 0.0, k))
        for then, turns in edge.getOutgoing().items():
            allowed = [c for c in turns if c.getFromLane().allows(vclass) and c.getToLane().allows(vclass)]
            if allowed and then.getID() in place:
                cost = min(TURN_S.get(c.getDirection(), 1.0) for c in allowed)
                links.append((count + 2 * k + 1, count + 2 * place[then.getID()], 0.0, WIDE, cost, -1))
    for z in range(count):
        for edge_id in zones.sources[z]:
            links.append((z, count + 2 * place[edge_id], 0.0, WIDE, 0.0, -1))
        for edge_id in zones.sinks[z]:
            links.append((count + 2 * place[edge_id] + 1, z, 0.0, WIDE, 0.0, -1))
    tail, head, free, capacities, fixed, which = (np.array(column) for column in zip(*links, strict=True))
    graph, order = make_graph(
        tail, head, free, capacities, np.where(which >= 0, BPR_B, 0.0), BPR_POWER,
        count + 2 * len(edges), count, count, fixed,
    )  # fmt: skip
    return Roads(
        graph, which[order], tuple(place), tuple(e.getName() or e.getID() for e in edges),
        np.array([e.getLength() for e in edges]), tuple(e.getShape() for e in edges), zones.names, demand,
    )  # fmt: skip


def _connected(edges: list[Any], place: dict[str, int], vclass: str) -> frozenset[str]:
    """Edges of the largest part of the network in which every edge reaches every other."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    pairs = [
        (place[e.getID()], place[then.getID()])
        for e in edges
        for then, turns in e.getOutgoing().items()
        if then.getID() in place and any(c.getFromLane().allows(vclass) and c.getToLane().allows(vclass) for c in turns)
    ]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    _, part = connected_components(
        csr_matrix((np.ones(len(pairs)), (rows, columns)), (len(edges),) * 2), True, "strong"
    )
    return frozenset(e.getID() for e in np.array(edges, dtype=object)[part == np.argmax(np.bincount(part))])


def _known(edge_id: str, place: dict[str, int], zones: Zones, zone: int, network: Path) -> None:
    from twin.scenario.problems import suggest

    if edge_id not in place:
        hint = suggest(edge_id, place)
        raise ValueError(f"zone '{zones.names[zone]}' names edge '{edge_id}', which {network.name} has not.{hint}")


def _capacity(net: Any, edge: Any, lanes: int) -> float:
    """Vehicles an hour that can leave an edge (see the module's table)."""
    turns = [c for group in edge.getOutgoing().values() for c in group]
    share = 1.0
    lights = [c for c in turns if c.getTLSID()]
    if lights:
        share = max(_green_share(net, c) for c in lights)
    elif turns:
        states = {c.getState() for c in turns}
        if edge.getToNode().getType() in ("right_before_left", "allway_stop"):
            share = EQUALS
        elif not states & {"M", "Z"}:
            share = GIVES_WAY
    return lanes * SATURATION_PER_H * max(share, 0.05)


def _green_share(net: Any, turn: Any) -> float:
    """Green time of a turn over the cycle, of the first program."""
    programs = net.getTLS(turn.getTLSID()).getPrograms()
    if not programs:
        return 0.5
    phases = next(iter(programs.values())).getPhases()
    cycle = sum(p.duration for p in phases)
    green = sum(p.duration for p in phases if p.state[turn.getTLLinkIndex()] in "Gg")
    return green / cycle if cycle else 0.5
