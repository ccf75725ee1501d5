"""What can be wrong with the files of a drainage section, found before a run and said with its place and a way out."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from drainage.check_sewer import check_exposed, check_network, check_planners, check_rims
from drainage.config import DrainageConfig, Inflow, PumpOutage, SetGate, SetPump
from drainage.config_inlets import CoverDisplaced, CoverStolen
from drainage.dispatch.check import check_dispatch
from drainage.districts import Districts, parts_of
from drainage.inlet_files import InletError
from drainage.network import SewerFile
from drainage.rain import placeless, plans_of
from twin.model import Setup
from twin.places import Grid
from twin.scenario.problems import Problem, ScenarioError, choose, suggest

SWMM_TIMEOUT_S = 60.0
SHOWN = 8


def check(setup: Setup) -> list[Problem]:
    """All problems of the section's files and events."""
    config: DrainageConfig = setup.config
    problems: list[Problem] = []
    sewer = None
    if config.sewer is not None:
        for path in config.sewers.values():
            problems += _unlike_swmm(setup, path) or check_network(setup, path) or _accepted(setup, path)
        if any(not p.warn for p in problems):
            return problems
        sewer = Districts.of({name: SewerFile.read(path) for name, path in config.sewers.items()})
        problems += _sewer(setup, config, sewer)
        problems += check_dispatch(setup, sewer)
    problems += check_planners(setup, config, sewer)
    if config.terrain is not None:
        problems += _terrain(setup, config, sewer)
    problems += _events(setup, sewer)
    return problems


NUMBERS = {
    "JUNC": (1, 6), "OUTFALL": (1, 2), "STORAGE": (1, 4), "CONDUIT": (3, 7), "XSECT": (2, 6), "SUBCATCHMENT": (3, 7),
    "COORD": (1, 3), "INFLOW": (4, 7), "DWF": (2, 3),
}  # fmt: skip
"""Words of a line that are numbers, by the first letters of its section, by which SWMM knows a section."""


def _unlike_swmm(setup: Setup, path: Path) -> list[Problem]:
    """Files of another kind, which SWMM answers with riddles, and NaN or inf, with which it would compute."""
    at, name, sewer = (setup.section, "sewer"), path.name, SewerFile.read(path)
    if not any(sewer.rows(heading) for heading in ("JUNC", "OUTFALL", "STORAGE", "SUBCATCHMENT")) or (
        sewer.rows("PIPE") and not sewer.rows("CONDUIT")
    ):
        if sewer.rows("PIPE"):
            return [Problem(at, f"{name} is an EPANET file: name it as `network` in the section `water`")]
        return [Problem(at, f"{name} is no SWMM file: it has no [JUNCTIONS] or [SUBCATCHMENTS]. Export it as INP")]
    return [
        Problem(at, f"'{word}' is no number to compute with: give a finite one", where=f"{name}:{row.line}")
        for heading, (first, last) in NUMBERS.items()
        for row in sewer.rows(heading)
        for word in row.tokens[first:last]
        if word.lower().lstrip("+-") in ("nan", "inf", "infinity")
    ]


def _accepted(setup: Setup, path: Path) -> Iterator[Problem]:
    """SWMM reads the file in a child process, for a crash of its parser must not be ours."""
    from drainage.swmm import try_open
    from twin.scenario.child import run_guarded

    name = path.name
    with tempfile.TemporaryDirectory() as folder:
        try:
            lines = run_guarded(try_open, str(path), folder, timeout_s=SWMM_TIMEOUT_S, what=f"SWMM, reading {name},")
        except ScenarioError as error:
            yield Problem((setup.section, "sewer"), f"{'; '.join(error.lines)}. Open it in SWMM itself to see why")
            return
    for line in lines[:SHOWN]:
        found = re.search(r"at line (\d+)", line)
        text = re.sub(r"\s*at line \d+ of (\[\w+\]?) section:?", r" in \1", line).replace("ERROR", "SWMM error")
        yield Problem((setup.section, "sewer"), text, where=f"{name}:{found[1]}" if found else name)
    if len(lines) > SHOWN:
        yield Problem((setup.section, "sewer"), f"SWMM finds {len(lines) - SHOWN} more errors in {name}")


