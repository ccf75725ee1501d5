"""Rain that differs over the city: which zone's rain falls on which cell, and on which subcatchment.

On the surface every cell takes the rain of the zone that holds its middle. In the sewers SWMM knows rain by gages.
Where the file has several gages in use, each takes the rain of the zone in which it stands. Where one gage serves all,
as in most files, the run's copy gets a gage for each zone, and every subcatchment the one of its own zone. The user's
file stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from drainage.network import SewerFile, tokens_of
from twin.places import FloatArray, Grid

MEAN = -1
"""In place of a zone: what has no position takes the mean of all zones."""
SERIES = "twin_dry"
LONGEST_CHAIN = 100
"""Subcatchments that drain onto each other, one after the other, before their outlet is given up."""
MM_PER_H = 1e-3 / 3600.0
LEAST_S = 1e-6
"""Less time than this is the rounding of SWMM's clock."""
Point = tuple[float, float]


@dataclass(frozen=True)
class GagePlan:
    """How a sewer file's rain is asked of zones.

    gages : gage -> zone (`MEAN`: of all), of the copy, in its order
    users : subcatchment -> the gage of the copy that it takes in place of the file's
    lost  : subcatchments and gages without any position
    """

    gages: Mapping[str, int]
    users: Mapping[str, str] = field(default_factory=dict)
    lost: tuple[str, ...] = ()

    @property
    def added(self) -> list[str]:
        """Gages that the copy has beyond the file's."""
        return list(dict.fromkeys(self.users.values()))


def plan_gages(sewer: SewerFile, zones: Grid, how: str = "auto") -> GagePlan:
    """The gages of one sewer file. how: `file` keeps each, `zones` gives each zone its own, `auto` by the file."""
    users = {row.tokens[0]: row.tokens[1] for row in sewer.rows("SUBCATCHMENT") if len(row.tokens) > 1}
    own = [row.tokens[0] for row in sewer.rows("RAINGAGE")]
    grounds = subcatchment_points(sewer)
    symbols = _points(sewer, "SYMBOL")
    gages, lost = {}, []
    for id in own:
        point = symbols.get(id) or _middle([grounds[s] for s, gage in users.items() if gage == id and s in grounds])
        gages[id] = zone_at(zones, point) if point else MEAN
        if point is None and (how == "file" or id in users.values()) and users:
            lost.append(id)
    if how == "file" or (how == "auto" and len(set(users.values())) > 1):
        return GagePlan(gages, {}, tuple(lost))
    names: dict[int, str] = {}
    taken = set(own)
    chosen = {}
    lost = []
    for id in users:
        zone = zone_at(zones, grounds[id]) if id in grounds else MEAN
        if id not in grounds:
            lost.append(id)
        if zone not in names:
            wanted = "twin~mean" if zone == MEAN else f"twin~r{zone // zones.nx}c{zone % zones.nx}"
            names[zone] = sewer.free_name(wanted, taken)
            taken.add(names[zone])
        chosen[id] = names[zone]
    return GagePlan(gages | {name: zone for zone, name in names.items()}, chosen, tuple(lost))


def subcatchment_points(sewer: SewerFile) -> dict[str, Point]:
    """Where subcatchments lie: the middle of their [POLYGONS], else the node that they drain to. Those known alone."""
    rings: dict[str, list[Point]] = {}
    for row in sewer.rows("POLYGON"):
        if len(row.tokens) >= 3:
            rings.setdefault(row.tokens[0], []).append((row.number(1), row.number(2)))
    outlets = {row.tokens[0]: row.tokens[2] for row in sewer.rows("SUBCATCHMENT") if len(row.tokens) > 2}
    found = {}
    for id in outlets:
        point = centroid(np.array(rings[id])) if id in rings else None
        to, steps = outlets[id], 0
        while point is None and to in outlets and to not in sewer.coordinates and steps < LONGEST_CHAIN:
            to, steps = outlets[to], steps + 1
        point = point or sewer.coordinates.get(to)
        if point is not None and all(np.isfinite(point)):
            found[id] = point
    return found


