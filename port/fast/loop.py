"""The event loop: what is due, what it wakes, and the settling pass, in the order that `port.codes` states."""

from __future__ import annotations

from typing import Any

from numba import njit

from port import codes as c
from port.fast import draws, fleet, gate, quay, roads, yard
from port.fast import memory as m
from port.fast import records as r
from port.fast.memory import COMPILED, ENTRY, INLINED
from port.fast.queues import close_gap, leave_first, look, next_time, note, pop, push, take, wake

RANK_MASK = (1 << c.RANK_BITS) - 1


@njit(**COMPILED)
def arrived(P: Any, v: int) -> None:
    """A truck leaves the lane at its goal and stands there."""
    roads.stop_at_goal(P, v)
    if m.cars(P)[v].kind == c.OWN:
        fleet.truck_arrived(P, v)
    else:
        gate.visitor_arrived(P, v)


@njit(**INLINED)
def handle(P: Any, kind: int, who: int, seed: Any) -> None:
    """A due event."""
    if kind == c.DRIVE:
        if roads.lane_done(P, who):
            arrived(P, who)
    elif kind == c.GANTRY:
        yard.gantry_done(P, who)
    elif kind == c.HANDOVER:
        quay.hand_over(P, who)
    elif kind == c.CRANE:
        quay.crane_ready(P, who)
    elif kind == c.JUNCTION:
        m.nodes(P)[who].due = 0
        look(P, r.S_NODES, who)
    elif kind == c.ARRIVAL:
        gate.arrival(P, seed)
    elif kind == c.GATE_IN:
        gate.admitted(P, who)
    elif kind == c.GATE_OUT:
        gate.departed(P, who)
    elif kind == c.PATIENCE:
        gate.give_up(P, who)
    elif kind == c.VESSEL:
        quay.vessel_due(P, who)
    elif kind == c.STATION:
        fleet.charged(P, who)
    elif kind == c.TAKEOVER:
        helped(P, who)
    elif kind == c.FAIL:
        fleet.fails(P, who)
    elif kind == c.RELEASE:
        yard.release(P, who)
    else:
        fleet.repaired(P, who)


@njit(**INLINED)
def go_on(P: Any, why: int, who: int) -> None:
    """Somebody who has been woken."""
    if why == r.W_SERVED:
        if m.cars(P)[who].kind == c.OWN:
            fleet.truck_served(P, who)
        else:
            gate.visitor_served(P, who)
    elif why == r.W_SENT:
        fleet.sent(P, who)
    elif why == r.W_PARKED:
        arrived(P, who)
    elif why == r.W_OUT:
        gate.begin_out(P, who)
    elif why == r.W_BAY:
        fleet.plug_in(P, who)
    elif why == r.W_OPERATOR:
        car = m.cars(P)[who]
        time = draws.duration(car, m.tables(P), r.T_TAKEOVER)
        note(P, c.L_TAKEN, who, time, 0)
        push(P, c.TAKEOVER, who, m.clocks(P)[0].now + time)
    elif why == r.W_FOUND:
        gate.fetch(P, who)
    elif why == r.W_DONE:
        quay.depart(P, who)
    else:
        quay.berth(P, who)


@njit(**COMPILED)
def helped(P: Any, v: int) -> None:
    """A remote operator has driven a truck out of its trouble."""
    g, car = m.clocks(P)[0], m.cars(P)[v]
    note(P, c.L_FREED, v, 0, 0)
    car.takeovers += 1
    g.operators += 1
    car.blocked -= 1
    g.marked = 1
    if not car.final:
        look(P, r.S_NODES, m.arcs(P)[car.arc].head)
    elif roads.find_room(P, v):
        arrived(P, v)


@njit(**COMPILED)
def settle_places(P: Any) -> None:
    """Let trucks from the lane into places with room."""
    counts, parked = m.set_n(P), m.confs(P)[0].parked
    while counts[r.S_PLACES]:
        p = take(P, r.S_PLACES)
        free = m.places(P)[p].room - m.places(P)[p].standing
        while free > 0 and m.lines(P)[parked + p].n:
            wake(P, r.W_PARKED, leave_first(P, parked + p))
            free -= 1


