"""Mains as a city's layer has them, in metres: one per line, with what is known of its two ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from drainage.importing.fields import GONE, LENGTHS_M, STATUS, FieldMap, number, resolve
from drainage.importing.log import Log
from twin.places import FloatArray
from twin.scenario.problems import ScenarioError


@dataclass
class Main:
    """A main, drawn from its upper to its lower end. Index 0 of a pair is the upper end; None is not known.

    size_m and height_m are width (or diameter) and height; node holds the layer's own ids.
    """

    id: str
    line: FloatArray
    node: list[str | None]
    invert: list[float | None]
    ground: list[float | None]
    size_m: float | None
    height_m: float | None
    shape: str
    material: str
    length_m: float
    street: str
    ends: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Layer:
    """All mains of a file, the coordinate system that they are in now, and which fields were read."""

    mains: list[Main]
    crs: str
    fields: dict[str, str]


def read_mains(path: Path, mapping: FieldMap, crs: str | None, log: Log) -> Layer:
    """Mains from GeoJSON. Longitudes and latitudes are projected to `crs`, or to the UTM zone that they lie in.

    Raises `ScenarioError` where the file is no GeoJSON of lines, or has no field for the diameter and the levels.
    """
    features = features_of(path, ("LineString", "MultiLineString"))
    known = list(dict.fromkeys(key for f in features for key in (f.get("properties") or {})))
    filled = [k for k in known if any((f.get("properties") or {}).get(k) not in (None, "", 0) for f in features)]
    names = resolve(mapping.fields, known, filled, path.name)
    states = [k for k in filled if "".join(c for c in k.lower() if c.isalnum()) in STATUS]
    lacking = [ours for ours in ("diameter", "upstream_invert", "downstream_invert") if ours not in names]
    if lacking:
        raise ScenarioError(
            [
                f"{path.name}: which field is the {ours.replace('_', ' ')}? Name it in a mapping file (--field). "
                f"The fields are {', '.join(known[:25])}"
                for ours in lacking
            ]
        )
    for key in (*mapping.keep, *mapping.drop):
        if key not in known:
            raise ScenarioError([f"{path.name} has no field '{key}' to keep or drop by"])
    up, size, along = (LENGTHS_M[u] for u in (mapping.units.elevation, mapping.units.diameter, mapping.units.length))
    project, system = _projection(features, crs, path.name)
    taken: set[str] = set()
    mains: list[Main] = []
    for place, feature in enumerate(features, 1):
        values = feature.get("properties") or {}

        def get(name: str, values: dict[str, Any] = values) -> Any:
            return values.get(names[name]) if name in names else None

        def level(name: str, values: dict[str, Any] = values) -> float | None:
            found = number(values.get(names[name]), mapping.missing) if name in names else None
            return None if found is None else found * up

        id = _free(str(get("id") or place), taken)
        if any(str(values.get(k)) not in v for k, v in mapping.keep.items()) or any(
            str(values.get(k)) in v for k, v in mapping.drop.items()
        ):
            log.note("left out by the mapping", id)
            continue
        if any(str(values.get(key)).lower() in GONE for key in states):
            log.note("left out: abandoned, removed or not built yet", id)
            continue
        line = project(np.asarray(_line(feature), dtype=float)[:, :2]) if _line(feature) else np.zeros((0, 2))
        drawn = float(np.hypot(*np.diff(line, axis=0).T).sum()) if len(line) > 1 else 0.0
        if drawn < 0.01:
            log.note("left out: no length", id)
            continue
        told = number(get("length"), mapping.missing)
        length = told * along if told and 0.5 * drawn < told * along < 2.0 * drawn else drawn
        if told is not None and length == drawn:
            log.note("length taken from the drawing: the field's differs by more than a factor of two", id)
        width, height = (number(get(k), mapping.missing) for k in ("diameter", "height"))
        mains.append(
            Main(
                id, line, [_name(get("upstream_node")), _name(get("downstream_node"))],
                [level("upstream_invert"), level("downstream_invert")],
                [level("upstream_ground"), level("downstream_ground")],
                width * size if width and width > 0 else None, height * size if height and height > 0 else None,
                str(get("shape") or "").upper(), str(get("material") or "").upper(), length, str(get("street") or ""),
            )
        )  # fmt: skip
    if not mains:
        raise ScenarioError([f"{path.name}: no main is left of {len(features)}; look at `keep` and `drop`"])
    _zeros_are_unknown(mains, log)
    return Layer(mains, system, names)


def features_of(path: Path, kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    """The features of a GeoJSON file that have one of these geometries; `ScenarioError` when there is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        found = [f for f in data["features"] if (f.get("geometry") or {}).get("type") in kinds]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ScenarioError([f"{path.name} is no GeoJSON FeatureCollection ({error})"]) from error
    if not found:
        raise ScenarioError([f"{path.name} has no features that are {' or '.join(kinds)}: is it the right layer?"])
    return found


