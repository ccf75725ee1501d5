"""SUMO's files as the queue engine reads them: programs, right of way, lanes, vehicles, routes."""

from __future__ import annotations

import numpy as np
import pytest

from traffic.fast.classes import BIT, ON_ROAD, permitted
from traffic.fast.demand import Demand, VehicleType
from traffic.fast.engine import simulate
from traffic.fast.netfile import Program
from traffic.fast.network import QueueNetwork, greens_of
from traffic.fast.stepper import Bound

NET = """<net><location netOffset="0,0" convBoundary="0,0,1,1" projParameter="!"/>
<edge id=":j_0" function="internal"><lane id=":j_0_0" index="0" speed="8" length="12"/></edge>
<edge id=":j_1" function="internal"><lane id=":j_1_0" index="0" speed="7" length="6"/></edge>
<edge id=":j_2" function="internal"><lane id=":j_2_0" index="0" speed="7" length="9"/></edge>
<edge id="a"><lane id="a_0" index="0" speed="13.9" length="100"/>
  <lane id="a_1" index="1" speed="13.9" length="100" allow="bus"/></edge>
<edge id="b"><lane id="b_0" index="0" speed="13.9" length="200"/></edge>
<edge id="c"><lane id="c_0" index="0" speed="13.9" length="50"/></edge>
<edge id="path"><lane id="path_0" index="0" speed="1" length="50" allow="pedestrian"/></edge>
<tlLogic id="t" offset="5"><phase duration="20" state="Gg"/><phase duration="4" state="yg"/>
  <phase duration="6" state="rr"/></tlLogic>
<junction id="j" type="traffic_light" incLanes="a_0 c_0" intLanes=":j_0_0 :j_2_0">
  <request index="0" response="00" foes="10" cont="0"/><request index="1" response="01" foes="01" cont="1"/></junction>
<connection from="a" to="b" fromLane="0" toLane="0" via=":j_0_0" tl="t" linkIndex="0" dir="s" state="O"/>
<connection from="c" to="b" fromLane="0" toLane="0" via=":j_1_0" tl="t" linkIndex="1" dir="l" state="o"/>
<connection from=":j_0" to="b" fromLane="0" toLane="0" dir="s" state="M"/>
<connection from=":j_1" to="b" fromLane="0" toLane="0" via=":j_2_0" dir="l" state="m"/>
<connection from=":j_2" to="b" fromLane="0" toLane="0" dir="l" state="M"/></net>"""

