"""From recorded fields to what the page's map draws: classes and values of each place at each picture's time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.model import Layer
from twin.places import FloatArray, Grid, Lines, Places, Points
from twin.report.pack import classes, coarsen, pack, pack_shapes, pack_text, quantise
from twin.report.words import unit
from twin.results.view import RunView

MAX_PICTURES = 150
MAX_CELLS = 400_000
MAX_CELL_PICTURES = 40_000_000
"""Bytes of depth that a browser holds for one run."""


@dataclass(frozen=True)
class Shown:
    """A layer of the report and where its values are."""

    section: str
    layer: Layer
    places: Places


def shown_layers(view: RunView, domains: Mapping[str, Any]) -> list[Shown]:
    """The layers of the run's domains whose port was recorded at places of the right kind; grids first."""
    kinds = {"raster": Grid, "lines": Lines, "points": Points}
    found = []
    for section in view.sections:
        for layer in domains[section].layers if section in domains else ():
            if not view.has(section, layer.port):
                continue
            places = view.places(section, view.attributes(section, layer.port)["at"])
            if isinstance(places, kinds[layer.kind]) and places.size:
                found.append(Shown(section, layer, places))
    return sorted(found, key=lambda s: list(kinds).index(s.layer.kind))


def picture_times(view: RunView, shown: list[Shown]) -> FloatArray:
    """Seconds since the start of the map's pictures: those of the layer with the most, thinned to `MAX_PICTURES`."""
    times = max((view.times(s.section, s.layer.port) for s in shown), key=len, default=np.zeros(1))
    stride = math.ceil(len(times) / MAX_PICTURES)
    return times[::stride] if stride > 1 else times


def rows_at(view: RunView, section: str, port: str, times: FloatArray) -> Iterator[tuple[int, NDArray[Any]]]:
    """(picture, (n,) values): at each time the last that was recorded by then. One block in memory."""
    recorded = view.times(section, port)
    wanted = np.clip(np.searchsorted(recorded, times, side="right") - 1, 0, None)
    first, at = 0, 0
    for block_times, values in view.blocks(section, port):
        while at < len(wanted) and wanted[at] < first + len(block_times):
            yield at, values[wanted[at] - first]
            at += 1
        first += len(block_times)


@dataclass(frozen=True)
class Box:
    """The map's extent in m, and the round offset that its axes leave out (none where numbers are short anyway)."""

    west: float
    south: float
    east: float
    north: float

    @property
    def origin(self) -> tuple[float, float]:
        if max(abs(self.west), abs(self.south), abs(self.east), abs(self.north)) < 20_000:
            return 0.0, 0.0
        return math.floor(self.west / 10) * 10.0, math.floor(self.south / 10) * 10.0


def extent(places: list[Places]) -> Box:
    """What the map shows at first: the grids where there are any, else all lines and points, with a margin."""
    grids = [p.bounds for p in places if isinstance(p, Grid)]
    if grids:
        corners = np.array([[g[:2], g[2:]] for g in grids]).reshape(-1, 2)
    else:
        parts = [p.xy for p in places if isinstance(p, Points)]
        parts += [np.concatenate(p.shapes) for p in places if isinstance(p, Lines) and p.shapes]
        corners = np.concatenate([np.asarray(p, dtype=float).reshape(-1, 2) for p in parts]) if parts else np.eye(2)
    corners = corners[np.isfinite(corners).all(axis=1)]
    low, high = corners.min(axis=0), corners.max(axis=0)
    margin = max(0.02 * float((high - low).max()), 1.0)
    return Box(low[0] - margin, low[1] - margin, high[0] + margin, high[1] + margin)


def raster_step(layer: Layer, port_unit: str) -> float:
    """One grey level of the packed raster: a centimetre for depths, else a 150th of the highest limit."""
    return 0.01 if port_unit == "m" else max(layer.breaks[-1], 1e-9) / 150


def raster(views: list[RunView], shown: Shown, times: FloatArray) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    """A grid's levels for each run and how to draw them, and the levels of the first, (nt, ny, nx).

    Values below the first limit are not drawn. Grids that are too large for a page are coarsened to the largest
    value of each block. A second run on another grid is read at the first one's cell centres.
    """
    grid, layer, port = shown.places, shown.layer, shown.layer.port
    assert isinstance(grid, Grid)
    room = min(MAX_CELLS, MAX_CELL_PICTURES / len(times))
    by = math.ceil(math.sqrt(grid.size / room)) if grid.size > room else 1
    port_unit = views[0].attributes(shown.section, port)["units"]
    step = raster_step(layer, port_unit)
    levels: list[NDArray[np.uint8] | None] = []
    for view in views:
        if not view.has(shown.section, port):
            levels.append(None)
            continue
        other = view.places(shown.section, view.attributes(shown.section, port)["at"])
        pick = None if other == grid else _same_cells(grid, other)
        out = np.zeros((len(times), math.ceil(grid.ny / by), math.ceil(grid.nx / by)), np.uint8)
        for i, row in rows_at(view, shown.section, port, times):
            values = row if pick is None else np.where(pick >= 0, row[pick], 0)
            out[i] = coarsen(_levels(values, layer, step).reshape(grid.ny, grid.nx), by)
        levels.append(out)
    first = levels[0]
    assert first is not None
    limits = np.arange(256) * step
    about = {
        "cell": grid.cell_m * by,
        "coarse": by,
        "nx": first.shape[2],
        "ny": first.shape[1],
        "x": grid.x0,
        "y": grid.y0,
        "step": step,
        "level_class": np.digitize(limits + 1e-9, layer.breaks).tolist(),
        "runs": [None if q is None else pack(q.reshape(len(times), -1)) for q in levels],
    }
    return about, first


