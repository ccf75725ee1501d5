"""Pumps that stand still and why: no power, a drowned station, an event. The last reason to go lets them run again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hydraulics.switches import Switches
from twin.model import Journal
from twin.places import FloatArray

POWER, FLOOD = "power", "flood"


@dataclass
class Station:
    """One pump's outages."""

    id: str
    link: int
    reasons: list[str] = field(default_factory=list)
    outages: int = 0
    since_us: int = 0
    out_us: int = 0
    causes: list[str] = field(default_factory=list)


@dataclass
class Stations:
    """All pumps. `now` gives the time in µs since the scenario's start."""

    switches: Switches
    journal: Journal
    now: Callable[[], int]
    pumps: list[Station]
    fails_at_m: float
    returns_below_m: float

    def power(self, available: FloatArray) -> bool:
        """(p,) share of power at each pump; below one half the pump stops. True when anything changed."""
        changes = [
            self.set(pump, POWER, bool(share < 0.5), "no power", "power is back")
            for pump, share in zip(self.pumps, available, strict=True)
        ]
        return any(changes)

    def depth(self, depth_m: FloatArray) -> bool:
        """(p,) depth of water at each pump, with hysteresis. True when anything changed."""
        changes = []
        for pump, depth in zip(self.pumps, depth_m, strict=True):
            drowned = FLOOD in pump.reasons
            drowned = bool(depth >= self.returns_below_m) if drowned else bool(depth >= self.fails_at_m)
            why = f"the station stands {depth:.2f} m deep in water"
            changes.append(self.set(pump, FLOOD, drowned, why, "the station is dry again"))
        return any(changes)

    def set(self, pump: Station, reason: str, out: bool, why: str, why_back: str) -> bool:
        """Add or take away one reason for standing still."""
        if out == (reason in pump.reasons):
            return False
        if out:
            self.switches.hold(pump.link, f"pump:{reason}", False)
            pump.reasons.append(reason)
            if len(pump.reasons) == 1:
                pump.outages, pump.since_us = pump.outages + 1, self.now()
                self.journal.write(self.now(), "pump_out", f"pump {pump.id} stopped: {why}", pump=pump.id, cause=reason)
            if reason not in pump.causes:
                pump.causes.append(reason)
        else:
            self.switches.release(pump.link, f"pump:{reason}")
            pump.reasons.remove(reason)
            if not pump.reasons:
                pump.out_us += self.now() - pump.since_us
                text = f"pump {pump.id} can run again: {why_back}"
                self.journal.write(self.now(), "pump_back", text, pump=pump.id, cause=reason)
        return True

    def out_s(self, pump: Station) -> float:
        """Seconds for which the pump has been out, up to now."""
        running = self.now() - pump.since_us if pump.reasons else 0
        return (pump.out_us + running) / 1e6
