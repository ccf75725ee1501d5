"""Runs of a terminal side by side in processes, each a function of policy, fleet and seed alone."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from types import TracebackType

import numpy as np

from port.compare.measures import FloatArray, measured
from port.control import GridlockError
from port.dispatch import Policy
from port.plan import Plan
from port.replications import replicate
from port.simulate import Change
from port.terminal import Terminal
from twin.cli.guard import end_with
from twin.clock import US
from twin.engine import RunError

HOUR_US = 3600 * US
FIRST_SEED = 1

Task = tuple[str, int, int]
"""Policy, trucks, seed."""


@dataclass(frozen=True)
class Setting:
    """What all runs of a comparison share. policies : what makes each by name, for those that have no name in
    `port.dispatch`."""

    terminal: Terminal
    hours: float
    warm_h: float
    changes: tuple[Change, ...] = ()
    policies: dict[str, Callable[[], Policy]] = field(default_factory=dict)


class Bench:
    """The runs of one setting in this process; a plan is kept for every fleet."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.plans: dict[int, Plan] = {}

    def plan(self, trucks: int) -> Plan:
        """The terminal with so many driverless trucks."""
        if trucks not in self.plans:
            terminal = self.setting.terminal
            fleet = terminal.fleet.model_copy(update={"trucks": trucks})
            self.plans[trucks] = Plan(terminal.model_copy(update={"fleet": fleet}))
        return self.plans[trucks]

    def run(self, task: Task) -> FloatArray:
        """(len(MEASURES),) of one run. RunError when its trucks lock each other and the terminal says `stop`."""
        policy, trucks, seed = task
        s = self.setting
        chosen = s.policies.get(policy, policy)
        span, warm = round(s.hours * HOUR_US), round(s.warm_h * HOUR_US)
        try:
            found = replicate(self.plan(trucks), [seed], warm + span, chosen, s.changes, warm, workers=1)
        except GridlockError as error:
            raise RunError(f"{policy}, {trucks} trucks, seed {seed}: {error}") from error
        return measured(found.values)[0]


_bench: Bench | None = None


def _begin(setting: Setting) -> None:
    global _bench
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with(os.getppid())
    _bench = Bench(setting)


def _one(task: Task) -> FloatArray:
    assert _bench is not None
    return _bench.run(task)


class Runner:
    """Runs tasks and remembers what came out, so that nothing runs twice. A context: the processes end with it."""

    def __init__(self, setting: Setting, workers: int = 2, tell: Callable[[int], None] = lambda _: None) -> None:
        self.setting, self.tell = setting, tell
        self.done: dict[Task, FloatArray] = {}
        self.bench = Bench(setting)
        self.pool: ProcessPoolExecutor | None = None
        if workers > 1:
            # The compiled loop is loaded (or compiled) once, here, before the processes are made.
            replicate(self.bench.plan(1), [FIRST_SEED], US, workers=1)
            ways = multiprocessing.get_all_start_methods()
            context = multiprocessing.get_context("fork" if "fork" in ways else None)
            self.pool = ProcessPoolExecutor(workers, context, _begin, (setting,))

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.pool is not None:
            self.pool.shutdown(wait=kind is None, cancel_futures=True)

    def run(self, tasks: Iterable[Task]) -> None:
        """Run what has not been run yet."""
        missing = list(dict.fromkeys(t for t in tasks if t not in self.done))
        if self.pool is None:
            for task in missing:
                self.done[task] = self.bench.run(task)
                self.tell(len(self.done))
            return
        waiting: list[tuple[Task, Future[FloatArray]]] = [(t, self.pool.submit(_one, t)) for t in missing]
        for task, future in waiting:
            try:
                self.done[task] = future.result()
            except BrokenProcessPool:
                raise RunError(f"a process ended by itself while {task[0]} ran with {task[1]} trucks") from None
            self.tell(len(self.done))

    def values(self, policy: str, trucks: int, seeds: Sequence[int]) -> FloatArray:
        """(n_seeds, len(MEASURES)); runs what is missing."""
        tasks = [(policy, trucks, seed) for seed in seeds]
        self.run(tasks)
        return np.array([self.done[task] for task in tasks])
