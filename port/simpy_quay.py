"""Vessels and quay cranes as SimPy processes, and the transport orders that the cranes give."""

from __future__ import annotations

from dataclasses import dataclass, field

import simpy

from port.codes import (
    CRANE,
    DISCHARGING,
    HANDOVER,
    L_BERTHED,
    L_DISCHARGE,
    L_HANDOVER,
    L_LEFT,
    L_LOAD,
    L_ORDER,
    L_READY,
    L_STANDS,
    L_STARVED,
    L_WORK,
    LOADING,
    VESSEL,
)
from port.plan import dual_from
from port.simpy_roads import Roads
from port.simpy_world import Process, World
from port.simpy_yard import YardSide
from port.state import Crane, Order, Truck, Vessel
from port.yard import draw_out
from twin.clock import to_us


@dataclass
class Quay:
    """Cranes keep `orders_ahead` transport orders open. A vessel's cranes share its work move by move.

    A vessel is discharged first, then loaded; with dual cycling, the last part of the discharge is worked with loading
    in turns. A crane serves trucks in the order in which they come to it.

    waiting  orders that no truck has taken yet, by age
    """

    world: World
    roads: Roads
    yard: YardSide
    waiting: list[Order] = field(default_factory=list)
    orders_made: int = 0
    planning: bool = False
    new_orders: bool = False
    due: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        world, spec = self.world, self.world.terminal.quay_crane
        self.handover, self.cycle = world.plan.tables["handover"], world.plan.tables["crane"]
        self.retry_us, self.twin_us, self.saved_us = (
            to_us(t) for t in (spec.retry_time, spec.twin_time, spec.dual_saving)
        )
        self.retries = world.plan.quay_retries().tolist()
        self.berthed: list[Vessel | None] = [None] * len(world.plan.site.berth_ids)
        self.left_us = [-1] * len(self.berthed)
        self.roadstead: list[Vessel] = []
        self.late = spec.orders == "ready"
        self.yard.stored.append(lambda _: self.plan_soon())
        self.yard.freed.append(self.plan_soon)

    def plan_soon(self) -> None:
        """Something has changed that may let a crane give an order."""
        self.planning = True
        self.world.mark()

    # vessels

    def vessel_life(self, vessel: Vessel) -> Process:
        """Come, wait for the berth, moor, be worked, leave."""
        world = self.world
        yield world.spend(VESSEL, vessel.number, vessel.at_us)
        vessel.wake = world.env.event()
        free = [b for b, other in enumerate(self.berthed) if other is None and self._may_lie(vessel, b)]
        if free:
            self._moor(vessel, min(free, key=lambda b: self.left_us[b]))
        else:
            self.roadstead.append(vessel)
            yield vessel.wake
            vessel.wake = world.env.event()
        berth = vessel.berth
        vessel.berthed_us = world.now
        world.log(L_BERTHED, vessel.number, berth)
        if vessel.at_us > 0:
            yield world.spend(VESSEL, vessel.number, to_us(world.terminal.limits.berthing))
        vessel.work_us = world.now
        world.log(L_WORK, vessel.number, berth)
        cranes = [c for c in world.cranes if c.berth == berth]
        for crane in cranes:
            crane.vessel, crane.since_us, crane.last_ordered = vessel, world.now, LOADING
        self.plan_soon()
        if vessel.moves < vessel.total:
            yield vessel.wake
        vessel.departed_us = world.now
        for crane in cranes:
            self._end_starving(crane)
            crane.vessel, crane.assigned_us = None, crane.assigned_us + world.now - crane.since_us
        world.log(L_LEFT, vessel.number, berth, vessel.departed_us - vessel.leaves_us)
        self.berthed[berth], self.left_us[berth] = None, world.now
        following = next((v for v in self.roadstead if self._may_lie(v, berth)), None)
        if following is not None:
            self.roadstead.remove(following)
            self._moor(following, berth)
            following.wake.succeed()

    def _may_lie(self, vessel: Vessel, berth: int) -> bool:
        return vessel.anywhere or vessel.berth == berth

    def _moor(self, vessel: Vessel, berth: int) -> None:
        self.berthed[berth], vessel.berth = vessel, berth

    # cranes

    def stand(self, truck: Truck) -> simpy.Event:
        """A truck stands at its order's crane; the event comes when the boxes have changed hands."""
        world, order = self.world, truck.order
        assert order is not None
        truck.car.since_us, truck.car.wake = world.now, world.env.event()
        order.crane.line.append(truck)
        world.log(L_STANDS, truck.number, order.crane.number, order.number)
        self.look(order.crane)
        return truck.car.wake

    def look(self, crane: Crane) -> None:
        """Something at a crane has changed."""
        self.due.add(crane.number)
        self.world.mark()

    def settle(self) -> None:
        """Let free cranes take the first truck of their line."""
        world = self.world
        for number in sorted(self.due):
            crane = world.cranes[number]
            if not crane.line or crane.busy or crane.halted:
                continue
            truck = crane.serving = crane.line.popleft()
            crane.busy, crane.begun_us = True, world.now
            crane.waited_us += world.now - truck.car.since_us
            crane.waits += 1
            world.log(L_HANDOVER, crane.number, truck.number)
            crane.wake.succeed()
        self.due.clear()

    def crane_life(self, crane: Crane) -> Process:
        """For ever: wait for a truck, hand over, finish the cycle without it."""
        world = self.world
        assert crane.stream is not None
        while True:
            crane.wake = world.env.event()
            yield crane.wake
            truck = crane.serving
            assert truck is not None
            assert truck.order is not None
            duration = crane.stream.duration(self.handover)
            if self.retries[crane.number] > 0.0:
                duration += self.retry_us * crane.stream.attempts(self.retries[crane.number])
            if truck.order.count > 1:
                duration += self.twin_us
            yield world.spend(HANDOVER, crane.number, duration)
            saved = self._hand_over(crane, truck, truck.order)
            yield world.spend(CRANE, crane.number, max(0, crane.stream.duration(self.cycle) - saved))
            crane.busy = False
            crane.busy_us += world.now - crane.begun_us
            world.log(L_READY, crane.number, -1 if crane.vessel is None else crane.vessel.number)
            self.look(crane)
            if self.late:
                self.plan_soon()

    def _hand_over(self, crane: Crane, truck: Truck, order: Order) -> int:
        """The boxes change hands; gives the time that the crane saves by a move of the other kind before."""
        world, vessel, car = self.world, order.vessel, truck.car
        if order.is_load:
            for box in order.boxes:
                car.boxes.remove(box)
                world.log(L_LOAD, crane.number, box, car.number)
            vessel.loaded += order.count
            world.tally.loaded += order.count
        else:
            for _ in range(order.count):
                box = world.stock.new_box()
                car.boxes.append(box)
                world.log(L_DISCHARGE, crane.number, box, car.number)
                world.owners[box] = self.yard.stays.owner(world, box, vessel)
                vessel.discharged += 1
            world.tally.discharged += order.count
        kind = LOADING if order.is_load else DISCHARGING
        crane.paired = kind != crane.last_handed and crane.last_handed > 0 and not crane.paired
        crane.last_handed = kind
        crane.moves += order.count
        crane.open_orders -= 1
        crane.cover -= 1
        crane.serving = None
        self.roads.done_at(int(world.plan.crane_place[crane.number]))
        car.wake.succeed()
        self.plan_soon()
        if vessel.moves == vessel.total:
            vessel.wake.succeed()
        return self.saved_us if crane.paired and world.terminal.quay_crane.dual_cycling > 0.0 else 0

    # orders

    def settle_orders(self) -> None:
        """Give transport orders, one a crane in turns, until enough are open, or there is nothing more to give."""
        if not self.planning:
            return
        self.planning = False
        more = True
        while more:
            more = False
            for crane in self.world.cranes:
                more |= crane.vessel is not None and self._order(crane, crane.vessel)
        for crane in self.world.cranes:
            if crane.vessel is not None:
                self._count_starving(crane, crane.vessel)

    def _order(self, crane: Crane, vessel: Vessel) -> bool:
        """One more order of a crane; False when it has enough or there is none to give."""
        if crane.open_orders >= self.world.plan.orders_ahead:
            return False
        order = self._next_order(crane, vessel)
        if order is None:
            return False
        crane.open_orders += 1
        self.orders_made += 1
        self.waiting.append(order)
        self.new_orders = True
        self.world.log(L_ORDER, order.number, crane.number, -order.count if order.is_load else order.count)
        return True

    def _count_starving(self, crane: Crane, vessel: Vessel) -> None:
        working = crane.open_orders > 0 or (self.late and crane.busy)
        if working or vessel.ordered_discharge + vessel.ordered_load == vessel.total:
            self._end_starving(crane)
        elif crane.starved_since_us is None:
            crane.starved_since_us = self.world.now

    def _next_order(self, crane: Crane, vessel: Vessel) -> Order | None:
        share = self.world.terminal.quay_crane.dual_cycling
        ends = vessel.ordered_discharge == vessel.discharge
        both = share > 0.0 and not ends and vessel.ordered_discharge >= dual_from(vessel.discharge, share)
        if both and crane.last_ordered == DISCHARGING:
            order = self._load(crane, vessel) or self._discharge(crane, vessel)
        elif both:
            order = self._discharge(crane, vessel) or self._load(crane, vessel)
        else:
            order = self._load(crane, vessel) if ends else self._discharge(crane, vessel)
        if order is not None:
            crane.last_ordered = LOADING if order.is_load else DISCHARGING
        return order

    def _discharge(self, crane: Crane, vessel: Vessel) -> Order | None:
        stock, left = self.world.stock, vessel.discharge - vessel.ordered_discharge
        if self.late and (crane.busy or crane.open_orders):
            return None
        if not left or stock.room <= 0:
            return None
        count = self._lift(vessel, left >= 2 and stock.room >= 2)
        stock.promised += count
        vessel.ordered_discharge += count
        place = int(self.world.plan.crane_place[crane.number])
        return Order(self.orders_made, crane, vessel, place, count)

    def _load(self, crane: Crane, vessel: Vessel) -> Order | None:
        world, blocks = self.world, self.world.stock.blocks
        left = vessel.load - vessel.ordered_load
        ready = [b for b, block in enumerate(blocks) if block.exports.get(vessel.number) and world.open(b)]
        if not left or not ready:
            return None
        at = int(world.plan.crane_place[crane.number])
        if world.terminal.yard.choice == "random":
            block = ready[vessel.stream.index(len(ready))]
        else:
            block = min(ready, key=lambda b: world.cost_us(b, 0, at))
        boxes = blocks[block].exports[vessel.number]
        count = self._lift(vessel, left >= 2 and len(boxes) >= 2)
        drawn = [draw_out(boxes, vessel.stream) for _ in range(count)]
        world.sides[block].work += count
        vessel.ordered_load += count
        return Order(self.orders_made, crane, vessel, int(world.plan.block_place[block]), count, drawn, block)

    def _lift(self, vessel: Vessel, possible: bool) -> int:
        """One box, or two under a twin spreader."""
        share = self.world.terminal.quay_crane.twin_share
        return 2 if possible and share > 0.0 and vessel.stream.uniform() < share else 1

    def _end_starving(self, crane: Crane) -> None:
        if crane.starved_since_us is None:
            return
        waited = self.world.now - crane.starved_since_us
        crane.starved_us += waited
        crane.starved_since_us = None
        if crane.vessel is not None:
            self.world.log(L_STARVED, crane.number, crane.vessel.number, waited)
