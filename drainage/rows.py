"""One row of the surface in one step: fluxes over its east and north faces, then its depths. All of it vectorises.

Scheme: Bates, Horritt & Fewtrell (2010), J. Hydrology 387, 33–45, with the θ-weighting of de Almeida et al. (2012),
Water Resources Research 48, W05528. Friction by the face's own flux, as they have it, or by the whole flow vector
(de Almeida & Bates 2013, Water Resources Research 49, 4833–4844).

The loops are written for the compiler. Indices are unsigned, for with signed ones Numba asks of every index whether it
counts from the end, and then nothing vectorises. `wide` asks for the widest registers, and says that no value is NaN,
without which LLVM does not vectorise a maximum.

What friction takes off is found in float32 in both precisions, to 2e-6 of a coefficient that is known to two digits: a
root and a quotient in float64 would take as long as all the rest. What drives the flow, and the sums, keep their own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic as _intrinsic
from numba.extending import overload as _overload

from drainage.native import COMPILED, bits_of, from_bits
from drainage.state import TILE_COLS

FAST = {**COMPILED, "fastmath": True}
INLINE = {"inline": "always", **FAST}
ONE, TWO = np.uint64(1), np.uint64(2)
NOWHERE = np.uint64(2**63)
COLUMNS = np.uint64(TILE_COLS)
F4 = np.float32
THIRD = F4(1.0 / 3.0)
INVERSE_CUBE_ROOT = np.int32(0x54A20000)
"""bits(x^(−1/3)) ≈ this − bits(x)/3: with it x·y³ is within 0.103 of 1, on both sides."""
SEVEN_THIRDS = tuple(F4(c) for c in (1.0, -2.33333421, 3.88816381, -5.61638117, 7.67412663, -9.7010498))
"""Chebyshev fit of (1+t)^(−7/3) for |t| < 0.1028, in powers of t: relative error 5e-7."""
SLOPE, FRICTION, DRY, THETA, SIDE, QUARTER, ZERO, UNIT = range(8)
"""Places in the factors of a step, in the fluxes' precision: g Δt/Δx; g Δt times 2 (`inertial_flux`, which needs 4B) or
¼ (`vector_flux`, ½B), for n² is the sum of two cells'; the depth below which nothing flows; θ; ½(1−θ); ¼; 0; 1."""
ATTRIBUTES = (
    '"prefer-vector-width"="512"', '"no-nans-fp-math"="true"', '"no-signed-zeros-fp-math"="true"', "noinline",
)  # fmt: skip

intrinsic: Any = _intrinsic
overload: Any = _overload


