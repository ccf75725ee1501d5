"""An EPANET project whose hydraulics the fast engine computes.

Units, numbers and meanings are the toolkit's, so what drives EPANET (outlets, held links) drives the fast engine too.
A moment that the fast engine cannot balance can be solved by EPANET, in the same project.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hydraulics.epanet import UNBALANCED
from hydraulics.fast.arrays import CLOSED, CV, FCV, GPV, PBV, PIPE, PRV, PSV, PUMP, TCV, read_open
from hydraulics.fast.controls import set_setting, set_status
from hydraulics.fast.eps import Period
from hydraulics.fast.layout import SOLVED
from hydraulics.fast.library import Epanet as Library
from hydraulics.fast.library import EpanetRefused
from hydraulics.fast.plan import file_pressure
from hydraulics.fast.units import FOOT, KW_PER_HP
from hydraulics.switches import STATE, TIMER, Control
from hydraulics.toolkit import EpanetError, Link, Node, Option, Project, Time
from twin.places import FloatArray

GLOBAL_EFFICIENCY, GRAVITY = 8, 12
"""EN_GLOBALEFFIC and EN_SP_GRAVITY of EN_Option."""
EFFICIENCY_CURVE = 20
"""EN_PUMP_ECURVE of EN_LinkProperty."""


class _Open(Library):
    """A project that is open already, for reading. It stays its owner's, who closes it."""

    def __init__(self, project: Project, name: str) -> None:
        self._lib, self._quick, self._handle = project._long, project._quick, project._handle
        self._number, self._integer = ctypes.c_double(), ctypes.c_int()
        self._name = name

    def _refuse(self, code: int) -> None:
        raise EpanetRefused(f"{self._name}: {self.message(code)}")

    def close(self) -> None:
        """Nothing: the owner closes the project."""


class Run(Period):
    """A running simulation that tells how its last moment was solved, and takes a solution from elsewhere.

    delivered (n_junctions,): m3/s that customers get, without emitters.
    """

    delivered: FloatArray

    @property
    def outcome(self) -> int:
        return int(self._out.outcome[0])

    @property
    def error(self) -> float:
        """Sum of flow changes over sum of flows in the last trial."""
        return float(self._out.error[0])

    def solve(self) -> None:
        super().solve()
        self.delivered = self._out.demand[0] + self._beyond()

    def _beyond(self) -> FloatArray:
        """(n_junctions,) m3/s that demands at a limit let through beyond it, as the equations have it.

        A demand that is full, or nothing, is held by a slope of 1e9 ft per ft3/s, as in EPANET 2.3: 6e-9 m3/s at 60 m
        above the required pressure. Left out, those would be missing in the balance."""
        rule, network, plan = self.engine.pressure, self.network, self.engine.plan
        if not rule.driven:
            return np.zeros(network.n_junctions)
        full = np.empty(network.n_junctions)
        full[plan.node_id] = plan.demand
        served = self._out.demand[0]
        above = self.moment.heads[: network.n_junctions] - network.elevation[: network.n_junctions] - rule.minimum_m
        beyond = np.where(served >= full, above - self._span, np.where(served <= 0.0, above, 0.0))
        return np.where(full > 0.0, beyond, 0.0) / network.small.barrier

    @property
    def _span(self) -> float:
        rule = self.engine.pressure
        return max(float(rule.required_m) - float(rule.minimum_m), 1e-3 * FOOT)

    def adopt(
        self, heads: FloatArray, flow: FloatArray, delivered: FloatArray, outflow: FloatArray, state: np.ndarray
    ) -> None:
        """Take this solution of the present moment as one's own. By node, link, junction, junction, link; SI."""
        plan, moment = self.engine.plan, self.moment
        moment.heads, moment.flow, moment.outflow = heads, flow, outflow
        self.delivered = delivered
        for node, row in self.engine.places.emitter.items():
            self._out.emitter[0, row] = self._state.e[row] = outflow[node] - delivered[node]
        self._state.q[:], self._state.sq[:] = flow[plan.plain_id], flow[plan.special_id]
        moment.status[plan.special_id] = state[plan.special_id]
        self._balance_tanks()


