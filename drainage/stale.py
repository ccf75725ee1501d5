"""The sources of this package's loops, which call each other across modules (see `twin.stale`)."""

from __future__ import annotations

from pathlib import Path

from twin import stale


def forget_stale(folder: Path | None = None) -> int:
    """Remove kept code of `folder` (this package) that is older than any source with kept code; gives how many."""
    folder = folder or Path(__file__).parent
    compiled = {path.name.split(".")[0] for path in (folder / "__pycache__").glob("*.nbi")}
    return stale.forget_stale(folder / f"{name}.py" for name in sorted(compiled))
