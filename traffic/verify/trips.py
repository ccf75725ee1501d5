"""Trips as one engine drove them, on disk: what a child process hands back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from traffic.fast.compare import Journey


def write_journeys(path: Path, journeys: Mapping[str, Journey]) -> None:
    """One compressed file of arrays."""
    names: dict[str, int] = {}
    edges = [names.setdefault(edge, len(names)) for journey in journeys.values() for edge in journey.edges]
    exits = [journey.exits_s for journey in journeys.values()]
    np.savez_compressed(
        path,
        ids=np.array(list(journeys), dtype=np.str_),
        depart=np.array([journey.depart_s for journey in journeys.values()]),
        lengths=np.array([len(journey.edges) for journey in journeys.values()], dtype=np.int64),
        names=np.array(list(names), dtype=np.str_),
        edges=np.array(edges, dtype=np.int32),
        exits=np.concatenate(exits) if exits else np.zeros(0),
    )


def read_journeys(path: Path) -> dict[str, Journey]:
    """The same trips again."""
    with np.load(path) as found:
        stop = np.cumsum(found["lengths"])
        edges, exits = found["names"][found["edges"]].tolist() if found["edges"].size else [], found["exits"]
        ids, depart = found["ids"].tolist(), found["depart"].tolist()
        begin = (stop - found["lengths"]).tolist()
    return {
        vid: Journey(depart[k], tuple(edges[begin[k] : stop[k]]), exits[begin[k] : stop[k]])
        for k, vid in enumerate(ids)
    }
