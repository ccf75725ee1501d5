"""A queue run against what was counted and timed on the roads (see `traffic.acceptance`), with exact moments."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from traffic.acceptance import Acceptance, read_counts, read_journeys
from traffic.fast.layout import LAST
from traffic.network import RoadNetwork
from traffic.queueing.run import CoupledRun


class QueueAcceptance(Acceptance):
    """Counts grow at each exchange; journeys are read from the exits of all vehicles that kept their planned way."""

    def __init__(self, run: CoupledRun, counts: Path | None, journeys: Path | None, network: RoadNetwork) -> None:
        super().__init__(
            read_counts(counts, network) if counts is not None else [],
            read_journeys(journeys, network) if journeys is not None else [],
        )
        self.run = run
        self._rows_at = [run.bound.network.index[count.edge] for count in self.counts]
        self._before = self._entered()

    def _entered(self) -> list[int]:
        total = self.run.state.entered.sum(axis=0)
        return [int(total[e]) for e in self._rows_at]

    def look(self) -> None:
        """Count who has come onto the edges since the last look."""
        if not self.counts:
            return
        now_s, entered = self.run.now_s, self._entered()
        for count, now, before in zip(self.counts, entered, self._before, strict=True):
            if count.begin_s < now_s <= count.end_s:
                count.modelled += now - before
        self._before = entered

    def time_journeys(self) -> None:
        """Journey times from entering the first edge to entering the last."""
        run, index = self.run, self.run.bound.network.index
        for journey in self.journeys:
            first, last = index[journey.first], index[journey.last]
            journey.taken_s = []
            for v, row in enumerate(run.fleet.vehicle):
                way = self._way(int(row["route"]), int(row["origin"]))
                if first not in way or last not in way[way.index(first) + 1 :]:
                    continue
                a = way.index(first)
                b = way.index(last, a + 1)
                exits = run.state.exits[int(row["exits"]) :]
                begin = float(exits[a - 1]) if a else float(run.state.vehicle["depart"][v])
                end = float(exits[b - 1])
                if np.isfinite(begin) and np.isfinite(end):
                    journey.taken_s.append(end - begin)

    def _way(self, at: int, origin: int) -> list[int]:
        """Edges of a planned route."""
        turns = self.run.fleet.turn
        edges = [origin]
        while turns[at] != LAST:
            edges.append(int(self.run.roads.turn[turns[at]]["end"]))
            at += 1
        return edges
