"""A queue model on the small town, and what a test needs to drive it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.traffic.conftest import setup_of
from traffic.domain import DOMAIN
from twin.clock import to_us
from twin.model import Event

CARS = "".join(
    f'<vehicle id="c{k}" type="car" depart="{k * 5}"><route edges="AB BC CD"/></vehicle>' for k in range(100)
)


class Queue:
    """A queue model with what a test needs to drive it."""

    def __init__(self, setup: Any) -> None:
        self.setup, self.model, self.now_us = setup, DOMAIN.build(setup), 0
        self.depth = np.zeros(self.model.places["edge"].size)

    def flood(self, **depths: float) -> None:
        for edge, depth in depths.items():
            self.depth[self.model.network.index[edge]] = depth
        self.model.put("depth", self.depth.copy())

    def to(self, second: float) -> None:
        while self.now_us < to_us(second):
            self.now_us = self.model.advance(min(self.now_us + to_us(10), to_us(second)))

    def event(self, verb: str, phase: str = "start", id: str = "e1", **args: Any) -> None:
        self.model.apply(Event(id, verb, DOMAIN.verbs[verb].model_validate(args), phase))

    def value(self, metric: str) -> Any:
        return self.model.summary()[metric].value

    def rows(self, table: str) -> list[dict[str, Any]]:
        found = self.model.tables()[table]
        return [dict(zip(found.columns, row, strict=True)) for row in found.rows]

    def entered(self, edge: str) -> int:
        return int(self.model.run.state.entered[:, self.model.run.bound.network.index[edge]].sum())


@pytest.fixture
def queue_on(tmp_path):
    """Builds a queue model of a section."""

    def build(config: dict[str, Any], **more: Any) -> Queue:
        return Queue(setup_of(tmp_path, {"engine": "queue", **config}, **more))

    return build


@pytest.fixture
def town(detour_net, demand, queue_on):
    """Builds a queue model on the small town with a way round."""

    def build(vehicles: str = CARS, **more: Any) -> Queue:
        given = {key: more.pop(key) for key in ("linked", "events") if key in more}
        return queue_on({"network": detour_net, "demand": [demand(vehicles)], **more}, **given)

    return build
