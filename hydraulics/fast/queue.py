"""The loop over many cases: eight are under way at any time, and a lane that is done takes the next one.

Waiting for the slowest of eight would waste a third of the trials (measured on L-Town), so every lane has its own
count of trials and its own checks, in EPANET's order (hydsolve in hydsolver.c). Numba only.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from hydraulics.fast.kernels import (
    COMPILED,
    ENTRY,
    assemble_emitters,
    assemble_links,
    assemble_nodes,
    factor_and_solve,
    update_flows,
)
from hydraulics.fast.layout import SINGULAR, SOLVED, UNBALANCED
from hydraulics.fast.special import (
    CLOSED,
    assemble_special,
    coefficients,
    link_states,
    open_valve,
    pipe,
    pressure_controls,
    update_special,
    valve_states,
)


@njit(**COMPILED)
def _begin(plan, state, cases, work, c, k):
    """Put case c into lane k: the starting state, then what the case changes. Flows and demands follow at assembly."""
    bit = 1 << k
    factor = cases.factor[c]
    work.factor[0, k] = factor
    work.relax[0, k] = 1.0
    for s in range(plan.kind.size):
        work.sq[s, k] = state.sq[s]
        work.status[s, k] = state.status[s]
        work.setting[s, k] = state.setting[s]
        work.held[s, k] = False
    for e in range(plan.emitter_node.size):
        work.e[e, k] = state.e[e]
        work.ke[e, k] = cases.emit_base[e]
    for t in range(cases.slot_base.size):
        work.full[t, k] = cases.slot_base[t] * factor
    heads = cases.heads[c if cases.heads.shape[0] > 1 else 0]
    for t in range(plan.fixed):
        work.f[plan.n + t, k] = heads[t]
    for t in range(cases.close_at[c], cases.close_at[c + 1]):
        link = cases.close[t]
        if link >= 0:
            work.closed[link] |= bit
        else:
            s = -1 - link
            work.status[s, k] = CLOSED
            work.setting[s, k] = np.nan if plan.kind[s] > 2 and plan.kind[s] != 8 else work.setting[s, k]
            work.held[s, k] = True
            work.sq[s, k] = 0.0
    for t in range(cases.slot_at[c], cases.slot_at[c + 1]):
        work.full[cases.slot[t], k] = cases.slot_value[t]
    for t in range(cases.emit_at[c], cases.emit_at[c + 1]):
        e = cases.emit[t]
        work.ke[e, k] = cases.emit_value[t]
        work.e[e, k] = plan.cfs if state.e[e] == 0.0 else state.e[e]
    for t in range(cases.set_at[c], cases.set_at[c + 1]):
        s = cases.set_special[t]
        work.status[s, k] = cases.set_status[t]
        work.setting[s, k] = cases.set_value[t]
        if work.sq[s, k] == 0.0:
            work.sq[s, k] = plan.start[s]


@njit(**COMPILED)
def _write(plan, work, out, c, k):
    """Write lane k as the answer to case c."""
    factor = work.factor[0, k]
    if out.head.shape[0] > 0:
        head = out.head[c]
        for i in range(plan.n):
            head[plan.node_id[i]] = work.f[i, k]
        for t in range(plan.n, plan.n + plan.fixed):
            head[t] = work.f[t, k]
    if out.demand.shape[0] > 0:
        demand = out.demand[c]
        for i in range(plan.n):
            slot = plan.slot[i]
            full = plan.demand[i] * factor if slot < 0 else work.full[slot, k]
            demand[plan.node_id[i]] = work.x[i, k] if plan.driven == 1 and full > 0.0 else full
    if out.flow.shape[0] > 0:
        flow = out.flow[c]
        for link in range(plan.a.size):
            flow[plan.plain_id[link]] = work.q[link, k] if (work.closed[link] >> k) & 1 == 0 else 0.0
        for s in range(plan.kind.size):
            flow[plan.special_id[s]] = work.sq[s, k] if work.status[s, k] > CLOSED else 0.0
    if out.emitter.shape[0] > 0:
        for e in range(plan.emitter_node.size):
            out.emitter[c, e] = work.e[e, k] if work.ke[e, k] > 0.0 else 0.0
    if out.state.shape[0] > 0:
        for s in range(plan.kind.size):
            out.state[c, s] = work.status[s, k]
            out.setting[c, s] = work.setting[s, k]


@njit(**COMPILED)
def _release(state, cases, work, c, k):
    """Lift the closures of case c from lane k."""
    for t in range(cases.close_at[c], cases.close_at[c + 1]):
        link = cases.close[t]
        if link >= 0 and not state.closed[link]:
            work.closed[link] &= 255 - (1 << k)


@njit(**COMPILED)
def _head_error(plan, work, k):
    """Largest difference between a link's head drop and its formula at the new flow (checkhydbalance), m."""
    worst = 0.0
    for link in range(plan.a.size):
        if (work.closed[link] >> k) & 1:
            continue
        q = work.q[link, k]
        if plan.form[link] == 0:
            p, z = pipe(plan.formula, plan.flat, plan.r[link], plan.minor[link], plan.friction[link], q)
        else:
            p, z = open_valve(plan.flat, plan.easy, plan.minor[link], q)
        worst = max(worst, abs(work.f[plan.a[link], k] - work.f[plan.b[link], k] - (z + q) / p))
    for s in range(plan.kind.size):
        if work.status[s, k] <= CLOSED or work.sp[s, k] == 0.0:
            continue
        q = work.sq[s, k]
        p, z = coefficients(plan, s, q, work.status[s, k], work.setting[s, k])
        worst = max(worst, abs(work.f[plan.sa[s], k] - work.f[plan.sb[s], k] - (z + q) / p))
    return worst


