"""Gauges: named points of the surface whose depth, level and speed are recorded at every exchange."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.model import Table
from twin.places import FloatArray, Points

if TYPE_CHECKING:
    from drainage.surface import Surface

IDS = ("id", "name", "gauge", "point")


class GaugeError(ValueError):
    """A file that has no gauges to read; `line` counts from 1, 0 for the file as a whole."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


def read_gauges(path: Path) -> Points:
    """Points of a CSV file (columns `id`, `x`, `y`) or of a GeoJSON file (`id` or `name` among the properties).

    Raises GaugeError.
    """
    rows = _geojson(path) if path.suffix.lower() in (".geojson", ".json") else _csv(path)
    if not rows:
        raise GaugeError(0, "names no gauges")
    seen: dict[str, int] = {}
    for line, id, x, y in rows:
        if id in seen:
            raise GaugeError(line, f"the gauge '{id}' stands there twice: give each its own id")
        seen[id] = line
        if not (math.isfinite(x) and math.isfinite(y)):
            raise GaugeError(line, f"the gauge '{id}' has no finite coordinates")
    return Points(tuple(seen), np.array([row[2:] for row in rows], dtype=float), tuple(seen))


def _csv(path: Path) -> list[tuple[int, str, float, float]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise GaugeError(0, "is not UTF-8: save the file as UTF-8") from None
    mark = ";" if text.count(";") > text.count(",") else ","
    rows = list(csv.reader(text.splitlines(), delimiter=mark))
    heads = [cell.strip().lower() for cell in rows[0]] if rows else []
    at = next((heads.index(name) for name in IDS if name in heads), None)
    if at is None or "x" not in heads or "y" not in heads:
        raise GaugeError(1, "needs a header with the columns `id`, `x`, `y`")
    found = []
    for line, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            x, y = float(row[heads.index("x")]), float(row[heads.index("y")])
            found.append((line, row[at].strip() or f"gauge {line - 1}", x, y))
        except (ValueError, IndexError):
            raise GaugeError(line, f"'{mark.join(row)}' has no two coordinates") from None
    return found


def _geojson(path: Path) -> list[tuple[int, str, float, float]]:
    from drainage.terrain import TerrainError, features

    try:
        shapes = features(path)
    except TerrainError as error:
        raise GaugeError(0, str(error)) from None
    found = []
    for k, feature in enumerate(shapes, start=1):
        if feature["geometry"]["type"] != "Point":
            raise GaugeError(0, f"feature {k} is a {feature['geometry']['type']}, not a Point")
        known: dict[str, Any] = feature.get("properties") or {}
        id = next((str(known[name]) for name in IDS if known.get(name) is not None), str(feature.get("id") or k))
        x, y = feature["geometry"]["coordinates"][:2]
        found.append((0, id, float(x), float(y)))
    return found


@dataclass(frozen=True)
class Gauges:
    """The gauges of a surface: their points and cells (k,)."""

    points: Points
    cells: NDArray[np.int64]

    @classmethod
    def on(cls, surface: Surface, path: Path) -> Gauges:
        """The gauges of a file; one over closed ground reads the nearest open cell. Raises GaugeError."""
        points = read_gauges(path)
        own = surface.grid.cells_of(points.xy)
        for k in np.flatnonzero(own < 0):
            west, south, east, north = surface.grid.bounds
            x, y = points.xy[k]
            raise GaugeError(
                0,
                f"the gauge '{points.ids[k]}' (x {x:.10g}, y {y:.10g}) lies outside the terrain "
                f"(x {west:.10g} to {east:.10g}, y {south:.10g} to {north:.10g}): move it, or leave it out",
            )
        cells = np.array([surface.home(int(c)) for c in own], dtype=np.int64)
        return cls(points, cells)

    def read(self, surface: Surface, what: str) -> FloatArray:
        """(k,) `depth` (m), `level` (m; that of the ground where it is dry) or `speed` (m/s)."""
        depth = surface.water.h.ravel()[self.cells].astype(float)
        if what == "depth":
            return depth
        if what == "level":
            return surface.ground.z.ravel()[self.cells] + depth
        return surface.speeds(self.cells)

    def table(self, surface: Surface) -> Table:
        """What each gauge saw at most, and when water came."""
        bed, record = surface.ground.z.ravel()[self.cells], surface.record
        rows = []
        for k, cell in enumerate(self.cells):
            depth, first = float(record.hmax.ravel()[cell]), float(record.arrival_s.ravel()[cell])
            rows.append(
                (
                    self.points.ids[k], *(round(float(v), 2) for v in self.points.xy[k]), round(float(bed[k]), 3),
                    round(depth, 3), round(float(bed[k]) + depth, 3), round(float(record.vmax.ravel()[cell]), 3),
                    round(first / 60, 1) if first >= 0 else None, int(record.hazard.ravel()[cell]),
                )
            )  # fmt: skip
        columns = ("id", "x", "y", "ground_m", "max_depth_m", "max_level_m", "max_speed_mps", "first_wet_min", "hazard")
        return Table(
            columns, rows, "Gauges: deepest and fastest water, minutes until 5 cm, worst hazard class (1 to 6)."
        )
