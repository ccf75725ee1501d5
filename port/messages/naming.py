"""Which container of a ship's papers is which box of the run: the k-th move of a call is the k-th box of its plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from port.state import DISCHARGE, LOAD
from twin.model import Table

if TYPE_CHECKING:
    from port.control import Engine
    from port.messages.boxes import Box
    from port.messages.stowage import Work
    from port.state import Vessel

COLUMNS = (
    *("box", "container", "vessel", "voyage", "move", "size_type", "weight_kg", "cell"),
    *("load_port", "discharge_port", "full", "operator"),
)


def calls_of(vessels: list[Vessel], cranes: dict[str, int], trace: list[tuple]) -> Iterator[tuple[Vessel, str, int]]:
    """(vessel, cycle, box) of every quay move, in order of time. A move belongs to the ship at the crane's berth."""
    queues = {b: [v for v in vessels if v.berth == b and v.berthed_us >= 0] for b in set(cranes.values())}
    for queue in queues.values():
        queue.sort(key=lambda v: v.berthed_us)
    for time_us, machine, cycle, box, _ in trace:
        if cycle not in (DISCHARGE, LOAD):
            continue
        queue = queues[cranes[machine]]
        while len(queue) > 1 and 0 <= queue[0].departed_us < time_us:
            queue.pop(0)
        yield queue[0], cycle, box


def work_of(engine: Engine) -> dict[int, Work]:
    """Papers of the calls that have some, by the vessel's number."""
    calls = engine.terminal.calls
    if not isinstance(calls, tuple):
        return {}
    return {k: work for k, call in enumerate(calls) if (work := call.work) is not None}


def containers(engine: Engine) -> Table:
    """Boxes of the run with a place in a ship's papers, as far as they have been moved over the quay."""
    papers = work_of(engine)
    rows: list[tuple] = []
    if papers:
        cranes = {c.id: c.berth for c in engine.site.cranes}
        done: dict[tuple[int, str], int] = {}
        for vessel, cycle, number in calls_of(list(engine.world.vessels), cranes, engine.trace):
            work = papers.get(vessel.number)
            if work is None:
                continue
            k = done.get((vessel.number, cycle), 0)
            done[vessel.number, cycle] = k + 1
            rows.append(_row(number, (work.discharge if cycle == DISCHARGE else work.load)[k], vessel, cycle, work))
    doc = "Containers of ships with a bay plan or orders, in the order of their moves over the quay."
    return Table(COLUMNS, rows, doc)


def _row(number: int, box: Box, vessel: Vessel, cycle: str, work: Work) -> tuple:
    cell = box.cell.code if box.cell is not None else None
    own = (number, box.number or None, vessel.name, work.voyage or None, cycle, box.size_type or None, box.weight_kg)
    return (*own, cell, box.load_port or None, box.discharge_port or None, box.full or None, box.operator or None)
