"""Branches: what a child does to files and memory is its own; a child that dies is named."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from drainage.dispatch.branch import run_branches, supported

pytestmark = pytest.mark.skipif(not supported(), reason="branches need fork and /proc (Linux)")


def test_answers_come_in_the_order_of_the_jobs() -> None:
    def job(k: int) -> int:
        time.sleep(0.02 * (4 - k))
        return k * k

    answers = run_branches([lambda k=k: job(k) for k in range(5)], 3, 30.0)
    assert [a.value for a in answers] == [0, 1, 4, 9, 16]
    assert not any(a.error for a in answers)


def children() -> set[str]:
    """The processes that this one has started and not yet waited for."""
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


def test_a_child_that_raises_dies_or_hangs_is_told_apart_and_the_others_go_on() -> None:
    def raises() -> None:
        raise ValueError("no such pump")

    before = children()
    answers = run_branches(
        [raises, lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: time.sleep(60), lambda: 7, lambda: os._exit(0)],
        2,
        1.0,
    )
    assert answers[0].error == "ValueError: no such pump"
    assert answers[1].error == "was ended by a signal (killed)"
    assert answers[2].error == "did not come to an end within 1 s"
    assert answers[3].value == 7
    assert answers[4].error == "ended without a word"
    assert children() <= before


def test_a_childs_writes_and_reads_leave_the_parents_files_alone(tmp_path: Path) -> None:
    """The same open file description would share its position: 5 bytes read in the child would be gone for us."""
    reads, writes = tmp_path / "in.txt", tmp_path / "out.txt"
    reads.write_text("0123456789")
    with reads.open("rb", buffering=0) as source, writes.open("w+b", buffering=0) as sink:
        sink.write(b"begun ")
        source.read(2)

        def job() -> tuple[bytes, bytes]:
            sink.write(b"by the child")
            sink.seek(0)
            return source.read(5), sink.read()

        (answer,) = run_branches([job], 1, 30.0)
        assert answer.value == (b"23456", b"begun by the child")
        sink.write(b"by us")
        assert source.read() == b"23456789"
    assert writes.read_bytes() == b"begun by us"


def test_children_die_with_their_parent() -> None:
    """A parent that is killed outright leaves no branch behind (PR_SET_PDEATHSIG)."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:

        def job() -> None:
            os.write(tell, f"{os.getpid()}\n".encode())
            time.sleep(60)

        run_branches([job], 1, 60.0)
        os._exit(0)
    os.close(tell)
    child = int(os.read(told, 100))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    for _ in range(100):
        if not _alive(child):
            break
        time.sleep(0.05)
    os.close(told)
    assert not _alive(child)


def _alive(pid: int) -> bool:
    """Whether it runs (a zombie that nobody has fetched yet does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
