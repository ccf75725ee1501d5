"""Extended period against EPANET 2.2, step by step."""

from __future__ import annotations

import numpy as np
import pytest

from hydraulics.fast.arrays import Network, read
from hydraulics.fast.eps import Period, Unbalanced, simulate
from hydraulics.fast.plan import Pressure
from hydraulics.fast.reference import Reference


def epanet_history(network: Network, pressure: Pressure, duration_s: int) -> tuple[np.ndarray, np.ndarray]:
    """Times and heads of EPANET's own run at a fine accuracy."""
    times, heads = [], []
    with Reference(network, pressure, 1e-5) as epanet:
        file = epanet.file
        file.init_solver(True)
        while True:
            now, _ = file.solve()
            times.append(now)
            heads.append([network.units.head(file.node(i + 1, "head")) for i in range(network.n_nodes)])
            if now >= duration_s or file.step() == 0:
                return np.array(times), np.array(heads)


@pytest.mark.parametrize("name", ["Net1", "Net2", "Net3"])
@pytest.mark.parametrize("driven", [False, True])
def test_a_day_agrees_with_epanet(library, name, driven):
    """Tanks, patterns, tank level and time controls: heads within 1 mm (2 mm pressure-driven) at every common step,
    tanks too. A step that depends on a tank's level may come a second earlier or later."""
    network = read(library / f"{name}.inp")
    pressure = Pressure(driven, 0.0, 20.0)
    ours = simulate(network, pressure, duration_s=86400, accuracy=1e-5)
    times, heads = epanet_history(network, pressure, 86400)
    assert ours.time_s.size == times.size
    assert np.abs(ours.time_s - times).max() <= 1
    same = np.flatnonzero(ours.time_s == times)
    assert same.size >= 0.9 * times.size
    assert np.abs(ours.head[same] - heads[same]).max() < (2e-3 if driven else 1e-3)
    assert not ours.unbalanced


TANK = """
[JUNCTIONS]
A 0 {demand} day
B 0 2
[RESERVOIRS]
R 20
[TANKS]
T 30 5 1 8 10 0 {curve}
[PIPES]
1 A T 200 250 110 0 Open
2 A B 300 150 100 0 Open
[PUMPS]
U R A HEAD K
[CURVES]
K 30 25
V 0 0
V 3 150
V 6 500
V 9 1000
[PATTERNS]
day 0.5 0.8 1.5 2.0 1.2 0.3
{more}
"""

PROGRAMS = {
    "fills up": ("4", "", ""),
    "runs dry": ("40", "", ""),
    "volume curve": ("20", "V", ""),
    "level controls": ("12", "", "[CONTROLS]\nLINK U CLOSED IF NODE T ABOVE 6\nLINK U OPEN IF NODE T BELOW 4"),
    "time controls": ("12", "", "[CONTROLS]\nLINK U CLOSED AT TIME 2:30\nLINK U 0.9 AT CLOCKTIME 7 AM"),
    "pressure control": ("14", "", "[CONTROLS]\nLINK 2 CLOSED IF NODE B BELOW 34.5\nLINK 2 OPEN IF NODE A ABOVE 36"),
    "rules": (
        "16",
        "",
        "[RULES]\nRULE a\nIF TANK T LEVEL BELOW 4.5\nAND SYSTEM CLOCKTIME >= 2 AM\nTHEN PUMP U STATUS IS OPEN\n"
        "PRIORITY 2\nRULE b\nIF TANK T LEVEL ABOVE 6\nOR JUNCTION A PRESSURE ABOVE 38\n"
        "THEN PUMP U STATUS IS CLOSED\nELSE PUMP U SETTING IS 0.95\nPRIORITY 1",
    ),
}


@pytest.mark.parametrize("driven", [False, True])
@pytest.mark.parametrize("program", PROGRAMS)
def test_events_and_controls_agree_with_epanet(inp, program, driven):
    """Tank full and empty, controls and rules: the same steps (to 1 s) and heads within 5 mm where steps coincide."""
    demand, curve, more = PROGRAMS[program]
    path = inp(TANK.format(demand=demand, curve=curve, more=more))
    path.write_text(
        path.read_text().replace("Duration 0", "Duration 18\nHydraulic Timestep 1:00\nPattern Timestep 3:00")
    )
    network = read(path)
    pressure = Pressure(driven, 0.0, 20.0)
    ours = simulate(network, pressure, accuracy=1e-5)
    times, heads = epanet_history(network, pressure, 18 * 3600)
    assert ours.time_s.size == times.size
    assert np.abs(ours.time_s - times).max() <= 1
    same = ours.time_s == times
    assert np.abs(ours.head[same] - heads[same]).max() < 5e-3


def test_tank_volume_balances(inp):
    """What flows in, less what flows out, is what the tank gains, to rounding."""
    demand, curve, more = PROGRAMS["volume curve"]
    path = inp(TANK.format(demand=demand, curve=curve, more=more))
    path.write_text(path.read_text().replace("Duration 0", "Duration 6"))
    period = Period(read(path))
    moved = 0.0
    tank = period.network.node("T") - period.network.n_junctions
    while period.time_s < 6 * 3600:
        period.solve()
        inflow = period.moment.inflow[tank]
        moved += inflow * period.advance(6 * 3600)
    start = period.network.tanks.volume[tank]
    assert period.moment.volume[tank] - start == pytest.approx(moved, rel=1e-9)


def test_strict_run_says_when_it_fails(library):
    """With a single trial nothing balances; the message carries the time."""
    period = Period(read(library / "Net1.inp"), strict=True)
    period.engine.rules = period.engine.rules._replace(trials=1, extra=-1)
    with pytest.raises(Unbalanced, match="0 s"):
        period.solve()


def test_burst_closure_and_pump_stop_in_time_agree_with_epanet(library):
    """Net3: a leak of 10 L/s at 1 m opens at 2 h and ends at 5 h, pipe 123 shuts at 3 h, pump 335 stops at 4 h."""
    network = read(library / "Net3.inp")
    pressure = Pressure(True, 0.0, 20.0)
    node, pipe, pump = network.node("119"), network.link("123"), network.link("335")
    coefficient = 0.01
    period = Period(network, pressure, emitter_nodes=[node], accuracy=1e-5)
    u = network.units
    leaks = {2: coefficient, 5: 0.0}
    with Reference(network, pressure, 1e-5) as epanet:
        file = epanet.file
        file.init_solver(True)
        done: set[int] = set()
        worst = 0.0
        while period.time_s < 8 * 3600:
            hour = period.time_s // 3600
            if period.time_s % 3600 == 0 and hour not in done:
                done.add(hour)
                if hour in leaks:
                    period.leak(node, leaks[hour])
                    file.set_node(node + 1, "emitter", u.flow_out(leaks[hour]) / u.pressure_out(1.0) ** 0.5)
                if hour == 3:
                    period.close(pipe)
                    file.set_link(pipe + 1, "status", 0.0)
                if hour == 4:
                    period.close(pump)
                    file.set_link(pump + 1, "status", 0.0)
            period.solve()
            now, _ = file.solve()
            assert abs(now - period.time_s) <= 1
            head = np.array([u.head(file.node(i + 1, "head")) for i in range(network.n_nodes)])
            worst = max(worst, float(np.abs(head - period.heads).max()))
            if hour == 2:
                high = period.heads[node] - network.elevation[node]
                assert period.leaking(node) == pytest.approx(coefficient * high**0.5, rel=1e-4)
            period.advance()
            file.step()
    assert {2, 3, 4, 5} <= done
    assert worst < 5e-3
    assert period.leaking(node) == 0.0
