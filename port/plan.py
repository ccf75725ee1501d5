"""A completed terminal as numbers: all that does not change while it works, the same for both engines.

Lengths are whole millimetres and durations whole microseconds. Places are what trucks drive to: the gate (0), then
quay cranes, blocks and stations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from port.draws import quantiles
from port.dwell import aged, rest_is_even, stays
from port.network import Router, Site, nearest_spot, point_at
from port.sections import Breakdown, Spread
from port.terminal import Terminal
from port.ways import Ways
from twin.clock import to_us

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

GATE_PLACE = 0
FEWEST_PER_DAY = 1e-3
"""Fewer road trucks are none: looking for the next one would go through centuries of hours."""
ROOMY = 1 << 40
"""Trucks on a lane when occupation is switched off."""
RULES = {"first_come": 0, "manned_first": 1, "driverless_first": 2, "loaded_first": 3}
JOULE_PER_KWH = 3_600_000
SLOW_TABLE = 1000
"""Tables of failures hold milliseconds, so that months fit into the arithmetic of 64 bits."""


def table_of(spread: Spread, unit: int = 1) -> tuple[int, ...]:
    """The quantile table of a duration of the terminal's file, in `unit` µs."""
    return quantiles(spread.shape, spread.mean / unit, spread.cv)


@dataclass(frozen=True)
class Failing:
    """Tables of a class of machines that fails: until the next failure (ms), and its repair (µs)."""

    between: tuple[int, ...]
    repair: tuple[int, ...]

    @classmethod
    def of(cls, spec: Breakdown | None) -> Failing | None:
        if spec is None:
            return None
        return cls(quantiles("exponential", spec.between / SLOW_TABLE, 1.0), table_of(spec.repair))


