"""Terminals and timelines drawn at random, with every switch of the model on or off."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st

from port.layers.radio import unit_ids
from port.layout import complete
from port.plan import Plan
from port.simulate import Change
from port.terminal import Terminal
from twin.clock import US
from twin.ports import Arrival

MINUTE = 60 * US
DURATION = 70 * MINUTE
TIMES = st.integers(0, DURATION // US - 1).map(lambda s: s * US)
SPREAD = st.sampled_from(["lognormal", "exponential", "deterministic"])


def _lanes(draw: Any, columns: list[float], depth: float) -> list[dict[str, Any]]:
    """Main road, one lane a column, quay road; short pieces, some with other rules."""
    lanes: list[dict[str, Any]] = [{"id": "gate", "line": [[0, 0], [0, 40]], "limit": "10 km/h"}]
    for name, y in (("main", 40.0), ("quay", 40.0 + depth)):
        stations = sorted({*columns, 0.0}) if name == "main" else columns
        for i, (a, b) in enumerate(pairwise(stations)):
            lanes.append(
                {"id": f"{name}{i}", "line": [[a, y], [b, y]], "limit": draw(st.sampled_from(["15 km/h", "35 km/h"]))}
            )
    for i, x in enumerate(columns):
        lanes.append({"id": f"Y{i}", "line": [[x, 40], [x, 40 + depth]]})
    if len(columns) > 2 and draw(st.booleans()):
        next(lane for lane in lanes if lane["id"] == "quay1")["trucks"] = "driverless"
    return lanes


@st.composite
def terminals(draw: Any) -> Plan:
    """A small terminal: one to four block lanes, one to three cranes a berth."""
    n, depth = draw(st.integers(2, 4)), draw(st.sampled_from([45.0, 120.0, 260.0]))
    pitch = draw(st.sampled_from([22.0, 40.0, 90.0]))
    columns = [pitch * (i - (n - 1) / 2) for i in range(n)]
    limited = draw(st.booleans())

    def duration(mean: float) -> dict[str, Any]:
        return {"mean": f"{mean} s", "cv": 0.3, "shape": draw(SPREAD)}

    def chance(*values: float) -> float:
        return draw(st.sampled_from(values))

    failing = {"between": "40 min", "repair": {"mean": "4 min"}} if draw(st.booleans()) else None
    stays = {
        "imports": duration(1800),
        "exports": duration(3000),
        "transhipment": duration(300),
        "released": chance(0.0, 0.5),
    }
    discharge = draw(st.integers(0, 40))
    last = draw(st.integers(3, 5))
    passed = {"b": min(discharge, 12), "c": min(max(discharge - 12, 0), 3)}
    content = {
        "berths": [
            {"id": "A", "line": [[columns[0], 60 + depth], [0, 60 + depth]], "cranes": draw(st.integers(1, 2))},
            {"id": "B", "line": [[0, 60 + depth], [columns[-1], 60 + depth]], "cranes": draw(st.integers(1, 2))},
        ],
        "lanes": _lanes(draw, columns, depth),
        "blocks": [
            {
                "id": f"Y{i}",
                "lane": f"Y{i}",
                "bays": 4,
                "rows": draw(st.integers(1, 5)),
                "tiers": 3,
                "gantries": draw(st.integers(1, 2)),
            }
            for i in range(n)
        ],
        "stations": [
            {"id": f"S{k}", "at": [columns[k], 40], "bays": 1, "kind": draw(st.sampled_from(["swap", "charge"]))}
            for k in range(draw(st.integers(0, 2)))
        ],
        "gate": {
            "at": [0, 0],
            "lanes_in": draw(st.integers(1, 2)),
            "lanes_out": 1,
            "service_in": duration(40),
            "service_out": duration(20),
            "appointments": draw(st.sampled_from([None, {"quota": 3, "slot": "10 min", "share": 0.7, "no_show": 0.1}])),
        },
        "fleet": {
            "trucks": draw(st.integers(1, 14)),
            "travel_spread": chance(0.0, 0.1),
            "acceleration": draw(st.sampled_from(["0.5 m/s2", None])),
            "breakdown": failing,
            "energy": {"battery_kwh": chance(8.0, 331.0)},
            "remote": {"per_1000_km": chance(0.0, 3000.0), "operators": 1, "takeover": duration(50)},
        },
        "quay_crane": {
            "handover": duration(25),
            "cycle": duration(60),
            "retry_probability": chance(0.0, 0.3),
            "orders_ahead": draw(st.integers(1, 6)),
            "orders": draw(st.sampled_from(["ahead", "ready"])),
            "twin_share": chance(0.0, 0.6),
            "dual_cycling": chance(0.0, 0.7),
            "buffer": draw(st.integers(1, 3)) if limited else 0,
            "breakdown": failing,
        },
        "gantry": {
            "cycle": duration(80),
            "retry_probability": chance(0.0, 0.2),
            "meeting": "cycle" if limited else draw(st.sampled_from(["cycle", "instant"])),
            "buffer": draw(st.integers(1, 3)) if limited else 0,
            "breakdown": failing,
        },
        "road_trucks": {
            **draw(st.sampled_from([{"per_day": 0.0}, {"per_day": 700.0}, {"per_hour": [40.0] + [20.0] * 23}])),
            "patience": "8 min",
            "deliver_share": chance(0.2, 0.9),
            "reaction": draw(st.sampled_from(["0 s", "1.5 s"])),
            "headway": draw(st.sampled_from(["0 s", "2 s"])),
        },
        "yard": {
            "fill": chance(0.0, 0.6, 1.0),
            "exports_in_yard": chance(0.3, 1.0),
            "imports": chance(0.0, 0.3),
            "choice": draw(st.sampled_from(["soonest", "nearest", "random"])),
            "transhipment": chance(0.0, 0.5),
            "dwell": draw(st.sampled_from([None, stays])),
        },
        "roads": {
            "occupation": draw(st.booleans()),
            "junctions": draw(st.booleans()),
            "right_of_way": draw(st.sampled_from(["first_come", "manned_first", "driverless_first", "loaded_first"])),
            "exclusion": draw(st.booleans()),
        },
        "calls": [
            {
                "vessel": "a",
                "berth": "A",
                "at": "0 s",
                "discharge": discharge,
                "load": draw(st.integers(0, 30)),
                "transfers": draw(st.sampled_from([{}, passed])),
            },
            {"vessel": "b", "berth": draw(st.sampled_from(["B", "any"])), "at": "5 min", "discharge": 15, "load": 20},
            {"vessel": "c", "berth": draw(st.sampled_from(["A", "any"])), "at": "10 min", "discharge": 9, "load": last},
        ],
    }
    content |= _layers(draw, columns, depth)
    return Plan(complete(Terminal.model_validate(content)))


def _layers(draw: Any, columns: list[float], depth: float) -> dict[str, Any]:
    """Each of the layers between truck, road and cloud, or not."""
    found: dict[str, Any] = {}
    unit = {"id": "U", "at": [columns[0], 40 + depth]}
    failing = {"between": "15 min", "repair": {"mean": "4 min"}}
    if draw(st.booleans()):
        found["radio"] = {
            "units": draw(st.sampled_from([1, 2, [unit]])),
            "interference_db": draw(st.sampled_from([0.0, 25.0, 45.0])),
            "cellular": draw(st.sampled_from([None, {"availability": 0.7}, {"breakdown": failing}])),
            "breakdown": draw(st.sampled_from([None, failing])),
            "stop": draw(st.sampled_from(["400 ms", "1 s"])),
            "slow": "300 ms",
            "refresh": draw(st.sampled_from([None, "20 min"])),
        }
    if draw(st.booleans()):
        found["positioning"] = {"refresh": draw(st.sampled_from(["7 s", "10 min"])), "multipath": "20 cm"}
    if draw(st.booleans()):
        found["perception"] = {"units": draw(st.sampled_from([[], [unit]])), "reach": "40 m", "breakdown": failing}
    if draw(st.booleans()):
        found["feeders"] = [{"id": "F1", "cranes": ["QC01"], "blocks": ["Y0"], "units": []}]
    return found


def unit_names(plan: Plan) -> list[str]:
    """Units beside the road, radios and sensors."""
    spec = plan.terminal
    sensors = [u.id for u in spec.perception.units] if spec.perception else []
    return sorted({*(unit_ids(spec.radio) if spec.radio else ()), *sensors})


@st.composite
def timelines(draw: Any, plan: Plan) -> list[Change]:
    """Up to eight changes of every kind at drawn times."""
    lanes, names = len(plan.lane_mm), [c.id for c in plan.site.cranes] + list(plan.gantry_ids) + ["AT001"]

    def per_lane(low: float, high: float) -> np.ndarray:
        return np.array([draw(st.floats(low, high)) for _ in range(lanes)])

    kinds = {
        "wind": lambda: draw(st.floats(0, 30)),
        "visibility": lambda: draw(st.sampled_from([0.0, 5.0, 20.0, 5000.0])),
        "power": lambda: draw(st.sampled_from([0.0, 1.0])),
        "depth": lambda: per_lane(0.0, 0.4) * draw(st.sampled_from([0.0, 1.0])),
        "lane_caps": lambda: per_lane(0.0, 8.0),
        "takeovers": lambda: per_lane(0.0, 0.003),
        "retries": lambda: (np.full(plan.n_cranes, 0.4), np.full(plan.n_blocks, 0.2)),
        "stop": lambda: (draw(st.sampled_from(names)), draw(st.sampled_from(["x", "y"]))),
        "release": lambda: (draw(st.sampled_from(names)), draw(st.sampled_from(["x", "y"]))),
        "rain": lambda: draw(st.sampled_from([0.0, 20.0, 400.0])),
        "feeders": lambda: [draw(st.sampled_from([0.0, 1.0])) for _ in plan.terminal.feeders],
        "unit_out": lambda: (draw(st.sampled_from(unit_names(plan))), "x"),
        "unit_back": lambda: (draw(st.sampled_from(unit_names(plan))), "x"),
        "cellular_out": lambda: "x",
        "cellular_back": lambda: "x",
        "gate_close": lambda: "strike",
        "gate_open": lambda: "strike",
    }
    found = []
    for _ in range(draw(st.integers(0, 8))):
        what = draw(st.sampled_from(sorted(k for k in kinds if unit_names(plan) or not k.startswith("unit_"))))
        found.append(Change(draw(TIMES), what, kinds[what]()))
    return found


@st.composite
def arrivals(draw: Any) -> list[Change]:
    """Trucks that a road brings, told of in slices of ten seconds."""
    found = []
    for k in range(draw(st.integers(0, 30))):
        at = draw(TIMES)
        task = draw(st.sampled_from(["deliver_export", "collect_import", "none"]))
        heard = (at // (10 * US) + 1) * 10 * US
        found.append(Change(heard, "arrivals", [Arrival(at, f"truck {k}", {"task": task})]))
    return found
