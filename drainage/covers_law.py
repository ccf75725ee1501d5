"""When a manhole's cover lifts and falls back: the rule, step by step."""

from __future__ import annotations

from numba import njit

from drainage.native import COMPILED

SHUT, LIFTED, OFF, WASHED_OFF = 0, 1, 2, 3
"""States of a cover: in its frame; lifted by pressure; taken away (by an event); washed aside by pressure."""
OPENS_S = 5.0
"""How fast the gap of a lifted cover follows, s: at once, the pressure that lifts it would break down in one step."""


@njit(**COMPILED)
def move_cover(inlets, k, pressure, dt, calm_s):
    """Let the cover of manhole k feel `pressure`, the pipe's head above street and crest, m, for dt seconds.

    It lifts at inlets.lift. It falls back after `calm_s` seconds below inlets.back; a negative `calm_s` means that
    it never does. The gap runs after the state, without a jump."""
    inlets.pressure[k] = max(inlets.pressure[k], pressure)
    state = inlets.lid[k]
    if state == SHUT and pressure >= inlets.lift[k]:
        state = LIFTED if calm_s >= 0.0 else WASHED_OFF
        inlets.lifts[k] += 1
        inlets.calm_s[k] = 0.0
    elif state == LIFTED:
        inlets.calm_s[k] = inlets.calm_s[k] + dt if pressure < inlets.back[k] else 0.0
        if inlets.calm_s[k] > calm_s:
            state = SHUT
    inlets.lid[k] = state
    inlets.gap[k] += min(dt / OPENS_S, 1.0) * ((0.0 if state == SHUT else 1.0) - inlets.gap[k])
