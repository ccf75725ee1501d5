"""A terminal as GeoJSON features, which `layout: FILE.geojson` reads again: a start for one's own drawing."""

from __future__ import annotations

from typing import Any

import numpy as np

from port.network import Site
from port.radio.coverage import make_scene
from port.terminal import Terminal


def features(terminal: Terminal) -> list[dict[str, Any]]:
    """Berths, cranes, lanes, blocks (their stacks' outline), gate and stations of a completed terminal.

    Only what differs from the format's defaults is written, in its units.
    """
    assert not isinstance(terminal.berths, int)
    site = Site.of(terminal)
    found = [_feature("berth", "LineString", b.line, id=b.id, cranes=b.cranes) for b in terminal.berths]
    for crane in site.cranes:
        if terminal.berths[crane.berth].crane_points:
            found.append(_feature("crane", "Point", crane.xy, berth=site.berth_ids[crane.berth]))
    for lane in terminal.lanes:
        limit = f"{lane.limit * 3.6:.6g} km/h"
        more: dict[str, Any] = {"oneway": True} if lane.oneway else {}
        more |= {"trucks": lane.trucks} if lane.trucks != "all" else {}
        found.append(_feature("lane", "LineString", lane.line, id=lane.id, limit=limit, **more))
    outlines = block_outlines(terminal, site)
    for block, outline in zip(terminal.blocks, outlines, strict=True):
        ring = [*outline.tolist(), outline[0].tolist()]
        found.append(_feature("block", "Polygon", [ring], **block.model_dump()))
    gate = terminal.gate
    found.append(_feature("gate", "Point", site.gate_xy, lanes_in=gate.lanes_in, lanes_out=gate.lanes_out))
    for s in terminal.stations:
        found.append(_feature("station", "Point", s.at, id=s.id, bays=s.bays, kind=s.kind, power_kw=s.power_kw))
    return found


def block_outlines(terminal: Terminal, site: Site) -> np.ndarray:
    """(n_blocks, 4, 2) corners of the stacks beside their lanes, m."""
    stacks = make_scene(terminal, site).stacks
    middle, ahead, half, wide = stacks[:, :2], stacks[:, 2:4], stacks[:, 4:5], stacks[:, 5:6]
    right = np.stack([ahead[:, 1], -ahead[:, 0]], axis=1)
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return np.stack([middle + a * half * ahead + b * wide * right for a, b in signs], axis=1).round(3)


def _feature(part: str, shape: str, coordinates: Any, **properties: Any) -> dict[str, Any]:
    geometry = {"type": shape, "coordinates": coordinates}
    return {"type": "Feature", "properties": {"part": part, **properties}, "geometry": geometry}
