"""The map of a trace: pipes by how likely the discharge entered there, the sensors, and the three likeliest nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from drainage.questions.trace import Traced
from twin.cli.show import feature

GREY = "#c9ced6"
STEPS = ("#f2d58a", "#efa13c", "#d95f02", "#a01a2c", "#4a0e36")
SHARES = (0.001, 0.01, 0.03, 0.1, 0.25)
"""Probabilities from which the colours begin."""
NAMED, LEAST_NAMED = 3, 0.01


def features_of(answer: Traced) -> list[dict[str, Any]]:
    """The nodes of the table and the sensors as GeoJSON points."""
    h = answer.hydraulics
    found = [feature("Point", [row["x"], row["y"]], {"kind": "candidate", **row}) for row in answer.rows()]
    for kind, names in (("sensor", answer.sensors), ("silent sensor", answer.silent)):
        found += [feature("Point", h.xy[h.node(n)].tolist(), {"kind": kind, "node": n}) for n in names]
    return found


def draw(answer: Traced, path: Path, title: str, truth: int | None = None) -> None:
    """Write the picture; `truth` marks a node that is known (in experiments)."""
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    h, p = answer.hydraulics, answer.ranking.probability
    known = np.asarray(np.isfinite(h.xy).all(axis=1))
    drawn = np.flatnonzero(known[h.first] & known[h.second])
    lines = np.stack([h.xy[h.first[drawn]], h.xy[h.second[drawn]]], axis=1)
    figure = Figure(figsize=(11, 8), layout="constrained")
    axes = figure.add_subplot()
    axes.add_collection(LineCollection(list(lines), colors=GREY, linewidths=0.8))
    share = np.maximum(p[h.first[drawn]], p[h.second[drawn]])
    for low, high, colour in zip(SHARES, (*SHARES[1:], 2.0), STEPS, strict=True):
        chosen = (share >= low) & (share < high)
        axes.add_collection(LineCollection(list(lines[chosen]), colors=colour, linewidths=3.5, zorder=3))
    likely = np.flatnonzero(known & (p >= SHARES[0]))
    level = np.searchsorted(SHARES, p[likely], side="right") - 1
    axes.scatter(h.xy[likely, 0], h.xy[likely, 1], c=[STEPS[k] for k in level], s=16, zorder=4)
    for names, colour in ((answer.sensors, "#1f4e79"), (answer.silent, "white")):
        if spots := [h.xy[h.node(n)] for n in names]:
            at = np.array(spots)
            axes.scatter(at[:, 0], at[:, 1], marker="^", s=95, c=colour, edgecolors="#1f4e79", zorder=5)
    for number, node in enumerate(answer.order[:NAMED], 1):
        if number > 1 and p[node] < LEAST_NAMED:
            continue
        axes.annotate(
            f"{number}  {h.nodes[node]}  {p[node]:.0%}", h.xy[node], xytext=(14, 12 - 22 * (number - 1)),
            textcoords="offset points", fontsize=10, fontweight="bold", zorder=7,
            bbox={"fc": "white", "ec": STEPS[3], "alpha": 0.9}, arrowprops={"arrowstyle": "-", "color": STEPS[3]},
        )  # fmt: skip
    if truth is not None:
        axes.scatter(h.xy[truth, 0], h.xy[truth, 1], marker="*", s=260, c="#1b7a3d", edgecolors="white", zorder=6)
    near = np.vstack([h.xy[answer.credible], h.xy[[h.node(n) for n in answer.sensors]]])
    near = near[np.isfinite(near).all(axis=1)]
    if len(near):
        span = max(float(np.ptp(near, axis=0).max()), 300.0)
        middle = (near.min(axis=0) + near.max(axis=0)) / 2
        axes.set_xlim(middle[0] - 0.9 * span, middle[0] + 0.9 * span)
        axes.set_ylim(middle[1] - 0.65 * span, middle[1] + 0.65 * span)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_title(title, loc="left", fontsize=13, fontweight="bold")
    words = [f"{low:.1%} and more" if low < 0.01 else f"{low:.0%} and more" for low in SHARES]
    handles = [Line2D([], [], color=c, lw=3.5, label=w) for c, w in zip(STEPS, words, strict=True)]
    handles.append(Line2D([], [], color="#1f4e79", marker="^", ls="", ms=9, label="sensor that noticed it"))
    if answer.silent:
        handles.append(Line2D([], [], marker="^", ls="", ms=9, mfc="white", mec="#1f4e79", label="sensor that did not"))
    if truth is not None:
        handles.append(Line2D([], [], color="#1b7a3d", marker="*", ls="", ms=14, label="where it was"))
    axes.legend(handles=handles, loc="lower left", title="entered here with", framealpha=0.9)
    figure.savefig(path, dpi=130)
