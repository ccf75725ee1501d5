"""What a case does to customers, in the terms of the people who answer for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hydraulics.fast.arrays import Network
from hydraulics.fast.plan import Pressure
from hydraulics.fast.solver import Batch, Case, Engine
from hydraulics.questions.reach import reached_nodes


@dataclass
class Effects:
    """A row per case; see `COLUMNS` for the unit and meaning of each."""

    names: list[str]
    short: np.ndarray
    unserved_m3h: np.ndarray
    isolated: np.ndarray
    lowest_m: np.ndarray
    outcome: np.ndarray
    named: dict[str, str]

    def rank(self) -> np.ndarray:
        """Worst first: by unserved water, then by customers under pressure, then by name order."""
        order = np.lexsort((np.arange(len(self.names)), -self.isolated, -self.short, -np.round(self.unserved_m3h, 6)))
        return order


COLUMNS = {
    "unserved_m3h": "demand that is not delivered, m3/h, beyond that of the undisturbed network",
    "short_nodes": "junctions with demand that fall below the required pressure and were not before",
    "isolated_nodes": "junctions that no source reaches any more",
    "lowest_pressure_m": "lowest pressure among junctions with demand that are still reached, m",
}


def evaluate(engine: Engine, cases: list[Case], *, required_m: float, threads: int = 1, block: int = 512) -> Effects:
    """Solve cases and sum up each: memory stays at `block` cases."""
    network = engine.network
    base = engine.settle()
    full = network.demands()
    customer = full > 0
    elevation = network.elevation[: network.n_junctions]
    was_short = base.head[0, : network.n_junctions] - elevation < required_m
    was_unserved = float((full - base.demand[0])[customer].sum())
    none = reached_nodes(network, engine.shut, [()])[0, : network.n_junctions]
    size = len(cases)
    result = Effects(
        [c.name for c in cases], np.zeros(size, np.int64), np.zeros(size), np.zeros(size, np.int64), np.zeros(size),
        np.zeros(size, np.int64), {},
    )  # fmt: skip

    def gather(batch: Batch, first: int) -> None:
        rows = slice(first, first + len(batch.names))
        reached = reached_nodes(network, engine.shut, [c.close for c in cases[rows]])[:, : network.n_junctions]
        pressure = batch.head[:, : network.n_junctions] - elevation
        result.isolated[rows] = (none & ~reached).sum(axis=1)
        low = (pressure < required_m - 1e-6) | ~reached
        result.short[rows] = (low & ~was_short & customer).sum(axis=1)
        served = np.where(reached, batch.demand, 0.0)
        result.unserved_m3h[rows] = np.maximum(((full - served)[:, customer].sum(axis=1) - was_unserved) * 3600.0, 0.0)
        seen = np.where(reached & customer, pressure, np.inf).min(axis=1)
        result.lowest_m[rows] = np.where(np.isfinite(seen), seen, np.nan)
        result.outcome[rows] = batch.outcome

    _, result.named = engine.reduce(cases, gather, threads=threads, block=block)
    return result


def pressure_rule(network: Network, required_m: float | None) -> Pressure:
    """Pressure-driven by the user's pressure, else by the file's, else by 20 m."""
    if required_m is not None:
        return Pressure(True, 0.0, required_m)
    o = network.options
    return Pressure(True, o.minimum_m, o.required_m, o.exponent) if o.driven else Pressure(True, 0.0, 20.0)
