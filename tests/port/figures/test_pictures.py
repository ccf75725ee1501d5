"""Gantt and lane map at the reference size: names and labels stand clear of each other and inside their bars."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from port.figures.gantt import draw_gantt
from port.figures.lanes import LETTER, LINE, draw_lanes, quay_up, spread_names
from twin.results.view import RunView
from twin.run import run
from twin.scenario import load

SCENARIO = """twin: 1
name: reference
seed: 7
clock: {start: "2026-07-01T08:00+02:00", duration: 6 h, exchange: 60 s}
port: {terminal: terminal.yaml, engine: fast}
timeline:
  - {at: +1 h, do: port.crane_breakdown, crane: QC03, until: +2 h}
"""
TERMINAL = """terminal: 1
name: Reference size
origin: [1000, 2000]
heading: 35 deg
berths: 4
fleet: {trucks: 60}
calls:
  - {vessel: Amber Heron, berth: B1, at: 0 s, discharge: 60, load: 30}
  - {vessel: Silver Plover, berth: B1, at: 2 h, discharge: 30, load: 30}
  - {vessel: Little Grebe, berth: B2, at: 0 s, discharge: 20, load: 2}
  - {vessel: Great Egret, berth: B2, at: 1 h, discharge: 12, load: 2}
  - {vessel: Reed Warbler, berth: B3, at: 20 min, discharge: 200, load: 100}
"""
"""28 blocks, 10 cranes; ships whose bars are long, short, and too short for their name."""


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> RunView:
    folder = tmp_path_factory.mktemp("reference")
    (folder / "terminal.yaml").write_text(TERMINAL, encoding="utf-8")
    (folder / "reference.yaml").write_text(SCENARIO, encoding="utf-8")
    return RunView(run(load(folder / "reference.yaml"), folder / "runs").folder)


@pytest.fixture
def drawn(monkeypatch) -> list:
    """The figures that are saved while the test runs."""
    from matplotlib.figure import Figure

    kept: list[Figure] = []
    save = Figure.savefig

    def keep(figure: Figure, *args, **more) -> None:
        kept.append(figure)
        save(figure, *args, **more)

    monkeypatch.setattr(Figure, "savefig", keep)
    return kept


def rendered(figure):
    """What measures a figure's texts, once it is laid out."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return canvas.get_renderer()


def boxes_of(figure, axes, wanted) -> list:
    """(words, box in pixels) of the texts of some axes."""
    from matplotlib.text import Text

    renderer = rendered(figure)
    texts = [a for a in axes.get_children() if isinstance(a, Text) and a.get_text() and wanted(a.get_text())]
    return [(t.get_text(), Text.get_window_extent(t, renderer)) for t in texts]


def assert_clear(found: list) -> None:
    for (a, box), (b, other) in combinations(found, 2):
        assert not box.overlaps(other), f"{a!r} lies on {b!r}"


def test_ships_names_stay_within_their_bars_or_stand_above(reference: RunView, tmp_path: Path, drawn: list) -> None:
    draw_gantt(reference, tmp_path / "gantt.png")
    ships = drawn[0].axes[0]
    found = boxes_of(drawn[0], ships, lambda words: "boxes" in words or "of" in words)
    assert len(found) == 5
    assert_clear(boxes_of(drawn[0], ships, lambda words: words != "Ships"))
    ends = {r["vessel"]: r["left_s"] or 21_600 for r in reference.table("port", "vessels")}
    inside = 0
    for words, box in found:
        vessel = next(name for name in ends if words.startswith(name))
        right = ships.transData.transform((ends[vessel], 0))[0]
        above = "\n" not in words and ", " in words
        assert above or box.x1 <= right + 1, f"{words!r} leaves its bar"
        inside += not above
    assert 2 <= inside <= 4


def test_the_fullest_lanes_names_are_clear_of_each_other(reference: RunView, tmp_path: Path, drawn: list) -> None:
    draw_lanes(reference, tmp_path / "lanes.png")
    found = boxes_of(drawn[0], drawn[0].axes[0], lambda words: ": " in words and "\n" not in words)
    assert len(found) == 5
    assert_clear(found)
    title = drawn[0].axes[0]._left_title.get_window_extent(rendered(drawn[0]))
    assert not any(box.overlaps(title) for _, box in found)


def test_the_map_turns_the_quay_up() -> None:
    """Whatever the heading: cranes level, above the lanes."""
    for degrees in range(0, 360, 35):
        a = np.radians(degrees)
        way, ahead = np.array([np.cos(a), np.sin(a)]), np.array([-np.sin(a), np.cos(a)])
        cranes = np.array([100 * k * way + 700 * ahead for k in range(8)])
        lanes = np.array([100 * k * way + v * ahead for k in range(8) for v in (0, 600)])
        turn = quay_up(lanes, cranes)
        assert np.linalg.det(turn) == pytest.approx(1.0)
        assert np.ptp((cranes @ turn.T)[:, 1]) == pytest.approx(0.0, abs=1e-6)
        assert (cranes @ turn.T)[:, 1].min() > (lanes @ turn.T)[:, 1].max()
    assert np.array_equal(quay_up(lanes, cranes[:1]), np.eye(2))


@given(st.lists(st.tuples(st.floats(0, 400), st.floats(0, 300)), min_size=1, max_size=5), st.integers(0, 99))
def test_names_never_lie_on_each_other(spots, seed) -> None:
    """Five names anywhere, a crowd of marks and a grid of lines: there are 96 spots for each."""
    names = [f"lane-{k}: 1.{k}" for k in range(len(spots))]
    marks = np.random.default_rng(seed).uniform(0, 400, (12, 2))
    lines = np.stack(np.meshgrid(np.arange(0, 400, 30.0), np.arange(0, 300, 4.0)), axis=-1).reshape(-1, 2)
    middles = np.array(spots) + spread_names(np.array(spots), names, marks, lines)
    for (a, (x, y)), (b, (u, v)) in combinations(zip(names, middles, strict=True), 2):
        wide = LETTER * (len(a) + len(b)) / 2
        assert abs(x - u) >= wide or abs(y - v) >= LINE - 1e-9
