"""The most critical links: each closed on its own, ranked by what the city loses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from traffic.closing.batch import Base, Effect, run_base, run_effects
from traffic.closing.opening import Source
from traffic.fast.cases import Case
from twin.cli.show import Row, feature

STRANDED_H = 1.0
"""Hours that a stranded trip counts when links are ranked. A convention, and an option of the command."""


def candidates(source: Source, base: Base, links: int | None) -> list[str]:
    """The busiest edges of the run without closures; all that anybody drives on when `links` is None."""
    ids = source.bound.network.edge_ids
    order = np.argsort(-base.entered, kind="stable")
    used = [ids[k] for k in order if base.entered[k] > 0 and ids[k] in source.network.index]
    return used if links is None else used[:links]


def critical(
    source: Source,
    links: int | None = None,
    stranded_h: float = STRANDED_H,
    threads: int = 2,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[Base, list[Effect]]:
    """(the run as it is, effects of closing each candidate for the whole run, the worst first)."""
    base = run_base(source.bound, 0, source.share, source.period_s)
    edges = candidates(source, base, links)
    cases = [Case(edge, (edge,), source.begin_s) for edge in edges]
    effects = run_effects(source.bound, base, cases, threads, tell=lambda done: tell(done, len(cases)))
    return base, sorted(effects, key=lambda e: (-e.lost_h(stranded_h), e.name))


def link_rows(source: Source, effects: list[Effect], stranded_h: float) -> list[Row]:
    """A row for each link; `lost_h` is what they are ranked by."""
    return [
        {
            "rank": k,
            "edge": e.name,
            "street": source.network.street(e.name),
            "vehicles": e.flow,
            "lost_h": round(e.lost_h(stranded_h), 2),
            "added_h": round(e.added_h, 2),
            "stranded": e.stranded,
            "late": e.late,
            "rerouted": e.rerouted,
        }
        for k, e in enumerate(effects, 1)
    ]


def link_features(source: Source, rows: list[Row]) -> list[dict]:
    """Lines of the links for a map."""
    network = source.network
    return [feature("LineString", network.edges[network.index[row["edge"]]].shape, row) for row in rows]


def draw(source: Source, rows: list[Row], shown: int, path: Path) -> None:
    """Map of the network: all links that were closed by what they cost, the worst `shown` numbered."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.cm import ScalarMappable
    from matplotlib.collections import LineCollection
    from matplotlib.colors import LogNorm

    network = source.network
    figure, axes = plt.subplots(figsize=(10, 8), dpi=120)
    axes.add_collection(LineCollection([e.shape for e in network.edges], colors="#d5d9de", linewidths=0.8))
    costs = [max(row["lost_h"], 0.1) for row in rows] or [0.1]
    norm = LogNorm(0.1, max(*costs, 1.0))
    colours = plt.get_cmap("YlOrRd")
    for row, cost in zip(reversed(rows), reversed(costs), strict=True):
        shape = network.edges[network.index[row["edge"]]].shape
        worst = row["rank"] <= shown
        axes.plot(*shape.T, color=colours(norm(cost)), lw=4.0 if worst else 1.6, solid_capstyle="round")
    _number(axes, source, rows[:shown])
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.autoscale_view()
    axes.set_title(f"What the city loses when a single link is closed ({source.file.name})", loc="left")
    bar = figure.colorbar(ScalarMappable(norm, colours), ax=axes, shrink=0.6, pad=0.01)
    bar.set_label("vehicle-hours lost")
    figure.savefig(path, bbox_inches="tight")
    plt.close(figure)


def _number(axes: Any, source: Source, rows: list[Row]) -> None:
    """Numbers beside the worst links and their names in a list below."""
    network = source.network
    lines = []
    for row in rows:
        shape = network.edges[network.index[row["edge"]]].shape
        axes.annotate(
            str(row["rank"]), shape.mean(axis=0), xytext=(7, 7), textcoords="offset points", fontsize=9, weight="bold",
            bbox={"boxstyle": "round,pad=0.2", "fc": "white", "ec": "#a01a2c"},
            arrowprops={"arrowstyle": "-", "color": "#a01a2c"}, zorder=5,
        )  # fmt: skip
        lines.append(f"{row['rank']:>2}  {row['street']}: {row['lost_h']:,.0f} h, {row['stranded']} stranded")
    axes.text(0, -0.02, "\n".join(lines), transform=axes.transAxes, va="top", fontsize=8, family="monospace")
