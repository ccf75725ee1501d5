"""Driverless trucks, as `port.simpy_fleet` specifies them."""

from __future__ import annotations

from typing import Any

from numba import njit

from port import codes as c
from port.choosing import choose
from port.fast import draws
from port.fast import memory as m
from port.fast import records as r
from port.fast.memory import COMPILED
from port.fast.quay import stand
from port.fast.queues import join, leave_first, look, note, push, wake
from port.fast.roads import done_at, look_again, set_off, use_energy
from port.fast.yard import ask, meet, place_for

FAR = 1 << 60
SLOW_TABLE = 1000


@njit(**COMPILED)
def turn_to(P: Any, v: int, stage: int) -> None:
    """A truck is at another stage of its order (see `port.codes`), from here and now on."""
    car = m.cars(P)[v]
    car.stage, car.stage_us, car.origin = stage, m.clocks(P)[0].now, car.place


@njit(**COMPILED)
def be_idle(P: Any, v: int) -> None:
    """A truck without an order joins the others, by number."""
    g, idle = m.clocks(P)[0], m.idle(P)
    m.cars(P)[v].phase = r.IDLE
    j = g.n_idle
    while j > 0 and idle[j - 1] > v:
        idle[j] = idle[j - 1]
        j -= 1
    idle[j] = v
    g.n_idle += 1
    g.changed, g.marked = 1, 1


@njit(**COMPILED)
def next_task(P: Any, v: int) -> None:
    """A truck has finished (or begins): charge, or be idle."""
    g, conf, car, stations = m.clocks(P)[0], m.confs(P)[0], m.cars(P)[v], m.stations(P)
    if conf.n_stations == 0 or car.level >= conf.threshold:
        be_idle(P, v)
        return
    best, best_cost, first = -1, FAR, 1 + conf.n_cranes + conf.n_blocks
    for s in range(conf.n_stations):
        drive = m.time_own(P)[car.place, first + s]
        waiting = m.lines(P)[conf.station_line + s].n + stations[s].charging
        cost = drive + waiting * stations[s].mean // stations[s].bays
        if drive < FAR and cost < best_cost:
            best, best_cost = s, cost
    if best < 0:
        be_idle(P, v)
        return
    car.busy, car.begun, car.station, car.phase, car.crane = 1, g.now, best, r.TO_STATION, -1
    turn_to(P, v, c.CHARGES)
    g.changed, g.marked = 1, 1
    if set_off(P, v, first + best):
        at_station(P, v)


@njit(**COMPILED)
def at_station(P: Any, v: int) -> None:
    """A truck waits for a bay."""
    car = m.cars(P)[v]
    note(P, c.L_STATION, v, car.station, car.level)
    car.phase = r.AT_STATION
    join(P, m.confs(P)[0].station_line + car.station, v)
    m.clocks(P)[0].marked = 1


@njit(**COMPILED)
def settle_stations(P: Any) -> None:
    """Let waiting trucks into free bays."""
    conf, stations = m.confs(P)[0], m.stations(P)
    for s in range(conf.n_stations):
        while m.lines(P)[conf.station_line + s].n and stations[s].charging < stations[s].bays:
            stations[s].charging += 1
            wake(P, r.W_BAY, leave_first(P, conf.station_line + s))


@njit(**COMPILED)
def plug_in(P: Any, v: int) -> None:
    """A truck has a bay."""
    g, conf, car = m.clocks(P)[0], m.confs(P)[0], m.cars(P)[v]
    use_energy(P, v, 0)
    station = m.stations(P)[car.station]
    if station.swap >= 0:
        time = draws.duration(car, m.tables(P), station.swap)
    else:
        time = max(0, conf.battery - car.level) * 1_000_000 // station.watts
    note(P, c.L_PLUGGED, v, car.station, time)
    push(P, c.STATION, v, g.now + time)


@njit(**COMPILED)
def charged(P: Any, v: int) -> None:
    """A truck leaves its bay with a full battery."""
    g, conf, car = m.clocks(P)[0], m.confs(P)[0], m.cars(P)[v]
    car.level, car.power = conf.battery, g.now
    car.swaps += 1
    car.busy = 0
    car.busy_us += g.now - car.begun
    m.stations(P)[car.station].charging -= 1
    done_at(P, car.place)
    note(P, c.L_CHARGED, v, car.station, 0)
    be_idle(P, v)


