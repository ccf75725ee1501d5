"""Traffic lights of a queue run under events: dark, all red, another program, other timings; back at the end."""

from __future__ import annotations

from traffic.fast.netfile import Program
from traffic.fast.network import QueueNetwork
from traffic.queueing.run import CoupledRun
from traffic.signals import retimed, words_of
from traffic.verb_args import Retime, SignalProgram, Signals, SignalsOff, SignalsRed
from twin.model import Event, Journal
from twin.scenario.problems import suggest

Shown = Program | str
"""A program of fixed times, `dark` or `red`."""


class QueueLights:
    """The latest event that still lasts holds, as with SUMO.

    acting : signal -> (event, what it shows), latest last"""

    def __init__(self, run: CoupledRun, journal: Journal) -> None:
        self.run, self.journal = run, journal
        self.known = tuple(dict.fromkeys(name for name, _ in run.bound.network.signal_ids))
        self.acting: dict[str, list[tuple[str, Shown]]] = {}

    def apply(self, event: Event, now_us: int) -> None:
        """A verb on traffic lights begins or ends. Raises `ValueError` for an unknown light or program."""
        args: Signals | SignalProgram = event.args
        chosen = self._chosen(args)
        if event.phase == "start":
            network, now_s = self.run.bound.network, self.run.now_s
            shown = {name: shown_by(network, name, args, now_s) for name in chosen}
            for name in chosen:
                self.acting.setdefault(name, []).append((event.id, shown[name]))
        else:
            for name in chosen:
                self.acting[name] = [one for one in self.acting.get(name, ()) if one[0] != event.id]
        for name in chosen:
            self._show(name)
        done = words_of(args) if event.phase == "start" else "work as before"
        self.journal.write(now_us, "signals", f"{len(chosen)} traffic light{'s' * (len(chosen) != 1)} {done}")

    def _chosen(self, args: Signals | SignalProgram) -> tuple[str, ...]:
        named = (args.signal,) if isinstance(args, SignalProgram) else args.signals
        for signal in named:
            if signal not in self.known:
                raise ValueError(f"no traffic light '{signal}'.{suggest(signal, self.known)}")
        return named or self.known

    def _show(self, name: str) -> None:
        shown = self.acting[name][-1][1] if self.acting[name] else None
        self.run.signals(shown if isinstance(shown, str) else "on", [name])
        if not isinstance(shown, str):
            self.run.run_program(name, shown)


def shown_by(network: QueueNetwork, name: str, args: Signals | SignalProgram, now_s: float) -> Shown:
    """What an event that begins now makes a light show; a program that vehicles decide on runs at its set durations.

    Raises `ValueError` for an unknown program, phases that do not fit the light, or times that are too short."""
    if isinstance(args, SignalsOff):
        return "dark"
    if isinstance(args, SignalsRed):
        return "red"
    own = network.programs[name].phases
    if isinstance(args, Retime):
        timed = retimed([(state, duration) for duration, state in own], args, name)
        offset_s = args.offset if args.offset is not None else now_s
        return Program(offset_s, tuple((duration, state) for state, duration in timed))
    if not isinstance(args, SignalProgram):
        raise ValueError(f"nothing is said about what traffic light '{name}' shall show")
    if args.program is None:
        links = max((len(state) for _, state in own), default=0)
        for phase in args.phases:
            if len(phase.state) != links:
                letters = f"the state '{phase.state}' has {len(phase.state)} letters"
                raise ValueError(f"traffic light '{name}' has {links} links: {letters}")
        return Program(now_s, tuple((phase.duration, phase.state) for phase in args.phases))
    known = [program for signal, program in network.variants if signal == name]
    if args.program not in known:
        raise ValueError(f"traffic light '{name}' has no program '{args.program}'.{suggest(args.program, known)}")
    return network.variants[name, args.program]
