"""What a finished city must show before it is handed over: each rule on its own, judged by the reference engines."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from twin.build import sewer_file
from twin.build.epanet_run import run_day
from twin.build.rain import STEP_MIN, storm
from twin.build.recipe import Recipe
from twin.build.sewer import Sewers
from twin.build.swmm_run import SewerRun, run_sewers
from twin.build.water import WaterNet

DISCHARGE = 0.6
"""Of a hole in a pipe wall (sharp-edged orifice)."""
HOLE_SHARE = 0.25
"""Of a main's bore that opens in the suggested burst: a long crack, not a clean break."""
RARE_A = 20.0
"""Return period in years of the storm that is tried beside the design storm."""


@dataclass
class Report:
    """Figures by part, and what a rule found wrong. `build.json` is this, as it is."""

    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def text(self) -> str:
        return json.dumps({**self.figures, "warnings": self.warnings}, indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Burst:
    """The burst that a drill may use: a large main in the middle, and what a hole in it does."""

    pipe: str
    street: str
    diameter_m: float
    area_cm2: float
    flow_lps: float
    lowest_before_m: float
    lowest_after_m: float


def check_water(net: WaterNet, recipe: Recipe, path: Path, report: Report) -> Burst:
    """A plain day of the finished file, the peak hour's rules, and the suggested burst."""
    junctions, pipes = net.ids, [p.id for p in net.pipes]
    day = run_day(path, junctions, pipes)
    graph = nx.Graph([(p.a, p.b) for p in net.pipes])
    unreached = len(net.ids) - len(nx.node_connected_component(graph, net.station))
    figures: dict[str, Any] = {
        "junctions": len(net.ids),
        "pipes": len(net.pipes),
        "length_km": round(sum(p.length_m for p in net.pipes) / 1000, 2),
        "loops": len(net.pipes) - len(net.ids) + 1,
        "people": net.people,
        "hydrants": len(net.hydrants),
        **net.figures,
        "day_pressure_low_m": round(float(day.pressure_m.min()), 2),
        "day_pressure_high_m": round(float(day.pressure_m.max()), 2),
        "tank_level_low_m": round(float(day.tank_level_m.min()), 2),
        "tank_level_high_m": round(float(day.tank_level_m.max()), 2),
        "pump_head_m": net.pump_head_m,
        "pump_flow_lps": round(net.pump_flow_m3s * 1000, 2),
        "diameters_mm": _count(round(1000 * p.diameter_m) for p in net.pipes),
        "unreached_junctions": unreached,
    }
    water = recipe.water
    peak = day.pressure_m[int(np.searchsorted(day.time_s, 3600 * int(np.argmax(net.pattern))))]
    low, high = float(peak.min()), float(peak.max())
    figures["peak_hour_pressure_m"] = [round(low, 2), round(high, 2)]
    if low < 20 or high > water.highest_pressure:
        report.warnings.append(
            f"water: pressures at peak demand are {low:.0f} to {high:.0f} m, wanted 20 to "
            f"{water.highest_pressure:.0f} m: the ground varies by "
            f"{np.ptp(net.ground_m):.0f} m; pressure zones would be needed"
        )
    if unreached:
        report.warnings.append(f"water: {unreached} junctions are not connected to the station")
    burst = _suggest_burst(net, path, junctions, pipes)
    figures["burst"] = burst.__dict__
    report.figures["water"] = figures
    return burst


def _suggest_burst(net: WaterNet, path: Path, junctions: list[str], pipes: list[str]) -> Burst:
    """In the inner half of the city, away from the station: the widest main that carries most at six at night."""
    evening = run_day(path, junctions, pipes, hours=2, start_hour=17)
    k = int(np.searchsorted(evening.time_s, 3600))
    carried = np.abs(evening.flow_lps[k])
    away = np.hypot(*(net.xy - np.median(net.xy, axis=0)).T)
    station = np.hypot(*(net.xy - net.station_xy).T)
    long = [i for i, p in enumerate(net.pipes) if p.length_m > 25]
    inner = [i for i in long if away[net.pipes[i].a] < np.median(away) and station[net.pipes[i].a] > 250] or long
    best = max(inner, key=lambda i: (net.pipes[i].diameter_m, carried[i]))
    pipe = net.pipes[best]
    area = HOLE_SHARE * np.pi * pipe.diameter_m**2 / 4
    emitter = DISCHARGE * area * np.sqrt(2 * 9.81) * 1000
    broken = run_day(path, junctions, pipes, hours=2, start_hour=17, emitter=(net.ids[pipe.a], emitter))
    pressure = float(broken.pressure_m[k][pipe.a])
    name = net.names[pipe.a] or net.names[pipe.b]
    return Burst(
        pipe.id,
        name,
        pipe.diameter_m,
        round(area * 1e4),
        round(emitter * max(0.0, pressure) ** 0.5, 1),
        round(float(evening.pressure_m[k].min()), 1),
        round(float(broken.pressure_m[k].min()), 1),
    )


def check_sewers(sewers: Sewers, recipe: Recipe, scratch: Path, report: Report) -> None:
    """The design storm and a rare one, run plainly. ValueError never; rules that fail become warnings."""
    rule = recipe.sewer
    figures: dict[str, Any] = {
        **sewers.figures,
        "diameters_mm": _count(round(1000 * c.diameter_m) for c in sewers.down.values()),
    }
    periods = (rule.return_period, RARE_A) if rule.trial else ()
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda period: try_storm(sewers, recipe, period, scratch), periods))
    for period, run in zip(periods, runs, strict=True):
        figures[f"storm_{period:g}_a"] = _storm_figures(run)
        error = max(abs(run.runoff_error), abs(run.routing_error))
        if error > 0.1:
            report.warnings.append(f"sewers: SWMM's continuity error is {error:.2f} % in the {period:g}-year storm")
        if period == rule.return_period and run.flooded_m3 > 1e-3 * run.inflow_m3:
            worst = max(run.flooded, key=lambda n: run.flooded[n])
            report.warnings.append(
                f"sewers: {run.flooded_m3:.0f} m3 leave the manholes in the design storm, most at {worst}: "
                "a smaller sewer.fill gives larger pipes"
            )
    report.figures["sewers"] = figures


def try_storm(sewers: Sewers, recipe: Recipe, period_a: float, scratch: Path) -> SewerRun:
    """A plain SWMM run of the sewers under the recipe's storm of a return period."""
    path = scratch / f"storm_{period_a:g}.inp"
    rain = storm(recipe.sewer.rain, period_a)
    path.write_text(sewer_file.inp_text(sewers, "trial", rain, STEP_MIN, recipe.sewer.roughness), encoding="utf-8")
    return run_sewers(path)


def _storm_figures(run: SewerRun) -> dict[str, Any]:
    return {
        "rain_mm": run.rain_mm,
        "runoff_m3": round(run.inflow_m3),
        "flooded_m3": round(run.flooded_m3),
        "flooded_manholes": len(run.flooded),
        "sewers_full_share": round(run.full, 3),
        "fill_median": round(float(np.median(list(run.fill.values()))), 3),
        "fill_most": round(max(run.fill.values()), 3),
        "continuity_runoff_percent": run.runoff_error,
        "continuity_routing_percent": run.routing_error,
        "worst_manholes_m3": dict(sorted(run.flooded.items(), key=lambda item: (-item[1], item[0]))[:5]),
    }


def _count(values: Any) -> dict[str, int]:
    found: dict[int, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return {str(k): found[k] for k in sorted(found)}
