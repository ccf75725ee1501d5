"""Packing and choosing what the map shows."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.twin.results.small_city import DEPTH, DOMAINS, STREETS, write_city
from twin.places import Grid, Lines
from twin.report import layers
from twin.report.layers import Shown, elements, extent, picture_times, raster, shown_layers
from twin.report.pack import NO_CLASS, NO_VALUE, classes, coarsen, pack, quantise
from twin.results.view import RunView


@given(arrays(np.uint16, st.tuples(st.integers(1, 6), st.integers(1, 9))))
def test_packing_loses_nothing(values: np.ndarray) -> None:
    """Differences wrap, so adding them up gives every value again."""
    steps = np.frombuffer(gzip.decompress(base64.b64decode(pack(values))), "<u2").reshape(values.shape)
    assert np.array_equal(np.cumsum(steps, axis=0, dtype=np.uint16), values)


@given(arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12))), st.integers(1, 5))
def test_coarse_cells_keep_the_deepest(cells: np.ndarray, by: int) -> None:
    """Each coarse cell holds the maximum of the cells it covers, also at ragged edges."""
    coarse = coarsen(cells, by)
    for (row, column), value in np.ndenumerate(coarse):
        assert value == cells[row * by : (row + 1) * by, column * by : (column + 1) * by].max()


def test_a_limit_belongs_to_the_class_above_it() -> None:
    """0.27 m recorded in single precision closes a street; what is not a number has no class and no value."""
    values = np.array([0.0, 0.1499, 0.15, 0.27, 9.0, np.nan], dtype=np.float32)
    assert classes(values, (0.15, 0.27)).tolist() == [0, 0, 1, 2, 2, NO_CLASS]
    assert quantise(values, 0.0, 0.01).tolist() == [0, 15, 15, 27, 900, NO_VALUE]


def test_grids_come_first_and_ports_that_were_not_recorded_not_at_all(runs: Path) -> None:
    shown = shown_layers(RunView(runs / "storm-0001"), DOMAINS)
    assert [s.layer.title for s in shown] == [
        "Water on the ground",
        "Streets",
        "Water pressure",
        "Trucks at the lanes",
    ]
    other = {"drainage": SimpleNamespace(layers=(DEPTH, STREETS))}
    assert [s.layer for s in shown_layers(RunView(runs / "storm-0001"), other)] == [DEPTH]


def test_a_second_run_is_matched_by_name(runs: Path, tmp_path: Path) -> None:
    """A larger second city has the first one's streets in other places: what it lacks has no value."""
    first, second = RunView(write_city(tmp_path, "a", rows=6, columns=8, nt=3)), RunView(runs / "storm-0001")
    shown = next(s for s in shown_layers(second, DOMAINS) if s.layer is STREETS)
    times = picture_times(second, [shown])
    packed = elements([second, first], shown, times, (0.0, 0.0))["runs"][1]
    assert packed is not None
    steps = np.frombuffer(gzip.decompress(base64.b64decode(packed["cls"])), "u1").reshape(len(times), -1)
    lacking = np.cumsum(steps, axis=0, dtype=np.uint8)[0] == NO_CLASS
    small = first.places("traffic", "edge")
    assert isinstance(small, Lines)
    assert lacking.sum() == shown.places.size - small.size


def test_a_large_grid_is_coarsened_and_another_grid_is_read_at_the_same_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """120 x 100 cells with room for 4,000 become 60 x 50; the same relief on cells of half the size agrees."""
    view = RunView(write_city(tmp_path, "coarse", nt=3, nx=120, ny=100, cell_m=12.0))
    fine = RunView(write_city(tmp_path, "fine", nt=3, nx=240, ny=200, cell_m=6.0))
    shown = shown_layers(view, DOMAINS)[0]
    monkeypatch.setattr(layers, "MAX_CELLS", 4_000)
    about, levels = raster([view, fine], shown, picture_times(view, [shown]))
    assert (about["coarse"], about["nx"], about["ny"], about["cell"]) == (2, 60, 50, 24.0)
    depth = view.field("drainage", "depth")[1][2].reshape(100, 120)
    deepest = depth.reshape(50, 2, 60, 2).max(axis=(1, 3))
    assert np.array_equal(levels[2], np.where(deepest >= 0.02, np.floor(deepest * 100 + 1e-3), 0))
    assert about["runs"][1] is not None


def test_pictures_are_thinned(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    view = RunView(runs / "storm-0001")
    monkeypatch.setattr(layers, "MAX_PICTURES", 25)
    assert picture_times(view, shown_layers(view, DOMAINS)).tolist() == [900.0 * k for k in range(20)]


def test_the_map_shows_the_grid_or_else_everything() -> None:
    """Streets that run far out of the modelled ground do not shrink it."""
    far = Lines(("e",), (np.array([[0.0, 0.0], [90_000.0, 0.0]]),))
    grid = Grid(100.0, 200.0, 10.0, 30, 20)
    assert extent([far, grid]).east < 500
    assert extent([far]).east > 90_000
    assert extent([grid]).origin == (0.0, 0.0)
    assert extent([Grid(398_797.0, 5_809_247.0, 10.0, 30, 20)]).origin == (398_790.0, 5_809_240.0)


def test_shown_places_keep_their_section(runs: Path) -> None:
    assert all(isinstance(s, Shown) and s.section in DOMAINS for s in shown_layers(RunView(runs / "dry-0001"), DOMAINS))
