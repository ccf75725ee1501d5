"""Physics on random networks: conservation, energy, renumbering, units. The formulas here are the textbooks' own."""

from __future__ import annotations

import math
import random

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hydraulics.fast.arrays import read
from hydraulics.fast.plan import Pressure
from hydraulics.fast.solver import Case, Engine

SLOW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ROUGHNESS = {"H-W": (80, 140), "D-W": (0.05, 2.0), "C-M": (0.009, 0.016)}


def _draw(seed: int, formula: str) -> dict:
    """A looped network of 4 to 14 junctions: data by name, SI units except L/s and mm."""
    rng = random.Random(seed)
    n = rng.randint(4, 14)
    junctions = {f"J{i}": (rng.uniform(0, 25), rng.uniform(0.2, 8.0)) for i in range(n)}
    pairs = [("R", "J0")] + [(f"J{rng.randrange(i)}", f"J{i}") for i in range(1, n)]
    pairs += [tuple(rng.sample(sorted(junctions), 2)) for _ in range(rng.randint(2, n))]
    low, high = ROUGHNESS[formula]
    pipes = {
        f"P{k}": (a, b, rng.uniform(50, 900), rng.choice([80, 100, 150, 200, 300]), rng.uniform(low, high))
        for k, (a, b) in enumerate(pairs)
    }
    return {"junctions": junctions, "pipes": pipes, "reservoir": 75.0}


def _text(net: dict, shuffle: int | None = None, us: bool = False) -> str:
    junctions, pipes = list(net["junctions"].items()), list(net["pipes"].items())
    if shuffle is not None:
        rng = random.Random(shuffle)
        rng.shuffle(junctions)
        rng.shuffle(pipes)
    foot, inch, gpm = (0.3048, 25.4, 0.0630901964) if us else (1.0, 1.0, 1.0)
    lines = ["[JUNCTIONS]"]
    lines += [f"{name} {z / foot:.12g} {q / gpm:.12g}" for name, (z, q) in junctions]
    lines += ["[RESERVOIRS]", f"R {net['reservoir'] / foot:.12g}", "[PIPES]"]
    lines += [f"{k} {a} {b} {length / foot:.12g} {d / inch:.12g} {c:.12g} 0 Open" for k, (a, b, length, d, c) in pipes]
    return "\n".join(lines)


def _loss(formula: str, length: float, d_mm: float, c: float, q: float) -> float:
    """Head loss in m at q in m3/s: Hazen-Williams; Swamee-Jain and Hagen-Poiseuille; Manning."""
    d, s = d_mm / 1000, math.copysign(1.0, q)
    q = abs(q)
    if formula == "H-W":
        return s * 10.667 * length * q**1.852 / (c**1.852 * d**4.871)
    if formula == "C-M":
        return s * 10.29 * length * c**2 * q**2 / d**5.333
    area = math.pi * d**2 / 4
    nu = 1.1e-5 * 0.3048**2
    re = q / area * d / nu
    if re < 1e-9:
        return 0.0
    f = 64 / re if re < 2000 else 0.25 / math.log10(c / 1000 / (3.7 * d) + 5.74 / re**0.9) ** 2
    return s * f * length / d * (q / area) ** 2 / (2 * 9.81)


