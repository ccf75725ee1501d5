"""What sensors have read: a series of concentrations at each, or when each first noticed something and how much.

CSV, one row for each reading. A series has `time,node,value`; arrivals have `node,arrival` and, where known,
`magnitude`; a sensor that stayed silent has an empty arrival. `kind` may say `quality` (default) or `level`: a wave of
water runs ahead of what it carries. Times are `h:mm` or `h:mm:ss` since the sewer file's start, dates and times, or
numbers in a column named `time_s`, `time_min` or `time_h` (`arrival_s` …).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.places import FloatArray
from twin.scenario.problems import ScenarioError

UNITS_S = {"s": 1.0, "min": 60.0, "h": 3600.0}
WAVE = 5.0 / 3.0
"""A flood wave runs at 5/3 of the water's speed (kinematic wave with Manning's law in a wide channel)."""


@dataclass(frozen=True)
class Series:
    """Readings at sensors: (r,) node names, times in s, values in g/m3 (or any unit: the mass then has it, too)."""

    node: tuple[str, ...]
    time_s: FloatArray
    value: FloatArray


@dataclass(frozen=True)
class Arrivals:
    """Sensors: names, first time above the limit (NaN: silent), magnitude (NaN: not told), which measure level."""

    node: tuple[str, ...]
    time_s: FloatArray
    magnitude: FloatArray
    level: NDArray[np.bool_]


def read_readings(path: Path, start: datetime) -> Series | Arrivals:
    """Read either kind. Raises `ScenarioError` with the line of what is wrong."""
    with path.open(newline="", encoding="utf-8-sig") as stream:
        lines = [line for line in csv.reader(stream, skipinitialspace=True) if line]
    if not lines:
        raise ScenarioError([f"{path.name} is empty: it needs time,node,value or node,arrival,magnitude"])
    head = [name.strip().lower() for name in lines[0]]
    stem = next((s for s in ("arrival", "time") if any(h == s or h.startswith(f"{s}_") for h in head)), None)
    if stem is None or "node" not in head or (stem == "time" and "value" not in head):
        raise ScenarioError(
            [f"{path.name}:1  has the columns {', '.join(head)}; it needs time,node,value or node,arrival,magnitude"]
        )
    column = next(h for h in head if h == stem or h.startswith(f"{stem}_"))
    unit = column.partition("_")[2]
    if unit not in ("", *UNITS_S):
        raise ScenarioError([f"{path.name}:1  '{column}': times are in s, min or h"])
    wrong: list[str] = []
    rows = []
    for number, line in enumerate(lines[1:], 2):
        row = dict(zip(head, (w.strip() for w in line), strict=False))
        try:
            if not row.get("node"):
                raise ValueError("has no node")
            rows.append((row, _time(row.get(column, ""), unit, start), number))
        except ValueError as error:
            wrong.append(f"{path.name}:{number}  {error}")
    numbers: Callable[[dict[str, str], str, int], float] = lambda row, key, line: _number(  # noqa: E731
        row.get(key, ""), key, f"{path.name}:{line}", wrong
    )
    if stem == "time":
        wrong += [f"{path.name}:{n}  a reading needs a time" for _, t, n in rows if math.isnan(t)]
        values = [numbers(row, "value", n) for row, _, n in rows]
        wrong += [f"{path.name}:{n}  has no value" for (_, _, n), v in zip(rows, values, strict=True) if math.isnan(v)]
        found: Series | Arrivals = Series(
            tuple(row["node"] for row, _, _ in rows), np.array([t for _, t, _ in rows]), np.array(values)
        )
    else:
        kinds = [row.get("kind", "quality").lower() or "quality" for row, _, _ in rows]
        wrong += [
            f"{path.name}:{n}  '{k}': a sensor's kind is quality or level"
            for (_, _, n), k in zip(rows, kinds, strict=True)
            if k not in ("quality", "level")
        ]
        found = Arrivals(
            tuple(row["node"] for row, _, _ in rows), np.array([t for _, t, _ in rows]),
            np.array([numbers(row, "magnitude", n) for row, _, n in rows]), np.array([k == "level" for k in kinds]),
        )  # fmt: skip
    if wrong:
        raise ScenarioError(wrong[:20])
    if not rows or (isinstance(found, Arrivals) and np.isnan(found.time_s).all()):
        raise ScenarioError([f"{path.name}: no sensor has noticed anything, so there is nothing to trace"])
    if isinstance(found, Series) and not (found.value > 0).any():
        raise ScenarioError([f"{path.name}: all values are 0 or less, so there is nothing to trace"])
    return found


def _time(text: str, unit: str, start: datetime) -> float:
    """Seconds since the sewer file's start; NaN for nothing."""
    if not text:
        return math.nan
    try:
        if unit:
            found = float(text) * UNITS_S[unit]
        elif "-" in text[1:]:
            moment = datetime.fromisoformat(text)
            found = (moment.replace(tzinfo=None) - start).total_seconds()
        else:
            parts = [float(p) for p in text.split(":")]
            if not 2 <= len(parts) <= 3 or text.startswith("-"):
                raise ValueError
            found = sum(p * f for p, f in zip(parts, (3600.0, 60.0, 1.0), strict=False))
    except ValueError:
        raise ValueError(f"'{text}' is no time: write h:mm, or name the column time_s, time_min or time_h") from None
    if not math.isfinite(found) or found < 0:
        raise ValueError(f"'{text}' lies before the start of the sewer file ({start:%Y-%m-%d %H:%M})")
    return found


def _number(text: str, key: str, where: str, wrong: list[str]) -> float:
    if not text:
        return math.nan
    try:
        found = float(text)
    except ValueError:
        found = math.inf
    if not math.isfinite(found) or found < 0:
        wrong.append(f"{where}  {key} '{text}' is no number of 0 or more")
        return math.nan
    return found
