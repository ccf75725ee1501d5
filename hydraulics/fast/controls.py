"""What operates links in time: simple controls, rules and pump patterns, as EPANET obeys them.

Written after controls(), tanklevels() and timestep() in hydraul.c and checkrules() in rules.c of EPANET 2.2. A `Moment`
is all that changes from one step to the next apart from the flows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hydraulics.fast import program as P
from hydraulics.fast.arrays import ACTIVE, CLOSED, CONSTANT_POWER, FCV, GPV, OPEN, PBV, PIPE, PRV, PSV, PUMP, Network

DAY = 86400
TINY = 1e-6


@dataclass
class Moment:
    """State of the network at a time. status and setting by link; head, volume and inflow by tank or reservoir.

    flow: last flow of each link. outflow: last delivered demand of each junction. heads: last head of each node.
    """

    time_s: int
    status: np.ndarray
    setting: np.ndarray
    head: np.ndarray
    volume: np.ndarray
    inflow: np.ndarray
    flow: np.ndarray
    outflow: np.ndarray
    heads: np.ndarray
    restarted: set[int]

    @classmethod
    def start(cls, network: Network) -> Moment:
        """Before the first step; water stands in the tanks as the file says."""
        t = network.tanks
        return cls(
            0, network.status.copy(), network.setting.copy(), t.head.copy(), t.volume.copy(), np.zeros(t.area.size),
            np.zeros(network.n_links), np.zeros(network.n_junctions), network.elevation.copy(), set(),
        )  # fmt: skip


def tank_volume(network: Network, tank: int, head_m: float) -> float:
    """m3 of water in a tank at a head (tankvolume)."""
    t = network.tanks
    if t.curve[tank] == 0:
        return float(t.least[tank] + (head_m - t.low[tank]) * t.area[tank])
    x, y = network.curves[t.curve[tank]]
    u = network.units
    level = (head_m - network.elevation[network.n_junctions + tank]) / 0.3048 * u.length_per_foot
    return float(np.interp(level, x, y)) / u.volume_per_cubic_foot * u.cfs


def tank_head(network: Network, tank: int, volume_m3: float) -> float:
    """Head of a tank that holds a volume (tankgrade)."""
    t = network.tanks
    if t.curve[tank] == 0:
        return float(t.low[tank] + (volume_m3 - t.least[tank]) / t.area[tank])
    x, y = network.curves[t.curve[tank]]
    u = network.units
    level = float(np.interp(volume_m3 / u.cfs * u.volume_per_cubic_foot, y, x))
    return float(network.elevation[network.n_junctions + tank]) + u.head(level)


def _same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def set_status(network: Network, moment: Moment, link: int, opened: bool) -> None:
    """Open or close a link by hand (setlinkstatus)."""
    kind = network.kind[link]
    if opened:
        if kind == PUMP:
            moment.setting[link] = 1.0
            if moment.status[link] == CLOSED:
                _restart(network, moment, link)
        moment.status[link] = OPEN
    else:
        if kind == PUMP:
            moment.setting[link] = 0.0
        moment.status[link] = CLOSED
    if kind > PUMP and kind != GPV:
        moment.setting[link] = np.nan


def set_setting(network: Network, moment: Moment, link: int, value: float) -> None:
    """Give a pump a speed or a valve a setting in SI (setlinksetting)."""
    kind = network.kind[link]
    if kind == PUMP:
        moment.setting[link] = value
        if value > 0 and moment.status[link] <= CLOSED:
            _restart(network, moment, link)
            moment.status[link] = OPEN
        if value == 0 and moment.status[link] > CLOSED:
            moment.status[link] = CLOSED
    elif kind == FCV:
        moment.setting[link] = value
        moment.status[link] = ACTIVE
    else:
        if math.isnan(moment.setting[link]) and moment.status[link] <= CLOSED:
            moment.status[link] = OPEN
        moment.setting[link] = value


def _restart(network: Network, moment: Moment, link: int) -> None:
    """A pump of constant power starts from its first guess again (resetpumpflow)."""
    if network.pumps.kind[link] == CONSTANT_POWER:
        moment.restarted.add(link)


def apply_patterns(network: Network, moment: Moment) -> None:
    """Reservoir heads and pump speeds that follow patterns (demands())."""
    o = network.options
    period = (moment.time_s + o.pattern_start_s) // o.pattern_step_s
    t = network.tanks
    for i in np.flatnonzero((t.area == 0) & (t.pattern > 0)):
        p = network.patterns[t.pattern[i]]
        moment.head[i] = network.elevation[network.n_junctions + i] * p[period % len(p)]
    for k in np.flatnonzero((network.kind == PUMP) & (network.pumps.pattern > 0)):
        p = network.patterns[network.pumps.pattern[k]]
        set_setting(network, moment, int(k), float(p[period % len(p)]))


def apply_controls(network: Network, moment: Moment) -> int:
    """Simple controls by tank level and time; gives the number of links that changed (controls())."""
    inner = network.n_junctions
    acted = 0
    for c in network.controls:
        due = False
        if c.node >= inner:
            tank = c.node - inner
            plus = abs(moment.inflow[tank])
            now = tank_volume(network, tank, moment.head[tank])
            mark = tank_volume(network, tank, c.grade)
            due = (c.kind == P.LOW_LEVEL and now <= mark + plus) or (c.kind == P.HIGH_LEVEL and now >= mark - plus)
        if c.kind == P.TIMER:
            due = c.time_s == moment.time_s
        elif c.kind == P.TIME_OF_DAY:
            due = (moment.time_s + network.options.start_s) % DAY == c.time_s
        if not due:
            continue
        k = c.link
        was = CLOSED if moment.status[k] <= CLOSED else OPEN
        setting = moment.setting[k] if network.kind[k] <= PIPE else c.setting
        if network.kind[k] == PUMP and was == CLOSED and c.status == OPEN:
            _restart(network, moment, k)
        if was != c.status or not _same(moment.setting[k], setting):
            moment.status[k] = c.status
            moment.setting[k] = setting
            acted += 1
    return acted


def tank_step(network: Network, moment: Moment, step: int) -> int:
    """Shorten a step to the first tank that fills or empties (tanktimestep)."""
    t = network.tanks
    for i in np.flatnonzero(t.area > 0):
        q, h = moment.inflow[i], moment.head[i]
        if abs(q) <= network.small.zero_flow:
            continue
        if q > 0 and h < t.high[i]:
            v = t.most[i] - moment.volume[i]
        elif q < 0 and h > t.low[i]:
            v = t.least[i] - moment.volume[i]
        else:
            continue
        x = v / q
        if abs(x) > step + 1:
            continue
        near = _round(x)
        if 0 < near < step:
            step = near
    return step


def _round(x: float) -> int:
    """EPANET's ROUND: halves away from zero."""
    return int(x + 0.5) if x >= 0 else int(x - 0.5)


