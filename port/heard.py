"""Turns rows of the event log into the journal, the trace of moves, stops of machines, and news for the road."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from port import codes as c
from port.state import DELIVER, DISCHARGE, GATE_IN, GATE_OUT, LOAD, RECEIVE, RETRIEVE, STORE, TraceRow
from twin.ports import Arrival

if TYPE_CHECKING:
    from port.control import Engine

STARVED_WORTH_TELLING_US = 300_000_000
"""A crane's wait for boxes is told from 5 min on."""
QUAY = {c.L_DISCHARGE: DISCHARGE, c.L_LOAD: LOAD}
YARD = {c.L_STORE: STORE, c.L_RETRIEVE: RETRIEVE, c.L_RECEIVE: RECEIVE, c.L_DELIVER: DELIVER}
HEARD = np.array(
    sorted(
        {*QUAY, *YARD, c.L_ADMITTED, c.L_DEPARTED, c.L_BERTHED, c.L_LEFT, c.L_STARVED, c.L_REFUSED, c.L_EMPTY}
        | {c.L_FAILS, c.L_REPAIRED, c.L_GRIDLOCK, c.L_ASIDE}
    )
)
FAILURE = "breakdown"
"""Cause of random failures."""


class Hearing:
    """Listens after every slice. `trace` holds (end_us, machine, cycle, box, truck) of every finished cycle."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.trace: list[TraceRow] = []

    def listen(self) -> None:
        """Take in what the engine has logged since the last call."""
        rows = self.engine.fresh_rows()
        if len(rows):
            for row in rows[np.isin(rows[:, 1], HEARD)].tolist():
                self._hear(*row)

    def name(self, vehicle: int) -> str:
        """Id of a driverless or a road truck."""
        fleet = self.engine.plan.fleet_size
        return self.engine.plan.vehicle_name(vehicle) if vehicle < fleet else self.engine.visitor_name(vehicle - fleet)

    def _hear(self, now: int, code: int, entity: int, a: int, b: int) -> None:
        engine, plan = self.engine, self.engine.plan
        if code in QUAY:
            self.trace.append((now, plan.site.cranes[entity].id, QUAY[code], a, self.name(b)))
        elif code in YARD:
            self.trace.append((now, plan.gantry_ids[entity], YARD[code], a, self.name(b)))
        elif code in (c.L_ADMITTED, c.L_DEPARTED):
            self._gate(now, code, entity, a)
        elif code in (c.L_FAILS, c.L_REPAIRED):
            machine, fails = engine.machines[entity], code == c.L_FAILS
            (machine.stop if fails else machine.free)(FAILURE, now)
            words = "breaks down" if fails else "is repaired"
            self._tell(now, "machine_fails" if fails else "machine_back", f"{machine.id} {words}", machine=machine.id)
        elif code in (c.L_BERTHED, c.L_LEFT, c.L_STARVED):
            self._ship(now, code, entity, a, b)
        elif code == c.L_GRIDLOCK:
            onto, lane = (plan.site.lane_ids[arc >> 1] for arc in (b, a))
            text = f"gridlock: {self.name(entity)} at the end of {lane} waits for a place on {onto}"
            self._tell(now, "gridlock", text, truck=self.name(entity), lane=lane, waits_for=onto)
        elif code == c.L_ASIDE:
            lane, goal = plan.site.lane_ids[a >> 1], plan.place_names[b]
            text = f"no open way leads {self.name(entity)} to {goal}: it waits beside lane {lane}"
            self._tell(now, "truck_aside", text, truck=self.name(entity), lane=lane, goal=goal)
        elif code == c.L_REFUSED:
            name = self.name(entity)
            self._tell(now, "truck_refused", f"{name} takes its box back: the yard is full", truck=name)
        else:
            name = self.name(entity)
            self._tell(now, "truck_empty", f"{name} leaves without an import box", truck=name)

    def _tell(self, now: int, what: str, text: str, **data: Any) -> None:
        self.engine.tell(now, what, text, **data)

    def _gate(self, now: int, code: int, vehicle: int, a: int) -> None:
        engine, name = self.engine, self.name(vehicle)
        task, outcome = engine.visit(vehicle - engine.plan.fleet_size)
        if code == c.L_ADMITTED:
            self.trace.append((now, f"GI{a + 1}", GATE_IN, -1, name))
            if engine.road:
                engine.gate.admissions.append(Arrival(now, name, {"task": task}))
            return
        self.trace.append((now, "GO", GATE_OUT, a, name))
        if engine.road:
            engine.gate.departures.append(Arrival(now, name, {"task": task, "outcome": outcome}))

    def _ship(self, now: int, code: int, entity: int, a: int, b: int) -> None:
        engine = self.engine
        if code == c.L_STARVED:
            if b >= STARVED_WORTH_TELLING_US:
                crane, name, minutes = engine.plan.site.cranes[entity].id, engine.calls[a].name, b / 6e7
                text = f"{crane} has waited {minutes:.0f} min for boxes of {name}"
                self._tell(now, "crane_starved", text, crane=crane, vessel=name, minutes=minutes)
            return
        name, berth = engine.calls[entity].name, engine.site.berth_ids[a]
        if code == c.L_BERTHED:
            self._tell(now, "vessel_berthed", f"{name} is at berth {berth}", vessel=name, berth=berth)
            return
        late = b / 3.6e9
        words = f"{late:.1f} h late" if late > 0.05 else "on time"
        text = f"{name} leaves berth {berth}, {words}"
        self._tell(now, "vessel_left", text, vessel=name, berth=berth, delay_h=late)
