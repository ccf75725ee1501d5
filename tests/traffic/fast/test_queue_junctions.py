"""Lights that vehicles decide on, right of way beside footpaths, stops, and who begins first."""

from __future__ import annotations

import numpy as np
import pytest

from traffic.fast.demand import Demand, Trip, VehicleType
from traffic.fast.engine import simulate
from traffic.fast.netfile import ConnectionSpec, EdgeSpec, LaneSpec, NetFile, Program, read_netfile
from traffic.fast.network import QueueNetwork
from traffic.fast.state import Options
from traffic.fast.stepper import Bound, QueueRun

INSTANT = VehicleType(length_m=5.0, min_gap_m=2.5, accel=1e4, decel=1e4, sigma=0.0, factor=(1.0, 0.0))
CROSSING = [("we", 300.0, 15.0, 1), ("wo", 300.0, 15.0, 1), ("se", 300.0, 15.0, 1), ("so", 300.0, 15.0, 1)]


def crossing(town, bounds=(), durations=(30.0, 30.0)) -> QueueNetwork:
    """Two one-way streets that cross under a light of two phases, 3 s of yellow behind each."""
    a, b = durations
    phases = ((a, "Gr"), (3.0, "yr"), (b, "rG"), (3.0, "ry"))
    turns = [("we", "wo", {"signal": ("x", 0)}), ("se", "so", {"signal": ("x", 1)})]
    return town.network(CROSSING, turns, {"x": Program(0.0, phases, tuple(bounds))})


ACTUATED = ((5.0, 50.0), (3.0, 3.0), (5.0, 50.0), (3.0, 3.0))


def shown_until(queue, until_s, head=0):
    """(t, letter) each half second of what a head shows."""
    found = []
    while queue.now_s < until_s:
        queue.advance(queue.now_s + 0.5)
        found.append((queue.now_s, int(queue.state.head["shown"][head])))
    return found


def test_without_vehicles_an_actuated_light_runs_its_shortest_greens(town):
    """5 s of green and 3 s of yellow, twice: a cycle of 16 s."""
    net = crossing(town, ACTUATED)
    queue = QueueRun(Bound.of(net, town.demand([(1000.0, "we wo")]), town.rules))
    green = [t for t, letter in shown_until(queue, 160.5) if letter == 2]
    starts = [t for t, before in zip(green[1:], green, strict=False) if t - before > 0.5]
    assert np.diff(starts) == pytest.approx(16.0)
    assert len(green) == pytest.approx(10 * 10 + 1, abs=1)


def test_a_queue_holds_its_green_up_to_the_longest(town):
    """Cars every 2 s on one street, nobody on the other: 50 s of green to 11 s of all else. Fixed at 5 s each, the
    same light would pass a third of that."""
    trips = [(2.0 * k, "we wo") for k in range(300)]
    net, fixed = crossing(town, ACTUATED), crossing(town, durations=(5.0, 5.0))
    queue = QueueRun(Bound.of(net, town.demand(trips), town.rules))
    letters = [letter for _, letter in shown_until(queue, 610.0)]
    share = letters.count(2) / len(letters)
    assert share == pytest.approx(50 / 61, abs=0.03)
    passed = {}
    for name, one in (("actuated", net), ("fixed", fixed)):
        run = QueueRun(Bound.of(one, town.demand(trips), town.rules))
        run.advance(600)
        passed[name] = run.counts()["arrived"]
    assert passed["actuated"] > 2 * passed["fixed"]


def test_a_green_ends_after_the_largest_gap(town):
    """One car passes the detector 28 m before the line 2 s before the shortest green is over: the green lasts 3 s
    longer than when it passed, less the time of its own length, rounded to the looks; far less than 50 s."""
    net = crossing(town, ACTUATED)
    queue = QueueRun(Bound.of(net, town.demand([(14.0 - 300 / 15.0 + 22.0, "we wo")]), town.rules))
    lasted = [letter for _, letter in shown_until(queue, 60.0)]
    runs = [len(piece) / 2 for piece in "".join("G" if x == 2 else "." for x in lasted).split(".") if piece]
    assert max(runs) <= 10.0
    assert min(runs) >= 4.5


def test_red_and_dark_beat_the_vehicles(town):
    """All red: nobody passes, whatever the detectors say; afterwards all do."""
    net = crossing(town, ACTUATED)
    queue = QueueRun(Bound.of(net, town.demand([(3.0 * k, "we wo") for k in range(40)]), town.rules))
    queue.signals("red")
    queue.advance(300)
    assert queue.counts()["arrived"] == 0
    queue.signals("on")
    queue.advance(900)
    assert queue.counts()["arrived"] == 40


