"""Actuated traffic lights as arrays: phases, heads, and where the detectors of each phase lie.

As SUMO places them (documentation, "Traffic Lights", based on time gaps): `detector_s` of driving before the line, but
not so far that more cars stand between than the shortest green lets out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from traffic.fast.layout import (
    CLEARS,
    CONTROL,
    DETECTOR,
    GIVES_WAY,
    GOES,
    PHASE,
    STOPS,
    Actuated,
    Array,
)
from traffic.fast.netfile import Program

CAR_ROOM_M = 7.5
"""SUMO's default length of a car and the gap before it."""
LETTER = {"G": GOES, "O": GOES, "g": GIVES_WAY, "o": GIVES_WAY, "s": GIVES_WAY, "y": CLEARS, "Y": CLEARS}


def letter_of(state: str, link: int) -> int:
    """What a link shows in a phase."""
    return LETTER.get(state[link], STOPS) if link < len(state) else STOPS


def actuated(
    programs: Mapping[str, Program], heads: Sequence[tuple[str, int]], conn: Array, lane: Array, edge: Array
) -> tuple[Actuated, Array]:
    """(arrays, (n_heads,) controller of each head or -1) of the programs that have bounds."""
    names = sorted({name for name, _ in heads if programs[name].bounds})
    control = np.zeros(len(names), CONTROL)
    of_head = np.full(len(heads), -1, np.int32)
    phases: list[tuple[float, float, int, int, int]] = []
    letters: list[int] = []
    members: list[int] = []
    detectors: list[tuple[float, int]] = []
    lanes: list[int] = []
    by_head: dict[int, list[int]] = {}
    for c in range(conn.size):
        if conn[c]["signal"] >= 0:
            by_head.setdefault(int(conn[c]["signal"]), []).append(c)
    for k, name in enumerate(names):
        program = programs[name]
        own = [h for h, (other, _) in enumerate(heads) if other == name]
        of_head[own] = k
        shown = {h: [letter_of(state, heads[h][1]) for _, state in program.phases] for h in own}
        row = control[k]
        row["gap"], row["phase"], row["phases"] = program.gap_s, len(phases), len(program.phases)
        row["head"], row["heads"] = len(members), len(own)
        members += own
        of_lane: dict[int, list[int]] = {}
        for h in own:
            for c in by_head.get(h, ()):
                of_lane.setdefault(int(conn[c]["start"]), []).append(h)
        row["lane"], row["lanes"] = len(lanes), len(of_lane)
        lanes += sorted(of_lane)
        spots = {i: _ahead(i, hs, shown, program, lane, edge) for i, hs in sorted(of_lane.items())}
        for n, (duration, _) in enumerate(program.phases):
            least, most = program.bounds[n]
            first = len(letters)
            letters += [shown[h][n] for h in own]
            begin = len(detectors)
            if most > least:
                detectors += [(spots[i], i) for i, hs in sorted(of_lane.items()) if _keeps_green(hs, shown, n)]
            fixed = duration if most <= least else least
            phases.append((fixed, max(most, fixed), first, begin, len(detectors) - begin))
    return Actuated(
        control, np.array(phases, PHASE), np.array(letters, np.int8), np.array(members, np.int32),
        np.array(detectors, DETECTOR), np.array(lanes, np.int32),
    ), of_head  # fmt: skip


def _keeps_green(heads: list[int], shown: Mapping[int, list[int]], phase: int) -> bool:
    """Whether the vehicles of a lane may hold a phase: none of them stands at red, and at least one link has priority
    or never gets it in any phase."""
    letters = [shown[h][phase] for h in heads]
    if STOPS in letters or CLEARS in letters:
        return False
    return any(letter == GOES or GOES not in shown[h] for h, letter in zip(heads, letters, strict=True))


def _ahead(
    i: int, heads: list[int], shown: Mapping[int, list[int]], program: Program, lane: Array, edge: Array
) -> float:
    """m from a lane's detector to the line."""
    greens = [
        program.bounds[n][0]
        for n in range(len(program.phases))
        if program.bounds[n][1] > program.bounds[n][0] and any(shown[h][n] in (GOES, GIVES_WAY) for h in heads)
    ]
    row = edge[lane[i]["edge"]]
    far = program.detector_s * float(row["speed"])
    if greens:
        far = min(far, (min(greens) / program.passing_s + 0.5) * CAR_ROOM_M)
    return float(min(far, row["length"]))
