"""People and buildings that stand in the water: a building is exposed by the deepest water at its walls.

At its walls are the open cells beside its footprint, and those inside it where buildings are not closed to water. What
has no footprint (a point) stands in the building that holds or nearly touches it, or in its own cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drainage.terrain import TerrainError, features
from drainage.zones import Zone, read_zones
from twin.places import FloatArray, Grid

if TYPE_CHECKING:
    from drainage.config import DrainageConfig
    from drainage.surface import Surface

NEAR_M = 20.0
"""People at a point live in the nearest footprint within this distance."""


@dataclass
class Building:
    """A footprint or a point, the people in it, and the cells at its walls (flat indices, empty off the grid)."""

    id: str
    people: float
    xy: tuple[float, float]
    cells: NDArray[np.int64]
    is_building: bool = True


def watched_of(config: DrainageConfig, surface: Surface | None) -> tuple[list[Zone], list[Building]]:
    """The areas, and the buildings and people, that the section names."""
    if surface is None:
        return [], []
    areas = read_zones(surface.grid, config.areas) if config.areas else []
    if config.buildings is None and config.people is None:
        return areas, []
    try:
        return areas, read_exposed(surface.grid, surface.open, config.buildings, config.people)
    except TerrainError:
        if config.people is not None:
            raise
        return areas, []


def depth_at(buildings: list[Building], depth: FloatArray) -> FloatArray:
    """(n,) deepest water at the walls of each, of a depth (cells,); 0 where no cell is known."""
    return np.array([float(depth[b.cells].max()) if b.cells.size else 0.0 for b in buildings])


def read_exposed(
    grid: Grid, open_land: NDArray[np.bool_], buildings: Path | None, people: Path | None
) -> list[Building]:
    """Buildings and the people of a GeoJSON layer (points or polygons with `people`).

    open_land : (ny, nx) where water can stand. Raises `TerrainError` for a layer that cannot be used.
    """
    import shapely

    found = []
    shapes: list[Any] = []
    if buildings is not None:
        for number, feature in enumerate(features(buildings), 1):
            if feature["geometry"]["type"].endswith("Polygon"):
                shape = shapely.geometry.shape(feature["geometry"])
                known = feature.get("properties") or {}
                shapes.append(shape)
                found.append(_building(grid, open_land, str(known.get("id") or number), shape, _people(known, None)))
    if people is None:
        return found
    tree = shapely.STRtree(shapes) if shapes else None
    for number, feature in enumerate(features(people), 1):
        known = feature.get("properties") or {}
        count = _people(known, number)
        if not count:
            continue
        shape = shapely.geometry.shape(feature["geometry"])
        near = tree.query_nearest(shape.centroid, max_distance=NEAR_M).tolist() if tree is not None else []
        if near:
            found[int(near[0])].people += count
            continue
        one = _building(grid, open_land, str(known.get("id") or f"people {number}"), shape, count)
        one.is_building = shape.geom_type.endswith("Polygon")
        found.append(one)
    if not any(b.cells.size for b in found):
        raise TerrainError("has nobody on the terrain: are both in the scenario's coordinate system?")
    return found


def _people(known: dict[str, Any], number: int | None) -> float:
    """The property `people`; a layer of people must have it."""
    value = known.get("people")
    if value is None:
        if number is not None:
            raise TerrainError(f"has no `people` at feature {number}: give each the number of people")
        return 0.0
    try:
        count = float(value)
    except (TypeError, ValueError):
        count = -1.0
    if not 0.0 <= count < 1e9:
        raise TerrainError(f"says that '{value}' people live somewhere: `people` is a number of 0 or more")
    return count


def _building(grid: Grid, open_land: NDArray[np.bool_], id: str, shape: Any, people: float) -> Building:
    """The open cells under a shape and around it."""
    west, south, east, north = shape.bounds
    i0, i1 = int((west - grid.x0) // grid.cell_m) - 1, int((east - grid.x0) // grid.cell_m) + 1
    j0, j1 = int((south - grid.y0) // grid.cell_m) - 1, int((north - grid.y0) // grid.cell_m) + 1
    cells = []
    reach = shape.buffer(grid.cell_m) if shape.geom_type.endswith("Polygon") else shape.buffer(grid.cell_m / 2)
    columns, rows = np.meshgrid(
        np.arange(max(i0, 0), min(i1, grid.nx - 1) + 1), np.arange(max(j0, 0), min(j1, grid.ny - 1) + 1)
    )
    if columns.size:
        import shapely

        x, y = grid.x0 + (columns + 0.5) * grid.cell_m, grid.y0 + (rows + 0.5) * grid.cell_m
        inside = shapely.contains_xy(reach, x.ravel(), y.ravel()) & open_land[rows, columns].ravel()
        cells = (rows * grid.nx + columns).ravel()[inside]
        if not len(cells) and not shape.geom_type.endswith("Polygon"):
            own = int(grid.cells_of(np.array([[shape.centroid.x, shape.centroid.y]]))[0])
            cells = [own] if own >= 0 and open_land.ravel()[own] else []
    return Building(id, people, (shape.centroid.x, shape.centroid.y), np.asarray(cells, dtype=np.int64))
