"""Pump energy and its price against EPANET's own energy report and by hand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hydraulics.toolkit import Option, Project
from tests.hydraulics.tools import advance, build, event, library, pumped

DAY = 86_400.0


def report(path: Path, folder: Path) -> dict[str, tuple[float, ...]]:
    """EPANET's energy report of a whole run: (use %, efficiency %, kWh per volume, mean kW, peak kW, cost a day)."""
    folder.mkdir(parents=True, exist_ok=True)
    text = folder / "energy.rpt"
    project = Project(path, text, folder / "energy.bin")
    project.set_option(Option.ACCURACY, 1e-6)
    project.set_option(Option.TRIALS, 200)
    for call in (
        lambda lib, h: lib.EN_setreport(h, b"ENERGY YES"),
        lambda lib, h: lib.EN_solveH(h),
        lambda lib, h: lib.EN_solveQ(h),
        lambda lib, h: lib.EN_report(h),
    ):
        assert call(project._long, project._handle) < 100
    project.close()
    table = text.read_text(errors="replace").split("Energy Usage:")[1]
    rows = re.findall(r"^\s+(\S+)((?:\s+-?\d+\.\d+){6})\s*$", table, re.MULTILINE)
    return {name: tuple(map(float, values.split())) for name, values in rows}


@pytest.mark.parametrize(("name", "hours"), [("Net3", 168), ("Net1", 24)])
def test_energy_is_that_of_epanets_report(name: str, hours: int, tmp_path: Path) -> None:
    """The whole run with the file's own hourly steps; the report is rounded to 0.01 in every column, and its mean kW
    (of the hours in use) times those hours is the energy: 0.01 kW times at most 168 h."""
    theirs = report(library(name), tmp_path)
    config = {"demand": "as_in_file", "step": "1 h"}
    model = build(library(name), tmp_path / "run", hours=hours, **config)
    model.advance(round(hours * 3600e6))
    rows = {row[0]: row for row in model.tables()["pumps"].rows}
    assert set(rows) == set(theirs)
    assert sum(row[4] for row in rows.values()) > 0.0
    for pump, (use, _, _, mean, peak, cost) in theirs.items():
        running, kwh, highest = rows[pump][4:7]
        assert 100 * running / hours == pytest.approx(use, abs=0.0051)
        assert kwh == pytest.approx(mean * running, abs=0.0051 * running + 0.01)
        assert highest == pytest.approx(peak, abs=0.0051)
        assert (rows[pump][7] or 0.0) / hours * 24 == pytest.approx(cost, abs=0.0051)
    total = sum(row[5] for row in rows.values())
    assert model.summary()["energy"].value == pytest.approx(total, abs=0.01)
    model.close()


def test_power_by_hand_and_a_night_tariff(tmp_path: Path) -> None:
    """P = ρ g q h / 0.75 (EPANET's default efficiency). 0.20 a kWh by day, half of it in the first hour, and 3.0 for
    each kW of the highest power. EPANET's 62.4 lb/ft3 and 8.814 put its kW 0.1 % off the SI formula."""
    path = pumped(
        tmp_path / "net.inp",
        controls="",
        energy="GLOBAL PRICE 0.2\nGLOBAL PATTERN N\nDEMAND CHARGE 3",
        patterns="N 0.5 1 1 1",
    )
    model = build(path, tmp_path / "run", hours=2)
    now = model.engine.now
    assert now is not None
    flow = -float(now.reservoir_flow[0])
    head = float(now.pressure_m[0])
    assert now.pump_kw[0] == pytest.approx(998.2 * 9.80665 * flow * head / 0.75 / 1e3, rel=5e-3)
    advance(model, 7200.0)
    energy, cost = model.summary()["energy"].value, model.summary()["energy_cost"].value
    first = float(now.pump_kw[0])
    assert energy == pytest.approx(2 * first, rel=0.1)
    e = model.energy
    assert e.cost[0] == pytest.approx(0.1 * e.kwh[0] + 0.1 * (e.kwh[0] - first), rel=0.03)
    assert cost == pytest.approx(float(e.cost[0]) + 3.0 * first, rel=0.05)
    model.close()


def test_a_pump_that_stands_uses_nothing_and_no_price_is_no_cost(tmp_path: Path) -> None:
    outage = event("pump_outage", pump="PU")
    model = build(pumped(tmp_path / "net.inp", controls=""), tmp_path / "run", [outage], hours=2)
    model.apply(outage)
    advance(model, 3600.0)
    summary = model.summary()
    assert summary["energy"].value == 0.0
    assert "energy_cost" not in summary
    assert model.tables()["pumps"].rows[0][7] is None
    model.close()
