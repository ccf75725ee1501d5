"""Ships and quay cranes over time: moored, working, waiting, stopped, late."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from port.state import DISCHARGE, LOAD
from twin.results.view import RunView

PAUSE_S = 240.0
"""Moves closer than this are one stretch of work: two of a crane's usual cycles of 100 s, and a little."""
WORKS, AT_SHIP, STOPPED = "#1b9e77", "#f2d53c", "#1d2126"
"""As in the replay; told apart by the colour-blind, and in grey."""
SHIP, MOORING, LATE, WAITS = "#a6c8e4", "#d5dae0", "#f0a05a", "#7a5195"
HOUR = 3600.0
AXES_IN, EM = 9.9, 0.56
"""Width of the panels in inches; mean width of a letter in the size of its type."""
Span = tuple[float, float]


def stretches(ends_s: list[float], pause_s: float = PAUSE_S) -> list[Span]:
    """Stretches of work from the ends of moves, in order of time; a lone move counts a quarter of the pause."""
    out: list[list[float]] = []
    for t in ends_s:
        if out and t - out[-1][1] <= pause_s:
            out[-1][1] = t
        else:
            out.append([max(0.0, t - pause_s / 4), t])
    return [(a, b) for a, b in out]


def draw_gantt(run: RunView, path: Path) -> None:
    """Two panels over one clock: berths with their ships, quay cranes with their work."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    ships, cranes = run.table("port", "vessels"), run.table("port", "cranes")
    berths = sorted({str(r["berth"]) for r in ships} | {str(r["berth"]) for r in cranes})
    end = run.duration_us / 1e6
    heights = [0.55 * len(berths) + 0.6, 0.3 * len(cranes) + 0.6]
    fig = Figure(figsize=(11.0, sum(heights) + 1.6), layout="constrained")
    top, bottom = fig.subplots(2, 1, sharex=True, height_ratios=heights)
    _ships(top, ships, berths, end)
    _cranes(bottom, run, cranes, ships, end)
    hours = end / HOUR
    step = next((s for s in (0.5, 1, 2, 3, 6, 12, 24, 48) if hours / s <= 12), 96)
    marks = np.arange(0.0, hours + 1e-9, step)
    bottom.set_xticks(marks * HOUR, [f"+{m:g} h" for m in marks])
    bottom.set_xlim(0.0, end * 1.1)
    bottom.set_xlabel(f"since {run.start:%d %B %Y %H:%M}")
    colours = (
        (SHIP, "ship is worked"),
        (MOORING, "moored, no work yet"),
        (LATE, "after its planned departure"),
        (WAITS, "next ship waits"),
    )
    top.legend(
        handles=[Patch(facecolor=c, label=t) for c, t in colours],
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=4,
        fontsize=8,
        frameon=False,
    )
    states = ((WORKS, "crane moves boxes"), (AT_SHIP, "at a ship, waits"), (STOPPED, "stopped"))
    bottom.legend(
        handles=[Patch(facecolor=c, label=t) for c, t in states],
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=3,
        fontsize=8,
        frameon=False,
    )
    fig.suptitle(f"Ships and quay cranes: {run.title}", fontsize=12, x=0.01, ha="left")
    fig.savefig(path, dpi=130)


def _bar(axes: Any, span: Span, y: float, height: float, colour: str) -> None:
    if span[1] > span[0]:
        axes.broken_barh([(span[0], span[1] - span[0])], (y - height / 2, height), facecolors=colour)


def _frame(axes: Any, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(axis="x", color="#dde1e6", lw=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _ships(axes: Any, ships: list[dict[str, Any]], berths: list[str], end: float) -> None:
    _frame(axes, [f"berth {b}" for b in berths])
    axes.set_title("Ships", loc="left", fontsize=10)
    for ship in ships:
        came, moored = float(ship["planned_at_s"]), ship["berthed_s"]
        _bar(
            axes, (came, end if moored is None else float(moored)), berths.index(str(ship["berth"])) + 0.38, 0.1, WAITS
        )
        if moored is None:
            if came < end:
                at = (0.5 * (came + end), berths.index(str(ship["berth"])) + 0.44)
                axes.annotate(f"{ship['vessel']} waits", at, fontsize=6.5, ha="center", va="top")
            continue
        y = berths.index(str(ship["berth"]))
        left = float(ship["left_s"]) if ship["left_s"] is not None else end
        berthed, planned = float(ship["berthed_s"]), float(ship["planned_leave_s"])
        work = float(ship["work_begins_s"]) if ship["work_begins_s"] is not None else left
        _bar(axes, (berthed, work), y, 0.62, MOORING)
        _bar(axes, (work, min(left, max(work, planned))), y, 0.62, SHIP)
        _bar(axes, (max(work, planned), left), y, 0.62, LATE)
        done = f"{ship['discharged'] + ship['loaded']} of {ship['discharge'] + ship['load']} boxes"
        _name(axes, str(ship["vessel"]), done, (berthed, left), y, end)
        if planned <= end:
            axes.plot([planned, planned], [y - 0.42, y + 0.42], color="black", lw=1.5, zorder=0.9)  # behind bars
            axes.annotate("planned", (planned, y - 0.42), fontsize=6.5, ha="center", va="bottom")


def _name(axes: Any, vessel: str, done: str, span: Span, y: float, end: float) -> None:
    """The ship's name and work inside its bar, on one line or on two, or small above it where the bar is too short."""
    room = (span[1] - span[0]) / (1.1 * end) * AXES_IN * 72 - 8
    for words, size in ((f"{vessel}  {done}", 8.0), (f"{vessel}\n{done}", 8.0), (f"{vessel}\n{done}", 6.5)):
        if max(map(len, words.split("\n"))) * EM * size <= room:
            axes.text(span[0] + 0.005 * end, y, words, va="center", fontsize=size, linespacing=1.15)
            return
    axes.annotate(f"{vessel}, {done}", (span[0], y - 0.33), fontsize=6.5, va="bottom")


def _cranes(axes: Any, run: RunView, cranes: list[dict[str, Any]], ships: list[dict[str, Any]], end: float) -> None:
    _frame(axes, [f"{c['crane']}  ({c['berth']})" for c in cranes])
    axes.set_title("Quay cranes", loc="left", fontsize=10)
    ends: dict[str, list[float]] = {}
    for row in run.table("port", "moves"):
        if row["cycle"] in (DISCHARGE, LOAD):
            ends.setdefault(str(row["che"]), []).append(float(row["end_s"]))
    stops = run.table("port", "stops")
    for y, crane in enumerate(cranes):
        name = str(crane["crane"])
        for ship in ships:
            if ship["berth"] == crane["berth"] and ship["work_begins_s"] is not None:
                left = float(ship["left_s"]) if ship["left_s"] is not None else end
                _bar(axes, (float(ship["work_begins_s"]), left), y, 0.7, AT_SHIP)
        for span in stretches(ends.get(name, [])):
            _bar(axes, span, y, 0.7, WORKS)
        for stop in stops:
            if stop["machine"] == name:
                _bar(axes, (float(stop["from_s"]), float(stop["until_s"])), y, 0.7, STOPPED)
        if crane["moves_per_h"] is not None:
            text = f"{crane['moves_per_h']:.1f} moves/h"
            axes.text(end * 1.008, y, text, va="center", fontsize=8)
