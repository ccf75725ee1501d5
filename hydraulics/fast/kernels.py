"""The arithmetic of the global gradient method, eight cases at a time. Numba only.

Each trial solves A H = F with A = sum of conductances p = 1/(dh/dq), and moves flows by q' = p (H_a - H_b) - z with
z = h(q) p - q (Todini and Pilati 1988, in EPANET's form, hydcoeffs.c and hydsolver.c of EPANET 2.2/2.3).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from hydraulics.fast.lanes import (
    choose,
    fill,
    hazen_power,
    larger,
    less,
    load,
    log2,
    magnitude,
    power,
    root,
    smaller,
    store,
    swamee_power,
)
from hydraulics.fast.stale import forget_stale

forget_stale()

ENTRY: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "boundscheck": False, "_nrt": False}
"""For what Python calls. Without reference counts: nothing is allocated in the kernels, and counting every array of a
plan costs more than a trial."""
COMPILED: dict[str, Any] = ENTRY | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""For what only kernels call: no way in from Python, which would take longer to compile than the kernel itself."""
INLINED: dict[str, Any] = {
    "forceinline": True,
    "error_model": "numpy",
    "boundscheck": False,
    "_nrt": False,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
"""For small functions: handing a plan of seventy arrays over costs more than they do."""

TINY_FLOW = 1e-14
LAMINAR = 1570.7963267948966
"""500 pi: Reynolds number 2000 as w = q/(viscosity d)."""
TURBULENT = 3141.592653589793
HAGEN = 50.26548245743669
"""16 pi: f = 16 pi/w in laminar flow."""
A8 = 4.61841319859066668690
A9_LN2 = -0.868588963806503655300 * 0.6931471805599453
A9 = -0.868588963806503655300
LINEAR_SHARE = 5e-4
"""Below this share of full demand the square root is taken as a line: less than 0.01 mm of head."""
ALL = 255


@njit(**INLINED)
def _colebrook(q, w0, rough, x1, x2, x3, x4):
    """Friction factor f and q df/dq: laminar, Dunlop's bridge, Swamee and Jain (frictionFactor in hydcoeffs.c)."""
    w = q * w0
    if less(w, fill(LAMINAR)) == ALL:
        f = HAGEN / w
        return f, -f
    y1 = swamee_power(w) * A8
    y2 = y1 + rough
    y3 = log2(y2) * A9_LN2
    inverse = 1.0 / (y2 * y3)
    f = inverse * y2
    f = f * f
    g = f * y1 * inverse * (1.8 * A9)
    below = less(w, fill(TURBULENT))
    if below:
        t = w * (1.0 / LAMINAR)
        bridge = ((t * x4 + x3) * t + x2) * t + x1
        slope = ((t * (3.0 * x4) + 2.0 * x3) * t + x2) * t
        f = choose(below, bridge, f)
        g = choose(below, slope, g)
        slow = less(w, fill(LAMINAR))
        hagen = HAGEN / w
        f = choose(slow, hagen, f)
        g = choose(slow, -hagen, g)
    return f, g


@njit(**INLINED)
def _wagner(plan, span, v, safe):
    """Slope and loss over the required pressure of a demand as a link: h = span (v / full)^power, linear near zero."""
    share = v / safe
    if plan.root == 1:
        slope = share * (2.0 * span) / safe
        loss = share * share * span
    else:
        rise = power(larger(share, fill(1e-12)), plan.power - 1.0)
        slope = rise * (plan.power * span) / safe
        loss = rise * share * span
    least = (2.0 * LINEAR_SHARE * span) / safe
    gentle = less(slope, least)
    slope = larger(slope, least)
    return slope, choose(gentle, slope * v, loss)


@njit(**COMPILED)
def assemble_nodes(plan, work, state, fresh):
    """Start A and F with demands: fixed ones on the right-hand side, pressure-driven ones as a link to the ground.

    Lanes whose bit is set in `fresh` begin with the demands of `state`."""
    d, f, x = work.d, work.f, work.x
    n = plan.n
    zero = fill(0.0)
    factor = load(work.factor, 0)
    ground = 1.0 / plan.barrier
    for i in range(n):
        slot = plan.slot[i]
        if slot < 0:
            demand = plan.demand[i]
            full = factor * demand
            if plan.driven == 0 or demand <= 0.0:
                store(d, i, zero)
                store(f, i, -full)
                continue
        else:
            full = load(work.full, slot)
            if plan.driven == 0:
                store(d, i, zero)
                store(f, i, -full)
                continue
        base = plan.base[i]
        span = plan.span[i]
        v = load(x, i)
        if fresh == 0 and less(v, full) == 0 and less(zero, full) == ALL:
            # everyone has all: no slope, no division
            store(d, i, fill(ground))
            store(f, i, fill((base + span) * ground) - full)
            continue
        free = less(zero, full)
        if fresh != 0:
            v = choose(fresh, smaller(factor * state.x[i], full), v)
            if slot >= 0:
                v = choose(fresh, full, v)
            v = larger(v, zero)
            store(x, i, v)
        inside = less(zero, v) & less(v, full) & free
        top = choose(less(v, full), zero, full)
        conductance = fill(ground)
        right = choose(less(zero, top), fill((base + span) * ground), fill(base * ground)) - top
        if free != ALL:
            conductance = choose(free, conductance, zero)
            right = choose(free, right, -full)
        if inside:
            safe = choose(inside, full, fill(1.0))
            slope, loss = _wagner(plan, span, v, safe)
            inverse = 1.0 / slope
            conductance = choose(inside, inverse, conductance)
            right = choose(inside, (loss + base) * inverse - v, right)
        store(d, i, conductance)
        store(f, i, right)
    for i in range(n, n + plan.fixed):
        store(d, i, zero)


@njit(**COMPILED)
def assemble_links(plan, work, state, fresh):
    """Conductances of the plain links into A and F. Lanes in `fresh` begin with the flows of `state`."""
    q, p, z, d, f, low = work.q, work.p, work.z, work.d, work.f, work.low
    zero = fill(0.0)
    tiny = fill(TINY_FLOW)
    n = plan.n
    for k in range(plan.row.size):
        store(low, k, zero)
    shut = 1.0 / plan.steep
    flat = plan.flat
    hexp = 1.852 if plan.formula == 0 else 2.0
    steepest = fill(1.0 / flat)
    for link in range(plan.a.size):
        closed = np.int64(work.closed[link])
        v = load(q, link)
        if fresh != 0:
            v = choose(fresh & (ALL - closed), fill(state.q[link]), v)
            v = choose(fresh & closed, zero, v)
            store(q, link, v)
        if closed == ALL:
            c = fill(shut)
            y = zero
        else:
            size = larger(magnitude(v), tiny)
            minor = plan.minor[link]
            form = plan.form[link]
            if form == 0:
                if plan.formula == 0:
                    h = hazen_power(size)
                    if minor == 0.0:
                        c = h * plan.ri[link]
                        level = less(steepest, c)
                        c = choose(level, fill(hexp / flat), c)
                        y = choose(level, zero, v * (1.0 / hexp - 1.0))
                    else:
                        per = plan.r[link] / h
                        slope = per * hexp
                        level = less(slope, fill(flat))
                        per = choose(level, fill(flat / hexp), per)
                        slope = choose(level, fill(flat / hexp), slope)
                        extra = size * minor
                        c = 1.0 / (slope + extra + extra)
                        y = v * ((per + extra) * c - 1.0)
                elif plan.formula == 1:
                    ff, fg = _colebrook(
                        size,
                        plan.friction[link, 0],
                        plan.friction[link, 1],
                        plan.friction[link, 2],
                        plan.friction[link, 3],
                        plan.friction[link, 4],
                        plan.friction[link, 5],
                    )
                    rq = size * plan.r[link]
                    per = ff * rq + size * minor
                    c = 1.0 / (per + per + fg * rq)
                    y = v * (per * c - 1.0)
                else:
                    per = size * plan.r[link]
                    slope = per + per
                    level = less(slope, fill(flat))
                    per = choose(level, fill(flat / hexp), per)
                    slope = choose(level, fill(flat / hexp), slope)
                    extra = size * minor
                    c = 1.0 / (slope + extra + extra)
                    y = v * ((per + extra) * c - 1.0)
            elif form == 1:
                slope = size * (2.0 * minor)
                level = less(slope, fill(flat))
                c = 1.0 / choose(level, fill(flat * 0.5), slope)
                y = choose(level, zero, v * -0.5)
            else:
                c = fill(1.0 / plan.easy)
                y = zero
            if closed != 0:
                c = choose(closed, fill(shut), c)
                y = choose(closed, zero, y)
        store(p, link, c)
        store(z, link, y)
        i = plan.a[link]
        j = plan.b[link]
        entry = plan.entry[link]
        if entry >= 0:
            store(d, i, load(d, i) + c)
            store(d, j, load(d, j) + c)
            store(f, i, load(f, i) + y)
            store(f, j, load(f, j) - y)
            store(low, entry, load(low, entry) - c)
        else:
            if i < n:
                store(d, i, load(d, i) + c)
                store(f, i, load(f, i) + (c * load(f, j) + y))
            if j < n:
                store(d, j, load(d, j) + c)
                store(f, j, load(f, j) + (c * load(f, i) - y))


@njit(**INLINED)
def _emitter(plan, ke, v):
    """Conductance and loss of an emitter: a link to the ground with h = ke q^n."""
    size = larger(magnitude(v), fill(TINY_FLOW))
    n = plan.emitter_power
    slope = ke * size * 2.0 if n == 2.0 else ke * power(size, n - 1.0) * n
    level = less(slope, fill(plan.flat))
    slope = choose(level, fill(plan.flat / n), slope)
    loss = choose(level, slope * v, slope * v * (1.0 / n))
    return slope, loss


@njit(**COMPILED)
def assemble_emitters(plan, work):
    zero = fill(0.0)
    for k in range(plan.emitter_node.size):
        i = plan.emitter_node[k]
        ke = load(work.ke, k)
        there = less(zero, ke)
        if there == 0:
            continue
        v = load(work.e, k)
        slope, loss = _emitter(plan, choose(there, ke, fill(1.0)), v)
        c = 1.0 / slope
        c = choose(there, c, zero)
        y = choose(there, (loss + plan.emitter_head[k]) * c - v, zero)
        store(work.d, i, load(work.d, i) + c)
        store(work.f, i, load(work.f, i) + y)


@njit(**COMPILED)
def factor_and_solve(plan, work):
    """A = L D L^T in place, then the new heads in F. The smallest pivot goes to `total` row 4."""
    d, f, low = work.d, work.f, work.low
    column, row, target = plan.column, plan.row, plan.target
    n = plan.n
    t = 0
    pivot = fill(1e300)
    for j in range(n):
        first = column[j]
        last = column[j + 1]
        diagonal = load(d, j)
        pivot = smaller(pivot, diagonal)
        inverse = 1.0 / diagonal
        fj = load(f, j)
        for x in range(first, last):
            i = row[x]
            u = load(low, x)
            ratio = u * inverse
            store(d, i, load(d, i) - u * ratio)
            store(f, i, load(f, i) - ratio * fj)
            for y in range(x + 1, last):
                k = target[t]
                t += 1
                store(low, k, load(low, k) - ratio * load(low, y))
            store(low, x, ratio)
        store(f, j, fj * inverse)
    for j in range(n - 1, -1, -1):
        h = load(f, j)
        for x in range(column[j], column[j + 1]):
            h = h - load(low, x) * load(f, row[x])
        store(f, j, h)
    store(work.total, 4, pivot)


@njit(**COMPILED)
def update_flows(plan, work):
    """New flows, emitters and demands from the new heads.

    `total` rows: 0 sum of |dq|, 1 sum of |q|, 2 largest |dq|, 3 largest change of a demand."""
    zero = fill(0.0)
    relax = load(work.relax, 0)
    moved = zero
    carried = zero
    most = zero
    for link in range(plan.a.size):
        v = load(work.q, link)
        c = load(work.p, link)
        step = (v + load(work.z, link) - c * (load(work.f, plan.a[link]) - load(work.f, plan.b[link]))) * relax
        v = v - step
        store(work.q, link, v)
        size = magnitude(step)
        moved = moved + size
        carried = carried + magnitude(v)
        most = larger(most, size)
    for k in range(plan.emitter_node.size):
        i = plan.emitter_node[k]
        ke = load(work.ke, k)
        there = less(zero, ke)
        if there == 0:
            continue
        v = load(work.e, k)
        slope, loss = _emitter(plan, choose(there, ke, fill(1.0)), v)
        step = choose(there, (loss - (load(work.f, i) - plan.emitter_head[k])) / slope * relax, zero)
        v = v - step
        store(work.e, k, v)
        size = magnitude(step)
        moved = moved + size
        carried = carried + magnitude(v)
        most = larger(most, size)
    served = zero
    if plan.driven == 1:
        factor = load(work.factor, 0)
        for i in range(plan.n):
            slot = plan.slot[i]
            if slot < 0:
                if plan.demand[i] <= 0.0:
                    continue
                full = factor * plan.demand[i]
                free = ALL
            else:
                full = load(work.full, slot)
                free = less(zero, full)
                if free == 0:
                    continue
            span = plan.span[i]
            v = load(work.x, i)
            high = load(work.f, i) - plan.base[i]
            if less(v, full) == 0 and less(high, fill(span)) == 0 and free == ALL:
                carried = carried + full
                continue
            wet = less(zero, v)
            part = less(v, full)
            # at a limit and beyond it in pressure: nothing moves
            rests = (ALL - part) & (ALL - less(high, fill(span))) | (ALL - wet) & (ALL - less(zero, high))
            rests = rests | (ALL - free)
            if rests == ALL:
                carried = carried + choose(free, v, zero)
                continue
            inside = wet & part & free
            safe = choose(free, full, fill(1.0))
            level = smaller(larger(high * (1.0 / span), zero), fill(1.0))
            curve = safe * root(level) if plan.root == 1 else safe * power(larger(level, fill(1e-30)), 1.0 / plan.power)
            step = v - curve
            if inside:
                slope, loss = _wagner(plan, span, v, safe)
                step = choose(inside, (loss - high) / slope, step)
            limit = safe * 0.4
            step = larger(smaller(step * relax, limit), -limit)
            step = choose(rests, zero, step)
            fresh = smaller(larger(v - step, zero), safe)
            fresh = choose(free, fresh, v)
            step = v - fresh
            store(work.x, i, fresh)
            size = magnitude(step)
            moved = moved + size
            carried = carried + choose(free, fresh, zero)
            served = larger(served, size)
    store(work.total, 0, moved)
    store(work.total, 1, carried)
    store(work.total, 2, most)
    store(work.total, 3, served)
