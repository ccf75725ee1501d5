"""What `twin traffic assign` reads and writes: a problem from files, a table of links, a map, vehicles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from traffic.assignment.equilibrium import Equilibrium, solve
from traffic.assignment.graph import FloatArray, Graph
from traffic.assignment.roads import Roads, read_roads
from traffic.assignment.routes import draw_vehicles, write_routes
from traffic.assignment.tntp import read_tntp
from traffic.assignment.zones import read_matrix, read_zones
from twin.cli.show import Row, check_outs, feature, write_csv, write_geojson
from twin.whole import whole


@dataclass(frozen=True)
class Problem:
    """What is to be loaded. `roads` is None for a TNTP network, whose links have no shape."""

    graph: Graph
    demand: FloatArray
    roads: Roads | None


def load_problem(
    network: Path, demand: Path, zones: Path | None, vclass: str, hours: float, points: int = 4
) -> Problem:
    """Read the files of a command. Raises `ValueError` in a sentence."""
    for file in (network, demand, zones):
        if file is not None and not file.is_file():
            raise ValueError(f"{file}: there is no such file")
    if network.suffix == ".tntp":
        tntp = read_tntp(network, demand)
        return Problem(tntp.graph, tntp.demand, None)
    if zones is None:
        raise ValueError(
            "--zones is missing: a SUMO network has no zones of its own (districts by SUMO's <taz>, or GeoJSON)"
        )
    areas = read_zones(zones, network)
    matrix = read_matrix(demand, areas)
    roads = read_roads(network, areas, matrix, vclass, hours, points)
    return Problem(roads.graph, roads.demand, roads)


def solve_with_progress(problem: Problem, gap: float, most: int, threads: int) -> Equilibrium:
    """`solve`, with a line of progress on a terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("loading …") as status:

        def tell(count: int, now: float) -> None:
            status.update(f"loading {count}: relative gap {now:.1e}, wanted {gap:.0e}")

        return solve(problem.graph, problem.demand, gap, most, threads, tell)


def link_rows(problem: Problem, result: Equilibrium) -> list[Row]:
    """A row a link that carries somebody, the fullest first. Times of a SUMO network in s, else in the file's unit."""
    graph, roads = problem.graph, problem.roads
    full = result.volume / graph.capacity
    free, loaded = ("free_s", "time_s") if roads is not None else ("free_time", "time")
    rows: list[Row] = []
    for k in np.lexsort((np.arange(graph.links), -full)).tolist():
        if result.volume[k] <= 0 or (roads is not None and roads.edge_of[k] < 0):
            continue
        if roads is None:
            who: Row = {"from": int(graph.tail[k]) + 1, "to": int(graph.head[k]) + 1}
        else:
            e = int(roads.edge_of[k])
            who = {"edge": roads.ids[e], "street": roads.names[e]}
        rows.append(
            {
                **who, "volume": float(result.volume[k]), "capacity": float(graph.capacity[k]),
                "volume_over_capacity": float(full[k]), free: float(graph.free[k]), loaded: float(result.cost[k]),
            }
        )  # fmt: skip
    return rows


def write_answer(
    outs: Sequence[Path], problem: Problem, result: Equilibrium, rows: list[Row], begin: float, end: float, seed: int,
    vclass: str,
) -> int | None:  # fmt: skip
    """Write the files that were asked for; gives the number of vehicles when routes were."""
    routes = [p for p in outs if p.name.endswith(".rou.xml")]
    others = [p for p in outs if p not in routes]
    check_outs(others, (".csv", ".geojson", ".png", ".svg", ".pdf"))
    roads = problem.roads
    if roads is None and (routes or any(p.suffix != ".csv" for p in others)):
        raise ValueError("a TNTP network has no streets to drive on or to draw: only .csv can be written")
    count = None
    if routes and roads is not None:
        vehicles = draw_vehicles(roads, result, problem.demand, begin, end, seed)
        count = len(vehicles)
        for path in routes:
            write_routes(path, vehicles, vclass)
    for path in others:
        if path.suffix == ".csv":
            write_csv(path, rows)
        elif roads is not None and path.suffix == ".geojson":
            write_geojson(path, [feature("LineString", _shape(roads, r["edge"]), r) for r in rows])
        elif roads is not None:
            with whole(path) as part:
                draw(roads, rows, part)
    return count


def _shape(roads: Roads, edge: str) -> list[list[float]]:
    return [[float(x), float(y)] for x, y, *_ in roads.shapes[roads.ids.index(edge)]]


NAMED = 5
"""Streets that the map names: the fullest."""
CLASSES = (
    (0.0, "#9aa1ab", "under 50 %"),
    (0.5, "#efc100", "50 to 80 %"),
    (0.8, "#d95f02", "80 to 100 %"),
    (1.0, "#a01a2c", "over capacity"),
)


def draw(roads: Roads, rows: Sequence[Row], path: Path) -> None:
    """A map: width by volume, colour by volume over capacity, the fullest streets by name."""
    import matplotlib.pyplot as plt
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    figure, axes = plt.subplots(figsize=(9, 8), dpi=120)
    axes.add_collection(LineCollection([np.array(s)[:, :2] for s in roads.shapes], colors="#e3e5e8", linewidths=0.6))
    most = max((r["volume"] for r in rows), default=1.0)
    place: dict[str, Any] = {edge: k for k, edge in enumerate(roads.ids)}
    for low, colour, _ in CLASSES:
        high = next((c[0] for c in CLASSES if c[0] > low), np.inf)
        mine = [r for r in rows if low <= r["volume_over_capacity"] < high]
        lines = [np.array(roads.shapes[place[r["edge"]]])[:, :2] for r in mine]
        axes.add_collection(
            LineCollection(lines, colors=colour, linewidths=[0.5 + 5.0 * r["volume"] / most for r in mine])
        )
    axes.autoscale()
    axes.set_aspect("equal")
    axes.set_axis_off()
    named: dict[str, Row] = {}
    for row in sorted(rows, key=lambda r: -r["volume_over_capacity"]):
        named.setdefault(row["street"], row)
    for number, row in enumerate(list(named.values())[:NAMED], 1):
        x, y = np.array(roads.shapes[place[row["edge"]]])[:, :2].mean(axis=0)
        axes.annotate(
            str(number), (x, y), (8, 8), textcoords="offset points", fontsize=8, weight="bold",
            bbox={"boxstyle": "round,pad=0.2", "fc": "white", "ec": "#a01a2c"},
        )  # fmt: skip
    words = [
        f"{number}  {row['street']}: {row['volume']:,.0f} vehicles, {row['volume_over_capacity']:.0%} of its capacity"
        for number, row in enumerate(list(named.values())[:NAMED], 1)
    ]
    figure.text(0.13, 0.06, "\n".join(words), fontsize=8, va="top")
    axes.set_title(
        "Where the streets are full when nobody can save time by another way\n"
        f"Width: vehicles; the widest line carries {most:,.0f}", loc="left", fontsize=11,
    )  # fmt: skip
    axes.legend(
        [Line2D([], [], color=c, lw=4) for _, c, _ in CLASSES], [w for *_, w in CLASSES],
        title="of its capacity", loc="upper right",
    )  # fmt: skip
    figure.savefig(path, bbox_inches="tight")
    plt.close(figure)
