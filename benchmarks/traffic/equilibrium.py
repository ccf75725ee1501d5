"""Time to a relative gap of 1e-5: Sioux Falls, Anaheim, and a synthetic city of Chicago's size, one and two threads.

The peer is the same problem by plain Frank–Wolfe with the same shortest ways: what the conjugate directions are worth.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from traffic.assignment.equilibrium import solve
from traffic.assignment.graph import FloatArray, Graph, make_graph
from traffic.assignment.tntp import read_tntp

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "traffic" / "TransportationNetworks"
GAP = 1e-5


def synthetic(zones: int = 387, side: int = 24, seed: int = 1) -> tuple[Graph, FloatArray]:
    """A grid of the size of Chicago's sketch network (387 zones, 933 nodes, 2,950 links); zones tied to streets."""
    rng = np.random.default_rng(seed)
    streets = side * side
    at = np.arange(streets).reshape(side, side)
    pairs = np.concatenate([np.c_[at[:, :-1].ravel(), at[:, 1:].ravel()], np.c_[at[:-1].ravel(), at[1:].ravel()]])
    pairs = np.concatenate([pairs, pairs[:, ::-1]]) + zones
    home = zones + rng.choice(streets, zones, replace=False)
    ties = np.concatenate([np.c_[np.arange(zones), home], np.c_[home, np.arange(zones)]])
    tail, head = np.concatenate([pairs, ties]).T
    free = np.concatenate([rng.uniform(1, 4, len(pairs)), np.full(len(ties), 0.5)])
    capacity = np.concatenate([rng.uniform(2000, 6000, len(pairs)), np.full(len(ties), 1e6)])
    graph, _ = make_graph(tail, head, free, capacity, 0.15, 4.0, zones + streets, zones, zones)
    xy = np.c_[np.divmod(home - zones, side)]
    away = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    demand = np.exp(-away / 6.0) * rng.uniform(0.5, 1.5, away.shape)
    np.fill_diagonal(demand, 0.0)
    return graph, demand * (400_000 / demand.sum())


def plain_frank_wolfe(graph: Graph, demand: FloatArray, gap: float, most: int) -> tuple[int, float]:
    """Loadings and last gap of the method without conjugate directions."""
    from traffic.assignment.equilibrium import _line_search
    from traffic.assignment.kernels import all_or_nothing

    x, y, none = np.zeros(graph.links), np.zeros(graph.links), np.zeros(graph.zones)

    def load(cost: FloatArray, out: FloatArray) -> float:
        return all_or_nothing(graph.starts, graph.tail, graph.head, cost, demand, graph.first_thru, out, none)

    load(graph.cost(x), x)
    relative = 1.0
    for count in range(1, most + 1):
        cost = graph.cost(x)
        shortest = load(cost, y)
        relative = 1.0 - shortest / float(cost @ x)
        if relative <= gap:
            return count, relative
        x = x + _line_search(graph, x, y - x) * (y - x)
    return most, relative


def main() -> None:
    problems: dict[str, tuple[Graph, FloatArray]] = {}
    for folder in ("SiouxFalls", "Anaheim"):
        if DATA.is_dir():
            read = read_tntp(DATA / folder / f"{folder}_net.tntp", DATA / folder / f"{folder}_trips.tntp")
            problems[folder] = (read.graph, read.demand)
    problems["synthetic"] = synthetic()
    print(
        f"{'network':<12}{'zones':>6}{'links':>7}{'threads':>8}{'loadings':>9}{'gap':>9}{'seconds':>9}"
        "   plain Frank–Wolfe"
    )
    for name, (graph, demand) in problems.items():
        solve(graph, demand, 0.5, 2)
        for threads in (1, 2):
            start = time.perf_counter()
            found = solve(graph, demand, GAP, 3000, threads)
            spent = time.perf_counter() - start
            peer = ""
            if threads == 1:
                start = time.perf_counter()
                count, gap = plain_frank_wolfe(graph, demand, GAP, 5 * found.loadings)
                peer = f"{count} loadings, gap {gap:.1e}, {time.perf_counter() - start:.2f} s"
            size = f"{name:<12}{graph.zones:>6}{graph.links:>7}{threads:>8}"
            print(f"{size}{found.loadings:>9}{found.gap:>9.1e}{spent:>9.3f}   {peer}")


if __name__ == "__main__":
    main()
