"""Tables on the terminal, as JSON, as CSV, as GeoJSON: one format for the questions of all domains.

A row is a dict with stable keys; the last word of a key is its unit (`unserved_m3h`).
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twin.scenario.problems import ScenarioError
from twin.whole import whole, write_text_whole

Row = dict[str, Any]
UNITS = {
    "m3h": "m³/h", "m3": "m³", "m3s": "m³/s", "lps": "L/s", "cm2": "cm²", "m2": "m²", "mps": "m/s", "kmh": "km/h",
    "mmh": "mm/h", "pct": "%",
}  # fmt: skip
"""How the last word of a column's key reads as a heading."""
ENDINGS = (".csv", ".geojson", ".png", ".pdf", ".svg")


def plain(value: Any) -> Any:
    """A value that JSON knows: NumPy numbers as numbers, NaN and infinity as null."""
    if isinstance(value, np.bool_ | bool):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, np.floating | float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(entry) for entry in value]
    return value


def as_json(answer: dict) -> str:
    """The text of `--json`."""
    return json.dumps(plain(answer), indent=2, ensure_ascii=False)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, list):
        return ", ".join(map(str, value[:6])) + (f" … {len(value)}" if len(value) > 6 else "")
    return str(value)


def heading(key: str) -> str:
    """`unserved_m3h` as `unserved m³/h`."""
    return " ".join(UNITS.get(word, word) for word in key.split("_"))


def print_table(title: str, rows: Sequence[Row], note: str = "") -> None:
    """A rich table; empty columns are left out."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title=title, title_justify="left", box=None, header_style="bold")
    columns = [key for key in (rows[0] if rows else {}) if any(row[key] not in (None, "", []) for row in rows)]
    for key in columns:
        number = all(isinstance(row[key], int | float | None) for row in rows)
        table.add_column(heading(key), justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_text(row[key]) for key in columns))
    console.print(table)
    if note:
        console.print(note)


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """Columns are the keys of the first row; lists become words."""
    with whole(path) as part, part.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]) if rows else [])
        writer.writeheader()
        for row in rows:
            writer.writerow({k: " ".join(map(str, v)) if isinstance(v, list) else v for k, v in row.items()})


def feature(kind: str, coordinates: Any, row: Row) -> dict:
    """A GeoJSON feature; without coordinates its geometry is null."""
    known = bool(np.isfinite(np.asarray(coordinates, float)).all())
    geometry = {"type": kind, "coordinates": plain(coordinates)} if known else None
    return {"type": "Feature", "geometry": geometry, "properties": plain(row)}


def write_geojson(path: Path, features: Iterable[dict]) -> None:
    """Coordinates are those of the input file, in its own system."""
    write_text_whole(path, json.dumps({"type": "FeatureCollection", "features": list(features)}))


def check_outs(outs: Sequence[Path], endings: Sequence[str] = ENDINGS) -> None:
    """Refuse a file of `--out` before any work is done."""
    for path in outs:
        if path.suffix.lower() not in endings:
            raise ScenarioError([f"--out {path}: write {', '.join(endings[:-1])} or {endings[-1]}"])
        if not path.parent.is_dir():
            raise ScenarioError([f"--out {path}: there is no folder {path.parent}"])


def write_out(
    outs: Sequence[Path], rows: Sequence[Row], features: Callable[[], list[dict]], figure: Callable[[Path], None]
) -> None:
    """Write each file of `--out` by its ending: a table, a map, or a figure."""
    check_outs(outs)
    for path in outs:
        if path.suffix.lower() == ".csv":
            write_csv(path, rows)
        elif path.suffix.lower() == ".geojson":
            write_geojson(path, features())
        else:
            with whole(path) as part:
                figure(part)
