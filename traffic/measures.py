"""What a planner can do about it: vehicles led over a diversion, trucks held at a buffer park."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from traffic.gate import TerminalGate
from traffic.network import RoadNetwork, edges_of
from traffic.stalling import draw
from traffic.sumo import Simulation
from traffic.trips import FOREVER_S
from traffic.verb_args import Divert, HoldTrucks
from twin.model import Journal

_PARK, _PARKING_AREA = 1, 64


@dataclass
class Diversions:
    """Vehicles that are told another way. `led` are those that follow one."""

    sim: Simulation
    network: RoadNetwork
    seed: int
    journal: Journal
    acting: dict[str, tuple[Divert, tuple[str, ...], frozenset[str]]] = field(default_factory=dict)
    led: dict[str, None] = field(default_factory=dict)

    def apply(self, event_id: str, args: Divert, begins: bool, now_us: int) -> None:
        """Begin to tell vehicles, those on the road first; or stop it."""
        if not begins:
            self.acting.pop(event_id, None)
            return
        self.acting[event_id] = (args, tuple(edges_of(args, self.network)), frozenset(args.away_from))
        before = len(self.led)
        self.tell(self.sim.lib.vehicle.getIDList())
        around, over = (self.network.street(edge) for edge in (args.away_from[0], self.acting[event_id][1][0]))
        text = f"a diversion over {over} goes round {around}: {len(self.led) - before} vehicles on the road follow"
        self.journal.write(now_us, "diversion", text, edges=list(self.acting[event_id][1]))

    def tell(self, vehicles: Iterable[str]) -> None:
        """Lead those of these vehicles that have a closed part ahead and no stop to make over the diversion."""
        if not self.acting:
            return
        vehicle = self.sim.lib.vehicle
        for vid in vehicles:
            if vid in self.led:
                continue
            route, at = vehicle.getRoute(vid), max(vehicle.getRouteIndex(vid), 0)
            for args, over, away in self.acting.values():
                if away.isdisjoint(route[at + 1 :]) or draw(self.seed, f"divert/{vid}") >= args.share:
                    continue
                if not vehicle.getStops(vid, 1) and self._lead(vid, over, away, route[at:]):
                    self.led[vid] = None
                    break

    def _lead(self, vid: str, over: tuple[str, ...], away: frozenset[str], ahead: tuple[str, ...]) -> bool:
        """A way over the diversion that leaves the other one out; the old way where there is none."""
        vehicle, refused = self.sim.lib.vehicle, self.sim.lib.TraCIException
        try:
            vehicle.setVia(vid, list(over))
            vehicle.rerouteTraveltime(vid)
            route = vehicle.getRoute(vid)[max(vehicle.getRouteIndex(vid), 0) + 1 :]
            good = away.isdisjoint(route) and set(over) <= set(route)
        except refused:
            good = False
        if not good:
            try:
                vehicle.setVia(vid, [])
                vehicle.setRoute(vid, ahead)
            except refused:
                return False
        return good


@dataclass
class Buffer:
    """A park where trucks wait for the gate. Times in µs.

    waiting  truck -> when it was sent there (in the order of sending)
    called   trucks that were called up and have not reached the gate
    """

    event_id: str
    args: HoldTrucks
    waiting: dict[str, int] = field(default_factory=dict)
    called: dict[str, None] = field(default_factory=dict)
    ended: bool = False


@dataclass
class TruckHold:
    """Buffers in use, and what came of them. waits_us: (truck, from parking to being called up)."""

    sim: Simulation
    network: RoadNetwork
    gate: TerminalGate
    journal: Journal
    buffers: dict[str, Buffer] = field(default_factory=dict)
    parked_us: dict[str, int] = field(default_factory=dict)
    waits_us: list[tuple[str, int]] = field(default_factory=list)
    most: int = 0

    def apply(self, event_id: str, args: HoldTrucks, begins: bool, now_us: int) -> None:
        """Begin to send trucks to the buffer, or let all go. Raises `ValueError` when there is no such place."""
        if not begins:
            buffer = self.buffers.pop(event_id, None)
            if buffer is not None:
                self._call(buffer, list(buffer.waiting), now_us)
            return
        parks = self.sim.lib.parkingarea.getIDList()
        if args.park not in parks and args.park not in self.network.index:
            from twin.scenario.problems import suggest

            known = (*parks, *self.network.index)
            raise ValueError(f"no edge and no parking area '{args.park}'.{suggest(args.park, known)}")
        self.buffers[event_id] = Buffer(event_id, args)
        running = set(self.sim.lib.vehicle.getIDList())
        self.send([t.id for t in self.gate.trucks.values() if t.state == "road" and t.id in running], now_us)
        self.journal.write(now_us, "trucks_held", f"trucks for the terminal wait at {args.park}", park=args.park)

    def send(self, trucks: Iterable[str], now_us: int) -> None:
        """Trucks on their way to the gate go to the buffer first, while it has room and they can reach it."""
        for buffer in self.buffers.values():
            for vid in trucks:
                if vid in self.gate.trucks and self._room(buffer) and self._stop_there(vid, buffer.args.park):
                    buffer.waiting[vid] = now_us

    def _room(self, buffer: Buffer) -> bool:
        return len(buffer.waiting) < buffer.args.capacity

    def _stop_there(self, vid: str, at: str) -> bool:
        vehicle, lib = self.sim.lib.vehicle, self.sim.lib
        try:
            if vehicle.isStopped(vid):
                return False
            if at in lib.parkingarea.getIDList():
                vehicle.insertStop(vid, 0, at, 0.0, 0, FOREVER_S, _PARK | _PARKING_AREA)
                return True
            edge = self.network.edges[self.network.index[at]]
            lane = next((k for k, one in enumerate(edge.lanes) if "truck" in one.classes), 0)
            end = lib.lane.getLength(edge.lanes[lane].id) - 1.0
            vehicle.insertStop(vid, 0, at, end, lane, FOREVER_S, _PARK, 0.0)
        except lib.TraCIException:
            return False
        return True

    def tick(self, now_us: int) -> None:
        """Note who has parked, and call up the next trucks while the gate has room for them."""
        vehicle, known = self.sim.lib.vehicle, set(self.sim.lib.vehicle.getIDList()) if self.buffers else set()
        for buffer in self.buffers.values():
            for vid in [vid for vid in buffer.waiting if vid not in known]:
                del buffer.waiting[vid]
            parked = [vid for vid in buffer.waiting if vehicle.isStoppedParking(vid)]
            for vid in parked:
                self.parked_us.setdefault(vid, now_us)
            self.most = max(self.most, len(parked))
            on_way = [v for v in buffer.called if v in known and self.gate.trucks[v].state == "road"]
            buffer.called = dict.fromkeys(on_way)
            room = buffer.args.queue - max(self.gate.queue(), len(on_way))
            if room > 0:
                self._call(buffer, parked[:room], now_us)

    def _call(self, buffer: Buffer, trucks: list[str], now_us: int) -> None:
        vehicle = self.sim.lib.vehicle
        for vid in trucks:
            try:
                if vehicle.isStoppedParking(vid):
                    vehicle.resume(vid)
                    self.waits_us.append((vid, now_us - self.parked_us.get(vid, now_us)))
                else:
                    vehicle.replaceStop(vid, 0, "")
            except self.sim.lib.TraCIException:
                pass
            buffer.waiting.pop(vid, None)
            buffer.called[vid] = None
            self.gate.resumed.append(vid)
