"""`twin verify port`: real engines on small terminals; what breaks a law or a log is found and named."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from port.codes import L_AT_BLOCK, L_HANDOVER
from port.control import Engine
from port.simulate import simulate
from port.verify import report as verify_report
from port.verify.bounds import Station, bounds, mean_value_analysis, table_mean_s, why_not_exact
from port.verify.difference import clock, first_difference, first_unequal
from port.verify.laws import law_rows, queues_of, total_rows
from port.verify.report import hold, verdict
from tests.port.sites import DRAWN, HOUR, terminal
from twin.cli.main import app
from twin.clock import US

BUSY = {
    "stations": [{"id": "S1", "at": [120, 60], "bays": 1}],
    "fleet": {"trucks": 12, "energy": {"battery_kwh": 12}, "remote": {"per_1000_km": 500, "operators": 1}},
}
"""Every kind of queue has visitors within three hours."""


@pytest.fixture
def file(tmp_path):
    """The drawn terminal as a file."""
    path = tmp_path / "yard.yaml"
    path.write_text(yaml.safe_dump({"terminal": 1, **DRAWN, **BUSY}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def pair() -> tuple[Engine, Engine]:
    """Three hours with every kind of queue, in both engines."""
    return tuple(simulate(terminal(**BUSY), 3, 3 * HOUR, kind, level=2) for kind in ("simpy", "fast"))


def command(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["verify", "port", *words])
    return done.exit_code, done.output


def test_laws_hold_on_every_queue_of_both_engines(pair):
    """Nothing is left over, to the microsecond, on cranes, blocks, gate lanes, stations and operators."""
    for engine in pair:
        rows = law_rows(engine)
        visited = {row["kind"] for row in rows if row["came"]}
        assert visited == {"quay crane", "block", "gate in", "gate out", "station", "remote operators"}
        for row in rows:
            assert (row["left_over_us"], row["work_left_over_us"], row["broken"]) == (0, 0, []), row
        assert all(row["left_over"] == 0 for row in total_rows(engine, rows))
        crane = rows[0]
        assert crane["mean_length"] == pytest.approx(crane["arrivals_per_h"] * crane["mean_wait_s"] / 3600)


class Tampered:
    """A finished engine with another log."""

    def __init__(self, engine: Engine, rows: np.ndarray) -> None:
        self.engine, self.changed = engine, rows

    def __getattr__(self, name: str):
        return getattr(self.engine, name)

    def rows(self) -> np.ndarray:
        return self.changed


@pytest.mark.parametrize("code", [L_HANDOVER, L_AT_BLOCK])
def test_a_lost_row_breaks_a_law(pair, code):
    """Without one row a truck is served that never came, or waits for ever."""
    rows = pair[1].rows()
    at = np.flatnonzero(rows[:, 1] == code)[5]
    broken = law_rows(Tampered(pair[1], np.delete(rows, at, axis=0)))
    assert any(row["left_over_us"] or row["work_left_over_us"] or row["broken"] for row in broken)


def test_a_wait_that_is_counted_wrongly_is_left_over(pair):
    """A handover one second late in the log alone: the crane's own count says otherwise."""
    rows = pair[1].rows().copy()
    at = np.flatnonzero(rows[:, 1] == L_HANDOVER)[5]
    crane = int(rows[at, 2])
    rows[at, 0] += US
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    assert law_rows(Tampered(pair[1], rows))[crane]["left_over_us"] == US


def test_the_first_difference_is_named_in_words(pair):
    """Ids instead of numbers, the time to the microsecond, both sides."""
    a, b = pair
    assert first_difference(a, b) is None
    rows = b.rows().copy()
    at = int(np.flatnonzero(rows[:, 1] == L_HANDOVER)[3])
    rows[at, 2] = 1 - rows[at, 2] if rows[at, 2] < 2 else 5 - rows[at, 2]
    found = first_difference(a, Tampered(b, rows))
    assert found is not None
    assert found.row == at
    assert "HANDOVER (crane QC0" in found.text
    assert clock(int(rows[at, 0])) in found.text
    assert found.reference != found.fast
    shorter = first_difference(a, Tampered(b, b.rows()[:-1]))
    assert shorter.fast == "that nothing more happens"
    assert first_unequal(a.rows(), b.rows()[:-1]) == len(b.rows()) - 1


def test_a_clock_reads_as_hours():
    assert clock(3 * HOUR + 725 * US + 5) == "3:12:05.000005"


def finite_source(trucks: int, servers: int, service_s: float, away_s: float) -> float:
    """Throughput an hour of M/M/m//N from its birth-death chain (Gross et al. 2008, section 2.8)."""
    weights = [1.0]
    for k in range(1, trucks + 1):
        weights.append(weights[-1] * (trucks - k + 1) / away_s * service_s / min(k, servers))
    return sum(w * min(k, servers) for k, w in enumerate(weights)) / math.fsum(weights) / service_s * 3600.0


@pytest.mark.parametrize(("trucks", "rate"), [(2, 14.214), (4, 25.927), (6, 34.000), (8, 38.157)])
def test_mean_value_analysis_gives_machine_repair(trucks, rate):
    """One crane of 90 s, 400 s away: the exact figures of M/M/1//N."""
    assert mean_value_analysis(trucks, 400.0, [Station(1, 1, 90.0)])[0] == pytest.approx(rate, abs=5e-4)


