"""What a planner reads: how much was flooded, how long and where, what the manholes and pumps did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from drainage.kernels import LIMITS_M
from twin.model import Metric, Table
from twin.places import Lines

if TYPE_CHECKING:
    from drainage.model import DrainageModel

DRAINED = 0.05
"""Share of the largest flooded area that counts as drained down."""
SPILLS_M3 = 0.01
"""A manhole counts as surcharged onto the street from this volume on."""


@dataclass
class Gathered:
    """Curves and first moments kept during the run. Times in s, areas in ha."""

    time_s: list[float] = field(default_factory=list)
    area_15: list[float] = field(default_factory=list)
    area_27: list[float] = field(default_factory=list)
    closed_at: dict[str, float] = field(default_factory=dict)

    def add(self, now_s: float, area_15: float, area_27: float) -> None:
        self.time_s.append(now_s)
        self.area_15.append(area_15)
        self.area_27.append(area_27)

    def drain_down_min(self) -> float | None:
        """Minutes from the largest area above 15 cm until 5 % of it is left; None when that is not reached."""
        areas = np.array(self.area_15)
        if not areas.size or areas.max() == 0:
            return 0.0
        peak = int(areas.argmax())
        after = np.flatnonzero(areas[peak:] <= DRAINED * areas[peak])
        return (self.time_s[peak + int(after[0])] - self.time_s[peak]) / 60 if after.size else None


def summary(model: DrainageModel) -> dict[str, Metric]:
    """Headline figures; those of the surface only where there is one."""
    found: dict[str, Metric] = {}
    if model.surface:
        found |= _surface_summary(model)
    if model.swmm:
        found |= _sewer_summary(model)
    return found


def _surface_summary(model: DrainageModel) -> dict[str, Metric]:
    surface, gathered = model.surface, model.gathered
    assert surface is not None
    water = surface.water
    over_27 = water.over_s[1] / 60
    worst = int(over_27.argmax())
    return {
        "flooded_area_15cm": Metric(max(gathered.area_15, default=0.0), "ha", "Largest area above 15 cm.", "lower", 2),
        "flooded_area_27cm": Metric(max(gathered.area_27, default=0.0), "ha", "Largest area above 27 cm.", "lower", 2),
        "longest_27cm": Metric(float(over_27.max()), "min", "Longest time that a place was above 27 cm.", "lower", 0),
        "longest_27cm_at": Metric(
            place_name(model, worst) if over_27.max() > 0 else None, "", "Where water stood over 27 cm the longest."
        ),
        "max_depth": Metric(float(water.hmax.max()), "m", "Deepest water on land.", "lower", 2),
        "drain_down": Metric(
            gathered.drain_down_min(), "min", "From the largest area above 15 cm until 5 % of it is left.", "lower", 0
        ),
        "streets_closed": Metric(
            len(gathered.closed_at), "1", "Streets, by name, that were under more than 27 cm.", "lower", 0
        ),
    }  # fmt: skip


def _sewer_summary(model: DrainageModel) -> dict[str, Metric]:
    assert model.swmm is not None
    totals, holes = model.swmm.totals(), model.holes
    up, down = float(holes.up.sum()), float(holes.down.sum())
    found = {
        "outfall_volume": Metric(totals["outflow"] - up, "m3", "Water that left through the outfalls.", "", 0),
        "sewer_flooding": Metric(
            totals["flooding"], "m3", "Lost over the rims of manholes without a surface above them.", "lower", 0
        ),
        "sewer_continuity_error": Metric(totals["error_percent"], "%", "SWMM's own continuity error.", "", 3),
    }
    if model.surface:
        found |= {
            "surcharged_manholes": Metric(
                int(np.count_nonzero(holes.up > SPILLS_M3)), "1", "Manholes that spilled onto the street.", "lower", 0
            ),
            "out_of_manholes": Metric(up, "m3", "Water that rose out of manholes.", "lower", 0),
            "back_into_manholes": Metric(down, "m3", "Water that ran back from the streets into manholes.", "", 0),
        }
    if model.commands and model.commands.pumps:
        found["pump_outages"] = Metric(
            sum(p.outages for p in model.commands.pumps), "1", "Times that a pump went out.", "lower", 0
        )
    return found


def place_name(model: DrainageModel, cell: int) -> str:
    """What people call a cell: the street that crosses it or runs within 15 m, else its coordinates."""
    surface = model.surface
    assert surface is not None
    lines = model.places.get("street")
    grid = surface.grid
    j, i = divmod(cell, grid.nx)
    if isinstance(lines, Lines) and model.street_cells.size:
        rows, columns = np.divmod(model.street_cells, grid.nx)
        away = np.hypot(rows - j, columns - i)
        near = int(away.argmin())
        if away[near] * grid.cell_m <= max(15.0, grid.cell_m):
            return lines.names[int(np.searchsorted(model.street_starts, near, side="right")) - 1]
    return f"x {grid.x0 + (i + 0.5) * grid.cell_m:.0f}, y {grid.y0 + (j + 0.5) * grid.cell_m:.0f}"


def tables(model: DrainageModel) -> dict[str, Table]:
    """`streets`, `manholes`, `outfalls`, `pumps`, `sewer_account`: those that the run can fill."""
    found: dict[str, Table] = {}
    if model.surface and "street" in model.places:
        found["streets"] = _streets(model)
    if model.swmm:
        if model.holes.node.size:
            found["manholes"] = _manholes(model)
        found["outfalls"] = Table(
            ("id", "volume_m3"),
            [(id, round(float(v), 3)) for id, v in zip(model.outfalls, model.ends.volume, strict=True)],
            "What left through each outfall.",
        )
        found["sewer_account"] = _account(model)
    if model.commands and model.commands.pumps:
        found["pumps"] = Table(
            ("id", "outages", "out_min"),
            [(p.id, p.outages, round(model.commands.out_s(p, model.now_us) / 60, 1)) for p in model.commands.pumps],
            "How often and how long pumps stood still for want of power, by water, or by failure.",
        )
    return found


def _streets(model: DrainageModel) -> Table:
    """By name, from all cells that the street's lines cross; deepest first. Only streets that got wet."""
    assert model.surface is not None
    lines, water = model.places["street"], model.surface.water
    assert isinstance(lines, Lines)
    cells: dict[str, list[int]] = {}
    for k, name in enumerate(lines.names):
        cells.setdefault(name, []).extend(model.street_cells[model.street_starts[k] : model.street_starts[k + 1]])
    over = water.over_s.reshape(len(LIMITS_M), -1) / 60
    hmax, arrival = water.hmax.ravel(), water.arrival_s.ravel()
    rows = []
    for name, of_street in cells.items():
        if not of_street or (deepest := hmax[of_street].max()) <= 0.01:
            continue
        first = arrival[of_street]
        first = first[first >= 0]
        rows.append(
            (
                name, round(float(deepest), 3), *(round(float(over[k][of_street].max()), 1) for k in range(3)),
                round(float(first.min()) / 60, 1) if first.size else None,
            )
        )  # fmt: skip
    return Table(
        ("name", "max_depth_m", "above_15cm_min", "above_27cm_min", "above_40cm_min", "first_wet_min"),
        sorted(rows, key=lambda row: (-row[1], row[0])),
        "Streets that were wet: deepest water, longest time at a place above the depth lines, minutes until 5 cm.",
    )


