"""Holes, feet and wrong systems: repaired by the rule or refused in a sentence with a way out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from drainage.ground_truth import foot_ratio, mend
from drainage.terrain import TerrainError, read_raster, read_terrain
from tests.drainage.cases import write_asc
from twin.places import FloatArray


def tiff(path: Path, z: FloatArray, crs: str, unit: str = "") -> Path:
    place = from_origin(390000.0, 5800000.0, 5.0, 5.0)
    with rasterio.open(path, "w", driver="GTiff", height=z.shape[0], width=z.shape[1], count=1, dtype="float32",
                       transform=place, crs=crs) as out:  # fmt: skip
        out.write(z[::-1].astype("float32"), 1)
        if unit:
            out.units = (unit,)
    return path


def test_a_single_hole_is_filled_and_a_large_one_is_a_wall() -> None:
    """The mean of four neighbours; a hole that touches the border is outside the survey and not counted."""
    z = np.arange(48.0).reshape(6, 8)
    z[2, 2] = z[4, 5] = z[4, 6] = z[0, 0] = z[3, 7] = np.nan
    bed, done = mend(z)
    assert bed[2, 2] == 18.0
    assert np.isnan(bed[[4, 4, 0, 3], [5, 6, 0, 7]]).all()
    assert done.filled.tolist() == [18]
    assert done.walls.tolist() == [[2, 37]]


def test_what_was_done_to_holes_is_told_with_its_place(tmp_path: Path) -> None:
    z = np.ones((6, 8))
    z[2, 2] = z[4, 5] = z[4, 4] = np.nan
    raster, done = read_terrain(write_asc(tmp_path / "a.asc", z, 2.0, 100.0, 50.0))
    filled, walls = done.words(raster.grid)
    assert "1 single cells" in filled
    assert "x 105, y 55" in filled
    assert "1 holes without heights (2 cells" in walls
    assert "x 109, y 59" in walls
    assert np.isfinite(raster.values).sum() == 46


@pytest.mark.parametrize("unit", ["ft", "US survey foot", "foot"])
def test_heights_in_feet_are_refused(tmp_path: Path, unit: str) -> None:
    with pytest.raises(TerrainError, match=r"has heights in .*: turn them into metres"):
        read_terrain(tiff(tmp_path / "a.tif", np.ones((3, 3)), "EPSG:32633", unit))


def test_a_map_in_feet_is_refused(tmp_path: Path) -> None:
    """EPSG:2263 is New York's state plane in US survey feet."""
    with pytest.raises(TerrainError, match="whose unit is the US survey foot: project it to metres"):
        read_raster(tiff(tmp_path / "a.tif", np.ones((3, 3)), "EPSG:2263"))


def test_another_system_than_the_scenarios_is_refused(tmp_path: Path) -> None:
    path = tiff(tmp_path / "a.tif", np.ones((3, 3)), "EPSG:32632", "metre")
    with pytest.raises(TerrainError, match=r"lies in EPSG:32632, the scenario in EPSG:32633: warp it"):
        read_terrain(path, None, "EPSG:32633")
    assert read_terrain(path, None, "EPSG:32632")[0].values.shape == (3, 3)


def test_undeclared_no_data_is_refused(tmp_path: Path) -> None:
    z = np.ones((3, 4))
    z[1, 2] = -32768.0
    with pytest.raises(TerrainError, match=r"1 heights that no land has \(first -32768 m at x 5, y 3\)"):
        read_terrain(write_asc(tmp_path / "a.asc", z, 2.0))


def test_ground_and_rims_that_differ_by_a_foot_are_told() -> None:
    rim = np.array([30.0, 31.0, 35.0, 40.0])
    assert "the terrain is in feet" in str(foot_ratio(rim * 3.28, rim))
    assert "the sewer file is in feet" in str(foot_ratio(rim * 0.305, rim))
    assert foot_ratio(rim + 1.0, rim) is None
