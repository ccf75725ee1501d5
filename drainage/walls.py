"""Walls, kerbs and narrowed ground as faces: which faces between cells a line crosses, and how high it stands there.

A face is the way from one cell's middle to the next one's. A wall closes the faces whose way it crosses, so nothing
passes it, at whatever angle it runs, unless it goes over its crest.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drainage.terrain import TerrainError, features
from twin.places import FloatArray, Grid


class Faces(NamedTuple):
    """The faces (or cells) that are not open ground, by rows of cells.

    start     (ny+1,) where each row's begin; `column` (m,) of the cell that owns the face
    crest     (m,) top of a wall or kerb, m; −inf where there is none
    width     (m,) share of the face (or the cell's area) that water can use
    """

    start: NDArray[np.int64]
    column: NDArray[np.int64]
    crest: FloatArray
    width: FloatArray


@dataclass(frozen=True)
class Walls:
    """Faces under walls: flat index of the owning cell, and the top as an absolute `crest` (m) or, where that is NaN,
    as `height` above the higher of the two beds (m)."""

    east: NDArray[np.int64]
    east_crest: FloatArray
    east_height: FloatArray
    north: NDArray[np.int64]
    north_crest: FloatArray
    north_height: FloatArray

    @property
    def any(self) -> bool:
        return bool(self.east.size or self.north.size)


_NO = (np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
OPEN_GROUND = Walls(*_NO, *_NO)


def read_walls(path: Path, grid: Grid) -> Walls:
    """Walls from the LineStrings of a GeoJSON file, each with the property `height` or `crest`, m.

    Raises `TerrainError` where a line has neither, both, or no number.
    """
    lines: list[tuple[FloatArray, float, float]] = []
    for number, feature in enumerate(features(path), start=1):
        shape, known = feature["geometry"], feature.get("properties") or {}
        if shape["type"] not in ("LineString", "MultiLineString"):
            raise TerrainError(f"feature {number} is a {shape['type']}: walls are LineStrings")
        given = {key: known[key] for key in ("height", "crest") if known.get(key) is not None}
        if len(given) != 1:
            raise TerrainError(
                f"feature {number} must have one of the properties `height` (above ground, m) and `crest` (level, m)"
            )
        (key, value), *_ = given.items()
        if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
            raise TerrainError(f"feature {number}: `{key}` is {value!r}, not a number of metres")
        if key == "height" and value <= 0:
            raise TerrainError(f"feature {number}: `height` is {value:g} m: a wall stands above the ground")
        parts = [shape["coordinates"]] if shape["type"] == "LineString" else shape["coordinates"]
        crest, height = (float(value), np.nan) if key == "crest" else (np.nan, float(value))
        lines += [(np.asarray(part, dtype=float)[:, :2], crest, height) for part in parts]
    return walls_along(grid, lines)


def walls_along(grid: Grid, lines: list[tuple[FloatArray, float, float]]) -> Walls:
    """The faces that lines cross; each line as its points (n, 2), crest and height (one of the two NaN), m."""
    found: dict[str, list[tuple[NDArray[np.int64], float, float]]] = {"east": [], "north": []}
    for points, crest, height in lines:
        x, y = (points - [grid.x0, grid.y0]).T / grid.cell_m - 0.5
        j, i = _crossings(x, y, grid.nx, grid.ny)
        found["east"].append((j * grid.nx + i, crest, height))
        i, j = _crossings(y, x, grid.ny, grid.nx)
        found["north"].append((j * grid.nx + i, crest, height))
    arrays: list[NDArray[np.generic]] = []
    for side in ("east", "north"):
        parts = found[side]
        arrays.append(np.concatenate([p[0] for p in parts] or [np.zeros(0, np.int64)]))
        for k in (1, 2):
            arrays.append(np.concatenate([np.full(p[0].size, p[k]) for p in parts] or [np.zeros(0)]))
    return Walls(*arrays)  # type: ignore[arg-type]


def _crossings(x: FloatArray, y: FloatArray, nx: int, ny: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the cells whose way east a line crosses; x and y in cells, 0 at the first cell's middle.

    Each stretch of the line counts the rows from its lower end on to below its upper end, so that a corner on a row is
    counted once, and none is left out.
    """
    rows, columns = [], []
    for k in range(x.size - 1):
        low, high = (k, k + 1) if y[k] <= y[k + 1] else (k + 1, k)
        j = np.arange(max(int(np.ceil(y[low])), 0), min(int(np.ceil(y[high])), ny))
        if j.size:
            at = x[low] + (x[high] - x[low]) * (j - y[low]) / (y[high] - y[low])
            i = np.floor(at).astype(np.int64)
            inside = (i >= 0) & (i < nx - 1)
            rows.append(j[inside])
            columns.append(i[inside])
    none = np.zeros(0, np.int64)
    return np.concatenate(rows or [none]).astype(np.int64), np.concatenate(columns or [none])


def no_faces(ny: int) -> tuple[Faces, Faces, Faces]:
    """Open ground everywhere."""
    none = Faces(np.zeros(ny + 1, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    return none, none, none


def faces_of(z: FloatArray, share: FloatArray | None, walls: Walls) -> tuple[Faces, Faces, Faces]:
    """East faces, north faces and cells that are not open ground, over beds z (ny, nx).

    share : (ny, nx) part of each cell that water can use. A face lets through as much as the narrower of its cells.
    """
    nx = z.shape[1]
    width = np.ones(z.shape) if share is None else share
    crest_e, crest_n = (np.full(z.shape, -np.inf) for _ in range(2))
    for crest, cells, top, height, step in (
        (crest_e, walls.east, walls.east_crest, walls.east_height, 1),
        (crest_n, walls.north, walls.north_crest, walls.north_height, nx),
    ):
        bed = np.maximum(z.ravel()[cells], z.ravel()[cells + step])
        np.maximum.at(crest.ravel(), cells, np.where(np.isnan(top), bed + height, top))
    east, north = np.ones(z.shape), np.ones(z.shape)
    east[:, :-1] = np.minimum(width[:, :-1], width[:, 1:])
    north[:-1] = np.minimum(width[:-1], width[1:])
    return _listed(crest_e, east), _listed(crest_n, north), _listed(np.full(z.shape, -np.inf), width)


def _listed(crest: FloatArray, width: FloatArray) -> Faces:
    special = (width < 1.0) | np.isfinite(crest)
    rows, columns = np.nonzero(special)
    start = np.r_[0, np.cumsum(special.sum(axis=1))].astype(np.int64)
    return Faces(start, columns.astype(np.int64), crest[rows, columns], width[rows, columns])
