"""A terminal's layout drawn in a GIS: features of a GeoJSON file as berths, cranes, blocks, lanes, gate and stations.

JSON is YAML too, so the file is read by the reader of scenario files, and every mistake has its line and column.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twin.scenario.problems import ScenarioError, suggest
from twin.scenario.source import Node, read

SHAPES = {
    "berth": ("LineString",),
    "lane": ("LineString",),
    "crane": ("Point",),
    "gate": ("Point",),
    "station": ("Point",),
    "block": ("Polygon", "Point", "LineString"),
}
"""Values of the property `part`, and the geometries that each may have."""
IGNORED = ("part", "fid", "layer", "path")
"""Properties that are not handed on: the first says what a feature is, GIS programs write the others."""
MADE = ("berths", "lanes", "blocks")


def is_file(layout: Node | None) -> bool:
    """Whether the key `layout` names a file."""
    return layout is not None and isinstance(layout.value, str)


def with_drawing(root: Node, folder: Path) -> Node:
    """The terminal's tree with the features of the file that `layout` names in the place of that key.

    ScenarioError with file:line:column when the file cannot be used.
    """
    layout = root.value["layout"]
    path = (folder / layout.value).resolve()
    if not path.is_file():
        known = sorted(p.name for p in folder.glob("*.*json"))
        raise ScenarioError(
            [f"{layout.place}  layout: there is no file '{layout.value}'.{suggest(layout.value, known)}"]
        )
    for key in MADE:
        if key in root.value:
            text = f"'{key}' are drawn in {path.name}: take the key out, or the layout"
            raise ScenarioError([f"{root.value[key].head}  {key}: {text}"])
    try:
        features = read(path, path.name)
    except ScenarioError as error:
        raise ScenarioError([line.replace("is not YAML", "is not GeoJSON") for line in error.lines]) from None
    drawn = _Drawing(features)
    made = {key: node for key, node in root.value.items() if key != "layout"} | drawn.lists()
    stations = root.value.get("stations")
    if stations is not None and isinstance(stations.value, list):
        made["stations"] = _like(stations, [*stations.value, *drawn.parts["station"]])
    if drawn.parts["gate"]:
        own = root.value.get("gate")
        values = dict(own.value) if own is not None and isinstance(own.value, dict) else {}
        made["gate"] = _like(own or layout, {**drawn.parts["gate"][0].value, **values})
    return Node(made, root.place, root.folder, root.key)


def _like(node: Node, value: Any) -> Node:
    return Node(value, node.place, node.folder, node.key)


class _Drawing:
    """The features by what they are, each as the tree of one entry of the terminal's file."""

    def __init__(self, root: Node) -> None:
        self.parts: dict[str, list[Node]] = {part: [] for part in SHAPES}
        features = root.value.get("features") if isinstance(root.value, dict) else None
        if features is None or not isinstance(features.value, list):
            raise ScenarioError([f"{root.place}  is no GeoJSON FeatureCollection: it needs a list `features`"])
        for feature in features.value:
            part, entry = self._entry(feature)
            self.parts[part].append(entry)
        for part in ("berth", "lane", "block"):
            if not self.parts[part]:
                text = f"no feature has the property `part: {part}`: a layout needs berths, lanes and blocks"
                raise ScenarioError([f"{features.place}  features: {text}"])
        if len(self.parts["gate"]) > 1:
            text = "a terminal has one gate; give it more lanes (`lanes_in`, `lanes_out`)"
            raise ScenarioError([f"{self.parts['gate'][1].place}  {text}"])
        self._refuse_degrees(features)
        self._cranes_to_berths()
        self._lanes_to_blocks()

    def _refuse_degrees(self, features: Node) -> None:
        """No terminal is smaller than a metre, and none is as wide as a degree."""
        points = [_xy(p) for part in ("berth", "lane") for entry in self.parts[part] for p in entry.value["line"].value]
        wide, high = (max(c) - min(c) for c in zip(*points, strict=True))
        if max(wide, high) < 1.0:
            text = "the drawing is less than 1 m wide, so these are degrees: save it in the scenario's projected system"
            raise ScenarioError([f"{features.place}  features: {text} (metres)"])

    def lists(self) -> dict[str, Node]:
        """Lists of entries by the keys of the terminal's file."""
        keys = {"berth": "berths", "lane": "lanes", "block": "blocks", "station": "stations"}
        return {key: _like(self.parts[part][0], self.parts[part]) for part, key in keys.items() if self.parts[part]}

    def _entry(self, feature: Node) -> tuple[str, Node]:
        properties, geometry = (_child(feature, key) for key in ("properties", "geometry"))
        part = _child(properties, "part")
        if part.value not in SHAPES:
            hint = suggest(str(part.value), list(SHAPES)) or f" There are {', '.join(SHAPES)}."
            raise ScenarioError([f"{part.place}  part: there is no part '{part.value}' of a terminal.{hint}"])
        shape = _child(geometry, "type")
        if shape.value not in SHAPES[part.value]:
            wanted = " or ".join(SHAPES[part.value])
            raise ScenarioError([f"{shape.place}  a {part.value} is drawn as {wanted}, not as {shape.value}"])
        values = {
            key: _text(node) if key in ("id", "lane", "berth") else node
            for key, node in properties.value.items()
            if key not in IGNORED and node.value is not None
        }
        place = _points(_child(geometry, "coordinates"), shape.value)
        if part.value in ("berth", "lane"):
            values["line"] = place
        elif part.value == "block":
            values["at"] = _centre(place)
        else:
            values["at"] = place.value[0]
        return part.value, _like(feature, values)

    def _cranes_to_berths(self) -> None:
        """Crane points go to the berth that they name, or to the nearest; a berth without any keeps its number."""
        berths = self.parts["berth"]
        held: dict[int, list[Node]] = {}
        for crane in self.parts["crane"]:
            named = crane.value.get("berth")
            if named is None:
                k = _nearest(crane.value["at"], [b.value["line"] for b in berths])
            else:
                ids = [str(b.value["id"].value) if "id" in b.value else "" for b in berths]
                if named.value not in ids:
                    hint = suggest(named.value, ids) or f" There are {', '.join(ids)}."
                    raise ScenarioError([f"{named.place}  berth: there is no berth '{named.value}'.{hint}"])
                k = ids.index(named.value)
            held.setdefault(k, []).append(crane.value["at"])
        for k, points in held.items():
            berths[k].value["cranes"] = _like(points[0], len(points))
            berths[k].value["crane_points"] = _like(points[0], points)

    def _lanes_to_blocks(self) -> None:
        """A block that names no lane is served in the one nearest to its middle."""
        lanes = self.parts["lane"]
        for block in self.parts["block"]:
            at = block.value.pop("at")
            if "lane" not in block.value:
                near = lanes[_nearest(at, [lane.value["line"] for lane in lanes])]
                if "id" in near.value:
                    block.value["lane"] = _like(block, near.value["id"].value)


