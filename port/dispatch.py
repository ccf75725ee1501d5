"""Which truck takes which order: one interface for every policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from port.network import Spot


class Waiting(Protocol):
    """An order that nobody drives yet: its number (older is smaller) and where its box is picked up."""

    number: int

    @property
    def pick_up(self) -> Spot: ...


class Idle(Protocol):
    """A truck without an order."""

    number: int
    spot: Spot


Choice = tuple[int, int]
"""Index into the orders, index into the trucks."""


class Policy(Protocol):
    """Chooses one pair, or None to leave all waiting. Asked again until it says None or one list is empty.

    orders are sorted by age, trucks by number; `seconds(a, b)` is the time between two spots at the posted limits.
    A policy draws nothing and keeps nothing, so every engine that asks it gets the same answer.
    """

    def choose(
        self, orders: Sequence[Waiting], trucks: Sequence[Idle], seconds: Callable[[Spot, Spot], float]
    ) -> Choice | None: ...


class FifoNearest:
    """The oldest order goes to the truck that is there first; of equals, the one with the lower number.

    An order whose pick-up no truck can reach (flooded lanes) waits and lets the next one pass.
    """

    def choose(
        self, orders: Sequence[Waiting], trucks: Sequence[Idle], seconds: Callable[[Spot, Spot], float]
    ) -> Choice | None:
        for i, order in enumerate(orders):
            near = min(range(len(trucks)), key=lambda k: seconds(trucks[k].spot, order.pick_up))
            if seconds(trucks[near].spot, order.pick_up) < float("inf"):
                return i, near
        return None


POLICIES: dict[str, type[Policy]] = {"fifo_nearest": FifoNearest}
