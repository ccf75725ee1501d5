"""What a domain gets from a scenario: to be built for a run, or to check its inputs beforehand."""

from __future__ import annotations

import hashlib
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from twin.model import Journal, Setup
from twin.scenario.child import close_children, stop_children
from twin.scenario.problems import Problem, ScenarioError
from twin.scenario.scenario import Scenario


def seed_for(seed: int, section: str) -> int:
    """The section's own seed, 63 bits: adding a section changes no other section's random numbers."""
    digest = hashlib.sha256(f"{seed}:{section}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def setup_for(scenario: Scenario, section: str, folder: Path, journal: Journal) -> Setup:
    """The Setup of one section. `folder` exists and is the model's own."""
    from twin.couple import linked_ports

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
                return found + apart.result()
            except BaseException:
                stop_children()
                raise
            finally:
                close_children()  # idle, they would hold their engines in memory for the whole run
