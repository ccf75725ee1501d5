"""Land use becomes Manning's n and soil; tables that make no sense are refused with their line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from drainage.config_surface import Infiltration, LandUse
from drainage.landuse import TableError, manning_of, read_classes, soil_of
from drainage.terrain import TerrainError
from tests.drainage.cases import write_asc
from twin.places import Grid

GRID = Grid(0.0, 0.0, 2.0, 4, 3)
TABLE = (
    "class,name,manning,conductivity cm/h,suction mm,deficit\n1,road,0.016,0,,\n2,lawn,0.2,1.5,90,0.25\n7,yard,,,,\n"
)


def landuse(folder: Path, table: str = TABLE, x0: float = 0.0) -> LandUse:
    classes = np.array([[1, 1, 2, 2], [1, 7, 2, 9], [np.nan, 7, 2, 2]], dtype=float)
    write_asc(folder / "use.asc", classes, 2.0, x0)
    (folder / "classes.csv").write_text(table)
    return LandUse.model_validate({"raster": folder / "use.asc", "table": folder / "classes.csv"})


def test_classes_give_manning_and_the_rest_keeps_the_sections(tmp_path: Path) -> None:
    n = manning_of(GRID, landuse(tmp_path), 0.03)
    assert np.asarray(n).tolist() == [[0.016, 0.016, 0.2, 0.2], [0.016, 0.03, 0.2, 0.03], [0.03, 0.03, 0.2, 0.2]]
    assert manning_of(GRID, None, 0.03) == 0.03


def test_classes_give_soil_and_roads_are_sealed(tmp_path: Path) -> None:
    """1.5 cm/h is 15 mm/h; a yard has the section's 10 mm/h, 110 mm and 0.3."""
    soil = soil_of(GRID, Infiltration(), landuse(tmp_path))
    assert soil.conductivity[0, 0] == 0.0
    assert soil.conductivity[0, 2] == pytest.approx(15e-3 / 3600)
    assert (soil.suction[0, 2], soil.deficit[0, 2]) == pytest.approx((0.09, 0.25))
    assert soil.conductivity[1, 1] == pytest.approx(10e-3 / 3600)
    assert (soil.suction[1, 1], soil.deficit[1, 1]) == pytest.approx((0.11, 0.3))


def test_a_raster_gives_conductivity_and_a_constant_rate_has_no_suction(tmp_path: Path) -> None:
    write_asc(tmp_path / "k.asc", np.full((3, 4), 36.0), 2.0)
    keys = {"model": "constant", "conductivity_raster": tmp_path / "k.asc"}
    soil = soil_of(GRID, Infiltration.model_validate(keys), None)
    assert soil.conductivity == pytest.approx(np.full((3, 4), 1e-5))
    assert soil.suction.max() == 0.0
    assert soil_of(GRID, None, None).sunk.size == 0


@pytest.mark.parametrize(
    ("table", "line", "text"),
    [
        ("name,manning\nroad,0.02\n", 1, "needs a column `class`"),
        ("class,manning\n1,-0.02\n", 2, "out of range"),
        ("class,manning\n1,0.02\n1,0.03\n", 3, "stands there once"),
        ("class,manning\n1,smooth\n", 2, "'smooth' is no number for manning"),
        ("class,conductivity km\n1,3\n", 1, "is not in mm/h"),
        ("class,deficit\n1,0.9\n", 2, "0 to 0.6"),
    ],
)
def test_a_bad_table_is_refused_with_its_line(tmp_path: Path, table: str, line: int, text: str) -> None:
    (tmp_path / "t.csv").write_text(table)
    with pytest.raises(TableError, match=text) as found:
        read_classes(tmp_path / "t.csv")
    assert found.value.line == line


def test_a_raster_elsewhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TerrainError, match="does not overlap the terrain"):
        manning_of(GRID, landuse(tmp_path, x0=900.0), 0.03)