def _sewer(setup: Setup, config: DrainageConfig, sewer: SewerFile) -> Iterator[Problem]:
    name = sewer.path.name
    outfalls = [n.id for n in sewer.of_kind("outfall")]
    if isinstance(config.tidal_outfalls, list):
        for k, id in enumerate(config.tidal_outfalls):
            if id not in outfalls:
                text = f"no outfall '{id}' in {name}.{suggest(id, outfalls)}"
                yield Problem((setup.section, "tidal_outfalls", k), text)
    if config.tidal_outfalls != "none" and "tide" not in setup.linked:
        text = "tidal outfalls have no tide to follow: add `tide` to `weather`"
        yield Problem((setup.section, "tidal_outfalls"), text, warn=True)
    if "rain" in setup.linked and not sewer.rows("RAINGAGE") and config.terrain is None:
        text = f"{name} has no rain gage, so the rain of this scenario does not reach the sewers"
        yield Problem((setup.section, "sewer"), text, warn=True)
    for text in placeless(plans_of(parts_of(sewer), setup.sources.get("rain"), config.rain_gages)):
        yield Problem((setup.section, "sewer"), f"{name}: {text}", warn=True)
    if config.surface_rain == "all" and sewer.rows("SUBCATCHMENT"):
        text = (
            "rain falls on the surface and on the subcatchments of the sewer file: it is counted twice where they "
            "overlap. Use `surface_rain: none`, or take the subcatchments out"
        )
        yield Problem((setup.section, "surface_rain"), text, warn=True)
    if config.terrain is not None and sewer.options.get("FLOW_ROUTING", "KINWAVE").startswith(("KIN", "STEADY")):
        text = f"{name} routes by {sewer.options.get('FLOW_ROUTING', 'KINWAVE')}; with a surface the run uses DYNWAVE"
        yield Problem((setup.section, "sewer"), text, warn=True)
    hot = [row for row in sewer.rows("FILE") if [w.upper() for w in row.tokens[:2]] == ["USE", "HOTSTART"]]
    if config.terrain is not None and hot:
        text = f"{name} starts from a hot start file, which fits its own nodes only; with a surface it starts empty"
        yield Problem((setup.section, "sewer"), text, warn=True, where=f"{name}:{hot[0].line}")
    if config.terrain is not None and any(row.number(7) for row in sewer.rows("CONDUIT")):
        text = f"{name} gives conduits a flow at the start; with a surface they start empty"
        yield Problem((setup.section, "sewer"), text, warn=True)
    if config.terrain is not None and sewer.rows("EVENT"):
        text = f"{name} routes only during its [EVENTS]; with a surface the run routes all the time"
        yield Problem((setup.section, "sewer"), text, warn=True)


