"""The catalogue: an index that follows the folders and may be lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from twin.results.catalogue import Catalogue

ADD = """
import sys
from pathlib import Path
from twin.results.catalogue import Catalogue
root = Path(sys.argv[1])
for _ in range(20):
    Catalogue(root).add(root / sys.argv[2])
"""


@pytest.fixture
def root(runs: Path, tmp_path: Path) -> Path:
    """A copy of the two runs that a test may spoil."""
    target = tmp_path / "runs"
    shutil.copytree(runs, target, ignore=shutil.ignore_patterns("catalogue*", ".lock"))
    return target


def ids(catalogue: Catalogue) -> set[str]:
    return {row["id"] for row in catalogue.runs()}


def test_it_says_what_the_folders_say(root: Path) -> None:
    row = Catalogue(root).runs("storm")[0]
    summary = json.loads((root / "storm-0001" / "summary.json").read_text())
    assert row["result_hash"] == summary["hash"]
    assert row["status"] == "failed"
    assert row["seed"] == 7
    assert row["metrics"]["drainage.overflow"] == 412.5
    assert row["versions"]["city-twin"] == "0.1.0"
    assert row["wall_s"] == 58.2
    assert row["started"] < row["finished"]


def test_it_follows_runs_that_come_and_go(root: Path) -> None:
    assert ids(Catalogue(root)) == {"storm-0001", "dry-0001"}
    (root / "storm-0001").rename(root / "storm-0002")
    shutil.rmtree(root / "dry-0001")
    assert ids(Catalogue(root)) == {"storm-0002"}


@pytest.mark.parametrize("spoil", [b"", b"this is no database at all" * 100, None])
def test_it_is_made_anew_when_missing_or_broken(root: Path, spoil: bytes | None) -> None:
    catalogue = Catalogue(root)
    catalogue.path.unlink()
    if spoil is not None:
        catalogue.path.write_bytes(spoil)
    assert ids(Catalogue(root)) == {"storm-0001", "dry-0001"}


def test_it_is_made_anew_when_another_version_wrote_it(root: Path) -> None:
    import sqlite3

    (root / "catalogue.sqlite").unlink(missing_ok=True)
    with sqlite3.connect(root / "catalogue.sqlite") as db:
        db.execute("CREATE TABLE runs (id TEXT)")
        db.execute("PRAGMA user_version = 99")
    db.close()
    assert ids(Catalogue(root)) == {"storm-0001", "dry-0001"}


def test_an_unfinished_run_is_not_in_it(root: Path) -> None:
    shutil.copytree(root / "storm-0001", root / ".storm-0002.part")
    assert ids(Catalogue(root)) == {"storm-0001", "dry-0001"}


def test_several_processes_may_write_it(root: Path) -> None:
    """Two processes enter runs twenty times each; neither fails and both runs are there."""
    processes = [
        subprocess.Popen([sys.executable, "-c", ADD, str(root), run], stderr=subprocess.PIPE, text=True)
        for run in ("storm-0001", "dry-0001")
    ]
    for process in processes:
        assert process.communicate(timeout=60)[1] == ""
        assert process.returncode == 0
    assert ids(Catalogue(root)) == {"storm-0001", "dry-0001"}


def test_the_same_run_is_found_again(root: Path) -> None:
    """By scenario hash and versions; another version or text is another run."""
    catalogue = Catalogue(root)
    row = catalogue.runs("dry")[0]
    assert catalogue.find("dry", row["scenario_hash"], row["versions"]) == root / "dry-0001"
    assert catalogue.find("dry", row["scenario_hash"], {"city-twin": "9"}) is None
    assert catalogue.find("dry", "other", row["versions"]) is None
