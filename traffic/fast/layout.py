"""How a network, a fleet and the state of a run lie in memory: one record array per kind of thing.

Records keep what is read together in one cache line, and a kernel takes a dozen arrays instead of a hundred. Static
arrays (`Roads`, `Fleet`) are shared by all cases of a batch; `State` belongs to one run.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def _record(**fields: str) -> np.dtype[Any]:
    return np.dtype(list(fields.items()), align=True)


EDGE = _record(length="f8", speed="f8", lane="i4", lanes="i4", turn="i4", turns="i4")
"""length m, limit m/s, first lane and number of lanes, first turn and number of turns."""
LANE = _record(ring="i8", lag="f8", edge="i4", cap="i4", inner="i4")
"""First slot in the ring of exit times; s that a gap takes to move up the lane; edge; slots; connection for a place to
wait inside a junction, else -1."""
TURN = _record(start="i4", end="i4", conn="i4", conns="i4")
"""Edge to edge, and the lane-to-lane connections that make it."""
CONN = _record(
    length="f8", length2="f8", speed="f8", clear="f8", pace="f8",
    start="i4", end="i4", turn="i4", inner="i4", signal="i4", foe="i4", foes="i4",
)  # fmt: skip
"""Lane to lane. length m up to the place to wait inside (else all of it), length2 m behind it, speed m/s in the turn;
`clear` s after a vehicle passed it still holds up others; `pace` scales headways and gaps
(fitted, else 1); lane,
lane, turn, waiting place (-1), signal (-1), first of the connections it gives way to and their number."""
SIGNAL = _record(cycle="f8", offset="f8", window="i4", windows="i4", control="i4")
"""One signal head: its greens within a cycle, or the controller that decides (-1: fixed times)."""
WINDOW = _record(start="f8", end="f8", major="i4")
"""A green from start to end s in the cycle; major 0 where it gives way all the same."""
CONTROL = _record(
    gap="f8", phase="i4", phases="i4", head="i4", heads="i4", lane="i4", lanes="i4"
)  # fmt: skip
"""A traffic light whose phases last as long as vehicles come: largest gap s; its phases, heads and lanes."""
PHASE = _record(least="f8", most="f8", letter="i4", detector="i4", detectors="i4")
"""Shortest and longest s (the same: fixed); first of the letters of the controller's heads; detectors that keep it."""
DETECTOR = _record(ahead="f8", lane="i4")
"""m before the line, and lane."""
VEHICLE = _record(
    depart="f8", factor="f8", top="f8", accel="f8", decel="f8", dawdle="f8", vclass="i8", route="i8", exits="i8",
    origin="i4", slots="i4", stop="i4", stops="i4",
)  # fmt: skip
"""depart s; share of the limit, top speed m/s, acceleration and braking m/s2, what dawdling takes from the speed m/s;
class as one bit (0: any lane); first position in the pool of routes and in the record of exits; edge; slots on a lane;
first stop and number of stops."""
STOP = _record(dwell="f8", edge="i4", lane="i4", kind="i4")
"""A stop: seconds, edge, lane of the edge (-1: any), and one of:"""
PASSING, AT_END, OFF_LANE = range(3)
"""On the lane, while others ahead go on; at the end of the lane, one after the other; off the lane."""

EDGE_STATE = _record(
    speed="f8", time="f8", sum="f8", wake="f8", allow="i8", n="i4", waiter="i4", head="i4", tail="i4", vehicles="i4"
)
"""limit now; travel time as drivers know it, s; sum and number of those who left since it was made; when the first
of those who want to begin here tries; classes allowed on any lane; lanes that wait for room here; queue at the origin;
vehicles on it."""
LANE_STATE = _record(
    t_out="f8", v_out="f8", t_in="f8", wake="f8", since="f8", service="f8", allow="i8", n_in="i8", n_out="i8",
    head="i4", tail="i4", status="i4", waiter="i4", slot_in="i4", slot_out="i4",
)  # fmt: skip
"""When and how fast the last one left, when the last one came; next try; blocked since; mean time per
vehicle of its queue; classes allowed; slots that ever came and left; queue; status; next lane in the list of those
waiting for the same edge; slots of the ring that are next."""
VEHICLE_STATE = _record(
    ready="f8", depart="f8", arrival="f8", enter="f8", free="f8", at="i8",
    lane="i4", next="i4", conn="i4", stop="i4", state="i4", outcome="i4",
)  # fmt: skip
"""Earliest time at the end of the lane; began, ended, came onto the edge, s; s that the way so far takes when nothing
is in the way, stops included; position in the pool of routes; lane, the
one behind, connection ahead, next stop; state; what closures did to it."""

