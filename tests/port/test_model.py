"""The terminal through the twin's protocol: ports, verbs, figures."""

from __future__ import annotations

import numpy as np
import pytest

from port.domain import DOMAIN
from port.model import PortModel
from port.ports import PORTS
from tests.port.sites import HOUR, event, setup
from tests.port.test_reading import LONG
from twin.clock import US
from twin.model import Model
from twin.ports import Arrival, Direction, Kind, Record

CALLS = """calls:
  - {vessel: Aurora, berth: B1, at: 0 s, discharge: 60, load: 60}
  - {vessel: Meridian, berth: B2, at: 20 min, discharge: 40, load: 40}
fleet: {trucks: 12}
road_trucks: {per_day: 500}
"""
ROAD = frozenset({"gate_arrivals", "admissions", "departures"})
MINUTE = 60 * US


@pytest.fixture(params=["simpy", "fast"])
def model(tmp_path, request) -> PortModel:
    made = DOMAIN.build(setup(tmp_path, LONG + CALLS, engine=request.param))
    assert isinstance(made, PortModel)
    return made


def test_the_domain_is_what_the_core_expects(model):
    assert isinstance(model, Model)
    assert {p.at for p in PORTS} <= set(model.places)
    for port in PORTS:
        if port.direction is Direction.OUT and port.kind is Kind.STATE:
            values = model.take(port.name)
            assert values.shape == (model.places[port.at].size,)
            assert np.all(np.isfinite(values))
    for name in DOMAIN.headlines:
        assert name in model.summary()
    assert {p for layer in DOMAIN.layers for p in [layer.port]} <= {p.name for p in PORTS}
    with pytest.raises(ValueError, match="gives no 'nothing'"):
        model.take("nothing")


def test_the_domain_is_cheap_to_import():
    """The engine comes with the first model, not with the list of domains."""
    import subprocess
    import sys

    code = "import sys, port.domain; print([m for m in ('simpy', 'scipy', 'ruamel.yaml') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_states_follow_the_work(model):
    model.advance(30 * MINUTE)
    assert 40.0 < model.take("moves_rate")[0] < 144.0
    states = model.take("crane_state")
    assert set(states[:2]) <= {1.0, 2.0}
    assert list(states[2:]) == [0.0, 0.0], "Meridian is moored until 40 min"
    assert model.take("block_stock").sum() == model.engine.world.stock.held
    model.advance(4 * HOUR)
    assert list(model.take("crane_state")) == [0.0] * 4
    assert model.take("moves_rate")[0] == 0.0
    summary = model.summary()
    assert summary["moves"].value == 200
    assert summary["vessel_delay"].value >= 0.0
    assert 0.2 < summary["empty_share"].value < 0.8


def test_tables_agree_with_the_figures(model):
    model.put("wind", np.array([25.0]))
    model.advance(10 * MINUTE)
    model.put("wind", np.array([5.0]))
    model.advance(3 * HOUR)
    tables, summary = model.tables(), model.summary()
    for table in tables.values():
        assert all(len(row) == len(table.columns) for row in table.rows)
    moves = [row for row in tables["moves"].rows if row[2] in ("DISCHARGE", "LOAD")]
    assert len(moves) == summary["moves"].value == sum(row[2] for row in tables["cranes"].rows)
    stops = [row for row in tables["stops"].rows if row[0].startswith("QC") and row[1] == "wind"]
    assert sum(row[3] - row[2] for row in stops) / 3600 == pytest.approx(summary["stopped_wind"].value)
    assert summary["stopped_wind"].value == pytest.approx(4 * 20 / 60)
    turns = [row[5] for row in tables["trucks"].rows if row[5] is not None]
    assert np.mean(turns) == pytest.approx(summary["truck_turn_time"].value, abs=0.01)
    assert len(turns) >= summary["trucks_served"].value > 10


def test_trucks_pass_between_the_road_and_the_terminal(tmp_path):
    """With a road, the terminal asks for an exchange every 10 s, makes no trucks itself, and gives all of them back."""
    model = DOMAIN.build(setup(tmp_path, LONG + CALLS, linked=ROAD))
    sent = [Arrival(k * 90 * US + 4 * US, f"truck{k:02d}", {"task": "deliver"}) for k in range(10)]
    admitted, left, now = [], [], 0
    while now < 2 * HOUR:
        fresh = [a for a in sent if now - 10 * US < a.time_us <= now]
        model.put("gate_arrivals", fresh)
        assert model.next_event_us() == now + 10 * US
        now = model.advance(model.next_event_us())
        admitted += model.take("admissions")
        left += model.take("departures")
    assert [a.id for a in admitted] == [a.id for a in sent]
    assert sorted(a.id for a in left) == [a.id for a in sent]
    assert all(a.time_us < b.time_us for a, b in zip(sorted(admitted), sorted(left), strict=True))
    trucks, boxes = model.balances()
    assert (trucks.inflow, trucks.outflow, trucks.stored_now) == ({"gate": 10}, {"road": 10}, 0)
    assert boxes.inflow["delivered"] == 10


