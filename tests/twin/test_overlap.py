"""Extents of sections: which lie together, and what is said of one that lies apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.overlap import Box, gap_m, overlap
from twin.ports import Direction, Join, Kind, Port

DEPTH_OUT = Port("depth", "m", Direction.OUT, Kind.STATE, "cell", "", quantity="surface__depth")
DEPTH_IN = Port("depth", "m", Direction.IN, Kind.STATE, "edge", "", quantity="surface__depth", join=Join.ALONG_MAX)
PORTS = {"drainage": (DEPTH_OUT,), "traffic": (DEPTH_IN,), "water": ()}
HERE, THERE = (0.0, 0.0, 1000.0, 800.0), (398_000.0, 5_810_000.0, 399_000.0, 5_811_000.0)

coordinates = st.floats(-1e6, 1e6)
boxes = st.tuples(coordinates, coordinates, coordinates, coordinates).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
)


@given(boxes, boxes)
def test_a_gap_is_the_same_both_ways_and_none_to_oneself(a: Box, b: Box) -> None:
    assert gap_m(a, b) == gap_m(b, a) >= 0.0
    assert gap_m(a, a) == 0.0


def test_a_gap_is_a_distance() -> None:
    """3-4-5 triangle between two corners."""
    assert gap_m((0, 0, 1, 1), (4, 5, 6, 7)) == 5.0


@pytest.mark.parametrize("other", [HERE, (1050.0, 0.0, 2000.0, 800.0), (500.0, 500.0, 500.0, 500.0)])
def test_what_overlaps_touches_or_nearly_touches_lies_together(other: Box) -> None:
    """A gap of 50 m is none, and a single point within is fine."""
    assert overlap({"drainage": HERE, "traffic": other}, PORTS) == []


def test_a_linked_section_elsewhere_is_an_error_with_both_places() -> None:
    (problem,) = overlap({"drainage": HERE, "water": HERE, "traffic": THERE}, PORTS, "EPSG:32633")
    assert problem.path == ("traffic",)
    assert not problem.warn
    for words in ("x 398000 to 399000", "x 0 to 1000", "do not overlap", "km apart", "EPSG:32633"):
        assert words in problem.text


def test_a_section_that_nothing_links_is_only_a_warning() -> None:
    """Water alone beside traffic shares no ground with it."""
    (problem,) = overlap({"traffic": HERE, "water": THERE}, {"traffic": (DEPTH_IN,), "water": ()})
    assert problem.warn


def test_degrees_are_named() -> None:
    """A network between 13.50 and 13.55 east is not 5 cm wide."""
    degrees = (13.50, 52.42, 13.55, 52.45)
    (apart,) = overlap({"drainage": THERE, "traffic": degrees}, PORTS)
    assert "coordinates of traffic look like degrees" in apart.text
    (within,) = overlap({"drainage": HERE, "traffic": degrees}, PORTS)
    assert within.warn
    assert "look like degrees" in within.text
