"""Quantities with units: `5 m`, `40 cm2`, `20 mm/h`, parsed once into SI floats.

A bare number is refused, because nobody can tell metres from feet later. Units are Pint's, plus what water and
port engineers write (`m3`, `L/s`, `20 a` for a return period, `TEU`).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_NUMBER = re.compile(r"^\s*([+-]?(?:\d+(?:[ _]\d{3})*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*$")
_EXPONENT = re.compile(r"(?<=[A-Za-z])(-?\d)\b")


@cache
def _registry() -> Any:
    import pint

    registry: Any = pint.UnitRegistry(cache_folder=None)
    registry.define("TEU = [container]")
    registry.define("customer = [customer]")
    return registry


@cache
def _unit(text: str) -> Any:
    """The pint unit for `m3/h`, `cm2`, `L/s`, `%` or `1`."""
    if text in ("", "1"):
        return _registry().dimensionless
    return _registry().parse_units(_EXPONENT.sub(r"**\1", text).replace("%", "percent"))


def factor(unit_from: str, unit_to: str) -> float:
    """What to multiply by to go from one unit to another; ValueError when they measure different things."""
    import pint

    if unit_from == unit_to:
        return 1.0
    try:
        one = _registry().Quantity(1.0, _unit(unit_from))
        return float(one.to(_unit(unit_to)).magnitude)
    except (pint.errors.PintError, AttributeError, AssertionError) as error:
        raise ValueError(f"cannot turn {unit_from!r} into {unit_to!r}") from error


def parse(text: Any, unit: str) -> float:
    """`text` as a float in `unit`; ValueError with an example when it does not fit.

    >>> parse("40 cm2", "m2")
    0.004
    >>> parse("20 a", "a")
    20.0
    """
    example = f"write it with a unit, like '{_EXAMPLES.get(unit, '1 ' + unit)}'"
    if isinstance(text, bool) or not isinstance(text, str):
        raise ValueError(f"{text!r} has no unit: {example}")
    match = _NUMBER.match(text)
    if not match:
        raise ValueError(f"{text!r} is not a number with a unit: {example}")
    number, given = float(re.sub(r"[ _]", "", match.group(1))), match.group(2)
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is not a finite number: {example}")
    if unit == "1" and given == "":
        return number
    if not given:
        raise ValueError(f"{text!r} has no unit: {example}")
    try:
        value = number * factor(given, unit)
    except Exception as error:
        raise ValueError(f"{text!r} is not in a unit of {_MEANING.get(unit, unit)}: {example}") from error
    return float(f"{value:.15g}")


_EXAMPLES = {
    "s": "5 min",
    "m": "5 m",
    "m2": "40 cm2",
    "m3": "50 m3",
    "m3/s": "12 L/s",
    "mm/h": "20 mm/h",
    "m/s": "36 km/h",
    "a": "20 a",
    "1": "0.4",
    "mm": "30 mm",
}
_MEANING = {
    "s": "time",
    "m": "length",
    "m2": "area",
    "m3": "volume",
    "m3/s": "flow",
    "mm/h": "rain intensity",
    "m/s": "speed",
    "a": "return period (years)",
    "1": "a plain number",
    "mm": "length",
}


@dataclass(frozen=True)
class Unit:
    """Marks a field's unit, so that `explain`, the schema and the resolved file can write it."""

    unit: str


def quantity(unit: str, low: float = -math.inf, high: float = math.inf) -> Any:
    """An annotated float type: text with a unit in the scenario, `unit` in Python, within [low, high]."""

    def check(text: Any) -> float:
        value = parse(text, unit)
        if not low <= value <= high:
            limits = f"at least {low:g}" if math.isinf(high) else f"between {low:g} and {high:g}"
            raise ValueError(f"{text!r} is out of range: it must be {limits} {unit}")
        return value

    def show(value: float) -> str:
        return f"{value:.15g} {unit}" if unit != "1" else f"{value:.15g}"

    return Annotated[
        float,
        Unit(unit),
        BeforeValidator(check),
        PlainSerializer(show, return_type=str),
        WithJsonSchema(
            {
                "type": "string",
                "description": f"a number with a unit of {_MEANING.get(unit, unit)}",
                "examples": [_EXAMPLES.get(unit, f"1 {unit}")],
            }
        ),
    ]


Duration = quantity("s", 0)
Length = quantity("m")
Distance = quantity("m", 0)
Area = quantity("m2", 0)
Volume = quantity("m3", 0)
Flow = quantity("m3/s", 0)
Speed = quantity("m/s", 0)
RainRate = quantity("mm/h", 0)
RainDepth = quantity("mm", 0)
ReturnPeriod = quantity("a", 0.1, 10_000)
Share = Annotated[float, Unit("1")]
