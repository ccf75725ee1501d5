"""The dispatch policy: oldest order, nearest truck, and no order that blocks the others."""

from __future__ import annotations

import math
from dataclasses import dataclass

from port.dispatch import POLICIES, FifoNearest


@dataclass
class Order:
    number: int
    pick_up: tuple[int, float]


@dataclass
class Truck:
    number: int
    spot: tuple[int, float]


def along(a, b):
    """Lane 9 is cut off; else the distance along one straight lane."""
    return math.inf if (a[0] == 9) != (b[0] == 9) else abs(a[1] - b[1])


TRUCKS = [Truck(0, (0, 0.0)), Truck(1, (0, 50.0)), Truck(2, (0, 70.0))]


def test_the_oldest_order_gets_the_nearest_truck():
    orders = [Order(3, (0, 60.0)), Order(4, (0, 0.0))]
    assert FifoNearest().choose(orders, TRUCKS, along) == (0, 1), "of two at 10 m the lower number"


def test_an_order_that_nobody_can_reach_lets_the_next_pass():
    orders = [Order(3, (9, 60.0)), Order(4, (0, 65.0))]
    assert FifoNearest().choose(orders, TRUCKS, along) == (1, 2)
    assert FifoNearest().choose(orders[:1], TRUCKS, along) is None


def test_every_policy_of_the_section_exists():
    from typing import get_args

    from port.config import PortSection

    assert set(get_args(PortSection.model_fields["dispatch"].annotation)) == set(POLICIES)
