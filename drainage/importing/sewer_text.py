"""Mains, levels, outfalls and land as the text of a SWMM file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drainage.importing.land import Land
from drainage.importing.levels import Levels
from drainage.importing.log import Log
from drainage.importing.mains import Main
from drainage.importing.outlets import Outlet
from drainage.importing.topology import Nodes

ROUGHNESS = {
    "BR": 0.015, "BRICK": 0.015, "CSP": 0.024, "CMP": 0.024, "PVC": 0.011, "PE": 0.011, "HDPE": 0.011, "BIG-O": 0.011,
}  # fmt: skip
"""Manning's n by material; 0.013 for concrete, asbestos cement, cast iron, clay and whatever is not named. Middle of
the ranges in the SWMM 5 User's Manual, table A.7 (ASCE, 1982); for plastics their lower end."""
USUAL_N = 0.013
SHORTEST_M = 5.0
"""Shorter mains are given this length: the routing step would follow the shortest one."""
STUB_M = 20.0
STUB_DROP_M = 0.02


@dataclass(frozen=True)
class Storm:
    """The rain of the file's own gage: mm/h every 5 minutes, by name."""

    name: str
    rates_mm_h: tuple[float, ...]

    @property
    def depth_mm(self) -> float:
        return sum(self.rates_mm_h) / 12.0


@dataclass(frozen=True)
class Wanted:
    """What beside the mains goes into the file. `tide_m` None: all outfalls are free."""

    title: str
    crs: str
    tide_m: float | None
    imperviousness_pct: float
    storm: Storm
    duration_h: float


def cross_section(m: Main, log: Log) -> str:
    """SWMM's words for the shape of a main. A shape that SWMM has no size for becomes the round pipe of its area."""
    wide = m.size_m or 0.0
    high = m.height_m or 0.0
    if m.shape.startswith("EGG"):
        return f"EGG {max(wide, high):.4f} 0 0 0"
    if m.shape.startswith(("RECT", "BOX", "SQ")) and high > 0:
        return f"RECT_CLOSED {high:.4f} {wide:.4f} 0 0"
    if m.shape.startswith(("OV", "EL")) and high > 0:
        log.note("oval modelled as the round pipe of its area", m.id)
        return f"CIRCULAR {float(np.sqrt(wide * high)):.4f} 0 0 0"
    return f"CIRCULAR {wide:.4f} 0 0 0"


def sewer_text(
    mains: list[Main], nodes: Nodes, levels: Levels, outlets: list[Outlet], land: list[Land], want: Wanted, log: Log
) -> str:
    """The whole INP file."""
    ends = {o.node: o for o in outlets}
    used = sorted({k for m in mains for k in m.ends})
    taken = set(nodes.ids)
    junctions, outfalls, conduits, sections, spots, corners = [], [], [], [], [], []
    for k in used:
        x, y = nodes.xy[k]
        spots.append(f"{nodes.ids[k]} {x:.2f} {y:.2f}")
        if k in ends and not ends[k].stub:
            outfalls.append(
                f"{nodes.ids[k]} {levels.bottom[k]:.3f} {_stage(levels.bottom[k], want.tide_m, log, nodes.ids[k])}"
            )
        else:
            junctions.append(f"{nodes.ids[k]} {levels.bottom[k]:.3f} {levels.top[k] - levels.bottom[k]:.3f} 0 0 0")
    names = {m.id for m in mains}
    for m in mains:
        n = ROUGHNESS.get(m.material, USUAL_N)
        length = max(m.length_m, SHORTEST_M)
        if length > m.length_m:
            log.note(f"length taken as {SHORTEST_M:g} m: the main is shorter", m.id)
        a, b = (nodes.ids[k] for k in m.ends)
        conduits.append(f"{m.id} {a} {b} {length:.2f} {n:g} {m.invert[0]:.3f} {m.invert[1]:.3f} 0 0")
        sections.append(f"{m.id} {cross_section(m, log)}")
        corners += [f"{m.id} {x:.2f} {y:.2f}" for x, y in m.line[1:-1]]
    for o in outlets:
        if not o.stub:
            continue
        id = nodes.ids[o.node]
        name = _free(f"O_{id}", taken)
        pipe = _free(f"stub_{id}", names)
        low = levels.bottom[o.node]
        size = max(m.height_m or m.size_m or 0.0 for m in mains if o.node in m.ends)
        outfalls.append(f"{name} {low - STUB_DROP_M:.3f} {_stage(low - STUB_DROP_M, want.tide_m, log, name)}")
        conduits.append(f"{pipe} {id} {name} {STUB_M:g} {USUAL_N:g} {low:.3f} {low - STUB_DROP_M:.3f} 0 0")
        sections.append(f"{pipe} CIRCULAR {size:.4f} 0 0 0")
        x, y = nodes.xy[o.node]
        spots.append(f"{name} {x + STUB_M:.2f} {y:.2f}")
        log.note("short pipe to an outfall of its own: more than one main ends there", id)
    system = want.crs or "as in the layer"
    parts = [
        ("TITLE", [want.title, f"Coordinates: {system}. Levels, sizes, gaps: see the import's log."]),
        ("OPTIONS", _options(want)),
        ("JUNCTIONS", junctions), ("OUTFALLS", outfalls), ("CONDUITS", conduits), ("XSECTIONS", sections),
        *_land_sections(land, nodes, want),
        ("REPORT", ["INPUT NO", "CONTROLS NO", "NODES ALL", "LINKS ALL"]),
        ("COORDINATES", spots), ("VERTICES", corners),
    ]  # fmt: skip
    return "\n\n".join("\n".join([f"[{name}]", *lines]) for name, lines in parts if lines) + "\n"


