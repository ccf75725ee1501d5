"""Bad input: one message with its place and a way out, before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hydraulics.check import check, read_contents
from hydraulics.config import VERBS, WaterConfig
from tests.hydraulics.tools import event, library, line, setup
from twin.scenario.problems import Problem


def problems(path: Path, tmp_path: Path, *events: Any, **config: Any) -> list[Problem]:
    return list(check(setup(path, tmp_path / "run", events, **config)))


@pytest.mark.parametrize("name", ["Net1", "Net3", "Net6", "ky4", "ky10"])
def test_sound_networks_have_no_problems(name: str, tmp_path: Path) -> None:
    assert problems(library(name), tmp_path) == []


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (event("burst", pipe="P1l", area="10 cm2"), "no pipe 'P1l' in net.inp. Did you mean 'P1'?"),
        (event("close", link="PP2"), "no pipe, valve or pump 'PP2' in net.inp. Did you mean 'P2'?"),
        (event("isolate", pipes=["P1", "Q9"]), "no pipe or valve 'Q9' in net.inp. There are P1, P2"),
        (event("pump_outage", pump="P1"), "no pump 'P1' in net.inp. There is none"),
        (event("hydrant_open", node="R", flow="10 L/s"), "no junction 'R' in net.inp. There are J1, J2"),
    ],
)
def test_unknown_ids_are_named_with_a_suggestion(wrong: Any, text: str, tmp_path: Path) -> None:
    (problem,) = problems(line(tmp_path / "net.inp"), tmp_path, wrong)
    assert problem.text == text
    assert problem.where == "drill.yaml:7:5"
    assert not problem.warn


def test_unknown_hydrants_are_named(tmp_path: Path) -> None:
    (problem,) = problems(line(tmp_path / "net.inp"), tmp_path, hydrants=["J1", "J22"])
    assert problem.path == ("water", "hydrants", 1)
    assert problem.text.startswith("no junction 'J22' in net.inp. Did you mean 'J2'")


def test_a_pipe_to_nowhere_is_told_with_its_line(tmp_path: Path) -> None:
    path = line(tmp_path / "net.inp", pipes="P1 R J1 1000 200 120 2 Open\nP2 J1 J9 500 150 120 0 Open")
    (problem,) = problems(path, tmp_path)
    number = next(k for k, text in enumerate(path.read_text().splitlines(), 1) if text.startswith("P2"))
    assert problem.where == f"net.inp:{number}"
    assert problem.text == "EPANET error 203: undefined node J9 in [PIPES] section"


def test_several_errors_are_several_problems(tmp_path: Path) -> None:
    path = line(tmp_path / "net.inp", junctions="J1 five 10\nJ2 5 5\nJ2 5 5")
    found = problems(path, tmp_path)
    assert len(found) >= 2
    assert all(problem.where.startswith("net.inp:") for problem in found)


def test_a_junction_without_a_pipe_is_told_with_its_line(tmp_path: Path) -> None:
    (problem,) = problems(line(tmp_path / "net.inp", junctions="J1 5 10\nJ2 5 5\nJ3 5 5"), tmp_path)
    assert "J3" in problem.text
    assert problem.where == "net.inp:4"


def test_text_that_is_no_network(tmp_path: Path) -> None:
    path = tmp_path / "net.inp"
    path.write_text("this is a shopping list\n")
    found = problems(path, tmp_path)
    assert found
    assert not any(problem.warn for problem in found)


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 4000, b"[JUNCTIONS]\n" + b"J" * 5000 + b"\n"])
def test_rubbish_is_a_message_not_a_crash(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "net.inp"
    path.write_bytes(content)
    assert problems(path, tmp_path)


def test_a_file_that_crashes_epanet_is_told_with_its_line(tmp_path: Path) -> None:
    """EPANET 2.2 overruns a buffer at a time with four parts and ends its process; ours goes on and names the line."""
    path = line(tmp_path / "net.inp", times="DURATION 24:00\nPATTERN START 0:00:00:00")
    (problem,) = problems(path, tmp_path)
    assert "crashed" in problem.text
    assert "PATTERN START 0:00:00:00" in problem.text
    assert problem.where.startswith("net.inp:")


def test_missing_coordinates_warn(tmp_path: Path) -> None:
    (problem,) = problems(line(tmp_path / "net.inp", coordinates=""), tmp_path)
    assert problem.warn
    assert "no coordinates" in problem.text


def test_junctions_that_nothing_feeds_warn(tmp_path: Path) -> None:
    path = line(
        tmp_path / "net.inp",
        junctions="J1 5 10\nJ2 5 5\nA 5 1\nB 5 1",
        pipes="P1 R J1 1000 200 120\nP2 J1 J2 500 150 120\nP3 A B 100 100 120",
    )
    (problem,) = problems(path, tmp_path)
    assert problem.warn
    assert problem.text.startswith("2 junctions of net.inp have no path")


def test_contents_are_plain_data() -> None:
    contents = read_contents(library("Net3"))
    assert contents.pumps == ("10", "335")
    assert len(contents.junctions) == 92
    assert len(contents.pipes) == 117
    assert contents.placed


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("required_pressure", "20", "unit"),
        ("required_pressure", "0 m", "above minimum_pressure"),
        ("engine", "fast2", "epanet"),
        ("demand", "driven", "pressure_driven"),
        ("pump_returns_below", "2 m", "must not be above"),
        ("step", "0.2 s", "at least 1 s"),
    ],
)
def test_wrong_configuration_is_refused(key: str, value: str, word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        WaterConfig.model_validate({"network": library("Net1"), key: value})


def test_ids_that_yaml_reads_as_numbers_are_text() -> None:
    assert VERBS["close"].model_validate({"link": 20}).link == "20"  # type: ignore[attr-defined]


def test_a_hydrant_needs_either_flow_or_area() -> None:
    for extra in ({}, {"flow": "10 L/s", "area": "50 cm2"}):
        with pytest.raises(ValidationError, match="either `flow` or `area`"):
            VERBS["hydrant_open"].model_validate({"node": "J1", **extra})
