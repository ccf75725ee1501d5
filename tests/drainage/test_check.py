"""Bad input gives a sentence with its place, never a traceback."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from drainage.check import check
from drainage.config import DrainageConfig, Inflow, PumpOutage, SetGate
from tests.drainage.cases import LINE, STATION, setup_for, street, write_asc
from twin.model import Event
from twin.scenario.problems import Problem


def problems(folder: Path, inp: str | None = LINE, **more: object) -> list[Problem]:
    if inp is not None:
        (folder / "s.inp").write_text(inp)
        more = {"sewer": folder / "s.inp", **more}
    return check(setup_for(folder, 3600, **more))


def errors(found: list[Problem]) -> list[Problem]:
    return [p for p in found if not p.warn]


def test_a_good_pair_has_no_errors(tmp_path: Path) -> None:
    """D and the outfall lie outside the terrain: a warning that names D."""
    found = problems(tmp_path, terrain=write_asc(tmp_path / "d.asc", street(), 2.0))
    assert errors(found) == []
    assert any("1 of 4 manholes" in p.text and "(D)" in p.text for p in found)


def test_swmms_own_errors_carry_file_and_line(tmp_path: Path) -> None:
    found = errors(problems(tmp_path, LINE.replace("M2 9.75 2", "M2 deep 2")))
    line = LINE.splitlines().index("M2 9.75 2") + 1
    assert found[0].where == f"s.inp:{line}"
    assert "invalid number deep" in found[0].text


def test_a_terrain_elsewhere_is_an_error(tmp_path: Path) -> None:
    found = errors(problems(tmp_path, terrain=write_asc(tmp_path / "d.asc", street(), 2.0, x0=5e5)))
    assert found[0].path == ("drainage", "terrain")
    assert "covers none of the 4 manholes" in found[0].text


def test_a_terrain_in_degrees_is_an_error(tmp_path: Path) -> None:
    found = errors(problems(tmp_path, terrain=write_asc(tmp_path / "d.asc", street(), 0.0002)))
    assert "is in degrees" in found[0].text


def test_a_terrain_that_is_no_raster_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "d.asc").write_text("not a raster")
    found = errors(problems(tmp_path, terrain=tmp_path / "d.asc"))
    assert "is not a raster" in found[0].text


def test_a_cell_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    found = errors(problems(tmp_path, terrain=write_asc(tmp_path / "d.asc", street(), 2.0), cell="3 m"))
    assert "must be a multiple" in found[0].text


def test_no_coordinates_is_an_error_with_a_terrain(tmp_path: Path) -> None:
    inp = LINE[: LINE.index("[COORDINATES]")]
    found = errors(problems(tmp_path, inp, terrain=write_asc(tmp_path / "d.asc", street(), 2.0)))
    assert "has no coordinates" in found[0].text


def test_rims_far_below_the_ground_are_told(tmp_path: Path) -> None:
    found = problems(tmp_path, terrain=write_asc(tmp_path / "d.asc", street() + 5, 2.0))
    assert any("more than 2 m below the ground" in p.text and p.where.startswith("s.inp:") for p in found)


def test_unknown_ids_get_a_suggestion(tmp_path: Path) -> None:
    events = [
        Event("a", "pump_outage", PumpOutage(pump="PP"), where="x.yaml:3:5"),
        Event("b", "set_gate", SetGate(gate="P", opening=1.0), where="x.yaml:4:5"),
        Event("c", "inflow", Inflow.model_construct(node="O", flow=1.0), where="x.yaml:5:5"),
    ]
    found = errors(problems(tmp_path, STATION, events=events, tidal_outfalls=["o"]))
    assert [p.where for p in found] == ["", "x.yaml:3:5", "x.yaml:4:5", "x.yaml:5:5"]
    assert found[0].path == ("drainage", "tidal_outfalls", 0)
    assert "Did you mean 'P'?" in found[1].text


def test_rain_counted_twice_is_told(tmp_path: Path) -> None:
    inp = LINE + (
        "[RAINGAGES]\nG INTENSITY 0:05 1.0 TIMESERIES T\n[TIMESERIES]\nT 0:00 0\n"
        "[SUBCATCHMENTS]\nS G M1 1 50 20 0.5 0\n"
        "[SUBAREAS]\nS 0.01 0.1 0.05 0.05 25 OUTLET\n[INFILTRATION]\nS 3 0.5 4 7 0\n"
    )
    found = problems(tmp_path, inp, terrain=write_asc(tmp_path / "d.asc", street(), 2.0), surface_rain="all")
    assert any("counted twice" in p.text for p in found)


def test_a_closed_terrain_is_an_error(tmp_path: Path) -> None:
    found = errors(problems(tmp_path, None, terrain=write_asc(tmp_path / "d.asc", np.full((4, 4), np.nan), 2.0)))
    assert "has no open land" in found[0].text


def test_a_section_needs_a_file() -> None:
    with pytest.raises(ValidationError, match="give `sewer`, `terrain`, or both"):
        DrainageConfig.model_validate({})
