"""A picture of prices: three panels of bars with their 95 % intervals, the dearest layer on top."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from twin.cli.show import Row
from twin.whole import whole

COSTS, HELPS, UNSURE = "#b2402a", "#3585c6", "#b5bac1"
PANELS = (
    ("crane_rate_lost", "crane_rate_lost_ci", "crane rate lost\n(moves/h and crane)"),
    ("turn_time_added_min", "turn_time_added_ci_min", "road truck's visit longer\n(min)"),
    ("energy_added_kwh_a_move", "energy_added_ci_kwh_a_move", "energy more\n(kWh a move)"),
)


def draw_prices(rows: list[Row], title: str, path: Path) -> None:
    """Bars: red for a price that is certain, blue for a certain gain, grey where the interval holds zero."""
    import matplotlib.pyplot as plt
    from matplotlib.patches import Patch
    from matplotlib.ticker import MaxNLocator

    names = [f"{'' if row['on'] else '+ '}{row['layer'].replace('_', ' ')}\n{row['meaning']}" for row in rows]
    at = np.arange(len(rows))[::-1]
    height = 1.6 + 0.55 * len(rows)
    figure, panels = plt.subplots(1, 3, figsize=(13.5, height), dpi=110, sharey=True, layout="constrained")
    for axes, (key, half, label) in zip(panels, PANELS, strict=True):
        values = np.array([row[key] if row[key] is not None else np.nan for row in rows], float)
        halves = np.array([row[half] if row[half] is not None else np.nan for row in rows], float)
        sure = np.abs(values) > halves
        colours = np.where(~sure, UNSURE, np.where(values > 0, COSTS, HELPS))
        axes.barh(at, values, xerr=halves, color=colours.tolist(), height=0.62, error_kw={"lw": 1.1, "capsize": 2.5})
        axes.axvline(0.0, color="#30353b", lw=0.8)
        axes.set_xlabel(label)
        axes.grid(axis="x", color="#dde1e6", lw=0.6)
        axes.set_axisbelow(True)
        axes.xaxis.set_major_locator(MaxNLocator(6))
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.tick_params(axis="y", length=0)
    panels[0].set_yticks(at, names, fontsize=8.5)
    handles = [Patch(fc=COSTS, label="costs"), Patch(fc=HELPS, label="helps"), Patch(fc=UNSURE, label="not certain")]
    figure.legend(handles=handles, loc="outside upper right", ncols=3, frameon=False, fontsize=8.5)
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    with whole(path) as part:
        figure.savefig(part)
    plt.close(figure)
