"""Rain by zones: which gage a subcatchment gets, that SWMM counts what the weather says, and rain on the cells."""

from __future__ import annotations

import re

import numpy as np
import pytest

from drainage.build import sewer_of
from drainage.config import DrainageConfig
from drainage.network import SewerFile
from drainage.rain import MEAN, Rainfall, centroid, fed, plan_gages, plans_of, told, with_zones, zones_of_cells
from tests.drainage.cases import LINE, run, setup_for, write_asc
from twin.places import City, Grid

ZONES = Grid(0.0, 0.0, 100.0, 3, 2)
"""Zones r0c0 to r0c2 in the south, r1c0 to r1c2 north of them."""

GROUNDS = """[RAINGAGES]
G1 INTENSITY 0:05 1.0 TIMESERIES T
[TIMESERIES]
T 0:00 5
[SUBCATCHMENTS]
S1 G1 M1 1.0 100 50 0.5 0
S2 G1 M2 1.0 100 50 0.5 0
S3 G1 M3 1.0 100 50 0.5 0
S4 G1 S1 1.0 100 50 0.5 0
[SUBAREAS]
S1 0.01 0.1 0 0 25 OUTLET
S2 0.01 0.1 0 0 25 OUTLET
S3 0.01 0.1 0 0 25 OUTLET
S4 0.01 0.1 0 0 25 OUTLET
[INFILTRATION]
S1 0 0 4 7 0
S2 0 0 4 7 0
S3 0 0 4 7 0
S4 0 0 4 7 0
[POLYGONS]
S3 210 110
S3 290 110
S3 290 190
S3 210 190
"""
"""S1 and S2 lie where they drain to (r0c0), S3 where its polygon is (r1c2), S4 drains onto S1."""


@pytest.fixture
def sewer(tmp_path):
    path = tmp_path / "s.inp"
    path.write_text(LINE.replace("[OPTIONS]", "[OPTIONS]\nINFILTRATION HORTON", 1) + GROUNDS)
    return SewerFile.read(path)


def with_gage(sewer: SewerFile, more: str) -> SewerFile:
    text = "\n".join(sewer.lines).replace("S2 G1 M2", "S2 G2 M2", 1)
    text = text.replace("[TIMESERIES]", "G2 INTENSITY 0:05 1.0 TIMESERIES T\n[TIMESERIES]", 1) + "\n" + more
    sewer.path.write_text(text)
    return SewerFile.read(sewer.path)


def test_one_gage_for_the_whole_city_becomes_one_for_each_zone_in_use(sewer):
    plan = plan_gages(sewer, ZONES)
    assert plan.users == {"S1": "twin~r0c0", "S2": "twin~r0c0", "S3": "twin~r1c2", "S4": "twin~r0c0"}
    assert plan.gages["twin~r1c2"] == 5
    assert plan.lost == ()
    assert told({"": plan}) == ["4 subcatchments take the rain of 2 zones, each its own"]


def test_several_gages_stay_and_stand_where_the_map_has_them(sewer):
    """G1 by [SYMBOLS] in r1c1; G2 without a symbol where its one subcatchment is."""
    plan = plan_gages(with_gage(sewer, "[SYMBOLS]\nG1 150 150\n"), ZONES)
    assert plan.users == {}
    assert plan.gages == {"G1": 4, "G2": 0}
    assert plan_gages(with_gage(sewer, ""), ZONES, "zones").users["S2"] == "twin~r0c0"


def test_a_gage_without_a_symbol_stands_amid_its_subcatchments(sewer):
    """S1 (10, 10), S2 (60, 10), S3 (250, 150), S4 (10, 10): the mean is (82.5, 45), zone r0c0."""
    assert plan_gages(sewer, ZONES, "file").gages == {"G1": 0}


def test_what_has_no_place_takes_the_mean_and_the_log_says_so(sewer):
    text = "\n".join(sewer.lines)
    sewer.path.write_text(text.replace("M2 60 10\n", ""))
    plan = plan_gages(SewerFile.read(sewer.path), ZONES)
    assert plan.lost == ("S2",)
    assert plan.gages[plan.users["S2"]] == MEAN
    assert told({"": plan})[1] == "1 subcatchment (S2) without a position: it takes the mean rain of the city"
    rain = Rainfall.of(ZONES, [5, MEAN], np.zeros(0, dtype=np.int32))
    rain.hear(np.arange(6.0))
    assert rain.at_gages() == pytest.approx([5.0, 2.5])


def test_a_place_outside_the_zones_takes_the_nearest(sewer):
    south_west = Grid(1000.0, 1000.0, 100.0, 2, 2)
    assert set(plan_gages(sewer, south_west).gages.values()) == {0}


