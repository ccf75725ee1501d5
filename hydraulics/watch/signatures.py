"""What the sensors would show: without a hydrant, with each hydrant open so far, and by the scatter of demand.

`epanet_field` asks EPANET. Any function from a `Question` to a `Field` can take its place (`Provider`), such as one
that solves all openings of a moment in a batch.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hydraulics.config import WaterConfig
from hydraulics.epanet import Epanet
from hydraulics.outlets import orifice
from hydraulics.toolkit import Link, Node
from hydraulics.watch.readings import PRESSURE, Sensor
from twin.places import FloatArray


@dataclass(frozen=True)
class Question:
    """What is to be known of a network.

    hydrants (h,) junction ids       openings_m2 (a,) rising        times_s (t,) of the readings, rising
    moments_s (g,) some of these times, at which openings and scatter are worked out (they change slowly)
    demand_noise  standard deviation of a junction's demand over its mean, each junction by itself
    samples       draws of scattered demands: half of them tell the noise, half of them set the alarm
    """

    inp: Path
    sensors: tuple[Sensor, ...]
    hydrants: tuple[str, ...]
    openings_m2: tuple[float, ...]
    times_s: tuple[int, ...]
    moments_s: tuple[int, ...]
    demand_noise: float = 0.1
    samples: int = 400
    seed: int = 1
    settings: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class Field:
    """The answer; pressures in m, flows in m3/s.

    base (t, s)             readings without a hydrant     group (t,)   which moment stands for each reading
    change (g, h, a, s)     what an opening adds           outflow (g, h, a)   m3/s that it lets out
    draws (g, k, s)         what scattered demands add, in k draws
    """

    base: FloatArray
    group: NDArray[np.int64]
    change: FloatArray
    outflow: FloatArray
    draws: FloatArray


Provider = Callable[[Question], Field]


@dataclass
class Bench:
    """A network that is held at one moment while hydrants and demands are tried on it."""

    engine: Epanet
    sensors: tuple[Sensor, ...]

    def __post_init__(self) -> None:
        project, net = self.engine.project, self.engine.network
        link = {name: k + 1 for k, name in enumerate(net.link_ids)}
        self._nodes = [self.engine.node_number(s.id) if s.kind == PRESSURE else 0 for s in self.sensors]
        self._links = [0 if s.kind == PRESSURE else link[s.id] for s in self.sensors]
        ground = [project.node(i, Node.ELEVATION) if i else 0.0 for i in self._nodes]
        self._ground = np.array(ground)
        self._demands = [(int(node), project.demands(int(node))) for node in net.junctions]

    @property
    def junctions(self) -> int:
        return len(self._demands)

    def read(self) -> FloatArray:
        """(s,) what the sensors show, as last solved."""
        project = self.engine.project
        values = [
            (project.node(i, Node.HEAD) - z) * project.length_si if i else project.link(k, Link.FLOW) * project.flow_si
            for i, k, z in zip(self._nodes, self._links, self._ground, strict=True)
        ]
        return np.array(values)

    def solve(self) -> FloatArray:
        """(s,) after solving anew."""
        self.engine.settle()
        return self.read()

    def open(self, hydrant: str, area_m2: float) -> tuple[FloatArray, float]:
        """(readings, m3/s let out) with a hydrant open; it is shut again, unsolved."""
        outlet = self.engine.outlets.hydrants[hydrant]
        self.engine.outlets.set(outlet, orifice(area_m2, self.engine.config.discharge_coefficient))
        values = self.solve()
        flow = self.engine.outlets.flow(outlet)
        self.engine.outlets.set(outlet, 0.0)
        return values, flow

    def set_demands(self, factors: FloatArray) -> None:
        """Multiply the demands of each junction (n,) by its own factor."""
        for (node, categories), factor in zip(self._demands, factors.tolist(), strict=True):
            for category, (base, _) in enumerate(categories, start=1):
                if base:
                    self.engine.project.set_demand(node, category, base * factor)

    def scatter(self, rng: np.random.Generator, noise: float, samples: int) -> FloatArray:
        """(k, s) readings under `samples` draws of scattered demands."""
        values = np.empty((samples, len(self.sensors)))
        for k in range(samples):
            self.set_demands(draw_factors(rng, self.junctions, noise))
            values[k] = self.solve()
        self.set_demands(np.ones(self.junctions))
        return values


def draw_factors(rng: np.random.Generator, junctions: int, noise: float) -> FloatArray:
    """(n,) factors on demand around 1, none below 0."""
    return np.maximum(1.0 + noise * rng.standard_normal(junctions), 0.0)


@contextmanager
def benches(
    inp: Path, sensors: tuple[Sensor, ...], hydrants: Sequence[str], times_s: Sequence[int], settings: dict[str, object]
) -> Iterator[Iterator[tuple[int, Bench]]]:
    """The network at each of the times (rising, of the file's clock), ready for trials; its tanks move between them."""
    with tempfile.TemporaryDirectory() as folder:
        config = WaterConfig.model_validate({"network": inp, "accuracy": 1e-5, "start": "as_in_file", **settings})
        engine = Epanet(config, Path(folder), hydrants=list(hydrants))
        try:
            engine.start(0, int(times_s[-1]) + 1)
            yield _walk(engine, Bench(engine, sensors), times_s)
        finally:
            engine.close()


def _walk(engine: Epanet, bench: Bench, times_s: Sequence[int]) -> Iterator[tuple[int, Bench]]:
    now = 0
    for time_s in times_s:
        for _ in engine.run(now, time_s):
            pass
        now = time_s
        yield time_s, bench
        engine.solve()


def epanet_field(question: Question) -> Field:
    """Ask EPANET: one solution a reading, and at each moment one an opening and one a sample of demand."""
    q = question
    g, h, a, s = len(q.moments_s), len(q.hydrants), len(q.openings_m2), len(q.sensors)
    base = np.empty((len(q.times_s), s))
    change, outflow, draws = np.empty((g, h, a, s)), np.empty((g, h, a)), np.empty((g, q.samples, s))
    rng = np.random.default_rng(q.seed)
    with benches(q.inp, q.sensors, q.hydrants, q.times_s, dict(q.settings)) as walk:
        for k, (time_s, bench) in enumerate(walk):
            base[k] = bench.read()
            if time_s not in q.moments_s:
                continue
            m = q.moments_s.index(time_s)
            for i, hydrant in enumerate(q.hydrants):
                for j, area in enumerate(q.openings_m2):
                    values, outflow[m, i, j] = bench.open(hydrant, area)
                    change[m, i, j] = values - base[k]
            draws[m] = bench.scatter(rng, q.demand_noise, q.samples) - base[k]
    moments = np.array(q.moments_s)
    group = np.array([int(np.argmin(np.abs(moments - t))) for t in q.times_s])
    return Field(base, group, change, outflow, draws)
