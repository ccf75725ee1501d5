"""The charts beside the map: series of one or two runs, in the unit and as few lines as the reader needs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.model import Curve
from twin.places import FloatArray, Grid
from twin.report.words import unit
from twin.results.view import RunView
from twin.scenario.quantities import factor

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#8a6d00")
"""Okabe and Ito's colours, told apart by every kind of colour vision (the yellow darkened for white paper)."""
MANY = 6
"""Beyond this many places a chart shows their highest and lowest."""
MAX_POINTS = 1500


@dataclass
class Trace:
    """One line of a chart: time in s since the start, value in the chart's unit."""

    label: str
    t_s: FloatArray
    values: FloatArray


@dataclass
class Chart:
    """A chart with the traces of each run (the second list is empty without a second run)."""

    section: str
    title: str
    unit: str
    runs: list[list[Trace]] = field(default_factory=list)


def charts(views: list[RunView], domains: Mapping[str, Any]) -> list[Chart]:
    """Every chart of the run's sections. A section without a domain of its own shows its citywide series."""
    found = []
    for section in views[0].sections:
        curves = domains[section].curves if section in domains else _plain_curves(views[0], section)
        for curve in curves:
            runs = [_traces(view, section, curve) for view in views]
            if runs[0]:
                found.append(Chart(section, curve.title, unit(curve.unit), runs))
    return found


def _plain_curves(view: RunView, section: str) -> list[Curve]:
    """One curve for each recorded series with a single value."""
    found = []
    for port in view.recorded(section):
        if view.attributes(section, port)["record"] == "series" and view.series(section, port)[1].shape[1] == 1:
            about = view.attributes(section, port)
            found.append(Curve((port,), about["long_name"].rstrip("."), about["units"]))
    return found


def _traces(view: RunView, section: str, curve: Curve) -> list[Trace]:
    traces = []
    ports = [port for port in curve.ports if view.has(section, port)]
    for port in ports:
        about = view.attributes(section, port)
        t_s, values = view.series(section, port)
        if not len(t_s):
            continue
        scaled = scale(values, t_s, about["units"], curve.unit, about["kind"] == "amount")
        label = curve.labels[curve.ports.index(port)] if curve.labels else about["long_name"].rstrip(".")
        for name, line in _summed_up(view, section, about, scaled):
            text = name if len(ports) == 1 and name else f"{label}, {name}" if name else label
            traces.append(_thin(Trace(text, t_s, line)))
    return traces


def scale(values: NDArray[Any], t_s: FloatArray, unit_from: str, unit_to: str, is_amount: bool) -> NDArray[np.float64]:
    """Values in the chart's unit. An amount since the last exchange becomes a rate when the unit is one.

    ValueError when the units measure different things.
    """
    values = np.asarray(values, dtype=float)
    if unit_from == unit_to:
        return values
    try:
        return values * factor(unit_from, unit_to)
    except ValueError:
        if not is_amount:
            raise
    seconds = np.diff(t_s, prepend=t_s[0] - (t_s[1] - t_s[0] if len(t_s) > 1 else 1.0))
    return values / seconds[:, None] * factor(f"{unit_from}/s", unit_to)


def _summed_up(
    view: RunView, section: str, about: Mapping[str, Any], values: NDArray[np.float64]
) -> list[tuple[str, FloatArray]]:
    """Few lines for many places: each by name up to `MANY`, else the sum of amounts or the range of states."""
    n = values.shape[1]
    if n == 1:
        return [("", values[:, 0])]
    if about["kind"] == "amount":
        return [("", np.nansum(values, axis=1))]
    places = view.places(section, about["at"])
    if n <= MANY and not isinstance(places, Grid):
        return [(name, values[:, i]) for i, name in enumerate(places.ids)]
    return [("highest", np.nanmax(values, axis=1)), ("lowest", np.nanmin(values, axis=1))]


def _thin(trace: Trace) -> Trace:
    stride = math.ceil(len(trace.t_s) / MAX_POINTS)
    return trace if stride <= 1 else Trace(trace.label, trace.t_s[::stride], trace.values[::stride])
