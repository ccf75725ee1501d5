"""Exact solutions and an independent solver of the full shallow-water equations, to hold the surface against."""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.optimize import brentq

from twin.places import FloatArray

G = 9.81


def ritter(x: FloatArray, t: float, h0: float) -> FloatArray:
    """Depth after a dam at x = 0 with h0 behind it has gone, dry bed, no friction (Ritter 1892)."""
    c0 = np.sqrt(G * h0)
    fan = (2.0 * c0 - x / t) ** 2 / (9.0 * G)
    return np.where(x <= -c0 * t, h0, np.where(x >= 2.0 * c0 * t, 0.0, fan))


def stoker(x: FloatArray, t: float, left: float, right: float) -> tuple[FloatArray, float, float]:
    """Depth over a wet bed (Stoker 1957), depth of the middle state, speed of the bore."""
    cl = np.sqrt(G * left)

    def miss(h: float) -> float:
        return 2.0 * (cl - np.sqrt(G * h)) - (h - right) * np.sqrt(0.5 * G * (1.0 / h + 1.0 / right))

    middle = float(brentq(miss, right, left))
    u = 2.0 * (cl - np.sqrt(G * middle))
    bore = middle * u / (middle - right)
    fan = (2.0 * cl - x / t) ** 2 / (9.0 * G)
    h = np.where(x <= -cl * t, left, np.where(x <= (u - np.sqrt(G * middle)) * t, fan, middle))
    return np.where(x > bore * t, right, h), middle, bore


def inertial_dam_break(x: FloatArray, t: float, left: float, right: float) -> tuple[FloatArray, float, float]:
    """The same dam break under the local-inertial equations h_t + q_x = 0, q_t + (g h²/2)_x = 0.

    They are hyperbolic with speeds ±√(gh). A fan x/t = −√(gh) with q + ⅔√g h^(3/2) constant goes left; a bore with
    s² = g (h + h_r) / 2 and q = s (h − h_r) goes right. On a dry bed the front, too, is such a bore: it runs at
    0.556 √(g h0), where the full equations give 2. Gives depth, depth of the middle state, speed of the bore.
    """

    def miss(h: float) -> float:
        return np.sqrt(0.5 * G * (h + right)) * (h - right) - 2.0 / 3.0 * np.sqrt(G) * (left**1.5 - h**1.5)

    middle = float(brentq(miss, right, left))
    bore = float(np.sqrt(0.5 * G * (middle + right)))
    h = np.where(x <= -np.sqrt(G * left) * t, left, np.where(x <= -np.sqrt(G * middle) * t, (x / t) ** 2 / G, middle))
    return np.where(x > bore * t, right, h), middle, bore


@njit
def _face(hl, ql, hr, qr):  # type: ignore[no-untyped-def]
    """HLL flux of mass and momentum (without the pressure's geometric part) between two states."""
    ul = ql / hl if hl > 1e-6 else 0.0
    ur = qr / hr if hr > 1e-6 else 0.0
    cl, cr = np.sqrt(9.81 * hl), np.sqrt(9.81 * hr)
    if hl <= 1e-6 and hr <= 1e-6:
        return 0.0, 0.0
    if hl <= 1e-6:
        sl, sr = ur - 2.0 * cr, ur + cr
    elif hr <= 1e-6:
        sl, sr = ul - cl, ul + 2.0 * cl
    else:
        sl, sr = min(ul - cl, ur - cr), max(ul + cl, ur + cr)
    fl, fr = ul * ql + 0.5 * 9.81 * hl * hl, ur * qr + 0.5 * 9.81 * hr * hr
    if sl >= 0.0:
        return ql, fl
    if sr <= 0.0:
        return qr, fr
    return (
        (sr * ql - sl * qr + sl * sr * (hr - hl)) / (sr - sl),
        (sr * fl - sl * fr + sl * sr * (qr - ql)) / (sr - sl),
    )


@njit
def radial_flood(first, dr, cells, n, times, flow, record_at, inertia):  # type: ignore[no-untyped-def]
    """Full shallow water spreading over a half plane from a half circle of radius `first`, flat and dry, Manning's n.

    Finite volumes in r, HLL fluxes, first order. flow: m3/s at `times`; gives (len(record_at), 2, cells): h and q.
    inertia: True for the full equations; False leaves advection of momentum out (the local-inertial equations).
    """
    h, q = np.zeros(cells), np.zeros(cells)
    out = np.zeros((record_at.size, 2, cells))
    mass, push = np.zeros(cells + 1), np.zeros(cells + 1)
    now, k = 0.0, 0
    while k < record_at.size:
        fastest = 0.1
        for i in range(cells):
            if h[i] > 1e-6:
                fastest = max(fastest, abs(q[i]) / h[i] + np.sqrt(9.81 * h[i]))
        dt = min(0.45 * dr / fastest, record_at[k] - now, 1.0)
        inflow = np.interp(now + 0.5 * dt, times, flow)
        mass[0] = inflow / (np.pi * first)
        hin = max(h[0], (mass[0] * mass[0] / 9.81) ** (1.0 / 3.0))
        push[0] = (mass[0] * mass[0] / hin if hin > 1e-9 else 0.0) + 0.5 * 9.81 * hin * hin
        for i in range(1, cells):
            if inertia:
                mass[i], push[i] = _face(h[i - 1], q[i - 1], h[i], q[i])
            else:
                c = np.sqrt(9.81 * max(h[i - 1], h[i]))
                mass[i] = 0.5 * (q[i - 1] + q[i] - c * (h[i] - h[i - 1]))
                push[i] = 0.5 * (0.5 * 9.81 * (h[i - 1] ** 2 + h[i] ** 2) - c * (q[i] - q[i - 1]))
        mass[cells], push[cells] = 0.0, 0.5 * 9.81 * h[cells - 1] ** 2
        for i in range(cells):
            inner, outer = first + i * dr, first + (i + 1) * dr
            middle = 0.5 * (inner + outer)
            pressure = 0.5 * 9.81 * h[i] * h[i]
            q[i] -= dt / dr * (outer * (push[i + 1] - pressure) - inner * (push[i] - pressure)) / middle
            h[i] = max(h[i] - dt / dr * (outer * mass[i + 1] - inner * mass[i]) / middle, 0.0)
            if h[i] > 1e-6:
                q[i] /= 1.0 + 9.81 * dt * n * n * abs(q[i]) / h[i] ** (7.0 / 3.0)
            else:
                q[i] = 0.0
        now += dt
        if now >= record_at[k] - 1e-9:
            out[k, 0], out[k, 1] = h, q
            k += 1
    return out
