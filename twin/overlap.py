"""Whether the sections of a scenario lie in one place: their extents are compared before anything heavy is built.

Two networks in different coordinate systems are each in order and would run for hours beside each other, dry and
unhindered. So what the water links in space must lie together; anything else that lies apart is a warning.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from twin.couple import pairs
from twin.model import Domain, Setup
from twin.ports import Join, Kind, Port
from twin.scenario.problems import Problem

Box = tuple[float, float, float, float]
"""West, south, east, north in m."""

NEAR_M = 100.0
"""A gap up to this is none: a terminal lies beside its streets, a waterworks outside of the town."""
DEGREES = (180.0, 90.0)


def extents(domains: Mapping[str, Domain], setups: Mapping[str, Setup]) -> dict[str, Box]:
    """The extents of all sections that have one. A file that cannot be read has none: its own check tells why."""
    found: dict[str, Box] = {}
    for section, domain in domains.items():
        if domain.extent is None:
            continue
        try:
            box = domain.extent(setups[section])
        except Exception:
            continue
        if box is not None and all(map(math.isfinite, box)):
            found[section] = box
    return found


def overlap(boxes: Mapping[str, Box], ports: Mapping[str, Iterable[Port]], crs: str | None = None) -> list[Problem]:
    """One problem for each section that lies apart from the others.

    Most sections that lie together are the city; of as many, those with the larger ground. What is linked in space
    across the gap is an error, since nothing would ever pass; what is not is a warning.
    """
    groups = _together(boxes)
    if len(groups) < 2:
        return [_degrees(name) for name in boxes if _in_degrees(boxes[name]) and len(boxes) > 1]
    city = max(groups, key=lambda group: (len(group), max(_area(boxes[name]) for name in group)))
    tables = {section: tuple(table) for section, table in ports.items()}
    linked = {
        frozenset((pair.source, pair.target))
        for pair in pairs(tables)
        if pair.into.kind is not Kind.ARRIVALS and pair.into.join in (Join.NEAREST, Join.ALONG_MAX)
    }
    problems = []
    for section, box in boxes.items():
        if section in city:
            continue
        others = [name for name in boxes if name not in next(group for group in groups if section in group)]
        partners = [name for name in others if frozenset((section, name)) in linked]
        nearest = min((name for name in city), key=lambda name: gap_m(box, boxes[name]))
        problems.append(
            Problem((section,), _sentence(section, box, nearest, boxes[nearest], crs), warn=not partners),
        )
    return problems


def _degrees(section: str) -> Problem:
    text = f"the coordinates of {section} look like degrees: bring them into metres, as those of the other sections"
    return Problem((section,), text, warn=True)


def gap_m(a: Box, b: Box) -> float:
    """Distance between two boxes in m; 0 where they touch or overlap."""
    across = max(0.0, a[0] - b[2], b[0] - a[2])
    along = max(0.0, a[1] - b[3], b[1] - a[3])
    return math.hypot(across, along)


def _together(boxes: Mapping[str, Box]) -> list[list[str]]:
    """Sections in groups that lie together, in their order."""
    groups: list[list[str]] = []
    for section, box in boxes.items():
        near = [group for group in groups if any(gap_m(box, boxes[name]) <= NEAR_M for name in group)]
        groups = [group for group in groups if group not in near] + [[*(name for g in near for name in g), section]]
    return groups


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _sentence(section: str, box: Box, other: str, place: Box, crs: str | None) -> str:
    away = gap_m(box, place)
    distance = f"{away / 1000:,.0f} km" if away >= 10_000 else f"{away:.0f} m"
    text = f"{section} ({_spelt(box)}) and {other} ({_spelt(place)}) do not overlap: they are {distance} apart."
    strange = next((name for name, b in ((section, box), (other, place)) if _in_degrees(b)), None)
    if strange is not None:
        text += f" The coordinates of {strange} look like degrees."
    return f"{text} Bring both into {crs or 'one coordinate system, in metres'}"


def _spelt(box: Box) -> str:
    west, south, east, north = box
    if west == east and south == north:
        return f"x {_number(west)}, y {_number(south)}"
    return f"x {_number(west)} to {_number(east)}, y {_number(south)} to {_number(north)}"


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 200 else f"{value:.0f}"


def _in_degrees(box: Box) -> bool:
    """Within the globe's degrees, and smaller than any city is in metres."""
    west, south, east, north = box
    on_globe = max(abs(west), abs(east)) <= DEGREES[0] and max(abs(south), abs(north)) <= DEGREES[1]
    return on_globe and 0.0 < max(east - west, north - south) < 5.0
