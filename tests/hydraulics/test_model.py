"""The water supply in the run: verbs, ports, balance, repeatability."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from hydraulics.model import WaterModel
from tests.hydraulics.tools import advance, build, ended, event, library, line, pumped, write
from twin.clock import US
from twin.model import Balance, Model
from twin.places import Lines, Points
from twin.ports import Direction

HOUR = 3600.0


def closure(balance: Balance) -> float:
    """What is left over, relative to what came in."""
    gap = balance.stored_start + sum(balance.inflow.values()) - sum(balance.outflow.values()) - balance.stored_now
    return abs(gap) / sum(balance.inflow.values())


def drill(folder: Path, name: str = "Net3") -> WaterModel:
    """Four hours of trouble on Net3: burst, pump outage, hydrant, closure, and their ends."""
    events = [
        event("burst", pipe="151", area="80 cm2"),
        event("pump_outage", pump="335"),
        event("hydrant_open", node="191", flow="1600 L/min"),
        event("close", link="20"),
        event("demand_scale", factor=1.2),
    ]
    model = build(library(name), folder, events, start=datetime(2026, 7, 1, 16))
    advance(model, HOUR)
    for each in events:
        model.apply(each)
    advance(model, 3 * HOUR, from_s=HOUR)
    for each in events:
        model.apply(ended(each))
    advance(model, 4 * HOUR, from_s=3 * HOUR)
    return model


def test_it_speaks_the_protocol_and_fills_its_ports(tmp_path: Path) -> None:
    model = drill(tmp_path / "run")
    assert isinstance(model, Model)
    for port in model.ports:
        places = model.places[port.at]
        if port.direction is Direction.OUT:
            values = model.take(port.name)
            assert values.shape == (places.size,)
            assert np.isfinite(values).all()
    assert isinstance(model.places["junction"], Points)
    assert isinstance(model.places["pipe"], Lines)
    assert model.places["pump"].ids == ("10", "335")  # type: ignore[union-attr]
    model.close()
    model.close()


def test_water_is_neither_lost_nor_made(tmp_path: Path) -> None:
    """Tanks, reservoirs, customers and leaks over a drill with everything in it: 1e-6 of what came in."""
    model = drill(tmp_path / "run")
    (balance,) = model.balances()
    assert balance.tolerance == 1e-6
    assert closure(balance) < 1e-6
    assert balance.outflow["link:leaked"] > 300.0
    assert abs(balance.inflow["epanet:closed_links"]) < 0.01
    model.close()


def test_what_leaks_is_what_is_handed_over(tmp_path: Path) -> None:
    """The sum of all takes equals the balance and the table; each burst arrives at its own place."""
    burst = event("burst", pipe="P1", area="10 cm2", position=0.25)
    hydrant = event("hydrant_open", node="J2", area="5 cm2")
    model = build(line(tmp_path / "net.inp"), tmp_path / "run", [burst, hydrant], hours=2)
    places = model.places["outlet"]
    assert isinstance(places, Points)
    assert places.ids == ("P1", "P2", "J2")
    assert places.xy[0] == pytest.approx((250.0, 0.0))
    model.apply(burst)
    model.apply(hydrant)
    taken = np.zeros(3)
    for minute in range(60):
        model.advance((minute + 1) * 60 * US)
        taken += model.take("leaked")
    assert (model.take("leaked") == 0.0).all()
    assert taken[1] == 0.0
    assert taken.sum() == pytest.approx(model.balances()[0].outflow["link:leaked"], rel=1e-12)
    rows = {row[0]: row for row in model.tables()["leaks"].rows}
    assert rows["P1"][1] == "burst"
    assert rows["J2"][1] == "hydrant"
    assert rows["P1"][5] == pytest.approx(taken[0], abs=0.01)
    assert float(model.take("leak_flow")[0]) * 3600 == pytest.approx(taken.sum(), rel=1e-6)
    model.close()


def test_ids_of_pipes_and_hydrants_may_be_the_same(tmp_path: Path) -> None:
    """Net1 has a pipe 12 and a junction 12."""
    model = build(library("Net1"), tmp_path / "run", hydrants=["12"])
    ids = model.places["outlet"].ids  # type: ignore[union-attr]
    assert len(set(ids)) == len(ids)
    assert "node:12" in ids
    model.close()


def test_a_burst_takes_pressure_and_its_end_gives_it_back(tmp_path: Path) -> None:
    burst = event("burst", pipe="P2", area="30 cm2")
    model = build(line(tmp_path / "net.inp"), tmp_path / "run", [burst], hours=3)
    before = model.take("pressure")
    model.apply(burst)
    during = model.take("pressure")
    assert (during < before - 2.0).all()
    assert float(model.take("people_without")[0]) > 100.0
    advance(model, HOUR)
    model.apply(ended(burst))
    np.testing.assert_allclose(model.take("pressure"), before, atol=1e-3)
    assert model.take("leak_flow")[0] == 0.0
    keys = [entry["what"] for entry in model.journal.entries]
    assert keys == ["burst", "isolated"]
    assert model.journal.entries[1]["volume_m3"] == pytest.approx(model.accounts.leaked_m3[0])
    model.close()


def test_closing_a_pipe_cuts_off_and_reopening_restores(tmp_path: Path) -> None:
    """With P1 shut both junctions get nothing: 15 L/s unserved, 10,800 people of 120 L/d."""
    close = event("close", link="P1")
    model = build(line(tmp_path / "net.inp"), tmp_path / "run", [close], hours=3)
    before = model.take("pressure")
    model.apply(close)
    assert model.take("unserved_flow")[0] == pytest.approx(0.015, rel=1e-3)
    assert model.take("people_without")[0] == pytest.approx(10_800, rel=1e-3)
    advance(model, HOUR)
    model.apply(ended(close))
    np.testing.assert_allclose(model.take("pressure"), before, atol=1e-3)
    advance(model, 2 * HOUR, from_s=HOUR)
    summary = model.summary()
    assert summary["person_hours"].value == pytest.approx(10_800, rel=1e-3)
    assert summary["unserved"].value == pytest.approx(54.0, rel=1e-3)
    assert summary["people_affected"].value == pytest.approx(10_800, rel=1e-6)
    rows = model.tables()["outages"].rows
    assert [row[0] for row in rows] == ["J1", "J2"]
    assert rows[0][2:4] == ("00:00", "01:00")
    model.close()


def test_closing_a_burst_pipe_stops_the_burst(tmp_path: Path) -> None:
    """Isolation shuts both halves of a split pipe."""
    burst, isolate = event("burst", pipe="P2", area="30 cm2"), event("isolate", pipes=["P2"])
    model = build(line(tmp_path / "net.inp"), tmp_path / "run", [burst, isolate], hours=2)
    model.apply(burst)
    assert model.take("leak_flow")[0] > 0.01
    model.apply(isolate)
    assert model.take("leak_flow")[0] < 1e-6
    model.close()


def test_open_overrides_and_the_end_shuts_again(tmp_path: Path) -> None:
    """EPANET's closed links let 1e-8 ft3/s through per foot of head, hence not quite zero."""
    opening = event("open", link="P2")
    path = line(tmp_path / "net.inp", status="P2 CLOSED")
    model = build(path, tmp_path / "run", [opening])
    assert model.take("served")[1] < 1e-4
    model.apply(opening)
    assert model.take("served")[1] == 1.0
    model.apply(ended(opening))
    assert model.take("served")[1] < 1e-4
    model.close()


