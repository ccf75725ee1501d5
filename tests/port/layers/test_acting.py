"""Layers in both engines: the same log, what an outage does, what comes back, and what a file without them is."""

from __future__ import annotations

import numpy as np
import pytest

from port.codes import L_CALLS, L_TAKEN
from port.layers.told import layer_metrics, layer_tables, operator_waits_s
from port.layout import complete
from port.metrics import summary
from port.plan import Plan
from port.simulate import MIDNIGHT, Change, make_engine, simulate
from port.terminal import Terminal
from tests.port.sites import HOUR, event, setup, terminal
from tests.port.test_identity import assert_same
from tests.port.test_reading import LONG
from twin.clock import US

MINUTE = 60 * US
UNITS = [{"id": "R1", "at": [80, 60]}, {"id": "R2", "at": [240, 270]}]
ALL = {
    "radio": {"units": UNITS, "cellular": {"availability": 0.95}},
    "positioning": {"refresh": "7 min"},
    "perception": {"units": [{"id": "P1", "at": [80, 270]}]},
    "feeders": [{"id": "F1", "cranes": ["QC01"], "blocks": ["Y01"], "units": ["R1", "P1"]}],
    "fleet": {"trucks": 12, "remote": {"operators": 1}},
}


def test_every_layer_at_once_gives_one_log_and_every_outage_is_felt():
    """Units, network, feeder, rain and fog fail and come back within two hours; both engines agree to the bit."""
    changes = [
        Change(10 * MINUTE, "unit_out", ("R2", "x")),
        Change(20 * MINUTE, "cellular_out", "x"),
        Change(30 * MINUTE, "feeders", [0.0]),
        Change(50 * MINUTE, "feeders", [1.0]),
        Change(55 * MINUTE, "rain", 120.0),
        Change(60 * MINUTE, "cellular_back", "x"),
        Change(70 * MINUTE, "visibility", 30.0),
        Change(80 * MINUTE, "unit_back", ("R2", "x")),
        Change(90 * MINUTE, "rain", 0.0),
    ]
    a, b = assert_same(terminal(**ALL), 7, 2 * HOUR, changes=changes)
    assert a.sums()["takeovers"] > 5, "with one unit and no network, lanes are silent"
    assert {k: v.value for k, v in layer_metrics(a).items()} == {k: v.value for k, v in layer_metrics(b).items()}
    assert {k: t.rows for k, t in layer_tables(a).items()} == {k: t.rows for k, t in layer_tables(b).items()}
    assert summary(a)["stopped_power"].value == pytest.approx(20 / 60)
    assert 0.0 < layer_metrics(a)["radio_covered"].value < 100.0


