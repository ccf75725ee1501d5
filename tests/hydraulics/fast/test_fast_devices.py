"""Every device against EPANET 2.2 on small networks, in every state that the settings can bring about."""

from __future__ import annotations

import numpy as np
import pytest

from hydraulics.fast.arrays import read
from hydraulics.fast.plan import Pressure
from hydraulics.fast.reference import Reference
from hydraulics.fast.solver import Case, Engine

MIDDLE = """
[JUNCTIONS]
A 10 2
B 8 4
C 5 6
D 3 {d_demand}
[RESERVOIRS]
R 70
S {s_head}
[PIPES]
1 R A 400 250 110 0.5 Open
2 B C 300 200 100 0 Open
3 C D 500 150 90 2 Open
4 D S 350 150 95 0 Open
{more}
"""

DEVICES = {
    "PRV holds": "[VALVES]\nV A B 200 PRV 35 0",
    "PRV too high": "[VALVES]\nV A B 200 PRV 90 1",
    "PSV holds": "[VALVES]\nV A B 200 PSV 58 0",
    "PSV idle": "[VALVES]\nV A B 200 PSV 20 3",
    "FCV holds": "[VALVES]\nV A B 200 FCV 9 0",
    "FCV too much": "[VALVES]\nV A B 200 FCV 400 2",
    "TCV": "[VALVES]\nV A B 200 TCV 150 0",
    "PBV": "[VALVES]\nV A B 200 PBV 12 0",
    "GPV": "[VALVES]\nV A B 200 GPV K 0\n[CURVES]\nK 0 0\nK 10 3\nK 30 14\nK 80 60",
    "valve shut": "[VALVES]\nV A B 200 PRV 35 0\n[STATUS]\nV Closed",
    "valve fixed open": "[VALVES]\nV A B 200 PRV 35 0\n[STATUS]\nV Open",
    "check valve": "[PIPES]\n5 A B 100 200 100 0 CV",
    "one-point pump": "[PUMPS]\nU A B HEAD K\n[CURVES]\nK 15 20",
    "three-point pump": "[PUMPS]\nU A B HEAD K\n[CURVES]\nK 0 40\nK 20 30\nK 40 10",
    "many-point pump": "[PUMPS]\nU A B HEAD K\n[CURVES]\nK 0 40\nK 10 37\nK 20 30\nK 30 20\nK 40 5",
    "slow pump": "[PUMPS]\nU A B HEAD K SPEED 0.8\n[CURVES]\nK 0 40\nK 20 30\nK 40 10",
    "power pump": "[PUMPS]\nU A B POWER 5",
    "emitter": "[PIPES]\n5 A B 100 200 100 0 Open\n[EMITTERS]\nC 0.8\nD 0.3",
}


@pytest.mark.parametrize("s_head", [40, 62])
@pytest.mark.parametrize("driven", [False, True])
@pytest.mark.parametrize("device", DEVICES)
def test_device_agrees_with_epanet(inp, device, driven, s_head):
    """Heads within 3 mm of EPANET 2.2 at a fine accuracy: its pressure-driven demand runs over by up to 1e-8 of
    the pressure, which is the 2 mm."""
    path = inp(MIDDLE.format(d_demand=3, s_head=s_head, more=DEVICES[device]))
    network = read(path)
    pressure = Pressure(driven, 0.0, 30.0)
    batch = Engine(network, pressure, accuracy=1e-6).settle()
    assert batch.outcome[0] == 0
    with Reference(network, pressure, 1e-5) as epanet:
        epanet.solve_raw(None, fresh=True)
        head, outflow, flow = epanet.read()
    assert np.abs(batch.head[0] - head).max() < 3e-3
    assert np.abs(batch.flow[0] - flow).max() < 2e-5
    emitted = batch.demand[0].copy()
    emitted[np.flatnonzero(network.emitter > 0)] += batch.emitter[0]
    assert np.abs(emitted - outflow).max() < 2e-5


