"""Run folders: numbered once, whole or not there, cleared away after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from twin.results.folder import RunFolder, baseline_of, find_run, is_whole, remember_baseline, whole_runs
from twin.scenario.problems import ScenarioError

CREATE_AND_HANG = """
import sys, time
from pathlib import Path
from twin.results.folder import RunFolder
folder = RunFolder.create(Path(sys.argv[1]), "drill")
(folder.path / "summary.json").write_text('{"name": "drill", "hash": "", "start": "", "metrics": {}}')
(folder.path / "results.zarr").mkdir()
(folder.path / "results.zarr" / "zarr.json").write_text("{}")
print(folder.path, flush=True)
time.sleep(60)
"""
CREATE_FIVE = """
import sys
from pathlib import Path
from twin.results.folder import RunFolder
for _ in range(5):
    with RunFolder.create(Path(sys.argv[1]), "drill") as folder:
        (folder.path / "who").write_text(sys.argv[2])
        print(folder.publish().name, flush=True)
"""


def write_whole(folder: RunFolder) -> Path:
    """The least that counts as a run."""
    summary = {"name": "drill", "hash": "0", "start": "2026-07-01T16:00:00+08:00", "metrics": {}}
    (folder.path / "summary.json").write_text(json.dumps(summary))
    (folder.path / "results.zarr").mkdir()
    (folder.path / "results.zarr" / "zarr.json").write_text("{}")
    return folder.publish()


def hang(root: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process in the middle of a run, and the folder that it writes."""
    process = subprocess.Popen([sys.executable, "-c", CREATE_AND_HANG, str(root)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_runs_are_numbered_by_scenario(tmp_path: Path) -> None:
    """Numbers count up for each name on its own."""
    names = [write_whole(RunFolder.create(tmp_path, name)).name for name in ("drill", "drill", "dry", "drill")]
    assert names == ["drill-0001", "drill-0002", "dry-0001", "drill-0003"]


def test_processes_at_once_never_share_a_number(tmp_path: Path) -> None:
    """Four processes make five runs each: twenty numbers, none twice, every folder with its writer's name."""
    processes = [
        subprocess.Popen([sys.executable, "-c", CREATE_FIVE, str(tmp_path), str(i)], stdout=subprocess.PIPE, text=True)
        for i in range(4)
    ]
    made = {str(i): process.communicate(timeout=60)[0].split() for i, process in enumerate(processes)}
    everything = [name for names in made.values() for name in names]
    assert sorted(everything) == [f"drill-{n:04d}" for n in range(1, 21)]
    for who, names in made.items():
        assert all((tmp_path / name / "who").read_text() == who for name in names)


def test_a_killed_run_is_never_taken_for_one_and_is_cleared_by_the_next(tmp_path: Path) -> None:
    """kill -9 with every file in place: only the rename makes a run, and only a dead writer's folder is removed."""
    dead, left = hang(tmp_path)
    alive, kept = hang(tmp_path)
    try:
        os.kill(dead.pid, signal.SIGKILL)
        dead.wait()
        assert left.is_dir()
        assert whole_runs(tmp_path) == []
        assert not is_whole(left)
        with pytest.raises(ScenarioError, match="never finished"):
            find_run(str(left), tmp_path)
        with RunFolder.create(tmp_path, "drill") as folder:
            assert not left.exists()
            assert kept.is_dir()
            assert folder.notes == [
                f"cleared {left.name}: the run that wrote it was stopped (process {dead.pid})",
            ]
            assert folder.final.name == "drill-0003"
    finally:
        alive.kill()
        alive.wait()
        for process in (dead, alive):
            assert process.stdout is not None
            process.stdout.close()


def test_a_published_run_holds_what_was_written_and_nothing_of_the_writer(tmp_path: Path) -> None:
    """The pid file and the .part name are gone; `discard` afterwards does no harm."""
    folder = RunFolder.create(tmp_path, "drill")
    final = write_whole(folder)
    folder.discard()
    assert final.is_dir()
    assert sorted(p.name for p in final.iterdir()) == ["results.zarr", "summary.json"]
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".part")] == []


def test_a_run_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """An exception in the block discards the folder."""

    def fail() -> None:
        with RunFolder.create(tmp_path, "drill") as folder:
            (folder.path / "half").write_text("")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [p.name for p in tmp_path.iterdir()] == [".lock"]


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "white space"])
def test_a_name_that_cannot_be_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ScenarioError, match="cannot be called"):
        RunFolder.create(tmp_path, name)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda run: (run / "summary.json").unlink(), "no readable summary.json"),
        (lambda run: (run / "summary.json").write_text('{"name": "dri'), "no readable summary.json"),
        (lambda run: (run / "summary.json").write_text("{}"), "lacks"),
        (lambda run: (run / "results.zarr" / "zarr.json").unlink(), "results.zarr is missing"),
    ],
)
def test_a_spoilt_run_is_refused_with_its_reason(tmp_path: Path, spoil: object, message: str) -> None:
    run = write_whole(RunFolder.create(tmp_path, "drill"))
    spoil(run)  # type: ignore[operator]
    with pytest.raises(ScenarioError, match=message):
        find_run(str(run), tmp_path)


def test_a_run_is_found_by_path_by_name_and_by_scenario(tmp_path: Path) -> None:
    """A scenario's name means its latest run; a misspelt one gets a suggestion."""
    first, second = (write_whole(RunFolder.create(tmp_path, "drill")) for _ in range(2))
    assert find_run(str(first), tmp_path) == first
    assert find_run("drill-0001", tmp_path) == first
    assert find_run("drill", tmp_path) == second
    with pytest.raises(ScenarioError, match="Did you mean 'drill-0002'"):
        find_run("dril-0002", tmp_path)


def test_a_run_remembers_its_baseline_while_that_is_whole(tmp_path: Path) -> None:
    """Both may be moved together; a baseline that is gone or spoilt is none."""
    runs = tmp_path / "runs"
    drill, dry = (write_whole(RunFolder.create(runs, name)) for name in ("drill", "dry"))
    assert baseline_of(drill) is None
    remember_baseline(drill, dry)
    assert baseline_of(drill) == runs / dry.name
    runs.rename(tmp_path / "elsewhere")
    moved = tmp_path / "elsewhere"
    assert baseline_of(moved / drill.name) == moved / dry.name
    (moved / dry.name / "summary.json").unlink()
    assert baseline_of(moved / drill.name) is None