@njit(**COMPILED)
def settle_operators(P: Any) -> None:
    """Give trucks in trouble an operator, first come first served."""
    g, v = m.clocks(P)[0], m.cars(P)
    line = m.lines(P)[m.confs(P)[0].calling]
    while line.n and g.operators:
        g.operators -= 1
        k = line.head
        line.head = v[k].link
        line.n -= 1
        wake(P, r.W_OPERATOR, k)


@njit(**COMPILED)
def settle_rest(P: Any) -> None:
    """What follows dispatch in a settling pass."""
    counts, lines, conf = m.set_n(P), m.lines(P), m.confs(P)[0]
    if counts[r.S_PLACES]:
        settle_places(P)
    if lines[conf.out_line].n:
        gate.settle_out(P)
    if counts[r.S_CRANES]:
        quay.settle_cranes(P)
    if counts[r.S_BLOCKS]:
        yard.settle_blocks(P)
    if conf.n_stations:
        fleet.settle_stations(P)
    if lines[conf.calling].n:
        settle_operators(P)
    roads.settle_roads(P)
    m.clocks(P)[0].marked = 0


@njit(**ENTRY)
def run(P: Any, until: int, seed: Any) -> int:
    """All that happens before `until`; gives why it came back (REACHED, or what Python has to do first)."""
    g, conf = m.clocks(P)[0], m.confs(P)[0]
    queue, lines = m.wakes(P), m.lines(P)
    if g.stage == 1:
        g.stage = 0
        fleet.take_pairs(P)
        settle_rest(P)
    while True:
        while g.wakes_first != g.wakes_last:
            word = queue[g.wakes_first]
            g.wakes_first = (g.wakes_first + 1) % len(queue)
            go_on(P, word >> c.RANK_BITS, word & RANK_MASK)
        if g.ring_n:
            return r.RING
        if g.log_n + conf.margin > conf.log_cap:
            return r.FULL
        if g.n_cars + 1 >= conf.n_cars_cap:
            return r.GROW
        due = next_time(P)
        if due == g.now:
            if g.gap:
                close_gap(P)
            rank = pop(P)
            g.events += 1
            handle(P, rank >> c.RANK_BITS, rank & RANK_MASK, seed)
        elif g.marked:
            if g.handing or lines[conf.gate_line].n:
                gate.settle_gate(P)
            if g.planning:
                quay.settle_orders(P)
            if (g.changed or g.new_orders) and fleet.dispatch(P):
                g.stage = 1
                return r.DECIDE
            settle_rest(P)
        elif due >= until:
            g.now = until
            return r.REACHED
        else:
            g.now = due


@njit(**ENTRY)
def begin(P: Any) -> None:
    """Time 0: ships are to come, trucks are idle or charge, machines will fail, road trucks will come."""
    g, conf, vessels = m.clocks(P)[0], m.confs(P)[0], m.vessels(P)
    for k in range(conf.n_vessels):
        push(P, c.VESSEL, k, vessels[k].at)
    for v in range(conf.n_trucks):
        fleet.next_task(P, v)
    tables = m.tables(P)
    for machine in range(len(m.failing(P))):
        if tables[r.T_FAILS + fleet.class_of(P, machine), 0] >= 0:
            fleet.plan_failure(P, machine)
    if not g.road and conf.has_profile:
        gate.plan_arrival(P)


@njit(**ENTRY)
def arrive(P: Any, at: int, key: Any, said: int) -> None:
    """A truck of the road has come to the gate."""
    gate.arrive_one(P, at, key, said)


@njit(**ENTRY)
def halt(P: Any, machine: int, change: int) -> None:
    """One stop of a machine more or less."""
    fleet.halt_one(P, machine, change)


@njit(**ENTRY)
def use_ways(P: Any) -> None:
    """Tables of ways have changed."""
    g = m.clocks(P)[0]
    roads.use_ways(P)
    g.changed, g.handing, g.planning = 1, 1, 1


@njit(**ENTRY)
def look_again(P: Any) -> None:
    """Speeds have changed."""
    roads.look_again(P)


@njit(**ENTRY)
def shut(P: Any, closed: int) -> None:
    """The gate closes or opens."""
    g = m.clocks(P)[0]
    g.shut, g.marked = closed, 1
    if not closed:
        g.opened = g.now
