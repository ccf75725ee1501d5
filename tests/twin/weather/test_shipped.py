"""The shipped scenario with a moving storm is sound, and its zones lie over its terrain."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from twin.model import Journal
from twin.places import Grid
from twin.scenario import load, setup_for

CITY = REPOSITORY / "scenarios" / "adlershof" / "city" / "city.yaml"
pytestmark = pytest.mark.skipif(not CITY.is_file(), reason="needs the built city (make demo)")


def test_the_shipped_storm_crosses_its_city(tmp_path: Path):
    """Drainage knows the zones before it is built; every street of the city gets some rain, and not all the same."""
    scenario = load(REPOSITORY / "scenarios" / "adlershof" / "moving-storm.yaml")
    setup = setup_for(scenario, "weather", tmp_path, Journal())
    assert setup.extent is not None
    assert list(scenario.domains["weather"].check(setup)) == []
    zones = setup_for(scenario, "drainage", tmp_path, Journal()).sources["rain"]
    assert isinstance(zones, Grid)
    west, south, east, north = zones.bounds
    assert west <= setup.extent[0] <= setup.extent[2] <= east
    assert south <= setup.extent[1] <= setup.extent[3] <= north
    model = scenario.domains["weather"].build(setup)
    model.advance(setup.duration_us)
    depth = model.take("rain_depth")
    assert depth.min() > 10.0
    assert depth.max() > 1.5 * depth.min()


def test_a_scenario_with_the_same_rain_everywhere_knows_no_zones(tmp_path: Path):
    scenario = load(REPOSITORY / "scenarios" / "adlershof" / "drill.yaml")
    assert setup_for(scenario, "drainage", tmp_path, Journal()).sources == {}
    assert setup_for(scenario, "weather", tmp_path, Journal()).extent is None