@njit(**ENTRY)
def run_queue(plan, rules, state, cases, work, out, first, last):
    """Solve cases `first` to `last` - 1; answers go to the same rows of `out`. Gives the number of vector trials."""
    lane = work.lane[0]
    trial = work.lane[1]
    check = work.lane[2]
    done = work.lane[3]
    lane[:] = -1
    coming = first
    busy = 0
    for link in range(plan.a.size):
        work.closed[link] = 255 if state.closed[link] else 0
    for k in range(8):
        # Idle lanes repeat the first case; their answers are not written.
        _begin(plan, state, cases, work, min(coming, last - 1), k)
        if coming < last:
            lane[k] = coming
            trial[k] = 1
            check[k] = rules.check_freq
            coming += 1
            busy += 1
        else:
            _release(state, cases, work, last - 1, k)
    longest = rules.trials + max(rules.extra, 0)
    rounds = 0
    fresh = 255
    while busy > 0:
        rounds += 1
        assemble_nodes(plan, work, state, fresh)
        assemble_links(plan, work, state, fresh)
        fresh = 0
        count = 0
        assemble_emitters(plan, work)
        assemble_special(plan, work)
        factor_and_solve(plan, work)
        update_flows(plan, work)
        update_special(plan, work)
        for k in range(8):
            c = lane[k]
            if c < 0:
                continue
            carried = work.total[1, k] / plan.cfs
            error = work.total[0, k] / plan.cfs
            if carried > rules.accuracy:
                error = error / carried
            ready = False
            outcome = SOLVED
            if not work.total[4, k] > 0.0 or not error < 1e300:
                ready = True
                outcome = SINGULAR
            else:
                work.relax[0, k] = 1.0
                changed = False
                if rules.damp > 0.0:
                    if error <= rules.damp:
                        work.relax[0, k] = 0.6
                        changed = plan.holding == 1 and valve_states(plan, work, k)
                elif plan.holding == 1:
                    changed = valve_states(plan, work, k)
                good = error <= rules.accuracy and work.total[3, k] <= plan.tol_flow
                if good and rules.flow_change > 0.0 and work.total[2, k] > rules.flow_change:
                    good = False
                if good and rules.head_error > 0.0 and _head_error(plan, work, k) > rules.head_error:
                    good = False
                if good:
                    if trial[k] > rules.trials:
                        ready = True
                        outcome = UNBALANCED
                    else:
                        if link_states(plan, work, k):
                            changed = True
                        if plan.c_special.size > 0 and pressure_controls(plan, work, k):
                            changed = True
                        if not changed:
                            ready = True
                        else:
                            check[k] = trial[k] + rules.check_freq
                elif trial[k] <= rules.max_check and trial[k] == check[k]:
                    link_states(plan, work, k)
                    check[k] += rules.check_freq
                if not ready:
                    trial[k] += 1
                    if trial[k] > longest:
                        ready = True
                        outcome = UNBALANCED
            if ready:
                out.outcome[c] = outcome
                out.trials[c] = trial[k]
                out.error[c] = error
                done[count] = k
                count += 1
        if count == 0:
            continue
        for t in range(count):
            k = done[t]
            _write(plan, work, out, lane[k], k)
            _release(state, cases, work, lane[k], k)
            if coming < last:
                _begin(plan, state, cases, work, coming, k)
                fresh |= 1 << k
                lane[k] = coming
                trial[k] = 1
                check[k] = rules.check_freq
                coming += 1
            else:
                lane[k] = -1
                busy -= 1
    return rounds
