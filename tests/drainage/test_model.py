"""The model behind the twin's protocol: accounts, pumps, gates, leaks, rain."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from drainage import swmm as driver
from drainage.config import Inflow, PumpOutage, SetGate, SetPump
from drainage.exchange import LINK_FLOW, LINK_SETTING, NODE_HEAD
from drainage.model import DrainageModel
from tests.drainage.cases import LINE, STATION, error_of, run, setup_for, street, write_asc
from twin.model import Event, Setup

Build = Callable[[Setup], DrainageModel]


def street_model(build: Build, folder: Path, duration_s: float = 3600.0, **more: object) -> DrainageModel:
    sewer = folder / "line.inp"
    sewer.write_text(LINE)
    terrain = write_asc(folder / "dem.asc", street(), 2.0)
    return build(setup_for(folder, duration_s, sewer=sewer, terrain=terrain, **more))


def surge(model: DrainageModel, flow: float) -> None:
    model.apply(Event("e", "inflow", Inflow.model_construct(node="M1", flow=flow)))


def test_the_codes_are_swmm_toolkits() -> None:
    from swmm.toolkit import solver

    assert solver.swmm_NODE_HEAD == NODE_HEAD
    assert solver.swmm_LINK_SETTING == LINK_SETTING
    assert solver.swmm_LINK_FLOW == LINK_FLOW
    assert (solver.swmm_GAGE_RAINFALL, solver.swmm_NODE_LATFLOW) == (driver.GAGE_RAINFALL, driver.NODE_LATFLOW)


def test_sewers_spill_and_take_back_and_both_accounts_close(build: Build, tmp_path: Path) -> None:
    """0.6 m3/s into pipes that carry 0.42 with their rims full: water rises, runs down the street, returns below.

    Surface exact, SWMM within 0.5 % (its own error while closed pipes fill)."""
    model = street_model(build, tmp_path)
    surge(model, 0.6)
    run(model, 2400)
    surge(model, -0.6)
    run(model, 3600)
    assert model.holes.up[0] > 50
    assert model.holes.down.sum() > 5
    assert error_of(model, "surface water") < 1e-12
    assert error_of(model, "sewer water") < 5e-3
    surface, sewer = model.balances()[:2]
    assert surface.inflow["manholes"] == sewer.outflow["manholes"]
    assert surface.outflow["manholes"] == sewer.inflow["manholes"]
    assert sewer.inflow["external"] == pytest.approx(0.6 * 2400, rel=2e-3)
    assert model.summary()["out_of_manholes"].value == pytest.approx(surface.inflow["manholes"])
    assert (tmp_path / "run" / "line.run.rpt").exists()


def test_two_models_in_one_process_do_not_know_each_other(build: Build, tmp_path: Path) -> None:
    """Each has an image of SWMM's library to itself: advanced in turns, both give the bytes of the run alone."""
    alone, one, two = (tmp_path / name for name in ("alone", "one", "two"))
    for folder in (alone, one, two):
        folder.mkdir()
    model = street_model(build, alone, 600)
    surge(model, 0.4)
    run(model, 600)
    expected = model.take("depth").tobytes()
    model.close()
    left, right = street_model(build, one, 600), street_model(build, two, 600)
    surge(left, 0.4)
    for minute in range(1, 11):
        run(right, 60.0 * minute)
        run(left, 60.0 * minute)
    assert left.take("depth").tobytes() == expected
    assert right.take("depth").max() == 0.0


def test_closing_twice_and_reading_after_is_safe(build: Build, tmp_path: Path) -> None:
    model = street_model(build, tmp_path, 120)
    run(model, 120)
    before = [b.stored_now for b in model.balances()]
    model.close()
    model.close()
    assert [b.stored_now for b in model.balances()] == before


def test_leaked_water_comes_onto_the_street_to_the_litre(build: Build, tmp_path: Path) -> None:
    model = street_model(build, tmp_path)
    leaks = np.zeros(model.places["cell"].size)
    leaks[model.places["cell"].cells_of(np.array([[60.0, 12.0]]))[0]] = 2.5  # type: ignore[union-attr]
    for _ in range(4):
        model.put("leaked", leaks)
        run(model, model.now_us / 1e6 + 60)
    model.put("leaked", leaks)
    balance = model.balances()[0]
    assert balance.inflow["link:leaked"] == 12.5
    assert model.waiting_m3() == pytest.approx(2.5, rel=1e-12)
    assert error_of(model, "surface water") < 1e-12
    assert model.take("depth").max() > 0.005