def test_a_pump_without_power_stops_and_comes_back(tmp_path: Path) -> None:
    model = build(pumped(tmp_path / "net.inp"), tmp_path / "run")
    assert model.take("pumps_running")[0] == 1.0
    high = model.take("pressure")[0]
    model.put("power", np.array([0.0]))
    assert model.take("pumps_running")[0] == 0.0
    assert model.take("pressure")[0] < high - 0.1
    advance(model, 600)
    model.put("power", np.array([1.0]))
    assert model.take("pumps_running")[0] == 1.0
    assert model.take("pressure")[0] > high - 0.5
    entries = [(entry["what"], entry["cause"]) for entry in model.journal.entries]
    assert entries == [("pump_out", "power"), ("pump_back", "power")]
    assert model.summary()["pump_outages"].value == 1
    assert model.summary()["pump_outage_time"].value == pytest.approx(10.0)
    model.close()


def test_a_drowned_station_needs_to_dry_first(tmp_path: Path) -> None:
    """Fails at 0.5 m, still out at 0.3 m, back below 0.2 m."""
    model = build(pumped(tmp_path / "net.inp"), tmp_path / "run")
    running = []
    for depth in (0.4, 0.5, 0.3, 0.2, 0.19):
        model.put("station_depth", np.array([depth]))
        running.append(int(model.take("pumps_running")[0]))
    assert running == [1, 0, 0, 0, 1]
    assert "0.50 m deep in water" in model.journal.entries[0]["text"]
    model.close()