@njit(**COMPILED)
def list_ready(P: Any) -> int:
    """Idle trucks that may go, into `ready` and `ready_at`; gives how many."""
    g, idle, ready, at, v = m.clocks(P)[0], m.idle(P), m.ready(P), m.ready_at(P), m.cars(P)
    n = 0
    for i in range(g.n_idle):
        if not v[idle[i]].halted:
            ready[n], at[n] = idle[i], v[idle[i]].place
            n += 1
    return n


@njit(**COMPILED)
def dispatch(P: Any) -> bool:
    """Send idle trucks by the compiled rule; True when a policy outside must be asked."""
    g, conf = m.clocks(P)[0], m.confs(P)[0]
    if not (g.changed or g.new_orders):
        return False
    g.changed, g.new_orders = 0, 0
    while g.n_waiting:
        n = list_ready(P)
        if n == 0:
            return False
        if conf.rule < 0:
            return True
        crane, pick, at = m.wait_crane(P), m.wait_pick(P), m.ready_at(P)
        cover, time = m.cover(P), m.time_own(P)
        pair = choose(conf.rule, g.n_waiting, crane, pick, n, m.ready(P), at, cover, time, g.orders_made)
        if pair < 0:
            return False
        send(P, pair >> 20, m.ready(P)[pair & 0xFFFFF])
    return False


@njit(**COMPILED)
def take_pairs(P: Any) -> None:
    """Send what a policy outside has paired: indices of orders and of ready trucks, by rising order."""
    g, pairs = m.clocks(P)[0], m.pairs(P)
    for i in range(g.n_pairs):
        pairs[i, 1] = m.ready(P)[pairs[i, 1]]
    for i in range(g.n_pairs):
        send(P, pairs[i, 0] - i, pairs[i, 1])
    g.n_pairs = 0


@njit(**COMPILED)
def send(P: Any, i: int, v: int) -> None:
    """A truck takes the order at a place of the list of waiting ones."""
    g, car, order = m.clocks(P)[0], m.cars(P)[v], m.waiting(P)[i]
    car.order, car.crane, car.vessel, car.count, car.block = (
        order.number,
        order.crane,
        order.vessel,
        order.count,
        order.block,
    )
    car.goal, car.asked0, car.asked1 = order.pick, order.box0, order.box1
    car.loads = 1 if order.block >= 0 else 0
    waiting, crane, pick, idle = m.waiting(P), m.wait_crane(P), m.wait_pick(P), m.idle(P)
    g.n_waiting -= 1
    for k in range(i, g.n_waiting):
        waiting[k] = waiting[k + 1]
        crane[k], pick[k] = crane[k + 1], pick[k + 1]
    g.n_idle -= 1
    k = 0
    while idle[k] != v:
        k += 1
    while k < g.n_idle:
        idle[k] = idle[k + 1]
        k += 1
    m.cover(P)[car.crane] += 1
    note(P, c.L_SENT, v, car.order, car.crane)
    wake(P, r.W_SENT, v)


@njit(**COMPILED)
def sent(P: Any, v: int) -> None:
    """A truck sets off for the boxes of its order."""
    car = m.cars(P)[v]
    car.busy, car.begun, car.phase = 1, m.clocks(P)[0].now, r.TO_PICK
    turn_to(P, v, c.FETCHES)
    if car.loads and m.confs(P)[0].instant:
        ask(P, car.block, c.C_RETRIEVE, car.count, car.asked0, car.asked1, v, -2)
        car.there = 0
    if set_off(P, v, car.goal):
        at_pick(P, v)


@njit(**COMPILED)
def at_pick(P: Any, v: int) -> None:
    """A truck stands where it gets its boxes."""
    car = m.cars(P)[v]
    turn_to(P, v, c.TAKES)
    if car.loads:
        car.phase = r.AT_PICK
        if m.confs(P)[0].instant:
            meet(P, car.block, v)
        else:
            ask(P, car.block, c.C_RETRIEVE, car.count, car.asked0, car.asked1, v, -2)
    else:
        car.phase = r.AT_CRANE
        stand(P, v)


