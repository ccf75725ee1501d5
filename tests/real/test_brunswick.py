"""A city of real streets and real trucks: the port of Brunswick (a SUMO tutorial) through `twin build` and a drill."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.real import cases

STREETS = "traffic/sumo-scenarios/port_tutorials/port_brunswick/osm.net.xml.gz"
TRUCKS = "traffic/sumo-scenarios/port_tutorials/port_brunswick/osm.truck.trips.xml"
WITH_TRUCKS = "twin: 1\nextends: city/city.yaml\ntraffic: {demand: [osm.truck.trips.xml]}\n"


def prepared(take: Callable[[str], Path], folder: Path, *words: str) -> Path:
    """The project's Brunswick scenarios with the tutorial's trucks, beside a built city."""
    cases.copy(REPOSITORY / "scenarios" / "brunswick", folder)
    take(TRUCKS)
    (folder / "trucks.yaml").write_text(WITH_TRUCKS)
    for name in ("drill.yaml", "dry.yaml"):
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace("extends: city/city.yaml\n", "extends: trucks.yaml\n"))
    built = cases.twin(folder, "build", "city.build.yaml", "--net", take(STREETS).name, "--quiet", *words)
    assert built.code == 0, built.err
    return folder / "city"


@pytest.mark.slow
def test_real_streets_and_their_trucks_become_a_city_that_floods(take: Callable[[str], Path], tmp_path: Path) -> None:
    """The drill's first 85 minutes, the storm's peak and the burst among them.

    Every edge of the tutorial's trips is kept, the trucks drive, the storm closes a street, and every account closes.
    """
    city = prepared(take, tmp_path, "--set", "sewer.trial=false")
    trips = re.findall(r'<trip [^>]*from="([^"]+)" to="([^"]+)"', (tmp_path / "osm.truck.trips.xml").read_text())
    edges = set(re.findall(r'<edge id="([^"]+)"', (city / "city.net.xml").read_text()))
    assert len(trips) == 322
    assert {edge for trip in trips for edge in trip} <= edges
    words = (
        "--set",
        "clock.duration=85 min",
        "--set",
        "timeline.0.until=+1:20",
        "--no-baseline",
        "--json",
        "--no-report",
    )
    told = cases.twin(tmp_path, "run", "drill.yaml", "--quiet", *words)
    assert told.code == 0, told.err
    assert told.summary["ledger"]["closed"]
    assert all(link["sent"] == link["received"] + link["in_transit"] for link in told.summary["ledger"]["links"])
    departed = cases.balance(told, "traffic", "vehicles")["noted"]["departed"]
    assert departed > 1500
    assert told.metric("traffic.discarded") == told.metric("traffic.teleports") == 0
    assert told.metric("drainage.sewer_flooding") == 0.0
    assert told.metric("drainage.max_depth") > 0.5
    assert told.metric("traffic.roads_cut") > 0
