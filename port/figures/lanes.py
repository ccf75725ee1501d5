"""How full the terminal's lanes were: trucks per 100 m, in the mean of the run, on the map with the quay on top."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.places import Lines, Points
from twin.results.view import RunView
from twin.scenario.problems import ScenarioError

NAMED = 5
LOOKS = {"block": ("s", "block", "#4a7fb0"), "crane": ("^", "quay crane", "#1b9e77"), "gate": ("D", "gate", "black")}
AROUND = [
    (r * np.cos(a), r * np.sin(a)) for r in (14, 22, 32, 45, 60, 85, 115, 150) for a in np.radians(range(60, 420, 30))
]
"""Where a lane's name may stand, in points from the lane's middle: the nearest free spot is taken."""
LETTER, LINE = 4.9, 13.0
"""Width of a letter and height of a line at 8 points, in points."""
FloatArray = NDArray[np.float64]
Box = tuple[float, float, float, float]


def per_100_m(trucks: FloatArray, length_m: FloatArray) -> FloatArray:
    """(n_lanes,) mean trucks per 100 m from (nt, n_lanes) counts; a lane shorter than 10 m counts as 10 m."""
    return np.asarray(trucks.mean(axis=0) * 100.0 / np.maximum(length_m, 10.0))


def quay_up(lanes: FloatArray, cranes: FloatArray) -> FloatArray:
    """(2, 2) turn of the map that lays the quay cranes (n, 2) level above the lanes' points; none for one crane."""
    if len(cranes) < 2 or np.ptp(cranes, axis=0).max() < 1.0:
        return np.eye(2)
    along = np.linalg.svd(cranes - cranes.mean(axis=0))[2][0]
    up = np.array([-along[1], along[0]])
    if (cranes.mean(axis=0) - lanes.mean(axis=0)) @ up < 0:
        up = -up
    return np.array([[up[1], -up[0]], up])


def spread_names(at: FloatArray, names: list[str], marks: FloatArray, lines: FloatArray) -> FloatArray:
    """(n, 2) offsets for names at spots (n, 2), all in points: clear of each other and of marks (k, 2), and of lines
    (points on them, (m, 2)) where there is room."""
    hard = [(x - 5, y - 5, x + 5, y + 5) for x, y in marks]
    soft = [(x - 3, y - 3, x + 3, y + 3) for x, y in lines]
    names_at: list[Box] = []
    offsets = []
    for (x, y), name in zip(at, names, strict=True):
        half = LETTER * len(name) / 2 + 3
        boxes = [(x + dx - half, y + dy - LINE / 2, x + dx + half, y + dy + LINE / 2) for dx, dy in AROUND]
        leads = [_lead(x, y, dx, dy) for dx, dy in AROUND]
        free = [k for k, box in enumerate(boxes) if not _meets(box, hard)] or [0]
        lead = [k for k in free if not any(_meets(bit, names_at) for bit in leads[k])] or free
        best = next((k for k in lead if not _meets(boxes[k], soft)), lead[0])
        names_at.append(boxes[best])
        hard += [boxes[best], *leads[best]]
        offsets.append(AROUND[best])
    return np.array(offsets).reshape(-1, 2)


def _lead(x: float, y: float, dx: float, dy: float) -> list[Box]:
    """The line from a spot to its name, as a row of small boxes."""
    return [(x + f * dx - 2, y + f * dy - 2, x + f * dx + 2, y + f * dy + 2) for f in np.arange(0.1, 0.95, 0.1)]


def _meets(box: Box, others: list[Box]) -> bool:
    return any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in others)


