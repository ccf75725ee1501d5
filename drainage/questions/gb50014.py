"""The waterlogging test of GB 50014 on a scenario's city: dry ground floors, one free lane, drained in time.

Three questions after a design storm, each with its table: is there water at a building's walls above its sill; does
every street keep one lane with 15 cm or less (`drainage.questions.lanes` says the rule); is every street back under
15 cm within the limit of its area's class, counted from the end of the rain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from drainage.exposure import depth_at
from drainage.metrics_surface import kept, lines_by_name
from drainage.questions.lanes import best_strip, cuts_of
from drainage.questions.standards import CITY_SIZES, DRAIN_DOWN, LANE_M, LANE_WIDTH_M, SOURCE
from drainage.terrain import features
from twin.places import FloatArray, Lines

if TYPE_CHECKING:
    from drainage.model import DrainageModel
    from drainage.questions.storm_run import DesignStorm

WET_M = 0.01


@dataclass(frozen=True)
class Rules:
    """What is tested against. `kind`: class of what lies in no area; `loose` takes the loose end of a limit."""

    city_size: str = "medium"
    sill_m: float = LANE_M
    kind: str = "other"
    loose: bool = True
    default_lanes: int = 2


@dataclass(frozen=True)
class Answer:
    """The verdict: figures with stable keys, a row for each street and each wet building, and what a map needs."""

    summary: dict[str, Any]
    streets: list[dict[str, Any]]
    buildings: list[dict[str, Any]]
    lines: Lines
    by_line: list[dict[str, Any]]
    spots: list[tuple[float, float]]
    depth: FloatArray
    grid: Any
    title: str


def lanes_of(path: Any, lines: Lines, default: int) -> list[tuple[int, float]]:
    """Lanes and their width, m, of each line: from `lanes` and `width` of the GeoJSON, else `default` lanes."""
    found: list[tuple[int, float]] = []
    for feature in features(path):
        known = feature.get("properties") or {}
        kind = feature["geometry"]["type"]
        parts = (
            1 if kind == "LineString" else len(feature["geometry"]["coordinates"]) if kind == "MultiLineString" else 0
        )
        width = _number(known.get("width"))
        given = _number(known.get("lanes"))
        lanes = max(int(given), 1) if given else max(round(width / LANE_WIDTH_M), 1) if width else default
        found += [(lanes, width / lanes if width else LANE_WIDTH_M)] * parts
    return found if len(found) == lines.size else [(default, LANE_WIDTH_M)] * lines.size


def _number(value: Any) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        return 0.0
    return found if 0 < found < 1000 else 0.0


def judge(model: DrainageModel, storm: DesignStorm, rules: Rules, title: str) -> Answer:
    """Hold the run's end against the rules."""
    assert model.surface is not None
    hmax, _, over = kept(model)
    usable = model.surface.open.ravel()
    lines = model.places.get("street")
    lines = lines if isinstance(lines, Lines) else Lines((), ())
    rain_end_s = storm.duration_h * 3600.0
    by_line, streets = _streets(model, lines, hmax, over[0], usable, rules, rain_end_s)
    depth = depth_at(model.exposed, hmax)
    wet = [(b, float(d)) for b, d in zip(model.exposed, depth, strict=True) if d > WET_M]
    buildings: list[dict[str, Any]] = [
        {
            "id": b.id,
            "depth_m": round(d, 3),
            "sill_m": rules.sill_m,
            "people": round(b.people, 1),
            "dry": d <= rules.sill_m,
        }
        for b, d in sorted(wet, key=lambda pair: (-pair[1], pair[0].id))
    ]
    spots = [b.xy for b, d in sorted(wet, key=lambda pair: (-pair[1], pair[0].id))]
    size = CITY_SIZES[rules.city_size]
    no_lane = [s for s in streets if not s["lane"]]
    late = [s for s in streets if not s["drained"]]
    flooded = [b for b in buildings if not b["dry"]]
    tested = {
        "ground_floors_dry": not flooded if model.exposed else None,
        "one_lane_free": not no_lane if lines.size else None,
        "drained_in_time": not late if lines.size else None,
    }
    summary = {
        "standard": SOURCE,
        "return_period_a": storm.return_period_a,
        "required_a": list(size.waterlogging_a),
        "city_size": size.words,
        "storm_is_enough": storm.return_period_a >= size.waterlogging_a[0],
        "passed": all(v is not False for v in tested.values()) and any(v is not None for v in tested.values()),
        **tested,
        "streets": len(lines_by_name(lines.names)),
        "streets_without_lane": len(no_lane),
        "streets_drained_late": len(late),
        "buildings": sum(b.is_building for b in model.exposed),
        "buildings_wet": len(flooded),
        "people_wet": float(sum(b["people"] for b in flooded)),
        "flooded_area_15cm_ha": max(model.gathered.area_15, default=0.0),
        "worst_streets": [s["street"] for s in no_lane[:10]],
    }
    return Answer(
        summary, streets, buildings, lines, by_line, spots,
        hmax.reshape(model.surface.grid.ny, model.surface.grid.nx), model.surface.grid, title,
    )  # fmt: skip


