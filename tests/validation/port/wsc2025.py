"""The terminal of the Winter Simulation Conference's 2025 simulation challenge, in this project's own format.

The challenge (o2des/WSCSimulationChallenge2025): 30 vessels that come every week for ten weeks, a day early or late;
a matrix says how many boxes each passes on to each other one. Four berths with three cranes (35 s + 75 s a box), 16
blocks of 1000 boxes with one yard crane (90 s a box), 12 vehicles at 4.5 m/s on a grid of lanes. In the first two
weeks vessels only discharge. Figures: mean time at berth, mean wait for a berth, share of vessels that wait over 2 h.
"""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from port.control import Engine
from port.layout import complete
from port.plan import Plan
from port.terminal import Terminal
from twin.clock import US

START = datetime(2025, 5, 3)
WEEKS, WARM_WEEKS = 10, 2
SPAN_US = WEEKS * 7 * 86400 * US
BERTHS, CRANES, TRUCKS = 4, 3, 12
PUBLISHED_SEED = 95036
LATE_US = 2 * 3600 * US
WIDTH_M = 1600.0


@dataclass(frozen=True)
class Figures:
    """What the challenge is scored by, over all vessels that have arrived."""

    service_h: float
    wait_h: float
    late_share: float
    vessels: int

    @property
    def total_h(self) -> float:
        return self.service_h + self.wait_h


HEURISTIC = Figures(13.762, 3.6257, 0.309524, 294)
"""The published heuristic on scenario 0 with seed 95036: first come first served, nearest idle vehicle, nearest block.
A rate of 30.9524 % is 91 of 294 vessels."""
LEARNED_TOTAL_H = 12.38
"""Learned control (MAPPO) on the same scenario and seed: service and wait together."""


@dataclass(frozen=True)
class Scenario:
    """One of the challenge's files: boxes[i, j] that vessel i brings for vessel j, and when each comes in its week."""

    boxes: np.ndarray
    first: tuple[datetime, ...]
    cranes: tuple[tuple[float, float], ...]
    blocks: tuple[tuple[float, float], ...]


