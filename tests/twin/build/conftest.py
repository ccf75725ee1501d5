"""A small checkerboard city, built once for all tests that look at one."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.build.city import City, build_city
from twin.build.reading import read_recipe

RECIPE = """
twin_build: 1
name: grid
seed: 3
streets: {grid: {columns: 7, rows: 7, block: 130 m}}
terrain: {cell: 5 m, relief: {underpasses: 2}}
traffic: {vehicles: 250, hours: 2, peak_hour: 0.5, ambulance_every: 10 min}
terminal: {berths: 3, depth: 220 m, gate: {trucks_per_hour: 40}}
"""


@pytest.fixture(scope="session")
def recipe_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "grid.build.yaml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def built(recipe_file: Path) -> tuple[City, Path]:
    """The city and its folder."""
    folder = recipe_file.parent / "city"
    return build_city(read_recipe(recipe_file), folder), folder
