"""Compiled kernels that are older than a source they were made from.

Numba keeps machine code beside each source and looks at that one source's time only. Kernels that call or inline each
other across modules, or share a table's layout, must all be forgotten when one of these sources changes. Each package
says which sources belong together.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def forget_stale(sources: Iterable[Path]) -> int:
    """Remove what is kept of these sources and older than the newest of them; gives how many files.

    Sources that are not there count for nothing. Other processes may do the same at the same time.
    """
    there = [source for source in sources if source.exists()]
    newest = max((source.stat().st_mtime for source in there), default=0.0)
    removed = 0
    for source in there:
        for kept in (source.parent / "__pycache__").glob(f"{source.stem}.*.nbi"):
            try:
                if kept.stat().st_mtime < newest:
                    kept.unlink()
                    removed += 1
            except FileNotFoundError:
                continue
    return removed
