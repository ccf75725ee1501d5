"""The reference engine: a terminal as SimPy processes on a clock of whole microseconds.

Everything random is drawn by name (`port.draws`), and events of one instant have the order that `port.codes` states,
so nothing depends on how often the clock is stopped: advancing in slices gives the log of advancing in one go.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import simpy
from numpy.typing import NDArray

from port.calls import planned_calls
from port.control import Engine, GridlockError
from port.draws import BATTERY, GANTRY, QUAY_CRANE, TRUCK, YARD, Stream
from port.simpy_fleet import Fleet
from port.simpy_gate import GateSide
from port.simpy_quay import Quay
from port.simpy_roads import Roads
from port.simpy_stays import Stays
from port.simpy_world import World
from port.simpy_yard import YardSide
from port.state import BlockSide, Crane, Gantry, Machine, Truck, Vehicle
from port.yard import Stock


class SimpyEngine(Engine):
    """One terminal as SimPy processes; `port.control.Engine` says how it is made and what may act on it."""

    def _build(self) -> None:
        plan, seed = self.plan, self.seed
        self.env = env = simpy.Environment()
        self.calls = calls = planned_calls(self.terminal, seed, self.duration_us)
        wanted, stays = [c.wanted for c in calls], Stays(plan, seed)
        stock = Stock.at_start(self.terminal.blocks, self.terminal.yard, wanted, Stream(seed, YARD, 0), stays.rest_us)
        self.state = world = World(env, plan, seed, stock, self.ways, self.level, self.speeds.tolist())
        self._machines(world)
        for vessel in calls:
            vessel.expected = vessel.load - vessel.coming - stock.exports_of(vessel.number)
            world.vessels.append(vessel)
        world.tally.stock_start = stock.held
        self.cranes, self.gantries, self.trucks = world.cranes, world.gantries, world.trucks
        self.roads = roads = Roads(world)
        self.yard = yard = YardSide(world, roads, stays)
        self.quay = quay = Quay(world, roads, yard)
        self.fleet = fleet = Fleet(world, roads, yard, quay, self.rule, self.policy)
        self.gates = gates = GateSide(world, roads, yard)
        yard.release_later(stock.pending, self.duration_us)
        world.settlers = [
            *(gates.settle, quay.settle_orders, fleet.settle, roads.settle_places),
            *(gates.settle_out, quay.settle, yard.settle, fleet.settle_stations, roads.settle_operators),
            roads.settle,
            self._stop_in_a_ring,
        ]
        self._read = 0
        for vessel in world.vessels:
            env.process(quay.vessel_life(vessel))
        for crane in world.cranes:
            env.process(quay.crane_life(crane))
        for gantry in world.gantries:
            env.process(yard.life(gantry))
        for truck in world.trucks:
            env.process(fleet.truck_life(truck))
        groups: list[Sequence[Machine]] = [world.cranes, world.gantries, world.trucks]
        number = 0
        for machines, failing in zip(groups, plan.failing, strict=True):
            for machine in machines:
                if failing is not None:
                    env.process(fleet.failures(machine, number, failing))
                number += 1
        if not self.road:
            env.process(gates.generate(self.midnight_us, self.bookings()))

    def _machines(self, world: World) -> None:
        """Machines and trucks, each with its stream of draws."""
        plan, seed = self.plan, self.seed
        world.lane_load = [0] * len(plan.lane_mm)
        for i, place in enumerate(plan.site.cranes):
            stream = Stream(seed, QUAY_CRANE, i)
            world.cranes.append(Crane(place.id, i, stream=stream, spot=place.spot, berth=place.berth))
        world.sides = [BlockSide(gantries=n) for n in plan.gantries.tolist()]
        for i, name in enumerate(plan.gantry_ids):
            stream = Stream(seed, GANTRY, i)
            world.gantries.append(Gantry(name, i, stream=stream, block=int(plan.gantry_block[i])))
        low, high = plan.start_j
        for i in range(plan.fleet_size):
            name, place_at = plan.vehicle_name(i), int(plan.crane_place[i % plan.n_cranes])
            car = Vehicle(name, i, 0, Stream(seed, TRUCK, i), place_at)
            level = low + Stream(seed, BATTERY, i).index(1 << 20) * (high - low) // (1 << 20)
            world.trucks.append(Truck(name, i, car=car, level_j=level))
            world.vehicles.append(car)

    # what the controls act on

    @property
    def now_us(self) -> int:
        return int(self.env.now)

    @property
    def world(self) -> World:
        return self.state

    def _run(self, until_us: int) -> None:
        self.env.run(until=until_us)
        if self.roads.ring:
            raise GridlockError(self.ring_text(self.roads.ring))

    def _stop_in_a_ring(self) -> None:
        """End the run at the moment of a gridlock for which the terminal wants to stop."""
        if self.roads.ring:
            raise simpy.core.StopSimulation(None)

    def _halt(self, machine: Machine, change: int) -> None:
        self.fleet.halt(machine, change)

    def _use_speeds(self) -> None:
        self.state.speeds = self.speeds.tolist()
        self.roads.look_again()

    def _use_ways(self) -> None:
        self.state.ways = self.ways
        self.roads.use_ways()
        self.fleet.changed = True
        self.gates.hand_soon()
        self.quay.plan_soon()

    def _shut_gate(self, closed: bool) -> None:
        self.gates.shut(closed)

    def _arrive(self, coming: Sequence[tuple[int, str, int]]) -> None:
        self.gates.arrive(coming)

    def _use_rates(self, takeovers: NDArray[np.float64]) -> None:
        self.roads.rate = takeovers.tolist()

    def _use_retries(self, quay: NDArray[np.float64], yard: NDArray[np.float64]) -> None:
        self.quay.retries, self.yard.retries = quay.tolist(), yard.tolist()

    # what is read

    def rows(self) -> NDArray[np.int64]:
        return np.array(self.state.rows, np.int64).reshape(-1, 5)

    def fresh_rows(self) -> NDArray[np.int64]:
        fresh = np.array(self.state.rows[self._read :], np.int64).reshape(-1, 5)
        self._read = len(self.state.rows)
        return fresh

    def visitor_name(self, number: int) -> str:
        return self.state.visitors[number].id

    def visit(self, number: int) -> tuple[str, str]:
        visitor = self.state.visitors[number]
        return visitor.task, visitor.outcome

    def gate_counts(self) -> tuple[int, int]:
        return len(self.gates.line), self.gates.inside

    def states(self) -> dict[str, NDArray[np.float64]]:
        world = self.state
        return {
            "crane_ship": np.array([c.vessel is not None for c in world.cranes], dtype=float),
            "crane_busy": np.array([c.busy for c in world.cranes], dtype=float),
            "truck_busy": np.array([t.busy for t in world.trucks], dtype=float),
            "lane_trucks": np.array(world.lane_load, dtype=float),
            "block_stock": np.array([b.held for b in world.stock.blocks], dtype=float),
        }

    def sums(self) -> dict[str, float]:
        world, now = self.state, self.now_us
        done = [v for v in world.visitors if v.departed_us >= 0]
        left = [v for v in world.vessels if v.departed_us >= 0]
        return {
            "moves": sum(c.moves for c in world.cranes),
            "assigned_us": sum(c.assigned_us + (now - c.since_us if c.vessel else 0) for c in world.cranes),
            "crane_busy_us": sum(c.busy_us for c in world.cranes),
            "turns": len(done),
            "turns_us": sum(v.departed_us - v.arrived_us for v in done),
            "empty_mm": sum(t.empty_mm for t in world.trucks),
            "loaded_mm": sum(t.loaded_mm for t in world.trucks),
            "used_j": sum(t.used_j for t in world.trucks),
            "crane_waits": sum(c.waits for c in world.cranes),
            "crane_waited_us": sum(c.waited_us for c in world.cranes),
            "block_waits": sum(s.waits for s in world.sides),
            "block_waited_us": sum(s.waited_us for s in world.sides),
            "ships_left": len(left),
            "late_us": sum(max(0, v.departed_us - v.leaves_us) for v in left),
            "rehandles": world.tally.rehandles,
            "takeovers": sum(t.takeovers for t in world.trucks),
            "swaps": sum(t.swaps for t in world.trucks),
            "gridlocks": world.tally.gridlocks,
        }
