"""Ships, quay cranes and their orders, as `port.simpy_quay` specifies them."""

from __future__ import annotations

from typing import Any

from numba import njit

from port import codes as c
from port.codes import DISCHARGING, LOADING
from port.fast import draws
from port.fast import memory as m
from port.fast import records as r
from port.fast.memory import COMPILED
from port.fast.queues import join, leave_first, look, note, push, take, wake
from port.fast.roads import done_at
from port.fast.stays import choose_owner
from port.fast.yard import add_box, cost_us, count_owned, draw_out, room_left


@njit(**COMPILED)
def vessel_due(P: Any, k: int) -> None:
    """A ship comes, or has moored."""
    ship = m.vessels(P)[k]
    if ship.state == 1:
        work(P, k)
        return
    at_berth, left, best = m.berth_ship(P), m.berth_left(P), -1
    for b in range(len(at_berth)):
        if at_berth[b] < 0 and (ship.anywhere or ship.berth == b) and (best < 0 or left[b] < left[best]):
            best = b
    if best >= 0:
        at_berth[best], ship.berth = k, best
        berth(P, k)
        return
    g, vessels, ship.next = m.clocks(P)[0], m.vessels(P), -1
    if g.roadstead < 0:
        g.roadstead = k
        return
    last = g.roadstead
    while vessels[last].next >= 0:
        last = vessels[last].next
    vessels[last].next = k


@njit(**COMPILED)
def follow(P: Any, b: int) -> None:
    """The first ship of the roadstead that may lie at a free berth comes to it."""
    g, vessels = m.clocks(P)[0], m.vessels(P)
    before, k = -1, g.roadstead
    while k >= 0 and not (vessels[k].anywhere or vessels[k].berth == b):
        before, k = k, vessels[k].next
    if k < 0:
        return
    if before < 0:
        g.roadstead = vessels[k].next
    else:
        vessels[before].next = vessels[k].next
    m.berth_ship(P)[b], vessels[k].berth = k, b
    wake(P, r.W_BERTH, k)


@njit(**COMPILED)
def berth(P: Any, k: int) -> None:
    """A ship is at its berth."""
    g, ship = m.clocks(P)[0], m.vessels(P)[k]
    ship.berthed = g.now
    note(P, c.L_BERTHED, k, ship.berth, 0)
    if ship.at > 0:
        ship.state = 1
        push(P, c.VESSEL, k, g.now + m.confs(P)[0].berthing)
    else:
        work(P, k)


@njit(**COMPILED)
def work(P: Any, k: int) -> None:
    """The cranes of the berth begin to work a ship."""
    g, ship, cranes = m.clocks(P)[0], m.vessels(P)[k], m.cranes(P)
    ship.work = g.now
    note(P, c.L_WORK, k, ship.berth, 0)
    for i in range(m.confs(P)[0].n_cranes):
        if cranes[i].berth == ship.berth:
            cranes[i].vessel, cranes[i].since, cranes[i].last_ordered = k, g.now, LOADING
    g.planning, g.marked = 1, 1
    if ship.discharged + ship.loaded >= ship.discharge + ship.load:
        depart(P, k)


@njit(**COMPILED)
def depart(P: Any, k: int) -> None:
    """A ship has been worked and leaves; the next one in the line of its berth comes."""
    g, ship, cranes, at_berth = m.clocks(P)[0], m.vessels(P)[k], m.cranes(P), m.berth_ship(P)
    ship.departed = g.now
    for i in range(m.confs(P)[0].n_cranes):
        if cranes[i].berth == ship.berth:
            end_starving(P, i)
            cranes[i].assigned += g.now - cranes[i].since
            cranes[i].vessel = -1
    note(P, c.L_LEFT, k, ship.berth, g.now - ship.leaves)
    at_berth[ship.berth], m.berth_left(P)[ship.berth] = -1, g.now
    follow(P, ship.berth)


@njit(**COMPILED)
def stand(P: Any, v: int) -> None:
    """A truck stands at its order's crane."""
    car = m.cars(P)[v]
    car.since = m.clocks(P)[0].now
    join(P, m.confs(P)[0].crane_line + car.crane, v)
    note(P, c.L_STANDS, v, car.crane, car.order)
    look(P, r.S_CRANES, car.crane)


