"""Road traffic alone, from a SUMO scenario as it was published (Bologna, 11,176 vehicles and their buses)."""

from __future__ import annotations

import gzip
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.real import cases
from twin.scenario.setup import seed_for

BOLOGNA = "traffic/sumo-scenarios/bologna/joined"
TRIP = re.compile(r'<tripinfo id="([^"]*)".* duration="([^"]*)".* timeLoss="([^"]*)"')


def trips_in(file: Path) -> set[tuple[str, str, str]]:
    """(id, duration, time loss) of every finished trip in a tripinfo file."""
    text = (gzip.open if file.suffix == ".gz" else open)(file, "rt").read()
    finished = re.findall(r"<tripinfo [^>]*>", text)
    return {TRIP.match(line).groups() for line in finished if 'arrival="-1' not in line}  # type: ignore[union-attr]


def plain(folder: Path, seconds: int, seed: int) -> set[tuple[str, str, str]]:
    """The trips of SUMO's own program on the same configuration."""
    import sumo

    target = folder / "plain.xml"
    words = (
        "--seed",
        str(seed_for(seed, "traffic") % 2**31),
        "--end",
        str(seconds),
        "--tripinfo-output",
        str(target),
        "--no-warnings",
    )
    command = [f"{sumo.SUMO_HOME}/bin/sumo", "-c", str(folder / "run.sumocfg"), *words]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return trips_in(target)


@pytest.mark.parametrize("minutes", [10, pytest.param(60, marks=pytest.mark.slow)])
def test_a_published_scenario_alone_is_sumos_own(minutes: int, take: Callable[[str], Path], tmp_path: Path) -> None:
    """The `sumocfg` as it is, through the command line: every trip, duration and loss to the last digit."""
    take(BOLOGNA)
    told = cases.run(tmp_path, "alone", hours=minutes / 60, seed=1, traffic={"sumocfg": "run.sumocfg"})
    assert told.summary["sections"] == ["traffic"]
    assert told.worst() == 0.0
    ours = trips_in(told.folder / "engines" / "traffic" / "tripinfo.xml.gz")
    theirs = plain(tmp_path, minutes * 60, seed=1)
    assert len(theirs) > 300
    assert ours == theirs
    assert told.metric("traffic.trips_finished") == len(theirs)


def test_a_closed_street_sends_its_drivers_elsewhere(take: Callable[[str], Path], tmp_path: Path) -> None:
    """The busiest edge of the first ten minutes is closed after three: some are rerouted, all are counted."""
    take(BOLOGNA)
    routes = re.findall(r'edges="([^"]*)"', (tmp_path / "joined.rou.xml").read_text())[:500]
    counts: dict[str, int] = {}
    for route in routes:
        for edge in route.split()[2:-2]:
            counts[edge] = counts.get(edge, 0) + 1
    busiest = max(sorted(counts), key=lambda edge: counts[edge])
    timeline = [{"at": "+3 min", "do": "traffic.close", "edge": busiest, "until": "+8 min"}]
    told = cases.run(tmp_path, "cut", hours=1 / 6, traffic={"sumocfg": "run.sumocfg"}, timeline=timeline)
    assert told.worst() == 0.0
    affected = [told.metric(f"traffic.{name}") for name in ("rerouted", "stranded", "cancelled", "undecided")]
    assert told.metric("traffic.affected") == sum(affected) > 0
    assert told.metric("traffic.rerouted") > 0
    assert told.metric("traffic.roads_cut") == 1
    events = (told.folder / "events.jsonl").read_text()
    assert events.count('"road_closed"') == events.count('"road_open"') == 1