@pytest.mark.parametrize("formula", ["H-W", "D-W", "C-M"])
def test_formulas_agree_with_epanet(inp, formula):
    """The three head loss formulas with minor losses, from full flow down to a trickle (laminar in D-W)."""
    rough = {"H-W": "100", "D-W": "0.5", "C-M": "0.012"}[formula]
    more = "[PIPES]\n5 A B 100 200 100 4 Open\n6 A D 900 100 100 0 Open"
    text = MIDDLE.format(d_demand=0.01, s_head=69.9, more=more)
    rows = []
    for line in text.splitlines():
        words = line.split()
        if len(words) == 8 and words[7] == "Open":
            words[5] = rough
        rows.append(" ".join(words))
    network = read(inp("\n".join(rows), formula=formula))
    for factor in (1.0, 0.01):
        case = Case("x", factor=factor)
        ours = Engine(network, Pressure(False), accuracy=1e-7).solve([case])
        with Reference(network, Pressure(False), 1e-5) as epanet:
            head, _, flow = epanet.solve(case)
        assert np.abs(ours.head[0] - head).max() < 1e-3
        assert np.abs(ours.flow[0] - flow).max() < 2e-5


def test_cases_change_emitters_demands_speeds_and_closures(inp):
    """Each kind of difference in its own lane, against EPANET set the same way; then all in one case."""
    path = inp(MIDDLE.format(d_demand=3, s_head=45, more=DEVICES["three-point pump"]))
    network = read(path)
    pressure = Pressure(True, 0.0, 30.0)
    b, c, u = network.node("B"), network.node("C"), network.link("U")
    cases = [
        Case("shut", close=(network.link("4"),)),
        Case("leak", emitter=((c, 0.002),)),
        Case("thirst", demand=((b, 0.02),)),
        Case("slow", speed=((u, 0.7),)),
        Case("off", speed=((u, 0.0),)),
        Case("more", factor=1.7),
        Case("all", close=(network.link("3"),), emitter=((c, 0.001),), demand=((b, 0.01),), speed=((u, 0.9),)),
        Case("nothing"),
        Case("pump shut", close=(u,)),
    ]
    engine = Engine(network, pressure, demand_nodes=[b], emitter_nodes=[c], accuracy=1e-6)
    batch = engine.solve(cases, resolve=False)
    assert not batch.failed.any()
    with Reference(network, pressure, 1e-5) as epanet:
        for row, case in enumerate(cases):
            head, _, flow = epanet.solve(case)
            assert np.abs(batch.head[row] - head).max() < 5e-3, case.name
            assert np.abs(batch.flow[row] - flow).max() < 2e-5, case.name


def test_lanes_and_threads_do_not_change_answers(inp):
    """Bit for bit the same whether a case runs alone, among others, or in a second thread."""
    network = read(inp(MIDDLE.format(d_demand=3, s_head=45, more=DEVICES["PRV holds"])))
    engine = Engine(network, Pressure(True, 0.0, 30.0))
    cases = [Case(str(i), factor=0.5 + 0.03 * i, close=(i % 3,) if i % 2 else ()) for i in range(60)]
    together = engine.solve(cases, resolve=False)
    split = engine.solve(cases, threads=2, resolve=False)
    assert np.array_equal(together.head, split.head)
    for i in (0, 17, 59):
        alone = engine.solve([cases[i]], resolve=False)
        assert np.array_equal(alone.head[0], together.head[i])
        assert alone.trials[0] == together.trials[i]


def test_isolated_customers_get_nothing(inp):
    """Pressure-driven, an island without a source delivers nothing and settles at the height of its lowest customer
    (D, 3 m), as in EPANET."""
    text = MIDDLE.format(d_demand=3, s_head=45, more=DEVICES["TCV"])
    network = read(inp(text))
    pressure = Pressure(True, 0.0, 30.0)
    case = Case("island", close=(network.link("2"), network.link("4")))
    batch = Engine(network, pressure, accuracy=1e-6).solve([case])
    with Reference(network, pressure, 1e-5) as epanet:
        head, _, _ = epanet.solve(case)
    for name in ("C", "D"):
        i = network.node(name)
        assert abs(batch.demand[0, i]) < 2e-6
        assert abs(batch.head[0, i] - 3.0) < 1e-3
        assert abs(batch.head[0, i] - head[i]) < 1e-3


