"""Small networks as INP text, and the networks that WNTR carries."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

LIBRARY = Path(importlib.util.find_spec("wntr").origin).parent / "library" / "networks"

TAIL = """
[TIMES]
Duration 0
[OPTIONS]
Units {units}
Headloss {formula}
Accuracy 0.00001
Trials 100
{options}
[END]
"""


@pytest.fixture
def inp(tmp_path: Path) -> Callable[..., Path]:
    """Write INP text with options behind it; gives the path."""

    def write(text: str, *, units: str = "LPS", formula: str = "H-W", options: str = "", name: str = "net.inp") -> Path:
        path = tmp_path / name
        path.write_text(text + TAIL.format(units=units, formula=formula, options=options), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def library() -> Path:
    """The folder of WNTR's own networks (Net1, Net2, Net3, Net6, ky4, ky10)."""
    return LIBRARY
