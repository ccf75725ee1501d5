"""Maps of the answers, by matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hydraulics.fast.arrays import Network
from hydraulics.questions.criticality import Criticality
from hydraulics.questions.fireflow import FireFlow
from hydraulics.questions.isolate import Isolation

GREY = "#c9ced6"
STEPS = ("#efc100", "#d95f02", "#a01a2c", "#2d0838")
"""From mild to grave; told apart by the colour-blind."""


def _canvas(network: Network, title: str):
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 7), layout="constrained")
    axes = figure.add_subplot()
    lines = np.stack([network.xy[network.first], network.xy[network.second]], axis=1)
    axes.add_collection(LineCollection(list(lines), colors=GREY, linewidths=0.7))
    fixed = network.xy[network.n_junctions :]
    axes.scatter(fixed[:, 0], fixed[:, 1], marker="s", s=40, color="#1f4e79", zorder=4, label="tank or reservoir")
    axes.set_title(title, loc="left")
    axes.set_aspect("equal")
    axes.autoscale()
    axes.set_axis_off()
    return figure, axes


def _mark(axes, network: Network, links: Sequence[int], colour: str, width: float, label: str | None = None) -> None:
    from matplotlib.collections import LineCollection

    lines = [network.xy[[network.first[k], network.second[k]]] for k in links]
    axes.add_collection(LineCollection(lines, colors=colour, linewidths=width, label=label, zorder=3))


def draw_criticality(answer: Criticality, path: Path) -> None:
    """Failures by their share of the worst one."""
    network = answer.network
    figure, axes = _canvas(network, f"{network.path.name}: water not delivered when a {answer.unit} fails")
    lost = answer.effects.unserved_m3h
    top = max(float(lost.max(initial=0.0)), 1e-9)
    for colour, low, high in zip(STEPS, (0.01, 0.05, 0.2, 0.5), (0.05, 0.2, 0.5, 1.01), strict=True):
        links = [k for c in np.flatnonzero((lost > low * top) & (lost <= high * top)) for k in answer.links[c]]
        if links:
            _mark(axes, network, links, colour, 2.2, f"over {low * top:.3g} m³/h")
    axes.legend(loc="lower left", frameon=False)
    figure.savefig(path, dpi=150)


def draw_isolation(answer: Isolation, path: Path) -> None:
    """The first choice: the segment, the valves and who is without water."""
    network, choice = answer.network, answer.first
    figure, axes = _canvas(network, f"{network.path.name}: isolating {network.link_ids[answer.pipe]}")
    _mark(axes, network, choice.segment.links, STEPS[2], 2.4, "shut off")
    for valve in choice.segment.valves:
        v = answer.layer.valves[valve]
        a = network.xy[v.node]
        b = network.xy[network.second[v.link] if network.first[v.link] == v.node else network.first[v.link]]
        axes.scatter(*(a + 0.15 * (b - a)), marker="X", s=60, color="black", zorder=5)
    if choice.without:
        spots = network.xy[list(choice.without)]
        axes.scatter(spots[:, 0], spots[:, 1], s=18, color=STEPS[1], zorder=4, label="without water")
    axes.scatter([], [], marker="X", s=60, color="black", label="valve to close")
    axes.legend(loc="lower left", frameon=False)
    figure.savefig(path, dpi=150)


def draw_fire_flow(answer: FireFlow, path: Path) -> None:
    """Available flow at each hydrant; a few beside a tank, far above the others, share the last colour."""
    network = answer.network
    figure, axes = _canvas(network, f"{network.path.name}: fire flow at {answer.residual_m:g} m residual")
    spots = network.xy[answer.hydrants]
    flow_lps = answer.flow_m3s * 1000
    most, top = float(flow_lps.max()), float(np.quantile(flow_lps, 0.95))
    cut = most > 2 * top > 0
    dots = axes.scatter(
        spots[:, 0], spots[:, 1], c=flow_lps, s=16, cmap="viridis", vmin=0, vmax=top if cut else None, zorder=3
    )
    figure.colorbar(dots, ax=axes, label="available flow, L/s", shrink=0.7, extend="max" if cut else "neither")
    figure.savefig(path, dpi=150)
