"""The shape of the factor L of A = L D L^T, found once per network.

Closing a pipe changes numbers of the matrix, never its shape, so the elimination order, the places of the fill and the
list of updates serve all cases. The order is minimum degree on A + A^T (SuperLU's, through SciPy), as good as
EPANET's own; the fill of a pipe network is tiny (about two entries per node).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit


@dataclass(frozen=True)
class Shape:
    """Structure of L for `n` junctions.

    position: (n,) place of each junction in the elimination order.
    column: (n + 1,) start of each column's entries; row: (nnz,) their rows, ascending.
    target: (n_updates,) for column by column, for each pair of its entries x < y in order, the entry that
    receives -L_x L_y.
    """

    position: np.ndarray
    column: np.ndarray
    row: np.ndarray
    target: np.ndarray


@njit(cache=True, nogil=True)
def _fill(n, start, neighbour):
    """Columns of L by merging each column into its parent. `start`, `neighbour`: adjacency in elimination order."""
    size = max(16, 4 * neighbour.size)
    column = np.zeros(n + 1, np.int64)
    row = np.empty(size, np.int64)
    child = np.full(n, -1, np.int64)
    sibling = np.full(n, -1, np.int64)
    seen = np.full(n, -1, np.int64)
    top = 0
    for j in range(n):
        if top + n > size:
            larger = np.empty(2 * size + n, np.int64)
            larger[:top] = row[:top]
            row = larger
            size = row.size
        first = top
        seen[j] = j
        for p in range(start[j], start[j + 1]):
            i = neighbour[p]
            if i > j and seen[i] != j:
                seen[i] = j
                row[top] = i
                top += 1
        c = child[j]
        while c >= 0:
            for p in range(column[c], column[c + 1]):
                i = row[p]
                if i > j and seen[i] != j:
                    seen[i] = j
                    row[top] = i
                    top += 1
            c = sibling[c]
        row[first:top].sort()
        column[j + 1] = top
        if top > first:
            parent = row[first]
            sibling[j] = child[parent]
            child[parent] = j
    return column, row[:top].copy()


@njit(cache=True, nogil=True)
def _updates(n, column, row):
    """The entry that each pair of entries of a column updates."""
    total = 0
    for j in range(n):
        size = column[j + 1] - column[j]
        total += size * (size - 1) // 2
    target = np.empty(total, np.int64)
    place = np.full(n, -1, np.int64)
    t = 0
    for j in range(n):
        for x in range(column[j], column[j + 1]):
            c = row[x]
            for p in range(column[c], column[c + 1]):
                place[row[p]] = p
            for y in range(x + 1, column[j + 1]):
                target[t] = place[row[y]]
                t += 1
    return target


def analyse(n: int, first: np.ndarray, second: np.ndarray) -> Shape:
    """Order and structure for `n` junctions joined by links between junctions `first` and `second`."""
    from scipy.sparse import coo_matrix, eye
    from scipy.sparse.linalg import splu

    kept = first != second
    a, b = first[kept], second[kept]
    matrix = coo_matrix((np.ones(a.size), (a, b)), shape=(n, n))
    graph = matrix + matrix.T
    heavy = (graph + eye(n) * (4.0 + graph.shape[0])).tocsc()
    factor = splu(heavy, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    position = np.asarray(factor.perm_c, np.int64)
    pa, pb = position[a], position[b]
    ordered = coo_matrix((np.ones(2 * a.size), (np.r_[pa, pb], np.r_[pb, pa])), shape=(n, n)).tocsr()
    column, row = _fill(n, ordered.indptr.astype(np.int64), ordered.indices.astype(np.int64))
    return Shape(position, column, row, _updates(n, column, row))


def entries(shape: Shape, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Where the links between junctions (-1 for a tank or reservoir) have their entry of L; -1 for none."""
    where = {}
    for j in range(shape.position.size):
        for p in range(shape.column[j], shape.column[j + 1]):
            where[int(shape.row[p]), j] = p
    found = np.full(first.size, -1, np.int64)
    for k, (a, b) in enumerate(zip(first, second, strict=True)):
        if a >= 0 and b >= 0 and a != b:
            i, j = int(shape.position[a]), int(shape.position[b])
            found[k] = where[max(i, j), min(i, j)]
    return found
