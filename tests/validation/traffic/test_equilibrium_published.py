"""User equilibrium against the published solutions of the Transportation Networks collection.

Published objectives: Sioux Falls 4,231,335.287 in the units of the file (42.31335287 after the collection's scaling);
Anaheim from its flow file; Braess by hand (Braess 1968): 4, 2, 2, 2, 4 vehicles and 92 per traveller with the link.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from traffic.assignment.equilibrium import Equilibrium, solve
from traffic.assignment.tntp import TntpProblem, read_flows, read_tntp

SIOUX_FALLS = 4_231_335.287


def load(shared: Path, folder: str, name: str) -> tuple[TntpProblem, Path]:
    place = shared / "traffic" / "TransportationNetworks" / folder
    return read_tntp(place / f"{name}_net.tntp", place / f"{name}_trips.tntp"), place / f"{name}_flow.tntp"


def report(name: str, found: Equilibrium, published: float) -> float:
    error = found.objective / published - 1.0
    print(f"\n{name}: gap {found.gap:.1e} in {found.loadings} loadings, objective {found.objective:,.3f}, {error:+.1e}")
    return error


def test_braess_has_its_paradox(shared: Path) -> None:
    problem, _ = load(shared, "Braess-Example", "Braess")
    found = solve(problem.graph, problem.demand, 1e-8)
    np.testing.assert_allclose(found.volume, [4, 2, 2, 2, 4], atol=1e-5)
    assert float(found.cost @ found.volume) / 6 == pytest.approx(92.0, abs=1e-4)


@pytest.mark.parametrize(("folder", "name"), [("SiouxFalls", "SiouxFalls"), ("Anaheim", "Anaheim")])
def test_the_published_equilibrium_is_met(shared: Path, figures: Path, folder: str, name: str) -> None:
    """Relative gap 1e-5; objective within 1e-5; volumes within 2 % of the largest (measured: 1.05 on Anaheim)."""
    import matplotlib.pyplot as plt

    problem, flows = load(shared, folder, name)
    published = read_flows(flows, problem.graph)
    best = SIOUX_FALLS if name == "SiouxFalls" else problem.graph.objective(published)
    found = solve(problem.graph, problem.demand, 1e-5)
    assert found.gap <= 1e-5
    assert abs(report(name, found, best)) < 1e-5
    assert np.abs(found.volume - published).max() < 0.02 * published.max()  # at this gap the objective is flat

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), dpi=110)
    left.semilogy(np.maximum(found.history, 1e-16), color="#3585c6")
    left.axhline(1e-5, color="#d95f02", ls="--", lw=1, label="wanted: 1e-5")
    left.set(xlabel="loadings", ylabel="relative gap", title=f"{name}: {found.loadings} loadings")
    left.legend()
    top = published.max()
    right.plot([0, top], [0, top], color="#9aa1ab", lw=1)
    right.scatter(published, found.volume, s=10, color="#a01a2c")
    error = found.objective / best - 1.0
    right.set(
        xlabel="published volume (vehicles)",
        ylabel="ours (vehicles)",
        title=f"objective {error:+.1e} from the published",
    )
    figure.tight_layout()
    figure.savefig(figures / f"equilibrium_{name.lower()}.png")
    plt.close(figure)
