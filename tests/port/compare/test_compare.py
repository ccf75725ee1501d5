"""Comparing policies: the same luck, intervals, stopping at a precision, the fleet for a rate, and the command."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from port.cli import port_app
from port.compare.commands import read_numbers, read_policies, read_share
from port.compare.figure import draw
from port.compare.measures import BY_KEY, MEASURES, measured
from port.compare.needed import needed
from port.compare.paired import BATCH, LEAST, Comparison, compare, rows, verdict, widest
from port.compare.runner import Runner, Setting
from port.replications import FIGURES, interval, replicate
from tests.port.sites import HOUR, terminal
from tests.port.test_roads import loop
from twin.engine import RunError
from twin.scenario.problems import ScenarioError

TEXT = """\
terminal: 1
name: Small
origin: [0.0, 0.0]
heading: 0 deg
berths: 2
layout: {berth_length: 120 m, depth: 300 m, cranes: 3, blocks: 5, gantries: 8}
yard: {exports_in_yard: 1.0}
"""


def setting(hours: float = 1.5, warm_h: float = 0.25, **options) -> Setting:
    return Setting(terminal(yard={"exports_in_yard": 1.0}), hours, warm_h, **options)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "terminal.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def run(*args: object):
    return CliRunner().invoke(port_app, ["compare", *map(str, args)])


# runs


def test_measures_are_those_of_a_replication():
    """Crane rate as it is, shares in %, energy by moves; a run without moves has no energy a move."""
    found = replicate(terminal(), [3, 4], HOUR, workers=1)
    values = measured(found.values)
    column = {m.key: values[:, k] for k, m in enumerate(MEASURES)}
    assert np.array_equal(column["crane_rate"], found["crane_rate"])
    assert column["empty_share"] == pytest.approx(100 * found["empty_share"])
    assert column["energy"] * found["moves"] == pytest.approx(found["energy"])
    assert np.isnan(measured(np.zeros((1, len(FIGURES))))[0, list(BY_KEY).index("energy")])


def test_processes_change_nothing_and_nothing_runs_twice():
    """Two processes give the bits of none; a second question for the same runs starts none."""
    tasks = [(policy, trucks, seed) for policy in ("fifo_nearest", "hungarian") for trucks in (6, 9) for seed in (1, 2)]
    told: list[int] = []
    with Runner(setting(), 2, told.append) as two, Runner(setting(), 1) as one:
        two.run(tasks)
        one.run(tasks)
        assert told == list(range(1, 9))
        assert list(two.done) == list(one.done) == tasks
        assert all(np.array_equal(two.done[t], one.done[t], equal_nan=True) for t in tasks)
        two.run(tasks)
        assert len(told) == 8
        assert np.array_equal(two.values("hungarian", 9, [2, 1])[1], one.done["hungarian", 9, 1], equal_nan=True)


def test_a_gridlock_that_ends_a_run_names_policy_fleet_and_seed():
    """Twelve trucks on a ring of four short lanes lock each other; with one and with two processes."""
    for workers in (1, 2):
        with (
            Runner(Setting(loop(2, gridlock="stop"), 4.0, 0.0), workers) as runner,
            pytest.raises(RunError, match="fifo_nearest, 12 trucks, seed 1: gridlock at"),
        ):
            runner.run([("fifo_nearest", 12, 1)])


# differences


def made(**values: list[float]) -> Comparison:
    """A comparison in which every measure of a policy is the same list."""
    arrays = {name: np.repeat(np.array(v)[:, None], len(MEASURES), axis=1) for name, v in values.items()}
    n = len(next(iter(values.values())))
    return Comparison(12, tuple(values), tuple(range(1, n + 1)), arrays, None)


def test_differences_are_paired():
    """Luck moves both by ten, the policy by one: the interval is that of the pairs, not of the means."""
    c = made(a=[10.0, 20.0, 30.0], b=[11.0, 21.5, 30.5])
    mean, half = c.difference("b", 0)
    assert mean == pytest.approx(1.0)
    assert half == pytest.approx(4.303 * 0.5 / np.sqrt(3))
    assert half < c.mean("b", 0)[1] / 10
    assert (mean, half) == interval(np.array([1.0, 1.5, 0.5]))


@pytest.mark.parametrize(
    ("gap", "half", "higher", "said"),
    [
        (2, 1, True, "better"),
        (2, 1, False, "worse"),
        (-2, 1, False, "better"),
        (0.5, 1, True, "open"),
        (1, np.nan, True, ""),
    ],
)
def test_a_difference_counts_only_outside_its_interval(gap, half, higher, said):
    assert verdict(gap, half, higher) == said


def test_a_policy_against_itself_differs_by_nothing():
    """Under another name; all six measures, in every run."""
    from port.dispatch import resolve

    own = setting(policies={"own": lambda: resolve("hungarian")[1]})
    with Runner(own, 1) as runner:
        c = compare(runner, ["hungarian", "own"], 8, 3)
    for k in range(len(MEASURES)):
        if np.isfinite(c.mean("own", k)[0]):
            assert c.difference("own", k)[0] == 0.0


def test_runs_end_at_the_precision_or_at_their_number():
    """A loose one ends at the first look, one that cannot be had at the most; between, in steps of the batch."""
    with Runner(setting(0.5, 0.0), 1) as runner:
        loose = compare(runner, ["fifo_nearest", "random"], 8, 20, precision=0.9)
        tight = compare(runner, ["fifo_nearest", "random"], 8, LEAST + BATCH + 1, precision=1e-6)
        middle = compare(runner, ["fifo_nearest", "random"], 8, 200, precision=0.01)
    assert (len(loose.seeds), loose.reached) == (LEAST, True)
    assert (len(tight.seeds), tight.reached) == (LEAST + BATCH + 1, False)
    assert middle.reached
    assert (len(middle.seeds) - LEAST) % BATCH == 0
    assert LEAST < len(middle.seeds) < 200, "24 when this was written"
    assert widest(middle) <= 0.01 * middle.mean("fifo_nearest", 0)[0]


def test_rows_have_the_keys_that_scripts_read():
    table = rows([made(a=[1.0, 2.0], b=[2.0, 4.0])], 4)
    assert len(table) == 2 * len(MEASURES)
    assert table[0]["verdict"] == "base"
    assert table[0]["difference"] is None
    assert table[0]["trucks_per_crane"] == 3.0
    assert table[len(MEASURES)]["difference"] == pytest.approx(1.5)


# fleets


class Straight:
    """A runner whose rate is trucks / 2 up to 24, then falls; counts what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def values(self, policy: str, trucks: int, seeds) -> np.ndarray:
        self.asked.append(trucks)
        rate = min(trucks, 48 - trucks) / 2
        return np.full((len(seeds), len(MEASURES)), rate) + 0.1 * np.arange(-1, 2)[:, None]


