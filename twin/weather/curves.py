"""From the section `weather` to what is computed: rain in time and over the city, wind and visibility at a moment."""

from __future__ import annotations

import math
from datetime import datetime

from twin.clock import to_us
from twin.places import Grid
from twin.weather.areal import METHODS
from twin.weather.cell import Profile, ZoneMeans
from twin.weather.chicago import STORM_FORMULAS, ChicagoStorm, StormFormula
from twin.weather.config import Visibility, Wind
from twin.weather.field import Box, Everywhere, Moving, RainField, zones_over
from twin.weather.gauges import read_network
from twin.weather.rain_config import Rain, Zones
from twin.weather.series import SeriesError, read_series
from twin.weather.shapes import Block, RainCurve, Steps, Storm, Triangle, alternating_blocks, scs_type_2
from twin.weather.tide import ValueAt, constant_or_series

STEP_S = 300.0
"""Block of an alternating-block storm where the scenario says nothing."""
NOWHERE = "nothing in this scenario says where the city lies: give `zones: {extent: [west, south, east, north]}` in m"
NO_AREA = "nothing in this scenario says how large the city is: give `areal_reduction: {area: 120 km2}`"
MOST_ZONES = 40_000


def rain_field(config: Rain, start: datetime, duration_us: int, extent: Box | None) -> RainField:
    """The rain of a section, without its scale. `extent`: the ground on which it falls, where that is known.

    SeriesError when a file is no series, or when the zones cannot be laid out.
    """
    if config.gauges is not None:
        network = read_network(config.gauges, config.gaps, start)
        return network.field(zones_of(config, extent), config.gauges.weights, config.gauges.power)
    curve = rain_curve(config, start, duration_us, extent)
    return Everywhere(curve) if config.cell is None else moving(config, curve, extent)


def zones_of(config: Rain, extent: Box | None) -> Grid:
    """The zones of rain that differs over the city. `SeriesError` where nobody says where they lie."""
    zones = config.zones or Zones()
    ground = zones.extent or extent
    if ground is None:
        raise SeriesError(0, NOWHERE)
    count = (ground[2] - ground[0] + zones.cell) * (ground[3] - ground[1] + zones.cell) / zones.cell**2
    if count > MOST_ZONES:
        better = 10.0 * math.ceil(zones.cell * math.sqrt(count / MOST_ZONES) / 10.0)
        raise SeriesError(
            0,
            f"zones of {zones.cell:g} m over {_spelt(ground)} are {count:,.0f}, more than {MOST_ZONES:,}: "
            f"write `zones: {{cell: {better:g} m}}` or more",
        )
    return zones_over(ground, zones.cell)


def moving(config: Rain, curve: RainCurve, extent: Box | None) -> Moving:
    """A curve's rain under a cell that moves."""
    cell = config.cell
    assert cell is not None
    zones = zones_of(config, extent)
    profile = Profile(
        cell.radius, cell.radius_across or cell.radius, math.radians(cell.angle), cell.profile == "gaussian"
    )
    if profile.least_m < zones.cell_m / 4:
        raise SeriesError(
            0,
            f"a cell of {profile.least_m:g} m radius is lost in zones of {zones.cell_m:g} m: write "
            f"`zones: {{cell: {profile.least_m:g} m}}` or less",
        )
    ground = (config.zones.extent if config.zones else None) or extent
    assert ground is not None
    over = cell.over or (0.5 * (ground[0] + ground[2]), 0.5 * (ground[1] + ground[3]))
    at_us = curve.peak_us if cell.at is None else to_us(cell.at)
    way = math.radians(cell.toward)
    speed = (cell.speed * math.sin(way), cell.speed * math.cos(way))
    return Moving(curve, ZoneMeans(profile, zones), over, at_us, speed)


def rain_curve(config: Rain, start: datetime, duration_us: int, extent: Box | None = None) -> RainCurve:
    """Rain in time, without its scale but with its areal reduction. SeriesError when its file is no series."""
    begin_us = to_us(config.start)
    factor = reduction(config, extent)
    if config.series is not None:
        gap = 0.0 if config.gaps == "dry" else None
        steps = Steps.of(read_series(config.series, ("mm/h", "mm"), start, low=0.0, gap=gap))
        return steps if factor == 1.0 else Steps(steps.ends_us, steps.depths * factor)
    if config.rate is not None:
        end_us = duration_us if config.duration is None else begin_us + to_us(config.duration)
        return Block(config.rate * factor, begin_us, end_us)
    return design_curve(config, begin_us, factor)


def design_curve(config: Rain, begin_us: int, factor: float = 1.0) -> RainCurve:
    """A storm of a given depth, in its shape. `factor` lessens the depth (and so the formula's A)."""
    duration, peak = config.duration, config.peak if config.peak is not None else config.standard_peak
    assert duration is not None
    if config.design_storm is not None:
        formula, years = formula_of(config), config.return_period
        assert years is not None
        formula = StormFormula(formula.a_mm_per_min * factor, formula.c, formula.b_min, formula.n)
        if config.kind == "alternating_block":
            assert peak is not None
            return alternating_blocks(formula, years, duration, peak, config.step or STEP_S, begin_us)
        if config.kind == "chicago":
            assert peak is not None
            return Storm(ChicagoStorm(formula, years, duration, peak), begin_us)
        depth = formula.depth(duration / 60.0, years)
    else:
        assert config.depth is not None
        depth = config.depth * factor
    if config.kind == "triangular":
        assert peak is not None
        return Triangle(depth, duration, peak, begin_us)
    if config.kind == "scs_type_2":
        return scs_type_2(depth, begin_us)
    return Block(depth * 3600.0 / duration, begin_us, begin_us + to_us(duration))


def formula_of(config: Rain) -> StormFormula:
    """The formula of a design storm."""
    given = config.design_storm
    assert given is not None
    return STORM_FORMULAS[given].formula if isinstance(given, str) else StormFormula(given.a, given.c, given.b, given.n)


def reduction(config: Rain, extent: Box | None) -> float:
    """The areal reduction factor; 1 where none is asked for."""
    wanted = config.areal_reduction
    if wanted is None:
        return 1.0
    if wanted.factor is not None:
        return wanted.factor
    assert wanted.method is not None
    assert config.duration is not None
    area = wanted.area
    if area is None:
        if extent is None:
            raise SeriesError(0, NO_AREA)
        area = (extent[2] - extent[0]) * (extent[3] - extent[1])
    return METHODS[wanted.method](area, config.duration)


def wind_curve(config: Wind, start: datetime, duration_us: int) -> ValueAt:
    """Wind speed in m/s."""
    return constant_or_series(config.speed, config.series, "m/s", start, duration_us, 0.0)


def visibility_curve(config: Visibility, start: datetime, duration_us: int) -> ValueAt:
    """Visibility in m."""
    return constant_or_series(config.distance, config.series, "m", start, duration_us, 0.0)


def _spelt(box: Box) -> str:
    return f"x {box[0]:.0f} to {box[2]:.0f}, y {box[1]:.0f} to {box[3]:.0f}"
