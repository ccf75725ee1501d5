"""Where did an illegal discharge enter? The likely nodes upstream of the sensors that noticed it, with probabilities.

    >>> answer = trace(hydraulics, readings)                                           # doctest: +SKIP
    >>> answer.rows(3)                                                                 # doctest: +SKIP

`hydraulics` may come from a SWMM run or from Manning's law (`drainage.tracing.hydraulics`), readings from a file or
from a live feed (`drainage.tracing.readings`). How likely a node is, and on what assumptions: `drainage.tracing.score`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drainage.tracing.hydraulics import Hydraulics
from drainage.tracing.readings import Arrivals, Series
from drainage.tracing.score import ErrorModel, Ranking, Span, rank_arrivals, rank_series
from twin.places import FloatArray
from twin.scenario.problems import ScenarioError

CREDIBLE = 0.9
LEAST = 1e-4
"""Nodes below this probability are left out of the table."""


@dataclass(frozen=True)
class Traced:
    """The ranking, and what makes it readable: order of nodes, and distances to the sensors along the pipes."""

    hydraulics: Hydraulics
    ranking: Ranking
    sensors: tuple[str, ...]
    silent: tuple[str, ...]
    order: NDArray[np.int64]

    def rows(self, most: int = 50) -> list[dict[str, Any]]:
        """The likeliest nodes: stable keys; times in s since the file's start, mass in the readings' unit times m3."""
        h, r = self.hydraulics, self.ranking
        to_sensor = distance_along(h, [h.node(s) for s in self.sensors])
        sofar = np.cumsum(r.probability[self.order])
        return [
            {
                "rank": k + 1, "node": h.nodes[n], "probability": float(r.probability[n]),
                "cumulative": float(sofar[k]),
                "start_s": float(r.start_s[n]), "duration_s": float(r.duration_s[n]),
                "mass_g": None if np.isnan(r.mass_g[n]) else float(r.mass_g[n]),
                "to_sensor_m": float(to_sensor[n]), "x": float(h.xy[n, 0]), "y": float(h.xy[n, 1]),
            }
            for k, n in enumerate(self.order[:most])
            if k == 0 or r.probability[n] > LEAST
        ]  # fmt: skip

    @property
    def credible(self) -> NDArray[np.int64]:
        """The fewest nodes that hold 90 % of the probability."""
        sofar = np.cumsum(self.ranking.probability[self.order])
        return self.order[: int(np.searchsorted(sofar, CREDIBLE)) + 1]

    @property
    def credible_m(self) -> float:
        """Length of the pipes between nodes of the credible set, m."""
        inside = np.zeros(len(self.hydraulics.nodes), dtype=bool)
        inside[self.credible] = True
        h = self.hydraulics
        return float(h.length_m[inside[h.first] & inside[h.second]].sum())


def trace(h: Hydraulics, readings: Series | Arrivals, errors: ErrorModel = ErrorModel(), span: Span = Span()) -> Traced:
    """Rank all nodes. `ScenarioError`: a sensor is no node, reads after the flows end, or has nothing upstream."""
    last = np.nanmax(readings.time_s)
    if last > h.duration_s + h.step_s:
        raise ScenarioError(
            [
                f"a reading at {last / 3600:.2f} h lies after the end of the flows ({h.duration_s / 3600:.2f} h): "
                "let the sewer file run longer (END_DATE, END_TIME)"
            ]
        )
    if isinstance(readings, Series):
        ranking = rank_series(h, readings, errors, span)
        loud = [n for n, v in zip(readings.node, readings.value, strict=True) if v > 0]
    else:
        ranking = rank_arrivals(h, readings, errors, span)
        loud = [n for n, t in zip(readings.node, readings.time_s, strict=True) if np.isfinite(t)]
    if not ranking.probability.any():
        raise ScenarioError(
            [f"no node lies upstream of the sensors that noticed something ({', '.join(dict.fromkeys(loud))})"]
        )
    order = np.lexsort((np.arange(len(h.nodes)), -ranking.probability))
    sensors = tuple(dict.fromkeys(loud))
    silent = tuple(n for n in dict.fromkeys(readings.node) if n not in sensors)
    return Traced(h, ranking, sensors, silent, order)


def distance_along(h: Hydraulics, goals: list[int]) -> FloatArray:
    """(n,) shortest way along the pipes from each node to the nearest goal, m; inf where there is none."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import dijkstra

    n = len(h.nodes)
    graph = coo_matrix((np.maximum(h.length_m, 1e-3), (h.first, h.second)), shape=(n, n)).tocsr()
    return np.asarray(dijkstra(graph, directed=False, indices=goals, min_only=True))
