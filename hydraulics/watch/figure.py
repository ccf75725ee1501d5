"""The picture of a watch: where the open hydrant probably is, and what the sensors made of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hydraulics.network import Network
from hydraulics.watch.readings import PRESSURE, Readings
from hydraulics.watch.trials import Trial
from hydraulics.watch.watch import Diagnosis

GREY, RED, BLUE = "#9aa1ab", "#a01a2c", "#0072b2"


def draw_diagnosis(network: Network, readings: Readings, diagnosis: Diagnosis, path: Path) -> None:
    """Left the network with each hydrant's probability and the sensors, right the residuals over time."""
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 5.5), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.4, 1))
    left.add_collection(LineCollection(list(network.shapes), colors=GREY, linewidths=0.7))
    xy = dict(zip(network.junction_ids, network.junction_xy, strict=True))
    where = np.array([xy[name] for name in diagnosis.hydrants])
    order = np.argsort(diagnosis.probability)
    dots = left.scatter(
        *where[order].T,
        c=np.sqrt(diagnosis.probability[order]) if diagnosis.alarm else np.zeros(len(order)),
        s=4 + 120 * (diagnosis.probability[order] if diagnosis.alarm else 0 * order),
        cmap="magma_r",
        vmin=0,
        vmax=1,
        zorder=3,
    )
    dots.set_edgecolor("none")
    places = np.array([xy[s.id] for s in readings.sensors if s.kind == PRESSURE and s.id in xy]).reshape(-1, 2)
    left.scatter(*places.T, marker="s", s=22, facecolors="none", edgecolors=BLUE, zorder=4, label="pressure sensor")
    for finding in diagnosis.findings:
        left.annotate(
            f"{finding.hydrant}\n{finding.flow * 1e3:.0f} L/s",
            xy[finding.hydrant],
            xytext=(12, 12),
            textcoords="offset points",
            color=RED,
            arrowprops={"arrowstyle": "-", "color": RED},
        )
    left.set_aspect("equal")
    left.set_axis_off()
    left.legend(loc="lower left", frameon=False)
    left.set_title(diagnosis.findings[0].text if diagnosis.alarm else "no open hydrant", fontsize=9, wrap=True)

    hours = np.array(readings.times_s) / 3600.0
    for k, sensor in enumerate(readings.sensors):
        if sensor.kind == PRESSURE:
            right.plot(hours, diagnosis.residual[:, k], color=BLUE, alpha=0.5, linewidth=0.8, marker=".", markersize=3)
    for finding in diagnosis.findings:
        right.axvspan(finding.from_s / 3600, finding.to_s / 3600, color=RED, alpha=0.12, label="open")
        right.legend(frameon=False)
    right.set_xlabel("hours of the network's clock")
    right.set_ylabel("pressure read less modelled, m")
    right.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


def draw_trials(sets: Sequence[tuple[str, Sequence[Trial]]], path: Path, title: str = "") -> None:
    """Cumulative distance between the hydrant that was open and the one that was named, a curve a set of trials; cases
    that raised no alarm never arrive, so a curve ends at its detection rate."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.add_subplot()
    for label, trials in sets:
        opened = [t for t in trials if t.hydrant is not None]
        away = np.sort([t.distance_m for t in opened if t.alarm])
        axes.step(np.maximum(away, 1.0), np.arange(1, len(away) + 1) / len(opened), where="post", label=label)
    axes.set_xscale("log")
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("metres along pipes from the open hydrant to the one named (1: the same)")
    axes.set_ylabel("share of cases")
    axes.set_title(title, fontsize=10)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
