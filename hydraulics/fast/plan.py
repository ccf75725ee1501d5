"""From a network to the kernels' layout."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from hydraulics.fast.arrays import (
    CLOSED,
    CUSTOM_CURVE,
    DARCY_WEISBACH,
    GPV,
    PIPE,
    PRV,
    PSV,
    PUMP,
    TCV,
    Network,
)
from hydraulics.fast.layout import Plan, Rules, State
from hydraulics.fast.symbolic import analyse, entries


@dataclass(frozen=True)
class Pressure:
    """How demand depends on pressure: Wagner's curve between two pressures, or not at all.

    minimum_m, required_m: numbers, or (n_junctions,) arrays for limits node by node.
    Source: Wagner, Shamir and Marks (1988), J. Water Resour. Plann. Manage. 114(3).
    """

    driven: bool
    minimum_m: float | np.ndarray = 0.0
    required_m: float | np.ndarray = 14.0
    exponent: float = 0.5


@dataclass(frozen=True)
class Places:
    """Where each thing of the file sits in the plan."""

    plain: np.ndarray
    """(n_links,) row among plain links, -1 for special ones."""
    special: np.ndarray
    """(n_links,) row among special links, -1 for plain ones."""
    junction: np.ndarray
    """(n_nodes,) row of each node."""
    slot: dict[int, int]
    emitter: dict[int, int]


def file_pressure(network: Network) -> Pressure:
    """The demand model that the file asks for."""
    o = network.options
    return Pressure(o.driven, o.minimum_m, o.required_m, o.exponent)


def rules_of(network: Network, accuracy: float | None = None) -> Rules:
    """The file's criteria of convergence, or a finer accuracy."""
    o = network.options
    return Rules(
        o.accuracy if accuracy is None else accuracy, o.trials, o.unbalanced, o.check_freq, o.max_check, o.damp,
        o.head_error_m, o.flow_change_m3s,
    )  # fmt: skip


def _friction(network: Network, links: np.ndarray) -> np.ndarray:
    """Darcy-Weisbach constants: 1/(viscosity d), e/(3.7 d) and Dunlop's x1..x4 (frictionFactor in hydcoeffs.c)."""
    table = np.zeros((max(links.size, 1), 6))
    pipe = network.kind[links] <= PIPE
    if network.options.formula != DARCY_WEISBACH or not pipe.any():
        return table
    d = network.diameter[links][pipe]
    rough = network.roughness[links][pipe] / d / 3.7
    y2 = rough + 3.28895476345399058690e-03
    y3 = -8.68588963806503655300e-01 * np.log(y2)
    fa = 1.0 / y3**2
    fb = (2.0 - 5.14214965799093883760e-03 / (y2 * y3)) * fa
    columns = (
        1.0 / (network.options.viscosity_m2s * d), rough, 7 * fa - fb, 0.128 - 17 * fa + 2.5 * fb,
        -0.128 + 13 * fa - 2 * fb, 0.032 - 3 * fa + 0.5 * fb,
    )  # fmt: skip
    rows = np.flatnonzero(pipe)
    for c, column in enumerate(columns):
        table[rows, c] = column
    return table


def _is_special(network: Network, extra: Iterable[int]) -> np.ndarray:
    """Links with a state of their own."""
    kind = network.kind
    inner = network.n_junctions
    special = (kind != PIPE) & (kind != TCV)
    tank = np.zeros(network.n_nodes, bool)
    tank[inner:] = network.tanks.area > 0
    special |= tank[network.first] | tank[network.second]
    for control in network.controls:
        if 0 <= control.node < inner or kind[control.link] != PIPE:
            special[control.link] = True
    for rule in network.rules:
        for action in (*rule.then, *rule.otherwise):
            if kind[action.link] != PIPE:
                special[action.link] = True
    special[list(extra)] = True
    return special


