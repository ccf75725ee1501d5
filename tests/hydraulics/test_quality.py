"""Water quality in the coupled run: EPANET's own answers, sources at run time, exposure, the file's units."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from hydraulics.check import check
from hydraulics.config import WaterConfig
from hydraulics.epanet import Epanet
from hydraulics.toolkit import Count, Node, Option, Project, Time
from tests.hydraulics.tools import advance, build, ended, event, library, line, setup
from twin.ports import Direction

HOUR = 3600.0

Moments = dict[int, np.ndarray]


def plain(path: Path, folder: Path, saved: bool) -> Moments:
    """EPANET alone, by its own loop: hydraulics and quality in step, or (`saved`) hydraulics first, into its scratch
    file, as EPANET's command line does. Quality at all nodes by second."""
    folder.mkdir(parents=True, exist_ok=True)
    project = Project(path, folder / "plain.rpt", folder / "plain.bin")
    project.set_option(Option.ACCURACY, 1e-6)
    project.set_option(Option.TRIALS, 200)
    nodes = range(1, project.count(Count.NODES) + 1)
    found: Moments = {}
    if saved:
        time, step = ctypes.c_long(), ctypes.c_long(1)
        assert project._long.EN_solveH(project._handle) < 100
        project.open_quality()
        while step.value > 0:
            project._long.EN_runQ(project._handle, ctypes.byref(time))
            found[time.value] = np.array([project.node(i, Node.QUALITY) for i in nodes])
            project._long.EN_nextQ(project._handle, ctypes.byref(step))
    else:
        project.open_solver()
        project.restart()
        project.open_quality()
        while True:
            time_s, _ = project.solve()
            project.run_quality()
            found[time_s] = np.array([project.node(i, Node.QUALITY) for i in nodes])
            if project.next() == 0:
                break
            project.next_quality()
    project.close()
    return found


def ours(path: Path, folder: Path, **config: object) -> Moments:
    folder.mkdir(parents=True, exist_ok=True)
    base = {"network": path, "demand": "as_in_file", "step": "1 h"}
    engine = Epanet(WaterConfig.model_validate({**base, **config}), folder)
    length = engine.project.time(Time.DURATION)
    engine.start(0, length)
    assert engine.now is not None
    found = {0: engine.now.quality}
    for _ in engine.run(0, length):
        found[engine.now.time_s] = engine.now.quality
    engine.close()
    return found


def largest(mine: Moments, theirs: Moments) -> float:
    times = sorted(mine.keys() & theirs.keys())
    assert len(times) > 20
    return max(float(np.abs(mine[t] - theirs[t][: len(mine[t])]).max()) for t in times)


CASES = [
    ("Net1", {"quality": "chemical"}, 1e-6),
    ("Net3", {"quality": "trace", "trace_node": "Lake"}, 1e-4),
    ("Net2", {"quality": "chemical"}, 0.01),
]


