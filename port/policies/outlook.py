"""What planning policies share: who will be free where and when, and when each crane will lack a truck.

From a `Decision` alone, in whole microseconds counted from now, so both engines give the same. Services take the means
of the terminal's file and drives the time at posted limits times `SLOWER`; queues before gantries count by their boxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from port.codes import BRINGS, CHARGES, FETCHES, GIVES, TAKES
from port.dispatch import Decision

IntArray = NDArray[np.int64]

SLOWER_PCT = 115
"""Drives take 13 to 15 % longer than at posted limits (mean of the empty trips of 30 and of 50 trucks on the generated
terminal of 10 cranes, 6 h): starting, braking, junctions."""
FETCH_PCT = 160
"""From a truck's arrival until it has its load box, in hundredths of a gantry's cycle: others stand on the box, and
trucks before it. On that terminal 190 were measured (223 to 230 s, cycle 120 s). With 160 the Hungarian did best over
all fleets from 3 to 6 trucks a crane; with 100 too many trucks went to cranes that discharge (at 6 a crane 32.1 moves
instead of 32.5)."""
HALTED_US = 600_000_000
"""A crane that is stopped is taken to work again in ten minutes; nobody tells a dispatcher when."""
AHEAD_US = 120_000_000
"""Trucks that will be free within two minutes are planned with. On the generated terminal of 10 cranes the Hungarian
made with 30 trucks 26.0 moves an hour and crane with idle trucks alone, 26.4 with two minutes, 26.3 with four; with
50 trucks 31.6, 31.6 and 31.2: what is farther ahead is told too badly."""
FAR_US = 1 << 40
"""A drive without a way, small enough to be added up: twelve days."""


@dataclass(frozen=True)
class Coming:
    """Trucks that will be free at a place that can be told: index into the decision's busy trucks, when, and where."""

    busy: IntArray
    free_us: IntArray
    place: IntArray


