"""Arrays as short text inside a page: gzip of differences in time, unpacked by the browser itself.

A flood that moves slowly changes few cells from one picture to the next, so that 23 MB of depths become half a
megabyte. The browser's `DecompressionStream` undoes it; nothing is fetched.
"""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

NO_CLASS = 255
"""Class of a place that a run does not have, or where a value is not a number."""
NO_VALUE = 65535


def blob(data: bytes) -> str:
    """Bytes as gzip in base64; equal input gives equal text."""
    return base64.b64encode(gzip.compress(data, 6, mtime=0)).decode("ascii")


def pack(values: NDArray[Any]) -> str:
    """(nt, n) unsigned integers, each row as the difference from the row before (wrapping, so nothing is lost)."""
    rows = np.ascontiguousarray(values)
    steps = rows.copy()
    steps[1:] = rows[1:] - rows[:-1]
    return blob(steps.astype(steps.dtype.newbyteorder("<")).tobytes())


def pack_text(content: Any) -> str:
    """Anything JSON, compressed."""
    return blob(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())


def pack_shapes(shapes: list[NDArray[np.float64]], origin: tuple[float, float]) -> dict[str, str]:
    """Polylines in decimetres from `origin`: vertex counts and the differences from vertex to vertex."""
    counts = np.array([len(s) for s in shapes], dtype=np.uint32)
    vertices = np.concatenate(shapes) if shapes else np.zeros((0, 2))
    whole = np.round((vertices - np.array(origin)) * 10).astype(np.int32)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), np.int32)).astype("<i4")
    return {"counts": blob(counts.astype("<u4").tobytes()), "steps": blob(steps.tobytes())}


def classes(values: NDArray[Any], breaks: tuple[float, ...]) -> NDArray[np.uint8]:
    """Class 0..k of each value (k limits, a limit belongs to the class above it); `NO_CLASS` for no number."""
    found = np.digitize(values, np.asarray(breaks, dtype=values.dtype)).astype(np.uint8)
    found[~np.isfinite(values)] = NO_CLASS
    return found


def quantise(values: NDArray[Any], low: float, step: float) -> NDArray[np.uint16]:
    """Values as whole steps above `low`; `NO_VALUE` for no number."""
    known = np.isfinite(values)
    whole = np.full(values.shape, NO_VALUE, dtype=np.uint16)
    whole[known] = np.clip(np.round((values[known].astype(np.float64) - low) / step), 0, NO_VALUE - 1)
    return whole


def coarsen(cells: NDArray[Any], by: int) -> NDArray[Any]:
    """Largest value of each block of `by` x `by` cells of (ny, nx); the last blocks may be smaller."""
    if by == 1:
        return cells
    ny, nx = cells.shape
    padded = np.pad(cells, ((0, -ny % by), (0, -nx % by)), mode="edge")
    return padded.reshape(padded.shape[0] // by, by, padded.shape[1] // by, by).max(axis=(1, 3))
