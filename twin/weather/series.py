"""A column of values over time from a CSV file; gaps are refused with their line, never filled.

    time,level m
    2026-07-01T16:00+08:00,1.20
    2026-07-01T17:00+08:00,1.45

The first column is a date and time (without an offset: in the scenario's zone) or a time since the start (`+1:30`),
or numbers under a header `time s`, `time min` or `time h`. The second header ends with the unit. A file of several
gauges has one column for each, headed by its name and unit.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.clock import to_us
from twin.scenario.problems import suggest
from twin.scenario.quantities import factor

_SINCE = re.compile(r"([+-])\s*(\d+):([0-5]\d)(?::([0-5]\d))?")


class SeriesError(ValueError):
    """A file that is no series: `line` counts from 1, 0 for the file as a whole."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


@dataclass(frozen=True)
class Series:
    """times_us (n,) int64 since the scenario's start, strictly rising; values (n,), finite; n >= 2.

    unit : in which the values are, one of those asked for
    """

    times_us: NDArray[np.int64]
    values: NDArray[np.float64]
    unit: str

    def at(self, us: int) -> float:
        """Linear between the rows; the first and the last value outside of them."""
        return float(np.interp(us, self.times_us, self.values))

    def covers(self, duration_us: int) -> bool:
        return bool(self.times_us[0] <= 0 and self.times_us[-1] >= duration_us)


@dataclass(frozen=True)
class Columns:
    """Several values at each time: times_us (n,) strictly rising, values (n, k), NaN in gaps that were to be kept.

    names, units (k,) of the columns; lines (n,) of the file, header_line that of its header
    """

    times_us: NDArray[np.int64]
    values: NDArray[np.float64]
    names: tuple[str, ...]
    units: tuple[str, ...]
    lines: NDArray[np.int64]
    header_line: int

    def with_values(self, values: NDArray[np.float64]) -> Columns:
        """The same with other values."""
        return replace(self, values=values)


def read_series(
    path: Path, units: tuple[str, ...], start: datetime, low: float = -math.inf, gap: float | None = None
) -> Series:
    """The series of a file, in the first of `units` that its header's unit can be turned into.

    gap : what stands for an empty or NaN value; None refuses them

    Raises SeriesError for anything that is not a number at a later time than the row before, and not below `low`.
    """
    rows = _rows(path)
    first_line, header = next(rows, (1, []))
    if len(header) != 2:
        raise SeriesError(first_line, f"needs a header of two columns such as `time,level {units[0]}`")
    found = _read(rows, first_line, header, units, start, low, gap is not None)
    values = found.values[:, 0]
    return Series(found.times_us, values if gap is None else np.where(np.isnan(values), gap, values), found.units[0])


def read_columns(path: Path, units: tuple[str, ...], start: datetime, low: float, keep_gaps: bool) -> Columns:
    """The columns of a file; the name of each is its header without the unit."""
    rows = _rows(path)
    first_line, header = next(rows, (1, []))
    if len(header) < 2:
        raise SeriesError(first_line, f"needs a column `time` and one for each gauge, such as `G1 {units[0]}`")
    found = _read(rows, first_line, header, units, start, low, keep_gaps)
    twice = next((name for k, name in enumerate(found.names) if name in found.names[:k]), None)
    if twice is not None:
        raise SeriesError(first_line, f"the column '{twice}' stands here twice: keep one")
    return found


def gaps_of(path: Path, units: tuple[str, ...], start: datetime, low: float) -> list[int]:
    """Lines of a file in which some value is missing."""
    found = read_columns(path, units, start, low, keep_gaps=True)
    return [int(line) for line in found.lines[np.isnan(found.values).any(axis=1)]]


