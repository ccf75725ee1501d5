"""What acts on a terminal from outside, and what is heard of it: the same for both engines.

Wind, water, fog, power and breakdowns become a few plain changes of state (machines halted, speeds of lanes, tables of
ways, the gate shut) that an engine takes in; its event log becomes the journal, the trace of moves and the trucks that
the road is told of.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from port.booking import Bookings, book
from port.dispatch import Policy, resolve
from port.gate_watch import GateWatch
from port.heard import Hearing
from port.layers.acting import Layers
from port.layers.rain import rain_range
from port.plan import Plan
from port.state import Crane, Gantry, Machine, TraceRow, Truck, Vessel
from port.terminal import Terminal
from port.view import View
from port.ways import Ways
from port.weather import WindSwitch, sight_speed, wet_speeds
from twin.clock import US, to_us
from twin.ports import Arrival

SLOWEST_MPS = 0.1
"""A speed below this is standing still."""
OPEN, SLOWED, CLOSED = 0.0, 1.0, 2.0
TASKS = {"deliver": 0, "deliver_export": 0, "collect": 1, "collect_import": 1}
"""What a truck may say of itself on its arrival; the task of any other is drawn."""
NO_LIMIT = 1e9


class GridlockError(RuntimeError):
    """Trucks wait for each other in a ring of full lanes, and the terminal says `gridlock: stop`."""


class Engine(ABC):
    """One terminal, from its file (completed) to its state at any time.

    Parameters
    ----------
    terminal : with coordinates spelled out (`port.layout.complete`), or its `Plan`.
    seed : of all draws.  start : time of day at 0, for the gate's hourly profile.
    duration_us : how far calls are planned.  tell(time_us, what, text, **data) : the journal.
    policy : name of a rule or policy (`port.dispatch`), or a policy.
    road : True when a road model brings and takes the trucks; else they are generated.
    level : of the event log: 0 none, 1 all but single lanes, 2 everything.
    """

    def __init__(
        self,
        terminal: Terminal | Plan,
        seed: int,
        start: datetime,
        duration_us: int,
        tell: Callable[..., None] = lambda *_, **__: None,
        policy: str | Policy = "fifo_nearest",
        road: bool = False,
        level: int = 1,
    ) -> None:
        self.plan = plan = terminal if isinstance(terminal, Plan) else Plan(terminal)
        self.terminal, self.site = plan.terminal, plan.site
        self.seed, self.start, self.duration_us, self.road, self.level = seed, start, duration_us, road, level
        self.midnight_us = (start.hour * 3600 + start.minute * 60 + start.second) * US
        self.rule, self.policy = resolve(policy)
        self.tell = tell
        lanes = len(plan.lane_mm)
        self.depth = np.zeros(lanes)
        self.lane_state = np.zeros(lanes)
        self.lane_caps = np.full(lanes, NO_LIMIT)
        self.layer_caps = np.full((2, lanes), NO_LIMIT)
        self.closed: frozenset[int] = frozenset()
        self.wind, self.visibility, self.rain = 0.0, float("inf"), 0.0
        self.ways = plan.open_ways
        self.speeds = np.zeros((3, lanes))
        self._bookings: Bookings | None = None
        self._set_speeds()
        self._build()
        after, limits = to_us(self.terminal.limits.restart_after), self.terminal.limits
        self.switches: list[tuple[WindSwitch, Sequence[Machine], str]] = [
            (WindSwitch(limits.crane_wind, limits.restart_share, after), self.cranes, "quay cranes"),
            (WindSwitch(limits.gantry_wind, limits.restart_share, after), self.gantries, "gantries"),
        ]
        self.machines: list[Machine] = [*self.cranes, *self.gantries, *self.trucks]
        self.gate = GateWatch(self)
        self.hearing = Hearing(self)
        self.layers = Layers(self)

    # what an engine provides

    calls: Sequence[Vessel]
    cranes: list[Crane]
    gantries: list[Gantry]
    trucks: list[Truck]

    @property
    @abstractmethod
    def now_us(self) -> int:
        """The clock."""

    @property
    @abstractmethod
    def world(self) -> View:
        """The state, for reading."""

    @abstractmethod
    def _build(self) -> None:
        """Make the state at time 0, and `cranes`, `gantries`, `trucks`."""

    @abstractmethod
    def _run(self, until_us: int) -> None:
        """All that happens before a time."""

    @abstractmethod
    def _halt(self, machine: Machine, change: int) -> None:
        """One stop of a machine more or less."""

    @abstractmethod
    def _use_speeds(self) -> None:
        """`speeds` has changed."""

    @abstractmethod
    def _use_ways(self) -> None:
        """`ways` has changed."""

    @abstractmethod
    def _shut_gate(self, closed: bool) -> None: ...

    @abstractmethod
    def _arrive(self, coming: Sequence[tuple[int, str, int]]) -> None:
        """Trucks at the gate: (time_us, id, 0 deliver, 1 collect, −1 not known)."""

    @abstractmethod
    def _use_rates(self, takeovers: NDArray[np.float64]) -> None: ...

    @abstractmethod
    def _use_retries(self, quay: NDArray[np.float64], yard: NDArray[np.float64]) -> None: ...

    @abstractmethod
    def rows(self) -> NDArray[np.int64]:
        """The log so far, (n, 5): time_us, code, entity, a, b (see `port.codes.LOG`)."""

    @abstractmethod
    def fresh_rows(self) -> NDArray[np.int64]:
        """Rows since the last call."""

    @abstractmethod
    def states(self) -> dict[str, NDArray[np.float64]]:
        """Cheap figures for the ports of the model, by port name."""

    @abstractmethod
    def visitor_name(self, number: int) -> str:
        """Id of a road truck, by order of arrival."""

    @abstractmethod
    def visit(self, number: int) -> tuple[str, str]:
        """A road truck's task and outcome so far."""

    @abstractmethod
    def sums(self) -> dict[str, float]:
        """Sums since the start, cheap to read: moves, assigned_us, crane_busy_us, turns, turns_us, empty_mm, loaded_mm,
        used_j, crane_waits, crane_waited_us, block_waits, block_waited_us, ships_left, late_us, rehandles, takeovers,
        swaps, gridlocks."""

    @abstractmethod
    def gate_counts(self) -> tuple[int, int]:
        """Road trucks before the gate and inside."""

    def bookings(self) -> Bookings | None:
        """Arrivals at the gate when trucks book slots; None when they come by the profile or by road."""
        spec = self.terminal.gate.appointments
        if spec is None or self.road:
            return None
        plan = self.plan
        if self._bookings is None:
            self._bookings = book(spec, self.seed, plan.truck_scale, plan.hours, self.midnight_us, self.duration_us)
        return self._bookings

    @property
    def trace(self) -> list[TraceRow]:
        """(end_us, machine, cycle, box or −1, truck) of every finished cycle."""
        return self.hearing.trace

    # time

    def advance(self, until_us: int) -> None:
        """All that happens before `until_us`; what is due at that very moment belongs to the next slice."""
        while True:
            times = (*(s.due_us for s, _, _ in self.switches), self.layers.due_us)
            due = min((t for t in times if t is not None), default=None)
            if due is None or due >= until_us:
                break
            self._run_to(max(due, self.now_us))
            for switch, machines, name in self.switches:
                if switch.due_us == due:
                    self._act_on_wind(switch, machines, name)
            if self.layers.due_us == due:
                self.layers.act(due)
        self._run_to(until_us)

    def _run_to(self, until_us: int) -> None:
        if until_us > self.now_us:
            try:
                self._run(until_us)
            finally:
                self.hearing.listen()

    def arrive(self, arrivals: Sequence[Arrival]) -> None:
        """Trucks that the road model brought to the gate."""
        self._arrive([(a.time_us, a.id, TASKS.get(str(a.data.get("task")), -1)) for a in sorted(arrivals)])

    def ring_text(self, ring: Sequence[tuple[int, int, int]]) -> str:
        """A gridlock in words: who waits where for what. ring : (vehicle, arc, next arc)."""
        lanes, name = self.site.lane_ids, self.hearing.name
        parts = [f"{name(v)} at the end of {lanes[a >> 1]} waits for {lanes[b >> 1]}" for v, a, b in ring]
        hint = "longer lanes, fewer trucks, another dispatch, or `roads: {gridlock: resolve}`"
        return f"gridlock at {self.now_us / 1e6:.1f} s: {'; '.join(parts)} (all full). Ways out: {hint}"

    # stops

    def stop(self, machine: Machine, cause: str) -> None:
        """The machine starts no new cycle until `release`."""
        if machine.stop(cause, self.now_us):
            self._halt(machine, 1)

    def release(self, machine: Machine, cause: str) -> None:
        """End one cause; the machine goes on when it was the last."""
        if machine.free(cause, self.now_us):
            self._halt(machine, -1)

    def set_wind(self, wind_mps: float) -> None:
        """Wind at the terminal; stops cranes at once, and lets them go on after a calm."""
        self.wind = wind_mps
        for switch, machines, name in self.switches:
            self._act_on_wind(switch, machines, name)

    def _act_on_wind(self, switch: WindSwitch, machines: Sequence[Machine], name: str) -> None:
        change = switch.observe(self.now_us, self.wind)
        if change is None:
            return
        for machine in machines:
            (self.stop if change else self.release)(machine, "wind")
        if change:
            text = f"{name} stop: wind {self.wind:.1f} m/s"
            self.say("cranes_stopped", text, cause="wind", machines=name)
        else:
            self.say("cranes_back", f"{name} go on after the wind", cause="wind", machines=name)

    def set_power(self, share: float, feeders: Sequence[float] = ()) -> None:
        """Supply of the terminal and of its feeders, 0 to 1; without enough of it cranes, gantries and units stop."""
        self.layers.set_power(share, feeders)

    def say(self, what: str, text: str, **data: object) -> None:
        """A line in the journal, now."""
        self.tell(self.now_us, what, text, **data)

    # layers: caps, calls for help, alignment

    def set_lane_caps(self, mps: NDArray[np.float64]) -> None:
        """(n_lanes,) fastest that driverless trucks go on each lane (radio, roadside sensing), m/s; inf for no cap."""
        caps = np.minimum(np.asarray(mps, dtype=float), NO_LIMIT)
        if not np.array_equal(caps, self.lane_caps):
            self.lane_caps = caps
            self._change_speeds()

    def set_layer_caps(self, mps: NDArray[np.float64]) -> None:
        """(2, n_lanes) fastest that the layers let driverless trucks go without and with a box, m/s; inf for no cap."""
        caps = np.minimum(mps, NO_LIMIT)
        if not np.array_equal(caps, self.layer_caps):
            self.layer_caps = caps
            self._change_speeds()

    def set_takeover_rates(self, per_m: NDArray[np.float64]) -> None:
        """(n_lanes,) calls for a remote operator per metre driven without a driver."""
        self.layers.set_rates(np.array(per_m, dtype=float))

    def set_retries(self, quay: NDArray[np.float64] | None = None, yard: NDArray[np.float64] | None = None) -> None:
        """Chance of a repeated alignment at each quay crane (n_cranes,) and block (n_blocks,); None for the file's."""
        given = [self.plan.quay_retries() if quay is None else quay, self.plan.yard_retries() if yard is None else yard]
        self.layers.set_retries(*(np.array(p, dtype=float) for p in given))

    # water and fog

    def set_visibility(self, visibility_m: float) -> None:
        """Meteorological visibility; caps the speed of driverless trucks."""
        if visibility_m != self.visibility:
            self._see(visibility_m, self.rain)

    def set_rain(self, rain_mmh: float) -> None:
        """Rain, mm/h; shortens what the trucks' sensors see."""
        if rain_mmh != self.rain:
            self._see(self.visibility, rain_mmh)

    def _see(self, visibility_m: float, rain_mmh: float) -> None:
        before = self._sight_mps()
        self.visibility, self.rain = visibility_m, rain_mmh
        now = self._sight_mps()
        if now != before:
            self._change_speeds()
        if (now < SLOWEST_MPS) != (before < SLOWEST_MPS):
            words = "stand still: they cannot see" if now < SLOWEST_MPS else "go on"
            what = "trucks_stopped" if now < SLOWEST_MPS else "trucks_back"
            self.say(what, f"driverless trucks {words}", cause="fog")

    def set_depth(self, depth_m: NDArray[np.float64]) -> None:
        """Water on every lane, m: slows trucks, closes lanes, stops the blocks and cranes that stand at them."""
        if np.array_equal(depth_m, self.depth):
            return
        self.depth = np.array(depth_m, dtype=float)
        was, limits = self.closed, self.terminal.limits
        self.closed = closed = frozenset(
            i
            for i, d in enumerate(self.depth.tolist())
            if d >= limits.close_depth or (i in was and d >= min(limits.reopen_depth, limits.close_depth))
        )
        self._change_speeds()
        if closed == was:
            return
        self.ways = Ways.of(self.plan, closed) if closed else self.plan.open_ways
        self._use_ways()
        self._tell_lanes(closed - was, was - closed)
        for machine, place in zip(self.cranes, self.plan.crane_place, strict=True):
            (self.stop if int(self.plan.place_lane[place]) in closed else self.release)(machine, "flood")
        for gantry, block in zip(self.gantries, self.plan.gantry_block.tolist(), strict=True):
            (self.stop if self.site.block_spots[block][0] in closed else self.release)(gantry, "flood")
        (self.gate.close if self.site.gate_spot[0] in closed else self.gate.open)("flood")

    def _tell_lanes(self, shut: frozenset[int], opened: frozenset[int]) -> None:
        for lanes, what, words in ((shut, "lane_closed", "under water"), (opened, "lane_open", "open again")):
            if lanes:
                ids = [self.site.lane_ids[i] for i in sorted(lanes)]
                shown = ", ".join(ids[:4]) + (f" and {len(ids) - 4} more" if len(ids) > 4 else "")
                deepest = float(max(self.depth[sorted(lanes)]))
                plural = "s" if len(ids) > 1 else ""
                self.say(what, f"terminal lane{plural} {words}: {shown}", lanes=ids, depth_m=round(deepest, 3))

    def _sight_mps(self) -> float:
        fleet = self.terminal.fleet
        seen = min(self.visibility * fleet.sight_share, rain_range(self.rain, fleet.rain))
        return sight_speed(seen, fleet.brake, fleet.reaction)

    def _change_speeds(self) -> None:
        self._set_speeds()
        self._use_speeds()

    def _set_speeds(self) -> None:
        """Speeds of every mode on every lane (3, n_lanes) in m/s, 0 where nobody moves; and the lanes' states."""
        fleet, sight, limit = self.terminal.fleet, self._sight_mps(), self.plan.limit
        wet = wet_speeds(self.depth, limit)
        for mode, own in enumerate((fleet.speed, min(fleet.speed, fleet.speed_loaded))):
            speed = np.minimum(np.minimum(wet, np.minimum(self.lane_caps, self.layer_caps[mode])), min(own, sight))
            self.speeds[mode] = np.where(speed >= SLOWEST_MPS, speed, 0.0)
        self.speeds[2] = np.minimum(wet, self.terminal.road_trucks.speed)
        self.lane_state[:] = np.where(wet < limit, SLOWED, OPEN)
        self.lane_state[sorted(self.closed)] = CLOSED
