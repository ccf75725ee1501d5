"""What a planner reads after a run: roads cut, trips lost and late, help in time, trucks at the gate."""

from __future__ import annotations

from dataclasses import dataclass

from traffic.closures import ClosureLog
from traffic.config import TrafficConfig
from traffic.emergency import Responses
from traffic.gate import TerminalGate
from traffic.network import RoadNetwork
from traffic.sumo import Simulation
from traffic.trips import Trips
from twin.clock import to_s
from twin.model import Metric, Table


@dataclass(frozen=True)
class Figures:
    """All that summary and tables are made of, while SUMO still runs."""

    sim: Simulation
    config: TrafficConfig
    network: RoadNetwork
    trips: Trips
    log: ClosureLog
    responses: Responses
    gate: TerminalGate | None
    now_us: int

    def finished(self, key: str) -> float:
        """SUMO's mean over finished trips: `duration`, `timeLoss`, `departDelay` (s), or their `count`."""
        return float(self.sim.lib.simulation.getParameter("", f"device.tripinfo.{key}"))


def summary_of(figures: Figures) -> dict[str, Metric]:
    """The headline figures."""
    trips, log, now = figures.trips, figures.log, figures.now_us
    tally, closures = trips.tally(), log.all()
    streets = sorted({c.street for c in closures if not c.street.startswith("edge ")})
    finished = trips.count["arrived"]
    mean = figures.finished("duration") if finished else None
    loss = figures.finished("timeLoss") if finished else None
    vehicle = figures.sim.lib.vehicle
    under_way = sum(vehicle.getTimeLoss(vid) for vid in vehicle.getIDList())
    delay_h = ((loss or 0.0) * finished + under_way) / 3600
    result = {
        "roads_cut": Metric(
            len({c.edge for c in closures}), "1", "Street sections closed for cars or all, by direction", "lower", 0
        ),
        "streets_cut": Metric(", ".join(streets), "", "Named streets with a section closed for cars"),
        "closed_hours": Metric(log.section_hours(now), "h", "Hours closed, summed over street sections", "lower"),
        "trips_finished": Metric(finished, "1", "Trips that reached their end", "higher", 0),
        "trips_unfinished": Metric(
            len(vehicle.getLoadedIDList()), "1", "Trips under way or waiting to begin", "lower", 0
        ),
        "mean_travel_time": Metric(
            None if mean is None else mean / 60, "min", "Mean duration of finished trips, stops included", "lower"
        ),
        "mean_delay": Metric(
            None if loss is None else loss / 60, "min", "Mean time lost against free driving, finished trips", "lower"
        ),
        "delay_hours": Metric(delay_h, "h", "Vehicle-hours lost against free driving, those held left out", "lower"),
        "held_hours": Metric(trips.held_hours(now), "h", "Vehicle-hours that stranded trips were held", "lower"),
        "affected": Metric(tally["affected"], "1", "Trips whose way was cut", "lower", 0),
        "rerouted": Metric(tally["rerouted"], "1", "Of these: found another way", "", 0),
        "stranded": Metric(tally["stranded"], "1", "Trips held on their way: no way open", "lower", 0),
        "stranded_now": Metric(len(trips.held), "1", "Trips still held at the end", "lower", 0),
        "cancelled": Metric(tally["cancelled"], "1", "Trips that could not begin: no way open", "lower", 0),
        "undecided": Metric(tally["undecided"] + tally["spared"], "1", "Of these: never had to choose", "", 0),
        "unaffected": Metric(tally["unaffected"], "1", "Trips whose way stayed open", "higher", 0),
        "discarded": Metric(
            trips.count["discarded"], "1", "Trips that SUMO refused: a defect of the demand", "lower", 0
        ),
        "teleports": Metric(
            trips.count["teleports"], "1", "Vehicles that SUMO lifted over an obstacle: a defect of the run", "lower", 0
        ),
    }  # fmt: skip
    return {**result, **_help(figures), **_trucks(figures)}


