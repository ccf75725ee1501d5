"""What a sensor would read of a discharge anywhere: one adjoint run for each reading answers for all nodes at once.

Forward, in a step Δt, from upstream to downstream: a node mixes what its links and its discharge bring,
c = (Σ Q c_in + w) / Q_through; a link is a stirred tank, m' = (m + Δt Q c) / (1 + Δt Q / V). That is SWMM's own law of
mixing, with another step. The adjoint walks the same steps backwards: it starts as 1 at the sensor's node at the moment
of the reading and gives, for every node and earlier step, what a unit of mass discharged there adds to the reading.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from drainage.native import COMPILED
from drainage.tracing.hydraulics import LEAST_M3S, Hydraulics
from twin.places import FloatArray


def order_of(h: Hydraulics) -> NDArray[np.int64]:
    """(n,) nodes from upstream to downstream along the mean flow; what lies on a ring comes in the file's order."""
    n = len(h.nodes)
    mean = h.flow.mean(axis=0)
    a = np.where(mean >= 0, h.first, h.second)
    b = np.where(mean >= 0, h.second, h.first)
    waiting = np.bincount(b, minlength=n)
    out: list[list[int]] = [[] for _ in range(n)]
    for k in range(len(a)):
        out[a[k]].append(int(b[k]))
    done = np.zeros(n, dtype=bool)
    order: list[int] = []
    ready = [k for k in range(n) if waiting[k] == 0]
    rest = iter(range(n))
    while len(order) < n:
        if not ready:
            ready = [next(k for k in rest if not done[k])]
        node = ready.pop()
        if done[node]:
            continue
        done[node] = True
        order.append(node)
        for other in out[node]:
            waiting[other] -= 1
            if waiting[other] == 0 and not done[other]:
                ready.append(other)
    return np.array(order, dtype=np.int64)


def links_at(h: Hydraulics) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Links that touch each node: (n+1,) starts and link indices."""
    ends = np.concatenate([h.first, h.second])
    order = np.argsort(ends, kind="stable")
    return np.searchsorted(ends[order], np.arange(len(h.nodes) + 1)), np.tile(np.arange(len(h.links)), 2)[order]


@njit(**COMPILED)
def adjoint(flow, volume, through, held, first, second, order, start, touching, dt, node, step, back, per_bin, seen):
    """seen[n, b] := what a unit of mass (1 g) a bin, discharged evenly at n in bin b, adds to the reading at `node`.

    Bin b covers the steps from b per_bin on; the reading is made after `step`. Steps earlier than step − back are left
    out. flow, volume (t, l); through (t, n); held (n,). The result is a concentration in g/m3.
    """
    n, links = through.shape[1], flow.shape[1]
    of_link, of_node, of_held = np.zeros(links), np.zeros(n), np.zeros(n)
    for t in range(step, max(step - back, 0) - 1, -1):
        for k in range(n):
            of_node[k] = 0.0
        if t == step:
            of_node[node] = 1.0
        for at in range(n - 1, -1, -1):
            k = order[at]
            # what the node's water does: into links that leave it (done below for their upper node), from links and w
            for p in range(start[k], start[k + 1]):
                link = touching[p]
                q = flow[t, link] if first[link] == k else -flow[t, link]
                if q > LEAST_M3S:  # leaves the node
                    keep = 1.0 / (1.0 + dt * q / volume[t, link])
                    of_node[k] += keep * dt * q * of_link[link]
            total = max(through[t, k], LEAST_M3S)
            if held[k] > 0.0:  # a stirred basin: m' = (m + Δt in) / (1 + Δt Q / V)
                of_held[k] = (of_held[k] + of_node[k] / held[k]) / (1.0 + dt * total / held[k])
                gain, gives = of_held[k], dt
            else:
                gain, gives = of_node[k] / total, 1.0
            if gain == 0.0:
                continue
            seen[k, t // per_bin] += gain * gives / (dt * per_bin)
            for p in range(start[k], start[k + 1]):
                link = touching[p]
                q = flow[t, link] if second[link] == k else -flow[t, link]
                if q > LEAST_M3S:  # comes in
                    of_link[link] += gain * gives * q / volume[t, link]
        for link in range(links):
            of_link[link] /= 1.0 + dt * abs(flow[t, link]) / volume[t, link]


def responses(
    h: Hydraulics, sensor: NDArray[np.int64], time_s: FloatArray, bin_s: float, back_s: float, slower: float = 1.0
) -> NDArray[np.float32]:
    """(r, n, bins) concentration in g/m3 that each reading would have of 1 g discharged at n within a bin.

    sensor (r,) node and time_s (r,) moment of each reading; back_s how long before a reading a discharge may lie;
    slower multiplies all volumes, and so all travel times.
    """
    per_bin = max(round(bin_s / h.step_s), 1)
    bins = (len(h.flow) - 1) // per_bin + 1
    order = order_of(h)
    start, touching = links_at(h)
    found = np.zeros((len(sensor), len(h.nodes), bins), dtype=np.float32)
    volume = h.volume * slower
    back = round(back_s / h.step_s)
    one = np.zeros((len(h.nodes), bins))
    for r in range(len(sensor)):
        one[:] = 0.0
        step = min(max(round(time_s[r] / h.step_s), 0), len(h.flow) - 1)
        adjoint(
            h.flow, volume, h.through, h.held * slower, h.first, h.second, order, start, touching, h.step_s,
            int(sensor[r]), step, back, per_bin, one,
        )  # fmt: skip
        found[r] = one
    return found
