"""What the sensors said: pressures at junctions and flows in links, a row per moment."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from hydraulics.network import Network
from twin.places import FloatArray
from twin.scenario.problems import ScenarioError, suggest

PRESSURE, FLOW = "pressure", "flow"
L_PER_M3 = 1e3
DAY_S = 86_400


@dataclass(frozen=True)
class Sensor:
    """One sensor: `pressure` (m of water above the ground of a node) or `flow` (m3/s along a link)."""

    kind: str
    id: str

    @property
    def name(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True)
class Readings:
    """times_s (t,) seconds on the network file's clock, rising; values (t, s), NaN where a sensor was silent."""

    times_s: tuple[int, ...]
    sensors: tuple[Sensor, ...]
    values: FloatArray


def sensor_of(text: str, network: Network) -> Sensor:
    """`pressure:J1`, `flow:P3`, or a bare id that only one kind of element has. ValueError with a way out."""
    kind, _, name = text.strip().rpartition(":")
    nodes, links = set(network.node_ids.values()), set(network.link_ids)
    if kind not in ("", PRESSURE, FLOW):
        kind, name = "", text.strip()
    if not kind:
        if name in nodes and name in links:
            raise ValueError(f"'{name}' is a node and a link: write pressure:{name} or flow:{name}")
        kind = FLOW if name in links else PRESSURE
    known = nodes if kind == PRESSURE else links
    if name not in known:
        what = "node" if kind == PRESSURE else "link"
        raise ValueError(f"no {what} '{name}' in the network.{suggest(name, sorted(known))}")
    return Sensor(kind, name)


def read_csv(path: Path, network: Network) -> Readings:
    """Readings from a CSV: a column `time`, then one column a sensor; pressures in m, flows in L/s.

    Times are seconds (`3600`), hours and minutes (`17:15`, also `41:15`) of the file's clock, or date and time
    (`2026-07-01T17:15`), which count from the midnight of the first. Empty cells are silent sensors.
    Raises ScenarioError with the place of everything that is wrong.
    """
    if not path.is_file():
        raise ScenarioError([f"{path}: no such file"])
    with path.open(newline="", encoding="utf-8-sig") as stream:
        rows = [(number, row) for number, row in enumerate(csv.reader(stream), start=1) if any(map(str.strip, row))]
    if len(rows) < 2 or rows[0][1][0].strip().lower() != "time":
        raise ScenarioError([f"{path.name}:1: the first line must be `time,<sensor>,<sensor>…`, and readings follow"])
    wrong: list[str] = []
    sensors: list[Sensor] = []
    for column, text in enumerate(rows[0][1][1:], start=2):
        try:
            sensors.append(sensor_of(text, network))
        except ValueError as error:
            wrong.append(f"{path.name}:1: column {column}: {error}")
    if not sensors and not wrong:
        wrong.append(f"{path.name}:1: there is no sensor column")
    midnight: datetime | None = None
    times: list[int] = []
    values: list[list[float]] = []
    for number, row in rows[1:]:
        try:
            second, midnight = _time(row[0].strip(), midnight)
            cells = row[1:] + [""] * (len(rows[0][1]) - len(row))
            numbers = [float(cell) if cell.strip() else math.nan for cell in cells]
            if len(numbers) != len(rows[0][1]) - 1:
                raise ValueError(f"has {len(row)} cells, the first line {len(rows[0][1])}")
            if times and second <= times[-1]:
                raise ValueError("is not later than the line before")
        except ValueError as error:
            wrong.append(f"{path.name}:{number}: {error}")
            continue
        times.append(second)
        values.append(numbers)
    if wrong:
        raise ScenarioError(wrong[:20])
    table = np.array(values, dtype=float).reshape(len(times), len(sensors))
    table[:, [sensor.kind == FLOW for sensor in sensors]] /= L_PER_M3
    return Readings(tuple(times), tuple(sensors), table)


def write_csv(path: Path, readings: Readings) -> None:
    """The same format back: seconds, metres, litres per second."""
    scale = np.array([L_PER_M3 if sensor.kind == FLOW else 1.0 for sensor in readings.sensors])
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["time", *(sensor.name for sensor in readings.sensors)])
        for time_s, row in zip(readings.times_s, readings.values * scale, strict=True):
            writer.writerow([time_s, *("" if math.isnan(x) else f"{x:.4f}" for x in row)])


def _time(text: str, midnight: datetime | None) -> tuple[int, datetime | None]:
    if text.isdigit():
        return int(text), midnight
    parts = text.split(":")
    if 2 <= len(parts) <= 3 and all(part.isdigit() for part in parts):
        return sum(int(part) * unit for part, unit in zip(parts, (3600, 60, 1), strict=False)), midnight
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"cannot read the time '{text}': write 3600, 17:15 or 2026-07-01T17:15") from None
    midnight = midnight or moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return round((moment - midnight).total_seconds()), midnight


def sensors_from(names: Sequence[str], network: Network) -> tuple[Sensor, ...]:
    """Sensors by name."""
    return tuple(sensor_of(name, network) for name in names)
