"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
"""The suite tries the same examples every time; `HYPOTHESIS_PROFILE=explore` looks for new ones. No example has a time
limit: the first one may compile a kernel."""

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real networks and published references beside the checkout; skips where it is absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the folder of real networks (shared/data), which is not part of the project")
    return folder


@pytest.fixture(scope="session")
def figures() -> Path:
    """Where validation tests put their plots."""
    folder = REPOSITORY / "tests" / "validation" / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
