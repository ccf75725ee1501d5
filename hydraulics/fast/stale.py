"""The sources of this package's kernels, which are inlined into each other (see `twin.stale`)."""

from __future__ import annotations

from pathlib import Path

from twin import stale

SOURCES = ("lanes.py", "kernels.py", "special.py", "layout.py", "queue.py")


def forget_stale(folder: Path | None = None) -> int:
    """Remove kept code of `folder` (this package) that is older than the newest source; gives how many files."""
    folder = folder or Path(__file__).parent
    return stale.forget_stale(folder / name for name in SOURCES)
