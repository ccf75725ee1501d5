"""What a planner can do about it, in a queue run: diversions, and trucks held at a buffer park.

The figures have the names of `traffic.measures`, which does the same with SUMO.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from traffic.demand import Inputs
from traffic.fast.layout import DRIVING, PARKED, Array
from traffic.measures import Buffer
from traffic.network import RoadNetwork, edges_of, elements
from traffic.queueing.gate import QueueGate
from traffic.queueing.leading import bound_for, lead_over, send_to
from traffic.queueing.run import CoupledRun
from traffic.stalling import draw
from traffic.verb_args import Divert, HoldTrucks
from twin.clock import to_s
from twin.model import Event, Journal
from twin.scenario.problems import suggest


@dataclass
class QueueDiversions:
    """Vehicles that are told another way. `led` are those that follow one.

    acting : event -> (arguments, edges of the diversion, (n_edges,) what it goes round)
    """

    run: CoupledRun
    network: RoadNetwork
    seed: int
    journal: Journal
    acting: dict[str, tuple[Divert, Array, Array]] = field(default_factory=dict)
    led: dict[str, None] = field(default_factory=dict)

    def apply(self, event_id: str, args: Divert, begins: bool, now_us: int) -> None:
        """Begin to tell vehicles, those on the road first; or stop it."""
        if not begins:
            self.acting.pop(event_id, None)
            return
        index, over = self.run.bound.network.index, edges_of(args, self.network)
        away = np.isin(np.arange(len(index)), [index[edge] for edge in args.away_from])
        self.acting[event_id] = args, np.array([index[edge] for edge in over]), away
        before = len(self.led)
        self.tell(np.flatnonzero(self.run.state.vehicle["state"] == DRIVING))
        street = self.network.street
        text = f"a diversion over {street(over[0])} goes round {street(args.away_from[0])}"
        told = f"{text}: {len(self.led) - before} vehicles on the road follow"
        self.journal.write(now_us, "diversion", told, edges=over)

    def tell(self, rows: Array) -> None:
        """Lead those of these vehicles over a diversion that have what it goes round ahead and no stop to make."""
        ids, changed = self.run.bound.fleet.ids, False
        for args, over, away in self.acting.values():
            for v in bound_for(self.run, rows, away):
                vid = ids[v]
                if vid in self.led or draw(self.seed, f"divert/{vid}") >= args.share:
                    continue
                if lead_over(self.run, int(v), over, away):
                    self.led[vid], changed = None, True
        if changed:
            self.run.look_anew()


def park_edges(events: Iterable[Event], inputs: Inputs, network: RoadNetwork) -> dict[str, str]:
    """Park as events name it -> its edge. Raises `ValueError` when it is neither an edge nor a parking area."""
    wanted = [event.args.park for event in events if isinstance(event.args, HoldTrucks)]
    if not wanted:
        return {}
    areas = {}
    for file in inputs.additional:
        for _, element in elements(file):
            if element.tag == "parkingArea":
                areas[element.get("id", "")] = element.get("lane", "").rpartition("_")[0]
    found = {}
    for park in wanted:
        edge = areas.get(park, park)
        if edge not in network.index:
            raise ValueError(f"no edge and no parking area '{park}'.{suggest(park, (*areas, *network.index))}")
        found[park] = edge
    return found


@dataclass
class QueueHold:
    """Buffers in use, and what came of them; attributes as `traffic.measures.TruckHold` has them.

    parks : park as events name it -> its edge
    """

    run: CoupledRun
    gate: QueueGate
    parks: dict[str, str]
    journal: Journal
    buffers: dict[str, Buffer] = field(default_factory=dict)
    parked_us: dict[str, int] = field(default_factory=dict)
    waits_us: list[tuple[str, int]] = field(default_factory=list)
    most: int = 0

    def apply(self, event_id: str, args: HoldTrucks, begins: bool, now_us: int) -> None:
        """Begin to send trucks to the buffer, or let all go. Raises `ValueError` when there is no such place."""
        if not begins:
            if event_id in self.buffers:
                self.buffers[event_id].ended = True
                self.tick(now_us)
            return
        if args.park not in self.parks:
            raise ValueError(f"no edge and no parking area '{args.park}'.{suggest(args.park, self.parks)}")
        self.buffers[event_id] = Buffer(event_id, args)
        self.send([truck.id for truck in self.gate.trucks.values() if truck.state == "road"], now_us)
        self.journal.write(now_us, "trucks_held", f"trucks for the terminal wait at {args.park}", park=args.park)

    def send(self, trucks: Iterable[str], now_us: int) -> None:
        """Trucks on their way to the gate go to the buffer first, while it has room and they can reach it."""
        acting = [buffer for buffer in self.buffers.values() if not buffer.ended]
        if not acting:
            return
        state, index = self.run.state.vehicle["state"], self.run.bound.network.index
        for vid in trucks:
            truck = self.gate.trucks.get(vid)
            if truck is None or truck.state != "road" or state[self.run.index[vid]] != DRIVING:
                continue
            for buffer in acting:
                if len(buffer.waiting) < buffer.args.capacity and vid not in buffer.waiting:
                    edge = index[self.parks[buffer.args.park]]
                    if not self._queues(vid) and send_to(self.run, self.run.index[vid], edge):
                        buffer.waiting[vid] = now_us
                        break
        self.run.look_anew()

    def _queues(self, vid: str) -> bool:
        """Whether a truck is on the gate's edge already."""
        return int(self.run.edge_of(np.array([self.run.index[vid]]))[0]) == self.gate.gate

    def tick(self, now_us: int) -> None:
        """Take those off the road who have come to a park, and call up the next while the gate has room for them."""
        ids, index = self.run.bound.fleet.ids, self.run.bound.network.index
        for park in sorted(set(self.parks.values())):
            for v, _ in self.run.park(index[park]):
                self.parked_us.setdefault(ids[v], now_us)
                if not any(ids[v] in buffer.waiting for buffer in self.buffers.values()):
                    self.run.resume(v, self.gate.gate)
        for key, buffer in list(self.buffers.items()):
            parked = [vid for vid in buffer.waiting if self._parks(vid)]
            self.most = max(self.most, len(parked))
            on_way = [vid for vid in buffer.called if self.gate.trucks[vid].state == "road"]
            buffer.called = dict.fromkeys(on_way)
            if buffer.ended:
                self._call(buffer, list(buffer.waiting), now_us)
                if not buffer.waiting:
                    del self.buffers[key]
                continue
            room = buffer.args.queue - max(self.gate.queue(), len(on_way))
            if room > 0:
                self._call(buffer, parked[:room], now_us)

    def _parks(self, vid: str) -> bool:
        return bool(self.run.state.vehicle["state"][self.run.index[vid]] == PARKED)

    def _call(self, buffer: Buffer, trucks: list[str], now_us: int) -> None:
        """Send trucks on to the gate; one that finds no way open stays, and is called again."""
        for vid in trucks:
            v = self.run.index[vid]
            if self._parks(vid):
                if not self.run.resume(v, self.gate.gate):
                    continue
                waited_us = now_us - self.parked_us.get(vid, now_us)
                self.waits_us.append((vid, waited_us))
                self.run.state.vehicle["free"][v] += to_s(waited_us)
            elif not send_to(self.run, v, self.gate.gate):
                continue
            del buffer.waiting[vid]
            buffer.called[vid] = None
        self.run.look_anew()
