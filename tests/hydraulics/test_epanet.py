"""The stepped engine against EPANET run in one go, on the networks that WNTR brings."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from hydraulics.config import WaterConfig
from hydraulics.epanet import Epanet
from tests.hydraulics.tools import hazen_williams, library, line, pumped

DAY_S = 86_400


def engine(path: Path, folder: Path, **config: object) -> Epanet:
    folder.mkdir(parents=True, exist_ok=True)
    return Epanet(WaterConfig.model_validate({"network": path, **config}), folder)


@pytest.mark.parametrize(
    ("name", "demand"),
    [
        ("Net1", "as_in_file"),
        ("Net3", "as_in_file"),
        ("Net6", "as_in_file"),
        ("ky4", "as_in_file"),
        ("Net3", "pressure_driven"),
        ("ky4", "pressure_driven"),
    ],
)
def test_stepping_gives_the_heads_of_a_whole_run(name: str, demand: str, tmp_path: Path) -> None:
    """24 h with pumps, tanks and controls. WNTR reads results in single precision: 1e-4 m is what it can resolve."""
    import wntr

    logging.getLogger("wntr").setLevel(logging.ERROR)
    wn = wntr.network.WaterNetworkModel(str(library(name)))
    wn.options.hydraulic.accuracy, wn.options.hydraulic.trials = 1e-6, 200
    wn.options.time.duration = DAY_S
    if demand == "pressure_driven":
        wn.options.hydraulic.demand_model = "PDA"
        wn.options.hydraulic.required_pressure, wn.options.hydraulic.minimum_pressure = 20.0, 0.0
    heads = wntr.sim.EpanetSimulator(wn).run_sim(file_prefix=str(tmp_path / "whole")).node["head"]

    ours = engine(library(name), tmp_path, demand=demand, step=f"{wn.options.time.hydraulic_timestep} s")
    ours.start(0, DAY_S)
    assert ours.now is not None
    moments = {0: ours.now}
    for _ in ours.run(0, DAY_S):
        moments[ours.now.time_s] = ours.now
    ours.close()
    assert len(heads.index) == 25
    for time_s, row in heads.iterrows():
        expected = row[list(ours.network.junction_ids)].to_numpy()
        np.testing.assert_allclose(moments[int(time_s)].pressure_m + ours.network.elevation_m, expected, atol=1e-4)


def test_the_exchange_interval_changes_nothing_when_the_step_is_as_short(tmp_path: Path) -> None:
    """Hydraulic step 60 s: exchanges of 60 s and of 1 h see the same heads (to the convergence limit)."""
    runs = []
    for exchange in (60, 3600):
        ours = engine(library("Net3"), tmp_path / str(exchange), step="60 s")
        ours.start(0, 6 * 3600)
        hourly = []
        for begin in range(0, 6 * 3600, exchange):
            for _ in ours.run(begin, begin + exchange):
                if ours.now.time_s % 3600 == 0:
                    hourly.append(ours.now.pressure_m)
        ours.close()
        runs.append(np.array(hourly))
    assert runs[0].shape == (6, 92)
    np.testing.assert_allclose(runs[0], runs[1], atol=1e-4)


def test_tanks_converge_with_the_step_at_first_order(tmp_path: Path) -> None:
    """EPANET moves tanks by explicit Euler, so halving the step halves the error: this is why an exchange of 60 s and
    one of 1 h differ (0.12 m in Net3's tanks), and the shorter is the truer."""
    levels = {}
    for step in (1800, 900, 450, 10):
        ours = engine(library("Net3"), tmp_path / str(step), step=f"{step} s")
        ours.start(0, 3600)
        for _ in ours.run(0, 3600):
            pass
        levels[step] = ours.now.tank_level_m
        ours.close()
    errors = [np.abs(levels[step] - levels[10]).max() for step in (1800, 900, 450)]
    assert errors[0] > 1e-3
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.2)
    assert errors[1] / errors[2] == pytest.approx(2.0, rel=0.2)


def test_demand_is_epanets_own(tmp_path: Path) -> None:
    """Σ base × pattern × multiplier at 17 h of Net3 equals what EPANET delivers with fixed demand."""
    from hydraulics.toolkit import Node

    ours = engine(library("Net3"), tmp_path, demand="as_in_file", demand_scale=1.25)
    ours.start(17 * 3600, 3600)
    nodes = ours.network.junctions.tolist()
    theirs = [ours.project.node(i, Node.DEMAND) * ours.project.flow_si for i in nodes]
    np.testing.assert_allclose(ours.now.asked, theirs, atol=1e-12)
    assert ours.now.asked.sum() > 0.1
    ours.close()


