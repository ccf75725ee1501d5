"""What becomes of boxes in the yard, as `port.simpy_stays` specifies it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from port import codes as c
from port.draws import BOX
from port.dwell import EVEN, MS_TABLE
from port.fast import draws
from port.fast import memory as m
from port.fast import records as r
from port.fast.memory import COMPILED, INLINED
from port.fast.queues import note, push

KIND = np.uint64(BOX)


@njit(**INLINED)
def key_of_box(P: Any, box: int) -> Any:
    """Key of a box's stream."""
    return draws.key_of(np.uint64(m.clocks(P)[0].seed), KIND, np.uint64(box))


@njit(**COMPILED)
def rest_us(P: Any, box: int) -> int:
    """How long an import of the first stock is not released yet."""
    conf = m.confs(P)[0]
    if not conf.stays:
        return 0
    key = key_of_box(P, box)
    if draws.as_uniform(draws.nth_bits(key, 1)) < conf.released:
        return 0
    left = draws.as_duration(draws.nth_bits(key, 2), m.tables(P), r.T_REST)
    if conf.rest_is_even:
        left = left * draws.as_index(draws.nth_bits(key, 3), EVEN) // EVEN
    return left * MS_TABLE


@njit(**COMPILED)
def release_later(P: Any, box: int, b: int, release: int) -> None:
    """Let trucks collect an import from a time on; what is released after the run is not looked at."""
    m.home(P)[box] = b
    if release < m.confs(P)[0].until:
        push(P, c.RELEASE, box, release)


@njit(**COMPILED)
def store_import(P: Any, box: int, b: int) -> None:
    """An import is in the stack; its stay begins."""
    stay = draws.as_duration(draws.nth_bits(key_of_box(P, box), 2), m.tables(P), r.T_IMPORTS) * MS_TABLE
    release_later(P, box, b, m.clocks(P)[0].now + stay)


@njit(**COMPILED)
def first_ship(P: Any, after: int, but: int) -> int:
    """The ship that one more box is for: one that is there and lacks boxes, or comes after a time; −2 for none."""
    now, vessels, order = m.clocks(P)[0].now, m.vessels(P), m.by_arrival(P)
    for i in range(m.confs(P)[0].n_vessels):
        k = order[i]
        ship = vessels[k]
        if ship.expected > 0 and k != but and not (now < ship.at < after):
            ship.expected -= 1
            return k
    return -2


@njit(**COMPILED)
def choose_owner(P: Any, box: int, k: int) -> int:
    """For whom a box is that comes off ship k now: −1 a road truck, a call's number, −2 a ship after the run."""
    conf, g, vessels, transfers = m.confs(P)[0], m.clocks(P)[0], m.vessels(P), m.transfers(P)
    ship = vessels[k]
    left = 0
    for i in range(ship.transfer0, ship.transfer1):
        left += transfers[i, 1]
    if left == 0 and conf.transhipment <= 0.0:
        return -1
    key, number = key_of_box(P, box), 1
    if left > 0:
        which, number = draws.as_index(draws.nth_bits(key, 1), ship.discharge - ship.discharged), 3
        for i in range(ship.transfer0, ship.transfer1):
            if which < transfers[i, 1]:
                transfers[i, 1] -= 1
                g.transhipped += 1
                note(P, c.L_TRANSHIP, box, transfers[i, 0], k)
                return transfers[i, 0]
            which -= transfers[i, 1]
    if conf.transhipment <= 0.0 or draws.as_uniform(draws.nth_bits(key, number)) >= conf.transhipment:
        return -1
    stay = draws.as_duration(draws.nth_bits(key, 2), m.tables(P), r.T_TRANSHIPMENT) * MS_TABLE if conf.stays else 0
    owner = first_ship(P, g.now + stay, k)
    g.transhipped += 1
    note(P, c.L_TRANSHIP, box, owner, k)
    return owner
