"""The fast engine on the field's networks: closures and days against EPANET 2.2, and files broken on purpose."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from hydraulics.fast.arrays import CV, read
from hydraulics.fast.compare import compare
from hydraulics.fast.eps import simulate
from hydraulics.fast.plan import Pressure
from hydraulics.fast.reference import Reference
from hydraulics.fast.solver import Case, Engine, closable
from hydraulics.fast.verify import sample_closures
from hydraulics.questions.opening import open_network
from twin.scenario.problems import ScenarioError

LIBRARY = Path(importlib.util.find_spec("wntr").origin).parent / "library" / "networks"
RULE = Pressure(True, 0.0, 20.0)


def network_file(shared: Path, name: str) -> Path:
    own = LIBRARY / f"{name}.inp"
    return own if own.exists() else shared / "water" / "networks" / f"{name}.inp"


@pytest.mark.parametrize(
    ("name", "count"),
    [("L-TOWN", 60), ("d-town", 40), ("modena", 40), ("BWSN_Network_1", 40), ("Balerma", 20), ("EXN", 15), ("ky10", 30),
     ("MICROPOLIS_v1", 20), ("BIWS", 10)],
)  # fmt: skip
def test_closures_agree(shared, name, count):
    """At an accuracy of 1e-5 in both: 99 % of connected nodes within 1 cm, every larger difference explained."""
    network = read(network_file(shared, name))
    result = compare(network, RULE, sample_closures(network, count), accuracy=1e-5)
    assert result.share_within >= 0.99
    assert not result.unexplained, result.unexplained[:3]
    assert not [why for why in result.solved_by_epanet.values() if "does not" not in why]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Net6", "DMAs"])
def test_large_networks_agree(shared, name):
    """3,323 and 11,063 junctions, as above."""
    network = read(network_file(shared, name))
    result = compare(network, RULE, sample_closures(network, 20), accuracy=1e-5)
    assert result.share_within >= 0.99
    assert not result.unexplained


def test_all_closures_of_l_town_balance_without_help(shared):
    """905 pipes, none handed over; a batch in two threads gives the same as one."""
    engine = Engine(read(network_file(shared, "L-TOWN")), RULE)
    pipes = [k for k in closable(engine) if engine.network.kind[k] != CV]
    cases = [Case(engine.network.link_ids[k], close=(k,)) for k in pipes]
    one = engine.solve(cases, keep=("head",), resolve=False)
    two = engine.solve(cases, keep=("head",), resolve=False, threads=2)
    assert len(cases) == 905
    assert not one.failed.any()
    assert np.array_equal(one.head, two.head)


@pytest.mark.parametrize("name", ["CTOWN", "L-TOWN", "BWSN_Network_1", "Anytown"])
def test_hours_agree(shared, name):
    """Nine hours with tanks, controls and rules: heads within 5 mm of EPANET 2.2, demands fixed."""
    path = network_file(shared, name)
    network = read(path if path.exists() else path.with_suffix(".INP"))
    ours = simulate(network, Pressure(False), duration_s=9 * 3600, accuracy=1e-5)
    with Reference(network, Pressure(False), 1e-5) as epanet:
        file = epanet.file
        file.init_solver(True)
        for row, time_s in enumerate(ours.time_s):
            now, _ = file.solve()
            assert abs(now - time_s) <= 1
            head = np.array([network.units.head(file.node(i + 1, "head")) for i in range(network.n_nodes)])
            assert np.abs(head - ours.head[row]).max() < 5e-3, f"at {now} s"
            file.step()


def test_every_test_file_of_wntr_gives_an_answer_or_a_reason(shared):
    """Broken on purpose or not: heads that are numbers, or one message; never a crash of ours."""
    answered, refused = [], {}
    for path in sorted((shared / "water" / "wntr-tests").glob("*.inp")):
        try:
            network = open_network(path)
        except ScenarioError as problem:
            refused[path.name] = str(problem)
            continue
        batch = Engine(network).settle()
        assert np.isfinite(batch.head).all() or batch.named, path.name
        answered.append(path.name)
    assert {"bad_values.inp", "bad_syntax.inp", "bad_times.inp"} <= set(refused)
    assert "undefined node node1" in refused["bad_values.inp"]
    assert len(answered) > 25
    assert "latin1.inp" in answered
