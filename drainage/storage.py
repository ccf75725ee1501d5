"""What storage units hold when full: SWMM's own areas by depth, integrated. SWMM 5.2 User's Manual, [STORAGE]."""

from __future__ import annotations

import math

import numpy as np

from drainage.districts import parts_of
from drainage.network import Row, SewerFile
from twin.places import FloatArray

PARTS = 400
SHAPES = ("CYLINDRICAL", "CONICAL", "PARABOLOID", "PYRAMIDAL", "FUNCTIONAL", "TABULAR")


def storage_room_m3(sewer: SewerFile) -> dict[str, float]:
    """Volume of each storage unit from its floor to its full depth, m3."""
    found = {}
    for district, file in parts_of(sewer).items():
        for row in file.rows("STORAGE"):
            kind = row.tokens[4].upper() if len(row.tokens) > 4 else ""
            if kind not in SHAPES:
                continue
            depth = np.linspace(0.0, row.number(2), PARTS + 1)
            room = float(np.trapezoid(area(file, row, kind, depth), depth)) * file.metres**3
            found[f"{district}/{row.tokens[0]}" if district else row.tokens[0]] = room
    return found


def area(file: SewerFile, row: Row, kind: str, depth: FloatArray) -> FloatArray:
    """Surface at each depth, in the file's units.

    FUNCTIONAL a d^b + c; TABULAR a curve, level behind its last point; CYLINDRICAL an ellipse with axes a, b;
    CONICAL and PYRAMIDAL base axes a, b with side slope c (run over rise); PARABOLOID axes a, b at height c.
    """
    if kind == "TABULAR":
        points = [
            (float(x), float(y))
            for line in file.rows("CURVE")
            if line.tokens[0] == row.tokens[5]
            for x, y in _pairs(line.tokens)
        ]
        return np.interp(depth, [p[0] for p in points], [p[1] for p in points]) if points else np.zeros_like(depth)
    a, b, c = (row.number(k) for k in (5, 6, 7))
    if kind == "FUNCTIONAL":
        return a * np.power(depth, b, where=depth > 0, out=np.full_like(depth, 1.0 if b == 0 else 0.0)) + c
    if kind == "CYLINDRICAL":
        return np.full_like(depth, math.pi / 4 * a * b)
    if kind == "PARABOLOID":
        return math.pi / 4 * a * b * depth / max(c, 1e-12)
    widened_a, widened_b = a + 2 * c * depth, b + 2 * c * depth * (b / max(a, 1e-12) if kind == "CONICAL" else 1.0)
    return widened_a * widened_b * (math.pi / 4 if kind == "CONICAL" else 1.0)


def _pairs(tokens: tuple[str, ...]) -> list[tuple[str, str]]:
    """The numbers of a curve's line: after its name, and after its type on its first line."""
    start = 1 if tokens[1].lstrip("+-.")[:1].isdigit() else 2
    numbers = tokens[start:]
    return list(zip(numbers[0::2], numbers[1::2], strict=False))
