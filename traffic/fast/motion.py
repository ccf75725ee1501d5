"""Small pieces of the queue kernel: how long a stretch takes, signals, random numbers. Numba only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from traffic.fast.layout import BUCKET, CLEARS, GIVES_WAY, GOES, WHEEL
from traffic.fast.stale import forget_stale

forget_stale()

COMPILED: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "boundscheck": False}
BARE: dict[str, Any] = COMPILED | {"_nrt": False}
"""For kernels that allocate nothing. Without reference counts: counting every array of a state at every call takes
longer than what the call does."""
INLINED: dict[str, Any] = BARE | {"forceinline": True}
"""For small functions that take whole tables: handing the tables over would cost more than they do."""
NEVER = 1e18


@njit(**INLINED)
def run(v0, top, length, accel):
    """(s, m/s): time for a stretch and speed at its end, from v0, accelerating to `top`."""
    if v0 >= top:
        return length / top, top
    way = (top * top - v0 * v0) / (2.0 * accel)
    if way >= length:
        v1 = np.sqrt(v0 * v0 + 2.0 * accel * length)
        return (v1 - v0) / accel, v1
    return (top - v0) / accel + (length - way) / top, top


@njit(**INLINED)
def green(s, t, roads, st, yellow_s):
    """(time, kind): the first moment from t on that signal s shows green, and whether it has priority then (1) or
    gives way (0). A dark signal is always a case of giving way; one that stays red never turns green, and nobody
    knows when one turns green that vehicles decide on."""
    if st.dark[s] == 1:
        return t, 0
    if st.dark[s] == 2:
        return NEVER, 0
    signal, window = roads.signal, roads.window
    if signal[s].control >= 0:
        shown = st.head[s].shown
        if shown in (GOES, GIVES_WAY):
            return t, np.int64(shown == GOES)
        if shown == CLEARS and t < st.head[s].since + yellow_s:
            return t, 1
        return NEVER, 0
    cycle = signal[s].cycle
    tau = t - signal[s].offset
    tau -= cycle * np.floor(tau / cycle)
    best, kind = NEVER, np.int64(0)
    for w in range(signal[s].window, signal[s].window + signal[s].windows):
        a, b = window[w].start, window[w].end
        if (a <= tau < b) or (tau + cycle < b):
            return t, np.int64(window[w].major)
        wait = a - tau
        if wait < 0.0:
            wait += cycle
        if t + wait < best:
            best, kind = t + wait, np.int64(window[w].major)
    return best, kind


@njit(**INLINED)
def mix(seed, entity, counter):
    """A uniform number in [0, 1) that belongs to (seed, entity, counter): splitmix64, whatever the order of calls."""
    x = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(entity) * np.uint64(0xBF58476D1CE4E5B9)
    x += np.uint64(counter) * np.uint64(0x94D049BB133111EB) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x = x ^ (x >> np.uint64(31))
    return float(x >> np.uint64(11)) / 9007199254740992.0


@njit(**COMPILED)
def keyed(seed, n, counter):
    """(n,) keyed uniform numbers."""
    out = np.empty(n)
    for k in range(n):
        out[k] = mix(seed, k, counter)
    return out


@njit(**INLINED)
def put_in(item, t, bucket_s, calendar, follow, listed, count):
    """Put an item into the calendar at time t, or into the present bucket when t is past. Once only."""
    if listed[item]:
        return
    now = count[BUCKET]
    b = now if t <= now * bucket_s else min(np.int64(t / bucket_s), now + WHEEL - 1)
    b = max(b, now)
    k = b & (WHEEL - 1)
    follow[item] = -1
    if calendar[0, k] < 0:
        calendar[0, k] = item
    else:
        follow[calendar[1, k]] = item
    calendar[1, k] = item
    listed[item] = 1
