"""Traffic lights of a queue run that go dark or show red, by several events at a time."""

from __future__ import annotations

from traffic.queueing.run import CoupledRun
from traffic.verb_args import Signals, SignalsRed
from twin.model import Event, Journal
from twin.scenario.problems import suggest


class QueueLights:
    """Dark beats red: lights without power show nothing."""

    def __init__(self, run: CoupledRun, journal: Journal) -> None:
        self.run, self.journal = run, journal
        self.known = tuple(dict.fromkeys(name for name, _ in run.bound.network.signal_ids))
        self.causes: dict[str, tuple[str, tuple[str, ...]]] = {}

    def apply(self, event: Event, now_us: int) -> None:
        """`signals_off` or `signals_red` begins or ends. Raises `ValueError` for an unknown light."""
        args: Signals = event.args
        for signal in args.signals:
            if signal not in self.known:
                raise ValueError(f"no traffic light '{signal}'.{suggest(signal, self.known)}")
        mode = "red" if isinstance(args, SignalsRed) else "dark"
        chosen = args.signals or self.known
        if event.phase == "start":
            self.causes[event.id] = (mode, chosen)
        else:
            self.causes.pop(event.id, None)
        for name in chosen:
            modes = {how for how, signals in self.causes.values() if name in signals}
            self.run.signals("dark" if "dark" in modes else "red" if "red" in modes else "on", [name])
        done = {"dark": "go dark", "red": "show red to all"}[mode] if event.phase == "start" else "work again"
        self.journal.write(now_us, "signals", f"{len(chosen)} traffic lights {done}")
