"""Manhole covers in a run: lifted by water, taken by people, told in journal, table and port."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from drainage.config import Inflow
from drainage.config_inlets import CoverDisplaced, CoverStolen
from drainage.model import DrainageModel
from tests.drainage.cases import LINE, error_of, run, setup_for, street, write_asc
from twin.model import Event, Setup

Build = Callable[[Setup], DrainageModel]


def line(build: Build, folder: Path, duration_s: float, **more: object) -> DrainageModel:
    """`LINE` under its street; gullies of 0.02 m2 at each manhole, so that pressure can build up under the covers."""
    (folder / "line.inp").write_text(LINE)
    terrain = write_asc(folder / "dem.asc", street(), 2.0)
    return build(setup_for(folder, duration_s, sewer=folder / "line.inp", terrain=terrain, opening="200 cm2", **more))


def surge(model: DrainageModel, flow: float) -> None:
    model.apply(Event("e", "inflow", Inflow.model_construct(node="M1", flow=flow)))


def told(model: DrainageModel) -> list[tuple[str, str]]:
    return [(e["what"], e["node"]) for e in model.setup.journal.entries if e["what"].startswith("cover")]


def test_surcharge_lifts_a_cover_and_it_falls_back_when_the_water_has_gone(build: Build, tmp_path: Path) -> None:
    """0.6 m3/s into pipes of 0.42 for ten minutes. Under 56 kg of iron the pressure must have reached 0.2 m."""
    model = line(build, tmp_path, 1800)
    surge(model, 0.6)
    run(model, 600)
    assert ("cover_lifted", "M1") in told(model)
    assert model.take("open_manholes")[0] == 1.0
    assert model.covers.inlets.pressure[0] >= 0.2
    surge(model, -0.6)
    run(model, 1800)
    assert ("cover_shut", "M1") in told(model)
    assert model.take("open_manholes").sum() == 0.0
    row = next(row for row in model.tables()["manholes"].rows if row[0] == "M1")
    columns = model.tables()["manholes"].columns
    assert row[columns.index("cover_lifts")] >= 1
    assert 1.0 <= row[columns.index("open_min")] < 25.0
    assert model.summary()["covers_lifted"].value >= 1
    assert error_of(model, "surface water") < 1e-12


def test_bolted_covers_hold_and_more_water_stays_below(build: Build, tmp_path: Path) -> None:
    """The same surge: without the hole of the cover less water comes up, and the pipe's head rises further."""
    spilled, heads = [], []
    for name, covers in (("free", {}), ("bolted", {"locked": True})):
        (tmp_path / name).mkdir()
        model = line(build, tmp_path / name, 600, covers=covers)
        surge(model, 0.6)
        run(model, 600)
        spilled.append(float(model.holes.up[0]))
        heads.append(float(model.holes.head_max[0]))
    assert not model.covers.inlets.lifts.any()
    assert spilled[1] < 0.9 * spilled[0]
    assert heads[1] > heads[0] + 0.1


def test_a_cover_that_is_washed_aside_stays_off(build: Build, tmp_path: Path) -> None:
    model = line(build, tmp_path, 1800, covers={"after_lift": "stays_off"})
    surge(model, 0.6)
    run(model, 600)
    surge(model, -0.6)
    run(model, 1800)
    assert model.take("open_manholes")[0] == 1.0
    assert "washed aside" in next(e["text"] for e in model.setup.journal.entries if e["what"] == "cover_lifted")


@pytest.mark.parametrize("verb", ["cover_displaced", "cover_stolen"])
def test_an_open_hole_takes_water_in_and_is_a_hazard_where_water_hides_it(
    build: Build, tmp_path: Path, verb: str
) -> None:
    """0.3 m of water on the street for five minutes: M2 without its cover takes in several times what it did with it,
    and for that time is an open hole that nobody sees."""
    taken = []
    for name in ("shut", "open"):
        (tmp_path / name).mkdir()
        model = line(build, tmp_path / name, 900)
        args = (CoverDisplaced if verb == "cover_displaced" else CoverStolen)(node="M2")
        if name == "open":
            model.apply(Event("x", verb, args))
            assert model.take("open_manholes").tolist() == [0.0, 1.0, 0.0, 0.0]
        assert model.surface is not None
        model.surface.fill(0.3 * model.surface.open)
        run(model, 300)
        taken.append(float(model.holes.down[1]))
    assert taken[1] > 3.0 * taken[0]
    assert model.covers.hidden_s[1] >= 60.0
    assert model.summary()["hidden_manholes"].value == 1
    model.apply(Event("x", verb, args, "end"))
    assert model.take("open_manholes").sum() == 0.0
    assert told(model)[0] == ("cover_open", "M2")
    assert ("cover_shut", "M2") in told(model)


def test_two_reasons_keep_a_hole_open_until_both_are_over(build: Build, tmp_path: Path) -> None:
    model = line(build, tmp_path, 300)
    for id in ("a", "b"):
        model.apply(Event(id, "cover_stolen", CoverStolen(node="M1")))
    model.apply(Event("a", "cover_stolen", CoverStolen(node="M1"), "end"))
    assert model.take("open_manholes")[0] == 1.0
    model.apply(Event("b", "cover_stolen", CoverStolen(node="M1"), "end"))
    assert model.take("open_manholes")[0] == 0.0


def test_without_covers_nothing_is_counted(build: Build, tmp_path: Path) -> None:
    model = line(build, tmp_path, 120, covers="none")
    surge(model, 0.6)
    run(model, 120)
    assert "covers_lifted" not in model.summary()
    assert model.take("open_manholes").sum() == 0.0
