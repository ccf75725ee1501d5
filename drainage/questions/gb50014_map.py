"""The map of the GB 50014 test: which streets pass, which do not, and the ten worst by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from drainage.questions.gb50014 import Answer
from twin.cli.show import feature

GOOD, LATE, CUT, WET = "#8f98a3", "#e08a1e", "#b01030", "#2d0838"
WATER = ("#f7f7f5", "#d6e8f6", "#a3cdee", "#5fa0d6")
WORST = 10
MARGIN_M = 150.0


def features_of(answer: Answer) -> list[dict[str, Any]]:
    """Street lines and wet buildings (points) as GeoJSON features, with the verdict of their street."""
    by_name = {row["street"]: row for row in answer.streets}
    found = [
        feature("LineString", answer.lines.shapes[row["line"]].tolist(), {**by_name[row["street"]], **_line_part(row)})
        for row in answer.by_line
    ]
    found += [
        feature("Point", list(xy), {"building": row["id"], **{k: v for k, v in row.items() if k != "id"}})
        for row, xy in zip(answer.buildings, answer.spots, strict=True)
    ]
    return found


def _line_part(row: dict[str, Any]) -> dict[str, Any]:
    return {"line_strip_m": round(row["strip_m"], 3), "line_lane": row["lane"], "lanes": row["lanes"]}


def draw(answer: Answer, path: Path) -> None:
    """Write the picture."""
    from matplotlib.collections import LineCollection
    from matplotlib.colors import BoundaryNorm, ListedColormap
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    figure = Figure(figsize=(13, 8), layout="constrained")
    axes, side = figure.subplots(1, 2, width_ratios=(2.6, 1))
    grid = answer.grid
    west, south, east, north = grid.bounds
    axes.imshow(
        answer.depth, origin="lower", extent=(west, east, south, north), interpolation="nearest",
        cmap=ListedColormap(WATER), norm=BoundaryNorm([0, 0.05, 0.15, 0.27, 99], 4),
    )  # fmt: skip
    late = {s["street"] for s in answer.streets if not s["drained"]}
    groups: dict[str, list[Any]] = {GOOD: [], LATE: [], CUT: []}
    for row in answer.by_line:
        colour = CUT if not row["lane"] else LATE if row["street"] in late and row["deepest_m"] > 0.15 else GOOD
        groups[colour].append(answer.lines.shapes[row["line"]])
    for colour, width in ((GOOD, 0.9), (LATE, 2.6), (CUT, 4.0)):
        axes.add_collection(LineCollection(groups[colour], colors=colour, linewidths=width))
    wet = np.array([xy for row, xy in zip(answer.buildings, answer.spots, strict=True) if not row["dry"]])
    if len(wet):
        axes.scatter(wet[:, 0], wet[:, 1], s=14, color=WET, zorder=4)
    failed = [s for s in answer.streets if not s["passed"]]
    for number, street in enumerate(failed[:WORST], 1):
        rows = [r for r in answer.by_line if r["street"] == street["street"]]
        shape = answer.lines.shapes[max(rows, key=lambda r: r["strip_m"])["line"]]
        axes.annotate(
            str(number), shape[len(shape) // 2] if len(shape) > 2 else shape.mean(axis=0), zorder=6, ha="center",
            va="center", color="white", fontsize=9, fontweight="bold", xytext=(9, 9), textcoords="offset points",
            bbox={"boxstyle": "circle,pad=0.25", "fc": CUT if not street["lane"] else LATE, "ec": "white"},
        )  # fmt: skip
    if answer.lines.size:
        xy = np.vstack(answer.lines.shapes)
        axes.set_xlim(max(xy[:, 0].min() - MARGIN_M, west), min(xy[:, 0].max() + MARGIN_M, east))
        axes.set_ylim(max(xy[:, 1].min() - MARGIN_M, south), min(xy[:, 1].max() + MARGIN_M, north))
    axes.set_aspect("equal")
    axes.set_axis_off()
    s = answer.summary
    verdict = "PASSED" if s["passed"] else "NOT PASSED"
    axes.set_title(
        f"{answer.title}: GB 50014 at {s['return_period_a']:g} years {verdict}",
        loc="left", fontsize=15, fontweight="bold", color="#1b7a3d" if s["passed"] else CUT,
    )  # fmt: skip
    handles = [
        Line2D([], [], color=CUT, lw=4, label="no lane with 15 cm or less"),
        Line2D([], [], color=LATE, lw=2.6, label="a lane is free, but drained too late"),
        Line2D([], [], color=GOOD, lw=0.9, label="passes"),
        *(
            Line2D([], [], color=c, marker="s", ls="", ms=9, label=t)
            for c, t in zip(WATER[1:], ("5 to 15 cm of water", "15 to 27 cm", "over 27 cm"), strict=True)
        ),
    ]
    if len(wet):
        handles.insert(3, Line2D([], [], color=WET, marker="o", ls="", ms=5, label="water in the ground floor"))
    axes.legend(handles=handles, loc="lower left", framealpha=0.9, fontsize=9)
    _side(side, answer, failed)
    figure.savefig(path, dpi=130)


def _side(side: Any, answer: Answer, failed: list[dict[str, Any]]) -> None:
    """The three tests and the worst streets, beside the map."""
    s = answer.summary
    side.set_axis_off()
    low, high = s["required_a"]
    marks = {True: ("✓", "#1b7a3d"), False: ("✗", CUT), None: ("–", "#555555")}
    wet = (
        f"{s['buildings_wet']} of {s['buildings']} buildings wet" if s["buildings"] else "no buildings in the scenario"
    )
    tests = (
        ("ground_floors_dry", "Ground floors dry", wet),
        ("one_lane_free", "One lane free", f"{s['streets_without_lane']} of {s['streets']} streets cut"),
        ("drained_in_time", "Drained in time", f"{s['streets_drained_late']} streets too late"),
    )
    y = 0.97
    for key, title, words in tests:
        mark, colour = marks[s[key]]
        side.text(0.0, y, mark, color=colour, fontsize=17, fontweight="bold", va="center", transform=side.transAxes)
        side.text(0.1, y, title, fontsize=12, fontweight="bold", va="center", transform=side.transAxes)
        side.text(0.1, y - 0.035, words, fontsize=10, va="center", transform=side.transAxes)
        y -= 0.095
    asked = f"{s['city_size']}: {low:g} to {high:g} years asked"
    side.text(0.0, y, asked, fontsize=10, color="#333333", transform=side.transAxes)
    y -= 0.07
    if failed:
        side.text(0.0, y, "Worst streets", fontsize=12, fontweight="bold", transform=side.transAxes)
    for number, street in enumerate(failed[:WORST], 1):
        y -= 0.052
        hours = street["drain_down_h"]
        down = (
            "not drained" if hours is None else f"free {hours:.1f} h after the rain" if hours else "free by rain's end"
        )
        name = street["street"] if len(street["street"]) <= 30 else street["street"][:29] + "…"
        side.text(0.0, y, f"{number}", fontsize=10, fontweight="bold", transform=side.transAxes)
        side.text(0.08, y, name, fontsize=10, transform=side.transAxes)
        words = f"best lane {street['strip_m'] * 100:.0f} cm for {street['no_lane_min']:.0f} min, {down}"
        side.text(0.08, y - 0.021, words, fontsize=8, color="#444444", transform=side.transAxes)
