"""Layouts drawn in a GIS: the same terminal as the file with coordinates, and every mistake with its line."""

from __future__ import annotations

import json

import pytest

from port.reading import load_terminal, read_terminal
from tests.port.sites import DRAWN, terminal

YAML = "name: drawn\nlayout: site.geojson\nfleet: {trucks: 12}\nroad_trucks: {per_day: 600}\ncalls: []\n"


def feature(part: str, shape: str, coordinates: list, **properties) -> dict:
    geometry = {"type": shape, "coordinates": coordinates}
    return {"type": "Feature", "properties": {"part": part, **properties}, "geometry": geometry}


def drawing() -> list[dict]:
    """The terminal of the tests as features."""
    found = [feature("berth", "LineString", b["line"], id=b["id"], cranes=b["cranes"]) for b in DRAWN["berths"]]
    found += [
        feature("lane", "LineString", lane["line"], **{k: v for k, v in lane.items() if k != "line"})
        for lane in DRAWN["lanes"]
    ]
    for k, block in enumerate(DRAWN["blocks"]):
        x = 80 + 160 * k
        ring = [[x + 4, 70], [x + 24, 70], [x + 24, 260], [x + 4, 260]]
        found.append(feature("block", "Polygon", [ring], id=block["id"], bays=15, gantries=2, fid=k))
    found.append(feature("gate", "Point", [160, 0], lanes_in=2, lanes_out=2))
    return found


def written(folder, features: list[dict], text: str = YAML, **members):
    (folder / "terminal.yaml").write_text(text, encoding="utf-8")
    content = {"type": "FeatureCollection", "features": features, **members}
    (folder / "site.geojson").write_text(json.dumps(content, indent=1), encoding="utf-8")
    return folder / "terminal.yaml"


def test_a_drawing_is_the_terminal_of_the_long_form(tmp_path):
    """Berths, lanes, blocks and the gate are those of the file with coordinates; blocks found their lanes."""
    made = load_terminal(written(tmp_path, drawing()))
    given = terminal(calls=[])
    for key in ("berths", "lanes", "blocks", "gate", "fleet"):
        assert getattr(made, key) == getattr(given, key), key


def test_crane_points_stand_where_they_are_drawn(tmp_path):
    """Three points, one with its berth named: two at B1 (the nearest) and one at B2; B2's number 2 is replaced."""
    points = [
        feature("crane", "Point", [20, 301]),
        feature("crane", "Point", [60, 301]),
        feature("crane", "Point", [161, 300], berth="B2"),
        feature("station", "Point", [80, 62], id=7, kind="charge"),
    ]
    made = load_terminal(written(tmp_path, [*drawing(), *points]))
    assert [b.crane_points for b in made.berths] == [((20, 301), (60, 301)), ((161, 300),)]
    assert [b.cranes for b in made.berths] == [2, 1]
    assert [(s.id, s.kind) for s in made.stations] == [("7", "charge")]


def changed(k: int, **properties) -> list[dict]:
    features = drawing()
    features[k]["properties"] |= properties
    return features


def reshaped(k: int, coordinates: list, shape: str | None = None) -> list[dict]:
    features = drawing()
    features[k]["geometry"]["coordinates"] = coordinates
    features[k]["geometry"]["type"] = shape or features[k]["geometry"]["type"]
    return features


DEGREES = [
    feature("berth", "LineString", [[121.2, 31.6], [121.21, 31.6]], id="B"),
    feature("lane", "LineString", [[121.2, 31.59], [121.21, 31.59]], id="L"),
    feature("block", "Point", [121.2, 31.59], id="Y"),
]


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (changed(0, part="birth"), "part: there is no part 'birth' of a terminal. Did you mean 'berth'?"),
        (reshaped(2, [160, 0], "Point"), "a lane is drawn as LineString, not as Point"),
        (reshaped(2, [[160, 0]]), "lanes[0].line: "),
        (reshaped(2, [[160, "x"], [160, 60]]), "coordinates: a LineString needs points [x, y]"),
        (changed(2, limit=20), "lanes[0].limit: 20 has no unit"),
        (changed(2, onway=True), "unknown key 'onway'. Did you mean 'oneway'?"),
        (changed(10, lane="Y99"), "blocks[0].lane: there is no lane 'Y99'."),
        (drawing()[2:], "no feature has the property `part: berth`"),
        ([*drawing(), feature("gate", "Point", [0, 0])], "a terminal has one gate"),
        ([*drawing(), feature("crane", "Point", [0, 500])], "this crane stands 200 m from the edge of berth B1"),
        (
            [*drawing(), feature("crane", "Point", [0, 300], berth="B7")],
            "berth: there is no berth 'B7'. There are B1, B2.",
        ),
        ([*drawing(), {"type": "Feature", "properties": {"part": "gate"}}], "a feature of a layout needs `geometry`"),
        (DEGREES, "less than 1 m wide, so these are degrees"),
    ],
)
def test_a_mistake_in_a_drawing_has_its_line(tmp_path, features, message):
    made, problems = read_terminal(written(tmp_path, features))
    assert made is None
    lines = [f"{p.where}  {p.text}" for p in problems]
    assert any(message in line for line in lines), lines
    assert all("site.geojson:" in line for line in lines)


def test_a_drawing_that_is_not_there_or_given_twice_is_named(tmp_path):
    path = written(tmp_path, drawing(), YAML.replace("site.geojson", "sight.geojson"))
    assert "there is no file 'sight.geojson'. Did you mean 'site.geojson'?" in read_terminal(path)[1][0].text
    path = written(tmp_path, drawing(), YAML + "lanes: []\n")
    assert "'lanes' are drawn in site.geojson" in read_terminal(path)[1][0].text
    (tmp_path / "site.geojson").write_text("[1, 2]", encoding="utf-8")
    path.write_text(YAML, encoding="utf-8")
    assert "is no GeoJSON FeatureCollection" in read_terminal(path)[1][0].text
    (tmp_path / "site.geojson").write_text("{", encoding="utf-8")
    assert "is not GeoJSON" in read_terminal(path)[1][0].text
