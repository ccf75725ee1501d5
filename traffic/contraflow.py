"""Lanes opened against their direction.

SUMO's lanes have one direction for good. So the network of a run with such events gets, before SUMO starts, a second
edge `contraflow.<edge>` beside each edge concerned, the other way round and closed to all; the user's file stays as it
is. While the event lasts the lanes that are given are closed, and once they have been driven empty the second edge
opens; at its end the same happens in reverse. So no two vehicles ever meet on the same asphalt.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol
from xml.sax.saxutils import quoteattr

import numpy as np

from traffic.demand import Inputs, inputs_of
from traffic.network import Edge, RoadNetwork, known_edge, read_network
from traffic.verb_args import Contraflow
from twin.model import Event, Setup

PREFIX = "contraflow."
_EMPTY_LOOKS = 2
"""A lane counts as driven empty when no vehicle is on it at two looks in a row: one may still be on the junction."""


def wanted(events: Iterable[Event]) -> dict[str, int]:
    """Edge -> the most lanes that any event opens against its direction."""
    found: dict[str, int] = {}
    for event in events:
        if isinstance(event.args, Contraflow):
            found[event.args.edge] = max(found.get(event.args.edge, 0), event.args.lanes)
    return found


def patched(network: RoadNetwork, edges: dict[str, int], folder: Path) -> Path:
    """The network with the second edges, written to the run's folder by netconvert.

    Raises `ValueError` when an edge is unknown or has fewer lanes, `RuntimeError` when netconvert refuses.
    """
    import sumo

    lines, turns = [], []
    for edge_id, lanes in edges.items():
        edge = network.edges[network.index[known_edge(edge_id, network)]]
        if lanes > len(edge.lanes):
            raise ValueError(f"edge '{edge_id}' has {len(edge.lanes)} lanes: {lanes} cannot be given")
        lines.append(_edge_xml(edge, lanes, _offset_of(network)))
        turns += _turns_xml(network, edge)
    (folder / "contraflow.edg.xml").write_text(f"<edges>\n{''.join(lines)}</edges>\n", encoding="utf-8")
    (folder / "contraflow.con.xml").write_text(f"<connections>\n{''.join(turns)}</connections>\n", encoding="utf-8")
    target = folder / "contraflow.net.xml"
    command = [
        f"{sumo.SUMO_HOME}/bin/netconvert", "--sumo-net-file", str(network.path),
        "--edge-files", str(folder / "contraflow.edg.xml"), "--connection-files", str(folder / "contraflow.con.xml"),
        "--offset.disable-normalization", "true", "--output.street-names", "true", "--no-turnarounds", "true",
        "--output-file", str(target), "--no-warnings", "true",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not target.is_file():
        reason = next((line for line in done.stderr.splitlines() if line.startswith("Error")), done.stderr.strip())
        raise RuntimeError(f"netconvert could not open lanes of {', '.join(edges)} the other way: {reason}")
    return target


def inputs_and_network(setup: Setup) -> tuple[Inputs, RoadNetwork]:
    """The files of the run; a network of its own where lanes are to be opened the other way."""
    inputs = inputs_of(setup.config)
    network = read_network(inputs.network)
    reversed_ = wanted(setup.events)
    if reversed_:
        inputs = replace(inputs, network=patched(network, reversed_, setup.folder))
        network = read_network(inputs.network)
    return inputs, network


def _offset_of(network: RoadNetwork) -> np.ndarray:
    return np.asarray(network.offset, dtype=float)


def _edge_xml(edge: Edge, lanes: int, offset: np.ndarray) -> str:
    shape = edge.lanes[-((lanes + 1) // 2)].shape[::-1] + offset
    text = " ".join(f"{x:.2f},{y:.2f}" for x, y in shape)
    classes = " ".join(sorted(frozenset().union(*(lane.classes for lane in edge.lanes[-lanes:]))))
    return (
        f"<edge id={quoteattr(PREFIX + edge.id)} from={quoteattr(edge.end)} to={quoteattr(edge.start)} "
        f'numLanes="{lanes}" speed="{edge.speed_mps:.2f}" name={quoteattr(edge.name)} allow="{classes}" '
        f'spreadType="center" shape="{text}"/>\n'
    )


def _turns_xml(network: RoadNetwork, edge: Edge) -> list[str]:
    """From every edge that ends where the edge ends into the second one, and on to all that begin at its start."""
    into = [e.id for e in network.edges if e.end == edge.end and e.id != edge.id and not _back(e, edge)]
    onto = [e.id for e in network.edges if e.start == edge.start and e.id != edge.id and not _back(e, edge)]
    second = PREFIX + edge.id
    pairs = [(one, second) for one in into] + [(second, one) for one in onto]
    return [
        f'<connection from={quoteattr(a)} to={quoteattr(b)} fromLane="0" toLane="0" uncontrolled="true"/>\n'
        for a, b in pairs
    ]


def _back(other: Edge, edge: Edge) -> bool:
    """Whether an edge is the other direction of the same street (turning there would be a U-turn)."""
    return (other.start, other.end) == (edge.end, edge.start)


class Lanes(Protocol):
    """What is asked of the engine: how many vehicles are on some lanes of an edge."""

    def occupied(self, edge: str, lanes: Iterable[int]) -> int: ...


@dataclass
class Reversal:
    """One contraflow in progress.

    state  clearing (lanes closed, not yet empty), reversed, returning (second edge closed, not yet empty), over
    """

    edge: Edge
    lanes: tuple[int, ...]
    state: str = "clearing"
    empty_looks: int = 0

    @property
    def second(self) -> str:
        return PREFIX + self.edge.id

    def _clearing(self) -> tuple[str, Iterable[int]]:
        """The edge and lanes that must become empty."""
        if self.state == "clearing":
            return self.edge.id, self.lanes
        return self.second, range(len(self.lanes))

    def step(self, engine: Lanes) -> bool:
        """Go on when the lanes are empty. Returns whether the state changed."""
        if self.state not in ("clearing", "returning"):
            return False
        edge, lanes = self._clearing()
        self.empty_looks = 0 if engine.occupied(edge, lanes) else self.empty_looks + 1
        if self.empty_looks < _EMPTY_LOOKS:
            return False
        self.empty_looks = 0
        self.state = "reversed" if self.state == "clearing" else "over"
        return True