@pytest.mark.parametrize("servers", [1, 2, 3, 5, 9])
def test_mean_value_analysis_is_exact_with_several_servers(servers):
    """Against the birth-death chain, seven trucks, 120 s a cycle, 300 s away."""
    rate, waits = mean_value_analysis(7, 300.0, [Station(1, servers, 120.0)])
    exact = finite_source(7, servers, 120.0, 300.0)
    assert rate == pytest.approx(exact, rel=1e-12)
    assert waits[0] == pytest.approx(7 * 3600.0 / exact - 420.0, abs=1e-9)


def test_the_mean_of_a_table_is_the_mean_of_its_distribution():
    """Tables of durations are scaled to their exact mean; whole microseconds round it."""
    from port.draws import quantiles

    for shape in ("lognormal", "exponential", "deterministic"):
        assert table_mean_s(quantiles(shape, 75.0, 0.25)) == pytest.approx(75.0, abs=1e-6)


def test_a_bound_follows_from_the_files_own_means():
    """Four cranes at their ships all the time: 4 · 3600 / (25 + 75 + 20 · 0.1 / 0.9) moves an hour."""
    from port.plan import Plan

    rows = bounds(Plan(terminal()), crane_h=12.0, span_h=3.0)
    assert rows[0]["bound"] == pytest.approx(4 * 3600 / (100 + 20 * 0.1 / 0.9), rel=1e-6)
    assert rows[2]["bound"] == pytest.approx(4 * 3600 / 120, rel=1e-6)
    assert rows[3]["bound"] == pytest.approx(2 * 3600 / 45, rel=1e-6)


def test_a_real_terminal_is_not_a_closed_network_and_says_why():
    from port.plan import Plan

    why = why_not_exact(Plan(terminal()), "fifo_nearest")
    assert "orders are not drawn evenly (dispatch: random)" in why
    assert any("roads.occupation" in line for line in why)


def test_the_engines_agree_on_a_users_file(file, tmp_path):
    """Exit code 0, stable keys, a row for each queue in the table."""
    code, said = command(str(file), "--hours", "1", "--replications", "2", "--json", "--out", str(tmp_path / "q.csv"))
    assert code == 0, said
    found = json.loads(said[said.index("{") :])
    assert set(found) == {
        *("file", "policy", "hours", "replications", "runs", "ratio", "queues", "sums", "balances", "theory"),
        *("verdict", "reason"),
    }
    assert found["verdict"] == "agrees"
    assert [run["disturbed"] for run in found["runs"]] == [False, False, True]
    assert all(run["difference"] is None and run["rows"] > 1000 for run in found["runs"])
    assert found["theory"]["kind"] == "bounds"
    assert all(row["kept"] for row in found["theory"]["rows"])
    lines = (tmp_path / "q.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + len(found["queues"])


def test_a_difference_gives_exit_code_1(file, monkeypatch):
    """An engine whose log has another first row."""
    real = verify_report.make_engine

    def other(kind, *args, **options):
        made = real(kind, *args, **options)
        if kind == "fast" and options.get("level") == 2:
            rows = made.rows
            made.rows = lambda: np.concatenate([rows()[:1] + 1, rows()[1:]])
        return made

    monkeypatch.setattr(verify_report, "make_engine", other)
    code, said = command(str(file), "--hours", "0.2", "--replications", "1")
    assert code == 1
    assert "differs: seed 0: the logs part at row 0" in said


def test_wrong_input_is_one_line(file):
    code, said = command(str(file), "--policy", "nearest_idel")
    assert code == 2
    assert "Did you mean 'nearest_idle'?" in said
    code, said = command("nowhere.yaml")
    assert code == 2
    assert said.strip() == "nowhere.yaml: there is no such file"


def test_every_queue_of_the_file_is_read(pair):
    """Four cranes, two blocks, two sides of the gate, a station, the operators."""
    assert len(queues_of(pair[0])) == 4 + 2 + 2 + 1 + 1


def test_a_broken_bound_is_a_verdict():
    """More moves than cranes can make: said with both numbers."""
    row = {"figure": "crane_moves_per_h", "measured": 200.0, "bound": 144.0, "kept": False}
    report = {"runs": [], "queues": [], "sums": [], "balances": [], "ratio": 1.0, "theory": {"rows": [row]}}
    assert verdict(report) == ("broken", "crane_moves_per_h 200.0 is above its bound 144.0")


def test_a_closed_network_is_held_against_exact_figures():
    """Ten exponential cranes of the validation network, three runs of 10 h: exact rate and waits stand beside the
    measured ones. The rate lies within 2 % (it is within 0.2 % in twelve runs of 90 h)."""
    from tests.validation.port.test_port_network import network

    report = hold(network(20), "closed", hours=10.0, replications=3, policy="random")
    assert report["verdict"] == "agrees", report["reason"]
    assert report["theory"]["kind"] == "exact"
    rate = report["theory"]["rows"][0]
    assert rate["measured"] == pytest.approx(rate["exact"], rel=0.02)
