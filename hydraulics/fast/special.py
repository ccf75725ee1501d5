"""Links with a state: pumps, control valves, check valves, pipes at tanks. Numba only, one lane at a time.

There are few of them, so they are written plainly and follow EPANET line by line (pumpcoeff, prvcoeff, ... in
hydcoeffs.c; linkstatus and valvestatus in hydstatus.c; pswitch in hydsolver.c).
"""

from __future__ import annotations

import math

from numba import njit

from hydraulics.fast.kernels import A8, A9, COMPILED, HAGEN, INLINED, LAMINAR, TURBULENT

CV, PIPE, PUMP, PRV, PSV, PBV, FCV, TCV, GPV = range(9)
XHEAD, TEMPCLOSED, CLOSED, OPEN, ACTIVE, XFLOW, XFCV, XPRESSURE = range(8)
CONSTANT_POWER, POWER_CURVE, CUSTOM_CURVE, NO_CURVE = range(4)
TINY = 1e-6
"""EPANET's TINY."""


@njit(**INLINED)
def pipe(formula, flat, r, minor, friction, q):
    """(p, z) of a pipe by the file's formula (pipecoeff); `friction` is its row of Darcy-Weisbach constants."""
    size = abs(q)
    if formula == 1:
        w = size * friction[0]
        if w <= LAMINAR:
            per = r * HAGEN / friction[0]
            slope = per + 2.0 * minor * size
            loss = q * (per + minor * size)
        else:
            if w >= TURBULENT:
                y1 = A8 / w**0.9
                y2 = friction[1] + y1
                y3 = A9 * math.log(y2)
                f = 1.0 / (y3 * y3)
                g = 1.8 * f * y1 * A9 / y2 / y3
            else:
                t = w / LAMINAR
                f = friction[2] + t * (friction[3] + t * (friction[4] + t * friction[5]))
                g = t * (friction[3] + t * (2.0 * friction[4] + t * 3.0 * friction[5]))
            loss = (f * r + minor) * size * q
            slope = 2.0 * (f * r + minor) * size + g * r * size
    else:
        n = 1.852 if formula == 0 else 2.0
        slope = n * r * size ** (n - 1.0)
        if slope < flat:
            slope = flat / n
            per = slope
        else:
            per = slope / n
        loss = (per + minor * size) * q
        slope += 2.0 * minor * size
    return 1.0 / slope, loss / slope - q


@njit(**INLINED)
def open_valve(flat, easy, minor, q):
    """(p, z) of a valve that is merely open (valvecoeff)."""
    if minor > 0.0:
        slope = 2.0 * minor * abs(q)
        if slope < flat:
            return 2.0 / flat, 0.0
        return 1.0 / slope, -0.5 * q
    return 1.0 / easy, 0.0


@njit(**INLINED)
def _curve_piece(plan, c, q):
    """Intercept and slope of the piece of curve c that holds flow q (curvecoeff)."""
    first = plan.curve_at[c]
    count = plan.curve_at[c + 1] - first
    k = 0
    while k < count and plan.curve_x[first + k] < q:
        k += 1
    if k == 0:
        k = 1
    elif k == count:
        k -= 1
    x0 = plan.curve_x[first + k - 1]
    y0 = plan.curve_y[first + k - 1]
    slope = (plan.curve_y[first + k] - y0) / (plan.curve_x[first + k] - x0)
    return y0 - slope * x0, slope


