"""Driverless trucks as SimPy processes: orders, charging, breakdowns."""

from __future__ import annotations

from bisect import insort
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from port.choosing import choose
from port.codes import (
    BRINGS,
    C_RETRIEVE,
    C_STORE,
    CHARGES,
    FAIL,
    FETCHES,
    GIVES,
    L_CHARGED,
    L_DONE,
    L_FAILS,
    L_PLUGGED,
    L_REPAIRED,
    L_SENT,
    L_STATION,
    REPAIR,
    STATION,
    TAKES,
)
from port.dispatch import Policy, checked
from port.draws import FAILURES, Stream
from port.plan import SLOW_TABLE, Failing
from port.simpy_decision import decision
from port.simpy_quay import Quay
from port.simpy_roads import Roads, use_energy
from port.simpy_world import Process, World
from port.simpy_yard import YardSide
from port.state import Crane, Gantry, Machine, Order, Truck
from port.ways import NO_WAY_US


@dataclass
class Fleet:
    """Trucks take orders as the rule or policy says, and carry boxes between quay and yard.

    idle     trucks without an order, by number;  changed: something that a policy should know of has
    lines    trucks that wait at each station;  bays: free places
    """

    world: World
    roads: Roads
    yard: YardSide
    quay: Quay
    rule: int
    policy: Policy | None
    idle: list[Truck] = field(default_factory=list)
    changed: bool = False

    def __post_init__(self) -> None:
        plan = self.world.plan
        self.lines: list[deque[Truck]] = [deque() for _ in range(plan.n_stations)]
        self.bays = [s.bays for s in plan.terminal.stations]
        self.charging = [0] * plan.n_stations
        self.watts = [round(s.power_kw * 1000) for s in plan.terminal.stations]

    # dispatch

    def settle(self) -> None:
        """Ask for pairs while there are waiting orders and trucks that may go."""
        quay = self.quay
        if not (self.changed or quay.new_orders):
            return
        self.changed = quay.new_orders = False
        if self.policy is not None:
            ready = [t for t in self.idle if not t.halted]
            if ready and quay.waiting:
                seen = decision(self.world, quay.waiting, ready)
                pairs = checked(self.policy.assign(seen), len(quay.waiting), len(ready))
                chosen = [(quay.waiting[i], ready[k]) for i, k in pairs]
                for order, truck in chosen:
                    self._send(order, truck)
            return
        while True:
            ready = [t for t in self.idle if not t.halted]
            if not ready or not quay.waiting:
                return
            pair = choose(
                self.rule,
                len(quay.waiting),
                np.array([o.crane.number for o in quay.waiting]),
                np.array([o.pick_up for o in quay.waiting]),
                len(ready),
                np.array([t.number for t in ready]),
                np.array([t.car.place for t in ready]),
                np.array([c.cover for c in self.world.cranes]),
                self.world.ways.time_us[0],
                quay.orders_made,
            )
            if pair < 0:
                return
            self._send(quay.waiting[pair >> 20], ready[pair & 0xFFFFF])

    def _send(self, order: Order, truck: Truck) -> None:
        self.quay.waiting.remove(order)
        self.idle.remove(truck)
        truck.order = order
        order.crane.cover += 1
        self.world.log(L_SENT, truck.number, order.number, order.crane.number)
        truck.car.wake.succeed()

    # trucks

    def truck_life(self, truck: Truck) -> Process:
        """For ever: take an order and carry its boxes, or charge."""
        world, car = self.world, truck.car
        while True:
            if truck.level_j < world.plan.threshold_j and self.lines:
                yield from self._charge(truck)
            insort(self.idle, truck, key=lambda t: t.number)
            self.changed = True
            world.mark()
            car.wake = world.env.event()
            yield car.wake
            order = truck.order
            assert order is not None
            truck.busy, truck.begun_us = True, world.now
            self._turn_to(truck, FETCHES)
            if order.is_load and self.yard.instant:
                self.yard.ask_ahead(order.block, order.boxes, car)
            yield from self.roads.drive(car, order.pick_up, truck)
            self._turn_to(truck, TAKES)
            if order.is_load:
                if self.yard.instant:
                    yield self.yard.meet(order.block, car)
                else:
                    yield self.yard.ask(order.block, C_RETRIEVE, order.boxes, car)
                self._turn_to(truck, BRINGS)
                yield from self.roads.drive(car, int(world.plan.crane_place[order.crane.number]), truck)
                self._turn_to(truck, GIVES)
                yield self.quay.stand(truck)
            else:
                yield self.quay.stand(truck)
                while car.boxes:
                    order.block, count = world.place_for(car, len(car.boxes))
                    self._turn_to(truck, BRINGS)
                    yield from self.roads.drive(car, int(world.plan.block_place[order.block]), truck)
                    self._turn_to(truck, GIVES)
                    yield self.yard.ask(order.block, C_STORE, car.boxes[:count], car)
            world.log(L_DONE, truck.number, order.crane.number)
            truck.order, truck.busy = None, False
            truck.busy_us += world.now - truck.begun_us
            truck.moves += 1
            use_energy(truck, 0, world.plan.idle_w, world.now)

    def _turn_to(self, truck: Truck, stage: int) -> None:
        """The truck is at another stage of its order, from here and now on."""
        truck.stage, truck.stage_us, truck.origin = stage, self.world.now, truck.car.place

    def _charge(self, truck: Truck) -> Process:
        """Go to the station that would be done first, and leave it with a full battery."""
        world, plan, car = self.world, self.world.plan, truck.car
        best, station = NO_WAY_US, -1
        for s in range(plan.n_stations):
            drive = world.time_us(0, car.place, int(plan.station_place[s]))
            waiting = len(self.lines[s]) + self.charging[s]
            cost = drive + waiting * plan.station_mean_us[s] // plan.terminal.stations[s].bays
            if drive < NO_WAY_US and cost < best:
                best, station = cost, s
        if station < 0:
            return
        truck.busy, truck.begun_us = True, world.now
        self._turn_to(truck, CHARGES)
        self.changed = True
        world.mark()
        yield from self.roads.drive(car, int(plan.station_place[station]), truck)
        world.log(L_STATION, truck.number, station, truck.level_j)
        self.lines[station].append(truck)
        car.wake = world.env.event()
        world.mark()
        yield car.wake
        use_energy(truck, 0, plan.idle_w, world.now)
        table = plan.swaps[station]
        if table is not None:
            duration = car.stream.duration(table)
        else:
            duration = max(0, plan.battery_j - truck.level_j) * 1_000_000 // self.watts[station]
        world.log(L_PLUGGED, truck.number, station, duration)
        yield world.spend(STATION, truck.number, duration)
        truck.level_j, truck.power_us = plan.battery_j, world.now
        truck.swaps += 1
        truck.busy = False
        truck.busy_us += world.now - truck.begun_us
        self.charging[station] -= 1
        self.roads.done_at(int(plan.station_place[station]))
        world.log(L_CHARGED, truck.number, station)
        world.mark()

    def settle_stations(self) -> None:
        """Let waiting trucks into free bays."""
        for s, line in enumerate(self.lines):
            while line and self.charging[s] < self.bays[s]:
                self.charging[s] += 1
                line.popleft().car.wake.succeed()

    # breakdowns

    def failures(self, machine: Machine, number: int, failing: Failing) -> Process:
        """For ever: work for a while, fail, be repaired. `number` counts all machines."""
        world, stream = self.world, Stream(self.world.seed, FAILURES, number)
        while True:
            yield world.spend(FAIL, number, stream.duration(failing.between) * SLOW_TABLE)
            world.log(L_FAILS, number)
            self.halt(machine, 1)
            yield world.spend(REPAIR, number, stream.duration(failing.repair))
            world.log(L_REPAIRED, number)
            self.halt(machine, -1)

    def halt(self, machine: Machine, change: int) -> None:
        """One stop of a machine more or less; the last one that goes lets it work again."""
        machine.halted += change
        if isinstance(machine, Truck):
            self.roads.halt(machine.car, change)
            self.changed = True
        elif isinstance(machine, Crane):
            self.quay.look(machine)
        elif isinstance(machine, Gantry):
            self.yard.look(machine.block)
        self.world.mark()
