"""Faces and cells that are not open ground: walls, kerbs, and buildings that let some water through.

They come as lists by row, so that open ground pays nothing for them: a row is computed as if it were open, and then the
few that are special are computed again, one by one, in float64.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from drainage.native import COMPILED
from drainage.rows import FRICTION, SLOPE, blended
from drainage.state import G

FREE_FALL = (2.0 / 3.0) ** 1.5 * G**0.5
"""Critical flow over a broad crest, q = (2/3)^(3/2) √g H^(3/2): no head H above the crest drives more over it."""


@njit(**COMPILED)
def special_flux(level, level_next, bed, bed_next, crest, width, own, blend, across, n2_twice, dry_m, vector, c):
    """Flux over a face with a crest (m) that is open over a share `width`, m2/s of its whole width.

    The flow depth counts from the crest where that is higher than both beds, and free fall bounds the flux there.
    own, blend, across are fluxes of the last step over the whole width (across: 0 in the plain scheme).
    """
    top = max(max(bed, bed_next), crest)
    depth = max(level, level_next) - top
    if depth <= dry_m or width <= 0.0:
        return 0.0
    push = blend / width - c[SLOPE] * depth * (level_next - level)
    drag = c[FRICTION] * n2_twice * depth ** (-7.0 / 3.0)
    if vector:
        speedy = np.hypot(own / width, across)
        first = push / (1.0 + drag * 2.0 * speedy)
        q = push / (1.0 + drag * (speedy + np.hypot(first, across)))
    else:
        q = 2.0 * push / (1.0 + np.sqrt(1.0 + drag * abs(push)))
    if crest > max(bed, bed_next):
        most = FREE_FALL * depth**1.5
        q = min(max(q, -most), most)
    return q * width


@njit(**COMPILED)
def narrow_east(ground, water, c, band, j, k, a, last):
    """The special ones among the east faces of the cells a to `last` of row j; `k` tells which kept rows are its."""
    z, h, x, south = ground.z, water.h, water.old_x, water.old_y
    own_row = j if ground.n2.shape[0] > 1 else 0
    for f in range(ground.east_start[j], ground.east_start[j + 1]):
        i = ground.east_column[f]
        if i < a or i >= last:
            continue
        across = 0.0
        if ground.vector:
            old, up = 2 * band + k, 2 * band + 1 - k
            across = 0.25 * (south[old, i] + south[old, i + 1] + south[up, i] + south[up, i + 1])
        own = np.float64(x[band, i + 1])
        blend = np.float64(blended(x[band, i + 1], x[band, i], x[band, i + 2], c))
        n2 = np.float64(ground.n2[own_row, i]) + ground.n2[own_row, i + 1]
        water.qx[j, i + 1] = special_flux(
            z[j, i] + h[j, i], z[j, i + 1] + h[j, i + 1], z[j, i], z[j, i + 1], ground.east_crest[f],
            ground.east_width[f], own, blend, across, n2, ground.dry_m, ground.vector, c,
        )  # fmt: skip


@njit(**COMPILED)
def narrow_north(ground, water, c, out, band, j, k, a, b, to):
    """The special ones among the north faces of the cells a to b of row j, into row `to` of out."""
    z, h, x, south = ground.z, water.h, water.old_x, water.old_y
    own_row, up_row = (j, j + 1) if ground.n2.shape[0] > 1 else (0, 0)
    old, up = 2 * band + k, 2 * band + 1 - k
    for f in range(ground.north_start[j], ground.north_start[j + 1]):
        i = ground.north_column[f]
        if i < a or i >= b:
            continue
        across = 0.0
        if ground.vector:
            across = 0.25 * (x[band, i] + x[band, i + 1] + water.qx[j + 1, i] + water.qx[j + 1, i + 1])
        own = np.float64(south[up, i])
        blend = np.float64(blended(south[up, i], south[old, i], water.qy[j + 2, i], c))
        n2 = np.float64(ground.n2[own_row, i]) + ground.n2[up_row, i]
        out[to, i] = special_flux(
            z[j, i] + h[j, i], z[j + 1, i] + h[j + 1, i], z[j, i], z[j + 1, i], ground.north_crest[f],
            ground.north_width[f], own, blend, across, n2, ground.dry_m, ground.vector, c,
        )  # fmt: skip


@njit(**COMPILED)
def narrow_cells(ground, water, south, north, ratio, band, j, a, b, from_row, to_row):
    """Depths of the cells of row j that water can use in part: a volume stands deeper there. Gives the lowest."""
    h, x, top = water.h, water.qx, water.top
    low = 0.0
    for f in range(ground.part_start[j], ground.part_start[j + 1]):
        i = ground.part_column[f]
        if i < a or i >= b:
            continue
        east = np.float64(x[j, i]) - np.float64(x[j, i + 1])
        change = ratio * (east + (np.float64(south[from_row, i]) - np.float64(north[to_row, i])))
        h[j, i] = (h[j, i] - change) + change / ground.part_width[f]
        top[band, i] = max(top[band, i], h[j, i])
        low = min(low, h[j, i])
    return low
