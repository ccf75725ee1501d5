"""The fast engine in the coupled run against EPANET in the same run: same drill, same ports, same accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from hydraulics.domain import DOMAIN
from hydraulics.epanet import Epanet
from hydraulics.fast_engine import FastEngine
from hydraulics.model import WaterModel
from tests.hydraulics.tools import advance, build, ended, event, library, line, pumped, setup, write
from twin.clock import US
from twin.model import Balance, Event

HOUR = 3600
NEAR_M = 0.01
VOLUME = 1e-3


def grid(path: Path) -> Path:
    """Five by five junctions of 4 L/s, 200 m apart, a reservoir with a pump and a tank that controls the pump."""
    names = [[f"N{row}{column}" for column in range(5)] for row in range(5)]
    pipes = [f"T {names[4][4]} TK 100 250 120 0 Open"]
    for row in range(5):
        for column in range(5):
            if column < 4:
                pipes.append(f"H{row}{column} {names[row][column]} {names[row][column + 1]} 200 150 110 0.5 Open")
            if row < 4:
                pipes.append(f"V{row}{column} {names[row][column]} {names[row + 1][column]} 200 150 110 0 Open")
    return write(
        path,
        junctions="\n".join(f"{name} {k} 4 DAY" for k, name in enumerate(n for row in names for n in row)),
        reservoirs="R 10",
        tanks="TK 45 2 0 5 14 0",
        pipes="\n".join(pipes),
        pumps="PU R N00 HEAD 1",
        curves="1 90 55",
        patterns="DAY 0.6 0.8 1.4 1.2 0.9 0.5",
        controls="LINK PU OPEN IF NODE TK BELOW 1.9\nLINK PU CLOSED IF NODE TK ABOVE 4.5",
        coordinates="\n".join(f"{n} {c * 200} {r * 200}" for r, row in enumerate(names) for c, n in enumerate(row)),
    )


DRILLS: dict[str, list[Event]] = {
    "Net1": [
        event("burst", pipe="21", area="30 cm2"),
        event("pump_outage", pump="9"),
        event("hydrant_open", node="32", flow="800 L/min"),
        event("close", link="113"),
    ],
    "Net3": [
        event("burst", pipe="151", area="80 cm2"),
        event("pump_outage", pump="335"),
        event("hydrant_open", node="191", flow="1600 L/min"),
        event("close", link="20"),
        event("demand_scale", factor=1.2),
    ],
    "grid": [
        event("burst", pipe="H22", area="25 cm2", position=0.3),
        event("pump_outage", pump="PU"),
        event("hydrant_open", node="N40", area="20 cm2"),
        event("isolate", pipes=["V11", "H12"]),
    ],
}


def file(name: str, folder: Path) -> Path:
    return grid(folder / "grid.inp") if name == "grid" else library(name)


def drill(
    network: Path, folder: Path, events: Sequence[Event], engine: str
) -> tuple[WaterModel, dict[str, np.ndarray]]:
    """Four hours in exchanges of 60 s: all events from the first to the third hour. What the ports gave each minute."""
    model = build(network, folder, events, start=datetime(2026, 7, 1, 16), engine=engine)
    names = ("pressure", "served", "flow", "tank_level", "leaked", "leak_flow", "unserved_flow", "people_without")
    rows: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for minute in range(240):
        for each in events:
            if minute == 60:
                model.apply(each)
            elif minute == 180:
                model.apply(ended(each))
        model.advance((minute + 1) * 60 * US)
        for name in names:
            rows[name].append(model.take(name))
    return model, {name: np.array(values) for name, values in rows.items()}


def closure(balance: Balance) -> float:
    gap = balance.stored_start + sum(balance.inflow.values()) - sum(balance.outflow.values()) - balance.stored_now
    return abs(gap) / sum(balance.inflow.values())


@pytest.mark.parametrize("name", list(DRILLS))
def test_a_drill_agrees_with_epanet(name: str, tmp_path: Path) -> None:
    """99 % of heads within 1 cm and none beyond 10 cm, volumes within 0.1 %, over a burst, a closure, a pump outage
    and a hydrant and their ends. The balance closes to 1e-6, as with EPANET."""
    network = file(name, tmp_path)
    ours, mine = drill(network, tmp_path / "fast", DRILLS[name], "fast")
    theirs, reference = drill(network, tmp_path / "epanet", DRILLS[name], "epanet")
    assert isinstance(ours.engine, FastEngine)
    assert not isinstance(theirs.engine, FastEngine)
    assert ours.engine.handed_over == 0
    apart = np.abs(mine["pressure"] - reference["pressure"])
    assert reference["pressure"].std(axis=0).max() > 1.0
    volumes = {
        key: (getattr(ours.accounts.volumes, key), getattr(theirs.accounts.volumes, key))
        for key in ("supplied", "delivered", "leaked")
    }
    volumes["kWh"] = float(ours.energy.kwh.sum()), float(theirs.energy.kwh.sum())
    volumes["unserved"] = float(ours.accounts.unserved_m3.sum()), float(theirs.accounts.unserved_m3.sum())
    errors = {key: abs(a - b) / max(abs(b), 1e-9) for key, (a, b) in volumes.items()}
    print(
        f"{name}: heads p99 {np.quantile(apart, 0.99):.2g} m, largest {apart.max():.2g} m, "
        f"tanks {np.abs(mine['tank_level'] - reference['tank_level']).max():.2g} m, "
        + ", ".join(f"{key} {error:.1e}" for key, error in errors.items())
        + f"; balance {closure(ours.balances()[0]):.1e} (EPANET {closure(theirs.balances()[0]):.1e})"
    )
    assert (apart < NEAR_M).mean() >= 0.99
    assert apart.max() < 10 * NEAR_M
    assert max(errors.values()) < VOLUME
    assert volumes["leaked"][1] > 10.0
    balance, other = ours.balances()[0], theirs.balances()[0]
    assert closure(balance) < 1e-6
    assert balance.inflow.keys() == other.inflow.keys()
    assert balance.outflow.keys() == other.outflow.keys()
    assert mine["leaked"].sum() == pytest.approx(balance.outflow["link:leaked"], rel=1e-12)
    assert [port.name for port in ours.ports] == [port.name for port in theirs.ports]
    assert ours.summary().keys() == theirs.summary().keys()
    assert ours.tables().keys() == theirs.tables().keys()
    assert [row[0] for row in ours.tables()["leaks"].rows] == [row[0] for row in theirs.tables()["leaks"].rows]
    told = [[entry["what"] for entry in model.journal.entries] for model in (ours, theirs)]
    assert told[0] == told[1]
    for model in (ours, theirs):
        model.close()
        model.close()


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    network = grid(tmp_path / "grid.inp")
    first, a = drill(network, tmp_path / "a", DRILLS["grid"], "fast")
    second, b = drill(network, tmp_path / "b", DRILLS["grid"], "fast")
    for name in a:
        assert a[name].tobytes() == b[name].tobytes()
    assert first.summary() == second.summary()
    assert first.balances() == second.balances()
    first.close()
    second.close()


def test_exchanges_cut_steps_as_with_epanet(tmp_path: Path) -> None:
    """Steps are those of EPANET to the second: 60 s exchanges, ragged times, and a tank level that
    stops the pump between them."""
    lengths = []
    for engine in ("fast", "epanet"):
        model = build(
            pumped(tmp_path / "net.inp"), tmp_path / engine, hours=8, engine=engine, start=datetime(2026, 7, 1)
        )
        steps = []
        for until in (*range(60, 3601, 60), 3617, 3660, 5 * HOUR):
            from_s = sum(steps)
            steps += [step.length_s for step in model.engine.run(from_s, until)]
        lengths.append(steps)
        model.close()
    assert lengths[0] == lengths[1]
    assert sum(lengths[0]) == 5 * HOUR
    assert lengths[0][:30] == [60] * 30
    assert any(length % 60 for length in lengths[0][30:60])


RULES = (
    "RULE start\nIF TANK T LEVEL BELOW 2\nTHEN PUMP PU STATUS IS OPEN\n"
    "RULE stop\nIF TANK T LEVEL ABOVE 4\nTHEN PUMP PU STATUS IS CLOSED"
)


@pytest.mark.parametrize("more", [{}, {"controls": "", "rules": RULES}], ids=["controls", "rules"])
def test_a_held_pump_comes_back_as_its_controls_want(more: dict[str, str], tmp_path: Path) -> None:
    """During the outage the tank falls below the level that starts the pump; afterwards the pump runs, in both."""
    running = []
    for engine in ("fast", "epanet"):
        outage = event("pump_outage", pump="PU")
        model = build(pumped(tmp_path / "net.inp", **more), tmp_path / engine, [outage], hours=8, engine=engine)
        advance(model, 60)
        model.apply(outage)
        advance(model, 2 * HOUR, from_s=60)
        during = model.take("pumps_running")[0]
        model.apply(ended(outage))
        advance(model, 2 * HOUR + 120, from_s=2 * HOUR)
        running.append((during, model.take("pumps_running")[0], round(float(model.take("tank_level")[0]), 4)))
        model.close()
    assert running[0] == running[1]
    assert running[0][:2] == (0.0, 1.0)


def test_power_and_flood_stop_pumps(tmp_path: Path) -> None:
    model = build(pumped(tmp_path / "net.inp"), tmp_path / "run", hours=2, engine="fast")
    advance(model, 60)
    levels = [float(model.take("tank_level")[0])]
    for port, bad, good in (("power", 0.0, 1.0), ("station_depth", 0.8, 0.1)):
        model.put(port, np.array([bad]))
        assert model.take("pumps_running")[0] == 0.0
        model.put(port, np.array([good]))
        assert model.take("pressure")[0] > 0.0
    advance(model, HOUR, from_s=60)
    assert float(model.take("tank_level")[0]) != levels[0]
    assert model.summary()["pump_outages"].value == 2
    model.close()


VALVES = {
    "PRV": "V J2 J3 150 PRV 20 0",
    "FCV": "V J2 J3 150 FCV 4 0",
    "TCV": "V J2 J3 150 TCV 60 0",
    "PSV": "V J2 J3 150 PSV 36 0",
    "PBV": "V J2 J3 150 PBV 6 0",
}


@pytest.mark.parametrize("kind", list(VALVES))
@pytest.mark.parametrize("verb", ["close", "open"])
def test_valves_are_held_and_given_back(kind: str, verb: str, tmp_path: Path) -> None:
    """Heads at each of three times (before, held, given back) within 1 mm of EPANET's."""
    heads = []
    for engine in ("fast", "epanet"):
        network = write(
            tmp_path / "net.inp",
            junctions="J1 5 10\nJ2 5 5\nJ3 2 6\nJ4 2 3",
            reservoirs="R 45",
            pipes="P1 R J1 800 200 120 2 Open\nP2 J1 J2 500 150 120 0 Open\nP3 J3 J4 300 100 110 0 Open\n"
            "P4 J1 J4 2500 80 100 0 Open",
            valves=VALVES[kind],
        )
        held = event(verb, link="V")
        model = build(network, tmp_path / engine, [held], hours=1, engine=engine)
        found = [model.take("pressure")]
        model.apply(held)
        found.append(model.take("pressure"))
        advance(model, 600)
        model.apply(ended(held))
        found.append(model.take("pressure"))
        heads.append(np.array(found))
        model.close()
    assert np.abs(heads[0] - heads[1]).max() < 1e-3
    assert np.abs(heads[0][1] - heads[0][0]).max() > 0.1
    assert np.abs(heads[0][2] - heads[0][0]).max() < 1e-3


