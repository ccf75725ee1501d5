"""Corners behind stacks: from where a truck sees into the other lanes, and what roadside sensors add to that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from port.layers.sections import Perception
from port.network import point_at
from port.radio.control import speed_for_age
from port.radio.coverage import make_scene
from port.radio.link import FloatArray
from port.radio.rays import sight

if TYPE_CHECKING:
    from port.plan import Plan

STEP_M = 2.5
"""Between the places before a junction from which sight is tried."""


@dataclass(frozen=True)
class Corners:
    """What does not change, for both ends of every lane: (n_lanes, 2), first point and last point.

    clear_m  D from a truck's own sensors; inf where no junction of three lanes or more lies, or nobody drives to it
    seen     (n_lanes, 2, n_units) share of what must be seen that each sensor sees, as a bit set
    needed   (n_lanes, 2) the bit set of all that must be seen
    """

    clear_m: FloatArray
    seen: NDArray[np.object_]
    needed: NDArray[np.object_]


def build_corners(plan: Plan, spec: Perception) -> Corners:
    """Rays between the lanes of every junction, past the stacks."""
    site = plan.site
    stacks = make_scene(plan.terminal, site, spec.fill).stacks
    ends: dict[int, list[tuple[int, int]]] = {}
    for lane, (a, b) in enumerate(site.nodes):
        ends.setdefault(a, []).append((lane, 0))
        ends.setdefault(b, []).append((lane, 1))
    units = np.array([u.at for u in spec.units], dtype=float).reshape(-1, 2)
    clear = np.full((len(site.nodes), 2), np.inf)
    seen = np.zeros((len(site.nodes), 2, len(units)), object)
    needed = np.zeros((len(site.nodes), 2), object)

    def before(lane: int, end: int, away_m: float) -> tuple[float, float]:
        """The point so far from a lane's end, or its other end."""
        along = min(away_m, site.length_m[lane])
        return point_at(site.shapes[lane], along if end == 0 else site.length_m[lane] - along)

    for around in ends.values():
        if len(around) < 3:
            continue
        for lane, end in around:
            if end == 0 and site.oneway[lane]:
                continue
            others = [(x, y) for x, y in around if (x, y) != (lane, end)]
            targets = np.array([before(x, y, spec.crossing * part) for x, y in others for part in (0.5, 1.0)])
            steps = np.arange(STEP_M, spec.reach + STEP_M / 2, STEP_M)
            eyes = np.array([before(lane, end, s) for s in steps])
            free = sight(eyes, targets, spec.eye, spec.target, stacks).all(axis=1)
            first = int(np.argmin(free)) if not free.all() else len(steps)
            clear[lane, end] = max(spec.least, STEP_M * first)
            needed[lane, end] = (1 << len(targets)) - 1
            for k, unit in enumerate(units):
                near = np.hypot(*(targets - unit).T) <= spec.range
                bits = near & sight(unit[None], targets, spec.height, spec.target, stacks)[0]
                seen[lane, end, k] = sum(1 << i for i in np.flatnonzero(bits).tolist())
    return Corners(clear, seen, needed)


class PerceptionLayer:
    """Speeds on lanes whose ends are hidden; `caps` gives them as a mean over the lane."""

    def __init__(self, plan: Plan, spec: Perception) -> None:
        known = plan.__dict__.get("_corners")
        self.corners: Corners = known or plan.__dict__.setdefault("_corners", build_corners(plan, spec))
        fleet = plan.terminal.fleet
        self.spec, self.ids = spec, tuple(u.id for u in spec.units)
        self.brake, self.reaction = fleet.brake, fleet.reaction
        self.length = np.array(plan.site.length_m)
        self.both = ~np.array(plan.site.oneway)
        self.limit = plan.limit
        self.out: dict[str, set[str]] = {}

    def set_unit(self, unit: str, cause: str, fails: bool) -> bool:
        """One cause for a sensor's failing more or less; True when it goes or comes back by that."""
        causes = self.out.setdefault(unit, set())
        was = bool(causes)
        (causes.add if fails else causes.discard)(cause)
        return bool(causes) != was

    def told(self) -> NDArray[np.bool_]:
        """(n_lanes, 2) ends where the working sensors together see all that must be seen."""
        found = np.zeros_like(self.corners.needed)
        for k, unit in enumerate(self.ids):
            if not self.out.get(unit):
                found = found | self.corners.seen[:, :, k]
        return np.asarray((found == self.corners.needed) & (self.corners.needed != 0), dtype=bool)

    def end_speeds(self, age_s: FloatArray) -> FloatArray:
        """(n_lanes, 2) m/s before each end; inf without a corner. age_s : (n_lanes,) of messages on the lane.

        By a truck's own eyes v(D, reaction), by a sensor's picture v(reach, its age), whichever is faster.
        """
        own = speed_for_age(self.reaction, self.brake, self.corners.clear_m)
        heard = np.isfinite(age_s)
        by_radio = np.where(heard, speed_for_age(np.where(heard, age_s, 0.0), self.brake, self.spec.reach), 0.0)
        return np.where(self.told(), np.maximum(own, by_radio[:, None]), own)

    def caps(self, own_mps: float, age_s: FloatArray) -> FloatArray:
        """(n_lanes,) m/s: length over the time at min(own_mps, limit), but the last D metres at the end's speed.

        Both directions count alike; a one-way lane has one.
        """
        free = np.minimum(self.limit, own_mps)[:, None]
        speed = np.minimum(free, self.end_speeds(age_s))
        hidden = np.where(np.isfinite(self.corners.clear_m), self.corners.clear_m, 0.0)
        slow_m = np.minimum(hidden, self.length[:, None])
        time = (self.length[:, None] - slow_m) / free + slow_m / speed
        mean = np.where(self.both, time.mean(axis=1), time[:, 1])
        slowed = (speed < free).any(axis=1)
        return np.where(slowed, self.length / mean, np.inf)
