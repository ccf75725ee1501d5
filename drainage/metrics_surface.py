"""Figures of the streets: how much was under water, how long, where, and who stood in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from drainage.exposure import depth_at
from drainage.state import LIMITS_M
from twin.model import Metric, Table
from twin.places import FloatArray, Lines

if TYPE_CHECKING:
    from drainage.model import DrainageModel

NAMES = ("15cm", "27cm", "40cm")
LEAST_M = 0.01
"""Streets and buildings with less water than this are left out of the tables."""


def kept(model: DrainageModel) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The surface's record, flat: deepest (cells,), seconds until 5 cm (−1: never), seconds above the lines (3, cells).

    The one place in which it is read."""
    assert model.surface is not None
    record = model.surface.record
    deepest, arrival = record.hmax.ravel().astype(float), record.arrival_s.ravel().astype(float)
    return deepest, arrival, record.over_s.reshape(len(LIMITS_M), -1).astype(float)


def surface_summary(model: DrainageModel) -> dict[str, Metric]:
    """Headline figures of a run with a surface."""
    gathered = model.gathered
    hmax, _, over = kept(model)
    over_27 = over[1] / 60.0
    longest = float(over_27.max())
    where = place_name(model, int(over_27.argmax())) if longest > 0 else None
    found = {
        "flooded_area_15cm": Metric(max(gathered.area_15, default=0.0), "ha", "Largest area above 15 cm.", "lower", 2),
        "flooded_area_27cm": Metric(max(gathered.area_27, default=0.0), "ha", "Largest area above 27 cm.", "lower", 2),
        "flooded_area_40cm": Metric(max(gathered.area_40, default=0.0), "ha", "Largest area above 40 cm.", "lower", 2),
        "longest_27cm": Metric(longest, "min", "Longest time that a place was above 27 cm.", "lower", 0),
        "longest_27cm_at": Metric(where, "", "Where water stood over 27 cm the longest."),
        "max_depth": Metric(float(hmax.max()), "m", "Deepest water on land.", "lower", 2),
        "drain_down": Metric(
            gathered.drain_down_min(), "min", "From the largest area above 15 cm until 5 % of it is left.", "lower", 0
        ),
        "streets_closed": Metric(
            len(gathered.closed_at), "1", "Streets, by name, that were under more than 27 cm.", "lower", 0
        ),
    }
    return found | _exposed_summary(model)


def _exposed_summary(model: DrainageModel) -> dict[str, Metric]:
    """Buildings and people with water above the lines at their walls, where the scenario names any."""
    if not model.exposed:
        return {}
    depth = depth_at(model.exposed, kept(model)[0])
    found = {}
    for name, limit in zip(NAMES, LIMITS_M, strict=True):
        wet = depth > limit
        words = f"with more than {name[:2]} cm of water at the walls"
        if any(b.is_building for b in model.exposed):
            count = sum(bool(w) and b.is_building for w, b in zip(wet, model.exposed, strict=True))
            found[f"buildings_{name}"] = Metric(count, "1", f"Buildings {words}.", "lower", 0)
        if any(b.people for b in model.exposed):
            people = sum(b.people for w, b in zip(wet, model.exposed, strict=True) if w)
            found[f"people_{name}"] = Metric(people, "person", f"People in buildings {words}.", "lower", 0)
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


def surface_tables(model: DrainageModel) -> dict[str, Table]:
    """`streets`, `areas`, `exposed`: those that the run can fill."""
    found = {}
    if "street" in model.places:
        found["streets"] = streets_table(model)
    if model.areas:
        found["areas"] = _areas(model)
    if model.exposed:
        found["exposed"] = _exposed(model)
    return found


def lines_by_name(names: tuple[str, ...]) -> dict[str, list[int]]:
    """The lines of each street, by what people call it."""
    found: dict[str, list[int]] = {}
    for k, name in enumerate(names):
        found.setdefault(name, []).append(k)
    return found


def streets_table(model: DrainageModel) -> Table:
    """By name, from all cells that the street's lines cross; deepest first. Only streets that got wet."""
    assert model.surface is not None
    lines = model.places["street"]
    assert isinstance(lines, Lines)
    hmax, arrival, over = kept(model)
    over = over / 60.0
    rows = []
    for name, parts in lines_by_name(lines.names).items():
        of = [model.street_cells[model.street_starts[k] : model.street_starts[k + 1]] for k in parts]
        cells = np.unique(np.concatenate(of))
        if not cells.size or (deepest := hmax[cells].max()) <= LEAST_M:
            continue
        first = arrival[cells][arrival[cells] >= 0]
        down = model.gathered.street_drain_down_min(parts, model.setup.exchange_us / 1e6)
        rows.append(
            (
                name, round(float(deepest), 3), *(round(float(over[k][cells].max()), 1) for k in range(3)),
                *(round(np.count_nonzero(hmax[cells] > limit) * model.surface.cell_area) for limit in LIMITS_M),
                round(float(first.min()) / 60, 1) if first.size else None, None if down is None else round(down, 1),
            )
        )  # fmt: skip
    return Table(
        (
            "name", "max_depth_m", "above_15cm_min", "above_27cm_min", "above_40cm_min", "above_15cm_m2",
            "above_27cm_m2", "above_40cm_m2", "first_wet_min", "drain_down_min",
        ),
        sorted(rows, key=lambda row: (-row[1], row[0])),
        "Streets that were wet: deepest water, longest time at a place above the depth lines, street area that was "
        "above them at some time, minutes until 5 cm, and from the deepest moment until all is back under 15 cm "
        "(empty: not before the end).",
    )  # fmt: skip


def _areas(model: DrainageModel) -> Table:
    assert model.surface is not None
    hmax = kept(model)[0]
    rows = []
    for k, zone in enumerate(model.areas):
        down = model.gathered.zone_drain_down_min(k)
        wet = [np.count_nonzero(hmax[zone.cells] > limit) * model.surface.cell_area / 1e4 for limit in LIMITS_M]
        deepest = float(hmax[zone.cells].max()) if zone.cells.size else 0.0
        rows.append(
            (
                zone.name, zone.kind, round(deepest, 3), *(round(float(w), 3) for w in wet),
                None if down is None else round(down, 1),
            )
        )  # fmt: skip
    return Table(
        ("name", "class", "max_depth_m", "above_15cm_ha", "above_27cm_ha", "above_40cm_ha", "drain_down_min"),
        rows,
        "Areas: deepest water, land that was above the depth lines at some time, and minutes from the largest area "
        "above 15 cm until 5 % of it is left (empty: not before the end).",
    )


def _exposed(model: DrainageModel) -> Table:
    depth = depth_at(model.exposed, kept(model)[0])
    rows = [
        (b.id, round(float(d), 3), round(b.people, 1), place_name(model, int(b.cells[0])), *(round(x, 1) for x in b.xy))
        for b, d in zip(model.exposed, depth, strict=True)
        if d > LEAST_M
    ]
    return Table(
        ("id", "max_depth_m", "people", "near", "x_m", "y_m"),
        sorted(rows, key=lambda row: (-row[1], row[0])),
        "Buildings and people with water at the walls: the deepest there, and the street beside them.",
    )
