"""From terrain files to the arrays of the surface: bed, what is blocked, what is water, which cells a street crosses.

Rasters are read by rasterio (ESRI ASCII, GeoTIFF and whatever else it knows), north-up, square cells in metres. Inside
the twin row 0 is the south. Shapes are GeoJSON in the scenario's own coordinates.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drainage.ground_truth import Mended, height_problem, mend, system_problem, unit_problem
from twin.places import FloatArray, Grid, Lines

MOST_CELLS = 40_000_000


class TerrainError(ValueError):
    """A raster or shape that cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Raster:
    """Values (ny, nx), row 0 in the south, NaN where the file has none."""

    grid: Grid
    values: FloatArray


def read_raster(path: Path, cell_m: float | None = None, heights: bool = False, system: str | None = None) -> Raster:
    """A raster, coarsened by block means to `cell_m` if that is a multiple of its own cell.

    heights : its values are levels of the ground, in metres
    system  : the scenario's coordinate system, which a raster that names one must share

    Raises
    ------
    TerrainError : not a raster, rotated, not square, in degrees or feet, too large, or `cell_m` does not fit.
    """
    import rasterio

    try:
        with rasterio.open(path) as source:
            place, crs = source.transform, source.crs
            if crs is None or not crs.is_geographic:
                wrong = system_problem(source, system) or unit_problem(source, heights)
                if wrong is not None:
                    raise TerrainError(wrong)
            if source.width * source.height > MOST_CELLS:
                raise TerrainError(
                    f"has {source.width} × {source.height} cells: cut it, at most {MOST_CELLS:,} are read"
                )
            values = source.read(1, masked=True).astype(np.float64).filled(np.nan)
    except rasterio.errors.RasterioIOError as error:
        raise TerrainError(f"is not a raster that can be read ({error})") from error
    values[~np.isfinite(values)] = np.nan
    if place.b or place.d or place.a <= 0 or place.e >= 0:
        raise TerrainError("is not north-up: warp it first (gdalwarp)")
    if abs(place.a + place.e) > 1e-6 * place.a:
        raise TerrainError(f"has cells of {place.a:g} × {-place.e:g}: resample it to square cells")
    if (crs is not None and crs.is_geographic) or place.a < 0.01:
        raise TerrainError(
            f"is in degrees (cell {place.a:g}): project it to metres, the same system as the sewers (gdalwarp -t_srs)"
        )
    values = values[::-1]
    x0, y0 = place.c, place.f + place.e * values.shape[0]
    raster = Raster(Grid(x0, y0, place.a, values.shape[1], values.shape[0]), np.ascontiguousarray(values))
    return raster if cell_m is None else coarsen(raster, cell_m)


def read_terrain(path: Path, cell_m: float | None = None, system: str | None = None) -> tuple[Raster, Mended]:
    """A terrain with its single holes filled, and what was done to holes. Raises TerrainError."""
    raster = read_raster(path, None, True, system)
    wrong = height_problem(raster.grid, raster.values)
    if wrong is not None:
        raise TerrainError(wrong)
    raster = raster if cell_m is None else coarsen(raster, cell_m)
    bed, mended = mend(raster.values)
    return Raster(raster.grid, bed), mended


def coarsen(raster: Raster, cell_m: float) -> Raster:
    """Block means; a block counts when half of its cells have a value. Blocks start in the south-west corner."""
    own = raster.grid.cell_m
    times = round(cell_m / own)
    if times < 1 or abs(times * own - cell_m) > 1e-6 * cell_m:
        raise TerrainError(f"has cells of {own:g} m: `cell` must be a multiple of that, not {cell_m:g} m")
    if times == 1:
        return raster
    ny, nx = -(-raster.grid.ny // times), -(-raster.grid.nx // times)
    padded = np.full((ny * times, nx * times), np.nan)
    padded[: raster.grid.ny, : raster.grid.nx] = raster.values
    blocks = padded.reshape(ny, times, nx, times)
    known = np.isfinite(blocks)
    count = known.sum(axis=(1, 3))
    total = np.where(known, blocks, 0.0).sum(axis=(1, 3))
    values = np.where(2 * count >= times * times, total / np.maximum(count, 1), np.nan)
    return Raster(Grid(raster.grid.x0, raster.grid.y0, cell_m, nx, ny), values)


def onto(grid: Grid, raster: Raster) -> FloatArray:
    """Values of `raster` at the centres of `grid`'s cells (ny, nx), NaN outside it."""
    columns, rows = np.meshgrid(np.arange(grid.nx), np.arange(grid.ny))
    xy = np.c_[grid.x0 + (columns.ravel() + 0.5) * grid.cell_m, grid.y0 + (rows.ravel() + 0.5) * grid.cell_m]
    cells = raster.grid.cells_of(xy)
    return np.where(cells >= 0, raster.values.ravel()[np.maximum(cells, 0)], np.nan).reshape(grid.ny, grid.nx)


def features(path: Path) -> list[dict[str, Any]]:
    """The features of a GeoJSON file."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        found = data["features"] if data.get("type") == "FeatureCollection" else [data]
        return [f for f in found if f.get("geometry")]
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise TerrainError(f"is not GeoJSON ({error})") from error


def mask_of(grid: Grid, path: Path) -> NDArray[np.bool_]:
    """(ny, nx) where the polygons of a GeoJSON file cover a cell's centre, or a raster is above zero."""
    if path.suffix.lower() not in (".geojson", ".json"):
        return np.nan_to_num(onto(grid, read_raster(path))) > 0
    from rasterio.features import rasterize
    from rasterio.transform import from_origin

    shapes = [f["geometry"] for f in features(path) if f["geometry"]["type"].endswith("Polygon")]
    if not shapes:
        return np.zeros((grid.ny, grid.nx), dtype=bool)
    place = from_origin(grid.x0, grid.y0 + grid.ny * grid.cell_m, grid.cell_m, grid.cell_m)
    return rasterize(shapes, (grid.ny, grid.nx), transform=place, dtype="uint8")[::-1].astype(bool)


def read_streets(path: Path) -> Lines:
    """Streets from the LineStrings of a GeoJSON file. `name` is what people call them; ids are made unique."""
    ids: list[str] = []
    names: list[str] = []
    shapes: list[FloatArray] = []
    used: set[str] = set()
    for feature in features(path):
        shape, known = feature["geometry"], feature.get("properties") or {}
        parts = {"LineString": [shape.get("coordinates")], "MultiLineString": shape.get("coordinates")}
        for part in parts.get(shape["type"]) or []:
            name = str(known.get("name") or known.get("id") or f"street {len(ids) + 1}")
            id = base = str(known.get("id") or name)
            count = 1
            while id in used:
                count += 1
                id = f"{base}#{count}"
            used.add(id)
            ids.append(id)
            names.append(name)
            shapes.append(np.asarray(part, dtype=float)[:, :2])
    return Lines(tuple(ids), tuple(shapes), tuple(names))


def cells_along(grid: Grid, lines: Lines) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cells that each line crosses: (n+1,) starts and flat indices, as in a compressed sparse row."""
    from twin.spatial import dense_along

    starts, cells = [0], []
    for shape in lines.shapes:
        crossed = np.unique(grid.cells_of(dense_along(shape, grid.cell_m / 2)))
        cells.append(crossed[crossed >= 0])
        starts.append(starts[-1] + len(cells[-1]))
    flat = np.concatenate(cells) if cells else np.zeros(0)
    return np.array(starts, dtype=np.int64), flat.astype(np.int64)
