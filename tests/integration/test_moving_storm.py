"""A storm that crosses a whole city, by the command line: what the weather says, what the streets and SWMM count."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from tests.integration.conftest import twin, write

STORM = """\
twin: 1
name: crossing
extends: city/city.yaml
clock: {duration: 90 min}
weather:
  rain: !replace
    design_storm: suzhou
    return_period: 20 a
    duration: 1 h
    peak: 0.45
    cell: {radius: 400 m, radius_across: 200 m, angle: 30 deg, speed: 3 km/h, toward: 90 deg}
    zones: {cell: 100 m}
  tide: {harmonic: [{name: M2, amplitude: 20 cm}], mean: 31 m, high_water_after_rain: 15 min}
water: ~
traffic: ~
port: ~
assets: ~
"""


@pytest.fixture(scope="module")
def crossing(city: Path) -> Path:
    """The folder of the run."""
    write(city.parent, {"crossing.yaml": STORM})
    done = twin(city.parent, "run", "crossing.yaml", "--quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (city.parent / "runs").glob("crossing-*")
    return folder


def zones_of(run: Path) -> dict[tuple[float, float], float]:
    """Middle of a zone -> mm, of the weather's own table."""
    with (run / "tables" / "weather.rain_zones.csv").open() as file:
        return {(float(r["x_m"]), float(r["y_m"])): float(r["rain_mm"]) for r in csv.DictReader(file)}


def test_the_accounts_of_streets_and_sewers_close_under_a_moving_storm(crossing):
    """What the weather sent to the cells, zone by zone, is the rain in the streets' account to 1e-10."""
    ledger = json.loads((crossing / "summary.json").read_text())["ledger"]
    assert ledger["closed"]
    surface = next(b for b in ledger["balances"] if b["substance"] == "surface water")
    sent = surface["noted"]["rain that the weather sent, m3"]
    assert sent > 10.0
    assert surface["inflow"]["rain"] == pytest.approx(sent, rel=1e-10)


def test_swmm_counts_the_rain_of_each_subcatchments_zone(crossing):
    """Precipitation in SWMM's report against the table of the weather: 0.005 mm, the rounding of the report."""
    (report,) = (crossing / "engines" / "drainage").glob("*.rpt")
    (copy,) = (crossing / "engines" / "drainage").glob("*.inp")
    table = report.read_text().split("Subcatchment Runoff Summary")[1].split("Node Depth Summary")[0]
    counted = {m[1]: float(m[2]) for m in re.finditer(r"^  (\S+) +(\d+\.\d\d) ", table, re.MULTILINE)}
    gages = dict(re.findall(r"^(S\S+) (twin~r\d+c\d+) ", copy.read_text(), re.MULTILINE))
    rains = zones_of(crossing)
    west, south = min(x for x, _ in rains), min(y for _, y in rains)
    assert len(counted) > 10
    for subcatchment, mm in counted.items():
        row, column = map(int, re.findall(r"\d+", gages[subcatchment]))
        assert mm == pytest.approx(rains[west + 100.0 * column, south + 100.0 * row], abs=0.0051)


def test_the_streets_of_the_path_are_the_wettest(crossing):
    """Depth by zone falls from the storm's path to both sides, and the story says how it differs by place."""
    rains = zones_of(crossing)
    rows: dict[float, list[float]] = {}
    for (_, y), mm in rains.items():
        rows.setdefault(y, []).append(mm)
    means = np.array([np.mean(rows[y]) for y in sorted(rows)])
    top = int(np.argmax(means))
    assert 0 < top < len(means) - 1
    assert (np.diff(means[: top + 1]) > 0).all()
    assert (np.diff(means[top:]) < 0).all()
    metrics = json.loads((crossing / "summary.json").read_text())["metrics"]
    assert metrics["weather.rain_depth_most"]["value"] == pytest.approx(max(rains.values()), abs=1e-6)
    assert re.search(
        r"mm of rain fell on the city in .*, from \d+ to \d+ mm by place", (crossing / "report.html").read_text()
    )
