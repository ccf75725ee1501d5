"""From a scenario's section to the parts of a running model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drainage.config import DrainageConfig
from drainage.districts import Districts, parts_of, split
from drainage.exchange import Ends, Holes, Sewers
from drainage.inlets import SHARP, Inlet, built_for, plan
from drainage.native import DISTRICT
from drainage.network import Node, SewerFile
from drainage.rain import plans_of
from drainage.sewer_copy import Opening, Wishes, write_copy
from drainage.surface import Surface, read_surface
from drainage.swmm import LINK, NODE, Swmm
from twin.clock import to_s
from twin.model import Setup

SPARE_S = 60.0
"""The copy's period is longer by this, so that SWMM never ends by itself in a coupled run."""
NEAR_CELLS = 3.0
"""A manhole in a closed cell exchanges with the nearest open one within so many cells, else it floods as plain SWMM."""


@dataclass(frozen=True)
class Manhole:
    """A junction as the model sees it. `cell` −1: no surface above it. `rim_m` as used (the ground where the file has
    none)."""

    node: Node
    rim_m: float
    cell: int = -1
    bed_m: float = 0.0

    @property
    def crest_m(self) -> float:
        return max(self.rim_m, self.bed_m)


def surface_of(config: DrainageConfig) -> Surface | None:
    """The surface that the section describes, dry; None without a terrain."""
    if config.terrain is None:
        return None
    return read_surface(
        config.terrain, config.cell, config.manning, config.manning_raster, config.buildings, config.building_height,
        config.river, config.river_below, config.edge == "open", config.dry_depth, config.theta,
        config.rain_area, walls=config.walls, building_porosity=config.building_porosity, precision=config.precision,
        scheme=config.scheme, threads=config.threads, longest_s=config.longest_step or np.inf, keys=config,
    )  # fmt: skip


def sewer_of(config: DrainageConfig) -> SewerFile | None:
    """The section's sewer file, or its several files as one; None without."""
    if config.sewer is None:
        return None
    return Districts.of({name: SewerFile.read(path) for name, path in config.sewers.items()})


def openings_of(sewer: SewerFile, manholes: list[Manhole], config: DrainageConfig) -> list[list[Inlet]]:
    """The openings over each coupled manhole."""
    coupled = [m for m in manholes if m.cell >= 0]
    return plan(
        [m.node.id for m in coupled], sewer, config.inlets, config.lids, config.opening, config.opening_coefficient,
        {m.node.id: m.node.xy for m in coupled},
    )  # fmt: skip


def manholes_of(sewer: SewerFile, surface: Surface | None) -> list[Manhole]:
    """All junctions, with the cell that they exchange with where there is one."""
    found = []
    for node in sewer.of_kind("junction"):
        rim, cell, bed = sewer.rim_m(node.id), -1, 0.0
        if surface is not None and node.xy is not None:
            own = int(surface.grid.cells_of(np.array([node.xy]))[0])
            home = surface.home(own) if own >= 0 else -1
            if home >= 0 and surface.distance(own, home) <= NEAR_CELLS * surface.grid.cell_m:
                cell, bed = home, float(surface.ground.z.ravel()[home])
                if node.depth_m == 0.0:
                    rim = max(rim, bed)
        found.append(Manhole(node, rim, cell, bed))
    return found


def rain_falls_on(config: DrainageConfig, sewer: SewerFile | None) -> bool:
    """Whether the surface itself gets the rain (see `DrainageConfig.surface_rain`)."""
    if config.surface_rain != "auto":
        return config.surface_rain == "all"
    if config.rain_area is not None:
        return True
    return sewer is None or not sewer.rows("SUBCATCHMENT")


def commanded_links(sewer: SewerFile, setup: Setup, has_surface: bool) -> list[str]:
    """Pumps and gates that something in this run may command; none where a run is plain SWMM."""
    named = [getattr(e.args, "pump", None) or getattr(e.args, "gate", None) for e in setup.events]
    wanted = {name for name in named if name}
    if has_surface or "power" in setup.linked:
        wanted |= {link.id for link in sewer.links.values() if link.kind == "pump"}
    if setup.config.dispatch is not None:
        wanted |= {link for _, link in setup.config.dispatch.links()}
    return [link.id for link in sewer.links.values() if link.id in wanted]


