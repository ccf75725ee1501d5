"""From the places of one model to those of another: the sparse mapping of a link.

Rows are targets, columns are sources. For an amount every column sums to one (all that a source gives arrives
somewhere, once); for a state every row holds the sources that a target looks at.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from twin.places import City, FloatArray, Grid, Lines, Places, Points
from twin.ports import Join, Kind


def join(source: Places, target: Places, rule: Join, kind: Kind, prefix: str = "") -> sparse.csr_array:
    """The (target.size, source.size) mapping matrix of a link.

    A target without a source has an empty row (it keeps its port's default); a source of an amount without a target
    has an empty column, which the caller refuses. `prefix` is the target's section: `SAME_ID` also matches
    `prefix.id`, so that one list of loads can serve several domains.
    """
    if rule is Join.SAME_ID:
        return _same_id(source, target, prefix)
    if rule is Join.ALL or isinstance(source, City) or isinstance(target, City):
        return _all(source, target, kind)
    if rule is Join.ALONG_MAX and isinstance(source, Grid):
        return _along(source, target)
    return _nearest_amount(source, target) if kind is Kind.AMOUNT else _nearest_state(source, target)


def dense_along(shape: FloatArray, step_m: float) -> FloatArray:
    """Points on a polyline (k, 2) no further than `step_m` apart, both ends and all corners included."""
    shape = np.asarray(shape, dtype=float)
    if len(shape) < 2:
        return shape
    lengths = np.hypot(*np.diff(shape, axis=0).T)
    pieces = [
        a + (b - a) * np.linspace(0.0, 1.0, max(2, int(np.ceil(length / step_m)) + 1))[:-1, None]
        for a, b, length in zip(shape[:-1], shape[1:], lengths, strict=True)
    ]
    return np.vstack([*pieces, shape[-1:]])


def middle_of(shape: FloatArray) -> FloatArray:
    """The point half way along a polyline (k, 2)."""
    shape = np.asarray(shape, dtype=float)
    if len(shape) == 1:
        return shape[0]
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))])
    half = along[-1] / 2
    return np.array([np.interp(half, along, shape[:, 0]), np.interp(half, along, shape[:, 1])])


def _matrix(rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]) -> sparse.csr_array:
    matrix = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    return matrix


def _points_of(places: Places) -> FloatArray:
    if isinstance(places, Points):
        return np.asarray(places.xy, dtype=float).reshape(-1, 2)
    if isinstance(places, Lines):
        return np.array([middle_of(shape) for shape in places.shapes]).reshape(-1, 2)
    if isinstance(places, Grid):
        columns, rows = np.meshgrid(np.arange(places.nx), np.arange(places.ny))
        return np.c_[
            places.x0 + (columns.ravel() + 0.5) * places.cell_m, places.y0 + (rows.ravel() + 0.5) * places.cell_m
        ]
    raise TypeError("the city as a whole has no position")


def _same_id(source: Places, target: Places, prefix: str) -> sparse.csr_array:
    if isinstance(source, Grid) or isinstance(target, Grid):
        raise TypeError("cells of a grid cannot be joined by name")
    index = {name: i for i, name in enumerate(source.ids)}
    found = [(row, index.get(f"{prefix}.{name}", index.get(name))) for row, name in enumerate(target.ids)]
    hits = [(row, column) for row, column in found if column is not None]
    rows, columns = np.array(hits, dtype=np.int64).reshape(-1, 2).T
    return _matrix(rows, columns, (target.size, source.size))


def _all(source: Places, target: Places, kind: Kind) -> sparse.csr_array:
    if source.size != 1 and kind is Kind.STATE:
        return _nearest_state(source, target)
    if kind is Kind.AMOUNT and target.size != 1:
        raise ValueError("an amount for the whole city cannot be shared out among several places")
    shape = (target.size, source.size)
    return sparse.csr_array(np.ones(shape))


def _along(grid: Grid, target: Places) -> sparse.csr_array:
    """Every cell that a target line crosses (sampled at half a cell); the cell of a point."""
    if isinstance(target, Lines):
        samples = [dense_along(shape, grid.cell_m / 2) for shape in target.shapes]
        rows = np.repeat(np.arange(target.size), [len(s) for s in samples])
        xy = np.vstack(samples) if samples else np.zeros((0, 2))
    else:
        xy = _points_of(target)
        rows = np.arange(target.size)
    cells = grid.cells_of(xy) if len(xy) else np.zeros(0, dtype=np.int64)
    inside = cells >= 0
    return _matrix(rows[inside], cells[inside], (target.size, grid.size))


def _nearest_state(source: Places, target: Places) -> sparse.csr_array:
    if isinstance(source, Grid):
        return _along(source, Points(tuple(map(str, range(target.size))), _points_of(target)))
    _, nearest = cKDTree(_points_of(source)).query(_points_of(target))
    return _matrix(np.arange(target.size), np.atleast_1d(nearest).astype(np.int64), (target.size, source.size))


def _nearest_amount(source: Places, target: Places) -> sparse.csr_array:
    given = _points_of(source)
    if isinstance(target, Grid):
        rows = target.cells_of(given)
    else:
        _, rows = cKDTree(_points_of(target)).query(given)
        rows = np.atleast_1d(rows).astype(np.int64)
    inside = np.flatnonzero(rows >= 0)
    return _matrix(rows[inside], inside, (target.size, source.size))
