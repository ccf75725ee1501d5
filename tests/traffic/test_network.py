"""Reading SUMO networks: coordinates, names, who may drive, ways."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest

from traffic.network import edges_of, extent, known_edge, permitted, read_network


def test_coordinates_are_the_citys_not_sumos(detour_net):
    """Drawn from (1000, 1800) on; SUMO's file starts at (0, 0) with the shift as netOffset."""
    network = read_network(detour_net)
    shape = network.edges[network.index["AB"]].shape
    assert shape[:, 0].min() == pytest.approx(1000, abs=20), "junctions cut the ends of an edge"
    assert shape[:, 0].max() == pytest.approx(1300, abs=20)
    assert shape[:, 1] == pytest.approx(2000, abs=8), "lanes lie beside the line that was drawn"
    assert extent(detour_net) == pytest.approx((1000, 1800, 1900, 2000))
    assert not network.has_crs


def test_only_edges_with_road_vehicles_are_streets(detour_net):
    """The footpath is known (routes may name it) but is no street."""
    network = read_network(detour_net)
    assert set(network.index) == {"AB", "BC", "CD", "BE", "EC"}
    assert "walk" in network.all_ids


def test_lanes_keep_their_own_permissions_and_limits(detour_net):
    """Lane 0 of BC is a bus lane, lane 1 is not for trucks and slower."""
    network = read_network(detour_net)
    bus, general = network.edges[network.index["BC"]].lanes
    assert bus.classes == {"bus", "taxi", "emergency"}
    assert {"passenger"} <= general.classes
    assert "truck" not in general.classes
    assert (bus.speed_mps, general.speed_mps) == (13.9, 11.1)


def test_streets_are_found_by_name_in_any_case(detour_net):
    """Both edges of Side Lane, and a near miss is told."""
    network = read_network(detour_net)
    assert set(network.edges_of_street("side lane")) == {"BE", "EC"}
    with pytest.raises(ValueError, match="Did you mean 'BC'"):
        known_edge("BCC", network)
    with pytest.raises(ValueError, match="no road vehicle drives"):
        known_edge("walk", network)

    class Somewhere:
        street = "Side Lan"

        def ids(self) -> tuple[str, ...]:
            return ()

    with pytest.raises(ValueError, match="Did you mean 'Side Lane'"):
        edges_of(Somewhere(), network)


def test_free_time_is_length_over_limit_on_the_best_way(detour_net):
    """Main Street straight; a truck has to take Side Lane, because BC's lanes are not for trucks."""
    network = read_network(detour_net)
    length = {edge.id: edge.length_m for edge in network.edges}
    car = length["AB"] / 13.9 + length["BC"] / 13.9 + length["CD"] / 13.9
    assert network.free_time_s("AB", "CD", "passenger") == pytest.approx(car)
    truck = length["AB"] / 13.9 + (length["BE"] + length["EC"]) / 8.3 + length["CD"] / 13.9
    assert network.free_time_s("AB", "CD", "truck") == pytest.approx(truck)
    assert network.free_time_s("CD", "AB", "passenger") == float("inf")


def test_upstream_edges_end_within_reach(detour_net):
    """Before CD lie BC and EC at 0 m, AB one edge further: within 500 m, not within 100 m."""
    network = read_network(detour_net)
    assert network.upstream("CD", 100) == {"CD", "BC", "EC"}
    assert network.upstream("CD", 500) == {"CD", "BC", "EC", "BE", "AB"}


def test_gzipped_networks_read_the_same(detour_net, tmp_path):
    packed = tmp_path / "detour.net.xml.gz"
    with detour_net.open("rb") as plain, gzip.open(packed, "wb") as stream:
        shutil.copyfileobj(plain, stream)
    a, b = read_network(detour_net), read_network(packed)
    assert [edge.id for edge in a.edges] == [edge.id for edge in b.edges]
    assert all(np.array_equal(x.shape, y.shape) for x, y in zip(a.edges, b.edges, strict=True))


@pytest.mark.parametrize("text", ["<routes/>", "<net><edge id='a'", "", "<net></net>"])
def test_what_is_no_network_is_refused_by_name(tmp_path, text):
    file = tmp_path / "odd.net.xml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"odd\.net\.xml is not"):
        read_network(file)


@pytest.mark.parametrize(
    ("allow", "disallow", "car", "truck"),
    [
        (None, None, True, True),
        ("all", None, True, True),
        ("passenger bus", None, True, False),
        (None, "truck", True, False),
        (None, "all", False, False),
        ("pedestrian", None, False, False),
    ],
)
def test_permissions_follow_sumos_attributes(allow, disallow, car, truck):
    classes = permitted(allow, disallow)
    assert ("passenger" in classes, "truck" in classes) == (car, truck)


def test_a_real_city_reads_in_under_two_seconds():
    """Berlin-Adlershof as eclipse-sumo carries it: UTM 33, Rudower Chaussee among its streets."""
    import time

    import sumo

    start = time.perf_counter()
    network = read_network(Path(sumo.SUMO_HOME) / "tools" / "game" / "DRT" / "osm.net.xml")
    assert time.perf_counter() - start < 2
    assert len(network.edges) > 1000
    assert network.has_crs
    assert "Rudower Chaussee" in network.streets
    west, south, east, north = network.bounds
    for edge in network.edges:
        assert west - 50 <= edge.shape[:, 0].min()
        assert edge.shape[:, 0].max() <= east + 50
        assert south - 50 <= edge.shape[:, 1].min()
        assert edge.shape[:, 1].max() <= north + 50
