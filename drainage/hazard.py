"""Hazard in words, colours and areas: what the classes H1 to H6 mean to a planner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.model import Metric, Table

if TYPE_CHECKING:
    from drainage.surface import Surface

MEANING = (
    "safe for people, vehicles and buildings",
    "unsafe for small vehicles",
    "unsafe for vehicles, children and the elderly",
    "unsafe for people and vehicles",
    "unsafe for all; buildings need special design",
    "unsafe for all; no building is safe",
)
"""H1 to H6 (AIDR Guideline 7-3, 2017, table 1)."""
BREAKS = (0.5, 1.5, 2.5, 3.5, 4.5, 5.5)
COLOURS = ("#f7f7f5", "#fde9a9", "#fdbf4d", "#f4872a", "#cd4a34", "#8a1f58", "#34083f")
"""Darker is worse, so that they are told apart without colour, too."""
LABELS = (
    "none", "H1 safe for most", "H2 not for small cars", "H3 not for cars, children", "H4 not for people",
    "H5 buildings at risk", "H6 buildings fail",
)  # fmt: skip
LEAST = {"h3": 3, "h5": 5}


def metrics(surface: Surface) -> dict[str, Metric]:
    """Areas of the worst hazard so far, fastest water, and what sank into the ground where the run has soil."""
    import numpy as np

    ha = surface.cell_area / 1e4
    worst = surface.record.hazard
    found = {
        f"hazard_area_{name}": Metric(
            float(np.count_nonzero(worst >= least)) * ha, "ha",
            f"Land that was H{least} or worse: {MEANING[least - 1]}.", "lower", 2,
        )
        for name, least in LEAST.items()
    }  # fmt: skip
    found["max_speed"] = Metric(float(surface.record.vmax.max()), "m/s", "Fastest water on land.", "lower", 2)
    if surface.soil.sunk.size:
        found["infiltrated"] = Metric(float(surface.soil.account[0]), "m3", "Water that sank into the ground.", "", 0)
    return found


def table(surface: Surface) -> Table:
    """Land by the worst class that it saw."""
    import numpy as np

    counts = np.bincount(surface.record.hazard.ravel(), minlength=7)[1:]
    area = counts * surface.cell_area / 1e4
    rows = [(f"H{k + 1}", MEANING[k], round(float(area[k]), 4)) for k in range(6)]
    return Table(("class", "meaning", "area_ha"), rows, "Land by its worst hazard (depth and speed of one moment).")