ROUTES = """<routes>
<vTypeDistribution id="mix"><vType id="x" length="4" minGap="2" probability="0.5"/>
  <vType id="y" length="5" minGap="2" probability="1.5"/></vTypeDistribution>
<vType id="bus" vClass="bus" length="12" minGap="3"/>
<route id="r" edges="a b"/>
<vehicle id="late" depart="50" type="mix" route="r"/>
<vehicle id="early" depart="10" type="mix"><route edges="c b"/><stop lane="b_0" duration="20"/></vehicle>
<flow id="f" begin="0" end="60" number="3" type="bus" route="r"/>
<vehicle id="lost" depart="70" type="mix"><route edges="b a"/></vehicle>
<vehicle id="nowhere" depart="70" type="mix"><route edges="z a"/></vehicle>
</routes>"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "n.net.xml").write_text(NET)
    (tmp_path / "r.rou.xml").write_text(ROUTES)
    return QueueNetwork.read(tmp_path / "n.net.xml"), Demand.read([tmp_path / "r.rou.xml"])


def test_a_network_is_read_with_its_junction(files):
    """Footpaths are left out; the left turner waits 6 m inside and gives way to the way across."""
    net, _ = files
    assert net.edge_ids == ("a", "b", "c")
    across, left = net.connections
    assert (across.length_m, across.speed_mps, across.ahead_m, across.yields) == (12.0, 8.0, 0.0, ())
    assert (left.length_m, left.speed_mps, left.ahead_m, left.yields) == (9.0, 7.0, 6.0, (0,))
    assert net.static.lane["inner"][-1] == 1


def test_what_is_no_network_is_refused(tmp_path):
    """One sentence, no traceback of the parser."""
    (tmp_path / "x.xml").write_text("<routes/>")
    with pytest.raises(ValueError, match="not a SUMO network"):
        QueueNetwork.read(tmp_path / "x.xml")
    (tmp_path / "y.xml").write_text("<net><edge id='a'")
    with pytest.raises(ValueError, match="not whole"):
        QueueNetwork.read(tmp_path / "y.xml")


def test_demand_is_in_the_order_of_departure_whatever_the_order_of_the_file(files):
    """An unsorted file loses nobody; a flow of three in a minute starts every 20 s."""
    _, demand = files
    assert [(t.id, t.depart_s) for t in demand.trips][:4] == [
        ("f.0", 0.0),
        ("early", 10.0),
        ("f.1", 20.0),
        ("f.2", 40.0),
    ]
    assert demand.trips[1].stops == (("b", 20.0),)


def test_routes_that_cannot_be_driven_are_named(files):
    """Refused with a reason; all others run."""
    net, demand = files
    result = simulate(net, demand)
    assert result.counts["refused"] == 2
    assert result.counts["finished"] == 5
    refused = dict(Bound.of(net, demand).fleet.refused)
    assert refused == {
        "lost": "no connection from 'b' to 'a'",
        "nowhere": "no edge 'z' for road vehicles",
    }


def test_slots_follow_lengths_and_types_are_drawn_by_their_share(files):
    """Mean car: (0.5 x 6 + 1.5 x 7) / 2 = 6.75 m; a bus of 15 m takes two slots."""
    net, demand = files
    assert demand.slot_m() == pytest.approx(6.75)
    fleet = Bound.of(net, demand).fleet.arrays
    assert fleet.vehicle["slots"].tolist() == [2, 1, 2, 2, 1]


def test_cars_keep_off_bus_lanes(files):
    """From `a` only the kerb lane carries cars; the way on is on lane 0."""
    net, demand = files
    fleet = Bound.of(net, demand).fleet.arrays
    row = fleet.vehicle[-1]
    assert fleet.mask[row["route"]] & 0b11 == 0b01


def test_greens_with_yellow_and_across_the_end_of_the_cycle():
    """Yellow counts for 1.5 s behind a green; a green over the end of the cycle is one window."""
    program = Program(0.0, ((10.0, "Gr"), (3.0, "yr"), (12.0, "rG"), (5.0, "Gg")))
    assert greens_of(program, 0, 1.5) == [(25.0, 41.5, 1)]
    assert greens_of(program, 1, 1.5) == [(13.0, 25.0, 1), (25.0, 30.0, 0)]


def test_permissions():
    """`allow` wins, `disallow` takes away, neither means all."""
    assert permitted("bus taxi", None) == BIT["bus"] | BIT["taxi"]
    assert not permitted(None, "truck") & BIT["truck"]
    assert permitted(None, "truck") & BIT["passenger"]
    assert permitted(None, "all") == 0
    assert permitted(None, None) & ON_ROAD == ON_ROAD


def test_speed_factors_have_sumos_distribution(town):
    """normc(1, 0.1): mean 1, deviation 0.1 over 4,000 keyed draws (standard error 0.0016)."""
    demand = town.demand([(k, "a") for k in range(4000)], VehicleType())
    net = town.network([("a", 100.0, 10.0, 1)], [])
    factor = Bound.of(net, demand).fleet.arrays.vehicle["factor"]
    assert factor.mean() == pytest.approx(1.0, abs=0.006)
    assert np.std(factor) == pytest.approx(0.1, abs=0.006)


def test_a_distribution_may_name_types_that_stand_elsewhere(tmp_path):
    """`vTypes` with `probabilities`; without these, each type has the share that it gives itself."""
    head = '<routes><vType id="a" length="4" probability="3"/><vType id="b" length="8" probability="1"/>'
    (tmp_path / "r.rou.xml").write_text(
        head + '<vTypeDistribution id="own" vTypes="a b"/>'
        '<vTypeDistribution id="said" vTypes="a b" probabilities="0.2 0.6"/></routes>'
    )
    demand = Demand.read([tmp_path / "r.rou.xml"])
    assert [(share, kind.length_m) for share, kind in demand.kinds("own")] == [(0.75, 4.0), (0.25, 8.0)]
    assert [(round(share, 9), kind.length_m) for share, kind in demand.kinds("said")] == [(0.25, 4.0), (0.75, 8.0)]


def test_a_trip_of_an_unknown_type_is_left_out_and_told(tmp_path):
    """SUMO refuses such a file; here the trip is counted, with the nearest name."""
    (tmp_path / "r.rou.xml").write_text(
        '<routes><vType id="lorry"/><vehicle id="v" depart="0" type="lory"><route edges="a b"/></vehicle>'
        '<vehicle id="w" depart="0" type="DEFAULT_VEHTYPE"><route edges="a b"/></vehicle></routes>'
    )
    demand = Demand.read([tmp_path / "r.rou.xml"])
    assert [trip.id for trip in demand.trips] == ["w"]
    assert demand.skipped == ["v: there is no vehicle type 'lory'. Did you mean 'lorry'?"]
