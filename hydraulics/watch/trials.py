"""How well the watch works on a network with given sensors: made-up cases whose answer is known.

Each case opens one hydrant on the network with demands that scatter anew at every reading, reads the sensors with
their noise, and asks the watch, which knows neither. Cases without an open hydrant give the false alarms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from hydraulics.toolkit import Link
from hydraulics.watch.readings import FLOW, Readings, Sensor
from hydraulics.watch.signatures import Bench, benches, draw_factors, epanet_field
from hydraulics.watch.watch import Matcher, WatchSettings, pipe_distances, question
from twin.places import FloatArray


@dataclass(frozen=True)
class Trial:
    """One case: what was open (None: nothing), and what the watch said. `distance_m` along pipes, NaN if not found."""

    hydrant: str | None
    opening_m2: float
    flow: float
    alarm: bool
    named: str
    named_flow: float
    distance_m: float
    likely: bool
    probability: float


@dataclass(frozen=True)
class Score:
    """Figures over cases with an open hydrant and over those without."""

    cases: int
    detected: float
    exact: float
    median_distance_m: float
    within_300_m: float
    in_likely_set: float
    flow_error: float
    false_alarms: float

    @property
    def text(self) -> str:
        return (
            f"{self.cases} cases: {self.detected:.0%} detected, {self.exact:.0%} of those named exactly, "
            f"median distance {self.median_distance_m:.0f} m, {self.within_300_m:.0%} within 300 m, "
            f"true hydrant among the likely {self.in_likely_set:.0%}, flow off by {self.flow_error:.0%} (median); "
            f"{self.false_alarms:.1%} false alarms"
        )


def run_trials(
    inp: Path,
    sensors: tuple[Sensor, ...],
    hydrants: Sequence[str],
    settings: WatchSettings,
    at_s: int,
    openings_m2: Sequence[float],
    cases: int = 100,
    quiet_cases: int = 100,
    readings: int = 4,
    seed: int = 7,
) -> list[Trial]:
    """Cases at one hour of the network's clock, `readings` of each, with tanks as they are then.

    openings_m2 are taken in turn; hydrants at random.
    """
    rng = np.random.default_rng(seed)
    once = Readings((at_s,), sensors, np.zeros((1, len(sensors))))
    base = question(inp, once, hydrants, settings)
    found = epanet_field(base)
    repeated = replace(found, base=np.repeat(found.base, readings, axis=0), group=np.zeros(readings, dtype=np.int64))
    matcher = Matcher(repeated, sensors, hydrants, settings)
    times = tuple(at_s + 900 * k for k in range(readings))
    noise = np.array([settings.flow_noise if s.kind == FLOW else settings.pressure_noise_m for s in sensors])
    trials = []
    with benches(inp, sensors, hydrants, (at_s,), dict(base.settings)) as walk:
        _, bench = next(walk)
        distances = _distances(bench)
        for case in range(cases + quiet_cases):
            hydrant = hydrants[int(rng.integers(len(hydrants)))] if case < cases else None
            area = openings_m2[case % len(openings_m2)] if hydrant is not None else 0.0
            values, flow = _readings(bench, rng, hydrant, area, readings, settings.demand_noise)
            values += noise * rng.standard_normal(values.shape)
            said = matcher.look(values, times)
            finding = said.findings[0] if said.alarm else None
            away = np.nan
            if hydrant is not None and finding is not None:
                away = distances(hydrant)[finding.hydrant]
            trials.append(
                Trial(
                    hydrant,
                    area,
                    flow,
                    said.alarm,
                    finding.hydrant if finding else "",
                    finding.flow if finding else np.nan,
                    away,
                    bool(finding and hydrant in dict(finding.likely)),
                    finding.probability if finding else np.nan,
                )
            )
    return trials


def score(trials: Sequence[Trial]) -> Score:
    """Figures of a list of trials."""
    opened = [t for t in trials if t.hydrant is not None]
    hits = [t for t in opened if t.alarm]
    quiet = [t for t in trials if t.hydrant is None]
    away = np.array([t.distance_m for t in hits])
    off = np.array([abs(t.named_flow - t.flow) / t.flow for t in hits])
    return Score(
        cases=len(opened),
        detected=_share([t.alarm for t in opened]),
        exact=_share([t.named == t.hydrant for t in hits]),
        median_distance_m=float(np.median(away)) if len(away) else np.nan,
        within_300_m=_share((away <= 300.0).tolist()),
        in_likely_set=_share([t.likely for t in hits]),
        flow_error=float(np.median(off)) if len(off) else np.nan,
        false_alarms=_share([t.alarm for t in quiet]),
    )


def _share(flags: Sequence[bool]) -> float:
    return float(np.mean(flags)) if len(flags) else float("nan")


def _readings(
    bench: Bench, rng: np.random.Generator, hydrant: str | None, area: float, count: int, noise: float
) -> tuple[FloatArray, float]:
    """((t, s) readings without sensor noise, mean m3/s of the hydrant), demands drawn anew each time."""
    rows, flows = [], []
    for _ in range(count):
        bench.set_demands(draw_factors(rng, bench.junctions, noise))
        if hydrant is None:
            rows.append(bench.solve())
        else:
            values, flow = bench.open(hydrant, area)
            rows.append(values)
            flows.append(flow)
    bench.set_demands(np.ones(bench.junctions))
    return np.array(rows), float(np.mean(flows)) if flows else 0.0


def _distances(bench: Bench) -> Callable[[str], dict[str, float]]:
    """Metres along pipes from a hydrant to every node, worked out once for each."""
    engine = bench.engine
    lengths = np.array([engine.project.link(k, Link.LENGTH) for k in engine.network.links.tolist()])
    return cache(lambda hydrant: pipe_distances(engine.network, lengths * engine.project.length_si, hydrant))
