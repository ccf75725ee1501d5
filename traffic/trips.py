"""What becomes of each trip when its way is cut: another way, held at the kerb, or not begun at all.

A trip is *affected* when a closed edge lies ahead on its route. It is then exactly one of

rerouted    SUMO's router found another way on the times that drivers see now
stranded    there is none: it pulls over and waits, parked off the lane; when a road opens it looks again and goes on
cancelled   there is none and it has not begun: it stays at home and is counted
undecided   it is on an edge that has just closed and can look for a way only from the next one
spared      it was undecided, and its way opened again before it came to the closure

A vehicle with stops ahead (a bus, a container truck) looks as far as its next stop, and again when it leaves it.
SUMO itself keeps vehicles off closed lanes; nothing here lifts a vehicle over a closure.
"""

from __future__ import annotations

import contextlib
import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from traffic.check_trips import Ways
from traffic.network import RoadNetwork
from traffic.roads import Roads
from traffic.sumo import Simulation
from twin.clock import to_us
from twin.model import Journal

FOREVER_S = 1e7
"""Duration of a stop that ends only when it is told to."""


@dataclass
class Held:
    """A stranded trip: where and since when it is held, and until when it was (None: still)."""

    id: str
    vclass: str
    edge: str
    street: str
    since_us: int
    why: str
    until_us: int | None = None
    parked: bool = False


@dataclass(frozen=True)
class Lost:
    """A trip that did not begin: when it was to, from which street to which, and why. Departure in SUMO's s."""

    id: str
    vclass: str
    depart_s: float
    origin: str
    target: str
    why: str


