"""A burst: which valves to close, who loses water, and what to do when a valve does not move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hydraulics.fast.arrays import Network
from hydraulics.fast.plan import Pressure
from hydraulics.fast.solver import Case, Engine
from hydraulics.questions.reach import reached_nodes
from hydraulics.questions.segments import Layer, Segment


@dataclass
class Choice:
    """One way to isolate the burst. Indices; `without` are junctions with demand that get less than half of it."""

    stuck: int | None
    segment: Segment
    extra_valves: tuple[int, ...]
    closure: tuple[int, ...]
    unserved_m3h: float
    without: tuple[int, ...]
    short: int
    note: str = ""


@dataclass
class Isolation:
    """The first choice, and one for each of its valves that may be stuck, best first."""

    network: Network
    layer: Layer
    pipe: int
    first: Choice
    second: list[Choice]

    def rows(self) -> list[dict]:
        """The table: a row per choice; stable keys."""
        layer, ids = self.layer, self.network.node_ids
        return [
            {
                "choice": "first" if c.stuck is None else f"{layer.name(c.stuck)} stuck",
                "valves": [layer.name(v) for v in c.segment.valves],
                "more_valves": [layer.name(v) for v in c.extra_valves],
                "pipes": [self.network.link_ids[k] for k in c.segment.links],
                "unserved_m3h": round(c.unserved_m3h, 3),
                "without_water": [ids[i] for i in c.without],
                "short_nodes": c.short,
                "note": c.note,
            }
            for c in (self.first, *self.second)
        ]


def isolate(network: Network, pressure: Pressure, layer: Layer, pipe: int, *, stuck: int | None = None) -> Isolation:
    """Valves around the segment of `pipe`; then the same with each of them stuck in turn (or only `stuck`).

    All choices are solved as one batch.
    """
    first = layer.of_link(pipe)
    tries: list[tuple[int | None, Segment]] = [(None, first)]
    for number in first.valves if stuck is None else (stuck,):
        tries.append((number, layer.with_stuck(pipe, (number,))))
    closures = [layer.closure(segment) for _, segment in tries]
    engine = Engine(network, pressure)
    base = engine.settle()
    batch = engine.solve([Case(f"choice {i}", close=c) for i, c in enumerate(closures)])
    full = network.demands()
    customer = full > 0
    inner = network.n_junctions
    reached = reached_nodes(network, engine.shut, closures)[:, :inner]
    served = np.where(reached, batch.demand, 0.0)
    before = float((full - base.demand[0])[customer].sum())
    required = float(pressure.required_m)
    pressures = batch.head[:, :inner] - network.elevation[:inner]
    was_short = base.head[0, :inner] - network.elevation[:inner] < required
    choices = []
    for i, (valve, segment) in enumerate(tries):
        without = np.flatnonzero(customer & (served[i] < 0.5 * full) & (base.demand[0] >= 0.5 * full))
        unserved = max(float((full - served[i])[customer].sum()) - before, 0.0) * 3600
        low = customer & ~was_short & ((pressures[i] < required - 1e-6) | ~reached[i])
        extra = tuple(v for v in segment.valves if v not in first.valves)
        note = batch.named.get(f"choice {i}", "")
        if any(node >= inner for node in segment.nodes):
            note = "; ".join(filter(None, ("a tank or reservoir lies inside: its water keeps flowing", note)))
        choices.append(
            Choice(valve, segment, extra, closures[i], unserved, tuple(map(int, without)), int(low.sum()), note)
        )
    second = sorted(choices[1:], key=lambda c: (c.unserved_m3h, len(c.extra_valves), c.stuck or 0))
    return Isolation(network, layer, pipe, choices[0], second)
