"""The watch on networks: readings come from the coupled model, which knows hydrants, tanks and time on its own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from hydraulics.watch.command import open_network
from hydraulics.watch.command import watch as command
from hydraulics.watch.readings import Readings, sensors_from, write_csv
from hydraulics.watch.signatures import Field, Question, epanet_field
from hydraulics.watch.trials import run_trials, score
from hydraulics.watch.watch import Diagnosis, WatchSettings, pipe_distances, watch
from tests.hydraulics.tools import build, ended, event, library, line
from twin.clock import US

SENSORS = ["pressure:" + name for name in ("15", "35", "101", "117", "151", "173", "199", "219", "241", "259")]
QUICK = WatchSettings(pressure_noise_m=0.1, samples=200)


def told(
    folder: Path, hydrant: str | None, opened: tuple[int, int], area: str = "30 cm2", noise: float = 0.1
) -> Readings:
    """Ten pressures of Net3 every half hour of one morning, from the coupled run; demand as in the file."""
    events = [event("hydrant_open", node=hydrant, area=area)] if hydrant else []
    model = build(library("Net3"), folder, events, hours=12)
    network = model.engine.network
    sensors = sensors_from(SENSORS, network)
    rows = [network.junction_ids.index(sensor.id) for sensor in sensors]
    times = tuple(range(0, 12 * 1800, 1800))
    values = []
    for now in times:
        if events and now == opened[0]:
            model.apply(events[0])
        if events and now == opened[1]:
            model.apply(ended(events[0]))
        values.append(model.take("pressure")[rows])
        model.advance((now + 1800) * US)
    model.close()
    table = np.array(values) + noise * np.random.default_rng(4).standard_normal((12, len(rows)))
    return Readings(times, sensors, table)


def net3_hydrants() -> list[str]:
    return list(open_network(library("Net3")).junction_ids)


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> tuple[Readings, Diagnosis]:
    """Hydrant 191 is open from 7200 s until 14400 s, so the readings from 7200 to 12600 s show it."""
    readings = told(tmp_path_factory.mktemp("morning"), "191", (7200, 14_400))
    return readings, watch(library("Net3"), readings, net3_hydrants(), QUICK)


def test_it_names_the_hydrant_its_flow_and_its_hours(morning: tuple[Readings, Diagnosis]) -> None:
    _, said = morning
    assert said.alarm
    finding = said.findings[0]
    assert "191" in dict(finding.likely)
    network = open_network(library("Net3"))
    lengths = np.ones(len(network.links))
    assert pipe_distances(network, lengths, "191")[finding.hydrant] <= 4, "at most four pipes away"
    assert finding.opening_m2 == pytest.approx(30e-4, rel=0.35)
    assert finding.kind == "open"
    assert (finding.from_s, finding.to_s, finding.ended) == (7200, 12_600, True)
    assert "is open since 02:00 until 03:30" in finding.text


def test_quiet_readings_raise_no_alarm(tmp_path: Path) -> None:
    readings = told(tmp_path, None, (0, 0))
    said = watch(library("Net3"), readings, net3_hydrants(), QUICK)
    assert not said.alarm
    assert said.findings == ()


def test_an_offset_of_a_sensor_is_taken_out_by_quiet_readings(morning: tuple[Readings, Diagnosis]) -> None:
    """Sensor 117 reads 3 m too high. Known quiet readings remove that; without them it looks like something open."""
    readings, _ = morning
    wrong = readings.values + np.where([s.id == "117" for s in readings.sensors], 3.0, 0.0)
    off = Readings(readings.times_s, readings.sensors, wrong)
    said = watch(library("Net3"), off, net3_hydrants(), WatchSettings(**{**vars(QUICK), "quiet": 4}))
    assert said.alarm
    assert said.findings[0].from_s == 7200
    assert "191" in dict(said.findings[0].likely)


def test_an_allowed_hydrant_is_told_as_such(morning: tuple[Readings, Diagnosis]) -> None:
    readings, said = morning
    allowed = frozenset({said.findings[0].hydrant})
    again = watch(library("Net3"), readings, net3_hydrants(), WatchSettings(**{**vars(QUICK), "allowed": allowed}))
    assert again.findings[0].kind == "allowed"
    assert "as allowed" in again.findings[0].text


def test_another_provider_can_take_epanets_place(morning: tuple[Readings, Diagnosis]) -> None:
    """Any function from a question to a field; here EPANET's, asked half of the hydrants at a time."""
    readings, said = morning
    asked: list[Question] = []

    def halves(question: Question) -> Field:
        asked.append(question)
        middle = len(question.hydrants) // 2
        parts = [
            epanet_field(Question(**{**vars(question), "hydrants": part}))
            for part in (question.hydrants[:middle], question.hydrants[middle:])
        ]
        one, two = parts
        change = np.concatenate([one.change, two.change], axis=1)
        outflow = np.concatenate([one.outflow, two.outflow], axis=1)
        return Field(one.base, one.group, change, outflow, one.draws)

    again = watch(library("Net3"), readings, net3_hydrants(), QUICK, provider=halves)
    assert asked[0].moments_s == (0, 3600, 7200, 10_800, 14_400, 18_000)
    assert again.findings[0].hydrant == said.findings[0].hydrant
    assert again.score == pytest.approx(said.score, rel=0.02)


