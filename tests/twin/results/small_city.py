"""A made-up city of any size whose run is written with the real recorder: streets, ponds, mains and a terminal.

The figures are invented; the shapes are those of a drill: rain first, ponds that grow and drain, a main that bursts
two hours in, streets that close under 27 cm of water, a terminal that waits for its trucks.
"""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from twin.model import Beat, Curve, Layer, Metric
from twin.places import City, Grid, Lines, Points
from twin.ports import Direction, Kind, Port, Record
from twin.results.folder import RunFolder
from twin.results.recorder import Recorder

START = datetime.fromisoformat("2026-07-01T16:00+08:00")
STEP_US = 5 * 60 * 1_000_000
ORIGIN = np.array([398_790.0, 5_809_240.0])
DEPTH = Layer(
    "depth",
    "Water on the ground",
    "raster",
    (0.02, 0.15, 0.27, 0.40),
    ("#f7f7f5", "#d3e8f7", "#8fc3e8", "#3d8bc9", "#0b4f8a"),
    ("dry", "under 15 cm", "15–27 cm", "27–40 cm", "40 cm and over"),
)
STREETS = Layer(
    "state",
    "Streets",
    "lines",
    (0.5, 1.5),
    ("#9aa1ab", "#efc100", "#a01a2c"),
    ("open", "slowed", "closed"),
    (1.0, 2.5, 4.0),
)
PRESSURE = Layer(
    "pressure",
    "Water pressure",
    "points",
    (7.0, 20.0),
    ("#a01a2c", "#efc100", "#5b8f7b"),
    ("under 7 m: no water", "7–20 m: weak", "20 m and over"),
    (9.0, 7.0, 4.0),
)
QUEUE = Layer(
    "queue",
    "Trucks at the lanes",
    "points",
    (0.5, 5.5),
    ("#cfcfcf", "#7a5195", "#2d0838"),
    ("none", "1–5 trucks", "6 trucks and more"),
    (4.0, 9.0, 14.0),
    on=False,
)


def _port(name: str, unit: str, at: str, record: Record, doc: str, kind: Kind = Kind.STATE, quantity: str = "") -> Port:
    return Port(name, unit, Direction.OUT, kind, at, doc, record=record, quantity=quantity)


RAIN = _port("rain", "mm/h", "city", Record.SERIES, "Rain on the city", quantity="atmosphere__rainfall_rate")
FLOODED = _port("flooded_area", "m2", "city", Record.SERIES, "Ground under more than 27 cm of water")
CELL = _port("depth", "m", "cell", Record.FIELD, "Depth of water on the ground", quantity="surface__depth")
STATE = _port("state", "1", "edge", Record.FIELD, "0 open, 1 slowed, 2 closed")
VEHICLES = _port("vehicles", "1", "city", Record.SERIES, "Vehicles on the road")
HEADS = _port("pressure", "m", "junction", Record.FIELD, "Pressure head above the ground")
UNSERVED = _port("unserved", "m3", "city", Record.SERIES, "Water not delivered since the last exchange", Kind.AMOUNT)
LANES = _port("queue", "1", "lane", Record.FIELD, "Trucks that wait")
MOVES = _port("moves", "1/h", "crane", Record.SERIES, "Crane moves an hour")


def _story(section: str) -> Any:
    def tell(view: Any, base: Any | None) -> list[Beat]:
        """One beat for each entry of the section's journal, the heavier the worse."""
        weights = {"burst": 5, "road_closed": 3, "pump_out": 4}
        beats = [
            Beat(entry["time_us"], entry["text"], weights.get(entry["what"], 1))
            for entry in view.events()
            if entry["section"] == section
        ]
        if section == "drainage" and base is not None:
            more = view.metric("drainage.flooded_peak") - base.metric("drainage.flooded_peak")
            beats.append(Beat(None, f"At the worst, {more:.1f} ha more stood under 27 cm than in {base.title}.", 6))
        return beats

    return tell


def _domain(section: str, title: str, layers: tuple[Layer, ...], curves: tuple[Curve, ...], *headlines: str) -> Any:
    return SimpleNamespace(
        section=section, title=title, layers=layers, curves=curves, headlines=headlines, story=_story(section)
    )


DOMAINS = {
    "weather": _domain("weather", "Weather", (), (Curve(("rain",), "Rain", "mm/h"),)),
    "water": _domain(
        "water",
        "Water supply",
        (PRESSURE,),
        (Curve(("unserved",), "Water not delivered", "m3/h"),),
        "unserved",
        "people_without_water",
    ),
    "drainage": _domain(
        "drainage",
        "Drainage",
        (DEPTH,),
        (Curve(("flooded_area",), "Ground under more than 27 cm", "ha"),),
        "flooded_peak",
    ),
    "traffic": _domain(
        "traffic",
        "Road traffic",
        (STREETS,),
        (Curve(("vehicles",), "Vehicles on the road", "1"),),
        "closed_streets",
        "reach",
    ),
    "port": _domain("port", "Container terminal", (QUEUE,), (Curve(("moves",), "Crane moves", "1/h"),), "moves"),
}


