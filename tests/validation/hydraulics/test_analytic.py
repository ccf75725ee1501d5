"""Bursts, pressure-driven demand and a draining tank against closed forms."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq

from hydraulics.config import WaterConfig
from hydraulics.epanet import Epanet
from hydraulics.outlets import orifice
from tests.hydraulics.tools import hazen_williams, line, write


def engine(path: Path, folder: Path, bursts: list[tuple[str, float]], **config: object) -> Epanet:
    folder.mkdir(parents=True, exist_ok=True)
    ours = Epanet(WaterConfig.model_validate({"network": path, **config}), folder, bursts)
    ours.start(0, 24 * 3600)
    return ours


def test_discharge_of_a_burst_main(tmp_path: Path, figures: Path) -> None:
    """Reservoir at 40 m, 1000 m of DN200 (C 120) to a dead end at 5 m, burst in the middle.

    35 = (q/c)² + h(q, 500 m), c = Cd A √(2g): one unknown, solved by bisection. 5e-5 is what the
    four digits of EPANET's constants leave open (4.727 in ft and ft3/s is 10.667 in m and m3/s).
    """
    path = line(
        tmp_path / "net.inp", junctions="J1 5 0", pipes="P1 R J1 1000 200 120 0 Open", coordinates="R 0 0\nJ1 1000 0"
    )
    ours = engine(path, tmp_path / "run", [("P1", 0.5)])
    (outlet,) = ours.outlets
    areas = np.array([1, 2, 5, 10, 20, 40, 80, 160, 314]) * 1e-4
    model, exact = [], []
    for area in areas:
        c = orifice(area, 0.6)
        ours.outlets.set(outlet, c)
        model.append(float(ours.solve().outlet_flow[0]))
        exact.append(
            brentq(lambda q, c=c: 35.0 - (q / c) ** 2 - hazen_williams(q, 500, 0.2, 120), 1e-9, 1.0, xtol=1e-14)
        )
    ours.close()
    np.testing.assert_allclose(model, exact, rtol=5e-5)
    assert model[-1] < 0.5 * orifice(areas[-1], 0.6) * math.sqrt(35.0)

    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
    ax.loglog(areas * 1e4, np.array(exact) * 1e3, "-", label="closed form")
    ax.loglog(areas * 1e4, np.array(model) * 1e3, "o", label="model", mfc="none")
    ax.loglog(areas * 1e4, [orifice(a, 0.6) * math.sqrt(35) * 1e3 for a in areas], ":", label="without pipe friction")
    ax.set(
        xlabel="opening (cm²)", ylabel="discharge (L/s)", title="Burst in the middle of 1000 m of DN200, 35 m of head"
    )
    ax.legend()
    fig.savefig(figures / "water_burst_discharge.png", dpi=150)
    plt.close(fig)


def test_pressure_driven_demand_is_wagners(tmp_path: Path, figures: Path) -> None:
    """50 L/s asked at p_req 20 m over 100 m of DN300: q = 0.05 √(p/20), p = H − h(q) from 0 to 30 m of head.

    EPANET smooths nothing within the range; 5e-5 as above.
    """
    heads = [0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 16.0, 20.0, 25.0, 30.0]
    model, exact = [], []
    for k, head in enumerate(heads):
        path = line(
            tmp_path / f"net{k}.inp",
            junctions="J1 0 50",
            reservoirs=f"R {head}",
            pipes="P1 R J1 100 300 120 0 Open",
            coordinates="R 0 0\nJ1 100 0",
        )
        ours = engine(path, tmp_path / f"run{k}", [])
        model.append(float(ours.now.delivered[0]))

        def excess(q: float, head: float = head) -> float:
            pressure = head - hazen_williams(q, 100, 0.3, 120)
            return 0.05 * math.sqrt(min(max(pressure / 20.0, 0.0), 1.0)) - q

        exact.append(brentq(excess, 0.0, 0.06, xtol=1e-14))
        served = float(ours.served(ours.now.pressure_m)[0])
        assert served == pytest.approx(model[-1] / 0.05, rel=1e-5)
        ours.close()
    np.testing.assert_allclose(model, exact, rtol=5e-5)

    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
    ax.plot(heads, np.array(exact) * 1e3, "-", label="Wagner with friction, closed form")
    ax.plot(heads, np.array(model) * 1e3, "o", label="model", mfc="none")
    ax.set(xlabel="head of the source (m)", ylabel="delivered (L/s)", title="Pressure-driven demand, 50 L/s asked")
    ax.legend()
    fig.savefig(figures / "water_pressure_driven.png", dpi=150)
    plt.close(fig)


def test_a_tank_drains_through_a_burst_by_torricellis_law(tmp_path: Path, figures: Path) -> None:
    """Tank 10 m wide and 9 m deep over a wide short main with a hole: √h = √h₀ − c t / 2A.

    EPANET steps explicitly, so the error is proportional to the step: halving it halves the error, and at 10 s the
    level after an hour is within 5 mm. The hole lies at the tank's floor; the main's friction is under a millimetre.
    """
    path = write(
        tmp_path / "net.inp",
        junctions="J1 0 0",
        tanks="T 0 9 0 10 10 0",
        pipes="P1 T J1 2 1500 150 0 Open",
        coordinates="T 0 0\nJ1 2 0",
    )
    c, area, hour = orifice(0.02, 0.6), math.pi * 25.0, 3600
    times = np.arange(0, hour + 1, 300)
    exact = (3.0 - c * times / (2.0 * area)) ** 2
    errors, curve = {}, []
    for step in (300, 150, 10):
        ours = engine(path, tmp_path / f"run{step}", [("P1", 0.5)], step=f"{step} s")
        (outlet,) = ours.outlets
        ours.outlets.set(outlet, c)
        ours.solve()
        levels, lost = [float(ours.now.tank_level_m[0])], 0.0
        for begin in times[:-1].tolist():
            for done in ours.run(begin, begin + 300):
                lost += float(done.held.outlet_flow[0]) * done.length_s
            levels.append(float(ours.now.tank_level_m[0]))
        errors[step] = float(np.abs(levels - exact).max())
        curve = levels
        assert lost == pytest.approx((9.0 - levels[-1]) * area, rel=1e-5)
        ours.close()
    assert errors[10] < 5e-3
    assert errors[300] / errors[150] == pytest.approx(2.0, rel=0.1)

    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
    ax.plot(times / 60, exact, "-", label="Torricelli")
    ax.plot(times / 60, curve, "o", mfc="none", label="model, 10 s")
    ax.set(xlabel="time (min)", ylabel="level (m)", title="A tank drains through a hole of 200 cm²")
    ax.legend()
    fig.savefig(figures / "water_tank_drains.png", dpi=150)
    plt.close(fig)
