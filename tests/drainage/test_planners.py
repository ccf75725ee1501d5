"""What planners read: drain-down, free lanes, exposure, room in storage, SWMM's own statistics, checks of the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drainage.check import check
from drainage.exposure import depth_at, read_exposed
from drainage.gathered import Gathered, drain_down_min
from drainage.model import DrainageModel
from drainage.network import SewerFile
from drainage.questions.lanes import best_strip, cuts_of
from drainage.storage import storage_room_m3
from drainage.swmm_stats import link_stats, node_stats, pump_stats, storage_stats
from drainage.terrain import TerrainError
from drainage.zones import read_zones
from tests.drainage.cases import LINE, STATION, run, setup_for, street, write_asc
from twin.model import Setup
from twin.places import Grid

GRID = Grid(0.0, 0.0, 2.0, 20, 10)
OPEN = np.ones((10, 20), dtype=bool)


def test_drain_down_counts_from_the_peak_to_five_percent() -> None:
    times = np.arange(6) * 60.0
    assert drain_down_min(times, np.array([0, 4, 10, 3, 0.5, 0])) == 2.0
    assert drain_down_min(times, np.array([0, 4, 10, 3, 2, 1])) is None
    assert drain_down_min(times, np.zeros(6)) == 0.0


def test_a_street_drains_from_its_deepest_moment_until_it_is_under_15_cm() -> None:
    g = Gathered()
    for k, depth in enumerate((0.1, 0.4, 0.3, 0.2, 0.1)):
        g.add(60.0 * k, 0, 0)
        g.add_streets(60.0 * k, np.array([depth, 0.0]))
    assert g.street_drain_down_min([0], 60.0) == 3.0
    assert g.street_drain_down_min([1], 60.0) == 0.0


def test_the_free_lane_is_the_shallowest_strip() -> None:
    """A street of two lanes along x: the left one is 30 cm deep, the right one 10 cm; a pit across both ends it."""
    line = np.array([[1.0, 10.0], [39.0, 10.0]])
    cuts = cuts_of(GRID, line, 2, 4.0)
    depth = np.zeros((10, 20))
    depth[5:], depth[:5] = 0.30, 0.10
    assert best_strip(cuts, depth.ravel(), OPEN.ravel()).depth_m == pytest.approx(0.10)
    depth[:, 12] = 0.5
    strip = best_strip(cuts, depth.ravel(), OPEN.ravel())
    assert strip.depth_m == pytest.approx(0.5)
    assert strip.cell % 20 == 12


def test_a_vehicle_changes_lanes_around_a_pool() -> None:
    """Left lane deep at first, right lane deep later, a dry overlap between: passable at 5 cm."""
    cuts = np.arange(20).reshape(10, 2)
    depth = np.full((10, 2), 0.05)
    depth[:4, 0], depth[6:, 1] = 0.4, 0.4
    assert best_strip(cuts, depth.ravel(), np.ones(20, dtype=bool)).depth_m == pytest.approx(0.05)


@given(st.lists(st.lists(st.floats(0, 2), min_size=3, max_size=3), min_size=1, max_size=12))
def test_the_strip_lies_between_the_best_and_the_worst_lane(depths: list[list[float]]) -> None:
    """Never deeper than the best straight lane, never shallower than the deepest of the cuts' shallowest places."""
    d = np.array(depths)
    strip = best_strip(np.arange(d.size).reshape(d.shape), d.ravel(), np.ones(d.size, dtype=bool))
    assert d.min(axis=1).max() - 1e-12 <= strip.depth_m <= d.max(axis=0).min() + 1e-12


def geojson(path: Path, *features: tuple[dict[str, Any], dict[str, Any]]) -> Path:
    rows = [{"type": "Feature", "geometry": g, "properties": p} for g, p in features]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": rows}))
    return path


def box(x0: float, y0: float, x1: float, y1: float) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]]}


def test_water_at_the_walls_exposes_the_people_of_a_building(tmp_path: Path) -> None:
    """A closed building of 8 m × 8 m with 12 people at a point inside it, one wet cell beside its wall."""
    buildings = geojson(tmp_path / "b.geojson", (box(10, 6, 18, 14), {"id": "B1"}))
    people = geojson(tmp_path / "p.geojson", ({"type": "Point", "coordinates": [14, 10]}, {"people": 12}))
    land = OPEN.copy()
    land[3:7, 5:9] = False
    found = read_exposed(GRID, land, buildings, people)
    assert [(b.id, b.people) for b in found] == [("B1", 12.0)]
    depth = np.zeros((10, 20))
    depth[4, 9] = 0.3
    depth[4, 12] = 1.0
    assert depth_at(found, depth.ravel())[0] == pytest.approx(0.3)


@pytest.mark.parametrize("people", [None, "many", -3])
def test_people_that_are_no_number_are_refused(people: Any, tmp_path: Path) -> None:
    path = geojson(tmp_path / "p.geojson", ({"type": "Point", "coordinates": [14, 10]}, {"people": people}))
    with pytest.raises(TerrainError, match="people"):
        read_exposed(GRID, OPEN, None, path)


