"""Environment Agency 2D benchmark, Test 5, as a scenario file: the first 50 minutes, run by the command line.

The long comparison with LISFLOOD-FP stands in `test_ea_test5.py`; here it is tested that a published benchmark is a
scenario file, and that what its gauges record is what the reference has.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from tests.drainage.scenarios import gauge_series, mass_error, run_scenario

HYDROGRAPH = "time s,flow m3/s\n0,0\n300,0\n600,150\n1200,150\n6000,0\n"
"""Of each of the 20 cells of 10 m: 15 m2/s at the peak, 3,000 m3/s in all."""


def write(folder: Path, data: Path) -> Path:
    with gzip.open(data / "ea5-10m.dem.raw.gz", "rt") as file:
        (folder / "valley.asc").write_text(file.read())
    cells = [line.split()[1:3] for line in (data / "ea5-10m.bci").read_text().splitlines() if line[:1] == "P"]
    stages = [line.split() for line in (data / "ea5.stage").read_text().splitlines()[1:8]]
    (folder / "breach.csv").write_text(HYDROGRAPH)
    (folder / "gauges.csv").write_text("id,x,y\n" + "".join(f"{k},{x},{y}\n" for k, (x, y) in enumerate(stages, 1)))
    inflows = "".join(f"    - {{at: [{x}, {y}], series: breach.csv}}\n" for x, y in cells)
    scenario = folder / "test5.yaml"
    scenario.write_text(
        "twin: 1\nname: ea-test-5\n"
        'clock: {start: "2026-01-01T00:00+00:00", duration: 50 min, exchange: 20 s}\n'
        "results: {interval: 10 min}\n"
        "drainage:\n  terrain: valley.asc\n  manning: 0.04\n  gauges: gauges.csv\n  inflows:\n" + inflows
    )
    return scenario


@pytest.mark.slow
def test_the_first_50_minutes_of_test_5_are_a_scenario_file(
    shared: Path, tmp_path: Path, figures: Path
) -> None:  # fmt: skip
    """Three gauges are reached. From 5 min behind the front on, depths are off LISFLOOD-FP 8.1 ACC by 0.05, 0.08 and
    0.01 m (gauges 1, 2 and 6); the fronts come within 40 s of the 100 s in which the reference has them."""
    data = shared / "drainage" / "flood2d" / "ea_test5"
    view = run_scenario(write(tmp_path, data))
    t, depth = gauge_series(view, "gauge_depth")
    with gzip.open(data / "lisflood_acc_7200s_stage_measured_here.txt.gz", "rt") as file:
        rows = [line.split() for line in file]
    theirs = np.array(
        [r for r in rows if len(r) == 8 and r[0][0].isdigit() and "." in r[1] and float(r[0]) <= 3000], float
    )
    reached = [g for g in range(7) if theirs[-1, g + 1] > 0.1]
    off, lag = {}, {}
    for g in reached:
        wet = np.flatnonzero(theirs[:, g + 1] > 0.1)[0]
        behind = theirs[:, 0] > theirs[wet, 0] + 300.0
        own = t[np.flatnonzero(depth[:, g] > 0.1)[0]]
        lag[g + 1] = max(theirs[wet - 1, 0] - own, own - theirs[wet, 0], 0.0)
        if behind.any():
            off[g + 1] = float(np.abs(np.interp(theirs[:, 0], t, depth[:, g]) - theirs[:, g + 1])[behind].max())
    told = {g: (round(float(off.get(g, np.nan)), 3), round(float(lag[g]), 1)) for g in lag}
    print(f"EA Test 5 by scenario, 50 min: gauge: (m, s) off {told}, mass {mass_error(view):.1e}")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for g in reached:
        (line,) = axes.plot(t / 60, depth[:, g], lw=1, label=f"gauge {g + 1}")
        axes.plot(theirs[:, 0] / 60, theirs[:, g + 1], ".", ms=4, color=line.get_color())
    axes.set(xlabel="minutes", ylabel="depth, m", title="EA Test 5 as a scenario (lines), LISFLOOD-FP 8.1 ACC (dots)")
    axes.legend(fontsize=8)
    figure.savefig(figures / "ea_test5_scenario.png", dpi=150)
    assert reached
    assert max(off.values()) < 0.10
    assert max(lag.values()) < 60.0
    assert mass_error(view) < 1e-10