def _stage(invert_m: float, tide_m: float | None, log: Log, id: str) -> str:
    """Free fall, or the tide's level where it stands above the outfall's invert."""
    if tide_m is None or tide_m <= invert_m:
        return "FREE NO"
    log.note("outfall below the tide: its stage is the tide's", id)
    return f"FIXED {tide_m:.3f} NO"


def _options(want: Wanted) -> list[str]:
    hours = int(want.duration_h)
    return [
        "FLOW_UNITS CMS", "INFILTRATION HORTON", "FLOW_ROUTING DYNWAVE", "LINK_OFFSETS ELEVATION",
        "START_DATE 01/01/2026", "START_TIME 00:00:00", "REPORT_START_DATE 01/01/2026", "REPORT_START_TIME 00:00:00",
        f"END_DATE 01/0{1 + hours // 24}/2026", f"END_TIME {hours % 24:02d}:{round(want.duration_h % 1 * 60):02d}:00",
        "WET_STEP 00:01:00", "DRY_STEP 00:05:00", "REPORT_STEP 00:05:00", "ROUTING_STEP 2", "VARIABLE_STEP 0.75",
        "MINIMUM_STEP 0.5", "INERTIAL_DAMPING PARTIAL", "NORMAL_FLOW_LIMITED BOTH", "MAX_TRIALS 10",
        "HEAD_TOLERANCE 0.001", "THREADS 1",
    ]  # fmt: skip


def _land_sections(land: list[Land], nodes: Nodes, want: Wanted) -> list[tuple[str, list[str]]]:
    if not land:
        return []
    catch, areas, soil, outline = [], [], [], []
    for piece in land:
        id = f"S_{nodes.ids[piece.node]}"
        catch.append(
            f"{id} RG {nodes.ids[piece.node]} {piece.area_m2 / 1e4:.4f} {want.imperviousness_pct:g} "
            f"{piece.width_m:.1f} 0.5 0"
        )
        areas.append(f"{id} 0.015 0.15 1.5 5 25 OUTLET")
        soil.append(f"{id} 75 5 4 7 0")
        outline += [f"{id} {x:.1f} {y:.1f}" for x, y in piece.outline[:-1]]
    minutes = [*enumerate(want.storm.rates_mm_h), (len(want.storm.rates_mm_h), 0.0)]
    series = [f"storm {5 * k // 60}:{5 * k % 60:02d} {rate:.3f}" for k, rate in minutes]
    return [
        ("RAINGAGES", ["RG INTENSITY 0:05 1.0 TIMESERIES storm"]),
        ("SUBCATCHMENTS", catch), ("SUBAREAS", areas), ("INFILTRATION", soil),
        ("TIMESERIES", [f";; {want.storm.name}, {want.storm.depth_mm:.1f} mm", *series]), ("POLYGONS", outline),
    ]  # fmt: skip


def _free(wanted: str, taken: set[str]) -> str:
    while wanted in taken:
        wanted += "_"
    taken.add(wanted)
    return wanted
