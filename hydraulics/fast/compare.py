"""The fast engine against EPANET: same file, same cases, same accuracy, timed in turns.

Nodes count as connected when an open link path leads from a tank or reservoir to them under the states that EPANET
ends with. A connected node may still stand in a *pocket*: a piece between shut devices or in front of a valve that
passes nothing, whose head no flow determines. Differences there are listed as such.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hydraulics.fast.arrays import CONSTANT_POWER, PUMP, Network
from hydraulics.fast.library import EpanetRefused
from hydraulics.fast.plan import Pressure
from hydraulics.fast.reference import UNBALANCED_WARNINGS, Reference
from hydraulics.fast.solver import Case, Engine

CLOSE_M = 0.01
FAR_M = 0.10
BOUNDLESS_M = 1e5
NO_FLOW_M3S = 1e-6
"""A millilitre a second: below it a node's head is not determined by flow."""


@dataclass
class Difference:
    """A node whose heads differ by more than 10 cm, and why."""

    case: str
    node: str
    head_m: float
    reason: str


@dataclass
class Comparison:
    """Figures of one comparison. Differences of head in m at connected nodes, of flow in m3/s."""

    cases: int = 0
    nodes: int = 0
    within: int = 0
    median_m: float = 0.0
    p99_m: float = 0.0
    largest_m: float = 0.0
    largest_flow_m3s: float = 0.0
    where: str = ""
    far: list[Difference] = field(default_factory=list)
    unbalanced_by_epanet: list[str] = field(default_factory=list)
    refused_by_epanet: dict[str, str] = field(default_factory=dict)
    solved_by_epanet: dict[str, str] = field(default_factory=dict)
    fast_s: float = 0.0
    epanet_s: float = 0.0

    @property
    def share_within(self) -> float:
        return self.within / self.nodes if self.nodes else 1.0

    @property
    def ratio(self) -> float:
        """How many times less the fast engine takes per case."""
        return self.epanet_s / self.fast_s if self.fast_s > 0 else float("nan")

    @property
    def unexplained(self) -> list[Difference]:
        return [d for d in self.far if not d.reason]


