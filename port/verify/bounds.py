"""What theory says of a terminal: exact rates where the assumptions of closed networks hold, else upper bounds.

Exact: mean-value analysis of a closed product-form network (Reiser & Lavenberg 1980, J. ACM 27(2), 313–322); one crane
with unhurried gantries is the machine-repair model M/M/1//N. Bounds: no server works more than all the time, and no
truck carries more orders than its shortest trips allow (asymptotic bounds, Denning & Buzen 1978, ACM Computing
Surveys 10(3), 225–261). The means are those of the terminal's own file and layout.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from port.plan import Plan
from port.terminal import Terminal
from port.ways import NO_WAY_US, Ways
from twin.clock import US


@dataclass(frozen=True)
class Station:
    """So many equal stations, each of `servers` with a mean service; a trip visits one of them, evenly drawn."""

    count: int
    servers: int
    service_s: float


def mean_value_analysis(trucks: int, away_s: float, stations: Sequence[Station]) -> tuple[float, list[float]]:
    """Trips an hour of a closed network, and the mean wait (s) before each kind of station. Exact.

    A truck that comes to a station sees it as it is with one truck less:

        R(n) = s/m (1 + Q(n−1) + Σ_{j<m−1} (m−1−j) p(j, n−1)),   X(n) = n / (Z + Σ R),   Q(n) = X v R
        p(j, n) = X v s / j · p(j−1, n−1),   p(0, n) = 1 − (X v s + Σ_{0<j<m} (m−j) p(j, n)) / m

    with m servers, s their mean service, v = 1 / count, Z = `away_s` without any wait.
    """
    length = [0.0] * len(stations)
    idle = [np.array([1.0] + [0.0] * (st.servers - 1)) for st in stations]
    rate, stays = 0.0, [st.service_s for st in stations]
    for n in range(1, trucks + 1):
        for k, st in enumerate(stations):
            m = st.servers
            if m >= trucks:
                stays[k] = st.service_s
                continue
            free = sum((m - 1 - j) * float(idle[k][j]) for j in range(m - 1))
            stays[k] = st.service_s / m * (1.0 + length[k] + free)
        rate = n / (away_s + sum(stays))
        for k, st in enumerate(stations):
            flow, m, before = rate / st.count, st.servers, idle[k].copy()
            length[k] = flow * stays[k]
            for j in range(1, m):
                idle[k][j] = flow * st.service_s / j * before[j - 1]
            idle[k][0] = 1.0 - (flow * st.service_s + sum((m - j) * idle[k][j] for j in range(1, m))) / m
    return rate * 3600.0, [stay - st.service_s for stay, st in zip(stays, stations, strict=True)]


def table_mean_s(table: Sequence[int]) -> float:
    """Mean of a quantile table that is linear between its entries (µs), in s."""
    return (math.fsum(table) - (table[0] + table[-1]) / 2) / (len(table) - 1) / US


def crane_order_s(plan: Plan) -> float:
    """Mean time that a quay crane needs for an order, at the least: twin lifts in, dual cycles at their best."""
    spec, tables = plan.terminal.quay_crane, plan.tables
    chance = float(plan.quay_retries().min())
    retries = spec.retry_time * chance / (1.0 - chance) if chance < 1.0 else math.inf
    mean = table_mean_s(tables["handover"]) + retries + spec.twin_share * spec.twin_time
    saved = spec.dual_saving / 2 if spec.dual_cycling > 0.0 else 0.0
    return mean + max(0.0, table_mean_s(tables["crane"]) - saved)


def gantry_cycle_s(plan: Plan) -> float:
    """Mean time of a gantry's cycle without any rehandle."""
    chance = float(plan.yard_retries().min())
    retries = plan.terminal.gantry.retry_time * chance / (1.0 - chance) if chance < 1.0 else math.inf
    return table_mean_s(plan.tables["gantry"]) + retries


def shortest_trip_s(plan: Plan) -> float:
    """Least time that a truck spends on an order: the shortest loaded way at posted limits, and the services for which
    it stands there."""
    way = plan.open_ways.time_us[0]
    there, back = way[np.ix_(plan.crane_place, plan.block_place)], way[np.ix_(plan.block_place, plan.crane_place)]
    least = min(float(there.min()), float(back.min()))
    drive = least / US * (1.0 - plan.terminal.fleet.travel_spread) if least < NO_WAY_US else math.inf
    at_block = 0.0 if plan.terminal.gantry.meeting == "instant" else gantry_cycle_s(plan)
    return drive + table_mean_s(plan.tables["handover"]) + at_block


