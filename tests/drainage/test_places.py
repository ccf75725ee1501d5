"""What the domain tells of its places before a model is built."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from drainage.domain import DOMAIN
from drainage.model import DrainageModel
from tests.drainage.cases import LINE, setup_for


def test_manholes_are_told_where_the_model_has_them(tmp_path: Path) -> None:
    """Junctions with coordinates; the outfall is none. The model puts the same ones in the same order."""
    (tmp_path / "line.inp").write_text(LINE)
    setup = setup_for(tmp_path, 60, sewer=tmp_path / "line.inp")
    assert DOMAIN.places is not None
    told = DOMAIN.places(setup)["manhole"]
    assert told.ids == ("M1", "M2", "M3", "D")
    np.testing.assert_allclose(told.xy[1], (60.0, 10.0))
    model = DrainageModel(setup)
    try:
        assert tuple(model.places["manhole"].ids) == told.ids
    finally:
        model.close()


def test_nothing_is_told_without_sewers_or_of_a_broken_file(tmp_path: Path) -> None:
    """The check says what is wrong with the file; asking for places must not fail before it."""
    assert DOMAIN.places is not None
    broken = tmp_path / "broken.inp"
    broken.write_text("[JUNCTIONS]\nM1 ten 2\n[COORDINATES]\nM1 here there\n")
    assert DOMAIN.places(setup_for(tmp_path, 60, sewer=broken)) == {}
    (tmp_path / "dry.inp").write_text("[TITLE]\nnothing\n")
    assert DOMAIN.places(setup_for(tmp_path, 60, sewer=tmp_path / "dry.inp")) == {}
