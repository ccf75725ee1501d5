"""Valve layers and segments against WNTR."""

from __future__ import annotations

import numpy as np
import pytest

from hydraulics.questions.segments import Layer, Valve, read_valves, usual_valves
from twin.scenario.problems import ScenarioError


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_segments_are_those_of_wntr(net3, missing):
    """The same partition of nodes and links as wntr.metrics.valve_segments for the same layer."""
    import pandas as pd
    import wntr

    valves = usual_valves(net3, missing)
    layer = Layer(net3, valves)
    frame = pd.DataFrame([(net3.link_ids[v.link], net3.node_ids[v.node]) for v in valves], columns=["link", "node"])
    graph = wntr.network.WaterNetworkModel(str(net3.path)).to_graph()
    nodes, links, _ = wntr.metrics.valve_segments(graph, frame)
    theirs = {**{("n", k): v for k, v in nodes.items()}, **{("l", k): v for k, v in links.items()}}
    ours = {("n", k): s for k, s in zip(net3.node_ids, layer.node_segment, strict=True)}
    ours |= {("l", k): s for k, s in zip(net3.link_ids, layer.link_segment, strict=True)}
    pairs = {(int(ours[key]), int(theirs[key])) for key in theirs}
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def test_border_valves_cut_a_segment_out(street):
    """Valves on 2 at A and on 4 at B: pipes 2 and 3 with B and C are one segment, closed by those two."""
    two, four = street.link("2"), street.link("4")
    layer = Layer(street, [Valve(two, street.node("A")), Valve(four, street.node("B"))])
    segment = layer.of_link(street.link("3"))
    assert [street.node_ids[i] for i in segment.nodes] == ["B", "C"]
    assert [street.link_ids[k] for k in segment.links] == ["2", "3"]
    assert [layer.name(v) for v in segment.valves] == ["2@A", "4@B"]
    # 4 lies outside, but its valve at B shuts it
    assert [street.link_ids[k] for k in layer.closure(segment)] == ["2", "3", "4"]


def test_a_stuck_valve_joins_both_sides(street):
    """With 2@A stuck the segment grows to the reservoir's side."""
    two, four = street.link("2"), street.link("4")
    layer = Layer(street, [Valve(two, street.node("A")), Valve(four, street.node("B"))])
    wider = layer.with_stuck(street.link("3"), (0,))
    assert {street.link_ids[k] for k in wider.links} == {"1", "2", "3"}
    assert [layer.name(v) for v in wider.valves] == ["4@B"]


def test_usual_valves_leave_the_longest_pipe_open(net3):
    """N-1: every node with k pipes has k-1 valves."""
    valves = usual_valves(net3, 1)
    count = np.bincount([v.node for v in valves], minlength=net3.n_nodes)
    pipes = np.zeros(net3.n_nodes, int)
    for k in range(net3.n_links):
        if net3.kind[k] <= 1:
            pipes[net3.first[k]] += 1
            pipes[net3.second[k]] += 1
    assert np.array_equal(count, np.maximum(pipes - 1, 0))


def test_valve_file_errors_name_their_lines(street, tmp_path):
    """Wrong link, wrong node, and a node at the other end of town."""
    path = tmp_path / "valves.csv"
    path.write_text("link,node\n2,A\n9,A\n2,X\n1,C\n")
    with pytest.raises(ScenarioError) as caught:
        read_valves(street, path)
    assert [line.split(": ")[0] for line in caught.value.lines] == ["valves.csv:3", "valves.csv:4", "valves.csv:5"]
    path.write_text("pipe,node\n2,A\n")
    with pytest.raises(ScenarioError, match="columns"):
        read_valves(street, path)
