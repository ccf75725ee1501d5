"""What a person sees while a run goes on: simulated time, speed, and what each model costs."""

from __future__ import annotations

import sys
import time as wall
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from twin.clock import US, offset_text
from twin.engine import Engine

PLAIN_EVERY_S = 10.0


class ProgressWatcher:
    """A bar on a terminal; a line every ten seconds anywhere else. Told by the scheduler at each exchange."""

    def __init__(self, name: str, duration_us: int) -> None:
        self._begun = self._last = wall.perf_counter()
        self._name, self._duration = name, duration_us
        self._live = sys.stderr.isatty()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[note]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not self._live,
            transient=True,
        )
        self._task = self._progress.add_task(name, total=duration_us, note="preparing")

    def __enter__(self) -> ProgressWatcher:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tick(self, now_us: int, engine: Engine) -> None:
        now = wall.perf_counter()
        if not self._live and now - self._last < PLAIN_EVERY_S and now_us < self._duration:
            return
        self._last = now
        if now_us == 0:
            self._begun = now
        speed = now_us / US / max(now - self._begun, 1e-9)
        costs = "  ".join(f"{name} {s:.1f}s" for name, s in engine.model_seconds().items() if s >= 0.05)
        note = f"{offset_text(now_us)} of {offset_text(self._duration)}  {speed:,.0f}x  {costs}"
        if self._live:
            self._progress.update(self._task, completed=now_us, note=note)
        else:
            print(f"{self._name}: {note}", file=sys.stderr, flush=True)

    def say(self, line: str) -> None:
        """A line above the bar: a warning, or what was cleared away."""
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def entry(self, entry: dict[str, Any]) -> None:
        """Events are for the run folder; the bar stays quiet."""
