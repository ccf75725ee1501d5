"""Builds a city: streets, site, ground, mains, sewers, gate, traffic, and the scenario that holds them together.

All parts share one coordinate system and one seed. The folder is written beside its place and renamed when whole, so
a half-built city is never taken for a whole one.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twin.build import city_file, demand, gate, sewer_file, water_file
from twin.build.checks import Report, check_sewers, check_water
from twin.build.grid import grid_network
from twin.build.rain import STEP_MIN, storm
from twin.build.reading import package_file
from twin.build.recipe import Recipe
from twin.build.sewer import Sewers, lay_sewers
from twin.build.sewer_sizing import size_sewers
from twin.build.site import River, Site, choose_site, make_river
from twin.build.streets import Streets, lines_of, street_graph
from twin.build.sumo_net import SumoNet, read_net
from twin.build.terrain import Terrain, flood_fill, make_terrain, write_terrain
from twin.build.water import WaterNet, lay_mains, people_of, size_mains, tune_pumps
from twin.scenario.problems import ScenarioError

Say = Callable[[str], None]
LOCK = ".lock"
"""Held while a city is written, so that the next build knows what a killed one left."""
SEEDS = {"terrain": 1, "cars": 2, "trucks": 3, "ambulances": 4}
"""What is drawn at random, each from its own stream, so that more trucks do not change the hills."""


@dataclass(frozen=True)
class City:
    """A finished design, before it is drawn."""

    recipe: Recipe
    crs: str | None
    streets: Streets
    river: River
    site: Site
    terrain: Terrain
    water: WaterNet
    sewers: Sewers
    report: Report


def build_city(recipe: Recipe, out: Path, say: Say = lambda _: None, with_map: bool = True) -> City:
    """Build into the folder `out` (replaced when it is an earlier build). ScenarioError when that cannot be."""
    if out.exists() and not (out / "build.json").is_file():
        raise ScenarioError([f"{out} exists and is no earlier build of a city: name another folder with --out"])
    out.parent.mkdir(parents=True, exist_ok=True)
    _clear_stale(out)
    part = Path(tempfile.mkdtemp(prefix=f".{out.name}.part-", dir=out.parent))
    lock = (part / LOCK).open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    scratch = Path(tempfile.mkdtemp(prefix="city-"))
    try:
        city = _build(recipe, part, scratch, say)
        if with_map:
            say("map")
            from twin.build.map import draw_map

            draw_map(city, part / "map.png")
        os.chmod(part, 0o755)
        (part / LOCK).unlink()
        old = None
        if out.exists():
            old = out.with_name(f".{out.name}.old-{part.name[-8:]}")
            out.rename(old)
        part.rename(out)
        if old is not None:
            shutil.rmtree(old)
    except ValueError as error:
        raise ScenarioError([f"{recipe.name}: {error}"]) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)
        lock.close()
    return city


def _clear_stale(out: Path) -> None:
    """Remove what a killed build of this folder left: the system drops a dead process's lock."""
    for part in out.parent.glob(f".{out.name}.part-*"):
        with contextlib.suppress(OSError), (part / LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(part, ignore_errors=True)


def seed_of(recipe: Recipe, stream: str) -> int:
    """A stream's own seed, from the recipe's."""
    return int(np.random.SeedSequence([recipe.seed, SEEDS[stream]]).generate_state(1)[0])


def _streets_file(recipe: Recipe, scratch: Path) -> Path:
    if recipe.streets.net is not None:
        return recipe.streets.net
    if recipe.streets.grid is not None:
        return grid_network(recipe.streets.grid, scratch)
    return package_file(recipe.streets)


def _build(recipe: Recipe, folder: Path, scratch: Path, say: Say) -> City:
    report = Report()
    source = _streets_file(recipe, scratch)
    net = read_net(source)
    streets = street_graph(net, recipe.streets.snap, recipe.streets.split, recipe.streets.window)
    say(f"streets   {len(net.edges)} edges -> {len(streets.streets)} streets, {streets.length_km:.1f} km")
    river = make_river(net, streets, recipe.river, recipe.terminal, recipe.terrain.margin)
    site = choose_site(net, streets, river, recipe.terminal)
    rails = lines_of(net, lambda kind: kind in ("railway.rail", "railway.light_rail"))
    r = recipe.river
    terrain = make_terrain(
        recipe.terrain,
        streets,
        river,
        r.bank,
        r.depth,
        site,
        recipe.terminal.platform,
        recipe.terminal.sag,
        rails,
        seed_of(recipe, "terrain"),
    )
    g = terrain.grid
    say(f"ground    {g.nx} x {g.ny} cells of {g.cell_m:g} m, {terrain.z.min():.1f} to {terrain.z.max():.1f} m")
    hollows = flood_fill(terrain.z) - terrain.z
    water = _build_water(recipe, folder, scratch, say, streets, terrain, site, hollows)
    write_terrain(terrain, folder / "terrain.tif", net.crs)
    _write_lines(folder, net.crs, streets, river, terrain, site)
    burst = check_water(water, recipe, folder / "net.inp", report)
    (folder / "net.rpt").unlink(missing_ok=True)
    sewers = _build_sewers(recipe, folder, scratch, say, report, streets, terrain, site, hollows)
    _build_traffic(recipe, folder, scratch, say, report, net, site)
    _write_rescue(recipe, folder, net, streets)
    (folder / "terminal.yaml").write_text(city_file.terminal_text(recipe, site), encoding="utf-8")
    note = f"Streets: {source.name}. " + (
        f"Ground: {recipe.terrain.raster.name}. " if recipe.terrain.raster else "Ground: stated relief. "
    )
    note += "Water, sewers, demand and terminal: designed by rule, not surveyed."
    text = city_file.city_text(recipe, net.crs, note, water, sewers, terrain, site, burst)
    (folder / "city.yaml").write_text(text, encoding="utf-8")
    report.figures = {"city": _facts(recipe, net, streets, terrain, site, river), **report.figures}
    (folder / "build.json").write_text(report.text(), encoding="utf-8")
    return City(recipe, net.crs, streets, river, site, terrain, water, sewers, report)


def _build_water(
    recipe: Recipe,
    folder: Path,
    scratch: Path,
    say: Say,
    streets: Streets,
    terrain: Terrain,
    site: Site,
    hollows: np.ndarray,
) -> WaterNet:
    yard = 0.0 if recipe.terrain.raster else recipe.terrain.relief.yard
    water = lay_mains(streets, terrain, site, recipe.water, hollows, yard)
    size_mains(water, streets, recipe.water, scratch)

    def write() -> Path:
        path = folder / "net.inp"
        path.write_text(water_file.inp_text(water, f"{recipe.name}: water supply"), encoding="utf-8")
        return path

    tune_pumps(water, write)
    f = water.figures
    say(
        f"water     {len(water.pipes)} pipes, {f['mean_demand_lps']} L/s, "
        f"{f['peak_pressure_low_m']} to {f['peak_pressure_high_m']} m at peak"
    )
    return water


def _build_sewers(
    recipe: Recipe,
    folder: Path,
    scratch: Path,
    say: Say,
    report: Report,
    streets: Streets,
    terrain: Terrain,
    site: Site,
    hollows: np.ndarray,
) -> Sewers:
    sewers = lay_sewers(streets, terrain, site, recipe.sewer, hollows)
    size_sewers(sewers, recipe.sewer)
    rain = storm(recipe.sewer.rain, recipe.sewer.return_period)
    title = f"{recipe.name}: storm sewers for {recipe.sewer.return_period:g} years"
    text = sewer_file.inp_text(sewers, title, rain, STEP_MIN, recipe.sewer.roughness)
    (folder / "sewer.inp").write_text(text, encoding="utf-8")
    say(f"sewers    {len(sewers.order)} manholes, {len(sewers.roots)} outfalls, {len(sewers.stations)} pump stations")
    check_sewers(sewers, recipe, scratch, report)
    f = report.figures["sewers"].get(f"storm_{recipe.sewer.return_period:g}_a")
    if f:
        say(
            f"          design storm: {f['flooded_m3']} m3 flooded, {100 * f['sewers_full_share']:.0f} % of sewers full"
        )
    return sewers


def _build_traffic(
    recipe: Recipe, folder: Path, scratch: Path, say: Say, report: Report, net: SumoNet, site: Site
) -> None:
    patched, plan = gate.add_gate(net, site, recipe.terminal.gate, scratch, folder / "city.net.xml")
    hours = recipe.traffic.hours
    cars = demand.cars(patched, recipe.traffic, seed_of(recipe, "cars"))
    trucks = demand.trucks(patched, recipe.terminal.gate, plan, hours, seed_of(recipe, "trucks"))
    calls = demand.ambulances(patched, recipe.traffic, seed_of(recipe, "ambulances"))
    demand.write_routes(folder / "demand.rou.xml", ["car"], cars)
    demand.write_routes(folder / "trucks.rou.xml", ["truck"], trucks)
    demand.write_routes(folder / "ambulances.rou.xml", ["ambulance"], calls)
    report.figures["traffic"] = {
        "edges": len(patched.edges),
        "cars": len(cars),
        "trucks": len(trucks),
        "ambulances": len(calls),
        "hours": hours,
        "gate_lanes": plan.lanes,
        "gate_utilisation": round(recipe.terminal.gate.utilisation, 3),
        "gate_queue_room_m": round(plan.in_length_m * plan.lanes, 1),
    }
    if len(cars) < 0.99 * recipe.traffic.vehicles or len(trucks) < round(
        recipe.terminal.gate.trucks_per_hour * max(0.0, hours - 1)
    ):
        report.warnings.append(
            f"traffic: only {len(cars)} of {recipe.traffic.vehicles} cars and {len(trucks)} trucks found a way"
        )
    say(
        f"traffic   {len(cars)} cars, {len(trucks)} trucks, {len(calls)} ambulance calls; "
        f"gate used to {100 * recipe.terminal.gate.utilisation:.0f} %"
    )


def _facts(
    recipe: Recipe, net: SumoNet, streets: Streets, terrain: Terrain, site: Site, river: River
) -> dict[str, Any]:
    from importlib.metadata import version

    g = terrain.grid
    return {
        "name": recipe.name,
        "seed": recipe.seed,
        "crs": net.crs,
        "streets_file": net.path.name,
        "streets_sha256": hashlib.sha256(net.path.read_bytes()).hexdigest(),
        "versions": {n: version(n) for n in ("city-twin", "eclipse-sumo", "wntr", "swmm-toolkit", "numpy", "scipy")},
        "streets": {**streets.counts, "length_km": round(streets.length_km, 2)},
        "terrain": {
            "cells": g.size,
            "cell_m": g.cell_m,
            "bounds": list(g.bounds),
            "lowest_m": round(float(terrain.z.min()), 2),
            "highest_m": round(float(terrain.z.max()), 2),
            "underpasses": [[round(float(x), 1), round(float(y), 1)] for x, y in terrain.dips],
            "source": recipe.terrain.raster.name if recipe.terrain.raster else "stated relief",
        },
        "river": {"invented": river.invented, "level_m": round(terrain.level_m, 2)},
        "terminal": {
            "gate": [round(float(v), 2) for v in site.gate],
            "heading_deg": round(site.heading_deg, 2),
            "junction": site.junction,
        },
    }


def _write_lines(folder: Path, crs: str | None, streets: Streets, river: River, terrain: Terrain, site: Site) -> None:
    """streets, river and paved ground as GeoJSON, in the city's own coordinates (named in `crs`, for GIS programs)."""
    from shapely import LineString, box, unary_union
    from shapely.geometry import mapping

    named = _named(crs)
    features = [
        {
            "type": "Feature",
            "id": f"street_{k}",
            "properties": {"name": s.name, "rank": s.rank, "lanes": s.lanes, "edges": list(s.edges)},
            "geometry": {"type": "LineString", "coordinates": np.round(s.shape, 2).tolist()},
        }
        for k, s in enumerate(streets.streets)
    ]
    _write_json(folder / "streets.geojson", {"type": "FeatureCollection", **named, "features": features})
    water = unary_union([LineString(line).buffer(river.half_width_m) for line in river.lines])
    water = water.intersection(box(*terrain.grid.bounds))
    shape = json.loads(json.dumps(mapping(water)), parse_float=lambda v: round(float(v), 2))
    feature = {"type": "Feature", "properties": {"level_m": round(terrain.level_m, 2)}, "geometry": shape}
    _write_json(folder / "river.geojson", {"type": "FeatureCollection", **named, "features": [feature]})
    ring = np.round([*site.corners, site.corners[0]], 2).tolist()
    yard = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {"name": "terminal"}, "geometry": yard}
    _write_json(folder / "paved.geojson", {"type": "FeatureCollection", **named, "features": [feature]})


def _write_rescue(recipe: Recipe, folder: Path, net: SumoNet, streets: Streets) -> None:
    """People at the junctions, and rescue stations: each has an ambulance and a fire engine (an assumption)."""

    def point(xy: np.ndarray, about: dict[str, Any]) -> dict[str, Any]:
        place = {"type": "Point", "coordinates": [round(float(v), 2) for v in xy]}
        return {"type": "Feature", "properties": about, "geometry": place}

    people = people_of(streets, recipe.water)
    homes = [point(streets.xy[k], {"people": round(float(people[k]), 1)}) for k in np.flatnonzero(people > 0)]
    bases = [
        point(xy, {"name": name, "kind": kind})
        for name, xy in demand.stations(net, recipe.traffic)
        for kind in ("ambulance", "fire")
    ]
    named = _named(net.crs)
    _write_json(folder / "people.geojson", {"type": "FeatureCollection", **named, "features": homes})
    _write_json(folder / "stations.geojson", {"type": "FeatureCollection", **named, "features": bases})


def _named(crs: str | None) -> dict[str, Any]:
    """The coordinate system as GIS programs read it from a GeoJSON file."""
    if not crs:
        return {}
    return {"crs": {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{crs.replace(':', '::')}"}}}


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
