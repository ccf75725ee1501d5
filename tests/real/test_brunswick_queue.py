"""The port of Brunswick with its trucks, on the queue engine: the city of `test_brunswick`, driven in seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.real import cases
from tests.real.test_brunswick import prepared


@pytest.mark.slow
def test_the_trucks_of_brunswick_drive_coupled_on_the_queue_engine(take: Callable[[str], Path], tmp_path: Path) -> None:
    """The drill's first 85 minutes: trips from and to edges get their ways, a street closes, every account closes."""
    prepared(take, tmp_path, "--set", "sewer.trial=false")
    words = (
        "--set",
        "traffic.engine=queue",
        "--set",
        "traffic.reach=",
        "--set",
        "clock.duration=85 min",
        "--set",
        "timeline.0.until=+1:20",
    )
    told = cases.twin(tmp_path, "run", "drill.yaml", "--quiet", "--no-baseline", "--json", "--no-report", *words)
    assert told.code == 0, told.err
    assert told.summary["ledger"]["closed"]
    assert all(link["sent"] == link["received"] + link["in_transit"] for link in told.summary["ledger"]["links"])
    noted = cases.balance(told, "traffic", "vehicles")["noted"]
    assert noted["departed"] > 1500
    assert told.metric("traffic.discarded") == 0
    assert told.metric("traffic.roads_cut") > 0
