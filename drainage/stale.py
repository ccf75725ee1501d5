"""Compiled loops that are older than a source they were made from.

Numba keeps machine code beside each source and looks at that one source's time only. The loops of this package call
each other across modules, so a change in one must also forget what the others have kept.
"""

from __future__ import annotations

from pathlib import Path


def forget_stale(folder: Path | None = None) -> int:
    """Remove kept code of `folder` (this package) that is older than any source with kept code; gives how many."""
    folder = folder or Path(__file__).parent
    kept = list((folder / "__pycache__").glob("*.nbi"))
    sources = {folder / f"{path.name.split('.')[0]}.py" for path in kept}
    newest = max((source.stat().st_mtime for source in sources if source.exists()), default=0.0)
    removed = 0
    for path in kept:
        try:
            if path.stat().st_mtime < newest:
                path.unlink()
                removed += 1
        except FileNotFoundError:
            continue
    return removed
