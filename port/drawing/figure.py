"""The terminal as a map with the quay on top: lanes by who may drive and which way, blocks, cranes, gate, stations."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from port.drawing.features import block_outlines
from port.figures.lanes import quay_up
from port.network import Site
from port.terminal import Terminal

LANES = {"all": "#7d858f", "driverless": "#1b6fa8", "manned": "#d95f02"}
WORDS = {"all": "lane", "driverless": "driverless trucks only", "manned": "manned trucks only"}


def draw_layout(terminal: Terminal, path: Path) -> None:
    """Write the map. One-way lanes carry an arrow; blocks their id where there are few."""
    from matplotlib.collections import LineCollection, PolyCollection
    from matplotlib.figure import Figure

    assert not isinstance(terminal.berths, int)
    site = Site.of(terminal)
    shapes, cranes = [np.asarray(s, float) for s in site.shapes], np.array([c.xy for c in site.cranes])
    turn = quay_up(np.concatenate(shapes), cranes).T
    blocks = block_outlines(terminal, site) @ turn
    quays = [np.asarray(b.line, float) @ turn for b in terminal.berths]
    shapes, cranes, gate = [s @ turn for s in shapes], cranes @ turn, np.asarray(site.gate_xy) @ turn
    every = np.concatenate([*shapes, *quays, *blocks, cranes])
    low, span = every.min(axis=0), np.maximum(np.ptp(every, axis=0), 1.0)
    height = float(np.clip(10.0 * span[1] / span[0] + 1.6, 4.0, 11.0))
    fig = Figure(figsize=(11.0, height), layout="constrained")
    axes = fig.subplots()
    axes.add_collection(PolyCollection(list(blocks - low), facecolors="#dce6ef", edgecolors="#9db4c8", label="block"))
    for who, colour in LANES.items():
        lines = [s - low for s, lane in zip(shapes, terminal.lanes, strict=True) if lane.trucks == who]
        if lines:
            axes.add_collection(LineCollection(lines, colors=colour, linewidths=2.2, label=WORDS[who]))
    for shape, lane in zip(shapes, terminal.lanes, strict=True):
        if lane.oneway:
            a, b = shape[-2] - low, shape[-1] - low
            style = {"arrowstyle": "-|>", "color": LANES[lane.trucks], "lw": 1.6, "mutation_scale": 14}
            axes.annotate("", xy=(a + b) / 2 + (b - a) * 0.1, xytext=(a + b) / 2 - (b - a) * 0.1, arrowprops=style)
    for k, (berth, quay) in enumerate(zip(terminal.berths, quays, strict=True)):
        axes.plot(*(quay - low).T, color="black", lw=3, solid_capstyle="butt", label="quay" if k == 0 else None)
        middle = quay.mean(axis=0) - low
        axes.text(middle[0], middle[1] + 0.03 * span[1], berth.id, ha="center", va="bottom", fontsize=10)
    axes.scatter(
        cranes[:, 0] - low[0],
        cranes[:, 1] - low[1],
        marker="^",
        s=46,
        color="#1b9e77",
        edgecolor="white",
        zorder=4,
        label="quay crane",
    )
    axes.scatter(gate[0] - low[0], gate[1] - low[1], marker="D", s=46, color="black", zorder=4, label="gate")
    if terminal.stations:
        at = np.array([s.at for s in terminal.stations]) @ turn - low
        axes.scatter(
            at[:, 0], at[:, 1], marker="P", s=60, color="#7b3294", edgecolor="white", zorder=4, label="station"
        )
    for block, outline in zip(terminal.blocks, blocks, strict=True):
        if len(terminal.blocks) <= 40:
            middle = outline.mean(axis=0) - low
            tall = np.ptp(outline, axis=0)
            axes.text(
                middle[0],
                middle[1],
                block.id,
                ha="center",
                va="center",
                fontsize=7,
                rotation=90 if tall[1] > tall[0] else 0,
            )
    axes.set_aspect("equal")
    axes.set_xlim(-0.03 * span[0], 1.03 * span[0])
    axes.set_ylim(-0.06 * span[1], 1.1 * span[1])
    axes.set_xlabel("m")
    axes.set_ylabel("m")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(0.0, -0.08), ncols=6, fontsize=8, frameon=False)
    counts = {"berth": len(terminal.berths), "quay crane": len(cranes), "block": len(blocks)}
    words = [_many(n, word) for word, n in counts.items()]
    gantries = sum(b.gantries for b in terminal.blocks)
    title = f"{terminal.name}: {', '.join(words)}, {gantries} {'gantry' if gantries == 1 else 'gantries'}"
    axes.set_title(title, fontsize=11, loc="left")
    fig.savefig(path, dpi=130, bbox_inches="tight")


def _many(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
