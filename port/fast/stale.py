"""Compiled kernels that are older than a source they were made from.

Numba keeps machine code beside each source and looks at that one source's time only. The kernels are spread over
modules and inlined into each other, so a change in one must also forget what the others have kept.
"""

from __future__ import annotations

from pathlib import Path

SHARED = ("choosing.py", "codes.py", "gate_times.py", "motion.py", "ways.py")
"""Modules of the folder above that are compiled too."""


def forget_stale(folder: Path | None = None) -> int:
    """Remove kept code of this package that is older than the newest source; gives how many files."""
    here = folder or Path(__file__).parent
    sources = [*here.glob("*.py"), *(p for name in SHARED if (p := here.parent / name).exists())]
    newest = max((p.stat().st_mtime for p in sources), default=0.0)
    removed = 0
    for source in sources:
        for kept in (source.parent / "__pycache__").glob(f"{source.stem}.*.nbi"):
            if kept.stat().st_mtime < newest:
                kept.unlink(missing_ok=True)
                removed += 1
    return removed