class Plan:
    """Everything static of one terminal; see the attributes' comments for shapes."""

    def __init__(self, terminal: Terminal) -> None:
        assert not isinstance(terminal.berths, int), "complete the terminal first"
        self.terminal = terminal
        self.site = site = Site.of(terminal)
        self._places(site)
        self._arcs(site)
        self._junctions(site)
        self._stores()
        roads, fleet = terminal.roads, terminal.fleet
        self.turn_s, self.turn_us = fleet.turn_time, to_us(fleet.turn_time)
        self.limit = np.array(site.limit_mps)
        self.clearance_us = to_us(roads.clearance)
        self.rule = RULES[roads.right_of_way]
        self.fleet_size = fleet.trucks or 0
        road = terminal.road_trucks
        self.hours = road.per_hour or terminal.gate.profile
        self.trucks_per_day = sum(road.per_hour) if road.per_hour else road.per_day or 0.0
        few = self.trucks_per_day < FEWEST_PER_DAY
        self.truck_scale = 0.0 if few else self.trucks_per_day / (sum(self.hours) or 1.0)
        self.orders_ahead = terminal.quay_crane.orders_ahead
        self.up = np.array([fleet.acceleration or 0.0] * 2 + [terminal.road_trucks.acceleration or 0.0])
        self.down = np.array([fleet.deceleration or 0.0] * 2 + [terminal.road_trucks.deceleration or 0.0])
        self.start_us = (0, 0, to_us(terminal.road_trucks.reaction))
        self.headway_us = (0, 0, to_us(terminal.road_trucks.headway))
        energy = fleet.energy
        self.joule_per_m = np.array([energy.empty_kwh_per_km, energy.loaded_kwh_per_km]) * JOULE_PER_KWH / 1000
        self.j_per_m = tuple(round(j) for j in self.joule_per_m)
        self.idle_w = round(energy.idle_kw * 1000)
        self.battery_j = round(energy.battery_kwh * JOULE_PER_KWH)
        self.threshold_j = round(self.battery_j * energy.threshold)
        self.start_j = tuple(round(self.battery_j * s) for s in sorted(energy.start))

    def _places(self, site: Site) -> None:
        """`place_lane`, `place_mm` (n_places,): the lane and the way from its first point."""
        stations = self.terminal.stations
        spots = [site.gate_spot, *(c.spot for c in site.cranes), *site.block_spots]
        spots += [nearest_spot(site.shapes, s.at) for s in stations]
        self.lane_mm = np.array([max(1, round(m * 1000)) for m in site.length_m], np.int64)
        self.place_lane = np.array([lane for lane, _ in spots], np.int64)
        along = np.array([round(m * 1000) for _, m in spots], np.int64)
        self.place_mm = np.minimum(along, self.lane_mm[self.place_lane])
        self.n_cranes, self.n_blocks, self.n_stations = len(site.cranes), len(site.block_ids), len(stations)
        self.crane_place = np.arange(1, 1 + self.n_cranes)
        self.block_place = np.arange(1 + self.n_cranes, 1 + self.n_cranes + self.n_blocks)
        self.station_place = np.arange(1 + self.n_cranes + self.n_blocks, len(spots))
        self.place_names = (
            "gate",
            *(c.id for c in site.cranes),
            *site.block_ids,
            *(s.id for s in stations),
        )
        room = np.zeros(len(spots), np.int64)
        room[self.crane_place] = self.terminal.quay_crane.buffer
        room[self.block_place] = self.terminal.gantry.buffer
        self.room = room
        self.crane_berth = np.array([c.berth for c in site.cranes], np.int64)
        self.gantry_block = np.array(
            [k for k, b in enumerate(self.terminal.blocks) for _ in range(b.gantries)], np.int64
        )
        self.gantries = np.array([b.gantries for b in self.terminal.blocks], np.int64)
        self.gantry_start = np.concatenate([[0], np.cumsum(self.gantries)])
        self.gantry_ids = tuple(f"{b.id}-{k + 1}" for b in self.terminal.blocks for k in range(b.gantries))

    def place_xy(self, place: int) -> tuple[float, float]:
        """Where a place is, in the twin's coordinates (on its lane)."""
        return point_at(self.site.shapes[int(self.place_lane[place])], float(self.place_mm[place]) / 1000)

    def _arcs(self, site: Site) -> None:
        """`arc_mm`, `arc_tail`, `arc_head`, `cap` (n_arcs,), `turns` (n_arcs, n_arcs), `allowed` (2, n_lanes)."""
        roads = self.terminal.roads
        ends = np.array(site.nodes, np.int64)
        self.oneway = np.array(site.oneway)
        self.arc_mm = np.repeat(self.lane_mm, 2)
        self.arc_tail = ends.reshape(-1)
        self.arc_head = ends[:, ::-1].reshape(-1)
        self.slot_mm = round((roads.vehicle + roads.gap) * 1000)
        held = np.maximum(1, (self.arc_mm + self.slot_mm // 2) // self.slot_mm)
        self.cap = held if roads.occupation else np.full(len(self.arc_mm), ROOMY)
        who = [lane.trucks for lane in self.terminal.lanes]
        self.allowed = np.array([[w != "manned" for w in who], [w != "driverless" for w in who]])
        router = Router(site, 0.0)
        n = len(self.arc_mm)
        self.turns = np.zeros((n, n), np.bool_)
        for a in range(n):
            for b in np.flatnonzero(self.arc_tail == self.arc_head[a]).tolist():
                self.turns[a, b] = router.turns(a // 2, a % 2 == 0, b // 2, b % 2 == 0)

    def _junctions(self, site: Site) -> None:
        """Arcs that end (`in_start`, `in_arcs`) and begin at a node; `conflict`: three lanes or more meet there."""
        self.n_nodes = n = 1 + max(max(pair) for pair in site.nodes)
        order = np.argsort(self.arc_head, kind="stable")
        self.in_arcs, self.in_start = order, np.searchsorted(self.arc_head[order], np.arange(n + 1))
        order = np.argsort(self.arc_tail, kind="stable")
        self.out_arcs, self.out_start = order, np.searchsorted(self.arc_tail[order], np.arange(n + 1))
        degree = np.bincount(self.arc_head, minlength=n)
        self.conflict = (degree > 2) & self.terminal.roads.junctions

    def _stores(self) -> None:
        """Measures of the blocks, and how many boxes each holds at the start."""
        blocks = self.terminal.blocks
        self.bays = np.array([b.bays for b in blocks], np.int64)
        self.rows = np.array([b.rows for b in blocks], np.int64)
        self.tiers = np.array([b.tiers for b in blocks], np.int64)
        self.bay_limit = self.rows * self.tiers - (self.tiers - 1)
        self.capacity = self.bays * self.bay_limit
        self.fill = np.array([int(c * self.terminal.yard.fill) for c in self.capacity.tolist()], np.int64)

    @cached_property
    def tables(self) -> dict[str, tuple[int, ...]]:
        """Quantile tables of all services, by name."""
        t = self.terminal
        return {
            "handover": table_of(t.quay_crane.handover),
            "crane": table_of(t.quay_crane.cycle),
            "gantry": table_of(t.gantry.cycle),
            "gate_in": table_of(t.gate.service_in),
            "gate_out": table_of(t.gate.service_out),
            "takeover": table_of(t.fleet.remote.takeover),
            "second": quantiles("exponential", 1.0, 1.0),
        }

    @cached_property
    def stays(self) -> dict[str, tuple[int, ...]] | None:
        """Tables of stays in the yard (ms) by what the boxes are: imports, exports, transhipment, and the rest of the
        stay of imports that are there at the start (see `port.dwell.aged`)."""
        dwell = self.terminal.yard.dwell
        if dwell is None:
            return None
        kinds = {"imports": dwell.imports, "exports": dwell.exports, "transhipment": dwell.transhipment}
        return {name: stays(spread) for name, spread in kinds.items()} | {"rest": aged(dwell.imports)}

    @cached_property
    def rest_is_even(self) -> bool:
        """Whether the rest of an import's stay is an even share of what the table `rest` gives."""
        dwell = self.terminal.yard.dwell
        return dwell is not None and rest_is_even(dwell.imports)

    @cached_property
    def swaps(self) -> tuple[tuple[int, ...] | None, ...]:
        """Per station the table of a swap, or None where batteries are charged."""
        return tuple(table_of(s.swap) if s.kind == "swap" else None for s in self.terminal.stations)

    @cached_property
    def station_mean_us(self) -> tuple[int, ...]:
        """Per station the usual time in a bay: a swap, or a charge from the threshold."""
        need = self.battery_j - self.threshold_j
        return tuple(
            to_us(s.swap.mean) if s.kind == "swap" else need * 1000 // round(s.power_kw) for s in self.terminal.stations
        )

    @cached_property
    def failing(self) -> tuple[Failing | None, Failing | None, Failing | None]:
        """Failures of quay cranes, gantries and driverless trucks."""
        t = self.terminal
        return Failing.of(t.quay_crane.breakdown), Failing.of(t.gantry.breakdown), Failing.of(t.fleet.breakdown)

    @cached_property
    def open_ways(self) -> Ways:
        """Ways with every lane open."""
        return Ways.of(self)

    @property
    def gantry_mean_us(self) -> int:
        return to_us(self.terminal.gantry.cycle.mean)

    @property
    def work_us(self) -> int:
        """What a box of work before a block counts when a block is chosen; nothing when the nearest one is."""
        return 0 if self.terminal.yard.choice == "nearest" else self.gantry_mean_us

    def quay_retries(self) -> FloatArray:
        """(n_cranes,) chance of a repeated alignment."""
        return np.full(self.n_cranes, self.terminal.quay_crane.retry_probability)

    def yard_retries(self) -> FloatArray:
        """(n_blocks,) chance of a repeated alignment."""
        return np.full(self.n_blocks, self.terminal.gantry.retry_probability)

    def takeover_rates(self) -> FloatArray:
        """(n_lanes,) calls for an operator per metre driven without a driver."""
        return np.full(len(self.lane_mm), self.terminal.fleet.remote.per_1000_km / 1e6)

    def vehicle_name(self, number: int) -> str:
        """Id of a driverless truck."""
        return f"AT{number + 1:03d}"


def dual_from(discharge: int, share: float) -> int:
    """Boxes that leave the ship before loading may begin between them: all but `share` of them, rounded up."""
    return discharge - math.floor(discharge * share)
