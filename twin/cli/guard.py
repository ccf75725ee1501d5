"""Bad input is one clear message and exit code 2; an interrupt is 130. Never a traceback for what a user can mend."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

import typer


def guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a command: known errors become lines on stderr. `TWIN_TRACEBACK=1` shows where they came from."""

    @functools.wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except (typer.Exit, typer.Abort):
            raise
        except KeyboardInterrupt:
            print("interrupted: nothing was kept", file=sys.stderr)
            raise typer.Exit(130) from None
        except Exception as error:
            code = _explain(error)
            if code is None:
                raise
            if os.environ.get("TWIN_TRACEBACK"):
                traceback.print_exc()
            raise typer.Exit(code) from None

    return wrapper


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