@njit(**INLINED)
def _pump(plan, s, q, speed):
    """(p, z) of a running pump (pumpcoeff)."""
    if q == 0.0:
        q = TINY * plan.cfs
    size = abs(q)
    kind = plan.pump[s]
    if kind == NO_CURVE:
        return 1.0 / plan.easy, 0.0
    if kind == CUSTOM_CURVE:
        h0, r = _curve_piece(plan, plan.curve[s], size / speed)
        slope = -r * speed
        loss = -h0 * speed * speed + slope * q
    elif kind == CONSTANT_POWER:
        r = plan.pr[s] * speed**3
        slope = -r / size / size if size > 0.0 else 2.0 * plan.steep
        if slope > plan.steep:
            return 1.0 / plan.steep, 0.0
        if slope < plan.easy:
            return 1.0 / plan.easy, 0.0
        loss = r / q
    else:
        h0 = plan.h0[s] * speed * speed
        n = plan.pn[s]
        if abs(n - 1.0) < TINY:
            n = 1.0
        r = plan.pr[s] * speed ** (2.0 - n)
        if n == 1.0:
            slope = -r
            loss = h0 + slope * q
        else:
            slope = -n * r * size ** (n - 1.0)
            if slope < plan.flat:
                slope = plan.flat
                loss = h0 + slope * q
            else:
                loss = h0 + slope * q / n
    return 1.0 / slope, loss / slope - q


@njit(**INLINED)
def coefficients(plan, s, q, status, setting):
    """(p, z) of special link s; control valves in their active state are treated by `assemble_special`."""
    kind = plan.kind[s]
    if status <= CLOSED or (kind == PUMP and setting == 0.0):
        return 1.0 / plan.steep, 0.0
    if kind <= PIPE:
        return pipe(plan.formula, plan.flat, plan.s_r[s], plan.s_minor[s], plan.s_friction[s], q)
    if kind == PUMP:
        return _pump(plan, s, q, setting)
    minor = plan.s_minor[s]
    if kind == GPV:
        size = max(abs(q), TINY * plan.cfs)
        h0, r = _curve_piece(plan, int(setting + 0.5), size)
        r = max(r, TINY * plan.easy / 1e-6)
        sign = 1.0 if q >= 0.0 else -1.0
        return 1.0 / r, (h0 / r + size) * sign - q
    if kind == PBV and not math.isnan(setting) and setting != 0.0 and minor * q * q <= setting:
        p = 1.0 / (plan.flat * 0.1)
        return p, setting * p - q
    if kind == FCV and status == ACTIVE:
        return 1.0 / plan.steep, -setting
    if kind == TCV and not math.isnan(setting):
        minor = plan.s_throttle[s] * setting
    return open_valve(plan.flat, plan.easy, minor, q)


@njit(**INLINED)
def _balance(plan, work, s, node, k):
    """Inflow minus outflow of the node that PRV or PSV s holds, without the valve itself."""
    total = 0.0
    for t in range(plan.near_at[s], plan.near_at[s + 1]):
        link = plan.near_plain[t]
        if link >= 0:
            total += plan.near_sign[t] * work.q[link, k]
        else:
            o = plan.near_special[t]
            if plan.kind[o] == FCV and work.status[o, k] == ACTIVE:
                total += plan.near_sign[t] * work.setting[o, k]
            else:
                total += plan.near_sign[t] * work.sq[o, k]
    slot = plan.slot[node]
    full = plan.demand[node] * work.factor[0, k] if slot < 0 else work.full[slot, k]
    total -= work.x[node, k] if plan.driven == 1 and full > 0.0 else full
    e = plan.near_emitter[s]
    if e >= 0 and work.ke[e, k] > 0.0:
        total -= work.e[e, k]
    return total


