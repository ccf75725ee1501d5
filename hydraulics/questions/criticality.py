"""Every pipe, or every valve segment, out of service in turn: who is without water, and which failure is worst."""

from __future__ import annotations

from dataclasses import dataclass

from hydraulics.fast.arrays import Network
from hydraulics.fast.plan import Pressure
from hydraulics.fast.solver import Case, Engine, closable
from hydraulics.questions.effect import Effects, evaluate
from hydraulics.questions.segments import Layer


@dataclass
class Criticality:
    """Effects of all failures and, per failure, the links that it shuts."""

    network: Network
    required_m: float
    unit: str
    effects: Effects
    links: list[tuple[int, ...]]

    def rows(self, top: int | None = None) -> list[dict]:
        """The table, worst first; stable keys."""
        e = self.effects
        order = e.rank()[:top]
        return [
            {
                "rank": place,
                self.unit: e.names[k],
                "links": len(self.links[k]),
                "unserved_m3h": round(float(e.unserved_m3h[k]), 3),
                "short_nodes": int(e.short[k]),
                "isolated_nodes": int(e.isolated[k]),
                "lowest_pressure_m": None if e.lowest_m[k] != e.lowest_m[k] else round(float(e.lowest_m[k]), 2),
                "note": e.named.get(e.names[k], ""),
            }
            for place, k in enumerate(order, 1)
        ]


def pipe_criticality(network: Network, pressure: Pressure, *, threads: int = 1) -> Criticality:
    """Every pipe that is open at the start, closed in turn."""
    engine = Engine(network, pressure)
    cases = [Case(network.link_ids[k], close=(k,)) for k in closable(engine)]
    required = float(pressure.required_m)
    effects = evaluate(engine, cases, required_m=required, threads=threads)
    return Criticality(network, required, "pipe", effects, [c.close for c in cases])


def segment_criticality(network: Network, pressure: Pressure, layer: Layer, *, threads: int = 1) -> Criticality:
    """Every valve segment cut out in turn; segments without a link in service are left out."""
    engine = Engine(network, pressure)
    cases = []
    for segment in layer.segments:
        links = tuple(k for k in layer.closure(segment) if not engine.shut[k])
        sources = any(node >= network.n_junctions for node in segment.nodes)
        if links and not sources:
            cases.append(Case(f"S{segment.number}", close=links))
    required = float(pressure.required_m)
    effects = evaluate(engine, cases, required_m=required, threads=threads)
    return Criticality(network, required, "segment", effects, [c.close for c in cases])
