"""Radio as a layer: which units work, what every lane hears of them, and how fast trucks may drive on that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from port.layers.paths import Path, planned_age, silence_rate
from port.layers.sections import RadioSpec
from port.radio.control import Messages, speed_for_age
from port.radio.coverage import BOX_M, Scene, by_lane, heard, make_scene
from port.radio.link import FloatArray, Radio
from port.radio.placement import place

if TYPE_CHECKING:
    from port.plan import Plan

CERTAIN_PER_M = 1000.0
"""Calls for an operator per metre that make one sure on any piece of lane of a millimetre or more."""
NEVER_PER_M = 1e-12
"""Fewer calls than one in a billion kilometres are none, and cost no draw."""


@dataclass(frozen=True)
class Stations:
    """What does not change: units, their places (n, 2), the scene, what is lost of each at its points (n, points)."""

    ids: tuple[str, ...]
    xy: FloatArray
    scene: Scene
    lost: FloatArray


def unit_ids(spec: RadioSpec) -> tuple[str, ...]:
    """Names of the units: given, or R1, R2, … for a number of them."""
    return tuple(f"R{k + 1}" for k in range(spec.units)) if isinstance(spec.units, int) else tuple(
        u.id for u in spec.units
    )  # fmt: skip


def build_stations(plan: Plan, spec: RadioSpec) -> Stations:
    """Rays from every unit to every lane. Raises `ValueError` when so many units do not fit along the lanes."""
    radio = Radio(interference_db=spec.interference_db)
    scene = make_scene(plan.terminal, plan.site, spec.fill, unit_m=spec.height, radio=radio)
    if not isinstance(spec.units, int):
        xy = np.array([u.at for u in spec.units], dtype=float).reshape(-1, 2)
    else:
        xy = place(scene, spec.units, spec.wanted).units if spec.units else np.empty((0, 2))
    lost = 1.0 - heard(scene, xy) if len(xy) else np.empty((0, len(scene.points)))
    return Stations(unit_ids(spec), xy, scene, lost)


class RadioLayer:
    """The link now. `share` (points,): messages heard by any path; the arrays per lane follow from it.

    age_s    (n_lanes,) planned-for age at the lane's worst point; inf beyond the stop age
    heard    (n_lanes,) share of messages at the worst point
    cap_mps  (n_lanes,) fastest;  calls_per_m (n_lanes,) stops that end with an operator
    """

    def __init__(self, plan: Plan, spec: RadioSpec) -> None:
        known = plan.__dict__.get("_radio_stations")
        self.stations: Stations = known or plan.__dict__.setdefault("_radio_stations", build_stations(plan, spec))
        self.spec, self.brake = spec, plan.terminal.fleet.brake
        self.messages = Messages(spec.period, spec.latency, spec.slow, spec.stop, spec.quantile)
        self.free_mps = np.minimum(plan.limit, plan.terminal.fleet.speed)
        self.places = (plan.bays * plan.rows).astype(float)
        self.out: dict[str, set[str]] = {}
        self.cellular_out: set[str] = set()
        self.covered_us, self.since_us, self.covered = 0.0, 0, 0.0
        self.renew(0)

    def works(self, unit: str) -> bool:
        """Whether a unit sends."""
        return not self.out.get(unit)

    def set_unit(self, unit: str, cause: str, fails: bool) -> bool:
        """One cause for a unit's silence more or less; True when it falls silent or speaks again by that."""
        causes = self.out.setdefault(unit, set())
        was = bool(causes)
        (causes.add if fails else causes.discard)(cause)
        return bool(causes) != was

    def paths(self) -> list[Path]:
        """The ways of a message: sidelink from the working units, and 5G."""
        working = [k for k, unit in enumerate(self.stations.ids) if self.works(unit)]
        lost = np.prod(self.stations.lost[working], axis=0)
        found = [Path(1.0 - lost, self.spec.latency)]
        if self.spec.cellular is not None and not self.cellular_out:
            cellular = self.spec.cellular
            found.append(Path(np.full(lost.shape, cellular.availability), cellular.latency))
        return found

    def look(self, stock: FloatArray) -> None:
        """Cast the rays anew past stacks of the mean height that the stock (n_blocks,) gives each block."""
        stations = self.stations
        if len(stations.xy):
            stacks = stations.scene.stacks.copy()
            stacks[:, 6] = stock / self.places * BOX_M
            scene = replace(stations.scene, stacks=stacks)
            self.stations = replace(stations, scene=scene, lost=1.0 - heard(scene, stations.xy))

    def renew(self, now_us: int) -> None:
        """Look at the units and the network again."""
        self.covered_us += self.covered * (now_us - self.since_us)
        self.since_us = now_us
        scene, paths, spec = self.stations.scene, self.paths(), self.spec
        self.share = 1.0 - np.prod([1.0 - p.share for p in paths], axis=0)
        self.covered = float(np.mean(self.share >= spec.wanted))
        self.heard = by_lane(scene, self.share).least
        ends = [by_lane(scene, p.share) for p in paths]
        self.age_s = planned_age([Path(e.least, p.latency_s) for e, p in zip(ends, paths, strict=True)], self.messages)
        self.stops_per_h = silence_rate(
            [Path(e.mean, p.latency_s) for e, p in zip(ends, paths, strict=True)], self.messages
        )
        silent = self.age_s > spec.stop
        cap = speed_for_age(np.where(silent, spec.stop, self.age_s), self.brake, spec.clear_distance)
        self.cap_mps = np.where(self.age_s > spec.slow, np.minimum(cap, spec.crawl), cap)
        driven = np.minimum(self.free_mps, self.cap_mps)
        rate = self.stops_per_h / 3600.0 / driven
        self.calls_per_m = np.where(silent, CERTAIN_PER_M, np.where(rate < NEVER_PER_M, 0.0, rate))

    def mean_covered(self, now_us: int) -> float:
        """Share of the lanes' points that have heard enough, over the time so far."""
        total = self.covered_us + self.covered * (now_us - self.since_us)
        return total / now_us if now_us else self.covered
