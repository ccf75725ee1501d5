"""A run against what was counted and timed on the roads: GEH by link and interval, and journey times.

GEH = √(2 (M − C)² / (M + C)) with hourly flows M (modelled) and C (counted); good below 5 on at least 85 % of links. A
journey time is good within 15 % of the measured one, or within 1 min if that is more (DMRB, Volume 12).
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from traffic.demand import seconds
from traffic.network import RoadNetwork, elements
from twin.model import Metric, Table
from twin.scenario.problems import suggest

GEH_GOOD = 5.0
_COUNTED = ("entered", "count", "qPKW", "left")


@dataclass
class Count:
    """What was counted on an edge between two times (s, SUMO's clock), and what the run gave."""

    edge: str
    begin_s: float
    end_s: float
    counted: float
    modelled: int = 0


@dataclass
class Journey:
    """A measured journey time between two edges, from entering the first to entering the last; `taken_s` are the
    run's vehicles."""

    first: str
    last: str
    seconds: float
    taken_s: list[float] = field(default_factory=list)
    since: dict[str, float] = field(default_factory=dict)

    @property
    def modelled_s(self) -> float | None:
        return sum(self.taken_s) / len(self.taken_s) if self.taken_s else None

    @property
    def good(self) -> bool | None:
        """None where no vehicle of the run drove from one to the other."""
        mean = self.modelled_s
        return None if mean is None else abs(mean - self.seconds) <= max(0.15 * self.seconds, 60.0)


def geh(modelled_per_h: float, counted_per_h: float) -> float:
    """The GEH statistic of two hourly flows; 0 when both are 0."""
    both = modelled_per_h + counted_per_h
    return math.sqrt(2 * (modelled_per_h - counted_per_h) ** 2 / both) if both > 0 else 0.0


def read_counts(path: Path, network: RoadNetwork) -> list[Count]:
    """Counts of a SUMO edgeData file. Raises `ValueError` with a sentence for a wrong file or edge."""
    found: list[Count] = []
    try:
        for depth, interval in elements(path):
            if depth != 1 or interval.tag != "interval":
                continue
            begin, end = seconds(interval.get("begin", "0")), seconds(interval.get("end", "0"))
            if end <= begin:
                raise ValueError(f"{path.name}: an interval ends at {end:g} s, not after its begin at {begin:g} s")
            for one in interval.iter("edge"):
                edge = one.get("id", "")
                value = next((one.get(key) for key in _COUNTED if one.get(key) is not None), None)
                if value is None:
                    raise ValueError(f"{path.name}: edge '{edge}' has no `entered`, `count` or `left`")
                _known(path, edge, network)
                found.append(Count(edge, begin, end, float(value)))
    except ElementTree.ParseError as error:
        raise ValueError(f"{path.name} is not a whole XML file: {error}") from error
    if not found:
        raise ValueError(f"{path.name} has no counts (edges within intervals)")
    return found


def read_journeys(path: Path, network: RoadNetwork) -> list[Journey]:
    """Journey times of a CSV file. Raises `ValueError` with the line for a wrong one."""
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = {"from_edge", "to_edge", "seconds"} - set(reader.fieldnames or ())
        if missing:
            raise ValueError(f"{path.name} has no column {', '.join(sorted(missing))}")
        found = []
        for number, row in enumerate(reader, 2):
            try:
                measured = float(row["seconds"])
            except (TypeError, ValueError):
                raise ValueError(f"{path.name}:{number}: '{row['seconds']}' is no number of seconds") from None
            if not measured > 0:
                raise ValueError(f"{path.name}:{number}: a journey of {measured:g} s cannot be")
            for key in ("from_edge", "to_edge"):
                _known(path, row[key], network, number)
            found.append(Journey(row["from_edge"], row["to_edge"], measured))
    return found


def _known(path: Path, edge: str, network: RoadNetwork, line: int | None = None) -> None:
    if edge not in network.index:
        where = path.name if line is None else f"{path.name}:{line}"
        raise ValueError(f"{where}: no edge '{edge}' in {network.path.name}.{suggest(edge, network.index)}")


@dataclass
class Acceptance:
    """Watches the edges concerned at each step. A vehicle that is on an edge for less than a step is not seen."""

    counts: list[Count]
    journeys: list[Journey]
    _on: dict[str, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        edges = {c.edge for c in self.counts} | {e for j in self.journeys for e in (j.first, j.last)}
        self._on = dict.fromkeys(sorted(edges), frozenset())

    @classmethod
    def of(cls, counts: Path | None, journeys: Path | None, network: RoadNetwork) -> Acceptance | None:
        """None where the scenario gives neither."""
        if counts is None and journeys is None:
            return None
        return cls(
            read_counts(counts, network) if counts is not None else [],
            read_journeys(journeys, network) if journeys is not None else [],
        )

    def after_step(self, lib: Any, now_s: float) -> None:
        """Who has entered which edge; `lib` is libsumo, `now_s` SUMO's clock."""
        entered: dict[str, frozenset[str]] = {}
        for edge, before in self._on.items():
            here = frozenset(lib.edge.getLastStepVehicleIDs(edge))
            if here != before:
                self._on[edge] = here
                entered[edge] = here - before
        if not entered:
            return
        for count in self.counts:
            if count.begin_s < now_s <= count.end_s and count.edge in entered:
                count.modelled += len(entered[count.edge])
        for journey in self.journeys:
            for vid in sorted(entered.get(journey.last, ())):
                since = journey.since.pop(vid, None)
                if since is not None:
                    journey.taken_s.append(now_s - since)
            journey.since.update(dict.fromkeys(entered.get(journey.first, ()), now_s))

    def _rows(self, now_s: float) -> list[tuple[str, float, float, float, float, float]]:
        """(edge, begin, end, counted and modelled per hour, GEH) of the intervals that are over."""
        rows = []
        for count in self.counts:
            if count.end_s <= now_s + 1e-6:
                per_h = 3600 / (count.end_s - count.begin_s)
                c, m = count.counted * per_h, count.modelled * per_h
                rows.append((count.edge, count.begin_s, count.end_s, c, m, geh(m, c)))
        return rows

    def summary(self, now_s: float) -> dict[str, Metric]:
        """Shares of what is good."""
        found = {}
        rows = self._rows(now_s)
        if self.counts:
            share = 100 * sum(row[-1] < GEH_GOOD for row in rows) / len(rows) if rows else None
            found["counts_good"] = Metric(share, "%", "Counts with GEH below 5 (85 % is asked for)", "higher")
        if self.journeys:
            judged = [j.good for j in self.journeys if j.good is not None]
            share = 100 * sum(judged) / len(judged) if judged else None
            found["journeys_good"] = Metric(share, "%", "Journey times within 15 % or 1 min", "higher")
        return found

    def tables(self, now_s: float, network: RoadNetwork) -> dict[str, Table]:
        """`counts` and `journeys`, where the scenario gives them."""
        found = {}
        if self.counts:
            found["counts"] = Table(
                ("street", "edge", "from_s", "to_s", "counted_per_h", "modelled_per_h", "geh"),
                [(network.street(e), e, b, t, round(c, 1), round(m, 1), round(g, 2))
                 for e, b, t, c, m, g in self._rows(now_s)],
                "Counted and modelled flows; GEH below 5 is good.",
            )  # fmt: skip
        if self.journeys:
            found["journeys"] = Table(
                ("from_edge", "to_edge", "measured_s", "modelled_s", "vehicles", "good"),
                [(j.first, j.last, j.seconds, None if j.modelled_s is None else round(j.modelled_s, 1),
                  len(j.taken_s), j.good) for j in self.journeys],
                "Measured and modelled journey times; good within 15 % or 1 min.",
            )  # fmt: skip
        return found