CONTROL_STATE = _record(since="f8", next="f8", phase="i4")
"""When the present phase began and when the controller looks again, s; the phase."""
HEAD_STATE = _record(since="f8", shown="i4")
"""What an actuated signal head shows, and since when, s."""
STOPS, GIVES_WAY, GOES, CLEARS = range(4)
"""Letters: red, green that gives way, green with priority, yellow."""

FUTURE, WAITING, DRIVING, ARRIVED, HELD, CANCELLED, PARKED = range(7)
"""Not yet due; due but no room on the road; on the road; done; pulled over without a way; never began; at a stop off
the lane."""
SPARED, REROUTED, STRANDED, NEVER_BEGAN = range(4)
"""What a closure did to a trip: nothing; another way; held without one; stayed at home."""
IDLE, DUE, RED, YIELD, ROOM = range(5)
"""A lane: nobody ahead or only the calendar; at a red light; giving way; no room ahead."""
LAST = -1
"""The turn behind the last edge of a route."""

NOT_LISTED = -2
"""A lane that is in no list of waiters."""
PUT_IN, LOADED, BUCKET, RELIEVED, POOL_END, LAPSED, MOVES, MISSED, RESTING = range(9)
"""Counters of a run: next vehicle to load, loaded, bucket of the calendar, reliefs, end of the pool of routes, patience
lost at a junction, moves, stops left out, vehicles that park until a time."""
COUNTERS = 9
WHEEL = 1024
"""Buckets of the calendar, a power of two."""


class Actuated(NamedTuple):
    """Traffic lights whose phases last as long as vehicles come."""

    control: Array
    phase: Array
    letter: Array
    """(phases x heads,) i1."""
    head: Array
    """Signals of each controller."""
    detector: Array
    lane: Array
    """Lanes that end at each controller's signals."""


class Roads(NamedTuple):
    """The network."""

    edge: Array
    lane: Array
    turn: Array
    conn: Array
    foe: Array
    signal: Array
    window: Array
    slots: int
    """Length of the ring of exit times of all lanes."""
    actuated: Actuated


class Fleet(NamedTuple):
    """All vehicles in the order of departure, and their routes."""

    vehicle: Array
    stop: Array
    turn: Array
    """(pool,) i4: turns of all routes in a row, each ended by LAST."""
    mask: Array
    """(pool,) i8: lanes of the edge before each turn (bit k: k-th lane) from which the route goes on."""


class Ways(NamedTuple):
    """What looking for ways needs beside the roads."""

    first: Array
    turn: Array
    """turn[first[e]:first[e + 1]]: the turns into edge e."""
    built: Array
    """(n_lanes,) classes of each lane before any closure."""
    lookahead_m: float


class Physics(NamedTuple):
    """What drivers do, as bare numbers for the kernels (see `traffic.fast.rules`)."""

    reaction: float
    slot: float
    start: float
    creep: float
    minor: float
    merge: float
    patience: float
    give_way_patience: float
    bucket: float
    gap: float
    after: float
    car: float
    lane_cost: float
    change_cost: float
    insertion: float
    learn: float
    yellow: float
    blue: int
    """Class that passes red lights, as a bit; -1: none."""


class State(NamedTuple):
    """One run."""

    edge: Array
    lane: Array
    vehicle: Array
    passed: Array
    """(n_conn,) when the last vehicle passed."""
    dark: Array
    """(n_signal,) 0 works, 1 dark, 2 red."""
    control: Array
    head: Array
    """(n_control,) and (n_signal,): actuated traffic lights."""
    ring: Array
    calendar: Array
    """(2, WHEEL) first and last item of each bucket."""
    follow: Array
    """(items,) next item in the bucket."""
    listed: Array
    """(items,) whether an item is in the calendar."""
    count: Array  # type: ignore[assignment]
    rest_t: Array
    rest_v: Array
    """Heap of (s, vehicle): who parks, and until when."""
    turn: Array
    mask: Array
    entered: Array
    """(intervals, n_edges) vehicles that came onto each edge."""
    spent: Array
    """(intervals, n_edges) s that those who left had been on it."""
    left: Array
    exits: Array
    """(pool,) exit time of every edge of every vehicle's own route, or (0,) when not wanted."""
    interval: float
    """s per row of `entered`, `spent` and `left`."""
