"""The balance and the accuracy of long and hard runs, and that the headline figures say the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hydraulics.toolkit import Link
from tests.hydraulics.tools import advance, build, ended, event, line, pumped, write

HOUR = 3600.0


def street(path: Path, length: int = 60) -> tuple[Path, list[str]]:
    """A pump from R and a tank T at the ends of a street of `length` junctions of 0.1 L/s, a hydrant at each."""
    names = [f"J{k}" for k in range(length)]
    pipes = [f"P{k} J{k} J{k + 1} 60 200 120 0 Open" for k in range(length - 1)]
    write(
        path,
        junctions="\n".join(f"{name} 35 0.1" for name in names),
        reservoirs="R 30",
        tanks="T 60 2.5 0.2 5 8 0",
        pipes="\n".join([*pipes, f"PT J{length - 1} T 60 200 120 0 Open"]),
        pumps="PU R J0 HEAD 1",
        curves="1 12 40",
        coordinates="\n".join(f"{name} {60 * k} 0" for k, name in enumerate(names)) + "\nR 0 60\nT 0 -60",
    )
    return path, names


def closure(model) -> float:
    balance = model.balances()[0]
    gap = balance.stored_start + sum(balance.inflow.values()) - sum(balance.outflow.values()) - balance.stored_now
    return abs(gap) / sum(balance.inflow.values())


def test_idle_hydrants_do_not_disturb_the_network(tmp_path: Path) -> None:
    """60 shut hydrants: the balance closes as without them (1e-9), and the accuracy asked for is reached at once.

    With their stubs open the same network stops at 1e-5: an open pipe without flow has the conductance 1e7 ft2/s, so
    the last bit of a head of 200 ft is 1e-7 ft3/s, at each of them.
    """
    path, names = street(tmp_path / "net.inp")
    model = build(path, tmp_path / "run", hydrants=names, hours=2)
    advance(model, 2 * HOUR)
    assert closure(model) < 1e-9
    assert model.engine.accuracy == 1e-6
    assert model.engine.worst_error <= 1e-6
    assert not model.journal.entries
    for outlet in model.engine.outlets:
        model.engine.project.set_link(outlet.stub, Link.STATUS, 1.0)
    model._dirty = True
    advance(model, 2.2 * HOUR, from_s=2 * HOUR)
    assert closure(model) > 1e-8
    model.close()


def test_a_hydrant_opens_shuts_and_opens_again(tmp_path: Path) -> None:
    path, names = street(tmp_path / "net.inp")
    hydrant = event("hydrant_open", node="J30", area="10 cm2")
    model = build(path, tmp_path / "run", [hydrant], hydrants=names)
    flows = []
    for k in range(2):
        model.apply(hydrant)
        flows.append(float(model.take("leak_flow")[0]))
        advance(model, (2 * k + 1) * 600.0, from_s=2 * k * 600.0)
        model.apply(ended(hydrant))
        assert model.take("leak_flow")[0] == 0.0
        advance(model, (2 * k + 2) * 600.0, from_s=(2 * k + 1) * 600.0)
    assert flows[0] > 0.01
    assert flows[1] == pytest.approx(flows[0], rel=0.05)
    assert closure(model) < 1e-9
    model.close()


def test_the_accuracy_comes_back_after_a_dry_spell(tmp_path: Path) -> None:
    """Pump out, tank empty, a burst: nothing flows, and an error relative to the flow has no meaning. When the pump
    runs again, the accuracy that was asked for holds again, and the balance has closed throughout."""
    path, names = street(tmp_path / "net.inp")
    outage = event("pump_outage", pump="PU")
    burst = event("burst", pipe="P20", area="80 cm2")
    model = build(path, tmp_path / "run", [outage, burst], hydrants=names, hours=6)
    model.apply(outage)
    model.apply(burst)
    advance(model, 2 * HOUR)
    assert model.take("tank_level")[0] == pytest.approx(0.2, abs=1e-6)
    assert model.take("people_without")[0] > 0.99 * float(model.accounts.people.sum())
    model.apply(ended(outage))
    model.apply(ended(burst))
    advance(model, 6 * HOUR, from_s=2 * HOUR)
    assert model.engine.accuracy == 1e-6
    assert closure(model) < 1e-6
    model.close()


# ---- the headline figures


def test_tank_hours_are_those_after_which_the_tank_is_empty(tmp_path: Path) -> None:
    """Without the pump the tank (8 m wide, bottom 30 m) feeds 10 L/s: it says how many hours are left, and runs dry
    then. Required pressure 5 m, so that all is delivered until the end."""
    outage = event("pump_outage", pump="PU")
    path = pumped(tmp_path / "net.inp", controls="", tanks="T 30 3 1 6 8 0")
    model = build(path, tmp_path / "run", [outage], hours=4, required_pressure="5 m")
    model.apply(outage)
    advance(model, HOUR)
    left = float(model.summary()["tank_hours_left"].value)  # type: ignore[arg-type]
    assert left == pytest.approx(np.pi / 4 * 64 * 2.0 / 36.0 - 1.0, rel=1e-3)
    advance(model, HOUR * (1 + left) - 120, from_s=HOUR)
    assert model.take("people_without")[0] < 1.0
    advance(model, HOUR * (1 + left) + 120, from_s=HOUR * (1 + left) - 120)
    assert model.take("people_without")[0] > 0.99 * 7200
    model.close()


def test_tank_hours_do_not_grow_because_customers_go_short(tmp_path: Path) -> None:
    """By the demand, not by what is left of the supply: half of it unserved does not make the tanks last longer."""
    path = pumped(tmp_path / "net.inp", controls="")
    hours = []
    for required in ("5 m", "100 m"):
        model = build(path, tmp_path / required.replace(" ", ""), required_pressure=required, hours=1)
        advance(model, 60)
        hours.append(float(model.summary()["tank_hours_left"].value))  # type: ignore[arg-type]
        model.close()
    assert hours[1] == pytest.approx(hours[0], rel=0.05)


def test_unserved_water_is_what_was_asked_less_what_epanet_delivered(tmp_path: Path) -> None:
    """Wagner's share is computed by us and by EPANET apart from each other; over a burst they agree to 1e-4, and
    person-hours are that water over a person's 120 L a day."""
    burst = event("burst", pipe="P2", area="40 cm2")
    model = build(line(tmp_path / "net.inp"), tmp_path / "run", [burst], hours=3)
    model.apply(burst)
    advance(model, 3 * HOUR)
    asked = 0.015 * 3 * HOUR
    delivered = model.balances()[0].outflow["customers"]
    summary = model.summary()
    assert summary["unserved"].value == pytest.approx(asked - delivered, rel=1e-3)
    assert asked - delivered > 10.0
    assert summary["person_hours"].value == pytest.approx(summary["unserved"].value / 0.12 * 24, rel=1e-6)
    model.close()


