"""A finished run as its readers see it: the report, comparisons and the domains' stories.

It reads the run's folder and nothing else, so that a run can be moved, copied and opened anywhere.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from twin.clock import to_us
from twin.places import FloatArray, Places
from twin.ports import Record
from twin.results.folder import require_whole
from twin.results.store import read_places


class RunView:
    """A run, read from `path`; raises `ScenarioError` when the folder is not a whole run.

    `unpublished=True` opens a run that is complete but not yet renamed (to write its report into it).
    """

    def __init__(self, path: Path | str, unpublished: bool = False) -> None:
        self.path = Path(path)
        if not unpublished:
            require_whole(self.path)
        self.summary: dict[str, Any] = json.loads((self.path / "summary.json").read_text(encoding="utf-8"))
        self._series: dict[tuple[str, str], tuple[FloatArray, NDArray[Any]]] = {}
        self._seen_places: dict[tuple[str, str], Places] = {}

    @property
    def name(self) -> str:
        """The folder's name, `plum-rain-burst-0007`."""
        return self.path.name.removeprefix(".").removesuffix(".part")

    @property
    def title(self) -> str:
        """What the scenario calls itself, or its name."""
        return str(self.summary.get("title") or self.summary["name"])

    @property
    def start(self) -> datetime:
        return datetime.fromisoformat(self.summary["start"])

    @property
    def duration_us(self) -> int:
        return to_us(self.summary["duration_s"])

    @property
    def sections(self) -> list[str]:
        return list(self.summary.get("sections", []))

    def metric(self, name: str) -> Any:
        """Value of a headline figure (`water.unserved`), or None."""
        found = self.summary["metrics"].get(name)
        return None if found is None else found["value"]

    @cached_property
    def timing(self) -> dict[str, Any]:
        """Wall times and memory; empty when the folder has none."""
        path = self.path / "timing.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    @cached_property
    def _all_events(self) -> list[dict[str, Any]]:
        path = self.path / "events.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        return sorted((json.loads(text) for text in lines if text), key=lambda entry: entry.get("time_us", 0))

    def events(self, what: str | None = None) -> list[dict[str, Any]]:
        """Journal entries by time; only those of one kind when `what` is given."""
        return [entry for entry in self._all_events if what is None or entry.get("what") == what]

    def table(self, section: str, name: str) -> list[dict[str, Any]]:
        """Rows of a table with numbers as numbers and empty cells as None; [] when there is no such table."""
        path = self.path / "tables" / f"{section}.{name}.csv"
        if not path.is_file():
            return []
        with path.open(newline="", encoding="utf-8") as file:
            return [{key: _cell(text) for key, text in row.items()} for row in csv.DictReader(file)]

    def has(self, section: str, port: str) -> bool:
        """Whether the run recorded this port."""
        return f"{section}/{port}" in self._store

    def recorded(self, section: str, record: Record | None = None) -> list[str]:
        """Names of the recorded ports of a section, in alphabetical order."""
        if section not in self._store:
            return []
        arrays = sorted(self._store[section].arrays())
        return [
            name
            for name, array in arrays
            if "at" in array.attrs and (record is None or array.attrs["record"] == record.value)
        ]

    def attributes(self, section: str, port: str) -> dict[str, Any]:
        """What is known of a recorded port: `units`, `long_name`, `kind`, `at`, `record`, `quantity`."""
        return dict(self._array(section, port).attrs)

    def times(self, section: str, port: str) -> FloatArray:
        """Seconds since the start at which the port was recorded, (nt,)."""
        axis = self._array(section, port).metadata.dimension_names[0]
        return self._store[f"{section}/{axis}"][:] / 1e6

    def series(self, section: str, port: str) -> tuple[FloatArray, NDArray[Any]]:
        """Times in s (nt,) and values (nt, n) of a recorded port; KeyError when it was not recorded."""
        if (section, port) not in self._series:
            array = self._array(section, port)
            values = array[:]
            self._series[section, port] = self.times(section, port), values.reshape(len(values), -1)
        return self._series[section, port]

    def field(self, section: str, port: str) -> tuple[FloatArray, NDArray[Any]]:
        """As `series`, for a field: (nt,) and (nt, n) single precision. Large: see `blocks`."""
        values = self._array(section, port)[:]
        return self.times(section, port), values.reshape(len(values), -1)

    def blocks(self, section: str, port: str) -> Iterator[tuple[FloatArray, NDArray[Any]]]:
        """A field chunk by chunk, (k,) times and (k, n) values, so that memory stays small."""
        array = self._array(section, port)
        times = self.times(section, port)
        step = array.chunks[0]
        for at in range(0, len(times), step):
            values = array[at : at + step]
            yield times[at : at + step], values.reshape(len(values), -1)

    def places(self, section: str, at: str) -> Places:
        """Where the values of the ports `at` live; KeyError when the run has none."""
        if (section, at) not in self._seen_places:
            self._seen_places[section, at] = read_places(self._store[f"{section}/places/{at}"])
        return self._seen_places[section, at]

    def all_places(self) -> list[tuple[str, str]]:
        """(section, at) of every geometry in the run."""
        return [
            (section, at)
            for section, group in sorted(self._store.groups())
            if "places" in group
            for at in sorted(group["places"].group_keys())
        ]

    def scenario_text(self) -> str:
        """The resolved scenario as YAML; empty when the folder has none."""
        path = self.path / "scenario.resolved.yaml"
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    @cached_property
    def _store(self) -> Any:
        import zarr

        return zarr.open_group(self.path / "results.zarr", mode="r")

    def _array(self, section: str, port: str) -> Any:
        if not self.has(section, port):
            raise KeyError(f"{self.name} has no recorded port {section}.{port}")
        return self._store[f"{section}/{port}"]


def _cell(text: str | None) -> Any:
    if text is None or text == "":
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
