"""Bursts and hydrants: prepared without a trace, lawful in flow, shut against vacuum."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from hydraulics.config import WaterConfig
from hydraulics.epanet import Epanet
from hydraulics.outlets import orifice
from tests.hydraulics.tools import library, line, pumped


def engine(path: Path, folder: Path, **kwargs: object) -> Epanet:
    folder.mkdir(parents=True, exist_ok=True)
    places = {name: kwargs.pop(name, ()) for name in ("bursts", "hydrants", "closings")}
    return Epanet(WaterConfig.model_validate({"network": path, **kwargs}), folder, **places)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "pipes"), [("Net1", ["10", "12"]), ("Net3", ["20", "151", "60"]), ("ky4", ["P-1"])])
def test_places_that_may_burst_leave_the_network_as_it_was(name: str, pipes: list[str], tmp_path: Path) -> None:
    """12 h with pipes split at two places and a hydrant's stub, nothing open: heads within 1e-3 m of the file's own.

    Net3's pipe 20 ends at a tank and 60 at a reservoir; 12 h see its controls act.
    """
    runs = []
    for label, some in (("split", pipes), ("whole", [])):
        plain = engine(library(name), tmp_path / "look")
        hydrant = plain.network.junction_ids[0]
        plain.close()
        ours = engine(
            library(name),
            tmp_path / label,
            bursts=[(pipe, share) for pipe in some for share in (0.3, 0.5)],
            hydrants=[hydrant] if some else [],
            step="10 min",
        )
        ours.start(0, 12 * 3600)
        rows = []
        for begin in range(0, 12 * 3600, 600):
            for _ in ours.run(begin, begin + 600):
                pass
            rows.append(np.concatenate([ours.now.pressure_m, ours.now.tank_level_m]))
        ours.close()
        runs.append(np.array(rows))
    np.testing.assert_allclose(runs[0], runs[1], atol=1e-3)


def test_orifice_is_torricellis() -> None:
    """50 cm² at 20 m, Cd 0.6: 0.6 · 0.005 · √(2 · 9.80665 · 20) = 0.05941 m3/s."""
    assert orifice(0.005, 0.6) * math.sqrt(20.0) == pytest.approx(0.059416, rel=1e-4)


def test_a_burst_in_a_suction_main_draws_no_air(tmp_path: Path) -> None:
    """A pipe that climbs 12 m above the reservoir's level stands under vacuum: its burst gives and takes nothing."""
    path = line(
        tmp_path / "net.inp",
        junctions="J1 52 0\nJ2 5 5",
        pipes="P1 R J1 100 200 120 0 Open\nP2 J1 J2 500 150 120 0 Open",
    )
    ours = engine(path, tmp_path / "run", bursts=[("P2", 0.05)], demand="as_in_file")
    ours.start(0, 3600)
    (outlet,) = ours.outlets
    assert ours.outlets.pressure_m(outlet) < -1.0
    ours.outlets.set(outlet, orifice(0.004, 0.6))
    now = ours.solve()
    assert outlet.vacuum
    assert now.outlet_flow[0] == 0.0
    assert -now.reservoir_flow.sum() == pytest.approx(0.005, rel=1e-6)
    ours.close()


def test_a_files_own_exponent_is_kept_and_bursts_stay_orifices(tmp_path: Path) -> None:
    """An irrigation emitter with exponent 1.2 keeps it, and the burst still follows q = c √p."""
    path = line(
        tmp_path / "net.inp",
        options="UNITS LPS\nHEADLOSS H-W\nACCURACY 1e-6\nEMITTER EXPONENT 1.2",
        emitters="J2 0.01",
    )
    ours = engine(path, tmp_path / "run", bursts=[("P1", 0.5)])
    ours.start(0, 3600)
    assert ours.now.emitted[1] * 1e3 == pytest.approx(0.01 * ours.now.pressure_m[1] ** 1.2, rel=1e-4)
    (outlet,) = ours.outlets
    ours.outlets.set(outlet, 0.003)
    now = ours.solve()
    assert now.outlet_flow[0] == pytest.approx(0.003 * math.sqrt(ours.outlets.pressure_m(outlet)), rel=1e-5)
    assert now.emitted[1] * 1e3 == pytest.approx(0.01 * now.pressure_m[1] ** 1.2, rel=1e-4)
    ours.close()


def test_a_shut_outlet_gives_nothing_though_epanet_remembers(tmp_path: Path) -> None:
    """EPANET keeps the last flow of an emitter that is set to zero in its node's demand; the ledger must not."""
    ours = engine(line(tmp_path / "net.inp"), tmp_path / "run", bursts=[("P1", 0.5)], hydrants=["J2"])
    ours.start(0, 3600)
    before = ours.now.pressure_m
    for outlet in ours.outlets:
        ours.outlets.set(outlet, 0.002)
    assert (ours.solve().outlet_flow > 1e-3).all()
    for outlet in ours.outlets:
        ours.outlets.set(outlet, 0.0)
    now = ours.solve()
    assert (now.outlet_flow == 0.0).all()
    np.testing.assert_allclose(now.pressure_m, before, atol=1e-4)
    assert -now.reservoir_flow.sum() == pytest.approx(now.delivered.sum(), rel=1e-6)
    ours.close()


def test_a_burst_lies_where_it_is_put(tmp_path: Path) -> None:
    """At 0.25 of P1's 1000 m; the ground between a reservoir and a junction is the junction's (5 m)."""
    ours = engine(line(tmp_path / "net.inp"), tmp_path / "run", bursts=[("P1", 0.25), ("P2", 0.5)])
    one, two = ours.outlets
    assert one.xy == pytest.approx((250.0, 0.0))
    assert two.xy == pytest.approx((1000.0, 250.0))
    assert one.elevation_m == pytest.approx(5.0)
    ours.close()


def test_a_check_valve_that_may_be_closed_gets_a_part_that_can(tmp_path: Path) -> None:
    """EPANET refuses to switch a pipe with a check valve; its other half is switched instead."""
    path = pumped(tmp_path / "net.inp", pipes="P1 J1 T 500 200 120 0 CV")
    ours = engine(path, tmp_path / "run", closings=["P1"])
    ours.start(0, 3600)
    assert ours.link_flow([0])[0] == pytest.approx(ours.now.tank_flow[0], rel=1e-6)
    assert ours.now.tank_flow[0] > 1e-3
    ours.switches.hold(1, "test", False)
    assert abs(ours.solve().tank_flow[0]) < 1e-6
    ours.switches.release(1, "test")
    assert ours.solve().tank_flow[0] > 1e-3
    ours.close()