def centroid(ring: FloatArray) -> Point:
    """Middle of a polygon (k, 2) by its area; the mean of its corners where it has none."""
    x, y = (ring - ring[0]).T
    cross = x * np.roll(y, -1) - np.roll(x, -1) * y
    area = cross.sum() / 2.0
    if abs(area) < 1e-9 * max(float(np.ptp(x) * np.ptp(y)), 1e-12):
        return float(ring[:, 0].mean()), float(ring[:, 1].mean())
    along = ((x + np.roll(x, -1)) * cross).sum() / (6.0 * area)
    up = ((y + np.roll(y, -1)) * cross).sum() / (6.0 * area)
    return float(ring[0, 0] + along), float(ring[0, 1] + up)


def zone_at(zones: Grid, point: Point) -> int:
    """The zone that holds a point, or the nearest where none does."""
    return int(zones_at(zones, np.array([point]))[0])


def zones_at(zones: Grid, xy: FloatArray) -> NDArray[np.int64]:
    """(n,) zones of points (n, 2); the nearest for those outside."""
    columns = np.clip(np.floor((xy[:, 0] - zones.x0) / zones.cell_m), 0, zones.nx - 1)
    rows = np.clip(np.floor((xy[:, 1] - zones.y0) / zones.cell_m), 0, zones.ny - 1)
    return (rows * zones.nx + columns).astype(np.int64)


def zones_of_cells(zones: object, grid: Grid, cells: NDArray[np.int64]) -> NDArray[np.int32]:
    """(r,) zone of each of the cells (flat indices of `grid`); 0 for all where the rain's places are no grid."""
    if not isinstance(zones, Grid):
        return np.zeros(cells.size, dtype=np.int32)
    rows, columns = np.divmod(cells, grid.nx)
    middles = np.column_stack([grid.x0 + (columns + 0.5) * grid.cell_m, grid.y0 + (rows + 0.5) * grid.cell_m])
    return zones_at(zones, middles).astype(np.int32)


def with_zones(lines: Sequence[str], plan: GagePlan | None) -> list[str]:
    """The lines of a copy with its gages as planned, each with a series of its own.

    SWMM lets gages of one series share the rain of the first of them, whatever the others are told.
    """
    if plan is None:
        return list(lines)
    found: list[str] = []
    section, interval = "", "0:01"
    series = {id: f"{SERIES}~{k}" for k, id in enumerate(plan.gages)}
    for line in lines:
        words = tokens_of(line)
        if words and words[0].startswith("["):
            section = words[0].strip("[]").upper()
        elif words and section.startswith("RAINGAGE") and words[0] in series:
            interval = words[2]
            line = _gage(words[0], interval, series[words[0]])
        elif words and section.startswith("SUBCATCHMENT") and words[0] in plan.users:
            line = _joined([words[0], plan.users[words[0]], *words[2:]])
        found.append(line)
    found.append("[RAINGAGES]")
    found += [_gage(id, interval, series[id]) for id in plan.added]
    found.append("[TIMESERIES]")
    for name in series.values():
        found += [f"{name} 0:00 0", f"{name} 1:00 0"]
    return found


def _gage(id: str, interval: str, series: str) -> str:
    return _joined([id, "INTENSITY", interval, "1.0", "TIMESERIES", series])


def _joined(words: Iterable[str]) -> str:
    return " ".join(f'"{word}"' if re.search(r"\s", word) else word for word in words)


def _points(sewer: SewerFile, heading: str) -> dict[str, Point]:
    return {row.tokens[0]: (row.number(1), row.number(2)) for row in sewer.rows(heading) if len(row.tokens) >= 3}


def _middle(points: list[Point]) -> Point | None:
    return (float(np.mean([p[0] for p in points])), float(np.mean([p[1] for p in points]))) if points else None


