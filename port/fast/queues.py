"""Small structures of the event loop: the heap of events, lines of trucks, sets to look at, wakes, the log."""

from __future__ import annotations

from typing import Any

from numba import njit

from port import codes as c
from port.fast import memory as m
from port.fast.memory import COMPILED, INLINED

DETAIL_LOW, DETAIL_HIGH = min(c.DETAIL), max(c.DETAIL)
RANK_BITS = c.RANK_BITS
NEVER = 1 << 62


@njit(**INLINED)
def sink(heap: Any, n: int, time: int, rank: int) -> None:
    """Put an event into the gap at the root of a heap of n events, itself counted."""
    j = 0
    while True:
        child = 2 * j + 1
        if child >= n:
            break
        t, k = heap[child, 0], heap[child, 1]
        if child + 1 < n:
            other_t, other_k = heap[child + 1, 0], heap[child + 1, 1]
            if other_t < t or (other_t == t and other_k < k):
                child, t, k = child + 1, other_t, other_k
        if time < t or (time == t and rank < k):
            break
        heap[j, 0], heap[j, 1] = t, k
        j = child
    heap[j, 0], heap[j, 1] = time, rank


@njit(**COMPILED)
def push(P: Any, kind: int, entity: int, time: int) -> None:
    """A timed event. It fills the gap that the last one has left, where there is one: most events follow another."""
    g, heap = m.clocks(P)[0], m.heap(P)
    rank = (kind << RANK_BITS) + entity
    j = g.heap_n
    g.heap_n = j + 1
    if g.gap:
        g.gap = 0
        sink(heap, j + 1, time, rank)
        return
    while j > 0:
        p = (j - 1) >> 1
        if heap[p, 0] < time or (heap[p, 0] == time and heap[p, 1] < rank):
            break
        heap[j, 0], heap[j, 1] = heap[p, 0], heap[p, 1]
        j = p
    heap[j, 0], heap[j, 1] = time, rank


@njit(**INLINED)
def pop(P: Any) -> int:
    """Remove the first event, leave a gap at the root and give its rank."""
    g = m.clocks(P)[0]
    g.gap = 1
    g.heap_n -= 1
    return m.heap(P)[0, 1]


@njit(**INLINED)
def close_gap(P: Any) -> None:
    """Fill the gap at the root with the last event."""
    g, heap = m.clocks(P)[0], m.heap(P)
    g.gap = 0
    n = g.heap_n
    if n:
        sink(heap, n, heap[n, 0], heap[n, 1])


@njit(**INLINED)
def next_time(P: Any) -> int:
    """When the next event is due, NEVER when there is none; the gap may stay."""
    g, heap = m.clocks(P)[0], m.heap(P)
    if not g.gap:
        return heap[0, 0] if g.heap_n else NEVER
    first = heap[1, 0] if g.heap_n else NEVER
    return min(first, heap[2, 0]) if g.heap_n > 1 else first


@njit(**INLINED)
def note(P: Any, code: int, entity: int, a: int, b: int) -> None:
    """A row of the event log."""
    g = m.clocks(P)[0]
    if g.level == 2 or (g.level == 1 and not DETAIL_LOW <= code <= DETAIL_HIGH):
        rows, n = m.log_rows(P), g.log_n
        rows[n, 0], rows[n, 1], rows[n, 2], rows[n, 3], rows[n, 4] = g.now, code, entity, a, b
        g.log_n = n + 1


@njit(**COMPILED)
def look(P: Any, which: int, x: int) -> None:
    """Put a thing into a set of what the next settling pass looks at. Sets are kept falling, the smallest last."""
    m.clocks(P)[0].marked = 1
    flag = m.set_flag(P)
    if flag[which, x]:
        return
    flag[which, x] = 1
    members, counts = m.set_list(P), m.set_n(P)
    j = counts[which]
    counts[which] = j + 1
    while j > 0 and members[which, j - 1] < x:
        members[which, j] = members[which, j - 1]
        j -= 1
    members[which, j] = x


@njit(**INLINED)
def take(P: Any, which: int) -> int:
    """Remove the smallest member of a set that is not empty."""
    counts = m.set_n(P)
    n = counts[which] - 1
    counts[which] = n
    x = m.set_list(P)[which, n]
    m.set_flag(P)[which, x] = 0
    return x


@njit(**COMPILED)
def wake(P: Any, why: int, who: int) -> None:
    """Somebody goes on at this instant, after those woken before."""
    g, queue = m.clocks(P)[0], m.wakes(P)
    queue[g.wakes_last] = (why << RANK_BITS) + who
    g.wakes_last = (g.wakes_last + 1) % len(queue)


@njit(**INLINED)
def join(P: Any, line: int, car: int) -> None:
    """A truck joins the end of a line."""
    s, v = m.lines(P)[line], m.cars(P)
    v[car].next = -1
    if s.n == 0:
        s.head = car
    else:
        v[s.tail].next = car
    s.tail = car
    s.n += 1


@njit(**INLINED)
def ask_last(P: Any, line: int, car: int) -> None:
    """Like `join`, in the line of a block, in which a truck may be while it still drives."""
    s, v = m.lines(P)[line], m.cars(P)
    v[car].asks = -1
    if s.n == 0:
        s.head = car
    else:
        v[s.tail].asks = car
    s.tail = car
    s.n += 1


@njit(**COMPILED)
def ask_first(P: Any, line: int, car: int) -> None:
    """A truck comes to the head of a block's line."""
    s, v = m.lines(P)[line], m.cars(P)
    v[car].asks = s.head if s.n else -1
    if s.n == 0:
        s.tail = car
    s.head = car
    s.n += 1


@njit(**INLINED)
def first_asking(P: Any, line: int) -> int:
    """The first truck leaves a block's line that is not empty."""
    s = m.lines(P)[line]
    car = s.head
    s.head = m.cars(P)[car].asks
    s.n -= 1
    return car


@njit(**INLINED)
def leave_first(P: Any, line: int) -> int:
    """The first truck leaves a line that is not empty."""
    s = m.lines(P)[line]
    car = s.head
    s.head = m.cars(P)[car].next
    s.n -= 1
    return car


@njit(**COMPILED)
def leave(P: Any, line: int, car: int) -> None:
    """A truck leaves a line from wherever it stands in it."""
    s, v = m.lines(P)[line], m.cars(P)
    if s.head == car:
        s.head = v[car].next
    else:
        before = s.head
        while v[before].next != car:
            before = v[before].next
        v[before].next = v[car].next
        if s.tail == car:
            s.tail = before
    s.n -= 1


@njit(**COMPILED)
def call(P: Any, line: int, car: int) -> None:
    """Like `join`, in a line that a truck can be in beside another (calls for an operator)."""
    s, v = m.lines(P)[line], m.cars(P)
    v[car].link = -1
    if s.n == 0:
        s.head = car
    else:
        v[s.tail].link = car
    s.tail = car
    s.n += 1