def test_demand_scale_counts_for_customers(tmp_path: Path) -> None:
    scale = event("demand_scale", factor=1.5)
    model = build(line(tmp_path / "net.inp"), tmp_path / "run", [scale])
    advance(model, HOUR)
    model.apply(scale)
    advance(model, 2 * HOUR, from_s=HOUR)
    model.apply(ended(scale))
    advance(model, 3 * HOUR, from_s=2 * HOUR)
    assert model.balances()[0].outflow["customers"] == pytest.approx(54.0 * 3.5, rel=1e-5)
    model.close()


def test_a_flow_of_a_hydrant_is_what_it_gives_at_the_required_pressure(tmp_path: Path) -> None:
    """1600 L/min at 20 m; at p it is 26.67 L/s √(p/20)."""
    hydrant = event("hydrant_open", node="J1", flow="600 L/min")
    model = build(line(tmp_path / "net.inp"), tmp_path / "run", [hydrant])
    model.apply(hydrant)
    flow = model.take("leak_flow")[0]
    at_stub = model.engine.outlets.pressure_m(next(iter(model.engine.outlets)))
    assert flow == pytest.approx(0.01 * (at_stub / 20.0) ** 0.5, rel=1e-4)
    assert at_stub == pytest.approx(model.take("pressure")[0], abs=0.05)
    model.close()


def test_events_that_were_not_foreseen_are_refused_in_words(tmp_path: Path) -> None:
    model = build(line(tmp_path / "net.inp"), tmp_path / "run")
    with pytest.raises(ValueError, match="must stand in the timeline"):
        model.apply(event("burst", pipe="P1", area="10 cm2"))
    with pytest.raises(ValueError, match="name it under `hydrants`"):
        model.apply(event("hydrant_open", node="J1", area="10 cm2"))
    with pytest.raises(ValueError, match="no pump 'P1'"):
        model.apply(event("pump_outage", pump="P1"))
    with pytest.raises(ValueError, match="no link 'X'"):
        model.apply(event("close", link="X"))
    model.close()


def test_whole_seconds(tmp_path: Path) -> None:
    """EPANET counts seconds: 0.5 s stops at 1 s, at most one step beyond, and time never runs back."""
    model = build(line(tmp_path / "net.inp"), tmp_path / "run")
    assert model.advance(500_000) == US
    assert model.advance(US) == US
    assert model.advance(61 * US) == 61 * US
    assert model.accounts.volumes.delivered == pytest.approx(0.015 * 61, rel=1e-5)
    model.close()


def test_streets_come_from_tags(tmp_path: Path) -> None:
    burst = event("burst", pipe="P2", area="10 cm2")
    path = line(tmp_path / "net.inp", tags="NODE J1 Groß-Berliner_Damm\nNODE J2 Am_Studio\nLINK P1 Zubringer")
    model = build(path, tmp_path / "run", [burst])
    assert model.places["junction"].names == ("Groß-Berliner Damm", "Am Studio")  # type: ignore[union-attr]
    assert model.places["pipe"].names == ("Zubringer", "Groß-Berliner Damm")  # type: ignore[union-attr]
    model.apply(burst)
    assert model.journal.entries[0]["text"] == "main P2 in Groß-Berliner Damm burst (10 cm²)"
    model.close()