@dataclass
class Rainfall:
    """The rain of a run as drainage hears it.

    zones    where it differs over the city; None: one value for all of it
    gage     (g,) zone of each of SWMM's gages that the twin feeds
    cells    (zones,) cells of the surface on which each zone's rain falls
    rates    (zones,) mm/h in the coming interval; `depth_m` (zones,) what has fallen
    """

    zones: Grid | None
    gage: NDArray[np.int64]
    cells: NDArray[np.int64]
    rates: FloatArray
    depth_m: FloatArray

    @classmethod
    def of(cls, zones: object, gage: Sequence[int], cell_zones: NDArray[np.int32]) -> Rainfall:
        """`zones`: where the rain's giver has it; anything but a grid is the city as a whole."""
        grid = zones if isinstance(zones, Grid) else None
        size = grid.size if grid is not None else 1
        return cls(
            grid,
            np.array(gage, dtype=np.int64),
            np.bincount(cell_zones, minlength=size),
            np.zeros(size),
            np.zeros(size),
        )

    def hear(self, values: FloatArray) -> None:
        """Rain of the coming interval."""
        self.rates[:] = values

    def at_gages(self) -> FloatArray | float:
        """mm/h at each gage."""
        return float(self.rates[0]) if self.zones is None else np.append(self.rates, self.rates.mean())[self.gage]

    def on_surface(self, interval_s: float, flow_s: float) -> FloatArray:
        """(zones,) m/s that bring the interval's rain in the time for which the surface flows in it."""
        mps = self.rates * MM_PER_H
        return mps if abs(flow_s - interval_s) < LEAST_S else mps * (interval_s / flow_s)

    def fell(self, seconds: float) -> None:
        """Count what has fallen in an interval that is over."""
        self.depth_m += self.rates * (MM_PER_H * seconds)

    def volume_m3(self, cell_area_m2: float) -> float:
        """What the weather says fell on the surface's cells."""
        return float(np.dot(self.depth_m, self.cells)) * cell_area_m2


def plans_of(parts: Mapping[str, SewerFile], zones: object, how: str) -> dict[str, GagePlan]:
    """The plans of all districts that have gages; none where the rain is the same everywhere."""
    if not isinstance(zones, Grid):
        return {}
    return {name: plan_gages(file, zones, how) for name, file in parts.items() if file.rows("RAINGAGE")}


def fed(plans: Mapping[str, GagePlan]) -> dict[str, int]:
    """Gage -> zone over all districts, by `district/gage` where there are several."""
    return {f"{name}/{id}" if name else id: zone for name, plan in plans.items() for id, zone in plan.gages.items()}


def told(plans: Mapping[str, GagePlan]) -> list[str]:
    """Sentences on how the sewers take their rain, for the log."""
    found = []
    for name, plan in plans.items():
        of = f"of {name} " if name else ""
        count = len(set(plan.gages.values()))
        if plan.users:
            found.append(f"{len(plan.users)} subcatchments {of}take the rain of {len(plan.added)} zones, each its own")
        else:
            found.append(f"{len(plan.gages)} rain gages {of}take the rain of {count} zones, each where it stands")
    return found + placeless(plans)


def placeless(plans: Mapping[str, GagePlan]) -> list[str]:
    """A sentence for each district with subcatchments or gages of which nobody knows where they are."""
    found = []
    for name, plan in plans.items():
        if plan.lost:
            of = f"of {name} " if name else ""
            count = len(plan.lost)
            kind = "subcatchment" if plan.users else "rain gage"
            text = (
                f"{count} {kind}{'s' if count > 1 else ''} {of}({_listed(plan.lost)}) without a position: "
                f"{'they take' if count > 1 else 'it takes'} the mean rain of the city"
            )
            found.append(text)
    return found


def _listed(ids: Sequence[str]) -> str:
    return ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")
