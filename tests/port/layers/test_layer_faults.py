"""Wrong layers in a file: one message each, with its place and a way out."""

from __future__ import annotations

import pytest

from port.reading import read_terminal
from tests.port.test_reading import LONG


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("radio: {}", "radio without units and without 5G"),
        ("radio: {units: [{id: A, at: [0, 0]}, {id: A, at: [1, 1]}]}", "'A' is also the id of radio.units[0]"),
        ("radio: {units: [{id: A, at: [9000, 0]}]}", "from the nearest lane"),
        ("radio: {units: 2, slow: 2 s}", "crawl only from 2 s"),
        ("radio: {units: 2, latency: 3 s}", "the freshest message is 3.1 s old"),
        ("radio: {units: 199}", "lower the spacing"),
        ("radio: {units: 2, height: 5}", "has no unit"),
        ("feeders: [{id: terminal}]", "the terminal's own supply"),
        ("feeders: [{id: F1, cranes: [QC09]}]", "no 'QC09' among its cranes"),
        ("feeders: [{id: F1, blocks: [Y01]}, {id: F2, blocks: [Y01]}]", "hangs on feeder F1 already"),
        ("positioning: {tolerance: 0 m}", "must be more than 0"),
        ("perception: {unit: []}", "unit"),
    ],
)
def test_a_mistake_is_named_and_located(tmp_path, text, words):
    path = tmp_path / "terminal.yaml"
    path.write_text(LONG + text + "\n", encoding="utf-8")
    terminal, problems = read_terminal(path)
    assert terminal is None
    assert any(words in p.text for p in problems), [p.text for p in problems]
    line = len(LONG.splitlines()) + 1
    assert all(p.where.startswith(f"terminal.yaml:{line}:") for p in problems if not p.warn)


def test_lanes_that_hear_nobody_are_a_warning(tmp_path):
    """One unit at the gate with 45 dB of interference; the run is possible, with an operator at every lane."""
    path = tmp_path / "terminal.yaml"
    text = "radio: {units: [{id: A, at: [160, 0]}], interference_db: 45}\n"
    path.write_text(LONG + text, encoding="utf-8")
    terminal, problems = read_terminal(path)
    assert terminal is not None
    (problem,) = [p for p in problems if "hear too little" in p.text]
    assert problem.warn
    assert "each stops there for an operator" in problem.text