@intrinsic
def wide(typing: Any) -> Any:
    """Let the function in which this stands use registers of 512 bits (see the module)."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        for attribute in ATTRIBUTES:
            set.add(builder.function.attributes, attribute)  # llvmlite's own `add` knows no attributes of targets
        return context.get_dummy_value()

    return types.void(), emit


@njit(**INLINE)
def guess_root(x):
    """x^(−1/3) of a float32 within 3.5 %, from the bits of its exponent."""
    return from_bits(np.int32(INVERSE_CUBE_ROOT - np.int32(F4(bits_of(x)) * THIRD)))


@njit(**INLINE)
def power(depth):
    """depth^(−7/3) of a float32, for 1e-5 < depth < 1e3: within 1.2e-6."""
    y = guess_root(depth)
    cube = y * y * y
    t = depth * cube - F4(1.0)
    c = SEVEN_THIRDS
    return cube * cube * (y * (c[0] + t * (c[1] + t * (c[2] + t * (c[3] + t * (c[4] + t * c[5]))))))


def stand(h, z):
    """What a row keeps of its water for the flux formula: in double precision the level, in single the depth.

    A level of 100 m has a float32 resolution of 1e-5 m. Depths and differences of beds have a far finer one."""
    return h + z


@overload(stand, jit_options=FAST, inline="always")
def _stand(h, z):
    if z == types.float32:
        return lambda h, z: F4(h)
    return lambda h, z: h + z


def between(a, a2, z, z2):
    """(depth of flow max η − max z, rise of the level) between two cells that `stand` at a and a2 on beds z and z2."""
    return max(a, a2) - max(z, z2), a2 - a


@overload(between, jit_options=FAST, inline="always")
def _between(a, a2, z, z2):
    if a == types.float32:

        def single(a, a2, z, z2):
            up = z2 - z
            return max(a - max(up, F4(0.0)), a2 + min(up, F4(0.0))), up + (a2 - a)

        return single
    return lambda a, a2, z, z2: (max(a, a2) - max(z, z2), a2 - a)


@njit(**INLINE)
def blended(own, before, after, c):
    """θq + (1−θ)(q₋+q₊)/2. A neighbour without flow, closed or dry, counts with its 0: leaving it out would be truer to
    a stream along a wall, but takes away what damps a lake among islands (it shook by a millimetre after 20 min)."""
    return c[THETA] * own + c[SIDE] * (before + after)


@njit(**INLINE)
def inertial_flux(depth, rise, blend, n2_twice, c):
    """Flux over a face after a step, m2/s: q' (1 + B|q'|) = T, B = g Δt n²/h^(7/3), T = blend − g h Δt ∂η/∂x.

    0 below the dry depth. Bates et al. take the friction at the old flux. In a thin sheet on a slope, where B|q| is
    above 4 or so, that flips from step to step; with the new flux, q' = 2T/(1 + √(1 + 4B|T|)), nothing does.
    """
    flows = depth > c[DRY]
    deep = depth if flows else c[UNIT]
    push = blend - c[SLOPE] * deep * rise
    four_b = F4(c[FRICTION]) * n2_twice * power(F4(deep))
    q = push * (F4(2.0) / (F4(1.0) + np.sqrt(F4(1.0) + four_b * abs(F4(push)))))
    return q if flows else c[ZERO]


@njit(**INLINE)
def vector_flux(depth, rise, blend, own, across, n2_twice, c):
    """The same with the friction of the whole flow vector: q' (1 + B √(q'² + q⊥²)) = T.

    Two passes: the speed of the last step, then the mean of it and of what came out.
    """
    flows = depth > c[DRY]
    deep = depth if flows else c[UNIT]
    push = blend - c[SLOPE] * deep * rise
    half_b = F4(c[FRICTION]) * n2_twice * power(F4(deep))
    side = F4(across) * F4(across)
    speedy = np.sqrt(F4(own) * F4(own) + side)
    first = F4(push) / (F4(1.0) + half_b * (speedy + speedy))
    q = push * (F4(1.0) / (F4(1.0) + half_b * (speedy + np.sqrt(first * first + side))))
    return q if flows else c[ZERO]


@njit(**FAST)
def fluxes_inertial(z, n2, qx, qy, out, level, x, south, c, j, a, b, last, own, up, here, above, band, old, old_up, to):
    """New fluxes of the cells a to b of row j: over their east faces (up to cell `last`) and over their north faces.

    qx, out          get them: row j of qx, row `to` of out; to = `NOWHERE`: no north faces are asked for
    own, up          rows of n2 for this row of cells and the next (both 0 where n2 is one row)
    here, above      rows of `level` with what this row of cells and the next `stand` at
    x[band]          last step's fluxes over this row's x-faces
    south[old], south[old_up]   last step's fluxes over this row's south and north faces
    """
    wide()
    for i in range(a, last):
        e = i + ONE
        depth, rise = between(level[here, i], level[here, e], z[j, i], z[j, e])
        blend = blended(x[band, e], x[band, i], x[band, i + TWO], c)
        qx[j, e] = inertial_flux(depth, rise, blend, n2[own, i] + n2[own, e], c)
    if to != NOWHERE:
        jn, beyond = j + ONE, j + TWO
        for i in range(a, b):
            depth, rise = between(level[here, i], level[above, i], z[j, i], z[jn, i])
            blend = blended(south[old_up, i], south[old, i], qy[beyond, i], c)
            out[to, i] = inertial_flux(depth, rise, blend, n2[own, i] + n2[up, i], c)


@njit(**FAST)
def fluxes_vector(z, n2, qx, qy, out, level, x, south, c, j, a, b, last, own, up, here, above, band, old, old_up, to):
    """As `fluxes_inertial`, with the friction of the whole flow vector."""
    wide()
    jn, beyond = j + ONE, j + TWO
    for i in range(a, last):
        e = i + ONE
        depth, rise = between(level[here, i], level[here, e], z[j, i], z[j, e])
        blend = blended(x[band, e], x[band, i], x[band, i + TWO], c)
        across = c[QUARTER] * (south[old, i] + south[old, e] + south[old_up, i] + south[old_up, e])
        qx[j, e] = vector_flux(depth, rise, blend, x[band, e], across, n2[own, i] + n2[own, e], c)
    if to != NOWHERE:
        for i in range(a, b):
            e = i + ONE
            depth, rise = between(level[here, i], level[above, i], z[j, i], z[jn, i])
            blend = blended(south[old_up, i], south[old, i], qy[beyond, i], c)
            across = c[QUARTER] * (x[band, i] + x[band, e] + qx[jn, i] + qx[jn, e])
            out[to, i] = vector_flux(depth, rise, blend, south[old_up, i], across, n2[own, i] + n2[up, i], c)


@njit(**FAST)
def keep_row(h, z, level, to, j, a, b):
    """level[to] := what the cells a to b of row j `stand` at."""
    wide()
    for i in range(a, b):
        level[to, i] = stand(h[j, i], z[j, i])


@njit(**FAST)
def copy_row(source, out, to, j, a, b):
    """out[to] := row j of source, from a to b."""
    wide()
    for i in range(a, b):
        out[to, i] = source[j, i]


@njit(**FAST)
def new_depths(h, qx, south, north, top, ratio, j, a, b, from_row, to_row, band):
    """Depths of the cells a to b of row j from its fluxes; gives the lowest that is below 0.

    south, north   arrays in whose rows from_row and to_row the fluxes over the south and north faces stand
    top[band]      the deepest so far in each column
    """
    wide()
    low = 0.0
    for i in range(a, b):
        east = np.float64(qx[j, i]) - np.float64(qx[j, i + ONE])
        depth = h[j, i] + ratio * (east + (np.float64(south[from_row, i]) - np.float64(north[to_row, i])))
        h[j, i] = depth
        top[band, i] = depth if depth > top[band, i] else top[band, i]
        low = depth if depth < low else low
    return low


@njit(**FAST)
def clear_row(out, to, a, b):
    """out[to] := 0 from a to b."""
    wide()
    for i in range(a, b):
        out[to, i] = 0.0


@njit(**FAST)
def deepest_by_tile(depths, j, out, side, tj, a, b):
    """out[side, tj, tile] := the deepest of each tile's columns in row j of depths, between columns a and b."""
    wide()
    for tile in range(a // COLUMNS, b // COLUMNS):
        start = tile * COLUMNS
        deepest = 0.0
        for k in range(COLUMNS):
            deepest = depths[j, start + k] if depths[j, start + k] > deepest else deepest
        out[side, tj, tile] = deepest
    if b % COLUMNS:
        deepest = 0.0
        for i in range((b // COLUMNS) * COLUMNS, b):
            deepest = depths[j, i] if depths[j, i] > deepest else deepest
        out[side, tj, b // COLUMNS] = deepest
