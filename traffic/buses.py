"""Bus lines through a run: stops served and how late, and lines broken because a stop cannot be reached.

A bus is a vehicle of class `bus` or `coach`, or one with a `line`. It is broken when it is held, cancelled or towed
away, for then its next stop is not served.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from traffic.sumo import Simulation
from traffic.trips import Trips
from twin.clock import to_us
from twin.model import Journal


@dataclass
class Bus:
    """One bus trip. `next_stop` is the stop it makes for; `delays_s` are its delays at stops with a timetable."""

    id: str
    line: str
    stops: int
    served: int = 0
    delays_s: list[float] = field(default_factory=list)
    next_stop: str = ""
    arrived: bool = False
    broken_us: int | None = None


@dataclass
class BusLines:
    """All bus trips of a run."""

    sim: Simulation
    trips: Trips
    journal: Journal
    buses: dict[str, Bus] = field(default_factory=dict)
    _running: dict[str, None] = field(default_factory=dict)

    @property
    def under_way(self) -> bool:
        """Whether any bus is on its way."""
        return bool(self._running)

    def loaded(self, vehicles: Iterable[str]) -> list[str]:
        """Note buses among those just loaded. Returns them."""
        vehicle = self.sim.lib.vehicle
        found = []
        for vid in vehicles:
            try:
                line = vehicle.getLine(vid)
                if not line and self.trips.vclass.get(vid) not in ("bus", "coach"):
                    continue
                stops = vehicle.getStops(vid)
            except self.sim.lib.TraCIException:
                continue
            first = _stop_name(stops[0]) if stops else ""
            self.buses[vid] = Bus(vid, line or vid.partition(".")[0], len(stops), next_stop=first)
            found.append(vid)
        return found

    def departed(self, vehicles: Iterable[str]) -> None:
        self._running.update((vid, None) for vid in vehicles if vid in self.buses)

    def arrived(self, vehicles: Iterable[str]) -> None:
        for vid in vehicles:
            if vid in self.buses:
                self.buses[vid].arrived = True
                self._running.pop(vid, None)

    def after_step(self, starting: Iterable[str]) -> None:
        """Stops that a bus has just come to; `starting` are all vehicles that have just stopped."""
        if not self._running:
            return
        for vid in starting:
            if vid in self._running and vid not in self.trips.held:
                bus = self.buses[vid]
                bus.served += 1
                stops = self.sim.lib.vehicle.getStops(vid, 2)
                if stops and stops[0].arrival >= 0 and stops[0].until > 0:
                    due = stops[0].until - max(stops[0].duration, 0.0)
                    bus.delays_s.append(max(0.0, stops[0].arrival - due))
                bus.next_stop = _stop_name(stops[1]) if len(stops) > 1 else ""

    def tick(self, now_us: int) -> None:
        """Notice lines that have just been broken."""
        for vid in list(self.buses):
            bus = self.buses[vid]
            lost = vid in self.trips.held or self.trips.outcome.get(vid) == "cancelled" or vid in self.trips.dead
            if lost and bus.broken_us is None and not bus.arrived and bus.served < bus.stops:
                bus.broken_us = now_us
                where = f"its stop {bus.next_stop}" if bus.next_stop else "its end"
                self.journal.write(
                    now_us, "line_broken", f"bus line {bus.line} is broken: {vid} cannot reach {where}",
                    line=bus.line, vehicle=vid, stop=bus.next_stop,
                )  # fmt: skip

    def missed(self) -> int:
        """Stops that broken trips did not serve."""
        return sum(bus.stops - bus.served for bus in self.buses.values() if bus.broken_us is not None)

    def rows(self) -> list[tuple[str, int, int, int, int, float | None, int, float | None, str]]:
        """(line, trips, completed, stops, served, mean delay in s, broken, first break in s, stop not reached)."""
        lines: dict[str, list[Bus]] = {}
        for bus in self.buses.values():
            lines.setdefault(bus.line, []).append(bus)
        found = []
        for line, buses in sorted(lines.items()):
            delays = [d for bus in buses for d in bus.delays_s]
            broken = sorted((b for b in buses if b.broken_us is not None), key=lambda b: (b.broken_us, b.id))
            found.append((
                line, len(buses), sum(b.arrived for b in buses), sum(b.stops for b in buses),
                sum(b.served for b in buses), round(sum(delays) / len(delays), 1) if delays else None, len(broken),
                (broken[0].broken_us or 0) / to_us(1) if broken else None, broken[0].next_stop if broken else "",
            ))  # fmt: skip
        return found


def _stop_name(stop: object) -> str:
    """A planned stop by its id, else by its edge."""
    return str(getattr(stop, "stoppingPlaceID", "")) or str(getattr(stop, "lane", "")).rpartition("_")[0]
