"""What the core itself costs: a day of exchanges among models that do nothing, and a link over a city's grid.

The peer is the least that any coupling must do: the same calls in a bare loop, without time, order or accounts.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.twin.test_engine import coupled
from tests.twin.toys import Pond, Spring
from twin.clock import US
from twin.links import Link
from twin.places import Grid, Lines
from twin.ports import Join, Kind
from twin.spatial import join

MINUTES = 24 * 60


def bare_loop() -> None:
    """The same models and the same exchanges by hand: 10 s steps of one, 60 s of the other."""
    spring, pond = Spring("spring"), Pond("pond")
    total = np.zeros(2)
    for i in range(MINUTES * 6):
        spring.advance((i + 1) * 10 * US)
        water = spring.take("water")
        total += (water[0], water[1:].sum())
        if i % 6 == 5:
            pond.put("inflow", total)
            total = np.zeros(2)
            pond.advance((i + 1) * 10 * US)


def scheduled() -> None:
    coupled([Spring("spring", step_us=10 * US), Pond("pond")], minutes=MINUTES).run()


@pytest.mark.benchmark(group="a day of exchanges (8,640 steps of 10 s)")
@pytest.mark.parametrize("way", [bare_loop, scheduled], ids=["bare loop", "scheduler"])
def test_a_day_of_exchanges(benchmark, way):
    benchmark.pedantic(way, rounds=5, iterations=1, warmup_rounds=1)


@pytest.mark.benchmark(group="depth of 325,000 cells to 8,109 streets, one exchange")
def test_depth_on_every_street(benchmark):
    grid = Grid(0.0, 0.0, 5.0, 650, 500)
    rng = np.random.default_rng(7)
    begin = rng.uniform((100, 100), (3100, 2400), (8109, 2))
    streets = Lines(
        tuple(f"e{i}" for i in range(8109)),
        tuple(np.array([a, a + d]) for a, d in zip(begin, rng.uniform(-60, 60, (8109, 2)), strict=True)),
    )
    mapping = join(grid, streets, Join.ALONG_MAX, Kind.STATE)
    link = Link("surface", "depth", "road", "depth", Kind.STATE, "m", 1.0, Join.ALONG_MAX, mapping)
    depth = rng.uniform(0, 1, grid.size)

    def exchange():
        link.push(depth)
        return link.drain()

    taken = benchmark(exchange)
    assert taken.shape == (8109,)