@pytest.mark.parametrize(("area", "kind"), [("1 cm2", "drawn"), ("20 cm2", "open"), ("60 cm2", "knocked over")])
def test_the_kind_follows_the_flow(area: str, kind: str, tmp_path: Path) -> None:
    """Two hydrants on one line: 2, 40 and 70 L/s, without noise to speak of. The pipes are wide enough for all."""
    path = line(
        tmp_path / "net.inp",
        reservoirs="R 60",
        pipes="P1 R J1 1000 400 120 0 Open\nP2 J1 J2 500 300 120 0 Open",
    )
    hydrant = event("hydrant_open", node="J2", area=area)
    model = build(path, tmp_path / "run", [hydrant])
    model.apply(hydrant)
    sensors = sensors_from(["pressure:J1", "pressure:J2", "flow:P1"], model.engine.network)
    row = [*model.take("pressure"), float(model.engine.link_flow([0])[0])]
    model.close()
    settings = WatchSettings(pressure_noise_m=0.01, flow_noise=1e-4, demand_noise=0.01)
    said = watch(path, Readings((0,), sensors, np.array([row])), ["J1", "J2"], settings)
    assert said.findings[0].hydrant == "J2"
    assert said.findings[0].kind == kind
    assert said.findings[0].opening_m2 * 1e4 == pytest.approx(float(area.split()[0]), rel=0.05)


def test_distances_follow_pipes() -> None:
    network = open_network(library("Net1"))
    metres = pipe_distances(network, np.full(len(network.links), 100.0), "11")
    assert metres["11"] == 0.0
    assert metres["12"] == 100.0
    assert metres["32"] == 300.0


def test_rates_on_net3_with_ten_sensors() -> None:
    """Made-up cases at noon, demands off by 10 % at every reading: openings of 15 and 40 cm2 (25 and 67 L/s of a
    network that delivers 500) are found in most cases with sensors of 0.1 m, fewer with 0.5 m; almost no false alarms;
    the likely set holds the true hydrant as often as it says (90 %)."""
    network = open_network(library("Net3"))
    sensors, hydrants = sensors_from(SENSORS, network), list(network.junction_ids)
    rates = {}
    for noise in (0.1, 0.5):
        settings = WatchSettings(pressure_noise_m=noise)
        found = run_trials(
            library("Net3"), sensors, hydrants, settings, 12 * 3600, (15e-4, 40e-4), cases=60, quiet_cases=60
        )
        rates[noise] = score(found)
    assert rates[0.1].detected >= 0.65
    assert rates[0.1].detected > rates[0.5].detected >= 0.3
    assert rates[0.1].median_distance_m < 700.0
    assert all(rate.in_likely_set >= 0.8 for rate in rates.values())
    assert all(rate.false_alarms <= 0.05 for rate in rates.values())


def test_the_command_prints_and_writes(morning: tuple[Readings, Diagnosis], tmp_path: Path) -> None:
    readings, said = morning
    write_csv(tmp_path / "r.csv", readings)
    app = typer.Typer()
    app.command()(command)
    outs = [tmp_path / "h.csv", tmp_path / "h.geojson", tmp_path / "h.png"]
    args = [str(library("Net3")), "--readings", str(tmp_path / "r.csv"), "--pressure-noise", "0.1", "--json"]
    result = CliRunner().invoke(app, [*args, *(word for path in outs for word in ("--out", str(path)))])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["alarm"] is True
    assert answer["findings"][0]["hydrant"] == said.findings[0].hydrant
    assert answer["findings"][0]["from_s"] == 7200
    assert len((tmp_path / "h.csv").read_text().splitlines()) == 1 + 92
    places = json.loads((tmp_path / "h.geojson").read_text())["features"]
    assert places[0]["properties"]["probability"] == max(p["properties"]["probability"] for p in places)
    assert (tmp_path / "h.png").stat().st_size > 20_000


def test_the_command_refuses_in_words(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(command)
    (tmp_path / "r.csv").write_text("time,pressure:15\n0,10\n")
    for more, words in (
        (["--hydrants", "19l"], "no junction '19l'"),
        (["--tag", "HYDRANT"], "has the tag 'HYDRANT'"),
    ):
        args = [str(library("Net3")), "--readings", str(tmp_path / "r.csv"), *more]
        result = CliRunner().invoke(app, args)
        assert result.exit_code == 2
        assert words in result.output
