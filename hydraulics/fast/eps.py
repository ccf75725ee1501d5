"""Extended period: tanks, patterns, controls and rules step by step, in EPANET's time steps.

`Period` is one running simulation: `solve()` the present moment, `advance()` to the next event. It can be stopped and
held at any step, so a coupled run drives it, and `simulate` runs it to the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from hydraulics.fast.arrays import CLOSED, Network
from hydraulics.fast.controls import (
    Moment,
    RuleBook,
    apply_controls,
    apply_patterns,
    control_step,
    fill_tanks,
    set_setting,
    set_status,
    tank_step,
)
from hydraulics.fast.layout import SOLVED
from hydraulics.fast.plan import Pressure, cold_state
from hydraulics.fast.solver import Case, Engine


class Unbalanced(RuntimeError):
    """A moment that did not converge; says when."""


class Period:
    """A simulation in time of one network.

    heads (n_nodes,), flow (n_links,), outflow (n_junctions,) hold the last solution. `strict` raises Unbalanced where a
    moment does not converge; else the moment is counted in `unbalanced` and its last trial is kept, as EPANET does.
    """

    def __init__(
        self,
        network: Network,
        pressure: Pressure | None = None,
        *,
        emitter_nodes: Iterable[int] = (),
        accuracy: float | None = None,
        strict: bool = False,
    ) -> None:
        self.network = network
        self.engine = Engine(network, pressure, emitter_nodes=emitter_nodes, accuracy=accuracy)
        self.moment = Moment.start(network)
        self.rules = RuleBook(network)
        self.strict = strict
        self.unbalanced: list[int] = []
        self.trials = 0
        self._report = network.options.report_step_s
        self._state = cold_state(network, self.engine.plan)
        self._packed = self.engine.pack([Case("now")], self.moment.head)
        self._out = self.engine.answers(1, ("head", "demand", "flow", "emitter", "state"))

    @property
    def time_s(self) -> int:
        return self.moment.time_s

    @property
    def heads(self) -> np.ndarray:
        return self.moment.heads

    # ---- operating by hand
    def open(self, link: int) -> None:
        """Open a link by index; a pump runs at its full speed."""
        set_status(self.network, self.moment, link, True)

    def close(self, link: int) -> None:
        """Shut a link by index."""
        set_status(self.network, self.moment, link, False)

    def set(self, link: int, value: float) -> None:
        """Pump speed or valve setting in SI."""
        set_setting(self.network, self.moment, link, value)

    def leak(self, node: int, coefficient: float) -> None:
        """An outflow of `coefficient` p^exponent in m3/s, p in m, at a node named in `emitter_nodes`; 0 mends it."""
        row = self.engine.places.emitter[node]
        n = 1.0 / self.network.options.emitter_exponent
        self._packed.emit_base[row] = coefficient**-n if coefficient > 0 else 0.0
        self._state.e[row] = self.network.units.cfs if coefficient > 0 else 0.0

    def leaking(self, node: int) -> float:
        """m3/s that the emitter of a node loses now."""
        return float(self._state.e[self.engine.places.emitter[node]])

    # ---- time
    def solve(self) -> None:
        """Demands, controls and the hydraulics of this moment (runhyd in hydraul.c)."""
        network, plan, moment = self.network, self.engine.plan, self.moment
        demand = network.demands(moment.time_s)
        if network.rules:
            self.rules.system_demand = self._system_demand(moment.time_s)
        plan.demand[:] = demand[plan.node_id]
        apply_patterns(network, moment)
        apply_controls(network, moment)
        self._solve_now(demand)

    def _system_demand(self, time_s: int) -> float:
        network, o = self.network, self.network.options
        period = (time_s + o.pattern_start_s) // o.pattern_step_s
        factor = np.array([p[period % len(p)] for p in network.patterns])
        each = network.demand_base * factor[network.demand_pattern] * o.demand_multiplier
        return float(each[each > 0].sum())

    def _solve_now(self, demand: np.ndarray) -> None:
        engine, plan, moment = self.engine, self.engine.plan, self.moment
        state = self._state
        state.status[:] = moment.status[plan.special_id]
        state.setting[:] = moment.setting[plan.special_id]
        state.closed[:] = moment.status[plan.plain_id] <= CLOSED
        state.x[:] = np.maximum(demand, 0.0)[plan.node_id]
        for link in moment.restarted:
            state.sq[engine.places.special[link]] = self.network.pumps.start[link]
        moment.restarted.clear()
        out = self._out
        self._packed.heads[0] = moment.head
        engine.run(self._packed, out, state=state)
        if out.outcome[0] != SOLVED:
            if self.strict:
                raise Unbalanced(f"no balance at {moment.time_s} s")
            self.unbalanced.append(moment.time_s)
        self.trials += int(out.trials[0])
        moment.heads, moment.flow = out.head[0].copy(), out.flow[0].copy()
        moment.outflow = out.demand[0].copy()
        for node, row in engine.places.emitter.items():
            moment.outflow[node] += out.emitter[0, row]
        state.q[:] = moment.flow[plan.plain_id]
        state.sq[:] = moment.flow[plan.special_id]
        state.e[:] = out.emitter[0]
        moment.status[plan.special_id] = out.state[0]
        moment.setting[plan.special_id] = out.setting[0]
        self._balance_tanks()

    def _balance_tanks(self) -> None:
        network, moment = self.network, self.moment
        inner = network.n_junctions
        moment.inflow[:] = 0.0
        open_ = moment.status > CLOSED
        for ends, sign in ((network.first, -1.0), (network.second, 1.0)):
            k = np.flatnonzero((ends >= inner) & open_)
            np.add.at(moment.inflow, ends[k] - inner, sign * moment.flow[k])

    def advance(self, until_s: int | None = None) -> int:
        """Move tanks and clock to the next event, at most to `until_s`; gives the step in s (timestep in hydraul.c)."""
        network, moment, o = self.network, self.moment, self.network.options
        now = moment.time_s
        step = o.step_s
        ahead = ((now + o.pattern_start_s) // o.pattern_step_s + 1) * o.pattern_step_s - now
        if 0 < ahead < step:
            step = ahead
        if 0 < self._report - now < step:
            step = self._report - now
        if until_s is not None:
            step = min(step, until_s - now)
        step = control_step(network, moment, tank_step(network, moment, step))
        if network.rules:
            step = self._rule_step(step)
        else:
            fill_tanks(network, moment, step)
        moment.time_s = now + step
        if moment.time_s >= self._report:
            self._report += o.report_step_s
        return step

    def _rule_step(self, step: int) -> int:
        """Walk through the step in rule steps until a rule acts (ruletimestep)."""
        moment, every = self.moment, self.network.options.rule_step_s
        now = moment.time_s
        end = now + step
        increment = min(every, step)
        first = min(every - now % every, step) or increment
        while True:
            moment.time_s += first
            fill_tanks(self.network, moment, first)
            if self.rules.check(moment, first):
                break
            increment = min(increment, end - moment.time_s)
            first = increment
            if increment <= 0:
                break
        taken = moment.time_s - now
        moment.time_s = now
        return taken


@dataclass
class History:
    """A finished run: a row per hydraulic step. time_s (nt,), head (nt, n_nodes), flow (nt, n_links),
    outflow (nt, n_junctions), SI."""

    time_s: np.ndarray
    head: np.ndarray
    flow: np.ndarray
    outflow: np.ndarray
    unbalanced: list[int]
    trials: int


def simulate(
    network: Network, pressure: Pressure | None = None, *, duration_s: int | None = None, accuracy: float | None = None
) -> History:
    """Run from the start for `duration_s` (the file's, if None)."""
    period = Period(network, pressure, accuracy=accuracy)
    end = network.options.duration_s if duration_s is None else duration_s
    times, heads, flows, outs = [], [], [], []
    while True:
        period.solve()
        times.append(period.time_s)
        heads.append(period.moment.heads)
        flows.append(period.moment.flow)
        outs.append(period.moment.outflow)
        if period.time_s >= end:
            break
        period.advance(end)
    return History(np.array(times), np.array(heads), np.array(flows), np.array(outs), period.unbalanced, period.trials)
