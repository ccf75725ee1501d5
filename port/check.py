"""What is wrong with a port section before a run begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from port.call_rules import lacking
from port.dispatch import policy_names
from port.layers.check import unit_names
from port.network import Site
from port.reading import read_terminal
from port.terminal import Terminal
from twin.model import Setup
from twin.scenario.problems import Problem, suggest

ARGUMENTS = {
    "crane_breakdown": "crane",
    "gantry_breakdown": "gantry",
    "truck_breakdown": "truck",
    "unit_outage": "unit",
}
"""Verbs that name a machine, and the argument that does."""


def machine_ids(terminal: Terminal, fleet: int) -> Mapping[str, Sequence[str]]:
    """Ids of a completed terminal's quay cranes (`QC01`), gantries (`<block>-1`) and driverless trucks (`AT001`)."""
    return {
        "crane": [c.id for c in Site.of(terminal).cranes],
        "gantry": [f"{b.id}-{k + 1}" for b in terminal.blocks for k in range(b.gantries)],
        "truck": [f"AT{i + 1:03d}" for i in range(fleet)],
        "unit": unit_names(terminal),
    }


def _never_come(terminal: Terminal, by_road: bool) -> Iterator[str]:
    """Boxes that a ship waits for and that no truck will ever bring."""
    road = terminal.road_trucks
    daily = sum(road.per_hour) if road.per_hour else road.per_day or 0.0
    if by_road or daily * road.deliver_share > 0 or terminal.yard.transhipment > 0:
        return
    for name, boxes in lacking(terminal):
        yield (
            f"{boxes} boxes of {name} are to come by road, but no road truck brings any: it will not leave. Raise "
            "yard.exports_in_yard or road_trucks.per_day"
        )


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
    by_road = setup.config.trucks == "road" or (setup.config.trucks == "auto" and "gate_arrivals" in setup.linked)
    yield from (Problem(key, text, warn=True) for text in _never_come(terminal, by_road))
    if by_road and terminal.gate.appointments is not None:
        text = "the road network brings the trucks, and they book no slots: gate.appointments has no effect"
        yield Problem(key, f"{text}. Take it out, or use `trucks: profile`", warn=True)
    known = machine_ids(terminal, setup.config.fleet or terminal.fleet.trucks or 0)
    for event in setup.events:
        kind = ARGUMENTS.get(event.verb)
        if kind is None:
            continue
        name = getattr(event.args, kind)
        if name not in known[kind]:
            there = f" There are {known[kind][0]} to {known[kind][-1]}." if known[kind] else " It has none."
            hint = suggest(name, known[kind]) or there
            yield Problem(("timeline",), f"there is no {kind} '{name}' in the terminal.{hint}", where=event.where)
