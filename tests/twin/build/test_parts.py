"""Single rules of the builder against hand calculations and slow twins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twin.build.rain import storm
from twin.build.reading import read_recipe
from twin.build.recipe import RainRecipe, SewerRecipe
from twin.build.sewer_sizing import full_flow, least_slope
from twin.build.terrain import flood_fill
from twin.build.water import day_pattern
from twin.scenario.problems import ScenarioError


def slow_fill(z: np.ndarray) -> np.ndarray:
    """The same by relaxation: a cell is as high as itself or its lowest neighbour, until nothing changes."""
    filled = np.full(z.shape, np.inf)
    filled[[0, -1], :], filled[:, [0, -1]] = z[[0, -1], :], z[:, [0, -1]]
    while True:
        around = np.minimum.reduce([filled[:-2, 1:-1], filled[2:, 1:-1], filled[1:-1, :-2], filled[1:-1, 2:]])
        new = filled.copy()
        new[1:-1, 1:-1] = np.maximum(z[1:-1, 1:-1], around)
        if (new == filled).all():
            return filled
        filled = new


@pytest.mark.parametrize("seed", range(5))
def test_hollows_are_filled_to_their_lowest_way_out(seed: int) -> None:
    z = np.random.default_rng(seed).normal(size=(17, 23))
    assert (flood_fill(z) == slow_fill(z)).all()


def test_the_design_storm_brings_the_formulas_depth() -> None:
    """180 min at 3 a: 17.969 (1 + 1.24 lg 3) / (180 + 18.415)^0.785 · 180 = 80.92 mm, by hand."""
    rates = np.array(storm(RainRecipe(), 3.0))
    assert rates.sum() * 5 / 60 == pytest.approx(80.92, abs=0.02)
    assert np.argmax(rates) * 5 == pytest.approx(0.43 * 180, abs=5)


def test_a_full_sewer_carries_what_manning_says() -> None:
    """DN 1000, 1 ‰, n 0.013: 0.758 m3/s, from tables of full pipes."""
    assert full_flow(1.0, 0.001, 0.013) == pytest.approx(0.758, abs=0.001)


def test_small_sewers_are_steeper_than_large_ones() -> None:
    assert least_slope(0.3) == pytest.approx(1 / 300)
    assert least_slope(2.0) == pytest.approx(0.0008)


@pytest.mark.parametrize("peak", [1.3, 1.8, 2.5])
def test_the_day_has_mean_one_and_the_wanted_peak(peak: float) -> None:
    pattern = np.array(day_pattern(peak))
    assert pattern.max() == pytest.approx(peak, abs=1e-3)
    assert pattern.mean() == pytest.approx(1.0, abs=0.02)
    assert pattern.min() > 0


def test_a_rarer_design_storm_gives_wider_sewers() -> None:
    """The formula's ratio of 10 a to 2 a is (1 + 1.24) / (1 + 1.24 lg 2) = 1.631."""
    from twin.build.rain import formula_of

    formula = formula_of(SewerRecipe().rain)
    assert formula.intensity(20, 10) / formula.intensity(20, 2) == pytest.approx(2.24 / 1.37328, rel=1e-4)


def plane(path: Path, size: float) -> None:
    """A raster that rises 1 in 200 to the north-east, centred on the grid city."""
    import rasterio
    from rasterio.transform import from_origin

    n = int(size / 10)
    x = (np.arange(n) + 0.5) * 10
    band = (40 + (x[None, :] + x[::-1][:, None]) / 200).astype(np.float32)
    place = from_origin(400 - size / 2, 300 + size / 2, 10, 10)
    with rasterio.open(
        path, "w", driver="GTiff", width=n, height=n, count=1, dtype="float32", transform=place
    ) as target:
        target.write(band, 1)


RASTER = """
twin_build: 1
name: given
streets: {grid: {columns: 5, rows: 5, block: 150 m}}
terrain: {raster: ground.tif, cell: 10 m, kerb: 0.1 m}
river: {level: 38 m}
water: {people_per_km: 300}
sewer: {trial: false}
traffic: {vehicles: 20, hours: 2}
terminal: {berths: 2, depth: 200 m, gate: {trucks_per_hour: 10}}
"""


def test_a_given_raster_is_the_ground(tmp_path: Path) -> None:
    """Off the streets and the river nothing is changed; on streets only the kerb is cut."""
    from twin.build.city import build_city

    plane(tmp_path / "ground.tif", 4000)
    (tmp_path / "r.yaml").write_text(RASTER)
    city = build_city(read_recipe(tmp_path / "r.yaml"), tmp_path / "city", with_map=False)
    t = city.terrain
    x = t.grid.x0 + (np.arange(t.grid.nx) + 0.5) * 10
    y = t.grid.y0 + (np.arange(t.grid.ny) + 0.5) * 10
    expected = 40 + ((x[None, :] + 1600) + (y[:, None] + 1700)) / 200
    cut = np.where(t.street, 0.1, 0.0)
    assert np.abs(t.z - (expected - cut))[~t.water].max() < 2e-5


def test_a_raster_that_is_too_small_is_told_with_both_extents(tmp_path: Path) -> None:
    from twin.build.city import build_city

    plane(tmp_path / "ground.tif", 600)
    (tmp_path / "r.yaml").write_text(RASTER)
    with pytest.raises(ScenarioError, match=r"ground.tif covers x 100 to 700.*take a larger raster"):
        build_city(read_recipe(tmp_path / "r.yaml"), tmp_path / "city", with_map=False)
    assert not (tmp_path / "city").exists()
