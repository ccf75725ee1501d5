"""Lanes and junctions: who may go where, and when. Trucks wait for a grant, then spend the time of a lane."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import partial

import simpy

from port.codes import (
    DRIVE,
    JUNCTION,
    L_ASIDE,
    L_AT,
    L_CALLS,
    L_END,
    L_ENTER,
    L_FREED,
    L_GRIDLOCK,
    L_TAKEN,
    LOADED,
    MANNED,
    OWN,
    TAKEOVER,
)
from port.motion import leg_us
from port.simpy_world import Process, World
from port.state import Truck, Vehicle


@dataclass
class Roads:
    """Each arc holds as many trucks as its length allows and keeps them in order; a junction takes one at a time.

    taken    trucks on each arc;  queue: those at its end, first come first
    leavers  trucks at a place who want to turn into the arc
    lost     trucks at a place from which no open way leads to their goal
    parked   trucks on a lane beside a full place;  standing: trucks that count against the place's room
    tail_us  when the last truck that entered an arc from its start will reach the end: nobody overtakes
    free_us  when a junction is free again;  due: whether somebody has asked to be told
    ring     trucks and arcs of a gridlock that the run must stop for
    """

    world: World
    dirty_arcs: set[int] = field(default_factory=set)
    dirty_nodes: set[int] = field(default_factory=set)
    dirty_places: set[int] = field(default_factory=set)
    lost: list[Vehicle] = field(default_factory=list)
    calling: deque[Vehicle] = field(default_factory=deque)
    ring: list[tuple[int, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        plan = self.world.plan
        arcs, nodes, places = len(plan.arc_mm), plan.n_nodes, len(plan.place_lane)
        self.taken = [0] * arcs
        self.tail_us = [0] * arcs
        self.cap: list[int] = plan.cap.tolist()
        self.arc_mm: list[int] = plan.arc_mm.tolist()
        self.head: list[int] = plan.arc_head.tolist()
        self.tail: list[int] = plan.arc_tail.tolist()
        self.into = [plan.in_arcs[plan.in_start[j] : plan.in_start[j + 1]].tolist() for j in range(nodes)]
        self.conflict: list[bool] = plan.conflict.tolist()
        self.lane: list[int] = plan.place_lane.tolist()
        self.mm: list[int] = plan.place_mm.tolist()
        self.queue: list[deque[Vehicle]] = [deque() for _ in range(arcs)]
        self.leavers: list[list[Vehicle]] = [[] for _ in range(arcs)]
        self.aside: list[list[Vehicle]] = [[] for _ in range(arcs)]
        self.free_us = [0] * nodes
        self.due = [False] * nodes
        self.parked: list[deque[Vehicle]] = [deque() for _ in range(places)]
        self.standing = [0] * places
        self.room: list[int] = plan.room.tolist()
        self.rate = plan.takeover_rates().tolist()
        self.operators = self.world.terminal.fleet.remote.operators
        self.takeover = plan.tables["takeover"]
        self.use_ways()

    def use_ways(self) -> None:
        """After lanes have opened or closed: everybody who waits looks for a way anew."""
        ways = self.world.ways
        self.hop: list[list[list[int]]] = ways.hop.tolist()
        self.first: list[list[list[int]]] = ways.first.tolist()
        waiting = sorted([*self.lost, *(v for cars in self.leavers for v in cars)], key=lambda v: v.number)
        self.lost.clear()
        for cars in self.leavers:
            cars.clear()
        for car in waiting:
            self._leave(car)
        for arc, cars in enumerate(self.aside):
            for car in [v for v in cars if self.hop[v.kind][arc][v.goal] >= 0]:
                cars.remove(car)
                self.queue[arc].append(car)
                self.taken[arc] += 1
                self.world.lane_load[arc >> 1] += 1
        self.look_again()

    def look_again(self) -> None:
        """After speeds or stops have changed: every wait is looked at anew."""
        self.dirty_arcs.update(a for a, cars in enumerate(self.leavers) if cars)
        self.dirty_nodes.update(self.head[a] for a, cars in enumerate(self.queue) if cars)
        self.world.mark()

    # a trip, as its truck lives it

    def drive(self, car: Vehicle, goal: int, truck: Truck | None = None) -> Process:
        """From the place where it stands to another: lane by lane, with all waits."""
        world, car.goal = self.world, goal
        if car.place != goal:
            spread = world.terminal.fleet.travel_spread
            car.factor = 1.0 + spread * (2.0 * car.stream.uniform() - 1.0)
            car.since_us = world.now
            car.wake = world.env.event()
            self._leave(car)
            while True:
                yield car.wake
                risk = self.rate[car.arc >> 1] * (car.leg_mm * 0.001) if car.kind == OWN else 0.0
                helpless = risk > 0.0 and car.stream.uniform() < risk
                yield world.spend(DRIVE, car.number, car.leg_us)
                if truck is not None:
                    self._count(truck, car)
                if not car.final:
                    self._reach_end(car)
                if helpless:
                    assert truck is not None
                    yield from self._call(truck, car)
                if car.final:
                    break
            if 0 < self.room[goal] <= self.standing[goal]:
                car.since_us = world.now
                car.wake = world.env.event()
                self.parked[goal].append(car)
                yield car.wake
            self._free(car.arc)
            car.place, car.arc, car.rested = goal, -1, True
        self.standing[goal] += 1
        world.log(L_AT, car.number, goal)

    def done_at(self, place: int) -> None:
        """A truck's service at a place is over: it makes room at once, wherever it goes next."""
        self.standing[place] -= 1
        if self.parked[place]:
            self.dirty_places.add(place)
            self.world.mark()

    def _count(self, truck: Truck, car: Vehicle) -> None:
        """Distance and energy of a lane."""
        plan, loaded = self.world.plan, bool(car.boxes)
        if loaded:
            truck.loaded_mm += car.leg_mm
        else:
            truck.empty_mm += car.leg_mm
        use_energy(truck, plan.j_per_m[loaded] * car.leg_mm // 1000, plan.idle_w, self.world.now)

    def _call(self, truck: Truck, car: Vehicle) -> Process:
        """Stand on the lane until a remote operator has helped."""
        world = self.world
        car.blocked += 1
        car.wake = world.env.event()
        self.calling.append(car)
        world.log(L_CALLS, car.number, car.arc)
        world.mark()
        yield car.wake
        duration = car.stream.duration(self.takeover)
        world.log(L_TAKEN, car.number, duration)
        yield world.spend(TAKEOVER, car.number, duration)
        world.log(L_FREED, car.number)
        truck.takeovers += 1
        self.operators += 1
        car.blocked -= 1
        car.wake = world.env.event()
        if not car.final:
            self.dirty_nodes.add(self.head[car.arc])
        world.mark()

    def _leave(self, car: Vehicle) -> None:
        arc = self.first[car.kind][car.place][car.goal]
        if arc < 0:
            self.lost.append(car)
            return
        self.leavers[arc].append(car)
        self.dirty_arcs.add(arc)
        self.world.mark()

    def _reach_end(self, car: Vehicle) -> None:
        car.since_us = self.world.now
        car.wake = self.world.env.event()
        self.world.log(L_END, car.number, car.arc)
        self.queue[car.arc].append(car)
        self.dirty_nodes.add(self.head[car.arc])
        self.world.mark()

    def _free(self, arc: int) -> None:
        """A truck has left an arc: whoever waits for it is looked at again."""
        self.taken[arc] -= 1
        self.world.lane_load[arc >> 1] -= 1
        if self.leavers[arc]:
            self.dirty_arcs.add(arc)
        if any(self.queue[a] for a in self.into[self.tail[arc]]):
            self.dirty_nodes.add(self.tail[arc])
        self.world.mark()

    # decisions

    def settle_places(self) -> None:
        """Let trucks from the lane into places with room."""
        for place in sorted(self.dirty_places):
            free = self.room[place] - self.standing[place]
            while free > 0 and self.parked[place]:
                self.parked[place].popleft().wake.succeed()
                free -= 1
        self.dirty_places.clear()

    def settle_operators(self) -> None:
        """Give trucks in trouble an operator, first come first served."""
        while self.calling and self.operators:
            self.operators -= 1
            self.calling.popleft().wake.succeed()

    def settle(self) -> None:
        """Arcs by number, then junctions by number, until nobody can move."""
        while self.dirty_arcs or self.dirty_nodes:
            if self.dirty_arcs:
                arc = min(self.dirty_arcs)
                self.dirty_arcs.discard(arc)
                self._let_in(arc)
            else:
                node = min(self.dirty_nodes)
                self.dirty_nodes.discard(node)
                self._resolve(node)

    def _speed(self, car: Vehicle, arc: int) -> float:
        return self.world.speeds[car.mode][arc >> 1]

    def _let_in(self, arc: int) -> None:
        """Trucks from beside the lane, in order, those that cannot move left out."""
        cars = self.leavers[arc]
        while self.taken[arc] < self.cap[arc]:
            car = next((v for v in cars if not v.blocked and self._speed(v, arc) > 0.0), None)
            if car is None:
                return
            cars.remove(car)
            place, goal, back = car.place, car.goal, arc & 1
            lane_mm, start, end = self.arc_mm[arc], self.mm[place], self.mm[goal]
            if back:
                start, end = lane_mm - start, lane_mm - end
            final = self.lane[place] == self.lane[goal] and end >= start
            car.place = -1
            self._enter(car, arc, final, (end if final else lane_mm) - start, 0, False)

    def _enter(self, car: Vehicle, arc: int, final: bool, leg_mm: int, extra_us: int, from_start: bool) -> None:
        world, plan = self.world, self.world.plan
        mode, speed = car.mode, self._speed(car, arc)
        up, down = plan.up[mode], plan.down[mode]
        time = leg_us(leg_mm, speed, up, down, car.rested, final, car.factor) + extra_us
        if car.rested:
            time += plan.start_us[mode]
        if from_start and not final:
            behind = int(plan.slot_mm * 1000 / speed) + plan.headway_us[mode]
            end = max(world.now + time, self.tail_us[arc] + behind)
            self.tail_us[arc] = end
            time = end - world.now
        self.taken[arc] += 1
        world.lane_load[arc >> 1] += 1
        car.arc, car.final, car.leg_mm, car.leg_us, car.rested = arc, final, leg_mm, time, False
        world.log(L_ENTER, car.number, arc, time)
        car.wake.succeed()

    def _pull_aside(self, arc: int) -> None:
        """Trucks at the head of a lane whose goal is cut off leave the lane, beside which they wait for a way."""
        while self.queue[arc]:
            car = self.queue[arc][0]
            if car.blocked or self.hop[car.kind][arc][car.goal] >= 0:
                return
            self.aside[arc].append(self.queue[arc].popleft())
            self._free(arc)
            self.world.log(L_ASIDE, car.number, arc, car.goal)

    def _rank(self, car: Vehicle) -> int:
        rule, mode = self.world.plan.rule, car.mode
        return (0, mode != MANNED, mode == MANNED, mode != LOADED)[rule]

    def _next(self, arc: int) -> int:
        """The arc that the first truck of a queue wants and could drive on, or −1."""
        car = self.queue[arc][0]
        if car.blocked:
            return -1
        onto = self.hop[car.kind][arc][car.goal]
        return onto if onto >= 0 and self._speed(car, onto) > 0.0 else -1

    def _resolve(self, node: int) -> None:
        """Let trucks cross while the junction is free and one has a place on its next lane."""
        world, plan = self.world, self.world.plan
        while True:
            best, blocked = None, -1
            for arc in self.into[node]:
                self._pull_aside(arc)
                if not self.queue[arc]:
                    continue
                onto = self._next(arc)
                if onto < 0:
                    continue
                if self.taken[onto] >= self.cap[onto]:
                    blocked = arc if blocked < 0 else blocked
                    continue
                car = self.queue[arc][0]
                key = (self._rank(car), car.since_us, arc, onto)
                if best is None or key < best:
                    best = key
            if best is None:
                if blocked < 0 or not self._gridlock(node):
                    return
                continue
            if self.conflict[node] and world.now < self.free_us[node]:
                if not self.due[node]:
                    self.due[node] = True
                    due = world.spend(JUNCTION, node, self.free_us[node] - world.now)
                    due.callbacks.append(partial(self._junction_free, node))
                return
            _, since, arc, onto = best
            car = self.queue[arc].popleft()
            self._free(arc)
            car.rested = world.now > since
            self._cross(car, arc, onto)
            if self.conflict[node]:
                self.free_us[node] = world.now + plan.clearance_us

    def _cross(self, car: Vehicle, arc: int, onto: int) -> None:
        goal = car.goal
        final = self.lane[goal] == onto >> 1
        leg = self.arc_mm[onto]
        if final:
            leg = self.mm[goal] if onto & 1 == 0 else leg - self.mm[goal]
        turn = self.world.plan.turn_us if self.world.plan.turns[arc, onto] else 0
        self._enter(car, onto, final, leg, turn, True)

    def _junction_free(self, node: int, _: simpy.Event) -> None:
        self.due[node] = False
        self.dirty_nodes.add(node)
        self.world.mark()

    # gridlock

    def _gridlock(self, node: int) -> bool:
        """Look for a ring through this junction; True when one was found and dissolved."""
        for arc in self.into[node]:
            ring = self._ring(arc)
            if not ring:
                continue
            moves = [(self.queue[a][0], a, self._next(a)) for a in ring]
            for car, a, onto in moves:
                self.world.log(L_GRIDLOCK, car.number, a, onto)
            self.world.tally.gridlocks += 1
            if self.world.terminal.roads.gridlock == "stop":
                self.ring = [(car.number, a, onto) for car, a, onto in moves]
                return False
            for _, a, _ in moves:
                self.queue[a].popleft()
                self.taken[a] -= 1
                self.world.lane_load[a >> 1] -= 1
            for car, a, onto in moves:
                car.rested = True
                self._cross(car, a, onto)
                self.free_us[self.head[a]] = self.world.now + self.world.plan.clearance_us
                self.dirty_nodes.add(self.head[a])
            return True
        return False

    def _ring(self, start: int) -> list[int]:
        """Arcs, each full of waiting trucks whose first wants the next one, back to the start; empty when none."""
        ring, arc = [start], start
        while self.queue[arc] and len(self.queue[arc]) == self.taken[arc]:
            onto = self._next(arc)
            if onto < 0 or self.taken[onto] < self.cap[onto]:
                return []
            if onto == start:
                return ring
            if len(ring) > len(self.taken):
                return []
            ring.append(onto)
            arc = onto
        return []

    def halt(self, car: Vehicle, change: int) -> None:
        """One stop of a truck more or less."""
        car.blocked += change
        if not car.blocked:
            self.look_again()


def use_energy(truck: Truck, joule: int, idle_w: int, now_us: int) -> None:
    """Take energy for work, and for the time since it was last counted."""
    joule += idle_w * (now_us - truck.power_us) // 1_000_000
    truck.power_us = now_us
    truck.used_j += joule
    truck.level_j -= joule