def streets(rows: int, columns: int, spacing_m: float, rng: np.random.Generator) -> Lines:
    """A bent street grid."""
    y, x = np.mgrid[0:rows, 0:columns] * spacing_m
    nodes = np.stack([x, y], axis=-1) + rng.uniform(-0.2, 0.2, (rows, columns, 2)) * spacing_m
    nodes += ORIGIN + 60.0
    shapes = [nodes[r, c : c + 2] for r in range(rows) for c in range(columns - 1)]
    shapes += [nodes[r : r + 2, c] for r in range(rows - 1) for c in range(columns)]
    bent = tuple(np.stack([s[0], s.mean(axis=0) + rng.normal(0, 0.03 * spacing_m, 2), s[1]]) for s in shapes)
    names = tuple(f"{('Rudower', 'Gross-Berliner', 'Agas', 'Wegedorn')[i % 4]} Street {i}" for i in range(len(bent)))
    return Lines(tuple(f"e{i}" for i in range(len(bent))), bent, names)


def ponds(grid: Grid, nt: int, rng: np.random.Generator, count: int = 14) -> tuple[np.ndarray, np.ndarray]:
    """Largest depths (m, (ny, nx)) and their course over time ((nt,), 0..1)."""
    y, x = np.mgrid[0 : grid.ny, 0 : grid.nx]
    deep = np.zeros((grid.ny, grid.nx))
    for _ in range(count):
        cx, cy, r = rng.uniform(0, grid.nx), rng.uniform(0, grid.ny), rng.uniform(0.02, 0.07) * grid.nx
        deep += rng.uniform(0.15, 0.7) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * r * r))
    deep *= 1 + 0.15 * rng.standard_normal(deep.shape)
    t = np.linspace(0, 1, nt)
    course = np.clip((t - 0.15) / 0.25, 0, 1) * np.exp(-3 * np.clip(t - 0.45, 0, 1))
    return np.maximum(deep, 0), course