def _manholes(model: DrainageModel) -> Table:
    holes = model.holes
    coupled = [m for m in model.manholes if m.cell >= 0]
    rows = [
        (
            m.node.id, round(float(holes.up[k]), 3), round(float(holes.down[k]), 3),
            round(float(holes.head_max[k]) - m.rim_m, 3),
        )
        for k, m in enumerate(coupled)
    ]  # fmt: skip
    return Table(
        ("id", "spilled_m3", "returned_m3", "max_surcharge_m"),
        sorted(rows, key=lambda row: (-row[1], row[0])),
        "What rose out of each manhole, what ran back, and its highest level against the rim.",
    )


def _account(model: DrainageModel) -> Table:
    from drainage.balance import sewer_balance

    account = sewer_balance(model)
    rows = [("stored at the start", account.stored_start)]
    rows += [(f"in: {name}", value) for name, value in account.inflow.items()]
    rows += [(f"out: {name}", -value) for name, value in account.outflow.items()]
    rows += [
        ("stored at the end", -account.stored_now),
        ("SWMM's own error", -sum(v for _, v in rows) + account.stored_now),
    ]
    return Table(
        ("item", "volume_m3"),
        [(name, round(value, 3)) for name, value in rows],
        "SWMM's continuity restated: its report counts what passes the manholes as external flow.",
    )
