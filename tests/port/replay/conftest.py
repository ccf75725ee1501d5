"""A disturbed run of a small terminal with a bit of everything, published as a run folder, by each engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.results.view import RunView
from twin.run import run
from twin.scenario import load

TERMINAL = """terminal: 1
name: Small terminal
berths:
  - {id: B1, line: [[0, 300], [160, 300]], cranes: 2}
  - {id: B2, line: [[160, 300], [320, 300]], cranes: 2}
lanes:
  - {id: gate, line: [[160, 0], [160, 60]], limit: 5 km/h}
  - {id: main-1, line: [[80, 60], [160, 60]], limit: 35 km/h}
  - {id: main-2, line: [[160, 60], [240, 60]], limit: 35 km/h}
  - {id: Y01, line: [[80, 60], [80, 270]], limit: 20 km/h}
  - {id: Y02, line: [[240, 60], [240, 270]], limit: 20 km/h}
  - {id: quay-1, line: [[20, 270], [80, 270]], limit: 20 km/h}
  - {id: quay-2, line: [[80, 270], [200, 275], [240, 270]], limit: 20 km/h}
  - {id: quay-3, line: [[240, 270], [300, 270]], limit: 20 km/h}
blocks:
  - {id: Y01, lane: Y01, bays: 12, gantries: 2}
  - {id: Y02, lane: Y02, bays: 12, gantries: 2}
stations: [{id: S1, at: [120, 60], bays: 1}]
gate: {at: [160, 0], lanes_in: 1, lanes_out: 1}
fleet:
  trucks: 14
  breakdown: {between: 6 h, repair: {mean: 5 min}}
  remote: {per_1000_km: 300, operators: 1}
  energy: {battery_kwh: 30, start: [0.2, 0.9]}
quay_crane: {twin_share: 0.4, dual_cycling: 0.5, buffer: 2}
gantry: {buffer: 3}
road_trucks: {per_day: 1100}
radio: {units: [{id: R1, at: [40, 280]}, {id: R2, at: [250, 80]}]}
calls:
  - {vessel: Aurora, berth: B1, at: 0 s, discharge: 35, load: 30, length: 140 m}
  - {vessel: Meridian, berth: B2, at: 10 min, discharge: 40, load: 40}
  - {vessel: Boreas, berth: B1, at: 20 min, discharge: 20, load: 10}
"""
SCENARIO = """twin: 1
name: {name}
title: "A small terminal"
seed: 7
clock: {{start: "2026-07-01T08:00+02:00", duration: 3 h, exchange: 60 s}}
weather: {{wind: {{series: wind.csv}}}}
port: {{terminal: terminal.yaml, engine: {engine}{more}}}
{timeline}results: {{interval: 1 min}}
"""
TIMELINE = """timeline:
  - {at: +30 min, do: port.crane_breakdown, crane: QC01, until: +50 min}
  - {at: +40 min, do: port.truck_breakdown, truck: AT003, until: +60 min}
  - {at: +80 min, do: port.gate_close, until: +95 min}
  - {at: +85 min, do: port.gate_close, until: +90 min}
  - {at: +90 min, do: port.unit_outage, unit: R2, until: +100 min}
"""
WIND = "time,wind m/s\n+0:00,6\n+1:59,6\n+2:00,24\n+2:10,24\n+2:11,6\n+3:00,6\n"


def play(
    folder: Path,
    name: str,
    engine: str = "fast",
    more: str = ", record: trucks",
    terminal: str = TERMINAL,
    timeline: str = TIMELINE,
) -> RunView:
    """Run the scenario and open its folder."""
    (folder / "terminal.yaml").write_text(terminal, encoding="utf-8")
    (folder / "wind.csv").write_text(WIND, encoding="utf-8")
    scenario = folder / f"{name}.yaml"
    scenario.write_text(SCENARIO.format(name=name, engine=engine, more=more, timeline=timeline), encoding="utf-8")
    return RunView(run(load(scenario), folder / "runs").folder)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunView]:
    """The run by each engine."""
    folder = tmp_path_factory.mktemp("small")
    return {engine: play(folder, f"small-{engine}", engine) for engine in ("fast", "simpy")}


@pytest.fixture(scope="session")
def dry_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with weather alone."""
    folder = tmp_path_factory.mktemp("dry")
    head = SCENARIO.format(name="dry", engine="", more="", timeline="")
    text = "\n".join(line for line in head.splitlines() if not line.startswith(("port:", "weather:")))
    (folder / "dry.yaml").write_text(text + "\nweather: {rain: 0 mm/h}\n", encoding="utf-8")
    return run(load(folder / "dry.yaml"), folder / "runs").folder