class FastProject(Project):
    """An opened EPANET project whose hydraulics the fast engine computes. Numbers and units are EPANET's.

    outlets   numbers of the junctions with emitters that open and close in time
    by_epanet seconds of the file's clock whose solution is EPANET's
    """

    def __init__(self, project: Project, path: Path, outlets: Sequence[int]) -> None:
        vars(self).update(vars(project))
        self._real = project
        self._check(self._long.EN_closeH(self._handle))
        network = self.network = read_open(_Open(self, path.name), path)
        self.period = Run(network, file_pressure(network), emitter_nodes=[node - 1 for node in outlets])
        self.by_epanet: list[int] = []
        self._emitters = dict.fromkeys(outlets, 0.0)
        self._simple: list[Control] = [project.control(c + 1) for c in range(len(network.controls))]
        self._controls, self._plan = list(network.controls), self.period.engine.plan
        pumps = np.flatnonzero(network.kind == PUMP).tolist()
        self._efficiency = {k + 1: round(project.link(k + 1, EFFICIENCY_CURVE)) for k in pumps}
        self._common = self._option(GLOBAL_EFFICIENCY)
        self._gravity = self._option(GRAVITY)
        self._pattern_start = network.options.pattern_start_s

    def _option(self, what: int) -> float:
        self._check(self._quick.EN_getoption(self._handle, what, self._ref))
        return self._value.value

    # ---- running
    def restart(self) -> None:
        """A run starts once; the fast engine stands at time zero when it has read the network."""

    def solve(self) -> tuple[int, int]:
        """(time in s, 0 or 1 for a moment without balance)."""
        period = self.period
        period.solve()
        return period.time_s, 0 if period.outcome == SOLVED else UNBALANCED

    def next(self) -> int:
        return self.period.advance()

    def statistic(self, what: int) -> float:
        return self.period.error if what == 1 else float(self.period.trials)

    def solve_by_epanet(self, accuracies: Sequence[float]) -> bool:
        """Let EPANET solve the present moment, with tanks, links, controls and outlets as they stand, at the first of
        `accuracies` that it reaches. False where it reaches none; the fast engine's last trial is kept then."""
        network, moment, o = self.network, self.period.moment, self.network.options
        tell = self._real
        inner, units = network.n_junctions, network.units
        tell.set_time(Time.PATTERN_START, self._pattern_start + moment.time_s)
        for t in np.flatnonzero(network.tanks.area > 0).tolist():
            level = (float(moment.head[t]) - float(network.elevation[inner + t])) / FOOT * units.length_per_foot
            tell.set_node(inner + t + 1, Node.TANK_LEVEL, level)
        for node, value in self._emitters.items():
            tell.set_node(node, Node.EMITTER, value)
        for c, (simple, now) in enumerate(zip(self._controls, self._simple, strict=True), start=1):
            acts = 0 <= simple.node < inner and simple.kind < TIMER
            tell.set_control(c, now if acts else (now[0], 0, *now[2:]))
        tell.restart()
        for k, kind in enumerate(network.kind.tolist()):
            setting = float(moment.setting[k])
            if kind == CV:
                continue
            if kind == PUMP and moment.status[k] != CLOSED:
                tell.set_link(k + 1, Link.SETTING, setting)
            elif PUMP < kind != GPV and not math.isnan(setting):
                tell.set_link(k + 1, Link.SETTING, self._setting_out(k, setting))
            else:
                tell.set_link(k + 1, Link.STATUS, float(moment.status[k] != CLOSED))
        for accuracy in accuracies:
            tell.set_option(Option.ACCURACY, accuracy)
            try:
                if tell.solve()[1] != UNBALANCED:
                    break
            except EpanetError:
                continue
        else:
            return False
        nodes, links = range(1, network.n_nodes + 1), range(1, network.n_links + 1)
        heads = np.array([units.head(tell.node(i, Node.HEAD)) for i in nodes])
        outflow = np.array([units.flow(tell.node(i, Node.DEMAND)) for i in nodes[:inner]])
        delivered = network.demands(moment.time_s)
        if o.driven:
            delivered -= np.array([units.flow(tell.node(i, Node.DEMAND_DEFICIT)) for i in nodes[:inner]])
        sources = list(self.period.engine.places.emitter)
        still = np.ones(inner, dtype=bool)
        still[sources] = False
        outflow[still] = delivered[still]
        flow = np.array([units.flow(tell.link(k, Link.FLOW)) for k in links])
        state = np.array([round(tell.link(k, STATE)) for k in links], dtype=np.int64)
        self.period.adopt(heads, flow, delivered, outflow, state)
        self.by_epanet.append(moment.time_s)
        return True

    # ---- values
    def node(self, index: int, what: int) -> float:
        network, moment = self.network, self.period.moment
        row, tank = index - 1, index - 1 - network.n_junctions
        match what:
            case Node.HEAD | Node.PRESSURE:
                head = float(moment.heads[row] if tank < 0 else moment.head[tank])
                if what == Node.PRESSURE:
                    return network.units.pressure_out(head - float(network.elevation[row]))
                return head / FOOT * network.units.length_per_foot
            case Node.DEMAND:
                return network.units.flow_out(float(moment.outflow[row] if tank < 0 else moment.inflow[tank]))
            case Node.TANK_VOLUME:
                return float(moment.volume[tank]) / self.volume_si
            case Node.EMITTER if index in self._emitters:
                return self._emitters[index]
        return super().node(index, what)

    def set_node(self, index: int, what: Node, value: float) -> None:
        if what != Node.EMITTER or index not in self._emitters:
            super().set_node(index, what, value)
            return
        units = self.network.units
        self._emitters[index] = value
        exponent = self.network.options.emitter_exponent
        self.period.leak(index - 1, units.flow(value) * units.pressure_out(1.0) ** exponent)

    def link(self, index: int, what: int) -> float:
        network, moment = self.network, self.period.moment
        k = index - 1
        match what:
            case Link.FLOW:
                return network.units.flow_out(float(moment.flow[k])) if moment.status[k] > CLOSED else 0.0
            case Link.STATUS:
                return float(moment.status[k] > CLOSED)
            case _ if what == STATE:
                return float(moment.status[k])
            case Link.SETTING if network.kind[k] > PIPE:
                setting = float(moment.setting[k])
                return 0.0 if math.isnan(setting) else self._setting_out(k, setting)
            case Link.PATTERN if network.kind[k] == PUMP:
                return float(network.pumps.pattern[k])
            case Link.ENERGY:
                return self._power_kw(index)
        return super().link(index, what)

    def set_link(self, index: int, what: Link, value: float) -> None:
        network, moment = self.network, self.period.moment
        k = index - 1
        match what:
            case Link.STATUS:
                set_status(network, moment, k, value != 0.0)
            case Link.SETTING:
                set_setting(network, moment, k, self._setting_si(k, value))
            case Link.PATTERN if network.kind[k] == PUMP:
                network.pumps.pattern[k] = round(value)
                super().set_link(index, what, value)
            case _:
                super().set_link(index, what, value)
        if network.kind[k] == TCV:
            self._throttle(k)

    def _throttle(self, link: int) -> None:
        """A throttle valve whose state no control changes has its loss in the plan."""
        row, plan = self.period.engine.places.plain[link], self.period.engine.plan
        if row >= 0:
            setting = float(self.period.moment.setting[link])
            network = self.network
            plan.minor[row] = network.minor[link] if math.isnan(setting) else network.throttle(link, setting)
            plan.form[row] = 1 if plan.minor[row] > 0.0 else 2

    def _setting_si(self, link: int, value: float) -> float:
        kind, units = self.network.kind[link], self.network.units
        return units.pressure(value) if kind in (PRV, PSV, PBV) else units.flow(value) if kind == FCV else value

    def _setting_out(self, link: int, value: float) -> float:
        kind, units = self.network.kind[link], self.network.units
        return units.pressure_out(value) if kind in (PRV, PSV, PBV) else units.flow_out(value) if kind == FCV else value

    def _power_kw(self, index: int) -> float:
        """kW of a pump: γ q h over its efficiency at this flow and speed (getenergy in hydraul.c)."""
        network, moment = self.network, self.period.moment
        k = index - 1
        if moment.status[k] <= CLOSED:
            return 0.0
        flow = abs(float(moment.flow[k]))
        rise = abs(float(moment.heads[network.first[k]] - moment.heads[network.second[k]]))
        percent, curve, speed = self._common, self._efficiency[index], float(moment.setting[k])
        if curve and speed > 0.0:
            x, y = network.curves[curve]
            percent = _along(x, y, network.units.flow_out(flow / speed))
            percent = 100.0 - (100.0 - percent) * (1.0 / speed) ** 0.1
        share = min(max(percent, 1.0), 100.0) / 100.0
        return rise / FOOT * flow / network.units.cfs * self._gravity / 8.814 / share * KW_PER_HP

    # ---- options, times, controls
    def set_option(self, what: Option, value: float) -> None:
        engine = self.period.engine
        if what == Option.ACCURACY:
            engine.rules = engine.rules._replace(accuracy=value)
        elif what == Option.DEMAND_MULTIPLIER:
            self.network.options.demand_multiplier = value
        super().set_option(what, value)

    def time(self, what: Time) -> int:
        return self.period.time_s if what == Time.NOW else super().time(what)

    def set_time(self, what: Time, seconds: int) -> None:
        if what == Time.HYDRAULIC_STEP:
            o = self.network.options
            o.step_s = min(seconds, o.pattern_step_s, o.report_step_s)
        else:
            super().set_time(what, seconds)

    def control(self, index: int) -> Control:
        return self._simple[index - 1]

    def set_control(self, index: int, control: Control) -> None:
        """Put a simple control out of action (link 0) or back."""
        self._simple[index - 1] = control
        self.network.controls = [c for c, now in zip(self._controls, self._simple, strict=True) if now[1]]
        inner, plan = self.network.n_junctions, self._plan
        pairs = zip(self._controls, self._simple, strict=True)
        keep = np.array([now[1] != 0 for c, now in pairs if 0 <= c.node < inner and c.kind < TIMER], dtype=bool)
        names = ("c_special", "c_node", "c_high", "c_grade", "c_status", "c_setting")
        self.period.engine.plan = plan._replace(**{name: getattr(plan, name)[keep] for name in names})


def _along(x: np.ndarray, y: np.ndarray, at: float) -> float:
    """A curve at a value; beyond its ends its end values (interp in hydraul.c)."""
    return float(np.interp(at, x, y)) if len(x) else 0.0
