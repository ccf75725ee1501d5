"""Which openings lie over each manhole: from the scenario, a file of inlets, and the sewer file's own [INLETS].

What comes out is one list of `Inlet` a manhole, and `inlets_of` lays them out for the compiled laws.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from drainage.config_inlets import CoversConfig, InletsConfig
from drainage.districts import parts_of
from drainage.inlet_files import FileInlet, read_inlets
from drainage.network import Row, SewerFile
from twin.places import FloatArray

if TYPE_CHECKING:
    from drainage.inlet_laws import Inlets

ROOT_2G = math.sqrt(2.0 * 9.81)
GRATE_WEIR, GRATE_ORIFICE = 1.66 / ROOT_2G, 0.67
"""HEC-22 (FHWA-NHI-10-009), equations 4-26 and 4-27, SI, as coefficients of √(2g)."""
CURB_WEIR, CURB_ORIFICE = 1.60 / ROOT_2G, 0.67
"""HEC-22, equations 4-29 and 4-31 (no local depression)."""
SHARP = 0.6
"""A sharp-edged orifice: what vents pass, and the least that SWMM's orifice is built for, per area."""
GRATE_M, CURB_HEIGHT_M, CLEAR = 0.5, 0.12, 0.5
GRATE_OPEN = {
    "P_BAR-50": 0.90, "P_BAR-50X100": 0.80, "P_BAR-30": 0.60, "CURVED_VANE": 0.35, "TILT_BAR-45": 0.17,
    "TILT_BAR-30": 0.34, "RETICULINE": 0.80,
}  # fmt: skip
"""Clear share of HEC-22's grates (SWMM 5.2 reference manual, table of grate types)."""
OPENING, CURB, LID = 0.0, 1.0, 2.0
"""Kinds: a weir and orifice; a curb opening; a hole under a cover (shut, it passes what its vents do)."""


@dataclass(frozen=True)
class Inlet:
    """One opening, SI, clogging and count taken off already; coefficients of √(2g) as `drainage.inlet_laws` says."""

    kind: float
    perimeter: float
    area: float
    free: float
    submerged: float
    cap: float
    orifice: float
    upward: float
    border: float = 1.0
    height: float = 0.0
    vents: float = 0.0

    @property
    def largest(self) -> float:
        """Conveyance that it never exceeds, m2."""
        if self.kind == CURB:
            return max(self.orifice * self.area, self.free * self.perimeter * 1.6 * self.height)
        return max(self.cap, self.orifice, self.upward) * self.area + self.vents


def hole(area: float, perimeter: float | None, coefficient: float, config: InletsConfig) -> Inlet:
    """An open hole by Rubinato's laws; round unless a perimeter is given."""
    edge = perimeter if perimeter is not None else 2.0 * math.sqrt(math.pi * area)
    cap = max(config.cap, coefficient)
    return Inlet(
        OPENING, edge, area, 2.0 / 3.0 * config.free_weir, config.submerged_weir, cap, coefficient, coefficient,
        border=area / edge,
    )  # fmt: skip


def grate(length: float, width: float, clear: float, perimeter: float | None, up: float) -> Inlet:
    """A grate by HEC-22: water falls over three sides (the fourth is the kerb's)."""
    edge = perimeter if perimeter is not None else length + 2.0 * width
    border = GRATE_ORIFICE * clear / (GRATE_WEIR * edge)
    return Inlet(
        OPENING, edge, clear, GRATE_WEIR, GRATE_WEIR, GRATE_ORIFICE, GRATE_ORIFICE, up, border=border
    )  # fmt: skip


def curb(length: float, height: float, up: float) -> Inlet:
    """A curb opening with a horizontal throat, by HEC-22."""
    return Inlet(
        CURB, length, length * height, CURB_WEIR, CURB_WEIR, CURB_ORIFICE, CURB_ORIFICE, up, height=height
    )  # fmt: skip


def lid(covers: CoversConfig, coefficient: float, config: InletsConfig) -> Inlet:
    """The hole under a cover. Water passes it as it passes a manhole; a shut cover passes what its vents do."""
    return replace(hole(covers.area, None, coefficient, config), kind=LID, vents=SHARP * covers.vents)


def scaled(inlet: Inlet, share: float) -> Inlet:
    """`share` of the inlet: clogged below 1, several above."""
    return replace(inlet, perimeter=inlet.perimeter * share, area=inlet.area * share)


