"""Verbs beyond opening and closing: lanes, steps in time, signals, contraflow, diversions, buffer parks."""

from __future__ import annotations

import pytest

from traffic.agenda import class_steps, step_times
from traffic.config import TrafficConfig
from traffic.domain import DOMAIN
from traffic.flood import CLOSING_DEPTH_M
from traffic.signals import retimed
from traffic.verb_args import VERBS, Retime
from twin.clock import to_us
from twin.model import Event

CARS = "".join(
    f'<vehicle id="c{k}" type="car" depart="{10 * k}"><route edges="AB BC CD"/></vehicle>\n' for k in range(60)
)


@pytest.fixture
def run(detour_net, demand, run_on):
    return run_on({"network": detour_net, "demand": [demand(CARS)]})


def closed_lanes(run, edge):
    return [lane.id for lane in run.model.network.edges[run.model.network.index[edge]].lanes
            if "passenger" in run.lib.lane.getDisallowed(lane.id)]  # fmt: skip


def test_a_closed_lane_leaves_the_other_open_and_opens_at_the_end(run):
    """AB has lanes 0 and 1; the road itself is not cut."""
    run.event("close", edge="AB", lanes=[1])
    run.to(10)
    assert closed_lanes(run, "AB") == ["AB_1"]
    assert run.value("roads_cut") == 0
    run.event("close", "end", edge="AB", lanes=[1])
    assert closed_lanes(run, "AB") == []
    with pytest.raises(ValueError, match="no lane 2"):
        run.event("close", edge="AB", lanes=[2])


def test_a_road_closes_lane_by_lane_within_the_time_given(run):
    """Two lanes over 10 min: the kerb lane after 5, the other after 10."""
    run.event("close", edge="AB", over="10 min")
    seen = {}
    for minute in (4, 6, 9, 11):
        run.to(60 * minute)
        seen[minute] = closed_lanes(run, "AB")
    assert seen == {4: [], 6: ["AB_0"], 9: ["AB_0"], 11: ["AB_0", "AB_1"]}
    run.event("open", id="o", edge="AB", over="4 min")
    run.to(60 * 11 + 150)
    assert closed_lanes(run, "AB") == ["AB_0"]
    run.to(60 * 16)
    assert closed_lanes(run, "AB") == []


def test_a_road_that_was_closed_from_the_start_is_found_again(detour_net, demand, run_on):
    """SUMO's router never learns of an edge that is closed when it first comes past: it must know it before. Trips by
    their ends only, so that the router decides; Main Street is the fastest way."""
    trips = "".join(f'<trip id="v{k}" type="car" depart="{20 * k}" from="AB" to="CD"/>' for k in range(20))
    run = run_on({"network": detour_net, "demand": [demand(trips)]})
    run.event("close", edge="BC")
    seen: dict[str, int] = {}
    run.to(200, lambda: seen.update({v: 0 for v in run.lib.vehicle.getIDList() if run.edge_of(v) == "EC"}))
    assert seen
    run.event("close", "end", edge="BC")
    run.to(260)
    used: set[str] = set()
    run.to(600, lambda: used.update(run.edge_of(v) for v in run.lib.vehicle.getIDList()), stride_s=1)
    assert "BC" in used


def test_an_end_stops_the_steps_that_are_still_to_come(run):
    """The closure is called off after its first step."""
    run.event("close", edge="AB", over="10 min")
    run.to(400)
    run.event("close", "end", edge="AB", over="10 min")
    run.to(900)
    assert closed_lanes(run, "AB") == []


def test_class_by_class_the_heaviest_first_and_who_helps_last():
    steps = class_steps(frozenset(CLOSING_DEPTH_M))
    assert "truck" in steps[0]
    assert "passenger" in steps[3]
    assert "emergency" in steps[-1]
    assert frozenset().union(*steps) == CLOSING_DEPTH_M.keys()
    assert sum(map(len, steps)) == len(CLOSING_DEPTH_M)
    assert step_times(0, 600, 5) == [120, 240, 360, 480, 600]


