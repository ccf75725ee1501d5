"""The sources of this package's kernels, which know each other and the tables' layout (see `twin.stale`)."""

from __future__ import annotations

from pathlib import Path

from twin import stale

SOURCES = ("layout.py", "motion.py", "paths.py", "control.py", "lanes.py", "kernels.py", "reroute.py")
BESIDE = ("queueing/run.py", "queueing/leading.py")
"""Kernels of a neighbour that are made of these."""


def forget_stale(folder: Path | None = None) -> int:
    """Remove kept code of `folder` (this package) that is older than the newest of the sources; gives how many."""
    folder = folder or Path(__file__).parent
    own, beside = [folder / name for name in SOURCES], [folder.parent / name for name in BESIDE]
    return stale.forget_stale((*own, *beside))
