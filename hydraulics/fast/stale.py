"""Compiled kernels that are older than a source they were made from.

Numba keeps machine code beside each source and looks at that one source's time only. The kernels are spread over
modules and inlined into each other, so a change in one must also forget what the others have kept.
"""

from __future__ import annotations

from pathlib import Path

SOURCES = ("lanes.py", "kernels.py", "special.py", "layout.py", "queue.py")


def forget_stale(folder: Path | None = None) -> int:
    """Remove kept code of `folder` (this package) that is older than the newest source; gives how many files."""
    folder = folder or Path(__file__).parent
    newest = max((folder / name).stat().st_mtime for name in SOURCES)
    removed = 0
    for name in SOURCES:
        for kept in (folder / "__pycache__").glob(f"{name.removesuffix('.py')}.*.nbi"):
            if kept.stat().st_mtime < newest:
                kept.unlink(missing_ok=True)
                removed += 1
    return removed