def test_a_closure_by_class_keeps_cars_on_until_their_step(run):
    """Five steps in 10 min: cars are the fourth, after 8 min."""
    run.event("close", edge="CD", over="10 min", by="class")
    run.to(400)
    assert closed_lanes(run, "CD") == []
    assert "truck" in run.lib.lane.getDisallowed("CD_0")
    run.to(500)
    assert closed_lanes(run, "CD") == ["CD_0", "CD_1"]
    assert "emergency" not in run.model.roads.closed["CD"]


def test_unknown_classes_are_named():
    with pytest.raises(ValueError, match=r"no vehicle class 'trukc'\. Did you mean 'truck'"):
        VERBS["close"].model_validate({"edge": "AB", "classes": ["trukc"]})


# --- signals --------------------------------------------------------------------------------------------------------


@pytest.fixture
def lights(grid_net, demand, run_on):
    trip = '<trip id="a" type="car" depart="0" from="A0A1" to="A3A4"/>'
    return run_on({"network": grid_net, "demand": [demand(trip)]})


def test_all_red_and_dark_may_overlap_and_the_own_program_comes_back(lights):
    signal = lights.lib.trafficlight
    own = signal.getProgram("B1")
    lights.event("signals_red", id="r", signals=["B1"])
    lights.to(5)
    assert set(signal.getRedYellowGreenState("B1")) == {"r"}
    lights.event("signals_off", id="o", signals=["B1"])
    lights.to(10)
    assert set(signal.getRedYellowGreenState("B1")) <= {"O", "o"}
    lights.event("signals_off", "end", id="o", signals=["B1"])
    lights.to(15)
    assert set(signal.getRedYellowGreenState("B1")) == {"r"}, "the red has not ended"
    lights.event("signals_red", "end", id="r", signals=["B1"])
    assert signal.getProgram("B1") == own


def test_a_fixed_program_runs_its_phases(lights):
    signal = lights.lib.trafficlight
    n = len(signal.getRedYellowGreenState("B1"))
    phases = [{"state": "G" * n, "duration": "7 s"}, {"state": "r" * n, "duration": "4 s"}]
    lights.event("signal_program", signal="B1", phases=phases)
    seen = []
    lights.to(22, lambda: seen.append(signal.getRedYellowGreenState("B1")[0]), stride_s=1)
    assert "".join(seen).count("G") == 14
    assert "".join(seen).count("r") == 8
    with pytest.raises(ValueError, match=f"has {n} links"):
        lights.event("signal_program", id="x", signal="B1", phases=[{"state": "G", "duration": "7 s"}])
    with pytest.raises(ValueError, match="has no program 'night'"):
        lights.event("signal_program", id="y", signal="B1", program="night")


def test_new_timings_keep_yellow_and_make_the_cycle(lights):
    """A cycle of 60 s with offset 10 s: at 70 s a cycle begins anew, and yellow lasts as before."""
    signal = lights.lib.trafficlight
    before = lights.model.lights._phases("B1")
    lights.to(25)
    lights.event("retime", signals=["B1"], cycle="60 s", offset="10 s")
    logic = next(one for one in signal.getAllProgramLogics("B1") if one.programID == signal.getProgram("B1"))
    after = [(phase.state, phase.duration) for phase in logic.phases]
    assert sum(duration for _, duration in after) == pytest.approx(60)
    assert [d for s, d in after if "y" in s] == [d for s, d in before if "y" in s]
    first = after[0]
    lights.to(70, stride_s=1)
    assert signal.getPhase("B1") in (0, len(after) - 1)
    lights.to(71, stride_s=1)
    assert signal.getRedYellowGreenState("B1") == first[0]
    lights.event("retime", "end", signals=["B1"], cycle="60 s", offset="10 s")
    assert signal.getProgram("B1") == "0"