@njit(**COMPILED)
def bring(P: Any, v: int) -> None:
    """The boxes that a truck has taken off a ship get a block."""
    car = m.cars(P)[v]
    found = place_for(P, v, car.n_boxes)
    car.block, car.asked, car.phase = found >> 2, found & 3, r.TO_STORE
    turn_to(P, v, c.BRINGS)
    if set_off(P, v, 1 + m.confs(P)[0].n_cranes + car.block):
        at_store(P, v)


@njit(**COMPILED)
def at_store(P: Any, v: int) -> None:
    """A truck stands where its boxes (or the first of them) go into the stack."""
    car = m.cars(P)[v]
    car.phase = r.AT_STORE
    turn_to(P, v, c.GIVES)
    ask(P, car.block, c.C_STORE, car.asked, car.box0, car.box1, v, -2)


@njit(**COMPILED)
def order_done(P: Any, v: int) -> None:
    """An order is carried out."""
    g, car = m.clocks(P)[0], m.cars(P)[v]
    note(P, c.L_DONE, v, car.crane, 0)
    car.busy = 0
    car.busy_us += g.now - car.begun
    car.moves += 1
    use_energy(P, v, 0)
    next_task(P, v)


@njit(**COMPILED)
def truck_served(P: Any, v: int) -> None:
    """The boxes of a driverless truck have changed hands."""
    car = m.cars(P)[v]
    if car.phase == r.AT_PICK:
        car.phase = r.TO_CRANE
        turn_to(P, v, c.BRINGS)
        set_off(P, v, 1 + car.crane)
    elif car.n_boxes > 0:
        bring(P, v)
    else:
        order_done(P, v)


@njit(**COMPILED)
def truck_arrived(P: Any, v: int) -> None:
    """A driverless truck stands at its goal."""
    car = m.cars(P)[v]
    if car.phase == r.TO_PICK:
        at_pick(P, v)
    elif car.phase == r.TO_CRANE:
        car.phase = r.AT_CRANE
        turn_to(P, v, c.GIVES)
        stand(P, v)
    elif car.phase == r.TO_STORE:
        at_store(P, v)
    else:
        at_station(P, v)


@njit(**COMPILED)
def halt_one(P: Any, machine: int, change: int) -> None:
    """One stop of a machine more or less."""
    g, conf = m.clocks(P)[0], m.confs(P)[0]
    if machine < conf.n_cranes:
        m.cranes(P)[machine].halted += change
        look(P, r.S_CRANES, machine)
        return
    machine -= conf.n_cranes
    if machine < conf.n_gantries:
        gantry = m.gantries(P)[machine]
        gantry.halted += change
        look(P, r.S_BLOCKS, gantry.block)
        return
    car = m.cars(P)[machine - conf.n_gantries]
    car.halted += change
    car.blocked += change
    g.changed, g.marked = 1, 1
    if not car.blocked:
        look_again(P)


@njit(**COMPILED)
def class_of(P: Any, machine: int) -> int:
    """0 quay crane, 1 gantry, 2 truck."""
    conf = m.confs(P)[0]
    return 0 if machine < conf.n_cranes else 1 if machine < conf.n_cranes + conf.n_gantries else 2


@njit(**COMPILED)
def fails(P: Any, machine: int) -> None:
    """A machine breaks down."""
    note(P, c.L_FAILS, machine, 0, 0)
    halt_one(P, machine, 1)
    time = draws.duration(m.failing(P)[machine], m.tables(P), r.T_REPAIRS + class_of(P, machine))
    push(P, c.REPAIR, machine, m.clocks(P)[0].now + time)


@njit(**COMPILED)
def repaired(P: Any, machine: int) -> None:
    """A machine works again."""
    note(P, c.L_REPAIRED, machine, 0, 0)
    halt_one(P, machine, -1)
    plan_failure(P, machine)


@njit(**COMPILED)
def plan_failure(P: Any, machine: int) -> None:
    """When a machine will fail next."""
    time = draws.duration(m.failing(P)[machine], m.tables(P), r.T_FAILS + class_of(P, machine)) * SLOW_TABLE
    push(P, c.FAIL, machine, m.clocks(P)[0].now + time)