def test_ids_in_latin_1_work(tmp_path: Path) -> None:
    path = write(
        tmp_path / "net.inp",
        junctions="Müll 5 10\nJ2 5 1",
        reservoirs="Süd 40",
        pipes="Rö1 Süd Müll 100 200 120 0 Open\nRö2 Müll J2 100 200 120 0 Open",
    )
    burst = event("burst", pipe="Rö1", area="10 cm2")
    model = build(path, tmp_path / "run", [burst])
    model.apply(burst)
    assert model.take("leak_flow")[0] > 0.001
    assert model.places["junction"].ids == ("Müll", "J2")  # type: ignore[union-attr]
    model.close()


def test_a_network_without_coordinates_runs_alone(tmp_path: Path) -> None:
    model = build(line(tmp_path / "net.inp", coordinates=""), tmp_path / "run")
    assert (model.places["junction"].xy == 0.0).all()  # type: ignore[union-attr]
    advance(model, HOUR)
    assert model.summary()["min_pressure"].value > 20.0  # type: ignore[operator]
    model.close()


def fingerprint(model: WaterModel) -> bytes:
    parts = [model.take(port.name).tobytes() for port in model.ports if port.direction is Direction.OUT]
    parts += [repr([(k, m.value) for k, m in model.summary().items()]).encode(), repr(model.journal.entries).encode()]
    parts += [repr(table).encode() for table in model.tables().values()]
    return b"".join(parts)


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    prints = []
    for name in ("one", "two"):
        model = drill(tmp_path / name)
        prints.append(fingerprint(model))
        model.close()
    assert prints[0] == prints[1]


def test_runs_in_threads_of_one_folder_do_not_meet(tmp_path: Path) -> None:
    """Four drills at the same time, in one working folder and one run folder; each gives what one alone gives."""
    alone = drill(tmp_path / "alone")
    expected = fingerprint(alone)
    alone.close()
    found: list[bytes] = []

    def work() -> None:
        model = drill(tmp_path / "together")
        found.append(fingerprint(model))
        model.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


def test_runs_in_processes_of_one_folder_do_not_meet(tmp_path: Path) -> None:
    """Two processes with the same working folder leave no file there and print the same figure."""
    code = (
        "import sys, pathlib; from tests.hydraulics.test_model import drill, fingerprint; import hashlib;"
        "m = drill(pathlib.Path(sys.argv[1])); print(hashlib.sha256(fingerprint(m)).hexdigest()); m.close()"
    )
    repository = Path(__file__).resolve().parents[2]
    here = tmp_path / "cwd"
    here.mkdir()
    jobs = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "same")],
            cwd=here,
            env={**os.environ, "PYTHONPATH": str(repository)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    texts = [job.communicate(timeout=120)[0].strip() for job in jobs]
    assert len(texts[0]) == 64
    assert texts[0] == texts[1]
    assert not list(here.iterdir())


def test_hydrants_lost_are_counted(tmp_path: Path) -> None:
    close = event("close", link="P2")
    model = build(line(tmp_path / "net.inp"), tmp_path / "run", [close], hydrants=["J1", "J2"])
    model.apply(close)
    advance(model, 600)
    assert model.summary()["hydrants_lost"].value == 1
    model.close()


def test_a_network_that_cannot_balance_runs_on_and_says_so(tmp_path: Path) -> None:
    """Four trials are too few for Net3: EPANET's warning is counted and told once, nothing is printed."""
    text = (
        library("Net3").read_text().replace("Trials             \t40", "Trials 2").replace("Continue 10", "Continue 1")
    )
    assert "Trials 2" in text
    path = tmp_path / "net.inp"
    path.write_text(text)
    model = build(path, tmp_path / "run", accuracy="as_in_file")
    advance(model, HOUR)
    assert model.summary()["unbalanced_steps"].value > 0  # type: ignore[operator]
    assert [entry["what"] for entry in model.journal.entries].count("unbalanced") >= 1
    model.close()
