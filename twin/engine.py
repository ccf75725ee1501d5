"""The scheduler: advances the models together and carries values between them.

All models stand still at every exchange and at every event; in between, those of equal rank advance at the same
time in threads, each with what the others had at the start of its interval. Rank 0 (weather) goes first, since
what it gives describes the interval to come. Nothing depends on which thread is faster, so a run repeats to the bit.

    at a time t:   outputs of the models that have reached t  ->  links
                   triggers and events due at t               ->  models
                   rank by rank: inputs from links, then advance to the next time that anybody asked for
"""

from __future__ import annotations

import time as wall
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from twin.agenda import Agenda, Planned
from twin.clock import offset_text
from twin.ledger import Ledger
from twin.links import Link
from twin.model import Journal, Model
from twin.places import ids_of
from twin.ports import Direction, Kind, Port

MINIMUM_ADVANCE_US = 1
SAME_TIME_LIMIT = 10_000
"""Advances of less than a millisecond in a row after which a model is stopped as a runaway."""


class RunError(RuntimeError):
    """A model failed or ran away; the message names it, the moment and the remedy."""


class Watcher(Protocol):
    """What the scheduler tells at every exchange (recorder, progress bar)."""

    def tick(self, now_us: int, engine: Engine) -> None: ...
    def entry(self, entry: dict[str, Any]) -> None: ...


@dataclass
class _Runner:
    """One model on its way."""

    section: str
    model: Model
    journal: Journal
    inputs: list[Link]
    outputs: list[tuple[Port, list[Link]]]
    reached_us: int = 0
    target_us: int = 0
    short_steps: int = 0
    seconds: float = 0.0
    future: Future[int] | None = None

    def timed(self, action: Callable[..., Any], *args: Any) -> Any:
        """Do something inside the model; the time is the model's."""
        begun = wall.perf_counter()
        try:
            return action(*args)
        finally:
            self.seconds += wall.perf_counter() - begun


