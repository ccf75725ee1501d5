"""Writes the polder's files: `python scenarios/polder/make_polder.py`. The files are kept beside it, for nothing else
is needed to run the scenario.

A district of 48 ha behind a tidal river, under a grid of streets that falls to the east. In its northern half combined
sewers lead to a forebay; from there the plant's pumps lift at most 0.35 m3/s to the treatment plant, and what is more
falls over a weir into the city's lake. A basin beside them takes water off one main. In the southern half storm sewers
lead straight to the lake. The lake is emptied into the river: by a sluice when the tide is low, by three pumps else.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).resolve().parent
CELL_M, NX, NY = 20.0, 66, 40
COLUMNS, ROWS, SPACING_M = 8, 4, 150.0
X0, Y0 = 75.0, 175.0
EAST_X = X0 + SPACING_M * COLUMNS

OPTIONS = """[TITLE]
A polder with a lake, a basin, a plant, a sluice and two pumping stations
[OPTIONS]
FLOW_UNITS CMS
INFILTRATION HORTON
FLOW_ROUTING DYNWAVE
START_DATE 07/01/2026
START_TIME 00:00:00
END_DATE 07/01/2026
END_TIME 12:00:00
WET_STEP 00:01:00
DRY_STEP 00:01:00
ROUTING_STEP 2
VARIABLE_STEP 0.75
MINIMUM_STEP 0.5
REPORT_STEP 00:05:00
MAX_TRIALS 8
[RAINGAGES]
city INTENSITY 0:05 1.0 TIMESERIES none
[TIMESERIES]
none 0:00 0
none 1:00 0
"""

FIXED = """[STORAGE]
forebay -4.0 5.5 0.5 FUNCTIONAL 0 0 600 0 0
lake -2.5 5.0 1.7 FUNCTIONAL 0 0 9000 0 0
basin -2.6 4.2 0.2 FUNCTIONAL 0 0 2200 0 0
works 1.5 4.0 0 FUNCTIONAL 0 0 60 0 0
river_head 0.5 4.0 0 FUNCTIONAL 0 0 60 0 0
[OUTFALLS]
river_pumped 0.4 FIXED 0.4 YES
river_sluice -1.5 FIXED -1.5 YES
plant 1.4 FREE NO
[PUMPS]
plant_1 forebay works plant_curve ON 0 0
plant_2 forebay works plant_curve ON 0 0
lake_1 lake river_head lake_curve OFF 0 0
lake_2 lake river_head lake_curve OFF 0 0
lake_3 lake river_head lake_curve OFF 0 0
basin_pump basin {middle} basin_curve OFF 0 0
[CURVES]
plant_curve PUMP3 0 0.26
plant_curve 4 0.22
plant_curve 7 0.16
lake_curve PUMP3 0 0.60
lake_curve 3 0.50
lake_curve 6 0.32
basin_curve PUMP3 0 0.18
basin_curve 4 0.12
[ORIFICES]
sluice lake river_sluice SIDE 1.0 0.65 NO 0
basin_gate {middle} basin SIDE 0.0 0.65 NO 0
[WEIRS]
cso forebay lake TRANSVERSE 2.9 1.84 NO 0 0 NO
[CONTROLS]
RULE lake_1_on
IF NODE lake DEPTH > 1.9
THEN PUMP lake_1 STATUS = ON
RULE lake_2_on
IF NODE lake DEPTH > 2.1
THEN PUMP lake_2 STATUS = ON
RULE lake_3_on
IF NODE lake DEPTH > 2.3
THEN PUMP lake_3 STATUS = ON
RULE lake_off
IF NODE lake DEPTH < 1.6
THEN PUMP lake_1 STATUS = OFF
AND PUMP lake_2 STATUS = OFF
AND PUMP lake_3 STATUS = OFF
RULE sluice_open
IF NODE lake DEPTH > 1.75
AND NODE lake HEAD > NODE river_sluice HEAD
THEN ORIFICE sluice SETTING = 1
ELSE ORIFICE sluice SETTING = 0
RULE basin_fills
IF NODE {middle} DEPTH > 1.4
THEN ORIFICE basin_gate SETTING = 1
ELSE ORIFICE basin_gate SETTING = 0
RULE basin_empties
IF NODE basin DEPTH > 0.4
AND NODE {middle} DEPTH < 0.4
THEN PUMP basin_pump STATUS = ON
ELSE PUMP basin_pump STATUS = OFF
"""


def ground_m(x: float, y: float) -> float:
    """Falls to the last avenue, rises again to the dike; two quarters are lower, streets by 0.15 m."""
    z = 1.9 - 0.8 * min(x, EAST_X - SPACING_M) / EAST_X + 0.02 * max(0.0, x - EAST_X + SPACING_M)
    for cx, cy, deep, radius in ((925.0, 325.0, 0.35, 200.0), (625.0, 625.0, 0.30, 200.0)):
        z -= deep * max(0.0, 1.0 - ((x - cx) ** 2 + (y - cy) ** 2) / radius**2)
    on_avenue = X0 - CELL_M < x < EAST_X and (x - X0 + CELL_M / 2) % SPACING_M < CELL_M
    on_street = Y0 - CELL_M < y < Y0 + ROWS * SPACING_M and (y - Y0 + CELL_M / 2) % SPACING_M < CELL_M
    return z - (0.15 if on_avenue or on_street else 0.0)


def main() -> None:
    rows = [
        " ".join(f"{ground_m((i + 0.5) * CELL_M, (j + 0.5) * CELL_M):.2f}" for i in range(NX))
        for j in reversed(range(NY))
    ]
    head = f"ncols {NX}\nnrows {NY}\nxllcorner 0\nyllcorner 0\ncellsize {CELL_M:g}\n"
    (HERE / "terrain.asc").write_text(head + "\n".join(rows) + "\n", encoding="ascii")
    (HERE / "sewer.inp").write_text(sewer(), encoding="ascii")
    (HERE / "streets.geojson").write_text(streets(), encoding="ascii")


def place(column: int, row: int) -> tuple[float, float]:
    return X0 + SPACING_M * column, Y0 + SPACING_M * row


def sewer() -> str:
    """Four mains from west to east: A and B are storm sewers into the lake, C and D combined ones into the forebay."""
    junctions, conduits, sections = ["[JUNCTIONS]"], ["[CONDUITS]"], ["[XSECTIONS]"]
    land, areas, infiltration = ["[SUBCATCHMENTS]"], ["[SUBAREAS]"], ["[INFILTRATION]"]
    spots, dry = ["[COORDINATES]"], ["[DWF]"]
    for r in range(ROWS):
        for c in range(COLUMNS):
            x, y = place(c, r)
            id, ground, invert = f"M{r}{c}", ground_m(x, y), -0.9 - 0.13 * c
            junctions.append(f"{id} {invert:.2f} {ground - invert:.2f} 0 0 0")
            spots.append(f"{id} {x:g} {y:g}")
            if r >= 2:
                dry.append(f"{id} FLOW 0.008")
            land.append(f"S{r}{c} city {id} 1.5 62 120 0.4 0")
            areas.append(f"S{r}{c} 0.013 0.15 1.0 4.0 25 OUTLET")
            infiltration.append(f"S{r}{c} 30 5 4 7 0")
            to, length = (f"M{r}{c + 1}", SPACING_M) if c + 1 < COLUMNS else ("forebay" if r >= 2 else "lake", 60.0)
            offset = {"forebay": 1.95, "lake": 0.4}.get(to, 0.0)
            conduits.append(f"P{r}{c} {id} {to} {length:g} 0.014 0 {offset:g} 0 0")
            sections.append(f"P{r}{c} CIRCULAR {0.8 + 0.14 * c:.2f} 0 0 0")
    conduits += ["outfall_pipe river_head river_pumped 30 0.014 0 0 0 0", "inlet_works works plant 30 0.014 0 0 0 0"]
    sections += ["outfall_pipe CIRCULAR 1.5 0 0 0", "inlet_works CIRCULAR 1.0 0 0 0"]
    sections += ["sluice RECT_CLOSED 1.0 1.6 0 0", "basin_gate RECT_CLOSED 0.6 0.8 0 0", "cso RECT_OPEN 1.5 8 0 0"]
    _, y = place(0, 2)
    spots += [f"forebay {EAST_X - 40:g} {y:g}", f"lake {EAST_X + 10:g} {y - 60:g}", f"basin {X0 + 420:g} {y + 60:g}"]
    spots += [f"river_pumped {EAST_X + 60:g} {y:g}", f"river_sluice {EAST_X + 60:g} {y - 60:g}"]
    spots += [f"plant {EAST_X + 40:g} {y + 120:g}", f"works {EAST_X + 10:g} {y + 120:g}"]
    spots += [f"river_head {EAST_X + 30:g} {y:g}"]
    parts = [OPTIONS.rstrip(), *land, *areas, *infiltration, *junctions, FIXED.format(middle="M24").rstrip()]
    return "\n".join([*parts, *conduits, *sections, *dry, *spots]) + "\n"


def streets() -> str:
    """One line a street, named after letters (west to east) and numbers (south to north)."""
    lines = [(f"{'ABCD'[r]} Street", place(0, r), place(COLUMNS - 1, r)) for r in range(ROWS)]
    lines += [(f"{c + 1}th Avenue", place(c, 0), place(c, ROWS - 1)) for c in range(COLUMNS)]
    features = ",\n".join(
        f'{{"type": "Feature", "properties": {{"name": "{name}"}}, "geometry": {{"type": "LineString", '
        f'"coordinates": [[{a[0]:g}, {a[1]:g}], [{b[0]:g}, {b[1]:g}]]}}}}'
        for name, a, b in lines
    )
    return f'{{"type": "FeatureCollection", "features": [\n{features}\n]}}\n'


if __name__ == "__main__":
    main()
