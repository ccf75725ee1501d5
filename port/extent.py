"""Where a terminal lies: the outline of its lanes and berths."""

from __future__ import annotations

from port.reading import load_terminal
from twin.model import Setup


def extent(setup: Setup) -> tuple[float, float, float, float]:
    """(west, south, east, north). Raises `ScenarioError` when the terminal's file cannot be used."""
    terminal = load_terminal(setup.config.terminal)
    assert not isinstance(terminal.berths, int)
    points = [point for lane in terminal.lanes for point in lane.line]
    points += [point for berth in terminal.berths for point in berth.line]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)
