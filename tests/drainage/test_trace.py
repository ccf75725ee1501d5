"""Tracing: the adjoint against a forward run, arrivals on a line, and what wrong readings are answered."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from drainage.network import SewerFile
from drainage.questions.trace import trace
from drainage.tracing.hydraulics import Hydraulics, from_manning
from drainage.tracing.readings import Arrivals, Series, read_readings
from drainage.tracing.score import ErrorModel, Span
from drainage.tracing.transport import order_of, responses
from tests.drainage.cases import LINE
from twin.scenario.problems import ScenarioError

START = datetime(2024, 1, 1)


def fork(steps: int = 120) -> Hydraulics:
    """A, B into C, C into D and E (one third and two thirds); the flow from A swings. 60 s steps."""
    nodes, first, second = ("A", "B", "C", "D", "E"), np.array([0, 1, 2, 2]), np.array([2, 2, 3, 4])
    t = np.arange(steps)
    flow = np.column_stack([2 + np.sin(t / 9), np.full(steps, 1.0), *(s * (3 + np.sin(t / 9)) for s in (1 / 3, 2 / 3))])
    through = np.column_stack([flow[:, 0], flow[:, 1], flow[:, 0] + flow[:, 1], flow[:, 2], flow[:, 3]])
    volume = np.tile([300.0, 200.0, 500.0, 150.0], (steps, 1)) * (1 + 0.2 * np.cos(t / 20))[:, None]
    xy = np.array([[0, 0], [0, 100], [100, 50], [200, 0], [200, 100.0]])
    return Hydraulics(
        nodes, ("a", "b", "d", "e"), first, second, np.full(4, 110.0), 60.0, flow * 0.1, volume, through * 0.1,
        np.array([0, 0, 40.0, 0, 0]), xy, "made for the test",
    )  # fmt: skip


def forward(h: Hydraulics, source: int, rate: np.ndarray) -> np.ndarray:
    """(t, n) concentrations of a discharge of rate (t,) g/s at a node: the same law, written forwards."""
    mass, held, found = np.zeros(len(h.links)), np.zeros(len(h.nodes)), np.zeros((len(h.flow), len(h.nodes)))
    for t in range(len(h.flow)):
        for n in order_of(h):
            arrives = sum(h.flow[t, k] * mass[k] / h.volume[t, k] for k in np.flatnonzero(h.second == n))
            arrives += rate[t] if n == source else 0.0
            if h.held[n] > 0:
                held[n] = (held[n] + h.step_s * arrives) / (1 + h.step_s * h.through[t, n] / h.held[n])
                found[t, n] = held[n] / h.held[n]
            else:
                found[t, n] = arrives / h.through[t, n]
            for k in np.flatnonzero(h.first == n):
                q = h.flow[t, k]
                mass[k] = (mass[k] + h.step_s * q * found[t, n]) / (1 + h.step_s * q / h.volume[t, k])
    return found


@pytest.mark.parametrize("source", [0, 1, 2])
def test_the_adjoint_gives_what_a_forward_run_gives(source: int) -> None:
    """Equal but for rounding (single precision of the answer: 1e-6), for every node, reading and start."""
    h = fork()
    rate = np.zeros(len(h.flow))
    rate[15:30] = 1 / 900.0
    told = forward(h, source, rate)
    for sensor in (3, 4):
        times = np.array([20, 40, 90]) * 60.0
        g = responses(h, np.full(3, sensor), times, 900.0, 7200.0)
        np.testing.assert_allclose(g[:, source, 1], told[[20, 40, 90], sensor], rtol=2e-6, atol=1e-12)


def test_a_clean_series_is_traced_to_its_node_start_and_mass() -> None:
    """500 g into A from 30 min to 45 min, read at D and E every 5 min without noise."""
    h = fork(180)
    rate = np.zeros(180)
    rate[30:45] = 500 / 900.0
    told = forward(h, 0, rate)
    times = np.arange(0, 180, 5) * 60.0
    readings = Series(
        ("D",) * len(times) + ("E",) * len(times), np.tile(times, 2), np.concatenate([told[::5, 3], told[::5, 4]])
    )
    best = trace(h, readings, ErrorModel(relative=0.05, speeds=(1.0,))).rows(1)[0]
    assert best["node"] == "A"
    assert (best["start_s"], best["duration_s"]) == (1800.0, 900.0)
    assert best["mass_g"] == pytest.approx(500.0, rel=1e-3)


def test_a_silent_sensor_rules_out_what_lies_above_it(tmp_path: Path) -> None:
    """M2 stays silent and M3 notices: M1 and M2 lie above M2, so it entered at M3."""
    path = tmp_path / "line.inp"
    path.write_text(LINE)
    h = from_manning(SewerFile.read(path), 1.0)
    heard = Arrivals(("M3", "M2"), np.array([1800.0, np.nan]), np.full(2, np.nan), np.zeros(2, dtype=bool))
    answer = trace(h, heard, span=Span(bin_s=600.0, back_s=3600.0))
    assert answer.rows(1)[0]["node"] == "M3"
    assert answer.rows(1)[0]["probability"] > 0.8
    assert answer.silent == ("M2",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("when,what\n1,2\n", "needs time,node,value"),
        ("time_days,node,value\n1,A,2\n", "times are in s, min or h"),
        ("time,node,value\n1,A,2\n", ":2  '1' is no time"),
        ("time,node,value\n0:10,A,x\n", ":2  value 'x' is no number"),
        ("time,node,value\n0:10,A,nan\n", ":2  value 'nan' is no number"),
        ("time,node,value\n0:10,A,0\n", "all values are 0"),
        ("time,node,value\n-0:10,A,1\n", ":2  '-0:10' is no time"),
        ("time,node,value\n2023-12-31 10:00,A,1\n", "lies before the start"),
        ("time,node,value\n0:10,,1\n", ":2  has no node"),
        ("node,arrival\nA,\n", "no sensor has noticed"),
        ("node,arrival,kind\nA,0:10,smell\n", "'smell': a sensor's kind"),
    ],
)
def test_wrong_readings_are_answered_with_their_line(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text(text)
    with pytest.raises(ScenarioError) as error:
        read_readings(path, START)
    assert says in str(error.value)


def test_dates_and_columns_with_units_give_the_same_times(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    for text in (
        "time,node,value\n2024-01-01 00:30,A,1\n",
        "time_min,node,value\n30,A,1\n",
        "time,node,value\n0:30,A,1\n",
    ):
        path.write_text(text)
        assert read_readings(path, START).time_s[0] == 1800.0


def test_an_unknown_sensor_is_named() -> None:
    readings = Series(("Q",), np.array([600.0]), np.array([1.0]))
    with pytest.raises(ScenarioError, match="no node 'Q'"):
        trace(fork(), readings)
