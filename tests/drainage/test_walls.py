"""Walls, kerbs and porous buildings: from lines and shares to faces, and what water makes of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drainage.surface import make_surface
from drainage.terrain import TerrainError
from drainage.walls import Walls, read_walls, walls_along
from twin.places import FloatArray, Grid

GRID = Grid(100.0, 200.0, 2.0, 40, 30)


def sides(walls: Walls, start: tuple[int, int]) -> FloatArray:
    """(ny, nx) cells that can be reached from `start` without passing a wall."""
    east, north = (np.zeros(GRID.size, dtype=bool) for _ in range(2))
    east[walls.east], north[walls.north] = True, True
    reached, todo = np.zeros((GRID.ny, GRID.nx), dtype=bool), [start]
    while todo:
        j, i = todo.pop()
        if not (0 <= j < GRID.ny and 0 <= i < GRID.nx) or reached[j, i]:
            continue
        reached[j, i] = True
        for jn, i_n, closed, owner in (
            (j, i + 1, east, (j, i)), (j, i - 1, east, (j, i - 1)), (j + 1, i, north, (j, i)),
            (j - 1, i, north, (j - 1, i)),
        ):  # fmt: skip
            if owner[0] >= 0 and owner[1] >= 0 and not closed[owner[0] * GRID.nx + owner[1]]:
                todo.append((jn, i_n))
    return reached


@given(st.integers(0, 2**32 - 1), st.integers(0, 5))
def test_a_line_across_the_grid_lets_nothing_through(seed: int, corners: int) -> None:
    """From beyond the west side to beyond the east side, by corners anywhere: the north-west corner of the grid is cut
    off from the south-west one."""
    rng = np.random.default_rng(seed)
    inner = np.c_[np.sort(100.0 + 80.0 * rng.random(corners)), 202.0 + 56.0 * rng.random(corners)]
    ends = 210.0 + 40.0 * rng.random(2)
    line = np.r_[[[90.0, ends[0]]], inner, [[190.0, ends[1]]]]
    reached = sides(walls_along(GRID, [(line, np.nan, 1.0)]), (0, 0))
    assert reached[0, 0]
    assert not reached[-1, 0]


def test_a_wall_holds_water_up_to_its_crest() -> None:
    """A wall of 1 m across flat ground: 0.9 m stays behind it to the millimetre, of 1.5 m only the part above 1 m goes
    over."""
    wall = walls_along(GRID, [(np.array([[140.3, 190.0], [140.9, 270.0]]), np.nan, 1.0)])
    for depth in (0.9, 1.5):
        s = make_surface(GRID, np.zeros((30, 40)), 0.03, walls=wall)
        s.fill(np.where(np.arange(40) < 20, depth, 0.0) * np.ones((30, 1)))
        for k in range(120):
            s.flow(10.0 * k, 10.0)
        behind, before = s.water.h[:, :19], s.water.h[:, 21:]
        if depth < 1.0:
            assert np.abs(behind - depth).max() < 1e-12
            assert before.max() == 0.0
        else:
            assert np.abs(behind - 1.0).max() < 0.03
            assert before.mean() == pytest.approx(0.5, abs=0.03)


def test_no_more_goes_over_a_wall_than_falls_freely() -> None:
    """Water held 0.5 m above a crest with dry ground 3 m lower behind it: (2/3)^1.5 √g H^1.5 = 0.603 m2/s, however
    steep the water's surface is there."""
    z = np.zeros((8, 40))
    z[:, :20] = 3.0
    wall = walls_along(Grid(0.0, 0.0, 2.0, 40, 8), [(np.array([[40.0, -1.0], [40.0, 17.0]]), 4.0, np.nan)])
    s = make_surface(Grid(0.0, 0.0, 2.0, 40, 8), z, 0.01, walls=wall)
    s.fill(np.where(np.arange(40) < 20, 1.5, 0.0) * np.ones((8, 1)))
    s.flow(0.0, 0.4)
    assert 0.1 < s.water.qx[:, 20].max() <= 0.6026 * (1 + 1e-3)


def test_porous_buildings_hold_their_share_of_water() -> None:
    """A lake that comes to rest over porous cells: the same level everywhere, and the volume is Σ h·share·area."""
    share = np.ones((30, 40))
    share[10:20, 10:30] = 0.25
    s = make_surface(GRID, np.zeros((30, 40)), 0.03, share=share)
    s.fill(np.where(np.arange(40) < 8, 2.0, 0.0) * np.ones((30, 1)))
    start = s.volume()
    for k in range(400):
        s.flow(10.0 * k, 10.0)
    level = 2.0 * 8 * 30 / share.sum()
    assert abs(s.volume() / start - 1) < 1e-13
    assert np.abs(s.water.h - level).max() < 0.01


def test_rain_on_a_porous_cell_is_not_thinned() -> None:
    """10 mm on a cell of which a quarter takes water stand 40 mm deep there: roofs drain into what is open."""
    s = make_surface(Grid(0.0, 0.0, 1.0, 1, 1), np.zeros((1, 1)), 0.03, share=np.array([[0.25]]))
    s.flow(0.0, 10.0, 1e-3)
    assert s.water.h[0, 0] == pytest.approx(0.04)
    assert s.volume() == pytest.approx(0.01)
    assert s.account()["rain"] == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("kind", "properties", "says"),
    [
        ("LineString", {}, "must have one of the properties"),
        ("LineString", {"height": 1.0, "crest": 2.0}, "must have one of the properties"),
        ("LineString", {"height": "high"}, "not a number of metres"),
        ("LineString", {"height": -1.0}, "a wall stands above the ground"),
        ("Polygon", {"height": 1.0}, "walls are LineStrings"),
    ],
)
def test_a_wall_that_cannot_be_used_is_named(
    kind: str, properties: dict[str, object], says: str, tmp_path: Path
) -> None:
    shape = {"type": kind, "coordinates": [[100.0, 200.0], [140.0, 230.0]]}
    path = tmp_path / "walls.geojson"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": [{"geometry": shape, "properties": properties}]}),
        encoding="utf-8",
    )
    with pytest.raises(TerrainError, match=says):
        read_walls(path, GRID)