@pytest.mark.parametrize(
    ("target", "trucks"), [(0.4, 1), (1.0, 2), (4.9, 10), (5.0, 10), (5.1, 11), (9.9, 20), (12.0, 24)]
)
def test_bisection_finds_the_least_fleet(target, trucks):
    """Rates known by formula: the least whole number of trucks with trucks / 2 ≥ target; few fleets tried."""
    runner = Straight()
    found = needed(runner, "x", 4, target, 3)
    assert found.trucks == trucks
    assert found.rate == pytest.approx(trucks / 2)
    assert len(runner.asked) <= 9


def test_a_rate_that_no_fleet_reaches_is_said():
    """The best of 4, 8, 12, 16, 20, 24, 32, 40 and 48 trucks is 24 with a rate of 12."""
    found = needed(Straight(), "x", 4, 12.1, 3)
    assert found.trucks is None
    assert found.rate == pytest.approx(12.0)
    assert found.tried == (4, 8, 12, 16, 20, 24, 32, 40, 48)


def test_the_fleet_found_on_a_terminal_reaches_the_rate_and_one_truck_less_does_not():
    with Runner(setting(1.0, 0.25), 1) as runner:
        found = needed(runner, "hungarian", 4, 16.0, 3)
        rates = [runner.values("hungarian", n, (1, 2, 3))[:, 0].mean() for n in (found.trucks - 1, found.trucks)]
    assert rates[0] < 16.0 <= rates[1] == pytest.approx(found.rate)


# the command


def test_the_command_writes_table_json_csv_and_plot(file, tmp_path):
    outs = [tmp_path / "c.csv", tmp_path / "c.png"]
    args = (file, "--policies", "fifo_nearest,pairing", "-n", 2, "--hours", 1, "--warm-up", 0, "--trucks", "2,4")
    found = run(*args, "--target-rate", 8, "--json", "--workers", 1, "--out", outs[0], "--out", outs[1])
    assert found.exit_code == 0, found.output
    body = json.loads(found.stdout)
    assert [f["trucks"] for f in body["fleets"]] == [6, 12]
    assert {row["policy"] for row in body["needed"]} == {"fifo_nearest", "pairing"}
    with outs[0].open() as stream:
        table = list(csv.DictReader(stream))
    assert len(body["measures"]) == len(table) - 2 == 2 * 2 * len(MEASURES)
    assert [row["measure"] for row in table[-2:]] == ["trucks_needed"] * 2
    assert [int(row["mean"]) for row in table[-2:]] == [row["trucks"] for row in body["needed"]]
    assert outs[1].read_bytes()[:4] == b"\x89PNG"
    words = run(*args, "--workers", 1).stdout
    assert "2 trucks a crane (6 for 3), 2 runs of 1 h each" in words
    assert "hungarian" not in words


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--policies", "fifo_nearest,hungarain"], "no policy 'hungarain'. Did you mean 'hungarian'?"),
        (["--policies", ","], "name at least one of fifo_nearest"),
        (["-n", "1"], "an interval needs two or more"),
        (["--trucks", "3,many"], "--trucks 3,many: give trucks a quay crane"),
        (["--precision", "fine"], "--precision fine: write a share"),
        (["--policies", "random", "--out", "x.png"], "name two policies or more"),
        (["--out", "x.txt"], "write .csv, .png"),
    ],
)
def test_wrong_input_is_one_clear_line(file, args, said):
    found = run(file, *args)
    assert found.exit_code == 2
    assert said in found.stderr
    assert "Traceback" not in found.output


def test_a_broken_file_is_named_with_its_place(tmp_path):
    path = tmp_path / "terminal.yaml"
    path.write_text(TEXT.replace("cranes: 3", "cranes: three"))
    found = run(path)
    assert found.exit_code == 2
    assert "terminal.yaml:6:" in found.stderr
    missing = run(tmp_path / "no.yaml")
    assert missing.exit_code == 2
    assert "no.yaml" in missing.stderr


def test_words_are_read_as_they_are_meant():
    assert read_policies(" random , milp,random") == ("random", "milp")
    assert read_numbers("3,4.5") == [3.0, 4.5]
    assert (read_share("1%"), read_share("0.02"), read_share(None)) == (0.01, 0.02, None)
    for bad in ("0", "-1%", "100%"):
        with pytest.raises(ScenarioError):
            read_share(bad)


def test_a_plot_of_one_policy_is_refused(tmp_path):
    with pytest.raises(ValueError, match="two policies"):
        draw([made(a=[1.0, 2.0])], 4, "x", tmp_path / "x.png")
