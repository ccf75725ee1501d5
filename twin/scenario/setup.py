"""What a domain gets from a scenario: to be built for a run, or to check its inputs beforehand."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from twin.model import Journal, Setup
from twin.places import Places
from twin.scenario.child import close_children, stop_children
from twin.scenario.expect import check_metrics
from twin.scenario.problems import Problem, ScenarioError
from twin.scenario.scenario import Scenario

Box = tuple[float, float, float, float]
"""West, south, east, north in m."""


def seed_for(seed: int, section: str) -> int:
    """The section's own seed, 63 bits: adding a section changes no other section's random numbers."""
    digest = hashlib.sha256(f"{seed}:{section}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def setup_for(scenario: Scenario, section: str, folder: Path, journal: Journal) -> Setup:
    """The Setup of one section. `folder` exists and is the model's own."""
    from twin.couple import pairs

    setup = _alone(scenario, section, folder, journal)
    known: dict[str, Mapping[str, Places]] = {}
    sources: dict[str, Places] = {}
    for pair in pairs(scenario.ports()):
        tell = scenario.domains[pair.source].places
        if pair.target != section or tell is None:
            continue
        if pair.source not in known:
            known[pair.source] = tell(_alone(scenario, pair.source, folder, Journal()))
        if pair.out.at in known[pair.source]:
            sources[pair.into.name] = known[pair.source][pair.out.at]
    return replace(setup, sources=sources)


def ground(scenario: Scenario, section: str, folder: Path) -> Box | None:
    """What the sections that take something from this one cover together; all others, where none of them says."""
    from twin.couple import pairs
    from twin.overlap import extents

    others = {name: domain for name, domain in scenario.domains.items() if name != section}
    setups = {name: _alone(scenario, name, folder, Journal()) for name in others}
    boxes = extents(others, setups)
    taking = {pair.target for pair in pairs(scenario.ports()) if pair.source == section}
    chosen = [box for name, box in boxes.items() if name in taking] or list(boxes.values())
    if not chosen:
        return None
    west, south, east, north = zip(*chosen, strict=True)
    return min(west), min(south), max(east), max(north)


def _alone(scenario: Scenario, section: str, folder: Path, journal: Journal) -> Setup:
    """The Setup of one section, without what other sections would have to be asked for."""
    from twin.couple import linked_ports

    wants_extent = getattr(scenario.sections[section], "wants_extent", False)
    linked = linked_ports(scenario.ports())
    return Setup(
        section=section,
        config=scenario.sections[section],
        start=scenario.clock.start,
        duration_us=scenario.clock.duration_us,
        exchange_us=scenario.clock.exchange_us,
        seed=seed_for(scenario.seed, section),
        folder=folder,
        journal=journal,
        crs=scenario.crs,
        events=tuple(entry.event for entry in scenario.schedule if entry.section == section),
        linked=linked[section],
        sections=frozenset(scenario.sections),
        extent=ground(scenario, section, folder) if wants_extent else None,
    )


def check_inputs(scenario: Scenario, threads: int = 4) -> list[Problem]:
    """What every domain finds in its input files, in the order of the sections, and which sections lie apart.

    Reads networks, builds no model. The checks run side by side: their parsers work in child processes.
    """
    from twin.overlap import extents, overlap

    with tempfile.TemporaryDirectory(prefix="twin-check-") as scratch:
        setups = {}
        for section in scenario.domains:
            folder = Path(scratch) / section
            folder.mkdir()
            setups[section] = setup_for(scenario, section, folder, Journal())

        def check(section: str) -> list[Problem]:
            try:
                return list(scenario.domains[section].check(setups[section]))
            except ScenarioError as error:
                return [Problem((section,), line) for line in error.lines]
            except OSError as error:
                name = Path(str(error.filename)).name if error.filename else "a file"
                return [Problem((section,), f"{name} cannot be read: {error.strerror or error}")]

        with ThreadPoolExecutor(threads) as pool:
            try:
                apart = pool.submit(lambda: overlap(extents(scenario.domains, setups), scenario.ports(), scenario.crs))
                found = [problem for problems in pool.map(check, scenario.domains) for problem in problems]
                return [*check_metrics(scenario.expect, scenario.domains), *found, *apart.result()]
            except BaseException:
                stop_children()
                raise
            finally:
                close_children()  # idle, they would hold their engines in memory for the whole run
