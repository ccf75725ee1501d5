"""The reference engine: a terminal as SimPy processes on a clock of whole microseconds.

Everything random is drawn by name (`port.draws`), nothing depends on how often the clock is stopped: advancing in
slices gives the trace of advancing in one go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np
import simpy
from numpy.typing import NDArray

from port.calls import planned_calls
from port.dispatch import POLICIES
from port.draws import GANTRY, QUAY_CRANE, TRUCK, VESSEL, YARD, Stream
from port.network import Router, Site
from port.simpy_gate import GateSide
from port.simpy_quay import Quay
from port.simpy_world import Process, Signal, World
from port.simpy_yard import YardSide
from port.state import BlockSide, Crane, Gantry, Machine, Truck, Vessel
from port.terminal import Terminal
from port.weather import WindSwitch, sight_speed, wet_speed
from port.yard import Stock
from twin.clock import US, to_us
from twin.ports import Arrival

POWER_ENOUGH = 0.5
"""Below this share of the supply the machines stop."""
SLOWEST_MPS = 0.1
"""A sight speed below this is standing still."""
OPEN, SLOWED, CLOSED = 0.0, 1.0, 2.0


class SimpyEngine:
    """One terminal, from its file (completed) to its state at any time.

    Parameters
    ----------
    terminal : with coordinates spelled out (`port.layout.complete`).
    seed : of all draws.  start : time of day at 0, for the gate's hourly profile.
    duration_us : how far calls are planned.  tell(time_us, what, text, **data) : the journal.
    road : True when a road model brings and takes the trucks; else they are generated.
    """

    def __init__(
        self,
        terminal: Terminal,
        seed: int,
        start: datetime,
        duration_us: int,
        tell: Callable[..., None] = lambda *_, **__: None,
        policy: str = "fifo_nearest",
        road: bool = False,
    ) -> None:
        self.env = env = simpy.Environment()
        self.site = site = Site.of(terminal)
        self.terminal = terminal
        self.limits = limits = terminal.limits
        calls = planned_calls(terminal, seed, duration_us)
        stock = Stock.at_start(terminal.blocks, terminal.yard, [c.load for c in calls], Stream(seed, YARD, 0))
        self.world = world = World(
            env,
            seed,
            terminal,
            site,
            Router(site, terminal.fleet.turn_time),
            stock,
            lambda what, text, **data: tell(self.now_us, what, text, **data),
            Signal(env),
        )
        self._fill(world, calls, seed)
        world.tally.stock_start = stock.held
        self.yard = YardSide(world)
        self.quay = Quay(world, self.yard, POLICIES[policy]())
        self.gate = GateSide(world, self.yard, road)
        self.depth = np.zeros(len(site.lane_ids))
        self.lane_state = np.zeros(len(site.lane_ids))
        self.wind, self.visibility = 0.0, float("inf")
        after = to_us(limits.restart_after)
        self.switches: list[tuple[WindSwitch, Sequence[Machine], str]] = [
            (WindSwitch(limits.crane_wind, limits.restart_share, after), world.cranes, "quay cranes"),
            (WindSwitch(limits.gantry_wind, limits.restart_share, after), world.gantries, "gantries"),
        ]
        self._set_paces()
        for vessel in world.vessels:
            env.process(self.quay.vessel_life(vessel))
        for crane in world.cranes:
            env.process(self.quay.crane_life(crane))
        for gantry in world.gantries:
            env.process(self.yard.life(gantry))
        for truck in world.trucks:
            env.process(self.quay.truck_life(truck))
        if not road:
            env.process(self.gate.generate(start))

    @property
    def now_us(self) -> int:
        return int(self.env.now)

    def advance(self, until_us: int) -> None:
        """All that happens before `until_us`; what is due at that very moment belongs to the next slice."""
        if until_us > self.now_us:
            self.env.run(until=until_us)

    def arrive(self, arrivals: Sequence[Arrival]) -> None:
        """Trucks that the road model brought to the gate."""
        self.gate.arrive(arrivals)

    # stops

    def stop(self, machine: Machine, cause: str) -> None:
        """The machine starts no new cycle until `release`."""
        machine.stop(cause, self.now_us)

    def release(self, machine: Machine, cause: str) -> None:
        """End one cause; the machine goes on when it was the last."""
        if machine.free(cause, self.now_us):
            machine.changed.fire()
            if isinstance(machine, Truck):
                self.quay.match()

    def set_wind(self, wind_mps: float) -> None:
        """Wind at the terminal; stops cranes at once, and lets them go on after a calm."""
        self.wind = wind_mps
        for switch, machines, name in self.switches:
            before = switch.due_us
            self._act_on_wind(switch, machines, name)
            if switch.due_us is not None and switch.due_us != before:
                self.env.process(self._calm(switch, machines, name, switch.due_us))

    def _calm(self, switch: WindSwitch, machines: Sequence[Machine], name: str, due_us: int) -> Process:
        yield self.env.timeout(due_us - self.now_us)
        if switch.due_us == due_us:
            self._act_on_wind(switch, machines, name)

    def _act_on_wind(self, switch: WindSwitch, machines: Sequence[Machine], name: str) -> None:
        change = switch.observe(self.now_us, self.wind)
        if change is None:
            return
        for machine in machines:
            (self.stop if change else self.release)(machine, "wind")
        if change:
            text = f"{name} stop: wind {self.wind:.1f} m/s"
            self.world.tell("cranes_stopped", text, cause="wind", machines=name)
        else:
            self.world.tell("cranes_back", f"{name} go on after the wind", cause="wind", machines=name)

    def set_power(self, share: float) -> None:
        """Supply of the terminal, 0 to 1; without enough of it quay cranes and gantries stop."""
        machines = [*self.world.cranes, *self.world.gantries]
        out = share < POWER_ENOUGH
        if out == any("power" in m.stops for m in machines):
            return
        for machine in machines:
            (self.stop if out else self.release)(machine, "power")
        if out:
            self.world.tell("cranes_stopped", "the terminal has no power: cranes and gantries stop", cause="power")
        else:
            self.world.tell("cranes_back", "the terminal has power again", cause="power")

    # water and fog

    def set_visibility(self, visibility_m: float) -> None:
        """Meteorological visibility; caps the speed of driverless trucks."""
        if visibility_m == self.visibility:
            return
        before = self._sight_mps() < SLOWEST_MPS
        self.visibility = visibility_m
        self._set_paces()
        if (self._sight_mps() < SLOWEST_MPS) != before:
            words = "go on" if before else "stand still: they cannot see"
            self.world.tell("trucks_back" if before else "trucks_stopped", f"driverless trucks {words}", cause="fog")

    def set_depth(self, depth_m: NDArray[np.float64]) -> None:
        """Water on every lane, m: slows trucks, closes lanes, stops the blocks and cranes that stand at them."""
        if np.array_equal(depth_m, self.depth):
            return
        self.depth = np.array(depth_m, dtype=float)
        was = self.world.router.closed
        limits = self.limits
        closed = frozenset(
            i
            for i, d in enumerate(self.depth.tolist())
            if d >= limits.close_depth or (i in was and d >= min(limits.reopen_depth, limits.close_depth))
        )
        self._set_paces(closed)
        if closed == was:
            return
        self.world.router.close(closed)
        self._tell_lanes(closed - was, was - closed)
        for crane in self.world.cranes:
            (self.stop if crane.spot[0] in closed else self.release)(crane, "flood")
        for gantry in self.world.gantries:
            lane = self.site.block_spots[gantry.block][0]
            (self.stop if lane in closed else self.release)(gantry, "flood")
        (self.gate.close if self.site.gate_spot[0] in closed else self.gate.open)("flood")
        self.world.changed.fire()
        self.gate.hand_out()
        self.quay.plan_all()

    def _tell_lanes(self, shut: frozenset[int], opened: frozenset[int]) -> None:
        for lanes, what, words in ((shut, "lane_closed", "under water"), (opened, "lane_open", "open again")):
            if lanes:
                ids = [self.site.lane_ids[i] for i in sorted(lanes)]
                shown = ", ".join(ids[:4]) + (f" and {len(ids) - 4} more" if len(ids) > 4 else "")
                deepest = float(max(self.depth[sorted(lanes)]))
                plural = "s" if len(ids) > 1 else ""
                self.world.tell(what, f"terminal lane{plural} {words}: {shown}", lanes=ids, depth_m=round(deepest, 3))

    def _sight_mps(self) -> float:
        fleet = self.terminal.fleet
        return sight_speed(self.visibility * fleet.sight_share, fleet.brake, fleet.reaction)

    def _set_paces(self, closed: frozenset[int] | None = None) -> None:
        """µs per metre on every lane for both kinds of trucks, and the lanes' states."""
        world, closed = self.world, self.world.router.closed if closed is None else closed
        fleet, road, sight = self.terminal.fleet.speed, self.terminal.road_trucks.speed, self._sight_mps()
        own, theirs = [], []
        for i, (limit, depth) in enumerate(zip(self.site.limit_mps, self.depth.tolist(), strict=True)):
            wet = wet_speed(depth, limit)
            driverless = min(wet, fleet, sight)
            own.append(US / driverless if driverless >= SLOWEST_MPS else 0.0)
            theirs.append(US / min(wet, road))
            self.lane_state[i] = CLOSED if i in closed else SLOWED if wet < limit else OPEN
        world.pace[:], world.road_pace[:] = own, theirs
        world.changed.fire()

    # making

    def _fill(self, world: World, calls: Sequence[Vessel], seed: int) -> None:
        """Machines, trucks and vessels, each with its stream of draws."""
        env, site, terminal = self.env, self.site, self.terminal
        world.lane_load = [0] * len(site.lane_ids)
        for i, place in enumerate(site.cranes):
            crane = Crane(place.id, i, Stream(seed, QUAY_CRANE, i), Signal(env), spot=place.spot, berth=place.berth)
            world.cranes.append(crane)
        for block, spec in enumerate(terminal.blocks):
            world.sides.append(BlockSide(called=Signal(env), gantries=spec.gantries))
            for k in range(spec.gantries):
                number = len(world.gantries)
                name = f"{spec.id}-{k + 1}"
                world.gantries.append(Gantry(name, number, Stream(seed, GANTRY, number), Signal(env), block=block))
        for i in range(terminal.fleet.trucks or 0):
            spot = site.cranes[i % len(site.cranes)].spot
            name = f"AT{i + 1:03d}"
            world.trucks.append(Truck(name, i, Stream(seed, TRUCK, i), Signal(env), spot=spot, pace=world.pace))
        for vessel in calls:
            vessel.stream = Stream(seed, VESSEL, vessel.number)
            vessel.finished = env.event()
            vessel.expected = vessel.load - world.stock.exports_of(vessel.number)
            world.vessels.append(vessel)