def joined(network: Network, open_links: np.ndarray) -> np.ndarray:
    """(n_nodes,) whether a tank or reservoir is joined to each node by open links."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = network.n_nodes
    a, b = network.first[open_links], network.second[open_links]
    _, label = connected_components(coo_matrix((np.ones(a.size), (a, b)), shape=(n, n)), directed=False)
    return np.isin(label, np.unique(label[network.n_junctions :]))


def _throughput(network: Network, flow: np.ndarray) -> np.ndarray:
    """(n_nodes,) the largest flow in any link at each node."""
    most = np.zeros(network.n_nodes)
    np.maximum.at(most, network.first, np.abs(flow))
    np.maximum.at(most, network.second, np.abs(flow))
    return most


def compare(
    network: Network,
    pressure: Pressure,
    cases: Sequence[Case],
    *,
    accuracy: float | None = None,
    library: Path | None = None,
    repeat: int = 1,
) -> Comparison:
    """Solve `cases` with both engines. Times are the best of `repeat` rounds in which the engines take turns."""
    engine = Engine(network, pressure, accuracy=accuracy)
    engine.settle()
    packed = engine.pack(cases)
    out = engine.answers(len(cases), ("head", "demand", "flow", "emitter"))
    engine.run(packed, out)
    timed = engine.answers(len(cases), ("head", "demand"))
    result = Comparison(cases=len(cases), fast_s=np.inf, epanet_s=np.inf)
    with Reference(network, pressure, accuracy, library) as epanet:
        epanet.solve_raw(None, fresh=True)
        for _ in range(repeat):
            begun = time.thread_time()
            engine.run(packed, timed)
            result.fast_s = min(result.fast_s, time.thread_time() - begun)
            begun = time.thread_time()
            for case in cases:
                try:
                    epanet.solve_raw(case)
                except EpanetRefused as refusal:
                    result.refused_by_epanet[case.name] = str(refusal)
            result.epanet_s = min(result.epanet_s, time.thread_time() - begun)
        batch = engine._batch(cases, out, 0, True)
        result.solved_by_epanet = batch.named
        epanet.solve_raw(None, fresh=True)
        spread = []
        for row, case in enumerate(cases):
            if case.name in result.refused_by_epanet:
                continue
            answers = list(_starts(epanet, case, batch.head[row]))
            if not answers:
                result.unbalanced_by_epanet.append(case.name)
                continue
            spread.append(_one(network, case, answers, batch.head[row], batch.flow[row], result))
    if spread:
        every = np.concatenate(spread)
        result.nodes, result.within = every.size, int((every < CLOSE_M).sum())
        result.median_m, result.p99_m = float(np.median(every)), float(np.quantile(every, 0.99))
    return result


def _starts(epanet: Reference, case: Case, ours: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """EPANET's heads, flows and open links, started fresh; and, where that is far off, from its base solution too.

    With check valves and pumps more than one state can balance, and EPANET keeps the one that it comes to first."""
    for fresh in (True, False):
        if not fresh:
            epanet.solve_raw(None, fresh=True)
        if epanet.solve_raw(case, fresh) in UNBALANCED_WARNINGS:
            continue
        head, outflow, flow = epanet.read()
        status = [epanet.file.link(k + 1, "status") > 0 for k in range(epanet.network.n_links)]
        yield head, flow, np.array(status), outflow
        if np.abs(head - ours).max() < FAR_M:
            return


def _one(
    network: Network,
    case: Case,
    answers: list[tuple[np.ndarray, ...]],
    ours: np.ndarray,
    our_flow: np.ndarray,
    result: Comparison,
) -> np.ndarray:
    """Differences of one case at connected nodes from EPANET's nearest answer; notes the far ones and why."""
    best = None
    for head, flow, open_links, outflow in answers:
        open_links[list(case.close)] = False
        connected = joined(network, open_links)
        apart = np.where(connected, np.abs(ours - head), 0.0)
        if best is None or np.sort(apart)[::-1][:50].sum() < np.sort(best[0])[::-1][:50].sum():
            best = apart, connected, head, flow, outflow
    assert best is not None
    apart, connected, head, flow, outflow = best
    swing = np.abs(answers[0][0] - answers[-1][0])
    worst = int(apart.argmax())
    if apart[worst] > result.largest_m:
        result.largest_m = float(apart[worst])
        result.where = f"{network.node_ids[worst]} with {case.name} shut" if case.close else network.node_ids[worst]
    result.largest_flow_m3s = max(result.largest_flow_m3s, float(np.abs(our_flow - flow).max()))
    still = np.minimum(_throughput(network, flow), _throughput(network, our_flow)) < NO_FLOW_M3S
    boundless = bool((np.abs(head) > BOUNDLESS_M).any())
    lift = _overrun_lift(network, case, head, flow, outflow)
    for i in np.flatnonzero(apart > FAR_M):
        reason = "pocket without flow" if still[i] else ""
        if boundless:
            reason = "an inflow is cut off: heads beyond the barrier have no meaning"
        elif swing[i] > FAR_M:
            reason = "more than one state balances: EPANET's own answer depends on its start"
        elif not reason and apart[i] < lift:
            reason = "EPANET 2.2 delivers a little over full demand; a pump of constant power turns that into head"
        result.far.append(Difference(case.name, network.node_ids[i], float(apart[i]), reason))
    return apart[connected]


def _overrun_lift(network: Network, case: Case, head: np.ndarray, flow: np.ndarray, outflow: np.ndarray) -> float:
    """How far heads may move, in m, because EPANET 2.2 delivers more than full demand.

    Its barrier lets demand run over by 1 ft3/s per 1e8 ft of spare pressure (EPANET 2.3: 1e9), small at each node but
    summed over the network. At a pump of constant power head changes by h/q per unit of flow; twice that is allowed.
    """
    full = network.demands() * case.factor
    for node, value in case.demand:
        full[node] = value
    plain = (full > 0) & (network.emitter == 0)
    plain[[node for node, _ in case.emitter]] = False
    over = float(np.maximum(outflow - full, 0.0)[plain].sum())
    pumps = np.flatnonzero((network.kind == PUMP) & (network.pumps.kind == CONSTANT_POWER) & (flow > 0))
    if not pumps.size:
        return 0.0
    gain = np.abs(head[network.second[pumps]] - head[network.first[pumps]])
    return 2.0 * over * float((gain / flow[pumps]).max())