def elements(views: list[RunView], shown: Shown, times: FloatArray, origin: tuple[float, float]) -> dict[str, Any]:
    """Lines or points: shapes and names, and for each run their classes and values, matched by id to the first."""
    layer, places = shown.layer, shown.places
    assert isinstance(places, (Points, Lines))
    values = [_by_id(view, shown, times) for view in views]
    known = [v[np.isfinite(v)] for v in values if v is not None]
    low = min((float(k.min()) for k in known if k.size), default=0.0)
    high = max((float(k.max()) for k in known if k.size), default=1.0)
    step = max((high - low) / 65_000, 1e-9)
    whole = all(bool((k == np.round(k)).all()) for k in known)
    digits = 0 if whole else int(np.clip(2 - math.floor(math.log10(max(abs(low), abs(high), 1e-9))), 0, 3))
    shapes = list(places.shapes) if isinstance(places, Lines) else [p.reshape(1, 2) for p in np.asarray(places.xy)]
    packed: list[dict[str, str] | None] = []
    for v in values:
        packed.append(
            None if v is None else {"cls": pack(classes(v, layer.breaks)), "val": pack(quantise(v, low, step))}
        )
    return {
        "n": places.size,
        "names": pack_text(_names(places)),
        "shapes": pack_shapes(shapes, origin),
        "low": low,
        "step": step,
        "digits": digits,
        "runs": packed,
    }


def describe(shown: Shown, port_unit: str) -> dict[str, Any]:
    """What the page's legend and hover need to know of a layer."""
    layer = shown.layer
    widths = layer.widths or tuple({"lines": 1.5, "points": 5.0}.get(layer.kind, 1.0) for _ in layer.colours)
    return {
        "title": layer.title,
        "kind": layer.kind,
        "unit": unit(port_unit),
        "breaks": layer.breaks,
        "colours": layer.colours,
        "labels": layer.labels,
        "widths": widths,
        "on": layer.on,
        "hover": layer.hover or layer.title,
    }


def backdrop_shapes(view: RunView) -> tuple[list[FloatArray], list[FloatArray]]:
    """Grey lines (the streets, or else the largest network) and closed shapes (terminal blocks) behind it all."""
    networks, areas = [], []
    for section, at in view.all_places():
        places = view.places(section, at)
        if not isinstance(places, Lines) or not places.shapes:
            continue
        if all(len(s) > 3 and bool((s[0] == s[-1]).all()) for s in places.shapes):
            areas += list(places.shapes)
        else:
            networks.append((at in ("edge", "street", "road"), places.size, list(places.shapes)))
    return max(networks, key=lambda network: network[:2], default=(False, 0, []))[2], areas


def backdrop(view: RunView, origin: tuple[float, float]) -> tuple[dict[str, str], dict[str, str]]:
    """`backdrop_shapes`, packed for the page."""
    streets, areas = backdrop_shapes(view)
    return pack_shapes(streets, origin), pack_shapes(areas, origin)


def _levels(values: NDArray[Any], layer: Layer, step: float) -> NDArray[np.uint8]:
    drawn = np.where(values >= np.asarray(layer.breaks[0], values.dtype), values, 0)
    return np.clip(np.floor(np.nan_to_num(drawn) / step + 1e-3), 0, 255).astype(np.uint8)


def _same_cells(grid: Grid, other: Places) -> NDArray[np.int64]:
    """For each cell of `grid` the cell of `other` that holds its centre, or -1."""
    if not isinstance(other, Grid):
        return np.full(grid.size, -1, dtype=np.int64)
    x = grid.x0 + grid.cell_m * (np.arange(grid.nx) + 0.5)
    y = grid.y0 + grid.cell_m * (np.arange(grid.ny) + 0.5)
    return other.cells_of(np.column_stack([np.tile(x, grid.ny), np.repeat(y, grid.nx)]))


def _by_id(view: RunView, shown: Shown, times: FloatArray) -> NDArray[Any] | None:
    """(nt, n) values in the order of `shown.places`; NaN where this run has no such place, None without the port."""
    section, port, ids = shown.section, shown.layer.port, shown.places.ids  # type: ignore[union-attr]
    if not view.has(section, port):
        return None
    own = view.places(section, view.attributes(section, port)["at"])
    if isinstance(own, Grid):
        return None
    index = {name: i for i, name in enumerate(own.ids)}
    pick = np.array([index.get(name, -1) for name in ids])
    values = np.stack([row for _, row in rows_at(view, section, port, times)])
    return np.where(pick >= 0, values[:, pick], np.nan)


def _names(places: Points | Lines) -> list[str]:
    if not places.names:
        return list(places.ids)
    return [name if name in ("", i) else f"{name} ({i})" for i, name in zip(places.ids, places.names, strict=True)]
