"""Compiled kernels that are older than a source they were made from.

Numba keeps machine code beside each source and looks at that one source's time only. These kernels are inlined into
each other across modules and know the tables' layout, so a change in one module must also forget what the others kept.
"""

from __future__ import annotations

from pathlib import Path

SOURCES = ("layout.py", "motion.py", "paths.py", "kernels.py", "reroute.py")


def forget_stale(folder: Path | None = None) -> int:
    """Remove kept code of `folder` (this package) that is older than the newest of the sources; gives how many."""
    folder = folder or Path(__file__).parent
    newest = max((folder / name).stat().st_mtime for name in SOURCES)
    removed = 0
    for name in SOURCES:
        for kept in (folder / "__pycache__").glob(f"{name.removesuffix('.py')}.*.nbi"):
            try:
                old = kept.stat().st_mtime < newest
            except FileNotFoundError:
                continue
            if old:
                kept.unlink(missing_ok=True)
                removed += 1
    return removed
