"""Ctrl-C, SIGTERM and kill -9 at every stage of a run: nothing half-written is taken for whole, nobody survives.

The stage is read off the run folder, as it grows. The runs are long, so that each stage is met in its middle.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import TWIN, environment, twin, write
from twin.results.folder import is_whole

SCENARIO = """\
twin: 1
name: {name}
clock: {{start: "2026-07-01T16:00+00:00", duration: {hours} h}}
weather: {{rain: 2 mm/h}}
water: {{network: city/net.inp}}
drainage: {{sewer: city/sewer.inp, pump_fails_at: {fails}}}
{baseline}
"""
SHORT = 'twin: 1\nname: short\nclock: {start: "2026-07-01T16:00+00:00", duration: 1 h}\nweather: {wind: 3 m/s}\n'
PATIENCE_S = 60.0
GONE_S = 8.0
"""Children look every half second or second whether their parent is still there."""


def there(folder: Path, pattern: str) -> bool:
    return next((folder / "runs").glob(pattern), None) is not None


STAGES: dict[str, Callable[[Path], bool]] = {
    "checking": lambda folder: there(folder, ".drill-*.part/pid"),
    "building": lambda folder: there(folder, ".drill-*.part/engines/*"),
    "running": lambda folder: any(p.stat().st_size for p in (folder / "runs").glob(".drill-*.part/engines/*/*.out")),
    "publishing": lambda folder: there(folder, ".drill-*.part/summary.json") or there(folder, "drill-0001"),
    "report": lambda folder: there(folder, "drill-0001"),
}
LENGTH_H = {"publishing": 2, "report": 2}
"""Stages that come after the run need it short; the others need it never to end."""


@pytest.fixture
def folder(city: Path, tmp_path: Path) -> Path:
    """A folder with a city, a drill without an end, its baseline, and a scenario of a moment."""
    shutil.copytree(city, tmp_path / "city")
    scenarios(tmp_path, 20_000)
    return tmp_path


def scenarios(folder: Path, hours: int) -> None:
    base = SCENARIO.format(name="dry", hours=20_000, fails="60 cm", baseline="")
    drill = SCENARIO.format(name="drill", hours=hours, fails="50 cm", baseline="")
    both = SCENARIO.format(name="drill", hours=hours, fails="50 cm", baseline="baseline: dry.yaml")
    write(folder, {"drill.yaml": drill, "dry.yaml": base, "both.yaml": both, "short.yaml": SHORT})


def start(folder: Path, name: str) -> subprocess.Popen[str]:
    """A run in a process group of its own, as a terminal would start it."""
    return subprocess.Popen(
        [*TWIN, "run", name],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(ready: Callable[[], bool], process: subprocess.Popen[str], seconds: float = PATIENCE_S) -> None:
    ends = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > ends or process.poll() is not None:
            process.kill()
            pytest.fail(f"the stage was never met: {process.communicate()}")
        time.sleep(0.005)


def descendants(pid: int) -> set[int]:
    """All processes below one that runs."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found |= {child} | descendants(child)
    return found


def alive(pids: set[int]) -> set[int]:
    """Those that still run; one that has ended and that nobody has waited for does not."""
    found = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.add(pid)
    return found


def all_gone(pids: set[int]) -> bool:
    ends = time.monotonic() + GONE_S
    while alive(pids) and time.monotonic() < ends:
        time.sleep(0.05)
    return not alive(pids)


def parts(folder: Path) -> list[str]:
    return sorted(p.name for p in (folder / "runs").glob(".*.part"))


def listed(folder: Path) -> list[str]:
    """What `twin runs` takes for runs."""
    done = twin(folder, "runs", "--json")
    assert done.returncode == 0, done.stderr
    return [row["id"] for row in json.loads(done.stdout)]


@pytest.fixture
def started() -> Iterator[Callable[[Path, str], subprocess.Popen[str]]]:
    """`start`, whose processes do not outlive the test."""
    processes: list[subprocess.Popen[str]] = []

    def begin(folder: Path, name: str) -> subprocess.Popen[str]:
        processes.append(start(folder, name))
        return processes[-1]

    yield begin
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


Start = Callable[[Path, str], subprocess.Popen[str]]


@pytest.mark.parametrize("stage", STAGES)
def test_kill_9_leaves_nothing_that_looks_whole(folder: Path, started: Start, stage: str) -> None:
    """The run is not listed unless it was published, its children end, and the next run clears away what is left."""
    scenarios(folder, LENGTH_H.get(stage, 20_000))
    process = started(folder, "drill.yaml")
    wait_for(lambda: STAGES[stage](folder), process)
    below = descendants(process.pid)
    process.kill()
    process.wait()
    assert all_gone(below)
    published = is_whole(folder / "runs" / "drill-0001")
    assert listed(folder) == (["drill-0001"] if published else [])
    assert published or stage != "report"
    left = parts(folder)
    assert published or left == [".drill-0001.part"]
    done = twin(folder, "run", "short.yaml", "--no-report")
    assert done.returncode == 0, done.stderr
    assert parts(folder) == []
    for name in left:
        assert f"cleared {name}" in done.stderr


@pytest.mark.parametrize("stage", ["checking", "building", "running"])
def test_ctrl_c_clears_up_and_says_so(folder: Path, started: Start, stage: str) -> None:
    """SIGINT to the whole group, as a terminal sends it: exit code 130, one line, nothing left."""
    process = started(folder, "drill.yaml")
    wait_for(lambda: STAGES[stage](folder), process)
    below = descendants(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    _, words = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, words
    assert words.strip().splitlines()[-1] == "interrupted: nothing was kept"
    assert "Traceback" not in words
    assert all_gone(below)
    assert parts(folder) == []
    assert listed(folder) == []


def test_a_termination_clears_up_too(folder: Path, started: Start) -> None:
    """SIGTERM to the one process, as a batch system sends it: exit code 143, and its children end with it."""
    process = started(folder, "drill.yaml")
    wait_for(lambda: STAGES["running"](folder), process)
    process.terminate()
    _, words = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 143, words
    assert words.strip().splitlines()[-1] == "terminated: nothing was kept"
    assert parts(folder) == []


def test_an_interrupt_after_the_run_keeps_it(folder: Path, started: Start) -> None:
    """While the report is made the run is there already, and the message says so."""
    scenarios(folder, 2)
    process = started(folder, "drill.yaml")
    wait_for(lambda: STAGES["report"](folder), process)
    os.killpg(process.pid, signal.SIGINT)
    _, words = process.communicate(timeout=PATIENCE_S)
    assert is_whole(folder / "runs" / "drill-0001")
    assert process.returncode == 130, words
    assert words.strip().splitlines()[-1] == "interrupted: the run is whole: runs/drill-0001"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_baseline_ends_with_the_run(folder: Path, started: Start, how: signal.Signals) -> None:
    """The second process, in the middle of its run, ends by each signal to the first, and clears up after itself."""
    process = started(folder, "both.yaml")
    wait_for(lambda: STAGES["running"](folder) and there(folder, ".dry-*.part/engines/drainage/*.out"), process)
    below = descendants(process.pid)
    assert below
    process.send_signal(how)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}[how]
    assert all_gone(below)
    assert parts(folder) == ([".drill-0001.part"] if how == signal.SIGKILL else [])
    assert listed(folder) == []
