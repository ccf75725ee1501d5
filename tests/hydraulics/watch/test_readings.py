"""Reading files: formats, units, and messages that name the place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hydraulics.watch.command import open_network
from hydraulics.watch.readings import Readings, Sensor, read_csv, sensors_from, write_csv
from tests.hydraulics.tools import library
from twin.scenario.problems import ScenarioError


@pytest.fixture(scope="module")
def net1():
    return open_network(library("Net1"))


def text(tmp_path: Path, body: str) -> Path:
    path = tmp_path / "readings.csv"
    path.write_text(body, encoding="utf-8")
    return path


def test_pressures_in_metres_and_flows_in_litres_per_second(net1, tmp_path: Path) -> None:
    path = text(tmp_path, "time,pressure:11,flow:9,32\n3600,80.5,120,\n2:15,81,110,75.25\n")
    got = read_csv(path, net1)
    assert got.times_s == (3600, 8100)
    assert got.sensors == (Sensor("pressure", "11"), Sensor("flow", "9"), Sensor("pressure", "32"))
    np.testing.assert_allclose(got.values, [[80.5, 0.12, np.nan], [81, 0.11, 75.25]])


def test_dates_count_from_the_first_midnight(net1, tmp_path: Path) -> None:
    path = text(tmp_path, "time,pressure:11\n2026-07-01T23:45,80\n2026-07-02T00:15,81\n")
    assert read_csv(path, net1).times_s == (85_500, 87_300)


def test_what_is_written_is_read_back(net1, tmp_path: Path) -> None:
    sensors = sensors_from(["pressure:11", "flow:9"], net1)
    given = Readings((0, 900), sensors, np.array([[80.125, 0.1], [np.nan, -0.05]]))
    write_csv(tmp_path / "r.csv", given)
    got = read_csv(tmp_path / "r.csv", net1)
    assert got.times_s == given.times_s
    assert got.sensors == sensors
    np.testing.assert_allclose(got.values, given.values, atol=1e-4)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("t,pressure:11\n0,1\n", "readings.csv:1: the first line must be"),
        ("time,pressure:110\n0,1\n", "column 2: no node '110'"),
        ("time,11\n0,1\n", "is a node and a link"),
        ("time,pressure:11\n0,1\n0,2\n", "readings.csv:3: is not later"),
        ("time,pressure:11\nnoon,1\n", "readings.csv:2: cannot read the time 'noon'"),
        ("time,pressure:11\n0,1,2\n", "readings.csv:2: has 3 cells"),
        ("time,pressure:11\n0,high\n", "readings.csv:2: could not convert"),
        ("time\n0\n", "there is no sensor column"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(net1, tmp_path: Path, body: str, words: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_csv(text(tmp_path, body), net1)
    assert words in str(caught.value)