@pytest.mark.parametrize(("name", "config", "saved"), CASES)
def test_stepping_with_the_twin_gives_epanets_quality(
    name: str, config: dict, saved: float, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Chlorine (mg/L), traced lake water (%) and fluoride (mg/L), to the last bit of EPANET's own step loop.

    Against EPANET with saved hydraulics, which it keeps in single precision: 1e-6 mg/L, 1e-6 of 100 %, and in Net2 one
    quality tolerance (0.01 mg/L), because a segment that merges or not lies at that threshold.
    """
    path = library(name)
    if not path.exists():
        path = request.getfixturevalue("shared") / "water" / "networks" / f"{name}.inp"
    mine = ours(path, tmp_path / "ours", **config)
    assert max(values.max() for values in mine.values()) > 0.9
    assert largest(mine, plain(path, tmp_path / "step", saved=False)) <= 1e-12
    assert largest(mine, plain(path, tmp_path / "saved", saved=True)) < saved


def plug(path: Path, **more: str) -> Path:
    """`line` with 10 and 5 L/s: P1 (200 mm, 1000 m) takes 15 L/s, P2 (150 mm, 500 m) 5 L/s."""
    return line(path, **more)


P1_S = 1000 * np.pi / 4 * 0.2**2 / 0.015
P2_S = 500 * np.pi / 4 * 0.15**2 / 0.005


def test_age_is_the_time_of_travel(tmp_path: Path) -> None:
    """Once settled the water at J2 is as old as both pipes' volumes over their flows; an hour-old tap is never older
    than the run. Segments are merged within 0.01 h, the file's quality tolerance."""
    model = build(plug(tmp_path / "net.inp"), tmp_path / "run", hours=4, quality="age", quality_limit="1 h")
    assert "age" in {port.name for port in model.ports}
    assert {"trace", "concentration"}.isdisjoint(port.name for port in model.ports)
    advance(model, 0.5 * HOUR)
    assert model.take("age")[1] == pytest.approx(0.5, abs=0.02)
    advance(model, 4 * HOUR, from_s=0.5 * HOUR)
    age = model.take("age")
    assert age[0] == pytest.approx(P1_S / 3600, abs=0.02)
    assert age[1] == pytest.approx((P1_S + P2_S) / 3600, abs=0.03)
    summary = model.summary()
    assert summary["age_worst"].value == pytest.approx(age[1], abs=0.02)
    assert str(summary["age_worst_at"].value).startswith("J2, ")
    assert summary["people_above_limit"].value == pytest.approx(3600, rel=1e-6)
    since = summary["time_above_limit"].value / 60  # type: ignore[operator]
    assert since == pytest.approx(3.0, abs=0.05)
    assert summary["person_hours_above_limit"].value == pytest.approx(3600 * since, rel=1e-3)
    assert str(summary["above_limit_from"].value) in {"01:00", "01:01", "01:02"}
    model.close()


def test_a_run_up_of_days_lets_the_age_settle(tmp_path: Path) -> None:
    model = build(plug(tmp_path / "net.inp"), tmp_path / "run", quality="age", quality_run_up="1 d")
    assert model.take("age")[1] == pytest.approx((P1_S + P2_S) / 3600, abs=0.03)
    model.close()


def test_what_is_injected_arrives_when_the_flow_says_and_ends(tmp_path: Path) -> None:
    """900 mg/min at R into 15 L/s is 1 mg/L; it reaches J2 after 52 min, and is gone as long after its end."""
    inject = event("inject", node="R", rate="900 mg/min")
    path = plug(tmp_path / "net.inp")
    config = {"quality": "chemical", "quality_step": "30 s", "quality_limit": "0.5 mg/L"}
    model = build(path, tmp_path / "run", [inject], **config)
    model.apply(inject)
    travel = P1_S + P2_S
    advance(model, travel - 180)
    early = model.take("concentration")
    assert early[0] == pytest.approx(1.0, rel=1e-3)
    assert early[1] < 0.05
    advance(model, travel + 180, from_s=travel - 180)
    assert model.take("concentration")[1] == pytest.approx(1.0, rel=1e-3)
    advance(model, 7200, from_s=travel + 180)
    model.apply(ended(inject))
    advance(model, 7200 + travel + 300, from_s=7200)
    assert (model.take("concentration") < 0.01).all()
    assert model.accounts.balance().noted["quality mass ratio (1)"] == pytest.approx(1.0, abs=1e-3)
    summary = model.summary()
    assert summary["people_above_limit"].value == pytest.approx(10_800, rel=1e-6)
    hours = summary["person_hours_above_limit"].value
    assert hours == pytest.approx(10_800 * 2.0, rel=0.02), "two hours of dose pass every tap"
    assert [entry["what"] for entry in model.journal.entries] == ["injected", "injection_over"]
    model.close()


def test_a_concentration_is_a_level_that_is_kept_up(tmp_path: Path) -> None:
    """At J1, with 0.2 mg/L coming, to 5 mg/L: water that leaves J1 has 5, and J1's own customers draw it too."""
    inject = event("inject", node="J1", concentration="5 mg/L")
    path = plug(tmp_path / "net.inp", quality="R 0.2\nJ1 0.2\nJ2 0.2")
    model = build(path, tmp_path / "run", [inject], quality="chemical", quality_floor="0.1 mg/L")
    assert model.take("concentration") == pytest.approx([0.2, 0.2])
    model.apply(inject)
    advance(model, 2 * HOUR)
    assert model.take("concentration") == pytest.approx([5.0, 5.0], rel=1e-6)
    assert model.summary()["people_below_floor"].value == 0
    model.close()


def test_a_files_own_source_comes_back_after_an_injection(tmp_path: Path) -> None:
    inject = event("inject", node="R", concentration="3 mg/L")
    path = plug(tmp_path / "net.inp", sources="R SETPOINT 0.5")
    model = build(path, tmp_path / "run", [inject], quality="chemical")
    advance(model, HOUR)
    assert model.take("concentration")[0] == pytest.approx(0.5)
    model.apply(inject)
    advance(model, 2 * HOUR, from_s=HOUR)
    assert model.take("concentration")[0] == pytest.approx(3.0)
    model.apply(ended(inject))
    advance(model, 3 * HOUR, from_s=2 * HOUR)
    assert model.take("concentration")[0] == pytest.approx(0.5)
    model.close()


def test_micrograms_become_milligrams(tmp_path: Path) -> None:
    path = plug(
        tmp_path / "net.inp",
        options="UNITS LPS\nHEADLOSS H-W\nACCURACY 1e-6\nQUALITY Lead ug/L",
        quality="R 20\nJ1 20\nJ2 20",
    )
    inject = event("inject", node="R", rate="900 mg/min")
    model = build(path, tmp_path / "run", [inject], quality="chemical")
    assert model.take("concentration") == pytest.approx([0.02, 0.02])
    model.apply(inject)
    advance(model, 2 * HOUR)
    assert model.take("concentration") == pytest.approx([1.02, 1.02], rel=1e-3)
    model.close()


def test_reactions_decay_as_the_formula_says(tmp_path: Path) -> None:
    """First-order bulk decay of 24/day over the way to J1: C = C0 exp(-k t) with t = 2094 s. 300 s steps put EPANET's
    parcels 1 % off; steps of 10 s 0.1 %."""
    path = plug(tmp_path / "net.inp", quality="R 1", reactions="GLOBAL BULK -24\nORDER BULK 1")
    model = build(path, tmp_path / "run", quality="chemical", quality_step="10 s")
    advance(model, 3 * HOUR)
    expected = np.exp(-24 * P1_S / 86_400)
    assert model.take("concentration")[0] == pytest.approx(expected, rel=5e-3)
    model.close()


def test_a_burst_makes_the_water_younger(tmp_path: Path) -> None:
    """The burst at the far end draws more through P2: what comes to J2 is younger, within the same run."""
    burst = event("burst", pipe="P2", area="10 cm2", position=0.9)
    model = build(plug(tmp_path / "net.inp"), tmp_path / "run", [burst], quality="age", quality_step="30 s")
    advance(model, 3 * HOUR)
    before = model.take("age")[1]
    model.apply(burst)
    advance(model, 4 * HOUR, from_s=3 * HOUR)
    assert model.take("age")[1] < 0.75 * before
    model.close()


def test_splitting_pipes_for_later_bursts_changes_no_quality(tmp_path: Path) -> None:
    """Net1 with and without a pipe prepared to burst, and hydrants: chlorine at the file's junctions. A split pipe's
    water stands in two rows of segments, each merged within the file's tolerance (0.01 mg/L)."""
    burst = event("burst", pipe="12", area="10 cm2")
    values = []
    for name, events, hydrants in (("bare", [], []), ("split", [burst], ["21", "22"])):
        model = build(library("Net1"), tmp_path / name, events, hydrants=hydrants, quality="chemical")
        advance(model, 6 * HOUR)
        values.append(model.take("concentration"))
        model.close()
    np.testing.assert_allclose(values[0], values[1], atol=0.01)
    assert values[0].max() > 0.5


def test_ages_begin_at_zero_in_a_file_about_chlorine(tmp_path: Path) -> None:
    """Net1 gives initial chlorine of 0.5 and 1 mg/L; EPANET would take them for hours."""
    model = build(library("Net1"), tmp_path / "run", quality="age")
    assert (model.take("age") == 0.0).all()
    model.close()


def test_a_file_without_quality_keeps_its_initial_values_in_mg_per_litre(tmp_path: Path) -> None:
    model = build(plug(tmp_path / "net.inp", quality="R 0.4\nJ1 0.3"), tmp_path / "run", quality="chemical")
    assert model.take("concentration") == pytest.approx([0.3, 0.0])
    model.close()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"quality": "trace"}, "trace_node"),
        ({"trace_node": "R"}, "trace_node"),
        ({"quality_limit": "1 h"}, "needs `quality"),
        ({"quality": "age", "quality_limit": "1 mg/L"}, "unit"),
        ({"quality": "age", "quality_run_up": "30 h"}, "whole days"),
    ],
)
def test_settings_that_do_not_fit_are_refused(config: dict, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=words):
        WaterConfig.model_validate({"network": plug(tmp_path / "net.inp"), **config})


def test_the_check_finds_wrong_nodes_and_a_missing_analysis(tmp_path: Path) -> None:
    path = plug(tmp_path / "net.inp")
    wrong = event("inject", node="J9", rate="1 g/min")
    texts = [p.text for p in check(setup(path, tmp_path / "a", [wrong], quality="chemical"))]
    assert any("no node 'J9'" in text for text in texts)
    fine = event("inject", node="J1", rate="1 g/min")
    texts = [p.text for p in check(setup(path, tmp_path / "b", [fine]))]
    assert any("quality: chemical" in text for text in texts)
    texts = [p.text for p in check(setup(path, tmp_path / "c", quality="trace", trace_node="Q"))]
    assert any("no node 'Q'" in text for text in texts)


def test_every_active_port_is_filled(tmp_path: Path) -> None:
    model = build(library("Net3"), tmp_path / "run", quality="trace", trace_node="Lake")
    advance(model, HOUR)
    for port in model.ports:
        if port.direction is Direction.OUT:
            assert np.isfinite(model.take(port.name)).all()
    with pytest.raises(KeyError):
        model.take("age")
    model.close()
