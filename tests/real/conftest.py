"""Files that other people made, as each test needs them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.real import cases


@pytest.fixture
def take(shared: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Copies a file or folder of the shared data beside the test's scenarios; skips where it is not there."""

    def taken(name: str) -> Path:
        source = shared / name
        if not source.exists():
            pytest.skip(f"needs {name}, which is not among the shared files")
        return cases.copy(source, tmp_path)

    return taken


@pytest.fixture
def library(tmp_path: Path) -> Callable[[str], Path]:
    """Copies a network that the installed wntr carries."""

    def taken(name: str) -> Path:
        import wntr

        return cases.copy(Path(wntr.__file__).parent / "library" / "networks" / name, tmp_path)

    return taken
