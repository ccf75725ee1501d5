"""How near a run is to another one of the same trips: SUMO's micro simulation as a rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from traffic.fast.layout import LAST, Array
from traffic.fast.state import Result
from traffic.fast.stepper import Bound
from traffic.network import elements

GEH_GOOD = 5.0
"""DMRB: a flow is reproduced where GEH < 5; 85 % of links should be."""


@dataclass(frozen=True)
class Journey:
    """One trip as driven: departure and exit time of each edge, in s."""

    depart_s: float
    edges: tuple[str, ...]
    exits_s: Array

    @property
    def duration_s(self) -> float:
        return float(self.exits_s[-1] - self.depart_s)


def read_vehroutes(path: Path) -> dict[str, Journey]:
    """SUMO's `--vehroute-output` with `--vehroute-output.exit-times`: finished trips by id."""
    found = {}
    for depth, element in elements(path):
        if depth != 1 or element.tag != "vehicle" or element.get("arrival") is None:
            continue
        route = list(element.iter("route"))[-1]
        exits = np.array([float(x) for x in (route.get("exitTimes") or "").split()])
        edges = tuple((route.get("edges") or "").split())
        if exits.size == len(edges):
            found[element.get("id")] = Journey(float(element.get("depart")), edges, exits)
    return found


def journeys_of(bound: Bound, result: Result) -> dict[str, Journey]:
    """The same from a run of ours with `Options(exits=True)` whose routes were not changed."""
    found = {}
    ids = bound.network.edge_ids
    roads, fleet = bound.roads, bound.fleet.arrays
    for v, vid in enumerate(bound.fleet.ids):
        if not result.trips.finished[v]:
            continue
        row = fleet.vehicle[v]
        at, edges = int(row["route"]), [ids[row["origin"]]]
        while fleet.turn[at] != LAST:
            edges.append(ids[roads.turn[fleet.turn[at]]["end"]])
            at += 1
        first = int(row["exits"])
        found[vid] = Journey(
            float(result.trips.depart[v]), tuple(edges), result.exits[first : first + len(edges)].copy()
        )
    return found


@dataclass(frozen=True)
class Agreement:
    """Trips that both finished: number, mean durations in s, relative error, Pearson correlation trip by trip."""

    trips: int
    mean_s: float
    reference_s: float
    correlation: float
    geh_share: float
    """Share of links and intervals with GEH < 5, among those where either had a vehicle."""

    @property
    def error(self) -> float:
        return self.mean_s / self.reference_s - 1.0


def agreement(
    ours: Mapping[str, Journey], reference: Mapping[str, Journey], interval_s: float = 900.0, until_s: float = 3600.0
) -> Agreement:
    """Compare two sets of journeys; flows up to `until_s`."""
    both = sorted(ours.keys() & reference.keys())
    a = np.array([ours[k].duration_s for k in both])
    b = np.array([reference[k].duration_s for k in both])
    g = geh(link_flows(ours, interval_s, until_s), link_flows(reference, interval_s, until_s), interval_s)
    good = float(np.mean(g < GEH_GOOD)) if g.size else float("nan")
    return Agreement(len(both), float(a.mean()), float(b.mean()), float(np.corrcoef(a, b)[0, 1]), good)


def link_flows(journeys: Mapping[str, Journey], interval_s: float, until_s: float) -> dict[tuple[str, int], int]:
    """(edge, interval) -> vehicles that left the edge."""
    flows: dict[tuple[str, int], int] = {}
    for journey in journeys.values():
        for edge, exit_s in zip(journey.edges, journey.exits_s, strict=True):
            if exit_s < until_s:
                key = (edge, int(exit_s // interval_s))
                flows[key] = flows.get(key, 0) + 1
    return flows


def geh(ours: Mapping[tuple[str, int], int], reference: Mapping[tuple[str, int], int], interval_s: float) -> Array:
    """(k,) GEH = sqrt(2 (m - c)^2 / (m + c)) of hourly flows, for all (edge, interval) where either is not zero."""
    keys = sorted(ours.keys() | reference.keys())
    hourly = 3600.0 / interval_s
    m = np.array([ours.get(k, 0) for k in keys], dtype=float) * hourly
    c = np.array([reference.get(k, 0) for k in keys], dtype=float) * hourly
    return np.sqrt(2 * (m - c) ** 2 / (m + c))


def turn_times(journeys: Mapping[str, Journey]) -> dict[tuple[str, str], tuple[int, float]]:
    """(from edge, to edge) -> number of vehicles and their mean s on the edge before the turn."""
    total: dict[tuple[str, str], tuple[int, float]] = {}
    for journey in journeys.values():
        begun = journey.depart_s
        for edge, then, exit_s in zip(journey.edges, journey.edges[1:], journey.exits_s, strict=False):
            n, s = total.get((edge, then), (0, 0.0))
            total[edge, then] = (n + 1, s + exit_s - begun)
            begun = float(exit_s)
    return {key: (n, s / n) for key, (n, s) in total.items()}
