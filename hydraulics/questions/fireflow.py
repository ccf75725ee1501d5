"""How much a hydrant gives while the main keeps a residual pressure.

Instead of searching for the flow that leaves 14 m, the hydrant is opened against a pressure of 14 m: an outlet without
loss whose outside head is the ground plus the residual. One solution per hydrant gives the flow exactly; the batch
solves eight hydrants at a time. A check puts the flow back as a demand and reads the pressure.

Residual of 20 psi (14.06 m): NFPA 291, AWWA M31.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hydraulics.fast.arrays import Network
from hydraulics.fast.plan import Pressure
from hydraulics.fast.solver import Batch, Case, Engine

RESIDUAL_M = 14.0
NO_LOSS = 100.0
"""Outlet coefficient in m3/s at 1 m: a flow of 0.1 m3/s then costs a micrometre."""


@dataclass
class FireFlow:
    """A row per hydrant: flows in m3/s, pressures in m. lowest_m is the lowest pressure of any other customer then."""

    network: Network
    residual_m: float
    hydrants: list[int]
    static_m: np.ndarray
    flow_m3s: np.ndarray
    lowest_m: np.ndarray
    lowest_at: np.ndarray
    outcome: np.ndarray
    named: dict[str, str]

    def rows(self, needed_lps: float | None = None) -> list[dict]:
        """The table, weakest hydrant first; stable keys."""
        ids = self.network.node_ids
        order = np.lexsort((np.arange(len(self.hydrants)), self.flow_m3s))
        return [
            {
                "hydrant": ids[self.hydrants[k]],
                "static_pressure_m": round(float(self.static_m[k]), 2),
                "available_lps": round(float(self.flow_m3s[k]) * 1000, 2),
                "lowest_other_m": round(float(self.lowest_m[k]), 2),
                "lowest_other_at": ids[int(self.lowest_at[k])],
                "enough": None if needed_lps is None else bool(self.flow_m3s[k] * 1000 >= needed_lps),
                "note": self.named.get(ids[self.hydrants[k]], ""),
            }
            for k in order
        ]


def fire_flow(
    network: Network,
    hydrants: Sequence[int] | None = None,
    *,
    residual_m: float = RESIDUAL_M,
    pressure: Pressure | None = None,
    threads: int = 1,
) -> FireFlow:
    """Available flow at each hydrant (all junctions, if None). Demands stay as the file has them unless `pressure`."""
    inner = network.n_junctions
    chosen = list(range(inner)) if hydrants is None else list(hydrants)
    chosen = [i for i in chosen if network.emitter[i] == 0.0]
    engine = Engine(network, pressure or Pressure(False), emitter_nodes=chosen, outlet_m=residual_m, accuracy=1e-6)
    base = engine.settle()
    static = base.head[0, :inner] - network.elevation[:inner]
    cases = [Case(network.node_ids[i], emitter=((i, NO_LOSS),)) for i in chosen]
    count = len(chosen)
    result = FireFlow(
        network, residual_m, chosen, static[chosen], np.zeros(count), np.zeros(count), np.zeros(count, np.int64),
        np.zeros(count, np.int64), {},
    )  # fmt: skip
    customer = network.demands() > 0
    places = np.array([engine.places.emitter[i] for i in chosen], np.int64)

    def gather(batch: Batch, first: int) -> None:
        rows = np.arange(first, first + len(batch.names))
        drawn = batch.emitter[np.arange(rows.size), places[rows]]
        result.flow_m3s[rows] = np.where(static[np.array(chosen)[rows]] > residual_m, np.maximum(drawn, 0.0), 0.0)
        others = np.where(customer, batch.head[:, :inner] - network.elevation[:inner], np.inf)
        others[np.arange(rows.size), np.array(chosen)[rows]] = np.inf
        result.lowest_at[rows] = others.argmin(axis=1)
        result.lowest_m[rows] = others.min(axis=1)
        result.outcome[rows] = batch.outcome

    _, result.named = engine.reduce(cases, gather, threads=threads)
    for k in np.flatnonzero(result.flow_m3s == 0):
        result.named.setdefault(network.node_ids[chosen[k]], "under the residual pressure at rest")
    return result
