"""Water supply alone, from EPANET files as they were published: no builder, no other section."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.real import cases
from twin.results.view import RunView

BALANCE = 1e-6
"""The water model's own tolerance (docs/water.md, `The balance`)."""


def plain_heads(path: Path, folder: Path, hours: float, every_s: int = 60) -> tuple[list[str], dict[int, np.ndarray]]:
    """Pressures in m by second of EPANET itself on the file as it is: accuracy 1e-6, hydraulic step 60 s; read
    at whole multiples of `every_s`."""
    from hydraulics.toolkit import Node, Option, Project, Time

    project = Project(path, folder / "plain.rpt", folder / "plain.bin")
    project.set_option(Option.ACCURACY, 1e-6)
    project.set_option(Option.TRIALS, max(project.option(Option.TRIALS), 100))
    project.set_time(Time.DURATION, int(hours * 3600))
    project.set_time(Time.HYDRAULIC_STEP, 60)
    project.open_solver()
    project.restart()
    nodes = [i for i in range(1, project.count(0) + 1) if project.node_type(i) == 0]  # type: ignore[arg-type]
    found: dict[int, np.ndarray] = {}
    left = 1
    while left:
        now, _ = project.solve()
        if now % every_s == 0:
            heads = [project.node(i, Node.HEAD) - project.node(i, Node.ELEVATION) for i in nodes]
            found[now] = np.array(heads) * project.length_si
        left = project.next()
    names = [project.node_id(i) for i in nodes]
    project.close()
    return names, found


@pytest.mark.parametrize(
    "name", ["water/networks/L-TOWN.inp", "water/networks/CTOWN.INP", "water/networks/BWSN_Network_1.inp"]
)
def test_two_hours_of_a_published_network_are_epanets_own(
    name: str, take: Callable[[str], Path], tmp_path: Path
) -> None:
    """The file's own demand model, from the file's own start; pressures at every recorded moment within 1 mm + 1e-4.

    EPANET's convergence limit (1e-6 of the flows) leaves heads to about 1e-4 m; results are stored in single precision.
    """
    network = take(name)
    section = {"network": network.name, "demand": "as_in_file", "start": "as_in_file", "step": "60 s"}
    told = cases.run(tmp_path, "alone", hours=2, water=section)
    assert told.summary["sections"] == ["water"]
    assert told.worst() < BALANCE
    view = RunView(told.folder)
    names, plain = plain_heads(network, tmp_path, 2)
    times, pressure = view.field("water", "pressure")
    ours = list(view.places("water", "junction").ids)
    order = [ours.index(node) for node in names]
    common = [k for k, t in enumerate(times) if round(t) in plain]
    assert len(common) >= 20
    for k in common:
        theirs = plain[round(float(times[k]))]
        assert np.abs(pressure[k][order] - theirs).max() < 1e-3 + 1e-4 * np.abs(theirs).max(), times[k]


@pytest.mark.parametrize(("network", "pipe", "hours"), [("L-TOWN.inp", "p227", 2.0), ("Net6.inp", "LINK-1000", 1.0)])
def test_a_burst_and_the_valves_that_end_it(
    network: str, pipe: str, hours: float, take: Callable[[str], Path], library: Callable[[str], Path], tmp_path: Path
) -> None:
    """A burst after a quarter of the run; the pipe is shut after three quarters. The loss stops, the ledger closes."""
    path = take(f"water/networks/{network}") if network == "L-TOWN.inp" else library(network)
    quarter = hours * 15
    timeline = [
        {"at": f"+{quarter:g} min", "do": "water.burst", "pipe": pipe, "area": "40 cm2"},
        {"at": f"+{3 * quarter:g} min", "do": "water.close", "link": pipe},
    ]
    told = cases.run(tmp_path, "burst", hours=hours, water={"network": path.name}, timeline=timeline)
    assert told.worst() < BALANCE
    assert told.metric("water.burst_volume") > 10.0
    assert cases.balance(told, "water", "water")["outflow"]["link:leaked"] == pytest.approx(
        told.metric("water.burst_volume"), rel=1e-9
    )
    times, lost = RunView(told.folder).series("water", "leak_flow")
    flow = lost.sum(axis=1)
    assert flow[times < quarter * 60].max() == 0.0
    assert flow[(times > quarter * 60 + 60) & (times < 3 * quarter * 60)].min() > 0.0


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["L-TOWN.inp", "CTOWN.INP", "BWSN_Network_1.inp", "d-town.inp", "lib/ky10.inp", "lib/Net6.inp"]
)
def test_a_day_alone(name: str, take: Callable[[str], Path], library: Callable[[str], Path], tmp_path: Path) -> None:
    """24 h, pressure-driven, exchanges of a minute: no step without balance, and the account closes."""
    path = library(name[4:]) if name.startswith("lib/") else take(f"water/networks/{name}")
    told = cases.run(tmp_path, "day", hours=24, water={"network": path.name})
    assert told.worst() < BALANCE
    assert told.metric("water.unbalanced_steps") == 0
    assert told.metric("water.delivered") > 0
