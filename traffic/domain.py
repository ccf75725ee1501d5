"""Road traffic as a domain of the twin. Cheap to import: SUMO is loaded when a model is built."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from traffic.config import VERBS, TrafficConfig
from traffic.ports import PORTS
from traffic.story import story
from twin.model import Curve, Domain, Layer, Model, Setup

if TYPE_CHECKING:
    from twin.scenario.problems import Problem


def _build(setup: Setup) -> Model:
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
    ),
    curves=(
        Curve(("running", "halting"), "Vehicles on the road", "1", ("in the network", "standing")),
        Curve(("mean_speed",), "Mean speed", "m/s"),
        Curve(("stranded",), "Trips held, no way open", "1"),
        Curve(("gate_queue",), "Trucks queueing before the gate", "1"),
    ),
    headlines=(
        "roads_cut",
        "cancelled",
        "ambulances_late",
        "ambulances_in_time",
        "stranded",
        "mean_travel_time",
        "trucks_at_gate",
        "gate_queue_most",
    ),
)