@SLOW
@given(st.integers(0, 10**6), st.sampled_from(["H-W", "D-W", "C-M"]), st.booleans())
def test_every_node_conserves_and_every_pipe_obeys_its_formula(inp, seed, formula, driven):
    """Inflow equals delivered demand at each junction; head drop equals the formula, so loops close.

    A shut link of EPANET's still passes 1e-8 ft3/s per foot of head, which its flow of 0 does not show. Pressure-driven
    demand follows the head of the last iteration but one, to within the accuracy.
    EPANET rounds its constants: 4.727 (H-W), 32.2 ft/s2 (D-W), 1.49 and an exponent of 1.333 (C-M)."""
    near = {"H-W": 5e-4, "D-W": 2e-3, "C-M": 8e-3}[formula]
    net = _draw(seed, formula)
    network = read(inp(_text(net), formula=formula))
    engine = Engine(network, Pressure(driven, 0.0, 25.0), accuracy=1e-8)
    close = (len(net["pipes"]) - 1,)
    batch = engine.solve([Case("whole"), Case("one shut", close=close)], resolve=False)
    assert not batch.failed.any()
    for row in range(2):
        balance = np.zeros(network.n_nodes)
        np.add.at(balance, network.second, batch.flow[row])
        np.subtract.at(balance, network.first, batch.flow[row])
        for k in close if row == 1 else ():
            first, second = network.first[k], network.second[k]
            seep = 1e-8 * (batch.head[row, first] - batch.head[row, second]) / 0.3048 * 0.3048**3
            balance[first] -= seep
            balance[second] += seep
        assert np.abs(balance[: network.n_junctions] - batch.demand[row]).max() < (1e-7 if driven else 1e-9)
        for k, name in enumerate(network.link_ids):
            if row == 1 and k in close:
                assert batch.flow[row, k] == 0.0
                continue
            _, _, length, d, c = net["pipes"][name]
            q = batch.flow[row, k]
            if formula == "D-W" and 1900 < abs(q) * 4 / (math.pi * d / 1000 * 1.1e-5 * 0.3048**2) < 4100:
                continue
            drop = batch.head[row, network.first[k]] - batch.head[row, network.second[k]]
            assert abs(drop - _loss(formula, length, d, c, q)) < near * abs(drop) + 2e-5


@SLOW
@given(st.integers(0, 10**6))
def test_demand_follows_wagners_curve(inp, seed):
    """Delivered = full sqrt(p/25 m) between 0 and 25 m, nothing below, full above."""
    net = _draw(seed, "H-W")
    network = read(inp(_text(net)))
    engine = Engine(network, Pressure(True, 0.0, 25.0), accuracy=1e-8)
    batch = engine.solve([Case("thirsty", factor=4.0)], resolve=False)
    full = network.demands() * 4.0
    p = batch.head[0, : network.n_junctions] - network.elevation[: network.n_junctions]
    expected = full * np.sqrt(np.clip(p / 25.0, 0, 1))
    assert np.abs(batch.demand[0] - expected).max() < 2e-3 * full.max()
    inside = (p > 0.1) & (p < 24.9)
    assert np.allclose(batch.demand[0][inside], expected[inside], rtol=1e-4)


@SLOW
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_order_of_the_file_does_not_matter(inp, seed, shuffle):
    """The same heads by name when junctions and pipes are listed in another order.

    EPANET's criterion bounds flows: at 1e-8 two iterations may end some micrometres of head apart."""
    net = _draw(seed, "H-W")
    heads = []
    for text in (_text(net), _text(net, shuffle)):
        network = read(inp(text))
        batch = Engine(network, Pressure(True, 0.0, 25.0), accuracy=1e-8).solve([Case("a", factor=2.0)])
        heads.append(dict(zip(network.node_ids, batch.head[0], strict=True)))
    assert all(abs(heads[0][k] - heads[1][k]) < 1e-5 for k in heads[0])


@SLOW
@given(st.integers(0, 10**6))
def test_units_do_not_matter(inp, seed):
    """Litres and metres, or gallons and feet: losses within 1e-4 (EPANET rounds 448.831 gpm and 28.317 L/s)."""
    net = _draw(seed, "H-W")
    heads = []
    for units, us in (("LPS", False), ("GPM", True)):
        network = read(inp(_text(net, us=us), units=units))
        batch = Engine(network, Pressure(False), accuracy=1e-8).solve([Case("a")])
        heads.append(dict(zip(network.node_ids, batch.head[0], strict=True)))
    assert all(abs(heads[0][k] - heads[1][k]) < 1e-4 * (1 + abs(75.0 - heads[0][k])) for k in heads[0])