def test_areas_have_a_class_that_is_known(tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", (box(0, 0, 20, 20), {"name": "Hub", "class": "hub"}))
    assert [(z.name, z.kind, z.cells.size) for z in read_zones(GRID, path)] == [("Hub", "hub", 100)]
    with pytest.raises(TerrainError, match="class 'station'"):
        read_zones(GRID, geojson(path, (box(0, 0, 20, 20), {"class": "station"})))


@pytest.mark.parametrize(
    ("shape", "room_m3"),
    [
        ("FUNCTIONAL 0 0 40", 200.0),
        ("FUNCTIONAL 2 1 40", 225.0),
        ("CYLINDRICAL 4 2 0", 10 * np.pi),
        ("PYRAMIDAL 4 2 1", 40 + 12 * 12.5 + 4 * 125 / 3),
        ("TABULAR T", 5 * 30.0),
    ],
)
def test_the_room_of_a_storage_unit_is_its_integral(shape: str, room_m3: float) -> None:
    """5 m deep. Pyramid (4 + 2d)(2 + 2d): 8 + 12 d + 4 d². The curve runs from 20 to 40 m2. Trapezoids: 1e-4."""
    text = f"[OPTIONS]\nFLOW_UNITS CMS\n[STORAGE]\nS 0 5 0 {shape} 0 0\n[CURVES]\nT STORAGE 0 20\nT 5 40\n"
    assert storage_room_m3(SewerFile(Path("s.inp"), text.splitlines()))["S"] == pytest.approx(room_m3, rel=1e-4)


def test_statistics_are_those_of_swmms_own_report(build: Callable[[Setup], DrainageModel], tmp_path: Path) -> None:
    """Pump P of the station: share of time, starts, volume, work; well W: largest volume, to the report's digits."""
    source = tmp_path / "station.inp"
    source.write_text(STATION.replace("1.0 1.0 0.055", "1.0 1.0 0.02"))
    model = build(setup_for(tmp_path, 3600, sewer=source))
    run(model, 3600)
    assert model.swmm is not None
    (pump,) = pump_stats(model.swmm, ["P"])
    (well,) = storage_stats(model.swmm, ["W"])
    assert link_stats(model.swmm, ["C"])[0].surcharged_s == pytest.approx(0.0)
    assert node_stats(model.swmm, ["A"])[0].flooded_m3 == 0.0
    tables = model.tables()
    model.close()
    text = next((tmp_path / "run").glob("*.rpt")).read_text()
    words = next(line.split() for line in text.split("Pumping Summary")[1].splitlines() if line.split()[:1] == ["P"])
    assert 100 * pump.on_s / 3600 == pytest.approx(float(words[1]), abs=0.05)
    assert pump.starts == int(words[2])
    assert pump.volume_m3 / 1000 == pytest.approx(float(words[6]), abs=1e-3)
    assert pump.hydraulic_kwh == pytest.approx(float(words[7]), abs=0.01)
    well_words = next(
        line.split() for line in text.split("Storage Volume Summary")[1].splitlines() if line.split()[:1] == ["W"]
    )
    assert well.largest_m3 / 1000 == pytest.approx(float(well_words[5]), abs=1e-3)
    assert tables["pumps"].rows[0][:3] == ("P", round(pump.on_s / 3600, 2), pump.starts)
    assert tables["storage"].rows[0][1] == 200.0


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("C2 M2 M3 50", "C2 M2 M33 50", "conduit 'C2' ends at 'M33', which is no node. Did you mean 'M3'?"),
        ("[COORDINATES]", "[SUBCATCHMENTS]\nS1 R * 1 50 10 1 0\n[COORDINATES]", "subcatchment 'S1' has no outlet"),
        ("[COORDINATES]", "[SUBCATCHMENTS]\nS1 * M9 1 50 10 1 0\n[COORDINATES]", "drains to 'M9', which is no node"),
        ("[COORDINATES]", '[INFLOWS]\nM7 FLOW "" FLOW 1 1 1\n[COORDINATES]', "an inflow enters at 'M7'"),
        ("[COORDINATES]", "[DWF]\nX FLOW 1\n[COORDINATES]", "a dry-weather flow enters at 'X'"),
    ],
)
def test_a_broken_network_is_named_before_swmm_is_started(old: str, new: str, says: str, tmp_path: Path) -> None:
    source = tmp_path / "line.inp"
    source.write_text(LINE.replace(old, new))
    (problem,) = check(setup_for(tmp_path, 600, sewer=source))
    assert says in problem.text
    assert problem.where.startswith("line.inp:")
    assert not problem.warn


@pytest.mark.parametrize(("depth", "warn"), [("5.5", True), ("30", False)])
def test_a_rim_far_above_the_ground_is_told_or_refused(depth: str, warn: bool, tmp_path: Path) -> None:
    """M1's rim 3.5 m above the street is told, 28 m refused."""
    source = tmp_path / "line.inp"
    source.write_text(LINE.replace("M1 10.0 2", f"M1 10.0 {depth}"))
    terrain = write_asc(tmp_path / "dem.asc", street(), 2.0)
    found = [p for p in check(setup_for(tmp_path, 600, sewer=source, terrain=terrain)) if "rims" in p.text]
    assert [p.warn for p in found] == [warn]
    assert "M1" in found[0].text
    assert "above the ground" in found[0].text


def test_an_unknown_overflow_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "line.inp"
    source.write_text(LINE)
    (problem,) = check(setup_for(tmp_path, 600, sewer=source, overflows=["O", "OO"]))
    assert "no outfall 'OO' in line.inp" in problem.text
