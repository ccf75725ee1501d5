"""Vessels, quay cranes and driverless trucks as SimPy processes."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field

import simpy

from port.dispatch import Policy
from port.simpy_world import Process, Signal, World, table_of
from port.simpy_yard import YardSide
from port.state import DISCHARGE, LOAD, RETRIEVE, STORE, Crane, Order, Truck, Vessel, Visit
from port.yard import draw_out
from twin.clock import to_us

STARVED_WORTH_TELLING_US = 300_000_000
"""A crane's wait for boxes is told from 5 min on."""


@dataclass
class Quay:
    """Cranes keep `orders_ahead` transport orders open; trucks take them as the policy says.

    A vessel is discharged first, then loaded; its cranes share its work move by move. A crane serves trucks in the
    order in which they come to it.
    """

    world: World
    yard: YardSide
    policy: Policy
    waiting: list[Order] = field(default_factory=list)
    idle: list[Truck] = field(default_factory=list)
    orders_made: int = 0

    def __post_init__(self) -> None:
        world, spec = self.world, self.world.terminal.quay_crane
        self.handover, self.cycle = table_of(spec.handover), table_of(spec.cycle)
        self.retry_us = to_us(spec.retry_time)
        self.berths = [simpy.Resource(world.env, 1) for _ in world.site.berth_ids]
        self.called = {crane.number: Signal(world.env) for crane in world.cranes}
        self.sent = {truck.number: Signal(world.env) for truck in world.trucks}
        self.yard.stored.append(self._box_stored)
        self.yard.freed.append(self.plan_all)

    # vessels

    def vessel_life(self, vessel: Vessel) -> Process:
        """Come, wait for the berth, moor, be worked, leave."""
        world, env = self.world, self.world.env
        name, berth = vessel.name, world.site.berth_ids[vessel.berth]
        yield env.timeout(vessel.at_us)
        with self.berths[vessel.berth].request() as place:
            yield place
            vessel.berthed_us = world.now
            world.tell("vessel_berthed", f"{name} is at berth {berth}", vessel=name, berth=berth)
            if vessel.at_us > 0:
                yield env.timeout(to_us(world.terminal.limits.berthing))
            vessel.work_us = world.now
            cranes = [c for c in world.cranes if c.berth == vessel.berth]
            for crane in cranes:
                crane.vessel, crane.since_us = vessel, world.now
            for crane in cranes:
                self.plan(crane)
            if vessel.moves < vessel.total:
                yield vessel.finished
            vessel.departed_us = world.now
            for crane in cranes:
                self._end_starving(crane)
                crane.vessel, crane.assigned_us = None, crane.assigned_us + world.now - crane.since_us
        late = (vessel.departed_us - vessel.leaves_us) / 3.6e9
        words = f"{late:.1f} h late" if late > 0.05 else "on time"
        world.tell("vessel_left", f"{name} leaves berth {berth}, {words}", vessel=name, berth=berth, delay_h=late)

    # cranes

    def crane_life(self, crane: Crane) -> Process:
        """For ever: wait for a truck, hand over, finish the cycle without it."""
        world, env = self.world, self.world.env
        retry = world.terminal.quay_crane.retry_probability
        while True:
            if crane.stops:
                yield crane.changed.wait()
                continue
            if not crane.line:
                yield self.called[crane.number].wait()
                continue
            visit = crane.line.popleft()
            begun = world.now
            crane.busy = True
            duration = crane.stream.duration(self.handover)
            if retry > 0.0:
                duration += self.retry_us * crane.stream.attempts(retry)
            yield env.timeout(duration)
            self._hand_over(crane, visit)
            yield env.timeout(crane.stream.duration(self.cycle))
            crane.busy = False
            crane.busy_us += world.now - begun

    def _hand_over(self, crane: Crane, visit: Visit) -> None:
        world, order, vessel = self.world, visit.order, visit.order.vessel
        if order.is_load:
            box, visit.truck.box = order.box, None
            vessel.loaded += 1
            world.tally.loaded += 1
        else:
            box = visit.truck.box = world.stock.new_box()
            vessel.discharged += 1
            world.tally.discharged += 1
        crane.moves += 1
        crane.open_orders -= 1
        cycle = LOAD if order.is_load else DISCHARGE
        world.trace.append((world.now, crane.id, cycle, box, visit.truck.id))
        visit.done.succeed()
        self.plan(crane)
        if vessel.moves == vessel.total:
            vessel.finished.succeed()

    def plan(self, crane: Crane) -> None:
        """Give transport orders until enough are open, or there is nothing to carry or no room for it."""
        vessel, world = crane.vessel, self.world
        if vessel is None:
            return
        while crane.open_orders < world.terminal.quay_crane.orders_ahead:
            order = self._next_order(crane, vessel)
            if order is None:
                break
            crane.open_orders += 1
            self.orders_made += 1
            self.waiting.append(order)
        if crane.open_orders > 0 or vessel.ordered_discharge + vessel.ordered_load == vessel.total:
            self._end_starving(crane)
        elif crane.starved_since_us is None:
            crane.starved_since_us = world.now
        self.match()

    def plan_all(self) -> None:
        """After something has changed that may have held orders back."""
        for crane in self.world.cranes:
            self.plan(crane)

    def _next_order(self, crane: Crane, vessel: Vessel) -> Order | None:
        world, stock = self.world, self.world.stock
        if vessel.ordered_discharge < vessel.discharge:
            if stock.room <= 0:
                return None
            stock.promised += 1
            vessel.ordered_discharge += 1
            return Order(self.orders_made, crane, vessel, crane.spot)
        if vessel.ordered_load == vessel.load:
            return None
        ready = [b for b, block in enumerate(stock.blocks) if block.exports.get(vessel.number) and world.open(b)]
        if not ready:
            return None
        block = min(ready, key=lambda b: world.cost_s(b, crane.spot))
        box = draw_out(stock.blocks[block].exports[vessel.number], vessel.stream)
        world.sides[block].work += 1
        vessel.ordered_load += 1
        return Order(self.orders_made, crane, vessel, world.site.block_spots[block], box, block)

    def _box_stored(self, vessel: int | None) -> None:
        if vessel is None or vessel < 0:
            return
        for crane in self.world.cranes:
            if crane.vessel is not None and crane.vessel.number == vessel:
                self.plan(crane)

    def _end_starving(self, crane: Crane) -> None:
        if crane.starved_since_us is None:
            return
        waited = self.world.now - crane.starved_since_us
        crane.starved_us += waited
        crane.starved_since_us = None
        if waited >= STARVED_WORTH_TELLING_US and crane.vessel is not None:
            minutes, name = waited / 6e7, crane.vessel.name
            text = f"{crane.id} has waited {minutes:.0f} min for boxes of {name}"
            self.world.tell("crane_starved", text, crane=crane.id, vessel=name, minutes=minutes)

    # trucks

    def match(self) -> None:
        """Send idle trucks as long as the policy finds a pair."""
        while self.waiting:
            ready = [truck for truck in self.idle if not truck.stops]
            if not ready:
                return
            choice = self.policy.choose(self.waiting, ready, self.world.router.seconds)
            if choice is None:
                return
            truck = ready[choice[1]]
            truck.order = self.waiting.pop(choice[0])
            self.idle.remove(truck)
            self.sent[truck.number].fire()

    def truck_life(self, truck: Truck) -> Process:
        """For ever: take an order, carry its box between quay and yard."""
        world = self.world
        while True:
            insort(self.idle, truck, key=lambda t: t.number)
            self.match()
            while truck.order is None:
                yield self.sent[truck.number].wait()
            order, begun = truck.order, world.now
            truck.busy = True
            yield from world.drive(truck, order.pick_up)
            if order.is_load:
                yield self.yard.ask(order.block, RETRIEVE, order.box, truck)
                yield from world.drive(truck, order.crane.spot)
                yield self._under(order.crane, truck, order)
            else:
                yield self._under(order.crane, truck, order)
                order.block = world.place_for(truck.spot)
                yield from world.drive(truck, world.site.block_spots[order.block])
                assert truck.box is not None
                yield self.yard.ask(order.block, STORE, truck.box, truck, vessel=-1)
            truck.order, truck.busy = None, False
            truck.busy_us += world.now - begun
            truck.moves += 1

    def _under(self, crane: Crane, truck: Truck, order: Order) -> simpy.Event:
        visit = Visit(truck, order, self.world.env.event())
        crane.line.append(visit)
        self.called[crane.number].fire()
        return visit.done
