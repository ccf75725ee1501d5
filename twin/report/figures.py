"""The report's pictures as PNG files for papers: the map at its worst, the curves, the story by the clock."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from twin.clock import hhmm, to_us
from twin.model import Layer
from twin.places import FloatArray, Grid, Lines
from twin.report.curves import COLOURS, Chart, charts
from twin.report.layers import Box, Shown, backdrop_shapes, extent, picture_times, rows_at, shown_layers
from twin.report.parts import Told, told
from twin.report.plots import axis_label, limits, second_colour
from twin.report.words import section_title
from twin.results.view import RunView

DPI = 160
MOST_ROWS = 24
"""Sentences on the timeline; the heaviest are kept."""


def write_figures(view: RunView, base: RunView | None = None, domains: Mapping[str, Any] | None = None) -> list[Path]:
    """Write `figures/*.png` into the run's folder and give their paths: map, curves of each section, timeline."""
    if domains is None:
        from twin.domains import INSTALLED

        domains = INSTALLED
    folder = view.path / "figures"
    folder.mkdir(exist_ok=True)
    made: list[tuple[str, Figure]] = []
    shown = [s for s in shown_layers(view, domains) if s.layer.on]
    if shown:
        made.append(("map", _map(view, shown)))
    found = charts([view] if base is None else [view, base], domains)
    for section in dict.fromkeys(chart.section for chart in found):
        title = section_title(section, domains)
        made.append((f"curves-{section}", _curves(view, title, [c for c in found if c.section == section])))
    beats = [t for t in told(view, base, domains) if t.beat.time_us is not None]
    if beats:
        made.append(("timeline", _timeline(view, beats, domains)))
    paths = []
    for name, figure in made:
        paths.append(folder / f"{name}.png")
        figure.savefig(paths[-1], dpi=DPI, bbox_inches="tight", pad_inches=0.1)
    return paths


def worst_picture(view: RunView, shown: list[Shown]) -> tuple[FloatArray, int]:
    """The times of the map's pictures, and the one with most on its grids (or most in the upper classes)."""
    times = picture_times(view, shown)
    grids = [s for s in shown if isinstance(s.places, Grid)] or shown
    amount = np.zeros(len(times))
    for item in grids:
        for i, row in rows_at(view, item.section, item.layer.port, times):
            amount[i] += float(np.nansum(np.where(row >= item.layer.breaks[0], row, 0), dtype=np.float64))
    return times, int(amount.argmax())


def _map(view: RunView, shown: list[Shown]) -> Figure:
    times, worst = worst_picture(view, shown)
    box = extent([s.places for s in shown])
    east0, north0 = box.origin
    wide = (box.east - box.west) / max(box.north - box.south, 1e-9)
    figure = Figure(figsize=(float(np.clip(6.2 * wide, 4, 9)) + 2.4, 6.6), layout="constrained")
    axes = figure.add_subplot()
    streets, areas = backdrop_shapes(view)
    shift = np.array([east0, north0])
    axes.add_collection(LineCollection([s - shift for s in streets], colors="#c3c7cd", linewidths=0.5, zorder=3))
    for area in areas:
        axes.fill(*(area - shift).T, facecolor="#e4ddd0", edgecolor="#8d8471", linewidth=0.6, zorder=1)
    keys: list[Any] = []
    for item in shown:
        values = next(row for i, row in rows_at(view, item.section, item.layer.port, times) if i == worst)
        _draw(axes, item, values, box)
        keys += [Line2D([], [], linestyle="none", label=item.layer.title), *_keys(item.layer)]
    axes.set(
        xlim=(box.west - east0, box.east - east0),
        ylim=(box.south - north0, box.north - north0),
        aspect="equal",
        facecolor="#f7f7f5",
        xlabel=axis_label("Easting", east0),
        ylabel=axis_label("Northing", north0),
        title=f"{view.title}, {hhmm(view.start, to_us(times[worst]))}",
    )
    legend = figure.legend(handles=keys, loc="outside right upper", frameon=False, fontsize=8)
    headings = {s.layer.title for s in shown}
    for text in legend.get_texts():
        if text.get_text() in headings:
            text.set_fontweight("bold")
    return figure


def _draw(axes: Any, item: Shown, values: Any, box: Box) -> None:
    layer, places = item.layer, item.places
    shift = np.array(box.origin)
    if isinstance(places, Grid):
        colours = ListedColormap(list(layer.colours[1:]))
        picture = np.ma.masked_less(np.nan_to_num(values).reshape(places.ny, places.nx), layer.breaks[0])
        west, south, east, north = places.bounds
        axes.imshow(
            picture,
            origin="lower",
            extent=(west - shift[0], east - shift[0], south - shift[1], north - shift[1]),
            cmap=colours,
            norm=BoundaryNorm([*layer.breaks, max(1e6, layer.breaks[-1] * 10)], colours.N),
            interpolation="nearest",
            alpha=0.9,
            zorder=2,
        )
        return
    classes = np.digitize(values, layer.breaks)
    widths = np.array(layer.widths or (1.5 if layer.kind == "lines" else 5.0,) * len(layer.colours))[classes] * 0.6
    colours_of = [layer.colours[c] for c in classes]
    if isinstance(places, Lines):
        shapes = [s - shift for s in places.shapes]
        axes.add_collection(LineCollection(shapes, colors=colours_of, linewidths=widths, zorder=4, capstyle="round"))
    else:
        xy = np.asarray(places.xy) - shift  # type: ignore[union-attr]
        axes.scatter(*xy.T, s=widths**2, c=colours_of, edgecolors="#24282d", linewidths=0.3, zorder=5)


