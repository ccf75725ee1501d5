"""Emergency reach through a run: recomputed when roads change, remembered for the table and the headline figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from traffic.network import RoadNetwork
from traffic.reach import FAR_M, Isochrones
from traffic.reach_config import Reach
from twin.clock import to_s
from twin.model import Metric, Table

FloatArray = NDArray[np.float64]
FEW = 0.05
"""Share of points far from all streets up to which a file is used, with a warning."""
NEVER_MIN = 999.0
"""Minutes that stand for "nobody comes" in the recorded field, which has no infinity."""
WORDS = {"ambulance": "an ambulance", "fire": "a fire engine"}


@dataclass
class ReachWatch:
    """The isochrones of a run, and how many people they took in at each exchange.

    now() gives (speeds (edges,) m/s, closed to emergency vehicles (edges,), a key that changes with them).
    """

    isochrones: Isochrones
    now: Callable[[], tuple[FloatArray, NDArray[np.bool_], bytes]]
    shares: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    _key: bytes | None = None
    _minutes: dict[str, FloatArray] = field(default_factory=dict)

    @classmethod
    def of(
        cls, config: Reach | None, network: RoadNetwork, now: Callable[[], tuple[FloatArray, NDArray[np.bool_], bytes]]
    ) -> ReachWatch | None:
        """None where the scenario does not ask for it."""
        if config is None:
            return None
        isochrones = Isochrones.read(config, network)
        return cls(isochrones, now, {kind: [] for kind in isochrones.kinds()})

    @property
    def ports(self) -> frozenset[str]:
        """Names of the outputs that this run has."""
        return frozenset(f"{what}_{kind}" for kind in self.shares for what in ("minutes", "reach"))

    def _update(self) -> None:
        speed, closed, key = self.now()
        if key != self._key:
            self._key = key
            self._minutes = {kind: self.isochrones.minutes(kind, speed, closed) for kind in self.shares}

    def take(self, port: str, now_us: int) -> FloatArray:
        """(edges,) minutes of `minutes_<kind>`, at most `NEVER_MIN`; (1,) per cent of `reach_<kind>`."""
        self._update()
        what, _, kind = port.partition("_")
        minutes = self._minutes[kind]
        if what == "minutes":
            return np.minimum(minutes, NEVER_MIN)
        share = self.isochrones.share(kind, minutes)
        kept = self.shares[kind]
        if not kept or kept[-1][0] < now_us:
            kept.append((now_us, share))
        return np.array([share])

    def summary(self) -> dict[str, Metric]:
        """Shares on the roads of the start, and the least."""
        found = {}
        for kind, kept in self.shares.items():
            target = getattr(self.isochrones.config, kind) / 60
            doc = f"Share of people whom {WORDS[kind]} reaches within {target:g} min"
            lowest = f"Least share{doc.removeprefix('Share')}, at the worst moment."
            least = min((share for _, share in kept), default=None)
            found[f"reach_{kind}_start"] = Metric(kept[0][1] if kept else None, "%", f"{doc}, at the start.", "higher")
            found[f"reach_{kind}_least"] = Metric(least, "%", lowest, "higher")
        return found

    def tables(self) -> dict[str, Table]:
        """`reach`: a row whenever a share changed."""
        times = sorted({t for kept in self.shares.values() for t, _ in kept})
        by_time = [dict(kept) for kept in self.shares.values()]
        rows: list[tuple[float, ...]] = []
        for t in times:
            row = (to_s(t), *(round(shares.get(t, float("nan")), 2) for shares in by_time))
            if not rows or rows[-1][1:] != row[1:]:
                rows.append(row)
        columns = ("time_s", *(f"{kind}_pct" for kind in self.shares))
        return {"reach": Table(columns, rows, "Share of people reached in time; a row whenever it changed.")}


def problems(config: Reach, network: RoadNetwork) -> list[tuple[str, bool]]:
    """(sentence, whether it is a warning only) on the files of the section; empty when all is well."""
    try:
        found = Isochrones.read(config, network)
    except ValueError as error:
        return [(str(error), False)]
    far = []
    for file, spots in ((config.stations, found.stations), (config.people, found.people)):
        out = np.flatnonzero(spots.away_m > FAR_M)
        if out.size:
            names = ", ".join(spots.names[k] for k in out[:3])
            few = out.size <= FEW * spots.away_m.size
            ask = "they count as those of the nearest" if few else "are they in the scenario's coordinate system?"
            text = f"{out.size} of {spots.away_m.size} points lie more than {FAR_M:g} m from any street ({names})"
            far.append((f"{file.name}: {text}: {ask}", few))
    return far
