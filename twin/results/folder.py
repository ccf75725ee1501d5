"""Run folders that are either whole or not there.

A run is written to `.<name>-0007.part` and renamed to `<name>-0007` once every file is on the disk. A run that was
stopped (Ctrl-C, kill -9, power) leaves only a `.part` folder, which no command takes for a run and which the next run
clears away: the process that writes a folder holds a lock on its `pid` file, and the system drops the lock with it.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO

from twin.scenario.problems import ScenarioError, suggest

BASELINE = "baseline.txt"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_WHOLE = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)-(?P<number>\d{4,})")
_PART = re.compile(r"\.(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)-(?P<number>\d{4,})\.part")


@dataclass
class RunFolder:
    """A folder that is being written.

    path   where to write (`<root>/.<name>-0007.part`)
    final  where it will be (`<root>/<name>-0007`)
    notes  sentences about what was found and cleared away at the start
    """

    path: Path
    final: Path
    notes: list[str] = field(default_factory=list)
    _pid: IO[str] | None = None

    @classmethod
    def create(cls, root: Path, name: str) -> RunFolder:
        """Reserve the next number of `name` under `root`; safe with several processes at once.

        Raises `ScenarioError` when the name cannot be a folder's name or `root` cannot be written.
        """
        if not _NAME.fullmatch(name):
            raise ScenarioError(
                [f"a run cannot be called {name!r}: use letters, digits, '.', '_' and '-', starting with a letter"]
            )
        try:
            root.mkdir(parents=True, exist_ok=True)
            with _locked(root):
                notes = _clear_stale(root)
                number = 1 + max((n for other, n in _numbers(root) if other == name), default=0)
                path = root / f".{name}-{number:04d}.part"
                path.mkdir()
                pid = (path / "pid").open("w", encoding="ascii")
                fcntl.flock(pid, fcntl.LOCK_EX)
                pid.write(f"{os.getpid()}\n")
                pid.flush()
        except OSError as error:
            raise ScenarioError([f"cannot write runs to {root}: {error.strerror}. Name another folder"]) from error
        return cls(path, root / f"{name}-{number:04d}", notes, pid)

    def publish(self) -> Path:
        """Put everything on the disk, rename to the final name, and give that path."""
        for folder, _, files in os.walk(self.path, topdown=False):
            for file in files:
                _sync(Path(folder) / file)
            _sync(Path(folder))
        root = self.path.parent
        with _locked(root):
            (self.path / "pid").unlink()
            os.rename(self.path, self.final)
            _sync(root)
        self._release()
        return self.final

    def discard(self) -> None:
        """Throw away what was written. Safe to call twice, and after `publish`, when it does nothing."""
        if self._pid is not None:
            shutil.rmtree(self.path, ignore_errors=True)
            self._release()

    def salvage(self, part: str, name: str) -> Path | None:
        """Keep a folder of an unfinished run as `<root>/<name>`, in place of an earlier one; its path.

        None where it holds no file. The name must not be that of a run (`drill.failed`).
        """
        kept = self.path / part
        if self._pid is None or not any(path.is_file() for path in kept.rglob("*")):
            return None
        target = self.path.parent / name
        with _locked(self.path.parent):
            shutil.rmtree(target, ignore_errors=True)
            os.rename(kept, target)
        return target

    def _release(self) -> None:
        if self._pid is not None:
            self._pid.close()
            self._pid = None

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.discard()


def is_whole(path: Path) -> bool:
    """Whether `path` is a published run: no `.part`, and with a readable summary and store."""
    return _what_is_missing(path) == ""


def require_whole(path: Path) -> None:
    """Raise `ScenarioError` with one sentence unless `path` is a published run."""
    if missing := _what_is_missing(path):
        raise ScenarioError([f"{path}: {missing}"])


def whole_runs(root: Path) -> list[Path]:
    """Every published run under `root`, by name and number."""
    if not root.is_dir():
        return []
    named = [(m["name"], int(m["number"]), p) for p in root.iterdir() if (m := _WHOLE.fullmatch(p.name))]
    return [path for _, _, path in sorted(named) if is_whole(path)]


def find_run(text: str, root: Path = Path("runs")) -> Path:
    """The run that a user means: a path, a run's name under `root`, or a scenario's name (its latest run)."""
    for path in (Path(text), root / text):
        if path.is_dir() or path.name.endswith(".part"):
            require_whole(path)
            return path
    runs = whole_runs(root)
    of_scenario = [p for p in runs if p.name.rpartition("-")[0] == text]
    if of_scenario:
        return of_scenario[-1]
    known = [p.name for p in runs]
    hint = suggest(text, known) or (
        f" The latest is '{known[-1]}'." if known else f" There are no runs in {root}/ yet."
    )
    raise ScenarioError([f"there is no run '{text}'.{hint}"])


def remember_baseline(run: Path, base: Path) -> None:
    """Note in a published run which run it was held against: a neighbour by name, so that both may move together."""
    part = run / f".{BASELINE}.part"
    part.write_text(os.path.relpath(base, run.parent) + "\n", encoding="utf-8")
    _sync(part)
    os.replace(part, run / BASELINE)


def baseline_of(run: Path) -> Path | None:
    """The run that `remember_baseline` noted, while it is there and whole."""
    try:
        base = run.parent / (run / BASELINE).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return base if is_whole(base) else None


def _what_is_missing(path: Path) -> str:
    if path.name.startswith(".") or path.name.endswith(".part"):
        return "this run was never finished; run the scenario again"
    if not path.is_dir():
        return "there is no such run; `twin runs` lists what there is"
    try:
        summary = json.loads((path / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "this is not a whole run (no readable summary.json); run the scenario again"
    if not isinstance(summary, dict) or not {"name", "hash", "start", "metrics"} <= summary.keys():
        return "this is not a whole run (summary.json lacks its name, hash, start or metrics); run the scenario again"
    if not (path / "results.zarr" / "zarr.json").is_file():
        return "this is not a whole run (results.zarr is missing); run the scenario again"
    return ""


def _numbers(root: Path) -> Iterator[tuple[str, int]]:
    for path in root.iterdir():
        if match := _WHOLE.fullmatch(path.name) or _PART.fullmatch(path.name):
            yield match["name"], int(match["number"])


def _clear_stale(root: Path) -> list[str]:
    """Remove `.part` folders whose process is gone. Called with the root locked."""
    notes = []
    for path in sorted(p for p in root.iterdir() if _PART.fullmatch(p.name)):
        try:
            with (path / "pid").open(encoding="ascii") as pid:
                fcntl.flock(pid, fcntl.LOCK_EX | fcntl.LOCK_NB)
                who = f" (process {pid.read().strip()})"
        except BlockingIOError:
            continue
        except OSError:
            who = ""
        shutil.rmtree(path, ignore_errors=True)
        notes.append(f"cleared {path.name}: the run that wrote it was stopped{who}")
    return notes


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Hold the lock of the folder of runs; its file stays, empty and hidden."""
    with (root / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
