"""Models that are closed after each test: SWMM runs one simulation in a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from drainage.model import DrainageModel
from twin.model import Setup


@pytest.fixture
def build() -> Iterator[Callable[[Setup], DrainageModel]]:
    built: list[DrainageModel] = []

    def make(setup: Setup) -> DrainageModel:
        built.append(DrainageModel(setup))
        return built[-1]

    yield make
    for model in built:
        model.close()