def test_a_split_shares_out_the_green():
    """40 s cycle, two yellows of 3 s: 34 s green, as 3 to 1."""
    phases = [("GGrr", 10.0), ("yyrr", 3.0), ("rrGG", 10.0), ("rryy", 3.0)]
    new = retimed(phases, Retime(signals=("s",), cycle="40 s", split=(0.75, 0.25)), "s")
    assert [duration for _, duration in new] == [25.5, 3.0, 8.5, 3.0]
    with pytest.raises(ValueError, match="has 2 green phases, and `split` has 3"):
        retimed(phases, Retime(signals=("s",), split=(0.2, 0.3, 0.5)), "s")
    with pytest.raises(ValueError, match="too short"):
        retimed(phases, Retime(signals=("s",), cycle="12 s"), "s")


# --- lanes against their direction, diversions ----------------------------------------------------------------------


@pytest.fixture
def two_way(long_road_net, demand, run_on):
    """Cars both ways on Long Road; an event that opens a lane of CB the other way is known before the run."""
    net = long_road_net
    out = [(10 * k, f'<vehicle id="out{k}" type="car" depart="{10 * k}"><route edges="AB BC CD"/></vehicle>')
           for k in range(40)]  # fmt: skip
    back = [(10 * k + 5, f'<vehicle id="back{k}" type="car" depart="{10 * k + 5}"><route edges="DC CB BA"/></vehicle>')
            for k in range(40)]  # fmt: skip
    args = VERBS["contraflow"].model_validate({"edge": "CB", "lanes": 1})
    before = net.read_bytes()
    run = run_on(
        {"network": net, "demand": [demand("\n".join(text for _, text in sorted(out + back)))]},
        events=(Event("cf", "contraflow", args),),
    )
    yield run
    assert net.read_bytes() == before, "the user's network is left alone"


def test_a_lane_is_opened_the_other_way_once_it_is_empty(two_way):
    """BC is closed by an accident; a lane of CB takes its cars, and at no time are both directions on that lane."""
    run, lane, vehicle = two_way, two_way.lib.lane, two_way.lib.vehicle
    run.to(100)
    run.event("close", id="crash", edge="BC")
    run.event("contraflow", id="cf", edge="CB", lanes=1)
    assert run.model.take("stranded")[0] > 0, "no other way at first"
    both, used = [], set()

    def look():
        here = set(lane.getLastStepVehicleIDs("contraflow.CB_0"))
        used.update(here)
        both.append(bool(here) and bool(lane.getLastStepVehicleIDs("CB_1")))

    run.to(400, look, stride_s=1)
    assert len(used) > 10
    assert not any(both)
    run.event("contraflow", "end", id="cf", edge="CB", lanes=1)
    run.event("close", "end", id="crash", edge="BC")
    run.to(900, look, stride_s=1)
    assert not any(both)
    assert "passenger" not in lane.getDisallowed("CB_1")
    assert run.value("trips_finished") == 80
    assert run.model.take("stranded")[0] == 0
    told = [entry["text"] for entry in run.setup.journal.entries if entry["what"] == "contraflow"]
    assert told == ["1 lane of Long Road open the other way", "1 lane of Long Road go their own way again"]
    assert vehicle.getIDCount() == 0


def test_a_diversion_leads_vehicles_round(run):
    """Main Street stays open; those with BC ahead are led by Side Lane until the measure ends."""
    run.to(100)
    run.event("divert", edges=["BE", "EC"], away_from=["BC"], speed="50 km/h")
    vehicles, late, side = run.lib.vehicle, set(), set()

    def look():
        for vid in vehicles.getIDList():
            (late if run.edge_of(vid) == "BC" else side if run.edge_of(vid) == "EC" else set()).add(vid)

    run.to(130)
    run.to(400, look, stride_s=1)
    assert len(side) > 15
    assert not late
    assert run.lib.lane.getMaxSpeed("BE_0") == pytest.approx(50 / 3.6)
    assert run.value("diverted") >= len(side)
    run.event("divert", "end", edges=["BE", "EC"], away_from=["BC"], speed="50 km/h")
    assert run.lib.lane.getMaxSpeed("BE_0") == pytest.approx(8.3)
    run.to(900)
    assert run.value("trips_finished") == 60


