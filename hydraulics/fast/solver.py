"""Many cases of one network: prepare, solve in lanes and threads, hand what does not converge to EPANET.

engine = Engine(read("net.inp"), Pressure(True, 0.0, 20.0))
batch = engine.solve([Case(link, close=(k,)) for k, link in enumerate(engine.network.link_ids)])
batch.head[case, node]
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from hydraulics.fast.arrays import CLOSED, CV, OPEN, PIPE, PUMP, Network
from hydraulics.fast.layout import SINGULAR, SOLVED, UNBALANCED, Answers, Cases, State, Work, workspace
from hydraulics.fast.plan import Pressure, build, cold_state, file_pressure, rules_of

BY_EPANET = 10
"""Added to the outcome of a case that EPANET has solved instead."""


WORDS = {UNBALANCED: "no balance within the trials", SINGULAR: "a singular matrix"}


@dataclass(frozen=True)
class Case:
    """One what-if, as a difference from the base: indices of links and junctions, SI values.

    close: links shut. demand: full demand of junctions, m3/s. emitter: flow at 1 m of pressure, m3/s/m^exponent.
    speed: pumps run at a speed (0 stops them). factor: all demands times this.
    """

    name: str
    close: tuple[int, ...] = ()
    demand: tuple[tuple[int, float], ...] = ()
    emitter: tuple[tuple[int, float], ...] = ()
    speed: tuple[tuple[int, float], ...] = ()
    factor: float = 1.0


@dataclass
class Batch:
    """Answers, a row per case. Heads in m, flows in m3/s; columns in the file's order.

    outcome: 0 solved; 1 unbalanced; 2 singular; 10 and more: EPANET has solved it. named: case -> what happened.
    """

    names: list[str]
    head: np.ndarray
    demand: np.ndarray
    flow: np.ndarray
    emitter: np.ndarray
    outcome: np.ndarray
    trials: np.ndarray
    error: np.ndarray
    rounds: int = 0
    named: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> np.ndarray:
        """Cases without a valid answer."""
        return (self.outcome != SOLVED) & (self.outcome < BY_EPANET)


class Engine:
    """The prepared solver of one network. Reusable; `solve` may be called from one thread at a time."""

    def __init__(
        self,
        network: Network,
        pressure: Pressure | None = None,
        *,
        demand_nodes: Iterable[int] = (),
        emitter_nodes: Iterable[int] = (),
        special_links: Iterable[int] = (),
        outlet_m: float = 0.0,
        accuracy: float | None = None,
    ) -> None:
        self.network = network
        self.pressure = pressure or file_pressure(network)
        self.plan, self.places = build(network, self.pressure, demand_nodes, emitter_nodes, special_links, outlet_m)
        self.rules = rules_of(network, accuracy)
        self.accuracy = accuracy
        self.outlet_m = outlet_m
        self.state = cold_state(network, self.plan)
        self.shut = np.zeros(network.n_links, np.bool_)
        """(n_links,) links that file, controls and patterns have shut at the start."""
        self.shut[self.plan.plain_id] = self.state.closed
        self.shut[self.plan.special_id] = self.state.status <= CLOSED
        self._work: list[Work] = []
        self._settled = False

    def workspaces(self, count: int) -> list[Work]:
        while len(self._work) < count:
            self._work.append(workspace(self.plan))
        return self._work[:count]

    # ---- packing
    def pack(self, cases: Sequence[Case], heads: np.ndarray | None = None) -> Cases:
        """Cases as compressed rows. A KeyError names what the engine was not prepared for."""
        places, network = self.places, self.network
        close_at, slot_at, emit_at, set_at = [0], [0], [0], [0]
        close: list[int] = []
        slots: list[tuple[int, float]] = []
        emits: list[tuple[int, float]] = []
        sets: list[tuple[int, int, float]] = []
        n = 1.0 / network.options.emitter_exponent
        for case in cases:
            for link in case.close:
                row = places.plain[link]
                close.append(int(row) if row >= 0 else -1 - int(places.special[link]))
            for node, value in case.demand:
                slots.append((places.slot[node], value))
            for node, value in case.emitter:
                emits.append((places.emitter[node], value**-n if value > 0 else 0.0))
            for link, value in case.speed:
                if network.kind[link] != PUMP:
                    raise KeyError(f"{network.link_ids[link]} is no pump")
                sets.append((int(places.special[link]), OPEN if value > 0 else CLOSED, value))
            close_at.append(len(close))
            slot_at.append(len(slots))
            emit_at.append(len(emits))
            set_at.append(len(sets))
        whole = lambda values: np.array(values, np.int64)  # noqa: E731
        demand = network.demands()
        slot_base = np.array([demand[node] for node in places.slot], float)
        emit_base = np.array([network.emitter[node] for node in places.emitter], float)
        if heads is None:
            heads = network.fixed_heads()
        return Cases(
            whole(close_at), whole(close), whole(slot_at), whole([s[0] for s in slots]),
            np.array([s[1] for s in slots], float), whole(emit_at), whole([e[0] for e in emits]),
            np.array([e[1] for e in emits], float), whole(set_at), whole([s[0] for s in sets]),
            whole([s[1] for s in sets]), np.array([s[2] for s in sets], float),
            np.array([c.factor for c in cases], float), np.ascontiguousarray(np.atleast_2d(heads), float), slot_base,
            emit_base,
        )  # fmt: skip

    def answers(self, count: int, keep: Iterable[str]) -> Answers:
        plan, network = self.plan, self.network
        keep = set(keep)

        def table(name: str, width: int, kind: type = float) -> np.ndarray:
            return np.zeros((count if name in keep else 0, width), kind)

        return Answers(
            table("head", network.n_nodes), table("demand", plan.n), table("flow", network.n_links),
            table("emitter", plan.emitter_node.size), table("state", plan.kind.size, np.int64),
            table("state", plan.kind.size), np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count),
        )  # fmt: skip

    def run(self, packed: Cases, out: Answers, threads: int = 1, state: State | None = None, rules=None) -> int:
        """Solve packed cases into `out`; gives the number of vector trials."""
        from hydraulics.fast.queue import run_queue

        state, rules = state or self.state, rules or self.rules
        total = packed.factor.size
        if threads <= 1 or total <= 8:
            return run_queue(self.plan, rules, state, packed, self.workspaces(1)[0], out, 0, total)
        size = max(16, -(-total // (threads * 4)))
        free = self.workspaces(threads)
        blocks = [(low, min(low + size, total)) for low in range(0, total, size)]

        def work(block: tuple[int, int]) -> int:
            mine = free.pop()
            try:
                return run_queue(self.plan, rules, state, packed, mine, out, *block)
            finally:
                free.append(mine)

        with ThreadPoolExecutor(threads) as pool:
            return sum(pool.map(work, blocks))

    # ---- solving
    def settle(self) -> Batch:
        """Solve the base case finely; later cases start from it. Done once, and by `solve` where it is not yet."""
        fine = self.rules._replace(accuracy=min(self.rules.accuracy, 1e-6))
        out = self.answers(1, ("head", "demand", "flow", "emitter", "state"))
        packed = self.pack([Case("base")])
        rounds = self.run(packed, out, rules=fine)
        if out.outcome[0] != SOLVED:
            out = self.answers(1, ("head", "demand", "flow", "emitter", "state"))
            rounds = self.run(packed, out)
        if out.outcome[0] == SOLVED:
            self.state = self.state_of(out, 0)
        self._settled = True
        return self._batch([Case("base")], out, rounds, True)

    def state_of(self, out: Answers, row: int) -> State:
        """The answer in `row` as a state to start from."""
        plan = self.plan
        demand = out.demand[row][plan.node_id]
        return State(
            out.flow[row][plan.plain_id].copy(), np.maximum(demand, 0.0), out.emitter[row].copy(),
            out.flow[row][plan.special_id].copy(), out.state[row].copy(), out.setting[row].copy(), self.state.closed,
        )  # fmt: skip

    def solve(
        self,
        cases: Sequence[Case],
        *,
        keep: Iterable[str] = ("head", "demand", "flow", "emitter"),
        threads: int = 1,
        resolve: bool = True,
    ) -> Batch:
        """Solve cases from the base solution. What does not converge is solved by EPANET, counted and named."""
        if not self._settled:
            self.settle()
        keep = tuple(keep)
        out = self.answers(len(cases), keep)
        rounds = self.run(self.pack(cases), out, threads)
        return self._batch(cases, out, rounds, resolve)

    def reduce(
        self, cases: Sequence[Case], function: Callable[[Batch, int], None], *, threads: int = 1, block: int = 512
    ) -> tuple[int, dict[str, str]]:
        """Solve cases in blocks and hand each block to `function(batch, first)`, so that memory stays small.

        Gives the number of vector trials and the named cases."""
        rounds = 0
        named: dict[str, str] = {}
        for first in range(0, len(cases), block):
            batch = self.solve(cases[first : first + block], threads=threads)
            function(batch, first)
            rounds += batch.rounds
            named |= batch.named
        return rounds, named

    def _batch(self, cases: Sequence[Case], out: Answers, rounds: int, resolve: bool) -> Batch:
        batch = Batch(
            [c.name for c in cases], out.head, out.demand, out.flow, out.emitter, out.outcome, out.trials, out.error,
            rounds,
        )  # fmt: skip
        failed = np.flatnonzero(batch.outcome != SOLVED).tolist()
        why = {row: WORDS[int(batch.outcome[row])] for row in failed}
        batch.named |= {batch.names[row]: why[row] for row in failed}
        if failed and resolve and self.outlet_m == 0.0:
            self._hand_over(cases, batch, why)
        return batch

    def _hand_over(self, cases: Sequence[Case], batch: Batch, why: dict[int, str]) -> None:
        """Let EPANET solve the cases of `why`; what it does with each is named."""
        from hydraulics.fast.library import EpanetRefused
        from hydraulics.fast.reference import Reference

        try:
            epanet = Reference(self.network, self.pressure, self.accuracy)
        except EpanetRefused as refusal:
            batch.named |= {batch.names[row]: f"{text}; {refusal}" for row, text in why.items()}
            return
        with epanet:
            for row, text in why.items():
                answer = epanet.solve(cases[row])
                if answer is None:
                    batch.named[batch.names[row]] = f"{text}; EPANET does not balance it either"
                    continue
                head, outflow, flow = answer
                demand, emitted = self._split(cases[row], head, outflow)
                tables = (batch.head, batch.demand, batch.flow, batch.emitter)
                for table, values in zip(tables, (head, demand, flow, emitted), strict=True):
                    if table.shape[0]:
                        table[row] = values
                batch.outcome[row] += BY_EPANET
                batch.named[batch.names[row]] = f"{text}; solved by EPANET"

    def _split(self, case: Case, head: np.ndarray, outflow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """EPANET's outflow of junctions as demand and emitter flow; Wagner's curve tells them apart."""
        network, rule = self.network, self.pressure
        full = network.demands() * case.factor
        for node, value in case.demand:
            full[node] = value
        demand, emitted = outflow.copy(), np.zeros(len(self.places.emitter))
        span = np.broadcast_to(np.asarray(rule.required_m) - np.asarray(rule.minimum_m), full.shape)
        low = np.broadcast_to(np.asarray(rule.minimum_m), full.shape)
        for node, row in self.places.emitter.items():
            share = np.clip((head[node] - network.elevation[node] - low[node]) / span[node], 0.0, 1.0)
            demand[node] = full[node] * share**rule.exponent if rule.driven and full[node] > 0 else full[node]
            emitted[row] = outflow[node] - demand[node]
        return demand, emitted


def closable(engine: Engine) -> list[int]:
    """Pipes that are open at the start: the failures that N-1 looks at."""
    pipe = (engine.network.kind == PIPE) | (engine.network.kind == CV)
    return np.flatnonzero(pipe & ~engine.shut).tolist()


def cores() -> int:
    """Threads that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
