"""A plausible terminal from a gate, a direction and a number of berths.

              quay edge      B1        B2        B3        B4
         v = depth     ══════════════════════════════════════════
         depth − 40    ──┬──┬──┬──┬──┬──┬──┬──┬──┬──┬──┬──┬──┬──   quay road
                         │  │  │  │  │  │  │  │  │  │  │  │  │     one lane a block, the block beside it
         60            ──┴──┴──┴──┴──┴──┴──┼──┴──┴──┴──┴──┴──┴──   main road
         0                                gate

Blocks stand at right angles to the quay; trucks drive through their lanes under the gantries' cantilevers.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from port.terminal import Layout, Terminal

GATE_ROAD_M = 60.0
"""From the gate to the main road: room for three trucks behind each other."""
QUAY_ROAD_M = 40.0
"""From the quay road to the quay's edge: rail gauge of 35 m and the crane's setback."""
BLOCK_PITCH_M = 36.0
"""Eight rows of 2.6 m, two cantilever lanes of 5 m, rails and clearance."""
BAY_M = 13.0
"""A 40-foot bay (12.19 m) and the gap to the next."""
MIN_BAYS = 3
TRUCKS_PER_CRANE = 5
ROAD_TRUCKS_PER_BERTH = 428.0
"""Defaults whose sources stand at `Fleet.trucks` and `RoadTrucks.per_day`."""


def generate(
    berths: int,
    origin: tuple[float, float],
    heading: float,
    berth_length: float = 323.0,
    depth: float = 700.0,
    cranes: int | None = None,
    blocks: int | None = None,
    gantries: int | None = None,
    rows: int = 8,
    tiers: int = 5,
    stations: int = 0,
) -> dict[str, Any]:
    """A terminal file's content with coordinates, ready to be written as YAML.

    Parameters
    ----------
    origin : gate, (x, y) in m.  heading : from the gate to the quay, degrees clockwise from north.
    berth_length, depth : m.  cranes, blocks, gantries : in all; None for the defaults of `port.terminal.Layout`.
    stations : for battery swaps, along the main road.

    Raises
    ------
    ValueError : the measures leave no room for a block.
    """
    width = berths * berth_length
    fitting = int(width // BLOCK_PITCH_M)
    count = min(7 * berths, fitting) if blocks is None else blocks
    bays = int((depth - QUAY_ROAD_M - GATE_ROAD_M - 20.0) // BAY_M)
    if count < 1 or count > fitting:
        many = f"{count} blocks of {BLOCK_PITCH_M:g} m do" if count > 1 else f"1 block of {BLOCK_PITCH_M:g} m does"
        raise ValueError(f"{many} not fit along {width:g} m of quay ({fitting} would)")
    if bays < MIN_BAYS:
        raise ValueError(f"a depth of {depth:g} m leaves no room for blocks: {bays} bays of {BAY_M:g} m")
    sine, cosine = math.sin(math.radians(heading)), math.cos(math.radians(heading))

    def at(across: float, along: float) -> list[float]:
        """Local metres (to the right of the axis, away from the gate) to the twin's coordinates."""
        return [
            round(origin[0] + along * sine + across * cosine, 3),
            round(origin[1] + along * cosine - across * sine, 3),
        ]

    pitch = width / count
    columns = [-width / 2 + pitch * (i + 0.5) for i in range(count)]
    quay_v = depth - QUAY_ROAD_M
    names = [f"Y{i + 1:02d}" for i in range(count)]
    lanes = [_lane("gate", [at(0, 0), at(0, GATE_ROAD_M)], 5)]
    lanes += _road("main", sorted({*columns, 0.0}), lambda u: at(u, GATE_ROAD_M), 35)
    lanes += [_lane(n, [at(u, GATE_ROAD_M), at(u, quay_v)], 20) for n, u in zip(names, columns, strict=True)]
    lanes += _road("quay", [-width / 2, *columns, width / 2], lambda u: at(u, quay_v), 20)
    shared = share_out(7 * berths if gantries is None else gantries, count)
    crane_shares = share_out(math.ceil(2.5 * berths) if cranes is None else cranes, berths)
    return {
        "terminal": 1,
        "berths": [
            {
                "id": f"B{k + 1}",
                "line": [at(-width / 2 + k * berth_length, depth), at(-width / 2 + (k + 1) * berth_length, depth)],
                "cranes": crane_shares[k],
            }
            for k in range(berths)
        ],
        "lanes": lanes,
        "blocks": [
            {"id": n, "lane": n, "bays": bays, "rows": rows, "tiers": tiers, "gantries": shared[i]}
            for i, n in enumerate(names)
        ],
        "gate": {"at": at(0, 0)},
        "stations": [
            {"id": f"S{k + 1}", "at": at(-width / 2 + width * (k + 0.5) / stations + 1.0, GATE_ROAD_M)}
            for k in range(stations)
        ],
    }


def share_out(total: int, among: int) -> list[int]:
    """Whole numbers, at least one each, that differ by at most one and add up to `total` (or to `among` if larger)."""
    total = max(total, among)
    return [(total * (i + 1)) // among - (total * i) // among for i in range(among)]


def complete(terminal: Terminal) -> Terminal:
    """The same terminal with every berth, lane, block, truck and daily number spelled out.

    Raises ValueError when the measures of a generated layout leave no room.
    """
    if isinstance(terminal.berths, int):
        assert terminal.origin is not None
        assert terminal.heading is not None
        given = terminal.layout or Layout()
        measures = {key: getattr(given, key) for key in Layout.model_fields}
        spelled = Terminal.model_validate(generate(terminal.berths, terminal.origin, terminal.heading, **measures))
        gate = terminal.gate if terminal.gate.at else terminal.gate.model_copy(update={"at": spelled.gate.at})
        made = {key: getattr(spelled, key) for key in ("berths", "lanes", "blocks")} | {"gate": gate}
        made["stations"] = terminal.stations or spelled.stations
        terminal = terminal.model_copy(update={**made, "layout": None})
    assert not isinstance(terminal.berths, int)
    fleet, road = terminal.fleet, terminal.road_trucks
    if fleet.trucks is None:
        cranes = sum(b.cranes for b in terminal.berths)
        fleet = fleet.model_copy(update={"trucks": TRUCKS_PER_CRANE * cranes})
    if road.per_day is None and road.per_hour is None:
        road = road.model_copy(update={"per_day": ROAD_TRUCKS_PER_BERTH * len(terminal.berths)})
    return terminal.model_copy(update={"fleet": fleet, "road_trucks": road})


def _lane(name: str, line: list[list[float]], limit_kmh: int) -> dict[str, Any]:
    return {"id": name, "line": line, "limit": f"{limit_kmh} km/h"}


def _road(name: str, stations: list[float], at: Any, limit_kmh: int) -> list[dict[str, Any]]:
    """A road along the quay, cut at its junctions."""
    return [
        _lane(f"{name}-{i + 1}", [at(a), at(b)], limit_kmh)
        for i, (a, b) in enumerate(pairwise(stations))
        if b - a > 1.0
    ]
