"""Water quality beside the hydraulics: age, origin or a chemical, by EPANET's own quality engine.

EPANET lets its quality solver run in step with its hydraulic solver, so bursts, closures and pump outages act on the
quality at once: at each moment the quality solver is told the flows (EN_runQ), the hydraulics move on (EN_nextH), and
the water is carried as far (EN_nextQ).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hydraulics.config import Inject, WaterConfig
from hydraulics.network import Network
from hydraulics.toolkit import FOOT, JUNCTION, TANK, Analysis, Count, EpanetError, Link, Node, Project, Source, Time
from twin.places import FloatArray

MASS_BALANCE = 4
STAGNANT = 1.114e-5 * FOOT**3
"""m3/s under which EPANET adds nothing to a node's outflow (quality.c, Q_STAGNANT)."""
CLEAN = 1e-9
"""Concentration that stands for none: EPANET skips a source of exactly zero, and the reservoir keeps its last value."""
ANALYSES = {"age": Analysis.AGE, "trace": Analysis.TRACE, "chemical": Analysis.CHEMICAL}


@dataclass(frozen=True)
class Injection:
    """A source as EPANET keeps it: strength in mass per minute or in mass per litre, of the file's mass unit."""

    kind: Source
    strength: float
    pattern: int = 0


@dataclass(frozen=True)
class Reservoir:
    """A reservoir into which something is put: its own concentration, and its links with +1 where they lead away."""

    clean: float
    links: tuple[tuple[int, float], ...]


@dataclass
class Quality:
    """The quality solver of one project. `per_unit` turns EPANET's values into h, % or mg/L.

    In EPANET a source at a reservoir replaces the reservoir's concentration for good, and a mass drops what was there.
    So a source at a reservoir is written as a concentration before every step: what the reservoir has, plus the mass
    over its outflow, or the level to which it is brought.
    """

    project: Project
    per_unit: float
    step_s: int
    added: int
    own: dict[int, Injection] = field(default_factory=dict)
    running: dict[int, dict[str, Injection]] = field(default_factory=dict)
    reservoirs: dict[int, Reservoir] = field(default_factory=dict)

    def open(self) -> None:
        """Begin at time zero. After the hydraulic solver has been restarted."""
        self.project.open_quality()

    def before(self) -> None:
        """The flows of this moment count until the next. EPANET never lengthens a quality step that a hydraulic step
        has shortened, so it is set anew each time."""
        for node in self.reservoirs:
            self._update(node)
        self.project.set_time(Time.QUALITY_STEP, self.step_s)
        self.project.run_quality()

    def after(self) -> None:
        """The hydraulics have moved on: carry the water as far."""
        self.project.next_quality()

    def values(self, nodes: Sequence[int]) -> FloatArray:
        """Age in h, traced share in %, or concentration in mg/L at EPANET's node numbers."""
        return np.array([self.project.node(i, Node.QUALITY) for i in nodes]) * self.per_unit

    def mass_ratio(self) -> float:
        """EPANET's own account: what left, reacted or is stored over what came in or was there; 1 is perfect."""
        return self.project.statistic(MASS_BALANCE)

    # ---- sources
    def inject(self, node: int, reason: str, args: Inject) -> None:
        """Start a source; the latest at a node counts."""
        if args.rate is not None:
            source = Injection(Source.MASS, args.rate / self.per_unit)
        else:
            assert args.concentration is not None
            source = Injection(Source.SETPOINT, args.concentration / self.per_unit)
        if node not in self.own:
            self.own[node] = self._read(node)
            if self.project.node_type(node) not in (JUNCTION, TANK):
                self.reservoirs[node] = Reservoir(self.project.node(node, Node.QUALITY), self._ways_out(node))
        self.running.setdefault(node, {})[reason] = source
        self._write(node, source)

    def stop(self, node: int, reason: str) -> None:
        """End a source; an earlier one at the node, or the file's own, takes its place."""
        running = self.running.get(node, {})
        running.pop(reason, None)
        self._write(node, next(reversed(running.values())) if running else self.own[node])

    def _ways_out(self, node: int) -> tuple[tuple[int, float], ...]:
        found = []
        for link in range(1, self.project.count(Count.LINKS) + 1):
            first, last = self.project.link_nodes(link)
            if node in (first, last):
                found.append((link, 1.0 if node == first else -1.0))
        return tuple(found)

    def _update(self, node: int) -> None:
        """Write a reservoir's source for the flows of this moment."""
        running, own, here = self.running.get(node, {}), self.own[node], self.reservoirs[node]
        if not running and own.strength > 0.0 and own.kind is not Source.SETPOINT:
            return
        strength = here.clean
        if running:
            source = next(reversed(running.values()))
            if source.kind is Source.MASS:
                flows = (sign * self.project.link(link, Link.FLOW) for link, sign in here.links)
                out = sum(max(flow, 0.0) for flow in flows) * self.project.flow_si
                strength += source.strength / (out * 6e4) if out > STAGNANT else 0.0
            else:
                strength = max(source.strength, here.clean)
        self._write(node, Injection(Source.CONCENTRATION, max(strength, CLEAN)))

    def _read(self, node: int) -> Injection:
        try:
            kind = Source(round(self.project.node(node, Node.SOURCE_TYPE)))
        except EpanetError:
            return Injection(Source.CONCENTRATION, 0.0)
        strength = self.project.node(node, Node.SOURCE_QUALITY)
        return Injection(kind, strength, round(self.project.node(node, Node.SOURCE_PATTERN)))

    def _write(self, node: int, source: Injection) -> None:
        self.project.set_node(node, Node.SOURCE_QUALITY, source.strength)
        self.project.set_node(node, Node.SOURCE_TYPE, float(source.kind))
        self.project.set_node(node, Node.SOURCE_PATTERN, float(source.pattern))


def make_quality(project: Project, network: Network, config: WaterConfig, added: int) -> Quality | None:
    """Choose the analysis in EPANET's memory, before its solvers are opened; None where the scenario wants none.

    EPANET leaves initial values in the unit of the analysis that the file asks for; they are put right here. Ages
    begin at zero unless the file itself is about age. `added` junctions stand before tanks and reservoirs.
    """
    if config.quality == "none":
        return None
    wanted = ANALYSES[config.quality]
    given, unit = project.analysis()
    if given is not wanted or wanted is Analysis.TRACE:
        nodes = range(1, len(network.node_ids) + added + 1)
        initial = [project.node(i, Node.INITIAL_QUALITY) for i in nodes]
        trace = node_number(network, str(config.trace_node), added) if wanted is Analysis.TRACE else 0
        project.set_analysis(wanted, trace)
        unit = "mg/L"
        keep = wanted is Analysis.CHEMICAL and given is Analysis.NONE
        for i, value in zip(nodes, initial, strict=True):
            project.set_node(i, Node.INITIAL_QUALITY, value if keep else 0.0)
    micro = wanted is Analysis.CHEMICAL and unit.lower().startswith(("ug", "µg"))
    step = project.time(Time.QUALITY_STEP) if config.quality_step is None else int(config.quality_step)
    return Quality(project, 1e-3 if micro else 1.0, max(step, 1), added)


def node_number(network: Network, name: str, added: int) -> int:
    """EPANET's number of one of the file's nodes, after `added` junctions were put before tanks and reservoirs."""
    number = next((k for k, known in network.node_ids.items() if known == name), None)
    if number is None:
        raise ValueError(f"there is no node '{name}'")
    return number + added if number > len(network.junctions) else number
