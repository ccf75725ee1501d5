"""The reference engine: EPANET 2.2, stepped by the core.

EPANET holds flows constant from one hydraulic moment to the next, so volumes are exactly flow times step. Steps are
cut at every exchange; EPANET itself cuts them at pattern changes, report times, full or empty tanks and controls.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hydraulics.config import WaterConfig
from hydraulics.energy import power_kw, pump_links
from hydraulics.network import multiplier, read_network
from hydraulics.outlets import SETTLE_PASSES, Outlet, make_outlets
from hydraulics.quality import make_quality, node_number
from hydraulics.switches import Switches
from hydraulics.toolkit import FOOT, Count, EpanetError, Link, Node, Option, Project, Time
from twin.places import FloatArray

RELATIVE_ERROR = 1
UNBALANCED = 1
"""EPANET's warning number for a step without convergence."""
DAY_S = 86_400
EXTRA_TRIALS = 10.0
MORE_TRIALS = 100.0
LOOSEST = 1e-3
"""EPANET's own default accuracy: no solution is asked for less, unless the file does."""
IDLE_M3S = 1e-6
"""A pipe with less is idle: its loss is below what EPANET's linear branch gives it."""
RQ_CONDUCTANCE = 1e7
COUNT_EVERY_S = 900
MOST_PATIENCE = 256
"""Solutions between two attempts at the accuracy that was asked for, at most."""


@dataclass(frozen=True)
class Solution:
    """The network at one moment. n junctions, t tanks, r reservoirs, o outlets; SI units.

    pressure_m (n,)  head above ground         asked (n,)      m3/s wanted (negative: fed in)
    delivered (n,)   m3/s that customers get   emitted (n,)    m3/s from the file's own emitters
    tank_m3 (t,)     stored                    tank_level_m (t,)
    tank_flow (t,)   m3/s into each tank       reservoir_flow (r,)  m3/s into each reservoir (negative: supplied)
    outlet_flow (o,) m3/s lost by bursts and hydrants    seepage m3/s through closed links at tanks and reservoirs
    resolution       m3/s that EPANET's arithmetic cannot tell apart (see `Epanet._resolution`)
    pump_kw (p,)     power drawn               quality (n,)     h, % or mg/L; empty where none is followed
    """

    time_s: int
    pressure_m: FloatArray
    asked: FloatArray
    delivered: FloatArray
    emitted: FloatArray
    tank_m3: FloatArray
    tank_level_m: FloatArray
    tank_flow: FloatArray
    reservoir_flow: FloatArray
    outlet_flow: FloatArray
    seepage: float
    pumps_running: int
    pump_kw: FloatArray
    quality: FloatArray
    resolution: float
    warning: int


@dataclass(frozen=True)
class Step:
    """`held` was true for `length_s` seconds; then the tanks held `tank_m3`. `spilt_m3` went over their rims, and
    `rounded_m3` appeared because EPANET fills or empties a tank within a second of full or empty."""

    held: Solution
    length_s: int
    tank_m3: FloatArray
    spilt_m3: float
    rounded_m3: float


