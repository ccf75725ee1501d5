"""Gauges are read from what planners have, and see what stands at their cell."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from drainage.gauges import GaugeError, Gauges, read_gauges
from drainage.surface import make_surface
from twin.places import Grid

GRID = Grid(0.0, 0.0, 5.0, 8, 6)


def test_csv_and_geojson_give_the_same_points(tmp_path: Path) -> None:
    csv, geo = tmp_path / "g.csv", tmp_path / "g.geojson"
    csv.write_text("ID,X,Y\n1,12.5,2.5\nbridge,30,20\n")
    points = [
        {"type": "Feature", "properties": {"id": 1}, "geometry": {"type": "Point", "coordinates": [12.5, 2.5]}},
        {"type": "Feature", "properties": {"name": "bridge"}, "geometry": {"type": "Point", "coordinates": [30, 20]}},
    ]
    geo.write_text(json.dumps({"type": "FeatureCollection", "features": points}))
    for found in (read_gauges(csv), read_gauges(geo)):
        assert found.ids == ("1", "bridge")
        assert np.array_equal(found.xy, [[12.5, 2.5], [30.0, 20.0]])


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a,b\n1,2\n", 1, "needs a header with the columns `id`, `x`, `y`"),
        ("id,x,y\nA,1,2\nA,3,4\n", 3, "stands there twice"),
        ("id,x,y\nA,1,east\n", 2, "has no two coordinates"),
        ("id,x,y\nA,1,nan\n", 2, "no finite coordinates"),
        ("id,x,y\n", 0, "names no gauges"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = tmp_path / "g.csv"
    path.write_text(text)
    with pytest.raises(GaugeError, match=words) as found:
        read_gauges(path)
    assert found.value.line == line


def test_a_gauge_outside_is_named(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_text("id,x,y\nA,1,2\nB,41,2\n")
    with pytest.raises(GaugeError, match=r"the gauge 'B' \(x 41, y 2\) lies outside the terrain"):
        Gauges.on(make_surface(GRID, np.zeros((6, 8)), 0.03), path)


def test_gauges_see_depth_level_and_speed(tmp_path: Path) -> None:
    """0.5 m of water over ground at 2 m; the one in a closed cell reads the nearest open one."""
    path = tmp_path / "g.csv"
    path.write_text("id,x,y\nA,2,2\nB,22,12\n")
    z = np.full((6, 8), 2.0)
    z[2, 4] = np.nan
    surface = make_surface(GRID, z, 0.03)
    surface.fill(np.full(z.shape, 0.5))
    surface.water.qx[:] = 0.2
    gauges = Gauges.on(surface, path)
    assert gauges.cells[1] != 2 * 8 + 4
    assert gauges.read(surface, "depth") == pytest.approx([0.5, 0.5])
    assert gauges.read(surface, "level") == pytest.approx([2.5, 2.5])
    assert gauges.read(surface, "speed") == pytest.approx([0.4, 0.4])