@dataclass
class Engine:
    """A coupled run from 0 to `duration_us`.

    models    section -> model; the order settles ties
    journals  section -> the model's journal
    """

    models: Mapping[str, Model]
    links: Sequence[Link]
    journals: Mapping[str, Journal]
    plan: Sequence[Planned]
    duration_us: int
    exchange_us: int
    watchers: Sequence[Watcher] = ()
    threads: int = 2
    now_us: int = 0
    coupling_seconds: dict[str, float] = field(default_factory=dict)
    _running: dict[str, _Runner] = field(default_factory=dict, repr=False)
    _ids: dict[tuple[str, str], Sequence[str]] = field(default_factory=dict, repr=False)

    def run(self) -> None:
        """Advance everything to the end; raises `RunError` with a sentence when a model fails."""
        self._running = self._runners()
        runners = list(self._running.values())
        ranks = sorted({r.model.rank for r in runners})
        events = Agenda(self.plan)
        with ThreadPoolExecutor(max_workers=max(1, self.threads), thread_name_prefix="model") as pool:
            for runner in runners:
                self._give(runner)
            while True:
                self._at_a_stop(runners, events)
                if self.now_us >= self.duration_us:
                    break
                for rank in ranks:
                    started = [
                        r for r in runners if r.model.rank == rank and not r.future and r.reached_us <= self.now_us
                    ]
                    stop_us = self._next_stop(events)
                    for runner in started:
                        self._take_in(runner)
                    for runner in sorted(started, key=lambda r: _stays_in_main(r.model)):
                        self._start(runner, pool, stop_us)
                    if rank != ranks[-1] and started:
                        for runner in started:
                            self._finish(runner)
                            self._give(runner)
                waiting = [r for r in runners if r.future]
                upcoming = [r.target_us for r in waiting] + [r.reached_us for r in runners if not r.future]
                self.now_us = min(t for t in upcoming if t > self.now_us)
                for runner in [r for r in waiting if r.target_us <= self.now_us]:
                    self._finish(runner)
                    self._give(runner)
        for runner in runners:
            self._take_in(runner)

    def ledger(self) -> Ledger:
        """The accounts as they stand."""
        return Ledger.of(self.links, {section: model.balances() for section, model in self.models.items()})

    def model_seconds(self) -> dict[str, float]:
        """Wall seconds that each model has cost."""
        return {section: runner.seconds for section, runner in self._running.items()}

    def lookup(self, section: str, port: str) -> tuple[Any, Sequence[str], str]:
        """Present values, location names and unit of a state port; for triggers."""
        model = self.models[section]
        found = next(p for p in model.ports if p.name == port and p.direction is Direction.OUT)
        key = (section, found.at)
        if key not in self._ids:
            self._ids[key] = ids_of(model.places[found.at])
        return self.read(section, port), self._ids[key], found.unit

    def read(self, section: str, port: str) -> Any:
        """Present values of an output; what the model needs to find them counts as its own time."""
        return self._running[section].timed(self.models[section].take, port)

    def _runners(self) -> dict[str, _Runner]:
        return {
            section: _Runner(
                section,
                model,
                self.journals[section],
                [x for x in self.links if x.target == section],
                [
                    (p, links)
                    for p in model.ports
                    if p.direction is Direction.OUT
                    and (links := [x for x in self.links if x.source == section and x.out == p.name])
                ],
            )
            for section, model in self.models.items()
        }

    def _next_stop(self, events: Agenda) -> int:
        """The next moment at which all models must stand still."""
        tick = (self.now_us // self.exchange_us + 1) * self.exchange_us
        return min(tick, events.next_us(self.now_us), self.duration_us)

    def _at_a_stop(self, runners: list[_Runner], events: Agenda) -> None:
        """Watchers, triggers and events, once everybody has reached this time."""
        if any(r.future for r in runners):
            return
        exchange = self.now_us % self.exchange_us == 0 or self.now_us >= self.duration_us
        with self._counted("events and results", *runners):
            if exchange:
                for planned in events.triggered(self.now_us, self.lookup):
                    self._happen(planned)
            for planned in events.due(self.now_us):
                self._happen(planned)
            for runner in runners:
                self._tell(runner)
            if exchange:
                for watcher in self.watchers:
                    watcher.tick(self.now_us, self)

    def _happen(self, planned: Planned) -> None:
        runner, event = self._running[planned.section], planned.event
        self._take_in(runner)
        try:
            runner.model.apply(event)
        except ValueError as error:
            raise RunError(f"{event.where}  {runner.section}.{event.verb}: {error}") from error
        for watcher in self.watchers:
            watcher.entry(
                {
                    "time_us": self.now_us,
                    "section": planned.section,
                    "what": f"event_{event.phase}",
                    "event": event.id,
                    "verb": f"{planned.section}.{event.verb}",
                    "args": event.args.model_dump(mode="json") if event.args is not None else {},
                }
            )
        self._give(runner)

    def _start(self, runner: _Runner, pool: ThreadPoolExecutor, stop_us: int) -> None:
        wanted = runner.model.next_event_us()
        target = max(min(wanted, stop_us), runner.reached_us + MINIMUM_ADVANCE_US)
        short = target - runner.reached_us < 1000
        runner.short_steps = runner.short_steps + 1 if short else 0
        if runner.short_steps > SAME_TIME_LIMIT:
            raise RunError(
                f"{runner.section} asked {SAME_TIME_LIMIT} times in a row for less than 1 ms at "
                f"{offset_text(self.now_us)}: its next_event_us() does not move on"
            )
        runner.target_us = target
        if _stays_in_main(runner.model):
            runner.future = Future()
            try:
                runner.future.set_result(runner.timed(runner.model.advance, target))
            except Exception as error:
                runner.future.set_exception(error)
        else:
            runner.future = pool.submit(runner.timed, runner.model.advance, target)

    def _finish(self, runner: _Runner) -> None:
        assert runner.future is not None
        future, runner.future = runner.future, None
        try:
            reached = future.result()
        except Exception as error:
            raise RunError(
                f"{runner.section} failed between {offset_text(runner.reached_us)} and "
                f"{offset_text(runner.target_us)}: {error}"
            ) from error
        if reached < runner.target_us:
            raise RunError(
                f"{runner.section} stopped at {offset_text(reached)} instead of {offset_text(runner.target_us)}"
            )
        runner.reached_us = reached

    def _take_in(self, runner: _Runner) -> None:
        with self._counted("links", runner):
            for link in runner.inputs:
                values = link.drain()
                if values is not None:
                    runner.timed(runner.model.put, link.into, values)

    def _give(self, runner: _Runner) -> None:
        with self._counted("links", runner):
            for port, links in runner.outputs:
                values = runner.timed(runner.model.take, port.name)
                for link in links:
                    if values is not None and (port.kind is not Kind.ARRIVALS or len(values)):
                        link.push(values)

    def _tell(self, runner: _Runner) -> None:
        entries, runner.journal.entries = runner.journal.entries, []
        for entry in entries:
            for watcher in self.watchers:
                watcher.entry({"section": runner.section, **entry})

    @contextmanager
    def _counted(self, what: str, *runners: _Runner) -> Iterator[None]:
        """Count the time of a block as the core's own, less what it spends inside these models."""
        begun = wall.perf_counter() - sum(r.seconds for r in runners)
        yield
        spent = wall.perf_counter() - sum(r.seconds for r in runners) - begun
        self.coupling_seconds[what] = self.coupling_seconds.get(what, 0.0) + spent


def _stays_in_main(model: Model) -> bool:
    """Whether a model's engine must always be called from the thread that started it (libsumo crashes otherwise)."""
    return bool(getattr(model, "main_thread", False))