class Outlook:
    """One decision, looked ahead.

    crane_free_us (n_cranes,)  when each crane will be through with the trucks that are bound for it
    coming                     busy trucks whose end can be told, the soonest first
    """

    def __init__(self, decision: Decision) -> None:
        self.decision = d = decision
        self.drive_us = np.minimum(d.time_us, FAR_US) * SLOWER_PCT // 100
        self.move_us = d.handover_us + d.cycle_us
        self.fetch_us = d.gantry_us * FETCH_PCT // 100
        n_cranes = len(d.cover)
        running = d.crane_since_us >= 0
        free = np.where(running, np.maximum(0, d.crane_since_us + self.move_us - d.now_us), 0)
        self.crane_free_us = free + np.where(d.crane_halted > 0, HALTED_US, 0)
        self.queue_us = d.block_work * d.gantry_us // np.maximum(d.block_gantries, 1)
        self._block_of = {int(p): b for b, p in enumerate(d.block_place.tolist())}
        self._best_block = [-1] * n_cranes
        self.coming = self._look()

    # what waits

    @cached_property
    def due_us(self) -> IntArray:
        """(n_orders,) when the crane will want each waiting order's truck: those bound for it come first, then one
        order a move."""
        d, seen = self.decision, self.crane_free_us.tolist()
        due = np.empty(len(d.order), np.int64)
        for i, crane in enumerate(d.order_crane.tolist()):
            due[i] = seen[crane]
            seen[crane] += self.move_us
        return due

    @cached_property
    def lead_us(self) -> IntArray:
        """(n_orders,) from standing at the pick-up until standing at the crane: none when discharging, the gantry's
        service and the drive when loading."""
        d = self.decision
        drop = np.where(d.drop >= 0, d.drop, 0)
        fetch = self.fetch_us * np.maximum(d.boxes, 1) + self.drive_us[d.pick_up, drop]
        return np.where(d.drop >= 0, fetch, 0)

    @cached_property
    def end_place(self) -> IntArray:
        """(n_orders,) where a truck would be free after each order: the crane, or the block that would now be chosen
        for a discharged box."""
        d = self.decision
        blocks = [
            -1 if drop >= 0 else self.block_for(c)
            for c, drop in zip(d.order_crane.tolist(), d.drop.tolist(), strict=True)
        ]
        stored = d.block_place[np.maximum(np.array(blocks, np.int64), 0)] if blocks else d.drop
        return np.where(d.drop >= 0, d.drop, stored)

    @cached_property
    def work_us(self) -> IntArray:
        """(n_orders,) from standing at the pick-up until free, without waiting for the crane."""
        d = self.decision
        store = d.handover_us + self.drive_us[d.pick_up, self.end_place] + d.gantry_us * np.maximum(d.boxes, 1)
        return np.where(d.drop >= 0, self.lead_us + d.handover_us, store)

    def block_for(self, crane: int) -> int:
        """The block that would have stored a box from a crane first, as the yard would choose now."""
        if self._best_block[crane] < 0:
            d = self.decision
            cost = d.time_us[d.crane_place[crane], d.block_place] + self.queue_us
            self._best_block[crane] = int(np.argmin(np.where(d.block_open > 0, cost, cost + FAR_US)))
        return self._best_block[crane]

    def trucks(self, ahead_us: int = AHEAD_US) -> tuple[IntArray, IntArray]:
        """Idle trucks, in the decision's order, and behind them those that come within a time: when they are free and
        where, two arrays (n_trucks,)."""
        idle, soon = self.decision.place, self.coming.free_us <= ahead_us
        free = np.concatenate([np.zeros(len(idle), np.int64), self.coming.free_us[soon]])
        return free, np.concatenate([idle, self.coming.place[soon]])

    def away_us(self, place: IntArray) -> IntArray:
        """(n, n_orders) empty drive from places to the pick-ups; FAR_US or more where no way leads."""
        return np.asarray(self.drive_us[np.ix_(place, self.decision.pick_up)])

    # who comes

    def _look(self) -> Coming:
        """Follow every busy truck to its end; cranes serve theirs in order of arrival."""
        d = self.decision
        bound: list[list[tuple[int, int]]] = [[] for _ in d.cover]
        ends: list[tuple[int, int, int]] = []
        for i, (stage, crane) in enumerate(zip(d.busy_stage.tolist(), d.busy_crane.tolist(), strict=True)):
            if stage == CHARGES or d.busy_halted[i] or crane < 0:
                continue
            at = self._at_crane(i, stage, crane)
            if at is not None:
                bound[crane].append((at, i))
            else:
                ends.append((self._stored(i, stage), i, int(d.busy_last[i])))
        for crane, trucks in enumerate(bound):
            free = int(self.crane_free_us[crane])
            for at, i in sorted(trucks):
                if d.busy[i] == d.crane_serving[crane]:
                    leaves = max(0, int(d.crane_since_us[crane]) + d.handover_us - d.now_us)
                else:
                    start = max(at, free)
                    free, leaves = start + self.move_us, start + d.handover_us
                ends.append(self._after_crane(i, crane, leaves))
            self.crane_free_us[crane] = free
        ends.sort()
        table = np.array(ends, np.int64).reshape(-1, 3)
        return Coming(table[:, 1], table[:, 0], table[:, 2])

    def _arrival(self, i: int) -> int:
        """When a driving truck will have come to the goal of its trip."""
        d = self.decision
        whole = int(self.drive_us[d.busy_from[i], d.busy_goal[i]])
        return max(0, int(d.busy_since_us[i]) + whole - d.now_us)

    def _at_crane(self, i: int, stage: int, crane: int) -> int | None:
        """When a truck with its way to the crane before it will stand there (a time in the past for one that does);
        None for one that has been there."""
        d, place = self.decision, int(self.decision.crane_place[crane])
        loading, stood = int(d.busy_last[i]) == place, int(d.busy_since_us[i]) - d.now_us
        if stage == FETCHES:
            if not loading:
                return self._arrival(i)
            return self._arrival(i) + self.fetch_us + int(self.drive_us[d.busy_goal[i], place])
        if stage == TAKES:
            if not loading:
                return stood
            return max(0, stood + self.fetch_us) + int(self.drive_us[d.busy_from[i], place])
        if stage == BRINGS and loading:
            return self._arrival(i)
        return stood if stage == GIVES and loading else None

    def _stored(self, i: int, stage: int) -> int:
        """When a truck with a discharged box will be rid of it."""
        d = self.decision
        if stage == BRINGS:
            return self._arrival(i) + d.gantry_us
        return max(0, int(d.busy_since_us[i]) + d.gantry_us - d.now_us)

    def _after_crane(self, i: int, crane: int, leaves_us: int) -> tuple[int, int, int]:
        """(when free, index, where) of a truck that leaves a crane: at once after loading, else after the yard."""
        d, place = self.decision, int(self.decision.crane_place[crane])
        if int(d.busy_last[i]) == place:
            return leaves_us, i, place
        block = self.block_for(crane)
        at = int(d.block_place[block])
        return leaves_us + int(self.drive_us[place, at]) + d.gantry_us, i, at