def bounds(plan: Plan, crane_h: float, span_h: float) -> list[dict[str, Any]]:
    """Upper bounds on rates: what limits, of which figure, and the bound.

    crane_h : hours that cranes had a ship, all together.  span_h : length of the run.
    """
    t = plan.terminal
    boxes = 1.0 + t.quay_crane.twin_share
    crane, gantry, trip = crane_order_s(plan), gantry_cycle_s(plan), shortest_trip_s(plan)

    def per_h(servers: float, service_s: float) -> float:
        return servers * 3600.0 / service_s if service_s > 0.0 else math.inf

    return [
        {"figure": "crane_moves_per_h", "limit": "quay cranes, always at work while a ship is there",
         "bound": per_h(crane_h / span_h, crane) * boxes},
        {"figure": "crane_moves_per_h", "limit": "trucks, each order with the shortest loaded way and no wait",
         "bound": per_h(plan.fleet_size, trip) * boxes},
        {"figure": "gantry_cycles_per_h", "limit": "gantries, always at work and never digging",
         "bound": per_h(len(plan.gantry_block), gantry)},
        {"figure": "gate_in_per_h", "limit": "gate lanes in",
         "bound": per_h(t.gate.lanes_in, table_mean_s(plan.tables["gate_in"]))},
        {"figure": "gate_out_per_h", "limit": "gate lanes out",
         "bound": per_h(t.gate.lanes_out, table_mean_s(plan.tables["gate_out"]))},
    ]  # fmt: skip


def why_not_exact(plan: Plan, policy: str) -> list[str]:
    """What keeps mean-value analysis from being exact here; empty when it is."""
    return list(_reasons(plan, plan.terminal, policy))


def _reasons(plan: Plan, t: Terminal, policy: str) -> Iterator[str]:
    one_crane = plan.n_cranes == 1
    if not one_crane and policy != "random":
        yield "orders are not drawn evenly (dispatch: random)"
    if plan.n_blocks > 1 and t.yard.choice != "random":
        yield "blocks are not drawn evenly (yard.choice: random)"
    if t.quay_crane.handover.shape != "exponential" or t.quay_crane.cycle.mean > 0.0:
        yield "a quay crane's service is not one exponential time (handover exponential, cycle 0 s)"
    if t.gantry.cycle.shape != "exponential" or (t.gantry.rehandle > 0.0 and _digs(plan)):
        yield "a gantry's service is not exponential, or it digs"
    if len(set(plan.gantries.tolist())) > 1:
        yield "blocks have different numbers of gantries"
    if t.roads.occupation or t.roads.junctions:
        yield "trucks wait for lanes or junctions (roads.occupation, roads.junctions)"
    if _slower(plan) or t.fleet.acceleration or t.fleet.deceleration or t.fleet.turn_time:
        yield "trips take longer than at posted limits (fleet.speed, acceleration, turn_time)"
    if t.quay_crane.retry_probability or t.gantry.retry_probability:
        yield "alignments are repeated"
    if t.quay_crane.twin_share or t.quay_crane.dual_cycling:
        yield "lifts are twin or cycles dual"
    if t.quay_crane.buffer or t.gantry.buffer:
        yield "places before cranes or blocks are full at times (buffer)"
    if t.stations:
        yield "trucks leave for stations"
    if t.fleet.remote.per_1000_km:
        yield "trucks call operators"
    if any(plan.failing):
        yield "machines fail"
    if plan.trucks_per_day:
        yield "road trucks use the gantries too"
    if t.quay_crane.orders == "ready" or t.gantry.meeting == "instant":
        yield "trucks are called late, or gantries work without them (orders: ready, meeting: instant)"
    if t.radio is not None or t.positioning is not None:
        yield "radio or positioning slows trucks down"
    if t.quay_crane.orders_ahead < 2 * plan.fleet_size:
        yield "cranes run out of orders (orders_ahead below twice the fleet)"
    if (isinstance(t.calls, tuple) and any(call.load for call in t.calls)) or not isinstance(t.calls, tuple):
        yield "ships load too, or are generated"


def _slower(plan: Plan) -> bool:
    """Whether trucks need longer between cranes and blocks than the posted limits say."""
    capped = copy(plan)
    capped.limit = np.minimum(plan.limit, min(plan.terminal.fleet.speed, plan.terminal.fleet.speed_loaded))
    pairs = np.ix_(plan.crane_place, plan.block_place), np.ix_(plan.block_place, plan.crane_place)
    driven, posted = Ways.of(capped).time_us[0], plan.open_ways.time_us[0]
    return not all(np.allclose(driven[pair], posted[pair], rtol=1e-5, atol=2.0) for pair in pairs)


def _digs(plan: Plan) -> bool:
    calls = plan.terminal.calls
    return not isinstance(calls, tuple) or any(call.load for call in calls)


def exact(plan: Plan) -> tuple[float, float, float]:
    """Moves an hour, and mean waits (s) before a crane and before a gantry, by mean-value analysis."""
    way = plan.open_ways.time_us[0]
    there = way[np.ix_(plan.crane_place, plan.block_place)].mean()
    back = way[np.ix_(plan.block_place, plan.crane_place)].mean()
    crane = Station(plan.n_cranes, 1, table_mean_s(plan.tables["handover"]))
    gantry = Station(plan.n_blocks, int(plan.gantries[0]), table_mean_s(plan.tables["gantry"]))
    rate, waits = mean_value_analysis(plan.fleet_size, float(there + back) / US, [crane, gantry])
    return rate, waits[0], waits[1]
