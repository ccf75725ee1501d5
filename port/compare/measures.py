"""What a comparison looks at, from the figures of a replication."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from port.replications import FIGURES

FloatArray = NDArray[np.float64]
Get = Callable[[str], FloatArray]


@dataclass(frozen=True)
class Measure:
    """One column of a comparison. `of` gets the arrays of a replication's figures by name."""

    key: str
    title: str
    unit: str
    higher_is_better: bool
    doc: str
    of: Callable[[Get], FloatArray]


def _per_move(get: Get, name: str) -> FloatArray:
    moves = get("moves")
    return np.divide(get(name), moves, out=np.full(len(moves), np.nan), where=moves > 0)


MEASURES: tuple[Measure, ...] = (
    Measure(
        *("crane_rate", "crane rate", "1/h", True, "Moves an hour and quay crane, in the time at a ship."),
        lambda get: get("crane_rate"),
    ),
    Measure(
        *("crane_waiting", "crane waiting", "%", False),
        "Quay cranes' time at a ship not in the middle of a move: no truck, no box, or stopped.",
        lambda get: 100.0 * (1.0 - get("crane_busy")),
    ),
    Measure(
        *("empty_share", "empty km", "%", False, "Driverless trucks' way driven empty, of all."),
        lambda get: 100.0 * get("empty_share"),
    ),
    Measure(
        *("energy", "energy", "kWh/move", False, "Energy of the driverless trucks for a move over the quay."),
        lambda get: _per_move(get, "energy"),
    ),
    Measure(
        *("truck_turn_time", "road truck", "min", False, "Road truck's visit, from the gate back to the road (mean)."),
        lambda get: get("truck_turn_time"),
    ),
    Measure(
        *("tardiness", "ships late", "h", False, "Ships' delay against planned departure (mean of those that left)."),
        lambda get: get("tardiness"),
    ),
)
BY_KEY = {m.key: m for m in MEASURES}


def measured(figures: FloatArray) -> FloatArray:
    """(n, len(MEASURES)) from the figures (n, len(FIGURES)) of replications."""
    columns = {name: figures[:, k] for k, name in enumerate(FIGURES)}
    return np.column_stack([m.of(columns.__getitem__) for m in MEASURES])
