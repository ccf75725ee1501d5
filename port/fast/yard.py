"""Stacks and gantries, as `port.yard` and `port.simpy_yard` specify them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from port import codes as c
from port.fast import draws
from port.fast import memory as m
from port.fast import records as r
from port.fast.memory import COMPILED, ENTRY, INLINED
from port.fast.queues import ask_first, ask_last, first_asking, look, note, push, take, wake
from port.fast.roads import done_at, drive_us
from port.fast.stays import release_later, rest_us, store_import


@njit(**COMPILED)
def drop(P: Any, b: int, box: int, stack: int) -> None:
    """Put a box on a stack of a block."""
    block, heights = m.blocks(P)[b], m.heights(P)
    at = block.stack0 + stack
    m.cells(P)[block.cell0 + stack * block.tiers + heights[at]] = box
    heights[at] += 1
    m.stack_of(P)[box] = stack
    m.bay_count(P)[block.bay0 + stack // block.rows] += 1
    block.held += 1


@njit(**COMPILED)
def lowest(P: Any, b: int, bay: int, but: int) -> int:
    """The lowest stack of a bay, the first of equals, one left out."""
    block, heights = m.blocks(P)[b], m.heights(P)
    best, height = -1, 1 << 30
    for s in range(bay * block.rows, (bay + 1) * block.rows):
        h = heights[block.stack0 + s]
        if s != but and h < height:
            best, height = s, h
    return best


@njit(**COMPILED)
def store(P: Any, b: int, box: int) -> None:
    """Put a box on the lowest stack of the emptiest bay (the first of equals)."""
    block, counts = m.blocks(P)[b], m.bay_count(P)
    bay, least = 0, 1 << 30
    for k in range(block.bays):
        if counts[block.bay0 + k] < least:
            bay, least = k, counts[block.bay0 + k]
    drop(P, b, box, lowest(P, b, bay, -1))


@njit(**COMPILED)
def take_out(P: Any, b: int, box: int) -> int:
    """Remove a box; gives how many had to be moved off it, each to the lowest other stack of the bay."""
    block, heights, cells, stack_of = m.blocks(P)[b], m.heights(P), m.cells(P), m.stack_of(P)
    stack = stack_of[box]
    bay, moved = stack // block.rows, 0
    while True:
        heights[block.stack0 + stack] -= 1
        top = cells[block.cell0 + stack * block.tiers + heights[block.stack0 + stack]]
        if top == box:
            break
        onto = lowest(P, b, bay, stack)
        cells[block.cell0 + onto * block.tiers + heights[block.stack0 + onto]] = top
        heights[block.stack0 + onto] += 1
        stack_of[top] = onto
        moved += 1
    m.bay_count(P)[block.bay0 + bay] -= 1
    block.held -= 1
    return moved


@njit(**COMPILED)
def allot(P: Any, box: int, b: int, owner: int) -> None:
    """For whom a stored box is: −1 road trucks, a call's number, −2 nobody."""
    if owner == -2:
        return
    n, row = m.owned_n(P), (owner + 1) * m.confs(P)[0].n_blocks + b
    m.owned(P)[row_start(P, b, owner) + n[row]] = box
    n[row] += 1


@njit(**INLINED)
def row_start(P: Any, b: int, owner: int) -> int:
    """Where the boxes of an owner in a block begin in the table `owned`."""
    return m.owned_at(P)[owner + 1] + b * m.owned_cap(P)[owner + 1]


@njit(**INLINED)
def count_owned(P: Any, b: int, owner: int) -> int:
    """Boxes in a block that are for somebody."""
    return m.owned_n(P)[(owner + 1) * m.confs(P)[0].n_blocks + b]


@njit(**COMPILED)
def draw_out(P: Any, b: int, owner: int, stream: Any) -> int:
    """Take one drawn box out of those of an owner in a block."""
    n, boxes, at = m.owned_n(P), m.owned(P), row_start(P, b, owner)
    row = (owner + 1) * m.confs(P)[0].n_blocks + b
    i = draws.index(stream, n[row])
    last = at + n[row] - 1
    box = boxes[at + i]
    boxes[at + i] = boxes[last]
    boxes[last] = box
    n[row] -= 1
    return box


