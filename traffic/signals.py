"""Traffic lights under events: dark, all red, another program, other timings; and back to their own at the end.

Several events may act on one traffic light: the latest that still lasts holds, and the light's own program comes back
when the last has ended.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from traffic.verb_args import Retime, SignalProgram, Signals, SignalsOff, SignalsRed
from twin.scenario.problems import suggest

_OURS = "twin-"
LEAST_GREEN_S = 5.0
"""A green that is shorter lets nobody through (RiLSA 2015 asks for at least 5 s)."""


@dataclass
class Lights:
    """SUMO's traffic lights (`lib.trafficlight`) and the events that act on them, latest last."""

    lib: Any
    own: dict[str, str] = field(default_factory=dict)
    acting: dict[str, list[tuple[str, Any]]] = field(default_factory=dict)

    def begin(self, event_id: str, args: Signals | SignalProgram, now_s: float) -> str:
        """An event acts from now on. Returns a sentence. Raises `ValueError` when a light or program is unknown."""
        lights = self.lib.trafficlight
        chosen = self._chosen(args)
        programs = {signal: self._program(signal, event_id, args) for signal in chosen}
        for signal in chosen:
            self.own.setdefault(signal, lights.getProgram(signal))
            stack = self.acting.setdefault(signal, [])
            stack[:] = [entry for entry in stack if entry[0] != event_id] + [(event_id, programs[signal])]
            self._show(signal, programs[signal])
            if isinstance(args, Retime) and args.offset is not None:
                self._shift(signal, args.offset, now_s)
        return f"{_count(chosen)} {words_of(args)}"

    def end(self, event_id: str, args: Signals | SignalProgram) -> str:
        """An event ends. Returns a sentence."""
        chosen = [signal for signal, stack in self.acting.items() if any(entry[0] == event_id for entry in stack)]
        for signal in chosen:
            stack = self.acting[signal]
            last = stack[-1][0] == event_id
            stack[:] = [entry for entry in stack if entry[0] != event_id]
            if stack and last:
                self._show(signal, stack[-1][1])
            elif not stack:
                self.lib.trafficlight.setProgram(signal, self.own.pop(signal))
                del self.acting[signal]
        return f"{_count(chosen)} work{'s' * (len(chosen) == 1)} as before"

    def _chosen(self, args: Signals | SignalProgram) -> tuple[str, ...]:
        known = self.lib.trafficlight.getIDList()
        chosen = (args.signal,) if isinstance(args, SignalProgram) else args.signals or tuple(known)
        for signal in chosen:
            if signal not in known:
                raise ValueError(f"no traffic light '{signal}'.{suggest(signal, known)}")
        return tuple(chosen)

    def _program(self, signal: str, event_id: str, args: Signals | SignalProgram) -> Any:
        """What the light shall show: the id of a program it has, the phases of a new one, or red."""
        if isinstance(args, SignalsOff):
            return "off"
        if isinstance(args, SignalsRed):
            return _Red()
        if isinstance(args, Retime):
            return self._define(signal, event_id, retimed(self._phases(signal), args, signal))
        assert isinstance(args, SignalProgram)
        if args.program is not None:
            programs = [logic.programID for logic in self.lib.trafficlight.getAllProgramLogics(signal)]
            if args.program not in programs:
                raise ValueError(
                    f"traffic light '{signal}' has no program '{args.program}'.{suggest(args.program, programs)}"
                )
            return args.program
        links = len(self.lib.trafficlight.getRedYellowGreenState(signal))
        for phase in args.phases:
            if len(phase.state) != links:
                letters = f"the state '{phase.state}' has {len(phase.state)} letters"
                raise ValueError(f"traffic light '{signal}' has {links} links: {letters}")
        return self._define(signal, event_id, [(phase.state, phase.duration) for phase in args.phases])

    def _phases(self, signal: str) -> list[tuple[str, float]]:
        """States and durations of the light's own program."""
        program = self.own.get(signal, self.lib.trafficlight.getProgram(signal))
        for logic in self.lib.trafficlight.getAllProgramLogics(signal):
            if logic.programID == program:
                return [(phase.state, float(phase.duration)) for phase in logic.phases]
        raise ValueError(f"traffic light '{signal}' has no phases that could be timed anew")

    def _define(self, signal: str, event_id: str, phases: list[tuple[str, float]]) -> str:
        """Give the light a new program of fixed times and return its id."""
        lights, name = self.lib.trafficlight, _OURS + event_id
        present = lights.getProgram(signal)
        made = [lights.Phase(duration, state) for state, duration in phases]
        lights.setProgramLogic(signal, lights.Logic(name, 0, 0, made))
        lights.setProgram(signal, present)
        return name

    def _show(self, signal: str, program: Any) -> None:
        lights = self.lib.trafficlight
        if isinstance(program, _Red):
            lights.setRedYellowGreenState(signal, "r" * len(lights.getRedYellowGreenState(signal)))
        else:
            lights.setProgram(signal, program)
            if program.startswith(_OURS):
                lights.setPhase(signal, 0)

    def _shift(self, signal: str, offset_s: float, now_s: float) -> None:
        """Go to the place in the cycle that the offset asks for."""
        lights = self.lib.trafficlight
        program = self.acting[signal][-1][1]
        phases = next(logic.phases for logic in lights.getAllProgramLogics(signal) if logic.programID == program)
        cycle = sum(phase.duration for phase in phases)
        into = (now_s - offset_s) % cycle
        for number, phase in enumerate(phases):
            if into < phase.duration:
                lights.setPhase(signal, number)
                lights.setPhaseDuration(signal, phase.duration - into)
                return
            into -= phase.duration


class _Red:
    """Red for every link."""


def retimed(phases: list[tuple[str, float]], args: Retime, signal: str) -> list[tuple[str, float]]:
    """Phases with the green times of a new cycle and split, in s; all others keep theirs.

    A green phase shows green to some and yellow to none. Raises `ValueError` when a split does not fit the phases, or a
    green would be shorter than `LEAST_GREEN_S`.
    """
    green = [k for k, (state, _) in enumerate(phases) if "g" in state.lower() and "y" not in state.lower()]
    if args.split and len(args.split) != len(green):
        raise ValueError(f"traffic light '{signal}' has {len(green)} green phases, and `split` has {len(args.split)}")
    if not green:
        raise ValueError(f"traffic light '{signal}' has no green phase")
    usual = [phases[k][1] for k in green]
    cycle = args.cycle if args.cycle is not None else sum(duration for _, duration in phases)
    total = cycle - (sum(duration for _, duration in phases) - sum(usual))
    weights = args.split or usual
    times = [total * weight / sum(weights) for weight in weights]
    if min(times) < LEAST_GREEN_S:
        raise ValueError(
            f"traffic light '{signal}' would show green for {max(min(times), 0):.1f} s only (at least "
            f"{LEAST_GREEN_S:g} s): the cycle of {cycle:g} s is too short, or a share too small"
        )
    new = dict(zip(green, times, strict=True))
    return [(state, new.get(k, duration)) for k, (state, duration) in enumerate(phases)]


def _count(signals: tuple[str, ...] | list[str]) -> str:
    return f"{len(signals)} traffic light{'s' * (len(signals) != 1)}"


def words_of(args: Signals | SignalProgram) -> str:
    """What has become of the traffic lights, for the journal."""
    if isinstance(args, SignalsOff):
        return "dark"
    if isinstance(args, SignalsRed):
        return "red for all"
    return "with new timings" if isinstance(args, Retime) else "on another program"