def _terrain(setup: Setup, config: DrainageConfig, sewer: SewerFile | None) -> Iterator[Problem]:
    from drainage.build import manholes_of, openings_of, surface_of
    from drainage.check_surface import check_open, check_surface
    from drainage.ground_truth import foot_ratio
    from drainage.terrain import TerrainError, mask_of, read_raster, read_streets
    from drainage.walls import read_walls

    terrain = config.terrain
    assert terrain is not None

    def grid() -> Grid:
        return read_raster(terrain, config.cell).grid

    readers: tuple[tuple[str, Callable[[], object]], ...] = (
        ("buildings", lambda: config.buildings and mask_of(grid(), config.buildings)),
        ("walls", lambda: config.walls and read_walls(config.walls, grid())),
        ("river", lambda: config.river and mask_of(grid(), config.river)),
        ("streets", lambda: config.streets and read_streets(config.streets)),
    )  # fmt: skip
    bad = False
    for problem in check_surface(setup, config):
        bad = bad or not problem.warn
        yield problem
    if bad:
        return
    for key, read in readers:
        try:
            read()
        except TerrainError as error:
            bad = True
            yield Problem((setup.section, key), f"{getattr(config, key).name} {error}")
    if bad:
        return
    surface = surface_of(config)
    assert surface is not None
    if not surface.ground.open.any():
        yield Problem((setup.section, "terrain"), f"{terrain.name} has no open land: all cells are closed or water")
        return
    yield from check_open(setup, config, surface.grid, surface.open)
    yield from check_exposed(setup, config, surface)
    if config.streets is not None:
        from drainage.terrain import cells_along

        if cells_along(surface.grid, read_streets(config.streets))[1].size == 0:
            text = (
                f"no street of {config.streets.name} crosses the terrain: are both in the scenario's coordinate system?"
            )
            yield Problem((setup.section, "streets"), text)
    if sewer is None:
        return
    manholes = manholes_of(sewer, surface)
    name = sewer.path.name
    placeless = [m.node.id for m in manholes if m.node.xy is None]
    outside = [m.node.id for m in manholes if m.cell < 0 and m.node.xy is not None]
    west, south, east, north = surface.grid.bounds
    extent = f"x {west:.0f} to {east:.0f}, y {south:.0f} to {north:.0f}"
    if manholes and len(placeless) == len(manholes):
        text = f"{name} has no coordinates, so no manhole finds its street: add [COORDINATES], or leave out `terrain`"
        yield Problem((setup.section, "sewer"), text)
    elif manholes and len(outside) + len(placeless) == len(manholes):
        text = (
            f"the terrain ({extent}) covers none of the {len(manholes)} manholes of {name} (first: {outside[0]} at "
            f"x {sewer.coordinates[outside[0]][0]:.0f}, y {sewer.coordinates[outside[0]][1]:.0f}). "
            "Use the same coordinate system for both"
        )
        yield Problem((setup.section, "terrain"), text)
    elif outside or placeless:
        missed = outside + placeless
        text = (
            f"{len(missed)} of {len(manholes)} manholes have no open ground above them ({_names(missed)}): "
            "they flood as in plain SWMM, and that water is lost from the streets. Extend the terrain"
        )
        yield Problem((setup.section, "terrain"), text, warn=True)
    try:
        openings_of(sewer, manholes, config)
    except InletError as error:
        assert config.inlets.file is not None
        yield Problem((setup.section, "inlets", "file"), f"{config.inlets.file.name}: {error}")
    told = [m for m in manholes if m.cell >= 0 and m.node.depth_m > 0]
    feet = foot_ratio(np.array([m.bed_m for m in told]), np.array([m.rim_m for m in told]))
    if feet is not None:
        yield Problem((setup.section, "terrain"), f"{feet}. Turn both into metres of one datum")
        return
    yield from check_rims(setup, name, manholes)


def _events(setup: Setup, sewer: SewerFile | None) -> Iterator[Problem]:
    for event in setup.events:
        args = event.args
        if sewer is None:
            yield Problem(("timeline",), f"{setup.section}.{event.verb} needs a `sewer` file", where=event.where)
            continue
        name = sewer.path.name
        if isinstance(args, SetPump | PumpOutage):
            yield from _known(event.where, args.pump, "pump", _links(sewer, "pump"), name)
        elif isinstance(args, SetGate):
            known = _links(sewer, "orifice", "weir", "outlet")
            yield from _known(event.where, args.gate, "orifice, weir or outlet", known, name)
        elif isinstance(args, CoverDisplaced | CoverStolen):
            known = [n.id for n in sewer.of_kind("junction")]
            yield from _known(event.where, args.node, "manhole (junction)", known, name)
        elif isinstance(args, Inflow):
            known = [n.id for n in sewer.nodes.values() if n.kind != "outfall"]
            yield from _known(event.where, args.node, "junction, storage or divider", known, name)


def _known(where: str, id: str, kind: str, known: Iterable[str], file: str) -> Iterator[Problem]:
    known = list(known)
    if id not in known:
        yield Problem(("timeline",), f"no {kind} '{id}' in {file}.{choose(id, known)}", where=where)


def _links(sewer: SewerFile, *kinds: str) -> list[str]:
    return [link.id for link in sewer.links.values() if link.kind in kinds]


def _names(ids: list[str]) -> str:
    return ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")
