"""Layers and rules that a terminal leaves off, each switched on alone with usual values: what it would cost."""

from __future__ import annotations

from collections.abc import Iterator

from port.layers.price import Switch, changed
from port.layers.sections import Cellular, Perception, Positioning
from port.sections import Breakdown
from port.terminal import Terminal

RULES = {
    "manned_first": "manned trucks first at junctions",
    "driverless_first": "driverless trucks first at junctions",
    "loaded_first": "loaded trucks first at junctions",
}
REACTION_S, HEADWAY_S = 1.5, 1.0
"""A driver's reaction, in the middle of 1 to 2 s; and a second more distance (assumed)."""
BETWEEN_H = 40.0
"""Between failures of a machine (assumed)."""


def additions(terminal: Terminal) -> Iterator[Switch]:
    """Switches that are off in a completed terminal, in a fixed order."""
    t, fleet, roads = terminal, terminal.fleet, terminal.roads
    if t.radio is not None and t.radio.cellular is None:
        other = changed("radio", cellular=Cellular())
        yield Switch("second_path", "5G beside the roadside units", other, adds=True)
    if t.radio is not None:
        operators = 2 * fleet.remote.operators
        other = changed("fleet", remote=fleet.remote.model_copy(update={"operators": operators}))
        yield Switch("operators", f"{operators} remote operators", other, adds=True)
    if t.positioning is None:
        yield Switch("multipath", "steel that spoils positions", changed("", positioning=Positioning()), adds=True)
    if t.perception is None:
        yield Switch("corners", "blind corners, without sensors", changed("", perception=Perception()), adds=True)
    if not roads.exclusion:
        words = "manned and driverless trucks never in a block at once"
        yield Switch("exclusion", words, changed("roads", exclusion=True), adds=True)
    for rule, words in RULES.items():
        if roads.right_of_way != rule:
            yield Switch(rule, words, changed("roads", right_of_way=rule), adds=True)
    if t.road_trucks.reaction == 0.0 and t.road_trucks.headway == 0.0:
        words = f"manned trucks start {REACTION_S:g} s late and follow {HEADWAY_S:g} s behind"
        other = changed("road_trucks", reaction=REACTION_S, headway=HEADWAY_S)
        yield Switch("drivers", words, other, adds=True)
    if fleet.breakdown is None:
        other = changed("fleet", breakdown=Breakdown.model_validate({"between": f"{BETWEEN_H} h"}))
        yield Switch("truck_breakdowns", f"driverless trucks fail every {BETWEEN_H:g} h", other, adds=True)
