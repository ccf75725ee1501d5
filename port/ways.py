"""Quickest ways as tables: from every place, and from the end of every lane, to every place.

A lane has two arcs, 2·lane forwards and 2·lane + 1 backwards. The tables are made anew when a lane opens or closes;
both engines drive by them. `port.network.Router` searches the same ways one by one and is what the tests hold them to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

if TYPE_CHECKING:
    from port.plan import Plan

NO_WAY_US = 1 << 60
"""Time to a place that cannot be reached."""
FAR = 1e18


@dataclass(frozen=True)
class Ways:
    """Tables for one set of closed lanes. First axis: kind of vehicle (0 driverless, 1 manned).

    hop     (2, n_arcs, n_places) the arc to take from an arc's end; −1 where no way leads on
    first   (2, n_places, n_places) the arc to take from a place; −1 at the place itself and where there is no way
    time_us (2, n_places, n_places) at the posted limits, turns included; NO_WAY_US where there is none
    open_block (2, n_blocks) whether the block's lane is open
    """

    hop: NDArray[np.int32]
    first: NDArray[np.int32]
    time_us: NDArray[np.int64]
    open_block: NDArray[np.int64]

    @classmethod
    def of(cls, plan: Plan, closed: frozenset[int] = frozenset()) -> Ways:
        """Tables while these lanes are closed. A closed lane is not entered; who stands at its end may leave it."""
        places, arcs = len(plan.place_lane), len(plan.arc_mm)
        hop = np.empty((2, arcs, places), np.int32)
        first = np.empty((2, places, places), np.int32)
        time_us = np.empty((2, places, places), np.int64)
        open_block = np.empty((2, len(plan.block_place)), np.int64)
        for kind in (0, 1):
            shut = np.array([lane in closed or not plan.allowed[kind, lane] for lane in range(arcs // 2)])
            if kind == 1 and np.array_equal(plan.allowed[0], plan.allowed[1]):
                hop[1], first[1], time_us[1], open_block[1] = hop[0], first[0], time_us[0], open_block[0]
                break
            _fill(
                *(plan.place_lane, plan.place_mm, plan.arc_mm, plan.arc_head, plan.arc_tail, plan.oneway, shut),
                *(plan.limit, plan.turns, plan.turn_s, plan.in_start, plan.in_arcs, plan.out_start, plan.out_arcs),
                *(hop[kind], first[kind], time_us[kind]),
            )
            open_block[kind] = ~shut[plan.place_lane[plan.block_place]]
        return cls(hop, first, time_us, open_block)


@njit(cache=True, nogil=True)
def _reach(
    arc: int,
    from_here: float,
    tail: Any,
    turns: Any,
    turn_s: float,
    in_start: Any,
    in_arcs: Any,
    cost: Any,
    hop: Any,
    queue: Any,
    queued: Any,
    write: int,
) -> int:
    """Arcs that lead into `arc` learn of a quicker way: `from_here` s and the turn. Who does queues up, once; returns
    where the queue is written next. Nobody turns round."""
    for k in range(in_start[tail[arc]], in_start[tail[arc] + 1]):
        before = in_arcs[k]
        if before == arc ^ 1:
            continue
        c = from_here + (turn_s if turns[before, arc] else 0.0)
        if c < cost[before]:
            cost[before] = c
            hop[before] = arc
            if not queued[before]:
                queued[before] = True
                queue[write] = before
                write = (write + 1) % len(queue)
    return write


@njit(cache=True, nogil=True)
def _fill(
    lane_of: Any,
    mm: Any,
    arc_mm: Any,
    head: Any,
    tail: Any,
    oneway: Any,
    shut: Any,
    limit: Any,
    turns: Any,
    turn_s: float,
    in_start: Any,
    in_arcs: Any,
    out_start: Any,
    out_arcs: Any,
    hop: Any,
    first: Any,
    time_us: Any,
) -> None:
    """Label-correcting search backwards from every place, then the way out of every place."""
    n_arcs, n_places = len(arc_mm), len(lane_of)
    cost = np.empty(n_arcs)
    queue = np.empty(n_arcs + 1, np.int64)
    queued = np.empty(n_arcs, np.bool_)
    for goal in range(n_places):
        cost[:] = FAR
        queued[:] = False
        hop[:, goal] = -1
        read, write = 0, 0
        lane = lane_of[goal]
        for back in range(2):
            b = 2 * lane + back
            if shut[lane] or (back == 1 and oneway[lane]):
                continue
            into = (mm[goal] if back == 0 else arc_mm[b] - mm[goal]) * 0.001 / limit[lane]
            write = _reach(b, into, tail, turns, turn_s, in_start, in_arcs, cost, hop[:, goal], queue, queued, write)
        while read != write:
            a = queue[read]
            read = (read + 1) % (n_arcs + 1)
            queued[a] = False
            at = a >> 1
            if shut[at] or (a & 1 == 1 and oneway[at]) or at == lane:
                continue
            through = arc_mm[a] * 0.001 / limit[at] + cost[a]
            write = _reach(a, through, tail, turns, turn_s, in_start, in_arcs, cost, hop[:, goal], queue, queued, write)
        for start in range(n_places):
            own = lane_of[start]
            if start == goal:
                first[start, goal] = -1
                time_us[start, goal] = 0
                continue
            if own == lane and not shut[own] and (mm[goal] >= mm[start] or not oneway[own]):
                first[start, goal] = 2 * own + (1 if mm[goal] < mm[start] else 0)
                time_us[start, goal] = int(abs(mm[goal] - mm[start]) * 0.001 / limit[own] * 1e6)
                continue
            best, take = FAR, -1
            for back in range(2):
                a = 2 * own + back
                away = arc_mm[a] - mm[start] if back == 0 else mm[start]
                if away > 0 and (shut[own] or (back == 1 and oneway[own])):
                    continue
                if hop[a, goal] < 0:
                    continue
                c = away * 0.001 / limit[own] + cost[a]
                if c < best:
                    best, take = c, a
            first[start, goal] = take
            time_us[start, goal] = NO_WAY_US if take < 0 else int(best * 1e6)
