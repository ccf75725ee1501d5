"""Links held against the file's controls, and given back in the state that those want by then."""

from __future__ import annotations

from pathlib import Path

import pytest

from hydraulics.config import WaterConfig
from hydraulics.epanet import Epanet
from hydraulics.toolkit import Link
from tests.hydraulics.tools import line, pumped


def engine(path: Path, folder: Path) -> Epanet:
    folder.mkdir(parents=True, exist_ok=True)
    ours = Epanet(WaterConfig.model_validate({"network": path, "demand": "as_in_file"}), folder)
    ours.start(0, 100 * 3600)
    return ours


def run(ours: Epanet, from_h: float, to_h: float) -> None:
    for begin in range(round(from_h * 3600), round(to_h * 3600), 300):
        for _ in ours.run(begin, begin + 300):
            pass


def pump_flow(ours: Epanet) -> float:
    return float(ours.link_flow([ours.network.link_ids.index("PU")])[0])


def pump(ours: Epanet) -> int:
    return ours.network.link_ids.index("PU") + 1


RULES = """RULE FILL
IF TANK T LEVEL BELOW 2
THEN PUMP PU STATUS IS OPEN

RULE STOP
IF TANK T LEVEL ABOVE 4
THEN PUMP PU STATUS IS CLOSED"""


@pytest.mark.parametrize("more", [{}, {"controls": "", "rules": RULES}], ids=["simple controls", "rules"])
def test_no_control_starts_a_pump_that_is_held(more: dict[str, str], tmp_path: Path) -> None:
    """The tank falls through the level at which the file would start the pump; it stays out, and starts when let go.

    10 L/s from 8 m wide: 0.716 m an hour, so from 3 m to 2 m in 1.4 h and empty after 4.2 h.
    """
    ours = engine(pumped(tmp_path / "net.inp", **more), tmp_path / "run")
    assert pump_flow(ours) > 0.01
    ours.switches.hold(pump(ours), "no power", False)
    ours.solve()
    assert pump_flow(ours) == 0.0
    run(ours, 0, 3)
    assert ours.now.tank_level_m[0] == pytest.approx(3.0 - 3 * 0.01 * 3600 / (3.14159 * 16), abs=0.01)
    assert pump_flow(ours) == 0.0
    ours.switches.release(pump(ours), "no power")
    ours.solve()
    assert pump_flow(ours) > 0.01
    ours.close()


@pytest.mark.parametrize("more", [{}, {"controls": "", "rules": RULES}], ids=["simple controls", "rules"])
def test_a_pump_that_its_controls_have_stopped_stays_stopped(more: dict[str, str], tmp_path: Path) -> None:
    """Held when the tank is full and the control has stopped it: letting it go must not start it."""
    ours = engine(pumped(tmp_path / "net.inp", tanks="T 30 3.9 0 6 8 0", **more), tmp_path / "run")
    run(ours, 0, 1)
    assert ours.now.tank_level_m[0] > 3.0
    assert pump_flow(ours) == 0.0
    ours.switches.hold(pump(ours), "no power", False)
    run(ours, 1, 1.5)
    ours.switches.release(pump(ours), "no power")
    ours.solve()
    assert pump_flow(ours) == 0.0
    ours.close()


def test_controls_work_again_after_a_hold(tmp_path: Path) -> None:
    """48 h after an outage the tank still swings between its control's 2 m and 4 m."""
    ours = engine(pumped(tmp_path / "net.inp"), tmp_path / "run")
    ours.switches.hold(pump(ours), "no power", False)
    run(ours, 0, 1)
    ours.switches.release(pump(ours), "no power")
    levels = []
    for hour in range(1, 48):
        run(ours, hour, hour + 1)
        levels.append(float(ours.now.tank_level_m[0]))
    assert 1.9 < min(levels) < 2.8
    assert 3.2 < max(levels) < 4.1
    ours.close()


def test_a_timed_control_that_passes_during_a_hold_counts(tmp_path: Path) -> None:
    """The file stops the pump at 2:00 for good; held from 1:00 to 3:00 it comes back stopped."""
    ours = engine(pumped(tmp_path / "net.inp", controls="LINK PU CLOSED AT TIME 2"), tmp_path / "run")
    run(ours, 0, 1)
    assert pump_flow(ours) > 0.01
    ours.switches.hold(pump(ours), "no power", False)
    run(ours, 1, 3)
    ours.switches.release(pump(ours), "no power")
    ours.solve()
    assert pump_flow(ours) == 0.0
    ours.close()


def test_a_speed_pattern_does_not_start_a_held_pump(tmp_path: Path) -> None:
    """A pump with a speed pattern is set anew by EPANET at each solution; held, it stands; let go, it has its speed."""
    path = pumped(
        tmp_path / "net.inp",
        pumps="PU R J1 HEAD 1 PATTERN S",
        patterns="S 1.0 0.9 0.95 1.0",
        controls="",
    )
    ours = engine(path, tmp_path / "run")
    ours.switches.hold(pump(ours), "no power", False)
    run(ours, 0, 1.5)
    assert pump_flow(ours) == 0.0
    ours.switches.release(pump(ours), "no power")
    ours.solve()
    assert pump_flow(ours) > 0.005
    assert ours.project.link(pump(ours), Link.SETTING) == pytest.approx(0.9)
    ours.close()


def test_two_reasons_must_both_end(tmp_path: Path) -> None:
    ours = engine(pumped(tmp_path / "net.inp"), tmp_path / "run")
    for reason in ("power", "flood"):
        ours.switches.hold(pump(ours), reason, False)
    ours.switches.release(pump(ours), "power")
    ours.solve()
    assert pump_flow(ours) == 0.0
    ours.switches.release(pump(ours), "flood")
    ours.solve()
    assert pump_flow(ours) > 0.01
    ours.close()


def test_a_pressure_reducing_valve_gets_its_setting_back(tmp_path: Path) -> None:
    """PRV at 20 m; opened by hand the pressure behind it is the reservoir's 35 m, then 20 m again."""
    path = line(
        tmp_path / "net.inp",
        junctions="J1 5 0\nJ2 5 1",
        pipes="P1 R J1 10 300 140 0 Open",
        valves="V J1 J2 200 PRV 20 0",
    )
    ours = engine(path, tmp_path / "run")
    assert ours.now.pressure_m[1] == pytest.approx(20.0, abs=1e-3)
    ours.switches.hold(2, "by hand", True)
    assert ours.solve().pressure_m[1] == pytest.approx(35.0, abs=0.05)
    ours.switches.release(2, "by hand")
    assert ours.solve().pressure_m[1] == pytest.approx(20.0, abs=1e-3)
    ours.close()


def test_a_valve_with_on_off_controls_is_refused_in_words(tmp_path: Path) -> None:
    path = line(
        tmp_path / "net.inp",
        junctions="J1 5 0\nJ2 5 1",
        pipes="P1 R J1 10 300 140 0 Open",
        valves="V J1 J2 200 PRV 20 0",
        controls="LINK V CLOSED AT TIME 5",
    )
    ours = engine(path, tmp_path / "run")
    with pytest.raises(ValueError, match=r"valve 'V' has simple controls.*close a pipe beside it"):
        ours.switches.hold(2, "by hand", False)
    ours.close()
