"""Where the water leaves: an outfall at every node from which no main leads on, and one for each part without any."""

from __future__ import annotations

from dataclasses import dataclass

from drainage.importing.levels import Levels
from drainage.importing.log import Log
from drainage.importing.mains import Main
from drainage.importing.topology import Nodes, parts_of


@dataclass(frozen=True)
class Outlet:
    """An outfall. `node` becomes the outfall itself, or (`stub`) a short pipe leads from it to one of its own."""

    node: int
    stub: bool


def outlets_of(mains: list[Main], nodes: Nodes, levels: Levels, rule: str, log: Log) -> list[Outlet]:
    """Outfalls by rule `ends` (every node at which mains end and none begins) or `lowest` (one for each part).

    A part without such a node gets its outfall at its lowest node in any case. SWMM lets one link only lead to an
    outfall: where more meet, a short pipe to an outfall of its own is added.
    """
    begins = {m.ends[0] for m in mains}
    meets: dict[int, int] = {}
    for m in mains:
        for node in m.ends:
            meets[node] = meets.get(node, 0) + 1
    found = []
    parts = parts_of(nodes.size, mains)
    for part in parts:
        ends = [k for k in part if k not in begins] if rule == "ends" else []
        lowest = min(part, key=lambda k: (levels.bottom[k], k))
        for k in ends:
            log.note("outfall where mains end and none leads on", nodes.ids[k])
        if not ends:
            log.note("outfall at the lowest node of a part", nodes.ids[lowest])
        found += [Outlet(k, meets[k] > 1) for k in ends or [lowest]]
    if len(parts) > 1:
        for part in parts[1:]:
            log.note("part that is not joined to the first: has an outfall of its own", nodes.ids[part[0]])
    return found
