"""Bad input of a surface without sewers: named, located, with a way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from drainage.check import check
from tests.drainage.cases import LINE, setup_for, street, write_asc
from twin.scenario.problems import Problem


def problems(folder: Path, **keys: Any) -> list[Problem]:
    if "terrain" not in keys:
        keys["terrain"] = write_asc(folder / "ground.asc", np.zeros((6, 8)), 5.0)
    return check(setup_for(folder, 3600, **keys))


def series(folder: Path, text: str) -> Path:
    path = folder / "flow.csv"
    path.write_text("time min,flow m3/s\n" + text)
    return path


def test_a_good_surface_has_no_problems(tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_text("id,x,y\nA,12,12\n")
    inflows = [{"at": [20, 15], "series": series(tmp_path, "0,1\n30,0\n")}]
    assert problems(tmp_path, inflows=inflows, gauges=tmp_path / "g.csv",
                    boundaries=[{"side": "east", "kind": "open"}]) == []  # fmt: skip


def test_a_gauge_outside_is_named_with_the_terrains_reach(tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_text("id,x,y\nA,12,12\nB,390123,5800456\n")
    (found,) = problems(tmp_path, gauges=tmp_path / "g.csv")
    assert found.path == ("drainage", "gauges")
    assert "the gauge 'B' (x 390123, y 5800456) lies outside the terrain (x 0 to 40, y 0 to 30)" in found.text


def test_an_inflow_outside_is_named_by_its_place_in_the_list(tmp_path: Path) -> None:
    (found,) = problems(
        tmp_path, inflows=[{"at": [1, 1], "flow": "1 m3/s"}, {"line": [[1, 1], [99, 1]], "flow": "1 m3/s"}]
    )
    assert found.path == ("drainage", "inflows", 1)
    assert "lies outside the terrain" in found.text


def test_a_gap_in_a_hydrograph_carries_file_and_line(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, inflows=[{"side": "west", "series": series(tmp_path, "0,1\n10,nan\n20,2\n")}])
    assert found.path == ("drainage", "inflows", 0, "series")
    assert found.where == "flow.csv:3"
    assert "a gap" in found.text


def test_a_negative_flow_is_refused(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, inflows=[{"side": "west", "series": series(tmp_path, "0,1\n10,-3\n")}])
    assert "-3 is less than 0" in found.text


def test_a_hydrograph_that_stops_early_is_told(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, inflows=[{"side": "west", "series": series(tmp_path, "0,1\n10,3\n")}])
    assert found.warn
    assert "ends 10 min after the start with 3 m3/s" in found.text


def test_an_inflow_onto_a_building_is_told(tmp_path: Path) -> None:
    z = np.zeros((6, 8))
    z[2:4, 3:5] = np.nan
    found = problems(
        tmp_path, terrain=write_asc(tmp_path / "d.asc", z, 5.0), inflows=[{"at": [17, 12], "flow": "1 m3/s"}]
    )
    assert all(p.warn for p in found)
    assert any("flows onto closed ground at x 17.5, y 12.5" in p.text for p in found)
    assert any("1 holes without heights (4 cells" in p.text for p in found)


def test_a_raster_elsewhere_is_refused(tmp_path: Path) -> None:
    away = write_asc(tmp_path / "n.asc", np.full((3, 3), 0.05), 5.0, 9e5, 9e5)
    (found,) = problems(tmp_path, manning_raster=away)
    assert found.path == ("drainage", "manning_raster")
    assert "does not overlap the terrain" in found.text


def test_an_unknown_class_and_a_bad_table_are_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("class,manning\n1,0.02\n")
    raster = write_asc(tmp_path / "use.asc", np.array([[1.0] * 8, [5.0] * 8] * 3), 5.0)
    (found,) = problems(tmp_path, landuse={"raster": raster, "table": tmp_path / "t.csv"})
    assert found.warn
    assert "classes that t.csv does not know (5)" in found.text
    (tmp_path / "t.csv").write_text("class,manning\n1,rough\n")
    (found,) = problems(tmp_path, landuse={"raster": raster, "table": tmp_path / "t.csv"})
    assert found.where == "t.csv:2"


def test_undeclared_no_data_and_feet_are_refused(tmp_path: Path) -> None:
    z = np.zeros((6, 8))
    z[0, 0] = -32767.0
    (found,) = problems(tmp_path, terrain=write_asc(tmp_path / "d.asc", z, 5.0))
    assert "declare it" in found.text
    (tmp_path / "s.inp").write_text(LINE)
    feet = write_asc(tmp_path / "ft.asc", street() / 0.3048, 2.0)
    error = next(p for p in problems(tmp_path, terrain=feet, sewer=tmp_path / "s.inp") if not p.warn)
    assert "it seems that the terrain is in feet. Turn both into metres" in error.text
