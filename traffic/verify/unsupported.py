"""What a configuration asks for that the queue engine leaves out, in words, so that a difference has a name."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from traffic.demand import Inputs
from traffic.network import elements

WORDS = {
    "person": "persons (walks and rides)",
    "personFlow": "flows of persons",
    "container": "containers as passengers",
    "containerFlow": "flows of containers",
    "rerouter": "rerouters (closures, parking, destinations)",
    "variableSpeedSign": "variable speed signs",
    "calibrator": "calibrators",
    "parkingArea": "the capacity of parking areas",
    "chargingStation": "charging stations (a stop like any other)",
    "access": "access for passengers",
    "overheadWireSegment": "overhead wires",
}
SIGNALS = {
    "delay_based": "delay-based signals (the program's phases at their set durations)",
    "NEMA": "NEMA signals (the program's phases at their set durations)",
    "railSignal": "rail signals",
}
OPTIONS = {
    "device.rerouting.probability": "rerouting by travel times on the way",
    "lateral-resolution": "sublane model (vehicles side by side within a lane)",
    "opposite": "overtaking on the opposite lane",
}


def left_out(inputs: Inputs) -> list[str]:
    """One line for each kind of thing, with how many there are."""
    found: Counter[str] = Counter()
    for file in (*inputs.routes, *inputs.additional):
        _count(file, found)
    _count(inputs.network, found, ("tlLogic",))
    for name, value in inputs.options:
        if name in OPTIONS and value not in ("0", "false", "0.0"):
            found[OPTIONS[name]] += 1
    return [text if n == 1 else f"{text}: {n}" for text, n in sorted(found.items())]


def _count(file: Path, found: Counter[str], tags: tuple[str, ...] = ()) -> None:
    for depth, element in elements(file):
        if depth != 1 or (tags and element.tag not in tags):
            continue
        if element.tag in WORDS:
            found[WORDS[element.tag]] += 1
        elif element.tag == "tlLogic" and element.get("type", "static") in SIGNALS:
            found[SIGNALS[element.get("type")]] += 1
        elif element.tag in ("vehicle", "trip", "flow"):
            if not _is_time(element.get("depart", element.get("begin", "0"))):
                found["vehicles that begin when something else happens (triggered)"] += 1
            if element.get("fromTaz") or element.get("fromJunction"):
                found["trips between zones or junctions (give edges)"] += 1
            if element.get("probability"):
                found["flows by probability"] += 1


def _is_time(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
