"""From readings to a finding: which hydrant, how far open, since when, and how sure that is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hydraulics.network import Network
from hydraulics.watch.match import Templates, alarm_level, best_intervals, make_templates, whitened
from hydraulics.watch.readings import FLOW, Readings, Sensor
from hydraulics.watch.signatures import Field, Provider, Question, epanet_field
from twin.places import FloatArray

LARGEST_METER = 20.0 / 3600.0
"""m3/s: a standpipe with the largest usual meter (Q3 16, overload 20 m3/h; ISO 4064-1) gives no more."""
FIRE_DEMAND = 192.0 / 3600.0
"""m3/s: the largest basic fire-fighting demand of DVGW W 405 (192 m3/h)."""


@dataclass(frozen=True)
class WatchSettings:
    """How to look. Noise is given as standard deviations.

    openings_m2       free areas of an opened hydrant that are solved; between them is interpolated
    pressure_noise_m  of a pressure sensor        flow_noise  of a flow sensor, m3/s
    demand_noise      of a junction's demand over its mean, each junction by itself
    every_s           signatures are worked out anew after this long
    quiet             so many first readings are known to be without an open hydrant; they take out each sensor's offset
    false_alarms      share of reading sets without any open hydrant in which an alarm is accepted
    sure              the likely hydrants together have at least this probability
    allowed           hydrants in use with the utility's knowledge: reported, but as allowed
    """

    openings_m2: tuple[float, ...] = (1e-4, 4e-4, 12e-4, 30e-4, 80e-4)
    pressure_noise_m: float = 0.3
    flow_noise: float = 0.5e-3
    demand_noise: float = 0.1
    samples: int = 400
    every_s: int = 3600
    quiet: int = 0
    false_alarms: float = 0.01
    sure: float = 0.9
    seed: int = 1
    allowed: frozenset[str] = frozenset()
    required_pressure_m: float = 20.0
    demand: str = "pressure_driven"


@dataclass(frozen=True)
class Finding:
    """An open hydrant. `kind`: drawn, open, knocked over, or allowed; `likely` hydrants with their probabilities."""

    hydrant: str
    kind: str
    probability: float
    opening_m2: float
    flow: float
    from_s: int
    to_s: int
    ended: bool
    score: float
    likely: tuple[tuple[str, float], ...]

    @property
    def text(self) -> str:
        """One sentence."""
        what = {
            "drawn": "is being drawn from",
            "open": "is open",
            "knocked over": "is open without a nozzle, as if knocked over",
            "allowed": "is in use, as allowed",
        }[self.kind]
        until = f" until {_clock(self.to_s)}" if self.ended else ""
        near = (
            f"; {len(self.likely)} hydrants hold {sum(p for _, p in self.likely):.0%}" if len(self.likely) > 1 else ""
        )
        which = f"hydrant {self.hydrant}" if self.probability >= 0.5 else f"a hydrant, most likely {self.hydrant},"
        return (
            f"{which} {what} since {_clock(self.from_s)}{until}: about {self.flow * 1e3:.1f} L/s "
            f"(probability {self.probability:.0%}{near})"
        )


@dataclass(frozen=True)
class Diagnosis:
    """`score` is the highest that was found, `alarm_at` the one from which a hydrant counts as found.

    probability (h,) of every hydrant, given that one is open; residual (t, s) reading − model, m or m3/s
    """

    findings: tuple[Finding, ...]
    score: float
    alarm_at: float
    hydrants: tuple[str, ...]
    probability: FloatArray
    residual: FloatArray = field(repr=False)

    @property
    def alarm(self) -> bool:
        return bool(self.findings)


def watch(
    inp: Path,
    readings: Readings,
    hydrants: Sequence[str],
    settings: WatchSettings | None = None,
    provider: Provider = epanet_field,
) -> Diagnosis:
    """Look for an open hydrant in readings.

    inp       the network, whose clock the readings' times are on
    hydrants  junctions at which one stands
    provider  who works out the signatures (EPANET unless told otherwise)

    One hydrant is looked for; two that are open at once are told as the one that explains most.
    """
    settings = settings or WatchSettings()
    return Matcher(provider(question(inp, readings, hydrants, settings)), readings.sensors, hydrants, settings).look(
        readings.values, readings.times_s
    )


def question(inp: Path, readings: Readings, hydrants: Sequence[str], settings: WatchSettings) -> Question:
    """What a provider has to work out for these readings."""
    moments = [readings.times_s[0]]
    for time_s in readings.times_s:
        if time_s - moments[-1] >= settings.every_s:
            moments.append(time_s)
    return Question(
        inp=inp,
        sensors=readings.sensors,
        hydrants=tuple(hydrants),
        openings_m2=settings.openings_m2,
        times_s=readings.times_s,
        moments_s=tuple(moments),
        demand_noise=settings.demand_noise,
        samples=settings.samples,
        seed=settings.seed,
        settings=(("demand", settings.demand), ("required_pressure", f"{settings.required_pressure_m} m")),
    )


class Matcher:
    """Signatures of a network made ready for many looks at readings of the same times."""

    def __init__(
        self, found: Field, sensors: Sequence[Sensor], hydrants: Collection[str], settings: WatchSettings
    ) -> None:
        self.field, self.settings, self.hydrants = found, settings, tuple(hydrants)
        noise = [settings.flow_noise if s.kind == FLOW else settings.pressure_noise_m for s in sensors]
        extra = 1.0 + 1.0 / settings.quiet if settings.quiet else 1.0
        self._sigma = np.array(noise) * np.sqrt(extra)
        self._ready: dict[bytes, tuple[Templates, float]] = {}

    def _templates(self, silent: np.ndarray) -> tuple[Templates, float]:
        key = np.packbits(silent).tobytes()
        if key not in self._ready:
            made = make_templates(self.field, self.settings.openings_m2, self._sigma, silent)
            self._ready[key] = made, alarm_level(made, self.settings.false_alarms, self.settings.seed)
        return self._ready[key]

    def look(self, values: FloatArray, times_s: Sequence[int]) -> Diagnosis:
        """The finding for one set of readings (t, s)."""
        residual = values - self.field.base
        if self.settings.quiet:
            calm = residual[: self.settings.quiet]
            known = np.isfinite(calm)
            residual = residual - np.where(known, calm, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        templates, alarm_at = self._templates(~np.isfinite(residual))
        best = best_intervals(templates, whitened(templates, residual))
        probability = best.probability
        top = int(best.score.argmax())
        findings: tuple[Finding, ...] = ()
        if best.coarse > alarm_at:
            first, last, level = int(best.first[top]), int(best.last[top]), float(best.level[top])
            flow = between(templates.outflow[templates.group[first : last + 1], top].mean(axis=0), level)
            findings = (
                Finding(
                    hydrant=self.hydrants[top],
                    kind=self._kind(self.hydrants[top], flow),
                    probability=float(probability[top]),
                    opening_m2=between(templates.opening, level),
                    flow=flow,
                    from_s=int(times_s[first]),
                    to_s=int(times_s[last]),
                    ended=last < len(times_s) - 1,
                    score=float(best.score[top]),
                    likely=self._likely(probability),
                ),
            )
        return Diagnosis(findings, best.coarse, alarm_at, self.hydrants, probability, residual)

    def _kind(self, hydrant: str, flow: float) -> str:
        if hydrant in self.settings.allowed:
            return "allowed"
        if flow <= LARGEST_METER:
            return "drawn"
        return "open" if flow <= FIRE_DEMAND else "knocked over"

    def _likely(self, probability: FloatArray) -> tuple[tuple[str, float], ...]:
        order = np.argsort(-probability, kind="stable")
        enough = int(np.searchsorted(np.cumsum(probability[order]), self.settings.sure)) + 1
        return tuple((self.hydrants[i], float(probability[i])) for i in order[:enough])


def pipe_distances(network: Network, lengths_m: FloatArray, junction: str) -> dict[str, float]:
    """Metres along pipes from a junction to every node; other links count as long as their pipe length (0 if none)."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import dijkstra

    n = len(network.node_ids)
    ends = network.link_nodes - 1
    shortest: dict[tuple[int, int], float] = {}
    for (a, b), length in zip(ends.tolist(), lengths_m.tolist(), strict=True):
        shortest[a, b] = min(max(length, 1e-3), shortest.get((a, b), np.inf))
    keys = np.array(list(shortest)).reshape(-1, 2)
    graph = coo_matrix((list(shortest.values()), (keys[:, 0], keys[:, 1])), shape=(n, n)).tocsr()
    number = {name: k - 1 for k, name in network.node_ids.items()}
    metres = dijkstra(graph, directed=False, indices=number[junction])
    return {name: float(metres[k]) for name, k in number.items()}


def between(values: FloatArray, level: float) -> float:
    """The value at a level that may lie between two."""
    return float(np.interp(level, np.arange(len(values)), values))


def _clock(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    text = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}"
    return f"day {days + 1} {text}" if days else text