def _keys(layer: Layer) -> list[Any]:
    widths = layer.widths or (1.5,) * len(layer.colours)
    rows = list(zip(layer.colours, layer.labels, widths, strict=True))
    if layer.kind == "raster":
        return [Patch(facecolor=c, label=text) for c, text, _ in rows[1:]]
    if layer.kind == "lines":
        return [Line2D([], [], color=c, linewidth=max(w * 0.8, 1.0), label=text) for c, text, w in rows]
    return [
        Line2D([], [], linestyle="none", marker="o", color=c, markersize=max(w * 0.7, 2.5), label=text)
        for c, text, w in rows
    ]


def _curves(view: RunView, title: str, found: list[Chart]) -> Figure:
    figure = Figure(figsize=(7.2, 0.5 + 1.9 * len(found)), layout="constrained")
    figure.suptitle(f"{title}: {view.title}", fontsize=11)
    for axes, chart in zip(figure.subplots(len(found), 1, sharex=True, squeeze=False)[:, 0], found, strict=True):
        for run, traces in enumerate(chart.runs):
            for k, trace in enumerate(traces):
                colour = COLOURS[k % len(COLOURS)] if run == 0 else second_colour(chart, k)
                name = trace.label if len(traces) > 1 else "this run"
                label = name if run == 0 else "baseline" if k == 0 else None
                style = "-" if run == 0 else "--"
                axes.plot(trace.t_s / 3600, trace.values, style, color=colour, linewidth=1.4, label=label)
        axes.set_title(chart.title, loc="left", fontsize=9, fontweight="bold")
        axes.set_ylabel(chart.unit)
        axes.set_ylim(*reversed(limits(chart)))
        if all(np.all(t.values == np.round(t.values)) for traces in chart.runs for t in traces):
            axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        axes.grid(color="#e6e6e3")
        axes.spines[["top", "right"]].set_visible(False)
        if len(chart.runs) > 1 or len(chart.runs[0]) > 1:
            axes.legend(fontsize=7, frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=4, borderpad=0)
    _clock_axis(axes, view)
    return figure


def _timeline(view: RunView, beats: list[Told], domains: Mapping[str, Any]) -> Figure:
    if len(beats) > MOST_ROWS:
        keep = sorted(range(len(beats)), key=lambda i: -beats[i].beat.weight)[:MOST_ROWS]
        beats = [beats[i] for i in sorted(keep)]
    sections = list(dict.fromkeys(t.section for t in beats))
    texts = [textwrap.fill(t.beat.text, 62) for t in beats]
    figure = Figure(figsize=(9, 1.1 + 0.42 * len(beats)), layout="constrained")
    axes = figure.add_subplot()
    hours = view.duration_us / 3.6e9
    for i, (item, text) in enumerate(zip(beats, texts, strict=True)):
        at = (item.beat.time_us or 0) / 3.6e9
        colour = COLOURS[sections.index(item.section) % len(COLOURS)]
        axes.plot(at, i, "o", color=colour, markersize=7 if item.beat.weight >= 4 else 5, clip_on=False)
        right = at < hours / 2
        said = f"{hhmm(view.start, item.beat.time_us or 0)}  {text}"
        axes.annotate(
            said,
            (at, i),
            xytext=(8 if right else -8, 0),
            textcoords="offset points",
            ha="left" if right else "right",
            va="center",
            fontsize=7.5,
        )
    axes.set_ylim(len(beats) - 0.4, -0.6)
    axes.set_yticks([])
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", color="#e6e6e3")
    _clock_axis(axes, view)
    axes.set_title(view.title, loc="left", fontsize=11)
    keys = [
        Line2D([], [], linestyle="none", marker="o", color=COLOURS[k % len(COLOURS)], label=section_title(s, domains))
        for k, s in enumerate(sections)
    ]
    figure.legend(handles=keys, loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    return figure


def _clock_axis(axes: Any, view: RunView) -> None:
    hours = view.duration_us / 3.6e9
    step = next((s for s in (0.25, 0.5, 1, 2, 3, 6, 12, 24) if hours / s <= 9), 24)
    ticks = np.arange(0, hours + 1e-9, step)
    axes.set_xticks(ticks, [hhmm(view.start, to_us(3600 * t)) for t in ticks])
    axes.set_xlim(0, hours)
    axes.set_xlabel("Time of day")