def draw_lanes(run: RunView, path: Path) -> None:
    """Lanes coloured by trucks per 100 m; blocks, cranes and the gate for orientation; the five fullest by name."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.collections import LineCollection
    from matplotlib.colors import PowerNorm
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
    marks = _marks(run)
    turn = quay_up(np.concatenate(shapes), marks.get("crane", np.zeros((0, 2)))).T
    shapes, marks = [s @ turn for s in shapes], {at: xy @ turn for at, xy in marks.items()}
    every = np.concatenate([*shapes, *marks.values()])
    low = every.min(axis=0)
    wide, high = np.maximum(np.ptp(every, axis=0), 1.0)
    fig = Figure(figsize=(11.0, float(np.clip(9.2 * high / wide + 1.5, 4.2, 10.5))), layout="constrained")
    axes = fig.subplots()
    norm = PowerNorm(0.5, 0.0, float(max(full.max(), 0.5)))
    axes.add_collection(LineCollection([s - low for s in shapes], colors="#9aa1ab", linewidths=6.0, capstyle="round"))
    lines = LineCollection(
        [s - low for s in shapes], array=full, cmap="inferno_r", norm=norm, linewidths=4.8, capstyle="round"
    )
    axes.add_collection(lines)
    for at, xy in marks.items():
        mark, name, colour = LOOKS[at]
        east, north = (xy - low).T
        axes.scatter(east, north, 34, colour, marker=mark, edgecolor="white", lw=0.6, label=name, zorder=4)
    axes.set_aspect("equal")
    axes.set_xlim(-0.04 * wide, 1.04 * wide)
    axes.set_ylim(-0.1 * high, 1.14 * high)
    axes.set_axis_off()
    _scale(axes, wide, high)
    fig.colorbar(lines, ax=axes, label="trucks that move, per 100 m of lane (mean)", shrink=0.8, pad=0.01)
    if marks:
        axes.legend(loc="upper right", bbox_to_anchor=(1.0, 0.02), ncols=3, fontsize=8, frameon=False)
    moments = f"mean of {len(times)} moments over {run.duration_us / 3.6e9:g} h; the {NAMED} fullest lanes by name"
    axes.set_title(f"Where the terminal's lanes are full\n{run.title}\n{moments}", fontsize=10, loc="left")
    FigureCanvasAgg(fig).draw()  # the layout tells where things stand
    _names(axes, lanes.ids, shapes, full, low, marks)
    fig.savefig(path, dpi=130, bbox_inches="tight")


def _marks(run: RunView) -> dict[str, FloatArray]:
    """Blocks, cranes and the gate, as far as the run knows their places."""
    known = set(run.all_places())
    places = {at: run.places("port", at) for at in ("block", "crane", "gate") if ("port", at) in known}
    return {at: np.asarray(p.xy, dtype=float) for at, p in places.items() if isinstance(p, Points) and len(p.xy)}


def _names(
    axes: Any, ids: Any, shapes: list[FloatArray], full: FloatArray, low: FloatArray, marks: dict[str, FloatArray]
) -> None:
    """The fullest lanes by name, each beside its lane with a line to it."""
    fullest = [int(k) for k in np.argsort(-full, kind="stable")[:NAMED] if full[k] > 0]
    middles = np.array([_middle(shapes[k]) - low for k in fullest]).reshape(-1, 2)
    names = [f"{ids[k]}: {full[k]:.1f}" for k in fullest]
    to_points = 72.0 / axes.figure.dpi
    spots = np.concatenate([np.zeros((0, 2)), *(xy - low for xy in marks.values())])
    drawn = np.concatenate([_along(shape) for shape in shapes]) - low
    at, taken, lines = (axes.transData.transform(xy) * to_points if len(xy) else xy for xy in (middles, spots, drawn))
    for middle, name, offset in zip(middles, names, spread_names(at, names, taken, lines), strict=True):
        axes.annotate(
            name, middle, textcoords="offset points", xytext=tuple(offset), fontsize=8, ha="center", va="center",
            bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.85},
            arrowprops={"arrowstyle": "-", "color": "#59616b", "lw": 0.8}, zorder=5,
        )  # fmt: skip


def _middle(shape: FloatArray) -> FloatArray:
    """The point half way along a line (k, 2)."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))])
    return np.array([np.interp(along[-1] / 2, along, shape[:, k]) for k in (0, 1)])


def _along(shape: FloatArray) -> FloatArray:
    """Points every 5 m or so on a line (k, 2)."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))])
    every = np.linspace(0.0, along[-1], int(along[-1] / 5.0) + 2)
    return np.column_stack([np.interp(every, along, shape[:, k]) for k in (0, 1)])


def _scale(axes: Any, wide: float, high: float) -> None:
    """A bar of a round length, a tenth to a quarter of the map."""
    metres = max((m for m in (10, 20, 50, 100, 200, 500, 1000, 2000) if m <= wide / 4), default=5)
    y = -0.06 * high
    axes.plot([0, metres], [y, y], color="black", lw=2)
    axes.text(metres / 2, y + 0.012 * high, f"{metres} m", ha="center", va="bottom", fontsize=8)