def build(
    network: Network,
    pressure: Pressure,
    demand_nodes: Iterable[int] = (),
    emitter_nodes: Iterable[int] = (),
    special_links: Iterable[int] = (),
    outlet_m: float = 0.0,
) -> tuple[Plan, Places]:
    """Lay a network out for the kernels.

    demand_nodes, emitter_nodes: junctions whose demand or emitter may differ from case to case.
    special_links: plain links whose setting may.
    outlet_m: pressure against which the emitters of `emitter_nodes` flow out (those of the file: against none).
    """
    n, fixed = network.n_junctions, network.n_nodes - network.n_junctions
    inner = lambda ends: np.where(ends < n, ends, -1)  # noqa: E731
    first, second = inner(network.first), inner(network.second)
    both = (first >= 0) & (second >= 0)
    shape = analyse(n, first[both], second[both])
    entry = entries(shape, first, second)
    row = np.concatenate([shape.position, np.arange(n, n + fixed)])
    a, b = row[network.first], row[network.second]
    special = _is_special(network, special_links)
    plain_id = np.flatnonzero(~special)
    plain_id = plain_id[np.argsort(np.minimum(a[plain_id], b[plain_id]), kind="stable")]
    special_id = np.flatnonzero(special)
    plain = np.full(network.n_links, -1, np.int64)
    plain[plain_id] = np.arange(plain_id.size)
    seat = np.full(network.n_links, -1, np.int64)
    seat[special_id] = np.arange(special_id.size)
    node_id = np.argsort(shape.position)

    minor = network.minor.copy()
    throttled = (network.kind == TCV) & ~np.isnan(network.setting)
    minor[throttled] = network.throttle(np.flatnonzero(throttled), network.setting[throttled])
    form = np.where(network.kind <= PIPE, 0, np.where(minor > 0, 1, 2))
    resistance = network.resistance
    with np.errstate(divide="ignore"):
        upside = np.where(resistance > 0, 1.0 / (1.852 * resistance), 0.0)

    def spread(value: float | np.ndarray) -> np.ndarray:
        return np.broadcast_to(np.asarray(value, float), (n,))[node_id].copy()

    slots = {int(node): k for k, node in enumerate(dict.fromkeys(demand_nodes))}
    slot = np.full(n, -1, np.int64)
    for node, k in slots.items():
        slot[shape.position[node]] = k
    sources = dict.fromkeys([*np.flatnonzero(network.emitter > 0).tolist(), *map(int, emitter_nodes)])
    emitters = {int(node): k for k, node in enumerate(sources)}
    emitter_node = np.array([shape.position[node] for node in emitters], np.int64)
    lift = np.where(network.emitter[list(emitters)] > 0, 0.0, outlet_m) if emitters else np.zeros(0)
    emitter_head = network.elevation[list(emitters)] + lift if emitters else np.zeros(0)

    elevation = network.elevation[:n][node_id]
    minimum = spread(pressure.minimum_m)
    small, pumps, tanks = network.small, network.pumps, network.tanks
    with np.errstate(divide="ignore", invalid="ignore"):
        throttle = np.where(network.kind == TCV, network.throttle(np.arange(network.n_links), 1.0), 0.0)
    x, y, at, curve = _curves(network, special_id)
    valves = (network.kind == PRV) | (network.kind == PSV)
    watched = [c for c in network.controls if 0 <= c.node < n and c.kind <= 1]
    plan = Plan(
        n=n, fixed=fixed, formula=network.options.formula, driven=int(pressure.driven),
        root=int(pressure.exponent == 0.5), power=1.0 / pressure.exponent,
        emitter_power=1.0 / network.options.emitter_exponent, flat=small.flat, steep=small.steep, easy=small.easy,
        barrier=small.barrier, tol_head=small.head, tol_flow=small.flow, cfs=network.units.cfs,
        a=small_int(a[plain_id]), b=small_int(b[plain_id]), entry=small_int(entry[plain_id]),
        form=form[plain_id].astype(np.int8), r=resistance[plain_id],
        ri=upside[plain_id], minor=minor[plain_id], friction=_friction(network, plain_id), plain_id=plain_id,
        base=elevation + minimum, span=np.maximum(spread(pressure.required_m) - minimum, 1e-3 * 0.3048),
        elevation=elevation, demand=network.demands()[node_id], slot=small_int(slot), node_id=node_id,
        column=shape.column, row=small_int(shape.row), target=small_int(shape.target), emitter_node=emitter_node,
        emitter_head=emitter_head,
        holding=int(bool(np.any(valves & (~np.isnan(network.setting) | bool(network.controls or network.rules))))),
        kind=network.kind[special_id], sa=a[special_id], sb=b[special_id], s_entry=entry[special_id],
        s_r=resistance[special_id], s_friction=_friction(network, special_id), s_minor=network.minor[special_id],
        s_throttle=throttle[special_id], pump=pumps.kind[special_id], h0=pumps.h0[special_id],
        pr=pumps.r[special_id], pn=pumps.n[special_id], top=pumps.top[special_id],
        start=_first_flow(network)[special_id], curve=curve, curve_at=at, curve_x=x, curve_y=y,
        special_id=special_id, **_neighbours(network, plain_id, special_id, row, emitters),
        tank=tanks.area > 0, low=tanks.low, high=tanks.high, overflow=tanks.overflow,
        c_special=np.array([seat[c.link] for c in watched], np.int64),
        c_node=np.array([row[c.node] for c in watched], np.int64),
        c_high=np.array([c.kind for c in watched], np.int64), c_grade=np.array([c.grade for c in watched], float),
        c_status=np.array([c.status for c in watched], np.int64),
        c_setting=np.array([c.setting for c in watched], float),
    )  # fmt: skip
    return plan, Places(plain, seat, row, slots, emitters)


