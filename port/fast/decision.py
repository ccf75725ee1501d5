"""What a dispatch policy sees of the compiled loop; `port.simpy_decision` shows the same of the SimPy engine."""

from __future__ import annotations

import numpy as np

from port.dispatch import Decision
from port.fast import records as r
from port.fast.memory import Memory
from port.plan import Plan
from port.ways import Ways
from twin.clock import to_us


def decision(memory: Memory, plan: Plan, ways: Ways) -> Decision:
    """The moment as arrays, copied from the loop's tables."""
    clock, cranes, blocks = memory["clock"][0], memory["cranes"], memory["blocks"]
    orders, cars = memory["waiting"][: int(clock["n_waiting"])], memory["cars"][: plan.fleet_size]
    idle = memory["idle"][: int(clock["n_idle"])]
    ready = idle[cars["halted"][idle] == 0]
    busy = np.flatnonzero(cars["busy"])
    b = cars[busy]
    stored = np.where(np.isin(b["phase"], (r.TO_STORE, r.AT_STORE)), 1 + plan.n_cranes + b["block"], -1)
    last = np.where(b["crane"] < 0, b["goal"], np.where(b["loads"] == 1, 1 + b["crane"], stored))
    quay_crane = plan.terminal.quay_crane
    return Decision(
        now_us=int(clock["now"]),
        order=orders["number"].copy(),
        order_crane=orders["crane"].copy(),
        pick_up=orders["pick"].copy(),
        drop=np.where(orders["block"] >= 0, 1 + orders["crane"], -1),
        boxes=orders["count"].copy(),
        truck=ready.copy(),
        place=cars["place"][ready],
        busy=busy,
        busy_goal=b["goal"].copy(),
        busy_last=last,
        busy_crane=b["crane"].copy(),
        cover=memory["cover"].copy(),
        crane_place=plan.crane_place,
        time_us=ways.time_us[0],
        busy_stage=b["stage"].copy(),
        busy_since_us=b["stage_us"].copy(),
        busy_from=b["origin"].copy(),
        busy_halted=b["halted"].copy(),
        crane_since_us=np.where(cranes["busy"] != 0, cranes["begun"], -1),
        crane_serving=cranes["serving"].copy(),
        crane_halted=cranes["halted"].copy(),
        block_place=plan.block_place,
        block_gantries=plan.gantries,
        block_work=blocks["work"].copy(),
        block_open=ways.open_block[0],
        handover_us=to_us(quay_crane.handover.mean),
        cycle_us=to_us(quay_crane.cycle.mean),
        gantry_us=plan.gantry_mean_us,
    )