def test_pump_power_follows_the_efficiency_curve_and_the_speed(tmp_path: Path) -> None:
    """EPANET's own power (EN_ENERGY) of a pump at nine tenths of its speed, to 1e-5."""
    power = []
    for engine in ("fast", "epanet"):
        network = pumped(
            tmp_path / "net.inp",
            pumps="PU R J1 HEAD 1 SPEED 0.93",
            curves="1 25 50\n2 5 40\n2 20 72\n2 40 55",
            energy="PUMP PU EFFICIENCY 2",
        )
        model = build(network, tmp_path / engine, hours=1, engine=engine)
        assert model.engine.now is not None
        power.append(float(model.engine.now.pump_kw[0]))
        model.close()
    assert power[0] == pytest.approx(power[1], rel=1e-5)
    assert power[0] > 1.0


def test_a_file_with_its_own_emitters_keeps_its_exponent(tmp_path: Path) -> None:
    """A burst is an orifice whatever the file's emitter exponent is: the same outflow as with EPANET to 1e-5."""
    lost = []
    for engine in ("fast", "epanet"):
        network = line(tmp_path / "net.inp", emitters="J2 0.3", options="UNITS LPS\nHEADLOSS H-W\nEMITTER EXPONENT 0.9")
        burst = event("burst", pipe="P1", area="20 cm2")
        model = build(network, tmp_path / engine, [burst], hours=1, engine=engine)
        model.apply(burst)
        advance(model, 1800)
        balance = model.balances()[0]
        assert closure(balance) < 1e-6
        lost.append((balance.outflow["link:leaked"], balance.outflow["emitters"]))
        model.close()
    assert lost[0] == pytest.approx(lost[1], rel=1e-5)
    assert min(lost[0]) > 1.0


