"""Small sewers and terrains written for the tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from drainage.config import DrainageConfig
from drainage.model import DrainageModel
from twin.clock import US, to_us
from twin.model import Journal, Setup
from twin.places import FloatArray

OPTIONS = """[OPTIONS]
FLOW_UNITS CMS
FLOW_ROUTING DYNWAVE
START_DATE 01/01/2024
END_DATE 01/01/2024
END_TIME 01:00:00
ROUTING_STEP 2
VARIABLE_STEP 0.75
MINIMUM_STEP 0.1
REPORT_STEP 00:01:00
MAX_TRIALS 12
HEAD_TOLERANCE 0.0005
"""

LINE = (
    OPTIONS
    + """[JUNCTIONS]
M1 10.0 2
M2 9.75 2
M3 9.5 2
D 9.4 5
[OUTFALLS]
O 9.3 FIXED 9.3 NO
[CONDUITS]
C1 M1 M2 50 0.013 0 0
C2 M2 M3 50 0.013 0 0
C3 M3 D 20 0.013 0 0
[ORIFICES]
G D O BOTTOM 0 0.65 NO 0
[XSECTIONS]
C1 CIRCULAR 0.45 0 0 0
C2 CIRCULAR 0.45 0 0 0
C3 CIRCULAR 0.45 0 0 0
G CIRCULAR 0.4 0 0 0
[COORDINATES]
M1 10 10
M2 60 10
M3 110 10
D 500 500
O 510 500
"""
)
"""Three manholes under a street that falls 1 : 200, 50 m apart; a gate G in front of the outfall."""

STATION = (
    OPTIONS
    + """[JUNCTIONS]
A 5 3
[STORAGE]
W 3 5 1 FUNCTIONAL 0 0 40 0 0
[OUTFALLS]
O 6 FREE NO
[CONDUITS]
C A W 50 0.013 0 1.5
[PUMPS]
P W O PC ON 0.5 0.2
[XSECTIONS]
C CIRCULAR 0.5 0 0 0
[CURVES]
PC PUMP3 0 0.05
PC 10 0.04
[INFLOWS]
A FLOW "" FLOW 1.0 1.0 0.055
[CONTROLS]
RULE keep_on
IF NODE W DEPTH > 0.4
THEN PUMP P STATUS = ON
[COORDINATES]
A 10 10
W 60 10
O 90 10
"""
)
"""A pump P that rules and depth limits switch on whenever there is water in its well W."""


def street(dx: float = 2.0) -> FloatArray:
    """Ground over `LINE`: a trough of 1 : 200 down to x = 120 m, then flat, with kerbs. Row 0 in the south."""
    x = (np.arange(int(140 / dx)) + 0.5) * dx
    z = np.tile(12.1 - np.minimum(x, 120) * 0.005, (int(20 / dx), 1))
    z[0] += 0.5
    z[-1] += 0.5
    return z


def write_asc(path: Path, z: FloatArray, cell: float, x0: float = 0.0, y0: float = 0.0) -> Path:
    """`z` (row 0 in the south, NaN: no data) as an ESRI ASCII grid."""
    head = (
        f"ncols {z.shape[1]}\nnrows {z.shape[0]}\nxllcorner {x0}\nyllcorner {y0}\ncellsize {cell}\nNODATA_value -9999\n"
    )
    rows = [" ".join(f"{v:.6f}" for v in row) for row in np.where(np.isfinite(z), z, -9999)[::-1]]
    path.write_text(head + "\n".join(rows) + "\n")
    return path


def setup_for(folder: Path, duration_s: float, events: Any = (), linked: Any = (), **section: Any) -> Setup:
    """What the core would hand to `build` for a section with these keys."""
    run = folder / "run"
    run.mkdir(exist_ok=True)
    return Setup(
        "drainage", DrainageConfig.model_validate(section), datetime(2026, 7, 1, 16, tzinfo=UTC), to_us(duration_s),
        60 * US, 7, run, Journal(), events=tuple(events), linked=frozenset(linked),
    )  # fmt: skip


def run(model: DrainageModel, until_s: float, every_s: float = 60.0, each: Callable[[int], None] | None = None) -> None:
    """Advance by exchanges; `each(now_us)` is called before every one."""
    while model.now_us < to_us(until_s):
        if each is not None:
            each(model.now_us)
        model.advance(min(model.now_us + to_us(every_s), to_us(until_s)))


def error_of(model: DrainageModel, substance: str) -> float:
    """stored + in − out − now of a balance, relative to what went through."""
    b = next(b for b in model.balances() if b.substance == substance)
    miss = b.stored_start + sum(b.inflow.values()) - sum(b.outflow.values()) - b.stored_now
    return abs(miss) / max(sum(map(abs, b.inflow.values())), b.stored_start, 1e-12)
