"""Where mains give water to the street: bursts and opened hydrants, as EPANET emitters that open and close in time.

A pipe that will burst is split beforehand by a junction at the burst, a hydrant gets a short stub; both carry an
emitter of coefficient zero. Until one opens, the network is hydraulically the file's own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hydraulics.network import Network, along
from hydraulics.toolkit import Link, Node, Option, Project

GRAVITY = 9.80665
STUB_M = 1.0
"""Length of the pipe between a junction and its hydrant. It is made as wide as the widest pipe at the junction, and
what it loses is part of the discharge coefficient.

The stub is shut while the hydrant is. EPANET gives an open pipe without flow the conductance 1/RQtol = 1e7 ft2/s
(hydcoeffs.c), and heads are known to 1e-16 of themselves, so every idle open stub adds some 1e-7 ft3/s of noise to
the network's equations: with 131 hydrants that was 2e-5 of a district's supply, above the accuracy asked for."""
SETTLE_PASSES = 10


def orifice(area_m2: float, discharge: float) -> float:
    """Emitter coefficient c in q = c √p, m3/s with p in m of water.

    Torricelli with a discharge coefficient: q = Cd A √(2 g p). Any hydraulics textbook; EPANET 2.2 user manual 3.1.1.

    >>> round(orifice(0.004, 0.6) * math.sqrt(40.0), 4)
    0.0672
    """
    return discharge * area_m2 * math.sqrt(2.0 * GRAVITY)


@dataclass
class Outlet:
    """Where the network may lose water. `coefficient` in m3/s per √m, 0 when shut; `place` its id among the places;
    `stub` the link that is open only while water flows (0: none)."""

    id: str
    node: int
    xy: tuple[float, float]
    elevation_m: float
    coefficient: float = 0.0
    vacuum: bool = False
    place: str = ""
    stub: int = 0

    @property
    def flowing(self) -> bool:
        return self.coefficient > 0.0 and not self.vacuum


@dataclass
class Outlets:
    """All outlets of a run, and the parts into which pipes were split (`segments[link] = links`)."""

    project: Project
    bursts: dict[tuple[str, float], Outlet] = field(default_factory=dict)
    hydrants: dict[str, Outlet] = field(default_factory=dict)
    segments: dict[int, list[int]] = field(default_factory=dict)
    file_exponent: float = 0.5
    pressure_units: float = 1.0
    """Units of EPANET's pressure per metre of head (psi, kPa or m; with the file's specific gravity)."""

    def __iter__(self) -> Iterator[Outlet]:
        yield from self.bursts.values()
        yield from self.hydrants.values()

    @property
    def added(self) -> int:
        """Junctions that the file does not have."""
        return len(self.bursts) + len(self.hydrants)

    def use_square_root(self, file_has_emitters: bool) -> None:
        """Orifices need the exponent 0.5. It is the file's to choose only where the file has emitters of its own."""
        if file_has_emitters:
            self.file_exponent = self.project.option(Option.EMITTER_EXPONENT)
        else:
            self.project.set_option(Option.EMITTER_EXPONENT, 0.5)

    def prime(self) -> None:
        """Restart the project with a first guess of flow at every emitter.

        EPANET makes that guess only for emitters that are open at the restart. From a flow of zero an emitter with
        an exponent above 1 has an infinite gradient, and opening it later would end in NaN.
        """
        guess = 1.0 if self.file_exponent != 0.5 else 0.0
        for outlet in self:
            self.project.set_node(outlet.node, Node.EMITTER, guess)
        self.project.restart()
        for outlet in self:
            self.project.set_node(outlet.node, Node.EMITTER, 0.0)

    def pressure_m(self, outlet: Outlet) -> float:
        return self.project.node(outlet.node, Node.HEAD) * self.project.length_si - outlet.elevation_m

    def flow(self, outlet: Outlet) -> float:
        """m3/s that leave by the outlet, as solved. EPANET keeps an old figure at shut emitters, so those give 0."""
        return self.project.node(outlet.node, Node.DEMAND) * self.project.flow_si if outlet.flowing else 0.0

    def set(self, outlet: Outlet, coefficient: float) -> None:
        """Open the outlet with `coefficient` (m3/s per √m), or shut it with 0."""
        outlet.coefficient, outlet.vacuum = coefficient, False
        self._write(outlet, self.pressure_m(outlet))

    def _write(self, outlet: Outlet, pressure_m: float) -> float:
        """Give EPANET the coefficient in its own units; with another exponent than 0.5 the one that gives the same
        flow at this pressure."""
        value = 0.0
        if outlet.flowing:
            exponent = self.file_exponent
            scale = max(pressure_m, 0.01) ** (0.5 - exponent)
            value = outlet.coefficient * scale / self.project.flow_si / self.pressure_units**exponent
        self.project.set_node(outlet.node, Node.EMITTER, value)
        if outlet.stub and (self.project.link(outlet.stub, Link.STATUS) != 0.0) != outlet.flowing:
            self.project.set_link(outlet.stub, Link.STATUS, float(outlet.flowing))
        return value

    def settle(self) -> bool:
        """After a solution: shut outlets that would draw air in, reopen those under pressure again, adapt
        coefficients to a foreign exponent. True when the network must be solved once more."""
        again = False
        for outlet in self:
            if outlet.coefficient == 0.0:
                continue
            pressure = self.pressure_m(outlet)
            if outlet.vacuum != (pressure < 0.0):
                outlet.vacuum = pressure < 0.0
                self._write(outlet, pressure)
                again = True
            elif outlet.flowing and self.file_exponent != 0.5:
                before = self.project.node(outlet.node, Node.EMITTER)
                now = self._write(outlet, pressure)
                again |= abs(now - before) > 1e-6 * now
        return again