def _line(feature: dict[str, Any]) -> list[Any]:
    shape = feature["geometry"]
    if shape["type"] == "LineString":
        return list(shape["coordinates"])
    return [point for part in shape["coordinates"] for point in part]


def in_degrees(points: FloatArray) -> bool:
    """Whether coordinates can be longitudes and latitudes."""
    return bool((np.abs(points[:, 0]) <= 180).all() and (np.abs(points[:, 1]) <= 90).all())


def to_system(crs: str, points: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """A function that brings (n, 2) coordinates like `points` into `crs`: a projection from degrees, or nothing."""
    from pyproj import Transformer

    if not in_degrees(points):
        return lambda xy: xy
    turn = Transformer.from_crs("OGC:CRS84", crs, always_xy=True)
    return lambda xy: np.column_stack(turn.transform(xy[:, 0], xy[:, 1]))


def _projection(
    features: list[dict[str, Any]], crs: str | None, file: str
) -> tuple[Callable[[FloatArray], FloatArray], str]:
    """A function of (n, 2) coordinates, and the name of the system that it leads to."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    points = np.array([_line(f)[0][:2] for f in features if _line(f)], dtype=float)
    if not points.size or not np.isfinite(points).all():
        raise ScenarioError([f"{file} has coordinates that are no finite numbers"])
    if not in_degrees(points):
        return to_system("", points), crs or ""
    east, north = np.median(points, axis=0)
    zone = crs or f"EPSG:{(32600 if north >= 0 else 32700) + int((east + 180) // 6) + 1}"
    try:
        target = CRS.from_user_input(zone)
    except CRSError as error:
        raise ScenarioError([f"--crs {zone}: no such coordinate system"]) from error
    if target.is_geographic:
        raise ScenarioError([f"--crs {zone} is in degrees: name a projected system in metres"])
    return to_system(zone, points), zone


def _zeros_are_unknown(mains: list[Main], log: Log) -> None:
    """A level of exactly 0 in a city that lies above 10 m is a gap in the layer."""
    for what in ("invert", "ground"):
        levels = [v for m in mains for v in getattr(m, what) if v not in (None, 0.0)]
        if not levels or np.quantile(levels, 0.05) < 10.0:
            continue
        for m in mains:
            pair = getattr(m, what)
            for end in (0, 1):
                if pair[end] == 0.0:
                    pair[end] = None
                    log.note(f"{what} of exactly 0 taken as unknown: the city lies above 10 m", m.id)


def _name(value: Any) -> str | None:
    text = str(value).strip() if value is not None else ""
    return "_".join(text.split()).replace(";", "_").replace('"', "") or None if text not in ("", "0", "None") else None


def _free(wanted: str, taken: set[str]) -> str:
    name = "_".join(wanted.split()).replace(";", "_").replace('"', "") or "main"
    count, found = 1, name
    while found in taken:
        count += 1
        found = f"{name}#{count}"
    taken.add(found)
    return found