def test_node_by_node_pressure_limits(inp):
    """A required pressure of its own at each node: delivered = full sqrt(p/required) with that node's number."""
    network = read(inp(MIDDLE.format(d_demand=3, s_head=30, more=DEVICES["TCV"])))
    required = np.array([20.0, 60.0, 80.0, 100.0])
    batch = Engine(network, Pressure(True, 0.0, required), accuracy=1e-7).settle()
    p = batch.head[0, :4] - network.elevation[:4]
    full = network.demands()
    assert np.allclose(batch.demand[0], full * np.sqrt(np.clip(p / required, 0, 1)), rtol=1e-4)
    assert (batch.demand[0][1:] < full[1:]).all()


def test_what_does_not_converge_is_named_and_solved_by_epanet(inp):
    """One trial is never enough: every case is counted, named, and carries EPANET's answer."""
    network = read(inp(MIDDLE.format(d_demand=3, s_head=45, more=DEVICES["PRV holds"])))
    c = network.node("C")
    engine = Engine(network, Pressure(True, 0.0, 30.0), emitter_nodes=[c], accuracy=1e-6)
    engine.settle()
    cases = [Case("a", factor=1.4, emitter=((c, 0.002),)), Case("b", close=(network.link("3"),))]
    good = engine.solve(cases)
    engine.rules = engine.rules._replace(trials=1, extra=-1)
    rescued = engine.solve(cases)
    assert set(rescued.named) == {"a", "b"}
    assert (rescued.outcome >= 10).all()
    assert np.abs(rescued.head - good.head).max() < 5e-3
    assert np.abs(rescued.demand - good.demand).max() < 2e-5
    assert np.abs(rescued.emitter - good.emitter).max() < 2e-5
    assert good.emitter[0, 0] > 0.005
    bare = engine.solve(cases, resolve=False)
    assert bare.failed.all()


@pytest.mark.parametrize(
    "options", ["HEADERROR 0.0001", "FLOWCHANGE 0.0001", "DAMPLIMIT 0.2", "CHECKFREQ 4\nMAXCHECK 3"]
)
@pytest.mark.parametrize("device", ["PRV holds", "FCV holds", "power pump", "check valve"])
def test_convergence_options_are_obeyed(inp, device, options):
    """The file's criteria lead to EPANET's heads, and a tighter criterion never takes fewer trials."""
    text = MIDDLE.format(d_demand=3, s_head=45, more=DEVICES[device])
    plain, strict = read(inp(text, name="a.inp")), read(inp(text, options=options, name="b.inp"))
    pressure = Pressure(False)
    loose = Engine(plain, pressure, accuracy=1e-3)
    tight = Engine(strict, pressure, accuracy=1e-3)
    assert tight.rules != loose.rules
    answers = []
    for engine in (loose, tight):
        out = engine.answers(1, ("head",))
        engine.run(engine.pack([Case("x")]), out)
        assert out.outcome[0] == 0
        answers.append((out.head[0].copy(), int(out.trials[0])))
    if options.startswith(("HEAD", "FLOW")):
        assert answers[1][1] >= answers[0][1]
    with Reference(strict, pressure, 1e-5) as epanet:
        epanet.solve_raw(None, fresh=True)
        head, _, _ = epanet.read()
    assert np.abs(answers[1][0] - head).max() < 0.05


def test_what_epanet_cannot_express_is_said(inp):
    """Limits node by node have no counterpart in EPANET: an unbalanced case is named with that reason."""
    network = read(inp(MIDDLE.format(d_demand=3, s_head=45, more=DEVICES["PRV holds"])))
    engine = Engine(network, Pressure(True, 0.0, np.array([20.0, 30.0, 40.0, 50.0])), accuracy=1e-6)
    engine.rules = engine.rules._replace(trials=1, extra=-1)
    batch = engine.settle()
    assert "one pressure limit for all nodes" in batch.named["base"]
    assert batch.failed.all()