@njit(**ENTRY)
def fill_yard(P: Any, home: Any, boxes: Any) -> None:
    """The stock at the start, and for whom it is; home, boxes : scratch, one cell a box."""
    g, conf, blocks, stream = m.clocks(P)[0], m.confs(P)[0], m.blocks(P), m.sources(P)[1]
    heights, counts, cells, stack_of = m.heights(P), m.bay_count(P), m.cells(P), m.stack_of(P)
    key, counter, total = stream.key, stream.counter, 0
    for b in range(conf.n_blocks):
        block = blocks[b]
        rows, tiers, limit = block.rows, block.tiers, block.bay_limit
        stack0, cell0, bay0, n_stacks = block.stack0, block.cell0, block.bay0, block.bays * block.rows
        for _ in range(block.fill):
            while True:
                counter += draws.ONE
                word = draws.mix(key + counter * draws.GAMMA)
                stack = np.int64(((word >> draws.S32) * np.uint64(n_stacks)) >> draws.S32)
                height, bay = heights[stack0 + stack], bay0 + np.int32(stack) // np.int32(rows)
                if height < tiers and counts[bay] < limit:
                    break
            cells[cell0 + stack * tiers + height] = total
            heights[stack0 + stack] = height + 1
            counts[bay] += 1
            stack_of[total] = stack
            home[total] = b
            total += 1
        block.held = block.fill
    stream.counter = counter
    for i in range(total):
        boxes[i] = i
    dealt, vessels = 0, m.vessels(P)
    for k in range(conf.n_vessels + 1):
        owner = k if k < conf.n_vessels else -1
        want = vessels[k].wanted if k < conf.n_vessels else conf.imports
        for _ in range(min(want, total - dealt)):
            swap = dealt + draws.index(stream, total - dealt)
            boxes[dealt], boxes[swap] = boxes[swap], boxes[dealt]
            box = boxes[dealt]
            rest = rest_us(P, box) if owner < 0 else 0
            if rest > 0:
                release_later(P, box, home[box], rest)
            else:
                allot(P, box, home[box], owner)
            if owner >= 0:
                vessels[owner].expected -= 1
            dealt += 1
    g.boxes_made, g.stock_start = total, total


@njit(**COMPILED)
def room_left(P: Any) -> int:
    """Places that nobody has been promised."""
    blocks, room = m.blocks(P), -m.clocks(P)[0].promised
    for b in range(m.confs(P)[0].n_blocks):
        room += blocks[b].capacity - blocks[b].held - blocks[b].reserved
    return room


@njit(**INLINED)
def cost_us(P: Any, b: int, kind: int, place: int) -> int:
    """How long until a block would have handled one more box from a place."""
    conf, block = m.confs(P)[0], m.blocks(P)[b]
    return drive_us(P, kind, place, 1 + conf.n_cranes + b) + block.work * conf.gantry_mean // block.gantries


@njit(**COMPILED)
def place_for(P: Any, v: int, count: int) -> int:
    """Give boxes a block: block · 4 + how many of them (see `World.place_for`)."""
    blocks, car, is_open = m.blocks(P), m.cars(P)[v], m.open_block(P)
    while True:
        best, best_cost, idle, idle_work = -1, 1 << 62, -1, 1 << 62
        n_room, n_open = 0, 0
        for b in range(m.confs(P)[0].n_blocks):
            block = blocks[b]
            if block.capacity - block.held - block.reserved < count:
                continue
            n_room += 1
            if block.work < idle_work:
                idle, idle_work = b, block.work
            if is_open[car.kind, b]:
                n_open += 1
                cost = cost_us(P, b, car.kind, car.place)
                if cost < best_cost:
                    best, best_cost = b, cost
        if idle >= 0 or count == 1:
            break
        count = 1
    b = best if best >= 0 else idle
    if m.confs(P)[0].random_block:
        which = draws.index(car, n_open if n_open else n_room)
        b = -1
        while which >= 0:
            b += 1
            block = blocks[b]
            if block.capacity - block.held - block.reserved >= count and (is_open[car.kind, b] or n_open == 0):
                which -= 1
    m.clocks(P)[0].promised -= count
    blocks[b].reserved += count
    blocks[b].work += count
    return b * 4 + count


@njit(**COMPILED)
def ask(P: Any, b: int, cycle: int, n: int, box0: int, box1: int, v: int, owner: int) -> None:
    """A truck has n boxes to be handled at a block, where it stands."""
    car = m.cars(P)[v]
    car.cycle, car.asked, car.asked0, car.asked1, car.owner = cycle, n, box0, box1, owner
    car.asked_at, car.there = m.clocks(P)[0].now, 1
    ask_last(P, m.confs(P)[0].block_line + b, v)
    note(P, c.L_AT_BLOCK, v, b, cycle)
    look(P, r.S_BLOCKS, b)


@njit(**COMPILED)
def meet(P: Any, b: int, v: int) -> None:
    """A truck that has asked ahead is there."""
    m.cars(P)[v].there = 1
    gantries, block = m.gantries(P), m.blocks(P)[b]
    for k in range(block.first_gantry, block.first_gantry + block.gantries):
        if gantries[k].held and gantries[k].serving == v:
            gantry_done(P, k)
            return


@njit(**COMPILED)
def go_on(P: Any, b: int, v: int) -> None:
    """A box of a truck has been handled: its next one comes first, or it may go."""
    conf, car = m.confs(P)[0], m.cars(P)[v]
    if car.asked:
        car.asked_at = m.clocks(P)[0].now
        ask_first(P, conf.block_line + b, v)
        note(P, c.L_AT_BLOCK, v, b, car.cycle)
    else:
        done_at(P, 1 + conf.n_cranes + b)
        wake(P, r.W_SERVED, v)