def _first_flow(network: Network) -> np.ndarray:
    """EPANET's first guess: 1 ft/s in pipes and valves, the design flow in pumps (initlinkflow in hydraul.c)."""
    flow = math.pi * (network.diameter / 0.3048) ** 2 / 4.0 * network.units.cfs
    pump = network.kind == PUMP
    flow[pump] = network.pumps.start[pump]
    return flow


def _curves(network: Network, special_id: np.ndarray) -> tuple[np.ndarray, ...]:
    """Pump and loss curves in SI, one after the other, and the curve of each special link."""
    x, y, at = [], [], [0]
    for flow, head in network.curves:
        x += [network.units.flow(v) for v in flow]
        y += [network.units.head(v) for v in head]
        at.append(len(x))
    curve = np.zeros(special_id.size, np.int64)
    for s, k in enumerate(special_id):
        if network.kind[k] == PUMP and network.pumps.kind[k] == CUSTOM_CURVE:
            curve[s] = network.pumps.curve[k]
        elif network.kind[k] == GPV and not math.isnan(network.setting[k]):
            curve[s] = int(network.setting[k])
    return np.array(x, float), np.array(y, float), np.array(at, np.int64), curve


def small_int(values: np.ndarray) -> np.ndarray:
    """Half the bytes: the kernels wait for memory more than for arithmetic."""
    return values.astype(np.int32)


def _ints(*values: int) -> list[int]:
    return list(values)


def _neighbours(
    network: Network, plain_id: np.ndarray, special_id: np.ndarray, row: np.ndarray, emitters: dict[int, int]
) -> dict[str, np.ndarray]:
    """The links at the node that each PRV or PSV holds."""
    at, plain, special, emitter = _ints(0), _ints(), _ints(), _ints()
    sign: list[float] = []
    for k in special_id:
        held = {PRV: network.second[k], PSV: network.first[k]}.get(int(network.kind[k]), -1)
        emitter.append(emitters.get(int(held), -1))
        if held >= 0:
            for rows, target, other in ((plain_id, plain, special), (special_id, special, plain)):
                for r, link in enumerate(rows):
                    if link == k or held not in (network.first[link], network.second[link]):
                        continue
                    target.append(r)
                    other.append(-1)
                    sign.append(1.0 if network.second[link] == held else -1.0)
        at.append(len(sign))
    return {
        "near_at": np.array(at, np.int64),
        "near_plain": np.array(plain, np.int64),
        "near_special": np.array(special, np.int64),
        "near_sign": np.array(sign, float),
        "near_emitter": np.array(emitter, np.int64),
    }


def cold_state(network: Network, plan: Plan) -> State:
    """EPANET's state before its first trial, with the controls and patterns of time zero obeyed."""
    from hydraulics.fast.controls import Moment, apply_controls, apply_patterns

    moment = Moment.start(network)
    flow = _first_flow(network)
    pump = network.kind == PUMP
    flow[pump] *= np.nan_to_num(network.setting[pump], nan=1.0)
    flow[network.status <= CLOSED] = network.small.zero_flow
    apply_patterns(network, moment)
    apply_controls(network, moment)
    for k in moment.restarted:
        flow[k] = network.pumps.start[k]
    return State(
        q=flow[plan.plain_id],
        x=plan.demand.copy(),
        e=np.full(plan.emitter_node.size, network.units.cfs),
        sq=flow[plan.special_id],
        status=moment.status[plan.special_id],
        setting=moment.setting[plan.special_id],
        closed=moment.status[plan.plain_id] <= CLOSED,
    )
