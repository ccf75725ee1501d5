"""One self-contained page of a run, against a second one when asked. It opens from disk without a network."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.clock import hhmm, to_us
from twin.places import FloatArray
from twin.report.layers import (
    Box,
    Shown,
    backdrop,
    describe,
    elements,
    extent,
    picture_times,
    raster,
    shown_layers,
)
from twin.report.words import section_title
from twin.results.view import RunView

if TYPE_CHECKING:
    from pathlib import Path

    from twin.report.parts import Told


def build_report(view: RunView, base: RunView | None = None, domains: Mapping[str, Any] | None = None) -> Path:
    """Write `report.html` into the run's folder and give its path.

    base     a second run; its values are shown beside and as differences (this run minus the second)
    domains  section -> `Domain`; by default those that are installed
    """
    if domains is None:
        from twin.domains import INSTALLED

        domains = INSTALLED
    path = view.path / "report.html"
    text = page(view, base, domains)
    part = path.with_name(".report.html.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)
    return path


def page(view: RunView, base: RunView | None, domains: Mapping[str, Any]) -> str:
    """The page as text."""
    from bokeh.core.templates import FILE
    from bokeh.document import Document
    from bokeh.embed import file_html
    from bokeh.resources import INLINE

    from twin.report import parts
    from twin.report.curves import charts
    from twin.report.plots import chart_figure, chart_range, local_ms, map_figure

    views = [view] if base is None else [view, base]
    shown = shown_layers(view, domains)
    times = picture_times(view, shown)
    box = extent([s.places for s in shown] or [view.places(*key) for key in view.all_places()])
    beats = parts.told(view, base, domains)
    layers, amount = _layers(views, shown, times, box, domains)
    worst = int(amount.argmax()) if amount.any() else _heaviest(beats, times)
    lines, areas = backdrop(view, box.origin)
    found = charts(views, domains)
    clock_ms = local_ms(view.start, times)
    payload = {
        "layers": layers,
        "backdrop": lines,
        "areas": areas,
        "times": times.tolist(),
        "clock": [hhmm(view.start, to_us(t)) for t in times],
        "ms": clock_ms.tolist(),
        "worst": worst,
        "box": [
            box.west - box.origin[0],
            box.south - box.origin[1],
            box.east - box.origin[0],
            box.north - box.origin[1],
        ],
        "origin": box.origin,
        "charts": len(found),
    }
    doc = Document(title=view.title)
    if shown:
        doc.add_root(map_figure(box, layers, view.summary.get("crs")))
    shared = chart_range(view.start, view.summary["duration_s"])
    for i, chart in enumerate(found):
        doc.add_root(chart_figure(i, chart, view.start, shared))
    return file_html(
        doc,
        INLINE,
        title=view.title,
        template=_template(),
        template_variables={
            "base": FILE,
            "style": _asset("page.css"),
            "script": _asset("page.js"),
            "payload": json.dumps(payload, separators=(",", ":")).replace("<", "\\u003c"),
            "header": parts.header(view, base),
            "short": parts.in_short(beats, view),
            "has_map": bool(shown),
            "compares": base is not None,
            "headlines": parts.headlines(view, base, domains),
            "story": parts.story(beats, view, domains),
            "charts": list(enumerate(parts.chart_heads(found, domains))),
            "tail": parts.expectations(view) + parts.ledger(view) + parts.facts(view, base),
        },
    )


def _layers(
    views: list[RunView], shown: list[Shown], times: FloatArray, box: Box, domains: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], FloatArray]:
    """What the page's script draws, and how much its grids show at each picture."""
    layers = []
    amount = np.zeros(len(times))
    for item in shown:
        unit = views[0].attributes(item.section, item.layer.port)["units"]
        about = {**describe(item, unit), "section": section_title(item.section, domains)}
        if item.layer.kind == "raster":
            extra, levels = raster(views, item, times)
            amount += levels.reshape(len(times), -1).sum(axis=1, dtype=np.float64)
        else:
            extra = elements(views, item, times, box.origin)
        layers.append({**about, **extra})
    return layers, amount


def _heaviest(beats: Sequence[Told], times: FloatArray) -> int:
    """The first picture after the heaviest moment of the story; 0 without one."""
    timed = [t.beat for t in beats if t.beat.time_us is not None]
    if not timed:
        return 0
    worst = max(timed, key=lambda beat: beat.weight)
    return min(int(np.searchsorted(times, (worst.time_us or 0) / 1e6)), len(times) - 1)


def _template() -> Any:
    from bokeh.core.templates import get_env

    return get_env().from_string(_asset("page.html"))


def _asset(name: str) -> str:
    return (files("twin.report") / name).read_text(encoding="utf-8")