@pytest.mark.parametrize("rule", ["fifo_nearest", "least_covered"])
def test_logs_agree_on_the_reference_size_with_every_layer(rule):
    """Four berths, 10 cranes, 28 blocks, 50 trucks; radio, 5G, sensors, positions, outages, drivers, rain; 2 h."""
    made = {
        "origin": (0.0, 0.0),
        "heading": "30 deg",
        "berths": 4,
        "layout": {"stations": 2},
        "radio": {
            "units": 6,
            "breakdown": {"between": "1 h", "repair": {"mean": "10 min"}},
            "cellular": {"availability": 0.97, "breakdown": {"between": "30 min", "repair": {"mean": "10 min"}}},
            "refresh": "30 min",
        },
        "positioning": {"refresh": "5 min"},
        "perception": {"units": [{"id": "P1", "at": (0.0, 60.0)}]},
        "feeders": [{"id": "F1", "cranes": ["QC01", "QC02"], "blocks": ["Y01", "Y02"], "units": ["R1", "R2"]}],
        "gantry": {"retry_probability": 0.05},
        "road_trucks": {"reaction": "1.5 s", "headway": "1 s"},
        "roads": {"exclusion": True, "right_of_way": "manned_first"},
    }
    plan = Plan(complete(Terminal.model_validate(made)))
    changes = [
        Change(HOUR // 2, "rain", 60.0),
        Change(HOUR, "feeders", [0.0]),
        Change(HOUR + 900 * US, "feeders", [1.0]),
    ]
    a, b = assert_same(plan, 11, 2 * HOUR, policy=rule, changes=changes)
    assert a.sums()["takeovers"] > 20
    assert len(a.rows()) > 8_000
    assert layer_metrics(a)["radio_covered"].value == layer_metrics(b)["radio_covered"].value


@pytest.mark.parametrize("kind", ["simpy", "fast"])
def test_slices_do_not_shift_the_look_at_the_stacks(kind):
    """Stacks are looked at every 7 min by the clock; steps of 11 s give the log of one go."""
    whole = simulate(terminal(**ALL), 7, HOUR, kind, level=2).rows()
    sliced = make_engine(kind, terminal(**ALL), 7, MIDNIGHT, HOUR, level=2)
    for k in range(1, 3601, 11):
        sliced.advance(k * US)
    sliced.advance(HOUR)
    assert np.array_equal(sliced.rows(), whole)


def test_a_layer_that_cannot_bind_leaves_the_log_as_it_is():
    """Perfect hearing, no corner, a sky without steel: the log of the same terminal without the layers."""
    idle = {
        "radio": {"units": [*UNITS, {"id": "R3", "at": [160, 20]}], "cellular": {"availability": 0.9999}},
        "positioning": {"multipath": "0 m"},
        "perception": {"least": "60 m"},
        "feeders": [{"id": "F1", "cranes": ["QC01"]}],
    }
    with_layers, without = (simulate(terminal(**k), 7, HOUR, level=2).rows() for k in (idle, {}))
    assert np.array_equal(with_layers, without)


def test_silence_costs_moves_and_operators_limit_them():
    """No radio; one unit; the same with ten operators instead of one: fewer moves, then more again."""
    one = {"radio": {"units": UNITS[:1]}}
    free = simulate(terminal(), 7, 2 * HOUR).sums()
    few = simulate(terminal(**one, fleet={"trucks": 12, "remote": {"operators": 1}}), 7, 2 * HOUR).sums()
    many = simulate(terminal(**one, fleet={"trucks": 12, "remote": {"operators": 10}}), 7, 2 * HOUR).sums()
    assert few["moves"] < many["moves"] < free["moves"]
    assert free["takeovers"] == 0 < few["takeovers"] < many["takeovers"]


def test_waits_for_an_operator_are_those_of_the_log():
    """One operator, many calls: by hand from the log, call by call."""
    made = simulate(terminal(radio={"units": UNITS[:1]}, fleet={"trucks": 12, "remote": {"operators": 1}}), 7, HOUR)
    calls, waits = {}, []
    for time, code, truck, *_ in made.rows().tolist():
        if code == L_CALLS:
            calls[truck] = time
        elif code == L_TAKEN:
            waits.append((time - calls.pop(truck)) / 1e6)
    assert len(waits) > 20
    assert sorted(operator_waits_s(made)) == pytest.approx(sorted(waits))
    assert layer_metrics(made)["takeover_wait"].value == pytest.approx(np.mean(waits))


def test_steel_raises_the_retries_of_a_full_block_alone():
    """A block filled to its last place against an empty yard; the cranes' chance is the same in both."""
    spec = {"positioning": {}, "gantry": {"retry_probability": 0.05}}
    full, bare = (
        make_engine("fast", terminal(**spec, yard={"fill": f, "exports_in_yard": 0.0}), 7, MIDNIGHT, HOUR)
        for f in (1.0, 0.0)
    )
    high, low = (e.memory["blocks"]["retry"] for e in (full, bare))
    assert (high > 0.15).all()
    assert low == pytest.approx([0.05, 0.05])
    assert (full.memory["cranes"]["retry"] == bare.memory["cranes"]["retry"]).all()
    assert full.memory["cranes"]["retry"][0] == pytest.approx(0.204, abs=5e-4)


def test_a_feeder_stops_its_own_machines_and_units_and_nothing_else():
    made = make_engine("fast", terminal(**ALL), 7, MIDNIGHT, HOUR)
    made.set_power(1.0, [0.2])
    assert [bool(m.stops) for m in made.machines[:8]] == [True, False, False, False, True, True, False, False]
    assert not made.layers.radio.works("R1")
    assert made.layers.radio.works("R2")
    made.set_power(0.0, [1.0])
    assert all(m.stops for m in made.machines[:8])
    assert made.layers.radio.works("R1")
    made.set_power(1.0, [1.0])
    assert not any(m.stops for m in made.machines)


def test_rays_see_the_stacks_as_they_stand():
    """An empty yard hides nobody, where `fill` alone has stacks stand; a full one hides as much as 70 % of it,
    or more. One unit at a corner, 15 dB of interference."""
    spec = {"units": [{"id": "R1", "at": [20, 270]}], "interference_db": 15.0}

    def heard(fill: float, **more: str) -> float:
        place = terminal(radio={**spec, **more}, yard={"fill": fill, "exports_in_yard": 0.0})
        return make_engine("fast", place, 7, MIDNIGHT, HOUR).layers.radio.share.mean()

    assert heard(0.0, refresh="1 h") > 1.05 * heard(0.0)
    assert heard(0.0) == heard(1.0) >= heard(1.0, refresh="1 h")


def test_units_and_the_network_fail_at_random_as_often_as_the_file_says():
    """Nine units and the network, an hour between failures, six minutes to repair, 60 h: 60 / 1.1 each, so 545 in all;
    the count's own deviation is below 24. Each is told, with its end, in both engines alike."""
    often = {"between": "1 h", "repair": {"mean": "6 min", "shape": "exponential"}}
    spec = {"units": 6, "breakdown": often, "cellular": {"breakdown": often}}
    sensors = [{"id": f"P{k}", "at": [80 + k, 270]} for k in range(3)]
    told: list[list[str]] = [[], []]
    place = terminal(
        radio=spec, perception={"units": sensors, "breakdown": often}, calls=[], road_trucks={"per_day": 0}
    )
    for kind, heard in zip(("simpy", "fast"), told, strict=True):
        simulate(place, 7, 60 * HOUR, kind, tell=lambda t, what, text, heard=heard, **_: heard.append(f"{t} {text}"))
    assert told[0] == told[1]
    outs = [text for text in told[1] if " fails" in text or " is down" in text]
    assert len(outs) == pytest.approx(545, abs=3 * 24)
    assert len({text.split()[3] for text in outs if "unit" in text}) == 9


def test_two_causes_of_one_outage_do_not_lift_each_other():
    made = make_engine("fast", terminal(**ALL), 7, MIDNIGHT, HOUR)
    for cause in ("power", "storm"):
        made.layers.set_unit("R1", cause, fails=True)
    made.layers.set_unit("R1", "power", fails=False)
    assert not made.layers.radio.works("R1")
    with pytest.raises(ValueError, match="no roadside unit 'R9'"):
        made.layers.set_unit("R9", "x", fails=True)


YAML = """radio:
  units: [{id: R1, at: [80, 60]}, {id: R2, at: [240, 270]}]
  cellular: {availability: 0.95}
feeders: [{id: F1, cranes: [QC01], blocks: [Y01], units: [R1]}]
"""


@pytest.mark.parametrize("kind", ["simpy", "fast"])
def test_the_model_takes_rain_feeders_and_outages_and_tells_of_them(tmp_path, kind):
    from port.domain import DOMAIN

    made = setup(tmp_path, LONG + YAML, engine=kind)
    model = DOMAIN.build(made)
    assert model.places["terminal"].ids == ("terminal", "F1")
    before = model.take("lane_heard")
    model.put("rain", np.array([500.0]))
    model.put("power", np.array([1.0, 0.0]))
    model.advance(MINUTE)
    model.put("power", np.array([1.0, 1.0]))
    model.apply(event("unit_outage", unit="R2"))
    model.apply(event("cellular_outage"))
    assert (model.take("lane_heard") <= before).all()
    assert model.take("lane_heard").min() < 0.5
    model.apply(event("unit_outage", "end", unit="R2"))
    model.apply(event("cellular_outage", "end"))
    assert model.take("lane_heard") == pytest.approx(before)
    model.advance(2 * MINUTE)
    told = [e["what"] for e in made.journal.entries]
    for what in ("unit_out", "unit_back", "cellular_out", "cellular_back", "cranes_stopped", "cranes_back"):
        assert what in told
    tables, figures = model.tables(), model.summary()
    budgets = tables["latency_budgets"]
    assert [row[:2] for row in budgets.rows][2::4] == [("roadside units", "remote driving"), ("5G", "remote driving")]
    assert [row[3] for row in budgets.rows] == [20.0] * 4 + [47.0] * 4
    assert [row[0] for row in tables["radio_units"].rows] == ["R1", "R2"]
    assert len(tables["radio_lanes"].rows) == 8
    assert 0.0 < figures["radio_covered"].value <= 100.0


def test_static_rays_are_shared_by_the_runs_of_a_plan():
    plan = Plan(terminal(**ALL))
    a, b = (make_engine("fast", plan, seed, MIDNIGHT, HOUR) for seed in (1, 2))
    assert a.layers.radio.stations is b.layers.radio.stations
    assert a.layers.perception.corners is b.layers.perception.corners
    a.layers.set_unit("R1", "x", fails=True)
    assert b.layers.radio.works("R1")
