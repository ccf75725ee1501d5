"""What a planner reads after a run: roads cut, trips lost and late, help in time, trucks at the gate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from traffic.acceptance import Acceptance
from traffic.buses import BusLines
from traffic.closures import ClosureLog
from traffic.config import TrafficConfig
from traffic.emergency import Responses
from traffic.facilities import Facilities
from traffic.gate import TerminalGate, handed_over
from traffic.measures import Diversions, TruckHold
from traffic.names import is_named
from traffic.network import RoadNetwork
from traffic.stalling import Stalls
from traffic.sumo import Simulation
from traffic.trip_log import PurposeRow, TripLog
from traffic.trips import Trips
from traffic.water_on_roads import WaterOnRoads
from twin.clock import to_s
from twin.model import Balance, Metric


@dataclass
class Figures:
    """All that summary and tables are made of, while the engine still runs. What a run has not is None."""

    sim: Simulation
    config: TrafficConfig
    network: RoadNetwork
    trips: Trips
    log: ClosureLog
    responses: Responses
    gate: TerminalGate | None
    now_us: int
    start: datetime
    trip_log: TripLog | None = None
    water: WaterOnRoads | None = None
    stalls: Stalls | None = None
    buses: BusLines | None = None
    facilities: Facilities | None = None
    hold: TruckHold | None = None
    diversions: Diversions | None = None
    acceptance: Acceptance | None = None

    @property
    def begin_s(self) -> float:
        """The engine's clock at the scenario's start."""
        return self.sim.begin_s

    def loss_under_way_s(self) -> float:
        """Time lost so far by the vehicles in the network."""
        vehicle = self.sim.lib.vehicle
        return float(sum(vehicle.getTimeLoss(vid) for vid in vehicle.getIDList()))

    def in_system(self) -> int:
        """Trips under way or waiting to begin."""
        return len(self.sim.lib.vehicle.getLoadedIDList())

    def finished(self, key: str) -> float:
        """SUMO's mean over finished trips: `duration`, `timeLoss`, `departDelay` (s), or their `count`."""
        return float(self.sim.lib.simulation.getParameter("", f"device.tripinfo.{key}"))

    @cached_property
    def purposes(self) -> dict[str, PurposeRow]:
        """Sums over trips by purpose."""
        if self.trip_log is None:
            return {}
        towed = [one.id for one in self.stalls.all if one.towed_us is not None] if self.stalls is not None else []
        stranded = [vid for vid, outcome in self.trips.outcome.items() if outcome == "stranded"]
        return self.trip_log.by_purpose(self.trips.outcome, towed, stranded, self.config.cancelled_loss)


