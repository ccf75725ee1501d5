"""Two runs side by side: headline figures, what differs in their scenarios, and where their results part."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from twin.clock import hhmm, offset_text, to_us
from twin.results.view import RunView


@dataclass(frozen=True)
class Row:
    """One headline figure of both runs. `verdict`: `better`, `worse`, `same`, or `` where none can be given."""

    metric: str
    doc: str
    unit: str
    a: Any
    b: Any
    difference: float | None
    verdict: str
    digits: int = 1


@dataclass(frozen=True)
class Split:
    """The first recorded moment at which two runs differ, bit by bit."""

    time_us: int
    clock: str
    section: str
    port: str
    place: str
    a: float | None
    b: float | None

    def text(self) -> str:
        at = f"{self.section}.{self.port}[{self.place}]"
        return f"{at} at {self.clock} ({offset_text(self.time_us)}): {self.a!r} and {self.b!r}"


@dataclass(frozen=True)
class Comparison:
    """Run B seen from run A: a positive difference means that B has more."""

    a: str
    b: str
    same: bool
    rows: list[Row]
    scenario: list[str]
    split: Split | None
    only: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Stable keys for scripts."""
        return asdict(self)


def compare(a: RunView, b: RunView) -> Comparison:
    """Everything in which two runs differ; `same` when their result hashes are equal."""
    split, only = first_split(a, b)
    return Comparison(
        a=a.name,
        b=b.name,
        same=a.summary["hash"] == b.summary["hash"],
        rows=headline_rows(a, b),
        scenario=scenario_differences(a.scenario_text(), b.scenario_text()),
        split=split,
        only=only,
    )


def headline_rows(a: RunView, b: RunView) -> list[Row]:
    """One row for each figure that either run has, in the order of A."""
    ours, theirs = a.summary["metrics"], b.summary["metrics"]
    names = [*ours, *(name for name in theirs if name not in ours)]
    return [row(name, ours.get(name), theirs.get(name)) for name in names]


def row(name: str, ours: dict[str, Any] | None, theirs: dict[str, Any] | None) -> Row:
    """The figure `name` of two summaries; either may lack it."""
    shown = ours or theirs or {}
    a = None if ours is None else ours["value"]
    b = None if theirs is None else theirs["value"]
    difference, verdict = None, ""
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        difference = b - a
        digits = int(shown.get("digits", 1))
        if round(difference, digits) == 0:
            verdict = "same"
        elif shown.get("better") in ("lower", "higher"):
            verdict = "better" if (difference < 0) == (shown["better"] == "lower") else "worse"
    return Row(
        name, str(shown.get("doc", "")), str(shown.get("unit", "")), a, b, difference, verdict, shown.get("digits", 1)
    )


def scenario_differences(a: str, b: str) -> list[str]:
    """`- key: value` for what only A says and `+ key: value` for what only B says, key by key."""
    ours, theirs = dict(_flat(_yaml(a))), dict(_flat(_yaml(b)))
    lines = []
    for key in [*ours, *(key for key in theirs if key not in ours)]:
        if key in ours and key in theirs and ours[key] == theirs[key]:
            continue
        if key in ours:
            lines.append(f"- {key}: {ours[key]}")
        if key in theirs:
            lines.append(f"+ {key}: {theirs[key]}")
    return lines


def first_split(a: RunView, b: RunView) -> tuple[Split | None, list[str]]:
    """The earliest moment at which a port that both recorded differs, and the ports that only one has."""
    sections = [*a.sections, *(s for s in b.sections if s not in a.sections)]
    found: list[Split] = []
    only: list[str] = []
    for section in sections:
        ours, theirs = a.recorded(section), b.recorded(section)
        only += [f"{section}.{port} ({view.name})" for port, view in _unshared(a, ours, b, theirs)]
        for port in (p for p in ours if p in theirs):
            split = _port_split(a, b, section, port)
            if split is not None:
                found.append(split)
    return min(found, key=lambda s: s.time_us, default=None), only


def _unshared(a: RunView, ours: list[str], b: RunView, theirs: list[str]) -> list[tuple[str, RunView]]:
    return [(p, a) for p in ours if p not in theirs] + [(p, b) for p in theirs if p not in ours]


def _port_split(a: RunView, b: RunView, section: str, port: str) -> Split | None:
    def split(time_s: float, place: str, ours: float | None, theirs: float | None) -> Split:
        us = to_us(time_s)
        return Split(us, hhmm(a.start, us), section, port, place, ours, theirs)

    nothing = (np.zeros(0), np.zeros((0, 0)))
    for ours, theirs in zip_longest(a.blocks(section, port), b.blocks(section, port), fillvalue=nothing):
        (t_a, v_a), (t_b, v_b) = ours, theirs
        if v_a.shape[1:] != v_b.shape[1:] and len(v_a) and len(v_b):
            return split(t_a[0], f"{v_a.shape[1]} and {v_b.shape[1]} places", None, None)
        for k in range(max(len(t_a), len(t_b))):
            if k >= len(t_a) or k >= len(t_b) or t_a[k] != t_b[k]:
                return split(min([*t_a[k : k + 1], *t_b[k : k + 1]]), "only one was recorded then", None, None)
            bits = f"u{v_a.dtype.itemsize}"
            differs = v_a[k].view(bits) != v_b[k].view(bits)
            if differs.any():
                i = int(differs.argmax())
                return split(t_a[k], _place(a, section, port, i), float(v_a[k, i]), float(v_b[k, i]))
    return None


def _place(view: RunView, section: str, port: str, index: int) -> str:
    from twin.places import Grid

    attributes = view.attributes(section, port)
    if attributes["kind"] == "arrivals":
        return "count"
    places = view.places(section, attributes["at"])
    if isinstance(places, Grid):
        return f"r{index // places.nx}c{index % places.nx}"
    return places.ids[index]


def write_csv(path: Path, comparison: Comparison) -> None:
    """The headline table as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["metric", "meaning", "unit", comparison.a, comparison.b, "difference", "verdict"])
        for r in comparison.rows:
            rows.writerow([r.metric, r.doc, r.unit, r.a, r.b, r.difference, r.verdict])


def _yaml(text: str) -> Any:
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(text) if text.strip() else {}


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """`a.b[2].c` -> leaf."""
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _flat(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list) and value:
        for i, item in enumerate(value):
            yield from _flat(item, f"{key}[{i}]")
    else:
        yield key, value
