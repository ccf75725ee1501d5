"""Where every truck is at any time, and what it is doing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from port.replay.journeys import Journey, Journeys, Leg, Stay, read_journeys
from port.replay.lanes import Path, Run, follow, wait_beside
from port.replay.paths import STEP_UP_MPS, FloatArray, Key
from port.replay.record import YardLog
from port.replay.scene import Scene
from port.replay.standing import DRIVING_M, Ground, grounds, stand

DRIVES, QUEUES, IN_LINE, SERVED, IDLE, HELD, ASIDE = range(7)
"""Under way on a lane; at a lane's end; in line at a place; under a crane or gantry or at a charger; without an order;
at a place, ready to go; beside a lane's end, without an open way."""
BESIDE_M = 6.0
"""From its half of the lane to where such a truck waits."""
RAMP_S = 3.0
"""Time to change sides between the lane and a place beside it."""
TAPER_M = 6.0
"""Near a junction trucks come to the middle of the lane, so that they meet it at one point."""


@dataclass(frozen=True)
class Track:
    """A truck's keys (n,): seconds, lane, driven backwards, metres along the lane, metres to the right of it.

    Two keys of one moment mean a change of lane. acts : (second, what, place or lane) from each second on.
    boxes, helpless : (second, boxes on it), (second, waits for an operator).  left : has left the terminal.
    """

    t: FloatArray
    lane: np.ndarray
    back: np.ndarray
    s: FloatArray
    lat: FloatArray
    acts: list[tuple[float, int, int]]
    boxes: list[tuple[float, int]]
    helpless: list[tuple[float, int]]
    left: bool

    def present(self, second: float) -> bool:
        """Whether it is in the terminal."""
        return len(self.t) > 0 and self.t[0] <= second and not (self.left and second >= self.t[-1])

    def at(self, second: float) -> tuple[int, float, float]:
        """Lane, metres along it, metres to the right of it."""
        k = int(np.clip(np.searchsorted(self.t, second, side="right") - 1, 0, len(self.t) - 1))
        if k + 1 == len(self.t):
            return int(self.lane[k]), float(self.s[k]), float(self.lat[k])
        f = (second - self.t[k]) / (self.t[k + 1] - self.t[k])
        s = self.s[k] + f * (self.s[k + 1] - self.s[k])
        return int(self.lane[k]), float(s), float(self.lat[k] + f * (self.lat[k + 1] - self.lat[k]))

    def act(self, second: float) -> tuple[int, int]:
        """What it does, and at which place or lane."""
        k = int(np.searchsorted([a[0] for a in self.acts], second, side="right")) - 1
        return self.acts[max(k, 0)][1:]


def shapes_of(scene: Scene) -> tuple[list[FloatArray], list[FloatArray]]:
    """Of every lane its points (k, 2) and their distances along it (k,)."""
    shapes = [np.array(lane["line"], dtype=float) for lane in scene["lanes"]]
    return shapes, [np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(s, axis=0).T))]) for s in shapes]


def tapered(lat: float, s: float, length: float) -> float:
    """Metres beside the lane as drawn: driving trucks come to its middle near both ends, standing ones do not."""
    near = min(1.0, max(0.0, min(s, length - s)) / TAPER_M)
    stands = min(1.0, max(0.0, (abs(lat) - DRIVING_M) / (5.0 - DRIVING_M)))
    return lat * (near + (1.0 - near) * stands)


def make_tracks(log: YardLog) -> list[Track]:
    """Every truck of the run, driverless first; a road truck that was never let in has no keys."""
    scene, end_s = log.scene, log.end_us / 1e6
    journeys = read_journeys(log.rows, scene, log.end_us)
    places = grounds(scene)
    stays = stand(journeys, places, end_s)
    drawer = _Drawer(scene, places, stays, end_s)
    drawer.fill(journeys)
    return [drawer.track(journey, number < len(scene["trucks"])) for number, journey in enumerate(journeys.vehicles)]


