"""How full the terminal's lanes were: trucks per 100 m, in the mean of the run, on the map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.places import Lines, Points
from twin.results.view import RunView
from twin.scenario.problems import ScenarioError


def per_100_m(trucks: NDArray[np.float64], length_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n_lanes,) mean trucks per 100 m from (nt, n_lanes) counts; a lane shorter than 10 m counts as 10 m."""
    return np.asarray(trucks.mean(axis=0) * 100.0 / np.maximum(length_m, 10.0))


def draw_lanes(run: RunView, path: Path) -> None:
    """Lanes coloured by trucks per 100 m; blocks, cranes and the gate for orientation; the five fullest by name."""
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    if not run.has("port", "lane_trucks"):
        raise ScenarioError([f"{run.name}: the run has not recorded lane_trucks"])
    lanes = run.places("port", "lane")
    assert isinstance(lanes, Lines)
    shapes = [np.asarray(s, dtype=float) for s in lanes.shapes]
    times, counts = run.field("port", "lane_trucks")
    trucks = np.asarray(counts, dtype=float)
    length = np.array([np.hypot(*np.diff(s, axis=0).T).sum() for s in shapes])
    full = per_100_m(trucks, length)
    every = np.concatenate(shapes)
    low = every.min(axis=0)
    wide, high = np.maximum(every.max(axis=0) - low, 1.0)
    fig = Figure(figsize=(10.0, float(np.clip(8.2 * high / wide + 1.6, 4.5, 10.0))), layout="constrained")
    axes = fig.subplots()
    top = float(max(full.max(), 0.5))
    lines = LineCollection([s - low for s in shapes], array=full, cmap="inferno_r", linewidths=4.0, capstyle="round")
    axes.add_collection(LineCollection([s - low for s in shapes], colors="#9aa1ab", linewidths=5.2, capstyle="round"))
    lines.set_clim(0.0, top)
    axes.add_collection(lines)
    marks = (
        ("block", "s", "block", "#4a7fb0"),
        ("crane", "^", "quay crane", "#1b7837"),
        ("gate", "D", "gate", "black"),
    )
    known = set(run.all_places())
    for at, mark, name, colour in marks:
        points = run.places("port", at) if ("port", at) in known else None
        if isinstance(points, Points):
            xy = np.asarray(points.xy, dtype=float) - low
            axes.scatter(
                xy[:, 0], xy[:, 1], marker=mark, s=34, color=colour, edgecolor="white", lw=0.6, label=name, zorder=4
            )
    for lane in np.argsort(-full)[:5]:
        if full[lane] > 0:
            middle = shapes[lane][len(shapes[lane]) // 2 - 1 : len(shapes[lane]) // 2 + 1].mean(axis=0) - low
            axes.annotate(
                f"{lanes.ids[lane]}: {full[lane]:.1f}",
                middle,
                textcoords="offset points",
                xytext=(6, 6),
                fontsize=8,
                bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.8},
                zorder=5,
            )
    fig.colorbar(lines, ax=axes, label="trucks that move, per 100 m of lane (mean)", shrink=0.8)
    axes.set_aspect("equal")
    axes.margins(0.05)
    axes.autoscale_view()
    axes.set_xlabel("m")
    axes.set_ylabel("m")
    axes.legend(loc="upper left", bbox_to_anchor=(0.0, -0.09), ncols=3, fontsize=8, frameon=False)
    looks = f"mean of {len(times)} moments over {run.duration_us / 3.6e9:g} h; the five fullest lanes by name"
    axes.set_title(f"Where the terminal's lanes are full\n{run.title}\n{looks}", fontsize=10, loc="left")
    fig.savefig(path, dpi=130, bbox_inches="tight")
