"""Reception over the ground, for every set of roadside units that worked at some time of a run."""

from __future__ import annotations

from typing import Any

import numpy as np

from port.radio.coverage import BOX_M, Scene, heard, together
from port.radio.link import FloatArray, Radio
from port.replay.scene import Scene as Yard
from port.replay.states import Steps, at_steps
from twin.report.pack import blob
from twin.results.view import RunView

BREAKS = (0.5, 0.9, 0.99, 0.999)
"""Shares of messages that arrive; classes 0 (under 50 %) to 4."""
MARGIN_M, FINEST_M, MOST_CELLS = 60.0, 6.0, 170
MOST_PICTURES = 12


def underlay(yard: Yard, run: RunView, begin: float, end: float) -> dict[str, Any] | None:
    """Classes on a grid from `low` (x, y) in steps of `step` m, rows northwards; None for a run without units.

    pictures : one for each set of working units;  steps : (second, which of them).
    """
    units = run.table("port", "radio_units")
    if not units or not yard["radio"]:
        return None
    ids = [str(row["unit"]) for row in units]
    xy = np.array([(float(row["x_m"]), float(row["y_m"])) for row in units])
    scene = ground(yard)
    shares = heard(scene, xy)
    silent = _silent(run, ids)
    moments = sorted({begin, *(t for steps in silent for t, _ in steps if begin < t <= end)})
    found: dict[tuple[bool, ...], int] = {}
    pictures: list[str] = []
    steps: Steps = []
    for moment in moments:
        works = tuple(not at_steps(s, moment) for s in silent)
        if works not in found:
            if len(pictures) == MOST_PICTURES:
                continue
            found[works] = len(pictures)
            share = together(shares[list(np.flatnonzero(works))])
            pictures.append(blob(np.digitize(share, BREAKS).astype(np.uint8).tobytes()))
        steps.append((moment, found[works]))
    (xs, ys), step = axes_of(yard)
    return {
        "low": [float(xs[0]), float(ys[0])],
        "step": step,
        "nx": len(xs),
        "ny": len(ys),
        "pictures": pictures,
        "steps": steps,
        "units": [{"id": k, "at": at, "silent": s} for k, at, s in zip(ids, xy.tolist(), silent, strict=True)],
    }


def axes_of(yard: Yard) -> tuple[tuple[FloatArray, FloatArray], float]:
    """Middles of the cells to the east and to the north, and their size in m."""
    marks = [*(lane["line"] for lane in yard["lanes"]), *(berth["line"] for berth in yard["berths"])]
    corners = np.array([point for line in marks for point in line])
    low, high = corners.min(axis=0) - MARGIN_M, corners.max(axis=0) + MARGIN_M
    step = max(FINEST_M, float((high - low).max()) / MOST_CELLS)
    return (np.arange(low[0], high[0], step), np.arange(low[1], high[1], step)), step


def ground(yard: Yard) -> Scene:
    """The scene of `port.radio` with the grid's middles as its points."""
    (xs, ys), _ = axes_of(yard)
    points = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    radio = yard["radio"]
    stacks = [
        (*b["middle"], *b["ahead"], b["half_m"], b["wide_m"], max(1.0, b["tiers"] * radio["fill"]) * BOX_M)
        for b in yard["blocks"]
    ]
    return Scene(
        np.array(stacks, dtype=float).reshape(-1, 7),
        points,
        np.zeros(len(points), int),
        ("ground",),
        unit_m=radio["unit_m"],
        radio=Radio(interference_db=radio["interference_db"]),
    )


def _silent(run: RunView, ids: list[str]) -> list[Steps]:
    """Of every unit: 1 while it sends nothing."""
    steps: list[Steps] = [[] for _ in ids]
    for entry in run.events():
        if entry["section"] == "port" and entry["what"] in ("unit_out", "unit_back") and entry.get("unit") in ids:
            steps[ids.index(entry["unit"])].append((entry["time_us"] / 1e6, int(entry["what"] == "unit_out")))
    return steps