def test_the_run_up_brings_the_evening(tmp_path: Path) -> None:
    """A scenario at 18:00 has the demand of the file's 18:00 and the tank that 18 h of pumping have left."""
    path = line(
        tmp_path / "net.inp",
        patterns="D " + " ".join(str(hour) for hour in range(24)),
        junctions="J1 5 1 D\nJ2 5 0",
        tanks="T 20 2 0 9 20 0",
        pipes="P1 R J1 1000 200 120 2 Open\nP2 J1 J2 500 150 120 0 Open\nP3 J2 T 100 150 120 0 Open",
    )
    ours = engine(path, tmp_path / "run")
    ours.start(18 * 3600, 3600)
    assert ours.now.time_s == 0
    assert ours.now.asked[0] == pytest.approx(18e-3, rel=1e-9)
    assert ours.now.tank_level_m[0] != pytest.approx(2.0, abs=0.01)
    ours.close()


def test_a_tank_that_fills_up_ends_a_step_early_and_is_booked(tmp_path: Path) -> None:
    """T takes what R sends until it is full; EPANET snaps it to full within a second and the balance names the rest."""
    path = pumped(tmp_path / "net.inp", tanks="T 30 5.9 0 6 8 0", controls="")
    ours = engine(path, tmp_path / "run", step="1 h")
    ours.start(0, 7200)
    stored = ours.now.tank_m3.sum()
    came = rounded = 0.0
    for step in ours.run(0, 7200):
        came += float(step.held.tank_flow.sum()) * step.length_s
        rounded += step.rounded_m3
    assert ours.now.tank_level_m[0] == pytest.approx(6.0, abs=1e-6)
    assert ours.now.tank_m3.sum() - stored == pytest.approx(came + rounded, abs=1e-9)
    assert abs(rounded) < 0.05
    ours.close()


def test_the_file_is_never_written(tmp_path: Path) -> None:
    path = pumped(tmp_path / "net.inp")
    before = path.read_bytes(), path.stat().st_mtime_ns
    ours = Epanet(WaterConfig.model_validate({"network": path}), tmp_path, [("P1", 0.5)], ["J1"])
    ours.start(0, 3600)
    ours.close()
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


@pytest.mark.parametrize("units", ["GPM", "CFS", "CMH", "LPM", "MLD", "CMD", "MGD", "IMGD", "AFD", "LPS"])
def test_every_flow_unit_is_turned_into_si(units: str, tmp_path: Path) -> None:
    """The same network, written in each unit that EPANET knows; heads by the Hazen-Williams formula.

    Flows to 1e-5: above the required pressure EPANET's barrier gives (p - p_req)/1e8 ft3/s too much.
    0.02 m of 7 m is what EPANET's rounded constants leave open (4.727 in feet is 10.667 to 10.70 in metres).
    """
    per_lps = {
        "GPM": 15.850323,
        "CFS": 0.0353146667,
        "CMH": 3.6,
        "LPM": 60.0,
        "MLD": 0.0864,
        "CMD": 86.4,
        "MGD": 0.022824465,
        "IMGD": 0.019005343,
        "AFD": 0.070045619,
        "LPS": 1.0,
    }[units]
    feet = units in ("GPM", "CFS", "MGD", "IMGD", "AFD")
    metre, millimetre = (1 / 0.3048, 1 / 25.4) if feet else (1.0, 1.0)
    path = line(
        tmp_path / "net.inp",
        options=f"UNITS {units}\nHEADLOSS H-W\nACCURACY 1e-6",
        junctions=f"J1 {5 * metre} {10 * per_lps}\nJ2 {5 * metre} {5 * per_lps}",
        reservoirs=f"R {40 * metre}",
        pipes=f"P1 R J1 {1000 * metre} {200 * millimetre} 120\nP2 J1 J2 {500 * metre} {150 * millimetre} 120",
    )
    ours = Epanet(WaterConfig.model_validate({"network": path}), tmp_path, [("P1", 0.5)])
    ours.start(0, 3600)
    assert ours.now.delivered.sum() == pytest.approx(0.015, rel=1e-5)
    assert -ours.now.reservoir_flow.sum() == pytest.approx(0.015, rel=1e-5)
    first = 35.0 - hazen_williams(0.015, 1000, 0.2, 120)
    second = first - hazen_williams(0.005, 500, 0.15, 120)
    assert ours.now.pressure_m == pytest.approx([first, second], abs=0.02)
    outlet = ours.outlets.bursts["P1", 0.5]
    ours.outlets.set(outlet, 0.001)
    now = ours.solve()
    assert now.outlet_flow[0] == pytest.approx(0.001 * ours.outlets.pressure_m(outlet) ** 0.5, rel=1e-4)
    ours.close()
