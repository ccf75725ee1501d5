"""Which nodes a source still reaches when links are shut. Numba only."""

from __future__ import annotations

import numpy as np
from numba import njit

from hydraulics.fast.arrays import Network


@njit(cache=True, nogil=True)
def _walk(start, link, other, shut, sources, n, stack, seen):
    """Mark all nodes joined to a source by links that are not shut."""
    seen[:] = False
    top = 0
    for s in sources:
        seen[s] = True
        stack[top] = s
        top += 1
    while top > 0:
        top -= 1
        i = stack[top]
        for p in range(start[i], start[i + 1]):
            j = other[p]
            if not shut[link[p]] and not seen[j]:
                seen[j] = True
                stack[top] = j
                top += 1


@njit(cache=True, nogil=True)
def _walk_all(start, link, other, shut, sources, n, close_at, close, reached):
    stack = np.empty(n, np.int64)
    for c in range(close_at.size - 1):
        changed = close[close_at[c] : close_at[c + 1]]
        before = shut[changed]
        shut[changed] = True
        _walk(start, link, other, shut, sources, n, stack, reached[c])
        shut[changed] = before


def reached_nodes(network: Network, shut: np.ndarray, closures: list[tuple[int, ...]]) -> np.ndarray:
    """(n_cases, n_nodes) whether a tank or reservoir is joined to each node when the case's links are shut.

    shut: (n_links,) links that are shut in every case. Check valves and pumps count as open in both directions.
    """
    n, m = network.n_nodes, network.n_links
    ends = np.concatenate([network.first, network.second])
    order = np.argsort(ends, kind="stable")
    start = np.searchsorted(ends[order], np.arange(n + 1))
    link = np.tile(np.arange(m), 2)[order]
    other = np.concatenate([network.second, network.first])[order]
    close_at = np.cumsum([0, *map(len, closures)])
    close = np.array([k for case in closures for k in case], np.int64)
    reached = np.zeros((len(closures), n), np.bool_)
    shut = shut.copy()
    sources = np.arange(network.n_junctions, n)
    _walk_all(start, link, other, shut, sources, n, close_at.astype(np.int64), close, reached)
    return reached
