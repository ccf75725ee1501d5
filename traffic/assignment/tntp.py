"""The text format of the Transportation Networks collection (TNTP): links, trips, and published flows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from traffic.assignment.graph import FloatArray, Graph, make_graph

_HEAD = re.compile(r"<([^>]+)>\s*(\S*)")
_PAIR = re.compile(r"(\d+)\s*:\s*([\d.eE+-]+)")
COLUMNS = 10
"""first node, last node, capacity, length, free time, B, power, speed, toll, type."""


@dataclass(frozen=True)
class TntpProblem:
    """A network with its demand. `demand` (zones, zones), in the unit of the capacities."""

    graph: Graph
    demand: FloatArray


def read_tntp(network: Path, trips: Path, toll_factor: float = 0.0, distance_factor: float = 0.0) -> TntpProblem:
    """Read `*_net.tntp` and `*_trips.tntp`; generalised cost = time + toll_factor·toll + distance_factor·length.

    Raises `ValueError` with file and line for what is no such file.
    """
    head, rows = _links(network)
    nodes, zones = int(head["NUMBER OF NODES"]), int(head["NUMBER OF ZONES"])
    first = int(head.get("FIRST THRU NODE", "1")) - 1
    fixed = toll_factor * rows[:, 8] + distance_factor * rows[:, 3]
    tail, end = rows[:, 0].astype(np.int64) - 1, rows[:, 1].astype(np.int64) - 1
    try:
        graph, _ = make_graph(
            tail, end, rows[:, 4], rows[:, 2], rows[:, 5], rows[:, 6], nodes, zones, first, fixed
        )  # fmt: skip
    except ValueError as error:
        raise ValueError(f"{network.name}: {error}") from error
    return TntpProblem(graph, read_trips(trips, zones))


def _links(path: Path) -> tuple[dict[str, str], FloatArray]:
    head: dict[str, str] = {}
    rows: list[list[float]] = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = _HEAD.match(line.strip())
        if found:
            head[found[1]] = found[2]
            continue
        words = line.split("~")[0].replace(";", " ").split()
        if not words:
            continue
        try:
            rows.append([float(word) for word in words[:COLUMNS]])
        except ValueError:
            raise ValueError(f"{path.name}:{number}: '{line.strip()[:60]}' is no link of numbers") from None
        if len(rows[-1]) < COLUMNS:
            raise ValueError(f"{path.name}:{number}: {len(words)} columns where {COLUMNS} are needed")
    for name in ("NUMBER OF NODES", "NUMBER OF ZONES"):
        if name not in head:
            raise ValueError(f"{path.name}: no <{name}> in its head; is this a TNTP network?")
    return head, np.array(rows).reshape(-1, COLUMNS)


def read_trips(path: Path, zones: int) -> FloatArray:
    """(zones, zones) trips from `Origin i` blocks. Raises `ValueError` with the line."""
    demand = np.zeros((zones, zones))
    origin = -1
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.strip().startswith("Origin"):
            origin = int(line.split()[1]) - 1
        elif origin >= 0:
            for zone, trips in _PAIR.findall(line):
                if not (0 < int(zone) <= zones and origin < zones):
                    raise ValueError(
                        f"{path.name}:{number}: zone {zone} from {origin + 1}, and there are {zones} zones"
                    )
                demand[origin, int(zone) - 1] = float(trips)
    if (demand < 0).any() or not np.isfinite(demand).all():
        raise ValueError(f"{path.name}: a number of trips below zero")
    return demand


def read_flows(path: Path, graph: Graph) -> NDArray[np.float64]:
    """(links,) published volumes in the graph's order; NaN where the file has no such link."""
    known: dict[tuple[int, int], float] = {}
    for line in path.read_text().splitlines():
        words = line.replace(":", " ").replace(";", " ").split()
        if len(words) >= 3 and words[0].isdigit():
            known[int(words[0]) - 1, int(words[1]) - 1] = float(words[2])
    pairs = zip(graph.tail.tolist(), graph.head.tolist(), strict=True)
    return np.array([known.get(pair, np.nan) for pair in pairs])