@njit(**COMPILED)
def settle_cranes(P: Any) -> None:
    """Let free cranes take the first truck of their line."""
    g, conf, counts, cranes, v = m.clocks(P)[0], m.confs(P)[0], m.set_n(P), m.cranes(P), m.cars(P)
    while counts[r.S_CRANES]:
        i = take(P, r.S_CRANES)
        crane = cranes[i]
        if m.lines(P)[conf.crane_line + i].n == 0 or crane.busy or crane.halted:
            continue
        k = leave_first(P, conf.crane_line + i)
        crane.serving, crane.busy, crane.begun = k, 1, g.now
        crane.waited += g.now - v[k].since
        crane.waits += 1
        note(P, c.L_HANDOVER, i, k, 0)
        time = draws.duration(crane, m.tables(P), r.T_HANDOVER)
        if crane.retry > 0.0:
            time += conf.handover_retry * draws.attempts(crane, crane.retry)
        if v[k].count > 1:
            time += conf.twin_us
        push(P, c.HANDOVER, i, g.now + time)


@njit(**COMPILED)
def hand_over(P: Any, i: int) -> None:
    """The boxes change hands under a crane; the rest of its cycle goes on without the truck."""
    g, conf, crane = m.clocks(P)[0], m.confs(P)[0], m.cranes(P)[i]
    v = crane.serving
    car = m.cars(P)[v]
    ship = m.vessels(P)[car.vessel]
    if car.loads:
        for n in range(car.count):
            note(P, c.L_LOAD, i, car.box0 if n == 0 else car.box1, v)
        car.n_boxes = 0
        ship.loaded += car.count
        g.loaded += car.count
    else:
        for _ in range(car.count):
            add_box(car, g.boxes_made)
            note(P, c.L_DISCHARGE, i, g.boxes_made, v)
            m.owner_of(P)[g.boxes_made] = choose_owner(P, g.boxes_made, car.vessel)
            g.boxes_made += 1
            ship.discharged += 1
        g.discharged += car.count
    kind = LOADING if car.loads else DISCHARGING
    crane.paired = 1 if kind != crane.last_handed and crane.last_handed > 0 and not crane.paired else 0
    crane.last_handed = kind
    crane.moves += car.count
    crane.open_orders -= 1
    m.cover(P)[i] -= 1
    crane.serving = -1
    done_at(P, 1 + i)
    wake(P, r.W_SERVED, v)
    g.planning, g.marked = 1, 1
    if ship.discharged + ship.loaded == ship.discharge + ship.load:
        wake(P, r.W_DONE, car.vessel)
    time = draws.duration(crane, m.tables(P), r.T_CRANE)
    if crane.paired and conf.dual > 0.0:
        time = max(0, time - conf.saved_us)
    push(P, c.CRANE, i, g.now + time)


@njit(**COMPILED)
def crane_ready(P: Any, i: int) -> None:
    """A crane has finished its cycle."""
    g, crane = m.clocks(P)[0], m.cranes(P)[i]
    crane.busy = 0
    crane.busy_us += g.now - crane.begun
    note(P, c.L_READY, i, crane.vessel, 0)
    look(P, r.S_CRANES, i)
    if m.confs(P)[0].orders_late:
        g.planning = 1


@njit(**COMPILED)
def settle_orders(P: Any) -> None:
    """Give transport orders, one a crane in turns, until enough are open, or there is nothing more to give."""
    g, conf, cranes, vessels = m.clocks(P)[0], m.confs(P)[0], m.cranes(P), m.vessels(P)
    if not g.planning:
        return
    g.planning = 0
    more = True
    while more:
        more = False
        for i in range(m.confs(P)[0].n_cranes):
            if cranes[i].vessel >= 0 and cranes[i].open_orders < conf.orders_ahead and next_order(P, i):
                cranes[i].open_orders += 1
                g.new_orders, more = 1, True
    for i in range(m.confs(P)[0].n_cranes):
        crane = cranes[i]
        if crane.vessel < 0:
            continue
        ship = vessels[crane.vessel]
        working = crane.open_orders > 0 or (conf.orders_late and crane.busy)
        if working or ship.ordered_discharge + ship.ordered_load == ship.discharge + ship.load:
            end_starving(P, i)
        elif not crane.starving:
            crane.starving, crane.starved_since = 1, g.now


