"""The state of a terminal as figures and tables read it, whichever engine keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from port.state import Crane, Gantry, Tally, Truck, Vessel, Visitor
from port.yard import Stock


class View(Protocol):
    """Machines, trucks, ships and boxes at the present time. For reading only."""

    @property
    def cranes(self) -> Sequence[Crane]: ...
    @property
    def gantries(self) -> Sequence[Gantry]: ...
    @property
    def trucks(self) -> Sequence[Truck]: ...
    @property
    def vessels(self) -> Sequence[Vessel]: ...
    @property
    def visitors(self) -> Sequence[Visitor]: ...
    @property
    def stock(self) -> Stock: ...
    @property
    def tally(self) -> Tally: ...
