"""An index of the runs in a folder, for lists and look-ups.

The folders are the truth. The catalogue is brought in line with them whenever it is opened, and made anew when it is
missing, broken or of another version, so it may be deleted at any time.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from twin.results.folder import is_whole, whole_runs

VERSION = 1
_TABLE = """
CREATE TABLE IF NOT EXISTS runs (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    scenario_hash TEXT NOT NULL,
    seed          INTEGER,
    result_hash   TEXT NOT NULL,
    status        TEXT NOT NULL,
    started       TEXT,
    finished      TEXT,
    wall_s        REAL,
    versions      TEXT NOT NULL,
    metrics       TEXT NOT NULL
)"""


class Catalogue:
    """The runs under `root`, indexed in `<root>/catalogue.sqlite` (WAL: readers and a writer at once)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "catalogue.sqlite"
        if root.is_dir():
            try:
                self._refresh()
            except sqlite3.DatabaseError as error:
                if "locked" in str(error):
                    raise
                self._remove()
                self._refresh()

    def add(self, run: Path) -> None:
        """Enter a published run (again)."""
        row = _row(run)
        marks = ", ".join("?" for _ in row)
        with self._open() as db:
            db.execute(f"INSERT OR REPLACE INTO runs ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))

    def runs(self, name: str | None = None) -> list[dict[str, Any]]:
        """All runs, or those of one scenario, the latest first; `versions` and `metrics` as dicts."""
        if not self.root.is_dir():
            return []
        with self._open() as db:
            where, args = ("WHERE name = ?", (name,)) if name else ("", ())
            rows = db.execute(f"SELECT * FROM runs {where} ORDER BY finished DESC, id DESC", args).fetchall()
        return [
            {**dict(row), "versions": json.loads(row["versions"]), "metrics": json.loads(row["metrics"])}
            for row in rows
        ]

    def find(self, name: str, scenario_hash: str, versions: dict[str, str]) -> Path | None:
        """The latest run of exactly this scenario with exactly these versions, or None."""
        for run in self.runs(name):
            path = self.root / run["id"]
            if run["scenario_hash"] == scenario_hash and run["versions"] == versions and is_whole(path):
                return path
        return None

    def _refresh(self) -> None:
        """Make the index say what the folders say."""
        with self._open() as db:
            if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                db.execute("DROP TABLE IF EXISTS runs")
                db.execute(f"PRAGMA user_version = {VERSION}")
            db.execute(_TABLE)
            known = {row["id"] for row in db.execute("SELECT id, metrics FROM runs")}
        there = {path.name for path in whole_runs(self.root)}
        for run in sorted(there - known):
            self.add(self.root / run)
        with self._open() as db:
            db.executemany(
                "DELETE FROM runs WHERE id = ?",
                [(run,) for run in sorted(known - there) if not is_whole(self.root / run)],
            )

    def _remove(self) -> None:
        for end in ("", "-wal", "-shm"):
            Path(f"{self.path}{end}").unlink(missing_ok=True)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self.path, timeout=30.0)
        try:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA journal_mode = WAL")
            with db:
                yield db
        finally:
            db.close()


def _row(run: Path) -> dict[str, Any]:
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    timing_file = run / "timing.json"
    timing = json.loads(timing_file.read_text(encoding="utf-8")) if timing_file.is_file() else {}
    wall_s = float(timing.get("wall_s", 0.0))
    finished = datetime.fromtimestamp((run / "summary.json").stat().st_mtime, UTC)
    return {
        "id": run.name,
        "name": summary["name"],
        "scenario_hash": summary.get("scenario_hash", ""),
        "seed": summary.get("seed"),
        "result_hash": summary["hash"],
        "status": summary.get("status", ""),
        "started": (finished - timedelta(seconds=wall_s)).isoformat(timespec="seconds"),
        "finished": finished.isoformat(timespec="seconds"),
        "wall_s": wall_s,
        "versions": json.dumps(summary.get("versions", {}), sort_keys=True),
        "metrics": json.dumps({k: m["value"] for k, m in summary["metrics"].items()}, sort_keys=True),
    }
