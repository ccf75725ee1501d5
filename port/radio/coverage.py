"""Reception over a terminal: every lane and the ground between, from roadside units at chosen places."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from port.network import Site
from port.radio.link import LOS, LTE_MCS7_350B, NLOS, NLOSV, Curve, FloatArray, Radio, clear_probability, reception
from port.terminal import Terminal

BOX_M = 2.591
"""Height of a standard container, 8 ft 6 in (ISO 668)."""
BOX_WIDTH_M = 2.6
"""A row: 2.438 m (ISO 668) and the gap."""
BAY_M = 13.0
"""A 40-foot bay and the gap."""
LANE_SIDE_M = 5.0
"""From the middle of a block's lane to its nearest row: half a lane and the gantry's rail."""
STEP_M = 10.0


@dataclass(frozen=True)
class Scene:
    """What stands where. stacks as in `port.radio.rays`; points (n, 2) along the lanes, `lane` (n,) theirs.

    unit_m, truck_m : antenna heights. TR 37.885 has roadside units at 5 m and trucks (vehicle type 3) at 3 m.
    blocker_m : height of other trucks (the same type: 3 m).
    """

    stacks: FloatArray
    points: FloatArray
    lane: np.ndarray
    lane_ids: tuple[str, ...]
    unit_m: float = 5.0
    truck_m: float = 3.0
    blocker_m: float = 3.0
    radio: Radio = field(default_factory=Radio)
    curves: dict[int, Curve] = field(default_factory=lambda: LTE_MCS7_350B)


def make_scene(terminal: Terminal, site: Site, fill: float = 0.7, step_m: float = STEP_M, **more: object) -> Scene:
    """The scene of a complete terminal; stacks are `fill` of their tiers high (yards run at 60 to 80 %: assumption)."""
    points, lane = [], []
    for k, shape in enumerate(site.shapes):
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))])
        at = np.linspace(0.0, along[-1], max(2, int(np.ceil(along[-1] / step_m)) + 1))
        points.append(np.c_[np.interp(at, along, shape[:, 0]), np.interp(at, along, shape[:, 1])])
        lane += [k] * at.size
    return Scene(_stacks(terminal, site, fill), np.vstack(points), np.array(lane), site.lane_ids, **more)  # type: ignore[arg-type]


def _stacks(terminal: Terminal, site: Site, fill: float) -> FloatArray:
    """A rectangle a block, to the right of its lane, centred on the lane's middle."""
    rows = []
    index = {name: k for k, name in enumerate(site.lane_ids)}
    for block in terminal.blocks:
        shape = site.shapes[index[block.lane]]
        first, last = shape[0], shape[-1]
        length = float(np.hypot(*(last - first)))
        ahead = (last - first) / length
        right = np.array([ahead[1], -ahead[0]])
        half = min(block.bays * BAY_M, length) / 2
        wide = block.rows * BOX_WIDTH_M / 2
        middle = (first + last) / 2 + right * (LANE_SIDE_M + wide)
        rows.append((*middle, *ahead, half, wide, max(1.0, block.tiers * fill) * BOX_M))
    return np.array(rows, dtype=float).reshape(-1, 7)


def heard(scene: Scene, units: FloatArray, points: FloatArray | None = None) -> FloatArray:
    """(units, points) share of a unit's messages that arrive at each point; units (u, 2) in m."""
    from port.radio.rays import sight

    where = scene.points if points is None else points
    units = np.asarray(units, dtype=float).reshape(-1, 2)
    free = sight(units, where, scene.unit_m, scene.truck_m, scene.stacks)
    away = np.hypot(*(units[:, None, :] - where[None, :, :]).transpose(2, 0, 1))
    distance = np.hypot(away, scene.unit_m - scene.truck_m)
    heights = (scene.unit_m, scene.truck_m)

    def share(kind: int) -> FloatArray:
        return reception(scene.radio, distance, kind, scene.curves, heights, scene.blocker_m)

    clear = clear_probability(distance)
    return np.where(free, clear * share(LOS) + (1.0 - clear) * share(NLOSV), share(NLOS))


def together(shares: FloatArray) -> FloatArray:
    """(points,) share of messages heard from at least one unit: all units send the same, losses are independent."""
    return 1.0 - np.prod(1.0 - shares, axis=0)


@dataclass(frozen=True)
class LaneCover:
    """(lanes,) least and mean share of messages heard on each lane."""

    least: FloatArray
    mean: FloatArray


def by_lane(scene: Scene, shares: FloatArray) -> LaneCover:
    """Of shares (points,) heard at the scene's points."""
    lanes = range(len(scene.lane_ids))
    least = np.array([shares[scene.lane == k].min() for k in lanes])
    mean = np.array([shares[scene.lane == k].mean() for k in lanes])
    return LaneCover(least, mean)