class Trips:
    """Counts and outcomes of all vehicles of a simulation. Called before and after each stretch of steps."""

    def __init__(self, sim: Simulation, roads: Roads, network: RoadNetwork, journal: Journal) -> None:
        self.sim, self.roads, self.network, self.journal = sim, roads, network, journal
        self.vehicle = sim.lib.vehicle
        self.vclass: dict[str, str] = {}
        self.waiting: dict[str, float] = {}
        self.outcome: dict[str, str] = {}
        self.held: dict[str, Held] = {}
        self.history: list[Held] = []
        self.lost: list[Lost] = []
        self.dead: dict[str, None] = {}
        self._removed: set[str] = set()
        self._ways: dict[str, Ways] = {}
        self.count: Counter[str] = Counter()
        self._version = 0
        self._checked: dict[str, int] = {}
        self._future: list[tuple[float, str]] = []
        self._due: dict[str, None] = {}
        self._watched: list[tuple[float, str]] = []
        self._doubtful: set[str] = set()
        self._count_loaded(sim.lib.simulation.getLoadedIDList(), ())

    # --- around a step ------------------------------------------------------------------------------------------

    def before_step(self, now_s: float, now_us: int) -> None:
        """Trips that are due to begin look at the roads first; the hopeless are cancelled. `now_s`: SUMO's clock."""
        self.note_due(now_s)
        if not self.roads.closed:
            return
        for vid in list(self._due):
            if self._checked.get(vid) != self._version:
                self._checked[vid] = self._version
                with contextlib.suppress(self.sim.lib.TraCIException):
                    self._consider_departure(vid, now_us)

    def note_due(self, now_s: float) -> None:
        """Take notice of trips that were to begin by now."""
        while self._future and self._future[0][0] <= now_s:
            vid = heapq.heappop(self._future)[1]
            if vid in self.waiting:
                self._due[vid] = None

    def next_due_s(self) -> float | None:
        """Planned departure, in SUMO's s, of the next trip that is not yet due."""
        return self._future[0][0] if self._future else None

    def watch(self, vid: str) -> None:
        """The step in which this trip begins is to be looked at."""
        if vid in self.waiting:
            heapq.heappush(self._watched, (self.waiting[vid], vid))

    def next_watched_s(self) -> float | None:
        """Planned departure, in SUMO's s, of the next trip that is to be seen beginning."""
        while self._watched and self._watched[0][1] not in self.waiting:
            heapq.heappop(self._watched)
        return self._watched[0][0] if self._watched else None

    def _consider_departure(self, vid: str, now_us: int) -> None:
        route = self.vehicle.getRoute(vid)
        if not self._cut(vid, route) and self.vehicle.isRouteValid(vid):
            return
        self._reroute(vid)
        if self._cut(vid, self.vehicle.getRoute(vid)) or not self.vehicle.isRouteValid(vid):
            start = self._closed_to(vid, route[:1])
            end = self._closed_to(vid, route[-1:])
            self.vehicle.remove(vid)
            why = "its street is closed" if start else "the street it goes to is closed" if end else "no way is open"
            self._cancel(vid, now_us, why, route)
        else:
            self.outcome[vid] = "rerouted"

    def _closed_to(self, vid: str, edges: tuple[str, ...]) -> bool:
        return any(self.roads.close_for(edge, self._class(vid)) for edge in edges)

    def _cancel(self, vid: str, now_us: int, why: str, route: tuple[str, ...] = ()) -> None:
        origin, target = (self.network.street(edge) if edge else "" for edge in (route[:1] + route[-1:] or ("", "")))
        self.lost.append(Lost(vid, self.vclass.get(vid, ""), self.waiting.get(vid, 0.0), origin, target, why))
        self._forget(vid)
        self.count["cancelled"] += 1
        self.outcome[vid] = "cancelled"
        if self.vclass.get(vid) in ("emergency", "truck", "trailer"):
            self.journal.write(now_us, "cancelled", f"{vid} does not begin: it has no way that is open", vehicle=vid)

    def after_step(
        self,
        loaded: tuple[str, ...],
        departed: tuple[str, ...],
        arrived: tuple[str, ...],
        ending: tuple[str, ...],
        now_us: int,
    ) -> tuple[str, ...]:
        """Count what a step did; `ending` are those whose stop has ended. Returns those who arrived, less the towed."""
        if loaded:
            self._count_loaded(loaded, departed)
        for vid in departed:
            self._forget(vid)
        self.count["departed"] += len(departed)
        if self._doubtful:
            for vid in departed:
                if vid in self._doubtful and not self.vehicle.isRouteValid(vid):
                    self._judge(vid, now_us)
            self._doubtful.difference_update(departed)
        if self._removed:
            towed = self._removed.intersection(arrived)
            self._removed -= towed
            arrived = tuple(vid for vid in arrived if vid not in towed)
        self.count["arrived"] += len(arrived)
        if self.held:
            for vid in arrived:
                if vid in self.held:
                    self._end(vid, now_us)
        if self.roads.closed:
            self.look_ahead((*departed, *ending), now_us)
        return arrived

    def _has_way(self, vid: str) -> bool:
        """Whether the network, with all its roads open, has a way from a trip's beginning to its end."""
        vclass, route, index = self._class(vid), self.vehicle.getRoute(vid), self.network.index
        if vclass not in self._ways:
            self._ways[vclass] = Ways(self.network, vclass)
        ends = (index.get(route[0]), index.get(route[-1]))
        return None in ends or self._ways[vclass].lead(*ends)  # type: ignore[arg-type]

    def _judge(self, vid: str, now_us: int) -> None:
        """A trip that begins on a way that it cannot drive, other than by a closure, is left out: SUMO would let it
        stand where its way ends for good."""
        route = self.vehicle.getRoute(vid)
        if not self._has_way(vid):
            why = f"no way leads from edge {route[0]} to {route[-1]}"
        elif not self._cut(vid, route):
            why = f"class {self._class(vid)} cannot drive its route from edge {route[0]} to {route[-1]}"
        else:
            return
        text = f"{vid} is left out: {why}"
        self.journal.write(now_us, "discarded", text, vehicle=vid)
        self.count["discarded"] += 1
        self._removed.add(vid)
        self.vehicle.remove(vid)

    def note_teleports(self, now_us: int) -> None:
        """A defect of the run: SUMO lifts vehicles over what blocks them."""
        vehicles = self.sim.lib.simulation.getStartingTeleportIDList()
        self.count["teleports"] += len(vehicles)
        for vid in vehicles:
            text = f"SUMO lifts {vid} over an obstacle: a defect of the run"
            self.journal.write(now_us, "teleport", text, vehicle=vid)

    def tow(self, vid: str, now_us: int) -> None:
        """Take a vehicle out of the water and out of the run."""
        if vid in self.held:
            self._end(vid, now_us)
        if self.outcome.get(vid) == "undecided":
            self.outcome[vid] = "spared"
        self.dead.pop(vid, None)
        self.count["towed"] += 1
        self._removed.add(vid)
        with contextlib.suppress(self.sim.lib.TraCIException):
            self.vehicle.remove(vid)

    def _count_loaded(self, loaded: tuple[str, ...], departed: tuple[str, ...]) -> None:
        self.count["loaded"] += len(loaded)
        now_s, begun, refused, vehicle = self.sim.time_s(), set(departed), self.sim.lib.TraCIException, self.vehicle
        for vid in loaded:
            depart_s, sure = now_s, False
            try:
                self.vclass[vid] = vehicle.getVehicleClass(vid)
                depart_s = now_s - vehicle.getDepartDelay(vid)
                sure = vehicle.isRouteValid(vid)
                if not sure and self._barred(vid):
                    self._discard_early(vid)
                    continue
            except refused:
                pass  # SUMO has thrown it out in the step that read it
            if vid not in begun:
                self.waiting[vid] = depart_s
                heapq.heappush(self._future, (depart_s, vid))
            if not sure:
                self._doubtful.add(vid)
                self.watch(vid)

    def _barred(self, vid: str) -> bool:
        """Whether a trip is to pass by an edge that its class may not use: SUMO would end the run when it begins."""
        vclass, index, edges = self._class(vid), self.network.index, self.network.edges
        return any(e not in index or vclass not in edges[index[e]].classes for e in self.vehicle.getVia(vid))

    def _discard_early(self, vid: str) -> None:
        now_us, text = to_us(self.sim.time_s() - self.sim.begin_s), "it may not drive by the edges of its `via`"
        self.journal.write(now_us, "discarded", f"{vid} is left out: {text}", vehicle=vid)
        self.count["discarded"] += 1
        self.vehicle.remove(vid)

    def _forget(self, vid: str) -> None:
        self.waiting.pop(vid, None)
        self._due.pop(vid, None)

    def drop_refused(self, now_us: int) -> None:
        """Overdue trips that SUMO no longer knows: it refused them (their start is closed, or their route is bad)."""
        for vid in list(self._due):
            try:
                self.vehicle.getDepartDelay(vid)
            except self.sim.lib.TraCIException:
                if self.roads.closed:
                    self._cancel(vid, now_us, "SUMO could not insert it: its start is closed")
                else:
                    self._forget(vid)
                    self.count["discarded"] += 1

    # --- when roads change --------------------------------------------------------------------------------------

    def roads_closed(self, now_us: int) -> None:
        """All vehicles look at their way ahead."""
        self._version += 1
        self.look_ahead([v for v in self.vehicle.getLoadedIDList() if v not in self.waiting], now_us)

    def roads_opened(self, now_us: int) -> None:
        """Those who are held look again, the longest waiting first."""
        self._version += 1
        for vid in list(self.held):
            if self._may_go(vid):
                self._release(vid, now_us)

    def look_ahead(self, vehicles: Iterable[str], now_us: int) -> None:
        """Of these vehicles, those whose way is cut look for another."""
        closed = self.roads.closed.keys()
        for vid in vehicles:
            if vid in self.held or vid in self.dead:
                continue
            ahead = self.vehicle.getRoute(vid)[max(self.vehicle.getRouteIndex(vid), 0) + 1 :]
            if closed.isdisjoint(ahead) or self.vehicle.isStopped(vid):
                continue
            if self._cut(vid, self._leg(vid)):
                self._find_way(vid, now_us)

    def tend(self, now_us: int) -> None:
        """At each exchange: the undecided look again, and the stranded who still drive pull over."""
        if len(self._due) != int(self.sim.lib.simulation.getParameter("", "stats.vehicles.waiting")):
            self.drop_refused(now_us)
        undecided = [v for v, outcome in self.outcome.items() if outcome == "undecided" and v not in self.dead]
        for vid in undecided:
            try:
                leg = self._leg(vid)
            except self.sim.lib.TraCIException:
                leg = ()
            if self._cut(vid, leg):
                self._find_way(vid, now_us)
            else:
                self.outcome[vid] = "spared"
        for held in list(self.held.values()):
            if not held.parked and held.id not in self.dead:
                self._pull_over(held)

    def _find_way(self, vid: str, now_us: int) -> None:
        self._reroute(vid)
        if not self._cut(vid, self._leg(vid)):
            if self.outcome.get(vid) != "stranded":
                self.outcome[vid] = "rerouted"
            return
        edge = self.vehicle.getRoute(vid)[max(self.vehicle.getRouteIndex(vid), 0)]
        inside = self.roads.close_for(edge, self._class(vid))
        if inside and self.vehicle.getSpeed(vid) > 0.1:
            if self.outcome.get(vid) != "stranded":
                self.outcome[vid] = "undecided"
            return
        why = "the road closed around it" if inside else "no open way to where it goes"
        held = Held(vid, self._class(vid), edge, self.network.street(edge), now_us, why)
        self.held[vid] = held
        self.history.append(held)
        self.outcome[vid] = "stranded"
        self._pull_over(held)
        if held.vclass == "emergency":
            self.journal.write(now_us, "stranded", f"{vid} is held on {held.street}: {why}", vehicle=vid, edge=edge)

    def _pull_over(self, held: Held) -> None:
        """A stop at the kerb within braking distance; tried again later where there is no room for one."""
        vehicle, vid = self.vehicle, held.id
        try:
            lane = vehicle.getLaneID(vid)
            if vehicle.isStopped(vid) or not lane or lane.startswith(":"):
                return
            position, speed = vehicle.getLanePosition(vid), vehicle.getSpeed(vid)
            braking = speed * speed / (2 * vehicle.getDecel(vid)) + speed * self.sim.step_s + 1.0
            end = min(position + braking, self.sim.lib.lane.getLength(lane))
            edge, _, number = lane.rpartition("_")
            vehicle.setStop(vid, edge, end, int(number), FOREVER_S, 1, max(0.0, min(position, end - 0.2)))
        except self.sim.lib.TraCIException:
            return
        held.parked = True
        held.edge, held.street = edge, self.network.street(edge)

    def _may_go(self, vid: str) -> bool:
        held = self.held[vid]
        if self.roads.close_for(held.edge, held.vclass):
            return False
        if not self._cut(vid, self._leg(vid)):
            return True
        self._reroute(vid)
        return not self._cut(vid, self._leg(vid))

    def _release(self, vid: str, now_us: int) -> None:
        held = self.held[vid]
        if held.parked:
            if self.vehicle.isStopped(vid):
                self.vehicle.resume(vid)
            else:
                self.vehicle.replaceStop(vid, 0, "")
        self._end(vid, now_us)
        if held.vclass == "emergency":
            self.journal.write(now_us, "released", f"{vid} goes on from {held.street}", vehicle=vid, edge=held.edge)

    def _end(self, vid: str, now_us: int) -> None:
        self.held.pop(vid).until_us = now_us

    # --- small questions ----------------------------------------------------------------------------------------

    def _reroute(self, vid: str) -> None:
        with contextlib.suppress(self.sim.lib.TraCIException):
            self.vehicle.rerouteTraveltime(vid)

    def _leg(self, vid: str) -> tuple[str, ...]:
        """The edges ahead up to the next planned stop (a stop at the kerb, made here, is none), or to the end."""
        ahead = tuple(self.vehicle.getRoute(vid)[max(self.vehicle.getRouteIndex(vid), 0) + 1 :])
        ours = 1 if vid in self.held and self.held[vid].parked else 0
        stops = self.vehicle.getStops(vid, 1 + ours)[ours:]
        edge = stops[0].lane.rpartition("_")[0] if stops else ""
        return ahead[: ahead.index(edge) + 1] if edge in ahead else ahead

    def _class(self, vid: str) -> str:
        if vid not in self.vclass:
            self.vclass[vid] = self.vehicle.getVehicleClass(vid)
        return self.vclass[vid]

    def _cut(self, vid: str, edges: Iterable[str]) -> bool:
        vclass, closed = self._class(vid), self.roads.closed
        return any(vclass in closed[edge] for edge in edges if edge in closed)

    def tally(self) -> dict[str, int]:
        """Trips by outcome; `affected` is their sum and `unaffected` all other loaded trips."""
        counts = Counter(self.outcome.values())
        affected = sum(counts.values())
        return {
            **{name: counts[name] for name in ("rerouted", "stranded", "cancelled", "undecided", "spared")},
            "affected": affected,
            "unaffected": self.count["loaded"] - affected,
        }

    def held_hours(self, now_us: int) -> float:
        """Vehicle-hours that stranded trips have been held."""
        return sum((h.until_us if h.until_us is not None else now_us) - h.since_us for h in self.history) / to_us(3600)
