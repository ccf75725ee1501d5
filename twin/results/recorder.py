"""Writes what a run does to its folder as it happens, with bounded memory, and hashes all of it.

Fields go to Zarr in blocks of a few times (single precision, compressed), curves in larger blocks (double
precision), events line by line. The digest covers every recorded byte in the order in which it came, so two runs
that repeat each other have equal digests and a difference in the last bit shows.
"""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.places import City, Places
from twin.ports import Kind, Port, Record
from twin.results.plain import line
from twin.results.store import (
    dimensions,
    port_attributes,
    time_attributes,
    time_name,
    write_places,
    write_vector,
)

FIELD_BLOCK = 12
"""Times of a field in one chunk: 12 of 400,000 cells are 19 MB before compression."""
SERIES_BLOCK_BYTES = 2**20
"""A curve's chunk; with one value a time this is more than a run has."""


@dataclass
class _Track:
    """One recorded port: the block that is filling and the array it goes to."""

    port: Port
    array: Any
    block: NDArray[Any]
    times: list[int] = field(default_factory=list)
    filled: int = 0

    def add(self, time_us: int, values: NDArray[Any]) -> None:
        if self.times and time_us <= self.times[-1]:
            raise ValueError(f"{self.port.name}: recorded at {time_us} µs after {self.times[-1]} µs")
        self.times.append(time_us)
        self.block[self.filled] = values.reshape(self.block.shape[1:])
        self.filled += 1
        if self.filled == len(self.block):
            self.flush()

    def flush(self) -> None:
        """Append the filled part of the block to the store."""
        if not self.filled:
            return
        at = self.array.shape[0]
        self.array.resize((at + self.filled, *self.array.shape[1:]))
        self.array[at:] = self.block[: self.filled]
        self.filled = 0


class Recorder:
    """Records a run into `folder` (`results.zarr`, `events.jsonl`).

    folder  an existing folder, normally `RunFolder.path`
    start   the scenario's start, with its zone
    crs     the projected system of all coordinates, or None
    """

    def __init__(self, folder: Path, start: datetime, crs: str | None) -> None:
        import zarr

        self._crs = crs
        self._start = start
        self._tracks: dict[tuple[str, str], _Track] = {}
        self._places: dict[tuple[str, str], Places] = {}
        self._sha = hashlib.sha256()
        self._events = (folder / "events.jsonl").open("w", encoding="utf-8")
        self._root = zarr.open_group(folder / "results.zarr", mode="w", zarr_format=3)
        self._root.attrs.update({"Conventions": "CF-1.11", "start": start.isoformat(), "crs": crs or ""})

    def places(self, section: str, at: str, places: Places) -> None:
        """Keep the geometry of `at`, for maps; done by `declare` for every place that a recorded port is at."""
        if (section, at) not in self._places:
            self._places[section, at] = places
            write_places(self._root.require_group(section), at, places, self._crs)

    def declare(self, section: str, port: Port, places: Places) -> None:
        """Make room for a port (once per recorded OUT port, before the first `record`).

        Of an ARRIVALS port the number of arrivals since the last exchange is kept.
        """
        from zarr.codecs import BloscCodec

        if (section, port.name) in self._tracks:
            raise ValueError(f"{section}.{port.name} is declared twice")
        if port.record is Record.NO:
            raise ValueError(f"{section}.{port.name} is not to be recorded (record=no)")
        if port.kind is Kind.ARRIVALS:
            places = City(("all",))
            shape: tuple[int, ...] = (1,)
            names: tuple[str, ...] = (f"{port.name}_count",)
        else:
            self.places(section, port.at, places)
            shape, names = dimensions(port, places)
        is_field = port.record is Record.FIELD
        dtype = np.float32 if is_field else np.float64
        rows = FIELD_BLOCK if is_field else SERIES_BLOCK_BYTES // (8 * max(math.prod(shape), 1))
        rows = min(max(rows, FIELD_BLOCK), 1024)
        array = self._root.require_group(section).create_array(
            port.name,
            shape=(0, *shape),
            chunks=(rows, *(max(n, 1) for n in shape)),
            dtype=dtype,
            fill_value=0.0,
            compressors=[BloscCodec(cname="zstd", clevel=1, shuffle="shuffle")],
            dimension_names=(time_name(port), *names),
            attributes=port_attributes(port, places, self._crs),
        )
        self._tracks[section, port.name] = _Track(port, array, np.zeros((rows, *shape), dtype))
        self._sha.update(f"{section}.{port.name} [{port.unit}] {shape}\n".encode())

    def record(self, time_us: int, section: str, port_name: str, values: Any) -> None:
        """Keep a port's values at `time_us`: (n,) floats, or a list of `Arrival` (counted; hashed with id and time).

        Raises `KeyError` for a port that was not declared, `ValueError` for a wrong length or a time not after
        the last one.
        """
        track = self._tracks[section, port_name]
        self._sha.update(f"{time_us} {section}.{port_name}\n".encode())
        if track.port.kind is Kind.ARRIVALS:
            for arrival in values:
                self._sha.update(f"{arrival.time_us} {arrival.id}\n".encode())
            values = [len(values)]
        row = np.ascontiguousarray(values, dtype=track.block.dtype)
        if row.size != track.block[0].size:
            raise ValueError(f"{section}.{port_name}: {row.size} values for {track.block[0].size} places")
        self._sha.update(row.data)
        track.add(time_us, row)

    def event(self, entry: Mapping[str, Any]) -> None:
        """One line of `events.jsonl`, keys sorted."""
        text = line(entry) + "\n"
        self._sha.update(text.encode())
        self._events.write(text)

    def finish(self) -> None:
        """Write what is still in memory, the time axes and the consolidated metadata. Nothing may follow."""
        import zarr

        axes: dict[tuple[str, str], Sequence[int]] = {}
        for (section, name), track in self._tracks.items():
            track.flush()
            axis = (section, time_name(track.port))
            if axes.setdefault(axis, track.times) != track.times:
                raise ValueError(f"{section}.{name} was not recorded at the same times as its section's other ports")
        attributes = time_attributes(self._start)
        for (section, name), times in axes.items():
            write_vector(self._root[section], name, np.array(times, dtype=np.int64), name, attributes)
        self._events.close()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Consolidated metadata")
            zarr.consolidate_metadata(self._root.store)

    def digest(self) -> str:
        """SHA-256 (hex) over everything declared, recorded and noted so far, in order."""
        return self._sha.hexdigest()
