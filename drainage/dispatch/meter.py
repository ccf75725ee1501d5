"""What dispatch costs and what it saves, counted along the run in one account that branches can read and subtract.

Pumps are counted by SWMM itself, routing step by routing step; areas at each exchange.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drainage.dispatch.config import Dispatch
from drainage.swmm import LINK, LINK_FLOW, NODE
from drainage.swmm_stats import pump_stats
from twin.clock import to_s

if TYPE_CHECKING:
    from drainage.model import DrainageModel

NODE_VOLUME = 305
"""swmm_NODE_VOLUME of SWMM 5.2's swmm5.h."""
PARTS = ("flooded_15cm", "flooded_27cm", "overflow", "cso", "overload", "energy")
"""What a plan is charged for: ha·h, ha·h, m3, m3, m3, money."""


@dataclass
class PumpCount:
    """One pump so far. `station` or basin that it belongs to, '' for none; `lift_kwh` what the water got (ρ g Q H)."""

    station: str
    running_s: float = 0.0
    lift_kwh: float = 0.0
    energy_kwh: float = 0.0
    starts: int = 0


@dataclass
class Passed:
    """What passes an outfall (by its volume, exact) or a link (by its flow at each exchange, as trapezoids)."""

    outfall: int
    link: NDArray[np.int64]
    flow: float = 0.0
    volume: float = 0.0

    @classmethod
    def at(cls, model: DrainageModel, name: str) -> Passed:
        assert model.swmm is not None
        if name in model.outfalls:
            return cls(model.outfalls.index(name), model.swmm.index(LINK, []))
        return cls(-1, model.swmm.index(LINK, [name]))

    def since(self, model: DrainageModel, seconds: float, above: float = 0.0) -> float:
        """m3 since the last call, of the flow `above` a limit in m3/s."""
        assert model.swmm is not None
        before = self.flow
        if self.outfall >= 0:
            volume = float(model.ends.volume[self.outfall])
            self.flow, self.volume = (volume - self.volume) / seconds, volume
            return max(self.flow - above, 0.0) * seconds
        self.flow = abs(float(model.swmm.get(LINK_FLOW, self.link)[0])) * model.swmm.sewer.flow_m3s
        return 0.5 * (max(before - above, 0.0) + max(self.flow - above, 0.0)) * seconds


@dataclass
class Account:
    """Sums so far. Areas in ha·h, volumes in m3, energy in kWh and in money."""

    flooded_15cm: float = 0.0
    flooded_27cm: float = 0.0
    overflow: float = 0.0
    cso: float = 0.0
    overload: float = 0.0
    energy: float = 0.0
    energy_kwh: float = 0.0
    storage_left: float = np.inf

    def parts(self) -> dict[str, float]:
        return {name: float(getattr(self, name)) for name in PARTS}

    def cost(self, config: Dispatch, since: Account | None = None) -> float:
        """In the currency of `costs`, from `since` on."""
        before = since.parts() if since else dict.fromkeys(PARTS, 0.0)
        rates = {name: getattr(config.costs, name) for name in PARTS[:-1]} | {"energy": 1.0}
        return sum(rates[name] * (value - before[name]) for name, value in self.parts().items())


@dataclass
class Meter:
    """Reads the pumps, outfalls and basins of a model; `account` is what they come to."""

    model: DrainageModel
    config: Dispatch
    account: Account = field(default_factory=Account)
    pumps: dict[str, PumpCount] = field(default_factory=dict)

    def __post_init__(self) -> None:
        swmm, config = self.model.swmm, self.config
        assert swmm is not None
        owner = {pump: name for name, station in config.stations.items() for pump in station.pumps}
        owner |= {link: name for name, b in config.basins.items() for link in (b.inlet, b.outlet) if link}
        pumps = [link.id for link in swmm.sewer.links.values() if link.kind == "pump"]
        self.pumps = {id: PumpCount(owner.get(id, "")) for id in pumps}
        self._last_overflow = 0.0
        self._cso = [Passed.at(self.model, name) for name in config.cso]
        self._plant = Passed.at(self.model, config.plant.at) if config.plant is not None else None
        self._basins = swmm.index(NODE, [b.node for b in config.basins.values()])
        self._usable = np.array([b.usable for b in config.basins.values()])

    @property
    def plant_flow(self) -> float:
        """Flow to the plant as last seen, m3/s."""
        return self._plant.flow if self._plant is not None else 0.0

    def free_m3(self) -> float:
        """Room left in the basins, m3."""
        return float(np.maximum(self._usable - self.basin_m3(), 0.0).sum())

    def basin_m3(self) -> NDArray[np.float64]:
        """(b,) water in each basin, m3."""
        swmm = self.model.swmm
        assert swmm is not None
        return swmm.get(NODE_VOLUME, self._basins) * swmm.sewer.metres**3

    def count(self, begin_us: int, now_us: int) -> None:
        """Add what the interval that has just ended came to."""
        model, account = self.model, self.account
        assert model.swmm is not None
        seconds = to_s(now_us - begin_us)
        if model.surface is not None and model.gathered.area_15:
            account.flooded_15cm += model.gathered.area_15[-1] * seconds / 3600
            account.flooded_27cm += model.gathered.area_27[-1] * seconds / 3600
        overflow = float(model.holes.up.sum()) + model.swmm.totals()["flooding"]
        account.overflow += overflow - self._last_overflow
        self._last_overflow = overflow
        for one in self._cso:
            account.cso += one.since(model, seconds)
        if self._plant is not None and self.config.plant is not None:
            account.overload += self._plant.since(model, seconds, above=self.config.plant.limit)
        self._count_pumps(begin_us)
        if self._basins.size:
            account.storage_left = min(account.storage_left, self.free_m3())

    def _count_pumps(self, begin_us: int) -> None:
        price = self.config.costs.price(f"{self.model.setup.start + timedelta(microseconds=begin_us):%H:%M}")
        assert self.model.swmm is not None
        for now in pump_stats(self.model.swmm, list(self.pumps)):
            pump = self.pumps[now.id]
            used = self._electric(pump.station, now.on_s - pump.running_s, now.hydraulic_kwh - pump.lift_kwh)
            pump.running_s, pump.lift_kwh, pump.starts = now.on_s, now.hydraulic_kwh, now.starts
            pump.energy_kwh += used
            self.account.energy_kwh += used
            self.account.energy += used * price

    def _electric(self, station: str, ran_s: float, lifted_kwh: float) -> float:
        """kWh from the mains for so many seconds and so much lifting."""
        of = self.config.stations.get(station)
        if of is not None and of.power is not None:
            return of.power * ran_s / 3600
        own = of.efficiency if of is not None else None
        return lifted_kwh / (own or self.model.config.pump_efficiency)


__all__ = ["PARTS", "Account", "Meter", "PumpCount"]