@njit(**COMPILED)
def assemble_special(plan, work):
    """Special links into A and F. Active PRVs and PSVs fix a head by a weight of 1e8 ft/cfs turned round (CBIG)."""
    n = plan.n
    weight = 1.0 / (plan.easy * 0.01)
    for s in range(plan.kind.size):
        i = plan.sa[s]
        j = plan.sb[s]
        entry = plan.s_entry[s]
        kind = plan.kind[s]
        for k in range(8):
            status = work.status[s, k]
            setting = work.setting[s, k]
            q = work.sq[s, k]
            if status == ACTIVE and kind == PRV:
                excess = _balance(plan, work, s, j, k)
                work.sp[s, k] = 0.0
                work.sz[s, k] = excess
                work.f[j, k] += (plan.elevation[j] + setting) * weight
                work.d[j, k] += weight
                if excess < 0.0:
                    work.f[i, k] += excess
                continue
            if status == ACTIVE and kind == PSV:
                excess = _balance(plan, work, s, i, k)
                work.sp[s, k] = 0.0
                work.sz[s, k] = -excess
                work.f[i, k] += (plan.elevation[i] + setting) * weight
                work.d[i, k] += weight
                if excess > 0.0:
                    work.f[j, k] += excess
                shut = 1.0 / plan.steep
                if entry >= 0:
                    work.low[entry, k] -= shut
                work.d[j, k] += shut
                continue
            p, z = coefficients(plan, s, q, status, setting)
            work.sp[s, k] = p
            work.sz[s, k] = z
            if entry >= 0:
                work.d[i, k] += p
                work.d[j, k] += p
                work.f[i, k] += z
                work.f[j, k] -= z
                work.low[entry, k] -= p
            else:
                if i < n:
                    work.d[i, k] += p
                    work.f[i, k] += z + p * work.f[j, k]
                if j < n:
                    work.d[j, k] += p
                    work.f[j, k] += p * work.f[i, k] - z


@njit(**COMPILED)
def update_special(plan, work):
    """New flows of special links; adds to the sums in `total`."""
    for s in range(plan.kind.size):
        steady = plan.kind[s] == PUMP and plan.pump[s] == CONSTANT_POWER
        for k in range(8):
            q = work.sq[s, k]
            head = work.f[plan.sa[s], k] - work.f[plan.sb[s], k]
            step = (q + work.sz[s, k] - work.sp[s, k] * head) * work.relax[0, k]
            if steady and step > q:
                step = q / 2.0
            q -= step
            work.sq[s, k] = q
            work.total[0, k] += abs(step)
            work.total[1, k] += abs(q)
            if abs(step) > work.total[2, k]:
                work.total[2, k] = abs(step)


@njit(**INLINED)
def _check_valve(tol, backward, status, drop):
    if drop < -tol or backward:
        return CLOSED
    return OPEN if drop > tol else status


@njit(**INLINED)
def _prv(tol, status, held, loss, backward, h1, h2):
    if status != CLOSED and backward:
        return CLOSED
    if status == ACTIVE:
        return OPEN if h1 - loss < held - tol else ACTIVE
    if status == OPEN:
        return ACTIVE if h2 >= held + tol else OPEN
    if status == CLOSED:
        if h1 >= held + tol and h2 < held - tol:
            return ACTIVE
        if h1 < held - tol and h1 > h2 + tol:
            return OPEN
    return status


@njit(**INLINED)
def _psv(tol, status, held, loss, backward, h1, h2):
    if status != CLOSED and backward:
        return CLOSED
    if status == ACTIVE:
        return OPEN if h2 + loss > held + tol else ACTIVE
    if status == OPEN:
        return ACTIVE if h1 < held - tol else OPEN
    if status == CLOSED:
        if h2 > held + tol and h1 > h2 + tol:
            return OPEN
        if h1 >= held + tol and h1 > h2 + tol:
            return ACTIVE
    return status


@njit(**COMPILED)
def valve_states(plan, work, k):
    """PRVs and PSVs of lane k, after every trial (valvestatus). True if one changes."""
    changed = False
    for s in range(plan.kind.size):
        kind = plan.kind[s]
        setting = work.setting[s, k]
        if (kind != PRV and kind != PSV) or math.isnan(setting) or work.held[s, k]:
            continue
        old = work.status[s, k]
        if old < CLOSED:
            continue
        h1 = work.f[plan.sa[s], k]
        h2 = work.f[plan.sb[s], k]
        q = work.sq[s, k]
        loss = plan.s_minor[s] * q * q
        backward = q < -plan.tol_flow
        if kind == PRV:
            new = _prv(plan.tol_head, old, plan.elevation[plan.sb[s]] + setting, loss, backward, h1, h2)
        else:
            new = _psv(plan.tol_head, old, plan.elevation[plan.sa[s]] + setting, loss, backward, h1, h2)
        if new != old:
            work.status[s, k] = new
            changed = True
    return changed


