"""The sources of this package's kernels, which know each other and the tables' layout (see `twin.stale`)."""

from __future__ import annotations

from pathlib import Path

from twin import stale

SOURCES = ("layout.py", "motion.py", "paths.py", "kernels.py", "reroute.py")


def forget_stale(folder: Path | None = None) -> int:
    """Remove kept code of `folder` (this package) that is older than the newest of the sources; gives how many."""
    folder = folder or Path(__file__).parent
    return stale.forget_stale(folder / name for name in SOURCES)
