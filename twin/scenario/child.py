"""Parsers that can crash run in a child process, because a crash of theirs must not be a crash of ours.

EPANET and SWMM are C libraries: a malformed input can end the process that reads it, or keep it busy for ever.
`run_guarded` runs a function in a child and turns either into one sentence. Children are kept and used again, so
only the first call pays for starting Python and importing the engine.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from typing import IO, Any, TypeVar

from twin.scenario.problems import ScenarioError

Result = TypeVar("Result")


class ChildError(ScenarioError):
    """What ran in the child crashed, hung, or failed in a way that cannot be passed on. One plain sentence."""

    def __init__(self, text: str) -> None:
        super().__init__([text])


def run_guarded(
    function: Callable[..., Result], *args: Any, timeout_s: float = 60.0, what: str = "", **kwargs: Any
) -> Result:
    """`function(*args, **kwargs)`, run in a child process.

    Parameters
    ----------
    function : importable by name (defined at the top of a module); its arguments and result can be pickled.
    timeout_s : how long it may take, in seconds; the child's start is not counted.
    what : the subject of the sentence when it goes wrong, e.g. "EPANET, reading net.inp".

    Raises
    ------
    ChildError : the child crashed or took too long.
    Exception : whatever `function` raised itself. One that cannot be pickled becomes a `ChildError` with its text.

    Several threads may call at the same time; each then has a child of its own.
    """
    return _POOL.run(function, args, kwargs, timeout_s, what or f"'{getattr(function, '__name__', function)}'")


class _Child:
    """One Python process that runs functions one after the other."""

    def __init__(self) -> None:
        self.pipe, theirs = Pipe()
        self.words: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed in end)
        path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)
        command = f"from twin.scenario.child import _serve; _serve({theirs.fileno()}, {os.getpid()})"
        self.process = subprocess.Popen(
            [sys.executable, "-c", command],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=self.words,
            stderr=self.words,
            env={**os.environ, "PYTHONPATH": path},
        )
        theirs.close()
        self.ready = False

    def call(self, job: bytes, timeout_s: float, what: str) -> tuple[str, Any]:
        try:
            if not self.ready:
                self._hear(60.0, "a child process, starting,")
                self.ready = True
            self.pipe.send_bytes(job)
            return pickle.loads(self._hear(timeout_s, what))
        except (EOFError, OSError):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5.0)
            raise ChildError(f"{what} crashed ({self._death()})") from None

    def _hear(self, timeout_s: float, what: str) -> bytes:
        if not self.pipe.poll(timeout_s):
            raise ChildError(f"{what} did not come to an end within {timeout_s:g} s and was stopped")
        return self.pipe.recv_bytes()

    def _death(self) -> str:
        """How the process ended, and the last line that it wrote."""
        code = self.process.returncode
        if code is None:
            end = "it closed its connection"
        elif code < 0:
            end = (signal.strsignal(-code) or f"signal {-code}").lower()
        else:
            end = f"it ended the process with code {code}"
        self.words.seek(0, os.SEEK_END)
        self.words.seek(max(0, self.words.tell() - 4000))
        lines = [line.strip() for line in self.words.read().decode(errors="replace").splitlines() if line.strip()]
        return f"{end}; last words: {lines[-1][:200]}" if lines else end

    def end(self) -> None:
        self.pipe.close()
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()
        self.words.close()


class _Pool:
    """Idle children. A forked branch of this process forgets them: they belong to its parent."""

    def __init__(self) -> None:
        self.idle: list[_Child] = []
        self.busy: list[_Child] = []
        self.lock = threading.Lock()
        self.pid = os.getpid()

    def run(self, function: Callable[..., Any], args: Any, kwargs: Any, timeout_s: float, what: str) -> Any:
        job = pickle.dumps((function, args, kwargs))
        child = self._take()
        with self.lock:
            self.busy.append(child)
        try:
            outcome, answer = child.call(job, timeout_s, what)
        except BaseException:
            child.end()
            raise
        finally:
            with self.lock:
                self.busy.remove(child)
        with self.lock:
            self.idle.append(child)
        if outcome == "result":
            return answer
        raise ScenarioError(answer) if outcome == "lines" else answer

    def _take(self) -> _Child:
        with self.lock:
            if self.pid != os.getpid():
                self.idle, self.busy, self.pid = [], [], os.getpid()
            while self.idle:
                child = self.idle.pop()
                if child.process.poll() is None:
                    return child
                child.end()
        return _Child()

    def stop(self) -> None:
        """End also what is running: whoever waits for it gets a `ChildError`."""
        with self.lock:
            for child in self.busy:
                child.process.kill()
        self.close()

    def close(self) -> None:
        """End all idle children. The next call starts a new one."""
        with self.lock:
            idle, self.idle = self.idle, []
        if self.pid == os.getpid():
            for child in idle:
                child.end()


_POOL = _Pool()
atexit.register(_POOL.close)
close_children = _POOL.close
stop_children = _POOL.stop


def _serve(fd: int, parent: int) -> None:
    """The child's whole life: hear a job, do it, answer; end when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    pipe = Connection(fd)
    pipe.send_bytes(b"ready")
    while True:
        try:
            job = pipe.recv_bytes()
        except (EOFError, OSError):
            os._exit(0)
        pipe.send_bytes(_answer(job))


def _end_with(parent: int) -> None:
    """End when the parent has died, also in the middle of a job that never ends."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(0)


def _answer(job: bytes) -> bytes:
    try:
        function, args, kwargs = pickle.loads(job)
        return pickle.dumps(("result", function(*args, **kwargs)))
    except ScenarioError as error:
        return pickle.dumps(("lines", error.lines))
    except Exception as error:
        try:
            answer = pickle.dumps(("error", error))
            pickle.loads(answer)
            return answer
        except Exception:
            return pickle.dumps(("error", ChildError(f"{type(error).__name__}: {error}")))
