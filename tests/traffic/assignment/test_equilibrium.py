"""The equilibrium: travellers cannot gain by another way, trips are conserved, sums do not depend on threads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traffic.assignment.equilibrium import solve
from traffic.assignment.graph import Graph, make_graph


def two_roads(
    trips: float, fast: float = 10.0, slow: float = 15.0, capacity: float = 100.0
) -> tuple[Graph, np.ndarray]:
    """From zone 0 to zone 1 by node 2 or by node 3."""
    tail, head = np.array([0, 0, 2, 3]), np.array([2, 3, 1, 1])
    free = np.array([fast, slow, 0.0, 0.0])
    graph, _ = make_graph(tail, head, free, np.full(4, capacity), np.array([1.0, 1.0, 0.0, 0.0]), 1.0, 4, 2, 2)
    demand = np.zeros((2, 2))
    demand[0, 1] = trips
    return graph, demand


def random_city(seed: int, zones: int = 5, nodes: int = 25) -> tuple[Graph, np.ndarray]:
    """A ring with chords, every node reachable, the first nodes are zones that may be driven through."""
    rng = np.random.default_rng(seed)
    ring = np.arange(nodes)
    tail = np.concatenate([ring, (ring + 1) % nodes, rng.integers(0, nodes, 40)])
    head = np.concatenate([(ring + 1) % nodes, ring, rng.integers(0, nodes, 40)])
    keep = tail != head
    tail, head = tail[keep], head[keep]
    graph, _ = make_graph(
        tail, head, rng.uniform(1, 10, tail.size), rng.uniform(50, 200, tail.size), 0.15, 4.0, nodes, zones
    )  # fmt: skip
    demand = rng.uniform(0, 100, (zones, zones))
    np.fill_diagonal(demand, 0.0)
    return graph, demand


def test_two_roads_share_the_trips_so_that_both_take_as_long() -> None:
    """10 (1 + v/100) = 15 (1 + w/100), v + w = 200: v = 140, w = 60, 24 each, by hand."""
    graph, demand = two_roads(200.0)
    found = solve(graph, demand, 1e-10)
    np.testing.assert_allclose(np.sort(found.volume), [60, 60, 140, 140], atol=1e-4)
    np.testing.assert_allclose(found.cost[found.cost > 0], 24.0, atol=1e-5)


def test_few_travellers_all_take_the_fast_road() -> None:
    graph, demand = two_roads(40.0)
    found = solve(graph, demand, 1e-12)
    np.testing.assert_allclose(np.sort(found.volume), [0, 0, 40, 40], atol=1e-9)


@given(st.integers(0, 10_000))
def test_what_enters_a_node_leaves_it(seed: int) -> None:
    graph, demand = random_city(seed)
    found = solve(graph, demand, 1e-4, most=60)
    net = np.bincount(graph.tail, found.volume, graph.nodes) - np.bincount(graph.head, found.volume, graph.nodes)
    wanted = np.zeros(graph.nodes)
    wanted[: graph.zones] = demand.sum(axis=1) - demand.sum(axis=0)
    np.testing.assert_allclose(net, wanted, atol=1e-7 * demand.sum())


@given(st.integers(0, 10_000))
def test_the_objective_lies_above_its_bound_by_no_more_than_the_gap(seed: int) -> None:
    graph, demand = random_city(seed)
    found = solve(graph, demand, 1e-4, most=500)
    assert found.gap <= 1e-4
    rounding = 1e-12 * found.objective
    assert -rounding <= found.objective - found.bound <= 1e-4 * float(found.cost @ found.volume) + rounding


def test_the_blend_of_the_loadings_gives_the_volumes() -> None:
    """The weights and the kept costs reproduce the volumes, so ways may be drawn from them."""
    from traffic.assignment.kernels import all_or_nothing

    graph, demand = random_city(3)
    found = solve(graph, demand, 1e-5, most=400)
    assert found.weights.sum() == pytest.approx(1.0, abs=1e-12)
    total, one, none = np.zeros(graph.links), np.zeros(graph.links), np.zeros(graph.zones)
    for cost, weight in zip(found.costs, found.weights, strict=True):
        all_or_nothing(graph.starts, graph.tail, graph.head, cost, demand, graph.first_thru, one, none)
        total += weight * one
    np.testing.assert_allclose(total, found.volume, atol=1e-6 * demand.sum())


def test_the_same_bytes_on_one_and_on_two_threads() -> None:
    graph, demand = random_city(8)
    one, two = (solve(graph, demand, 1e-6, most=200, threads=n) for n in (1, 2))
    assert one.volume.tobytes() == two.volume.tobytes()


def test_trips_without_a_way_are_counted_and_left_out() -> None:
    graph, demand = two_roads(10.0)
    demand[1, 0] = 7.0
    found = solve(graph, demand, 1e-6)
    assert found.unreached == 7.0
    assert found.volume.sum() == pytest.approx(20.0)


def test_nobody_drives_through_a_zone_that_is_closed_to_through_traffic() -> None:
    """The short way from 0 to 1 leads through zone 2; with `first_thru` 3 the long way is taken."""
    tail, head = np.array([0, 2, 0, 3]), np.array([2, 1, 3, 1])
    free = np.array([1.0, 1.0, 5.0, 5.0])
    demand = np.zeros((3, 3))
    demand[0, 1] = 1.0
    for first, expected in ((0, 2.0), (3, 10.0)):
        graph, _ = make_graph(tail, head, free, np.ones(4), 0.0, 4.0, 4, 3, first)
        found = solve(graph, demand)
        assert float(found.cost @ found.volume) == expected
