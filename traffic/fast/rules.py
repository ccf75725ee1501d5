"""What drivers do at queues and junctions, as few numbers with their reasons; the rest comes from the network."""

from __future__ import annotations

from dataclasses import dataclass, replace

from traffic.fast.layout import Physics

CAR_M = 5.0
"""SUMO's default length of a car."""


@dataclass(frozen=True)
class Rules:
    """Global parameters. Those marked * are what calibration moves."""

    reaction_s: float = 1.45
    """* Time gap of a queue that drives off: a driver follows the one ahead after this long. SUMO's default tau is 1 s;
    half a step of decision and dawdling (sigma 0.5) come on top. With 6.5 m a car that is 1.5 + 6.5/13.2 = 2.0 s at
    50 km/h, or 1,800 vehicles an hour (HCM 2010, chapter 31: 1,900 passenger cars an hour of green at best)."""
    wave_s: float = 1.0
    """* A gap moves up a queue by one car in this time (SUMO's default tau): with 6.5 m a car a backward wave of
    23 km/h (15 to 25 km/h are observed)."""
    slot_m: float | None = None
    """Road that a standing car takes: length + minGap, the mean of the fleet's cars when left out."""
    start_s: float = 0.5
    """* Lost by the first at a green light before it passes the line."""
    creep_mps: float = 2.0
    """Speed at which one that stood at the line passes it: sqrt(2 a x) with x = 1 m, a = 1.95 m/s2."""
    minor_approach_m: float = 4.5
    """Drivers who must give way see the others from here on and must be able to stop before (SUMO's
    `visibility distance` of minor links)."""
    gap_scale: float = 2.0
    """* Scales the gap that drivers need who give way: the time to clear the junction from the speed they have, plus
    `after_s`. From standstill over 18 m that is 4.9 + 1 s (HCM 2010 has 4.5 s for permitted left turns)."""
    after_s: float = 1.0
    """Time between clearing and the arrival of the other (SUMO's `jmTimegapMinor`)."""
    merge_s: float = 0.6
    """Time gap of two vehicles from different lanes into the same lane (tau)."""
    yellow_s: float = 1.5
    """* Yellow that is still driven through: v/2d = 13.9/9 for one who cannot stop any more."""
    dawdle: float = 1.0
    """* Scales the speed lost to dawdling (sigma a / 2 per second in Krauss' model)."""
    lookahead_m: float = 200.0
    """Drivers prefer a lane that leads at least this far beyond the edge's end along their route if there is one ..."""
    lane_cost_s: float = 100.0
    """* ... unless its queue takes this much longer than another's (some six cars)."""
    change_cost_s: float = 2.0
    """A change of lanes is worth it from this much shorter a queue on (one car)."""
    insertion_s: float = 0.3
    """* Added to the time in which a vehicle that begins at rest clears the start of a lane, before the next one can
    begin: SUMO tries at whole seconds only."""
    patience_s: float = 300.0
    """After this long without room ahead a vehicle squeezes in all the same; counted (SUMO's `time-to-teleport`)."""
    give_way_patience_s: float = 180.0
    """After this long drivers who give way force their way; counted (SUMO's `time-to-impatience`)."""
    bucket_s: float = 0.5
    """Width of a bucket of the calendar. Times are exact; only the order of lanes within a bucket is not by time."""

    def with_(self, **changes: float) -> Rules:
        """A copy with some numbers changed."""
        return replace(self, **changes)

    def physics(self, slot_m: float, learn_s: float = 60.0, blue: int = -1) -> Physics:
        """The bare numbers for the kernels; drivers' travel times are brought up to date every `learn_s`, and the
        class `blue` passes red lights."""
        return Physics(
            reaction=self.reaction_s,
            slot=slot_m,
            start=self.start_s,
            creep=self.creep_mps,
            minor=self.minor_approach_m,
            merge=self.merge_s,
            patience=self.patience_s,
            give_way_patience=self.give_way_patience_s,
            bucket=self.bucket_s,
            gap=self.gap_scale,
            after=self.after_s,
            car=CAR_M,
            lane_cost=self.lane_cost_s,
            change_cost=self.change_cost_s,
            insertion=self.insertion_s,
            learn=learn_s,
            yellow=self.yellow_s,
            blue=blue,
        )
