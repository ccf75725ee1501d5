"""Trips whose end cannot be reached from their beginning, found before the run.

A trip is tried for its vehicle class on the edges that admit it (lane by lane connections are SUMO's to judge), so what
is reported here has no way for certain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from traffic.demand import Inputs, line_of
from traffic.network import ROAD_CLASSES, RoadNetwork, elements
from twin.scenario.problems import Problem

_SHOWN = 3
_DEFAULT = "passenger"


def unreachable(section: str, key: str, inputs: Inputs, network: RoadNetwork) -> list[Problem]:
    """One problem for each of the first trips without a way, and one that counts the rest. Warnings where such trips
    are left out anyway (`skip_invalid`)."""
    classes = vehicle_classes((*inputs.additional, *inputs.routes))
    barred: dict[tuple[Path, str], str] = {}
    wanted: dict[str, list[tuple[Path, str, str, str]]] = defaultdict(list)
    for file in inputs.routes:
        for trip, vtype, stations in _ends(file):
            vclass = classes.get(vtype, _DEFAULT)
            for a in stations:
                if a not in network.index and a in network.all_ids and vclass in ROAD_CLASSES:
                    barred[file, trip] = a
            for a, b in pairwise(stations):
                if a in network.index and b in network.index:
                    wanted[vclass].append((file, trip, a, b))
    lost: dict[tuple[Path, str], str] = {
        key: f"cannot use edge '{edge}': no road vehicle drives there" for key, edge in barred.items()
    }
    for vclass, pairs in wanted.items():
        ways = Ways(network, vclass)
        for file, trip, a, b in pairs:
            if (file, trip) not in lost and not ways.lead(network.index[a], network.index[b]):
                lost[file, trip] = f"has no way from edge '{a}' to '{b}' for class '{vclass}'"
    way_out = "" if inputs.skip_invalid else ". Mend it, or leave such trips out with `skip_invalid: true`"
    found = []
    for (file, trip), why in list(lost.items())[:_SHOWN]:
        line = line_of(file, f'id="{trip}"')
        text = f"'{trip}' {why}{way_out}"
        where = f"{file.name}:{line}" if line else file.name
        found.append(Problem((section, key), text, where=where, warn=inputs.skip_invalid))
    if len(lost) > _SHOWN:
        text = f"{len(lost)} trips in all have no way to their end"
        found.append(Problem((section, key), text, warn=inputs.skip_invalid))
    return found


class Ways:
    """Whether any way leads from edge to edge for a vehicle class: at once within one strongly connected part of the
    network, else by one search per origin."""

    def __init__(self, network: RoadNetwork, vclass: str) -> None:
        index = network.index
        self.open = np.array([vclass in edge.classes for edge in network.edges])
        pairs = [
            (index[a], index[b])
            for a, after in network.follows.items()
            for b in after
            if a in index and b in index and self.open[index[a]] and self.open[index[b]]
        ]
        rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        n = len(network.edges)
        self._graph = csr_array((np.ones(len(pairs)), (rows, columns)), shape=(n, n))
        _, self._part = connected_components(self._graph, directed=True, connection="strong")
        self._from: dict[int, NDArray[np.bool_]] = {}

    def lead(self, first: int, last: int) -> bool:
        """Whether edge `last` can be reached from edge `first` (indices); both must admit the class."""
        if not (self.open[first] and self.open[last]):
            return False
        if first == last or self._part[first] == self._part[last]:
            return True
        if first not in self._from:
            reached = np.zeros(len(self.open), dtype=bool)
            reached[breadth_first_order(self._graph, first, return_predecessors=False)] = True
            self._from[first] = reached
        return bool(self._from[first][last])


def vehicle_classes(files: tuple[Path, ...]) -> dict[str, str]:
    """Vehicle type -> class, from all `vType` elements; of a distribution the class of its first member."""
    found: dict[str, str] = {}
    for file in files:
        for depth, element in elements(file):
            if element.tag == "vType":
                found[element.get("id", "")] = element.get("vClass", _DEFAULT)
            elif element.tag == "vTypeDistribution" and depth == 1:
                own = next(element.iter("vType"), None)
                first = element.get("vTypes", "").split()
                vclass = own.get("vClass", _DEFAULT) if own is not None else found.get(first[0] if first else "")
                if vclass:
                    found[element.get("id", "")] = vclass
    return found


def _ends(file: Path) -> Iterator[tuple[str, str, list[str]]]:
    """(id, type, [from, via .., to]) of every trip and flow that names its ends."""
    for depth, element in elements(file):
        if depth == 1 and element.tag in ("trip", "flow") and element.get("from") and element.get("to"):
            yield element.get("id", ""), element.get("type", ""), _stations(element)


def _stations(element: Any) -> list[str]:
    return [element.get("from"), *element.get("via", "").split(), element.get("to")]
