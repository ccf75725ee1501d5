"""Isochrones: times by hand on a small network, closures and water, people counted, bad files named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traffic.network import read_network
from traffic.reach import Isochrones
from traffic.reach_config import Reach


def points(path: Path, *rows: tuple[float, float, dict]) -> Path:
    features = [
        {"type": "Feature", "properties": p, "geometry": {"type": "Point", "coordinates": [x, y]}} for x, y, p in rows
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


@pytest.fixture
def isochrones(tmp_path: Path, detour_net: Path) -> Isochrones:
    """An ambulance at the west end of Main Street; 100 people on A-B, 300 on C-D."""
    network = read_network(detour_net)
    west = min(e.shape[:, 0].min() for e in network.edges)
    y = network.edges[network.index["AB"]].shape[0, 1]
    stations = points(tmp_path / "s.geojson", (west + 1, y, {"kind": "ambulance", "name": "West"}))
    people = points(tmp_path / "p.geojson", (west + 150, y, {"people": 100}), (west + 800, y, {"people": 300}))
    config = Reach.model_validate(
        {"stations": stations.name, "people": people.name, "turnout": "0 s", "turn": "0 s", "ambulance": "1 min"},
        context={"folder": tmp_path, "root": str(tmp_path)},
    )
    return Isochrones.read(config, network)


def test_times_along_main_street_by_hand(isochrones: Isochrones) -> None:
    """Half of A-B, B-C at 11.1 m/s on its car lane (13.9 on the bus lane, which an ambulance uses), half of C-D."""
    net = isochrones.network
    dry = net.limits_mps
    minutes = isochrones.minutes("ambulance", dry, np.zeros(len(net.edges), dtype=bool))
    length = {e.id: e.length_m for e in net.edges}
    wanted = (length["AB"] / 2 + length["BC"] + length["CD"] / 2) / 13.9 / 60
    assert minutes[net.index["CD"]] == pytest.approx(wanted, rel=1e-6)
    assert minutes[net.index["AB"]] == 0.0
    assert isochrones.share("ambulance", minutes) == 100.0


def test_a_closed_street_sends_the_ambulance_round_and_two_cut_it_off(isochrones: Isochrones) -> None:
    net = isochrones.network
    dry, closed = net.limits_mps, np.zeros(len(net.edges), dtype=bool)
    before = isochrones.minutes("ambulance", dry, closed)
    closed[net.index["BC"]] = True
    after = isochrones.minutes("ambulance", dry, closed)
    assert after[net.index["CD"]] > before[net.index["CD"]]
    closed[net.index["BE"]] = True
    cut = isochrones.minutes("ambulance", dry, closed)
    assert np.isinf(cut[net.index["CD"]])
    assert isochrones.share("ambulance", cut) == 25.0


def test_a_station_whose_own_street_is_closed_helps_nobody(isochrones: Isochrones) -> None:
    net = isochrones.network
    closed = np.zeros(len(net.edges), dtype=bool)
    closed[net.index["AB"]] = True
    minutes = isochrones.minutes("ambulance", net.limits_mps, closed)
    assert np.isinf(minutes).all()
    assert isochrones.share("ambulance", minutes) == 0.0


@given(seed=st.integers(0, 1000))
def test_water_and_closures_never_help(seed: int, detour_net: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    network = read_network(detour_net)
    folder = tmp_path_factory.mktemp("reach")
    edge = network.edges[network.index["AB"]]
    at = points(folder / "s.geojson", (*edge.shape[0], {"kind": "fire"}))
    who = points(folder / "p.geojson", (*edge.shape[-1], {}))
    context = {"folder": folder, "root": str(folder)}
    found = Isochrones.read(Reach.model_validate({"stations": at.name, "people": who.name}, context=context), network)
    rng = np.random.default_rng(seed)
    dry, none = network.limits_mps, np.zeros(len(network.edges), dtype=bool)
    wet = dry * rng.uniform(0.1, 1.0, dry.size)
    shut = rng.random(dry.size) < 0.2
    assert (found.minutes("fire", wet, shut) >= found.minutes("fire", dry, none) - 1e-9).all()


@pytest.mark.parametrize(
    ("stations", "people", "word"),
    [
        ([(0.0, 0.0, {"kind": "police"})], [(0.0, 0.0, {})], "kind 'police'"),
        ([], [(0.0, 0.0, {})], "no points"),
        ([(0.0, 0.0, {"kind": "fire"})], [(0.0, 0.0, {"people": -3})], "point 1 has people -3"),
        ([(0.0, 0.0, {"kind": "fire"})], [(0.0, 0.0, {"people": 0})], "there is nobody"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, detour_net: Path, stations: list, people: list, word: str) -> None:
    context = {"folder": tmp_path, "root": str(tmp_path)}
    a, b = points(tmp_path / "s.geojson", *stations), points(tmp_path / "p.geojson", *people)
    config = Reach.model_validate({"stations": a.name, "people": b.name}, context=context)
    with pytest.raises(ValueError, match=word):
        Isochrones.read(config, read_network(detour_net))
