"""Cheap dispatch rules, compiled once and called by both engines.

All choose one pair of a waiting order and an idle truck, and are asked again until they choose none. Of equals the
older order counts, then the truck with the lower number. Orders come by age, trucks by number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from port.draws import GAMMA
from port.ways import NO_WAY_US

FIFO_NEAREST, NEAREST_IDLE, DEDICATED, LEAST_COVERED, RANDOM = range(5)
NONE = -1
STEP, M1, M2 = np.uint64(GAMMA), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
S30, S27, S31, S32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32)


@njit(cache=True, nogil=True)
def drawn_crane(newest: int, truck: int, n_cranes: int) -> Any:
    """A crane for a truck that needs no stream: SplitMix64's finaliser of the newest order and the truck."""
    z = np.uint64(newest) * STEP + np.uint64(truck)
    z = (z ^ (z >> S30)) * M1
    z = (z ^ (z >> S27)) * M2
    z = z ^ (z >> S31)
    return np.int64(((z >> S32) * np.uint64(n_cranes)) >> S32)


@njit(cache=True, nogil=True)
def choose(
    rule: int,
    n_orders: int,
    order_crane: Any,
    order_pick: Any,
    n_trucks: int,
    truck: Any,
    truck_place: Any,
    cover: Any,
    time_us: Any,
    newest: int,
) -> int:
    """The chosen pair as order · 2^20 + truck (indices into the given lists), or NONE.

    rule : FIFO_NEAREST oldest order, nearest truck; NEAREST_IDLE the shortest empty trip of all; DEDICATED like
    FIFO_NEAREST with trucks of the crane's own gang alone (truck number modulo cranes); LEAST_COVERED the order of the
    crane with the fewest trucks on their way to it, nearest truck; RANDOM the oldest order of a crane drawn from the
    newest order's number and the truck's, for the truck with the lowest number (the baseline of comparisons).
    order_crane, order_pick : (≥ n_orders,) crane and place.  truck, truck_place : (≥ n_trucks,).
    cover : (n_cranes,) trucks on their way to each crane.  time_us : (n_places, n_places).
    """
    best_time, best = NO_WAY_US, NONE
    best_cover = 1 << 40
    if rule == RANDOM:
        crane = drawn_crane(newest, truck[0], len(cover))
        for i in range(n_orders):
            if time_us[truck_place[0], order_pick[i]] < NO_WAY_US:
                if order_crane[i] == crane:
                    return i << 20
                if best == NONE:
                    best = i << 20
        return best
    for i in range(n_orders):
        crane, pick = order_crane[i], order_pick[i]
        if rule == LEAST_COVERED and cover[crane] >= best_cover:
            continue
        near_time, near = NO_WAY_US, NONE
        for k in range(n_trucks):
            if rule == DEDICATED and truck[k] % len(cover) != crane:
                continue
            away = time_us[truck_place[k], pick]
            if away < near_time:
                near_time, near = away, k
        if near == NONE:
            continue
        if rule == NEAREST_IDLE:
            if near_time < best_time:
                best_time, best = near_time, (i << 20) + near
        elif rule == LEAST_COVERED:
            best_cover, best = cover[crane], (i << 20) + near
        else:
            return (i << 20) + near
    return best
