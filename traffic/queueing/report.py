"""Summary, tables and accounts of a queue run: those of `traffic.metrics` and `traffic.tables`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from traffic.gate import handed_over
from traffic.metrics import Figures, summary_of
from traffic.queueing.figures import QueueTimes, trip_log
from traffic.queueing.gate import QueueGate
from traffic.queueing.trips import QueueTrips
from traffic.tables import tables_of
from twin.model import Balance, Metric, Table

if TYPE_CHECKING:
    from traffic.queueing.model import QueueModel


@dataclass
class QueueFigures(Figures):
    """The same figures from a queue run."""

    times: QueueTimes | None = None

    def finished(self, key: str) -> float:
        """Mean over finished trips, s: `duration`, `timeLoss`, `departDelay`; or their `count`."""
        return self.times.finished(key) if self.times is not None else 0.0

    def loss_under_way_s(self) -> float:
        """Time lost so far by those who drive, summed."""
        return self.times.loss_under_way_s() if self.times is not None else 0.0

    def in_system(self) -> int:
        """Vehicles under way or waiting to begin."""
        return int(self.trips.in_system())  # type: ignore[attr-defined]


def report_of(model: QueueModel) -> tuple[dict[str, Metric], dict[str, Table]]:
    """(headline figures, tables) as of now."""
    outcome = model.trips.outcome
    for vid, response in model.responses.trips.items():
        response.cancelled = outcome.get(vid) == "cancelled"
    given: dict[str, Any] = {
        "sim": model.clock, "config": model.config, "network": model.network, "trips": model.trips, "log": model.log,
        "responses": model.responses, "gate": model.gate, "now_us": model.now_us, "start": model.setup.start,
        "trip_log": trip_log(model.trips, model.network, model.times), "water": model.water, "times": model.times,
        "buses": model.buses, "hold": model.hold, "diversions": model.diversions, "acceptance": model.acceptance,
    }  # fmt: skip
    if model.acceptance is not None:
        model.acceptance.time_journeys()
    figures = QueueFigures(**given)
    metrics, tables = summary_of(figures), tables_of(figures)
    if model.reach is not None:
        metrics.update(model.reach.summary())
        tables.update(model.reach.tables())
    return metrics, tables


def balances_of(trips: QueueTrips, gate: QueueGate | None) -> list[Balance]:
    """Vehicles, counted by walking along all queues, and trucks handed over at the gate."""
    count, state = trips.count, trips.run.counts()
    vehicles = Balance(
        "vehicles",
        "1",
        stored_start=0.0,
        stored_now=float(trips.in_system()),
        inflow={"loaded": float(trips.loaded())},
        outflow={"arrived": float(count["arrived"]), "cancelled": float(trips.cancelled_when_due())},
        noted={
            "departed": float(count["departed"]),
            "waiting to depart": float(state["waiting"]),
            "still to come": float(trips.future()),
            "left out: no way, or no time of departure": float(count["discarded"]),
            "left out: before the start": float(trips.demand.before),
            "squeezed in after long waiting": float(trips.run.result().counts["relieved"]),
        },
    )
    if gate is None:
        return [vehicles]
    return [vehicles, handed_over(gate.trucks.values(), len(gate.unknown))]
