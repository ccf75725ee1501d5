"""Lanes and junctions, as `port.simpy_roads` specifies them."""

from __future__ import annotations

from typing import Any

from numba import njit

from port import codes as c
from port.fast import draws
from port.fast import memory as m
from port.fast import records as r
from port.fast.memory import COMPILED, INLINED
from port.fast.queues import call, join, leave, leave_first, look, note, push, take
from port.motion import leg_us

leg = njit(**INLINED)(leg_us)
FAR = 1 << 60


@njit(**INLINED)
def mode_of(car: Any) -> int:
    """Row of the table of speeds."""
    if car.kind == c.ROAD:
        return c.MANNED
    return c.LOADED if car.n_boxes > 0 else c.EMPTY


@njit(**INLINED)
def next_hop(P: Any, kind: int, arc: int, goal: int) -> int:
    """The arc to take from an arc's end."""
    return m.hop_own(P)[arc, goal] if kind == c.OWN else m.hop_man(P)[arc, goal]


@njit(**INLINED)
def drive_us(P: Any, kind: int, a: int, b: int) -> int:
    """Drive between places at posted limits."""
    return m.time_own(P)[a, b] if kind == c.OWN else m.time_man(P)[a, b]


@njit(**COMPILED)
def set_off(P: Any, v: int, goal: int) -> bool:
    """Begin a trip; True when the truck stands there already."""
    car = m.cars(P)[v]
    car.goal = goal
    if car.place == goal:
        m.places(P)[goal].standing += 1
        note(P, c.L_AT, v, goal, 0)
        return True
    car.factor = 1.0 + m.confs(P)[0].spread * (2.0 * draws.uniform(car) - 1.0)
    car.since = m.clocks(P)[0].now
    find_way(P, v)
    return False


@njit(**COMPILED)
def find_way(P: Any, v: int) -> None:
    """A truck at a place looks for the lane to turn into; it waits when no open way leads to its goal."""
    car = m.cars(P)[v]
    arc = m.first_own(P)[car.place, car.goal] if car.kind == c.OWN else m.first_man(P)[car.place, car.goal]
    car.waits = 1
    if arc < 0:
        return
    join(P, m.confs(P)[0].leavers + arc, v)
    look(P, r.S_ARCS, arc)


@njit(**COMPILED)
def enter(P: Any, v: int, arc: int, final: bool, leg_mm: int, extra_us: int, from_start: bool) -> None:
    """A truck goes onto an arc: its time there is known from here on."""
    g, conf, car, lane = m.clocks(P)[0], m.confs(P)[0], m.cars(P)[v], m.arcs(P)[arc]
    mode = mode_of(car)
    speed = m.speeds(P)[mode, arc >> 1]
    ramps = m.ramps(P)
    time = leg(leg_mm, speed, ramps[0, mode], ramps[1, mode], car.rested != 0, final, car.factor) + extra_us
    if car.rested:
        time += int(ramps[2, mode])
    if from_start and not final:
        end = max(g.now + time, lane.end_us + int(conf.slot_mm * 1000 / speed) + int(ramps[3, mode]))
        lane.end_us = end
        time = end - g.now
    lane.taken += 1
    car.arc, car.leg_mm, car.leg_us, car.rested = arc, leg_mm, time, 0
    car.final = 1 if final else 0
    note(P, c.L_ENTER, v, arc, time)
    car.helpless = 0
    if car.kind == c.OWN:
        risk = m.rates(P)[arc >> 1] * (leg_mm * 0.001)
        if risk > 0.0 and draws.uniform(car) < risk:
            car.helpless = 1
    push(P, c.DRIVE, v, g.now + time)


@njit(**INLINED)
def free_slot(P: Any, arc: int) -> None:
    """A truck has left an arc: whoever waits for it is looked at again."""
    lane = m.arcs(P)[arc]
    lane.taken -= 1
    if m.lines(P)[m.confs(P)[0].leavers + arc].n:
        look(P, r.S_ARCS, arc)
    if m.nodes(P)[lane.tail].queued:
        look(P, r.S_NODES, lane.tail)
    m.clocks(P)[0].marked = 1


