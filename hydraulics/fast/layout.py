"""How a network lies in memory for the kernels: named tuples of arrays, ordered by elimination.

Two kinds of links: *plain* ones (pipes and throttle valves whose state no equation changes) go eight lanes at a time;
*special* ones (pumps, control valves, check valves, pipes at tanks that can fill or run dry) have a state per lane.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Plan(NamedTuple):
    """What all cases share. Junctions 0..n-1 in elimination order, then tanks and reservoirs. SI units."""

    n: int
    fixed: int
    formula: int
    driven: int
    root: int
    """1 where demand follows the square root of pressure (exponent 0.5)."""
    power: float
    """1 / pressure exponent."""
    emitter_power: float
    flat: float
    steep: float
    easy: float
    barrier: float
    tol_head: float
    tol_flow: float
    cfs: float
    # plain links
    a: np.ndarray
    b: np.ndarray
    entry: np.ndarray
    form: np.ndarray
    """0 friction, 1 minor loss only, 2 open valve without loss."""
    r: np.ndarray
    ri: np.ndarray
    """1 / (1.852 r): the Hazen-Williams slope upside down."""
    minor: np.ndarray
    friction: np.ndarray
    """(m, 6) Darcy-Weisbach: 1/(viscosity d), roughness/(3.7 d), Dunlop's x1..x4."""
    plain_id: np.ndarray
    # nodes
    base: np.ndarray
    """Head at which pressure-driven demand starts: elevation + minimum pressure."""
    span: np.ndarray
    """Required minus minimum pressure, m."""
    elevation: np.ndarray
    demand: np.ndarray
    slot: np.ndarray
    """Row of the per-lane demand table, -1 for none."""
    node_id: np.ndarray
    column: np.ndarray
    row: np.ndarray
    target: np.ndarray
    emitter_node: np.ndarray
    emitter_head: np.ndarray
    """Head against which each emitter flows out: the ground, or a pressure above it."""
    # special links
    holding: int
    """1 where there is a PRV or PSV at work."""
    kind: np.ndarray
    sa: np.ndarray
    sb: np.ndarray
    s_entry: np.ndarray
    s_r: np.ndarray
    s_friction: np.ndarray
    s_minor: np.ndarray
    s_throttle: np.ndarray
    pump: np.ndarray
    h0: np.ndarray
    pr: np.ndarray
    pn: np.ndarray
    top: np.ndarray
    start: np.ndarray
    curve: np.ndarray
    curve_at: np.ndarray
    curve_x: np.ndarray
    curve_y: np.ndarray
    special_id: np.ndarray
    # flow balance at the controlled node of PRVs and PSVs
    near_at: np.ndarray
    near_plain: np.ndarray
    near_special: np.ndarray
    near_sign: np.ndarray
    near_emitter: np.ndarray
    # tanks
    tank: np.ndarray
    low: np.ndarray
    high: np.ndarray
    overflow: np.ndarray
    # controls by junction pressure
    c_special: np.ndarray
    c_node: np.ndarray
    c_high: np.ndarray
    c_grade: np.ndarray
    c_status: np.ndarray
    c_setting: np.ndarray


class Rules(NamedTuple):
    """When a case counts as solved: EPANET's options."""

    accuracy: float
    trials: int
    extra: int
    check_freq: int
    max_check: int
    damp: float
    head_error: float
    flow_change: float


class State(NamedTuple):
    """A solution to start from, one number per thing."""

    q: np.ndarray
    x: np.ndarray
    e: np.ndarray
    sq: np.ndarray
    status: np.ndarray
    setting: np.ndarray
    closed: np.ndarray


class Cases(NamedTuple):
    """What differs from the starting state, case by case, as compressed rows (`*_at` has one more entry)."""

    close_at: np.ndarray
    close: np.ndarray
    """Plain link l as l, special link s as -1 - s."""
    slot_at: np.ndarray
    slot: np.ndarray
    slot_value: np.ndarray
    emit_at: np.ndarray
    emit: np.ndarray
    emit_value: np.ndarray
    set_at: np.ndarray
    set_special: np.ndarray
    set_status: np.ndarray
    set_value: np.ndarray
    factor: np.ndarray
    heads: np.ndarray
    """(1 or n_cases, fixed) heads of tanks and reservoirs."""
    slot_base: np.ndarray
    emit_base: np.ndarray


class Answers(NamedTuple):
    """Results by case. Arrays with no rows are not wanted."""

    head: np.ndarray
    demand: np.ndarray
    flow: np.ndarray
    emitter: np.ndarray
    state: np.ndarray
    setting: np.ndarray
    outcome: np.ndarray
    trials: np.ndarray
    error: np.ndarray


class Work(NamedTuple):
    """Scratch of one thread: rows of eight lanes."""

    q: np.ndarray
    p: np.ndarray
    z: np.ndarray
    d: np.ndarray
    f: np.ndarray
    x: np.ndarray
    low: np.ndarray
    e: np.ndarray
    ke: np.ndarray
    full: np.ndarray
    sq: np.ndarray
    sp: np.ndarray
    sz: np.ndarray
    status: np.ndarray
    setting: np.ndarray
    held: np.ndarray
    closed: np.ndarray
    factor: np.ndarray
    relax: np.ndarray
    total: np.ndarray
    lane: np.ndarray
    """(4, 8) whole numbers: the case of each lane (-1 idle), its trial, its next state check, lanes just done."""


SOLVED, UNBALANCED, SINGULAR = 0, 1, 2
"""Outcomes: solved; no convergence within the trials; a pivot that is not positive."""


def workspace(plan: Plan) -> Work:
    """Arrays for one thread."""

    def rows(count: int) -> np.ndarray:
        return np.zeros((max(count, 1), 8))

    m, s = plan.a.size, plan.kind.size
    nodes = plan.n + plan.fixed
    slots = int(plan.slot.max(initial=-1)) + 1
    emitters = plan.emitter_node.size
    return Work(
        rows(m), rows(m), rows(m), rows(nodes), rows(nodes), rows(plan.n), rows(plan.row.size), rows(emitters),
        rows(emitters), rows(slots), rows(s), rows(s), rows(s), np.zeros((max(s, 1), 8), np.int64), rows(s),
        np.zeros((max(s, 1), 8), np.bool_), np.zeros(max(m, 1), np.uint8), np.ones((1, 8)), np.ones((1, 8)), rows(8),
        np.zeros((4, 8), np.int64),
    )  # fmt: skip