def test_burst_volume_is_torricellis_over_the_time_that_it_ran(tmp_path: Path) -> None:
    burst = event("burst", pipe="P1", area="10 cm2")
    model = build(line(tmp_path / "net.inp"), tmp_path / "run", [burst], hours=3)
    advance(model, HOUR)
    model.apply(burst)
    model.take("leak_flow")
    outlet = next(iter(model.engine.outlets))
    flow = 0.6 * 0.001 * np.sqrt(2 * 9.80665 * model.engine.outlets.pressure_m(outlet))
    advance(model, 2 * HOUR, from_s=HOUR)
    model.apply(ended(burst))
    advance(model, 3 * HOUR, from_s=2 * HOUR)
    assert model.summary()["burst_volume"].value == pytest.approx(flow * HOUR, rel=1e-4)
    model.close()


def test_a_hydrant_is_lost_when_its_pressure_is_below_the_fire_engines(tmp_path: Path) -> None:
    """Pressures of 28 and 26 m or so: both below 30 m, one below 27 m, none below 14 m."""
    pressures = None
    for limit in (14.0, None, 60.0):
        config = {} if limit is None else {"hydrant_pressure": f"{limit} m"}
        if limit is None:
            assert pressures is not None
            config = {"hydrant_pressure": f"{pressures.mean()} m"}
        model = build(line(tmp_path / "net.inp"), tmp_path / f"run{limit}", hydrants=["J1", "J2"], **config)
        pressures = model.take("pressure")
        advance(model, 600)
        expected = int((pressures < model.engine.config.hydrant_pressure).sum())
        assert model.summary()["hydrants_lost"].value == expected
        assert expected == {14.0: 0, None: 1, 60.0: 2}[limit]
        model.close()


def test_dead_ends_limit_the_balance_and_the_ledger_says_by_how_much(tmp_path: Path) -> None:
    """40 open stubs of the file's own, at 300 m of head, beside a supply of 5 L/s: EPANET's heads have 16 digits
    and an idle pipe the conductance 1e7 ft2/s. What is missing is less than the bound, however accurate the solution;
    without the stubs the bound is zero and the tolerance 1e-6."""
    gaps, bounds = {}, {}
    for stubs in (0, 40):
        path = write(
            tmp_path / f"net{stubs}.inp",
            junctions="A 260 5\n" + "\n".join(f"D{k} 260 0" for k in range(stubs)),
            reservoirs="R 300",
            pipes="P R A 500 100 120 0 Open\n" + "\n".join(f"S{k} A D{k} 1 300 120 0 Open" for k in range(stubs)),
        )
        model = build(path, tmp_path / f"run{stubs}")
        advance(model, HOUR)
        balance = model.balances()[0]
        gaps[stubs] = abs(closure(model))
        bounds[stubs] = balance.tolerance
        model.close()
    assert bounds[0] == 1e-6
    assert gaps[0] < 1e-6
    assert 1e-6 < bounds[40] < 1e-3
    assert gaps[0] < gaps[40] < bounds[40]
