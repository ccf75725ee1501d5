"""The one order of events that both engines keep, and the words of their log.

The clock counts whole microseconds. At an instant

1. due events are handled in the order of (class, number of the entity);
2. whatever a handled event has woken goes on at once, first woken first;
3. when nothing is due any more and something has changed, the engine *settles*: it takes all decisions of this instant
   in one pass, in this order, each over its entities by rising number: gate lanes and import boxes; transport orders
   of the cranes; dispatch; places before cranes and blocks; services (exit lanes, quay cranes, blocks, stations,
   remote operators); lanes and junctions. What a decision wakes goes on after the pass; then back to 1.

Two events never have the same time, class and number, so the order is complete, and nothing depends on which of two
changes was made first in the program. What comes from outside (wind, arrivals, stops) takes effect before the events
of its instant.
"""

from __future__ import annotations

(
    VESSEL,
    ARRIVAL,
    GATE_IN,
    GATE_OUT,
    PATIENCE,
    HANDOVER,
    CRANE,
    GANTRY,
    DRIVE,
    JUNCTION,
    STATION,
    TAKEOVER,
    FAIL,
    REPAIR,
    RELEASE,
) = range(1, 16)
"""Classes of timed events. Entities: call, none, visitor, visitor, visitor, crane, crane, gantry, vehicle, junction,
truck, truck, machine, machine, box. Vehicles count the driverless trucks first, then road trucks in order of arrival;
machines count quay cranes, gantries, driverless trucks."""

RANK_BITS = 32
"""An event's rank is class · 2^32 + entity."""
SETTLE = 99
"""Behind every event of its instant."""

# Log rows are (time_us, code, entity, a, b), all int64. `LOG` says what entity, a and b are.
L_BERTHED, L_WORK, L_LEFT, L_ORDER, L_SENT, L_STANDS, L_HANDOVER, L_DISCHARGE, L_LOAD, L_READY = range(1, 11)
L_AT_BLOCK, L_GANTRY, L_STORE, L_RETRIEVE, L_RECEIVE, L_DELIVER = range(11, 17)
L_ARRIVED, L_ADMITTED, L_DEPARTED, L_REFUSED, L_EMPTY = range(17, 22)
L_ENTER, L_END, L_AT, L_GRIDLOCK = range(22, 26)
L_STATION, L_PLUGGED, L_CHARGED, L_CALLS, L_TAKEN, L_FREED = range(26, 32)
L_FAILS, L_REPAIRED, L_STARVED, L_DONE, L_TRANSHIP, L_RELEASED, L_ASIDE = range(32, 39)

LOG: dict[int, tuple[str, str, str, str]] = {
    L_BERTHED: ("BERTHED", "call", "berth", ""),
    L_WORK: ("WORK", "call", "berth", ""),
    L_LEFT: ("LEFT", "call", "berth", "us late"),
    L_ORDER: ("ORDER", "order", "crane", "boxes, negative for loading"),
    L_SENT: ("SENT", "truck", "order", "crane"),
    L_STANDS: ("STANDS", "vehicle", "crane", "order"),
    L_HANDOVER: ("HANDOVER", "crane", "vehicle", ""),
    L_DISCHARGE: ("DISCHARGE", "crane", "box", "vehicle"),
    L_LOAD: ("LOAD", "crane", "box", "vehicle"),
    L_READY: ("READY", "crane", "call or -1", ""),
    L_AT_BLOCK: ("AT_BLOCK", "vehicle", "block", "cycle"),
    L_GANTRY: ("GANTRY", "gantry", "box", "boxes dug"),
    L_STORE: ("STORE", "gantry", "box", "vehicle"),
    L_RETRIEVE: ("RETRIEVE", "gantry", "box", "vehicle"),
    L_RECEIVE: ("RECEIVE", "gantry", "box", "vehicle"),
    L_DELIVER: ("DELIVER", "gantry", "box", "vehicle"),
    L_ARRIVED: ("GATE_ARRIVAL", "vehicle", "1 to collect", ""),
    L_ADMITTED: ("GATE_IN", "vehicle", "lane", ""),
    L_DEPARTED: ("GATE_OUT", "vehicle", "box or -1", ""),
    L_REFUSED: ("REFUSED", "vehicle", "", ""),
    L_EMPTY: ("EMPTY", "vehicle", "", ""),
    L_ENTER: ("ENTER", "vehicle", "arc", "us"),
    L_END: ("END", "vehicle", "arc", ""),
    L_AT: ("AT", "vehicle", "place", ""),
    L_GRIDLOCK: ("GRIDLOCK", "vehicle", "arc", "next arc"),
    L_STATION: ("STATION", "truck", "station", "J left"),
    L_PLUGGED: ("PLUGGED", "truck", "station", "us"),
    L_CHARGED: ("CHARGED", "truck", "station", ""),
    L_CALLS: ("CALLS_OPERATOR", "truck", "arc", ""),
    L_TAKEN: ("TAKEOVER", "truck", "us", ""),
    L_FREED: ("TAKEOVER_END", "truck", "", ""),
    L_FAILS: ("FAILS", "machine", "", ""),
    L_REPAIRED: ("REPAIRED", "machine", "", ""),
    L_STARVED: ("STARVED", "crane", "call", "us"),
    L_DONE: ("DONE", "truck", "crane", ""),
    L_TRANSHIP: ("TRANSHIP", "box", "call or -2", "call that brought it"),
    L_RELEASED: ("RELEASED", "box", "block", ""),
    L_ASIDE: ("ASIDE", "vehicle", "arc", "place"),
}
DETAIL = frozenset({L_ENTER, L_END})
"""Rows that only the full log (level 2) holds; level 1 is enough for all tables, level 0 keeps nothing."""

OWN, ROAD = 0, 1
"""Kinds of vehicles: driverless, manned."""
EMPTY, LOADED, MANNED = 0, 1, 2
"""Modes of driving, rows of every table of speeds."""
DISCHARGING, LOADING = 1, 2
"""Directions of a quay move."""
C_RETRIEVE, C_STORE, C_RECEIVE, C_DELIVER = range(4)
"""Cycles of a gantry."""
FETCHES, TAKES, BRINGS, GIVES, CHARGES = range(5)
"""Stages of a busy driverless truck: it drives to its boxes, stands there, drives with them, stands where they go; or
it charges (the way to the station included)."""
