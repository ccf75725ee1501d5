"""The sources of the terminal's kernels, here and in the folder above (see `twin.stale`)."""

from __future__ import annotations

from pathlib import Path

from twin import stale

SHARED = ("choosing.py", "codes.py", "draws.py", "dwell.py", "gate_times.py", "motion.py", "ways.py")
"""Modules of the folder above that are compiled too."""


def forget_stale(folder: Path | None = None) -> int:
    """Remove kept code of this package that is older than the newest source; gives how many files."""
    here = folder or Path(__file__).parent
    return stale.forget_stale([*here.glob("*.py"), *(here.parent / name for name in SHARED)])
