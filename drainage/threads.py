"""One parallel region at a time: Numba's workqueue layer ends the process when two Python threads enter one at once."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.Lock()


def _forget() -> None:
    """In a forked child no thread holds the lock, whatever it was in the parent."""
    global _LOCK
    _LOCK = threading.Lock()


os.register_at_fork(after_in_child=_forget)


@contextmanager
def in_turn(threads: int) -> Iterator[None]:
    """Wait until nobody else in this process computes in parallel. One thread enters no parallel region and no lock."""
    if threads <= 1:
        yield
        return
    with _LOCK:
        yield
