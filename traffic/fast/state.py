"""The state of a run at its start, how to run, and what a run answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from traffic.fast.demand import BoundFleet
from traffic.fast.layout import (
    ARRIVED,
    CANCELLED,
    CONTROL_STATE,
    COUNTERS,
    EDGE_STATE,
    HEAD_STATE,
    HELD,
    LANE_STATE,
    LAPSED,
    MOVES,
    NOT_LISTED,
    OFF_LANE,
    POOL_END,
    RELIEVED,
    VEHICLE_STATE,
    WHEEL,
    Array,
    Roads,
    State,
)
from traffic.fast.network import QueueNetwork

CLEARANCE_S = 4 * 3600.0
"""Longest wait for the last vehicles after the last departure."""


@dataclass(frozen=True)
class Options:
    """How to run. `end_s` None: until all have arrived, at most four hours after the last departure."""

    end_s: float | None = None
    interval_s: float = 900.0
    seed: int = 0
    exits: bool = False
    """Keep the exit time of every vehicle from every edge."""
    share: float = 0.0
    """Share of drivers who compare ways again and again while they drive ..."""
    period_s: float = 300.0
    """... this often."""
    learn_s: float = 60.0
    """How often travel times as drivers know them are brought up to date."""
    blue_light: bool = False
    """Ambulances and fire engines pass red lights, giving way to whom is there."""
    forecast: Array | None = None
    """(n_intervals, n_edges) s: travel times by `interval_s` that drivers expect (such as an earlier run's
    `Result.travel_times_s`), for fastest ways in the time to come; None: as they are at the moment."""


@dataclass(frozen=True)
class Trips:
    """(n,) arrays in the order of departure; times in s, NaN for what has not happened."""

    ids: tuple[str, ...]
    planned: Array
    depart: Array
    arrival: Array
    state: Array

    @property
    def duration(self) -> Array:
        """s from the true departure to the arrival."""
        return self.arrival - self.depart

    @property
    def finished(self) -> Array:
        return self.state == ARRIVED


@dataclass(frozen=True)
class Result:
    """What a run says. Counts are (intervals, n_edges)."""

    trips: Trips
    entered: Array
    left: Array
    spent_s: Array
    interval_s: float
    counts: dict[str, int]
    exits: Array

    def travel_times_s(self, free_s: Array) -> Array:
        """(intervals, n_edges) mean travel time of those who left in each interval; free driving where nobody did."""
        return np.where(self.left > 0, self.spent_s / np.maximum(self.left, 1), free_s)


def new_state(network: QueueNetwork, roads: Roads, bound: BoundFleet, options: Options, end_s: float) -> State:
    """Empty roads and nobody on the way."""
    fleet = bound.arrays
    n_edges, n_lanes = roads.edge.size, roads.lane.size
    edge = np.zeros(n_edges, EDGE_STATE)
    edge["speed"] = roads.edge["speed"]
    edge["time"] = roads.edge["length"] / roads.edge["speed"]
    edge["head"] = edge["tail"] = edge["waiter"] = -1
    lane = np.zeros(n_lanes, LANE_STATE)
    lane["head"] = lane["tail"] = -1
    lane["waiter"] = NOT_LISTED
    lane["t_out"] = lane["t_in"] = -1e6
    lane["service"] = 2.0
    lane["allow"] = network.allow
    edge["allow"] = np.bitwise_or.reduceat(network.allow[: network.n_lanes], roads.edge["lane"])
    vehicle = np.zeros(fleet.vehicle.size, VEHICLE_STATE)
    vehicle["depart"] = vehicle["arrival"] = np.nan
    vehicle["at"] = fleet.vehicle["route"]
    vehicle["lane"] = vehicle["conn"] = vehicle["next"] = -1
    vehicle["stop"] = fleet.vehicle["stop"]
    rows = max(int(np.ceil(end_s / options.interval_s)), 1)
    count = np.zeros(COUNTERS, np.int64)
    count[POOL_END] = fleet.turn.size
    shape = (rows, n_edges)
    control = np.zeros(roads.actuated.control.size, CONTROL_STATE)
    control["phase"] = -1
    resting = int((fleet.stop["kind"] == OFF_LANE).sum()) + 1
    return State(
        edge=edge,
        lane=lane,
        vehicle=vehicle,
        passed=np.full(roads.conn.size, -1e6),
        dark=np.zeros(roads.signal.size, np.int8),
        control=control,
        head=np.zeros(roads.signal.size, HEAD_STATE),
        ring=np.full(roads.slots, -1e6),
        calendar=np.full((2, WHEEL), -1, np.int32),
        follow=np.full(n_lanes + n_edges, -1, np.int32),
        listed=np.zeros(n_lanes + n_edges, np.int8),
        count=count,
        rest_t=np.zeros(resting),
        rest_v=np.zeros(resting, np.int32),
        turn=fleet.turn,
        mask=fleet.mask,
        entered=np.zeros(shape, np.int32),
        spent=np.zeros(shape),
        left=np.zeros(shape, np.int32),
        exits=np.full(bound.exits, np.nan) if options.exits else np.zeros(0),
        interval=options.interval_s,
    )


def horizon(bound: BoundFleet, options: Options) -> float:
    """s until which a run goes at most."""
    if options.end_s is not None:
        return options.end_s
    departs = bound.arrays.vehicle["depart"]
    return float(departs.max() if departs.size else 0.0) + CLEARANCE_S


def result_of(bound: BoundFleet, st: State) -> Result:
    """The answers of a state."""
    vehicle = st.vehicle
    trips = Trips(
        bound.ids, bound.arrays.vehicle["depart"], vehicle["depart"].copy(), vehicle["arrival"].copy(),
        vehicle["state"].copy(),
    )  # fmt: skip
    state = trips.state
    counts = {
        "trips": int(state.size),
        "finished": int(np.sum(state == ARRIVED)),
        "held": int(np.sum(state == HELD)),
        "cancelled": int(np.sum(state == CANCELLED)),
        "refused": len(bound.refused),
        "relieved": int(st.count[RELIEVED]),
        "lapsed": int(st.count[LAPSED]),
        "moves": int(st.count[MOVES]),
    }
    return Result(trips, st.entered, st.left, st.spent, st.interval, counts, st.exits)