class _Drawer:
    def __init__(self, scene: Scene, places: list[Ground], stays: dict[int, list[Key]], end_s: float) -> None:
        self.places, self.stays, self.end_s = places, stays, end_s
        self.length = [float(along[-1]) for along in shapes_of(scene)[1]]
        self.drive = [0.0 if lane["oneway"] else DRIVING_M for lane in scene["lanes"]]
        self.pitch = scene["vehicle_m"] + 2.0
        self.paths: dict[int, Path] = {}

    def fill(self, journeys: Journeys) -> None:
        """Paths of all legs, those that queue at a lane's end behind each other."""
        start = {
            id(leg): self.stays[id(stay)][-1][1] if isinstance(stay, Stay) else None
            for journey in journeys.vehicles
            for stay, leg in pairwise([None, *journey.items])
            if isinstance(leg, Leg)
        }
        for arc, legs in journeys.queues.items():
            leader = None
            for leg in legs:
                end = None if leg.end is None else leg.end / 1e6
                run = Run(leg.begin / 1e6, leg.reach / 1e6, end, self._x(arc, start[id(leg)]), self.length[arc >> 1])
                if leg.aside is not None:
                    run.end, aside = None, leg.aside / 1e6
                    path = follow(run, leader, self.pitch, aside)
                    leader, self.paths[id(leg)] = replace(path, leaves=True), wait_beside(path, run, end, self.end_s)
                    continue
                leader = self.paths[id(leg)] = follow(run, leader, self.pitch, self.end_s)
        for journey in journeys.vehicles:
            for item, following in pairwise([*journey.items, None]):
                if isinstance(item, Leg) and id(item) not in self.paths:
                    self.paths[id(item)] = self._straight(item, following, self._x(item.arc, start[id(item)]))

    def _x(self, arc: int, s: float | None) -> float:
        """Metres from the arc's beginning."""
        if s is None:
            return 0.0
        return self.length[arc >> 1] - s if arc & 1 else s

    def _straight(self, leg: Leg, following: Leg | Stay | None, x0: float) -> Path:
        """A leg that ends at a place, or that the log does not see ending."""
        length, begin, reach = self.length[leg.arc >> 1], leg.begin / 1e6, leg.reach / 1e6
        x1 = length
        if isinstance(following, Stay):
            x1 = self._x(leg.arc, self.stays[id(following)][0][1])
        elif reach > self.end_s:
            x1, reach = x0 + (x1 - x0) * (self.end_s - begin) / (reach - begin), self.end_s
        end = max(reach, self.end_s if leg.end is None else leg.end / 1e6)
        return Path(np.array([begin, reach, end]), np.array([x0, x1, x1]), True)

    def track(self, journey: Journey, own: bool) -> Track:
        """All keys of one truck."""
        rows: list[tuple[float, int, int, float, float]] = []
        for before, item, after in zip([None, *journey.items], journey.items, [*journey.items[1:], None], strict=False):
            if isinstance(item, Stay):
                lane, back = self.places[item.place].lane, rows[-1][2] if rows else 0
                rows += [(t, lane, back, s, lat) for t, s, lat in self.stays[id(item)]]
            else:
                rows += self._leg_rows(item, before, after)
        table = np.array(rows, dtype=float).reshape(-1, 5)
        left = journey.left is not None
        helpless = [(t / 1e6, int(on)) for t, on in journey.operator]
        boxes = [(t / 1e6, n) for t, n in journey.boxes]
        t, lanes, backs, s, lat = table.T
        acts = acts_of(journey, own)
        return Track(t, lanes.astype(int), backs.astype(int), s, lat, acts, boxes, helpless, left)

    def _leg_rows(
        self, leg: Leg, before: Leg | Stay | None, after: Leg | Stay | None
    ) -> list[tuple[float, int, int, float, float]]:
        """Keys of a leg: along its path, from the side of the place before to that of the place after."""
        lane, back = leg.arc >> 1, leg.arc & 1
        length, path = self.length[lane], self.paths[id(leg)]
        side = -self.drive[lane] if back else self.drive[lane]
        t, x = path.t, path.x
        begin, end = float(t[0]), float(t[-1])
        first = self.stays[id(before)][-1][2] if isinstance(before, Stay) else side
        last = self.stays[id(after)][0][2] if isinstance(after, Stay) else side
        out, into = (max(RAMP_S, abs(side - lat) / STEP_UP_MPS) for lat in (first, last))
        share = min(1.0, (end - begin) / (out + into))
        marks, sides = [begin, begin + out * share, end - into * share, end], [first, side, side, last]
        turns = [True, first != side, last != side, True]
        marks, sides = ([v for v, wanted in zip(row, turns, strict=True) if wanted] for row in (marks, sides))
        if leg.aside is not None:
            aside, beside = leg.aside / 1e6, side + (-BESIDE_M if back else BESIDE_M)
            swing = min(RAMP_S, (end - aside) / 2)
            marks = [*marks[:-1], aside, aside + swing, end - swing, end]
            sides = [*sides[:-1], side, beside, beside, side]
        every = np.unique(np.concatenate([t, marks]))
        s, lat = np.interp(every, t, x), np.interp(every, marks, sides)
        if back:
            s = length - s
        return [(float(a), lane, back, float(b), float(c)) for a, b, c in zip(every, s, lat, strict=True)]


def acts_of(journey: Journey, own: bool) -> list[tuple[float, int, int]]:
    """What the truck does from when on: (second, one of the codes above, place or lane)."""
    acts: list[tuple[int, int, int]] = []
    for item in journey.items:
        if isinstance(item, Leg):
            acts.append((item.begin, DRIVES, item.arc >> 1))
            if item.end is None or item.end > item.reach:
                acts.append((item.reach, QUEUES, item.arc >> 1))
            if item.aside is not None:
                acts.append((item.aside, ASIDE, item.arc >> 1))
            continue
        if not item.turns or item.turns[0].begin > item.begin:
            acts.append((item.begin, HELD, item.place))
        for turn in item.turns:
            acts.append((turn.begin, IN_LINE, item.place))
            for begin, end in turn.served:
                acts.append((begin, SERVED, item.place))
                if end is not None and end != turn.end:
                    acts.append((end, IN_LINE, item.place))
            if turn.end is not None:
                acts.append((turn.end, HELD, item.place))
    if own:
        acts = _with_orders(acts, journey.orders)
    return [(t / 1e6, what, where) for t, what, where in acts]


def _with_orders(acts: list[tuple[int, int, int]], orders: list[tuple[int, bool]]) -> list[tuple[int, int, int]]:
    """A driverless truck that is ready to go and has no order is idle."""
    events = sorted(
        [(t, 1, what, where) for t, what, where in acts] + [(t, 0, int(has), -1) for t, has in orders],
        key=lambda e: (e[0], e[1]),
    )
    found: list[tuple[int, int, int]] = []
    has_order, now, place = False, HELD, -1
    for time, kind, value, where in events:
        if kind == 0:
            has_order = bool(value)
        else:
            now, place = value, where
        if place >= 0:
            found.append((time, IDLE if now == HELD and not has_order else now, place))
    return found
