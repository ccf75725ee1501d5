"""Places on the surface, and what holds there: inflows, levels, free outfall; every drop counted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from drainage.boundaries import PlaceError, Surroundings, cells_of, held_cells, open_edge, side_cells
from drainage.config_surface import BoundaryAt, InflowAt, Where
from drainage.surface import Surface, make_surface
from twin.places import FloatArray, Grid
from twin.weather.series import SeriesError

GRID = Grid(100.0, 200.0, 5.0, 8, 6)
START = datetime(2026, 7, 1, tzinfo=UTC)


def where(**keys: Any) -> Where:
    return Where.model_validate(keys)


def boundary(**keys: Any) -> BoundaryAt:
    return BoundaryAt.model_validate(keys)


def test_a_line_is_shared_by_length() -> None:
    """10 m from x = 102.5 in a row of 5 m cells: a quarter, a half, a quarter."""
    cells, shares = cells_of(GRID, where(line=[[102.5, 207.0], [112.5, 207.0]]))
    assert cells.tolist() == [8, 9, 10]
    assert shares == pytest.approx([0.25, 0.5, 0.25])


def test_a_line_on_the_border_belongs_to_the_cells_inside() -> None:
    """20 m on the west border, and on the east one: four cells each, as in EA Test 4."""
    west, shares = cells_of(GRID, where(line=[[100.0, 205.0], [100.0, 225.0]]))
    east, _ = cells_of(GRID, where(line=[[140.0, 205.0], [140.0, 225.0]]))
    assert west.tolist() == [8, 16, 24, 32]
    assert east.tolist() == [15, 23, 31, 39]
    assert shares == pytest.approx([0.25] * 4)


def test_a_side_and_a_stretch_of_it() -> None:
    assert side_cells(GRID, "north").tolist() == list(range(40, 48))
    cells, shares = cells_of(GRID, where(side="east", between=[210, 220]))
    assert cells.tolist() == [23, 31]
    assert shares == pytest.approx([0.5, 0.5])


def test_places_outside_are_named() -> None:
    with pytest.raises(PlaceError, match=r"x 99, y 210 lies outside the terrain .x 100 to 140, y 200 to 230"):
        cells_of(GRID, where(at=[99, 210]))
    with pytest.raises(PlaceError, match="no cell of the side `west` lies between 500 and 600"):
        cells_of(GRID, where(side="west", between=[500, 600]))


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"kind": "stage", "side": "west"}, "needs either `level` or `series`"),
        ({"kind": "open", "side": "west", "level": "2 m"}, "has no `level`"),
        ({"kind": "wall", "line": [[0, 0], [1, 1]]}, "is one of `walls`"),
        ({"kind": "open", "at": [0, 0]}, "has a `side` or a `line`"),
        ({"kind": "flow", "side": "west", "flow": "-1 m3/s"}, "out of range"),
        ({"kind": "open"}, "exactly one of"),
        ({"kind": "open", "side": "west", "between": [5, 2]}, "the smaller number first"),
    ],
)  # fmt: skip
def test_boundaries_that_make_no_sense_are_refused(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        boundary(**keys)


def test_sides_are_open_or_closed_one_by_one() -> None:
    """All open but the east, of which a stretch is open again; a corner counts both its sides."""
    land = np.ones((6, 8), dtype=bool)
    land[0, 3] = False
    rules = [boundary(kind="wall", side="east"), boundary(kind="open", side="east", between=[210, 220])]
    cells, sides = open_edge(GRID, land, rules, True)
    count = dict(zip(cells.tolist(), sides.tolist(), strict=True))
    assert count[0] == 2.0
    assert count[7] == 1.0
    assert 3 not in count
    assert {c for c in count if c % 8 == 7} == {7, 23, 31, 47}


def flat(rules: list[BoundaryAt], z: FloatArray | None = None) -> Surface:
    z = np.zeros((6, 8)) if z is None else z
    return make_surface(GRID, z, 0.03, river=held_cells(GRID, rules))


def test_a_stage_fills_the_land_to_its_level_and_is_counted() -> None:
    """0.4 m at the west side: after half an hour the land stands at 0.4 m, and all of it came over the boundary."""
    rules = [boundary(kind="stage", side="west", level="0.4 m")]
    surface = flat(rules)
    around = Surroundings.of(surface, [], rules, START)
    for k in range(360):
        around.hold(surface, 5.0 * k)
        surface.flow(5.0 * k, 5.0)
    land = surface.water.h[:, 1:]
    assert land == pytest.approx(np.full((6, 7), 0.4), abs=1e-3)
    assert surface.volume() == pytest.approx(-surface.account()["river"], rel=1e-12)


def test_two_stages_differ_and_follow_their_series(tmp_path: Path) -> None:
    """West at 0.5 m, east falling from 0.5 to 0.2 m in 10 minutes and staying there: water runs east."""
    path = tmp_path / "east.csv"
    path.write_text("time min,level m\n0,0.5\n10,0.2\n")
    rules = [
        boundary(kind="stage", side="west", level="0.5 m"),
        BoundaryAt.model_validate({"kind": "stage", "side": "east", "series": path}),
    ]
    surface = flat(rules)
    around = Surroundings.of(surface, [], rules, START)
    around.hold(surface, 300.0)
    assert surface.water.h[0, 0] == pytest.approx(0.5)
    assert surface.water.h[0, 7] == pytest.approx(0.35)
    for k in range(360):
        around.hold(surface, 5.0 * k)
        surface.flow(5.0 * k, 5.0)
    level = surface.water.h[3, 1:7]
    assert (np.diff(level) < 0).all()
    assert surface.water.qx[3, 4] > 0.01


def test_inflows_bring_what_their_hydrograph_says(tmp_path: Path) -> None:
    """A triangle of 10 m3/s in 10 minutes, 3,000 m3, and 0.1 m3/s over a side for 20 minutes, 120 m3."""
    path = tmp_path / "flow.csv"
    path.write_text("time min,flow m3/s\n0,0\n5,10\n10,0\n")
    inflows = [InflowAt.model_validate({"at": [120, 215], "series": path, "name": "culvert"})]
    rules = [boundary(kind="flow", side="north", flow="100 L/s")]
    surface = flat(rules)
    around = Surroundings.of(surface, inflows, rules, START)
    debt = np.zeros(around.inflows.cells.size)
    for k in range(240):
        surface.flow(5.0 * k, 5.0, 0.0, around.inflows.cells, around.volumes(5.0 * k, 5.0 * (k + 1)), debt)
    assert around.given_m3 == pytest.approx(3120.0, rel=1e-12)
    assert surface.volume() == pytest.approx(3120.0, rel=1e-12)


@pytest.mark.parametrize(
    ("rows", "line", "text"),
    [
        ("0,1\n5,\n10,2", 3, "a gap"),
        ("0,1\n5,-2", 3, "less than 0"),
        ("0,1\n5,nan", 3, "a gap"),
        ("5,1\n0,2", 3, "not later than the one before"),
        ("0,1\n5,much", 3, "is not a number"),
    ],
)
def test_hydrographs_with_gaps_or_negative_flow_are_refused(tmp_path: Path, rows: str, line: int, text: str) -> None:
    path = tmp_path / "flow.csv"
    path.write_text("time min,flow m3/s\n" + rows + "\n")
    inflow = InflowAt.model_validate({"at": [120, 215], "series": path})
    with pytest.raises(SeriesError, match=text) as found:
        Surroundings.of(flat([]), [inflow], [], START)
    assert found.value.line == line
