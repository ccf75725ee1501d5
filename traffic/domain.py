"""Road traffic as a domain of the twin. Cheap to import: SUMO is loaded when a model is built."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from traffic.config import TrafficConfig
from traffic.ports import PORTS
from traffic.story import story
from traffic.verb_args import VERBS
from twin.model import Curve, Domain, Layer, Model, Setup

if TYPE_CHECKING:
    from twin.scenario.problems import Problem


def _build(setup: Setup) -> Model:
    if setup.config.engine == "queue":
        from traffic.queueing.model import QueueModel

        return QueueModel(setup)
    from traffic.model import TrafficModel

    return TrafficModel(setup)


def _check(setup: Setup) -> Iterable[Problem]:
    from traffic.check import check

    return check(setup)


def _extent(setup: Setup) -> tuple[float, float, float, float]:
    from traffic.demand import inputs_of
    from traffic.network import extent

    return extent(inputs_of(setup.config).network)


DOMAIN = Domain(
    section="traffic",
    title="Road traffic",
    config=TrafficConfig,
    verbs=VERBS,
    ports=PORTS,
    build=_build,
    check=_check,
    extent=_extent,
    story=story,
    layers=(
        Layer(
            "edge_state",
            "Roads",
            "lines",
            breaks=(0.5, 1.5, 2.5),
            colours=("#9aa1ab", "#efc100", "#d95f02", "#a01a2c"),
            labels=("open", "slowed by water", "closed for cars", "closed for all"),
            widths=(1.0, 2.0, 3.5, 4.5),
        ),
        Layer(
            "vehicles",
            "Vehicles on each street section",
            "lines",
            breaks=(0.5, 5.0, 15.0),
            colours=("#d5d9de", "#8fb7d8", "#3f7fb5", "#12406b"),
            labels=("none", "1 to 5", "6 to 15", "more"),
            widths=(0.5, 1.5, 2.5, 4.0),
            on=False,
        ),
        *(
            Layer(
                f"minutes_{kind}",
                title,
                "lines",
                breaks=breaks,
                colours=("#8fd0a5", "#3585c6", "#efc100", "#d95f02", "#2d0838"),
                labels=labels,
                widths=(1.5, 1.5, 1.5, 2.5, 4.0),
                on=False,
            )
            for kind, title, breaks, labels in (
                (
                    "ambulance",
                    "Minutes until an ambulance is there",
                    (4, 6, 8, 12),
                    ("within 4 min", "4 to 6 min", "6 to 8 min", "8 to 12 min", "later or never"),
                ),
                (
                    "fire",
                    "Minutes until a fire engine is there",
                    (5, 8, 10, 15),
                    ("within 5 min", "5 to 8 min", "8 to 10 min", "10 to 15 min", "later or never"),
                ),
            )
        ),
    ),
    curves=(
        Curve(("reach_ambulance", "reach_fire"), "People reached in time", "%", ("ambulance", "fire engine")),
        Curve(("running", "halting"), "Vehicles on the road", "1", ("in the network", "standing")),
        Curve(("mean_speed",), "Mean speed", "m/s"),
        Curve(("stranded",), "Trips held, no way open", "1"),
        Curve(("gate_queue",), "Trucks queueing before the gate", "1"),
    ),
    headlines=(
        "roads_cut",
        "reach_ambulance_least",
        "reach_fire_least",
        "counts_good",
        "journeys_good",
        "cancelled",
        "ambulances_late",
        "ambulances_in_time",
        "bus_lines_broken",
        "stranded",
        "lost_hours",
        "mean_travel_time",
        "trucks_at_gate",
        "gate_queue_most",
    ),
)