def test_the_copy_has_a_series_for_every_gage_and_the_rest_as_it_was(sewer):
    """SWMM gives gages of one series the rain of the first, whatever they are told."""
    lines = with_zones(sewer.lines, plan_gages(sewer, ZONES))
    series = [line.split()[-1] for line in lines if "TIMESERIES twin_dry" in line]
    assert len(set(series)) == len(series) == 3
    assert "S3 twin~r1c2 M3 1.0 100 50 0.5 0" in lines
    assert "S1 0.01 0.1 0 0 25 OUTLET" in lines
    assert with_zones(sewer.lines, None) == sewer.lines


def test_the_middle_of_a_polygon_is_that_of_its_area():
    """An L of three unit squares: (5/6, 5/6). A line has the mean of its ends."""
    ell = np.array([[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [0, 2]], dtype=float)
    assert centroid(ell + 1e6) == pytest.approx((1e6 + 5 / 6, 1e6 + 5 / 6))
    assert centroid(np.array([[0.0, 0.0], [4.0, 0.0]])) == (2.0, 0.0)


def test_cells_know_their_zone_and_a_city_has_one():
    surface = Grid(0.0, 0.0, 50.0, 8, 4)
    zones = zones_of_cells(ZONES, surface, np.arange(32)).reshape(4, 8)
    assert zones[0].tolist() == [0, 0, 1, 1, 2, 2, 2, 2]  # the last two lie outside: the nearest
    assert zones[2].tolist() == [3, 3, 4, 4, 5, 5, 5, 5]
    assert not zones_of_cells(City(), surface, np.arange(32)).any()


def precipitation(report: str) -> dict[str, float]:
    """Subcatchment -> mm of SWMM's own summary."""
    table = report.split("Subcatchment Runoff Summary")[1].split("Node Depth Summary")[0]
    return {m[1]: float(m[2]) for m in re.finditer(r"^  (\S+) +(\d+\.\d\d) ", table, re.MULTILINE)}


def test_swmm_counts_for_each_subcatchment_what_the_weather_says(sewer, build, tmp_path):
    """30 min at z + 1 mm/min in zone z, then dry: 30 (z + 1) mm, to the two decimals of SWMM's report."""
    setup = setup_for(tmp_path, 3600.0, linked=("rain",), sewer=sewer.path)
    setup.sources = {"rain": ZONES}
    model = build(setup)
    assert next(p for p in model.ports if p.name == "rain").at == "rain_zone"
    assert model.places["rain_zone"] == ZONES

    def rain(now_us: int) -> None:
        model.put("rain", 60.0 * (np.arange(6) + 1.0) * (now_us < 1800e6))

    run(model, 3600.0, each=rain)
    model.close()
    found = precipitation(model.swmm.report.read_text())
    assert found == {"S1": 30.0, "S2": 30.0, "S3": 180.0, "S4": 30.0}


def test_districts_take_their_rain_each(sewer, tmp_path):
    other = tmp_path / "east.inp"
    other.write_text("\n".join(sewer.lines))
    config = DrainageConfig.model_validate({"sewer": {"west": sewer.path, "east": other}})
    parts = {name: SewerFile.read(path) for name, path in config.sewers.items()}
    assert sewer_of(config) is not None
    found = fed(plans_of(parts, ZONES, "auto"))
    assert found["west/twin~r1c2"] == found["east/twin~r1c2"] == 5
    assert plans_of(parts, City(), "auto") == {}


def test_the_surface_gets_each_zones_rain_and_counts_it(build, tmp_path):
    """A level terrain of 6 x 4 cells of 50 m: zone z gets (z + 1) mm/min for 20 min. Volumes by zone
    to 1e-12: nothing flows between zones that is not counted, so the sum is the test, and the model's own account."""
    terrain = write_asc(tmp_path / "t.asc", np.zeros((4, 6)), 50.0)
    setup = setup_for(tmp_path, 1200.0, linked=("rain",), terrain=terrain)
    setup.sources = {"rain": ZONES}
    model = build(setup)
    run(model, 60.0, each=lambda _: model.put("rain", 60.0 * (np.arange(6) + 1.0)))
    depth = model.take("depth").reshape(4, 6)
    assert depth[0, 0] < depth[0, 2] < depth[0, 4] < depth[2, 5]
    run(model, 1200.0, each=lambda _: model.put("rain", 60.0 * (np.arange(6) + 1.0)))
    expected = 20 * sum((z + 1) * 1e-3 for z in range(6)) * 100.0 * 100.0
    assert model.surface.volume() == pytest.approx(expected, rel=1e-12)
    assert model.surface.account()["rain"] == pytest.approx(expected, rel=1e-12)
    assert model.rain.volume_m3(model.surface.cell_area) == pytest.approx(expected, rel=1e-12)
