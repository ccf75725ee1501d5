"""The fast engine in the coupled run: EPANET's driver with the fast solver in EPANET's place.

The project is opened, split for bursts and hydrants, and set by EPANET's toolkit as for the engine `epanet`. Then the
fast engine reads it, and every call that solves, steps, reads a result or operates a link goes to it. So outlets, held
links, and accounts are the same code for both engines, and differences can only come from the solver.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hydraulics.config import WaterConfig
from hydraulics.energy import power_kw
from hydraulics.epanet import UNBALANCED, Epanet, Solution
from hydraulics.fast.arrays import CLOSED
from hydraulics.fast.library import EpanetRefused
from hydraulics.fast_project import FastProject
from hydraulics.toolkit import EpanetError, Option
from twin.places import FloatArray


class Refused(ValueError):
    """The fast engine has no answer for this network; the sentence says why."""


class FastEngine(Epanet):
    """One network in time, as `Epanet`, solved by the fast engine.

    Raises Refused where the fast engine cannot follow what the section asks for, or finds no balance at the start.
    """

    title = "the fast engine"

    def __init__(
        self,
        config: WaterConfig,
        folder: Path,
        bursts: Sequence[tuple[str, float]] = (),
        hydrants: Sequence[str] = (),
        closings: Sequence[str] = (),
    ) -> None:
        if config.quality != "none":
            raise Refused(f"it has no water quality (`quality: {config.quality}`)")
        super().__init__(config, folder, bursts, hydrants, closings)
        try:
            fast = FastProject(self.project, config.network, [outlet.node for outlet in self.outlets])
        except EpanetRefused as refusal:
            self.close()
            raise Refused(str(refusal)) from refusal
        except BaseException:
            self.close()
            raise
        self.fast = fast
        self.project = self.outlets.project = self.switches.project = fast
        fast.set_option(Option.ACCURACY, self.accuracy)
        inner = fast.network.n_junctions
        self._tank_rows = self.network.tanks - 1 - inner
        self._reservoir_rows = self.network.reservoirs - 1 - inner
        places = fast.period.engine.places.emitter
        self._sources = [node - 1 for node in self.network.emitters.tolist() if node - 1 in places]
        ends = np.flatnonzero((fast.network.first >= inner) | (fast.network.second >= inner))
        self._border = ends, (fast.network.second[ends] >= inner) * 1.0 - (fast.network.first[ends] >= inner)

    def start(self, at_s: int, duration_s: int) -> None:
        super().start(at_s, duration_s)
        if self.now is not None and self.now.warning == UNBALANCED:
            raise Refused("neither it nor EPANET finds a balance at the start")
        if self.fast.by_epanet:
            raise Refused(f"it finds no balance at {self.fast.by_epanet[0]} s of the file's clock")

    @property
    def handed_over(self) -> int:  # type: ignore[override]
        return len(self.fast.by_epanet)

    def _balance(self) -> tuple[int, int]:
        time_s, warning = super()._balance()
        if warning:
            steps = range(1 + max(0, round(math.log10(self._loosest / self._wanted))))
            if self.fast.solve_by_epanet([self._wanted * 10.0**k for k in steps]):
                warning = 0
            elif not np.isfinite(self.fast.period.heads).all():
                raise EpanetError(110, "neither the fast engine nor EPANET finds a solution")
        return time_s, warning

    # ---- reading
    def _tank_m3(self) -> FloatArray:
        return self.fast.period.moment.volume[self._tank_rows].copy()

    def _seepage(self) -> float:
        """Closed links at tanks and reservoirs pass head difference / 1e8, as in EPANET, and are not counted there."""
        network, moment = self.fast.network, self.fast.period.moment
        links, sign = self._border
        drop = moment.heads[network.first[links]] - moment.heads[network.second[links]]
        return -float((sign * drop)[moment.status[links] <= CLOSED].sum()) / network.small.steep

    def link_flow(self, positions: Sequence[int]) -> FloatArray:
        moment = self.fast.period.moment
        rows = np.asarray(positions, dtype=np.int64)
        return np.where(moment.status[rows] > CLOSED, moment.flow[rows], 0.0)

    def _read(self, time_s: int, warning: int) -> Solution:
        network, period, net = self.fast.network, self.fast.period, self.network
        moment, n = period.moment, len(net.junctions)
        emitted = np.zeros(n)
        emitted[self._sources] = moment.outflow[self._sources] - period.delivered[self._sources]
        tanks = self._tank_rows
        return Solution(
            time_s=time_s - self.zero_s,
            pressure_m=moment.heads[:n] - net.elevation_m,
            asked=net.demands.at(time_s, self.multiplier * self.factor),
            delivered=period.delivered[:n].copy(),
            emitted=emitted,
            tank_m3=self._tank_m3(),
            tank_level_m=moment.head[tanks] - network.elevation[tanks + network.n_junctions],
            tank_flow=moment.inflow[tanks].copy(),
            reservoir_flow=moment.inflow[self._reservoir_rows].copy(),
            outlet_flow=np.array([self.outlets.flow(outlet) for outlet in self._open_outlets]),
            seepage=self._seepage(),
            pumps_running=self._pumps_running(),
            pump_kw=power_kw(self.fast, self._pumps),
            quality=np.zeros(0),
            resolution=self._resolution(time_s, moment.heads[:n]),
            warning=warning,
        )
