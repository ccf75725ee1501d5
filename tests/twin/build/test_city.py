"""A built city is whole: one coordinate system, all connected, sized by its rules, the same for the same seed."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from twin.build.city import City, build_city
from twin.build.gate import sumo_binary
from twin.build.reading import read_recipe
from twin.build.sumo_net import read_net
from twin.scenario.problems import ScenarioError

Built = tuple[City, Path]
FILES = {
    *(
        "ambulances.rou.xml",
        "build.json",
        "city.net.xml",
        "city.yaml",
        "demand.rou.xml",
        "map.png",
        "people.geojson",
        "stations.geojson",
        "net.inp",
    ),
    "paved.geojson",
    *("river.geojson", "sewer.inp", "streets.geojson", "terminal.yaml", "terrain.tif", "trucks.rou.xml"),
}


def rows(path: Path, section: str) -> list[list[str]]:
    """The lines of a section of an INP file, split."""
    found, inside = [], False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            inside = line.strip() == f"[{section}]"
        elif inside and line.strip() and not line.startswith(";"):
            found.append(line.split())
    return found


def points(path: Path) -> np.ndarray:
    return np.array([[float(x), float(y)] for _, x, y in rows(path, "COORDINATES")])


def test_a_build_gives_every_file_and_no_warning(built: Built) -> None:
    city, folder = built
    assert {p.name for p in folder.iterdir()} == FILES
    assert city.report.warnings == []


def test_the_same_seed_gives_the_same_bytes(built: Built, recipe_file: Path, tmp_path: Path) -> None:
    _, first = built
    build_city(read_recipe(recipe_file), tmp_path / "again")
    different = [n for n in FILES if (first / n).read_bytes() != (tmp_path / "again" / n).read_bytes()]
    assert different == []


def test_another_seed_gives_other_hills_and_other_trips(built: Built, recipe_file: Path, tmp_path: Path) -> None:
    _, first = built
    build_city(read_recipe(recipe_file, sets=["seed=4", "sewer.trial=false"]), tmp_path / "other", with_map=False)
    for name in ("terrain.tif", "demand.rou.xml", "net.inp"):
        assert (first / name).read_bytes() != (tmp_path / "other" / name).read_bytes()


def test_no_file_tells_where_or_when_it_was_built(built: Built, recipe_file: Path) -> None:
    """SUMO's programs write the date and absolute paths into comments."""
    _, folder = built
    for name in FILES - {"map.png", "terrain.tif"}:
        text = (folder / name).read_text(encoding="utf-8")
        assert "generated on" not in text
        assert str(recipe_file.parent) not in text


def test_all_parts_lie_in_one_coordinate_system(built: Built) -> None:
    import rasterio

    city, folder = built
    with rasterio.open(folder / "terrain.tif") as raster:
        west, south, east, north = raster.bounds
    net = read_net(folder / "city.net.xml")
    gate = np.array(json.loads((folder / "build.json").read_text())["city"]["terminal"]["gate"])
    street_points = np.vstack(
        [f["geometry"]["coordinates"] for f in json.loads((folder / "streets.geojson").read_text())["features"]]
    )
    parts = [points(folder / "net.inp"), points(folder / "sewer.inp"), np.atleast_2d(gate), street_points]
    parts.append(np.array([net.junctions[n] for n in ("x0y0", "x6y6", "T_gate")]))
    for xy in parts:
        assert ((xy >= [west, south]) & (xy <= [east, north])).all()
    # Every water junction lies on a street, and the gate edge ends where the terminal begins.
    on_street = np.array([np.hypot(*(street_points - xy).T).min() for xy in city.water.xy])
    assert on_street.max() < 0.02
    assert np.hypot(*(np.array(net.junctions["T_gate"]) - gate)) < 0.02


def test_the_raster_is_the_ground_that_the_networks_were_designed_on(built: Built) -> None:
    import rasterio

    city, folder = built
    with rasterio.open(folder / "terrain.tif") as raster:
        # Junctions of a checkerboard lie on the edges of cells, where the cell to the north-east counts.
        ground = np.array([v[0] for v in raster.sample(city.water.xy + 0.01)])
    station = np.hypot(*(city.water.xy - city.water.station_xy).T) < 15
    assert np.abs(ground - city.water.ground_m)[~station].max() < 0.002


def test_every_water_junction_is_connected_to_the_only_source(built: Built) -> None:
    _, folder = built
    inp = folder / "net.inp"
    graph = nx.Graph([(r[1], r[2]) for name in ("PIPES", "PUMPS") for r in rows(inp, name)])
    assert len(rows(inp, "RESERVOIRS")) == 1
    assert {r[0] for r in rows(inp, "JUNCTIONS")} <= nx.node_connected_component(graph, "R1")


def test_peak_pressures_are_between_20_and_60_m_in_an_independent_run(built: Built) -> None:
    """WNTR reads the file and runs it through its own interface of EPANET, at seven o'clock, the peak."""
    import wntr

    _, folder = built
    model = wntr.network.WaterNetworkModel(str(folder / "net.inp"))
    model.options.time.duration = 0
    model.options.time.pattern_start = 7 * 3600
    result = wntr.sim.EpanetSimulator(model).run_sim(file_prefix=str(folder.parent / "peak"))
    pressure = result.node["pressure"].iloc[0][model.junction_name_list]
    assert pressure.min() >= 20
    assert pressure.max() <= 60
    speed = result.link["velocity"].iloc[0][[n for n in model.pipe_name_list if n.startswith("P")]]
    assert speed.max() < 1.5


def test_the_suggested_burst_is_felt(built: Built) -> None:
    burst = built[0].report.figures["water"]["burst"]
    assert burst["lowest_after_m"] < burst["lowest_before_m"] - 5
    assert burst["pipe"] in {p.id for p in built[0].water.pipes}


