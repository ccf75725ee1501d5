"""What `twin port radio` tells: a row a lane, the budgets, and a map of reception with stacks and units."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from port.network import Site
from port.radio.control import Messages, age_quantile, check_budgets, speed_for_age, stop_rate
from port.radio.coverage import Scene, by_lane, heard, make_scene, together
from port.radio.link import FloatArray
from port.radio.placement import place
from port.terminal import Terminal
from twin.cli.show import Row
from twin.whole import whole

CLEAR_M = 40.0
"""Clear distance for which the speed is told: a junction's sight in a yard (an assumption)."""
SILENT_S = 60.0
"""Where the planned-for age is longer, the table says nothing: nobody is heard there."""
BREAKS = (0.5, 0.9, 0.99, 0.999)
COLOURS = ("#2d0838", "#a01a2c", "#d95f02", "#efc100", "#3585c6")
WORDS = ("under 50 %", "50 to 90 %", "90 to 99 %", "99 to 99.9 %", "over 99.9 %")


@dataclass(frozen=True)
class Answer:
    """rows (lanes), budgets, units (n, 2), `covered` share of lane points with at least `wanted`."""

    rows: list[Row]
    budgets: list[Row]
    units: FloatArray
    covered: float
    curve: tuple[float, ...]
    scene: Scene
    site: Site


def read_units(path: Path) -> FloatArray:
    """(n, 2) points of a GeoJSON file. Raises `ValueError` in a sentence."""
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        points = [f["geometry"]["coordinates"][:2] for f in features if f["geometry"]["type"] == "Point"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name} is no GeoJSON collection of points ({error})") from error
    if not points:
        raise ValueError(f"{path.name} has no points")
    return np.array(points, dtype=float)


def answer(
    terminal: Terminal,
    units: FloatArray | None,
    count: int,
    wanted: float,
    fill: float,
    unit_m: float,
    messages: Messages,
) -> Answer:
    """Reception from given units, or from `count` units at the best places found."""
    site = Site.of(terminal)
    scene = make_scene(terminal, site, fill, unit_m=unit_m)
    curve: tuple[float, ...] = ()
    if units is None:
        found = place(scene, count, wanted)
        units, curve = found.units, found.curve
    shares = together(heard(scene, units))
    cover = by_lane(scene, shares)
    age = age_quantile(cover.least, messages)
    brake = terminal.fleet.brake
    rows: list[Row] = [
        {
            "lane": site.lane_ids[k], "length_m": site.length_m[k], "heard_least_pct": 100 * float(cover.least[k]),
            "heard_mean_pct": 100 * float(cover.mean[k]), "age_ms": 1e3 * float(age[k]) if age[k] < SILENT_S else None,
            "speed_kmh": 3.6 * float(speed_for_age(age[k], brake, CLEAR_M)),
            "stops_per_driving_h": float(stop_rate(cover.mean[k], messages)),
        }
        for k in np.lexsort((np.arange(len(site.lane_ids)), cover.least))
    ]  # fmt: skip
    return Answer(
        rows, check_budgets(shares, messages), units, float(np.mean(shares >= wanted)), curve, scene, site
    )  # fmt: skip


def draw(found: Answer, path: Path) -> None:
    """A map: reception over the ground, stacks in outline, units as marks."""
    import matplotlib.pyplot as plt
    from matplotlib.colors import BoundaryNorm, ListedColormap
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch, Polygon

    scene, origin = found.scene, found.scene.points.min(axis=0)
    low, high = scene.points.min(axis=0) - 40, scene.points.max(axis=0) + 40
    step = max(4.0, float((high - low).max()) / 220)
    xs, ys = np.arange(low[0], high[0], step), np.arange(low[1], high[1], step)
    ground = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    shares = together(heard(scene, found.units, ground)).reshape(ys.size, xs.size)
    figure, axes = plt.subplots(figsize=(11, 6.6), dpi=120)
    norm = BoundaryNorm([0.0, *BREAKS, 1.0 + 1e-9], len(COLOURS))
    span = (xs[0] - origin[0], xs[-1] - origin[0], ys[0] - origin[1], ys[-1] - origin[1])
    axes.imshow(shares, origin="lower", extent=span, cmap=ListedColormap(COLOURS), norm=norm, alpha=0.55)
    for shape in found.site.shapes:
        axes.plot(*(shape - origin).T, color="white", lw=1.2, zorder=2)
    for x, y, c, s, half, wide, _ in scene.stacks:
        corners = [(x + a * half * c - b * wide * s, y + a * half * s + b * wide * c)
                   for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]  # fmt: skip
        axes.add_patch(Polygon(np.array(corners) - origin, fc="#6d7580", ec="#30353b", lw=0.7, zorder=3))
    axes.plot(*(found.units - origin).T, "^", ms=10, color="white", mec="black", zorder=4)
    handles: list[Any] = [Patch(fc=c, alpha=0.55, label=w) for c, w in zip(COLOURS, WORDS, strict=True)]
    handles += [Patch(fc="#6d7580", ec="#30353b", label="stacks")]
    handles += [Line2D([], [], marker="^", ls="", ms=9, color="white", mec="black", label="roadside unit")]
    axes.legend(handles=handles, title="messages that arrive", loc="center left", bbox_to_anchor=(1.01, 0.5))
    axes.set_xlabel("east of the south-west corner (m)")
    axes.set_ylabel("north (m)")
    mean = np.mean([row["heard_mean_pct"] for row in found.rows])
    axes.set_title(f"{len(found.units)} roadside units: {mean:.1f} % of messages heard on the mean lane")
    axes.set_aspect("equal")
    with whole(path) as part:
        figure.savefig(part, bbox_inches="tight")
    plt.close(figure)