@njit(**COMPILED)
def next_order(P: Any, i: int) -> bool:
    """One more order of a crane; False when there is none to give."""
    crane = m.cranes(P)[i]
    k = crane.vessel
    ship = m.vessels(P)[k]
    ends = ship.ordered_discharge == ship.discharge
    if m.confs(P)[0].dual > 0.0 and not ends and ship.ordered_discharge >= ship.dual_from:
        if crane.last_ordered == DISCHARGING:
            return order_load(P, i, k) or order_discharge(P, i, k)
        return order_discharge(P, i, k) or order_load(P, i, k)
    return order_load(P, i, k) if ends else order_discharge(P, i, k)


@njit(**COMPILED)
def lift(P: Any, k: int, possible: bool) -> int:
    """One box, or two under a twin spreader."""
    share = m.confs(P)[0].twin
    return 2 if possible and share > 0.0 and draws.uniform(m.vessels(P)[k]) < share else 1


@njit(**COMPILED)
def add_order(P: Any, i: int, k: int, pick: int, count: int, box0: int, box1: int, block: int) -> None:
    """A transport order joins those that wait for a truck."""
    g = m.clocks(P)[0]
    n = g.n_waiting
    order = m.waiting(P)[n]
    order.number, order.crane, order.vessel, order.pick = g.orders_made, i, k, pick
    order.count, order.box0, order.box1, order.block = count, box0, box1, block
    m.wait_crane(P)[n], m.wait_pick(P)[n] = i, pick
    g.n_waiting = n + 1
    note(P, c.L_ORDER, g.orders_made, i, -count if block >= 0 else count)
    g.orders_made += 1
    m.cranes(P)[i].last_ordered = LOADING if block >= 0 else DISCHARGING


@njit(**COMPILED)
def order_discharge(P: Any, i: int, k: int) -> bool:
    g, ship = m.clocks(P)[0], m.vessels(P)[k]
    left, crane = ship.discharge - ship.ordered_discharge, m.cranes(P)[i]
    if left == 0 or (m.confs(P)[0].orders_late and (crane.busy or crane.open_orders)):
        return False
    room = room_left(P)
    if room <= 0:
        return False
    count = lift(P, k, left >= 2 and room >= 2)
    g.promised += count
    ship.ordered_discharge += count
    add_order(P, i, k, 1 + i, count, -1, -1, -1)
    return True


@njit(**COMPILED)
def order_load(P: Any, i: int, k: int) -> bool:
    conf, ship, blocks, is_open = m.confs(P)[0], m.vessels(P)[k], m.blocks(P), m.open_block(P)
    left = ship.load - ship.ordered_load
    if left == 0:
        return False
    best, best_cost, n_ready = -1, 1 << 62, 0
    for b in range(m.confs(P)[0].n_blocks):
        if count_owned(P, b, k) == 0 or not is_open[0, b]:
            continue
        n_ready += 1
        cost = cost_us(P, b, 0, 1 + i)
        if cost < best_cost:
            best, best_cost = b, cost
    if best < 0:
        return False
    if conf.random_block:
        which = draws.index(ship, n_ready)
        best = -1
        while which >= 0:
            best += 1
            if count_owned(P, best, k) > 0 and is_open[0, best]:
                which -= 1
    count = lift(P, k, left >= 2 and count_owned(P, best, k) >= 2)
    box0 = draw_out(P, best, k, ship)
    box1 = draw_out(P, best, k, ship) if count == 2 else -1
    blocks[best].work += count
    ship.ordered_load += count
    add_order(P, i, k, 1 + conf.n_cranes + best, count, box0, box1, best)
    return True


@njit(**COMPILED)
def end_starving(P: Any, i: int) -> None:
    """A crane's wait for boxes is over."""
    g, crane = m.clocks(P)[0], m.cranes(P)[i]
    if not crane.starving:
        return
    waited = g.now - crane.starved_since
    crane.starved += waited
    crane.starving = 0
    if crane.vessel >= 0:
        note(P, c.L_STARVED, i, crane.vessel, waited)