@njit(**INLINED)
def remove_box(car: Any, box: int) -> None:
    """A box leaves a truck."""
    if car.box0 == box:
        car.box0 = car.box1
    car.n_boxes -= 1


@njit(**INLINED)
def add_box(car: Any, box: int) -> None:
    """A box comes onto a truck."""
    if car.n_boxes == 0:
        car.box0 = box
    else:
        car.box1 = box
    car.n_boxes += 1


@njit(**COMPILED)
def settle_blocks(P: Any) -> None:
    """Give the first trucks of the lines to free gantries."""
    conf, counts, blocks, gantries, v = m.confs(P)[0], m.set_n(P), m.blocks(P), m.gantries(P), m.cars(P)
    while counts[r.S_BLOCKS]:
        b = take(P, r.S_BLOCKS)
        line = m.lines(P)[conf.block_line + b]
        first, end = blocks[b].first_gantry, blocks[b].first_gantry + blocks[b].gantries
        while line.n:
            free, excluded = -1, False
            for k in range(first, end):
                if free < 0 and not gantries[k].busy and not gantries[k].halted:
                    free = k
                if gantries[k].busy and v[gantries[k].serving].kind != v[line.head].kind:
                    excluded = True
            if free < 0 or (conf.exclusion and excluded):
                break
            begin(P, b, free, first_asking(P, conf.block_line + b))


@njit(**COMPILED)
def begin(P: Any, b: int, k: int, v: int) -> None:
    """A gantry begins a cycle: the box is on its spreader from here on."""
    g, conf, block, gantry, car = m.clocks(P)[0], m.confs(P)[0], m.blocks(P)[b], m.gantries(P)[k], m.cars(P)[v]
    box = car.asked0
    car.asked0 = car.asked1
    car.asked -= 1
    gantry.busy, gantry.serving, gantry.box, gantry.begun, gantry.dug = 1, v, box, g.now, 0
    gantry.cycle, gantry.owner = car.cycle, car.owner
    block.waited += g.now - car.asked_at
    block.waits += 1
    if car.cycle == c.C_RETRIEVE or car.cycle == c.C_DELIVER:
        gantry.dug = take_out(P, b, box)
        g.rehandles += gantry.dug
    else:
        remove_box(car, box)
        if car.cycle == c.C_RECEIVE:
            g.delivered += 1
    note(P, c.L_GANTRY, k, box, gantry.dug)
    time = draws.duration(gantry, m.tables(P), r.T_GANTRY) + gantry.dug * conf.rehandle
    if block.retry > 0.0:
        time += conf.gantry_retry * draws.attempts(gantry, block.retry)
    push(P, c.GANTRY, k, g.now + time)
    if conf.instant and (gantry.cycle == c.C_STORE or gantry.cycle == c.C_RECEIVE):
        go_on(P, b, v)


@njit(**COMPILED)
def release(P: Any, box: int) -> None:
    """An import may be collected from now on."""
    g, b = m.clocks(P)[0], m.home(P)[box]
    note(P, c.L_RELEASED, box, b, 0)
    allot(P, box, b, -1)
    g.handing, g.planning, g.marked = 1, 1, 1


@njit(**COMPILED)
def gantry_done(P: Any, k: int) -> None:
    """A gantry has finished a cycle."""
    g, conf, gantry = m.clocks(P)[0], m.confs(P)[0], m.gantries(P)[k]
    b, v, box = gantry.block, gantry.serving, gantry.box
    block, car = m.blocks(P)[b], m.cars(P)[v]
    takes = gantry.cycle == c.C_RETRIEVE or gantry.cycle == c.C_DELIVER
    gantry.held = 1 if takes and not car.there else 0
    if gantry.held:
        return
    gantry.busy, gantry.serving, gantry.box = 0, -1, -1
    gantry.busy_us += g.now - gantry.begun
    gantry.moves += 1
    block.work -= 1
    g.planning, g.marked = 1, 1
    if not takes:
        note(P, c.L_STORE if gantry.cycle == c.C_STORE else c.L_RECEIVE, k, box, v)
        block.reserved -= 1
        store(P, b, box)
        owner = m.owner_of(P)[box] if gantry.cycle == c.C_STORE else gantry.owner
        if owner == -1 and conf.stays:
            store_import(P, box, b)
        else:
            allot(P, box, b, owner)
            if owner == -1:
                g.handing = 1
    else:
        note(P, c.L_RETRIEVE if gantry.cycle == c.C_RETRIEVE else c.L_DELIVER, k, box, v)
        add_box(car, box)
        if gantry.cycle == c.C_DELIVER:
            g.collected += 1
    if takes or not conf.instant:
        go_on(P, b, v)
    look(P, r.S_BLOCKS, b)