def _streets(
    model: DrainageModel,
    lines: Lines,
    hmax: FloatArray,
    over_s: FloatArray,
    usable: Any,
    rules: Rules,
    rain_end_s: float,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(a row for each line, a row for each street by name), the worst first."""
    if not lines.size:
        return [], []
    assert model.surface is not None
    lanes = lanes_of(model.config.streets, lines, rules.default_lanes)
    kinds = _kinds(model, lines, rules.kind)
    by_line: list[dict[str, Any]] = []
    for k in range(lines.size):
        cuts = cuts_of(model.surface.grid, lines.shapes[k], *lanes[k])
        strip = best_strip(cuts, hmax, usable)
        without_s = float(over_s[strip.cell]) if strip.cell >= 0 and strip.depth_m > LANE_M else 0.0
        by_line.append(
            {
                "line": k, "street": lines.names[k], "lanes": lanes[k][0], "class": kinds[k],
                "deepest_m": strip.deepest_m, "strip_m": strip.depth_m, "lane": strip.depth_m <= LANE_M,
                "no_lane_min": without_s / 60.0,
            }
        )  # fmt: skip
    step_min = model.setup.exchange_us / 60e6
    end_min = model.gathered.time_s[-1] / 60.0 if model.gathered.time_s else 0.0
    streets: list[dict[str, Any]] = []
    for name, parts in lines_by_name(lines.names).items():
        rows = [by_line[k] for k in parts]
        worst = max(rows, key=lambda r: r["strip_m"])
        last_min = float(model.gathered.last_s[parts].max()) / 60.0 if model.gathered.last_s.size else -1.0
        kind = min((r["class"] for r in rows), key=list(DRAIN_DOWN).index)
        limit = DRAIN_DOWN[kind].loose_h if rules.loose else DRAIN_DOWN[kind].strict_h
        over = last_min >= end_min and last_min >= 0
        down_h = None if over else max(last_min + step_min - rain_end_s / 60.0, 0.0) / 60.0 if last_min >= 0 else 0.0
        streets.append(
            {
                "street": name, "passed": worst["lane"] and down_h is not None and down_h <= limit,
                "lane": worst["lane"], "drained": down_h is not None and down_h <= limit,
                "deepest_m": round(max(r["deepest_m"] for r in rows), 3), "strip_m": round(worst["strip_m"], 3),
                "no_lane_min": round(max(r["no_lane_min"] for r in rows), 1), "class": kind,
                "drain_down_h": None if down_h is None else round(down_h, 2), "limit_h": limit,
            }
        )  # fmt: skip
    return by_line, sorted(streets, key=lambda s: (s["passed"], s["lane"], -s["strip_m"], -s["deepest_m"], s["street"]))


def _kinds(model: DrainageModel, lines: Lines, otherwise: str) -> list[str]:
    """Class of the area that holds most of each line; the strictest where several do."""
    found = []
    inside = [(zone.kind, set(zone.cells.tolist())) for zone in model.areas]
    for k in range(lines.size):
        cells = model.street_cells[model.street_starts[k] : model.street_starts[k + 1]]
        share = [(np.mean([int(c) in zone for c in cells]) if cells.size else 0.0, kind) for kind, zone in inside]
        kinds = [kind for part, kind in share if part > 0.5]
        found.append(min(kinds, key=list(DRAIN_DOWN).index) if kinds else otherwise)
    return found