def _help(figures: Figures) -> dict[str, Metric]:
    """Emergency responses against their target; nothing when there are none."""
    responses, now_s, target = figures.responses, to_s(figures.now_us), figures.config.emergency_target
    if not responses.trips:
        return {}
    late, decided = len(responses.late(now_s, target)), responses.decided(now_s, target)
    within = f"within {target / 60:g} min"
    arrived = [t.taken_s(now_s) / 60 for t in responses.trips.values() if t.arrive_s is not None]
    return {
        "ambulances": Metric(len(responses.trips), "1", "Emergency trips called", "", 0),
        "ambulances_late": Metric(late, "1", f"Emergency trips that did not arrive {within}", "lower", 0),
        "ambulances_in_time": Metric(
            100 * (decided - late) / decided if decided else None, "%", f"Emergency trips {within}", "higher"
        ),
        "ambulance_time": Metric(
            sum(arrived) / len(arrived) if arrived else None, "min", "Mean time from call to arrival", "lower"
        ),
    }


def _trucks(figures: Figures) -> dict[str, Metric]:
    """The terminal's gate as the road sees it."""
    gate = figures.gate
    if gate is None:
        return {}
    states = gate.counts()
    came = len(gate.trucks) - states["road"]
    waits = [
        to_s(t.admitted_us - t.gate_us) / 60
        for t in gate.trucks.values()
        if t.admitted_us is not None and t.gate_us is not None
    ]
    return {
        "trucks_at_gate": Metric(came, "1", "Trucks that reached the gate", "higher", 0),
        "trucks_missing": Metric(
            states["road"], "1", "Trucks on their way that had not reached the gate at the end", "lower", 0
        ),
        "trucks_left": Metric(states["left"], "1", "Trucks that left the terminal again", "higher", 0),
        "gate_time": Metric(sum(waits) / len(waits) if waits else None, "min", "Mean time at the gate", "lower"),
        "gate_queue_mean": Metric(gate.queue_mean, "1", "Mean number of trucks queueing before the gate", "lower"),
        "gate_queue_most": Metric(gate.queue_most, "1", "Longest queue before the gate", "lower", 0),
    }


def tables_of(figures: Figures) -> dict[str, Table]:
    """Closures by street, emergency trips, stranded trips and trucks. Times in s since the scenario's start."""
    now_s, target = to_s(figures.now_us), figures.config.emergency_target
    tables = {
        "closures": Table(
            ("street", "sections", "from_s", "to_s", "max_depth_m", "classes"),
            [
                (c.street, c.sections, to_s(c.since_us), _s(c.until_us), round(c.deepest_m, 3), _classes(c.classes))
                for c in figures.log.by_street()
            ],
            "Streets closed for cars; `to_s` is empty where the street was still closed at the end.",
        ),
        "stranded": Table(
            ("id", "class", "street", "edge", "from_s", "to_s", "why"),
            [
                (h.id, h.vclass, h.street, h.edge, to_s(h.since_us), _s(h.until_us), h.why)
                for h in figures.trips.history
            ],
            "Trips that were held because no way was open.",
        ),
    }
    if figures.responses.trips:
        held = {h.id for h in figures.trips.history}
        late = {t.id for t in figures.responses.late(now_s, target)}
        tables["emergency"] = Table(
            (
                *("id", "depart_s", "arrive_s", "duration_s", "free_s"),
                *("late", "stranded", "cancelled", "held_on", "held_s"),
            ),
            [
                (
                    t.id, t.depart_s, t.arrive_s, None if t.cancelled else round(t.taken_s(now_s), 1),
                    None if t.free_s == float("inf") else round(t.free_s, 1), t.id in late, t.id in held, t.cancelled,
                    t.held_on, max(t.halted_s.values(), default=0.0),
                )
                for t in figures.responses.trips.values()
            ],
            "Emergency trips: from call to arrival (so far, where `arrive_s` is empty), and on the empty dry network.",
        )  # fmt: skip
    if figures.gate is not None:
        tables["trucks"] = Table(
            ("id", "task", "state", "gate_s", "admitted_s", "left_s"),
            [
                (t.id, t.data.get("task", ""), t.state, _s(t.gate_us), _s(t.admitted_us), _s(t.left_us))
                for t in figures.gate.trucks.values()
            ],
            "Trucks for the terminal: when they reached the gate, were let in, and left.",
        )
    return tables


def _s(us: int | None) -> float | None:
    return None if us is None else to_s(us)


def _classes(names: frozenset[str]) -> str:
    """The classes that people know, in words."""
    words = {"passenger": "cars", "delivery": "vans", "bus": "buses", "truck": "trucks", "emergency": "emergency"}
    return " ".join(word for name, word in words.items() if name in names)
