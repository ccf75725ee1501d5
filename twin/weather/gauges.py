"""Several rain gauges: their records in one file, their places in another, and what each zone takes of each."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from twin.places import FloatArray, Grid
from twin.scenario.problems import suggest
from twin.weather.field import Gauged, centres
from twin.weather.rain_config import Gauges
from twin.weather.series import Columns, SeriesError, read_columns
from twin.weather.shapes import Steps, fallen_mm, interval_ends

NEAREST_M = 1.0
"""A zone's middle is never nearer to a gauge than this, so that its weight stays a number."""


class PlacesError(SeriesError):
    """A problem of the file of coordinates, not of the records."""


@dataclass(frozen=True)
class Network:
    """Gauges with their records.

    ids (g,), xy (g, 2) m ; columns: what each recorded, gaps filled ; filled: sentences on what was repaired ;
    idle: gauges with coordinates and no record
    """

    ids: tuple[str, ...]
    xy: FloatArray
    columns: Columns
    filled: tuple[str, ...]
    idle: tuple[str, ...]

    def field(self, zones: Grid, how: str, power: float) -> Gauged:
        """The rain of these gauges over zones."""
        ends = interval_ends(self.columns.times_us)
        fallen = np.column_stack(
            [fallen_mm(self.columns.values[:, k], self.columns.units[k], ends) for k in range(len(self.ids))]
        )
        depths = np.vstack([np.zeros(len(self.ids)), np.cumsum(fallen, axis=0)])
        weights = weights_of(centres(zones), self.xy, how, power)
        return Gauged(Steps(ends, depths.mean(axis=1)), zones, ends, depths, weights)


def weights_of(points: FloatArray, gauges: FloatArray, how: str, power: float) -> FloatArray:
    """(points, gauges) shares that sum to one: by the inverse of distance^power, or all of the nearest (Thiessen).

    Inverse distance: Shepard (1968), Proc. 23rd ACM National Conference, 517-524; Thiessen (1911), Monthly Weather
    Review 39(7), 1082-1089. Of gauges equally near the first counts.
    """
    away = np.hypot(points[:, None, 0] - gauges[None, :, 0], points[:, None, 1] - gauges[None, :, 1])
    if how == "thiessen":
        return np.eye(len(gauges))[np.argmin(away, axis=1)]
    away = np.maximum(away, NEAREST_M)
    # Relative to the nearest gauge: no power of a long distance can then overflow or vanish altogether.
    share = (away.min(axis=1, keepdims=True) / away) ** power
    return share / share.sum(axis=1, keepdims=True)


def read_network(config: Gauges, gaps: str, start: datetime) -> Network:
    """The gauges of a scenario. Raises `SeriesError` or `PlacesError`."""
    places = read_places(config.at)
    columns = read_columns(config.series, ("mm/h", "mm"), start, 0.0, keep_gaps=gaps != "refuse")
    for name in columns.names:
        if name not in places:
            hint = suggest(name, places) or f" There are {', '.join(list(places)[:8])}"
            raise SeriesError(columns.header_line, f"gauge '{name}' has no place in {config.at.name}.{hint}")
    xy = np.array([places[name] for name in columns.names], dtype=float).reshape(-1, 2)
    columns, filled = fill(columns, xy, gaps)
    idle = tuple(name for name in places if name not in columns.names)
    return Network(columns.names, xy, columns, filled, idle)


def fill(columns: Columns, xy: FloatArray, gaps: str) -> tuple[Columns, tuple[str, ...]]:
    """Columns without gaps, and what was done: no rain, or the other gauges' by the inverse square of distance.

    `SeriesError` where no gauge has a value. Depths and rates are told apart: only alike columns speak for each other.
    """
    values = columns.values.copy()
    missing = np.isnan(values)
    told = []
    for g in np.flatnonzero(missing.any(axis=0)):
        rows = np.flatnonzero(missing[:, g])
        if gaps == "neighbours":
            alike = np.array([u == columns.units[g] for u in columns.units])
            for row in rows:
                others = np.flatnonzero(alike & ~missing[row])
                if not others.size:
                    raise SeriesError(
                        int(columns.lines[row]),
                        "no gauge has a value here that could fill the gap: fill it by hand, or write `gaps: dry`",
                    )
                share = weights_of(xy[[g]], xy[others], "inverse_distance", 2.0)[0]
                values[row, g] = float(share @ columns.values[row, others])
            rule = "filled from the other gauges by the inverse square of their distance"
        else:
            values[rows, g] = 0.0
            rule = "taken as no rain"
        first = int(columns.lines[rows[0]])
        told.append(f"gauge '{columns.names[g]}' has {gaps_text(rows.size, first)}, {rule}")
    return columns.with_values(values), tuple(told)


def gaps_text(count: int, first_line: int) -> str:
    """`a gap in line 3`, `4 gaps (first in line 3)`."""
    return f"a gap in line {first_line}" if count == 1 else f"{count} gaps (first in line {first_line})"


def read_places(path: Path) -> dict[str, tuple[float, float]]:
    """Gauge -> (x, y) in m, from a CSV with the columns id, x and y."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise PlacesError(0, "is not UTF-8: save the file as UTF-8") from None
    mark = ";" if sum(line.count(";") for line in lines) > sum(line.count(",") for line in lines) else ","
    rows = [
        (number, [cell.strip() for cell in next(csv.reader([line], delimiter=mark))])
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    names = [head.lower().split()[0] if head else "" for head in rows[0][1]] if rows else []
    if not rows or any(name not in names for name in ("id", "x", "y")):
        raise PlacesError(rows[0][0] if rows else 1, "needs the columns `id`, `x` and `y` (m)")
    at = [names.index(name) for name in ("id", "x", "y")]
    found: dict[str, tuple[float, float]] = {}
    for line, row in rows[1:]:
        if len(row) <= max(at) or not row[at[0]]:
            raise PlacesError(line, f"has {len(row)} columns; id, x and y are needed")
        id, *xy = (row[k] for k in at)
        try:
            x, y = (float(text) for text in xy)
        except ValueError:
            raise PlacesError(line, f"x {xy[0]!r} and y {xy[1]!r} are not two numbers") from None
        if not (math.isfinite(x) and math.isfinite(y)):
            raise PlacesError(line, f"gauge '{id}' has no finite place (x {x}, y {y})")
        if id in found:
            raise PlacesError(line, f"gauge '{id}' stands here twice: keep one")
        found[id] = (x, y)
    if not found:
        raise PlacesError(0, "names no gauge")
    return found
