"""What a dispatch policy sees of the SimPy engine; `port.fast.decision` shows the same of the compiled loop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from port.codes import GIVES, TAKES
from port.dispatch import Decision
from port.simpy_world import World
from port.state import Order, Truck
from twin.clock import to_us

STANDING = (TAKES, GIVES)
"""Stages in which a truck is where its trip led; one that was there before has not made a trip."""


def decision(world: World, waiting: Sequence[Order], ready: Sequence[Truck]) -> Decision:
    """The moment as arrays. waiting : orders by age.  ready : idle trucks that may go, by number."""
    plan, cranes, sides = world.plan, world.cranes, world.sides
    busy = [t for t in world.trucks if t.busy]

    def array(values: list[int]) -> np.ndarray:
        return np.array(values, np.int64)

    def last(truck: Truck) -> int:
        order = truck.order
        if order is None:
            return truck.car.goal
        if order.is_load:
            return int(plan.crane_place[order.crane.number])
        return int(plan.block_place[order.block]) if order.block >= 0 else -1

    return Decision(
        now_us=world.now,
        order=array([o.number for o in waiting]),
        order_crane=array([o.crane.number for o in waiting]),
        pick_up=array([o.pick_up for o in waiting]),
        drop=array([int(plan.crane_place[o.crane.number]) if o.is_load else -1 for o in waiting]),
        boxes=array([o.count for o in waiting]),
        truck=array([t.number for t in ready]),
        place=array([t.car.place for t in ready]),
        busy=array([t.number for t in busy]),
        busy_goal=array([t.car.place if t.stage in STANDING else t.car.goal for t in busy]),
        busy_last=array([last(t) for t in busy]),
        busy_crane=array([-1 if t.order is None else t.order.crane.number for t in busy]),
        cover=array([c.cover for c in cranes]),
        crane_place=plan.crane_place,
        time_us=world.ways.time_us[0],
        busy_stage=array([t.stage for t in busy]),
        busy_since_us=array([t.stage_us for t in busy]),
        busy_from=array([t.origin for t in busy]),
        busy_halted=array([t.halted for t in busy]),
        crane_since_us=array([c.begun_us if c.busy else -1 for c in cranes]),
        crane_serving=array([-1 if c.serving is None else c.serving.number for c in cranes]),
        crane_halted=array([c.halted for c in cranes]),
        block_place=plan.block_place,
        block_gantries=plan.gantries,
        block_work=array([s.work for s in sides]),
        block_open=world.ways.open_block[0],
        handover_us=to_us(world.terminal.quay_crane.handover.mean),
        cycle_us=to_us(world.terminal.quay_crane.cycle.mean),
        gantry_us=plan.gantry_mean_us,
    )
