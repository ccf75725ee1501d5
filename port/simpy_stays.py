"""What becomes of boxes in the yard: how long they stay, and who takes them on. For the SimPy processes.

Each box has a stream of its own, so a box's luck does not depend on who handles it. Draw 1: on the ship whether it is
transhipped, and for whom; in the yard at the start whether it is released already. Draw 2: the stay. Draw 3: the part
of it that is left, or where the ship has transfers whether one that is not passed on so is transhipped.
"""

from __future__ import annotations

from dataclasses import dataclass

from port.codes import L_TRANSHIP
from port.draws import BOX, Stream
from port.dwell import EVEN, MS_TABLE
from port.plan import Plan
from port.simpy_world import World
from port.state import Vessel


@dataclass(frozen=True)
class Stays:
    """Draws of single boxes."""

    plan: Plan
    seed: int

    def stream(self, box: int, draws_before: int = 0) -> Stream:
        """A box's stream, from its next draw on."""
        stream = Stream(self.seed, BOX, box)
        stream.counter = draws_before
        return stream

    def rest_us(self, box: int) -> int:
        """How long an import of the first stock is not released yet."""
        stays, dwell = self.plan.stays, self.plan.terminal.yard.dwell
        if stays is None or dwell is None:
            return 0
        stream = self.stream(box)
        if stream.uniform() < dwell.released:
            return 0
        left = stream.duration(stays["rest"])
        if self.plan.rest_is_even:
            left = left * stream.index(EVEN) // EVEN
        return left * MS_TABLE

    def import_us(self, box: int) -> int:
        """How long a stored import is not released."""
        stays = self.plan.stays
        return 0 if stays is None else self.stream(box, 1).duration(stays["imports"]) * MS_TABLE

    def owner(self, world: World, box: int, vessel: Vessel) -> int | None:
        """For whom a box is that comes off a ship now: −1 a road truck, a call's number, None a ship after the run."""
        share, left = self.plan.terminal.yard.transhipment, sum(boxes for _, boxes in vessel.transfers)
        if not left and share <= 0.0:
            return -1
        stream = self.stream(box)
        if left:
            which = stream.index(vessel.discharge - vessel.discharged)
            for transfer in vessel.transfers:
                if which < transfer[1]:
                    transfer[1] -= 1
                    return self._told(world, box, transfer[0], vessel)
                which -= transfer[1]
            stream = self.stream(box, 2)
        if share <= 0.0 or stream.uniform() >= share:
            return -1
        stays = self.plan.stays
        stay_us = 0 if stays is None else self.stream(box, 1).duration(stays["transhipment"]) * MS_TABLE
        return self._told(world, box, world.first_ship(world.now + stay_us, vessel.number), vessel)

    def _told(self, world: World, box: int, call: int | None, vessel: Vessel) -> int | None:
        world.tally.transhipped += 1
        world.log(L_TRANSHIP, box, -2 if call is None else call, vessel.number)
        return call