def control_step(network: Network, moment: Moment, step: int) -> int:
    """Shorten a step to the next time that a simple control will act (controltimestep)."""
    inner = network.n_junctions
    for c in network.controls:
        t = 0
        if c.node >= 0:
            tank = c.node - inner
            if tank < 0:
                continue
            q, h = moment.inflow[tank], moment.head[tank]
            if abs(q) <= network.small.zero_flow:
                continue
            if (h < c.grade and c.kind == P.HIGH_LEVEL and q > 0) or (h > c.grade and c.kind == P.LOW_LEVEL and q < 0):
                t = _round((tank_volume(network, tank, c.grade) - moment.volume[tank]) / q)
        if c.kind == P.TIMER and c.time_s > moment.time_s:
            t = c.time_s - moment.time_s
        elif c.kind == P.TIME_OF_DAY:
            now = (moment.time_s + network.options.start_s) % DAY
            t = c.time_s - now if c.time_s >= now else DAY - now + c.time_s
        if 0 < t < step:
            k = c.link
            other = network.kind[k] > PIPE and not _same(moment.setting[k], c.setting)
            if other or moment.status[k] != c.status:
                step = t
    return step


def fill_tanks(network: Network, moment: Moment, step: int) -> None:
    """Tank volumes and heads after a step (tanklevels)."""
    t = network.tanks
    for i in np.flatnonzero(t.area > 0):
        q = moment.inflow[i]
        if abs(q) <= network.small.zero_flow:
            continue
        volume = moment.volume[i] + q * step
        if volume + q >= t.most[i]:
            volume = t.most[i]
        elif volume - q <= t.least[i]:
            volume = t.least[i]
        moment.volume[i] = volume
        moment.head[i] = tank_head(network, int(i), float(volume))


