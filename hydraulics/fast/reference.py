"""EPANET on the same cases: the answer where the fast engine has none, and the yardstick of `verify` and benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hydraulics.fast.arrays import CV, Network
from hydraulics.fast.library import Epanet, EpanetRefused
from hydraulics.fast.plan import Pressure

if TYPE_CHECKING:
    from hydraulics.fast.solver import Case

UNBALANCED_WARNINGS = (1, 2)
"""EN_runH: 1 system unbalanced, 2 unstable."""

FINEST = 1e-5
"""EPANET 2.2 takes no finer accuracy."""


class Reference:
    """EPANET set to the same demand model, case after case, starting warm from its last solution as it does."""

    def __init__(
        self, network: Network, pressure: Pressure, accuracy: float | None = None, library: Path | None = None
    ) -> None:
        if np.ndim(pressure.minimum_m) or np.ndim(pressure.required_m):
            raise EpanetRefused("EPANET has one pressure limit for all nodes; these differ from node to node")
        self.network = network
        self.file = Epanet(network.path, library)
        u = network.units
        if pressure.driven:
            self.file.set_demand_model(
                True, u.pressure_out(float(pressure.minimum_m)), u.pressure_out(float(pressure.required_m)),
                pressure.exponent,
            )  # fmt: skip
        else:
            self.file.set_demand_model(False, 0.0, 0.1, 0.5)
        if accuracy is not None:
            self.file.set_option("accuracy", max(accuracy, FINEST))
        self.file.open_solver()
        self._fresh = True

    def __enter__(self) -> Reference:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.file.close()

    def solve_raw(self, case: Case | None = None, fresh: bool = False) -> int:
        """Apply a case and solve it; EPANET's warning number. Results stay in EPANET."""
        file, u = self.file, self.network.units
        undo: list[tuple] = []
        exponent = self.network.options.emitter_exponent
        if case is not None:
            if case.factor != 1.0:
                undo.append((file.set_option, "demand_multiplier", file.option("demand_multiplier")))
                file.set_option("demand_multiplier", case.factor * self.network.options.demand_multiplier)
            for node, value in case.emitter:
                undo.append((file.set_node, node + 1, "emitter", file.node(node + 1, "emitter")))
                per_unit = (u.pressure_out(1.0)) ** exponent
                file.set_node(node + 1, "emitter", u.flow_out(value) / per_unit)
            if case.demand:
                demands = self.network.demands()
                for node, value in case.demand:
                    undo.append(self._extra_demand(node, value - demands[node]))
        file.init_solver(fresh or self._fresh)
        self._fresh = False
        if case is not None:
            for link in case.close:
                if self.network.kind[link] == CV:
                    raise EpanetRefused(f"EPANET cannot close the check valve pipe {self.network.link_ids[link]}")
                file.set_link(link + 1, "status", 0.0)
            for link, speed in case.speed:
                file.set_link(link + 1, "setting", speed)
        try:
            return file.solve()[1]
        finally:
            for function, *args in undo:
                function(*args)

    def _extra_demand(self, node: int, extra_m3s: float) -> tuple:
        """Change the node's first demand so that its total moves by `extra_m3s` at the start of the run."""
        network = self.network
        rows = np.flatnonzero(network.demand_node == node)
        if rows.size == 0:
            raise EpanetRefused(f"{network.node_ids[node]} has no demand record to change")
        pattern = network.patterns[network.demand_pattern[rows[0]]]
        o = network.options
        now = pattern[(o.pattern_start_s // o.pattern_step_s) % len(pattern)] * o.demand_multiplier
        if now == 0.0:
            raise EpanetRefused(f"the demand pattern of {network.node_ids[node]} is zero at the start")
        old = self.file.number("EN_getbasedemand", node + 1, 1)
        self.file.set_base_demand(node + 1, 1, old + network.units.flow_out(extra_m3s / now))
        return self.file.set_base_demand, node + 1, 1, old

    def read(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Heads of nodes, delivered demand of junctions and flows of links, in SI, of the last solution."""
        network, file, u = self.network, self.file, self.network.units
        head = np.array([u.head(file.node(i + 1, "head")) for i in range(network.n_nodes)])
        out = np.array([u.flow(file.node(i + 1, "demand")) for i in range(network.n_junctions)])
        flow = np.array([u.flow(file.link(k + 1, "flow")) for k in range(network.n_links)])
        return head, out, flow

    def solve(self, case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Heads, outflow of junctions and flows of a case; None where EPANET does not balance it."""
        for fresh in (False, True):
            try:
                warning = self.solve_raw(case, fresh)
            except EpanetRefused:
                continue
            if warning not in UNBALANCED_WARNINGS:
                return self.read()
        return None
