"""Engines that drown: which vehicle stalls at what depth.

A vehicle's own depth is drawn once, by its name and the seed, so that it does not depend on what else happens in the
run: the same vehicle stalls at the same depth with and without a measure.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from traffic.flood_config import Stalling

HEAVY = frozenset(("bus", "coach", "truck", "trailer", "emergency", "army"))


def draw(seed: int, name: str) -> float:
    """A number in [0, 1) that belongs to a name and a seed."""
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "little") >> 11) / 2**53


def probability(config: Stalling, depth_m: float, vclass: str) -> float:
    """That a vehicle of a class stalls in water of a depth: rises evenly from 0 to 1 between the two depths."""
    low, high = limits(config, vclass)
    return min(1.0, max(0.0, (depth_m - low) / (high - low)))


def limits(config: Stalling, vclass: str) -> tuple[float, float]:
    """(depth below which none stalls, depth from which all do) in m."""
    if vclass in HEAVY:
        return config.heavy_from, config.heavy_certain
    return config.light_from, config.light_certain


@dataclass
class Stalled:
    """One vehicle that stalled; times in µs, `towed_us` None while it stands."""

    id: str
    vclass: str
    edge: str
    street: str
    depth_m: float
    since_us: int
    towed_us: int | None = None


@dataclass
class Stalls:
    """All vehicles that stalled in a run. `now` are those that still stand in the water."""

    config: Stalling
    seed: int
    all: list[Stalled] = field(default_factory=list)
    now: dict[str, Stalled] = field(default_factory=dict)

    def stalls(self, vid: str, vclass: str, depth_m: float) -> bool:
        """Whether this vehicle's engine drowns at a depth."""
        return draw(self.seed, vid) < probability(self.config, depth_m, vclass)

    def add(self, stalled: Stalled) -> None:
        self.all.append(stalled)
        self.now[stalled.id] = stalled

    def due(self, now_us: int) -> list[Stalled]:
        """Vehicles whose time in the water is over: they are towed away now."""
        return [one for one in self.now.values() if now_us - one.since_us >= round(self.config.recovery * 1e6)]
