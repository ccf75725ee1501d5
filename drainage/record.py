"""What the surface remembers of a flood, kept while it flows: how deep, how fast, when, how long and how dangerous.

Kept in compiled code at every call of the surface (some seconds apart), for a hazard needs the depth and the speed of
the same moment: the largest depth times the largest speed would be a flood that never was. Tiles without water are
passed over.

The hazard classes are those of Australian Rainfall and Runoff (Smith, Davey & Cox 2014, WRL TR2014/07; AIDR Guideline
7-3, 2017, tables 1 and 2).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from drainage.native import COMPILED
from drainage.rows import F4, FAST, wide
from drainage.state import ANYWHERE, ARRIVAL_M, LIMITS_M, TILE_COLS, TILE_ROWS

LEAST_M = 0.02
"""Shallower water is a wet street: it gets no speed (a flux over a film is mostly rounding) and no hazard class."""
HAZARDS = (
    (0.3, 0.3, 2.0),
    (0.6, 0.5, 2.0),
    (0.6, 1.2, 2.0),
    (1.0, 2.0, 2.0),
    (4.0, 4.0, 4.0),
)
"""H1 to H5: largest depth × speed (m2/s), depth (m) and speed (m/s) of each class. Beyond the last: H6."""
ZERO, ONE, TWO = np.uint64(0), np.uint64(1), np.uint64(2)
HALF, LEAST, ARRIVAL = F4(0.5), F4(LEAST_M), F4(ARRIVAL_M)
LINE_1, LINE_2, LINE_3 = (F4(limit) for limit in LIMITS_M)
(P1, D1, V1), (P2, D2, V2), (P3, D3, V3), (P4, D4, V4), (P5, D5, V5) = (tuple(map(F4, limits)) for limits in HAZARDS)
"""The limits once more, as the numbers of single precision that the vectorised rows want."""


class Record(NamedTuple):
    """The record of each cell, (ny, nx) unless said otherwise.

    hmax, vmax   deepest (m) and fastest (m/s) so far; `arrival_s` when first under 5 cm, −1: never
    over_s       (3, ny, nx) seconds above `LIMITS_M`
    hazard       worst class so far: 0 none, 1 to 6 for H1 to H6
    """

    hmax: NDArray[np.float32]
    vmax: NDArray[np.float32]
    arrival_s: NDArray[np.float32]
    over_s: NDArray[np.float32]
    hazard: NDArray[np.uint8]


def make_record(ny: int, nx: int) -> Record:
    """The record of a surface on which nothing has flowed: 25 bytes a cell."""
    single = np.float32
    return Record(
        np.zeros((ny, nx), single), np.zeros((ny, nx), single), np.full((ny, nx), -1.0, single),
        np.zeros((3, ny, nx), single), np.zeros((ny, nx), np.uint8),
    )  # fmt: skip


@njit(**COMPILED)
def hazard_class(depth, speed):
    """1 to 6 for water `depth` m deep at `speed` m/s. Each class lies inside the next, so its misses are counted."""
    power, found = depth * speed, 1
    for k in range(len(HAZARDS)):
        if power > HAZARDS[k][0] or depth > HAZARDS[k][1] or speed > HAZARDS[k][2]:
            found += 1
    return found


@njit(**COMPILED)
def speed_in(h, qx, qy, j, i):
    """Speed of the water in cell (j, i), m/s: the mean flux of its faces over its depth; 0 in a film."""
    if h[j, i] < LEAST_M:
        return 0.0
    return 0.5 * np.hypot(qx[j, i] + qx[j, i + 1], qy[j, i] + qy[j + 1, i]) / h[j, i]


@njit(**FAST)
def keep_most(h, qx, qy, land, hmax, vmax, j, a, b):
    """Deepest and fastest so far of the cells a to b of row j; gives the present deepest and fastest among them."""
    wide()
    deepest, fastest, north = F4(0.0), F4(0.0), j + ONE
    for i in range(a, b):
        depth = F4(h[j, i]) * F4(land[j, i])
        u, v = F4(qx[j, i]) + F4(qx[j, i + ONE]), F4(qy[j, i]) + F4(qy[north, i])
        speed = HALF * np.sqrt(u * u + v * v) / max(depth, LEAST)
        speed = speed if depth >= LEAST else F4(0.0)
        hmax[j, i] = depth if depth > hmax[j, i] else hmax[j, i]
        vmax[j, i] = speed if speed > vmax[j, i] else vmax[j, i]
        deepest = depth if depth > deepest else deepest
        fastest = speed if speed > fastest else fastest
    return deepest, fastest


@njit(**FAST)
def keep_hazard(h, qx, qy, land, hazard, j, a, b):
    """Worst hazard so far of the cells a to b of row j."""
    wide()
    north = j + ONE
    for i in range(a, b):
        depth = F4(h[j, i]) * F4(land[j, i])
        u, v = F4(qx[j, i]) + F4(qx[j, i + ONE]), F4(qy[j, i]) + F4(qy[north, i])
        speed = HALF * np.sqrt(u * u + v * v) / max(depth, LEAST)
        power = depth * speed
        found = np.int32(1)
        found = np.int32(2) if (power > P1) | (depth > D1) | (speed > V1) else found
        found = np.int32(3) if (power > P2) | (depth > D2) | (speed > V2) else found
        found = np.int32(4) if (power > P3) | (depth > D3) | (speed > V3) else found
        found = np.int32(5) if (power > P4) | (depth > D4) | (speed > V4) else found
        found = np.int32(6) if (power > P5) | (depth > D5) | (speed > V5) else found
        found = found if depth >= LEAST else np.int32(0)
        known = np.int32(hazard[j, i])
        hazard[j, i] = found if found > known else known


@njit(**FAST)
def keep_mild(h, land, hazard, j, a, b):
    """As `keep_hazard`, where no cell can be worse than H1."""
    wide()
    for i in range(a, b):
        found = np.int32(1) if F4(h[j, i]) * F4(land[j, i]) >= LEAST else np.int32(0)
        known = np.int32(hazard[j, i])
        hazard[j, i] = found if found > known else known


@njit(**FAST)
def keep_arrival(h, land, arrival_s, j, a, b, now_s):
    """First time under `ARRIVAL_M` of the cells a to b of row j."""
    wide()
    for i in range(a, b):
        new = (F4(h[j, i]) * F4(land[j, i]) >= ARRIVAL) & (arrival_s[j, i] < F4(0.0))
        arrival_s[j, i] = now_s if new else arrival_s[j, i]


@njit(**FAST)
def keep_over(h, land, over_s, line, limit, j, a, b, dt):
    """Time above the depth line `limit` (m) of the cells a to b of row j."""
    wide()
    for i in range(a, b):
        over_s[line, j, i] += dt if F4(h[j, i]) * F4(land[j, i]) >= limit else F4(0.0)


@njit(**COMPILED)
def keep_row(ground, water, record, j, a, b, now_s, dt):
    """All that is kept of the cells a to b of row j: one thing a loop, for only such loops vectorise."""
    h, land = water.h, ground.open
    deepest, fastest = keep_most(h, water.qx, water.qy, land, record.hmax, record.vmax, j, a, b)
    if deepest < LEAST:
        return
    if deepest <= D1 and fastest <= V1 and deepest * fastest <= P1:
        keep_mild(h, land, record.hazard, j, a, b)
    else:
        keep_hazard(h, water.qx, water.qy, land, record.hazard, j, a, b)
    if deepest >= ARRIVAL:
        keep_arrival(h, land, record.arrival_s, j, a, b, now_s)
    if deepest >= LINE_1:
        keep_over(h, land, record.over_s, ZERO, LINE_1, j, a, b, dt)
    if deepest >= LINE_2:
        keep_over(h, land, record.over_s, ONE, LINE_2, j, a, b, dt)
    if deepest >= LINE_3:
        keep_over(h, land, record.over_s, TWO, LINE_3, j, a, b, dt)


@njit(**COMPILED)
def keep(ground, water, record, now_s, dt):
    """Note the present depths and fluxes, which stand for the last `dt` seconds up to `now_s`."""
    ny, nx = water.h.shape
    rows, cols = water.work.shape
    for tj in range(rows):
        if water.wet_row[tj] <= ground.dry_m:
            continue
        ti = 0
        while ti < cols:
            if water.wet[ANYWHERE, tj, ti] <= ground.dry_m:
                ti += 1
                continue
            first = ti
            while ti < cols and water.wet[ANYWHERE, tj, ti] > ground.dry_m:
                ti += 1
            a, b = np.uint64(first * TILE_COLS), np.uint64(min(ti * TILE_COLS, nx))
            for row in range(tj * TILE_ROWS, min((tj + 1) * TILE_ROWS, ny)):
                keep_row(ground, water, record, np.uint64(row), a, b, F4(now_s), F4(dt))


@njit(**COMPILED)
def speeds_at(h, qx, qy, cells, out):
    """out[k] := speed in cell cells[k] (flat index), m/s."""
    nx = h.shape[1]
    for k in range(cells.size):
        j, i = divmod(cells[k], nx)
        out[k] = speed_in(h, qx, qy, j, i)