def _read(
    rows: Iterator[tuple[int, list[str]]],
    first_line: int,
    header: list[str],
    units: tuple[str, ...],
    start: datetime,
    low: float,
    keep_gaps: bool,
) -> Columns:
    time_unit = _time_unit(header[0], first_line)
    heads = [_value_unit(head, units, first_line) for head in header[1:]]
    times: list[int] = []
    values: list[list[float]] = []
    lines: list[int] = []
    for line, row in rows:
        if len(row) != len(header):
            raise SeriesError(line, f"has {len(row)} columns, not {len(header)}")
        moment = _time(row[0], time_unit, start, line)
        if times and moment <= times[-1]:
            raise SeriesError(
                line, f"the time {row[0]!r} is not later than the one before: sort the rows, keep one of each"
            )
        times.append(moment)
        values.append([_value(text, s, low, line, keep_gaps) for text, (_, s) in zip(row[1:], heads, strict=True)])
        lines.append(line)
    if len(times) < 2:
        raise SeriesError(0, "needs at least two rows of values")
    return Columns(
        np.array(times, dtype=np.int64),
        np.array(values),
        tuple(_name(head) for head in header[1:]),
        tuple(unit for unit, _ in heads),
        np.array(lines, dtype=np.int64),
        first_line,
    )


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every line that is neither empty nor a `#` comment."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SeriesError(0, "is not UTF-8: save the file as UTF-8") from None
    mark = ";" if text.count(";") > text.count(",") else ","
    for line, raw in enumerate(text.splitlines(), start=1):
        if raw.strip() and not raw.lstrip().startswith("#"):
            yield line, [cell.strip() for cell in next(csv.reader([raw], delimiter=mark))]


def _time_unit(head: str, line: int) -> str:
    """`s`, `min` or `h` for a column of numbers; '' for a column of dates."""
    name, _, unit = re.sub(r"[\[\]()_]", " ", head).strip().partition(" ")
    unit = unit.strip()
    if name.lower() not in ("time", "t", "datetime", "date"):
        raise SeriesError(line, f"the first column must be called `time`, not {head!r}")
    if unit not in ("", "s", "min", "h"):
        raise SeriesError(line, f"{unit!r} is no unit of time here: write `time s`, `time min` or `time h`")
    return unit


def _value_unit(head: str, units: tuple[str, ...], line: int) -> tuple[str, float]:
    given = head.rstrip(")] ").replace("[", " ").replace("(", " ").split()
    for unit in units:
        try:
            return unit, factor(given[-1], unit)
        except (ValueError, IndexError):
            continue
    wanted = " or ".join(f"`{unit}`" for unit in units)
    raise SeriesError(
        line, f"the header {head!r} must end with a unit such as {wanted}.{suggest(given[-1] if given else '', units)}"
    )


def _time(text: str, unit: str, start: datetime, line: int) -> int:
    if unit:
        try:
            return to_us(float(text) * factor(unit, "s"))
        except (ValueError, OverflowError):
            raise SeriesError(line, f"{text!r} is not a number of {unit}") from None
    if match := _SINCE.fullmatch(text):
        sign, hours, minutes, seconds = match.groups()
        return to_us((int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)) * (-1 if sign == "-" else 1))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SeriesError(line, f"{text!r} is not a time: write '2026-07-01T16:00+08:00' or '+1:30'") from None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=start.tzinfo)) - start) // timedelta(microseconds=1)


def _name(head: str) -> str:
    """The header without its unit."""
    words = head.replace("[", " ").replace("(", " ").split()
    return " ".join(words[:-1]) or head


def _value(text: str, scale: float, low: float, line: int, keep_gaps: bool) -> float:
    try:
        value = float(text) if text else math.nan
    except ValueError:
        raise SeriesError(line, f"{text!r} is not a number") from None
    if math.isnan(value) and keep_gaps:
        return value
    if not math.isfinite(value):
        raise SeriesError(line, f"a gap ({text or 'nothing'!r}): gaps are not filled here; fill it or cut the file")
    if value * scale < low:
        raise SeriesError(line, f"{text} is less than {low:g}")
    return value * scale
