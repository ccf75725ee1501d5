"""WNTR's own networks, read once."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from hydraulics.fast.arrays import Network, read

LIBRARY = Path(importlib.util.find_spec("wntr").origin).parent / "library" / "networks"


@pytest.fixture(scope="session")
def net3() -> Network:
    return read(LIBRARY / "Net3.inp")


@pytest.fixture(scope="session")
def net1() -> Network:
    return read(LIBRARY / "Net1.inp")


@pytest.fixture
def street(tmp_path: Path) -> Network:
    """R - A - B - C in a row, D a branch of B; 10 L/s at B, C and D each."""
    path = tmp_path / "street.inp"
    path.write_text(
        "[JUNCTIONS]\nA 0 0\nB 0 10\nC 0 10\nD 0 10\n[RESERVOIRS]\nR 60\n[PIPES]\n"
        "1 R A 100 300 120\n2 A B 100 300 120\n3 B C 100 300 120\n4 B D 50 300 120\n"
        "[COORDINATES]\nA 100 0\nB 200 0\nC 300 0\nD 200 50\nR 0 0\n[OPTIONS]\nUnits LPS\nHeadloss H-W\n[END]\n"
    )
    return read(path)
