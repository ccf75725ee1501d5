"""The land that drains to each node: Voronoi cells along the mains, or the parcels of a layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from drainage.importing.log import Log
from drainage.importing.mains import Main, features_of, to_system
from drainage.importing.topology import Nodes

FLOW_PATH_M = 50.0
"""Length over which runoff runs to its gutter; a subcatchment's width is its area over this."""
LEAST_M2 = 10.0


@dataclass(frozen=True)
class Land:
    """A subcatchment: the node that it drains to, its area in m2, and its outline where it has one."""

    node: int
    area_m2: float
    outline: tuple[tuple[float, float], ...] = ()

    @property
    def width_m(self) -> float:
        return max(self.area_m2 / FLOW_PATH_M, 1.0)


def voronoi_land(mains: list[Main], nodes: Nodes, reach_m: float, log: Log) -> list[Land]:
    """The part of each node's Voronoi cell that lies within `reach_m` of a main."""
    import shapely

    near = shapely.unary_union([shapely.LineString(m.line).buffer(reach_m, quad_segs=2) for m in mains])
    used = sorted({k for m in mains for k in m.ends})
    points = shapely.MultiPoint(nodes.xy[used])
    cells = list(shapely.voronoi_polygons(points, extend_to=near.envelope).geoms)
    tree = shapely.STRtree(cells)
    found = []
    for k in used:
        spot = shapely.Point(nodes.xy[k])
        own = [int(c) for c in tree.query(spot) if cells[int(c)].covers(spot)]
        cell = cells[own[0]].intersection(near) if own else None
        if cell is None or cell.area < LEAST_M2:
            log.note("no subcatchment: its share of the land is below 10 m2", nodes.ids[k])
            continue
        outer = max(getattr(cell, "geoms", [cell]), key=lambda part: part.area)
        found.append(Land(k, float(cell.area), tuple((x, y) for x, y, *_ in outer.exterior.coords)))
    return found


def parcel_land(path: Path, crs: str, mains: list[Main], nodes: Nodes, log: Log) -> list[Land]:
    """Each parcel of a GeoJSON layer drains to the node nearest to its middle; those of a node are one subcatchment."""
    import shapely
    from scipy.spatial import cKDTree

    used = np.array(sorted({k for m in mains for k in m.ends}))
    tree = cKDTree(nodes.xy[used])
    areas: dict[int, float] = {}
    for place, feature in enumerate(features_of(path, ("Polygon", "MultiPolygon")), 1):
        shape: Any = shapely.geometry.shape(feature["geometry"])
        shape = shapely.transform(shape, to_system(crs, shapely.get_coordinates(shape)))
        if not shape.is_valid:
            shape = shapely.make_valid(shape)
            log.note("parcel whose outline crosses itself: mended", str(place))
        if shape.area < LEAST_M2:
            continue
        _, near = tree.query(np.array(shape.centroid.coords)[0])
        node = int(used[int(near)])
        areas[node] = areas.get(node, 0.0) + float(shape.area)
    return [Land(node, areas[node]) for node in sorted(areas)]
