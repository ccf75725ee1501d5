"""Bologna's morning (11,176 vehicles) through the model is SUMO's own simulation, vehicle for vehicle."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from traffic.config import TrafficConfig
from traffic.domain import DOMAIN
from twin.clock import to_us
from twin.model import Journal, Setup

SECONDS = 600


def trips_in(file: Path) -> list[tuple[str, str, str]]:
    """(id, duration, time loss) of every trip in a tripinfo file."""
    text = (gzip.open if file.suffix == ".gz" else open)(file, "rt").read()
    return sorted(re.findall(r'<tripinfo id="([^"]*)".* duration="([^"]*)".* timeLoss="([^"]*)"', text))


@pytest.fixture
def bologna(shared, tmp_path):
    """A copy of the scenario: what SUMO itself writes beside its inputs stays out of the shared folder."""
    source = shared / "traffic" / "sumo-scenarios" / "bologna" / "joined"
    if not source.is_dir():
        pytest.skip("needs the Bologna scenario")
    return Path(shutil.copytree(source, tmp_path / "bologna"))


def test_without_water_every_trip_is_sumos_own(bologna, tmp_path):
    """Same configuration, seed and time: the same trips, durations and losses to the last digit as sumo itself."""
    import sumo

    options = ("--seed", "7", "--end", str(SECONDS), "--tripinfo-output", str(tmp_path / "plain.xml"))
    subprocess.run(
        [f"{sumo.SUMO_HOME}/bin/sumo", "-c", str(bologna / "run.sumocfg"), *options, "--no-warnings"],
        check=True,
        capture_output=True,
    )
    folder = tmp_path / "run"
    folder.mkdir()
    config = TrafficConfig.model_validate({"sumocfg": "run.sumocfg"}, context={"folder": bologna})
    start = datetime(2026, 7, 1, 7, tzinfo=UTC)
    model = DOMAIN.build(Setup("traffic", config, start, to_us(SECONDS), to_us(60), 7, folder, Journal()))
    try:
        now = 0
        while now < to_us(SECONDS):
            now = model.advance(now + to_us(10))
        (balance,) = model.balances()
        finished = model.summary()["trips_finished"].value
    finally:
        model.close()
    ours, plain = trips_in(folder / "tripinfo.xml.gz"), trips_in(tmp_path / "plain.xml")
    assert len(plain) > 300
    assert [trip for trip in ours if trip in set(plain)] == plain
    assert finished == len(plain)
    assert sum(balance.inflow.values()) - sum(balance.outflow.values()) == balance.stored_now