def made(row: FileInlet, config: InletsConfig, opening_m2: float, coefficient: float) -> list[Inlet]:
    """The openings that one description gives; what it leaves out is the scenario's `inlets`, then the default."""
    kind = row.kind or config.kind
    length = row.length or config.length or GRATE_M
    width = row.width or config.width or GRATE_M
    height = row.height or config.height or CURB_HEIGHT_M
    perimeter = row.perimeter or config.perimeter
    area = row.area or config.area
    share = (1.0 - (row.clogging if row.clogging is not None else config.clogging)) * (row.count or config.count)
    found = []
    if kind == "manhole":
        found.append(hole(area or opening_m2, perimeter, coefficient, config))
    if kind in ("grate", "grate_and_curb"):
        found.append(grate(length, width, area or CLEAR * length * width, perimeter, coefficient))
    if kind in ("curb", "grate_and_curb"):
        found.append(curb(length, height, coefficient))
    return [scaled(one, share) for one in found]


def usage_of(sewer: SewerFile) -> dict[str, list[FileInlet]]:
    """[INLET_USAGE] of the sewer file, by the node that the inlet leads to, in SI.

    Grates, curb openings, and both; slotted and custom inlets are left to the scenario's default."""
    found: dict[str, list[FileInlet]] = {}
    for district, file in parts_of(sewer).items():
        m = file.metres
        kinds: dict[str, list[Row]] = {}
        for row in file.rows("INLETS"):
            if len(row.tokens) >= 4:
                kinds.setdefault(row.tokens[0], []).append(row)
        for use in file.rows("INLET_USAGE"):
            if len(use.tokens) < 3:
                continue
            node = f"{district}/{use.tokens[2]}" if district else use.tokens[2]
            for row in kinds.get(use.tokens[1], []):
                kind, length, second = row.tokens[1].upper(), row.number(2) * m, row.number(3) * m
                extra: dict[str, Any] = {
                    "count": max(int(use.number(3, 1.0)), 1),
                    "clogging": min(use.number(4) / 100.0, 0.99),
                }
                if kind in ("GRATE", "DROP_GRATE"):
                    word = row.tokens[4].upper() if len(row.tokens) > 4 else "GENERIC"
                    clear = GRATE_OPEN.get(word) or row.number(5, 1.0)
                    edge = 2.0 * (length + second) if kind == "DROP_GRATE" else None
                    one = FileInlet(node, "grate", length, second, edge, clear * length * second, None, **extra)
                elif kind in ("CURB", "DROP_CURB"):
                    one = FileInlet(
                        node, "curb", length * (4.0 if kind == "DROP_CURB" else 1.0), height=second, **extra
                    )
                else:
                    continue
                found.setdefault(node, []).append(one)
    return found


def plan(
    nodes: Sequence[str],
    sewer: SewerFile,
    config: InletsConfig,
    covers: CoversConfig | None,
    opening_m2: float,
    coefficient: float,
    xy: Mapping[str, tuple[float, float] | None],
) -> list[list[Inlet]]:
    """The openings over each of `nodes`: the file's, else the sewer file's own, else the scenario's default."""
    given: dict[str, list[FileInlet]] = usage_of(sewer) if config.from_sewer else {}
    bare = set()
    if config.file is not None:
        given |= read_inlets(config.file, xy)
    for node, rows in given.items():
        if any(row.cover == "none" for row in rows):
            bare.add(node)
    found = []
    for node in nodes:
        rows = given.get(node) or [FileInlet(node)]
        openings = [one for row in rows for one in made(row, config, opening_m2, coefficient)]
        if covers is not None and node not in bare:
            openings.append(lid(covers, coefficient, config))
        found.append(openings)
    return found


def built_for(openings: Sequence[Inlet]) -> float:
    """Conveyance, m2, that SWMM's orifice must have at full setting."""
    return max(sum(one.largest for one in openings), 1e-6)


def inlets_of(planned: Sequence[Sequence[Inlet]], covers: CoversConfig | None) -> Inlets:
    """The arrays that the compiled laws read, all covers shut."""
    from drainage.inlet_laws import Inlets

    flat = [one for openings in planned for one in openings]
    m = len(planned)
    starts = np.concatenate([[0], np.cumsum([len(openings) for openings in planned])]).astype(np.int64)
    lift = np.full(m, np.inf if covers is None or covers.locked else covers.lift)
    back = 0.5 * np.where(np.isfinite(lift), lift, 0.0)

    def column(name: str) -> FloatArray:
        return np.array([getattr(one, name) for one in flat], dtype=float)

    return Inlets(
        starts,
        column("kind"),
        column("perimeter"),
        column("area"),
        column("free"),
        column("submerged"),
        column("cap"),
        column("orifice"),
        column("upward"),
        column("border"),
        column("height"),
        column("vents"),
        built=np.array([built_for(openings) for openings in planned], dtype=float),
        drowned=np.zeros(m),
        lift=lift,
        back=back,
        lid=np.zeros(m, dtype=np.int64),
        gap=np.zeros(m),
        calm_s=np.zeros(m),
        pressure=np.zeros(m),
        lifts=np.zeros(m, dtype=np.int64),
    )
