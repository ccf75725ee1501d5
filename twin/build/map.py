"""The map of a built city: mains and sewers on the ground, so that a mistake of the design shows at a glance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from twin.build.city import City

SIZES = (
    (0.15, "up to DN 150", 0.7, "#7fb8d9"),
    (0.3, "DN 200 to 300", 1.7, "#2b7bba"),
    (9.9, "over DN 300", 3.0, "#08306b"),
)
"""Upper diameter in m, words, line width in points, colour of water mains."""
SEWERS = (
    (0.6, "up to DN 600", 0.7, "#c49a6c"),
    (1.2, "DN 700 to 1200", 1.7, "#a0522d"),
    (9.9, "over DN 1200", 3.0, "#4a1c0a"),
)
RIVER, TERMINAL, GATE = "#5aa0d8", "#7a3fa0", "#d4145a"


def draw_map(city: City, path: Path) -> None:
    """Two maps side by side: water supply, storm sewers. The same city gives the same bytes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    west, south, east, north = city.terrain.grid.bounds
    tall = (north - south) / (east - west)
    width = 15.0
    figure, axes = pyplot.subplots(
        1, 2, figsize=(width, (width - 2.2) / 2 * tall + 1.7), layout="constrained", sharey=True
    )
    for axis, title in zip(axes, ("Water supply", "Storm sewers"), strict=True):
        ground = _ground(city, axis)
        axis.set_title(f"{city.recipe.title or city.recipe.name}: {title.lower()}")
    _water(city, axes[0])
    _sewers(city, axes[1])
    for axis in axes:
        _terminal(city, axis)
        _frame(city, axis)
    axes[0].set_ylabel("north, km")
    bar = figure.colorbar(ground, ax=axes, shrink=0.8, pad=0.01, aspect=30)
    bar.set_label("ground, m")
    figure.savefig(path, dpi=110, bbox_inches="tight", pad_inches=0.15, metadata={"Software": None})
    pyplot.close(figure)


def _ground(city: City, axis: Axes) -> Any:
    t = city.terrain
    west, south, east, north = t.grid.bounds
    low, high = np.percentile(t.z[~t.water], [0.5, 99.5])
    axis.set_facecolor(RIVER)
    shown = np.where(t.water, np.nan, t.z)
    picture = axis.imshow(
        shown,
        origin="lower",
        extent=(west, east, south, north),
        cmap=_pale(),
        vmin=low,
        vmax=high,
        interpolation="nearest",
    )
    for s in city.streets.streets:
        axis.plot(*s.shape.T, color="#8f8f8f", lw=0.3 + 0.25 * s.rank, zorder=2)
    return picture


def _pale() -> Any:
    """Ground colours that let lines stand out: meadow to sand to stone."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("ground", ["#cfe3c4", "#eef0d5", "#efe2c6", "#dccbb5", "#f5f2ee"])


def _by_size(axis: Axes, lines: list[tuple[float, Any]], classes: Any) -> None:
    """Thin lines first, so that the large ones lie on top; one legend entry for each class that occurs."""
    from matplotlib.collections import LineCollection

    below = 0.0
    for k, (upto, words, width, colour) in enumerate(classes):
        mine = [shape for d, shape in lines if below < d <= upto + 1e-9]
        below = upto + 1e-9
        if mine:
            axis.add_collection(LineCollection(mine, colors=colour, linewidths=width, label=words, zorder=3 + k))


def _water(city: City, axis: Axes) -> None:
    w = city.water
    _by_size(axis, [(p.diameter_m, w.shapes[p.id]) for p in w.pipes], SIZES)
    hydrants = np.array([w.xy[int(i[1:]) - 1] for i in w.hydrants]).reshape(-1, 2)
    axis.scatter(hydrants[:, 0], hydrants[:, 1], s=7, color="#c1121f", label=f"hydrant ({len(hydrants)})", zorder=7)
    axis.scatter(
        w.station_xy[0],
        w.station_xy[1],
        s=110,
        marker="^",
        color="#ffb703",
        edgecolor="k",
        label="pumping station",
        zorder=9,
    )
    axis.scatter(w.tank_xy[0], w.tank_xy[1], s=90, marker="s", color="#8ecae6", edgecolor="k", label="tank", zorder=9)


def _sewers(city: City, axis: Axes) -> None:
    s = city.sewers
    _by_size(axis, [(s.down[n].diameter_m, s.down[n].shape) for n in s.order], SEWERS)
    outlets = np.array([s.roots[n] for n in sorted(s.roots)]).reshape(-1, 2)
    axis.scatter(
        outlets[:, 0], outlets[:, 1], s=70, marker="v", color="#fb8500", edgecolor="k", label="outfall", zorder=9
    )
    for k, station in enumerate(s.stations):
        words = "storm pumps and rising main" if k == 0 else None
        line = np.vstack([station.well_xy, station.bank_xy])
        axis.plot(*line.T, color="#6a040f", ls="--", lw=1.4, zorder=7)
        axis.plot(
            *station.well_xy, marker="P", ms=11, mec="k", mfc="#ffb703", ls="--", color="#6a040f", zorder=9, label=words
        )
    if len(city.terrain.dips):
        axis.scatter(
            city.terrain.dips[:, 0], city.terrain.dips[:, 1], s=60, marker="x", color="k", label="underpass", zorder=8
        )


def _terminal(city: City, axis: Axes) -> None:
    from matplotlib.patches import Polygon

    site = city.site
    axis.add_patch(
        Polygon(site.corners, facecolor=TERMINAL, alpha=0.25, edgecolor=TERMINAL, lw=1.5, label="terminal", zorder=6)
    )
    axis.plot(*site.quay.T, color=TERMINAL, lw=4, zorder=6, solid_capstyle="butt")
    axis.scatter(site.gate[0], site.gate[1], s=80, marker="D", color=GATE, edgecolor="k", label="gate", zorder=9)


def _frame(city: City, axis: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    west, south, east, north = city.terrain.grid.bounds
    axis.set(xlim=(west, east), ylim=(south, north), aspect="equal", xlabel="east, km")
    for ticks in (axis.xaxis, axis.yaxis):
        ticks.set_major_locator(MaxNLocator(6))
        ticks.set_major_formatter(FuncFormatter(lambda value, _: f"{value / 1000:.1f}"))
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.09), ncols=4, frameon=False, fontsize=9)