def test_half_of_the_drivers_follow_if_half_do(run):
    """Keyed draws: 60 cars at share 0.5 give 22 to 38 (99 % of the binomial)."""
    run.event("divert", edges=["BE", "EC"], away_from=["BC"], share=0.5)
    run.to(900)
    assert 22 <= run.value("diverted") <= 38
    assert run.value("trips_finished") == 60


def trucks(count):
    one = '<vehicle id="t{k}" type="truck" depart="{t}"><route edges="AB BE EC CD"/><stop lane="EC_0" duration="120" ' \
          'endPos="50"/><stop lane="CD_0" duration="60" parking="true"/></vehicle>'  # fmt: skip
    return "\n".join(one.format(k=k, t=20 * k) for k in range(count))


def test_trucks_wait_in_the_buffer_and_are_called_up_one_by_one(detour_net, demand, run_on):
    """Twelve trucks come within 4 min to a gate that takes 2 min each: on the road they would queue up to seven. With a
    buffer and at most two called up none but these queue, and all get through."""
    config = {"network": detour_net, "demand": [demand(trucks(12))], "gate": {"edge": "EC", "yard_edge": "CD"}}
    run = run_on(config)
    run.to(2400)
    assert run.value("gate_queue_most") >= 6
    run = run_on(config)
    run.event("hold_trucks", park="AB", queue=2)
    run.to(2400)
    assert run.value("gate_queue_most") <= 2
    assert run.value("buffer_most") >= 6
    assert run.value("buffer_wait") > 3
    assert run.value("trucks_left") == 12


def test_trucks_held_until_released(detour_net, demand, run_on):
    """queue: 0 calls nobody; the end lets all go."""
    config = {"network": detour_net, "demand": [demand(trucks(4))], "gate": {"edge": "EC", "yard_edge": "CD"}}
    run = run_on(config)
    run.event("hold_trucks", park="AB", queue=0)
    run.to(900)
    assert run.value("trucks_at_gate") == 0
    run.event("hold_trucks", "end", park="AB", queue=0)
    run.to(2400)
    assert run.value("trucks_left") == 4
    with pytest.raises(ValueError, match="no edge and no parking area 'AX'"):
        run.event("hold_trucks", id="z", park="AX")


def test_places_in_verbs_are_checked_before_a_run(detour_net, demand, check):
    events = [
        Event("a", "contraflow", VERBS["contraflow"].model_validate({"edge": "BE", "lanes": 2}), where="s.yaml:3"),
        Event("b", "divert", VERBS["divert"].model_validate({"edge": "BE", "away_from": ["BD"]}), where="s.yaml:4"),
        Event("c", "hold_trucks", VERBS["hold_trucks"].model_validate({"park": "AB"}), where="s.yaml:5"),
    ]
    found = check({"network": detour_net, "demand": [demand(CARS)]}, events=events)
    assert any("no lane 1" in text and "s.yaml:3" in text for text in found)
    assert any("no edge 'BD'" in text for text in found)
    assert any("`gate`" in text and "s.yaml:5" in text for text in found)
    assert TrafficConfig.model_fields["cancelled_loss"].default == 3600
    assert DOMAIN.verbs == VERBS
    assert to_us(1) == 1_000_000


def test_an_ambulance_passes_a_red_light_and_cars_do_not(grid_net, demand, run_on):
    """All signals are red from the start: the ambulance gets through four junctions, the car stands at its first."""
    trips = '<trip id="amb" type="ambulance" depart="0" from="A0A1" to="A3A4"/>'
    trips += '<trip id="car" type="car" depart="0" from="B0B1" to="B3B4"/>'
    arrived = []
    for blue in ("true", "false"):
        run = run_on({"network": grid_net, "demand": [demand(trips)], "blue_light": blue})
        run.event("signals_red")
        run.to(300)
        arrived.append((run.value("trips_finished"), run.edge_of("car")))
    assert arrived == [(1, "B0B1"), (0, "B0B1")]