def test_trucks_not_yet_taken_by_the_road_still_belong_to_the_terminal(tmp_path):
    model = DOMAIN.build(setup(tmp_path, LONG, linked=ROAD))
    model.put("gate_arrivals", [Arrival(0, "a", {"task": "collect"})])
    model.advance(HOUR)
    assert len(model.engine.gate.departures) == 1
    assert (model.balances()[0].stored_now, model.balances()[0].outflow["road"]) == (1, 0)
    model.take("departures")
    assert (model.balances()[0].stored_now, model.balances()[0].outflow["road"]) == (0, 1)


def test_the_profile_can_be_kept_beside_a_road(tmp_path):
    model = DOMAIN.build(setup(tmp_path, LONG, linked=ROAD, trucks="profile"))
    model.advance(HOUR)
    assert model.engine.world.tally.arrived > 10
    assert model.take("admissions") == []
    with pytest.raises(ValueError, match="makes its own"):
        model.put("gate_arrivals", [Arrival(HOUR, "a")])


@pytest.mark.parametrize(
    ("verb", "args", "prefix"),
    [
        ("crane_breakdown", {"crane": "QC01"}, "QC01"),
        ("gantry_breakdown", {"gantry": "Y01-1"}, "Y01-1"),
        ("stop_cranes", {}, "QC"),
    ],
)
def test_a_stopped_machine_rests_until_the_event_ends(model, verb, args, prefix):
    """No cycle ends from 10 min after the stop (longest cycle) to the event's end; then work goes on."""
    model.advance(10 * MINUTE)
    model.apply(event(verb, **args))
    model.advance(40 * MINUTE)
    model.apply(event(verb, "end", **args))
    model.advance(70 * MINUTE)
    times = [t for t, che, *_ in model.engine.trace if che.startswith(prefix)]
    assert not [t for t in times if 20 * MINUTE < t < 40 * MINUTE]
    assert [t for t in times if t > 40 * MINUTE]


def test_a_broken_truck_rests_and_comes_back(model):
    model.advance(10 * MINUTE)
    model.apply(event("truck_breakdown", truck="AT001"))
    model.advance(25 * MINUTE)

    def done() -> tuple[int, float]:
        truck = model.engine.world.trucks[0]
        return truck.moves, truck.empty_m + truck.loaded_m

    before = done()
    model.advance(60 * MINUTE)
    assert done() == before
    model.apply(event("truck_breakdown", "end", truck="AT001"))
    model.advance(100 * MINUTE)
    assert done()[0] > before[0]


def test_two_stops_of_one_machine_do_not_lift_each_other(model):
    crane = model.engine.cranes[0]
    model.apply(event("crane_breakdown", name="one", crane="QC01"))
    model.apply(event("crane_breakdown", name="two", crane="QC01"))
    model.apply(event("crane_breakdown", "end", name="one", crane="QC01"))
    assert list(crane.stops) == ["breakdown two"]
    model.advance(MINUTE)
    assert model.take("cranes_stopped")[0] == 1


def test_an_unknown_machine_is_refused_with_a_sentence(model):
    with pytest.raises(ValueError, match="there is no crane 'QC99' in the terminal"):
        model.apply(event("crane_breakdown", crane="QC99"))


def test_the_journal_tells_what_a_planner_asks(tmp_path):
    made = setup(tmp_path, LONG + CALLS)
    model = DOMAIN.build(made)
    model.put("power", np.array([0.0]))
    model.advance(MINUTE)
    model.put("power", np.array([1.0]))
    model.apply(event("gate_close"))
    depth = np.zeros(8)
    depth[3] = 0.4
    model.put("lane_depth", depth)
    model.advance(30 * MINUTE)
    model.put("lane_depth", np.zeros(8))
    model.apply(event("gate_close", "end"))
    model.advance(4 * HOUR)
    told = [e["what"] for e in made.journal.entries]
    for what in ("cranes_stopped", "cranes_back", "gate_closed", "lane_closed", "vessel_berthed", "vessel_left"):
        assert what in told
    lane = next(e for e in made.journal.entries if e["what"] == "lane_closed")
    assert (lane["lanes"], lane["depth_m"]) == (["Y01"], 0.4)
    assert all(0 <= e["time_us"] <= 4 * HOUR for e in made.journal.entries)
    model.close()
    model.close()


def test_radio_is_kept_for_the_map_only_where_there_is_some(model, tmp_path):
    """A layer of the report is shown where its port was recorded: no radio, no layer; the port itself stays."""
    assert next(p for p in model.ports if p.name == "lane_heard").record is Record.NO
    assert model.take("lane_heard").min() == 1.0
    radio = "radio: {units: [{id: R1, at: [80, 60]}]}\n"
    (tmp_path / "radio").mkdir()
    heard = DOMAIN.build(setup(tmp_path / "radio", LONG + CALLS + radio))
    assert next(p for p in heard.ports if p.name == "lane_heard").record is Record.FIELD