def read(folder: Path, number: int = 0) -> Scenario:
    """Read a scenario from the challenge's `conf` folder."""

    def points(name: str) -> tuple[tuple[float, float], ...]:
        with (folder / name).open(encoding="utf-8") as file:
            return tuple((float(x), float(y)) for x, y in csv.reader(file))

    with (folder / f"transhipment{number}.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    with (folder / f"vessel_arrival_time{number}.csv").open(encoding="utf-8") as file:
        times = {name: datetime.strptime(at, "%Y/%m/%d %H:%M:%S") for name, at in csv.reader(file)}
    first = tuple(times[row[0]] for row in rows)
    boxes = np.array([[int(x) for x in row[1:]] for row in rows])
    return Scenario(boxes, first, points("QC_controlpoint.csv"), points("YC_controlpoint.csv"))


def arrivals_s(scenario: Scenario, seed: int) -> np.ndarray:
    """(vessels, weeks) seconds from the start: the timetable, and up to a day early or late as drawn there."""
    luck = random.Random(seed)
    found = np.empty((len(scenario.first), WEEKS))
    for i, first in enumerate(scenario.first):
        for week in range(WEEKS):
            at = first + timedelta(days=7 * week) + timedelta(days=2 * luck.random() - 1)
            found[i, week] = (at - START).total_seconds()
    return found


def calls(scenario: Scenario, seed: int) -> list[dict[str, Any]]:
    """Every visit as a call to any berth. What a visit brings is loaded two weeks later (first in, first out)."""
    at, n = arrivals_s(scenario, seed), len(scenario.first)

    def name(vessel: int, week: int) -> str:
        return f"v{vessel:02d}-week{week}"

    found = []
    for i in range(n):
        for week in range(WEEKS):
            later = week + WARM_WEEKS
            passed = {name(j, later): int(scenario.boxes[i, j]) for j in range(n)} if later < WEEKS else {}
            found.append(
                {
                    "vessel": name(i, week),
                    "berth": "any",
                    "at": f"{at[i, week]:.6f} s",
                    "discharge": int(scenario.boxes[i].sum()),
                    "load": int(scenario.boxes[:, i].sum()) if week >= WARM_WEEKS else 0,
                    "transfers": {k: v for k, v in passed.items() if v},
                }
            )
    return found


def lanes(scenario: Scenario) -> list[dict[str, Any]]:
    """A grid on which the shortest way is the challenge's distance: Manhattan, to the far blocks round either end."""
    columns = [x for x, _ in scenario.cranes]
    near, far = sorted({y for _, y in scenario.blocks})
    lines = [(f"quay{k}", (a, 0.0), (b, 0.0)) for k, (a, b) in enumerate(pairwise(columns))]
    for row, y in (("near", near), ("far", far)):
        lines += [(f"{row}{k}", (a, y), (b, y)) for k, (a, b) in enumerate(pairwise([0.0, *columns, WIDTH_M]))]
    lines += [(f"up{k}", (x, 0.0), (x, near)) for k, x in enumerate(columns)]
    lines += [(f"end{k}", (x, near), (x, far)) for k, x in enumerate((0.0, WIDTH_M))]
    return [{"id": name, "line": [a, b], "limit": "4.5 m/s"} for name, a, b in lines]


@cache
def plan(scenario_folder: Path, number: int = 0, seed: int = PUBLISHED_SEED, **changes: Any) -> Plan:
    """The terminal. changes : `orders` (ready, ahead), `ahead` (orders a crane keeps open), `choice` of the block."""
    scenario = read(scenario_folder, number)
    drawn = lanes(scenario)
    middle = {tuple(np.round(np.mean(lane["line"], axis=0), 1)): lane["id"] for lane in drawn}
    nothing = {"mean": "0 s", "shape": "deterministic"}
    length = WIDTH_M / BERTHS
    content = {
        "name": f"WSC 2025, scenario {number}",
        "berths": [
            {
                "id": f"B{k + 1}",
                "line": [[k * length, 0.0], [(k + 1) * length, 0.0]],
                "cranes": CRANES,
                "crane_points": scenario.cranes[CRANES * k : CRANES * (k + 1)],
            }
            for k in range(BERTHS)
        ],
        "lanes": drawn,
        "blocks": [
            {"id": f"Y{k + 1:02d}", "lane": middle[x, y], "bays": 125, "rows": 8, "tiers": 1}
            for k, (x, y) in enumerate(np.round(scenario.blocks, 1).tolist())
        ],
        "gate": {"at": [0.0, 100.0]},
        "fleet": {
            "trucks": TRUCKS,
            "speed": "4.5 m/s",
            "speed_loaded": "4.5 m/s",
            "acceleration": None,
            "deceleration": None,
            "travel_spread": 0.0,
            "turn_time": "0 s",
        },
        "quay_crane": {
            "handover": nothing,
            "cycle": {"mean": "110 s", "shape": "deterministic"},
            "retry_probability": 0.0,
            "orders": changes.get("orders", "ready"),
            "orders_ahead": changes.get("ahead", 150),
        },
        "gantry": {"cycle": {"mean": "90 s", "shape": "deterministic"}, "rehandle": "0 s", "meeting": "instant"},
        "roads": {"occupation": False, "junctions": False},
        "road_trucks": {"per_day": 0},
        "yard": {"fill": 0.0, "imports": 0.0, "exports_in_yard": 0.0, "choice": changes.get("choice", "nearest")},
        "limits": {"berthing": "1500 s"},
        "calls": calls(scenario, seed),
    }
    return Plan(complete(Terminal.model_validate(content)))


def figures(engine: Engine) -> Figures:
    """The challenge's figures at the end of the ten weeks."""
    ships, now = engine.world.vessels, engine.now_us
    there = [v for v in ships if v.at_us < now]
    waits = np.array([(v.berthed_us if v.berthed_us >= 0 else now) - v.at_us for v in there])
    served = sum(v.departed_us - v.berthed_us for v in there if v.departed_us >= 0)
    hours = 3.6e9 * len(there)
    return Figures(served / hours, float(waits.sum()) / hours, float(np.mean(waits > LATE_US)), len(there))