def make_outlets(
    project: Project,
    network: Network,
    bursts: Sequence[tuple[str, float]],
    gates: Sequence[str],
    hydrants: Sequence[str],
) -> Outlets:
    """Prepare the project for what may happen. Before the solver is opened.

    bursts    (pipe id, share of its length) of each place that may burst
    gates     pipes with a check valve that may be closed: EPANET cannot close those, so they are split as well
    hydrants  junction ids that may be opened
    """
    outlets = Outlets(project)
    number = {name: k for k, name in enumerate(network.link_ids)}
    taken = set(network.node_ids.values()) | set(network.link_ids)
    places: dict[str, set[float]] = {}
    for pipe, share in [*bursts, *((gate, 0.5) for gate in gates)]:
        places.setdefault(pipe, set()).add(share)
    for pipe in sorted(places):
        _split(outlets, network, number[pipe], sorted(places[pipe]), taken)
    for junction in sorted(set(hydrants)):
        _stub(outlets, network, junction, taken)
    return outlets


def _fresh(stem: str, taken: set[str]) -> str:
    """An id that the file does not use."""
    k = 1
    while f"{stem}_{k}" in taken:
        k += 1
    taken.add(f"{stem}_{k}")
    return f"{stem}_{k}"


def _split(outlets: Outlets, network: Network, position: int, shares: list[float], taken: set[str]) -> None:
    """Cut a pipe at `shares` of its length. Length and minor loss are shared out, so its head loss stays the same."""
    project, link = outlets.project, int(network.links[position])
    length, minor = project.link(link, Link.LENGTH), project.link(link, Link.MINOR_LOSS)
    first, last = project.link_nodes(link)
    z_first, z_last = _ground(project, first, last)
    last_is_junction = last <= len(network.junctions)
    parts, previous, before = [link], 0, 0.0
    for share in shares:
        node = project.add_junction(_fresh("outlet", taken), z_first + share * (z_last - z_first))
        last = last if last_is_junction else last + 1
        x, y = along(network.shapes[position], share)
        project.set_xy(node, x, y)
        if previous == 0:
            first = project.link_nodes(link)[0]
            project.move_link(link, first, node)
            project.set_link(link, Link.LENGTH, length * share)
        else:
            parts.append(project.add_pipe(_fresh("part", taken), previous, node, length * (share - before), link))
        elevation = project.node(node, Node.ELEVATION) * project.length_si
        name = network.link_ids[position]
        project.set_node(node, Node.INITIAL_QUALITY, project.node(last, Node.INITIAL_QUALITY))
        outlets.bursts[name, share] = Outlet(name, node, (x, y), elevation)
        previous, before = node, share
    parts.append(project.add_pipe(_fresh("part", taken), previous, last, length * (1.0 - before), link))
    if minor > 0.0:
        for part, share in zip(parts, _steps(shares), strict=True):
            project.set_link(part, Link.MINOR_LOSS, minor * share)
    outlets.segments[link] = parts


def _steps(shares: list[float]) -> list[float]:
    marks = [0.0, *shares, 1.0]
    return [b - a for a, b in itertools.pairwise(marks)]


def _ground(project: Project, first: int, last: int) -> tuple[float, float]:
    """Elevations of a pipe's ends. A reservoir's is its water level and a tank's its floor, so the other end counts."""
    ends = [project.node(node, Node.ELEVATION) for node in (first, last)]
    store = [project.node_type(node) != 0 for node in (first, last)]
    if store[0] and not store[1]:
        ends[0] = ends[1]
    elif store[1] and not store[0]:
        ends[1] = ends[0]
    return ends[0], ends[1]


def _stub(outlets: Outlets, network: Network, junction: str, taken: set[str]) -> None:
    """A hydrant's stub at a junction."""
    project = outlets.project
    position = network.junction_ids.index(junction)
    at = int(network.junctions[position])
    here = [k for k in network.links.tolist() if at in project.link_nodes(k)]
    pipes = [k for k in here if project.link_type(k) <= 1] or (network.pick("PIPE", "CVPIPE") + 1).tolist()
    like = max(pipes, key=lambda k: project.link(k, Link.DIAMETER))
    node = project.add_junction(_fresh("outlet", taken), project.node(at, Node.ELEVATION))
    x, y = network.junction_xy[position]
    project.set_xy(node, float(x), float(y))
    part = project.add_pipe(_fresh("part", taken), at, node, STUB_M / project.length_si, like)
    project.set_link(part, Link.INITIAL_STATUS, 0.0)
    project.set_node(node, Node.INITIAL_QUALITY, project.node(at, Node.INITIAL_QUALITY))
    outlets.segments[part] = [part]
    elevation = project.node(node, Node.ELEVATION) * project.length_si
    outlets.hydrants[junction] = Outlet(junction, node, (float(x), float(y)), elevation, stub=part)
