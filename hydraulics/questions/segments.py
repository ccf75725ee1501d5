"""Valve layers and the segments that they cut a network into.

A valve sits on a link close to one of its end nodes, as in WNTR's valve layer: shut, it parts the link from the node.
A segment is what hangs together when all valves are shut; its nodes and links are isolated by its border valves.
Source of the definition: Walski (1993), J. Am. Water Works Assoc. 85(9); WNTR's user manual, valve segmentation.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hydraulics.fast.arrays import PIPE, Network
from twin.scenario.problems import ScenarioError


@dataclass(frozen=True)
class Valve:
    """An isolation valve on `link` at `node` (indices)."""

    link: int
    node: int


@dataclass(frozen=True)
class Segment:
    """A part that valves can cut out: its nodes, its links, and the valves to shut (indices)."""

    number: int
    nodes: tuple[int, ...]
    links: tuple[int, ...]
    valves: tuple[int, ...]


class Layer:
    """A valve layer and its segments, numbered from 1 in the order of their first node or link."""

    def __init__(self, network: Network, valves: Sequence[Valve]) -> None:
        self.network = network
        self.valves = list(valves)
        self.node_segment, self.link_segment = self._cut(frozenset())
        self.segments = self._gather(self.node_segment, self.link_segment)

    def _cut(self, stuck: frozenset[int]) -> tuple[np.ndarray, np.ndarray]:
        """Segment number of every node and link when the valves in `stuck` cannot be shut."""
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        n, m = self.network.n_nodes, self.network.n_links
        cut = {(v.link, v.node) for i, v in enumerate(self.valves) if i not in stuck}
        pairs = [
            (int(node), n + k)
            for k in range(m)
            for node in (self.network.first[k], self.network.second[k])
            if (k, int(node)) not in cut
        ]
        a, b = np.array(pairs, np.int64).reshape(-1, 2).T
        _, label = connected_components(coo_matrix((np.ones(a.size), (a, b)), shape=(n + m, n + m)), directed=False)
        _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
        rank = np.empty(first.size, np.int64)
        rank[np.argsort(first)] = np.arange(1, first.size + 1)
        numbers = rank[inverse]
        return numbers[:n], numbers[n:]

    def _gather(self, node_segment: np.ndarray, link_segment: np.ndarray) -> list[Segment]:
        count = int(max(node_segment.max(), link_segment.max()))
        nodes: list[list[int]] = [[] for _ in range(count + 1)]
        links: list[list[int]] = [[] for _ in range(count + 1)]
        border: list[set[int]] = [set() for _ in range(count + 1)]
        for i, s in enumerate(node_segment):
            nodes[s].append(i)
        for k, s in enumerate(link_segment):
            links[s].append(k)
        for v, valve in enumerate(self.valves):
            a, b = int(node_segment[valve.node]), int(link_segment[valve.link])
            if a != b:
                border[a].add(v)
                border[b].add(v)
        return [Segment(s, tuple(nodes[s]), tuple(links[s]), tuple(sorted(border[s]))) for s in range(1, count + 1)]

    def of_link(self, link: int) -> Segment:
        """The segment that holds a link."""
        return self.segments[int(self.link_segment[link]) - 1]

    def with_stuck(self, link: int, stuck: Iterable[int]) -> Segment:
        """The segment of a link when some valves cannot be shut."""
        node_segment, link_segment = self._cut(frozenset(stuck))
        return self._gather(node_segment, link_segment)[int(link_segment[link]) - 1]

    def closure(self, segment: Segment) -> tuple[int, ...]:
        """Links without flow when a segment is cut out: its own, and those shut at its nodes."""
        own = set(segment.nodes)
        return tuple(
            sorted({*segment.links, *(self.valves[v].link for v in segment.valves if self.valves[v].node in own)})
        )

    def name(self, valve: int) -> str:
        """`link@node`."""
        v = self.valves[valve]
        return f"{self.network.link_ids[v.link]}@{self.network.node_ids[v.node]}"


def usual_valves(network: Network, missing: int = 1) -> list[Valve]:
    """A valve on every pipe at every node, except on `missing` pipes of each node (N-1 placement with 1).

    Where a file says nothing of its valves this is the usual guess. The pipe without a valve is the longest of the
    node (ties: the later one), so that the result does not depend on chance.
    """
    at: list[list[int]] = [[] for _ in range(network.n_nodes)]
    for k in np.flatnonzero(network.kind <= PIPE):
        at[network.first[k]].append(int(k))
        at[network.second[k]].append(int(k))
    found = []
    for node, pipes in enumerate(at):
        longest = sorted(pipes, key=lambda k: (-network.length[k], -k))
        kept = sorted(longest[missing:] if len(pipes) > missing else [])
        found += [Valve(k, node) for k in kept]
    return found


def read_valves(network: Network, path: Path) -> list[Valve]:
    """A valve layer from CSV with columns `link` and `node`. ScenarioError names the line that does not fit."""
    found, problems = [], []
    names = {name: k for k, name in enumerate(network.link_ids)}
    nodes = {name: i for i, name in enumerate(network.node_ids)}
    with Path(path).open(newline="", encoding="utf-8-sig") as stream:
        rows = csv.DictReader(stream)
        if not {"link", "node"} <= set(rows.fieldnames or ()):
            raise ScenarioError([f"{path.name}:1: a valve layer has the columns `link` and `node`"])
        for line, row in enumerate(rows, 2):
            link, node = names.get(row["link"].strip()), nodes.get(row["node"].strip())
            if link is None:
                problems.append(f"{path.name}:{line}: no link {row['link']!r} in {network.path.name}")
            elif node is None:
                problems.append(f"{path.name}:{line}: no node {row['node']!r} in {network.path.name}")
            elif node not in (network.first[link], network.second[link]):
                problems.append(f"{path.name}:{line}: {row['node']!r} is no end of link {row['link']!r}")
            else:
                found.append(Valve(link, node))
    if problems:
        raise ScenarioError(problems)
    return found