class RuleBook:
    """Rule-based controls. `system_demand`: sum of positive demands now, m3/s."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.system_demand = 0.0

    def check(self, moment: Moment, since_s: int) -> int:
        """Evaluate all rules over the interval that ends now; gives the number of actions taken (checkrules)."""
        chosen: dict[int, tuple[float, P.Action]] = {}
        begin = moment.time_s - since_s + 1
        for rule in self.network.rules:
            actions = rule.then if self._holds(rule, moment, begin) else rule.otherwise
            for action in actions:
                known = chosen.get(action.link)
                if known is None or rule.priority > known[0]:
                    chosen[action.link] = (rule.priority, action)
        return sum(self._act(action, moment) for _, action in reversed(chosen.values()))

    def _holds(self, rule: P.Rule, moment: Moment, begin: int) -> bool:
        result = True
        for premise in rule.premises:
            if premise.either:
                result = result or self._true(premise, moment, begin)
            elif not result:
                return False
            else:
                result = self._true(premise, moment, begin)
        return result

    def _true(self, p: P.Premise, moment: Moment, begin: int) -> bool:
        if p.variable in (P.TIME, P.CLOCK_TIME):
            return self._in_time(p, moment, begin)
        if p.status > 0:
            status = moment.status[p.index]
            state = P.IS_CLOSED if status <= CLOSED else P.IS_ACTIVE if status == ACTIVE else P.IS_OPEN
            return (state == p.status) == (p.relation == P.EQ)
        x = self._value(p, moment)
        if x is None:
            return False
        tol = 1e-3
        return {
            P.EQ: abs(x - p.value) <= tol, P.NE: abs(x - p.value) >= tol, P.LT: x <= p.value + tol,
            P.LE: x <= p.value - tol, P.GT: x >= p.value - tol, P.GE: x >= p.value + tol,
        }[p.relation]  # fmt: skip

    def _in_time(self, p: P.Premise, moment: Moment, begin: int) -> bool:
        t1, t2 = begin, moment.time_s
        if p.variable == P.CLOCK_TIME:
            start = self.network.options.start_s
            t1, t2 = (t1 + start) % DAY, (t2 + start) % DAY
        x = int(p.value)
        if p.relation in (P.EQ, P.NE):
            inside = (x >= t1 or x <= t2) if t2 < t1 else t1 <= x <= t2
            return inside == (p.relation == P.EQ)
        return {P.LT: t2 < x, P.LE: t2 <= x, P.GT: t2 > x, P.GE: t2 >= x}[p.relation]

    def _value(self, p: P.Premise, moment: Moment) -> float | None:
        """The premise's variable in the file's units; None where it has none."""
        network, u = self.network, self.network.units
        inner = network.n_junctions
        v, i = p.variable, p.index
        if v == P.DEMAND:
            if p.thing == P.SYSTEM:
                return u.flow_out(self.system_demand)
            return u.flow_out(float(moment.outflow[i] if i < inner else moment.inflow[i - inner]))
        if v in (P.HEAD, P.GRADE, P.PRESSURE, P.LEVEL):
            head = float(moment.heads[i] if i < inner else moment.head[i - inner])
            above = head - float(network.elevation[i])
            if v == P.PRESSURE:
                return u.pressure_out(above)
            return (above if v == P.LEVEL else head) / 0.3048 * u.length_per_foot
        if v == P.FLOW:
            return u.flow_out(abs(float(moment.flow[i])))
        if v == P.SETTING:
            setting = float(moment.setting[i])
            if math.isnan(setting):
                return None
            kind = network.kind[i]
            return (
                u.pressure_out(setting) if kind in (PRV, PSV, PBV) else u.flow_out(setting) if kind == FCV else setting
            )
        if v in (P.FILL_TIME, P.DRAIN_TIME) and i >= inner:
            t, tank = network.tanks, i - inner
            q = moment.inflow[tank] / u.cfs
            if t.area[tank] == 0 or (q <= TINY if v == P.FILL_TIME else q >= -TINY):
                return None
            limit = t.most[tank] if v == P.FILL_TIME else t.least[tank]
            return float((limit - moment.volume[tank]) / moment.inflow[tank])
        return None

    def _act(self, action: P.Action, moment: Moment) -> int:
        network, u, k = self.network, self.network.units, action.link
        if action.status == P.IS_OPEN and moment.status[k] <= CLOSED:
            set_status(network, moment, k, True)
            return 1
        if action.status == P.IS_CLOSED and moment.status[k] > CLOSED:
            set_status(network, moment, k, False)
            return 1
        if not math.isnan(action.setting):
            kind = network.kind[k]
            value, scale = action.setting, 1.0
            if kind in (PRV, PSV, PBV):
                value, scale = u.pressure(value), 0.3048
            elif kind == FCV:
                value, scale = u.flow(value), u.cfs
            old = moment.setting[k]
            if math.isnan(old) or abs(value - old) > 1e-3 * scale:
                set_setting(network, moment, k, value)
                return 1
        return 0
