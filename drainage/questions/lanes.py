"""Whether one lane of a street stays passable: the shallowest continuous strip along it.

Rule. A street is cut across every half cell of its length. On each cut lie the lanes, side by side. A vehicle keeps its
lane or changes to the next one between two cuts, so a strip is a path through the cuts that moves by at most one lane.
Its depth is the deepest water on it; the street's strip is the path with the least. Where a lane lies on no ground
that water (and vehicles) can use, no path goes there; where no lane of a cut does, the cut is left out. Depths are the
largest of the flood at each place, which need not be of one moment: the rule is on the safe side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.places import FloatArray, Grid
from twin.spatial import dense_along


@dataclass(frozen=True)
class Strip:
    """The best strip of a street line: depth of its deepest place, that place's cell (−1: none), deepest of all."""

    depth_m: float
    cell: int
    deepest_m: float


def cuts_of(grid: Grid, shape: FloatArray, lanes: int, lane_m: float) -> NDArray[np.int64]:
    """(cuts, lanes) cells under each lane; −1 off the grid. `shape` is the centre line."""
    points = dense_along(shape, grid.cell_m / 2)
    if len(points) < 2:
        return np.zeros((0, lanes), dtype=np.int64)
    along = np.gradient(points, axis=0)
    length = np.hypot(along[:, 0], along[:, 1])
    keep = length > 0
    points, along, length = points[keep], along[keep], length[keep]
    across = np.column_stack([-along[:, 1], along[:, 0]]) / length[:, None]
    offsets = (np.arange(lanes) - (lanes - 1) / 2.0) * lane_m
    spots = points[:, None, :] + offsets[None, :, None] * across[:, None, :]
    return grid.cells_of(spots.reshape(-1, 2)).reshape(-1, lanes)


def best_strip(cuts: NDArray[np.int64], depth: FloatArray, usable: NDArray[np.bool_]) -> Strip:
    """The strip with the least deepest water through `cuts`; `depth` and `usable` are by cell (flat)."""
    known = (cuts >= 0) & usable[np.maximum(cuts, 0)]
    at = np.where(known, depth[np.maximum(cuts, 0)], np.inf)
    whole = known.any(axis=1)
    at, cells = at[whole], cuts[whole]
    if not len(at):
        return Strip(0.0, -1, 0.0)
    deepest = float(at[np.isfinite(at)].max())
    best = at[0].copy()
    came = np.zeros(at.shape, dtype=np.int64)
    for k in range(1, len(at)):
        padded = np.pad(best, 1, constant_values=np.inf)
        choices = np.stack([padded[1:-1], padded[:-2], padded[2:]])
        pick = choices.argmin(axis=0)
        came[k] = np.arange(at.shape[1]) + np.array([0, -1, 1])[pick]
        best = np.maximum(choices.min(axis=0), at[k])
        if not np.isfinite(best).any():  # the usable lanes do not touch: go on from this cut
            best = np.maximum(at[k], padded[1:-1][np.isfinite(padded[1:-1])].min(initial=np.inf))
            best = np.where(np.isfinite(at[k]), np.where(np.isfinite(best), best, at[k]), np.inf)
            came[k] = np.arange(at.shape[1])
    lane = int(best.argmin())
    worst, cell = -1.0, -1
    for k in range(len(at) - 1, -1, -1):
        if np.isfinite(at[k, lane]) and at[k, lane] > worst:
            worst, cell = float(at[k, lane]), int(cells[k, lane])
        lane = int(np.clip(came[k, lane], 0, at.shape[1] - 1))
    return Strip(float(max(worst, 0.0)), cell, deepest)
