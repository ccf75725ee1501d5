"""The comparison as a forest plot: one panel a measure, one line a policy and fleet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from port.compare.measures import MEASURES
from port.compare.paired import Comparison, verdict

COLOURS = {"better": "#2166ac", "worse": "#d95f02", "open": "#8a9199", "": "#8a9199"}
"""Told apart by the colour-blind too."""
MARKERS = "osD^vPX"


def draw(comparisons: Sequence[Comparison], cranes: int, title: str, path: Path) -> None:
    """Paired differences from the first policy, with 95 % intervals; blue is better, orange worse, grey not told apart.

    ValueError when there is a single policy, so nothing to draw.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    base, others = comparisons[0].policies[0], comparisons[0].policies[1:]
    if not others:
        raise ValueError("a forest plot needs two policies or more")
    n = len(comparisons)
    step = 0.8 / n
    figure = Figure(figsize=(12.5, 2.2 + 2 * (0.7 + 0.34 * len(others) * max(1.0, 0.55 * n))), layout="constrained")
    axes = figure.subplots(2, 3, sharey=True)
    for k, (measure, ax) in enumerate(zip(MEASURES, axes.flat, strict=True)):
        ax.axvline(0.0, color="black", lw=0.9)
        for j, c in enumerate(comparisons):
            for i, policy in enumerate(others):
                gap, half = c.difference(policy, k)
                if not np.isfinite(gap):
                    continue
                colour = COLOURS[verdict(gap, half, measure.higher_is_better)]
                y = i + (j - (n - 1) / 2) * step
                ax.errorbar(
                    gap, y, xerr=np.nan_to_num(half), fmt=MARKERS[j % len(MARKERS)], color=colour, ms=5, capsize=2
                )
        ax.set_title(f"{measure.title} ({measure.unit})", fontsize=10, loc="left")
        better = "more is better →" if measure.higher_is_better else "← less is better"
        points = " in points" if measure.unit == "%" else ""
        ax.set_xlabel(f"difference from {base}{points};  {better}", fontsize=8)
        ax.tick_params(labelsize=8)
        ax.grid(axis="x", lw=0.3)
        ax.set_yticks(range(len(others)), others, fontsize=9)
        ax.set_ylim(len(others) - 0.5, -0.5)
        low, high = ax.get_xlim()
        room = max(abs(low), abs(high)) * 0.08 or 1.0
        ax.set_xlim(min(low, -room), max(high, room))
    words = {"better": "better", "worse": "worse", "open": "not told apart (95 %)"}
    handles = [Line2D([], [], color=COLOURS[w], lw=3, label=text) for w, text in words.items()]
    for j, c in enumerate(comparisons):
        label = f"{c.trucks / cranes:g} trucks a crane"
        handles.append(Line2D([], [], color="black", ls="", marker=MARKERS[j % len(MARKERS)], ms=5, label=label))
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 7), frameon=False, fontsize=9)
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    figure.savefig(path, dpi=130)
