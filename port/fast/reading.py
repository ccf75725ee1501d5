"""The event loop's tables as the objects that figures and tables are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from port.codes import ROAD
from port.draws import Stream
from port.state import Crane, Gantry, Tally, Truck, Vehicle, Vessel, Visitor
from port.yard import Block, Stock

if TYPE_CHECKING:
    from port.fast.engine import FastEngine

TASKS = ("deliver", "collect")
OUTCOMES = ("", "served", "empty", "refused")


@dataclass
class FastWorld:
    """State at one time, as `port.view.View` says."""

    cranes: list[Crane]
    gantries: list[Gantry]
    trucks: list[Truck]
    vessels: list[Vessel]
    visitors: list[Visitor]
    stock: Stock
    tally: Tally


def refresh(engine: FastEngine) -> FastWorld:
    """Read everything. Costs a few milliseconds; for tables at the end, not for every tick."""
    _ships(engine)
    _machines(engine)
    clock = engine.clock[0]
    tally = Tally(**{name: int(clock[name]) for name in Tally.__dataclass_fields__})
    cranes, gantries, trucks = engine.cranes, engine.gantries, engine.trucks
    return FastWorld(cranes, gantries, trucks, list(engine.calls), _visitors(engine), _stock(engine), tally)


def _ships(engine: FastEngine) -> None:
    rows = engine.memory["vessels"]
    for vessel, row in zip(engine.calls, rows, strict=True):
        vessel.berthed_us, vessel.work_us, vessel.departed_us = (
            int(row["berthed"]),
            int(row["work"]),
            int(row["departed"]),
        )
        vessel.berth = int(row["berth"])
        for name in ("ordered_discharge", "ordered_load", "discharged", "loaded", "expected"):
            setattr(vessel, name, int(row[name]))


def _machines(engine: FastEngine) -> None:
    memory, cover, calls = engine.memory, engine.memory["cover"], engine.calls
    for crane, row in zip(engine.cranes, memory["cranes"], strict=True):
        crane.busy, crane.busy_us, crane.moves = bool(row["busy"]), int(row["busy_us"]), int(row["moves"])
        crane.vessel = calls[row["vessel"]] if row["vessel"] >= 0 else None
        crane.open_orders, crane.cover = int(row["open_orders"]), int(cover[crane.number])
        crane.since_us, crane.assigned_us = int(row["since"]), int(row["assigned"])
        crane.starved_since_us = int(row["starved_since"]) if row["starving"] else None
        crane.starved_us, crane.waited_us, crane.waits = int(row["starved"]), int(row["waited"]), int(row["waits"])
        crane.halted = int(row["halted"])
    for gantry, row in zip(engine.gantries, memory["gantries"], strict=True):
        gantry.busy, gantry.busy_us, gantry.moves = bool(row["busy"]), int(row["busy_us"]), int(row["moves"])
        gantry.box = int(row["box"]) if row["box"] >= 0 else None
        gantry.halted = int(row["halted"])
    for truck, row in zip(engine.trucks, memory["cars"], strict=False):
        truck.busy, truck.busy_us, truck.moves = bool(row["busy"]), int(row["busy_us"]), int(row["moves"])
        truck.empty_mm, truck.loaded_mm = int(row["empty_mm"]), int(row["loaded_mm"])
        truck.level_j, truck.used_j = int(row["level"]), int(row["used"])
        truck.takeovers, truck.swaps, truck.halted = int(row["takeovers"]), int(row["swaps"]), int(row["halted"])
        _car(truck.car, row)


def _car(car: Vehicle, row: np.void) -> None:
    car.place, car.goal, car.arc = int(row["place"]), int(row["goal"]), int(row["arc"])
    car.boxes = [int(row["box0"]), int(row["box1"])][: int(row["n_boxes"])]


def _visitors(engine: FastEngine) -> list[Visitor]:
    n_trucks, n_cars = engine.plan.fleet_size, int(engine.clock["n_cars"][0])
    found = []
    for k, row in enumerate(engine.memory["cars"][n_trucks:n_cars]):
        name = engine.visitor_name(k)
        car = Vehicle(name, n_trucks + k, ROAD, Stream(0, 0, 0), 0)
        _car(car, row)
        task, outcome, box = TASKS[int(row["task"])], OUTCOMES[int(row["outcome"])], int(row["out_box"])
        times = int(row["admitted"]), int(row["departed"])
        found.append(Visitor(name, task, int(row["arrived"]), car, *times, outcome, box if box >= 0 else None))
    return found


def _stock(engine: FastEngine) -> Stock:
    memory, plan = engine.memory, engine.plan
    blocks = []
    for row in memory["blocks"]:
        block = Block(int(row["bays"]), int(row["rows"]), int(row["tiers"]))
        n, tiers, first, cell = block.bays * block.rows, block.tiers, int(row["stack0"]), int(row["cell0"])
        heights = memory["heights"][first : first + n].tolist()
        cells = memory["cells"][cell : cell + n * tiers].reshape(n, tiers).tolist()
        block.stacks = [boxes[:height] for boxes, height in zip(cells, heights, strict=True)]
        block.stack_of = {box: s for s, boxes in enumerate(block.stacks) for box in boxes}
        block.bay_count = memory["bay_count"][int(row["bay0"]) : int(row["bay0"]) + block.bays].tolist()
        block.reserved = int(row["reserved"])
        blocks.append(block)
    at, cap, owners = memory["owned_at"], memory["owned_cap"], len(engine.calls) + 1
    counts = memory["owned_n"].reshape(owners, plan.n_blocks).T
    for b, block in enumerate(blocks):
        for owner in np.flatnonzero(counts[b]).tolist():
            start = int(at[owner] + b * cap[owner])
            boxes = memory["owned"][start : start + int(counts[b, owner])].tolist()
            if owner == 0:
                block.imports = boxes
            else:
                block.exports[owner - 1] = boxes
    clock = engine.clock[0]
    return Stock(blocks, int(clock["promised"]), int(clock["boxes_made"]))
