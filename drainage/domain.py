"""Drainage and waterlogging as the core sees it: config, verbs, ports, and how the report draws them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from drainage import hazard
from drainage.config import VERBS, DrainageConfig
from drainage.ports import PORTS
from drainage.story import story
from twin.model import Curve, Domain, Layer, Model, Setup
from twin.places import Places

if TYPE_CHECKING:
    from twin.scenario.problems import Problem


def build(setup: Setup) -> Model:
    """The running model. SWMM and Numba are imported here."""
    from drainage.model import DrainageModel

    return DrainageModel(setup)


def check(setup: Setup) -> list[Problem]:
    """Every problem of the section's files and events."""
    from drainage.check import check as look

    return look(setup)


def extent(setup: Setup) -> tuple[float, float, float, float] | None:
    """Where the section's files lie."""
    from drainage.extent import extent as read

    return read(setup)


def places(setup: Setup) -> Mapping[str, Places]:
    """Manholes, which are known before the model is built."""
    from drainage.places import places as read

    return read(setup)


DEPTHS_M = (0.02, 0.15, 0.27, 0.40)
WATER_COLOURS = ("#f7f7f5", "#c9e1f4", "#84bce6", "#3585c6", "#0b4a85")
"""Blues, so that streets in the colours of their closures stand out on wet ground."""
DEPTH_COLOURS = ("#9aa1ab", "#efc100", "#d95f02", "#a01a2c", "#2d0838")
"""Safe for the colour-blind."""
DEPTH_WORDS = ("dry", "under 15 cm", "15 to 27 cm", "27 to 40 cm", "over 40 cm")

DOMAIN = Domain(
    section="drainage",
    title="Drainage and waterlogging",
    config=DrainageConfig,
    verbs=VERBS,
    ports=PORTS,
    build=build,
    check=check,
    extent=extent,
    places=places,
    story=story,
    layers=(
        Layer("depth", "Water depth", "raster", DEPTHS_M, WATER_COLOURS, DEPTH_WORDS, hover="water depth"),
        Layer("street_depth", "Streets under water", "lines", DEPTHS_M, DEPTH_COLOURS, DEPTH_WORDS,
              widths=(1, 2, 3, 4, 4), on=False, hover="deepest water"),
        Layer("hazard", "Worst hazard so far", "raster", hazard.BREAKS, hazard.COLOURS, hazard.LABELS, on=False,
              hover="worst hazard class"),
        Layer("surcharge", "Manholes", "points", (-0.5, 0.0, 0.05), ("#9aa1ab", "#efc100", "#d95f02", "#2d0838"),
              ("level in the pipe", "within 50 cm of the rim", "full", "spilling"), widths=(2, 3, 4, 6), on=False,
              hover="level against the rim"),
    ),
    curves=(
        Curve(("flooded_area_15cm", "flooded_area_27cm"), "Land under water", "ha", ("over 15 cm", "over 27 cm")),
        Curve(("surface_volume", "sewer_volume"), "Water held", "m3", ("on the surface", "in the sewers")),
        Curve(("gauge_depth",), "Depth at the gauges", "m"),
        Curve(("exchange_up", "exchange_down"), "Through the manholes", "m3/s", ("onto the streets", "back down")),
        Curve(("outfall_flow",), "Out to the river", "m3/s", ("outfalls",)),
        Curve(("pumps_out",), "Pumps standing still", "1", ("pumps",)),
    ),
    headlines=(
        "flooded_area_27cm", "flooded_area_15cm", "longest_27cm", "hazard_area_h3", "max_depth", "streets_closed",
        "surcharged_manholes", "out_of_manholes", "drain_down", "people_27cm", "buildings_15cm", "full_pipes",
        "overflow_volume", "storage_left", "pump_energy", "pump_outages",
    ),
)  # fmt: skip
