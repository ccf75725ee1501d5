"""What can be wrong with the files of a drainage section, found before a run and said with its place and a way out."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator

from drainage.config import DrainageConfig, Inflow, PumpOutage, SetGate, SetPump
from drainage.network import SewerFile
from twin.model import Setup
from twin.places import Grid
from twin.scenario.problems import Problem, ScenarioError, choose, suggest

SWMM_TIMEOUT_S = 60.0
DEEP_M = 2.0
"""A rim this far below the ground is more likely a mistake of heights than a deep kerb."""
SHOWN = 8


def check(setup: Setup) -> list[Problem]:
    """All problems of the section's files and events."""
    config: DrainageConfig = setup.config
    problems: list[Problem] = []
    sewer = None
    if config.sewer is not None:
        problems += _unlike_swmm(setup, config) or _accepted(setup, config)
        if any(not p.warn for p in problems):
            return problems
        sewer = SewerFile.read(config.sewer)
        problems += _sewer(setup, config, sewer)
    if config.terrain is not None:
        problems += _terrain(setup, config, sewer)
    problems += _events(setup, sewer)
    return problems


NUMBERS = {
    "JUNC": (1, 6), "OUTFALL": (1, 2), "STORAGE": (1, 4), "CONDUIT": (3, 7), "XSECT": (2, 6), "SUBCATCHMENT": (3, 7),
    "COORD": (1, 3), "INFLOW": (4, 7), "DWF": (2, 3),
}  # fmt: skip
"""Words of a line that are numbers, by the first letters of its section, by which SWMM knows a section."""


def _unlike_swmm(setup: Setup, config: DrainageConfig) -> list[Problem]:
    """Files of another kind, which SWMM answers with riddles, and NaN or inf, with which it would compute."""
    assert config.sewer is not None
    at, name, sewer = (setup.section, "sewer"), config.sewer.name, SewerFile.read(config.sewer)
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


def _accepted(setup: Setup, config: DrainageConfig) -> Iterator[Problem]:
    """SWMM reads the file in a child process, for a crash of its parser must not be ours."""
    from drainage.swmm import try_open
    from twin.scenario.child import run_guarded

    assert config.sewer is not None
    name = config.sewer.name
    with tempfile.TemporaryDirectory() as folder:
        try:
            lines = run_guarded(
                try_open, str(config.sewer), folder, timeout_s=SWMM_TIMEOUT_S, what=f"SWMM, reading {name},"
            )
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
    if config.surface_rain == "all" and sewer.rows("SUBCATCHMENT"):
        text = (
            "rain falls on the surface and on the subcatchments of the sewer file: it is counted twice where they "
            "overlap. Use `surface_rain: none`, or take the subcatchments out"
        )
        yield Problem((setup.section, "surface_rain"), text, warn=True)
    if config.terrain is not None and sewer.options.get("FLOW_ROUTING", "KINWAVE").startswith(("KIN", "STEADY")):
        text = f"{name} routes by {sewer.options.get('FLOW_ROUTING', 'KINWAVE')}; with a surface the run uses DYNWAVE"
        yield Problem((setup.section, "sewer"), text, warn=True)
    if config.terrain is not None and sewer.rows("EVENT"):
        text = f"{name} routes only during its [EVENTS]; with a surface the run routes all the time"
        yield Problem((setup.section, "sewer"), text, warn=True)


def _terrain(setup: Setup, config: DrainageConfig, sewer: SewerFile | None) -> Iterator[Problem]:
    from drainage.build import manholes_of, surface_of
    from drainage.terrain import TerrainError, mask_of, read_raster, read_streets

    terrain = config.terrain
    assert terrain is not None

    def grid() -> Grid:
        return read_raster(terrain, config.cell).grid

    readers: tuple[tuple[str, Callable[[], object]], ...] = (
        ("terrain", grid),
        ("manning_raster", lambda: config.manning_raster and read_raster(config.manning_raster)),
        ("buildings", lambda: config.buildings and mask_of(grid(), config.buildings)),
        ("river", lambda: config.river and mask_of(grid(), config.river)),
        ("streets", lambda: config.streets and read_streets(config.streets)),
    )  # fmt: skip
    bad = False
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
    sunk = [m for m in manholes if m.cell >= 0 and m.node.depth_m > 0 and m.bed_m - m.rim_m > DEEP_M]
    if sunk:
        worst = max(sunk, key=lambda m: m.bed_m - m.rim_m)
        text = (
            f"the rims of {len(sunk)} manholes lie more than {DEEP_M:g} m below the ground "
            f"({_names([m.node.id for m in sunk])}; {worst.node.id} by {worst.bed_m - worst.rim_m:.1f} m); "
            "the ground is taken. Are both heights of one datum and unit?"
        )
        yield Problem((setup.section, "sewer"), text, warn=True, where=f"{name}:{worst.node.line}")


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
