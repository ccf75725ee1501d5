"""Where trucks stand at cranes, blocks, stations and the gate: in line, or aside while they have nothing to do.

The model knows how many wait and in which order, not where they put their wheels. Under a crane they stand side by side
beneath its portal, elsewhere behind each other beside the lane; who waits for an order stands on the other side.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from port.replay.journeys import GATE, Journeys, Leg, Stay
from port.replay.paths import Key, Spot, away_s, shuffle
from port.replay.scene import Scene

IDLE_S = 20.0
"""Who stands longer than this without being in a line makes room for those who are."""
DRIVING_M = 2.2
"""From the middle of a two-way lane to the middle of one direction (half of 4.4 m)."""
SIDE_M, ASIDE_M, PORTAL_LANE_M = 5.0, 6.0, 4.6
"""From the lane's middle to the line; to idle trucks; and between two trucks under a crane."""


@dataclass(frozen=True)
class Ground:
    """A place for the drawing: its lane, the spot on it (m), the lane's length, the side of the line (+1 right).

    abreast : the line grows sideways, as under a crane that stands beside its lane (not at the end of one).
    """

    lane: int
    m: float
    length_m: float
    side: int
    abreast: bool
    pitch_m: float

    def slot(self, number: int, along: int) -> Spot:
        """Where the n-th of a line stands; `along` is the direction in which the lane was driven (+1 or −1)."""
        if self.abreast:
            return self.m, self.side * (SIDE_M + PORTAL_LANE_M * number)
        along, room = self._behind(along)
        columns = max(1, int(room / self.pitch_m))
        row, column = divmod(number, columns)
        return self.m - along * self.pitch_m * column, self.side * (SIDE_M + 3.5 * min(row, 2))

    def _behind(self, along: int) -> tuple[int, float]:
        """The direction of driving that has its back to some room, the truck's own if it does, and that room in m."""
        rooms = {1: self.m, -1: self.length_m - self.m}
        if rooms[along] < self.pitch_m and rooms[-along] > rooms[along]:
            along = -along
        return along, rooms[along]

    def aside(self, number: int, along: int) -> Spot:
        """Where the n-th idle truck stands."""
        along, room = self._behind(along)
        columns = max(1, int(room / self.pitch_m) + 1)
        row, column = divmod(number, columns)
        return self.m - along * self.pitch_m * column, -self.side * (ASIDE_M + 3.5 * min(row, 2))


def grounds(scene: Scene) -> list[Ground]:
    """One for each place."""
    shapes = [np.array(lane["line"], dtype=float) for lane in scene["lanes"]]
    cranes, blocks = scene["cranes"], scene["blocks"]
    stations = [s["at"] for s in scene["stations"]]
    towards = [None, *(c["at"] for c in cranes), *(b["middle"] for b in blocks), *stations]
    found = []
    for k, (place, at) in enumerate(zip(scene["places"], towards, strict=True)):
        shape = shapes[place["lane"]]
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))])
        side, abreast = 1, False
        if at is not None:
            part = min(int(np.searchsorted(along, place["m"], side="right")) - 1, len(shape) - 2)
            ahead, to = shape[part + 1] - shape[part], np.array(at) - shape[part]
            side = 1 if ahead[1] * to[0] - ahead[0] * to[1] >= 0 else -1
            off = np.array(at) - (shape[part] + ahead * (place["m"] - along[part]) / max(float(np.hypot(*ahead)), 1e-9))
            abreast = 1 <= k <= len(cranes) and abs(float(off @ ahead)) < float(np.hypot(*off) * np.hypot(*ahead)) / 2
        pitch = scene["vehicle_m"] + 2.0
        found.append(Ground(place["lane"], place["m"], float(along[-1]), side, abreast, pitch))
    return found


def stand(journeys: Journeys, places: list[Ground], end_s: float) -> dict[int, list[Key]]:
    """Keys of every stay, by its id()."""
    visits = _visits(journeys, end_s)
    keys: dict[int, list[Key]] = {}
    for number, there in visits.items():
        ground = places[number]
        steps = _in_line(there, ground)
        for k, idle in enumerate(_aside(there, ground)):
            steps[k] = sorted(steps[k] + idle)
        for visit, targets in zip(there, steps, strict=True):
            home = (ground.m, 0.0)
            first = targets[0][1] if targets and targets[0][0] <= visit.begin else home
            if away_s(home, first) > visit.came_s:
                first = home
            if visit.leaves and targets:
                last = max(targets[-1][0], visit.end - away_s(targets[-1][1], home))
                targets = [*targets, (last, home)]
            keys[id(visit.stay)] = shuffle((visit.begin, *first), targets, visit.end)
    return keys


@dataclass
class _Visit:
    """A stay in seconds. came_s : time of the leg before, in which the truck may swing out to its spot."""

    stay: Stay
    came_s: float
    begin: float
    end: float
    leaves: bool
    along: int
    turns: list[tuple[float, float]]


def _visits(journeys: Journeys, end_s: float) -> dict[int, list[_Visit]]:
    """Stays by place. Seconds; a turn that nobody follows up lasts until the truck leaves, when that is soon."""
    found: dict[int, list[_Visit]] = defaultdict(list)
    for journey in journeys.vehicles:
        before = None
        for item in journey.items:
            if isinstance(item, Stay):
                end = end_s if item.end is None else item.end / 1e6
                turns = []
                for k, turn in enumerate(item.turns):
                    over = end if turn.end is None else turn.end / 1e6
                    following = item.turns[k + 1].begin / 1e6 if k + 1 < len(item.turns) else end
                    turns.append((turn.begin / 1e6, following if following - over < IDLE_S else over))
                along = -1 if isinstance(before, Leg) and before.arc & 1 else 1
                if item.place == GATE and before is None:
                    along = -1
                came_s = (before.reach - before.begin) / 1e6 if isinstance(before, Leg) else 1e9
                begin, leaves = item.begin / 1e6, item.end is not None
                found[item.place].append(_Visit(item, came_s, begin, end, leaves, along, turns))
            before = item
    return found


def _in_line(there: list[_Visit], ground: Ground) -> list[list[tuple[float, Spot]]]:
    """Targets of each visit: its place in the line, one step up whenever somebody before it is done."""
    steps: list[list[tuple[float, Spot]]] = [[] for _ in there]
    line = sorted((begin, k, end) for k, visit in enumerate(there) for begin, end in visit.turns)
    active: list[float] = []
    for begin, k, end in line:
        active = [e for e in active if e > begin]
        along = there[k].along
        for gone, moment in enumerate([begin, *sorted(e for e in active if e < end)]):
            steps[k].append((moment, ground.slot(len(active) - gone, along)))
        active.append(end)
    return steps


def _aside(there: list[_Visit], ground: Ground) -> list[list[tuple[float, Spot]]]:
    """Targets of each visit while it is in no line: the first free spot aside."""
    steps: list[list[tuple[float, Spot]]] = [[] for _ in there]
    gaps = []
    for k, visit in enumerate(there):
        edges = [visit.begin, *(t for turn in visit.turns for t in turn), visit.end]
        gaps += [(a, k, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= IDLE_S]
    taken: dict[int, float] = {}
    for begin, k, end in sorted(gaps):
        slot = next(n for n in range(len(gaps) + 1) if taken.get(n, -1.0) <= begin)
        taken[slot] = end
        steps[k].append((begin, ground.aside(slot, there[k].along)))
    return steps
