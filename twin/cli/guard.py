"""Bad input is one clear message and exit code 2; an interrupt is 130, a termination 143. Never a traceback for what a
user can mend."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any

import typer


class Terminated(KeyboardInterrupt):
    """SIGTERM came: everything is cleaned up as after Ctrl-C."""


def guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a command: known errors become lines on stderr. `TWIN_TRACEBACK=1` shows where they came from."""

    @functools.wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(ValueError):  # only the main thread may say what a signal does
            signal.signal(signal.SIGTERM, _terminate)
        try:
            return command(*args, **kwargs)
        except (typer.Exit, typer.Abort):
            raise
        except KeyboardInterrupt as stop:
            ended = isinstance(stop, Terminated)
            how = "terminated" if ended else "interrupted"
            print(f"{how}: {stop.args[0] if stop.args else 'nothing was kept'}", file=sys.stderr)
            raise typer.Exit(143 if ended else 130) from None
        except Exception as error:
            code = _explain(error)
            if code is None:
                raise
            if os.environ.get("TWIN_TRACEBACK"):
                traceback.print_exc()
            raise typer.Exit(code) from None

    return wrapper


def end_with(parent: int) -> None:
    """Terminate this process, with its cleaning up, when the process that started it is gone (also by kill -9)."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="parent").start()


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


def _explain(error: Exception) -> int | None:
    """Print what is wrong; the exit code, or None for an error that is ours and not the user's."""
    from twin.scenario.problems import ScenarioError

    if isinstance(error, ScenarioError):
        for line in error.lines:
            print(line, file=sys.stderr)
        return 2
    name = type(error).__name__
    if name == "RunError":
        print(f"the run failed: {error}", file=sys.stderr)
        return 1
    if isinstance(error, OSError):
        print(f"{error.filename or 'file'}: {error.strerror or error}", file=sys.stderr)
        return 2
    return None
