"""What makes two scenarios the same: the resolved text and the bytes of every file that it names.

A stored run may stand for a scenario only if both agree: a city that was built anew has the same text and other files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from twin.scenario.scenario import Scenario


def scenario_hash(scenario: Scenario) -> str:
    """SHA-256 (hex) of the resolved scenario and of the contents of its input files."""
    sha = hashlib.sha256(scenario.resolved_text().encode())
    for path in sorted({p for config in scenario.sections.values() for p in _files(config)}):
        with path.open("rb") as file:
            sha.update(hashlib.file_digest(file, "sha256").digest())
    return sha.hexdigest()


def _files(value: Any) -> Iterator[Path]:
    """Every file below a validated value. A SUMO configuration names further files: its neighbours count, too."""
    if isinstance(value, Path):
        if value.is_file():
            yield value
        if value.suffix == ".sumocfg":
            yield from (p for p in value.parent.iterdir() if p.is_file() and ".xml" in p.suffixes)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _files(getattr(value, name))
    elif isinstance(value, dict):
        for part in value.values():
            yield from _files(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _files(part)
