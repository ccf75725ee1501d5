"""What a terminal's file describes, in numbers that a planner can hold against his own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from port.plan import GATE_PLACE, Plan
from port.terminal import Terminal
from port.ways import NO_WAY_US

Row = dict[str, Any]
DAY_S, YEAR_DAYS = 86400.0, 365.0


def facts(terminal: Terminal) -> list[Row]:
    """Rows (`key`, `what`, `value`, `unit`, `note`) of a completed terminal: quay, yard, lanes, gate."""
    assert not isinstance(terminal.berths, int)
    plan = Plan(terminal)
    rows = [*_quay(terminal, plan), *_yard(terminal, plan), *_lanes(terminal, plan), *_gate(terminal, plan)]
    names = ("key", "what", "value", "unit", "note")
    return [dict(zip(names, row, strict=True)) for row in rows]


def daily_trucks(terminal: Terminal) -> float:
    """Road trucks a day."""
    road = terminal.road_trucks
    return sum(road.per_hour) if road.per_hour else road.per_day or 0.0


def stock_of_stays(terminal: Terminal) -> float | None:
    """Boxes that stand in the yard in the mean when flows and stays go on as given (Little's law); None without stays.

    Imports and exports a day are the trucks' of a day; the discharge that is not imported, a share s of it, goes on by
    ship: s/(1 − s) of the imports.
    """
    dwell, share = terminal.yard.dwell, terminal.yard.transhipment
    if dwell is None or share >= 1.0:
        return None
    delivered = daily_trucks(terminal) * terminal.road_trucks.deliver_share
    imports = daily_trucks(terminal) - delivered
    boxes = imports * dwell.imports.mean + delivered * dwell.exports.mean
    return (boxes + imports * share / (1.0 - share) * dwell.transhipment.mean) / DAY_S


def _quay(terminal: Terminal, plan: Plan) -> list[tuple[Any, ...]]:
    assert not isinstance(terminal.berths, int)
    quay = sum(math.dist(*b.line) for b in terminal.berths)
    cranes, rate = plan.n_cranes, 3600.0 / (terminal.quay_crane.handover.mean + terminal.quay_crane.cycle.mean)
    rows: list[tuple[Any, ...]] = [
        ("berths", "berths", len(terminal.berths), "", f"{quay / len(terminal.berths):.0f} m each in the mean"),
        ("quay_m", "quay", quay, "m", ""),
        ("quay_cranes", "quay cranes", cranes, "", f"one to {quay / cranes:.0f} m of quay"),
        ("crane_rate", "crane by itself", rate, "moves/h", "handover and cycle, without retries or waits for trucks"),
        ("trucks", "driverless trucks", plan.fleet_size, "", f"{plan.fleet_size / cranes:.1f} a quay crane"),
        ("stations", "stations", plan.n_stations, "", ""),
    ]
    if isinstance(terminal.calls, tuple) and terminal.calls:
        moves = sum(c.discharge + c.load for c in terminal.calls)
        days = max(1.0, math.ceil(max(c.at for c in terminal.calls) / DAY_S - 1e-9))
        teu = moves / days * terminal.yard.teu_per_box * YEAR_DAYS
        rows.append(("call_moves", "moves of the calls", moves, "", f"{teu / 1e6:.2f} million TEU a year, {days:g} d"))
    return rows


def _yard(terminal: Terminal, plan: Plan) -> list[tuple[Any, ...]]:
    slots, start, stays = int(plan.capacity.sum()), int(plan.fill.sum()), stock_of_stays(terminal)
    teu = slots * terminal.yard.teu_per_box
    rows: list[tuple[Any, ...]] = [
        ("blocks", "blocks", plan.n_blocks, "", f"gantries: {len(plan.gantry_block)}"),
        ("slots", "slots", slots, "boxes", f"{teu:,.0f} TEU; each bay keeps tiers − 1 free"),
        ("stock_start", "stock at the start", start, "boxes", f"{start / slots:.0%} of the slots"),
    ]
    if stays is not None:
        note = f"{stays / slots:.0%} of the slots; full boxes, by the flows of a day and their stays"
        rows.append(("stock_of_stays", "stock that stays imply", stays, "boxes", note))
    return rows


def _lanes(terminal: Terminal, plan: Plan) -> list[tuple[Any, ...]]:
    length, site = sum(plan.site.length_m), plan.site
    times = plan.open_ways.time_us
    quay = times[0][np.ix_(plan.crane_place, plan.block_place)]
    gate = times[1][GATE_PLACE, plan.block_place]
    oneway = sum(site.oneway)
    rows: list[tuple[Any, ...]] = [
        ("lanes", "lanes", len(site.lane_ids), "", f"{length / 1000:.2f} km, {oneway} one-way")
    ]
    for key, what, found in (("crane_to_block", "crane to block", quay), ("gate_to_block", "gate to block", gate)):
        known = found[found < NO_WAY_US] / 1e6
        note = f"{known.min():.0f} to {known.max():.0f} s at posted limits"
        rows.append((f"{key}_s", what, float(known.mean()), "s", note))
    return rows


def _gate(terminal: Terminal, plan: Plan) -> list[tuple[Any, ...]]:
    gate, spec, trucks = terminal.gate, terminal.gate.appointments, daily_trucks(terminal)
    can = gate.lanes_in * 3600.0 / gate.service_in.mean if gate.service_in.mean > 0 else math.inf
    peak = plan.truck_scale * max(plan.hours)
    rows: list[tuple[Any, ...]] = [
        ("gate_lanes", "gate lanes in", gate.lanes_in, "", f"{gate.lanes_out} out"),
        ("gate_rate", "gate by itself", can, "trucks/h", "all entry lanes busy"),
        ("trucks_day", "road trucks", trucks, "1/d", ""),
        ("trucks_peak", "in the busiest hour", peak, "1/h", f"{peak / can:.0%} of the gate; keep it under 60 %"),
    ]
    if spec is not None:
        hour = spec.quota * 3600.0 / spec.slot
        rows.append(("slots_hour", "appointments", hour, "1/h", f"{hour / can:.0%} of the gate"))
    return rows