def test_what_it_cannot_balance_is_solved_by_epanet(tmp_path: Path) -> None:
    """With two trials a burst's first moments find no balance. EPANET solves them: the pressures are its own, the
    balance closes, and the journal says so once a spell."""
    burst = event("burst", pipe="H22", area="60 cm2")
    network = grid(tmp_path / "grid.inp")
    found = []
    for engine in ("fast", "epanet"):
        model = build(network, tmp_path / engine, [burst], hours=1, start=datetime(2026, 7, 1, 16), engine=engine)
        if isinstance(model.engine, FastEngine):
            rules = model.engine.fast.period.engine.rules
            model.engine.fast.period.engine.rules = rules._replace(trials=1, extra=-1)
        model.apply(burst)
        advance(model, 1800)
        found.append((model.take("pressure"), model.balances()[0], model.engine.handed_over, model.journal.entries))
        model.close()
    (mine, balance, handed, told), (reference, *_) = found
    assert handed > 5
    assert np.abs(mine - reference).max() < 1e-3
    assert closure(balance) < 1e-6
    assert sum(entry["what"] == "by_epanet" for entry in told) >= 1


def test_quality_is_left_to_epanet_with_a_word(tmp_path: Path) -> None:
    """The check warns, the run goes on with EPANET, and its journal says why."""
    network = line(tmp_path / "net.inp")
    (problem,) = DOMAIN.check(setup(network, tmp_path / "check", engine="fast", quality="age"))
    assert problem.warn
    assert "engine: epanet" in problem.text
    model = build(network, tmp_path / "run", hours=1, engine="fast", quality="age")
    assert type(model.engine) is Epanet
    advance(model, 600)
    assert model.take("age").max() > 0.0
    (entry,) = [entry for entry in model.journal.entries if entry["what"] == "by_epanet"]
    assert "quality" in entry["text"]
    model.close()


def test_a_network_that_it_solves_has_no_problem(tmp_path: Path) -> None:
    assert list(DOMAIN.check(setup(library("Net3"), tmp_path, engine="fast"))) == []