@njit(**INLINED)
def _fcv(tol, status, setting, minor, q, backward, drop):
    if drop < -tol or backward:
        return XFCV
    if status == XFCV and q >= setting:
        return ACTIVE
    if status == ACTIVE and q != 0.0 and drop / (q * q) < minor:
        return XFCV
    return status


@njit(**INLINED)
def _tank_shuts(plan, s, node, other, q, heads, k):
    """Whether the link must close because the tank at `node` is full or empty; q leaves the tank (tankstatus, 2.2)."""
    t = node - plan.n
    if t < 0 or not plan.tank[t]:
        return False
    head = heads[node, k]
    drop = head - heads[other, k]
    pump = plan.kind[s] == PUMP
    if head >= plan.high[t] - plan.tol_head and not plan.overflow[t]:
        if pump:
            if plan.sb[s] == node:
                return True
        elif drop < -plan.tol_head or q < -plan.tol_flow:
            return True
    if head <= plan.low[t] + plan.tol_head:
        if pump:
            if plan.sa[s] == node:
                return True
        elif drop > plan.tol_head and not q < -plan.tol_flow:
            return True
    return False


@njit(**COMPILED)
def link_states(plan, work, k):
    """Pumps, check valves, FCVs and links at tanks of lane k (linkstatus). True if one changes."""
    changed = False
    for s in range(plan.kind.size):
        if work.held[s, k]:
            continue
        old = work.status[s, k]
        new = OPEN if old <= TEMPCLOSED else old
        i = plan.sa[s]
        j = plan.sb[s]
        q = work.sq[s, k]
        drop = work.f[i, k] - work.f[j, k]
        setting = work.setting[s, k]
        kind = plan.kind[s]
        if kind == CV:
            new = _check_valve(plan.tol_head, q < -plan.tol_flow, new, drop)
        if kind == PUMP and new >= OPEN and setting > 0.0:
            if plan.pump[s] == CONSTANT_POWER:
                new = TEMPCLOSED if q < TINY * plan.cfs else OPEN
            else:
                new = XHEAD if -drop > setting * setting * plan.top[s] + plan.tol_head else OPEN
        if kind == FCV and not math.isnan(setting):
            new = _fcv(plan.tol_head, old, setting, plan.s_minor[s], q, q < -plan.tol_flow, drop)
        if new > CLOSED and _tank_shuts(plan, s, i, j, q, work.f, k):
            new = TEMPCLOSED
        if new > CLOSED and i < plan.n and _tank_shuts(plan, s, j, i, -q, work.f, k):
            new = TEMPCLOSED
        if new != old:
            work.status[s, k] = new
            changed = True
    return changed


@njit(**COMPILED)
def pressure_controls(plan, work, k):
    """Simple controls that watch a junction's pressure (pswitch). True if one acts."""
    changed = False
    for c in range(plan.c_special.size):
        s = plan.c_special[c]
        head = work.f[plan.c_node[c], k]
        if plan.c_high[c] == 1:
            if head < plan.c_grade[c] - plan.tol_head:
                continue
        elif head > plan.c_grade[c] + plan.tol_head:
            continue
        if work.held[s, k]:
            continue
        kind = plan.kind[s]
        old = work.status[s, k]
        value = work.setting[s, k]
        wanted = plan.c_setting[c]
        same = value == wanted or (math.isnan(value) and math.isnan(wanted))
        if kind == PIPE:
            act = old != plan.c_status[c]
        elif kind == PUMP:
            act = not same
        else:
            act = not same or (math.isnan(value) and old != plan.c_status[c])
        if act:
            work.status[s, k] = plan.c_status[c]
            if kind > PIPE:
                work.setting[s, k] = wanted
            changed = True
    return changed
