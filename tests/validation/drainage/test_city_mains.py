"""Real cities' mains imported from their GeoJSON: Delta (tidal, inverts and grounds), Windsor (also as a SWMM file)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from drainage.importing.run import Choices, Imported, import_mains, tried
from drainage.network import SewerFile


def imported(shared: Path, city: str, choices: Choices = Choices()) -> Imported:
    return import_mains(shared / "drainage" / "city_canada" / city / "mains.geojson", choices)


@pytest.mark.slow
def test_deltas_mains_run_in_swmm_within_a_percent(shared: Path, figures: Path) -> None:
    """674 mains, one abandoned; 249 of 1,348 inverts and 115 grounds are missing. Storm of 2 a in 1 h, tide at 1.5 m.

    Measured: 64 outfalls, 44 parts, 97 inverts interpolated; continuity −0.03 % (runoff), 0.10 to 0.15 % (routing)."""
    import matplotlib.pyplot as plt

    made = imported(shared, "delta", Choices(tide_m=1.5))
    assert made.figures["mains"] == 673
    assert made.log.count("abandoned") == 1
    assert made.log.count("invert interpolated along the mains") > 50
    assert made.figures["parts"] <= made.figures["outfalls"]
    swmm = tried(made)
    print(made.figures, swmm)
    assert swmm["accepted"]
    assert all(abs(error) < 1.0 for error in swmm["continuity_pct"].values())
    figure, axes = plt.subplots(figsize=(7, 7), layout="constrained")
    for main in made.mains:
        axes.plot(*main.line.T, color="#1f4e79", lw=0.5 + 3 * (main.size_m or 0.0))
    axes.set_aspect("equal")
    axes.set_title(f"Delta: {made.figures['km']:.0f} km of mains, {made.figures['repairs']} repairs")
    figure.savefig(figures / "delta_mains.png", dpi=110)
    plt.close(figure)


def test_windsors_published_levels_and_lengths_survive_the_import(shared: Path) -> None:
    """Mains whose ends are published, against the SWMM file that was made from the same layer by other means.

    Inverts to its millimetre, for all but those that the import took for errors; lengths to 1 % for 95 % of them (it
    measures the drawing where the field is off by a factor of two)."""
    made = imported(shared, "windsor", Choices(land="none"))
    ours = {tuple(made.nodes.ids[k] for k in m.ends): m for m in made.mains}
    path = shared / "drainage" / "city_canada" / "windsor" / "windsor.inp"
    rows = [r for r in SewerFile.read(path).rows("CONDUIT") if (r.tokens[1], r.tokens[2]) in ours]
    assert len(rows) > 800
    both = [(r, ours[r.tokens[1], r.tokens[2]]) for r in rows]
    up = np.array([abs(r.number(5) - float(m.invert[0] or 0.0)) for r, m in both])
    length = np.array([abs(r.number(3) / m.length_m - 1) for r, m in both])
    print(f"{len(rows)} mains: inverts equal {np.mean(up < 2e-3):.1%}, lengths {np.mean(length < 0.01):.1%}")
    assert np.mean(up < 2e-3) > 0.9
    assert np.mean(length < 0.01) > 0.95


@pytest.mark.slow
def test_windsors_mains_run_in_swmm_within_a_percent(shared: Path) -> None:
    """1,513 mains, combined and storm, no ground levels. Measured: runoff −0.03 %, routing 0.14 %."""
    swmm = tried(imported(shared, "windsor"))
    print(swmm)
    assert swmm["accepted"]
    assert all(abs(error) < 1.0 for error in swmm["continuity_pct"].values())
