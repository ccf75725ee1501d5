"""What the core needs to know of the water supply before any network is read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hydraulics.config import VERBS, WaterConfig
from hydraulics.ports import PORTS
from hydraulics.story import story
from twin.model import Curve, Domain, Layer, Model, Setup

if TYPE_CHECKING:
    from twin.scenario.problems import Problem


def build(setup: Setup) -> Model:
    """The running model. The engine is imported here, not before."""
    from hydraulics.model import WaterModel

    return WaterModel(setup)


def check(setup: Setup) -> Iterable[Problem]:
    """Every problem of the network file and of the timeline's ids."""
    from hydraulics.check import check as run

    return run(setup)


def extent(setup: Setup) -> tuple[float, float, float, float] | None:
    """Where the section's files lie."""
    from hydraulics.extent import extent as read

    return read(setup)


PRESSURE = Layer(
    port="pressure",
    title="Water pressure",
    kind="points",
    breaks=(0.0, 5.0, 10.0, 20.0, 60.0),
    colours=("#3b0f70", "#a01a7d", "#d95f02", "#efc100", "#56b4e9", "#0072b2"),
    labels=("none", "under 5 m", "5 to 10 m", "10 to 20 m", "20 to 60 m", "over 60 m"),
    widths=(7.0, 6.0, 5.0, 4.0, 2.5, 3.0),
)

AGE = Layer(
    port="age",
    title="Water age",
    kind="points",
    breaks=(6.0, 12.0, 24.0, 48.0, 72.0),
    colours=("#0072b2", "#56b4e9", "#9aa1ab", "#efc100", "#d95f02", "#a01a2c"),
    labels=("under 6 h", "6 to 12 h", "12 to 24 h", "1 to 2 days", "2 to 3 days", "over 3 days"),
    on=False,
)

TRACE = Layer(
    port="trace",
    title="Traced water",
    kind="points",
    breaks=(1.0, 10.0, 50.0, 90.0),
    colours=("#9aa1ab", "#56b4e9", "#efc100", "#d95f02", "#a01a2c"),
    labels=("under 1 %", "1 to 10 %", "10 to 50 %", "50 to 90 %", "over 90 %"),
    on=False,
)

CONCENTRATION = Layer(
    port="concentration",
    title="Concentration",
    kind="points",
    breaks=(0.01, 0.1, 0.3, 1.0, 5.0),
    colours=("#9aa1ab", "#56b4e9", "#0072b2", "#efc100", "#d95f02", "#a01a2c"),
    labels=("under 0.01 mg/L", "to 0.1 mg/L", "to 0.3 mg/L", "to 1 mg/L", "to 5 mg/L", "over 5 mg/L"),
    on=False,
)

CURVES = (
    Curve(("people_without",), "People without water", "person"),
    Curve(("leak_flow", "unserved_flow"), "Water lost and water missed", "m3/s", ("lost from mains", "not delivered")),
    Curve(("tank_level",), "Tank levels", "m"),
    Curve(("pumps_running",), "Pumps that run", "1"),
)

DOMAIN = Domain(
    section="water",
    title="Water supply",
    config=WaterConfig,
    verbs=VERBS,
    ports=PORTS,
    build=build,
    check=check,
    extent=extent,
    story=story,
    layers=(PRESSURE, AGE, TRACE, CONCENTRATION),
    curves=CURVES,
    headlines=("people_without_peak", "person_hours", "unserved", "burst_volume", "min_pressure", "pump_outages"),
)
