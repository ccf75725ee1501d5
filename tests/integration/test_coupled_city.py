"""All couplings in one run of a small city: storm, surge, burst, hydrant, wind, fog, and a gate that shuts.

The drill is harsh on purpose: within 35 minutes every link has something to carry. Each run is a process of its own,
since SUMO and SWMM simulate once in a process.
"""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.integration.conftest import twin, write
from twin.results.view import RunView

SURGE = "time min,level m\n0,31\n5,31.5\n20,33.5\n40,33.5\n"
"""The river rises 2.5 m: over the terminal's platform, which lies 2 m above its ordinary level."""

DRILL = """\
twin: 1
extends: city/city.yaml
seed: 7
clock: {{start: "2026-07-01T16:00+00:00", duration: 35 min, exchange: 60 s}}
weather:
  rain: !replace {{rate: 200 mm/h, start: 1 min, duration: 15 min}}
  tide: surge.csv
  wind: 8 m/s
  visibility: 10 km
drainage: {{rain_area: ~, surface_rain: all, pump_fails_at: 10 cm, pump_returns_below: 5 cm}}
water: {{pump_fails_at: 5 cm, pump_returns_below: 2 cm}}
assets: !replace
  - {{id: LOW, name: switchboard in the underpass, at: [{x}, {y}], fails_at: 20 cm, feeds: [water.PU1, port.terminal]}}
timeline:
  - {{at: +2 min, do: port.gate_close, until: +18 min}}
  - {{at: +3 min, do: water.burst, pipe: {pipe}, area: 40 cm2}}
  - {{at: +5 min, do: water.hydrant_open, node: J8, flow: 10 L/s, until: +15 min}}
  - {{at: +20 min, do: weather.set_wind, speed: 25 m/s, until: +22 min}}
"""
RUNS = {
    "first": ("7", "2"),
    "again": ("7", "2"),
    "one_thread": ("7", "1"),
    "other_seed": ("8", "2"),
}
"""Name -> seed and threads."""
CLOSED_DEPTH_M = 0.3
"""Cars: Pregnolato et al. (2017), the default of `traffic.flooding`."""
CRANE_WIND_MPS = 20.0
"""The default of the terminal's `limits.crane_wind`."""


