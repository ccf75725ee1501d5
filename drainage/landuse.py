"""Land use: from a raster of classes and a table to Manning's n and to soil, cell by cell."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drainage.config_surface import Infiltration, LandUse
from drainage.soil import SEALED, Soil, make_soil
from drainage.terrain import TerrainError, onto, read_raster
from twin.places import FloatArray, Grid
from twin.scenario.problems import suggest
from twin.scenario.quantities import factor

UNITS = {"manning": "1", "conductivity": "mm/h", "suction": "mm", "deficit": "1"}
LIMITS = {"manning": (0.0, 1.0), "conductivity": (0.0, 1e5), "suction": (0.0, 1e4), "deficit": (0.0, 0.6)}
MPS = 1e-3 / 3600.0


class TableError(ValueError):
    """A table of classes that cannot be used; `line` counts from 1."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


@dataclass(frozen=True)
class Classes:
    """`values[key][class]` in the units of `UNITS`, only where the table gives one; `known` are all its classes."""

    known: tuple[int, ...]
    values: dict[str, dict[int, float]]


def read_classes(path: Path) -> Classes:
    """The table of land-use classes. Raises TableError with the line of what is wrong."""
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except UnicodeDecodeError:
        raise TableError(1, "is not UTF-8: save the file as UTF-8") from None
    heads = [_head(cell) for cell in rows[0]] if rows else []
    if "class" not in [name for name, _ in heads]:
        raise TableError(1, f"needs a column `class` beside any of {', '.join(f'`{k}`' for k in UNITS)}")
    known: list[int] = []
    values: dict[str, dict[int, float]] = {key: {} for key in UNITS}
    for line, row in enumerate(rows[1:], start=2):
        cells = {name: (cell.strip(), scale) for (name, scale), cell in zip(heads, row, strict=False)}
        if not any(cell for cell, _ in cells.values()):
            continue
        number = _number(cells["class"][0], line, "class")
        if number != int(number) or int(number) in known:
            raise TableError(line, f"the class {cells['class'][0]} is not a whole number that stands there once")
        known.append(int(number))
        for key in UNITS:
            cell, scale = cells.get(key, ("", 1.0))
            if cell:
                value = _number(cell, line, key) * scale
                low, high = LIMITS[key]
                if not low <= value <= high or (key == "manning" and value == 0.0):
                    raise TableError(line, f"{key} {cell} is out of range: {low:g} to {high:g} {UNITS[key]}")
                values[key][int(number)] = value
    return Classes(tuple(known), values)


def _head(cell: str) -> tuple[str, float]:
    """(name, what to multiply by) of a column; names that are none of ours are left alone."""
    name, _, unit = cell.replace("[", " ").replace("]", " ").strip().lower().partition(" ")
    if name not in UNITS:
        return name, 1.0
    wanted = UNITS[name]
    try:
        return name, factor(unit.strip() or wanted, wanted) if wanted != "1" else 1.0
    except ValueError:
        raise TableError(1, f"the column '{cell}' is not in {wanted}.{suggest(unit, ('mm/h', 'mm'))}") from None


def _number(cell: str, line: int, key: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise TableError(line, f"'{cell}' is no number for {key}")
    return value


def class_raster(grid: Grid, landuse: LandUse) -> FloatArray:
    """(ny, nx) class of each cell, NaN where the raster has none. Raises TerrainError where none lies on the grid."""
    found = onto(grid, read_raster(landuse.raster))
    if not np.isfinite(found).any():
        raise TerrainError("does not overlap the terrain: are both in the scenario's coordinate system?")
    return np.round(found)


def spread(classes: FloatArray, table: Classes, key: str, otherwise: FloatArray | float) -> FloatArray:
    """(ny, nx) values of `key` by class; `otherwise` where a class or the table gives none."""
    out = np.broadcast_to(np.asarray(otherwise, dtype=float), classes.shape).copy()
    for number, value in table.values[key].items():
        out[classes == number] = value
    return out


def manning_of(grid: Grid, landuse: LandUse | None, otherwise: FloatArray | float) -> FloatArray | float:
    """Manning's n by land use, over what the section says otherwise."""
    if landuse is None:
        return otherwise
    return spread(class_raster(grid, landuse), read_classes(landuse.table), "manning", otherwise)


def soil_of(grid: Grid, infiltration: Infiltration | None, landuse: LandUse | None) -> Soil:
    """The soil that a section describes; sealed where it says nothing of infiltration."""
    if infiltration is None:
        return SEALED
    shape = (grid.ny, grid.nx)
    conductivity = np.full(shape, infiltration.conductivity)
    suction, deficit = np.full(shape, infiltration.suction), np.full(shape, infiltration.deficit)
    if infiltration.conductivity_raster is not None:
        given = onto(grid, read_raster(infiltration.conductivity_raster))
        if not np.isfinite(given).any():
            raise TerrainError("does not overlap the terrain: are both in the scenario's coordinate system?")
        if np.nanmin(given) < 0.0:
            raise TerrainError(f"has a conductivity of {np.nanmin(given):g} mm/h: it cannot be negative")
        conductivity = np.where(np.isfinite(given), given, conductivity)
    if landuse is not None:
        classes, table = class_raster(grid, landuse), read_classes(landuse.table)
        conductivity = spread(classes, table, "conductivity", conductivity)
        suction = spread(classes, table, "suction", suction)
        deficit = spread(classes, table, "deficit", deficit)
    if infiltration.model == "constant":
        suction = np.zeros(shape)
    return make_soil(conductivity * MPS, suction * 1e-3, deficit)
