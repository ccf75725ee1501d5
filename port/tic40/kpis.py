"""Key figures as TIC4.0 has published them, one row each.

GBH    gross berth hours: first line fast to last line released, nothing deducted
QCM    quay container moves: boxes handled for a carrier visit during its cargo operations
CTI    crane time intensity: hours of all cranes assigned to the visit, over the hours from first to last move
ECC    effective crane count: moves of the visit over those of its busiest crane
productivity   boxes per hour that a quay crane is assigned
QTpC   quay throughput container: boxes over all berths in the period
QTpT   the same in TEU; known only when all boxes have papers
QTpTD  quay throughput TEU density: TEU per metre of quay in the period
Source: TIC4.0 definitions, releases 2024.013 (GBH, QCM, QTpC, QTpT) and 2025.017 (CTI, ECC, QTpTD).

"Force majeure" and "carrier not ready" are not deducted from QCM's window: the count does not depend on it.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from port.messages.iso6346 import teu
from port.messages.naming import calls_of, containers
from port.state import DISCHARGE, LOAD
from twin.model import Table

if TYPE_CHECKING:
    from port.control import Engine
    from port.state import Vessel

HOUR_US = 3.6e9
COLUMNS = ("kpi", "subject", "id", "value", "unit")


def kpis(engine: Engine) -> Table:
    """The table `tic40_kpis`; a value is empty where the run ended before it was known."""
    from port.metrics import assigned_h

    cranes = {c.id: c.berth for c in engine.site.cranes}
    trace = engine.trace
    quay = [row for row in trace if row[2] in (DISCHARGE, LOAD)]
    spans: dict[int, list[int]] = {}
    shares: dict[int, Counter[str]] = {}
    ships = calls_of(list(engine.world.vessels), cranes, trace)
    for (time_us, machine, *_), (vessel, _, _) in zip(quay, ships, strict=True):
        spans.setdefault(vessel.number, [time_us, time_us])[1] = time_us
        shares.setdefault(vessel.number, Counter())[machine] += 1
    rows: list[tuple[Any, ...]] = []
    for vessel in engine.world.vessels:
        rows += _visit(engine, vessel, spans.get(vessel.number), shares.get(vessel.number))
    for crane in engine.world.cranes:
        hours = assigned_h(crane, engine.now_us)
        rows.append(("productivity", "che", crane.id, crane.moves / hours if hours else None, "box/h"))
    rows += _terminal(engine, len(quay))
    doc = "Key figures in the words of TIC4.0 (subject: carriervisit, che, quay)."
    return Table(COLUMNS, [(*r[:3], None if r[3] is None else round(r[3], 4), r[4]) for r in rows], doc)


def _visit(engine: Engine, vessel: Vessel, span: list[int] | None, shares: Counter[str] | None) -> list[tuple]:
    berthed, left = vessel.berthed_us, vessel.departed_us
    gbh = (left - berthed) / HOUR_US if berthed >= 0 and left >= 0 else None
    cti = ecc = None
    if span is not None and shares is not None:
        ecc = vessel.moves / max(shares.values())
        if span[1] > span[0] and left >= 0:
            at_berth = int((engine.plan.crane_berth == vessel.berth).sum())
            cti = at_berth * (left - vessel.work_us) / (span[1] - span[0])
    values = (("GBH", gbh, "h"), ("QCM", vessel.moves, "box"), ("CTI", cti, "1"), ("ECC", ecc, "1"))
    return [(name, "carriervisit", vessel.name, value, unit) for name, value, unit in values]


def _terminal(engine: Engine, moves: int) -> list[tuple]:
    table = containers(engine)
    sizes = [teu(row[5] or "") for row in table.rows]
    known = len(sizes) == moves and None not in sizes
    total = sum(s for s in sizes if s is not None) if known else None
    berths = engine.terminal.berths
    assert not isinstance(berths, int)
    metres = sum(math.dist(*b.line) for b in berths)
    name = engine.terminal.name
    return [
        ("QTpC", "quay", name, moves, "box"),
        ("QTpT", "quay", name, total, "TEU"),
        ("QTpTD", "quay", name, None if total is None else total / metres, "TEU/m"),
    ]