def test_another_program_takes_a_light_from_the_vehicles_and_gives_it_back(town):
    """Red for the street all the time, then its own again."""
    net = crossing(town, ACTUATED)
    queue = QueueRun(Bound.of(net, town.demand([(3.0 * k, "we wo") for k in range(40)]), town.rules))
    queue.run_program("x", Program(0.0, ((60.0, "rG"),)))
    queue.advance(300)
    assert queue.counts()["arrived"] == 0
    queue.run_program("x", None)
    queue.advance(900)
    assert queue.counts()["arrived"] == 40


def test_ambulances_pass_red_lights_when_told_so(town):
    """Red for the whole run: with blue light the ambulance drives through, the car behind it waits."""
    net = crossing(town, durations=(0.001, 1e5))
    kinds = {"amb": [(1.0, VehicleType("emergency", accel=1e4, decel=1e4, sigma=0.0, factor=(1.0, 0.0)))]}
    trips = [Trip("a", 5.0, "amb", ("we", "wo")), Trip("c", 10.0, "car", ("we", "wo"))]
    for blue, arrived in ((False, 0), (True, 1)):
        queue = QueueRun(Bound.of(net, Demand(trips, kinds), town.rules), Options(blue_light=blue))
        queue.advance(500)
        assert queue.counts()["arrived"] == arrived


WALK = """<net><location netOffset="0,0" convBoundary="0,0,1,1" projParameter="!"/>
<edge id=":j_0" function="internal"><lane id=":j_0_0" index="0" speed="8" length="12"/></edge>
<edge id=":j_1" function="internal"><lane id=":j_1_0" index="0" speed="8" length="12"/></edge>
<edge id=":j_w0" function="walkingarea"><lane id=":j_w0_0" index="0" speed="1" length="3" allow="pedestrian"/></edge>
<edge id="a"><lane id="a_0" index="0" speed="2" length="100" allow="pedestrian"/>
  <lane id="a_1" index="1" speed="13.9" length="100"/></edge>
<edge id="b"><lane id="b_0" index="0" speed="13.9" length="200"/></edge>
<edge id="c"><lane id="c_0" index="0" speed="13.9" length="50"/></edge>
<junction id="j" type="priority" incLanes="a_0 a_1 c_0" intLanes=":j_0_0 :j_1_0">
  <request index="0" response="00" foes="10" cont="0"/><request index="1" response="01" foes="01" cont="0"/></junction>
<connection from="a" to=":j_w0" fromLane="0" toLane="0" dir="s" state="M"/>
<connection from="a" to="b" fromLane="1" toLane="0" via=":j_0_0" dir="s" state="M"/>
<connection from="c" to="b" fromLane="0" toLane="0" via=":j_1_0" dir="l" state="m"/></net>"""


def test_a_footpath_that_ends_at_a_junction_has_no_row_in_its_matrix(tmp_path):
    """The minor road gives way, the major one does not: rows count connections of vehicles only."""
    (tmp_path / "n.net.xml").write_text(WALK)
    major, minor = read_netfile(tmp_path / "n.net.xml").connections
    assert (major.start, major.yields, major.keep_clear) == ("a", (), True)
    assert (minor.start, minor.yields) == ("c", (0,))


def test_a_program_is_read_with_the_bounds_of_its_phases(tmp_path):
    """Actuated with minDur and maxDur; the largest gap is a parameter; static programs have no bounds."""
    light = """<tlLogic id="t" type="actuated" programID="day" offset="0"><param key="max-gap" value="2.5"/>
      <phase duration="30" state="G" minDur="5" maxDur="40"/><phase duration="4" state="y"/></tlLogic>"""
    (tmp_path / "n.net.xml").write_text(WALK.replace("</net>", light + "</net>"))
    program = read_netfile(tmp_path / "n.net.xml").variants["t", "day"]
    assert program.bounds == ((5.0, 40.0), (4.0, 4.0))
    assert (program.gap_s, program.detector_s) == (2.5, 2.0)


STOPS = """<routes><vType id="truck" vClass="truck" length="12" accel="1"/>{}</routes>"""


def at_gate(town, tmp_path, stops, lanes=2):
    """Six trucks, 10 s apart, over `in gate out` with a stop each."""
    rows = [
        f'<vehicle id="t{k}" type="truck" depart="{10 * k}"><route edges="in gate out"/>{stops(k)}</vehicle>'
        for k in range(6)
    ]
    (tmp_path / "r.rou.xml").write_text(STOPS.format("".join(rows)))
    edges = [("in", 300.0, 15.0, lanes), ("gate", 100.0, 10.0, lanes), ("out", 300.0, 15.0, lanes)]
    net = town.network(edges, [("in", "gate"), ("gate", "out")])
    return net, Demand.read([tmp_path / "r.rou.xml"])