def test_leaks_without_a_terrain_run_into_the_manhole(build: Build, tmp_path: Path) -> None:
    sewer = tmp_path / "line.inp"
    sewer.write_text(LINE)
    model = build(setup_for(tmp_path, 1800, sewer=sewer))
    assert next(p for p in model.ports if p.name == "leaked").at == "manhole"
    leaks = np.zeros(len(model.places["manhole"].ids))  # type: ignore[union-attr]
    leaks[1] = 3.0
    for k in range(30):
        if k < 10:
            model.put("leaked", leaks)
        run(model, 60.0 * (k + 1))
    assert model.leaked_sewer_m3 == pytest.approx(30.0, abs=0.01)
    assert model.leaked_sewer_m3 + model.waiting_m3() == 30.0
    sewer_water = model.balances()[0]
    assert sewer_water.inflow["external"] == pytest.approx(0.0, abs=1e-6)
    assert sewer_water.outflow["outfalls"] == pytest.approx(30.0, rel=0.05)


RAINY = LINE + """[RAINGAGES]
G INTENSITY 0:05 1.0 FILE absent.dat STA MM
[SUBCATCHMENTS]
S G M1 0.5 100 50 0.5 0
[SUBAREAS]
S 0.011 0.1 0 0 25 OUTLET
[INFILTRATION]
S 3 0.5 4 7 0
"""  # fmt: skip


def test_the_twins_rain_falls_once_on_the_subcatchments(build: Build, tmp_path: Path) -> None:
    """60 mm/h for 10 min are 10 mm exactly on the subcatchments, and none on the surface.

    0.5 ha, all paved: 50 m3, less a film of half a millimetre that SWMM still holds after an hour."""
    sewer = tmp_path / "rain.inp"
    sewer.write_text(RAINY)
    terrain = write_asc(tmp_path / "dem.asc", street(), 2.0)
    model = build(setup_for(tmp_path, 3600, linked={"rain"}, sewer=sewer, terrain=terrain))
    run(model, 3600, each=lambda now: model.put("rain", np.array([60.0 if now < 600e6 else 0.0])))
    surface, sewers = model.balances()[:2]
    assert surface.inflow["rain"] == 0.0
    assert 47.0 < sewers.inflow["runoff"] < 50.0
    model.close()
    report = (tmp_path / "run" / "rain.run.rpt").read_text()
    assert re.search(r"Total Precipitation \.+ +[\d.]+ +10\.000\b", report)


def test_rain_falls_on_the_surface_where_there_are_no_subcatchments(build: Build, tmp_path: Path) -> None:
    """36 mm/h for 10 min on 140 m × 20 m: 16.8 m3 exactly."""
    model = street_model(build, tmp_path, 1200, surface_rain="auto")
    run(model, 1200, each=lambda now: model.put("rain", np.array([36.0 if now < 600e6 else 0.0])))
    assert model.balances()[0].inflow["rain"] == pytest.approx(16.8, rel=1e-4)
    assert error_of(model, "surface water") < 1e-12


def station(build: Build, folder: Path, duration_s: float = 3600, **more: object) -> DrainageModel:
    sewer = folder / "station.inp"
    sewer.write_text(STATION)
    return build(setup_for(folder, duration_s, linked={"power"}, sewer=sewer, **more))


def flow_of_pump(model: DrainageModel) -> float:
    return float(model.ends.flow[0])


def test_an_outage_beats_the_rules_of_the_file_and_ends(build: Build, tmp_path: Path) -> None:
    """The file's rule and start depth switch the pump on at every step; without power it must stand still."""
    model = station(build, tmp_path)
    run(model, 600)
    assert flow_of_pump(model) > 0.03
    model.put("power", np.array([0.0]))
    run(model, 1200)
    assert flow_of_pump(model) == 0.0
    assert model.take("pumps_out")[0] == 1
    model.put("power", np.array([1.0]))
    run(model, 1800)
    assert flow_of_pump(model) > 0.03
    assert [e["what"] for e in model.setup.journal.entries] == ["pump_out", "pump_back"]
    assert model.summary()["pump_outages"].value == 1
    assert error_of(model, "sewer water") < 1e-2


