"""From bay plan and orders to a call's work: which boxes leave the ship and which go aboard, in order.

Bay by bay; from the deck down to the hold when discharging, from the hold up when loading, so that no box is ever asked
for with another one on it. Boxes that stay aboard and stand on one that leaves would have to be shifted; that is not
modelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from port.messages.boxes import DECK, BayPlan, Box, Cell, Order, read_bayplans, read_orders


@dataclass(frozen=True)
class Work:
    """Boxes of one call in the order of their moves; `notes` are doubts about the files."""

    discharge: tuple[Box, ...]
    load: tuple[Box, ...]
    voyage: str = ""
    port: str = ""
    notes: tuple[str, ...] = ()


def in_order(boxes: Sequence[Box], load: bool) -> tuple[Box, ...]:
    """Bay group by bay group; boxes without a place come last, as they were listed."""

    def rank(box: Box) -> tuple[int, ...]:
        cell = box.cell or Cell(1 << 30, 0, 0)
        deck = cell.tier >= DECK
        level = (int(deck), cell.tier) if load else (int(not deck), -cell.tier)
        return (cell.group, *level, cell.bay, cell.row)

    placed = sorted((b for b in boxes if b.cell is not None), key=rank)
    return (*placed, *(b for b in boxes if b.cell is None))


def read_work(bayplan: Path | None, coprar: Path | None) -> Work:
    """The work of a call from its files.

    Orders count. Where there is none, the first bay plan tells what leaves here: boxes for its next port (LOC+61); and
    a second one, with which the ship sails on, what has come aboard: boxes loaded where it departs (LOC+5). ValueError
    when the files do not say it or contradict each other.
    """
    plans = read_bayplans(bayplan) if bayplan is not None else []
    orders = read_orders(coprar) if coprar is not None else []
    notes = (*(n for plan in plans for n in plan.notes), *(n for order in orders for n in order.notes))
    off, on = (_ordered(orders, load, plans) for load in (False, True))
    if off is None and plans:
        off = _leaving(plans[0], bayplan)
    if on is None and len(plans) > 1:
        on = [b for b in plans[1].boxes if b.load_port and b.load_port == plans[1].departs]
    first = plans[0] if plans else None
    voyage = first.voyage if first else next((o.voyage for o in orders if o.voyage), "")
    port = first.arrives if first else next((o.port for o in orders if o.port), "")
    return Work(in_order(off or [], False), in_order(on or [], True), voyage, port, notes)


def _leaving(plan: BayPlan, path: Path | None) -> list[Box]:
    if not plan.arrives:
        name = path.name if path is not None else "the bay plan"
        raise ValueError(f"{name} does not say which port comes next (LOC+61): add it, or a discharge order (`coprar`)")
    return [b for b in plan.boxes if b.discharge_port == plan.arrives]


def _ordered(orders: Sequence[Order], load: bool, plans: Sequence[BayPlan]) -> list[Box] | None:
    """Boxes of all orders of one kind, completed from the bay plans; None without such an order."""
    mine = [o for o in orders if o.load == load]
    if not mine:
        return None
    known = {b.number: b for plan in reversed(plans) for b in plan.boxes if b.number}
    found: dict[str, Box] = {}
    nameless: list[Box] = []
    for box in (b for o in mine for b in o.boxes):
        if not box.number:
            nameless.append(box)
            continue
        if box.number in found:
            raise ValueError(f"container {box.number} is ordered twice")
        aboard = known.get(box.number)
        if plans and aboard is None and not load:
            raise ValueError(f"container {box.number} is to be discharged, but the bay plan does not have it")
        found[box.number] = box if aboard is None else _completed(box, aboard)
    return [*found.values(), *nameless]


def _completed(box: Box, plan: Box) -> Box:
    """What the order leaves open, from the plan."""
    names = ("size_type", "weight_kg", "cell", "load_port", "discharge_port", "full", "operator")
    missing = {n: getattr(plan, n) for n in names if getattr(box, n) in (None, "")}
    return replace(box, **missing)
