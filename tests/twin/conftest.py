"""Two runs of the small city, for the tests of results and reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.twin.results.small_city import write_city


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a storm run and the same evening without the storm."""
    root = tmp_path_factory.mktemp("runs")
    write_city(root, "storm")
    write_city(root, "dry", storm=False, title="The same evening without rain")
    return root
