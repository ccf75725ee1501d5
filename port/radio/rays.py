"""Does a stack stand between two antennas? A ray against boxes of steel, compiled.

A stack is an upright rectangle: its middle, half length, half width, the direction of its long side, and a height. The
ray is blocked where it passes the rectangle's ground plan below that height.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@njit(cache=True, nogil=True)
def sight(senders, receivers, sender_m, receiver_m, stacks):
    """(senders, receivers) True where the ray is free.

    senders (s, 2), receivers (r, 2) in m; antenna heights in m;
    stacks (n, 7): x, y of the middle, cosine and sine of the long side, half length, half width, height.
    """
    free = np.ones((senders.shape[0], receivers.shape[0]), np.bool_)
    for i in range(senders.shape[0]):
        for j in range(receivers.shape[0]):
            for k in range(stacks.shape[0]):
                x, y, c, s, half, wide, high = stacks[k]
                ax, ay = senders[i, 0] - x, senders[i, 1] - y
                bx, by = receivers[j, 0] - x, receivers[j, 1] - y
                u0, v0 = c * ax + s * ay, c * ay - s * ax
                du, dv = c * bx + s * by - u0, c * by - s * bx - v0
                enter, leave = 0.0, 1.0
                for start, delta, limit in ((u0, du, half), (v0, dv, wide)):
                    if abs(delta) < 1e-12:
                        if abs(start) >= limit:
                            leave = -1.0
                    else:
                        a, b = (-limit - start) / delta, (limit - start) / delta
                        enter = max(enter, min(a, b))
                        leave = min(leave, max(a, b))
                if enter < leave:
                    rise = receiver_m - sender_m
                    if min(sender_m + enter * rise, sender_m + leave * rise) < high:
                        free[i, j] = False
                        break
    return free