def write_city(
    root: Path,
    name: str = "storm",
    *,
    storm: bool = True,
    nx: int = 120,
    ny: int = 100,
    cell_m: float = 12.0,
    rows: int = 11,
    columns: int = 14,
    nt: int = 60,
    seed: int = 7,
    title: str = "Plum rain and a burst main",
) -> Path:
    """Write and publish a run under `root`; gives its folder."""
    rng = np.random.default_rng(seed)
    grid = Grid(float(ORIGIN[0]), float(ORIGIN[1]), cell_m, nx, ny)
    spacing = 0.9 * min(nx * cell_m / columns, ny * cell_m / rows)
    edges = streets(rows, columns, spacing, rng)
    deep, course = ponds(grid, nt, rng)
    course = course if storm else course * 0.0
    mid = np.array([s[1] for s in edges.shapes])
    at_edge = grid.cells_of(mid)
    junctions = Points(tuple(f"J{i}" for i in range(len(mid[::2]))), mid[::2] + 3.0)
    burst = junctions.xy[len(junctions.xy) // 3]
    corner = ORIGIN + np.array([nx * cell_m * 0.7, ny * cell_m * 0.93])
    square = np.array([[0, 0], [90, 0], [90, 30], [0, 30], [0, 0]], dtype=float)
    blocks = Lines(tuple(f"B{i}" for i in range(4)), tuple(corner + square + [100.0 * i, 0] for i in range(4)))
    lanes = Points(
        tuple(f"L{i}" for i in range(4)), np.array([corner + np.array([45 + 100.0 * i, 40]) for i in range(4)])
    )
    with RunFolder.create(root, name) as folder:
        recorder = Recorder(folder.path, START, "EPSG:32633")
        for section, port, places in (
            ("weather", RAIN, City()),
            ("water", HEADS, junctions),
            ("water", UNSERVED, City()),
            ("drainage", CELL, grid),
            ("drainage", FLOODED, City()),
            ("traffic", STATE, edges),
            ("traffic", VEHICLES, City()),
            ("port", LANES, lanes),
            ("port", MOVES, Points(("QC1", "QC2"), lanes.xy[:2])),
        ):
            recorder.declare(section, port, places)
        recorder.places("port", "block", blocks)
        far = np.linalg.norm(junctions.xy - burst, axis=1)
        flooded, lost = [], []
        for step in range(nt):
            now, share = step * STEP_US, step / nt
            depth = (deep * course[step]).ravel()
            street = depth[at_edge]
            state = np.where(street >= 0.27, 2.0, np.where(street >= 0.15, 1.0, 0.0))
            broken = storm and 0.4 < share < 0.8
            head = 42 - 4 * np.sin(np.pi * share) - 40 * broken * np.exp(-far / (6 * spacing))
            flooded.append(float((depth > 0.27).sum()) * cell_m**2)
            lost.append(25.0 * broken)
            queue = np.round(6 * course[step] * np.array([0.2, 1.3, 0.7, 0.4]))
            for section, port, values in (
                ("weather", "rain", [55 * np.exp(-(((share - 0.3) / 0.1) ** 2)) * storm]),
                ("water", "pressure", head),
                ("water", "unserved", [lost[-1]]),
                ("drainage", "depth", depth),
                ("drainage", "flooded_area", [flooded[-1]]),
                ("traffic", "state", state),
                ("traffic", "vehicles", [800 + 400 * np.sin(np.pi * share) - 2.0 * (state > 1).sum()]),
                ("port", "queue", queue),
                ("port", "moves", [31 - 7 * course[step], 30 - 5 * course[step]]),
            ):
                recorder.record(now, section, port, np.asarray(values, dtype=float))
        recorder.event({"time_us": 0, "section": "drainage", "what": "start", "text": "The evening peak begins."})
        if storm:
            for section, minute, what, text in (
                ("drainage", 70, "depth", "Water stands over 15 cm in Rudower Street."),
                ("traffic", 85, "road_closed", "Rudower Street 12 is closed: 31 cm of water."),
                ("water", 120, "burst", "Main J57 bursts: 180 L/s run into the street <Agas & Co>."),
                ("water", 125, "pump_out", "Pump station P1 drowns; 1,900 people are without water."),
                ("port", 150, "late", "41 trucks are late at the gate."),
                ("water", 240, "isolated", "Valves V3 and V9 isolate the burst."),
            ):
                recorder.event({"time_us": minute * 60_000_000, "section": section, "what": what, "text": text})
        recorder.finish()
        closed = int((deep.ravel()[at_edge] * course.max() >= 0.27).sum())
        metrics = {
            "water.unserved": Metric(sum(lost), "m3", "Water not delivered", "lower", 0),
            "water.people_without_water": Metric(3180 if storm else 0, "h", "Person-hours without water", "lower", 0),
            "drainage.flooded_peak": Metric(max(flooded) / 1e4, "ha", "Ground over 27 cm, largest", "lower", 1),
            "drainage.overflow": Metric(412.5 * storm, "m3", "Overflow of the sewers", "lower", 1),
            "traffic.closed_streets": Metric(closed, "1", "Streets closed", "lower", 0),
            "traffic.reach": Metric(71.0 if storm else 96.0, "%", "People reached in 8 min", "higher", 0),
            "port.moves": Metric(24.8 if storm else 31.2, "1/h", "Moves per crane", "higher", 1),
        }
        _write_rest(folder.path, name, title, seed, metrics, recorder.digest(), storm, nt)
        return folder.publish()


def _write_rest(
    path: Path, name: str, title: str, seed: int, metrics: dict[str, Metric], digest: str, storm: bool, nt: int
) -> None:
    balance = {
        "section": "drainage",
        "substance": "water",
        "unit": "m3",
        "stored_start": 0.0,
        "stored_now": 1250.5,
        "inflow": {"rain": 8000.0, "link:leaked": 410.0},
        "outflow": {"outfalls": 7159.5},
        "error": 0.0,
        "relative": 0.0,
        "closed": True,
        "noted": {"SWMM continuity (%)": -0.031},
    }
    link = {
        "link": "water.leaked -> drainage.leaked",
        "kind": "amount",
        "unit": "m3",
        "sent": 410.0 * storm,
        "received": 410.0 * storm,
        "in_transit": 0.0,
        "relative": 2e-13,
    }
    summary = {
        "name": name,
        "title": title,
        "seed": seed,
        "status": "failed" if storm else "good",
        "hash": digest,
        "scenario_hash": hashlib.sha256(name.encode()).hexdigest(),
        "start": START.isoformat(),
        "duration_s": (nt - 1) * STEP_US / 1e6,
        "exchange_s": 300.0,
        "crs": "EPSG:32633",
        "sections": ["weather", "water", "drainage", "traffic", "port"],
        "versions": {"city-twin": "0.1.0", "swmm-toolkit": "0.17.0"},
        "metrics": {key: asdict(metric) for key, metric in metrics.items()},
        "expect": [
            {"metric": "water.unserved", "ok": not storm, "text": "water.unserved is 600 m3, must be below 50 m3"},
            {"metric": "port.moves", "ok": True, "text": "port.moves is 24.8 1/h, must be above 20 1/h"},
        ],
        "ledger": {
            "closed": True,
            "worst": {"link": link["link"], "relative": 2e-13},
            "links": [link],
            "balances": [balance],
        },
        "events": 7 if storm else 1,
    }
    (path / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    (path / "timing.json").write_text(json.dumps({"wall_s": 58.2, "peak_memory_mb": 812.0}), encoding="utf-8")
    rain = "{return_period: 20 a, peak: 0.45}" if storm else "none"
    scenario = f"name: {name}\nseed: {seed}\nweather:\n  rain: {rain}\ntimeline:\n"
    scenario += "- {at: +2 h, do: water.burst, pipe: J57}\n" if storm else "- {at: +1 h, do: water.close, pipe: J3}\n"
    (path / "scenario.resolved.yaml").write_text(scenario, encoding="utf-8")
    (path / "tables").mkdir()
    with (path / "tables" / "water.outages.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["junction", "hours", "note"])
        rows.writerow(["J57", 2.5, ""])