class Epanet:
    """One network in time. Times are whole seconds since the scenario's start."""

    title = "EPANET"
    handed_over = 0
    """Solutions for which another engine had to ask EPANET."""

    def __init__(
        self,
        config: WaterConfig,
        folder: Path,
        bursts: Sequence[tuple[str, float]] = (),
        hydrants: Sequence[str] = (),
        closings: Sequence[str] = (),
    ) -> None:
        self.config = config
        self.warnings: Counter[int] = Counter()
        self.project = project = Project(config.network, folder / "epanet.rpt", folder / "epanet.bin")
        try:
            network = read_network(project)
            kinds = dict(zip(network.link_ids, network.link_types, strict=True))
            gates = [name for name in closings if kinds[name] == "CVPIPE"]
            self.outlets = make_outlets(project, network, bursts, gates, hydrants)
            added = self.outlets.added
            self.network = replace(network, tanks=network.tanks + added, reservoirs=network.reservoirs + added)
            self.outlets.use_square_root(bool(len(network.emitters)))
            self.switches = Switches(project, network, self.outlets.segments)
            self._options()
            self.quality = make_quality(project, network, config, added)
            if added:
                project.save(folder / "network.inp")
            project.open_solver()
            project.restart()
            self.outlets.pressure_units = self.pressure_units = self._pressure_units()
            self._demand_model()
            self.outlets.prime()
            if self.quality is not None:
                self.quality.open()
        except BaseException:
            project.close()
            raise
        self.zero_s, self.worst_error = 0, 0.0
        self._calm, self._patience = 0, 1
        self._next_count, self._idle = 0, 0
        self._ends = self._links_of([*self.network.tanks.tolist(), *self.network.reservoirs.tolist()])
        self._open_outlets: list[Outlet] = list(self.outlets)
        self._pumps = pump_links(network)
        self.now: Solution | None = None

    # ---- the network in memory; the file stays as it is
    def _options(self) -> None:
        project, config = self.project, self.config
        if project.option(Option.UNBALANCED) < 0:
            project.set_option(Option.UNBALANCED, EXTRA_TRIALS)
        self.accuracy = self._wanted = project.option(Option.ACCURACY)
        self._loosest = max(self.accuracy, LOOSEST)
        if config.accuracy != "as_in_file":
            self.accuracy = self._wanted = config.accuracy
            project.set_option(Option.ACCURACY, self.accuracy)
            project.set_option(Option.TRIALS, max(project.option(Option.TRIALS), MORE_TRIALS))
        self.multiplier = multiplier(project) * config.demand_scale
        self.factor = 1.0
        project.set_option(Option.DEMAND_MULTIPLIER, self.multiplier)

    def _pressure_units(self) -> float:
        """Units of pressure per metre, read off a node with head above its bottom."""
        project = self.project
        for solved in (False, True):
            if solved:
                project.solve()
            for node in range(1, len(self.network.node_ids) + self.outlets.added + 1):
                height = project.node(node, Node.HEAD) - project.node(node, Node.ELEVATION)
                if abs(height) > 1e-3:
                    return project.node(node, Node.PRESSURE) / (height * project.length_si)
        return 1.0

    def _demand_model(self) -> None:
        project, config, units = self.project, self.config, self.pressure_units
        if config.demand == "pressure_driven":
            low, high, power = config.minimum_pressure, config.required_pressure, 0.5
            project.set_pressure_driven(low * units, high * units, power)
        else:
            driven, low, high, power = project.demand_model()
            if driven:
                low, high = low / units, high / units
            else:
                low, high, power = config.minimum_pressure, config.required_pressure, 0.5
        self.limits = low, high, power

    def served(self, pressure_m: FloatArray) -> FloatArray:
        """Share of the demand that a pressure allows: ((p − p_min)/(p_req − p_min))^e in [0, 1].

        Wagner, Shamir and Marks (1988), J. Water Resour. Plann. Manage. 114(3); e = 0.5.
        """
        low, high, power = self.limits
        return np.clip((pressure_m - low) / max(high - low, 1e-6), 0.0, 1.0) ** power

    # ---- time
    def start(self, at_s: int, duration_s: int) -> None:
        """Run the file's own clock to `at_s`, call that moment zero, and solve it."""
        self.project.set_time(Time.DURATION, at_s + duration_s + DAY_S)
        now = 0
        while now < at_s:
            self._solve()
            now += self._next(at_s - now)
        self.zero_s = at_s
        self.warnings.clear()
        self.solve()

    @property
    def start_of_day_s(self) -> int:
        """Time of day at which the file's own clock begins."""
        return self.project.time(Time.START_TIME) % DAY_S

    def set_demand_factor(self, factor: float) -> None:
        self.factor = factor
        self.project.set_option(Option.DEMAND_MULTIPLIER, self.multiplier * factor)

    def _next(self, most_s: int) -> int:
        """One hydraulic step of at most `most_s`."""
        self.project.set_time(Time.HYDRAULIC_STEP, max(1, min(int(self.config.step), most_s)))
        if self.quality is None:
            return self.project.next()
        self.quality.before()
        length = self.project.next()
        self.quality.after()
        return length

    def node_number(self, name: str) -> int:
        """EPANET's number of one of the file's nodes."""
        return node_number(self.network, name, self.outlets.added)

    def _solve(self) -> tuple[int, int]:
        self.switches.before_solving()
        time_s, warning = self._balance()
        for _ in range(SETTLE_PASSES):
            if not self.outlets.settle():
                break
            time_s, warning = self._balance()
        if warning:
            self.warnings[warning] += 1
        return time_s, warning

    def _balance(self) -> tuple[int, int]:
        """Solve once, as accurately as the network allows.

        Some networks circle at an error of 1e-5, and the error is relative to the flows, so that a network that has
        run dry has none. The accuracy that cannot be reached is relaxed tenfold, down to EPANET's default, before a
        step counts as unbalanced. It is asked for again after 1, 2, 4, ... solutions that did reach theirs.
        """
        if self.accuracy > self._wanted and self._calm >= self._patience:
            self._patience, self._calm = min(2 * self._patience, MOST_PATIENCE), 0
            self._ask(max(self.accuracy / 10.0, self._wanted))
        time_s, warning = self.project.solve()
        while warning == UNBALANCED and self.config.accuracy != "as_in_file" and self.accuracy < self._loosest:
            self._calm = 0
            self._ask(min(10.0 * self.accuracy, self._loosest))
            time_s, warning = self.project.solve()
        self._calm += 1
        return time_s, warning

    def _ask(self, accuracy: float) -> None:
        self.accuracy = accuracy
        self.project.set_option(Option.ACCURACY, accuracy)

    def settle(self) -> None:
        """Solve the present moment anew without reading it; `now` stays as it was."""
        self._solve()

    def solve(self) -> Solution:
        """Solve the present moment anew (something has changed) and keep it as `now`."""
        try:
            time_s, warning = self._solve()
        except EpanetError as error:
            raise EpanetError(error.code, f"EPANET cannot solve the network: {error}") from error
        self.worst_error = max(self.worst_error, self.project.statistic(RELATIVE_ERROR))
        self.now = self._read(time_s, warning)
        return self.now

    def run(self, from_s: int, until_s: int) -> Iterator[Step]:
        """Step from one second to another; at each step's end the new moment is solved."""
        now = from_s
        while now < until_s:
            held = self.now or self.solve()
            length = self._next(until_s - now)
            now += length
            tank_m3 = self._tank_m3()
            spilt, rounded = self._tank_errors(held, length, tank_m3)
            self.solve()
            yield Step(held, length, tank_m3, spilt, rounded)

    # ---- reading
    def _tank_m3(self) -> FloatArray:
        get, unit = self.project.node, self.project.volume_si
        return np.array([get(i, Node.TANK_VOLUME) * unit for i in self.network.tanks.tolist()])

    def _tank_errors(self, held: Solution, length_s: int, tank_m3: FloatArray) -> tuple[float, float]:
        """(spilt, rounded) m3 by which tanks hold less, or more, than flowed in."""
        gap = tank_m3 - held.tank_m3 - held.tank_flow * length_s
        if not gap.any():
            return 0.0, 0.0
        project = self.project
        spills = np.array([project.node(i, Node.CAN_OVERFLOW) > 0.0 for i in self.network.tanks.tolist()])
        full = np.array([project.node(i, Node.MAX_VOLUME) * project.volume_si for i in self.network.tanks.tolist()])
        over = spills & (gap < 0.0) & (tank_m3 >= full * (1.0 - 1e-9))
        return float(-gap[over].sum()), float(gap[~over].sum())

    def _links_of(self, nodes: list[int]) -> list[list[tuple[int, float]]]:
        """For each node its links, with +1 where they lead to it."""
        ends: dict[int, list[tuple[int, float]]] = {node: [] for node in nodes}
        for link in range(1, self.project.count(Count.LINKS) + 1):
            first, second = self.project.link_nodes(link)
            for node, sign in ((first, -1.0), (second, 1.0)):
                if node in ends:
                    ends[node].append((link, sign))
        return [ends[node] for node in nodes]

    def _seepage(self) -> float:
        """m3/s that closed links give to junctions without taking it from a tank or reservoir.

        EPANET keeps a closed link in its equations as a flow of head difference / 1e8 (CBIG, in ft and ft3/s) and
        leaves it out of the sums at tanks and reservoirs (hydsolver.c `newlinkflows`). It is told, not hidden.
        """
        get, head, total = self.project.link, self.project.node, 0.0
        for ends in self._ends:
            for link, sign in ends:
                if get(link, Link.STATUS) == 0.0:
                    first, second = self.project.link_nodes(link)
                    total -= sign * (head(first, Node.HEAD) - head(second, Node.HEAD))
        return total * self.project.length_si / FOOT / 1e8 * FOOT**3

    def _read(self, time_s: int, warning: int) -> Solution:
        project, net = self.project, self.network
        get, flow, length = project.node, project.flow_si, project.length_si
        nodes = net.junctions.tolist()
        head = np.array([get(i, Node.HEAD) for i in nodes]) * length
        asked = net.demands.at(time_s, self.multiplier * self.factor)
        delivered = asked.copy()
        if project.demand_model()[0]:
            delivered -= np.array([get(i, Node.DEMAND_DEFICIT) for i in nodes]) * flow
        emitted = np.zeros(len(nodes))
        for i in net.emitters.tolist():
            emitted[i - 1] = get(i, Node.DEMAND) * flow - delivered[i - 1]
        tanks = net.tanks.tolist()
        levels = [get(i, Node.HEAD) - get(i, Node.ELEVATION) for i in tanks]
        return Solution(
            time_s=time_s - self.zero_s,
            pressure_m=head - net.elevation_m,
            asked=asked,
            delivered=delivered,
            emitted=emitted,
            tank_m3=self._tank_m3(),
            tank_level_m=np.array(levels) * length,
            tank_flow=np.array([get(i, Node.DEMAND) * flow for i in tanks]),
            reservoir_flow=np.array([get(i, Node.DEMAND) * flow for i in net.reservoirs.tolist()]),
            outlet_flow=np.array([self.outlets.flow(outlet) for outlet in self._open_outlets]),
            seepage=self._seepage(),
            pumps_running=self._pumps_running(),
            pump_kw=power_kw(project, self._pumps),
            quality=np.zeros(0) if self.quality is None else self.quality.values(nodes),
            resolution=self._resolution(time_s, head),
            warning=warning,
        )

    def _resolution(self, time_s: int, head_m: FloatArray) -> float:
        """m3/s that the network's flows may be off at most, because heads have 16 digits.

        An open pipe without flow has the conductance 1/RQtol = 1e7 ft2/s (hydcoeffs.c), so the last bit of its heads,
        2e-16 of 1000 ft, is 2e-6 ft3/s. Idle pipes are counted every quarter of an hour: dead ends stay dead ends.
        """
        if time_s >= self._next_count:
            self._next_count = time_s + COUNT_EVERY_S
            flow = np.abs(self.link_flow(range(len(self.network.link_ids))))
            self._idle = sum(
                self.project.link(k + 1, Link.STATUS) != 0.0 for k in np.flatnonzero(flow < IDLE_M3S).tolist()
            )
        highest_ft = float(np.abs(head_m).max(initial=0.0)) / FOOT
        return self._idle * sys.float_info.epsilon * highest_ft * RQ_CONDUCTANCE * FOOT**3

    def _pumps_running(self) -> int:
        still = 1e-7 / self.project.flow_si
        return sum(self.project.link(k, Link.FLOW) > still for k in self._pumps)

    def link_flow(self, positions: Sequence[int]) -> FloatArray:
        """m3/s through links (positions in `network.links`) as last solved."""
        return np.array([self.project.link(k + 1, Link.FLOW) for k in positions]) * self.project.flow_si

    def usable_m3(self) -> FloatArray:
        """(t,) water above each tank's minimum level."""
        get, unit = self.project.node, self.project.volume_si
        low = np.array([get(i, Node.MIN_VOLUME) * unit for i in self.network.tanks.tolist()])
        return np.maximum(self._tank_m3() - low, 0.0)

    def close(self) -> None:
        self.project.close()


def whole_seconds(us: int) -> int:
    """EPANET counts whole seconds; a moment between two belongs to the later."""
    return math.ceil(us / 1_000_000)
