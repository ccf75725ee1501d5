"""Where a network file lies, read off its text: cheap enough to be asked before EPANET is started."""

from __future__ import annotations

import math
from pathlib import Path

from hydraulics.inp import lines
from twin.model import Setup


def extent(setup: Setup) -> tuple[float, float, float, float] | None:
    """(west, south, east, north) of the [COORDINATES] of the section's network; None where it has none."""
    return extent_of(setup.config.network)


def extent_of(path: Path) -> tuple[float, float, float, float] | None:
    """As `extent`, of a file. Lines without two finite numbers are left out."""
    points = []
    for line in lines(path):
        if line.section.startswith("COOR") and len(line.words) >= 3:
            try:
                x, y = float(line.words[1]), float(line.words[2])
            except ValueError:
                continue
            if math.isfinite(x) and math.isfinite(y):
                points.append((x, y))
    if not points:
        return None
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)
