"""The street graph of real networks, and what it promises of any."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from twin.build.reading import package_file
from twin.build.recipe import StreetsRecipe
from twin.build.streets import Streets, polyline_length, street_graph
from twin.build.sumo_net import SumoNet, crs_of, read_net


@pytest.fixture(scope="module")
def adlershof() -> tuple[SumoNet, Streets]:
    net = read_net(package_file(StreetsRecipe(package="sumo/tools/game/DRT/osm.net.xml")))
    return net, street_graph(net, 12.0, 120.0)


def test_adlershof_has_the_streets_that_its_map_shows(adlershof: tuple[SumoNet, Streets]) -> None:
    """Counted once with the same rules by another program: 403 junctions, 517 streets."""
    net, streets = adlershof
    assert net.crs == "EPSG:32633"
    assert (len(streets.xy), len(streets.streets)) == (403, 517)
    assert {"Rudower Chaussee", "Ernst-Ruska-Ufer"} <= {s.name for s in streets.streets}


def test_coordinates_are_true_utm(adlershof: tuple[SumoNet, Streets]) -> None:
    """Berlin-Adlershof lies at 13.53° E, 52.43° N; pyproj turns the streets' middle back into degrees."""
    import pyproj

    _, streets = adlershof
    back = pyproj.Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)
    lon, lat = back.transform(*streets.xy.mean(axis=0))
    assert (lon, lat) == (pytest.approx(13.53, abs=0.02), pytest.approx(52.43, abs=0.02))


def test_the_graph_is_one_piece_without_loops_and_long_streets(adlershof: tuple[SumoNet, Streets]) -> None:
    _, streets = adlershof
    graph = streets.graph()
    assert nx.is_connected(graph)
    assert graph.number_of_edges() == len(streets.streets)
    for s in streets.streets:
        assert s.a != s.b
        assert s.length_m <= 120.01
        assert np.allclose(s.shape[0], streets.xy[s.a])
        assert np.allclose(s.shape[-1], streets.xy[s.b])


def test_no_two_junctions_of_the_network_within_the_snap_stay_apart(adlershof: tuple[SumoNet, Streets]) -> None:
    """Real junctions come first in the list; pieces of long streets follow."""
    _, streets = adlershof
    real = streets.xy[: streets.counts["junctions_real"]]
    assert len(np.unique(real.round(3), axis=0)) == len(real)


def test_brunswick_has_the_streets_that_its_map_shows(shared: Path) -> None:
    """1,851 and 2,248 with another program that counted edges of two kinds differently by a few."""
    net = read_net(shared / "traffic/sumo-scenarios/port_tutorials/port_brunswick/osm.net.xml.gz")
    streets = street_graph(net, 12.0, 120.0)
    assert net.crs == "EPSG:32632"
    assert len(streets.xy) == pytest.approx(1851, rel=0.01)
    assert len(streets.streets) == pytest.approx(2248, rel=0.01)


def test_a_window_without_streets_is_told(adlershof: tuple[SumoNet, Streets]) -> None:
    with pytest.raises(ValueError, match="fewer than three streets"):
        street_graph(adlershof[0], 12.0, 120.0, (0.0, 0.0, 1.0, 1.0))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("+proj=utm +zone=33 +ellps=WGS84 +datum=WGS84 +units=m +no_defs", "EPSG:32633"),
        ("+proj=utm +zone=5 +south +ellps=WGS84", "EPSG:32705"),
        ("!", None),
        ("-", None),
    ],
)
def test_sumos_projection_gives_the_epsg_code(text: str, code: str | None) -> None:
    assert crs_of(text) == code


def test_length_of_a_corner() -> None:
    assert polyline_length(np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]])) == pytest.approx(7.0)
