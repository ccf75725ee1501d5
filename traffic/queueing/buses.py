"""Bus lines of a queue run: stops served and how late, and lines broken, as `traffic.buses` has them for SUMO.

A bus that finds its way cut drives another one to its end; the stops on the old way that the new one does not pass
are missed, and the line counts as broken.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from traffic.buses import Bus, BusLines
from traffic.fast.layout import ARRIVED, CANCELLED, DRIVING, HELD
from traffic.network import elements
from traffic.queueing.trips import QueueTrips
from twin.model import Journal


@dataclass(frozen=True)
class Halt:
    """A stop of a timetable: its name, edge, when a bus is due to come (s on the demand's clock), how far along (m)."""

    name: str
    edge: str
    due_s: float | None
    along_m: float | None


@dataclass(frozen=True)
class Timetable:
    """The line of a bus, and its stops in their order."""

    line: str
    halts: tuple[Halt, ...]


def read_timetables(files: Iterable[Path], additional: Iterable[Path]) -> dict[str, Timetable]:
    """Timetables by trip (`<flow id>.` for all trips of a flow) of vehicles with a `line` or of a bus class."""
    places: dict[str, tuple[str, str, float | None]] = {}
    buses: set[str] = set()
    found: dict[str, Timetable] = {}
    for file in (*additional, *files):
        for depth, element in elements(file):
            if depth != 1:
                continue
            if element.tag == "vType" and element.get("vClass") in ("bus", "coach"):
                buses.add(element.get("id", ""))
            elif element.tag == "busStop":
                name = element.get("id", "")
                places[name] = (name, element.get("lane", "").rpartition("_")[0], _number(element.get("endPos")))
            elif element.tag in ("vehicle", "trip", "flow") and (element.get("line") or element.get("type") in buses):
                vid = element.get("id", "")
                halts = tuple(_halt(stop, places) for stop in element.iter("stop"))
                key = f"{vid}." if element.tag == "flow" else vid
                found[key] = Timetable(element.get("line") or vid.partition(".")[0], halts)
    return found


def _halt(stop: Any, places: dict[str, tuple[str, str, float | None]]) -> Halt:
    lane = stop.get("lane", "").rpartition("_")[0] or stop.get("edge", "")
    name, edge, end = places.get(stop.get("busStop", ""), (lane, lane, _number(stop.get("endPos"))))
    until = _number(stop.get("until"))
    return Halt(name, edge, None if until is None else until - (_number(stop.get("duration")) or 0.0), end)


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


class QueueBuses(BusLines):
    """All bus trips of a queue run; `look` at each exchange. A stop's moment is when the bus comes onto its edge, and
    the free drive to the stop on top. The timetable of a flow is that of its first bus; the others' are as much later
    as they are."""

    def __init__(self, trips: QueueTrips, timetables: dict[str, Timetable], journal: Journal) -> None:
        super().__init__(None, trips, journal)  # type: ignore[arg-type]
        self.of = trips
        self.tables: dict[str, Timetable] = {}
        self.rows_of: dict[str, int] = {}
        self.missing: dict[str, set[int]] = {}
        self._shift_s: dict[str, float] = {}
        planned = trips.demand.planned
        for v, vid in enumerate(trips.ids):
            flow = vid.rpartition(".")[0]
            table = timetables.get(vid) or timetables.get(f"{flow}.")
            if table is None:
                continue
            leader = planned.get(f"{flow}.0") if vid not in timetables else None
            self._shift_s[vid] = planned[vid].depart_s - leader.depart_s if leader is not None else 0.0
            first = table.halts[0].name if table.halts else ""
            self.buses[vid] = Bus(vid, table.line, len(table.halts), next_stop=first)
            self.tables[vid], self.rows_of[vid], self.missing[vid] = table, v, set()
        self._open = dict.fromkeys(self.buses)

    def look(self, now_us: int) -> None:
        """Note stops made, stops that the way does not pass any more, and lines that have just been broken."""
        row = self.of.run.state.vehicle
        for vid in list(self._open):
            v = self.rows_of[vid]
            state = row["state"][v]
            if state in (DRIVING, ARRIVED, HELD):
                self._serve(vid, v)
            if state in (DRIVING, HELD):
                self._compare(vid, v)
            bus = self.buses[vid]
            if state == ARRIVED:
                bus.arrived = True
            if (state in (HELD, CANCELLED) or self.missing[vid]) and bus.broken_us is None and bus.served < bus.stops:
                self._broken(vid, now_us)
            if state in (ARRIVED, CANCELLED):
                del self._open[vid]

    def _serve(self, vid: str, v: int) -> None:
        """Stops made since the last look."""
        run, bus = self.of.run, self.buses[vid]
        vehicle, halts = run.fleet.vehicle[v], self.tables[vid].halts
        made = int(run.state.vehicle["stop"][v]) - int(vehicle["stop"])
        before = bus.served + len([k for k in self.missing[vid] if k < made])
        for k in range(before, min(made, len(halts))):
            if k in self.missing[vid]:
                continue
            bus.served += 1
            due, e = halts[k].due_s, run.bound.network.index.get(halts[k].edge)
            if due is None or e is None:
                continue
            edge = run.roads.edge[e]
            along = halts[k].along_m
            drive = (float(edge["length"]) / 2 if along is None or along < 0 else along) / float(edge["speed"])
            came = float(run.state.vehicle["enter"][v]) + drive
            bus.delays_s.append(max(came - due - self._shift_s[vid], 0.0))
        bus.next_stop = next((h.name for k, h in enumerate(halts) if k >= made and k not in self.missing[vid]), "")

    def _compare(self, vid: str, v: int) -> None:
        """Stops ahead that a new way leaves out."""
        run = self.of.run
        at, made = int(run.state.vehicle["at"][v]), int(run.state.vehicle["stop"][v] - run.fleet.vehicle["stop"][v])
        if at < run.fleet.turn.size:
            return
        ahead = set(run.route(vid))
        self.missing[vid] |= {k for k, h in enumerate(self.tables[vid].halts) if k >= made and h.edge not in ahead}

    def _broken(self, vid: str, now_us: int) -> None:
        bus, halts = self.buses[vid], self.tables[vid].halts
        bus.broken_us = now_us
        missed = sorted(self.missing[vid])
        bus.next_stop = halts[missed[0]].name if missed else bus.next_stop
        where = f"its stop {bus.next_stop}" if bus.next_stop else "its end"
        text = f"bus line {bus.line} is broken: {vid} cannot reach {where}"
        self.journal.write(now_us, "line_broken", text, line=bus.line, vehicle=vid, stop=bus.next_stop)