def test_an_operator_sets_the_speed_and_gives_it_back(build: Build, tmp_path: Path) -> None:
    model = station(build, tmp_path)
    run(model, 600)
    model.apply(Event("e", "set_pump", SetPump(pump="P", speed=0.25)))
    run(model, 720)
    slow = flow_of_pump(model)
    model.apply(Event("f", "pump_outage", PumpOutage(pump="P")))
    run(model, 780)
    assert flow_of_pump(model) == 0.0
    model.apply(Event("f", "pump_outage", PumpOutage(pump="P"), "end"))
    run(model, 840)
    assert flow_of_pump(model) == pytest.approx(slow, rel=0.1)
    assert slow == pytest.approx(0.25 * 0.049, rel=0.1)
    model.apply(Event("e", "set_pump", SetPump(pump="P", speed=0.25), "end"))
    run(model, 900)
    assert flow_of_pump(model) > 0.03


def test_a_station_under_water_fails_and_comes_back_below_the_lower_limit(build: Build, tmp_path: Path) -> None:
    bowl = np.full((10, 50), 20.0)
    bowl[:, 26:34] = 9.0
    terrain = write_asc(tmp_path / "bowl.asc", bowl, 2.0)
    model = station(build, tmp_path, terrain=terrain)
    grid = model.places["cell"]
    leak = np.zeros(grid.size)
    leak[grid.cells_of(np.array([[60.0, 10.0]]))[0]] = 16 * 20 * 0.6  # type: ignore[union-attr]
    model.put("leaked", leak)
    run(model, 600)
    assert model.take("pumps_out")[0] == 1
    entry = model.setup.journal.entries[0]
    assert entry["pump"] == "P"
    assert "water at its station" in entry["text"]
    assert model.surface is not None
    model.surface.water.h[model.surface.open] *= 0.75
    run(model, 660)
    assert model.take("pumps_out")[0] == 1
    model.surface.water.h[model.surface.open] *= 0.5
    run(model, 780)
    assert model.take("pumps_out")[0] == 0


def test_a_shut_gate_holds_the_water_back(build: Build, tmp_path: Path) -> None:
    sewer = tmp_path / "line.inp"
    sewer.write_text(LINE)
    shut = Event("e", "set_gate", SetGate(gate="G", opening=0.0))
    model = build(setup_for(tmp_path, 1200, events=[shut], sewer=sewer))
    model.apply(Event("i", "inflow", Inflow.model_construct(node="M1", flow=0.05)))
    run(model, 300)
    assert model.take("outfall_flow")[0] > 0.02
    model.apply(shut)
    run(model, 360)
    assert model.take("outfall_flow")[0] == 0.0


def test_the_tide_holds_the_outfall(build: Build, tmp_path: Path) -> None:
    """A tide of 11 m at an outfall of 9.3 m: the lowest manhole stands at the tide after the ramp."""
    sewer = tmp_path / "line.inp"
    sewer.write_text(LINE)
    model = build(setup_for(tmp_path, 3600, sewer=sewer, tidal_outfalls="all", linked={"tide"}))
    model.put("tide", np.array([11.0]))
    run(model, 3600)
    level = model.take("surcharge")[2] + 11.5
    assert level == pytest.approx(11.0, abs=0.02)


def test_a_terrain_alone_is_a_model(build: Build, tmp_path: Path) -> None:
    terrain = write_asc(tmp_path / "dem.asc", street(), 2.0)
    streets = tmp_path / "streets.geojson"
    streets.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"Low Lane"},'
        '"geometry":{"type":"LineString","coordinates":[[100,10],[138,10]]}}]}'
    )
    model = build(setup_for(tmp_path, 3600, terrain=terrain, streets=streets))
    run(model, 3600, each=lambda now: model.put("rain", np.array([400.0])))
    assert error_of(model, "surface water") < 1e-12
    assert model.take("street_depth")[0] == pytest.approx(model.take("depth").max(), abs=0.02)
    assert model.summary()["longest_27cm_at"].value == "Low Lane"
    assert model.tables()["streets"].rows[0][0] == "Low Lane"
    assert [e["what"] for e in model.setup.journal.entries] == ["street_flooded"]
    assert {p.name for p in model.ports} >= {"depth", "street_depth", "flooded_area_27cm"}
    with pytest.raises(ValueError, match="needs a sewer file"):
        model.apply(Event("e", "pump_outage", PumpOutage(pump="P")))
