"""An import from beginning to end, and SWMM's own word on the result."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from drainage.importing.fields import read_mapping
from drainage.importing.land import Land, parcel_land, voronoi_land
from drainage.importing.levels import levels_of, sizes_of
from drainage.importing.log import Log
from drainage.importing.mains import Main, read_mains
from drainage.importing.outlets import outlets_of
from drainage.importing.sewer_text import Storm, Wanted, sewer_text
from drainage.importing.topology import Nodes, drop_twins, join
from twin.places import FloatArray
from twin.scenario.problems import ScenarioError

SWMM_S = 900.0


@dataclass(frozen=True)
class Choices:
    """How to import. See `twin drainage import --help`; the defaults are those of the command."""

    mapping: Path | None = None
    crs: str | None = None
    snap_m: float = 0.5
    outfalls: str = "ends"
    tide_m: float | None = None
    land: str = "voronoi"
    parcels: Path | None = None
    reach_m: float = 50.0
    imperviousness_pct: float = 50.0
    terrain: Path | None = None
    formula: str = "suzhou"
    return_period_a: float = 2.0
    storm_h: float = 1.0
    duration_h: float = 3.0


@dataclass(frozen=True)
class Imported:
    """text of the INP file; the log; figures with stable keys (`mains`, `nodes`, `outfalls`, `parts`, `km` …)."""

    text: str
    log: Log
    figures: dict[str, Any]
    mains: list[Main]
    nodes: Nodes


def import_mains(path: Path, choices: Choices = Choices()) -> Imported:
    """Read a layer of mains, mend it, and write it as a SWMM file. Raises `ScenarioError`."""
    from drainage.importing.topology import parts_of

    log = Log()
    layer = read_mains(path, read_mapping(choices.mapping), choices.crs, log)
    nodes = join(layer.mains, choices.snap_m, log)
    mains = drop_twins(layer.mains, log)
    if not mains:
        raise ScenarioError([f"{path.name}: no main joins two nodes; is --snap {choices.snap_m:g} m too much?"])
    sizes_of(mains, nodes.size, log)
    levels = levels_of(mains, nodes, _ground(choices.terrain, nodes), log)
    outlets = outlets_of(mains, nodes, levels, choices.outfalls, log)
    land: list[Land] = []
    if choices.parcels is not None:
        land = parcel_land(choices.parcels, layer.crs, mains, nodes, log)
    elif choices.land == "voronoi":
        land = voronoi_land(mains, nodes, choices.reach_m, log)
    want = Wanted(
        f"Imported from {path.name}", layer.crs, choices.tide_m, choices.imperviousness_pct, storm_of(choices),
        choices.duration_h,
    )  # fmt: skip
    text = sewer_text(mains, nodes, levels, outlets, land, want, log)
    used = {k for m in mains for k in m.ends}
    figures = {
        "file": path.name, "crs": layer.crs, "fields": layer.fields, "mains": len(mains), "nodes": len(used),
        "outfalls": len(outlets), "parts": len(parts_of(nodes.size, mains)),
        "km": sum(m.length_m for m in mains) / 1000.0, "subcatchments": len(land),
        "area_ha": sum(piece.area_m2 for piece in land) / 1e4, "storm_mm": want.storm.depth_mm,
        "repairs": sum(len(ids) for ids in log.uses.values()),
    }  # fmt: skip
    return Imported(text, log, figures, mains, nodes)


def storm_of(choices: Choices) -> Storm:
    """The design storm of the file's own gage, as means of 5 minutes."""
    from twin.weather.chicago import STORM_FORMULAS, ChicagoStorm

    if choices.formula not in STORM_FORMULAS:
        raise ScenarioError([f"--formula {choices.formula}: known are {', '.join(STORM_FORMULAS)}"])
    storm = ChicagoStorm(STORM_FORMULAS[choices.formula].formula, choices.return_period_a, choices.storm_h * 3600, 0.4)
    depth = [storm.depth(300.0 * k) for k in range(round(choices.storm_h * 12) + 1)]
    rates = tuple(12.0 * (b - a) for a, b in pairwise(depth))
    return Storm(f"{choices.formula}, {choices.return_period_a:g} a, {choices.storm_h:g} h", rates)


def _ground(terrain: Path | None, nodes: Nodes) -> FloatArray | None:
    """(n,) ground of a terrain at the nodes, NaN outside it."""
    if terrain is None:
        return None
    from drainage.terrain import TerrainError, read_raster

    try:
        raster = read_raster(terrain)
    except TerrainError as error:
        raise ScenarioError([f"{terrain.name} {error}"]) from error
    cells = raster.grid.cells_of(nodes.xy)
    if (cells < 0).all():
        west, south, east, north = raster.grid.bounds
        raise ScenarioError(
            [
                f"{terrain.name} (x {west:.0f} to {east:.0f}, y {south:.0f} to {north:.0f}) lies under no node "
                f"(first at x {nodes.xy[0, 0]:.0f}, y {nodes.xy[0, 1]:.0f}): name the terrain's system with --crs"
            ]
        )
    return np.where(cells >= 0, raster.values.ravel()[np.maximum(cells, 0)], np.nan)


def tried(imported: Imported) -> dict[str, Any]:
    """What SWMM makes of the file: its continuity errors in per cent and what it reports, or its refusal."""
    from drainage.questions.verify import run_plain_timed
    from twin.scenario.child import run_guarded

    with tempfile.TemporaryDirectory(prefix="twin-import-") as folder:
        path = Path(folder) / "sewer.inp"
        path.write_text(imported.text, encoding="utf-8")
        try:
            ran = run_guarded(run_plain_timed, str(path), folder, timeout_s=SWMM_S, what="SWMM, running the result,")
        except ScenarioError as refusal:
            return {"accepted": False, "words": refusal.lines}
        return {"accepted": True, "continuity_pct": ran.continuity, "seconds": ran.seconds}
