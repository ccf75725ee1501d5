"""What the user reads: headline figures, tables and the two balances, from an engine's state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from port.calls import PLANNED_RATE_PER_H
from port.plan import JOULE_PER_KWH
from port.state import DELIVER, RECEIVE, RETRIEVE, STORE, Crane, Machine, Vessel
from twin.model import Balance, Metric, Table

if TYPE_CHECKING:
    from port.control import Engine

HOUR_US = 3.6e9
YEAR_US = 365 * 24 * HOUR_US
MINUTE_US = 6e7
WARM_US = 1_800_000_000
"""A ship that has been worked for less than this is projected at the planned rate, not at its own."""
CAUSES = ("wind", "flood", "power")


def balances(engine: Engine) -> list[Balance]:
    """Trucks and containers, counted where they are and held against what crossed the border: exact or wrong.

    A container crosses the border when its cycle hands it over: at the quay with the handover, at the road when the
    gantry lifts it off a road truck or has set it down on one.
    """
    world, tally, gate = engine.world, engine.world.tally, engine.gate
    leaving = len(gate.departures)
    inside = sum(v.departed_us < 0 for v in world.visitors) + leaving
    held = world.stock.held
    hanging = sum(g.box is not None for g in world.gantries)
    driving = sum(len(t.car.boxes) for t in world.trucks)
    return [
        Balance(
            "trucks",
            "1",
            0,
            inside,
            {"gate": tally.arrived},
            {"road": tally.departed - leaving},
            tolerance=0.0,
        ),
        Balance(
            "containers",
            "1",
            tally.stock_start,
            held + hanging + driving,
            {"discharged": tally.discharged, "delivered": tally.delivered},
            {"loaded": tally.loaded, "collected": tally.collected},
            tolerance=0.0,
        ),
    ]


def assigned_h(crane: Crane, now_us: int) -> float:
    """Hours in which the crane had a ship."""
    return (crane.assigned_us + (now_us - crane.since_us if crane.vessel is not None else 0)) / HOUR_US


def starved_h(crane: Crane, now_us: int) -> float:
    """Hours in which the crane had a ship, and no box could be ordered for it."""
    going_on = now_us - crane.starved_since_us if crane.starved_since_us is not None else 0
    return (crane.starved_us + going_on) / HOUR_US


def stopped_h(machines: Iterable[Machine], now_us: int) -> dict[str, float]:
    """Machine-hours by cause (`breakdown x` counts as `breakdown`). Causes that overlap count each."""
    total = dict.fromkeys(CAUSES, 0.0)
    for machine in machines:
        for cause, since, until in machine.all_stops(now_us):
            kind = cause.split()[0]
            total[kind] = total.get(kind, 0.0) + (until - since) / HOUR_US
    return total


def delay_h(vessel: Vessel, now_us: int, cranes: int) -> float | None:
    """Hours behind the planned departure: known once it has left, projected while it is worked or waits; never below 0.

    The rest of the work counts at the ship's own mean rate, in its first half hour at the planned rate. None for a
    ship that has not come yet.
    """
    if vessel.departed_us >= 0:
        return max(0.0, (vessel.departed_us - vessel.leaves_us) / HOUR_US)
    if vessel.at_us > now_us:
        return None
    left, rate = vessel.total - vessel.moves, PLANNED_RATE_PER_H * cranes
    if vessel.work_us >= 0 and now_us - vessel.work_us >= WARM_US and vessel.moves > 0:
        rate = vessel.moves / ((now_us - vessel.work_us) / HOUR_US)
    return max(0.0, (now_us - vessel.leaves_us) / HOUR_US + left / rate)


def summary(engine: Engine) -> dict[str, Metric]:
    """Headline figures; None where nothing was there to measure."""
    world, tally, now = engine.world, engine.world.tally, engine.now_us
    moves = sum(c.moves for c in world.cranes)
    hours = sum(assigned_h(c, now) for c in world.cranes)
    turns = [(v.departed_us - v.arrived_us) / MINUTE_US for v in world.visitors if v.departed_us >= 0]
    late = [d for v in world.vessels if (d := delay_h(v, now, _cranes_at(engine, v))) is not None]
    stops = stopped_h(world.cranes, now)
    empty, loaded = sum(t.empty_m for t in world.trucks), sum(t.loaded_m for t in world.trucks)
    served = sum(v.outcome == "served" and v.departed_us >= 0 for v in world.visitors)
    found = {
        "crane_rate": Metric(
            moves / hours if hours else None,
            "1/h",
            "Moves an hour and crane, in the time at a ship with all stops and waits.",
            "higher",
        ),
        "moves": Metric(moves, "1", "Containers over the quay.", "higher", 0),
        "truck_turn_time": Metric(
            float(np.mean(turns)) if turns else None,
            "min",
            "Road truck's visit, from arrival at the gate until back on the road (mean).",
            "lower",
        ),
        "truck_turn_time_p90": Metric(
            float(np.percentile(turns, 90)) if turns else None,
            "min",
            "Road truck's visit, nine of ten are shorter.",
            "lower",
        ),
        "trucks_served": Metric(served, "1", "Road trucks served, out again with their work done.", "higher", 0),
        "trucks_waiting_outside": Metric(tally.longest_queue, "1", "Longest queue at the gate.", "lower", 0),
        "trucks_unserved": Metric(
            tally.left_empty + tally.refused,
            "1",
            "Road trucks unserved, with no box to collect or no room for theirs.",
            "lower",
            0,
        ),
        "gate_closed": Metric(_gate_closed_h(engine), "h", "Gate closed.", "lower"),
        "vessel_delay": Metric(
            float(np.mean(late)) if late else None,
            "h",
            "Mean delay of ships, against planned departure; projected for ships still worked.",
            "lower",
        ),
        "starved": Metric(
            sum(starved_h(c, now) for c in world.cranes),
            "h",
            "Crane-hours without a box, at a ship for which the yard had none (or no room).",
            "lower",
        ),
        "empty_share": Metric(
            empty / (empty + loaded) if empty + loaded else None,
            "1",
            "Driverless trucks' way driven empty.",
            "lower",
            2,
        ),
        "empty_distance": Metric(empty / 1000, "km", "Driverless trucks' way driven empty.", "lower"),
        "energy": Metric(
            sum(t.used_j for t in world.trucks) / JOULE_PER_KWH, "kWh", "Energy of the driverless trucks.", "lower", 0
        ),
        "rehandles": Metric(tally.rehandles, "1", "Containers moved only to reach others.", "lower", 0),
        "yard_fill": Metric(_fullest(engine), "1", "Yard at its fullest: share of the slots in use.", "lower", 2),
        "teu_per_year": Metric(
            moves * engine.terminal.yard.teu_per_box * YEAR_US / now if now else None,
            "TEU/a",
            "Throughput of a year at this pace, over the quay.",
            "higher",
            0,
        ),
        "gridlocks": Metric(tally.gridlocks, "1", "Rings of full lanes that had to be dissolved.", "lower", 0),
    }
    found |= _passed_on(engine)
    names = {"wind": "wind", "flood": "water", "power": "a lack of power", "breakdown": "breakdown", "order": "order"}
    for cause, hours_stopped in stops.items():
        doc = f"Crane-hours in which quay cranes were stopped by {names.get(cause, cause)}."
        found[f"stopped_{cause}"] = Metric(hours_stopped, "h", doc, "lower")
    return found


def _fullest(engine: Engine) -> float:
    """Most boxes in the stacks at any time, as a share of the slots."""
    step = {STORE: 1, RECEIVE: 1, RETRIEVE: -1, DELIVER: -1}
    held = np.cumsum([engine.world.tally.stock_start, *(step.get(row[2], 0) for row in engine.trace)])
    return float(held.max() / engine.plan.capacity.sum())


def _passed_on(engine: Engine) -> dict[str, Metric]:
    """Figures of transhipment and of appointments, where there are any."""
    found: dict[str, Metric] = {}
    tally, bookings = engine.world.tally, engine.bookings()
    if engine.terminal.yard.transhipment or any(v.transfers for v in engine.calls):
        doc = "Containers discharged for a later ship."
        found["transhipped"] = Metric(tally.transhipped, "1", doc, "higher", 0)
    if bookings is not None:
        moved, away = bookings.moved, bookings.refused + bookings.missing
        doc = "Road trucks that booked a later slot than they wished."
        found["appointments_moved"] = Metric(moved, "1", doc, "lower", 0)
        doc = "Road trucks without a slot, or that did not come to theirs."
        found["appointments_lost"] = Metric(away, "1", doc, "lower", 0)
    return found


def tables(engine: Engine) -> dict[str, Table]:
    """Ships, cranes, road trucks, stops, every move, containers with papers, and key figures after TIC4.0."""
    from port.messages.naming import containers
    from port.tic40.kpis import kpis

    return {
        "containers": containers(engine),
        "tic40_kpis": kpis(engine),
        "vessels": _vessels(engine),
        "cranes": _cranes(engine),
        "trucks": _trucks(engine),
        "stops": _stops(engine),
        "moves": _moves(engine),
    }


def _gate_closed_h(engine: Engine) -> float:
    gate = engine.gate
    return (gate.closed_us + (engine.now_us - gate.closed_since_us if gate.closed else 0)) / HOUR_US


def _cranes_at(engine: Engine, vessel: Vessel) -> int:
    at_work = np.bincount(engine.plan.crane_berth)
    return int(at_work[vessel.berth] if vessel.berth >= 0 else at_work.min())


def _s(time_us: int) -> float | None:
    return time_us / 1e6 if time_us >= 0 else None


def _round(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)


def _vessels(engine: Engine) -> Table:
    now, site = engine.now_us, engine.site
    columns = (
        *("vessel", "berth", "planned_at_s", "berthed_s", "work_begins_s", "planned_leave_s", "left_s"),
        *("discharge", "discharged", "load", "loaded", "boxes_missing", "delay_h"),
    )
    rows = [
        (
            *(v.name, site.berth_ids[v.berth] if v.berth >= 0 else "any"),
            *(_s(v.at_us), _s(v.berthed_us), _s(v.work_us), _s(v.leaves_us)),
            *(_s(v.departed_us), v.discharge, v.discharged, v.load, v.loaded, v.expected),
            _round(delay_h(v, now, _cranes_at(engine, v))),
        )
        for v in engine.world.vessels
    ]
    doc = (
        "Ships. `boxes_missing`: export boxes that have not come by road yet; `delay_h` is projected until it has left."
    )
    return Table(columns, rows, doc)


def _cranes(engine: Engine) -> Table:
    now, rows = engine.now_us, []
    for c in engine.world.cranes:
        hours = assigned_h(c, now)
        rate = round(c.moves / hours, 2) if hours else None
        stopped = sum(u - s for _, s, u in c.all_stops(now)) / HOUR_US
        figures = (hours, c.busy_us / HOUR_US, starved_h(c, now), stopped)
        rows.append((c.id, engine.site.berth_ids[c.berth], c.moves, rate, *(round(x, 3) for x in figures)))
    columns = ("crane", "berth", "moves", "moves_per_h", "at_ship_h", "working_h", "starved_h", "stopped_h")
    return Table(columns, rows, "Quay cranes. `working_h` counts finished cycles; stops that overlap count each.")


def _trucks(engine: Engine) -> Table:
    columns = ("truck", "task", "arrived_s", "admitted_s", "left_s", "turn_min", "outcome")
    rows = [
        (
            *(v.id, v.task, _s(v.arrived_us), _s(v.admitted_us), _s(v.departed_us)),
            round((v.departed_us - v.arrived_us) / MINUTE_US, 2) if v.departed_us >= 0 else None,
            v.outcome if v.departed_us >= 0 else "inside" if v.admitted_us >= 0 else "at the gate",
        )
        for v in engine.world.visitors
    ]
    return Table(columns, rows, "Road trucks in the order of their arrival at the gate.")


def _stops(engine: Engine) -> Table:
    world, now = engine.world, engine.now_us
    found = [
        (since, m.id, cause, until)
        for group in (world.cranes, world.gantries, world.trucks)
        for m in group
        for cause, since, until in m.all_stops(now)
    ]
    rows = [(m, cause, since / 1e6, until / 1e6) for since, m, cause, until in sorted(found)]
    return Table(
        ("machine", "cause", "from_s", "until_s"), rows, "Stops of machines; those that last end with the run."
    )


def _moves(engine: Engine) -> Table:
    rows = [
        (t / 1e6, machine, cycle, box if box >= 0 else None, truck) for t, machine, cycle, box, truck in engine.trace
    ]
    doc = (
        "Every finished cycle (che: container handling equipment, as in TIC4.0). DISCHARGE and LOAD by quay cranes, "
        "STORE and RETRIEVE (quay) and RECEIVE and DELIVER (road) by gantries, GATE_IN and GATE_OUT at the gate."
    )
    return Table(("end_s", "che", "cycle", "container", "truck"), rows, doc)
