"""What the core needs to know of the container terminal before any file is read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from port.config import VERBS, PortSection
from port.ports import PORTS
from port.story import story
from twin.model import Curve, Domain, Layer, Model, Setup

if TYPE_CHECKING:
    from twin.scenario.problems import Problem


def build(setup: Setup) -> Model:
    """The running model. The engine is imported here, not before."""
    from port.model import PortModel

    return PortModel(setup)


def check(setup: Setup) -> Iterable[Problem]:
    """Every problem of the terminal's file and of the machines that the timeline names."""
    from port.check import check as run

    return run(setup)


def extent(setup: Setup) -> tuple[float, float, float, float] | None:
    """Where the section's files lie."""
    from port.extent import extent as read

    return read(setup)


LANES = Layer(
    port="lane_state",
    title="Terminal lanes",
    kind="lines",
    breaks=(0.5, 1.5),
    colours=("#8f969e", "#d95f02", "#a01a2c"),
    labels=("open", "slowed by water", "closed by water"),
    widths=(1.5, 3.0, 4.0),
    hover="lane",
)

HEARD = Layer(
    port="lane_heard",
    title="Radio on terminal lanes",
    kind="lines",
    breaks=(0.5, 0.9, 0.99),
    colours=("#a01a2c", "#d95f02", "#efc100", "#3585c6"),
    labels=("under 50 % heard", "50 to 90 %", "90 to 99 %", "over 99 %"),
    widths=(3.0, 3.0, 2.5, 2.0),
    on=False,
    hover="lane",
)

BLOCKS = Layer(
    port="block_stock",
    title="Containers in the yard",
    kind="points",
    breaks=(250.0, 500.0, 1000.0),
    colours=("#c6dbef", "#6baed6", "#2171b5", "#08306b"),
    labels=("under 250", "250 to 500", "500 to 1000", "over 1000"),
    widths=(5.0, 7.0, 9.0, 11.0),
    on=False,
    hover="block",
)

CRANES = Layer(
    port="crane_state",
    title="Quay cranes",
    kind="points",
    breaks=(0.5, 1.5, 2.5),
    colours=("#9aa1ab", "#1b7837", "#efc100", "#a01a2c"),
    labels=("no ship", "working", "waiting", "stopped"),
    widths=(6.0, 8.0, 8.0, 9.0),
    hover="crane",
)

CURVES = (
    Curve(("moves_rate",), "Moves over the quay, last 15 min", "1/h"),
    Curve(("gate_queue", "trucks_inside"), "Road trucks", "1", ("waiting at the gate", "inside")),
    Curve(("cranes_working", "cranes_stopped"), "Quay cranes", "1", ("working", "stopped")),
    Curve(("fleet_busy",), "Driverless trucks with an order", "1"),
)

DOMAIN = Domain(
    section="port",
    title="Container terminal",
    config=PortSection,
    verbs=VERBS,
    ports=PORTS,
    build=build,
    check=check,
    extent=extent,
    story=story,
    layers=(LANES, HEARD, BLOCKS, CRANES),
    curves=CURVES,
    headlines=("crane_rate", "moves", "truck_turn_time", "trucks_waiting_outside", "vessel_delay", "starved"),
)
