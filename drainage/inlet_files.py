"""Files of inlets: CSV, or GeoJSON points, one row or point an inlet."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = ("manhole", "grate", "curb", "grate_and_curb")
COVERS = ("cover", "none")
NUMBERS = ("length", "width", "perimeter", "area", "height", "clogging", "count")
REACH_M = 50.0
"""A GeoJSON point without a node leads to the nearest manhole within this distance."""


class InletError(ValueError):
    """What is wrong with a file of inlets, with its line or feature."""


@dataclass(frozen=True)
class FileInlet:
    """One inlet of a file, SI. None: as the scenario's `inlets` says. `cover` is `none` where no cover is."""

    node: str
    kind: str | None = None
    length: float | None = None
    width: float | None = None
    perimeter: float | None = None
    area: float | None = None
    height: float | None = None
    clogging: float | None = None
    count: int | None = None
    cover: str | None = None


def read_inlets(path: Path, xy: Mapping[str, tuple[float, float] | None]) -> dict[str, list[FileInlet]]:
    """Inlets by node. Raises `InletError` for unknown nodes, kinds and columns, and for numbers that are none."""
    found: dict[str, list[FileInlet]] = {}
    rows = _geojson(path, xy) if path.suffix.lower() in (".geojson", ".json") else _csv(path)
    for place, row in rows:
        one = _inlet(place, row)
        if one.node not in xy:
            from twin.scenario.problems import suggest

            raise InletError(f"{place}: no manhole '{one.node}' on the terrain.{suggest(one.node, list(xy))}")
        found.setdefault(one.node, []).append(one)
    return found


def _csv(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, skipinitialspace=True)
        columns = [c.strip() for c in reader.fieldnames or []]
        if "node" not in columns:
            raise InletError("line 1: needs a heading with the column `node`")
        for row in reader:
            if None in row:
                raise InletError(f"line {reader.line_num}: more values than the heading has columns")
            yield f"line {reader.line_num}", {k.strip(): (v or "").strip() for k, v in row.items()}


def _geojson(path: Path, xy: Mapping[str, tuple[float, float] | None]) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
    except (ValueError, KeyError, TypeError) as error:
        raise InletError("is no GeoJSON FeatureCollection of points") from error
    for k, feature in enumerate(features):
        place, row = f"feature {k}", dict(feature.get("properties") or {})
        if not row.get("node"):
            at: list[Any] = list((feature.get("geometry") or {}).get("coordinates") or [])
            if len(at) < 2 or not all(isinstance(v, int | float) for v in at[:2]):
                raise InletError(f"{place}: has neither a `node` nor a point")
            row["node"] = _nearest(place, (at[0], at[1]), xy)
        yield place, row


def _nearest(place: str, at: tuple[float, float], xy: Mapping[str, tuple[float, float] | None]) -> str:
    far = {id: math.dist(at, here) for id, here in xy.items() if here is not None}
    best = min(far, key=lambda id: far[id], default=None)
    if best is None or far[best] > REACH_M:
        away = f"the nearest, {best}, is {far[best]:.0f} m away" if best else "there is none"
        raise InletError(f"{place} at x {at[0]:.0f}, y {at[1]:.0f}: no manhole within {REACH_M:.0f} m ({away})")
    return best


def _inlet(place: str, row: Mapping[str, Any]) -> FileInlet:
    unknown = [k for k in row if k not in ("node", "kind", "cover", *NUMBERS)]
    if unknown:
        from twin.scenario.problems import suggest

        columns = ["node", "kind", "cover", *NUMBERS]
        raise InletError(f"{place}: unknown column '{unknown[0]}'.{suggest(unknown[0], columns)}")
    values: dict[str, Any] = {"node": str(row["node"])}
    for key, known in (("kind", KINDS), ("cover", COVERS)):
        if word := row.get(key):
            if word not in known:
                raise InletError(f"{place}: {key} '{word}' is none of {', '.join(known)}")
            values[key] = word
    for key in NUMBERS:
        if row.get(key) in (None, ""):
            continue
        try:
            number = float(row[key])
        except (TypeError, ValueError):
            number = math.nan
        top = 1.0 if key == "clogging" else math.inf
        low = number >= 0.0 if key == "clogging" else number > 0.0
        if not (low and number < top):
            wanted = "a share from 0 to below 1" if key == "clogging" else "a positive number"
            raise InletError(f"{place}: {key} '{row[key]}' of {row['node']} is not {wanted}")
        values[key] = int(number) if key == "count" else number
    return FileInlet(**values)
