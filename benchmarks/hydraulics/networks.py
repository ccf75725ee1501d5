"""Where the networks of the benchmarks lie, and EPANET 2.3 where it is installed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "water" / "networks"


def wntr_library() -> Path:
    """The folder of networks inside WNTR."""
    spec = importlib.util.find_spec("wntr")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "library" / "networks"


def find(name: str) -> Path | None:
    """A network by name, in WNTR's library or the shared folder; None where it is not at hand."""
    for folder in (wntr_library(), SHARED):
        for path in sorted(folder.glob("*")) if folder.is_dir() else ():
            if path.stem.lower() == name.lower() and path.suffix.lower() == ".inp":
                return path
    return None


def epanet23() -> Path | None:
    """The EPANET 2.3 library of the `epyt` package, if it is installed (an extra of development)."""
    spec = importlib.util.find_spec("epyt")
    if spec is None or spec.origin is None or not sys.platform.startswith("linux"):
        return None
    path = Path(spec.origin).parent / "libraries" / "glnx" / "libepanet2.so"
    return path if path.is_file() else None
