"""All demand on its shortest ways, compiled: one Dijkstra per origin, then the trips summed back along its tree.

Origins are dealt into a fixed number of blocks with a volume array each, which are added in a fixed order. So the sums
are the same to the bit whatever the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

BLOCKS = 16
NOWHERE = np.int64(-1)
COMPILED: dict[str, Any] = {"cache": True, "nogil": True}


@njit(**COMPILED)
def _sift_up(keys, nodes, place, size_at):
    """Move the entry at `size_at` up to where it belongs; `place[node]` is kept."""
    i = size_at
    key, node = keys[i], nodes[i]
    while i > 0:
        parent = (i - 1) >> 2
        if keys[parent] <= key:
            break
        keys[i], nodes[i] = keys[parent], nodes[parent]
        place[nodes[i]] = i
        i = parent
    keys[i], nodes[i] = key, node
    place[node] = i


@njit(**COMPILED)
def _sift_down(keys, nodes, place, size):
    """Move the first entry of a heap with four children down to where it belongs."""
    i = 0
    key, node = keys[0], nodes[0]
    while True:
        child = 4 * i + 1
        if child >= size:
            break
        best = child
        for other in range(child + 1, min(child + 4, size)):
            if keys[other] < keys[best]:
                best = other
        if keys[best] >= key:
            break
        keys[i], nodes[i] = keys[best], nodes[best]
        place[nodes[i]] = i
        i = best
    keys[i], nodes[i] = key, node
    place[node] = i


@njit(**COMPILED)
def shortest_tree(starts, head, cost, origin, first_thru, distance, before, order, keys, nodes, place):
    """Fill `distance` and `before` (link by which a node is reached); `order` gets the nodes as settled. Their number.

    Work arrays of the number of nodes: keys, nodes, place. A node below `first_thru` is not driven through.
    """
    distance[:] = np.inf
    before[:] = NOWHERE
    place[:] = NOWHERE
    distance[origin] = 0.0
    keys[0], nodes[0], place[origin] = 0.0, origin, 0
    size, settled = 1, 0
    while size > 0:
        here, gone = nodes[0], keys[0]
        size -= 1
        place[here] = -2
        if size > 0:
            keys[0], nodes[0] = keys[size], nodes[size]
            place[nodes[0]] = 0
            _sift_down(keys, nodes, place, size)
        order[settled] = here
        settled += 1
        if here < first_thru and here != origin:
            continue
        for link in range(starts[here], starts[here + 1]):
            there = head[link]
            reach = gone + cost[link]
            if reach < distance[there]:
                distance[there] = reach
                before[there] = link
                if place[there] < 0:
                    keys[size], nodes[size] = reach, there
                    place[there] = size
                    size += 1
                    _sift_up(keys, nodes, place, size - 1)
                else:
                    keys[place[there]] = reach
                    _sift_up(keys, nodes, place, place[there])
    return settled


@njit(parallel=True, **COMPILED)
def all_or_nothing(starts, tail, head, cost, demand, first_thru, volume, unreached):
    """volume (links,) := all demand on shortest ways; gives Σ demand × distance.

    demand (zones, nodes of zones) as a matrix; unreached (zones,) := trips of each origin that have no way.
    """
    count, links, zones = starts.size - 1, head.size, demand.shape[0]
    parts = np.zeros((BLOCKS, links))
    totals = np.zeros(BLOCKS)
    for block in prange(BLOCKS):
        distance, before = np.empty(count), np.empty(count, np.int64)
        order, keys, nodes = np.empty(count, np.int64), np.empty(count), np.empty(count, np.int64)
        place, load = np.empty(count, np.int64), np.zeros(count)
        mine = parts[block]
        for origin in range(block, zones, BLOCKS):
            unreached[origin] = 0.0
            settled = shortest_tree(
                starts, head, cost, origin, first_thru, distance, before, order, keys, nodes, place
            )  # fmt: skip
            for zone in range(zones):
                trips = demand[origin, zone]
                if trips > 0.0 and zone != origin:
                    if distance[zone] == np.inf:
                        unreached[origin] += trips
                    else:
                        load[zone] += trips
                        totals[block] += trips * distance[zone]
            for k in range(settled - 1, 0, -1):
                node = order[k]
                if load[node] > 0.0:
                    mine[before[node]] += load[node]
                    load[tail[before[node]]] += load[node]
                    load[node] = 0.0
            load[origin] = 0.0
    total = 0.0
    volume[:] = 0.0
    for block in range(BLOCKS):
        total += totals[block]
        for link in range(links):
            volume[link] += parts[block, link]
    return total


@njit(**COMPILED)
def tree_links(starts, tail, head, cost, origin, first_thru, targets, ways, room):
    """Shortest ways from one origin: ways[k, :n] := links to targets[k] in driving order, ways[k, room] := n."""
    count = starts.size - 1
    distance, before = np.empty(count), np.empty(count, np.int64)
    order, keys, nodes, place = (
        np.empty(count, np.int64),
        np.empty(count),
        np.empty(count, np.int64),
        np.empty(count, np.int64),
    )
    shortest_tree(starts, head, cost, origin, first_thru, distance, before, order, keys, nodes, place)
    for k in range(targets.size):
        n, node = 0, targets[k]
        if distance[node] < np.inf:
            while node != origin:
                n += 1
                node = tail[before[node]]
            node = targets[k]
            for i in range(n - 1, -1, -1):
                ways[k, i] = before[node]
                node = tail[before[node]]
        ways[k, room] = n
