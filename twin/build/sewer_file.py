"""The storm sewers as a SWMM input file, the same text for the same sewers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from twin.build.sewer import Sewers
from twin.build.water_file import tag

OPTIONS = """[OPTIONS]
FLOW_UNITS           CMS
INFILTRATION         HORTON
FLOW_ROUTING         DYNWAVE
LINK_OFFSETS         DEPTH
START_DATE           01/01/2026
START_TIME           00:00:00
REPORT_START_DATE    01/01/2026
REPORT_START_TIME    00:00:00
END_DATE             01/01/2026
END_TIME             06:00:00
REPORT_STEP          00:05:00
WET_STEP             00:01:00
DRY_STEP             00:05:00
ROUTING_STEP         2
VARIABLE_STEP        0.75
MINIMUM_STEP         0.5
INERTIAL_DAMPING     PARTIAL
SURCHARGE_METHOD     SLOT
ALLOW_PONDING        NO
MAX_TRIALS           12
HEAD_TOLERANCE       0.0005
THREADS              1
"""
BANK_SHAFT_M = 3.0
WELL_SHAFT_M2, WELL_SHAFT_M = 1.2, 10.0
"""A wet well is closed at street level but for a vent: what its pumps cannot take backs up in the sewers and comes out
of the manholes, onto the street. An open basin would spill it out of the model."""


def inp_text(sewers: Sewers, title: str, rain_mm_per_h: Sequence[float], step_min: int, roughness: float) -> str:
    """SWMM 5.2 input in cubic metres per second, with one gauge `RAIN` that carries the design storm."""
    name = {n: f"M{n + 1}" for n in sewers.order}
    wells = {s.root: f"W{k + 1}" for k, s in enumerate(sewers.stations)}
    outlets = {n: f"O{k + 1}" for k, n in enumerate(sorted(sewers.roots))}
    rows = ["[TITLE]", title, "", OPTIONS, "[RAINGAGES]", f"RAIN INTENSITY 0:{step_min:02d} 1.0 TIMESERIES STORM"]
    rows += ["", "[TIMESERIES]"]
    for k, value in enumerate([*rain_mm_per_h, 0.0]):
        rows.append(f"STORM {k * step_min // 60}:{k * step_min % 60:02d} {value:.4f}")
    rows += _land(sewers, name)
    rows += ["", "[JUNCTIONS]", ";id invert depth initial surcharge ponded"]
    for n in sewers.order:
        rows.append(f"{name[n]} {sewers.invert_m[n]:.3f} {sewers.ground_m[n] - sewers.invert_m[n]:.3f} 0 0 0")
    for k in range(len(sewers.stations)):
        rows.append(f"D{k + 1} {sewers.level_m + 0.2:.3f} {BANK_SHAFT_M:.3f} 0 0 0")
    rows += ["", "[OUTFALLS]", ";id invert type stage gated"]
    for n, outlet in outlets.items():
        rows.append(f"{outlet} {sewers.down[n].lower_invert_m:.3f} FIXED {sewers.level_m:.3f} YES")
    for k in range(len(sewers.stations)):
        rows.append(f"OP{k + 1} {sewers.level_m + 0.1:.3f} FIXED {sewers.level_m:.3f} YES")
    rows += _pumping(sewers, wells)
    rows += _conduits(sewers, name, wells, outlets, roughness)
    rows += ["", "[TAGS]"]
    rows += [f"Node {name[n]} {tag(sewers.names[n])}" for n in sewers.order if sewers.names[n]]
    rows += ["", "[REPORT]", "INPUT NO", "CONTROLS NO", "SUBCATCHMENTS NONE", "NODES NONE", "LINKS NONE"]
    rows += ["", "[COORDINATES]"]
    rows += [f"{name[n]} {sewers.xy[n][0]:.2f} {sewers.xy[n][1]:.2f}" for n in sewers.order]
    rows += [f"{outlet} {sewers.roots[n][0]:.2f} {sewers.roots[n][1]:.2f}" for n, outlet in outlets.items()]
    for k, s in enumerate(sewers.stations):
        away = s.bank_xy - s.well_xy
        back = s.bank_xy - 10 * away / math.hypot(*away)
        rows.append(f"W{k + 1} {s.well_xy[0]:.2f} {s.well_xy[1]:.2f}")
        rows.append(f"D{k + 1} {back[0]:.2f} {back[1]:.2f}")
        rows.append(f"OP{k + 1} {s.bank_xy[0]:.2f} {s.bank_xy[1]:.2f}")
    rows += ["", "[VERTICES]"]
    for n in sewers.order:
        rows += [f"C{n + 1} {x:.2f} {y:.2f}" for x, y in sewers.down[n].shape[1:-1]]
    return "\n".join(rows) + "\n"


def _land(sewers: Sewers, name: dict[int, str]) -> list[str]:
    """Subcatchments, with Horton infiltration of a loam (60 to 6 mm/h) and the flow width of a square plot."""
    land = [n for n in sewers.order if sewers.area_m2[n] > 50]
    rows = ["", "[SUBCATCHMENTS]", ";id gauge outlet area_ha sealed_% width_m slope_% curb"]
    for n in land:
        area, sealed = sewers.area_m2[n], 100 * sewers.impervious[n]
        width = max(10.0, 1.2 * math.sqrt(area))
        rows.append(f"S{n + 1} RAIN {name[n]} {area / 1e4:.4f} {sealed:.1f} {width:.1f} 0.6 0")
    rows += ["", "[SUBAREAS]", ";id n_sealed n_green storage_sealed storage_green %no_storage route"]
    rows += [f"S{n + 1} 0.014 0.2 1.5 5 25 OUTLET" for n in land]
    rows += ["", "[INFILTRATION]", ";id highest lowest decay dry_days most"]
    rows += [f"S{n + 1} 60 6 4 7 0" for n in land]
    return rows


def _pumping(sewers: Sewers, wells: dict[int, str]) -> list[str]:
    """Wet wells with two pumps each: the first starts 0.8 m over the floor, the second at 1.2 m, both stop at 0.3 m."""
    if not sewers.stations:
        return []
    rows = ["", "[STORAGE]", ";id invert depth initial shape curve ponded evaporation"]
    deep = [float(sewers.ground_m[s.root]) - s.floor_m for s in sewers.stations]
    for k, s in enumerate(sewers.stations):
        rows.append(f"{wells[s.root]} {s.floor_m:.3f} {deep[k] + WELL_SHAFT_M:.3f} 0.3 TABULAR WELL{k + 1} 0 0")
    rows += ["", "[PUMPS]", ";id from to curve status start stop"]
    for k, s in enumerate(sewers.stations):
        rows.append(f"SP{2 * k + 1} {wells[s.root]} D{k + 1} PUMP{k + 1} OFF 0.8 0.3")
        rows.append(f"SP{2 * k + 2} {wells[s.root]} D{k + 1} PUMP{k + 1} OFF 1.2 0.3")
    rows += ["", "[CURVES]", ";ground area over depth in the wet well; its pumps' flow over depth"]
    for k, s in enumerate(sewers.stations):
        sizes = ((0.0, s.area_m2), (deep[k], s.area_m2), (deep[k] + 0.05, WELL_SHAFT_M2))
        for j, (depth, area) in enumerate((*sizes, (deep[k] + WELL_SHAFT_M, WELL_SHAFT_M2))):
            rows.append(f"WELL{k + 1} {'Storage ' if j == 0 else ''}{depth:.3f} {area:.1f}")
    for k, s in enumerate(sewers.stations):
        for j, (depth, share) in enumerate(((0.0, 0.8), (1.0, 0.95), (3.0, 1.0), (8.0, 1.1))):
            rows.append(f"PUMP{k + 1} {'PUMP4 ' if j == 0 else ''}{depth:.1f} {share * s.flow_m3s:.4f}")
    return rows


def _conduits(
    sewers: Sewers, name: dict[int, str], wells: dict[int, str], outlets: dict[int, str], roughness: float
) -> list[str]:
    rows = ["", "[CONDUITS]", ";id from to length roughness in_offset out_offset"]
    sections = ["", "[XSECTIONS]"]
    floors = {s.root: s.floor_m for s in sewers.stations}
    for n in sewers.order:
        c = sewers.down[n]
        if c.lower >= 0:
            end, floor = name[c.lower], sewers.invert_m[c.lower]
        elif n in wells:
            end, floor = wells[n], floors[n]
        else:
            end, floor = outlets[n], c.lower_invert_m
        into = max(0.0, c.lower_invert_m - floor)
        rows.append(f"C{n + 1} {name[n]} {end} {c.length_m:.2f} {roughness:g} 0 {into:.3f}")
        sections.append(f"C{n + 1} CIRCULAR {c.diameter_m:.2f} 0 0 0")
    for k, s in enumerate(sewers.stations):
        rows.append(f"CP{k + 1} D{k + 1} OP{k + 1} 10 {roughness:g} 0 0")
        # Twice the pumps' flow, so that the bank shaft never overflows.
        wide = max(0.6, math.sqrt(4 * 2.2 * s.flow_m3s / math.pi))
        sections.append(f"CP{k + 1} CIRCULAR {math.ceil(wide * 10) / 10:.2f} 0 0 0")
    return rows + sections