def test_stops_at_the_end_of_a_lane_are_made_one_after_the_other(town, tmp_path):
    """60 s each on lane 0: the last of six leaves 5 x 60 s after the first, or later. On two lanes it takes half."""
    ends = {}
    for name, lane in (("one", lambda k: 0), ("two", lambda k: k % 2)):
        net, demand = at_gate(
            town, tmp_path, lambda k, lane=lane: f'<stop lane="gate_{lane(k)}" endPos="99" duration="60"/>'
        )
        arrival = simulate(net, demand, rules=town.rules).trips.arrival
        ends[name] = np.ptp(arrival)
    assert 300 <= ends["one"] < 380
    assert 120 <= ends["two"] < 200


def test_who_parks_off_the_lane_holds_nobody_up_and_comes_back(town, tmp_path):
    """200 s in the yard for every other truck: those behind pass; the trip takes 200 s longer; all arrive."""
    net, demand = at_gate(
        town, tmp_path, lambda k: '<stop lane="gate_0" duration="200" parking="true"/>' if k % 2 == 0 else "", lanes=1
    )
    bound = Bound.of(net, demand, town.rules)
    queue = QueueRun(bound)
    queue.advance(150)
    counts = queue.counts()
    assert (counts["parked"], counts["arrived"]) == (3, 3)
    assert sum(counts.values()) == 6
    queue.advance(1000)
    spent = queue.result().trips.duration
    assert queue.counts()["arrived"] == 6
    assert spent[::2].mean() - spent[1::2].mean() == pytest.approx(200, abs=10)


def test_who_parks_while_the_way_closes_finds_another_or_is_held(town, tmp_path):
    """`out` closes while three trucks park: they come back and are held, and go on when it opens."""
    net, demand = at_gate(town, tmp_path, lambda k: '<stop lane="gate_0" duration="200" parking="true"/>', lanes=1)
    queue = QueueRun(Bound.of(net, demand, town.rules))
    queue.advance(150)
    queue.close(["out"])
    queue.advance(600)
    assert queue.counts()["held"] == 6
    assert int(queue.state.entered[:, net.index["out"]].sum()) == 0
    queue.reopen(["out"])
    queue.advance(900)
    assert queue.counts()["arrived"] == 6


def test_a_blocked_lane_outlives_the_end_of_a_closure(town):
    """A lane with a crash stays shut when its street, and another one, close and open again."""
    net = town.network([("a", 300.0, 15.0, 2), ("b", 300.0, 15.0, 2)], [("a", "b")])
    queue = QueueRun(Bound.of(net, town.demand([(5.0 * k, "a b") for k in range(20)]), town.rules))
    lane = queue.roads.edge[net.index["b"]]["lane"]
    queue.close_lane("b", 0)
    queue.close(["b"])
    queue.reopen(["b"])
    assert queue.state.lane["allow"][lane] == 0
    assert queue.state.lane["allow"][lane + 1] != 0
    queue.open_lane("b", 0)
    assert queue.state.lane["allow"][lane] == net.allow[lane]


def test_who_waits_for_a_full_lane_holds_up_nobody_for_another(town):
    """Lane 0 leads to `left` only and is closed there, lane 1 to `right`: the first car waits at the start, all others
    get through."""
    net = NetFile([EdgeSpec("in", (LaneSpec(100.0, 15.0),) * 2)])
    for name in ("left", "right"):
        net.edges.append(EdgeSpec(name, (LaneSpec(300.0, 15.0),)))
    net.connections += [
        ConnectionSpec("in", "left", 0, 0, signal=("x", 0)),
        ConnectionSpec("in", "right", 1, 0),
    ]
    net.programs["x"] = Program(0.0, ((600.0, "r"), (600.0, "G")))
    network = QueueNetwork.build(net)
    trips = [(0.5 * k, "in left") for k in range(40)] + [(30.0 + 5 * k, "in right") for k in range(20)]
    queue = QueueRun(Bound.of(network, town.demand(trips, INSTANT), town.rules))
    queue.advance(300)
    counts = queue.counts()
    assert counts["arrived"] == 20
    assert counts["waiting"] > 20
    queue.advance(1200)
    assert queue.counts()["arrived"] == 60
    assert (queue.state.vehicle["depart"] >= queue.fleet.vehicle["depart"]).all()
