"""The surface's surroundings in a run: inflows, soil, held sides, gauges and hazard, accounted to the last drop."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drainage.model import DrainageModel
from tests.drainage.cases import LINE, error_of, run, setup_for, street, write_asc
from tests.drainage.scenarios import mass_error, run_scenario
from twin.model import Setup

Build = Callable[[Setup], DrainageModel]
REPOSITORY = Path(__file__).resolve().parent.parent.parent


def keys(folder: Path, **more: Any) -> dict[str, Any]:
    (folder / "g.csv").write_text("id,x,y\nhead,25,10\nfoot,135,10\n")
    (folder / "q.csv").write_text("time min,flow m3/s\n0,0\n10,5\n20,0\n")
    return {
        "terrain": write_asc(folder / "d.asc", street(), 2.0),
        "inflows": [{"name": "main", "at": [5, 10], "series": folder / "q.csv"}],
        "boundaries": [{"side": "east", "kind": "open"}],
        "gauges": folder / "g.csv",
        "infiltration": {"model": "constant", "conductivity": "50 mm/h"},
        **more,
    }


def test_a_surface_alone_accounts_for_all_its_terms(tmp_path: Path, build: Build) -> None:
    """3,000 m3 flow in over 20 min and 18 mm of rain fall; what is left, ran off or sank adds up to 1e-12."""
    model = build(setup_for(tmp_path, 3600, linked=["rain"], **keys(tmp_path)))
    run(model, 3600, each=lambda now: model.put("rain", np.array([18.0])))
    (balance,) = [b for b in model.balances() if b.substance == "surface water"]
    assert balance.inflow["inflows"] == pytest.approx(3000.0, rel=1e-12)
    assert balance.inflow["rain"] == pytest.approx(0.018 * 140 * 20, rel=1e-9)
    assert balance.outflow["infiltrated"] > 10.0
    assert balance.outflow["edge"] > 100.0
    assert error_of(model, "surface water") < 1e-12
    assert model.summary()["infiltrated"].value == pytest.approx(balance.outflow["infiltrated"])


def test_with_sewers_the_same_terms_close(tmp_path: Path, build: Build) -> None:
    (tmp_path / "s.inp").write_text(LINE)
    model = build(setup_for(tmp_path, 1800, sewer=tmp_path / "s.inp", **keys(tmp_path)))
    run(model, 1800)
    (balance,) = [b for b in model.balances() if b.substance == "surface water"]
    assert balance.inflow["inflows"] == pytest.approx(3000.0, rel=1e-12)
    assert balance.outflow["manholes"] > 1.0
    assert balance.outflow["infiltrated"] > 1.0
    assert error_of(model, "surface water") < 1e-12


def test_water_at_the_start_is_in_the_account(tmp_path: Path, build: Build) -> None:
    """A level of 12.2 m over a street of 12.1 to 11.5 m; it leaves over the open side."""
    model = build(setup_for(tmp_path, 600, **keys(tmp_path, inflows=[], initial_level="12.2 m")))
    start = model.surface.volume() if model.surface else 0.0
    expected = float(np.maximum(12.2 - street(), 0.0).sum()) * 4.0
    assert start == pytest.approx(expected, abs=1e-3)
    run(model, 600)
    assert model.surface is not None
    assert model.surface.volume() < 0.7 * start
    assert error_of(model, "surface water") < 1e-12


def test_gauges_and_hazard_are_given_and_tabled(tmp_path: Path, build: Build) -> None:
    model = build(setup_for(tmp_path, 900, **keys(tmp_path)))
    seen: list[float] = []
    run(model, 900, each=lambda now: seen.append(float(model.take("gauge_depth")[0])))
    depth, level = model.take("gauge_depth"), model.take("gauge_level")
    assert level - depth == pytest.approx(street()[5, [12, 67]], abs=1e-6)
    assert max(seen) > 0.05
    table = model.tables()["gauges"]
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert [row["id"] for row in rows] == ["head", "foot"]
    assert rows[0]["max_depth_m"] >= max(seen) - 1e-3
    assert rows[0]["first_wet_min"] < rows[1]["first_wet_min"]
    worst = model.take("hazard")
    assert worst.max() >= max(row["hazard"] for row in rows) >= 1
    area = {row[0]: row[2] for row in model.tables()["hazard"].rows}
    assert area["H1"] == pytest.approx(np.count_nonzero(worst == 1) * 4e-4)
    assert model.summary()["hazard_area_h3"].value == pytest.approx(np.count_nonzero(worst >= 3) * 4e-4)


def test_a_hole_that_was_filled_is_told_in_the_journal(tmp_path: Path, build: Build) -> None:
    z = street()
    z[5, 20] = np.nan
    setup = setup_for(tmp_path, 60, **keys(tmp_path, terrain=write_asc(tmp_path / "hole.asc", z, 2.0)))
    model = build(setup)
    assert any("hole.asc: 1 single cells" in entry["text"] for entry in setup.journal.entries)
    assert model.surface is not None
    assert model.surface.ground.open.all()


@pytest.mark.slow
def test_the_valley_that_ships_runs(tmp_path: Path) -> None:
    """The road holds the flood back and the village gets wet; mass to 1e-12. The terrain is what its script makes."""
    folder = tmp_path / "valley"
    shutil.copytree(REPOSITORY / "scenarios" / "valley", folder, ignore=shutil.ignore_patterns("runs"))
    before = {name: (folder / name).read_bytes() for name in ("terrain.asc", "landuse.asc")}
    space: dict[str, Any] = {"__name__": "made", "__file__": str(folder / "make.py")}
    exec(compile((folder / "make.py").read_text(), "make.py", "exec"), space)
    space["main"]()
    assert before == {name: (folder / name).read_bytes() for name in before}
    view = run_scenario(folder / "flood.yaml")
    gauges = {row["id"]: row for row in view.table("drainage", "gauges")}
    assert float(gauges["village"]["max_depth_m"]) > 0.2
    assert float(gauges["above the road"]["max_depth_m"]) > float(gauges["below the road"]["max_depth_m"]) + 0.3
    assert mass_error(view) < 1e-12
