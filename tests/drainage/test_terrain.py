"""Rasters, masks and streets onto the grid."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from drainage.surface import make_surface, read_surface
from drainage.terrain import Raster, cells_along, coarsen, mask_of, read_raster, read_streets
from tests.drainage.cases import write_asc
from twin.places import Grid


def test_row_zero_is_the_south(tmp_path: Path) -> None:
    z = np.arange(12.0).reshape(3, 4)
    raster = read_raster(write_asc(tmp_path / "a.asc", z, 5.0, 100.0, 200.0))
    assert (raster.grid.x0, raster.grid.y0, raster.grid.nx, raster.grid.ny) == (100.0, 200.0, 4, 3)
    assert np.array_equal(raster.values, z)


def test_geotiff_reads_like_ascii(tmp_path: Path) -> None:
    import rasterio
    from rasterio.transform import from_origin

    z = np.arange(12.0).reshape(3, 4)
    path = tmp_path / "a.tif"
    place = from_origin(100.0, 215.0, 5.0, 5.0)
    with rasterio.open(path, "w", driver="GTiff", height=3, width=4, count=1, dtype="float64", transform=place,
                       crs="EPSG:32633") as out:  # fmt: skip
        out.write(z[::-1], 1)
    assert np.array_equal(read_raster(path).values, z)


def test_blocks_are_means_of_what_is_known() -> None:
    """Three known cells of four make a block, one of four does not; the mean is over the known ones."""
    z = np.array([[1.0, 2.0, np.nan, np.nan], [3.0, np.nan, np.nan, 7.0]])
    coarse = coarsen(Raster(Grid(0, 0, 1.0, 4, 2), z), 2.0)
    assert coarse.values[0, 0] == pytest.approx(2.0)
    assert np.isnan(coarse.values[0, 1])


def polygon(path: Path, west: float, south: float, east: float, north: float) -> Path:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    path.write_text(
        json.dumps({"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}})
    )
    return path  # fmt: skip


def test_polygons_close_or_raise_or_drown(tmp_path: Path) -> None:
    terrain = write_asc(tmp_path / "a.asc", np.zeros((4, 6)), 1.0)
    house = polygon(tmp_path / "house.geojson", 0, 0, 2, 1)
    assert mask_of(Grid(0, 0, 1.0, 6, 4), house).sum() == 2
    closed = read_surface(terrain, None, 0.03, buildings=house)
    assert closed.open.sum() == 22
    raised = read_surface(terrain, None, 0.03, buildings=house, building_height_m=3.0)
    assert raised.ground.z[0, :3].tolist() == [3.0, 3.0, 0.0]
    canal = read_surface(terrain, None, 0.03, river=polygon(tmp_path / "canal.geojson", 4, 0, 6, 4))
    assert canal.open.sum() == 16
    assert canal.ground.shore.tolist() == [4, 10, 16, 22]


def test_streets_keep_names_and_get_unique_ids(tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[0.5, 0.5], [3.5, 0.5]]}
    features = [{"type": "Feature", "properties": {"name": "Long Road"}, "geometry": line}] * 2
    path = tmp_path / "s.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    streets = read_streets(path)
    assert streets.ids == ("Long Road", "Long Road#2")
    assert streets.names == ("Long Road", "Long Road")
    starts, cells = cells_along(Grid(0, 0, 1.0, 6, 4), streets)
    assert starts.tolist() == [0, 4, 8]
    assert cells[:4].tolist() == [0, 1, 2, 3]


def test_rain_falls_only_on_the_named_ground():
    """10 mm/h for an hour on 3 of 12 cells of 100 m2: 3 m3."""
    grid = Grid(0.0, 0.0, 10.0, 4, 3)
    rained = np.zeros((3, 4), dtype=bool)
    rained[1, :3] = True
    surface = make_surface(grid, np.zeros((3, 4)), 0.03, rained=rained)
    surface.flow(0.0, 3600.0, rain_mps=0.01 / 3600)
    assert surface.account()["rain"] == pytest.approx(3.0, rel=1e-12)
    assert surface.volume() == pytest.approx(3.0, rel=1e-12)
