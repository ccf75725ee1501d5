"""The scenario base and the terminal's file of a built city, as text that a person may read on."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from twin.build.checks import Burst
from twin.build.gate import IN, YARD
from twin.build.recipe import Recipe
from twin.build.sewer import Sewers
from twin.build.site import Site
from twin.build.terrain import Terrain
from twin.build.water import WaterNet

FloatArray = NDArray[np.float64]

MOST_CELLS = 400_000


def terminal_text(recipe: Recipe, site: Site) -> str:
    """terminal.yaml in its short form: gate, direction, berths, and the measures that a river asks for."""
    t = recipe.terminal
    gate, cranes = t.gate, 2 * t.berths
    blocks = int(min(7 * t.berths, t.quay_m // 36))
    return (
        f"# Built from {recipe.name}'s recipe: change the recipe, or keep this file as your own.\n"
        "terminal: 1\n"
        f"name: {recipe.name.replace('-', ' ').capitalize()} terminal\n"
        f"origin: [{site.gate[0]:.2f}, {site.gate[1]:.2f}]\n"
        f"heading: {site.heading_deg:.3f} deg\n"
        f"berths: {t.berths}\n"
        "layout:\n"
        f"  berth_length: {t.berth_length:g} m\n"
        f"  depth: {t.depth:g} m\n"
        f"  cranes: {cranes}\n"
        f"  blocks: {blocks}\n"
        "gate:\n"
        f"  lanes_in: {gate.lanes}\n"
        f"  lanes_out: {gate.lanes}\n"
        f"  service_in: {{mean: {gate.service:g} s, cv: 0.35}}\n"
    )


def city_text(
    recipe: Recipe,
    crs: str | None,
    note: str,
    water: WaterNet,
    sewers: Sewers,
    terrain: Terrain,
    site: Site,
    burst: Burst,
) -> str:
    """city.yaml: the four models of the city, on which drills build with `extends`.

    It is dry: the storm by which the sewers are sized stands in sewer.inp, and would fall if no weather were said.
    """
    end = recipe.traffic.hours - 1
    start = recipe.start + timedelta(0)
    rows = [
        f"# Built by `twin build` (seed {recipe.seed}); build.json says by which figures.",
        f"# A burst to notice: {burst.pipe}, DN {1000 * burst.diameter_m:.0f}, {burst.street or 'unnamed street'}.",
        f"# A hole of {burst.area_cm2:g} cm2 loses {burst.flow_lps:g} L/s and takes the lowest pressure at 18:00",
        f"# from {burst.lowest_before_m:g} to {burst.lowest_after_m:g} m.",
        "twin: 1",
        f"name: {recipe.name}",
        f"title: {_quoted(recipe.title or recipe.name)}",
        *([f"crs: {crs}"] if crs else []),
        f"seed: {recipe.seed}",
        f'clock: {{start: "{start.isoformat(timespec="minutes")}", duration: {end:g} h, exchange: 60 s}}',
        f"city: {{name: {_quoted(recipe.title or recipe.name)}, note: {_quoted(note)}}}",
        "weather: {rain: 0 mm/h}",
        "water:",
        "  network: net.inp",
        f"  person_demand: {recipe.water.use * 1000:g} L/d",
        "  hydrants:",
        *_folded(water.hydrants),
        "drainage:",
        "  sewer: sewer.inp",
        "  terrain: terrain.tif",
        f"  cell: {_cell_m(terrain):g} m",
        "  streets: streets.geojson",
        "  river: river.geojson",
        "  rain_area: paved.geojson",
        f"  river_level: {terrain.level_m:g} m",
        f"  river_below: {terrain.level_m + 0.1:g} m",
        "traffic:",
        "  network: city.net.xml",
        "  demand: [demand.rou.xml, trucks.rou.xml, ambulances.rou.xml]",
        "  rerouting: {share: 0.3, period: 5 min}",
        "  reach: {stations: stations.geojson, people: people.geojson}",
        f"  gate: {{edge: {IN}, yard_edge: {YARD}}}",
        "port:",
        "  terminal: terminal.yaml",
        "assets:",
        *_assets(water, sewers, site),
    ]
    return "\n".join(rows) + "\n"


def _cell_m(terrain: Terrain) -> float:
    """The ground's own cell, doubled where the surface would have more cells than a drill has patience for."""
    cell = terrain.grid.cell_m
    return cell if terrain.grid.size <= MOST_CELLS else 2 * cell


def _assets(water: WaterNet, sewers: Sewers, site: Site) -> list[str]:
    """Switchboards that stand beside what they feed: the waterworks, each storm pumping station, the terminal."""
    board = site.gate + 30 * site.axis + 60 * np.array([-site.axis[1], site.axis[0]])
    rows = [_asset("SB-water", "waterworks switchboard", water.station_xy, "0.4 m", ["water.PU1", "water.PU2"])]
    for k, s in enumerate(sewers.stations):
        pumps = [f"drainage.SP{2 * k + 1}", f"drainage.SP{2 * k + 2}"]
        street = f" {sewers.names[s.root]}" if sewers.names[s.root] else ""
        rows.append(_asset(f"SB-storm-{k + 1}", f"storm pumps{street}", sewers.xy[s.root], "0.5 m", pumps))
    rows.append(_asset("SS-terminal", "terminal substation", board, "0.4 m", ["port.terminal"]))
    return rows


def _asset(name: str, title: str, xy: FloatArray, fails_at: str, feeds: list[str]) -> str:
    return (
        f"  - {{id: {name}, name: {_quoted(title)}, at: [{xy[0]:.2f}, {xy[1]:.2f}], fails_at: {fails_at}, "
        f"feeds: [{', '.join(feeds)}]}}"
    )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _folded(names: list[str]) -> list[str]:
    """A flow list over several lines of at most ten."""
    lines = [", ".join(names[k : k + 10]) for k in range(0, len(names), 10)]
    return (
        ["    [" + lines[0], *("     " + line for line in lines[1:])]
        if len(lines) == 1
        else [
            "    [" + lines[0] + ",",
            *("     " + line + "," for line in lines[1:-1]),
            "     " + lines[-1] + "]",
        ]
        if lines
        else ["    []"]
    )