def summary_of(figures: Figures) -> dict[str, Metric]:
    """The headline figures."""
    trips, log, now = figures.trips, figures.log, figures.now_us
    tally, closures = trips.tally(), log.all()
    streets = sorted({c.street for c in closures if is_named(c.street)})
    finished = trips.count["arrived"]
    mean = figures.finished("duration") if finished else None
    loss = figures.finished("timeLoss") if finished else None
    delay_h = ((loss or 0.0) * finished + figures.loss_under_way_s()) / 3600
    result = {
        "roads_cut": Metric(
            len({c.edge for c in closures}), "1", "Street sections closed for cars or all, by direction", "lower", 0
        ),
        "streets_cut": Metric(", ".join(streets), "", "Named streets with a section closed for cars"),
        "closed_hours": Metric(log.section_hours(now), "h", "Hours closed, summed over street sections", "lower"),
        "trips_finished": Metric(finished, "1", "Trips that reached their end", "higher", 0),
        "trips_unfinished": Metric(
            figures.in_system(), "1", "Trips under way or waiting to begin", "lower", 0
        ),
        "mean_travel_time": Metric(
            None if mean is None else mean / 60, "min", "Mean duration of finished trips, stops included"
        ),
        "mean_delay": Metric(
            None if loss is None else loss / 60, "min", "Mean time lost against free driving, finished trips only"
        ),
        "delay_hours": Metric(delay_h, "h", "Vehicle-hours lost against free driving, those held left out"),
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
    if figures.trip_log is not None:
        lost_h = sum(row.lost_s for row in figures.purposes.values()) / 3600
        minutes = figures.config.cancelled_loss / 60
        doc = "Vehicle-hours lost against planned way and departure; a trip that could not begin counts"
        result["lost_hours"] = Metric(lost_h, "h", f"{doc} {minutes:g} min", "lower")
    return {**result, **_water(figures), **_help(figures), **_trucks(figures), **_facilities(figures)}


def _water(figures: Figures) -> dict[str, Metric]:
    """Underpasses, patrols and drowned engines, where the scenario has them."""
    water, found = figures.water, {}
    if water is not None and water.underpasses is not None:
        names = {flooded.name for flooded in water.underpasses.all()}
        found["underpasses_closed"] = Metric(len(names), "1", "Underpasses closed", "lower", 0)
    if water is not None and water.patrols is not None:
        waits = [(v.closed_us - v.asked_us) / 60e6 for v in water.patrols.visits if v.closed_us is not None]
        doc = "Mean time from flooding to the closure by a patrol"
        found["patrol_time"] = Metric(_mean(waits), "min", doc, "lower")
    if figures.stalls is not None:
        found["stalled"] = Metric(len(figures.stalls.all), "1", "Vehicles whose engine drowned", "lower", 0)
    return found


def _facilities(figures: Figures) -> dict[str, Metric]:
    """Bus lines, car parks, chargers, buffers and counts, where there are any."""
    buses, found = figures.buses, {}
    if buses is not None and buses.buses:
        broken, missed = sum(row[6] > 0 for row in buses.rows()), buses.missed()
        found["bus_lines_broken"] = Metric(broken, "1", "Bus lines broken", "lower", 0)
        found["bus_stops_missed"] = Metric(missed, "1", "Stops that broken bus trips did not serve", "lower", 0)
    if figures.facilities is not None:
        parks, chargers = figures.facilities.car_parks, figures.facilities.chargers
        if parks.ids:
            away = sum(map(len, parks.turned_away.values()))
            doc = "Vehicles that found a car park full and drove on"
            found["parking_overflowed"] = Metric(away, "1", doc, "lower", 0)
        if chargers.ids:
            drawn = sum(chargers.energy_kwh.values())
            found["charged"] = Metric(drawn, "kWh", "Energy drawn at charging stations")
    hold = figures.hold
    if hold is not None and (hold.waits_us or hold.most):
        found["buffer_most"] = Metric(hold.most, "1", "Most trucks in the buffer park at once", "", 0)
        mean = _mean([us / 60e6 for _, us in hold.waits_us])
        found["buffer_wait"] = Metric(mean, "min", "Mean wait in the buffer park", "lower")
    if figures.diversions is not None and figures.diversions.led:
        found["diverted"] = Metric(len(figures.diversions.led), "1", "Vehicles led over a diversion", "", 0)
    if figures.acceptance is not None:
        found.update(figures.acceptance.summary(to_s(figures.now_us) + figures.begin_s))
    return found


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


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
    times = [minutes for truck in gate.trucks.values() if (minutes := road_minutes(figures, truck.id)) is not None]
    return {
        "truck_time": Metric(
            sum(times) / len(times) if times else None,
            "min",
            "Mean time of trucks from planned departure to gate",
            "lower",
        ),
        "trucks_at_gate": Metric(came, "1", "Trucks that reached the gate", "higher", 0),
        "trucks_missing": Metric(
            states["road"], "1", "Trucks on their way that had not reached the gate at the end", "lower", 0
        ),
        "trucks_left": Metric(states["left"], "1", "Trucks that left the terminal again", "higher", 0),
        "gate_time": Metric(sum(waits) / len(waits) if waits else None, "min", "Mean time at the gate", "lower"),
        "gate_queue_mean": Metric(gate.lengths.mean, "1", "Mean number of trucks queueing before the gate", "lower"),
        "gate_queue_most": Metric(gate.lengths.most, "1", "Longest queue before the gate", "lower", 0),
    }


def road_minutes(figures: Figures, truck: str) -> float | None:
    """From a truck's planned departure to the gate, None where it has not come there."""
    trip, gate = (figures.trip_log.trips if figures.trip_log is not None else {}).get(truck), figures.gate
    reached = gate.trucks[truck].gate_us if gate is not None else None
    if trip is None or reached is None:
        return None
    return (to_s(reached) + figures.begin_s - trip.planned_s) / 60


def balances_of(sim: Simulation, trips: Trips, gate: TerminalGate | None) -> list[Balance]:
    """Vehicles, and trucks handed over at the gate."""
    count, lib = trips.count, sim.lib
    outflow = ("arrived", "cancelled", "discarded", *(("towed",) if count["towed"] else ()))
    vehicles = Balance(
        "vehicles",
        "1",
        stored_start=0.0,
        stored_now=float(len(lib.vehicle.getLoadedIDList())),
        inflow={"loaded": float(count["loaded"])},
        outflow={name: float(count[name]) for name in outflow},
        noted={
            "departed": float(count["departed"]),
            "waiting to depart": float(len(trips.waiting)),
            "SUMO's own count of those departed": float(lib.simulation.getParameter("", "stats.vehicles.inserted")),
            "teleports": float(count["teleports"]),
        },
    )
    if gate is None:
        return [vehicles]
    return [vehicles, handed_over(gate.trucks.values(), len(gate.unknown))]
