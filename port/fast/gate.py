"""The gate and the road trucks, as `port.simpy_gate` specifies them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from port import codes as c
from port.draws import VISITOR
from port.dwell import MS_TABLE
from port.fast import draws
from port.fast import memory as m
from port.fast import records as r
from port.fast.memory import COMPILED, INLINED
from port.fast.queues import join, leave, leave_first, note, push, wake
from port.fast.roads import set_off
from port.fast.stays import first_ship
from port.fast.yard import ask, count_owned, draw_out, place_for, room_left
from port.gate_times import next_arrival

KIND = np.uint64(VISITOR)
coming = njit(**INLINED)(next_arrival)
SERVED, EMPTY_HANDED, REFUSED = 1, 2, 3


@njit(**COMPILED)
def arrive_one(P: Any, at: int, key: Any, said: int) -> None:
    """A truck has come to the gate. said : 0 deliver, 1 collect, −1 not known."""
    g, conf = m.clocks(P)[0], m.confs(P)[0]
    v = g.n_cars
    g.n_cars = v + 1
    car = m.cars(P)[v]
    car.kind, car.place, car.arc, car.rested, car.key, car.counter = c.ROAD, 0, -1, 1, key, np.uint64(0)
    car.admitted, car.departed, car.out_box = -1, -1, -1
    collects = 0 if draws.uniform(car) < conf.deliver_share else 1
    car.task = collects if said < 0 else said
    car.arrived = at
    g.arrived += 1
    note(P, c.L_ARRIVED, v, car.task, 0)
    join(P, conf.gate_line, v)
    g.marked = 1


@njit(**COMPILED)
def settle_gate(P: Any) -> None:
    """Let the first trucks of the line into the free lanes, and hand out import boxes."""
    g, conf, free = m.clocks(P)[0], m.confs(P)[0], m.gate_free(P)
    line = m.lines(P)[conf.gate_line]
    while line.n and not g.shut:
        lane, since = -1, 1 << 62
        for k in range(conf.lanes_in):
            if 0 <= free[k] < since:
                lane, since = k, free[k]
        if lane < 0:
            break
        v = leave_first(P, conf.gate_line)
        car = m.cars(P)[v]
        free[lane] = -1
        done = max(car.arrived, since, g.opened) + draws.duration(car, m.tables(P), r.T_GATE_IN)
        car.lane, car.begun = lane, done
        push(P, c.GATE_IN, v, max(done, g.now))
    g.longest_queue = max(g.longest_queue, line.n)
    if g.handing:
        g.handing = 0
        while m.lines(P)[conf.wanting].n:
            v = m.lines(P)[conf.wanting].head
            if not find_import(P, v):
                break
            leave_first(P, conf.wanting)
            m.cars(P)[v].wanting = 0
            wake(P, r.W_FOUND, v)


@njit(**COMPILED)
def admitted(P: Any, v: int) -> None:
    """A truck is through the gate and does what it came for."""
    g, car = m.clocks(P)[0], m.cars(P)[v]
    car.admitted = g.now
    g.inside += 1
    m.gate_free(P)[car.lane] = car.begun
    note(P, c.L_ADMITTED, v, car.lane, 0)
    g.marked = 1
    if car.task == 0:
        deliver(P, v)
    elif find_import(P, v):
        fetch(P, v)
    else:
        car.phase, car.wanting, car.found_block = r.WANTS, 1, -1
        join(P, m.confs(P)[0].wanting, v)
        push(P, c.PATIENCE, v, g.now + m.confs(P)[0].patience)


@njit(**COMPILED)
def deliver(P: Any, v: int) -> None:
    """Bring an export box for the first ship that still lacks some; turned away when the yard is full."""
    g, conf, car = m.clocks(P)[0], m.confs(P)[0], m.cars(P)[v]
    if room_left(P) <= 0:
        car.outcome = REFUSED
        g.refused += 1
        note(P, c.L_REFUSED, v, 0, 0)
        go_out(P, v)
        return
    g.promised += 1
    car.block = place_for(P, v, 1) >> 2
    stay = draws.duration(car, m.tables(P), r.T_EXPORTS) * MS_TABLE if conf.stays else 0
    car.owner = first_ship(P, g.now + stay, -1)
    car.phase = r.TO_BLOCK
    set_off(P, v, 1 + conf.n_cranes + car.block)


@njit(**COMPILED)
def find_import(P: Any, v: int) -> bool:
    """Draw an import box from the blocks whose lanes are open; False when there is none."""
    conf, car, blocks, is_open = m.confs(P)[0], m.cars(P)[v], m.blocks(P), m.open_block(P)
    total = 0
    for b in range(conf.n_blocks):
        if is_open[c.ROAD, b]:
            total += count_owned(P, b, -1)
    if total == 0:
        return False
    which = draws.index(car, total)
    for b in range(conf.n_blocks):
        if not is_open[c.ROAD, b]:
            continue
        if which < count_owned(P, b, -1):
            blocks[b].work += 1
            car.found_block, car.found_box = b, draw_out(P, b, -1, car)
            return True
        which -= count_owned(P, b, -1)
    return False


@njit(**COMPILED)
def fetch(P: Any, v: int) -> None:
    """Drive to the import box, or out when patience has ended without one."""
    g, car = m.clocks(P)[0], m.cars(P)[v]
    if car.found_block < 0:
        car.outcome = EMPTY_HANDED
        g.left_empty += 1
        note(P, c.L_EMPTY, v, 0, 0)
        go_out(P, v)
        return
    car.block, car.phase = car.found_block, r.TO_BLOCK
    set_off(P, v, 1 + m.confs(P)[0].n_cranes + car.block)


@njit(**COMPILED)
def give_up(P: Any, v: int) -> None:
    """Patience has ended; nothing happens to a truck that has got its box."""
    car = m.cars(P)[v]
    if car.wanting:
        car.wanting = 0
        leave(P, m.confs(P)[0].wanting, v)
        wake(P, r.W_FOUND, v)


@njit(**COMPILED)
def go_out(P: Any, v: int) -> None:
    """Drive back to the gate."""
    m.cars(P)[v].phase = r.TO_GATE
    if set_off(P, v, 0):
        wait_out(P, v)


@njit(**COMPILED)
def wait_out(P: Any, v: int) -> None:
    """Wait for an exit lane."""
    m.cars(P)[v].phase = r.AT_OUT
    join(P, m.confs(P)[0].out_line, v)
    m.clocks(P)[0].marked = 1


@njit(**COMPILED)
def settle_out(P: Any) -> None:
    """Let trucks into the free exit lanes."""
    g, conf = m.clocks(P)[0], m.confs(P)[0]
    while m.lines(P)[conf.out_line].n and g.out_free:
        g.out_free -= 1
        wake(P, r.W_OUT, leave_first(P, conf.out_line))


@njit(**COMPILED)
def begin_out(P: Any, v: int) -> None:
    """A truck has an exit lane."""
    time = draws.duration(m.cars(P)[v], m.tables(P), r.T_GATE_OUT)
    push(P, c.GATE_OUT, v, m.clocks(P)[0].now + time)


@njit(**COMPILED)
def departed(P: Any, v: int) -> None:
    """A truck is back on the road."""
    g, car = m.clocks(P)[0], m.cars(P)[v]
    g.out_free += 1
    car.departed = g.now
    g.inside -= 1
    g.departed += 1
    car.out_box = car.box0 if car.n_boxes else -1
    note(P, c.L_DEPARTED, v, car.out_box, 0)
    g.marked = 1


@njit(**COMPILED)
def visitor_arrived(P: Any, v: int) -> None:
    """A road truck stands at its goal."""
    g, car = m.clocks(P)[0], m.cars(P)[v]
    if car.phase == r.TO_GATE:
        wait_out(P, v)
        return
    car.phase = r.AT_BLOCK
    if car.task == 0:
        box = g.boxes_made
        g.boxes_made += 1
        car.box0, car.n_boxes = box, 1
        ask(P, car.block, c.C_RECEIVE, 1, box, -1, v, car.owner)
    else:
        ask(P, car.block, c.C_DELIVER, 1, car.found_box, -1, v, -2)


@njit(**COMPILED)
def visitor_served(P: Any, v: int) -> None:
    """A road truck's box has changed hands."""
    m.cars(P)[v].outcome = SERVED
    go_out(P, v)


@njit(**COMPILED)
def plan_arrival(P: Any) -> None:
    """When the next generated truck comes."""
    g, conf, stream = m.clocks(P)[0], m.confs(P)[0], m.sources(P)[0]
    if conf.booked >= 0:
        if g.arrivals < conf.booked:
            push(P, c.ARRIVAL, 0, max(m.bookings(P)[g.arrivals], g.now))
        return
    wait = draws.duration(stream, m.tables(P), r.T_SECOND) / 1_000_000
    g.arrival_at = coming(g.arrival_at, wait, g.midnight, conf.scale, m.profile(P))
    push(P, c.ARRIVAL, 0, max(g.arrival_at, g.now))


@njit(**COMPILED)
def arrival(P: Any, seed: Any) -> None:
    """A generated truck comes to the gate."""
    g = m.clocks(P)[0]
    g.arrivals += 1
    arrive_one(P, g.now, draws.key_of(seed, KIND, draws.number_of_truck(g.arrivals)), -1)
    plan_arrival(P)