def start_swmm(sewer: SewerFile, manholes: list[Manhole], config: DrainageConfig, setup: Setup) -> Swmm:
    """Write the run's copy and start SWMM on it."""
    coupled = [m for m in manholes if m.cell >= 0]
    gages = bool(sewer.rows("RAINGAGE")) and "rain" in setup.linked
    lands = bool(coupled) or gages or config.terrain is not None
    openings: dict[str, list[Opening]] = {}
    several = isinstance(sewer, Districts)
    for m, planned in zip(coupled, openings_of(sewer, manholes, config), strict=True):
        district, own = split(m.node.id) if several else ("", m.node.id)
        area = built_for(planned) / SHARP
        openings.setdefault(district, []).append(Opening(own, m.crest_m, area, SHARP))
    commanded = commanded_links(sewer, setup, config.terrain is not None)
    setup.folder.mkdir(parents=True, exist_ok=True)
    copies = {}
    plans = plans_of(parts_of(sewer), setup.sources.get("rain"), config.rain_gages) if gages else {}
    for name, file in parts_of(sewer).items():
        wishes = Wishes(
            duration_s=to_s(setup.duration_us),
            wet_step_s=to_s(setup.exchange_us) if gages else None,
            openings=openings.get(name, []),
            routing_step_s=config.routing_step,
            commanded=[split(id)[1] for id in commanded if split(id)[0] == name] if several else commanded,
            spare_s=SPARE_S if lands else 0.0,
            rain=plans.get(name),
        )
        stem = f"{name}.{file.path.stem}" if name and name != file.path.stem else file.path.stem
        copies[name] = (file, write_copy(file, wishes, setup.folder / f"{stem}.run.inp"))
    return Swmm.start(sewer, copies)


def sewers_of(swmm: Swmm, config: DrainageConfig, holes: Holes, ends: Ends, coupled: bool) -> Sewers:
    """The districts as the compiled exchange knows them."""
    files = [part.sewer for part in swmm.parts.values()]
    most = np.array([file.option_seconds("ROUTING_STEP", 20.0) for file in files])
    bounds = [
        np.searchsorted(handles // DISTRICT, np.arange(len(files) + 1)).astype(np.int64)
        for handles in (holes.node, ends.link, ends.tidal)
    ]
    return Sewers(
        swmm.table, np.zeros(len(files)), np.zeros(len(files)),
        np.minimum(most, config.routing_step) if coupled else most,
        np.array([max(file.option_seconds("MINIMUM_STEP", 0.5), 1e-3) for file in files]),
        swmm.metres, swmm.per_unit, *bounds,
    )  # fmt: skip


def holes_of(swmm: Swmm | None, manholes: list[Manhole], planned: list[list[Inlet]]) -> Holes:
    """The arrays of the exchange, all at rest."""
    coupled = [m for m in manholes if m.cell >= 0] if swmm is not None else []
    n = len(coupled)
    cells = np.array([m.cell for m in coupled], dtype=np.int64)
    ids = [m.node.id for m in coupled]
    crest = np.array([m.crest_m for m in coupled], dtype=float)
    shared = np.array([np.count_nonzero(cells == c) for c in cells], dtype=float)
    none = np.zeros(0, dtype=np.int64)
    return Holes(
        swmm.index(NODE, ids) if swmm else none,
        swmm.index(NODE, [swmm.copy.outfalls[i] for i in ids]) if swmm else none,
        swmm.index(LINK, [swmm.copy.orifices[i] for i in ids]) if swmm else none,
        cells, 1.0 / np.maximum(shared, 1.0), crest, np.array([m.bed_m for m in coupled], dtype=float),
        np.array([built_for(o) for o in planned] if n else [], dtype=float), crest.copy(), np.zeros(n), np.zeros(n),
        np.zeros(n), np.zeros(n), np.full(n, -np.inf), np.zeros(n), np.zeros(n),
    )  # fmt: skip


def ends_of(swmm: Swmm, config: DrainageConfig) -> tuple[list[str], Ends]:
    """The user's outfalls: ids, and the arrays that follow them."""
    sewer = swmm.sewer
    outfalls = [n.id for n in sewer.of_kind("outfall")]
    into = {n: (link.id, 1.0) for link in sewer.links.values() for n in link.nodes[1:]}
    into |= {link.nodes[0]: (link.id, -1.0) for link in sewer.links.values() if link.nodes[0] not in into}
    known = [id for id in outfalls if id in into]
    tidal = {"all": outfalls, "none": []}.get(str(config.tidal_outfalls), config.tidal_outfalls)
    tidal_index = np.sort(swmm.index(NODE, list(tidal)))
    stage = swmm.get(304, tidal_index) * sewer.metres
    return known, Ends(
        swmm.index(LINK, [into[id][0] for id in known]), np.array([into[id][1] for id in known], dtype=float),
        np.zeros(len(known)), np.zeros(len(known)), tidal_index, stage, np.zeros(1),
    )  # fmt: skip
