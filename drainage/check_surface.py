"""What can be wrong with soil, land use, inflows, boundaries and gauges, found before a run and said with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from drainage.boundaries import PlaceError, cells_of, hydrograph_of
from drainage.config import DrainageConfig
from drainage.config_surface import BoundaryAt, InflowAt, Where
from drainage.gauges import GaugeError, read_gauges
from drainage.ground_truth import place
from drainage.landuse import TableError, class_raster, read_classes, soil_of
from drainage.terrain import TerrainError, mask_of, onto, read_raster, read_terrain
from twin.clock import to_s
from twin.model import Setup
from twin.places import Grid
from twin.scenario.problems import Problem
from twin.weather.series import SeriesError

ELSEWHERE = "does not overlap the terrain: are both in the scenario's coordinate system?"


def check_surface(setup: Setup, config: DrainageConfig) -> Iterator[Problem]:
    """Problems of the terrain and of all that lies on it."""
    assert config.terrain is not None
    at, name = (setup.section, "terrain"), config.terrain.name
    try:
        raster, mended = read_terrain(config.terrain, config.cell, setup.crs)
    except TerrainError as error:
        yield Problem(at, f"{name} {error}")
        return
    grid = raster.grid
    for words in mended.words(grid):
        yield Problem(at, f"{name}: {words}", warn=True)
    yield from _rasters(setup, config, grid)
    for key in ("inflows", "boundaries"):
        for n, one in enumerate(getattr(config, key)):
            yield from _place(setup, (setup.section, key, n), one, grid)
    if config.gauges is not None:
        try:
            points = read_gauges(config.gauges)
        except GaugeError as error:
            yield Problem((setup.section, "gauges"), str(error), where=_line(config.gauges, error.line))
        else:
            for k in np.flatnonzero(grid.cells_of(points.xy) < 0):
                x, y = points.xy[k]
                west, south, east, north = grid.bounds
                text = (
                    f"the gauge '{points.ids[k]}' (x {x:.10g}, y {y:.10g}) lies outside the terrain "
                    f"(x {west:.10g} to {east:.10g}, y {south:.10g} to {north:.10g}): move it, or leave it out"
                )
                yield Problem((setup.section, "gauges"), text, where=config.gauges.name)


def check_open(setup: Setup, config: DrainageConfig, grid: Grid, land: np.ndarray) -> Iterator[Problem]:
    """Inflows and gauges over closed ground, once it is known which ground is open: warnings."""
    for k, one in enumerate(config.inflows):
        cells = cells_of(grid, one)[0]
        closed = cells[~land.ravel()[cells]]
        if closed.size and one.side is None:
            text = f"flows onto closed ground at {place(grid, int(closed[0]))}: the nearest open cell takes it"
            yield Problem((setup.section, "inflows", k), text, warn=True)
    if config.gauges is not None:
        points = read_gauges(config.gauges)
        for k, cell in enumerate(grid.cells_of(points.xy)):
            if not land.ravel()[cell]:
                text = f"the gauge '{points.ids[k]}' stands on closed ground: it reads the nearest open cell"
                yield Problem((setup.section, "gauges"), text, warn=True, where=config.gauges.name)


def _rasters(setup: Setup, config: DrainageConfig, grid: Grid) -> Iterator[Problem]:
    """Rasters and tables that give the ground its properties."""

    def overlaps(path: Path) -> None:
        if not np.isfinite(onto(grid, read_raster(path, None, False, setup.crs))).any():
            raise TerrainError(ELSEWHERE)

    def covers(path: Path) -> None:
        if not mask_of(grid, path).any():
            raise TerrainError("covers no cell of the terrain: are both in the scenario's coordinate system?")

    use, soil = config.landuse, config.infiltration
    readers: list[tuple[tuple[str, ...], Path | None, Callable[[Path], object]]] = [
        (("manning_raster",), config.manning_raster, overlaps),
        (("initial_depth",), config.initial_depth, overlaps),
        (("rain_area",), config.rain_area, covers),
        (("landuse", "table"), use.table if use else None, read_classes),
        (("landuse", "raster"), use.raster if use else None, lambda path: use and class_raster(grid, use)),
        (("infiltration", "conductivity_raster"), soil.conductivity_raster if soil else None,
         lambda path: soil_of(grid, soil, None)),
    ]  # fmt: skip
    bad = False
    for keys, path, read in readers:
        if path is None:
            continue
        try:
            read(path)
        except TerrainError as error:
            bad = True
            yield Problem((setup.section, *keys), f"{path.name} {error}")
        except TableError as error:
            bad = True
            yield Problem((setup.section, *keys), str(error), where=_line(path, error.line))
    if use is not None and not bad:
        found = class_raster(grid, use)
        unknown = sorted(set(np.unique(found[np.isfinite(found)]).astype(int)) - set(read_classes(use.table).known))
        if unknown:
            text = (
                f"{use.raster.name} has classes that {use.table.name} does not know "
                f"({', '.join(map(str, unknown[:8]))}): they are as the section says. Add them to the table"
            )
            yield Problem((setup.section, "landuse", "table"), text, warn=True)


def _place(setup: Setup, path: tuple[str | int, ...], one: Where, grid: Grid) -> Iterator[Problem]:
    """Where an inflow or a boundary is, and what its series says."""
    try:
        cells_of(grid, one)
    except PlaceError as error:
        yield Problem(path, f"{error}. Are the coordinates those of the scenario's system?")
    if not isinstance(one, InflowAt | BoundaryAt) or one.series is None:
        return
    unit = "m" if isinstance(one, BoundaryAt) and one.kind == "stage" else "m3/s"
    try:
        series = hydrograph_of(one.series, None, unit, setup.start)
    except SeriesError as error:
        yield Problem((*path, "series"), str(error), where=_line(one.series, error.line))
        return
    end = to_s(setup.duration_us)
    if unit == "m3/s" and series.times_s[-1] < end and series.values[-1] > 0.0:
        text = (
            f"{one.series.name} ends {series.times_s[-1] / 60:g} min after the start with {series.values[-1]:g} m3/s, "
            "which then flows until the end of the run: add a row with 0 where it should stop"
        )
        yield Problem((*path, "series"), text, warn=True)


def _line(path: Path, line: int) -> str:
    return f"{path.name}:{line}" if line else path.name
