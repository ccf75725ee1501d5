"""Fills the event loop's memory from a plan, for one run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from port.booking import Bookings
from port.draws import (
    ARRIVALS,
    BATTERY,
    FAILURES,
    GANTRY,
    QUAY_CRANE,
    TRUCK,
    VESSEL,
    YARD,
    Stream,
    first_indices,
    stream_keys,
)
from port.fast import records as r
from port.fast.memory import TABLES, Memory
from port.plan import Plan, dual_from
from port.state import Vessel
from port.ways import Ways
from twin.clock import to_us

LOG_ROWS = 1 << 16
QUANTILES = 4097


def _zeros(name: str, *shape: int) -> np.ndarray:
    return np.zeros(shape, TABLES[name])


def quantile_rows(plan: Plan) -> np.ndarray:
    """All tables of durations, one a row; −1 in those of machines that never fail."""
    names = ("handover", "crane", "gantry", "gate_in", "gate_out", "takeover", "second")
    rows = np.full((r.T_SWAPS + plan.n_stations, QUANTILES), -1, np.int64)
    for k, name in enumerate(names):
        rows[k] = plan.tables[name]
    for k, failing in enumerate(plan.failing):
        if failing is not None:
            rows[r.T_FAILS + k], rows[r.T_REPAIRS + k] = failing.between, failing.repair
    for k, name in enumerate(("imports", "exports", "transhipment", "rest")):
        if plan.stays is not None:
            rows[r.T_STAYS + k] = plan.stays[name]
    for s, swap in enumerate(plan.swaps):
        if swap is not None:
            rows[r.T_SWAPS + s] = swap
    return rows


def static_tables(plan: Plan) -> dict[str, np.ndarray]:
    """Tables that every run of a plan shares and nobody changes."""
    profile = np.array(plan.hours, float)
    ramps = np.array([plan.up, plan.down, plan.start_us, plan.headway_us], float)
    return {
        "turns": plan.turns.astype(np.uint8),
        "in_arcs": np.asarray(plan.in_arcs, np.int64),
        "ramps": ramps,
        "joule": np.array(plan.j_per_m, np.int64),
        "tables": quantile_rows(plan),
        "profile": profile,
    }


def way_tables(ways: Ways) -> dict[str, np.ndarray]:
    """Tables of ways by their names in the loop."""
    return {
        "hop_own": ways.hop[0],
        "hop_man": ways.hop[1],
        "first_own": ways.first[0],
        "first_man": ways.first[1],
        "time_own": ways.time_us[0],
        "time_man": ways.time_us[1],
        "open_block": ways.open_block,
    }


def _fill(table: np.ndarray, **columns: object) -> np.ndarray:
    for name, values in columns.items():
        table[name] = values
    return table


def build(
    plan: Plan,
    static: dict[str, np.ndarray],
    ways: Ways,
    speeds: np.ndarray,
    calls: Sequence[Vessel],
    seed: int,
    rule: int,
    road: bool,
    level: int,
    midnight_us: int,
    visitors: int,
    until_us: int,
    bookings: Bookings | None,
) -> Memory:
    """Memory at time 0, before the yard is filled. visitors : road trucks to make room for at first."""
    t, n_trucks, n_vessels = plan.terminal, plan.fleet_size, len(calls)
    n_cars = n_trucks + visitors
    n_arcs, n_nodes, n_places = len(plan.arc_mm), plan.n_nodes, len(plan.place_lane)
    n_cranes, n_blocks, n_gantries, n_stations = plan.n_cranes, plan.n_blocks, len(plan.gantry_block), plan.n_stations
    starts = np.cumsum([0, n_arcs, n_arcs, n_places, n_cranes, n_blocks, n_stations, 1, 1, 1, 1, n_arcs])
    names = ("leavers", "parked", "crane_line", "block_line", "station_line", "gate_line", "out_line", "wanting")
    conf = _fill(
        _zeros("conf", 1),
        **{name: int(start) for name, start in zip((*names, "calling", "aside"), starts[1:], strict=False)},
    )
    scale = plan.truck_scale
    orders = n_cranes * plan.orders_ahead
    margin = 16 * n_trucks + 4 * orders + 8 * n_arcs + 4 * n_vessels + 2048
    most = int(plan.capacity.max())
    owned_cap = np.array([most, *(min(most, v.load) for v in calls)], np.int64)
    total_fill = int(plan.fill.sum())
    _fill(
        conf,
        n_trucks=n_trucks,
        n_cars_cap=n_cars,
        n_cranes=n_cranes,
        n_gantries=n_gantries,
        n_blocks=n_blocks,
        n_arcs=n_arcs,
        n_nodes=n_nodes,
        n_places=n_places,
        n_stations=n_stations,
        n_vessels=n_vessels,
        log_cap=LOG_ROWS if level else 1 << 60,
        margin=margin,
        rule=rule,
        right_of_way=plan.rule,
        stop_on_ring=t.roads.gridlock == "stop",
        exclusion=t.roads.exclusion,
        clearance=plan.clearance_us,
        turn=plan.turn_us,
        slot_mm=plan.slot_mm,
        orders_ahead=plan.orders_ahead,
        handover_retry=to_us(t.quay_crane.retry_time),
        gantry_retry=to_us(t.gantry.retry_time),
        twin_us=to_us(t.quay_crane.twin_time),
        saved_us=to_us(t.quay_crane.dual_saving),
        rehandle=to_us(t.gantry.rehandle),
        berthing=to_us(t.limits.berthing),
        patience=to_us(t.road_trucks.patience),
        gantry_mean=plan.work_us,
        idle_w=plan.idle_w,
        battery=plan.battery_j,
        threshold=plan.threshold_j,
        lanes_in=t.gate.lanes_in,
        imports=int(total_fill * t.yard.imports),
        has_profile=bool(scale and any(plan.hours)),
        random_block=t.yard.choice == "random",
        orders_late=t.quay_crane.orders == "ready",
        instant=t.gantry.meeting == "instant",
        spread=t.fleet.travel_spread,
        twin=t.quay_crane.twin_share,
        dual=t.quay_crane.dual_cycling,
        deliver_share=t.road_trucks.deliver_share,
        scale=scale,
        booked=-1 if bookings is None else len(bookings.times_us),
        stays=plan.stays is not None,
        rest_is_even=plan.rest_is_even,
        until=until_us,
        released=t.yard.dwell.released if t.yard.dwell else 0.0,
        transhipment=t.yard.transhipment,
    )
    clock = _fill(_zeros("clock", 1), level=level, n_cars=n_trucks, road=road, midnight=midnight_us, seed=signed(seed))
    _fill(clock, roadstead=-1)
    _fill(clock, out_free=t.gate.lanes_out, operators=t.fleet.remote.operators, marked=0)
    stacks = plan.bays * plan.rows
    boxes = total_fill + sum(v.discharge for v in calls) + n_cars
    machines = n_cranes + n_gantries + n_trucks
    arrays = {
        **static,
        **way_tables(ways),
        "clock": clock,
        "conf": conf,
        "cars": _cars(plan, seed, n_cars),
        "cranes": _cranes(plan, seed),
        "gantries": _gantries(plan, seed),
        "blocks": _blocks(plan, stacks),
        "vessels": _vessels(plan, calls, seed),
        "arcs": _fill(_zeros("arcs", n_arcs), mm=plan.arc_mm, tail=plan.arc_tail, head=plan.arc_head, cap=plan.cap),
        "nodes": _fill(_zeros("nodes", n_nodes), in0=plan.in_start[:-1], in1=plan.in_start[1:], conflict=plan.conflict),
        "places": _fill(_zeros("places", n_places), lane=plan.place_lane, mm=plan.place_mm, room=plan.room),
        "stations": _stations(plan),
        "lines": _zeros("lines", int(starts[-1])),
        "waiting": _zeros("waiting", orders + 1),
        "sources": _streams([Stream(seed, ARRIVALS, 0), Stream(seed, YARD, 0)]),
        "failing": _fill(
            _zeros("failing", machines if any(plan.failing) else 0),
            key=stream_keys(seed, FAILURES, np.arange(machines if any(plan.failing) else 0)),
        ),
        "heap": _zeros("heap", heap_room(plan, n_cars, calls), 2),
        "wakes": _zeros("wakes", 2 * n_cars + n_vessels + 16),
        "log": np.empty((LOG_ROWS if level else 1, 5), np.int64),
        "speeds": speeds,
        "rates": plan.takeover_rates(),
        "heights": _zeros("heights", int(stacks.sum())),
        "cells": np.empty(int((stacks * plan.tiers).sum()), np.int32),
        "bay_count": _zeros("bay_count", int(plan.bays.sum())),
        "stack_of": np.empty(boxes, np.int32),
        "home": np.empty(boxes, np.int32),
        "owner_of": np.empty(boxes, np.int32),
        "transfers": np.array([pair for v in calls for pair in v.transfers], np.int64).reshape(-1, 2),
        "bookings": np.array(bookings.times_us if bookings else (), np.int64),
        "owned": np.empty(int(owned_cap.sum()) * n_blocks, np.int32),
        "owned_at": _before(owned_cap * n_blocks),
        "owned_cap": owned_cap,
        "owned_n": _zeros("owned_n", n_blocks * (n_vessels + 1)),
        "cover": _zeros("cover", n_cranes),
        "wait_crane": _zeros("wait_crane", orders + 1),
        "wait_pick": _zeros("wait_pick", orders + 1),
        "idle": _zeros("idle", n_trucks + 1),
        "ready": _zeros("ready", n_trucks + 1),
        "ready_at": _zeros("ready_at", n_trucks + 1),
        "pairs": _zeros("pairs", n_trucks + 1, 2),
        "ring": _zeros("ring", n_arcs + 1, 3),
        "set_list": _zeros("set_list", 5, max(n_arcs, n_nodes, n_places, n_blocks, n_cranes)),
        "set_flag": _zeros("set_flag", 5, max(n_arcs, n_nodes, n_places, n_blocks, n_cranes)),
        "set_n": _zeros("set_n", 5),
        "gate_free": _zeros("gate_free", t.gate.lanes_in),
        "berth_ship": np.full(len(plan.site.berth_ids), -1, np.int64),
        "berth_left": np.full(len(plan.site.berth_ids), -1, np.int64),
        "by_arrival": np.array(sorted(range(n_vessels), key=lambda k: (calls[k].at_us, k)), np.int64),
    }
    return Memory(arrays)


def signed(seed: int) -> int:
    """The lower 64 bits of a seed as a signed number."""
    return (seed + 2**63) % 2**64 - 2**63


def heap_room(plan: Plan, n_cars: int, calls: Sequence[Vessel]) -> int:
    """Most events that can be pending: two a truck (one of them patience), one a machine and junction, and where
    imports have to stay, one each."""
    n_vessels, staying = len(calls), 0
    if plan.stays is not None:
        staying = int(plan.fill.sum() * plan.terminal.yard.imports) + sum(v.discharge for v in calls)
    machines = plan.n_cranes + len(plan.gantry_block) + plan.fleet_size
    return 2 * n_cars + 2 * machines + plan.n_nodes + n_vessels + staying + 8


def _streams(streams: Sequence[Stream]) -> np.ndarray:
    return _fill(_zeros("sources", len(streams)), key=np.array([s.key for s in streams], np.uint64))


def _cars(plan: Plan, seed: int, n_cars: int) -> np.ndarray:
    cars, n = _zeros("cars", n_cars), plan.fleet_size
    low, high = plan.start_j
    cars["box0"] = cars["box1"] = cars["arc"] = cars["crane"] = -1
    cars["rested"] = 1
    cars["place"][:n] = plan.crane_place[np.arange(n) % plan.n_cranes]
    cars["key"][:n] = stream_keys(seed, TRUCK, np.arange(n))
    luck = first_indices(stream_keys(seed, BATTERY, np.arange(n)), 1 << 20)
    cars["level"][:n] = low + luck * (high - low) // (1 << 20)
    return cars


def _cranes(plan: Plan, seed: int) -> np.ndarray:
    cranes = _fill(_zeros("cranes", plan.n_cranes), berth=plan.crane_berth, vessel=-1, serving=-1)
    keys = stream_keys(seed, QUAY_CRANE, np.arange(plan.n_cranes))
    return _fill(cranes, retry=plan.quay_retries(), key=keys)


def _gantries(plan: Plan, seed: int) -> np.ndarray:
    n = len(plan.gantry_block)
    keys = stream_keys(seed, GANTRY, np.arange(n))
    return _fill(_zeros("gantries", n), block=plan.gantry_block, box=-1, serving=-1, key=keys)


def _blocks(plan: Plan, stacks: np.ndarray) -> np.ndarray:
    blocks = _fill(_zeros("blocks", plan.n_blocks), gantries=plan.gantries, first_gantry=plan.gantry_start[:-1])
    _fill(blocks, bays=plan.bays, rows=plan.rows, tiers=plan.tiers, bay_limit=plan.bay_limit, capacity=plan.capacity)
    _fill(blocks, stack0=_before(stacks), cell0=_before(stacks * plan.tiers), bay0=_before(plan.bays))
    return _fill(blocks, fill=plan.fill, retry=plan.yard_retries())


def _before(counts: np.ndarray) -> np.ndarray:
    return np.cumsum(counts) - counts


def _vessels(plan: Plan, calls: Sequence[Vessel], seed: int) -> np.ndarray:
    ships, share = _zeros("vessels", len(calls)), plan.terminal.quay_crane.dual_cycling
    for k, v in enumerate(calls):
        _fill(ships[k : k + 1], berth=v.berth, anywhere=v.anywhere, at=v.at_us, leaves=v.leaves_us)
        _fill(ships[k : k + 1], discharge=v.discharge, load=v.load)
        _fill(ships[k : k + 1], expected=v.load - v.coming, wanted=v.wanted, dual_from=dual_from(v.discharge, share))
    ends = np.cumsum([len(v.transfers) for v in calls], dtype=np.int64)
    _fill(ships, transfer0=ends - [len(v.transfers) for v in calls], transfer1=ends)
    keys = stream_keys(seed, VESSEL, np.array([v.number for v in calls], np.uint64))
    return _fill(ships, next=-1, berthed=-1, work=-1, departed=-1, key=keys)


def _stations(plan: Plan) -> np.ndarray:
    specs = plan.terminal.stations
    stations = _fill(_zeros("stations", plan.n_stations), mean=np.array(plan.station_mean_us, np.int64))
    _fill(stations, bays=[s.bays for s in specs], watts=[round(s.power_kw * 1000) for s in specs])
    return _fill(stations, swap=[r.T_SWAPS + i if s.kind == "swap" else -1 for i, s in enumerate(specs)])
