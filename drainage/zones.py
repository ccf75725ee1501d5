"""Named areas of the city (a hub, a quarter) and their class, for figures by area and for limits of drain-down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drainage.terrain import TerrainError, features
from twin.places import Grid

CLASSES = ("hub", "key", "centre", "other")
"""Classes of areas that GB 50014's limits of drain-down tell apart: transport hubs, key areas, centre, elsewhere."""


@dataclass(frozen=True)
class Zone:
    """An area: its name, its class, and its cells of the grid (flat indices)."""

    name: str
    kind: str
    cells: NDArray[np.int64]


def read_zones(grid: Grid, path: Path) -> list[Zone]:
    """Polygons of a GeoJSON file with `name` and `class` (one of `CLASSES`; without it `other`).

    Raises `TerrainError` for a file without polygons, an unknown class, or polygons that all lie off the grid.
    """
    from rasterio.features import rasterize
    from rasterio.transform import from_origin

    place = from_origin(grid.x0, grid.y0 + grid.ny * grid.cell_m, grid.cell_m, grid.cell_m)
    found = []
    for number, feature in enumerate(features(path), 1):
        if not feature["geometry"]["type"].endswith("Polygon"):
            continue
        known = feature.get("properties") or {}
        kind = str(known.get("class") or "other").lower()
        if kind not in CLASSES:
            raise TerrainError(f"has an area of class '{kind}': classes are {', '.join(CLASSES)}")
        mask = rasterize([feature["geometry"]], (grid.ny, grid.nx), transform=place, dtype="uint8")[::-1]
        name = str(known.get("name") or f"area {number}")
        found.append(Zone(name, kind, np.flatnonzero(np.ascontiguousarray(mask)).astype(np.int64)))
    if not found:
        raise TerrainError("has no polygons: areas are polygons with `name` and `class`")
    if not any(zone.cells.size for zone in found):
        raise TerrainError("has no area on the terrain: are both in the scenario's coordinate system?")
    return found
