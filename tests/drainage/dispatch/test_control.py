"""Dispatch with the real engines: forks leave the run alone, decisions repeat, water is conserved, failures told."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from drainage.config import PumpOutage, SetPump
from drainage.dispatch.control import Control
from drainage.dispatch.plans import Plan
from drainage.model import DrainageModel
from drainage.swmm import LINK, LINK_FLOW, LINK_SETTING
from tests.drainage.cases import error_of
from tests.drainage.dispatch.town import SYSTEM, drive, state_of, town
from twin.clock import US
from twin.model import Event, Setup

Build = Callable[[Setup], DrainageModel]
MPC = {"interval": "5 min", "horizon": "20 min", "candidates": 4, "refine": 1}


def control_of(model: DrainageModel) -> Control:
    assert model.dispatch is not None
    return model.dispatch


def setting(model: DrainageModel, link: str) -> float:
    assert model.swmm is not None
    return float(model.swmm.get(LINK_SETTING, model.swmm.index(LINK, [link]))[0])


def entries(model: DrainageModel, what: str) -> list[str]:
    return [e["text"] for e in model.setup.journal.entries if e["what"] == what]


def test_branches_leave_the_run_bit_for_bit_as_it_was(build: Build, tmp_path: Path) -> None:
    """Branches under four plans are made every 5 min, and a `gain` of 99.9 % keeps the rules: same bytes, and the same
    report and output files of SWMM, as a run that never forked."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    plain = build(town(tmp_path / "a", "rules", 2400))
    drive(plain, 2400)
    states = [state_of(plain)]
    account = control_of(plain).meter.account
    plain.close()
    forked = build(town(tmp_path / "b", "mpc", 2400, mpc={**MPC, "gain": 0.999}))
    drive(forked, 2400)
    states.append(state_of(forked))
    decisions = control_of(forked).decisions
    assert control_of(forked).meter.account == account
    assert sum(len(d.costs) for d in decisions) >= 5 * len([d for d in decisions if d.costs]) > 5
    assert {d.chosen for d in decisions} == {Plan()}
    assert not control_of(forked).failed
    forked.close()
    assert states[0] == states[1]
    for ending in ("out", "rpt"):
        files = [(tmp_path / name / "run" / f"town.run.{ending}").read_bytes() for name in "ab"]
        if ending == "rpt":
            files = [
                b"\n".join(x for x in f.splitlines() if b"nalysis" not in x and b"elapsed" not in x) for f in files
            ]
        assert files[0] == files[1], ending


def test_a_perfect_forecast_predicts_the_run_to_the_bit(build: Build, tmp_path: Path) -> None:
    """The rules' own branch over 20 min against what then happens under the rules: equal accounts, no tolerance."""
    model = build(town(tmp_path, "mpc", 2400, mpc={**MPC, "gain": 0.999}))
    drive(model, 900)
    before = control_of(model).meter.account.parts()
    drive(model, 960)
    decided = next(d for d in control_of(model).decisions if d.time_us == 900 * US)
    drive(model, 900 + 1200)
    account = control_of(model).meter.account
    after = account.parts()
    costs = control_of(model).config.costs
    spent = sum((after[k] - before[k]) * (1.0 if k == "energy" else getattr(costs, k)) for k in before)
    assert decided.costs[Plan()] == pytest.approx(spent, rel=1e-12)
    assert after["energy"] > before["energy"]


def test_decisions_repeat_with_their_seed_from_a_worker_thread(build: Build, tmp_path: Path) -> None:
    """Forked from a thread as the scheduler does it, branches one or two at a time: same plans, costs and water."""
    found = []
    for name, branches in (("a", 1), ("b", 2)):
        (tmp_path / name).mkdir()
        model = build(town(tmp_path / name, "mpc", 2400, mpc={**MPC, "branches": branches, "gain": 0.0}))
        with ThreadPoolExecutor(1) as pool:
            pool.submit(drive, model, 2400).result()
        control = control_of(model)
        found.append(([(d.time_us, d.chosen, tuple(d.costs.items())) for d in control.decisions], state_of(model)))
        model.close()
    assert found[0] == found[1]
    assert any(chosen != Plan() for _, chosen, _ in found[0][0])


@pytest.mark.slow
def test_branches_of_a_run_on_two_threads_go_on_alone_and_predict_the_same(build: Build, tmp_path: Path) -> None:
    """Threads do not survive a fork, so children compute on one; decisions and water are those of a run on one."""
    found = []
    for threads in (1, 2):
        folder = tmp_path / str(threads)
        folder.mkdir()
        model = build(town(folder, "mpc", 1500, hills=60, mpc=MPC))
        assert model.surface is not None
        model.surface.ground = model.surface.ground._replace(threads=threads)
        drive(model, 1500)
        assert not control_of(model).failed
        found.append(([(d.chosen, tuple(d.costs.items())) for d in control_of(model).decisions], state_of(model)))
        model.close()
    assert found[0] == found[1]


def test_a_branch_lives_in_the_weather_that_was_expected(build: Build, tmp_path: Path) -> None:
    """A forecast of half the rain is halved once, not again by the rules within the branch."""
    model = build(town(tmp_path, "rules", 600, forecast={"factor": 0.5}))
    drive(model, 60)
    control = control_of(model)
    model.put("rain_forecast", np.full(360, 8.0))
    assert control.expected()[0] == 4.0
    control.in_branch, control._rain_next = True, control.expected()
    assert control.expected()[0] == 4.0


