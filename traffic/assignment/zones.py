"""Where trips begin and end, and how many: SUMO's districts, polygons, and matrices in files of the field."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from traffic.assignment.graph import FloatArray
from twin.scenario.problems import suggest


@dataclass(frozen=True)
class Zones:
    """Names, and for each zone the edges on which its trips begin and end."""

    names: tuple[str, ...]
    sources: tuple[tuple[str, ...], ...]
    sinks: tuple[tuple[str, ...], ...]

    @property
    def count(self) -> int:
        return len(self.names)

    def within(self, edges: frozenset[str]) -> Zones:
        """Only edges of this set; a zone that would lose all of them keeps its own."""

        def kept(all_edges: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(e for e in all_edges if e in edges) or all_edges

        return Zones(self.names, tuple(map(kept, self.sources)), tuple(map(kept, self.sinks)))


def read_zones(path: Path, network: Path) -> Zones:
    """Zones from SUMO's district file (`<taz>`) or from GeoJSON polygons with `id` in the network's own metres.

    Edges of a polygon are those whose middle lies in it. Raises `ValueError` in a sentence.
    """
    found = _polygons(path, network) if path.suffix.lower() in (".geojson", ".json") else _districts(path)
    if not found.names:
        raise ValueError(f"{path.name} has no zones: give <taz> elements or GeoJSON polygons")
    doubled = {n for n in found.names if found.names.count(n) > 1}
    if doubled:
        raise ValueError(f"{path.name} has zone '{min(doubled)}' twice")
    for name, sources, sinks in zip(found.names, found.sources, found.sinks, strict=True):
        if not sources or not sinks:
            raise ValueError(
                f"zone '{name}' of {path.name} has no edge on which trips can {'end' if sources else 'begin'}"
            )
    return found


def _districts(path: Path) -> Zones:
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise ValueError(f"{path.name} is not whole: {error}") from error
    names, sources, sinks = [], [], []
    for taz in root.iter("taz"):
        both = tuple(taz.get("edges", "").split())
        names.append(taz.get("id", ""))
        sources.append(both or tuple(e.get("id", "") for e in taz.iter("tazSource")))
        sinks.append(both or tuple(e.get("id", "") for e in taz.iter("tazSink")))
    return Zones(tuple(names), tuple(sources), tuple(sinks))


def _polygons(path: Path, network: Path) -> Zones:
    from shapely import Point
    from shapely.geometry import shape

    from traffic.network import read_network

    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name} is no GeoJSON collection of polygons: {error}") from error
    roads = [e for e in read_network(network).edges if "passenger" in e.classes]
    middles = [Point(*np.asarray(e.shape).mean(axis=0)) for e in roads]
    names, inside = [], []
    for number, feature in enumerate(features, 1):
        area = shape(feature["geometry"])
        names.append(str((feature.get("properties") or {}).get("id", feature.get("id", number))))
        inside.append(tuple(e.id for e, p in zip(roads, middles, strict=True) if area.covers(p)))
    return Zones(tuple(names), tuple(inside), tuple(inside))


def spread(
    zones: Zones, demand: FloatArray, middles: dict[str, tuple[float, float]], most: int
) -> tuple[Zones, FloatArray]:
    """Cut each zone into at most `most` points of loading, and the matrix with it.

    If trips could begin on any edge of their zone, all would choose the one nearest to where they go. So each zone is
    represented by edges that lie far apart in it (each next one farthest from those before), with equal shares. Trips
    inside a zone go between its points; those of a zone with one point stay where they are.
    """
    names, sources, sinks, zone_of = [], [], [], []
    for z, name in enumerate(zones.names):
        outs, ins = _apart(zones.sources[z], middles, most), _apart(zones.sinks[z], middles, most)
        for k in range(max(len(outs), len(ins))):
            names.append(name)
            sources.append((outs[k % len(outs)],))
            sinks.append((ins[k % len(ins)],))
            zone_of.append(z)
    home = np.array(zone_of)
    points = np.bincount(home, minlength=zones.count)
    pairs = points[:, None] * points[None, :] - np.diag(points)
    share = np.divide(demand, pairs, out=np.zeros_like(demand), where=pairs > 0)
    fine = share[np.ix_(home, home)]
    np.fill_diagonal(fine, 0.0)
    return Zones(tuple(names), tuple(sources), tuple(sinks)), fine


def _apart(edges: tuple[str, ...], middles: dict[str, tuple[float, float]], most: int) -> list[str]:
    """At most `most` of the edges, far apart; the first is the one nearest to the middle of all."""
    if len(edges) <= most:
        return list(edges)
    xy = np.array([middles[e] for e in edges])
    picked = [int(np.argmin(np.hypot(*(xy - xy.mean(axis=0)).T)))]
    away = np.hypot(*(xy - xy[picked[0]]).T)
    while len(picked) < most:
        picked.append(int(np.argmax(away)))
        away = np.minimum(away, np.hypot(*(xy - xy[picked[-1]]).T))
    return [edges[k] for k in picked]


def read_matrix(path: Path, zones: Zones) -> FloatArray:
    """(zones, zones) trips from CSV `from,to,trips` or SUMO's `<tazRelation from= to= count=>`.

    Pairs that come several times are added. Raises `ValueError` with the place of an unknown zone or a bad number.
    """
    index = {name: k for k, name in enumerate(zones.names)}
    demand = np.zeros((zones.count, zones.count))
    for place, origin, target, text in _pairs(path):
        for name in (origin, target):
            if name not in index:
                raise ValueError(f"{path.name}{place}: there is no zone '{name}'.{suggest(name, index)}")
        try:
            trips = float(text)
        except ValueError:
            raise ValueError(f"{path.name}{place}: '{text}' is no number of trips") from None
        if trips < 0 or not math.isfinite(trips):
            raise ValueError(f"{path.name}{place}: {text} trips from '{origin}' to '{target}'; give 0 or more")
        demand[index[origin], index[target]] += trips
    if not demand.any():
        raise ValueError(f"{path.name} has no trips")
    return demand


def _pairs(path: Path) -> list[tuple[str, str, str, str]]:
    """(place for messages, from, to, trips as text)."""
    if path.suffix.lower() == ".xml":
        try:
            root = ElementTree.parse(path).getroot()
        except ElementTree.ParseError as error:
            raise ValueError(f"{path.name} is not whole: {error}") from error
        return [("", r.get("from", ""), r.get("to", ""), r.get("count", "")) for r in root.iter("tazRelation")]
    with path.open(newline="", encoding="utf-8") as stream:
        rows = csv.DictReader(stream)
        missing = {"from", "to", "trips"} - set(rows.fieldnames or ())
        if missing:
            raise ValueError(f"{path.name}:1: no column {', '.join(sorted(missing))}; the columns are from,to,trips")
        return [
            (f":{n}", r["from"].strip(), r["to"].strip(), (r["trips"] or "").strip()) for n, r in enumerate(rows, 2)
        ]
