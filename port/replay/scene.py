"""What stands still in a terminal, as plain JSON: a replay needs it long after the engine is gone.

Coordinates are the scenario's, in m; `m` is the way along a lane from its first point. Vehicles and machines have the
numbers of `port.codes`, places those of `port.plan`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from port.radio.coverage import BAY_M, BOX_WIDTH_M, LANE_SIDE_M

if TYPE_CHECKING:
    from port.control import Engine

Scene = dict[str, Any]


def scene_of(engine: Engine) -> Scene:
    """Lanes, places, machines, ships and the names of all trucks of a run."""
    plan, site, terminal = engine.plan, engine.site, engine.terminal
    assert not isinstance(terminal.berths, int)
    fleet = plan.fleet_size
    lengths = {(c.vessel, c.berth): c.length for c in terminal.calls} if isinstance(terminal.calls, tuple) else {}
    return {
        "terminal": terminal.name,
        "lanes": [
            {"id": lane.id, "line": shape.tolist(), "oneway": lane.oneway, "limit_mps": lane.limit, "for": lane.trucks}
            for lane, shape in zip(terminal.lanes, site.shapes, strict=True)
        ],
        "places": [
            {"id": name, "lane": int(lane), "m": int(mm) / 1000}
            for name, lane, mm in zip(plan.place_names, plan.place_lane, plan.place_mm, strict=True)
        ],
        "berths": [{"id": b.id, "line": [list(p) for p in b.line]} for b in terminal.berths],
        "cranes": [{"id": c.id, "berth": c.berth, "at": list(c.xy)} for c in site.cranes],
        "blocks": [_block(engine, k) for k in range(plan.n_blocks)],
        "gantries": [
            {"id": name, "block": int(block)} for name, block in zip(plan.gantry_ids, plan.gantry_block, strict=True)
        ],
        "gate": {"at": list(site.gate_xy), "lanes_in": terminal.gate.lanes_in, "lanes_out": terminal.gate.lanes_out},
        "stations": [{"id": s.id, "at": list(s.at)} for s in terminal.stations],
        "vessels": [
            {
                "name": v.name,
                "berth": v.berth,
                "at_s": v.at_us / 1e6,
                "boxes": v.total,
                "length_m": lengths.get((v.name, site.berth_ids[v.berth])),
            }
            for v in engine.calls
        ],
        "trucks": [plan.vehicle_name(i) for i in range(fleet)],
        "road_trucks": [v.id for v in engine.world.visitors],
        "vehicle_m": terminal.roads.vehicle,
        "radio": _radio(engine),
    }


def _radio(engine: Engine) -> dict[str, float] | None:
    """What reception over the ground depends on, besides the units; None for a terminal without radio."""
    spec = engine.terminal.radio
    if spec is None:
        return None
    return {"fill": spec.fill, "unit_m": spec.height, "interference_db": spec.interference_db}


def _block(engine: Engine, number: int) -> dict[str, Any]:
    """A block as a rectangle to the right of its lane: middle, direction, half its length and width (m)."""
    spec = engine.terminal.blocks[number]
    lane, _ = engine.site.block_spots[number]
    shape = engine.site.shapes[lane]
    first, last = shape[0], shape[-1]
    length = float(np.hypot(*(last - first)))
    ahead = (last - first) / max(length, 1e-9)
    right = np.array([ahead[1], -ahead[0]])
    half, wide = min(spec.bays * BAY_M, length) / 2, spec.rows * BOX_WIDTH_M / 2
    middle = (first + last) / 2 + right * (LANE_SIDE_M + wide)
    return {
        "id": spec.id,
        "middle": middle.tolist(),
        "ahead": ahead.tolist(),
        "half_m": half,
        "wide_m": wide,
        "tiers": spec.tiers,
        "capacity": int(engine.plan.capacity[number]),
    }