def test_water_is_conserved_under_changing_plans(build: Build, tmp_path: Path) -> None:
    """Surface to rounding; SWMM within 1 % (gates that open and shut on a half-full pipe)."""
    model = build(town(tmp_path, "mpc", 3600, mpc={**MPC, "gain": 0.0}))
    drive(model, 3600)
    assert error_of(model, "surface water") < 1e-12
    assert error_of(model, "sewer water") < 1e-2
    assert model.summary()["plans_taken"].value > 0


def test_a_branch_that_is_killed_is_told_and_its_plan_left_out(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The branch of the second plan kills itself; decisions go on among the others."""
    ours = Control._branch

    def doomed(self: Control, plan: Plan, until_us: int) -> object:
        if plan.mode("lake") == "full":
            os.kill(os.getpid(), signal.SIGKILL)
        return ours(self, plan, until_us)

    monkeypatch.setattr(Control, "_branch", doomed)
    model = build(town(tmp_path, "mpc", 1200, mpc=MPC))
    drive(model, 1200)
    told = entries(model, "dispatch_branch_failed")
    assert told
    assert "lake: all pumps on" in told[0]
    assert "ended by a signal (killed)" in told[0]
    assert model.summary()["branches_failed"].value == len(told)
    assert all(d.chosen.mode("lake") != "full" and Plan() in d.costs for d in control_of(model).decisions if d.costs)


def test_drawdown_before_the_storm_empties_the_lake_and_says_why(build: Build, tmp_path: Path) -> None:
    """15 mm within the hour: the lake (1.5 m) goes down to 0.4 m before the rain; without a forecast it stays."""
    deep = {}
    for name, storm_mm in (("seen", "10 mm"), ("unseen", "500 mm")):
        (tmp_path / name).mkdir()
        model = build(town(tmp_path / name, "rules", 1200, forecast={"lead": "1 h", "storm": storm_mm}))
        drive(model, 600)
        deep[name] = control_of(model)._see().depth["lake"]
        told = entries(model, "dispatch_drawdown")
        model.close()
        assert bool(told) == (name == "seen")
        if told:
            assert told[0].startswith("storm in 9 min, ")
            assert "lake drawn down to 0.40 m" in told[0]
    assert deep["seen"] < deep["unseen"] - 0.3


@pytest.mark.parametrize(
    ("lag", "factor", "wanted"),
    [(0, 1.0, [2, 3, 4]), (60, 1.0, [1, 2, 3]), (-60, 1.0, [3, 4, 5]), (0, 0.5, [1, 1.5, 2])],
)
def test_an_imperfect_forecast_is_late_early_or_low(
    build: Build, tmp_path: Path, lag: int, factor: float, wanted: list[float]
) -> None:
    """Rain of k mm/h in minute k; at minute 1 the next three are 2, 3, 4."""
    model = build(town(tmp_path, "rules", 600, forecast={"lag": f"{lag} s", "factor": factor}))
    drive(model, 60, rain=lambda us: us / US / 60)
    control = control_of(model)
    model.put("rain", np.array([1.0]))
    model.put("rain_forecast", np.arange(2.0, 362.0))
    assert control.expected()[:3].tolist() == wanted


def test_an_operator_beats_a_plan_and_a_failure_beats_both(build: Build, tmp_path: Path) -> None:
    model = build(town(tmp_path, "rules", 1800))
    drive(model, 120)
    assert setting(model, "P1") == 1.0
    model.apply(Event("e", "set_pump", SetPump(pump="P1", speed=0.5)))
    drive(model, 180)
    assert setting(model, "P1") == 0.5
    model.apply(Event("f", "pump_outage", PumpOutage(pump="P1")))
    drive(model, 240)
    assert setting(model, "P1") == 0.0
    model.apply(Event("f", "pump_outage", PumpOutage(pump="P1"), phase="end"))
    model.apply(Event("e", "set_pump", SetPump(pump="P1", speed=0.5), phase="end"))
    drive(model, 300)
    assert setting(model, "P1") == 1.0


def test_the_files_own_rules_decide_under_policy_file(build: Build, tmp_path: Path) -> None:
    """The town's rule starts P1 alone above 1.4 m; dispatch only counts."""
    model = build(town(tmp_path, "file", 3600))
    drive(model, 3600)
    pumps = control_of(model).meter.pumps
    assert pumps["P1"].running_s > 0
    assert pumps["P2"].running_s == 0
    assert "dispatch" not in model.tables()


def test_energy_is_flow_times_head_over_efficiency_or_power_times_hours(build: Build, tmp_path: Path) -> None:
    """ρ g Q H / η integrated from SWMM's flow and heads each minute; within 2 %, for both change in between."""
    model = build(town(tmp_path, "rules", 1800))
    assert model.swmm is not None
    lifted, swmm = 0.0, model.swmm
    pumps, ends = swmm.index(LINK, ["P1", "P2"]), swmm.index(2, ["lake", "head"])
    for k in range(1, 31):
        drive(model, 60 * k)
        lake, head = swmm.get(304, ends)
        lifted += 9.81 * float(swmm.get(LINK_FLOW, pumps).sum()) * (head - lake) / 60
    lake_pumps = [control_of(model).meter.pumps[id] for id in ("P1", "P2")]
    assert sum(p.energy_kwh for p in lake_pumps) == pytest.approx(lifted / 0.7, rel=0.02)
    hours = sum(p.running_s for p in lake_pumps) / 3600
    model.close()
    (tmp_path / "b").mkdir()
    stations = {"lake": {**SYSTEM["stations"]["lake"], "power": "11 kW"}}
    powered = build(town(tmp_path / "b", "rules", 1800, stations=stations))
    drive(powered, 1800)
    used = sum(control_of(powered).meter.pumps[id].energy_kwh for id in ("P1", "P2"))
    assert used == pytest.approx(11 * hours, rel=1e-9)
