"""Container trucks at the terminal's gate in a queue run: the protocol of `traffic.gate`, its stops on queue lanes.

A truck waits as the first of a lane of the gate edge; behind it stand the next ones, on that lane and on the road.
In the yard it parks off the lane. Moments are exact on the road; words of the terminal are heard at each exchange.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from traffic.config import Gate
from traffic.fast.lanes import LONGEST
from traffic.gate import Lengths, Truck, by_state, let_in, sent_away
from traffic.network import RoadNetwork
from traffic.queueing.demand import CoupledDemand
from traffic.queueing.run import CoupledRun
from twin.clock import to_us
from twin.ports import Arrival


class QueueGate:
    """`linked`: a terminal admits and releases the trucks; else the durations of the route file hold.

    The attributes are those of `traffic.gate.TerminalGate`."""

    def __init__(
        self, config: Gate, run: CoupledRun, network: RoadNetwork, demand: CoupledDemand, begin_s: float, linked: bool
    ) -> None:
        self.config, self.run, self.demand, self.begin_s, self.linked = config, run, demand, begin_s, linked
        index = run.bound.network.index
        self.gate, self.yard = index[config.edge], index[config.yard_edge]
        near = {index[edge] for edge in network.upstream(config.edge, config.queue_reach)}
        self._near = np.isin(np.arange(run.bound.network.n_edges), list(near))
        self.trucks: dict[str, Truck] = {}
        self.unknown: list[str] = []
        self.lengths = Lengths()
        self._coming: dict[str, None] = {}
        self._wish: dict[str, int] = {}
        self._out: list[Arrival] = []

    def departed(self, vehicles: Iterable[str], vclass: dict[str, str]) -> None:
        """Of the vehicles that have just begun, those with a stop at the gate are trucks for the terminal."""
        for vid in vehicles:
            if vid in self.demand.visits:
                self.trucks[vid] = Truck(vid, vclass[vid], self._luggage(vid, vclass[vid]))
                self._coming[vid] = None

    def _luggage(self, vid: str, vclass: str) -> dict[str, Any]:
        vtype = self.demand.planned[vid].type
        data: dict[str, Any] = {"vclass": vclass, "vtype": vtype}
        for key in self.config.carry:
            value = self.demand.param(vid, vtype, key)
            if value:
                data[key] = value
        return data

    def after(self, now_us: int) -> None:
        """Notice trucks that have come to the gate or into the yard, and send on those who may go."""
        run, ids = self.run, self.run.bound.fleet.ids
        # Drivers see that a lane of the gate is slow, and take the one with the shorter queue.
        first, lanes = run.roads.edge[self.gate]["lane"], run.roads.edge[self.gate]["lanes"]
        run.state.lane["service"][first : first + lanes] = LONGEST
        for v, at_s in run.first_at(self.gate):
            truck = self.trucks.get(ids[v])
            if truck is not None and truck.state == "road":
                truck.state, truck.gate_us = "gate", min(to_us(at_s - self.begin_s), now_us)
                self._coming.pop(truck.id, None)
                self._out.append(Arrival(truck.gate_us, truck.id, dict(truck.data)))
        for v, at_s in run.park(self.yard):
            truck = self.trucks.get(ids[v])
            if truck is not None and truck.state == "inside":
                truck.state = "yard"
                visit = self.demand.visits[truck.id]
                if not self.linked:
                    self._wish[truck.id] = to_us(at_s - self.begin_s + (visit.yard_s or 0.0))
                elif truck.may_leave:
                    self._wish[truck.id] = now_us
        if not self.linked:
            for truck in self.trucks.values():
                if truck.state == "gate" and truck.id not in self._wish and truck.gate_us is not None:
                    self._wish[truck.id] = truck.gate_us + to_us(self.demand.visits[truck.id].gate_s)
        for vid, due_us in list(self._wish.items()):
            if due_us <= now_us:
                self._send_on(self.trucks[vid], now_us)

    def _send_on(self, truck: Truck, now_us: int) -> None:
        """From the gate to the yard, from the yard to its goal; it waits on where no way is open."""
        v, index = self.run.index[truck.id], self.run.bound.network.index
        visit = self.demand.visits[truck.id]
        inside = truck.state == "gate"
        goal = self.yard if inside and visit.yard_s is not None else index[visit.goal]
        if not self.run.resume(v, goal):
            return
        del self._wish[truck.id]
        if inside:
            truck.state = "inside" if visit.yard_s is not None else "left"
            truck.admitted_us = truck.admitted_us or now_us
        else:
            truck.state = "left"
        if truck.state == "left":
            truck.left_us = truck.left_us or now_us

    def arrived(self, vehicles: Iterable[str]) -> None:
        """Trucks whose trip has ended (a truck may end it without ever reaching the gate)."""
        for vid in vehicles:
            self._coming.pop(vid, None)

    def admit(self, arrivals: Iterable[Arrival]) -> None:
        """The terminal has let these trucks in: they free the lane."""
        for truck, time_us in let_in(arrivals, self.trucks, self.unknown):
            self._wish[truck.id] = time_us
            self._send_on(truck, time_us)

    def release(self, arrivals: Iterable[Arrival]) -> None:
        """The terminal sends these trucks away; one that is still rolling to its place leaves when it gets there."""
        for truck, time_us in sent_away(arrivals, self.trucks, self.unknown):
            self._wish[truck.id] = time_us
            self._send_on(truck, time_us)

    def take_arrivals(self) -> list[Arrival]:
        """Trucks that came to the gate since the last call."""
        out, self._out = self._out, []
        return out

    def queue(self) -> int:
        """Trucks that stand before the gate and wait for their turn; the one at the gate is not among them."""
        if not self._coming:
            return 0
        standing = self.run.standing()
        near = standing[self._near[self.run.edge_of(standing)]]
        ids = self.run.bound.fleet.ids
        return sum(ids[v] in self._coming for v in near)

    def sample(self) -> None:
        """Note the queue's length, at each exchange."""
        self.lengths.note(self.queue())

    def counts(self) -> dict[str, int]:
        """Trucks by state."""
        return by_state(self.trucks.values())
