"""Ports meet by quantity, and what does not fit is refused in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.twin.toys import POND, SPRING, Pond, Spring
from twin.couple import linked_ports, make_links, pairs
from twin.links import LinkError
from twin.places import Points


def test_ports_meet_by_quantity():
    found = pairs({"spring": SPRING, "pond": POND})
    assert [p.name for p in found] == [
        "spring.water -> pond.inflow",
        "spring.level -> pond.level",
        "spring.frogs -> pond.frogs",
    ]
    assert linked_ports({"spring": SPRING})["spring"] == frozenset()
    assert linked_ports({"spring": SPRING, "pond": POND})["pond"] == {"inflow", "level", "frogs"}


def test_an_amount_has_one_taker():
    with pytest.raises(LinkError, match="would be given twice"):
        make_links({"spring": Spring("spring"), "pond": Pond("pond"), "lake": Pond("lake")})


def test_a_source_outside_the_taker_is_named():
    spring = Spring("spring")
    spring.places = {"well": Points(("a", "b", "c"), np.array([[5.0, 5.0], [1e6, 5.0], [16.0, 6.0]]))}
    with pytest.raises(LinkError, match=r"1 of 3 places \(first: b\) have nowhere to give to"):
        make_links({"spring": spring, "pond": Pond("pond")})


def test_units_that_measure_different_things_are_refused():
    spring = Spring("spring")
    spring.ports = (*SPRING[:1], replace(SPRING[1], unit="kg"))
    with pytest.raises(ValueError, match="cannot turn 'kg' into 'm'"):
        make_links({"spring": spring, "pond": Pond("pond")})
