"""Criticality, isolation and fire flow: what must come out where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from hydraulics.fast.plan import Pressure
from hydraulics.fast.reference import Reference
from hydraulics.fast.solver import Case
from hydraulics.questions.criticality import pipe_criticality, segment_criticality
from hydraulics.questions.fireflow import fire_flow
from hydraulics.questions.isolate import isolate
from hydraulics.questions.reach import reached_nodes
from hydraulics.questions.segments import Layer, Valve, usual_valves

RULE = Pressure(True, 0.0, 20.0)


def test_a_street_loses_what_lies_behind_the_break(street):
    """10 L/s is 36 m3/h: pipe 1 and 2 cost all 108, pipe 3 and 4 cost 36 each; nodes behind are isolated."""
    answer = pipe_criticality(street, RULE)
    found = {row["pipe"]: row for row in answer.rows()}
    lost = {k: found[k]["unserved_m3h"] for k in found}
    assert lost == pytest.approx({"1": 108, "2": 108, "3": 36, "4": 36}, rel=1e-3)
    assert {k: found[k]["isolated_nodes"] for k in found} == {"1": 4, "2": 3, "3": 1, "4": 1}
    assert {k: found[k]["short_nodes"] for k in found} == {"1": 3, "2": 3, "3": 1, "4": 1}
    assert answer.rows()[0]["rank"] == 1


def test_ranking_agrees_with_epanet(net3):
    """Unserved water of every closure within 1 m3/h of EPANET's own delivered demands (the total is 2,450).

    EPANET runs at 1e-5: at the file's 1e-3 it stops while node 15 still draws all of its demand at 16.6 m."""
    answer = pipe_criticality(net3, RULE)
    full = net3.demands()
    e = answer.effects
    with Reference(net3, RULE, 1e-5) as epanet:
        epanet.solve_raw(None, fresh=True)
        _, base, _ = epanet.read()
        for row in e.rank()[:25]:
            solved = epanet.solve(Case("c", close=answer.links[row]))
            assert solved is not None
            lost = ((full - solved[1])[full > 0].sum() - (full - base)[full > 0].sum()) * 3600
            assert e.unserved_m3h[row] == pytest.approx(max(lost, 0.0), abs=1.0)


def test_reach_is_that_of_networkx(net3):
    """Nodes joined to a source after closures, against networkx."""
    import networkx as nx

    rng = np.random.default_rng(3)
    closures = [tuple(rng.choice(net3.n_links, 6, replace=False).tolist()) for _ in range(20)]
    shut = net3.status <= 2
    reached = reached_nodes(net3, shut, closures)
    for row, closed in enumerate(closures):
        graph = nx.Graph()
        graph.add_nodes_from(range(net3.n_nodes))
        for k in range(net3.n_links):
            if k not in closed and net3.status[k] > 2:
                graph.add_edge(int(net3.first[k]), int(net3.second[k]))
        sources = range(net3.n_junctions, net3.n_nodes)
        expected = set().union(*(nx.node_connected_component(graph, s) for s in sources))
        assert set(np.flatnonzero(reached[row]).tolist()) == expected


def test_segments_fail_as_a_whole(street):
    """The segment of B and C takes D along, because 4 is shut at B: 108 m3/h."""
    layer = Layer(street, [Valve(street.link("2"), street.node("A")), Valve(street.link("4"), street.node("B"))])
    answer = segment_criticality(street, RULE, layer)
    assert max(row["unserved_m3h"] for row in answer.rows()) == pytest.approx(108, rel=1e-3)


def test_isolation_names_valves_and_customers(street):
    """Pipe 3 burst: 3@B shuts it and C is dry. With 3@B stuck, 2@B and 4@B are needed and D and B are dry too."""
    two, three, four = (street.link(k) for k in "234")
    b = street.node("B")
    layer = Layer(street, [Valve(two, b), Valve(three, b), Valve(four, b)])
    rows = isolate(street, RULE, layer, three).rows()
    assert rows[0]["valves"] == ["3@B"]
    assert rows[0]["without_water"] == ["C"]
    assert rows[0]["unserved_m3h"] == pytest.approx(36, rel=1e-3)
    assert rows[1]["choice"] == "3@B stuck"
    assert rows[1]["valves"] == ["2@B", "4@B"]
    assert rows[1]["more_valves"] == ["2@B", "4@B"]
    assert rows[1]["without_water"] == ["B", "C", "D"]


def test_second_choices_come_best_first(net3):
    """Ordered by what customers lose, and never better than the first choice."""
    answer = isolate(net3, RULE, Layer(net3, usual_valves(net3)), net3.link("123"))
    lost = [c.unserved_m3h for c in answer.second]
    assert lost == sorted(lost)
    assert all(c >= answer.first.unserved_m3h - 1e-6 for c in lost)
    assert all(answer.first.segment.links[0] in c.segment.links for c in answer.second)


def test_fire_flow_leaves_the_residual_pressure(net3):
    """EPANET, given the flow as a demand, finds 14 m at the hydrant, within 2 cm."""
    names = ["15", "117", "131", "199", "207", "253"]
    hydrants = [net3.node(name) for name in names]
    answer = fire_flow(net3, hydrants)
    demands = net3.demands()
    tried = 0
    with Reference(net3, Pressure(False), 1e-5) as epanet:
        for row, i in enumerate(answer.hydrants):
            if answer.flow_m3s[row] == 0.0 or not demands[i] > 0:
                continue
            solved = epanet.solve(Case("fire", demand=((i, demands[i] + answer.flow_m3s[row]),)))
            assert solved is not None
            assert solved[0][i] - net3.elevation[i] == pytest.approx(14.0, abs=0.02)
            tried += 1
    assert tried >= 3


def test_fire_flow_falls_with_the_residual_and_is_nothing_above_static(street):
    """More pressure to keep, less water to give; at 70 m from a 60 m reservoir there is none, and it is said."""
    flows = [fire_flow(street, residual_m=r).flow_m3s for r in (5.0, 14.0, 40.0)]
    assert (flows[0] > flows[1]).all()
    assert (flows[1] > flows[2]).all()
    none = fire_flow(street, residual_m=70.0)
    assert (none.flow_m3s == 0).all()
    assert all("residual pressure" in row["note"] for row in none.rows())