@pytest.fixture(scope="module")
def runs(city: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The run folders, by the names of RUNS."""
    folder = tmp_path_factory.mktemp("coupled")
    shutil.copytree(city, folder / "city")
    built = json.loads((city / "build.json").read_text(encoding="utf-8"))
    dips = built["city"]["terrain"]["underpasses"]
    x, y = max(dips, key=lambda dip: dip[1])  # the one away from the river
    burst = next(line for line in (city / "city.yaml").read_text().splitlines() if "A burst to notice" in line)
    pipe = burst.partition("notice: ")[2].partition(",")[0]
    write(folder, {"drill.yaml": DRILL.format(x=x, y=y, pipe=pipe), "surge.csv": SURGE})

    def go(name: str) -> Path:
        seed, threads = RUNS[name]
        words = ["--set", f"seed={seed}", "--threads", threads, "--runs", name, "--no-report", "--quiet"]
        done = twin(folder, "run", "drill.yaml", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return folder / name / "drill-0001"

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(RUNS, pool.map(go, RUNS), strict=True))


@pytest.fixture(scope="module")
def view(runs: dict[str, Path]) -> RunView:
    return RunView(runs["first"])


def balance(view: RunView, section: str, substance: str) -> dict[str, Any]:
    """A model's account of a substance."""
    accounts = view.summary["ledger"]["balances"]
    return next(b for b in accounts if b["section"] == section and b["substance"] == substance)


def link(view: RunView, name: str) -> dict[str, Any]:
    return next(x for x in view.summary["ledger"]["links"] if x["link"] == name)


def series(view: RunView, section: str, port: str) -> np.ndarray:
    """Values of a curve, one a minute."""
    return np.asarray(view.series(section, port)[1], dtype=float).ravel()


def test_rain_reaches_the_sewers_and_the_surface(view: RunView) -> None:
    """200 mm/h for 15 min is 50 mm: on all land, and as runoff in the sewers."""
    assert view.metric("weather.rain_depth") == pytest.approx(50.0, rel=1e-12)
    surface, sewers = balance(view, "drainage", "surface water"), balance(view, "drainage", "sewer water")
    land_m2 = surface["inflow"]["rain"] / 0.050
    grid = view.places("drainage", "cell")
    assert 0.5 * grid.size * grid.cell_m**2 < land_m2 < grid.size * grid.cell_m**2
    assert sewers["inflow"]["runoff"] > 1000.0


def test_what_a_burst_and_a_hydrant_lose_stands_on_the_street(view: RunView) -> None:
    """Sent, received, and booked by both models are one and the same volume."""
    leaked = link(view, "water.leaked -> drainage.leaked")
    assert leaked["sent"] == leaked["received"] > 10.0
    assert balance(view, "water", "water")["outflow"]["link:leaked"] == pytest.approx(leaked["sent"], rel=1e-9)
    surface = balance(view, "drainage", "surface water")
    assert surface["inflow"]["link:leaked"] == pytest.approx(leaked["sent"], rel=1e-9)
    assert {e["what"] for e in view.events() if e["section"] == "water"} >= {"burst", "hydrant_open", "hydrant_shut"}


def test_deep_water_slows_and_closes_streets(view: RunView) -> None:
    """Closed from 0.3 m on, by the depth that drainage gave, and slowed on the way there."""
    closed = view.events("road_closed")
    assert closed
    assert all(event["depth_m"] >= CLOSED_DEPTH_M for event in closed)
    assert max(event["depth_m"] for event in closed) <= view.metric("drainage.max_depth") + 1e-9
    assert view.metric("traffic.roads_cut") >= len(closed)
    states = view.field("traffic", "edge_state")[1]
    assert (states == 1.0).any()
    assert (states >= 2.0).any()


def test_water_at_a_station_or_its_switchboard_stops_pumps_and_cranes(view: RunView) -> None:
    """By depth at the pumps of both utilities, and by the power of an asset that drowned."""
    out = {event["section"] for event in view.events("pump_out")}
    assert out == {"water", "drainage"}
    assert series(view, "drainage", "pumps_out").max() > 0
    running = series(view, "water", "pumps_running")
    assert running[0] > running.min() == 0
    down = view.events("asset_down")
    assert [event["asset"] for event in down] == ["LOW"]
    stopped = next(e for e in view.events("cranes_stopped") if e["cause"] == "power")
    assert stopped["time_us"] >= down[0]["time_us"]
    assert view.metric("port.stopped_power") > 0


def test_trucks_pass_between_road_and_terminal_one_by_one(view: RunView) -> None:
    """Every count that is sent is received; who is admitted had come, who leaves was admitted."""
    come, admitted, gone = (
        link(view, "traffic.gate_arrivals -> port.gate_arrivals"),
        link(view, "port.admissions -> traffic.admissions"),
        link(view, "port.departures -> traffic.departures"),
    )
    for account in (come, admitted, gone):
        assert account["sent"] == account["received"] + account["in_transit"]
    assert come["sent"] >= admitted["sent"] > gone["sent"] > 0
    assert come["sent"] == view.metric("traffic.trucks_at_gate")


def test_a_shut_gate_fills_the_street_before_it(view: RunView) -> None:
    """Shut from minute 2 to 18: two trucks stand at its two lanes, the others behind them in the road."""
    queue, halting, at_gate = (
        series(view, "traffic", "gate_queue"),
        series(view, "traffic", "halting"),
        series(view, "port", "gate_queue"),
    )
    assert queue[:3].max() == 0
    assert at_gate.max() == 2
    assert queue[17] > 2
    assert halting[17] >= queue[17]
    assert queue[-1] < queue[17]


def test_wind_and_water_on_lanes_stop_the_terminal(view: RunView) -> None:
    """25 m/s stops cranes at once; the surge closes lanes at 0.3 m, which is the terminal's own limit."""
    wind = next(e for e in view.events("cranes_stopped") if e["cause"] == "wind")
    assert wind["time_us"] == 20 * 60_000_000
    assert view.metric("weather.wind_max") > CRANE_WIND_MPS
    assert view.events("lane_closed")
    assert (view.field("port", "lane_state")[1] == 2.0).any()


def test_fog_slows_the_terminal(city: Path, tmp_path: Path) -> None:
    """Driverless trucks go only as fast as they can stop within what they see: fewer moves at 2 m than at 10 km."""
    shutil.copy(city / "terminal.yaml", tmp_path / "terminal.yaml")
    moves = []
    for sight in ("10 km", "2 m"):
        text = (
            'twin: 1\nname: fog\nclock: {start: "2026-07-01T16:00+00:00", duration: 2 h}\n'
            f"weather: {{visibility: {sight}}}\nport: {{terminal: terminal.yaml, fleet: 4}}\n"
        )
        write(tmp_path, {"fog.yaml": text})
        done = twin(tmp_path, "run", "fog.yaml", "--no-report", "--json", "--quiet")
        assert done.returncode == 0, done.stderr
        moves.append(json.loads(done.stdout)["metrics"]["port.moves"]["value"])
    assert moves[1] < 0.8 * moves[0]


def test_the_ledger_closes(view: RunView) -> None:
    """Every link and every model within its tolerance; counts exactly, the surface to 1e-10."""
    ledger = view.summary["ledger"]
    assert ledger["closed"]
    for account in ledger["links"]:
        assert account["relative"] <= (0.0 if account["kind"] == "arrivals" else 1e-9), account["link"]
    assert balance(view, "drainage", "surface water")["relative"] < 1e-10


@pytest.mark.parametrize("name", ["again", "one_thread"])
def test_the_same_seed_gives_the_same_bytes(runs: dict[str, Path], name: str) -> None:
    """Also with another number of threads."""
    assert (runs["first"] / "summary.json").read_bytes() == (runs[name] / "summary.json").read_bytes()
    assert (runs["first"] / "events.jsonl").read_bytes() == (runs[name] / "events.jsonl").read_bytes()


def test_another_seed_gives_another_result(runs: dict[str, Path]) -> None:
    first, other = (RunView(runs[name]).summary for name in ("first", "other_seed"))
    assert first["hash"] != other["hash"]
    assert first["seed"] != other["seed"]
