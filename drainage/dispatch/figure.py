"""One picture of the policies: rain and river, land under water, the water held, and what the pumps draw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from drainage.dispatch.compare import Ran

COLOURS = {"file": "#7d8590", "rules": "#2b6cb0", "mpc": "#d95f02"}
"""Told apart by the colour-blind."""
WORDS = {"file": "the file's own controls", "rules": "rules", "mpc": "plans tried by branches (mpc)"}
SMOOTH = 10
"""Exchanges over which pumping is averaged, so that starts and stops do not fill the panel."""


def draw(ran: Sequence[Ran], wells: Sequence[tuple[str, str]], title: str, start: datetime, path: Path) -> None:
    """Write the picture. `wells`: (node, what people call it) whose depth gets a panel each."""
    from matplotlib.figure import Figure

    rows = 3 + len(wells)
    figure = Figure(figsize=(10, 2.1 * rows + 0.8), layout="constrained")
    panels = figure.subplots(rows, 1, sharex=True)
    hours = start.hour + start.minute / 60 + np.array(ran[0].curves["time_min"]) / 60
    window = np.ones(min(SMOOTH, hours.size))
    _weather(panels[0], hours, ran[0].curves)
    panels[0].set_title(title, loc="left", fontsize=12, fontweight="bold")
    keys = [("flooded_15cm_ha", "land above 15 cm, ha")]
    keys += [(f"{node}_depth_m", f"depth of {name}, m") for node, name in wells]
    for panel, (key, words) in zip(panels[1:], [*keys, ("pumping_kw", "pumps draw, kW")], strict=True):
        for one in ran:
            values = np.array(one.curves[key])
            if key == "pumping_kw":
                values = np.convolve(values, window, "same") / np.convolve(np.ones(values.size), window, "same")
            panel.plot(hours, values, color=COLOURS[one.policy], lw=1.8, label=WORDS[one.policy])
        panel.set_title(words, loc="left", fontsize=10)
        panel.set_ylim(bottom=0.0)
    panels[1].legend(frameon=False, loc="upper left")
    for panel in panels:
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(axis="y", color="#e4e7eb", lw=0.7)
    panels[-1].xaxis.set_major_locator(_whole_hours())
    panels[-1].xaxis.set_major_formatter(lambda x, _: f"{round(x) % 24:02d}:00")
    figure.savefig(path, dpi=130)


def _whole_hours() -> Any:
    from matplotlib.ticker import MultipleLocator

    return MultipleLocator(1.0)


def _weather(panel: Any, hours: np.ndarray, curves: dict[str, list[float]]) -> None:
    """Rain as an area; the river as a line on the right where there is one."""
    panel.fill_between(hours, curves["rain_mm_h"], step="pre", color="#84bce6", lw=0)
    panel.set_ylabel("rain, mm/h", color="#2b6cb0")
    panel.set_ylim(bottom=0.0)
    river = np.array(curves["river_m"])
    if np.isfinite(river).any():
        right = panel.twinx()
        right.plot(hours, river, color="#24292f", lw=1.5)
        right.set_ylabel("river, m")
        right.spines[["top"]].set_visible(False)