def _child(node: Node, key: str) -> Node:
    found = node.value.get(key) if isinstance(node.value, dict) else None
    if found is None or found.value is None:
        raise ScenarioError([f"{node.place}  a feature of a layout needs `{key}`"])
    return found


def _text(node: Node) -> Node:
    """Ids may be numbers in a GIS."""
    return _like(node, str(node.value)) if isinstance(node.value, int) else node


def _points(coordinates: Node, shape: str) -> Node:
    """The points of a geometry, [x, y] each; a polygon's outer ring."""
    node = coordinates
    if shape == "Polygon" and isinstance(node.value, list) and node.value:
        node = node.value[0]
    points = [node] if shape == "Point" else node.value
    if not isinstance(points, list) or not all(_is_point(p) for p in points) or not points:
        raise ScenarioError([f"{node.place}  coordinates: a {shape} needs points [x, y]"])
    made = [_like(p, p.value[:2]) for p in points]
    return _like(node, made)


def _is_point(node: Node) -> bool:
    return (
        isinstance(node.value, list)
        and len(node.value) >= 2
        and all(isinstance(c.value, (int, float)) and math.isfinite(c.value) for c in node.value[:2])
    )


def _centre(points: Node) -> Node:
    n = len(points.value)
    at = [sum(p.value[k].value for p in points.value) / n for k in (0, 1)]
    return _like(points, [_like(points, c) for c in at])


def _xy(point: Node) -> tuple[float, float]:
    return float(point.value[0].value), float(point.value[1].value)


def _nearest(at: Node, lines: list[Node]) -> int:
    """The line that is nearest to a point; the first of equals."""
    x, y = _xy(at)
    return min(range(len(lines)), key=lambda k: min(_away(x, y, a, b) for a, b in _pieces(lines[k])))


def _pieces(line: Node) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    points = [_xy(p) for p in line.value]
    yield from zip(points[:-1] or points, points[1:] or points, strict=True)


def _away(x: float, y: float, a: tuple[float, float], b: tuple[float, float]) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    length2 = dx * dx + dy * dy
    f = 0.0 if length2 == 0.0 else min(1.0, max(0.0, ((x - a[0]) * dx + (y - a[1]) * dy) / length2))
    return math.hypot(x - a[0] - f * dx, y - a[1] - f * dy)
