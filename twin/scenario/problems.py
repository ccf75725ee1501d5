"""One problem of the input: where it is, what it is, and a way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """A problem that a user can mend.

    path    keys and indices from the scenario's root, e.g. ("timeline", 2, "pipe"); the loader turns it into
            file:line:column
    text    one sentence; a way out as a second
    warn    True for what a run survives (printed, never stops)
    where   a place in another file (`net.inp:212`), shown before the text
    """

    path: tuple[str | int, ...]
    text: str
    warn: bool = False
    where: str = ""


class ScenarioError(Exception):
    """Bad input: every problem as a ready line of text. Exit code 2, no traceback."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = list(lines)
        super().__init__("\n".join(self.lines))


def suggest(wrong: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?`, or nothing when no known name is near."""
    near = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.6)
    return f" Did you mean '{near[0]}'?" if near else ""


def choose(wrong: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?`, or some of the known names where none is near."""
    names = list(known)
    if hint := suggest(wrong, names):
        return hint
    if len(names) < 2:
        return f" There is only '{names[0]}'" if names else " There is none"
    return f" There are {', '.join(names[:3])}" + (f" and {len(names) - 3} more" if len(names) > 3 else "")
