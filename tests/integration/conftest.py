"""A small complete city, built once by the real command line, and a way to call that command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

RECIPE = """\
twin_build: 1
name: small
seed: 3
streets: {grid: {columns: 5, rows: 5, block: 130 m}}
terrain: {cell: 10 m, relief: {underpasses: 2}}
sewer: {trial: false}
traffic: {vehicles: 400, hours: 2, peak_hour: 0.5, ambulance_every: 10 min}
terminal: {berths: 2, depth: 220 m, gate: {trucks_per_hour: 40}}
"""
TWIN = (sys.executable, "-m", "twin.cli.main")
ENVIRONMENT = {"NUMBA_THREADING_LAYER": "workqueue", "NUMBA_NUM_THREADS": "2", "COLUMNS": "200"}


def environment(**more: str) -> dict[str, str]:
    """The process's own environment without what would change messages."""
    return {k: v for k, v in os.environ.items() if k != "TWIN_TRACEBACK"} | ENVIRONMENT | more


def twin(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Call the command line in `folder`, as a user does; `more` are variables of its environment."""
    return subprocess.run(
        [*TWIN, *words],
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files below `folder`."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built city."""
    folder = tmp_path_factory.mktemp("small")
    write(folder, {"small.build.yaml": RECIPE})
    done = twin(folder, "build", "small.build.yaml", "--out", "city", "--quiet")
    assert done.returncode == 0, done.stderr
    return folder / "city"
