"""How SUMO is stepped: in stretches that end where somebody must look, and no earlier.

Ends of a stretch: the next exchange; SUMO reads new vehicles, or lifts one; a trip is due that must be looked at before
it begins (roads are closed) or as it begins (a bus, an ambulance, a trip that may have no way); where roads are closed,
buses drive or trucks go to a terminal, each departure and each stop that begins or ends. Who set out and arrived when
is noted step by step, so a stretch only saves looking where nothing can have happened.
"""

from __future__ import annotations

from dataclasses import dataclass

from traffic.acceptance import Acceptance
from traffic.buses import BusLines
from traffic.emergency import Responses
from traffic.facilities import Facilities
from traffic.gate import TerminalGate
from traffic.measures import Diversions, TruckHold
from traffic.roads import Roads
from traffic.sumo import Simulation
from traffic.trip_log import TripLog
from traffic.trips import Trips
from twin.clock import to_s, to_us


@dataclass
class Steps:
    """SUMO's clock, and who is told what a step has done.

    now_us  SUMO's clock, counted from the scenario's start
    """

    sim: Simulation
    roads: Roads
    trips: Trips
    trip_log: TripLog
    responses: Responses
    buses: BusLines
    facilities: Facilities
    diversions: Diversions
    acceptance: Acceptance | None
    gate: TerminalGate | None
    hold: TruckHold | None
    now_us: int = 0

    def run(self, until_us: int) -> None:
        """Step SUMO to `until_us`, or less than a step beyond."""
        trips, sim, until_s = self.trips, self.sim, self.sim.begin_s + to_s(until_us)
        while self.now_us < until_us:
            now_s = sim.time_s()
            trips.before_step(now_s, self.now_us)
            ends = [until_s]
            if self.roads.closed and (due_s := trips.next_due_s()) is not None:
                ends.append(due_s)
            begins_s = trips.next_watched_s()
            begins = begins_s is not None and begins_s <= now_s
            if begins_s is not None and not begins:
                ends.append(begins_s)
            if self.acceptance is not None or (self.gate is not None and self.gate.resumed):
                ends.append(now_s)
            self._stretch(min(ends), look=begins or self._looks())

    def _looks(self) -> bool:
        """Whether somebody wants to see every departure and every stop."""
        return bool(
            self.roads.closed
            or self.gate is not None
            or self.diversions.acting
            or self.buses.under_way
            or self.trip_log.unrouted
        )

    def _stretch(self, end_s: float, look: bool) -> None:
        sim, simulation = self.sim, self.sim.lib.simulation
        found, loaded = sim.stretch(end_s, look)
        now_s = sim.time_s()
        starting = simulation.getStopStartingVehiclesIDList() if look else ()
        ending = simulation.getStopEndingVehiclesIDList() if look else ()
        departed: tuple[str, ...] = ()
        arrived: tuple[str, ...] = ()
        if ending and (not found or found[-1][0] < now_s):
            found.append((now_s, (), ()))
        for time_s, departed, arrived in found:
            last = time_s == now_s
            arrived = self._hear(time_s, loaded if last else (), departed, arrived, ending if last else ())
            if self.gate is not None and arrived:
                self.gate.arrived(arrived)
        self._now(now_s)
        if simulation.getStartingTeleportNumber():
            self.trips.note_teleports(self.now_us)
        if starting:
            self.buses.after_step(starting)
        if self.acceptance is not None:
            self.acceptance.after_step(sim.lib, now_s)
        if self.gate is not None and self.hold is not None:
            self._at_gate(self.gate, self.hold, departed, (starting, ending))
        if departed:
            self.diversions.tell(departed)
        self.trips.note_due(now_s - sim.step_s)

    def _at_gate(
        self,
        gate: TerminalGate,
        hold: TruckHold,
        departed: tuple[str, ...],
        stops: tuple[tuple[str, ...], tuple[str, ...]],
    ) -> None:
        """Trucks that set out, stop and go on; `stops` are those that begin and end one."""
        if gate.resumed:
            resumed, gate.resumed = gate.resumed, []
            if self.roads.closed:
                self.trips.look_ahead(resumed, self.now_us)
        if departed:
            gate.departed(departed, self.trips.vclass)
            hold.send(departed, self.now_us)
        if stops != ((), ()):
            gate.after_step(self.now_us, self.trips.held, *stops)

    def _now(self, now_s: float) -> None:
        self.now_us = to_us(now_s - self.sim.begin_s)

    def _hear(
        self,
        now_s: float,
        loaded: tuple[str, ...],
        departed: tuple[str, ...],
        arrived: tuple[str, ...],
        ending: tuple[str, ...],
    ) -> tuple[str, ...]:
        """What the step that ended at `now_s` did. Returns those who arrived, without those towed away."""
        self._now(now_s)
        arrived = self.trips.after_step(loaded, departed, arrived, ending, self.now_us)
        if loaded:
            self.note_loaded(loaded, now_s - self.sim.step_s)
        if departed:
            self.trip_log.departed(departed, now_s)
            self.responses.departed(departed)
            self.buses.departed(departed)
        if arrived:
            self.trip_log.arrived(arrived, now_s)
            self.responses.arrived(arrived, to_s(self.now_us))
            self.buses.arrived(arrived)
        return arrived

    def note_loaded(self, loaded: tuple[str, ...], begun_s: float) -> None:
        """Trips just loaded; `begun_s` is the departure of those already on their way."""
        trips = self.trips
        self.trip_log.loaded(loaded, trips.waiting)
        for vid in self.buses.loaded(loaded):
            trips.watch(vid)
        self.facilities.loaded(loaded)
        for vid in loaded:
            if trips.vclass.get(vid) == "emergency":
                self.responses.called(vid, trips.waiting.get(vid, begun_s))
                trips.watch(vid)