@njit(**INLINED)
def count_leg(P: Any, v: int) -> None:
    """Distance and energy of a lane."""
    car = m.cars(P)[v]
    loaded = car.n_boxes > 0
    if loaded:
        car.loaded_mm += car.leg_mm
    else:
        car.empty_mm += car.leg_mm
    use_energy(P, v, m.joule(P)[1 if loaded else 0] * car.leg_mm // 1000)


@njit(**INLINED)
def use_energy(P: Any, v: int, joule: int) -> None:
    """Take energy for work, and for the time since it was last counted."""
    car, now = m.cars(P)[v], m.clocks(P)[0].now
    joule += m.confs(P)[0].idle_w * (now - car.power) // 1_000_000
    car.power = now
    car.used += joule
    car.level -= joule


@njit(**INLINED)
def lane_done(P: Any, v: int) -> bool:
    """The time of a lane is over; True when the truck is at its goal and may stop there."""
    g, car = m.clocks(P)[0], m.cars(P)[v]
    if car.kind == c.OWN:
        count_leg(P, v)
    if not car.final:
        car.since = g.now
        note(P, c.L_END, v, car.arc, 0)
        join(P, car.arc, v)
        head = m.arcs(P)[car.arc].head
        m.nodes(P)[head].queued += 1
        look(P, r.S_NODES, head)
    if car.helpless:
        car.blocked += 1
        call(P, m.confs(P)[0].calling, v)
        note(P, c.L_CALLS, v, car.arc, 0)
        g.marked = 1
        return False
    return car.final != 0 and find_room(P, v)


@njit(**INLINED)
def find_room(P: Any, v: int) -> bool:
    """A truck has reached its goal; True when the place has room for it, else it stays on the lane."""
    car = m.cars(P)[v]
    place = m.places(P)[car.goal]
    if 0 < place.room <= place.standing:
        car.since = m.clocks(P)[0].now
        join(P, m.confs(P)[0].parked + car.goal, v)
        return False
    return True


@njit(**COMPILED)
def stop_at_goal(P: Any, v: int) -> None:
    """A truck leaves the lane for the place beside it."""
    car = m.cars(P)[v]
    free_slot(P, car.arc)
    car.place, car.arc, car.rested = car.goal, -1, 1
    m.places(P)[car.goal].standing += 1
    note(P, c.L_AT, v, car.goal, 0)


@njit(**COMPILED)
def done_at(P: Any, place: int) -> None:
    """A truck's service at a place is over: it makes room at once."""
    m.places(P)[place].standing -= 1
    if m.lines(P)[m.confs(P)[0].parked + place].n:
        look(P, r.S_PLACES, place)


@njit(**COMPILED)
def let_in(P: Any, arc: int) -> None:
    """Trucks from beside the lane, in order, those that cannot move left out."""
    lane, v, speeds, places = m.arcs(P)[arc], m.cars(P), m.speeds(P), m.places(P)
    line = m.lines(P)[m.confs(P)[0].leavers + arc]
    while lane.taken < lane.cap:
        k = line.head if line.n else -1
        while k >= 0 and (v[k].blocked or speeds[mode_of(v[k]), arc >> 1] <= 0.0):
            k = v[k].next
        if k < 0:
            return
        leave(P, m.confs(P)[0].leavers + arc, k)
        start, end = places[v[k].place].mm, places[v[k].goal].mm
        if arc & 1:
            start, end = lane.mm - start, lane.mm - end
        final = places[v[k].place].lane == places[v[k].goal].lane and end >= start
        v[k].place = -1
        v[k].waits = 0
        enter(P, k, arc, final, (end if final else lane.mm) - start, 0, False)


@njit(**INLINED)
def rank_of(rule: int, car: Any) -> int:
    """Right of way: smaller goes first."""
    if rule == 1:
        return 0 if car.kind == c.ROAD else 1
    if rule == 2:
        return 1 if car.kind == c.ROAD else 0
    if rule == 3:
        return 0 if mode_of(car) == c.LOADED else 1
    return 0


@njit(**INLINED)
def wanted(P: Any, arc: int) -> int:
    """The arc that the first truck of a queue wants and could drive on, or −1."""
    car = m.cars(P)[m.lines(P)[arc].head]
    if car.blocked:
        return -1
    onto = next_hop(P, car.kind, arc, car.goal)
    return onto if onto >= 0 and m.speeds(P)[mode_of(car), onto >> 1] > 0.0 else -1


@njit(**COMPILED)
def pull_aside(P: Any, arc: int) -> None:
    """Trucks at the head of a lane whose goal is cut off leave the lane, beside which they wait for a way."""
    lines, v = m.lines(P), m.cars(P)
    while lines[arc].n:
        k = lines[arc].head
        if v[k].blocked or next_hop(P, v[k].kind, arc, v[k].goal) >= 0:
            return
        leave_first(P, arc)
        m.nodes(P)[m.arcs(P)[arc].head].queued -= 1
        join(P, m.confs(P)[0].aside + arc, k)
        free_slot(P, arc)
        note(P, c.L_ASIDE, k, arc, v[k].goal)


@njit(**COMPILED)
def come_back(P: Any, arc: int) -> None:
    """Trucks beside a lane queue up on it again when a way leads to their goal."""
    line, v = m.lines(P)[m.confs(P)[0].aside + arc], m.cars(P)
    k = line.head if line.n else -1
    for _ in range(line.n):
        following = v[k].next
        if next_hop(P, v[k].kind, arc, v[k].goal) >= 0:
            leave(P, m.confs(P)[0].aside + arc, k)
            join(P, arc, k)
            m.arcs(P)[arc].taken += 1
            m.nodes(P)[m.arcs(P)[arc].head].queued += 1
        k = following


@njit(**INLINED)
def cross(P: Any, v: int, arc: int, onto: int) -> None:
    """Over the junction onto the next arc, up to its end or to the goal on it."""
    goal = m.places(P)[m.cars(P)[v].goal]
    final = goal.lane == onto >> 1
    leg_mm = m.arcs(P)[onto].mm
    if final:
        leg_mm = goal.mm if onto & 1 == 0 else leg_mm - goal.mm
    enter(P, v, onto, final, leg_mm, m.confs(P)[0].turn if m.turns(P)[arc, onto] else 0, True)


@njit(**COMPILED)
def resolve(P: Any, j: int) -> None:
    """Let trucks cross while the junction is free and one has a place on its next lane."""
    g, conf, node = m.clocks(P)[0], m.confs(P)[0], m.nodes(P)[j]
    into, lines, v, arcs = m.in_arcs(P), m.lines(P), m.cars(P), m.arcs(P)
    while node.queued:
        best, best_onto, best_rank, best_since, blocked = -1, -1, 0, 0, False
        for i in range(node.in0, node.in1):
            arc = into[i]
            if lines[arc].n:
                pull_aside(P, arc)
            if lines[arc].n == 0:
                continue
            onto = wanted(P, arc)
            if onto < 0:
                continue
            if arcs[onto].taken >= arcs[onto].cap:
                blocked = True
                continue
            car = v[lines[arc].head]
            rank = rank_of(conf.right_of_way, car)
            if best < 0 or rank < best_rank or (rank == best_rank and car.since < best_since):
                best, best_onto, best_rank, best_since = arc, onto, rank, car.since
        if best < 0:
            if not blocked or not dissolve(P, j):
                return
            continue
        if node.conflict and g.now < node.free_us:
            if not node.due:
                node.due = 1
                push(P, c.JUNCTION, j, node.free_us)
            return
        k = leave_first(P, best)
        node.queued -= 1
        free_slot(P, best)
        v[k].rested = 1 if g.now > best_since else 0
        cross(P, k, best, best_onto)
        if node.conflict:
            node.free_us = g.now + conf.clearance


@njit(**COMPILED)
def find_ring(P: Any, start: int) -> int:
    """Follow full arcs of waiting trucks back to the start, into `ring`; gives how many, 0 for none."""
    lines, arcs, ring = m.lines(P), m.arcs(P), m.ring(P)
    n, arc = 1, start
    if arcs[start].taken < arcs[start].cap:
        return 0
    ring[0, 1] = start
    while lines[arc].n and lines[arc].n == arcs[arc].taken:
        onto = wanted(P, arc)
        if onto < 0 or arcs[onto].taken < arcs[onto].cap:
            return 0
        ring[n - 1, 0] = lines[arc].head
        ring[n - 1, 2] = onto
        if onto == start:
            return n
        if n >= len(ring):
            return 0
        ring[n, 1] = onto
        arc = onto
        n += 1
    return 0


@njit(**COMPILED)
def dissolve(P: Any, j: int) -> bool:
    """Look for a ring through a junction and let its trucks move up; True when there was one."""
    g, conf, node = m.clocks(P)[0], m.confs(P)[0], m.nodes(P)[j]
    into, ring, arcs, nodes = m.in_arcs(P), m.ring(P), m.arcs(P), m.nodes(P)
    for i in range(node.in0, node.in1):
        if m.lines(P)[into[i]].n == 0:
            continue
        n = find_ring(P, into[i])
        if n == 0:
            continue
        for k in range(n):
            note(P, c.L_GRIDLOCK, ring[k, 0], ring[k, 1], ring[k, 2])
        g.gridlocks += 1
        if conf.stop_on_ring:
            g.ring_n = n
            return False
        for k in range(n):
            leave_first(P, ring[k, 1])
            arcs[ring[k, 1]].taken -= 1
            nodes[arcs[ring[k, 1]].head].queued -= 1
        for k in range(n):
            head = arcs[ring[k, 1]].head
            m.cars(P)[ring[k, 0]].rested = 1
            cross(P, ring[k, 0], ring[k, 1], ring[k, 2])
            nodes[head].free_us = g.now + conf.clearance
            look(P, r.S_NODES, head)
        return True
    return False


@njit(**INLINED)
def settle_roads(P: Any) -> None:
    """Arcs by number, then junctions by number, until nobody can move."""
    counts = m.set_n(P)
    while True:
        if counts[r.S_ARCS]:
            let_in(P, take(P, r.S_ARCS))
        elif counts[r.S_NODES]:
            resolve(P, take(P, r.S_NODES))
        else:
            return


@njit(**COMPILED)
def look_again(P: Any) -> None:
    """After speeds, stops or ways have changed: every wait is looked at anew."""
    conf, lines, nodes = m.confs(P)[0], m.lines(P), m.nodes(P)
    for arc in range(conf.n_arcs):
        if lines[conf.leavers + arc].n:
            look(P, r.S_ARCS, arc)
    for j in range(conf.n_nodes):
        if nodes[j].queued:
            look(P, r.S_NODES, j)
    m.clocks(P)[0].marked = 1


@njit(**COMPILED)
def use_ways(P: Any) -> None:
    """After lanes have opened or closed: everybody who waits at a place looks for a way anew."""
    g, conf, lines, v = m.clocks(P)[0], m.confs(P)[0], m.lines(P), m.cars(P)
    for arc in range(conf.n_arcs):
        lines[conf.leavers + arc].n = 0
    for k in range(g.n_cars):
        if v[k].waits:
            find_way(P, k)
    for arc in range(conf.n_arcs):
        if lines[conf.aside + arc].n:
            come_back(P, arc)
    look_again(P)
