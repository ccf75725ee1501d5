"""What a surface has beside its flow, as the model asks it: inflows, held levels, a first filling, gauges, hazard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drainage import hazard
from drainage.boundaries import Surroundings
from drainage.gauges import Gauges
from drainage.hydrographs import Inflows
from drainage.terrain import onto, read_raster, read_terrain
from twin.model import Metric, Setup, Table
from twin.places import FloatArray, Places

if TYPE_CHECKING:
    from drainage.config import DrainageConfig
    from drainage.surface import Surface


@dataclass
class Outside:
    """All of it, for a surface that may not be there. `start_m3` stood on land at the start."""

    surface: Surface | None
    around: Surroundings = field(default_factory=lambda: Surroundings(Inflows.of([])))
    gauges: Gauges | None = None
    start_m3: float = 0.0

    @classmethod
    def of(cls, surface: Surface | None, config: DrainageConfig, setup: Setup) -> Outside:
        """From the scenario's keys; fills the surface with the water of the start."""
        if surface is None or config.terrain is None:
            return cls(None)
        for words in read_terrain(config.terrain, config.cell)[1].words(surface.grid):
            setup.journal.write(0, "terrain_holes", f"{config.terrain.name}: {words}")
        around = Surroundings.of(surface, config.inflows, config.boundaries, setup.start)
        gauges = Gauges.on(surface, config.gauges) if config.gauges is not None else None
        if config.initial_level is not None:
            surface.fill(np.maximum(config.initial_level - surface.ground.z.astype(float), 0.0))
        elif config.initial_depth is not None:
            surface.fill(np.maximum(np.nan_to_num(onto(surface.grid, read_raster(config.initial_depth))), 0.0))
        around.hold(surface, 0.0)
        return cls(surface, around, gauges, surface.volume())

    def places(self) -> dict[str, Places]:
        """Of the ports that these give."""
        return {"gauge": self.gauges.points} if self.gauges else {}

    def take(self, port: str) -> FloatArray | None:
        """`hazard` so far by cell, or what the gauges see; None for other ports."""
        if self.surface is not None and port == "hazard":
            return self.surface.record.hazard.ravel().astype(float)
        if self.surface is not None and self.gauges is not None and port.startswith("gauge_"):
            return self.gauges.read(self.surface, port.removeprefix("gauge_"))
        return None

    def hold(self, time_s: float) -> None:
        """Put stage boundaries to their level."""
        if self.surface is not None:
            self.around.hold(self.surface, time_s)

    def bring(
        self, cells: NDArray[np.int64], volumes: FloatArray, begin_s: float, end_s: float
    ) -> tuple[NDArray[np.int64], FloatArray]:
        """Leaks (cells, volumes in m3) and, behind them, what flows in over an interval."""
        more = self.around.volumes(begin_s, end_s)
        return np.concatenate([cells, self.around.inflows.cells]), np.concatenate([volumes, more])

    def inflow(self) -> dict[str, float]:
        """For the account: m3 that came by inflows, where there are any."""
        return {"inflows": self.around.given_m3} if self.around.inflows.names else {}

    def outflow(self) -> dict[str, float]:
        """For the account: m3 that sank into the ground, where it takes any."""
        if self.surface is None or not self.surface.soil.sunk.size:
            return {}
        return {"infiltrated": float(self.surface.soil.account[0])}

    def metrics(self) -> dict[str, Metric]:
        return hazard.metrics(self.surface) if self.surface is not None else {}

    def tables(self) -> dict[str, Table]:
        """`hazard`, and `gauges` where there are any."""
        if self.surface is None:
            return {}
        found = {"hazard": hazard.table(self.surface)}
        return found | ({"gauges": self.gauges.table(self.surface)} if self.gauges else {})
