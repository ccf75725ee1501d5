"""Branches of the running model: forked children that go on alone under a plan and send back what it came to.

A child shares nothing with its parent that either could change. Memory is copied by the system on first write; open
files are not, so the child's descriptors of SWMM's report and output files are replaced before it does anything, and it
ends without closing or flushing a thing. It dies with its parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import pickle
import select
import signal
import stat
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

PR_SET_PDEATHSIG = 1
"""linux/prctl.h"""
COPIED_MOST = 64 << 20
"""Writable files above this size are replaced by empty ones of the same length (SWMM only appends to its output)."""


@dataclass
class Answer:
    """What a branch sent, or in words why it sent nothing."""

    value: Any = None
    error: str = ""


def supported() -> bool:
    """Whether this system can fork."""
    return hasattr(os, "fork") and os.path.isdir("/proc/self/fd")


def run_branches(jobs: Sequence[Callable[[], Any]], at_most: int, patience_s: float) -> list[Answer]:
    """Each job in a forked child, `at_most` at a time; answers in the order of the jobs.

    A child that crashes, raises, or takes longer than `patience_s` gives an `Answer` with an error. When this raises
    (an interrupt), all children are killed first.
    """
    answers = [Answer() for _ in jobs]
    running: dict[int, _Child] = {}
    todo = list(range(len(jobs)))
    try:
        while todo or running:
            while todo and len(running) < at_most:
                child = _Child.fork(todo[0], jobs[todo.pop(0)])
                running[child.pipe] = child
            wait_s = max(min(c.begun + patience_s for c in running.values()) - time.monotonic(), 0.0)
            ready, _, _ = select.select(list(running), [], [], wait_s)
            for pipe in ready:
                if running[pipe].hear():
                    child = running.pop(pipe)
                    answers[child.job] = child.answer()
            now = time.monotonic()
            for pipe in [p for p, c in running.items() if now - c.begun > patience_s]:
                child = running.pop(pipe)
                child.kill()
                answers[child.job] = Answer(error=f"did not come to an end within {patience_s:g} s")
    finally:
        for child in running.values():
            child.kill()
    return answers


@dataclass
class _Child:
    """One branch as its parent sees it."""

    job: int
    pid: int
    pipe: int
    begun: float
    heard: bytes = b""

    @classmethod
    def fork(cls, number: int, job: Callable[[], Any]) -> _Child:
        theirs_in, theirs_out = os.pipe()
        prctl, parent = ctypes.CDLL(None).prctl, os.getpid()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # forking beside other threads: see `_live`
            pid = os.fork()
        if pid == 0:
            _live(job, theirs_out, prctl, parent)
        os.close(theirs_out)
        return cls(number, pid, theirs_in, time.monotonic())

    def hear(self) -> bool:
        """Read what is there; whether that was all."""
        part = os.read(self.pipe, 1 << 16)
        self.heard += part
        return not part

    def answer(self) -> Answer:
        os.close(self.pipe)
        _, status = os.waitpid(self.pid, 0)
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            return Answer(error=f"was ended by a signal ({(signal.strsignal(number) or str(number)).lower()})")
        if not self.heard:
            return Answer(error="ended without a word")
        return Answer(*pickle.loads(self.heard))

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.pipe)
        os.waitpid(self.pid, 0)


def _live(job: Callable[[], Any], pipe: int, prctl: Any, parent: int) -> None:
    """The child's whole life. Other threads of the parent do not exist here; the job must not need them."""
    try:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        gc.disable()
        own_files(keep=pipe)
        try:
            said = pickle.dumps((job(), ""))
        except BaseException as error:
            said = pickle.dumps((None, f"{type(error).__name__}: {error}"))
        while said:
            said = said[os.write(pipe, said) :]
    finally:
        os._exit(0)


def own_files(keep: int) -> None:
    """Replace every descriptor of a regular file by a private one with the same content and position.

    Read-only files are opened anew; of writable ones the content is copied into memory (large ones stay empty, at the
    same length). Standard output and error go nowhere.
    """
    for name in sorted(os.listdir("/proc/self/fd"), key=int):
        number = int(name)
        if number == keep:
            continue
        try:
            info = os.fstat(number)
        except OSError:
            continue
        if stat.S_ISREG(info.st_mode):
            _replace(number, info.st_size)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _replace(number: int, size: int) -> None:
    import fcntl

    flags, place = fcntl.fcntl(number, fcntl.F_GETFL), os.lseek(number, 0, os.SEEK_CUR)
    if flags & os.O_ACCMODE == os.O_RDONLY:
        fresh = os.open(f"/proc/self/fd/{number}", os.O_RDONLY)
    else:
        fresh = os.memfd_create("branch")
        if size <= COPIED_MOST:
            _copy(number, fresh, size)
        os.ftruncate(fresh, size)
    os.lseek(fresh, place, os.SEEK_SET)
    os.dup2(fresh, number)
    os.close(fresh)


def _copy(number: int, fresh: int, size: int) -> None:
    """`size` bytes from the start of a file, without moving its position; nothing of a file that is only written."""
    try:
        source = os.open(f"/proc/self/fd/{number}", os.O_RDONLY)
    except OSError:
        return
    done = 0
    while done < size and (sent := os.sendfile(fresh, source, done, size - done)):
        done += sent
    os.close(source)
