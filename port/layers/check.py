"""What can be wrong with the layers of a terminal's file, rule by rule."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from port.layers.radio import RadioLayer, unit_ids
from port.network import Site, nearest_spot, point_at
from twin.scenario.problems import suggest

if TYPE_CHECKING:
    from port.layers.sections import Unit
    from port.terminal import Terminal

Fault = tuple[tuple[str | int, ...], str, bool]
"""Keys to it in the file, a sentence, and whether a run survives it."""
FAR_M = 300.0
"""A mast further from any lane is a mistake of coordinates."""


def unit_names(terminal: Terminal) -> list[str]:
    """Ids of all units beside the road, radios first, each once."""
    radios = unit_ids(terminal.radio) if terminal.radio is not None else ()
    sensors = [u.id for u in terminal.perception.units] if terminal.perception is not None else []
    return list(dict.fromkeys((*radios, *sensors)))


def layer_faults(terminal: Terminal) -> Iterator[Fault]:
    """Every rule; that on coverage, which needs rays, only when the others hold."""
    clean = True
    for rule in (_units_stand_by_lanes, _feeders_name_machines, _radio_is_ordered):
        for fault in rule(terminal):
            clean = clean and fault[2]
            yield fault
    if clean and terminal.radio is not None:
        yield from _lanes_hear(terminal)


def _units_stand_by_lanes(terminal: Terminal) -> Iterator[Fault]:
    lists: list[tuple[str, Sequence[Unit]]] = []
    if terminal.radio is not None and not isinstance(terminal.radio.units, int):
        lists.append(("radio", terminal.radio.units))
    if terminal.perception is not None:
        lists.append(("perception", terminal.perception.units))
    shapes = Site.of(terminal).shapes if lists else ()
    for key, units in lists:
        seen: dict[str, int] = {}
        for k, unit in enumerate(units):
            if unit.id in seen:
                yield (key, "units", k, "id"), f"'{unit.id}' is also the id of {key}.units[{seen[unit.id]}]", False
            seen.setdefault(unit.id, k)
            lane, metres = nearest_spot(shapes, unit.at)
            away = math.dist(unit.at, point_at(shapes[lane], metres))
            if away > FAR_M:
                text = f"unit {unit.id} stands {away:.0f} m from the nearest lane: it would serve nobody"
                yield (key, "units", k, "at"), text, False


def _feeders_name_machines(terminal: Terminal) -> Iterator[Fault]:
    if not terminal.feeders:
        return
    known = {
        "cranes": [c.id for c in Site.of(terminal).cranes],
        "blocks": [b.id for b in terminal.blocks],
        "units": unit_names(terminal),
    }
    fed: dict[tuple[str, str], str] = {}
    ids: set[str] = set()
    for k, feeder in enumerate(terminal.feeders):
        if feeder.id in ids or feeder.id == "terminal":
            what = "the terminal's own supply" if feeder.id == "terminal" else "another feeder"
            yield ("feeders", k, "id"), f"'{feeder.id}' is already the name of {what}", False
        ids.add(feeder.id)
        for kind, names in known.items():
            for name in getattr(feeder, kind):
                if name not in names:
                    hint = suggest(name, names) or (f" There are {names[0]} to {names[-1]}." if names else "")
                    yield ("feeders", k, kind), f"the terminal has no '{name}' among its {kind}.{hint}", False
                elif (kind, name) in fed:
                    text = f"{name} hangs on feeder {fed[kind, name]} already: one machine, one feeder"
                    yield ("feeders", k, kind), text, False
                fed.setdefault((kind, name), feeder.id)


def _radio_is_ordered(terminal: Terminal) -> Iterator[Fault]:
    radio = terminal.radio
    if radio is None:
        return
    if not unit_ids(radio) and radio.cellular is None:
        text = "radio without units and without 5G would stop every truck: name units, add `cellular`, or leave it out"
        yield ("radio",), text, False
    if radio.slow > radio.stop:
        text = f"trucks would stop at {radio.stop:g} s and crawl only from {radio.slow:g} s: set it lower"
        yield ("radio", "slow"), text, False
    if radio.latency + radio.period > radio.stop:
        text = f"the freshest message is {radio.latency + radio.period:g} s old, and trucks stop at {radio.stop:g} s"
        yield ("radio", "stop"), text, False


def _lanes_hear(terminal: Terminal) -> Iterator[Fault]:
    """Lanes on which every truck would need an operator: a run survives them, badly."""
    from port.plan import Plan

    assert terminal.radio is not None
    plan = Plan(terminal)
    try:
        age = RadioLayer(plan, terminal.radio).age_s
    except ValueError as error:
        yield ("radio", "units"), str(error), False
        return
    silent = [plan.site.lane_ids[k] for k, a in enumerate(age.tolist()) if math.isinf(a)]
    if silent:
        shown = ", ".join(silent[:4]) + (f" and {len(silent) - 4} more" if len(silent) > 4 else "")
        text = (
            f"trucks hear too little on {len(silent)} of {len(age)} lanes ({shown}): each stops there for an operator. "
            "More units, other places (`twin port radio`), or `cellular` help"
        )
        yield ("radio", "units"), text, True
