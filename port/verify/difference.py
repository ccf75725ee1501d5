"""Where two event logs part, in the words of the terminal instead of numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from port.codes import LOG
from port.control import Engine
from twin.clock import US

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Difference:
    """The first row at which two logs differ: its number, and what each engine says there."""

    row: int
    reference: str
    fast: str

    @property
    def text(self) -> str:
        return f"the logs part at row {self.row}: SimPy says {self.reference}; the compiled engine says {self.fast}"


def first_difference(reference: Engine, fast: Engine) -> Difference | None:
    """Compare the logs of two engines row by row; None when they are the same to the bit."""
    a, b = reference.rows(), fast.rows()
    if np.array_equal(a, b):
        return None
    at = first_unequal(a, b)
    return Difference(at, _at(reference, a, at), _at(fast, b, at))


def first_unequal(a: IntArray, b: IntArray) -> int:
    """Number of the first row that is not the same in both (n, 5) logs, or that only one of them has."""
    n = min(len(a), len(b))
    unequal = np.any(a[:n] != b[:n], axis=1)
    return int(np.argmax(unequal)) if unequal.any() else n


def _at(engine: Engine, rows: IntArray, at: int) -> str:
    return row_text(engine, rows[at]) if at < len(rows) else "that nothing more happens"


def row_text(engine: Engine, row: IntArray) -> str:
    """A row of the log in words: `0:12:03.500000 HANDOVER (crane QC02, vehicle AT007)`."""
    time, code, *values = (int(v) for v in row)
    if code not in LOG:
        return f"{clock(time)} row of unknown kind {code} {values}"
    name, *meanings = LOG[code]
    parts = [f"{m} {_named(engine, m, v)}" for m, v in zip(meanings, values, strict=True) if m]
    return f"{clock(time)} {name} ({', '.join(parts)})"


def clock(time_us: int) -> str:
    """Hours, minutes and seconds with all six digits of the microseconds."""
    seconds, micros = divmod(time_us, US)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{micros:06d}"


def _named(engine: Engine, meaning: str, value: int) -> str:
    """A number of the log as the id that the terminal's file gives it."""
    plan = engine.plan
    fleet = plan.fleet_size

    def vehicle(k: int) -> str:
        return plan.vehicle_name(k) if k < fleet else engine.visitor_name(k - fleet)

    def arc(k: int) -> str:
        return f"{plan.terminal.lanes[k // 2].id} {'backwards' if k % 2 else 'forwards'}"

    names: dict[str, Callable[[int], str]] = {
        "call": lambda k: engine.calls[k].name,
        "berth": lambda k: plan.site.berth_ids[k],
        "crane": lambda k: plan.site.cranes[k].id,
        "gantry": lambda k: plan.gantry_ids[k],
        "block": lambda k: plan.site.block_ids[k],
        "place": lambda k: plan.place_names[k],
        "station": lambda k: plan.terminal.stations[k].id,
        "machine": lambda k: engine.machines[k].id,
        "vehicle": vehicle,
        "truck": vehicle,
        "arc": arc,
        "next arc": arc,
    }
    first = meaning.removesuffix(" or -1")
    return names[first](value) if first in names and value >= 0 else str(value)
