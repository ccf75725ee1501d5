"""What is wrong with a port section before a run begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from port.dispatch import policy_names
from port.network import Site
from port.reading import read_terminal
from port.terminal import Terminal
from twin.model import Setup
from twin.scenario.problems import Problem, suggest

ARGUMENTS = {"crane_breakdown": "crane", "gantry_breakdown": "gantry", "truck_breakdown": "truck"}
"""Verbs that name a machine, and the argument that does."""


def machine_ids(terminal: Terminal, fleet: int) -> Mapping[str, Sequence[str]]:
    """Ids of a completed terminal's quay cranes (`QC01`), gantries (`<block>-1`) and driverless trucks (`AT001`)."""
    return {
        "crane": [c.id for c in Site.of(terminal).cranes],
        "gantry": [f"{b.id}-{k + 1}" for b in terminal.blocks for k in range(b.gantries)],
        "truck": [f"AT{i + 1:03d}" for i in range(fleet)],
    }


def check(setup: Setup) -> Iterator[Problem]:
    """Problems of the terminal's file, and machines that the timeline names and the terminal does not have."""
    terminal, problems = read_terminal(setup.config.terminal)
    key = (setup.section, "terminal")
    for p in problems:
        yield Problem(key, p.text, p.warn, p.where)
    if setup.config.trucks == "road" and "gate_arrivals" not in setup.linked:
        text = "no section of this scenario brings trucks to the gate: add `traffic`, or use `profile`"
        yield Problem((setup.section, "trucks"), text)
    if setup.config.dispatch not in policy_names():
        names = policy_names()
        hint = suggest(setup.config.dispatch, names) or f" There are {', '.join(names)}."
        yield Problem((setup.section, "dispatch"), f"there is no dispatch policy '{setup.config.dispatch}'.{hint}")
    if terminal is None:
        return
    known = machine_ids(terminal, setup.config.fleet or terminal.fleet.trucks or 0)
    for event in setup.events:
        kind = ARGUMENTS.get(event.verb)
        if kind is None:
            continue
        name = getattr(event.args, kind)
        if name not in known[kind]:
            hint = suggest(name, known[kind]) or f" There are {known[kind][0]} to {known[kind][-1]}."
            yield Problem(("timeline",), f"there is no {kind} '{name}' in the terminal.{hint}", where=event.where)
