"""The fast engine: the compiled event loop behind the same controls as the SimPy engine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from port.calls import planned_calls
from port.control import Engine, GridlockError
from port.dispatch import checked
from port.draws import VISITOR, Stream, name_number
from port.fast import loop
from port.fast import records as r
from port.fast.build import LOG_ROWS, build, heap_room, static_tables, way_tables
from port.fast.decision import decision
from port.fast.reading import FastWorld, refresh
from port.fast.yard import fill_yard
from port.state import Crane, Gantry, Machine, Truck, Vehicle
from twin.clock import US

OUTCOMES = ("", "served", "empty", "refused")
TASK_NAMES = ("deliver", "collect")
NOBODY = Stream(0, 0, 0)
"""The loop keeps the streams; objects that only show a state have this one."""
PER_DAY_RESERVE = 1.3
"""Room for this many times the expected road trucks at first; more is made when it is needed."""


class FastEngine(Engine):
    """One terminal in the compiled event loop; `port.control.Engine` says how it is made and what may act on it."""

    def _build(self) -> None:
        plan, seed = self.plan, self.seed
        self.calls = calls = planned_calls(self.terminal, seed, self.duration_us)
        static = plan.__dict__.get("_static") or plan.__dict__.setdefault("_static", static_tables(plan))
        daily, bookings = plan.trucks_per_day, self.bookings()
        visitors = 64 + (0 if self.road else int(PER_DAY_RESERVE * daily * self.duration_us / (86_400 * US)))
        self.memory = memory = build(
            *(plan, static, self.ways, self.speeds, calls, seed, self.rule, self.road, self.level),
            *(self.midnight_us, visitors, self.duration_us, bookings),
        )
        self.clock = memory["clock"]
        n = int(plan.fill.sum())
        fill_yard(memory.P, np.empty(n, np.int32), np.empty(n, np.int32))
        self.names: list[str] = []
        self.kept: list[NDArray[np.int64]] = []
        self.fresh: list[NDArray[np.int64]] = []
        self.cranes = [Crane(p.id, i, spot=p.spot, berth=p.berth) for i, p in enumerate(plan.site.cranes)]
        self.gantries = [Gantry(x, i, block=int(plan.gantry_block[i])) for i, x in enumerate(plan.gantry_ids)]
        self.trucks = [self._truck(i) for i in range(plan.fleet_size)]
        self._seen: FastWorld | None = None
        loop.begin(memory.P)

    def _truck(self, number: int) -> Truck:
        name = self.plan.vehicle_name(number)
        return Truck(name, number, car=Vehicle(name, number, 0, NOBODY, 0))

    @property
    def now_us(self) -> int:
        return int(self.clock["now"][0])

    @property
    def world(self) -> FastWorld:
        """The state as objects, read from the tables; made anew after the clock has moved."""
        if self._seen is None:
            self._seen = refresh(self)
        return self._seen

    # what the controls act on

    def _run(self, until_us: int) -> None:
        self._seen = None
        seed = np.uint64(self.seed & (2**64 - 1))
        while True:
            status = loop.run(self.memory.P, until_us, seed)
            self._drain()
            if status == r.REACHED:
                return
            if status == r.GROW:
                self._grow(2 * len(self.memory["cars"]) + 64)
            elif status == r.DECIDE:
                self._decide()
            elif status == r.RING:
                n = int(self.clock["ring_n"][0])
                raise GridlockError(self.ring_text([tuple(row) for row in self.memory["ring"][:n].tolist()]))

    def _drain(self) -> None:
        n = int(self.clock["log_n"][0])
        if n:
            rows = self.memory["log"][:n].copy()
            self.kept.append(rows)
            self.fresh.append(rows)
            self.clock["log_n"] = 0

    def _grow(self, cars: int) -> None:
        """Room for more road trucks (and their boxes and events). Between two instants, so nobody is being woken."""
        memory, more = self.memory, cars - len(self.memory["cars"])
        heap = heap_room(self.plan, cars, self.calls)
        memory.grow("cars", cars)
        memory.grow("heap", heap)
        for name in ("stack_of", "home", "owner_of"):
            memory.grow(name, len(memory[name]) + more)
        memory.put("wakes", np.zeros(2 * cars + len(self.calls) + 16, np.int64))
        self.clock["wakes_first"] = self.clock["wakes_last"] = 0
        memory["conf"]["n_cars_cap"] = cars

    def _decide(self) -> None:
        assert self.policy is not None
        seen = decision(self.memory, self.plan, self.ways)
        pairs = checked(self.policy.assign(seen), len(seen.order), len(seen.truck))
        for k, pair in enumerate(pairs):
            self.memory["pairs"][k] = pair
        self.clock["n_pairs"] = len(pairs)

    def _halt(self, machine: Machine, change: int) -> None:
        loop.halt(self.memory.P, self.machines.index(machine), change)

    def _use_speeds(self) -> None:
        self.memory.put("speeds", self.speeds.copy())
        loop.look_again(self.memory.P)

    def _use_ways(self) -> None:
        for name, table in way_tables(self.ways).items():
            self.memory.put(name, table)
        loop.use_ways(self.memory.P)

    def _shut_gate(self, closed: bool) -> None:
        loop.shut(self.memory.P, int(closed))

    def _arrive(self, coming: Sequence[tuple[int, str, int]]) -> None:
        self._seen = None
        wanted = int(self.clock["n_cars"][0]) + len(coming) + 2
        if wanted > len(self.memory["cars"]):
            self._grow(2 * wanted)
        for at_us, name, said in coming:
            if int(self.clock["log_n"][0]) + int(self.memory["conf"]["margin"][0]) > LOG_ROWS:
                self._drain()
            self.names.append(name)
            key = np.uint64(Stream(self.seed, VISITOR, name_number(name)).key)
            loop.arrive(self.memory.P, at_us, key, said)

    def _use_rates(self, takeovers: NDArray[np.float64]) -> None:
        self.memory.put("rates", takeovers)

    def _use_retries(self, quay: NDArray[np.float64], yard: NDArray[np.float64]) -> None:
        self.memory["cranes"]["retry"], self.memory["blocks"]["retry"] = quay, yard

    # what is read

    def rows(self) -> NDArray[np.int64]:
        self._drain()
        return np.concatenate([*self.kept, np.empty((0, 5), np.int64)])

    def fresh_rows(self) -> NDArray[np.int64]:
        self._drain()
        rows, self.fresh = self.fresh, []
        return np.concatenate([*rows, np.empty((0, 5), np.int64)])

    @property
    def events(self) -> int:
        """Timed events so far."""
        return int(self.clock["events"][0])

    def visitor_name(self, number: int) -> str:
        return self.names[number] if self.road else f"T{number + 1:05d}"

    def visit(self, number: int) -> tuple[str, str]:
        car = self.memory["cars"][self.plan.fleet_size + number]
        return TASK_NAMES[int(car["task"])], OUTCOMES[int(car["outcome"])]

    def gate_counts(self) -> tuple[int, int]:
        line = int(self.memory["conf"]["gate_line"][0])
        return int(self.memory["lines"]["n"][line]), int(self.clock["inside"][0])

    def states(self) -> dict[str, NDArray[np.float64]]:
        memory = self.memory
        return {
            "crane_ship": (memory["cranes"]["vessel"] >= 0).astype(float),
            "crane_busy": memory["cranes"]["busy"].astype(float),
            "truck_busy": memory["cars"]["busy"][: self.plan.fleet_size].astype(float),
            "lane_trucks": memory["arcs"]["taken"].reshape(-1, 2).sum(axis=1).astype(float),
            "block_stock": memory["blocks"]["held"].astype(float),
        }

    def sums(self) -> dict[str, float]:
        memory, clock, n = self.memory, self.clock[0], self.plan.fleet_size
        cranes, blocks, trucks = memory["cranes"], memory["blocks"], memory["cars"][:n]
        road, ships = memory["cars"][n : int(clock["n_cars"])], memory["vessels"]
        gone, sailed = road["departed"] >= 0, ships["departed"] >= 0
        running = np.where(cranes["vessel"] >= 0, int(clock["now"]) - cranes["since"], 0)
        return {
            "moves": int(cranes["moves"].sum()),
            "assigned_us": int((cranes["assigned"] + running).sum()),
            "crane_busy_us": int(cranes["busy_us"].sum()),
            "turns": int(gone.sum()),
            "turns_us": int((road["departed"] - road["arrived"])[gone].sum()),
            "empty_mm": int(trucks["empty_mm"].sum()),
            "loaded_mm": int(trucks["loaded_mm"].sum()),
            "used_j": int(trucks["used"].sum()),
            "crane_waits": int(cranes["waits"].sum()),
            "crane_waited_us": int(cranes["waited"].sum()),
            "block_waits": int(blocks["waits"].sum()),
            "block_waited_us": int(blocks["waited"].sum()),
            "ships_left": int(sailed.sum()),
            "late_us": int(np.maximum(0, ships["departed"] - ships["leaves"])[sailed].sum()),
            "rehandles": int(clock["rehandles"]),
            "takeovers": int(trucks["takeovers"].sum()),
            "swaps": int(trucks["swaps"].sum()),
            "gridlocks": int(clock["gridlocks"]),
        }
