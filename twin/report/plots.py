"""The page's Bokeh parts: the map with empty sources that the page's script fills, and the charts.

Canvas output, since WebGL is unusable without a graphics card. Coordinates are metres minus the map's round offset.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from bokeh import models as bokeh_models
from bokeh.plotting import figure

from twin.clock import to_us, wall_time
from twin.places import FloatArray
from twin.report.curves import COLOURS, Chart
from twin.report.layers import Box

models: Any = bokeh_models
"""Untyped: the type hints that Bokeh ships lag behind its models."""
CLEAR = "rgba(0,0,0,0)"
INK = "#3a3f45"


def map_figure(box: Box, layers: list[dict[str, Any]], crs: str | None) -> Any:
    """The map; renderer `layer-<i>` draws `layers[i]`."""
    east0, north0 = box.origin
    zoom = models.WheelZoomTool()
    plot: Any = figure(
        name="map",
        sizing_mode="stretch_both",
        min_height=320,
        x_range=models.Range1d(box.west - east0, box.east - east0),
        y_range=models.Range1d(box.south - north0, box.north - north0),
        tools=[models.PanTool(), zoom, models.BoxZoomTool(match_aspect=True), models.ResetTool(), models.SaveTool()],
        active_scroll=zoom,
        output_backend="canvas",
        background_fill_color="#f7f7f5",
        lod_threshold=None,
        x_axis_label=axis_label("Easting", east0) + (f"  ({crs})" if crs else ""),
        y_axis_label=axis_label("Northing", north0),
    )
    plot.grid.visible = False
    plot.toolbar.logo = None
    plot.axis.axis_label_text_font_style = "normal"
    plot.axis.axis_label_text_color = plot.axis.major_label_text_color = INK
    plot.axis.major_label_text_font_size = plot.axis.axis_label_text_font_size = "12px"
    plot.multi_polygons(
        "xs",
        "ys",
        source=models.ColumnDataSource({"xs": [], "ys": []}, name="areas"),
        fill_color="#e4ddd0",
        line_color="#8d8471",
    )
    for i, layer in enumerate(layers):
        if layer["kind"] == "raster":
            _add_raster(plot, i, layer, box.origin)
    plot.multi_line(
        "xs",
        "ys",
        source=models.ColumnDataSource({"xs": [], "ys": []}, name="backdrop"),
        line_color="#c3c7cd",
        line_width=0.8,
    )
    for i, layer in enumerate(layers):
        if layer["kind"] != "raster":
            _add_elements(plot, i, layer)
    plot.add_layout(
        models.ScaleBar(
            range=plot.x_range,
            unit="m",
            location="bottom_right",
            background_fill_alpha=0.8,
            border_line_color=None,
            label_text_font_size="12px",
        )
    )
    plot.js_on_event("mousemove", models.CustomJS(code="if (window.twin) window.twin.probe(cb_obj.x, cb_obj.y)"))
    plot.js_on_event("mouseleave", models.CustomJS(code="if (window.twin) window.twin.probe(NaN, NaN)"))
    return plot


def axis_label(name: str, offset: float) -> str:
    """`Easting minus 398 790 m`, or `Easting (m)` where nothing is left out."""
    return f"{name} minus {offset:,.0f} m".replace(",", "\u202f") if offset else f"{name} (m)"


def _add_raster(plot: Any, i: int, layer: dict[str, Any], origin: tuple[float, float]) -> None:
    ny, nx = layer["ny"], layer["nx"]
    source = models.ColumnDataSource({"image": [np.zeros((ny, nx), np.uint8)]}, name=f"source-{i}")
    plot.image(
        "image",
        x=layer["x"] - origin[0],
        y=layer["y"] - origin[1],
        dw=nx * layer["cell"],
        dh=ny * layer["cell"],
        source=source,
        color_mapper=models.LinearColorMapper(
            palette=[CLEAR] * 255, low=1, high=255, low_color=CLEAR, name=f"mapper-{i}"
        ),
        alpha=0.9,
        name=f"layer-{i}",
        visible=layer["on"],
    )


def _add_elements(plot: Any, i: int, layer: dict[str, Any]) -> None:
    columns: dict[str, list[Any]] = {"xs": [], "ys": [], "colour": [], "width": [], "name": [], "text": []}
    source = models.ColumnDataSource(columns, name=f"source-{i}")
    shared = {"source": source, "name": f"layer-{i}", "visible": layer["on"]}
    if layer["kind"] == "lines":
        drawn = plot.multi_line("xs", "ys", line_color="colour", line_width="width", line_cap="round", **shared)
    else:
        drawn = plot.scatter(
            "xs", "ys", size="width", fill_color="colour", line_color="#24282d", line_width=0.5, **shared
        )
    hover = models.HoverTool(renderers=[drawn], tooltips="<b>@name</b><br>@text", limit=1)
    if layer["kind"] == "lines":
        hover.line_policy = "nearest"
    plot.add_tools(hover)
    plot.toolbar.tools[-1].visible = False


def chart_figure(index: int, chart: Chart, start: datetime, x_range: Any) -> Any:
    """One chart; span `cursor-<index>` follows the slider. The second run is dashed."""
    top, low = limits(chart)
    plot: Any = figure(
        name=f"chart-{index}",
        sizing_mode="stretch_width",
        height=150,
        x_range=x_range,
        y_range=models.Range1d(low, top),
        x_axis_type="datetime",
        tools="",
        toolbar_location=None,
        output_backend="canvas",
        min_border_left=58,
        min_border_right=12,
    )
    plot.xaxis.formatter = models.DatetimeTickFormatter(minutes="%H:%M", hours="%H:%M", hourmin="%H:%M", days="%d %b")
    plot.yaxis.ticker.desired_num_ticks = 4
    plot.yaxis.formatter.use_scientific = False
    plot.yaxis.minor_tick_line_color = plot.xaxis.minor_tick_line_color = None
    plot.axis.major_label_text_font_size = "12px"
    plot.axis.major_label_text_color = INK
    plot.outline_line_color = None
    plot.grid.grid_line_color = "#e6e6e3"
    for run in reversed(range(len(chart.runs))):
        for k, trace in enumerate(chart.runs[run]):
            source = models.ColumnDataSource(
                {
                    "t": local_ms(start, trace.t_s),
                    "v": np.asarray(trace.values, dtype=np.float64),
                    "n": [trace.label] * len(trace.t_s),
                }
            )
            colour = COLOURS[k % len(COLOURS)] if run == 0 else second_colour(chart, k)
            line = plot.line(
                "t", "v", source=source, line_color=colour, line_width=2, line_dash="solid" if run == 0 else [5, 4]
            )
            if run == 0 and k == 0:
                tips = [("time", "@t{%H:%M}"), (chart.unit or "value", "@v{0,0.[00]}")]
                plot.add_tools(
                    models.HoverTool(
                        renderers=[line], mode="vline", tooltips=tips, formatters={"@t": "datetime"}, limit=1
                    )
                )
    plot.add_layout(
        models.Span(location=0, dimension="height", line_color="#111", line_width=1.5, name=f"cursor-{index}")
    )
    plot.js_on_event("tap", models.CustomJS(code="if (window.twin) window.twin.at(cb_obj.x)"))
    return plot


def second_colour(chart: Chart, k: int) -> str:
    """With one line a run, the second run has a colour of its own; else each line keeps its colour, dashed."""
    return "#7a7f86" if len(chart.runs[0]) == 1 else COLOURS[k % len(COLOURS)]


def local_ms(start: datetime, t_s: FloatArray) -> FloatArray:
    """Clock time as Bokeh's axes want it: milliseconds of the local time as if it were UTC."""
    zero = wall_time(start, 0)
    offset = zero.utcoffset()
    shift = offset.total_seconds() if offset is not None else 0.0
    base = zero.timestamp() if offset is not None else (zero - datetime(1970, 1, 1)).total_seconds()
    return (base + shift + np.asarray(t_s, dtype=float)) * 1000.0


def chart_range(start: datetime, duration_s: float) -> Any:
    """The time axis that all charts share."""
    low, high = local_ms(start, np.array([0.0, to_us(duration_s) / 1e6]))
    return models.Range1d(float(low), float(high))


def limits(chart: Chart) -> tuple[float, float]:
    """Top and bottom of the value axis: from zero, unless the values keep well away from it or go below."""
    values = np.concatenate([trace.values for run in chart.runs for trace in run])
    values = values[np.isfinite(values)]
    if not values.size:
        return 1.0, 0.0
    low, high = float(values.min()), float(values.max())
    if low == high == 0:
        return 1.0, 0.0
    spread = high - low
    bottom = 0.0 if low >= 0 and low < 3 * max(spread, 1e-12) else low - 0.1 * (spread or abs(low) or 1.0)
    top = high + 0.08 * ((high - bottom) or 1.0)
    return (top, bottom) if top > bottom else (bottom + 1.0, bottom)