def test_every_manhole_reaches_an_outfall_downhill_with_cover(built: Built) -> None:
    city, folder = built
    inp = folder / "sewer.inp"
    links = [(r[1], r[2]) for name in ("CONDUITS", "PUMPS") for r in rows(inp, name)]
    outfalls = {r[0] for r in rows(inp, "OUTFALLS")}
    ways = nx.DiGraph(links).reverse()
    reached = set().union(*(nx.descendants(ways, o) for o in outfalls))
    assert {r[0] for r in rows(inp, "JUNCTIONS")} | {r[0] for r in rows(inp, "STORAGE")} <= reached
    s = city.sewers
    assert min(c.slope for c in s.down.values()) > 0.0007
    for n, conduit in s.down.items():
        assert s.ground_m[n] - conduit.upper_invert_m - conduit.diameter_m > 1.299
        if conduit.lower >= 0:
            below = s.down[conduit.lower]
            assert conduit.lower_invert_m >= below.upper_invert_m - 1e-9
            assert below.diameter_m >= conduit.diameter_m


def test_the_sewers_take_the_design_storm_and_a_rare_one_floods_streets(built: Built) -> None:
    """SWMM's own report: nothing leaves the manholes at the return period, something does at 20 years."""
    figures = built[0].report.figures["sewers"]
    design, rare = figures["storm_3_a"], figures["storm_20_a"]
    assert design["flooded_m3"] <= 1e-3 * design["runoff_m3"]
    assert 0.7 < design["fill_most"] <= 1.0
    assert rare["flooded_m3"] > 100
    for run in (design, rare):
        assert abs(run["continuity_routing_percent"]) <= 0.1
        assert abs(run["continuity_runoff_percent"]) <= 0.1


def test_a_hollow_that_cannot_drain_has_pumps(built: Built) -> None:
    _, folder = built
    pumps = rows(folder / "sewer.inp", "PUMPS")
    assert [p[0] for p in pumps] == ["SP1", "SP2"]
    start, stop = ([float(p[k]) for p in pumps] for k in (5, 6))
    assert start[0] < start[1]
    assert all(a > b for a, b in zip(start, stop, strict=True))


def test_trucks_stop_at_the_gate_then_in_the_yard_and_leave_in_order(built: Built) -> None:
    _, folder = built
    trucks = list(ET.parse(folder / "trucks.rou.xml").getroot().iter("vehicle"))
    assert len(trucks) == 40
    departs = [float(t.get("depart", "-1")) for t in trucks]
    assert departs == sorted(departs)
    for truck in trucks:
        stops = truck.findall("stop")
        assert [s.get("lane", "").rsplit("_", 1)[0] for s in stops] == ["T_in", "T_yard"]
        assert stops[0].get("parking") is None
        assert stops[1].get("parking") == "true"
        task = next(p.get("value") for p in truck.findall("param") if p.get("key") == "task")
        assert task in ("deliver_export", "collect_import")


def test_the_traffic_flows_in_plain_sumo_without_a_teleport(built: Built, tmp_path: Path) -> None:
    """Every vehicle gets in and out again; SUMO's own statistics."""
    _, folder = built
    routes = ",".join(str(folder / n) for n in ("demand.rou.xml", "trucks.rou.xml", "ambulances.rou.xml"))
    statistics = tmp_path / "statistics.xml"
    command = [sumo_binary("sumo"), "-n", str(folder / "city.net.xml"), "-r", routes, "--no-step-log", "-e", "10800"]
    done = subprocess.run([*command, "--statistic-output", str(statistics)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    root = ET.parse(statistics).getroot()
    vehicles, teleports = root.find("vehicles"), root.find("teleports")
    assert vehicles is not None
    assert teleports is not None
    assert int(vehicles.get("inserted", "0")) == 250 + 40 + len(
        list(ET.parse(folder / "ambulances.rou.xml").iter("vehicle"))
    )
    assert (vehicles.get("running"), vehicles.get("waiting")) == ("0", "0")
    assert teleports.get("total") == "0"


def test_the_city_is_a_scenario(built: Built) -> None:
    from twin.scenario.loader import load

    scenario = load(built[1] / "city.yaml")
    assert {"water", "drainage", "traffic", "port", "assets"} <= set(scenario.sections)
    assert scenario.crs is None


def test_a_folder_that_is_no_city_is_left_alone(recipe_file: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ScenarioError, match="no earlier build"):
        build_city(read_recipe(recipe_file), tmp_path / "mine")
    assert [p.name for p in tmp_path.rglob("*")] == ["mine", "thesis.txt"]


def test_a_build_that_fails_leaves_nothing_and_keeps_the_old_city(recipe_file: Path, tmp_path: Path) -> None:
    old = tmp_path / "city"
    old.mkdir()
    (old / "build.json").write_text("{}")
    impossible = read_recipe(recipe_file, sets=["terminal.berths=20", "terminal.berth_length=400 m"])
    with pytest.raises(ScenarioError, match="no bank is straight over 8000 m"):
        build_city(impossible, old)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["build.json", "city"]


def test_what_a_killed_build_left_is_cleared_and_one_at_work_is_not(tmp_path: Path) -> None:
    """The lock of a dead process is free; that of a living one is held."""
    import fcntl

    from twin.build.city import LOCK, _clear_stale

    dead, alive = tmp_path / ".city.part-dead", tmp_path / ".city.part-alive"
    for part in (dead, alive):
        part.mkdir()
        (part / LOCK).touch()
    with (alive / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _clear_stale(tmp_path / "city")
        assert alive.exists()
        assert not dead.exists()
